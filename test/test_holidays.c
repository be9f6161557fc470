/* test/test_holidays.c: dates, Easter, and the days off of four countries. */
#include "base/mem.h"
#include "rules/holidays.h"
#include "test/test.h"

#include <stdio.h>
#include <string.h>

static void dates_are_numbered_without_a_gap(void **state)
{
    (void)state;
    int32_t number = 0;
    struct date before = {0};
    for (int year = DATE_YEAR_MIN; year <= DATE_YEAR_MAX; year++)
        for (int month = 1; month <= 12; month++)
            for (int day = 1; day <= 31; day++) {
                struct date date = {year, month, day};
                if (!date_is_real(date))
                    continue;
                assert_int_equal(date_number(date), number);
                assert_int_equal(date_compare(date_of_number(number), date), 0);
                assert_int_equal(date_weekday(date), (number + 3) % 7);
                assert_true(date_compare(before, date) < 0 && date_compare(date, before) > 0);
                before = date;
                number++;
            }
    assert_int_equal(date_number((struct date){2026, 11, 28}), 20785);
    assert_int_equal(date_weekday((struct date){2026, 11, 28}), 5); /* a Saturday */
}

static void what_no_calendar_has_is_no_date(void **state)
{
    (void)state;
    static const struct date unreal[] = {{2026, 2, 29}, {2026, 4, 31}, {2026, 0, 1},  {2026, 13, 1},
                                         {2026, 1, 0},  {2026, 1, 32}, {2100, 2, 29}, {1969, 1, 1},
                                         {2400, 1, 1},  {2026, -1, 1}, {2026, 1, -5}};
    for (size_t i = 0; i < countof(unreal); i++)
        assert_false(date_is_real(unreal[i]));
    assert_true(date_is_real((struct date){2028, 2, 29}));
    assert_true(date_is_real((struct date){2000, 2, 29}));
}

/* Dates as almanacs print them; 2038 and 2285 are the latest and the earliest there can be. */
static void easter_is_when_almanacs_say(void **state)
{
    (void)state;
    static const struct date sundays[] = {
        {1981, 4, 19}, {2000, 4, 23}, {2008, 3, 23}, {2011, 4, 24}, {2019, 4, 21}, {2024, 3, 31},
        {2025, 4, 20}, {2026, 4, 5},  {2027, 3, 28}, {2028, 4, 16}, {2029, 4, 1},  {2030, 4, 21},
        {2038, 4, 25}, {2049, 4, 18}, {2076, 4, 19}, {2285, 3, 22}};
    for (size_t i = 0; i < countof(sundays); i++)
        assert_int_equal(date_compare(date_easter(sundays[i].year), sundays[i]), 0);
    for (int year = DATE_YEAR_MIN; year <= DATE_YEAR_MAX; year++)
        assert_int_equal(date_weekday(date_easter(year)), 6);
}

/* All holidays of a year, "MM-DD code" each, as a list. */
static void expect_year(const char *country, int year, const char *expected)
{
    char list[1200] = "";
    size_t at = 0;
    for (int month = 1; month <= 12; month++)
        for (int day = 1; day <= 31; day++) {
            const char *code = holiday_of(country, (struct date){year, month, day});
            if (code)
                at += (size_t)snprintf(list + at, sizeof(list) - at, "%02d-%02d %s\n", month, day,
                                       code);
        }
    assert_string_equal(list, expected);
}

static void czech_holidays(void **state)
{
    (void)state;
    expect_year("CZ", 2026,
                "01-01 new_year\n04-03 good_friday\n04-06 easter_monday\n05-01 labour_day\n"
                "05-08 victory_day\n07-05 cyril_and_methodius\n07-06 jan_hus\n"
                "09-28 statehood_day\n10-28 independence_day\n11-17 freedom_day\n"
                "12-24 christmas_eve\n12-25 christmas_day\n12-26 second_christmas_day\n");
    assert_null(holiday_of("CZ", (struct date){2015, 4, 3}));
}

static void slovak_holidays_change_with_the_law(void **state)
{
    (void)state;
    expect_year("SK", 2026,
                "01-01 new_year\n01-06 epiphany\n04-03 good_friday\n04-06 easter_monday\n"
                "05-01 labour_day\n07-05 cyril_and_methodius\n08-29 national_uprising\n"
                "11-01 all_saints\n12-24 christmas_eve\n12-25 christmas_day\n"
                "12-26 second_christmas_day\n");
    assert_string_equal(holiday_of("SK", (struct date){2027, 5, 8}), "victory_day");
    assert_string_equal(holiday_of("SK", (struct date){2025, 9, 15}), "our_lady_of_sorrows");
    assert_string_equal(holiday_of("SK", (struct date){2024, 11, 17}), "freedom_day");
    assert_null(holiday_of("SK", (struct date){2027, 11, 17}));
    assert_null(holiday_of("SK", (struct date){2024, 9, 1}));
}

static void german_holidays_of_all_states(void **state)
{
    (void)state;
    expect_year("DE", 2026,
                "01-01 new_year\n04-03 good_friday\n04-06 easter_monday\n05-01 labour_day\n"
                "05-14 ascension\n05-25 whit_monday\n10-03 unity_day\n12-25 christmas_day\n"
                "12-26 second_christmas_day\n");
}

static void english_holidays_move_to_working_days(void **state)
{
    (void)state;
    expect_year("GB", 2026, /* Boxing Day is a Saturday */
                "01-01 new_year\n04-03 good_friday\n04-06 easter_monday\n05-04 early_may\n"
                "05-25 spring\n08-31 summer\n12-25 christmas_day\n12-26 second_christmas_day\n"
                "12-28 second_christmas_day\n");
    expect_year("GB", 2027, /* Christmas is a Saturday */
                "01-01 new_year\n03-26 good_friday\n03-29 easter_monday\n05-03 early_may\n"
                "05-31 spring\n08-30 summer\n12-25 christmas_day\n12-26 second_christmas_day\n"
                "12-27 christmas_day\n12-28 second_christmas_day\n");
    expect_year("GB", 2028, /* New Year is a Saturday */
                "01-01 new_year\n01-03 new_year\n04-14 good_friday\n04-17 easter_monday\n"
                "05-01 early_may\n05-29 spring\n08-28 summer\n12-25 christmas_day\n"
                "12-26 second_christmas_day\n");
    expect_year("GB", 2033, /* Christmas is a Sunday */
                "01-01 new_year\n01-03 new_year\n04-15 good_friday\n04-18 easter_monday\n"
                "05-02 early_may\n05-30 spring\n08-29 summer\n12-25 christmas_day\n"
                "12-26 second_christmas_day\n12-27 christmas_day\n");
}

static void country_nobody_knows_has_none(void **state)
{
    (void)state;
    assert_null(holiday_of("AT", (struct date){2026, 12, 25}));
    assert_null(holiday_of(NULL, (struct date){2026, 12, 25}));
    assert_null(holiday_of("CZ", (struct date){2026, 13, 1}));
    assert_false(holidays_known("AT") || holidays_known("cz") || holidays_known(NULL));
    assert_true(holidays_known("CZ") && holidays_known("GB"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_numbered_without_a_gap),
        cmocka_unit_test(what_no_calendar_has_is_no_date),
        cmocka_unit_test(easter_is_when_almanacs_say),
        cmocka_unit_test(czech_holidays),
        cmocka_unit_test(slovak_holidays_change_with_the_law),
        cmocka_unit_test(german_holidays_of_all_states),
        cmocka_unit_test(english_holidays_move_to_working_days),
        cmocka_unit_test(country_nobody_knows_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
