/* test/test_words.c: what can be read off a caller's words, in four languages. */
#include "base/mem.h"
#include "call/words.h"
#include "test/test.h"

#include <stdlib.h>
#include <string.h>

static int complete(enum language language, const char *text, bool *digits_out)
{
    struct buf scratch = {0};
    int percent = words_completeness(language, str_of(text), &scratch, digits_out);
    buf_free(&scratch);
    return percent;
}

static bool judged(bool (*judge)(enum language, struct str), enum language language,
                   const char *text)
{
    struct buf normal = {0};
    words_normalise(str_of(text), &normal);
    bool yes = judge(language, buf_str(&normal));
    buf_free(&normal);
    return yes;
}

static void language_codes_are_known(void **state)
{
    (void)state;
    assert_int_equal(language_of("cs"), LANGUAGE_CS);
    assert_int_equal(language_of("sk-SK"), LANGUAGE_SK);
    assert_int_equal(language_of("de"), LANGUAGE_DE);
    assert_int_equal(language_of("fr"), LANGUAGE_EN);
    assert_int_equal(language_of(NULL), LANGUAGE_EN);
}

static void words_are_folded_for_comparing(void **state)
{
    (void)state;
    struct buf out = {0};
    words_normalise(str_of("  Dobrý den,  tady Novák!  "), &out);
    assert_string_equal(buf_text(&out), "dobry den tady novak");
    words_normalise(str_of("..."), &out);
    assert_string_equal(buf_text(&out), "");
    words_normalise(str_of("Straße 12"), &out);
    assert_string_equal(buf_text(&out), "strasse 12");
    buf_free(&out);
}

static void words_are_counted_and_skipped(void **state)
{
    (void)state;
    assert_int_equal(words_count(str_of("")), 0);
    assert_int_equal(words_count(str_of("  one  two three ")), 3);
    assert_true(str_is(words_after(str_of("one  two three"), 1), "two three"));
    assert_true(str_is(words_after(str_of("one two"), 2), ""));
    assert_true(str_is(words_after(str_of("one two"), 7), ""));
}

static void table_entries_are_normalised(void **state)
{
    (void)state;
    struct buf out = {0};
    for (int i = 0; i < LANGUAGE_COUNT; i++) {
        const struct words_tables *t = &words_tables[i];
        const char *const *const tables[] = {t->backchannels,  t->farewells, t->open_ends,
                                             t->short_answers, t->digits,    t->digit_questions};
        for (size_t j = 0; j < countof(tables); j++)
            for (const char *const *entry = tables[j]; *entry; entry++) {
                words_normalise(str_of(*entry), &out);
                assert_string_equal(buf_text(&out), *entry);
            }
        assert_true(t->phone_digits > 0);
    }
    buf_free(&out);
}

static void mhm_is_a_backchannel(void **state)
{
    (void)state;
    assert_true(judged(words_are_backchannel, LANGUAGE_EN, "Mm-hmm."));
    assert_true(judged(words_are_backchannel, LANGUAGE_EN, "okay, I see"));
    assert_true(judged(words_are_backchannel, LANGUAGE_CS, "No jo, jasně."));
    assert_true(judged(words_are_backchannel, LANGUAGE_SK, "Áno, rozumiem."));
    assert_true(judged(words_are_backchannel, LANGUAGE_DE, "Ach so, ja."));
}

static void content_is_no_backchannel(void **state)
{
    (void)state;
    assert_false(judged(words_are_backchannel, LANGUAGE_EN, ""));
    assert_false(judged(words_are_backchannel, LANGUAGE_EN, "yes but when"));
    assert_false(judged(words_are_backchannel, LANGUAGE_EN, "yes yes yes yes")); /* impatience */
    assert_false(judged(words_are_backchannel, LANGUAGE_EN, "hmmmonster"));
    assert_false(judged(words_are_backchannel, LANGUAGE_CS, "Ne, počkejte."));
    assert_false(judged(words_are_backchannel, LANGUAGE_DE, "Nein"));
}

static void goodbye_is_a_farewell(void **state)
{
    (void)state;
    assert_true(judged(words_are_farewell, LANGUAGE_EN, "Okay, thank you, bye!"));
    assert_true(judged(words_are_farewell, LANGUAGE_CS, "Děkuji moc, na shledanou."));
    assert_true(judged(words_are_farewell, LANGUAGE_SK, "Ďakujem, dovidenia."));
    assert_true(judged(words_are_farewell, LANGUAGE_DE, "Vielen Dank, auf Wiederhören."));
}

static void a_nice_day_in_a_sentence_is_no_farewell(void **state)
{
    (void)state;
    assert_false(judged(words_are_farewell, LANGUAGE_EN, "thank you but when does he have time"));
    assert_false(judged(words_are_farewell, LANGUAGE_EN, "okay"));
    assert_false(judged(words_are_farewell, LANGUAGE_CS, "hezký den je dneska venku"));
    assert_false(judged(words_are_farewell, LANGUAGE_EN, ""));
}

static void open_ends_are_waited_for(void **state)
{
    (void)state;
    bool digits;
    assert_true(complete(LANGUAGE_EN, "I am calling about the", &digits) < WORDS_OPEN);
    assert_true(complete(LANGUAGE_EN, "my name is", &digits) < WORDS_OPEN);
    assert_true(complete(LANGUAGE_CS, "chtěl bych mluvit s", &digits) < WORDS_OPEN);
    assert_true(complete(LANGUAGE_CS, "volám, protože", &digits) < WORDS_OPEN);
    assert_true(complete(LANGUAGE_SK, "potrebujem", &digits) < WORDS_OPEN);
    assert_true(complete(LANGUAGE_DE, "ich rufe an wegen der", &digits) < WORDS_OPEN);
    assert_true(complete(LANGUAGE_DE, "ich hätte gern,", &digits) < WORDS_OPEN);
}

static void whole_things_are_answered_fast(void **state)
{
    (void)state;
    bool digits;
    assert_true(complete(LANGUAGE_EN, "Is Jan there?", &digits) >= WORDS_DONE);
    assert_true(complete(LANGUAGE_EN, "yes", &digits) >= WORDS_DONE);
    assert_true(complete(LANGUAGE_CS, "Ano.", &digits) >= WORDS_DONE);
    assert_true(complete(LANGUAGE_CS, "Dobrý den, tady Petr Novák z banky.", &digits) >=
                WORDS_DONE);
    assert_true(complete(LANGUAGE_SK, "dovidenia", &digits) >= WORDS_DONE);
    assert_true(complete(LANGUAGE_DE, "Nein, danke.", &digits) >= WORDS_DONE);
}

static void plain_words_lie_between(void **state)
{
    (void)state;
    bool digits;
    int percent = complete(LANGUAGE_EN, "I want to leave a message", &digits);
    assert_in_range(percent, WORDS_OPEN, WORDS_DONE - 1);
    percent = complete(LANGUAGE_CS, "volám kvůli té faktuře", &digits);
    assert_in_range(percent, WORDS_OPEN, WORDS_DONE - 1);
    assert_false(digits);
    assert_int_equal(complete(LANGUAGE_EN, "", &digits), 0);
}

static void open_number_is_waited_for(void **state)
{
    (void)state;
    bool digits;
    complete(LANGUAGE_CS, "moje číslo je sedm set dva", &digits);
    assert_true(digits);
    complete(LANGUAGE_CS, "777 123", &digits);
    assert_true(digits);
    complete(LANGUAGE_CS, "777 123 456", &digits);
    assert_false(digits);
    complete(LANGUAGE_EN, "five five five one", &digits);
    assert_true(digits);
    complete(LANGUAGE_EN, "it is spelled n o v", &digits);
    assert_true(digits);
    complete(LANGUAGE_DE, "die Nummer ist null eins sieben", &digits);
    assert_true(digits);
    complete(LANGUAGE_EN, "two people were here", &digits);
    assert_false(digits);
}

static void question_for_a_number_is_known(void **state)
{
    (void)state;
    assert_true(judged(words_ask_for_digits, LANGUAGE_EN, "What is your phone number?"));
    assert_true(judged(words_ask_for_digits, LANGUAGE_CS, "Na jaké číslo vám máme zavolat?"));
    assert_true(judged(words_ask_for_digits, LANGUAGE_SK, "Aké je vaše číslo?"));
    assert_true(judged(words_ask_for_digits, LANGUAGE_DE, "Wie ist Ihre Telefonnummer?"));
    assert_false(judged(words_ask_for_digits, LANGUAGE_EN, "What is it about?"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(language_codes_are_known),
        cmocka_unit_test(words_are_folded_for_comparing),
        cmocka_unit_test(words_are_counted_and_skipped),
        cmocka_unit_test(table_entries_are_normalised),
        cmocka_unit_test(mhm_is_a_backchannel),
        cmocka_unit_test(content_is_no_backchannel),
        cmocka_unit_test(goodbye_is_a_farewell),
        cmocka_unit_test(a_nice_day_in_a_sentence_is_no_farewell),
        cmocka_unit_test(open_ends_are_waited_for),
        cmocka_unit_test(whole_things_are_answered_fast),
        cmocka_unit_test(plain_words_lie_between),
        cmocka_unit_test(open_number_is_waited_for),
        cmocka_unit_test(question_for_a_number_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
