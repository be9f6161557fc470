/* rules/holidays.h: dates, and the days on which a whole country is off work. Pure: the same in any
 * time zone, because a date is all that goes in.
 *
 * Only what holds in all of the country counts (in Great Britain: in England), and only days off
 * work: a holiday on which people work, as Slovakia has some, is none here. A day a king or a
 * parliament gives once is not foreseen: that is a date of the tenant's own.
 * Sources: CZ act 245/2000; SK act 241/1993 as amended up to 2025; DE the states' acts in what they
 * have in common; GB Banking and Financial Dealings Act 1971. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct date {
    int year, month, day; /* 1 to 12, 1 to 31 */
};
enum { DATE_YEAR_MIN = 1970, DATE_YEAR_MAX = 2399, DATE_TEXT_BYTES = 11 };

bool date_is_real(struct date date);            /* within the years above, and on the calendar */
int32_t date_number(struct date date);          /* days since 1970-01-01 */
struct date date_of_number(int32_t number);     /* the other way */
int date_weekday(struct date date);             /* 0 is Monday, 6 Sunday */
int date_compare(struct date a, struct date b); /* as strcmp() */
struct date date_easter(int year);              /* Sunday; Gregorian */

/* Which holiday of "CZ", "SK", "DE" or "GB" it is, as a code: "easter_monday", "christmas_day" ...
 * NULL: none, or a country that is not known here. */
const char *holiday_of(const char *country, struct date date);
bool holidays_known(const char *country);
