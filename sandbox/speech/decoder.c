/* speech/decoder.c: pocketsphinx decoders, made, shared out, fed and read. */
#include "speech/decoder.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "speech/cepstrum.h"

#include <assert.h>
#include <errno.h>
#include <pocketsphinx.h>
#include <sphinxbase/cmn.h>
#include <sphinxbase/err.h>
#include <sphinxbase/feat.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ACOUSTIC_DIR "/usr/share/pocketsphinx/model/en-us/en-us"

static const char *const languages[] = {"cs", "de", "en", "sk"};

struct decoder {
    size_t language; /* index of languages */
    ps_decoder_t *ps;
    struct cepstrum *cepstrum;
    struct arena texts; /* of the words last read */
};

struct hear_models {
    char *model_dir;
    char *acoustic_dir;
    struct decoder *idle[countof(languages)][HEAR_IDLE_DECODERS_MAX];
    size_t idle_count[countof(languages)];
};

int hear_models_open(const char *model_dir, const char *acoustic_dir,
                     struct hear_models **models_out)
{
    if (!acoustic_dir)
        acoustic_dir = ACOUSTIC_DIR;
    if (access(model_dir, R_OK) || access(acoustic_dir, R_OK))
        return ENOENT;
    err_set_logfp(NULL); /* the library logs to stderr, some 100 lines for each decoder */
    struct hear_models *models = xalloc(sizeof *models);
    models->model_dir = xstrdup(model_dir);
    models->acoustic_dir = xstrdup(acoustic_dir);
    *models_out = models;
    return 0;
}

static void decoder_free(struct decoder *decoder)
{
    ps_free(decoder->ps);
    cepstrum_free(&decoder->cepstrum);
    arena_free(&decoder->texts);
    free(decoder);
}

void hear_models_close(struct hear_models **models)
{
    if (!*models)
        return;
    for (size_t language = 0; language < countof(languages); language++) {
        for (size_t i = 0; i < (*models)->idle_count[language]; i++)
            decoder_free((*models)->idle[language][i]);
    }
    free((*models)->model_dir);
    free((*models)->acoustic_dir);
    free(*models);
    *models = NULL;
}

/* With the second pass (fwdflat): it takes some 50 ms after the end of speech, and without it short
 * words are lost, "z" in Czech and "it" in English. */
static ps_decoder_t *load(const char *acoustic_dir, const char *arpa, const char *dict)
{
    cmd_ln_t *config = cmd_ln_init(NULL, ps_args(), TRUE, "-hmm", acoustic_dir, "-lm", arpa,
                                   "-dict", dict, "-fwdflat", "yes", "-remove_silence", "no", NULL);
    ps_decoder_t *ps = config ? ps_init(config) : NULL;
    cmd_ln_free_r(config);
    return ps;
}

static int decoder_make(const struct hear_models *models, size_t language,
                        struct decoder **decoder_out)
{
    char *arpa = xprintf("%s/%s.arpa", models->model_dir, languages[language]);
    char *dict = xprintf("%s/%s.dict", models->model_dir, languages[language]);
    int err = access(arpa, R_OK) || access(dict, R_OK) ? ENOTSUP : 0;
    ps_decoder_t *ps = err ? NULL : load(models->acoustic_dir, arpa, dict);
    free(arpa);
    free(dict);
    if (!err && !ps)
        err = EIO;
    if (err)
        return err;
    struct decoder *decoder = xalloc(sizeof *decoder);
    decoder->language = language;
    decoder->ps = ps;
    decoder->cepstrum = cepstrum_new();
    *decoder_out = decoder;
    return 0;
}

int decoder_take(struct hear_models *models, const char *language, struct decoder **decoder_out)
{
    size_t index = 0;
    while (index < countof(languages) && strcmp(languages[index], language) != 0)
        index++;
    if (index == countof(languages))
        return ENOTSUP;
    int err = 0;
    if (models->idle_count[index])
        *decoder_out = models->idle[index][--models->idle_count[index]];
    else
        err = decoder_make(models, index, decoder_out);
    if (!err)
        decoder_reset_mean(*decoder_out);
    return err;
}

void decoder_give_back(struct hear_models *models, struct decoder **decoder)
{
    size_t *count = &models->idle_count[(*decoder)->language];
    if (*count == HEAR_IDLE_DECODERS_MAX)
        decoder_free(*decoder);
    else
        models->idle[(*decoder)->language][(*count)++] = *decoder;
    *decoder = NULL;
}

void decoder_reset_mean(struct decoder *decoder)
{
    cmn_live_set(ps_get_feat(decoder->ps)->cmn_struct, cepstrum_mean);
}

void decoder_start(struct decoder *decoder)
{
    cepstrum_start(decoder->cepstrum);
    int err = ps_start_utt(decoder->ps);
    assert(err == 0);
}

void decoder_feed(struct decoder *decoder, const int16_t samples[AUDIO_FRAME_BYTES])
{
    float vectors[CEPSTRUM_FRAMES_MAX][CEPSTRUM_SIZE];
    size_t count = cepstrum_feed(decoder->cepstrum, samples, vectors);
    for (size_t i = 0; i < count; i++) {
        mfcc_t *vector = vectors[i];
        ps_process_cep(decoder->ps, &vector, 1, FALSE, FALSE);
    }
}

void decoder_stop(struct decoder *decoder)
{
    ps_end_utt(decoder->ps);
}

/* "a(2)" is the second way to say "a"; "<sil>" and "[NOISE]" are no words. */
static bool is_word(const char *name)
{
    return name[0] != '<' && name[0] != '[' && name[0] != '+';
}

size_t decoder_words(struct decoder *decoder, struct hear_word words_out[DECODER_WORDS_MAX])
{
    size_t count = 0;
    arena_free(&decoder->texts);
    for (ps_seg_t *segment = ps_seg_iter(decoder->ps); segment; segment = ps_seg_next(segment)) {
        const char *name = ps_seg_word(segment);
        int first;
        int last;
        if (!is_word(name) || count == DECODER_WORDS_MAX)
            continue;
        int32 posterior = ps_seg_prob(segment, NULL, NULL, NULL);
        ps_seg_frames(segment, &first, &last);
        words_out[count++] = (struct hear_word){
            .text = arena_strndup(&decoder->texts, name, strcspn(name, "(")),
            .start_ms = (int64_t)first * CEPSTRUM_MS,
            .end_ms = ((int64_t)last + 1) * CEPSTRUM_MS,
            .confidence = logmath_exp(ps_get_logmath(decoder->ps), posterior),
        };
    }
    return count;
}
