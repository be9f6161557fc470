/* test/test_utf8.c: UTF-8 read safely, and folded for comparing. */
#include "base/mem.h"
#include "base/utf8.h"
#include "test/test.h"

#include <string.h>

static void every_code_point_comes_back_as_written(void **state)
{
    (void)state;
    struct buf text = {0};
    for (uint32_t code = 1; code <= 0x10FFFF; code++) {
        if (code >= 0xD800 && code <= 0xDFFF)
            continue;
        buf_clear(&text);
        utf8_put(&text, code);
        uint32_t back;
        assert_int_equal(utf8_next(buf_str(&text), &back), text.bytes);
        assert_int_equal(back, code);
    }
    buf_free(&text);
}

static void bad_sequences_are_bad_and_take_one_byte(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",             /* a tail alone */
        "\xC0\xAF",         /* overlong */
        "\xC1\xBF",         /* overlong */
        "\xE0\x80\xAF",     /* overlong */
        "\xF0\x80\x80\xAF", /* overlong */
        "\xED\xA0\x80",     /* a surrogate */
        "\xF4\x90\x80\x80", /* past the last */
        "\xF5\x80\x80\x80",
        "\xFE",
        "\xFF",
        "\xC5",
        "\xE2\x82",
        "\xF0\x9F\x98",
        "\xC5x",
    };
    for (size_t i = 0; i < countof(bad); i++) {
        uint32_t code;
        assert_int_equal(utf8_next(str_of(bad[i]), &code), 1);
        assert_int_equal(code, UTF8_BAD);
        assert_false(utf8_valid(str_of(bad[i])));
    }
}

/* The checker skips ASCII many bytes at a time: a bad byte must be found wherever it stands. */
static void bad_byte_is_found_at_every_place(void **state)
{
    (void)state;
    char text[100];
    for (size_t bytes = 1; bytes <= 99; bytes++) {
        memset(text, 'a', bytes);
        assert_true(utf8_valid((struct str){text, bytes}));
        for (size_t at = 0; at < bytes; at++) {
            text[at] = '\xFF';
            assert_false(utf8_valid((struct str){text, bytes}));
            text[at] = 'a';
        }
    }
    assert_true(utf8_valid((struct str){0}));
    assert_true(utf8_valid(str_of("plain letters and then P\xC5\x99\xC3\xAD"
                                  "li\xC5\xA1 and more plain letters")));
}

static void length_counts_characters(void **state)
{
    (void)state;
    assert_int_equal(utf8_length(str_of("")), 0);
    assert_int_equal(utf8_length(str_of("Dvo\xC5\x99\xC3\xA1k")), 6);
    assert_int_equal(utf8_length(str_of("\xF0\x9F\x98\x80!")), 2);
}

static void expect_folded(const char *text, const char *folded)
{
    struct buf out = {0};
    utf8_fold(&out, str_of(text));
    assert_string_equal(buf_text(&out), folded);
    buf_free(&out);
}

static void letters_of_four_languages_fold_to_ascii(void **state)
{
    (void)state;
    expect_folded(
        "P\xC5\x98\xC3\x8DLI\xC5\xA0 \xC5\xBDLU\xC5\xA4OU\xC4\x8CK\xC3\x9D K\xC5\xAE\xC5\x87 "
        "\xC3\x9AP\xC4\x9AL \xC4\x8E\xC3\x81"
        "BELSK\xC3\x89 \xC3\x93"
        "DY",
        "prilis zlutoucky kun upel dabelske ody");
    expect_folded(
        "p\xC5\x99\xC3\xADli\xC5\xA1 \xC5\xBElu\xC5\xA5ou\xC4\x8Dk\xC3\xBD k\xC5\xAF\xC5\x88 "
        "\xC3\xBAp\xC4\x9Bl \xC4\x8F\xC3\xA1"
        "belsk\xC3\xA9 \xC3\xB3"
        "dy",
        "prilis zlutoucky kun upel dabelske ody");
    expect_folded("\xC4\xBD\xC5\xA0\xC4\x8C \xC4\xBA\xC5\x95\xC3\xB4\xC3\xA4", "lsc lroa"); /* sk */
    expect_folded("\xC3\x84\xC3\x96\xC3\x9C \xC3\xA4\xC3\xB6\xC3\xBC Stra\xC3\x9F"
                  "e",
                  "aou aou strasse");
    expect_folded("\xC5\x81\xC3\xB3"
                  "d\xC5\xBA \xC5\x90 \xC3\x86",
                  "lodz o ae");
}

static void decomposed_letters_fold_like_composed_ones(void **state)
{
    (void)state;
    expect_folded("Dvor\xCC\x8C"
                  "a\xCC\x81k",
                  "dvorak");
}

static void other_scripts_are_lowered_and_kept(void **state)
{
    (void)state;
    expect_folded("\xD0\x9F\xD1\x80\xD0\x98 \xCE\x93", "\xD0\xBF\xD1\x80\xD0\xB8 \xCE\xB3");
    expect_folded("\xF0\x9F\x98\x80 \xC3\x97", "\xF0\x9F\x98\x80 \xC3\x97");
}

static void cut_never_splits_a_character(void **state)
{
    (void)state;
    struct str text = str_of("a\xC5\x99\xF0\x9F\x98\x80");
    static const size_t bytes[] = {0, 1, 1, 3, 3, 3, 3, 7, 7};
    for (size_t i = 0; i < countof(bytes); i++)
        assert_int_equal(utf8_cut(text, i).bytes, bytes[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_comes_back_as_written),
        cmocka_unit_test(bad_sequences_are_bad_and_take_one_byte),
        cmocka_unit_test(bad_byte_is_found_at_every_place),
        cmocka_unit_test(length_counts_characters),
        cmocka_unit_test(letters_of_four_languages_fold_to_ascii),
        cmocka_unit_test(decomposed_letters_fold_like_composed_ones),
        cmocka_unit_test(other_scripts_are_lowered_and_kept),
        cmocka_unit_test(cut_never_splits_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
