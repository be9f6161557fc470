/* test/test_buf.c: text borrowed, text that grows, and what each format makes of it. */
#include "base/buf.h"
#include "base/mem.h"
#include "test/test.h"

#include <string.h>

static void texts_compare_by_all_their_bytes(void **state)
{
    (void)state;
    assert_true(str_is(str_of("abc"), "abc"));
    assert_false(str_is(str_of("abc"), "ab"));
    assert_false(str_is(str_of("ab"), "abc"));
    assert_true(str_is((struct str){0}, ""));
    assert_true(str_is(str_of(NULL), ""));
    assert_true(str_is_nocase(str_of("UpGrade"), "uPgrade"));
    assert_true(str_starts(str_of("abc"), "ab"));
    assert_true(str_starts(str_of("abc"), ""));
    assert_false(str_starts(str_of("a"), "ab"));
}

static void trim_takes_blanks_off_both_ends(void **state)
{
    (void)state;
    assert_true(str_is(str_trim(str_of(" \t\r\na b\n ")), "a b"));
    assert_true(str_is(str_trim(str_of(" \t ")), ""));
    assert_true(str_is(str_trim((struct str){0}), ""));
}

static void cut_takes_parts_off_the_front(void **state)
{
    (void)state;
    struct str rest = str_of("a,,b,");
    assert_true(str_is(str_cut(&rest, ','), "a"));
    assert_true(str_is(str_cut(&rest, ','), ""));
    assert_true(str_is(str_cut(&rest, ','), "b"));
    assert_non_null(rest.at); /* an empty part is still to come */
    assert_true(str_is(str_cut(&rest, ','), ""));
    assert_null(rest.at);
    assert_true(str_is(str_cut(&rest, ','), ""));
}

static void text_grows_and_always_ends_in_nul(void **state)
{
    (void)state;
    struct buf buf = {0};
    assert_string_equal(buf_text(&buf), "");
    for (int i = 0; i < 1000; i++) {
        buf_putc(&buf, 'x');
        assert_int_equal(strlen(buf_text(&buf)), buf.bytes);
    }
    buf_drop(&buf, 990);
    assert_string_equal(buf_text(&buf), "xxxxxxxxxx");
    buf_drop(&buf, 1000);
    assert_string_equal(buf_text(&buf), "");
    buf_add(&buf, NULL, 0);
    buf_add_str(&buf, (struct str){0});
    buf_clear(&buf);
    buf_free(&buf);
    buf_free(&buf);
    assert_null(buf.data);
}

static void printing_appends_any_length(void **state)
{
    (void)state;
    struct buf buf = {0};
    char long_text[5000];
    memset(long_text, 'y', sizeof(long_text));
    long_text[sizeof(long_text) - 1] = '\0';
    buf_puts(&buf, "n=");
    buf_printf(&buf, "%d %s", 42, long_text);
    assert_int_equal(buf.bytes, 2 + 3 + 4999);
    assert_memory_equal(buf.data, "n=42 yyy", 8);
    buf_free(&buf);
}

static void expect_escaped(void (*escape)(struct buf *, struct str), const char *text,
                           const char *escaped)
{
    struct buf buf = {0};
    escape(&buf, str_of(text));
    assert_string_equal(buf_text(&buf), escaped);
    buf_free(&buf);
}

static void json_strings_are_escaped(void **state)
{
    (void)state;
    expect_escaped(buf_json_string, "", "\"\"");
    expect_escaped(buf_json_string, "a\"b\\c/\n\x01\x7F", "\"a\\\"b\\\\c/\\u000a\\u0001\\u007f\"");
    expect_escaped(buf_json_string, "\xC5\x99\xF0\x9F\x98\x80", "\"\xC5\x99\xF0\x9F\x98\x80\"");
    expect_escaped(buf_json_string, "a\xFF\xC5", "\"a\\ufffd\\ufffd\"");
}

static void xml_text_cannot_leave_its_place(void **state)
{
    (void)state;
    expect_escaped(buf_xml_text, "<a href=\"x\">&'", "&lt;a href=&quot;x&quot;&gt;&amp;&apos;");
    expect_escaped(buf_xml_text,
                   "a\x01\x08"
                   "b\nc",
                   "ab\nc");
    expect_escaped(buf_xml_text, "\xC5\x99", "\xC5\x99");
}

static void url_parts_keep_only_unreserved_bytes(void **state)
{
    (void)state;
    expect_escaped(buf_url_part, "aZ0-._~", "aZ0-._~");
    expect_escaped(buf_url_part, "a b/c?d=e&f+\xC5\x99%", "a%20b%2Fc%3Fd%3De%26f%2B%C5%99%25");
}

static void form_fields_are_joined(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_form_field(&buf, "To", "+420 1");
    buf_form_field(&buf, "a&b", "");
    assert_string_equal(buf_text(&buf), "To=%2B420%201&a%26b=");
    buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_compare_by_all_their_bytes),
        cmocka_unit_test(trim_takes_blanks_off_both_ends),
        cmocka_unit_test(cut_takes_parts_off_the_front),
        cmocka_unit_test(text_grows_and_always_ends_in_nul),
        cmocka_unit_test(printing_appends_any_length),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(xml_text_cannot_leave_its_place),
        cmocka_unit_test(url_parts_keep_only_unreserved_bytes),
        cmocka_unit_test(form_fields_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
