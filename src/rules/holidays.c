/* rules/holidays.c: one table a country. */
#include "rules/holidays.h"

#include "base/mem.h"

#include <stddef.h>
#include <string.h>

struct holiday {
    const char *code;
    enum reckoning {
        FIXED,        /* month, day */
        AFTER_EASTER, /* day: so many days after */
        MONDAY,       /* the day-th of the month; -1: its last */
    } reckoning;
    int month, day;
    int from, to; /* years; 0: always */
};

static const struct holiday czech[] = {
    {"new_year", FIXED, 1, 1, 0, 0},
    {"good_friday", AFTER_EASTER, 0, -2, 2016, 0},
    {"easter_monday", AFTER_EASTER, 0, 1, 0, 0},
    {"labour_day", FIXED, 5, 1, 0, 0},
    {"victory_day", FIXED, 5, 8, 0, 0},
    {"cyril_and_methodius", FIXED, 7, 5, 0, 0},
    {"jan_hus", FIXED, 7, 6, 0, 0},
    {"statehood_day", FIXED, 9, 28, 0, 0},
    {"independence_day", FIXED, 10, 28, 0, 0},
    {"freedom_day", FIXED, 11, 17, 0, 0},
    {"christmas_eve", FIXED, 12, 24, 0, 0},
    {"christmas_day", FIXED, 12, 25, 0, 0},
    {"second_christmas_day", FIXED, 12, 26, 0, 0},
};

/* To save money the days without years here have become working days: for good, or for 2026. */
static const struct holiday slovak[] = {
    {"new_year", FIXED, 1, 1, 0, 0},
    {"epiphany", FIXED, 1, 6, 0, 0},
    {"good_friday", AFTER_EASTER, 0, -2, 0, 0},
    {"easter_monday", AFTER_EASTER, 0, 1, 0, 0},
    {"labour_day", FIXED, 5, 1, 0, 0},
    {"victory_day", FIXED, 5, 8, 0, 2025},
    {"victory_day", FIXED, 5, 8, 2027, 0},
    {"cyril_and_methodius", FIXED, 7, 5, 0, 0},
    {"national_uprising", FIXED, 8, 29, 0, 0},
    {"constitution_day", FIXED, 9, 1, 0, 2023},
    {"our_lady_of_sorrows", FIXED, 9, 15, 0, 2025},
    {"our_lady_of_sorrows", FIXED, 9, 15, 2027, 0},
    {"all_saints", FIXED, 11, 1, 0, 0},
    {"freedom_day", FIXED, 11, 17, 0, 2024},
    {"christmas_eve", FIXED, 12, 24, 0, 0},
    {"christmas_day", FIXED, 12, 25, 0, 0},
    {"second_christmas_day", FIXED, 12, 26, 0, 0},
};

static const struct holiday german[] = {
    {"new_year", FIXED, 1, 1, 0, 0},
    {"good_friday", AFTER_EASTER, 0, -2, 0, 0},
    {"easter_monday", AFTER_EASTER, 0, 1, 0, 0},
    {"labour_day", FIXED, 5, 1, 0, 0},
    {"ascension", AFTER_EASTER, 0, 39, 0, 0},
    {"whit_monday", AFTER_EASTER, 0, 50, 0, 0},
    {"unity_day", FIXED, 10, 3, 1990, 0},
    {"christmas_day", FIXED, 12, 25, 0, 0},
    {"second_christmas_day", FIXED, 12, 26, 0, 0},
};

/* The fixed ones move to working days: see english(). */
static const struct holiday english_moving[] = {
    {"good_friday", AFTER_EASTER, 0, -2, 0, 0},
    {"easter_monday", AFTER_EASTER, 0, 1, 0, 0},
    {"early_may", MONDAY, 5, 1, 0, 0},
    {"spring", MONDAY, 5, -1, 0, 0},
    {"summer", MONDAY, 8, -1, 0, 0},
};

static bool is_monday_of(struct date date, int which)
{
    if (date_weekday(date) != 0)
        return false;
    return which < 0 ? date.day + 7 > date_days_in(date.year, date.month)
                     : (date.day - 1) / 7 + 1 == which;
}

static bool falls_on(const struct holiday *holiday, struct date date)
{
    if ((holiday->from && date.year < holiday->from) || (holiday->to && date.year > holiday->to))
        return false;
    switch (holiday->reckoning) {
    case FIXED: return date.month == holiday->month && date.day == holiday->day;
    case AFTER_EASTER:
        return date_number(date) == date_number(date_easter(date.year)) + holiday->day;
    case MONDAY: return date.month == holiday->month && is_monday_of(date, holiday->day);
    }
    return false;
}

static const char *look_up(const struct holiday *table, size_t count, struct date date)
{
    for (size_t i = 0; i < count; i++)
        if (falls_on(&table[i], date))
            return table[i].code;
    return NULL;
}

/* The days themselves and, when they fall on a weekend, the working days that make up for them. */
static const char *english_fixed(struct date date)
{
    bool monday = date_weekday(date) == 0;
    int christmas = date_weekday((struct date){date.year, 12, 25});
    if (date.month == 1 && (date.day == 1 || (monday && date.day <= 3)))
        return "new_year";
    if (date.month != 12)
        return NULL;
    switch (date.day) {
    case 25: return "christmas_day";
    case 26: return "second_christmas_day";
    case 27: return christmas == 5 || christmas == 6 ? "christmas_day" : NULL;
    case 28: return christmas == 4 || christmas == 5 ? "second_christmas_day" : NULL;
    default: return NULL;
    }
}

static const char *english(struct date date)
{
    const char *code = english_fixed(date);
    return code ? code : look_up(english_moving, countof(english_moving), date);
}

static const char *bohemian(struct date date)
{
    return look_up(czech, countof(czech), date);
}

static const char *slovakian(struct date date)
{
    return look_up(slovak, countof(slovak), date);
}

static const char *federal(struct date date)
{
    return look_up(german, countof(german), date);
}

typedef const char *country_fn(struct date date);

static country_fn *country_of(const char *country)
{
    static const struct {
        const char *country;
        country_fn *fn;
    } countries[] = {{"CZ", bohemian}, {"SK", slovakian}, {"DE", federal}, {"GB", english}};
    for (size_t i = 0; country && i < countof(countries); i++)
        if (strcmp(countries[i].country, country) == 0)
            return countries[i].fn;
    return NULL;
}

bool holidays_known(const char *country)
{
    return country_of(country) != NULL;
}

const char *holiday_of(const char *country, struct date date)
{
    country_fn *fn = country_of(country);
    return fn && date_is_real(date) ? fn(date) : NULL;
}
