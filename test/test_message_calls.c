/* test/test_message_calls.c: whole calls to tenants who may not have all of Karen: suspended, or
 * with a trial that is over. A message is taken all the same, in their language, without a model.
 */
#include "test/test.h"

#include "test/callers.h"
#include "test/postgres.h"

#include <stdlib.h>
#include <string.h>

static const struct caller callers[] = {
    {.language = "cs",
     .number = "+420228880101",
     .words = {"Tady Jan Novák.", "Volám kvůli středeční schůzce.",
               "Šest nula dva tři čtyři pět šest sedm osm."},
     .label = "legitimate",
     .name = "Novák",
     .said = "schůz",
     .setting = "status=suspended"},
    {.language = "en",
     .number = "+442088880101",
     .words = {"This is Jan Novak.", "I am calling about the meeting on Wednesday.",
               "Four four seven seven zero zero nine zero zero one two three."},
     .label = "legitimate",
     .name = "Novak",
     .said = "meeting",
     .setting = "trial_ends_at=2026-01-01T00:00:00Z"},
};

static int call_both(void **state)
{
    (void)state;
    callers_open(NULL, callers, countof(callers), countof(callers));
    return 0;
}

static void message_reaches_the_owner(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(callers); i++)
        callers_expect(i);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_messages WHERE"
                                    " caller_name LIKE '%Nov%' AND"
                                    " (reason LIKE '%schůz%' OR reason LIKE '%meeting%')"),
                     countof(callers));
}

static void call_ends_politely_and_is_on_the_books(void **state)
{
    (void)state;
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE status = 'completed' AND"
                                    " service = 'message' AND ended_reason = 'message_taken'"),
                     countof(callers));
    assert_int_equal(postgres_count("SELECT count(*) FROM counted_calls"), 0);
    assert_non_null(strstr(callers_results[0].talk, "agent: Na shledanou"));
    assert_non_null(strstr(callers_results[1].talk, "agent: Goodbye"));
}

static void karen_still_says_first_that_she_is_an_ai(void **state)
{
    (void)state;
    assert_true(
        strncmp(callers_results[1].talk, "agent: Hello, this is Karen, an AI assistant", 44) == 0);
}

static void no_model_was_asked_during_the_call(void **state)
{
    (void)state;
    assert_int_equal(postgres_count("SELECT count(*) FROM usage_ledger WHERE kind LIKE 'llm%'"
                                    " AND quantity > 0"),
                     0);
    assert_true(postgres_count("SELECT count(*) FROM usage_ledger WHERE kind LIKE 'stt%'") > 0);
}

static void cancelled_tenants_caller_is_refused(void **state)
{
    (void)state;
    const char *const words[] = {"--from", "+420602345678", "--audio",
                                 stack_audio("en-11-yes-correct"), NULL};
    assert_int_equal(stack_command(callers_stack,
                                   (const char *const[]){"tenant", "set", "Tenant cs 0",
                                                         "status=cancelled", NULL},
                                   NULL),
                     0);
    pid_t call = stack_call(callers_stack, callers[0].number, words);
    stack_wait(callers_stack, call);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), countof(callers));
    assert_true(stack_metric(callers_stack, "karen_webhooks_total{outcome=\"denied\"}") >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_reaches_the_owner),
        cmocka_unit_test(call_ends_politely_and_is_on_the_books),
        cmocka_unit_test(karen_still_says_first_that_she_is_an_ai),
        cmocka_unit_test(no_model_was_asked_during_the_call),
        cmocka_unit_test(cancelled_tenants_caller_is_refused),
    };
    return cmocka_run_group_tests(tests, call_both, callers_close);
}
