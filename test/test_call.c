/* test/test_call.c: a conversation that goes as it should: greeting, turns, replies, the end. */
#include "test/talk.h"
#include "test/test.h"

static const struct call_event started = {.kind = EV_STARTED};

static void greeting_goes_out_at_once(void **state)
{
    (void)state;
    struct call_setup setup = talk_setup();
    struct talk talk = talk_new(&setup);
    talk_at(&talk, 100, started);
    const struct talk_action *send = talk_next(&talk, DO_SEND);
    assert_non_null(send);
    assert_int_equal(send->at_ms, 100);
    assert_int_equal(send->action.phrase, PHRASE_DISCLOSURE);
    talk_until(&talk, 7000);
    assert_string_equal(talk_lines(&talk), "agent: Hello, this is the AI assistant of Jan Novak.\n"
                                           "agent: How can I help you?\n");
    talk_end(&talk);
}

static void caller_is_answered_once(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Hello, I would like to speak to Jan.");
    talk_until(&talk, 6600);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    talk_replies(&talk, 6900, "He is busy. What is it about?");
    talk_until(&talk, 11000);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    assert_string_equal(talk_lines(&talk), "agent: Hello, this is the AI assistant of Jan Novak.\n"
                                           "agent: How can I help you?\n"
                                           "caller: Hello, I would like to speak to Jan.\n"
                                           "agent: He is busy. What is it about?\n");
    talk_end(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greeting_goes_out_at_once),
        cmocka_unit_test(caller_is_answered_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
