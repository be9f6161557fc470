/* speech/clause.h: where to cut a text for a synthesiser, and when each of its letters sounds. */
#pragma once
#include "speech/pcm.h"
#include "speech/voice.h"

/* Cuts the next clause off the front of *text: up to a sentence's end, in a long sentence up to a
 * comma, in an endless one up to a space within VOICE_CLAUSE_BYTES_MAX; never within a character.
 * Spaces behind it belong to it, so that all clauses make up the text. */
struct str clause_cut(struct str *text);
/* Fills chars_out, one for each code point of the clause, from the clause's 8 kHz audio: silence at
 * the ends is left out, the rest spread over the letters by their weight. */
void clause_time(struct str clause, const struct pcm *audio, struct voice_char *chars_out);
