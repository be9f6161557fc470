/* test/test_words.c: what can be read off a caller's words, in four languages. */
#include "base/mem.h"
#include "call/words.h"
#include "test/test.h"

#include <stdlib.h>
#include <string.h>

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
        const struct words_tables *t = language_words((enum language)i);
        const char *const *const tables[] = {
            t->backchannels,   t->strong,         t->farewells,
            t->greetings,      t->introductions,  t->conjunctions,
            t->subordinators,  t->prepositions,   t->determiners,
            t->fillers,        t->hesitations,    t->wanting,
            t->leaning,        t->adjectives,     t->tags,
            t->verbs,          t->verb_endings,   t->questions,
            t->short_answers,  t->units,          t->teens,
            t->tens,           t->hundreds,       t->mail_signs,
            t->name_questions, t->open_questions, t->digit_questions,
            t->machines,       t->assistants};
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

static enum words_asked asked(enum language language, const char *question)
{
    struct buf normal = {0};
    words_normalise(str_of(question), &normal);
    enum words_asked asked = words_asked(language, buf_str(&normal));
    buf_free(&normal);
    return asked;
}

static void question_for_a_number_is_known(void **state)
{
    (void)state;
    assert_int_equal(asked(LANGUAGE_EN, "What is your phone number?"), ASKED_NUMBER);
    assert_int_equal(asked(LANGUAGE_CS, "Na jaké číslo vám máme zavolat?"), ASKED_NUMBER);
    assert_int_equal(asked(LANGUAGE_CS, "A na jakém čísle vás lze zastihnout?"), ASKED_NUMBER);
    assert_int_equal(asked(LANGUAGE_SK, "Aké je vaše číslo?"), ASKED_NUMBER);
    assert_int_equal(asked(LANGUAGE_DE, "Wie ist Ihre Telefonnummer?"), ASKED_NUMBER);
}

static void question_for_a_name_is_known(void **state)
{
    (void)state;
    assert_int_equal(asked(LANGUAGE_EN, "Who is calling, please?"), ASKED_NAME);
    assert_int_equal(asked(LANGUAGE_CS, "Kdo prosím volá?"), ASKED_NAME);
    assert_int_equal(asked(LANGUAGE_SK, "Ako sa voláte?"), ASKED_NAME);
    assert_int_equal(asked(LANGUAGE_DE, "Wie heißen Sie?"), ASKED_NAME);
}

static void yes_or_no_answers_only_some_questions(void **state)
{
    (void)state;
    assert_int_equal(asked(LANGUAGE_EN, "Is it urgent?"), ASKED_YES_NO);
    assert_int_equal(asked(LANGUAGE_CS, "Má vám zavolat zpátky?"), ASKED_YES_NO);
    assert_int_equal(asked(LANGUAGE_EN, "What is it about?"), ASKED_OPEN);
    assert_int_equal(asked(LANGUAGE_CS, "S čím vám mohu pomoci?"), ASKED_OPEN);
    assert_int_equal(asked(LANGUAGE_CS, "Můžete to prosím zopakovat?"), ASKED_OPEN);
    assert_int_equal(asked(LANGUAGE_SK, "A čoho sa to týka?"), ASKED_OPEN);
    assert_int_equal(asked(LANGUAGE_DE, "Und worum geht es?"), ASKED_OPEN);
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
        cmocka_unit_test(question_for_a_number_is_known),
        cmocka_unit_test(question_for_a_name_is_known),
        cmocka_unit_test(yes_or_no_answers_only_some_questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
