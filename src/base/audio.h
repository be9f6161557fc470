/* base/audio.h: telephone audio: G.711 mu-law, 8 kHz, mono, frames of 20 ms. */
#pragma once
#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

enum {
    AUDIO_HZ = 8000,
    AUDIO_BYTES_PER_MS = 8, /* one mu-law byte a sample */
    AUDIO_FRAME_MS = 20,
    AUDIO_FRAME_BYTES = AUDIO_FRAME_MS * AUDIO_BYTES_PER_MS,
    ULAW_SILENCE = 0xFF,
};

int16_t ulaw_decode(uint8_t ulaw); /* source: ITU-T G.711 */
uint8_t ulaw_encode(int16_t linear);
void ulaw_decode_all(const uint8_t *ulaw, size_t samples, int16_t *linear_out);
void ulaw_duck(const uint8_t *ulaw, size_t samples, uint8_t *softer_out); /* by 10 dB */
/* The level of a piece of audio in dB below full scale: 0 is loudest, -100 silence. */
double audio_level_db(const int16_t *linear, size_t samples);
double ulaw_level_db(const uint8_t *ulaw, size_t samples); /* the same, without decoding it */
/* A whole RIFF file, as mu-law, with the fact chunk it wants: what wav_parse() of phone/ reads.
 * Source: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0". */
void wav_put(struct buf *file, struct str ulaw);
