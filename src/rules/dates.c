/* rules/dates.c: the calendar's arithmetic, and dates and moments as text. */
#include "rules/dates.h"

#include <stdio.h>
#include <string.h>

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int date_days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool date_is_real(struct date date)
{
    return date.year >= DATE_YEAR_MIN && date.year <= DATE_YEAR_MAX && date.month >= 1 &&
           date.month <= 12 && date.day >= 1 && date.day <= date_days_in(date.year, date.month);
}

/* Years are counted from March, so that the day a leap year has more comes last. */
int32_t date_number(struct date date)
{
    int year = date.month > 2 ? date.year : date.year - 1;
    int months = (date.month + 9) % 12; /* since March */
    int days = 365 * year + year / 4 - year / 100 + year / 400;
    static const int epoch = 719468; /* 1970-01-01, counted this way */
    return days + (153 * months + 2) / 5 + date.day - 1 - epoch;
}

struct date date_of_number(int32_t number)
{
    struct date date = {.year = DATE_YEAR_MIN + number / 366, .month = 1, .day = 1};
    while (date_number((struct date){date.year + 1, 1, 1}) <= number)
        date.year++;
    while (date.month < 12 && date_number((struct date){date.year, date.month + 1, 1}) <= number)
        date.month++;
    date.day += number - date_number(date);
    return date;
}

int date_weekday(struct date date)
{
    return (int)(((date_number(date) + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

int date_compare(struct date a, struct date b)
{
    if (a.year != b.year)
        return a.year < b.year ? -1 : 1;
    if (a.month != b.month)
        return a.month < b.month ? -1 : 1;
    return a.day < b.day ? -1 : a.day > b.day;
}

/* The Sunday after the first full moon of spring, as the Gregorian calendar reckons them: the moon
 * by its 19-year cycle, corrected by the centuries. */
struct date date_easter(int year)
{
    int golden = year % 19, century = year / 100;
    int moon = (century - century / 4 - (8 * century + 13) / 25 + 19 * golden + 15) % 30;
    moon -= moon / 28 * (1 - 29 / (moon + 1) * ((21 - golden) / 11));
    int sunday = moon - (year + year / 4 + moon + 2 - century + century / 4) % 7;
    int days = 28 + sunday; /* of March */
    return days > 31 ? (struct date){year, 4, days - 31} : (struct date){year, 3, days};
}

/* ---- text ------------------------------------------------------------------------------------ */

/* The numbers at each run of d in a pattern such as "dddd-dd-dd"; false: it does not look so. */
static bool read_digits(const char *text, const char *pattern, int *numbers_out)
{
    int *number = numbers_out;
    *number = 0;
    for (; *pattern; pattern++, text++) {
        if (*pattern == 'd') {
            if (*text < '0' || *text > '9')
                return false;
            *number = *number * 10 + (*text - '0');
        } else {
            if (*text != *pattern)
                return false;
            *++number = 0;
        }
    }
    return true;
}

bool date_parse(const char *text, struct date *date_out)
{
    int parts[3];
    if (strlen(text) != DATE_TEXT_BYTES - 1 || !read_digits(text, "dddd-dd-dd", parts))
        return false;
    struct date date = {parts[0], parts[1], parts[2]};
    if (!date_is_real(date))
        return false;
    *date_out = date;
    return true;
}

void date_print(struct date date, char text_out[DATE_TEXT_BYTES])
{
    snprintf(text_out, DATE_TEXT_BYTES, "%04u-%02u-%02u", (unsigned)date.year % 10000,
             (unsigned)date.month % 100, (unsigned)date.day % 100);
}

bool clock_parse(const char *text, int *minute_out)
{
    int parts[2];
    if (strlen(text) != CLOCK_TEXT_BYTES - 1 || !read_digits(text, "dd:dd", parts) ||
        parts[1] > 59 || parts[0] * 60 + parts[1] > DAY_MINUTES)
        return false;
    *minute_out = parts[0] * 60 + parts[1];
    return true;
}

void clock_print(int minute, char text_out[CLOCK_TEXT_BYTES])
{
    snprintf(text_out, CLOCK_TEXT_BYTES, "%02u:%02u", (unsigned)minute / 60 % 100,
             (unsigned)minute % 60);
}

/* Behind the seconds of a moment: a fraction, of which ms are kept, and "Z" or "+01:00". */
static bool read_zone(const char *text, int *ms_out, int *minutes_out)
{
    int parts[2] = {0}, scale = 100;
    *ms_out = *minutes_out = 0;
    if (*text == '.') {
        if (text[1] < '0' || text[1] > '9')
            return false;
        for (text++; *text >= '0' && *text <= '9'; text++, scale /= 10)
            *ms_out += (*text - '0') * scale;
    }
    if (strcmp(text, "Z") == 0)
        return true;
    bool west = *text == '-';
    if ((!west && *text != '+') || strlen(text) != 6 || !read_digits(text + 1, "dd:dd", parts) ||
        parts[0] > 23 || parts[1] > 59)
        return false;
    *minutes_out = (parts[0] * 60 + parts[1]) * (west ? -1 : 1);
    return true;
}

bool moment_parse(const char *text, int64_t *unix_ms_out)
{
    int parts[6], ms, zone;
    if (strnlen(text, MOMENT_TEXT_BYTES_MAX) == MOMENT_TEXT_BYTES_MAX ||
        !read_digits(text, "dddd-dd-ddTdd:dd:dd", parts) || !read_zone(text + 19, &ms, &zone))
        return false;
    struct date date = {parts[0], parts[1], parts[2]};
    if (!date_is_real(date) || parts[3] > 23 || parts[4] > 59 || parts[5] > 59)
        return false;
    int64_t minutes = (int64_t)date_number(date) * DAY_MINUTES + parts[3] * 60 + parts[4] - zone;
    int64_t unix_ms = minutes * 60000 + parts[5] * 1000 + ms;
    if (unix_ms < 0)
        return false;
    *unix_ms_out = unix_ms;
    return true;
}

void moment_print(int64_t unix_ms, char text_out[MOMENT_TEXT_BYTES])
{
    static const unsigned hour = 3600000, minute = 60000, second = 1000;
    char date[DATE_TEXT_BYTES];
    unsigned ms = (unsigned)(unix_ms % (DAY_MINUTES * (int64_t)minute));
    date_print(date_of_number((int32_t)(unix_ms / (DAY_MINUTES * (int64_t)minute))), date);
    snprintf(text_out, MOMENT_TEXT_BYTES, "%sT%02u:%02u:%02u.%03uZ", date, ms / hour % 24,
             ms / minute % 60, ms / second % 60, ms % second);
}
