/* speech/pcm.c: growing sample buffers, resampling by speexdsp, mu-law. */
#include "speech/pcm.h"
#include "base/audio.h"
#include "base/mem.h"

#include <assert.h>
#include <speex/speex_resampler.h>
#include <stdlib.h>
#include <string.h>

enum { RESAMPLE_QUALITY = 8 /* of 10 */ };

void pcm_add(struct pcm *pcm, const int16_t *samples, size_t count)
{
    if (count == 0)
        return;
    if (pcm->count + count > pcm->room) {
        pcm->room = 2 * (pcm->count + count);
        pcm->samples = xrealloc(pcm->samples, pcm->room * sizeof *pcm->samples);
    }
    memcpy(pcm->samples + pcm->count, samples, count * sizeof *samples);
    pcm->count += count;
}

void pcm_free(struct pcm *pcm)
{
    free(pcm->samples);
    *pcm = (struct pcm){0};
}

void pcm_to_telephone(struct pcm *pcm)
{
    if (pcm->hz == AUDIO_HZ || pcm->count == 0) {
        pcm->hz = AUDIO_HZ;
        return;
    }
    int err;
    SpeexResamplerState *resampler =
        speex_resampler_init(1, (spx_uint32_t)pcm->hz, AUDIO_HZ, RESAMPLE_QUALITY, &err);
    assert(resampler);
    speex_resampler_skip_zeros(resampler); /* the filter's delay at the front, */
    int16_t tail[1024] = {0};              /* and its rest at the end */
    pcm_add(pcm, tail, (size_t)speex_resampler_get_input_latency(resampler));
    struct pcm out = {.hz = AUDIO_HZ};
    for (size_t at = 0; at < pcm->count;) {
        int16_t piece[1024];
        spx_uint32_t taken = (spx_uint32_t)(pcm->count - at);
        spx_uint32_t made = (spx_uint32_t)countof(piece);
        speex_resampler_process_int(resampler, 0, pcm->samples + at, &taken, piece, &made);
        pcm_add(&out, piece, made);
        at += taken;
    }
    speex_resampler_destroy(resampler);
    pcm_free(pcm);
    *pcm = out;
}

int pcm_peak(const struct pcm *pcm)
{
    int peak = 0;
    for (size_t i = 0; i < pcm->count; i++) {
        int level = abs(pcm->samples[i]);
        peak = level > peak ? level : peak;
    }
    return peak;
}

void pcm_scale(struct pcm *pcm, double factor)
{
    for (size_t i = 0; i < pcm->count; i++) {
        double scaled = factor * pcm->samples[i];
        pcm->samples[i] = (int16_t)(scaled > 32767 ? 32767 : scaled < -32768 ? -32768 : scaled);
    }
}

void pcm_put_ulaw(const struct pcm *pcm, struct buf *ulaw)
{
    buf_reserve(ulaw, pcm->count);
    for (size_t i = 0; i < pcm->count; i++)
        buf_putc(ulaw, (char)ulaw_encode(pcm->samples[i]));
}
