/* test/test_phone_number.c: numbers as people and carriers write them. */
#include "base/mem.h"
#include "rules/country.h"
#include "rules/phone.h"
#include "test/test.h"

#include <errno.h>

#include <string.h>

static const char *parsed(const char *raw, const char *country)
{
    static char e164[PHONE_TEXT_BYTES];
    switch (phone_parse(str_of(raw), country, e164)) {
    case PHONE_NUMBER: return e164;
    case PHONE_WITHHELD: return e164[0] ? "?" : "withheld";
    case PHONE_BAD: return e164[0] ? "?" : "bad";
    }
    return "?";
}

struct example {
    const char *raw, *country, *expected;
};

static void check_all(const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(parsed(examples[i].raw, examples[i].country), examples[i].expected) != 0)
            fail_msg("%s in %s: %s, not %s", examples[i].raw,
                     examples[i].country ? examples[i].country : "-",
                     parsed(examples[i].raw, examples[i].country), examples[i].expected);
}

static void international_forms_need_no_country(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"+420602000111", NULL, "+420602000111"},
        {"+420 602 000 111", NULL, "+420602000111"},
        {"00420602000111", NULL, "+420602000111"},
        {"00 420 602-000-111", "DE", "+420602000111"},
        {"+44 (0)20 7946 0958", NULL, "+442079460958"},
        {"+1 (415) 555-2671", NULL, "+14155552671"},
        {"011420602000111", "US", "+420602000111"},
        {"+39 06 1234 5678", NULL, "+390612345678"},
        {"+971501234567", NULL, "+971501234567"},
        {"sip:+420602000111@sip.example;user=phone", NULL, "+420602000111"},
        {"tel:+420-602-000-111;ext=5", NULL, "+420602000111"},
        {" +420602000111\r\n", NULL, "+420602000111"},
    };
    check_all(examples, countof(examples));
}

static void national_forms_are_read_as_dialled_at_home(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"602000111", "CZ", "+420602000111"},      {"602 000 111", "CZ", "+420602000111"},
        {"420602000111", "CZ", "+420602000111"},   {"0905123456", "SK", "+421905123456"},
        {"02/5930 4111", "SK", "+421259304111"},   {"030 901820", "DE", "+4930901820"},
        {"0151 23456789", "DE", "+4915123456789"}, {"4915123456789", "DE", "+4915123456789"},
        {"01 58858 0", "AT", "+431588580"},        {"22 628 00 00", "PL", "+48226280000"},
        {"020 7946 0958", "GB", "+442079460958"},  {"(415) 555-2671", "US", "+14155552671"},
        {"1-415-555-2671", "US", "+14155552671"},  {"4155552671", "CA", "+14155552671"},
        {"06 1 234 5678", "HU", "+3612345678"},    {"06 1234 5678", "IT", "+390612345678"},
        {"421905123456", "CZ", "+421905123456"},   {"01 42 68 53 00", "FR", "+33142685300"},
    };
    check_all(examples, countof(examples));
}

static void hidden_callers_are_withheld(void **state)
{
    (void)state;
    static const char *const hidden[] = {
        "",           "  ",           "anonymous",   "Anonymous",
        "RESTRICTED", "+266696687",   "+7378742833", "+2562533",
        "+8656696",   "+86282452253", "unknown",     "sip:anonymous@anonymous.invalid"};
    for (size_t i = 0; i < countof(hidden); i++)
        assert_string_equal(parsed(hidden[i], "CZ"), "withheld");
}

static void what_is_no_number_is_bad(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"client:jan", "CZ", "bad"},
        {"112", "CZ", "bad"},
        {"60200011", "CZ", "bad"},
        {"6020001112", "CZ", "bad"},
        {"602000111", NULL, "bad"},
        {"602000111", "XX", "bad"},
        {"+42060200011", NULL, "bad"},
        {"+4206020001112", NULL, "bad"},
        {"+0602000111", NULL, "bad"},
        {"+1234567890123456", NULL, "bad"},
        {"++420602000111", NULL, "bad"},
        {"+420602000111; DROP", NULL, "bad"},
        {"+", NULL, "bad"},
        {"00", "CZ", "bad"},
        {"12345", "DE", "bad"},
        {"+420 602 000 11a", NULL, "bad"},
    };
    check_all(examples, countof(examples));
    char longer[200];
    memset(longer, '1', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_string_equal(parsed(longer, "CZ"), "bad");
    char e164[PHONE_TEXT_BYTES];
    assert_int_equal(phone_parse((struct str){"602\000111", 7}, "CZ", e164), PHONE_BAD);
}

static void normalising_twice_changes_nothing(void **state)
{
    (void)state;
    static const char *const numbers[] = {"+420602000111", "+4930901820", "+14155552671",
                                          "+971501234567", "+390612345678"};
    static const char *const countries[] = {"CZ", "DE", "US", "IT", NULL};
    for (size_t i = 0; i < countof(numbers); i++)
        for (size_t k = 0; k < countof(countries); k++)
            assert_string_equal(parsed(numbers[i], countries[k]), numbers[i]);
}

static void country_is_known_by_its_code(void **state)
{
    (void)state;
    assert_string_equal(phone_country("+420602000111"), "CZ");
    assert_string_equal(phone_country("+421905123456"), "SK");
    assert_string_equal(phone_country("+14155552671"), "US");
    assert_string_equal(phone_country("+971501234567"), "");
    assert_string_equal(phone_country(""), "");
    assert_true(phone_country_known("SK"));
    assert_false(phone_country_known("sk"));
    assert_false(phone_country_known(NULL));
}

static void list_of_countries_is_read_as_people_write_it(void **state)
{
    (void)state;
    struct str wrong = {0};
    assert_int_equal(phone_countries_check("CZ, SK,DE  GB", &wrong), 0);
    assert_int_equal(phone_countries_check("all", &wrong), 0);
    assert_int_equal(phone_countries_check("CZ cz", &wrong), EINVAL);
    assert_true(str_is(wrong, "cz"));
    assert_int_equal(phone_countries_check(" , ", &wrong), EINVAL);
    assert_int_equal(phone_countries_check("", &wrong), EINVAL);
    assert_true(phone_countries_have("CZ, SK", "SK"));
    assert_false(phone_countries_have("CZ, SK", "DE"));
    assert_false(phone_countries_have("CZ, SK", "")); /* of no country that is known */
    assert_true(phone_countries_have("all", ""));
}

/* Whoever may sign in gets a time zone and a language that fit. */
static void every_country_has_its_usual_language_and_time(void **state)
{
    (void)state;
    static const char *const countries[] = {"AT", "AU", "BE", "BG", "CA", "CH", "CZ", "DE", "DK",
                                            "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE",
                                            "IT", "LT", "LU", "LV", "NL", "NO", "NZ", "PL", "PT",
                                            "RO", "SE", "SI", "SK", "UA", "US"};
    for (size_t i = 0; i < countof(countries); i++) {
        assert_true(phone_country_known(countries[i]));
        assert_string_not_equal(country_timezone(countries[i]), "UTC");
    }
    assert_string_equal(country_timezone("CZ"), "Europe/Prague");
    assert_string_equal(country_timezone(""), "UTC");
    assert_int_equal(country_language("SK"), LANGUAGE_SK);
    assert_int_equal(country_language("AT"), LANGUAGE_DE);
    assert_int_equal(country_language(""), LANGUAGE_EN);
}

static void masked_number_shows_neither_half(void **state)
{
    (void)state;
    char masked[PHONE_TEXT_BYTES];
    phone_mask("+420602000111", masked);
    assert_string_equal(masked, "+420...111");
    phone_mask("+12", masked);
    assert_string_equal(masked, "...");
}

static void numbers_are_dialled_as_people_there_do(void **state)
{
    static const struct {
        const char *number, *country, *dialled;
    } cases[] = {
        {"+420228883001", "CZ", "228883001"},       {"+420228883001", "SK", "00420228883001"},
        {"+421233888007", "SK", "0233888007"},      {"+442079460007", "GB", "02079460007"},
        {"+12015550123", "US", "2015550123"},       {"+12015550123", "CA", "2015550123"},
        {"+420228883001", "US", "011420228883001"}, {"+3612345678", "HU", "0612345678"},
        {"+420228883001", "XX", "00420228883001"}};
    char dialled[PHONE_DIALLED_BYTES];
    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        phone_dialled(cases[i].number, cases[i].country, dialled);
        assert_string_equal(dialled, cases[i].dialled);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_dialled_as_people_there_do),
        cmocka_unit_test(international_forms_need_no_country),
        cmocka_unit_test(national_forms_are_read_as_dialled_at_home),
        cmocka_unit_test(hidden_callers_are_withheld),
        cmocka_unit_test(what_is_no_number_is_bad),
        cmocka_unit_test(normalising_twice_changes_nothing),
        cmocka_unit_test(country_is_known_by_its_code),
        cmocka_unit_test(list_of_countries_is_read_as_people_write_it),
        cmocka_unit_test(every_country_has_its_usual_language_and_time),
        cmocka_unit_test(masked_number_shows_neither_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
