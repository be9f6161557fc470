/* speech/cepstrum.h: telephone samples turned into the features of a wide-band acoustic model. */
#pragma once
#include "base/audio.h"

#include <stddef.h>
#include <stdint.h>

enum {
    CEPSTRUM_SIZE = 13,
    CEPSTRUM_MS = 10,         /* one vector stands for this much audio */
    CEPSTRUM_FRAMES_MAX = 32, /* vectors out of one 20 ms frame: two, but more after the start */
};

/* The usual mean of these features over telephone speech: what cepstral mean normalisation has to
 * start from, or the first utterance of a call is not understood. */
extern const float cepstrum_mean[CEPSTRUM_SIZE];

struct cepstrum;
struct cepstrum *cepstrum_new(void);
void cepstrum_free(struct cepstrum **cepstrum);
void cepstrum_start(struct cepstrum *cepstrum); /* forget all audio so far */
/* One 20 ms frame in, the vectors that are complete by now out. */
size_t cepstrum_feed(struct cepstrum *cepstrum, const int16_t samples[AUDIO_FRAME_BYTES],
                     float out[CEPSTRUM_FRAMES_MAX][CEPSTRUM_SIZE]);
