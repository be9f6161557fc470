/* speech/phones.h: how a written word may sound, in the phones of the one acoustic model there is
 * (American English): for dictionaries at build time and for new words at run time. */
#pragma once
#include "base/buf.h"

enum { PHONES_VARIANTS_MAX = 8, PHONES_TEXT_MAX = 160 };

struct phones {
    char variant[PHONES_VARIANTS_MAX][PHONES_TEXT_MAX]; /* "N OW V AA K", most likely first */
    size_t count;
};

/* language is "cs", "de", "en" or "sk"; the word is lower-case UTF-8.
 * errors: EINVAL (nothing in it can be spoken), ENOTSUP (another language), EIO (the engine) */
int phones_of_word(const char *language, const char *word, struct phones *phones_out);
