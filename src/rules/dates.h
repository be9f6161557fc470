/* rules/dates.h: dates of the calendar, times of the day and moments, and how they are written.
 * Pure: what time it is, and where, is for others to know. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct date {
    int year, month, day; /* 1 to 12, 1 to 31 */
};
enum {
    DATE_YEAR_MIN = 1970,
    DATE_YEAR_MAX = 2399,
    DAY_MINUTES = 24 * 60,
    DATE_TEXT_BYTES = 11, /* with their NULs */
    CLOCK_TEXT_BYTES = 6,
    MOMENT_TEXT_BYTES = 25,
    MOMENT_TEXT_BYTES_MAX = 40, /* as others write it */
};

bool date_is_real(struct date date);        /* within the years above, and on the calendar */
int32_t date_number(struct date date);      /* days since 1970-01-01 */
struct date date_of_number(int32_t number); /* the other way */
int date_weekday(struct date date);         /* 0 is Monday, 6 Sunday */
int date_days_in(int year, int month);
int date_compare(struct date a, struct date b); /* as strcmp() */
struct date date_easter(int year);              /* Sunday; Gregorian */

/* "2026-12-24"; "09:30", up to "24:00"; "2026-11-28T14:00:00Z" with a fraction and another zone,
 * too (RFC 3339 5.6, without leap seconds), from 1970 on. False: it is not that. */
bool date_parse(const char *text, struct date *date_out);
bool clock_parse(const char *text, int *minute_out);
bool moment_parse(const char *text, int64_t *unix_ms_out);
void date_print(struct date date, char text_out[DATE_TEXT_BYTES]);
void clock_print(int minute, char text_out[CLOCK_TEXT_BYTES]);
void moment_print(int64_t unix_ms, char text_out[MOMENT_TEXT_BYTES]); /* UTC, with ms */
