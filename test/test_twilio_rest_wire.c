/* test/test_twilio_rest_wire.c: bodies of Twilio's REST API, whole, odd and broken. */
#include "carrier/twilio_rest_wire.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>

static void expect_text(struct str text, const char *expected)
{
    if (!str_is(text, expected))
        fail_msg("%.*s is not %s", (int)text.bytes, text.bytes ? text.at : "", expected);
}

static void a_refusal_has_a_number_and_words(void **state)
{
    struct twilio_refusal refusal;
    struct arena arena = {0};
    (void)state;
    const char *body =
        "{\"code\":21211,\"message\":\"The 'To' number \\u002b1 is not \\\"valid\\\"\","
        "\"more_info\":\"https:\\/\\/www.twilio.com\",\"status\":400}";
    assert_int_equal(twilio_refusal_parse(str_of(body), &refusal), 0);
    assert_int_equal(refusal.code, 21211);
    assert_string_equal(twilio_text(&arena, refusal.message),
                        "The 'To' number +1 is not \"valid\"");
    arena_free(&arena);
}

static void what_is_not_one_object_is_refused(void **state)
{
    static const char *const bodies[] = {"",           "[]",  "null",           "{\"code\":1}x",
                                         "{\"code\":", "{,}", "{\"code\":1}{}", "\"code\""};
    struct twilio_refusal refusal = {.code = 7};
    struct twilio_list list;
    (void)state;
    for (size_t i = 0; i < countof(bodies); i++) {
        assert_int_equal(twilio_refusal_parse(str_of(bodies[i]), &refusal), EPROTO);
        assert_int_equal(twilio_list_parse(str_of(bodies[i]), "code", &list), EPROTO);
    }
    assert_int_equal(refusal.code, 7);
    assert_int_equal(twilio_list_parse(str_of("{\"calls\":{}}"), "calls", &list), EPROTO);
    assert_int_equal(twilio_list_parse(str_of("{\"other\":[]}"), "calls", &list), EPROTO);
}

static void lists_are_read_item_by_item_wherever_they_stand(void **state)
{
    struct twilio_list list;
    struct str object;
    struct twilio_record call;
    (void)state;
    const char *body =
        "{\"end\":1,\"next_page_uri\":\"\\/2010?Page=1\",\"calls\":[ {\"sid\":\"CA1\"} ,"
        "{\"sid\":\"CA2\",\"deep\":{\"sid\":\"no\"}}],\"page\":0}";
    assert_int_equal(twilio_list_parse(str_of(body), "calls", &list), 0);
    expect_text(list.next_page, "\\/2010?Page=1");
    assert_true(twilio_list_next(&list, &object));
    assert_int_equal(twilio_record_parse(object, &call), 0);
    expect_text(call.sid, "CA1");
    assert_true(twilio_list_next(&list, &object));
    assert_int_equal(twilio_record_parse(object, &call), 0);
    expect_text(call.sid, "CA2");
    assert_false(twilio_list_next(&list, &object));

    const char *v2 =
        "{\"meta\":{\"key\":\"results\",\"next_page_url\":\"https://n/2\"},\"results\":[]}";
    assert_int_equal(twilio_list_parse(str_of(v2), "results", &list), 0);
    expect_text(list.next_page, "https://n/2");
    assert_false(twilio_list_next(&list, &object));
}

static void dates_are_read_in_both_forms(void **state)
{
    (void)state;
    assert_int_equal(twilio_date_ms(str_of("Thu, 30 Jul 2015 20:00:00 +0000")), 1438286400000);
    assert_int_equal(twilio_date_ms(str_of("2015-07-30T20:00:00Z")), 1438286400000);
    static const char *const bad[] = {"",
                                      "yesterday",
                                      "2015-07-30",
                                      "2015-07-30T20:00:00Z ",
                                      "Thu, 30 Jul 2015 20:00:00 +0200",
                                      "2015-07-30T20:00:00Z2015-07-30T20:00:00Z"};
    for (size_t i = 0; i < countof(bad); i++)
        assert_int_equal(twilio_date_ms(str_of(bad[i])), -1);
}

static void a_call_or_message_is_read(void **state)
{
    struct twilio_record record;
    (void)state;
    const char *body = "{\"sid\":\"SM1\",\"status\":\"queued\",\"direction\":\"outbound-api\","
                       "\"body\":\"Volal J\\u00e1n\",\"error_code\":null,"
                       "\"date_created\":\"Thu, 30 Jul 2015 20:00:00 +0000\"}";
    assert_int_equal(twilio_record_parse(str_of(body), &record), 0);
    expect_text(record.text, "Volal J\\u00e1n");
    assert_int_equal(record.created_ms, 1438286400000);
    assert_int_equal(record.error_code, 0);
    assert_int_equal(
        twilio_record_parse(str_of("{\"status\":400,\"error_code\":\"30034\"}"), &record), 0);
    assert_int_equal(record.status.bytes, 0);
    assert_int_equal(record.error_code, 30034);
    assert_int_equal(record.created_ms, -1);
}

static void numbers_for_sale_and_our_own_are_read_alike(void **state)
{
    struct twilio_number_record number;
    (void)state;
    const char *offer = "{\"phone_number\":\"+420228883007\",\"iso_country\":\"CZ\","
                        "\"address_requirements\":\"any\",\"capabilities\":{\"voice\":true,"
                        "\"SMS\":false,\"MMS\":false,\"fax\":null}}";
    assert_int_equal(twilio_number_parse(str_of(offer), &number), 0);
    expect_text(number.number, "+420228883007");
    expect_text(number.country, "CZ");
    expect_text(number.address_requirements, "any");
    assert_true(number.voice);
    assert_false(number.sms);
    assert_int_equal(number.sid.bytes, 0);
    const char *own = "{\"sid\":\"PN1\",\"phone_number\":\"+1\",\"capabilities\":{\"voice\":false,"
                      "\"sms\":true},\"bundle_sid\":null,\"voice_url\":\"https://k/\","
                      "\"voice_fallback_url\":\"\",\"status_callback\":\"https://s/\"}";
    assert_int_equal(twilio_number_parse(str_of(own), &number), 0);
    expect_text(number.sid, "PN1");
    assert_true(number.sms && !number.voice);
    expect_text(number.voice_url, "https://k/");
    expect_text(number.status_url, "https://s/");
    assert_int_equal(number.bundle_sid.bytes, 0);
}

static void a_bundle_is_read(void **state)
{
    struct twilio_bundle_record bundle;
    (void)state;
    const char *body = "{\"sid\":\"BU1\",\"friendly_name\":\"Ours\",\"status\":\"in-review\","
                       "\"valid_until\":null}";
    assert_int_equal(twilio_bundle_parse(str_of(body), &bundle), 0);
    expect_text(bundle.status, "in-review");
    assert_int_equal(bundle.valid_until_ms, -1);
    assert_int_equal(
        twilio_bundle_parse(str_of("{\"valid_until\":\"2015-07-30T20:00:00Z\"}"), &bundle), 0);
    assert_int_equal(bundle.valid_until_ms, 1438286400000);
}

static int price_of(const char *price, int64_t *micro_out)
{
    struct twilio_price_record record;
    char body[200];
    snprintf(body, sizeof(body),
             "{\"phone_number_prices\":[{\"current_price\":\"9\",\"number_type\":\"mobile\"},"
             "{\"number_type\":\"local\",\"current_price\":%s}],\"price_unit\":\"EUR\"}",
             price);
    int err = twilio_price_parse(str_of(body), "local", &record);
    if (!err) {
        expect_text(record.currency, "EUR");
        *micro_out = record.month_micro;
    }
    return err;
}

static void a_price_is_read_to_the_millionth(void **state)
{
    static const struct {
        const char *price;
        int64_t micro;
    } good[] = {{"\"1.15\"", 1150000},
                {"\"1\"", 1000000},
                {"0.0085", 8500},
                {"\"0.00000199\"", 1},
                {"\"0\"", 0},
                {"2", 2000000},
                {"\"123456789.5\"", 123456789500000}};
    static const char *const bad[] = {"\"\"", "\"-1\"", "\"1.1.1\"",      "\"1e3\"",
                                      "null", "\".5\"", "\"1234567890\"", "-1",
                                      "1e99", "{}",     "\"1,15\"",       "[1]"};
    int64_t micro = -7;
    (void)state;
    for (size_t i = 0; i < countof(good); i++) {
        assert_int_equal(price_of(good[i].price, &micro), 0);
        assert_int_equal(micro, good[i].micro);
    }
    for (size_t i = 0; i < countof(bad); i++)
        assert_int_equal(price_of(bad[i], &micro), ESRCH);
    struct twilio_price_record record;
    assert_int_equal(twilio_price_parse(str_of("{}"), "local", &record), EPROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_has_a_number_and_words),
        cmocka_unit_test(what_is_not_one_object_is_refused),
        cmocka_unit_test(lists_are_read_item_by_item_wherever_they_stand),
        cmocka_unit_test(dates_are_read_in_both_forms),
        cmocka_unit_test(a_call_or_message_is_read),
        cmocka_unit_test(numbers_for_sale_and_our_own_are_read_alike),
        cmocka_unit_test(a_bundle_is_read),
        cmocka_unit_test(a_price_is_read_to_the_millionth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
