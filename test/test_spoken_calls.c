/* test/test_spoken_calls.c: whole calls with real audio: recorded callers, the sandbox's real
 * recogniser and voices, in English and in Czech. */
#include "test/test.h"

#include "base/mem.h"
#include "test/callers.h"
#include "test/postgres.h"

#include <stdlib.h>
#include <string.h>

static const struct caller callers[] = {
    {.language = "en",
     .number = "+442088880001",
     .audio = {"en-01-message-callback", "en-11-yes-correct", "en-13-goodbye"},
     .label = "legitimate",
     .name = "Novak",
     .said = "meeting"},
    {.language = "en", .number = "+442088880002", .audio = {"en-02-prize-spam"}, .label = "spam"},
    {.language = "en",
     .number = "+442088880003",
     .audio = {"en-03-energy-marketing"},
     .label = "marketing"},
    {.language = "en",
     .number = "+442088880004",
     .audio = {"en-04-bank-fraud", "en-08-card-number-fraud"},
     .label = "fraud"},
    {.language = "cs",
     .number = "+420228880001",
     .audio = {"cs-01-message-callback", "cs-05-yes-correct", "cs-03-goodbye"},
     .label = "legitimate",
     .name = "Novák",
     .said = "schůz"},
    {.language = "cs", .number = "+420228880002", .audio = {"cs-04-prize-spam"}, .label = "spam"},
    {.language = "cs",
     .number = "+420228880003",
     .audio = {"cs-06-energy-marketing"},
     .label = "marketing"},
    {.language = "cs", .number = "+420228880004", .audio = {"cs-02-bank-fraud"}, .label = "fraud"},
};
enum { CZECH_FROM = 4 };

static int call_everybody(void **state)
{
    (void)state;
    /* one language after the other: eight recognisers at once are more than a small machine has */
    callers_open(&(struct stack_options){.pace = "usual"}, callers, countof(callers), CZECH_FROM);
    return 0;
}

CALLER_TEST(an_english_caller_with_a_reason_is_legitimate, 0)
CALLER_TEST(an_english_prize_is_spam, 1)
CALLER_TEST(an_english_energy_salesman_is_marketing, 2)
CALLER_TEST(an_english_false_bank_is_fraud, 3)
CALLER_TEST(a_czech_caller_with_a_reason_is_legitimate, 4)
CALLER_TEST(a_czech_prize_is_spam, 5)
CALLER_TEST(a_czech_energy_salesman_is_marketing, 6)
CALLER_TEST(a_czech_false_bank_is_fraud, 7)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_english_caller_with_a_reason_is_legitimate),
        cmocka_unit_test(an_english_prize_is_spam),
        cmocka_unit_test(an_english_energy_salesman_is_marketing),
        cmocka_unit_test(an_english_false_bank_is_fraud),
        cmocka_unit_test(a_czech_caller_with_a_reason_is_legitimate),
        cmocka_unit_test(a_czech_prize_is_spam),
        cmocka_unit_test(a_czech_energy_salesman_is_marketing),
        cmocka_unit_test(a_czech_false_bank_is_fraud),
    };
    return cmocka_run_group_tests(tests, call_everybody, callers_close);
}
