/* rules/spoken.h: text as a voice should read it. The fast voices read "602 345 678", "10:30" or
 * "25 %" in whatever way and language comes to them; here the figures become words first.
 *
 * Telephone numbers are read digit by digit in their groups; times, dates, percents, money,
 * decimals and whole numbers up to NUMERALS_MAX as one says them. Figures within a word ("B2B",
 * an e-mail address) and what is not understood stay as they are. */
#pragma once
#include "base/buf.h"

void spoken_put(const char *language, struct str text, struct buf *out);
/* How far into text a voice has come after so many bytes of what spoken_put() makes of it. Within
 * figures in proportion, so that "602 345 678" is read group by group. */
size_t spoken_origin(const char *language, struct str text, size_t spoken);
