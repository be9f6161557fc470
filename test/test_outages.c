/* test/test_outages.c: a provider dies in the middle of calls: the caller is never left in silence,
 * and what he said is on the books. Every process of an installation. */
#include "test/test.h"

#include "base/mem.h"
#include "test/postgres.h"
#include "test/stack.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER "+442088880001"

static struct stack *stack;

static int open_everything(void **state)
{
    (void)state;
    stack = stack_open(NULL);
    stack_tenant(stack, "Tenant", "Jane Miller", "en", NUMBER);
    return 0;
}

static int close_everything(void **state)
{
    (void)state;
    stack_close(&stack);
    return 0;
}

static void order(const char *path, const char *json)
{
    free(stack_control(stack, "POST", path, json));
}

/* One caller who says three things and gives Karen five seconds for each answer. */
static struct stack_screening call_with_both(const char *fault, const char *other)
{
    struct stack_screening result;
    order("/control/reset", "{}");
    order("/control/scripts",
          "{\"streams\":9,\"repeats\":true,\"lines\":[\"Hello, this is Jan Novak, I am calling "
          "about the meeting on Wednesday.\",\"My number is six zero two three "
          "four five six seven eight.\",\"Thank you, goodbye.\"]}");
    if (fault)
        order("/control/faults", fault);
    if (other)
        order("/control/faults", other);
    const char *voice = stack_audio("en-11-yes-correct");
    pid_t call = stack_call(stack, NUMBER,
                            (const char *const[]){"--patience", "5000", "--audio", voice, "--audio",
                                                  voice, "--audio", voice, NULL});
    int status = stack_wait(stack, call);
    free(stack_control(stack, "DELETE", "/control/faults", NULL));
    stack_screened(stack, NUMBER, &result);
    if (status)
        fail_msg("something was left unanswered:\n%s", result.talk);
    return result;
}

static struct stack_screening call_with(const char *fault)
{
    return call_with_both(fault, NULL);
}

static bool says(const struct stack_screening *result, const char *words)
{
    return strstr(result->talk, words) != NULL;
}

static void all_is_well_without_a_fault(void **state)
{
    (void)state;
    struct stack_screening result = call_with(NULL);
    assert_string_equal(result.label, "legitimate");
    assert_true(says(&result, "agent: "));
    assert_true(stack_asked_of(stack, "elevenlabs", "multi_input") >= 1);
    stack_screening_free(&result);
}

static void a_model_that_answers_errors_costs_no_message(void **state)
{
    (void)state;
    struct stack_screening result =
        call_with("{\"party\":\"openai\",\"act\":\"error\",\"status\":500}");
    if (!says(&result, "Jan Novak") || !says(&result, "message"))
        fail_msg("%s", result.talk);
    assert_true(postgres_count("SELECT count(*) FROM call_messages") >= 1);
    stack_screening_free(&result);
}

static void a_model_that_stalls_in_mid_reply_costs_no_message(void **state)
{
    (void)state;
    struct stack_screening result =
        call_with("{\"party\":\"openai\",\"act\":\"stall\",\"after\":2}");
    if (!says(&result, "Jan Novak"))
        fail_msg("%s", result.talk);
    stack_screening_free(&result);
}

static void a_voice_that_dies_leaves_the_cached_phrases(void **state)
{
    (void)state;
    struct stack_screening result = call_with_both(
        "{\"party\":\"elevenlabs\",\"endpoint\":\"multi_input\",\"act\":\"drop\",\"after\":0}",
        "{\"party\":\"elevenlabs\",\"act\":\"drop\",\"after\":800}");
    if (!says(&result, "Jan Novak"))
        fail_msg("%s", result.talk);
    stack_screening_free(&result);
}

static void a_voice_whose_socket_breaks_speaks_on(void **state)
{
    (void)state;
    static const char losses[] = "karen_provider_failures_total{part=\"voice\",kind=\"lost\"}";
    double before = stack_metric(stack, losses);
    struct stack_screening result =
        call_with("{\"party\":\"elevenlabs\",\"endpoint\":\"multi_input\",\"act\":\"drop\","
                  "\"after\":0}");
    assert_true(stack_asked_of(stack, "elevenlabs", "stream") >= 1);
    if (!says(&result, "Jan Novak") || says(&result, "something got stuck"))
        fail_msg("%s", result.talk);
    assert_string_equal(result.label, "legitimate");
    assert_true(stack_metric(stack, losses) == before);
    stack_screening_free(&result);
}

static void a_recogniser_that_breaks_in_mid_call_loses_no_word(void **state)
{
    (void)state;
    struct stack_screening result =
        call_with("{\"party\":\"deepgram\",\"act\":\"drop\",\"after\":2,\"times\":2}");
    if (!says(&result, "Jan Novak"))
        fail_msg("%s", result.talk);
    stack_screening_free(&result);
}

static void a_recogniser_that_is_gone_is_owned_up_to(void **state)
{
    (void)state;
    struct stack_screening result = call_with("{\"party\":\"deepgram\",\"act\":\"refuse\"}");
    assert_true(result.agent_turns >= 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE status = 'in_progress'"), 0);
    stack_screening_free(&result);
}

static void the_outages_are_counted(void **state)
{
    (void)state;
    assert_true(
        stack_metric(stack, "karen_provider_failures_total{part=\"model\",kind=\"lost\"}") +
            stack_metric(stack, "karen_provider_failures_total{part=\"model\",kind=\"late\"}") +
            stack_metric(stack, "karen_provider_failures_total{part=\"model\",kind=\"refused\"}") >
        0);
    assert_true(stack_metric(
                    stack, "karen_provider_failures_total{part=\"recogniser\",kind=\"lost\"}") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_well_without_a_fault),
        cmocka_unit_test(a_model_that_answers_errors_costs_no_message),
        cmocka_unit_test(a_model_that_stalls_in_mid_reply_costs_no_message),
        cmocka_unit_test(a_voice_whose_socket_breaks_speaks_on),
        cmocka_unit_test(a_voice_that_dies_leaves_the_cached_phrases),
        cmocka_unit_test(a_recogniser_that_breaks_in_mid_call_loses_no_word),
        cmocka_unit_test(a_recogniser_that_is_gone_is_owned_up_to),
        cmocka_unit_test(the_outages_are_counted),
    };
    return cmocka_run_group_tests(tests, open_everything, close_everything);
}
