/* speech/pcm.h: linear samples of any rate, as the voices make them, and the way to a telephone. */
#pragma once
#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* {0} is empty. Whoever fills in hz does so before the first sample. */
struct pcm {
    int16_t *samples;
    size_t count;
    size_t room;
    int hz;
};
void pcm_add(struct pcm *pcm, const int16_t *samples, size_t count);
void pcm_free(struct pcm *pcm);

void pcm_to_telephone(struct pcm *pcm); /* resampled to AUDIO_HZ in place */
int pcm_peak(const struct pcm *pcm);    /* 0 to 32768 */
void pcm_scale(struct pcm *pcm, double factor);
void pcm_put_ulaw(const struct pcm *pcm, struct buf *ulaw);
