/* rules/digits.h: telephone numbers as people say them, in figures or in words. */
#pragma once
#include "rules/language.h"
#include "rules/words.h"

enum {
    DIGITS_MIN = 7,  /* fewer are an amount, a time or a year, not a telephone number */
    DIGITS_MAX = 15, /* E.164 has no longer ones; what is said beyond is another thing */
};

/* A number that somebody said: "602 345 678", "six zero two ...", "šest set dva ...". */
struct digits {
    char text[DIGITS_MAX + 2]; /* a leading + where it was said */
    struct span span;
};
/* The first one from word `from` on. */
bool digits_find(const struct words *words, enum language language, size_t from,
                 struct digits *digits_out);

/* The country whose national numbers people of that language most likely say, "CZ"; NULL for
 * English, which says nothing. */
const char *digits_country(enum language language);
/* A telephone number read out in groups: "602 345 678". */
void digits_group(const char *digits, struct buf *out);
