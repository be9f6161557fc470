/* rules/numerals.h: numbers in words: cardinals, days of a month, digits one by one. */
#pragma once
#include "base/buf.h"
#include "rules/language.h"

#include <stdint.h>

enum { NUMERALS_MAX = 999999999 };

/* Czech and Slovak count "jeden, jedna, jedno"; the other two do not care. */
enum gender { GENDER_NONE, GENDER_MALE, GENDER_FEMALE, GENDER_NEUTER };
/* How many of the thing there are decides its form: one, two to four, five and more. */
enum count_form { COUNT_ONE, COUNT_FEW, COUNT_MANY };
enum count_form numerals_form(enum language language, int64_t number);

void numerals_put(enum language language, int64_t number, enum gender gender, struct buf *out);
void numerals_put_digits(enum language language, struct str digits, struct buf *out);
/* "pátého", "fünften", "fifth"; 1 to 31. */
void numerals_put_day(enum language language, int day, struct buf *out);
const char *numerals_month(enum language language, int month); /* 1 to 12; as it follows a day */
