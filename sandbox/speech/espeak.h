/* speech/espeak.h: espeak-ng, of which a process has only one: all who use it take turns here. */
#pragma once
#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

enum { ESPEAK_HZ = 22050, ESPEAK_WORDS_PER_MINUTE = 145 };

/* Samples as they come, inside espeak_speak(). */
typedef void espeak_samples_fn(const int16_t *samples, size_t count, void *arg);

/* Speak text with one of espeak-ng's voices ("de", "sk+f3"); blocks, about 0.6 ms a second of
 * audio. errors: ENOTSUP (no such voice), EIO (its data files are missing) */
int espeak_speak(const char *voice, int words_per_minute, const char *text,
                 espeak_samples_fn *on_samples, void *arg);
/* How a word sounds, in the International Phonetic Alphabet; the parts of an affricate or diphthong
 * are tied by U+200D. Errors as above. */
int espeak_ipa(const char *voice, const char *word, struct buf *ipa);
