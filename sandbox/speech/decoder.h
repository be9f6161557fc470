/* speech/decoder.h: pocketsphinx behind a narrow door: one utterance's audio in, words out.
 * Decoders are costly to make, so those not in use wait in struct hear_models for the next call. */
#pragma once
#include "base/audio.h"
#include "speech/hear.h"

#include <stdbool.h>

enum { DECODER_WORDS_MAX = 200 }; /* of one utterance: 30 s hold about 100 */

struct decoder;

/* Language is one of the languages of hear.h, two letters. errors: as hear_open() */
int decoder_take(struct hear_models *models, const char *language, struct decoder **decoder_out);
void decoder_give_back(struct hear_models *models, struct decoder **decoder);

void decoder_reset_mean(struct decoder *decoder); /* the channel's mean as on a first call */

void decoder_start(struct decoder *decoder);
void decoder_feed(struct decoder *decoder, const int16_t samples[AUDIO_FRAME_BYTES]);
void decoder_stop(struct decoder *decoder); /* the utterance is over: words are final */
/* The words so far, with times counted from the start of the utterance. Their text is borrowed
 * until the next call for this decoder. Returns how many. */
size_t decoder_words(struct decoder *decoder, struct hear_word words_out[DECODER_WORDS_MAX]);
