/* test/test_complete.c: whether a caller has finished, by words of four languages; and how often
 * that is wrong on labelled pauses that nothing was fitted to. */
#include "base/mem.h"
#include "test/pauses.h"
#include "test/test.h"

#include <stdlib.h>

enum {
    CZECH_ROWS_MIN = 600,
    OTHER_ROWS_MIN = 250,
    CZECH_WAIT_MEDIAN_MS_MAX = 420,
    ROUNDING = 1, /* of a weight, in hundredths: another processor may round otherwise */
};
static const double cut_in_max = 0.03;

static int complete(enum language language, enum words_asked asked, const char *text)
{
    struct buf scratch = {0};
    bool digits;
    int percent = complete_percent(language, asked, str_of(text), &scratch, &digits);
    buf_free(&scratch);
    return percent;
}

static bool is_sure(enum language language, enum words_asked asked, const char *text)
{
    return complete(language, asked, text) >= complete_fit.sure[language];
}

static bool is_open(enum language language, enum words_asked asked, const char *text)
{
    return complete(language, asked, text) < complete_fit.open[language];
}

static bool ends_in_number(enum language language, enum words_asked asked, const char *text)
{
    struct buf scratch = {0};
    bool digits;
    complete_percent(language, asked, str_of(text), &scratch, &digits);
    buf_free(&scratch);
    return digits;
}

static void open_ends_are_waited_for(void **state)
{
    (void)state;
    assert_true(is_open(LANGUAGE_EN, ASKED_OPEN, "I am calling about the"));
    assert_true(is_open(LANGUAGE_EN, ASKED_NAME, "my name is"));
    assert_true(is_open(LANGUAGE_CS, ASKED_OPEN, "chtěl bych mluvit s"));
    assert_true(is_open(LANGUAGE_CS, ASKED_OPEN, "volám, protože"));
    assert_true(is_open(LANGUAGE_CS, ASKED_OPEN, "Volám, protože."));
    assert_true(is_open(LANGUAGE_SK, ASKED_OPEN, "potrebujem"));
    assert_true(is_open(LANGUAGE_DE, ASKED_OPEN, "ich rufe an wegen der"));
    assert_true(is_open(LANGUAGE_DE, ASKED_OPEN, "ich hätte gern,"));
    assert_int_equal(complete(LANGUAGE_EN, ASKED_OPEN, ""), 0);
    assert_int_equal(complete(LANGUAGE_EN, ASKED_OPEN, " ... "), 0);
}

static void whole_things_are_answered_fast(void **state)
{
    (void)state;
    assert_true(is_sure(LANGUAGE_EN, ASKED_OPEN, "Is Jan there?"));
    assert_true(is_sure(LANGUAGE_CS, ASKED_OPEN, "Je tam pan Novák?"));
    assert_true(is_sure(LANGUAGE_CS, ASKED_NAME, "Petr Novák."));
    assert_true(is_sure(LANGUAGE_SK, ASKED_OPEN, "Kedy máte otvorené?"));
    assert_true(is_sure(LANGUAGE_DE, ASKED_OPEN, "Bitte rufen Sie mich zurück."));
}

static void a_word_answers_yes_or_no(void **state)
{
    (void)state;
    assert_true(is_sure(LANGUAGE_EN, ASKED_YES_NO, "yes"));
    assert_true(is_sure(LANGUAGE_CS, ASKED_YES_NO, "Ano."));
    assert_true(is_sure(LANGUAGE_CS, ASKED_YES_NO, "ne"));
    assert_true(is_sure(LANGUAGE_SK, ASKED_YES_NO, "áno"));
    assert_true(is_sure(LANGUAGE_DE, ASKED_YES_NO, "Nein, danke."));
    assert_true(is_open(LANGUAGE_CS, ASKED_YES_NO, "ano ale"));
}

static void a_number_broken_off_is_waited_for(void **state)
{
    (void)state;
    assert_true(ends_in_number(LANGUAGE_CS, ASKED_NOTHING, "moje číslo je sedm set dva"));
    assert_true(ends_in_number(LANGUAGE_CS, ASKED_NOTHING, "777 123"));
    assert_true(ends_in_number(LANGUAGE_CS, ASKED_NUMBER, "+420 777 123"));
    assert_true(ends_in_number(LANGUAGE_CS, ASKED_NUMBER, "plus 420 777 123 45"));
    assert_true(ends_in_number(LANGUAGE_EN, ASKED_NUMBER, "five five five one"));
    assert_true(ends_in_number(LANGUAGE_EN, ASKED_NAME, "it is spelled n o v"));
    assert_true(ends_in_number(LANGUAGE_DE, ASKED_NOTHING, "die Nummer ist null eins sieben"));
    assert_false(ends_in_number(LANGUAGE_EN, ASKED_NOTHING, "two people were here"));
    assert_false(ends_in_number(LANGUAGE_CS, ASKED_NOTHING, "přijdu v pět"));
    assert_false(ends_in_number(LANGUAGE_CS, ASKED_NOTHING, "narodila jsem se v roce 1948"));
}

static void a_whole_number_is_whole_however_it_is_spoken(void **state)
{
    (void)state;
    static const char *const numbers[] = {
        "777 123 456",
        "+420 777 123 456",
        "sedm sedm sedm jedna dva tři čtyři pět šest",
        "sedm set sedmdesát sedm sto dvacet tři čtyři sta padesát šest",
        "šest set dva sto dvanáct devět set devět",
    };
    for (size_t i = 0; i < countof(numbers); i++)
        assert_false(ends_in_number(LANGUAGE_CS, ASKED_NUMBER, numbers[i]));
    assert_true(
        ends_in_number(LANGUAGE_CS, ASKED_NUMBER, "sedm set sedmdesát sedm sto dvacet tři čtyři"));
}

static void only_the_end_of_much_is_looked_at(void **state)
{
    (void)state;
    struct buf text = {0};
    for (int i = 0; i < 2000; i++)
        buf_puts(&text, "a ");
    buf_puts(&text, "chtěla bych mluvit s panem Novákem.");
    assert_in_range(complete(LANGUAGE_CS, ASKED_OPEN, buf_text(&text)), 1, 100);
    buf_free(&text);
}

static void pauses_are_many_and_of_both_kinds(void **state)
{
    (void)state;
    struct labelled_pauses pauses = pauses_read();
    size_t rows[LANGUAGE_COUNT] = {0}, ends[LANGUAGE_COUNT] = {0};
    for (size_t i = 0; i < pauses.count; i++) {
        rows[pauses.list[i].language]++;
        ends[pauses.list[i].language] += pauses.list[i].end;
    }
    for (int i = 0; i < LANGUAGE_COUNT; i++) {
        assert_true(rows[i] >= (i == LANGUAGE_CS ? CZECH_ROWS_MIN : OTHER_ROWS_MIN));
        assert_in_range(ends[i] * 100 / rows[i], 40, 60);
    }
    pauses_free(&pauses);
}

static void weights_are_those_of_the_pauses(void **state)
{
    (void)state;
    struct labelled_pauses pauses = pauses_read();
    struct complete_fit fit = pauses_fit(&pauses);
    for (int i = 0; i < COMPLETE_FEATURE_COUNT; i++)
        assert_in_range(fit.weights[i] + 10000 - complete_fit.weights[i], 10000 - ROUNDING,
                        10000 + ROUNDING);
    for (int i = 0; i < LANGUAGE_COUNT; i++) {
        assert_in_range(fit.sure[i], complete_fit.sure[i] - 1, complete_fit.sure[i] + 1);
        assert_in_range(fit.open[i], complete_fit.open[i] - 1, complete_fit.open[i] + 1);
    }
    pauses_free(&pauses);
}

static void check_language(const struct labelled_pauses *pauses, enum language language,
                           const char *name)
{
    struct pause_figures f = pauses_figures(pauses, &complete_fit, language, true);
    print_message("%s: %zu pauses held out, cut in %.1f %%, wait %d ms median, %d ms p90\n", name,
                  f.rows, f.cut_in * 100, f.wait_median_ms, f.wait_p90_ms);
    assert_true(f.cut_in <= cut_in_max);
    assert_true(f.wait_median_ms <=
                (language == LANGUAGE_CS ? CZECH_WAIT_MEDIAN_MS_MAX : EOT_NORM_MS));
}

static void callers_are_seldom_cut_and_do_not_wait_long(void **state)
{
    (void)state;
    struct labelled_pauses pauses = pauses_read();
    check_language(&pauses, LANGUAGE_CS, "Czech");
    check_language(&pauses, LANGUAGE_SK, "Slovak");
    check_language(&pauses, LANGUAGE_EN, "English");
    check_language(&pauses, LANGUAGE_DE, "German");
    pauses_free(&pauses);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_ends_are_waited_for),
        cmocka_unit_test(whole_things_are_answered_fast),
        cmocka_unit_test(a_word_answers_yes_or_no),
        cmocka_unit_test(a_number_broken_off_is_waited_for),
        cmocka_unit_test(a_whole_number_is_whole_however_it_is_spoken),
        cmocka_unit_test(only_the_end_of_much_is_looked_at),
        cmocka_unit_test(pauses_are_many_and_of_both_kinds),
        cmocka_unit_test(weights_are_those_of_the_pauses),
        cmocka_unit_test(callers_are_seldom_cut_and_do_not_wait_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
