/* test/test_flux_calls.c: whole calls where Flux hears English, and nova-3 all else: every process
 * of an installation, karen-phone as the caller. */
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
    {.language = "en",
     .number = "+442088880002",
     .words = {"Hello, this is Jan Novak from ABC Solutions, I am calling about the meeting on "
               "Wednesday.",
               "Please call me back.", "Yes, that is correct.", "No, thank you, goodbye."},
     .label = "legitimate",
     .name = "Novak",
     .said = "meeting"},
    {.language = "cs",
     .number = "+420228880001",
     .words = {"Dobrý den, tady Jan Novák z firmy Stavby Plus, volám kvůli středeční schůzce.",
               "Ano, zavolejte mi prosím zpátky.", "Ano, to je správně.",
               "Ne, děkuji, na shledanou."},
     .label = "legitimate",
     .name = "Novák",
     .said = "schůz"},
};

static int call_everybody(void **state)
{
    (void)state;
    callers_open(&(struct stack_options){.pace = "usual", .env = {"DEEPGRAM_FLUX_LANGUAGES=en"}},
                 callers, countof(callers), countof(callers));
    return 0;
}

CALLER_TEST(an_english_recording_is_understood_by_flux, 0)
CALLER_TEST(an_english_caller_is_understood_word_for_word, 1)
CALLER_TEST(a_czech_caller_is_understood_beside_them, 2)

static void no_turn_of_a_caller_is_written_twice(void **state)
{
    (void)state;
    for (size_t i = 0; callers[1].words[i]; i++) {
        const char *first = strstr(callers_results[1].talk, callers[1].words[i]);
        assert_true(i > 0 || first); /* Karen may know enough before the last of them */
        assert_null(first ? strstr(first + 1, callers[1].words[i]) : NULL);
    }
}

static void each_language_has_its_model(void **state)
{
    (void)state;
    char *stats = stack_control(callers_stack, "GET", "/stats", NULL);
    assert_non_null(strstr(stats, "\"model\":\"flux-general-en\",\"language\":\"en\""));
    assert_non_null(strstr(stats, "\"model\":\"nova-3\",\"language\":\"cs\""));
    assert_null(strstr(stats, "\"model\":\"nova-3\",\"language\":\"en\""));
    free(stats);
}

/* The stream breaks in the middle of what is said, once and again. */
static void a_stream_that_breaks_loses_no_word(void **state)
{
    (void)state;
    struct stack_screening result;
    const char *const words[] = {"--audio", stack_audio("en-01-message-callback"), "--linger",
                                 "1500", NULL};
    free(stack_control(callers_stack, "POST", "/control/faults",
                       "{\"party\":\"deepgram\",\"endpoint\":\"flux\",\"act\":\"drop\","
                       "\"after\":60,\"times\":2}"));
    stack_tenant(callers_stack, "Broken", "Jana Nováková", "en", "+442088880009");
    stack_wait(callers_stack, stack_call(callers_stack, "+442088880009", words));
    stack_screened(callers_stack, "+442088880009", &result);
    if (!strstr(result.talk, "novak") && !strstr(result.talk, "Novak"))
        fail_msg("%s", result.talk);
    assert_true(stack_metric(callers_stack, "karen_provider_failures_total{part=\"recogniser\","
                                            "kind=\"lost\"}") >= 1);
    stack_screening_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_english_recording_is_understood_by_flux),
        cmocka_unit_test(an_english_caller_is_understood_word_for_word),
        cmocka_unit_test(a_czech_caller_is_understood_beside_them),
        cmocka_unit_test(no_turn_of_a_caller_is_written_twice),
        cmocka_unit_test(each_language_has_its_model),
        cmocka_unit_test(a_stream_that_breaks_loses_no_word),
    };
    return cmocka_run_group_tests(tests, call_everybody, callers_close);
}
