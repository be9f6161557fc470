/* test/test_scripted_calls.c: whole calls in four languages with exact words: every process of an
 * installation, karen-phone as the caller, the sandbox's recogniser told what it understands. */
#include "test/test.h"

#include "base/mem.h"
#include "test/callers.h"
#include "test/postgres.h"

#include <stdlib.h>
#include <string.h>

static const struct caller callers[] = {
    {.language = "cs",
     .number = "+420228880001",
     .words = {"Dobrý den, tady Jan Novák z firmy Stavby Plus, volám kvůli středeční schůzce.",
               "Ano, zavolejte mi prosím zpátky.", "Ano, to je správně.",
               "Ne, děkuji, na shledanou."},
     .label = "legitimate",
     .name = "Novák",
     .said = "schůz"},
    {.language = "cs",
     .number = "+420228880002",
     .words = {"Gratulujeme, vyhráli jste hlavní cenu!", "Stiskněte jedničku a získáte výhru."},
     .label = "spam"},
    {.language = "cs",
     .number = "+420228880003",
     .words = {"Nabízíme levnější energie, chcete ušetřit na elektřině?", "Jen dvě minutky."},
     .label = "marketing"},
    {.language = "cs",
     .number = "+420228880004",
     .words = {"Tady vaše banka, zaznamenali jsme podezřelou platbu na vašem účtu.",
               "Sdělte mi prosím číslo karty a bezpečnostní kód."},
     .label = "fraud"},
    {.language = "en",
     .number = "+442088880001",
     .words = {"Hello, this is Jan Novak from ABC Solutions, I am calling about the meeting on "
               "Wednesday.",
               "Please call me back.", "Yes, that is correct.", "No, thank you, goodbye."},
     .label = "legitimate",
     .name = "Novak",
     .said = "meeting"},
    {.language = "en",
     .number = "+442088880002",
     .words = {"Congratulations, you have won a prize!", "Please press one to claim your prize."},
     .label = "spam"},
    {.language = "en",
     .number = "+442088880003",
     .words = {"We offer cheaper energy, would you like to save money?", "It is a special offer."},
     .label = "marketing"},
    {.language = "en",
     .number = "+442088880004",
     .words = {"This is your bank, we noticed a suspicious transaction.",
               "Please confirm your card number and the security code."},
     .label = "fraud"},
    {.language = "sk",
     .number = "+421228880001",
     .words = {"Dobrý deň, tu je Peter Kováč z firmy ABC, volám kvôli stretnutiu v stredu.",
               "Prosím zavolajte mi späť.", "Áno, to je správne.", "Nie, ďakujem, dovidenia."},
     .label = "legitimate",
     .name = "Kováč",
     .said = "stretnut"},
    {.language = "sk",
     .number = "+421228880002",
     .words = {"Gratulujeme, vyhrali ste hlavnú cenu!", "Stlačte jednotku a získate výhru."},
     .label = "spam"},
    {.language = "sk",
     .number = "+421228880003",
     .words = {"Ponúkame lacnejšiu energiu, chcete ušetriť na elektrine?", "Je to výhodná ponuka."},
     .label = "marketing"},
    {.language = "sk",
     .number = "+421228880004",
     .words = {"Tu je vaša banka, zaznamenali sme podozrivú platbu na vašom účte.",
               "Povedzte mi prosím číslo karty a bezpečnostný kód."},
     .label = "fraud"},
    {.language = "de",
     .number = "+49308880001",
     .words = {"Guten Tag, hier ist Peter Müller von der Firma ABC, ich rufe wegen des Termins an.",
               "Bitte rufen Sie mich zurück.", "Ja, das ist richtig.",
               "Nein danke, auf Wiederhören."},
     .label = "legitimate",
     .name = "Müller",
     .said = "Termin"},
    {.language = "de",
     .number = "+49308880002",
     .words = {"Herzlichen Glückwunsch, Sie haben einen Preis gewonnen!",
               "Drücken Sie die Eins und holen Sie Ihren Gewinn."},
     .label = "spam"},
    {.language = "de",
     .number = "+49308880003",
     .words = {"Wir bieten günstigen Strom, möchten Sie bei der Stromrechnung sparen?",
               "Es ist ein besonderes Angebot."},
     .label = "marketing"},
    {.language = "de",
     .number = "+49308880004",
     .words = {"Hier ist Ihre Bank, wir haben eine verdächtige Zahlung bemerkt.",
               "Bitte bestätigen Sie Ihre Kartennummer und den Sicherheitscode."},
     .label = "fraud"},
};

static int call_everybody(void **state)
{
    (void)state;
    callers_open(NULL, callers, countof(callers), countof(callers));
    return 0;
}

CALLER_TEST(a_czech_caller_with_a_reason_is_legitimate, 0)
CALLER_TEST(a_czech_prize_is_spam, 1)
CALLER_TEST(a_czech_energy_salesman_is_marketing, 2)
CALLER_TEST(a_czech_false_bank_is_fraud, 3)
CALLER_TEST(an_english_caller_with_a_reason_is_legitimate, 4)
CALLER_TEST(an_english_prize_is_spam, 5)
CALLER_TEST(an_english_energy_salesman_is_marketing, 6)
CALLER_TEST(an_english_false_bank_is_fraud, 7)
CALLER_TEST(a_slovak_caller_with_a_reason_is_legitimate, 8)
CALLER_TEST(a_slovak_prize_is_spam, 9)
CALLER_TEST(a_slovak_energy_salesman_is_marketing, 10)
CALLER_TEST(a_slovak_false_bank_is_fraud, 11)
CALLER_TEST(a_german_caller_with_a_reason_is_legitimate, 12)
CALLER_TEST(a_german_prize_is_spam, 13)
CALLER_TEST(a_german_energy_salesman_is_marketing, 14)
CALLER_TEST(a_german_false_bank_is_fraud, 15)

static void every_call_is_on_the_books_once(void **state)
{
    (void)state;
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), countof(callers));
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE status <> 'completed'"), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox WHERE status <> 'done'"), 0);
    assert_true(postgres_count("SELECT count(*) FROM usage_ledger") >= (int64_t)countof(callers));
}

static void karen_says_first_that_she_is_an_ai(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(callers); i++) {
        const char *first = callers_results[i].talk;
        const char *end = strchr(first, '\n');
        char *line = xstrndup(first, end ? (size_t)(end - first) : strlen(first));
        bool says = strncmp(line, "agent: ", 7) == 0 &&
                    (strstr(line, "uměl") || strstr(line, "umel") || strstr(line, "AI") ||
                     strstr(line, "KI") || strstr(line, "künstlich") || strstr(line, "artificial"));
        if (!says)
            fail_msg("first words: %s", line);
        free(line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_czech_caller_with_a_reason_is_legitimate),
        cmocka_unit_test(a_czech_prize_is_spam),
        cmocka_unit_test(a_czech_energy_salesman_is_marketing),
        cmocka_unit_test(a_czech_false_bank_is_fraud),
        cmocka_unit_test(an_english_caller_with_a_reason_is_legitimate),
        cmocka_unit_test(an_english_prize_is_spam),
        cmocka_unit_test(an_english_energy_salesman_is_marketing),
        cmocka_unit_test(an_english_false_bank_is_fraud),
        cmocka_unit_test(a_slovak_caller_with_a_reason_is_legitimate),
        cmocka_unit_test(a_slovak_prize_is_spam),
        cmocka_unit_test(a_slovak_energy_salesman_is_marketing),
        cmocka_unit_test(a_slovak_false_bank_is_fraud),
        cmocka_unit_test(a_german_caller_with_a_reason_is_legitimate),
        cmocka_unit_test(a_german_prize_is_spam),
        cmocka_unit_test(a_german_energy_salesman_is_marketing),
        cmocka_unit_test(a_german_false_bank_is_fraud),
        cmocka_unit_test(every_call_is_on_the_books_once),
        cmocka_unit_test(karen_says_first_that_she_is_an_ai),
    };
    return cmocka_run_group_tests(tests, call_everybody, callers_close);
}
