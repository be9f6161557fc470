/* test/test_tls_calls.c: whole calls with TLS on every leg: the carrier's webhooks and media
 * stream, recogniser, model, voice and the carrier's REST API, each with a certificate that is
 * verified. */
#include "test/callers.h"
#include "test/postgres.h"
#include "test/stack.h"
#include "test/test.h"

#include <stdlib.h>
#include <string.h>

static const struct caller callers[] = {
    {.language = "en",
     .number = "+442088880001",
     .words = {"Hello, this is John Smith from Abc Limited, I am calling about the meeting.",
               "Please call me back.", "Yes, that is right.", "No thank you, goodbye."},
     .label = "legitimate",
     .name = "Smith",
     .said = "meeting"},
    {.language = "cs",
     .number = "+420228880002",
     .words = {"Gratulujeme, vyhráli jste hlavní cenu!", "Stiskněte jedničku a získejte výhru."},
     .label = "spam"},
};

static int call_both(void **state)
{
    (void)state;
    callers_open(&(struct stack_options){.tls = true}, callers, countof(callers), countof(callers));
    return 0;
}

static void every_leg_is_spoken_to_over_tls(void **state)
{
    (void)state;
    static const char *const addresses[] = {"PUBLIC_URL", "TWILIO_BASE_URL", "OPENAI_BASE_URL",
                                            "DEEPGRAM_BASE_URL", "ELEVENLABS_BASE_URL"};
    for (size_t i = 0; i < countof(addresses); i++)
        if (strncmp(stack_setting(callers_stack, addresses[i]), "https://", 8) != 0)
            fail_msg("%s is %s", addresses[i], stack_setting(callers_stack, addresses[i]));
}

CALLER_TEST(a_caller_with_a_reason_is_legitimate, 0)
CALLER_TEST(a_prize_is_spam, 1)

static void the_calls_ended_as_they_should(void **state)
{
    (void)state;
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE status = 'completed'"),
                     countof(callers));
    assert_int_equal((int)stack_metric(callers_stack, "karen_calls_live"), 0);
    assert_true(stack_asked_of(callers_stack, "elevenlabs", "multi_input") >=
                (int)countof(callers));
}

/* The same addresses and keys, but nobody vouches for who answers there. */
static void providers_without_a_trusted_certificate_are_not_spoken_to(void **state)
{
    (void)state;
    char *output = NULL;
    int status = stack_command(callers_stack, (const char *const[]){"check", NULL}, &output);
    if (status)
        fail_msg("with the certificate's authority: %s", output);
    free(output);
    status = stack_command_with(callers_stack, (const char *const[]){"CA_FILE", NULL},
                                (const char *const[]){"check", NULL}, &output);
    if (!status || !strstr(output, "certificate"))
        fail_msg("without it: status %d, %s", status, output);
    free(output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_leg_is_spoken_to_over_tls),
        cmocka_unit_test(a_caller_with_a_reason_is_legitimate),
        cmocka_unit_test(a_prize_is_spam),
        cmocka_unit_test(the_calls_ended_as_they_should),
        cmocka_unit_test(providers_without_a_trusted_certificate_are_not_spoken_to),
    };
    return cmocka_run_group_tests(tests, call_both, callers_close);
}
