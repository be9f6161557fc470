/* test/test_clause.c: a reply cut into what can be spoken, in four languages. */
#include "base/mem.h"
#include "call/clause.h"
#include "test/test.h"

#include <stdlib.h>
#include <string.h>

/* All pieces of a whole text, each as a later one, with | between. */
static void pieces(enum language language, const char *text, const char *expected)
{
    struct buf out = {0}, scratch = {0};
    struct str rest = str_of(text);
    while (rest.bytes) {
        size_t bytes = clause_next(language, rest, CLAUSE_LATER, CLAUSE_NO_MORE, &scratch);
        assert_in_range(bytes, 1, rest.bytes);
        if (out.bytes)
            buf_putc(&out, '|');
        buf_add_str(&out, str_trim((struct str){rest.at, bytes}));
        rest.at += bytes;
        rest.bytes -= bytes;
    }
    assert_string_equal(buf_text(&out), expected);
    buf_free(&out);
    buf_free(&scratch);
}

static size_t first(enum language language, const char *text, enum clause_more more)
{
    struct buf scratch = {0};
    size_t bytes = clause_next(language, str_of(text), CLAUSE_FIRST, more, &scratch);
    buf_free(&scratch);
    return bytes;
}

static void sentences_are_pieces(void **state)
{
    (void)state;
    pieces(LANGUAGE_EN, "He is not here at the moment. Shall I take a message for him? I will!",
           "He is not here at the moment.|Shall I take a message for him?|I will!");
}

static void short_sentences_go_together(void **state)
{
    (void)state;
    pieces(LANGUAGE_CS, "Ano. Jistě. Předám mu to hned, jak přijde. Děkuji.",
           "Ano. Jistě. Předám mu to hned, jak přijde.|Děkuji.");
}

static void first_piece_is_spoken_early(void **state)
{
    (void)state;
    assert_int_equal(first(LANGUAGE_EN, "Of course. I will", CLAUSE_MORE_COMES),
                     strlen("Of course. "));
    const char *text = "I am afraid he is out of the office today, but I can take a mess";
    assert_int_equal(first(LANGUAGE_EN, text, CLAUSE_MORE_COMES),
                     strlen("I am afraid he is out of the office today, "));
}

static void unfinished_sentence_waits(void **state)
{
    (void)state;
    assert_int_equal(first(LANGUAGE_EN, "I will tell", CLAUSE_MORE_COMES), 0);
    assert_int_equal(first(LANGUAGE_EN, "I will tell him.", CLAUSE_MORE_COMES), 0);  /* ".com"? */
    assert_int_equal(first(LANGUAGE_EN, "I will tell him. ", CLAUSE_MORE_COMES), 0); /* "2. of"? */
    assert_int_equal(first(LANGUAGE_EN, "I will tell him. W", CLAUSE_MORE_COMES),
                     strlen("I will tell him. "));
    assert_int_equal(first(LANGUAGE_EN, "I will tell him.", CLAUSE_NO_MORE),
                     strlen("I will tell him."));
    assert_int_equal(first(LANGUAGE_EN, "", CLAUSE_NO_MORE), 0);
}

static void email_address_stays_whole(void **state)
{
    (void)state;
    pieces(LANGUAGE_EN, "Write to jan.novak@example.com please. He reads it every morning.",
           "Write to jan.novak@example.com please.|He reads it every morning.");
    pieces(LANGUAGE_CS, "Pište na info@firma.cz. Ozveme se vám do dvou dnů, slibuji.",
           "Pište na info@firma.cz.|Ozveme se vám do dvou dnů, slibuji.");
}

static void numbers_stay_whole(void **state)
{
    (void)state;
    pieces(LANGUAGE_EN, "It costs about 2.5 percent, or 1.250,00 in all, at 10:30.",
           "It costs about 2.5 percent, or 1.250,00 in all, at 10:30.");
    pieces(LANGUAGE_DE, "Das macht zusammen 1.250,50 Euro. Ist Ihnen das recht so?",
           "Das macht zusammen 1.250,50 Euro.|Ist Ihnen das recht so?");
}

static void abbreviations_stay_whole(void **state)
{
    (void)state;
    pieces(LANGUAGE_EN, "I will tell Mr. Smith and Dr. Brown about it. Thank you for calling us.",
           "I will tell Mr. Smith and Dr. Brown about it.|Thank you for calling us.");
    pieces(LANGUAGE_CS, "Pan Ing. Novák má čas např. ve středu odpoledne. Vyhovuje vám to?",
           "Pan Ing. Novák má čas např. ve středu odpoledne.|Vyhovuje vám to?");
    pieces(LANGUAGE_SK, "Pán Mgr. Kováč je tu napr. v stredu popoludní. Vyhovuje vám to?",
           "Pán Mgr. Kováč je tu napr. v stredu popoludní.|Vyhovuje vám to?");
    pieces(LANGUAGE_DE, "Herr Dr. Müller hat z. B. am Montag Zeit, ca. Nr. 5. Passt das?",
           "Herr Dr. Müller hat z. B. am Montag Zeit, ca. Nr. 5.|Passt das?");
}

static void initials_stay_whole(void **state)
{
    (void)state;
    pieces(LANGUAGE_EN, "That was J. R. Tolkien on the other line. Shall I call him back?",
           "That was J. R. Tolkien on the other line.|Shall I call him back?");
}

static void dates_stay_whole(void **state)
{
    (void)state;
    pieces(LANGUAGE_CS, "Sejdeme se 23. listopadu v 10 hodin. Budeme se na vás těšit.",
           "Sejdeme se 23. listopadu v 10 hodin.|Budeme se na vás těšit.");
    pieces(LANGUAGE_CS, "Platí to do 5. 12. včetně a pak už ne.",
           "Platí to do 5. 12. včetně a pak už ne.");
    pieces(LANGUAGE_SK, "Stretneme sa 23. novembra o desiatej. Budeme sa tešiť na vás.",
           "Stretneme sa 23. novembra o desiatej.|Budeme sa tešiť na vás.");
    pieces(LANGUAGE_DE, "Wir sehen uns am 23. November um zehn. Wir freuen uns auf Sie.",
           "Wir sehen uns am 23. November um zehn.|Wir freuen uns auf Sie.");
    pieces(LANGUAGE_DE, "Am 3. März ist er wieder im Büro. Bis dahin ist er nicht da.",
           "Am 3. März ist er wieder im Büro.|Bis dahin ist er nicht da.");
}

static void number_may_end_a_sentence(void **state)
{
    (void)state;
    pieces(LANGUAGE_EN, "The meeting is on Friday at 5. He will call you back then.",
           "The meeting is on Friday at 5.|He will call you back then.");
    pieces(LANGUAGE_CS, "Zavolá vám hned zítra v 10. Děkuji vám za zavolání.",
           "Zavolá vám hned zítra v 10.|Děkuji vám za zavolání.");
}

static void quotes_belong_to_their_sentence(void **state)
{
    (void)state;
    pieces(LANGUAGE_EN, "He said: \"I will be back at five.\" That is all I know about it.",
           "He said: \"I will be back at five.\"|That is all I know about it.");
    pieces(LANGUAGE_DE, "Er sagte: „Ich komme um fünf wieder.“ Mehr weiß ich leider nicht.",
           "Er sagte: „Ich komme um fünf wieder.“|Mehr weiß ich leider nicht.");
}

static void ellipsis_and_line_end_a_piece(void **state)
{
    (void)state;
    pieces(LANGUAGE_EN, "Let me have a look at it... He is out at the moment, sorry.",
           "Let me have a look at it...|He is out at the moment, sorry.");
    pieces(LANGUAGE_EN, "I will pass on your message\nThank you for calling us",
           "I will pass on your message|Thank you for calling us");
}

static void endless_sentence_is_cut(void **state)
{
    (void)state;
    char text[1200] = "";
    while (strlen(text) < 1000)
        strcat(text, "and so it goes on, ");
    struct buf scratch = {0};
    struct str rest = str_of(text);
    while (rest.bytes) {
        size_t bytes = clause_next(LANGUAGE_EN, rest, CLAUSE_LATER, CLAUSE_NO_MORE, &scratch);
        assert_in_range(bytes, 1, CLAUSE_BYTES_MAX);
        rest.at += bytes;
        rest.bytes -= bytes;
        if (rest.bytes)
            assert_int_equal(rest.at[-1], ' ');
    }
    buf_free(&scratch);
}

static void word_without_end_never_cuts_a_letter(void **state)
{
    (void)state;
    char text[1001] = "";
    while (strlen(text) < 1000)
        strcat(text, "ž");
    size_t bytes = first(LANGUAGE_CS, text, CLAUSE_MORE_COMES);
    assert_in_range(bytes, 1, CLAUSE_BYTES_MAX);
    assert_int_equal(bytes % 2, 0);
}

/* However a text comes in, the pieces are the text. */
static void pieces_are_the_text_however_it_comes(void **state)
{
    (void)state;
    static const char text[] = "Dobře. Pan Dr. Novák, tel. 777 123 456, píše na j.n@firma.cz "
                               "23. 11. v 10.30. Mám mu něco vyřídit? Určitě mu to předám, i když "
                               "teď tu není, protože je na cestě. Děkuji!";
    struct buf scratch = {0};
    size_t spoken = 0;
    for (size_t have = 1; have <= strlen(text); have++) {
        size_t bytes;
        enum clause_more more = have == strlen(text) ? CLAUSE_NO_MORE : CLAUSE_MORE_COMES;
        while ((bytes = clause_next(LANGUAGE_CS, (struct str){text + spoken, have - spoken},
                                    spoken ? CLAUSE_LATER : CLAUSE_FIRST, more, &scratch))) {
            spoken += bytes;
            assert_true(spoken <= have);
            if (spoken < have)
                assert_int_equal(text[spoken - 1], ' ');
        }
    }
    assert_int_equal(spoken, strlen(text));
    buf_free(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences_are_pieces),
        cmocka_unit_test(short_sentences_go_together),
        cmocka_unit_test(first_piece_is_spoken_early),
        cmocka_unit_test(unfinished_sentence_waits),
        cmocka_unit_test(email_address_stays_whole),
        cmocka_unit_test(numbers_stay_whole),
        cmocka_unit_test(abbreviations_stay_whole),
        cmocka_unit_test(initials_stay_whole),
        cmocka_unit_test(dates_stay_whole),
        cmocka_unit_test(number_may_end_a_sentence),
        cmocka_unit_test(quotes_belong_to_their_sentence),
        cmocka_unit_test(ellipsis_and_line_end_a_piece),
        cmocka_unit_test(endless_sentence_is_cut),
        cmocka_unit_test(word_without_end_never_cuts_a_letter),
        cmocka_unit_test(pieces_are_the_text_however_it_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
