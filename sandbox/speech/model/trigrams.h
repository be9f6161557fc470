/* speech/model/trigrams.h: sentences counted into a trigram language model, written as ARPA text.
 */
#pragma once
#include "base/buf.h"

#include <stddef.h>

struct trigrams;

struct trigrams *trigrams_new(void);
void trigrams_free(struct trigrams **trigrams);
void trigrams_add(struct trigrams *trigrams, const char *sentence); /* one space between words */
/* Every word of the sentences once, in order of first appearance. */
size_t trigrams_word_count(const struct trigrams *trigrams);
const char *trigrams_word(const struct trigrams *trigrams, size_t index);

/* The model in ARPA format, interpolated Witten-Bell: the weight of what was never seen after a
 * history is the number of different words seen after it.
 * source: Witten and Bell 1991; Doug Paul's ARPA format as in SRILM's ngram-format(5) */
void trigrams_write(struct trigrams *trigrams, struct buf *arpa);
