/* test/test_json.c: the pull scanner, alone and against cJSON. */
#include "base/json.h"
#include "base/mem.h"
#include "test/test.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static bool scans(const char *text)
{
    struct json json = json_of(str_of(text));
    json_skip(&json);
    return json_done(&json);
}

static void media_frame_is_read_in_one_pass(void **state)
{
    (void)state;
    struct json json = json_of(str_of("{\"event\":\"media\",\"sequenceNumber\":\"4\",\"media\":"
                                      "{\"track\":\"inbound\",\"payload\":\"AAEC\"},\"n\":[1,2]}"));
    struct str key, event = {0}, payload = {0};
    int64_t number = 0;
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        if (str_is(key, "event"))
            json_string(&json, &event);
        else if (str_is(key, "sequenceNumber"))
            json_whole(&json, &number);
        else if (str_is(key, "media"))
            for (bool media = json_object(&json); media && json_member(&json, &key);)
                if (str_is(key, "payload"))
                    json_string(&json, &payload);
                else
                    json_skip(&json);
        else
            json_skip(&json);
    }
    assert_true(json_done(&json));
    assert_true(str_is(event, "media"));
    assert_true(str_is(payload, "AAEC"));
    assert_int_equal(number, 4);
}

static void value_of_another_kind_is_skipped(void **state)
{
    (void)state;
    struct json json = json_of(str_of("[{\"a\":[1]}, \"text\", 2.5e1, true, null, \"7\"]"));
    struct str text;
    double number = 0;
    bool truth = false;
    int64_t whole = 0;
    assert_true(json_array(&json));
    assert_true(json_element(&json) && !json_string(&json, &text));
    assert_true(json_element(&json) && !json_number(&json, &number));
    assert_true(json_element(&json) && json_number(&json, &number));
    assert_true(number == 25.0);
    assert_true(json_element(&json) && json_bool(&json, &truth) && truth);
    assert_true(json_element(&json) && !json_object(&json));
    assert_true(json_element(&json) && json_whole(&json, &whole));
    assert_int_equal(whole, 7);
    assert_false(json_element(&json));
    assert_true(json_done(&json));
}

static void null_is_told_from_another_value(void **state)
{
    (void)state;
    struct json json = json_of(str_of("[ null ,7]"));
    double number;
    assert_true(json_array(&json) && json_element(&json));
    assert_true(json_null(&json));
    assert_true(json_element(&json));
    assert_false(json_null(&json));
    assert_true(json_number(&json, &number) && number == 7);
    assert_false(json_element(&json));
    assert_true(json_done(&json));
    json = json_of(str_of("nul"));
    assert_false(json_null(&json));
    assert_true(json.bad);
}

static void broken_json_is_refused(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "",      " ",     "{",          "}",         "[1,]",   "[,1]",    "{\"a\"}",   "{\"a\":}",
        "{a:1}", "[1 2]", "{\"a\":1,}", "01",        "1.",     ".5",      "1e",        "-",
        "+1",    "tru",   "nulll",      "\"",        "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\n\"",
        "[1]]",  "1 2",   "[\"a\":1]",  "{\"a\":1]", "[1}",    "NaN",
    };
    for (size_t i = 0; i < countof(broken); i++)
        if (scans(broken[i]))
            fail_msg("accepted: %s", broken[i]);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    char deep[2 * JSON_DEPTH_MAX + 3] = "";
    memset(deep, '[', JSON_DEPTH_MAX);
    memset(deep + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    assert_true(scans(deep));
    memset(deep, '[', JSON_DEPTH_MAX + 1);
    memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    assert_false(scans(deep));
}

static void escapes_come_out_as_cjson_resolves_them(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\"plain\"",
        "\"a\\nb\\t\\\"\\\\\\/\\b\\f\\r\"",
        "\"\\u00e1\\u010d\"",
        "\"\\ud83d\\ude00!\"",
        "\"\"",
    };
    for (size_t i = 0; i < countof(texts); i++) {
        struct json json = json_of(str_of(texts[i]));
        struct str raw;
        struct buf out = {0};
        cJSON *other = cJSON_Parse(texts[i]);
        assert_true(json_string(&json, &raw));
        json_unescape(&out, raw);
        assert_string_equal(buf_text(&out), cJSON_GetStringValue(other));
        cJSON_Delete(other);
        buf_free(&out);
    }
}

static void lone_surrogate_becomes_the_replacement_character(void **state)
{
    (void)state;
    struct buf out = {0};
    json_unescape(&out, str_of("\\ud83dx\\ude00\\ud83d\\u0041"));
    assert_string_equal(buf_text(&out), "\xEF\xBF\xBDx\xEF\xBF\xBD\xEF\xBF\xBD"
                                        "A");
    buf_free(&out);
}

static void whole_numbers_are_whole(void **state)
{
    (void)state;
    static const char *const wrong[] = {"1.5",     "\"\"", "\"-\"",
                                        "\"12a\"", "1e3",  "\"1234567890123456789\""};
    int64_t whole = -1;
    for (size_t i = 0; i < countof(wrong); i++) {
        struct json json = json_of(str_of(wrong[i]));
        assert_false(json_whole(&json, &whole));
    }
    assert_int_equal(whole, -1);
    struct json json = json_of(str_of("-42"));
    assert_true(json_whole(&json, &whole));
    assert_int_equal(whole, -42);
}

static void what_we_quote_reads_back(void **state)
{
    (void)state;
    const char *text = "a\"b\\c\n\x01\x7F Dvo\xC5\x99\xC3\xA1k </script>";
    struct buf out = {0}, back = {0};
    buf_json_string(&out, str_of(text));
    struct json json = json_of(buf_str(&out));
    struct str raw;
    assert_true(json_string(&json, &raw));
    assert_true(json_done(&json));
    json_unescape(&back, raw);
    assert_string_equal(buf_text(&back), text);
    buf_free(&out);
    buf_free(&back);
}

/* Strings are passed in steps of eight bytes: each place within and around a step is tried. */
static void a_string_ends_where_it_ends_at_whatever_place(void **state)
{
    (void)state;
    for (size_t plain = 0; plain < 40; plain++)
        for (size_t behind = 0; behind < 12; behind++) {
            char text[64];
            struct str raw = {0};
            memset(text, 0x80 + (int)plain, sizeof(text)); /* also bytes with their top bit set */
            text[0] = text[plain + 1] = '"';
            struct json json = json_of((struct str){text, plain + 2 + behind});
            assert_true(json_string(&json, &raw));
            assert_ptr_equal(raw.at, text + 1);
            assert_int_equal(raw.bytes, plain);
            text[plain + 1] = 0x1f;
            json = json_of((struct str){text, plain + 2 + behind});
            assert_false(json_string(&json, &raw));
            memcpy(text + plain + 1, "\\\"\"", 3);
            json = json_of((struct str){text, plain + 4 + behind});
            assert_true(json_string(&json, &raw));
            assert_int_equal(raw.bytes, plain + 2);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_ends_where_it_ends_at_whatever_place),
        cmocka_unit_test(media_frame_is_read_in_one_pass),
        cmocka_unit_test(value_of_another_kind_is_skipped),
        cmocka_unit_test(null_is_told_from_another_value),
        cmocka_unit_test(broken_json_is_refused),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(escapes_come_out_as_cjson_resolves_them),
        cmocka_unit_test(lone_surrogate_becomes_the_replacement_character),
        cmocka_unit_test(whole_numbers_are_whole),
        cmocka_unit_test(what_we_quote_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
