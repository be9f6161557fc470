/* speech/cepstrum.c: 8 kHz samples -> 16 kHz -> log mel bands -> the bands a telephone does not
 * carry put back by estimate -> cepstra.
 *
 * The acoustic model was trained on 16 kHz speech and hears 25 mel bands from 130 to 6800 Hz. Of
 * those the telephone brings the lower 19; what an empty upper band looks like, the model never
 * learned. So bands 19 to 24 are estimated from bands 0 to 20 by linear regression, which takes
 * away about half of the errors. */
#include "speech/cepstrum.h"
#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <speex/speex_resampler.h>
#include <sphinxbase/fe.h>
#include <stdlib.h>
#include <string.h>

enum {
    BANDS = 25,
    BANDS_CARRIED = 19, /* those above are estimated */
    BANDS_FROM = 21,    /* the lowest so many tell the estimate */
    LIFTER = 22,        /* as the acoustic model's feat.params */
    MODEL_HZ = 16000,
    RESAMPLE_QUALITY = 4, /* of 10 */
    SAMPLES_MAX = 2 * AUDIO_FRAME_BYTES + 80,
};

const float cepstrum_mean[CEPSTRUM_SIZE] = {55.88F, 4.39F,  5.48F,  16.04F, 0.24F,  -0.68F, 0.90F,
                                            -3.40F, -1.07F, -2.17F, 1.80F,  -1.89F, 0.83F};

/* One row a band: the weights of bands 0 to 20, then the constant. Found by ridge regression over
 * pairs of wide-band and telephone-band speech, clean and noisy: 300 synthetic sentences of flite
 * and espeak-ng, 150 prompts of the Asterisk core sounds (Allison Smith). */
static const float upper_band[BANDS - BANDS_CARRIED][BANDS_FROM + 1] = {
    {-0.15867F, -0.07899F, 0.03433F,  0.10421F,  -0.04470F, 0.10907F,  0.04814F, -0.07924F,
     -0.00922F, -0.00884F, -0.02374F, -0.02934F, 0.05867F,  -0.05962F, 0.07861F, 0.01470F,
     0.05543F,  -0.01122F, 0.30188F,  0.58269F,  -0.01399F, 1.83938F},
    {0.06429F,  -0.30579F, 0.04267F, -0.01344F, -0.03739F, 0.13614F,  0.02167F, -0.04374F,
     -0.02949F, -0.14024F, 0.04055F, -0.08023F, 0.23025F,  -0.06068F, 0.15280F, -0.39777F,
     0.34529F,  -0.05889F, 0.27695F, 0.15883F,  0.35703F,  6.26516F},
    {0.16347F, -0.34404F, -0.00899F, -0.09646F, -0.17982F, 0.18826F,  0.12642F, -0.00380F,
     0.03249F, -0.32808F, 0.14618F,  -0.14559F, 0.26287F,  -0.06120F, 0.28212F, -0.67001F,
     0.36734F, 0.43440F,  -0.41989F, 0.37804F,  0.32150F,  8.50051F},
    {0.17094F, -0.33894F, -0.07705F, -0.11909F, -0.11989F, 0.15283F,  0.09748F, 0.00460F,
     0.05650F, -0.30066F, 0.16044F,  -0.20040F, 0.30031F,  -0.08018F, 0.30570F, -0.69274F,
     0.36003F, 0.44467F,  -0.48653F, 0.44886F,  0.31330F,  8.93360F},
    {0.22887F, -0.38212F, -0.10583F, -0.16925F, -0.02781F, 0.07112F,  0.00832F, 0.01545F,
     0.11211F, -0.25767F, 0.16094F,  -0.26449F, 0.34876F,  -0.15201F, 0.31993F, -0.69088F,
     0.37814F, 0.33471F,  -0.32853F, 0.43094F,  0.25451F,  9.78072F},
    {0.10693F, -0.34030F, -0.04101F, -0.03498F, -0.06433F, -0.04931F, -0.07334F, 0.09364F,
     0.08152F, -0.12198F, 0.11028F,  -0.30419F, 0.37791F,  -0.18990F, 0.27675F,  -0.51212F,
     0.22931F, 0.31206F,  -0.20900F, 0.39982F,  0.20232F,  9.99972F},
};

struct cepstrum {
    SpeexResamplerState *resampler;
    fe_t *bands;
    float cosines[CEPSTRUM_SIZE][BANDS]; /* discrete cosine transform and lifter in one */
};

static fe_t *bands_open(void)
{
    static const arg_t options[] = {waveform_to_cepstral_command_line_macro(),
                                    {NULL, 0, NULL, NULL}};
    /* lifter 0: with another value the library would scale log bands as if they were cepstra */
    cmd_ln_t *config = cmd_ln_init(NULL, options, TRUE, "-lowerf", "130", "-upperf", "6800",
                                   "-nfilt", "25", "-transform", "dct", "-lifter", "0", "-logspec",
                                   "yes", "-remove_silence", "no", NULL);
    fe_t *bands = config ? fe_init_auto_r(config) : NULL;
    assert(bands && fe_get_output_size(bands) == BANDS);
    cmd_ln_free_r(config);
    return bands;
}

struct cepstrum *cepstrum_new(void)
{
    struct cepstrum *cepstrum = xalloc(sizeof *cepstrum);
    int err;
    cepstrum->resampler = speex_resampler_init(1, AUDIO_HZ, MODEL_HZ, RESAMPLE_QUALITY, &err);
    assert(cepstrum->resampler);
    cepstrum->bands = bands_open();
    for (int i = 0; i < CEPSTRUM_SIZE; i++) {
        double lift = 1 + LIFTER / 2.0 * sin(i * M_PI / LIFTER);
        double scale = sqrt((i ? 2.0 : 1.0) / BANDS) * lift;
        for (int band = 0; band < BANDS; band++)
            cepstrum->cosines[i][band] = (float)(scale * cos(M_PI * i * (band + 0.5) / BANDS));
    }
    return cepstrum;
}

void cepstrum_free(struct cepstrum **cepstrum)
{
    if (!*cepstrum)
        return;
    speex_resampler_destroy((*cepstrum)->resampler);
    fe_free((*cepstrum)->bands);
    free(*cepstrum);
    *cepstrum = NULL;
}

void cepstrum_start(struct cepstrum *cepstrum)
{
    speex_resampler_reset_mem(cepstrum->resampler);
    fe_start_stream(cepstrum->bands);
    fe_start_utt(cepstrum->bands);
}

static void estimate_upper_band(float bands[BANDS])
{
    float estimate[BANDS - BANDS_CARRIED];
    for (size_t i = 0; i < countof(estimate); i++) {
        estimate[i] = upper_band[i][BANDS_FROM];
        for (int band = 0; band < BANDS_FROM; band++)
            estimate[i] += upper_band[i][band] * bands[band];
    }
    memcpy(bands + BANDS_CARRIED, estimate, sizeof estimate);
}

static void transform(const struct cepstrum *cepstrum, const float bands[BANDS],
                      float out[CEPSTRUM_SIZE])
{
    for (int i = 0; i < CEPSTRUM_SIZE; i++) {
        out[i] = 0;
        for (int band = 0; band < BANDS; band++)
            out[i] += cepstrum->cosines[i][band] * bands[band];
    }
}

size_t cepstrum_feed(struct cepstrum *cepstrum, const int16_t samples[AUDIO_FRAME_BYTES],
                     float out[CEPSTRUM_FRAMES_MAX][CEPSTRUM_SIZE])
{
    int16_t wide[SAMPLES_MAX];
    spx_uint32_t taken = AUDIO_FRAME_BYTES;
    spx_uint32_t made = SAMPLES_MAX;
    speex_resampler_process_int(cepstrum->resampler, 0, samples, &taken, wide, &made);

    mfcc_t bands[CEPSTRUM_FRAMES_MAX][BANDS];
    mfcc_t *rows[CEPSTRUM_FRAMES_MAX];
    for (size_t i = 0; i < CEPSTRUM_FRAMES_MAX; i++)
        rows[i] = bands[i];
    const int16 *rest = wide;
    size_t left = made;
    int32 count = 0;
    while (left) { /* the library may stop in between, after what it held back at the start */
        int32 more = CEPSTRUM_FRAMES_MAX - count;
        fe_process_frames(cepstrum->bands, &rest, &left, rows + count, &more, NULL);
        assert(more || !left);
        count += more;
    }
    for (int32 i = 0; i < count; i++) {
        estimate_upper_band(bands[i]);
        transform(cepstrum, bands[i], out[i]);
    }
    return (size_t)count;
}
