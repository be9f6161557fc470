/* base/utf8.h: UTF-8 read safely, and letters folded so that "Dvořák" meets "dvorak". */
#pragma once
#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define UTF8_BAD 0xFFFFFFFFu

/* The first code point of text (which must not be empty) and how many bytes it takes. Overlong
 * forms, surrogates and broken sequences give UTF8_BAD and take one byte. Source: RFC 3629. */
size_t utf8_next(struct str text, uint32_t *code_out);
bool utf8_valid(struct str text);
size_t utf8_length(struct str text); /* in code points */
void utf8_put(struct buf *buf, uint32_t code);
uint32_t utf8_lower(uint32_t code); /* Latin, Greek and Cyrillic letters; others unchanged */

/* Lower case without diacritics: Latin-1 and Latin Extended-A letters become their ASCII base
 * (ß gives ss, æ gives ae), so cs, sk, de and en words compare as people type them. */
void utf8_fold(struct buf *buf, struct str text);
/* The first at most `bytes` bytes of text, never cutting a character in two. */
struct str utf8_cut(struct str text, size_t bytes);
/* The first at most `chars` characters of text. */
struct str utf8_first(struct str text, size_t chars);
