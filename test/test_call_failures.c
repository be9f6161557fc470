/* test/test_call_failures.c: models, voices, recognisers and carriers that fail, tools, transfers
 * and farewells: the caller is never left in silence and no message is lost. */
#include "test/talk.h"
#include "test/test.h"

#include <string.h>

static void ask_at_6250(struct talk *talk)
{
    *talk = talk_begin();
    talk_says(talk, 5000, 6000, "Is Jan there?");
    talk_until(talk, 6300);
    talk->seen = talk->count;
}

static void fail_reply(struct talk *talk, int64_t at_ms)
{
    talk_until(talk, at_ms);
    talk_at(talk, at_ms,
            (struct call_event){
                .kind = EV_REPLY_FAILED, .gen = call_counts(talk->core)->gens, .err = 5});
}

static void failed_reply_is_apologised_for(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    fail_reply(&talk, 6500);
    assert_int_equal(talk_phrases(&talk, PHRASE_TROUBLE), 1);
    assert_int_equal(call_counts(talk.core)->reply_failures, 1);
    talk_until(&talk, 9000);
    talk_says(&talk, 9000, 10000, "Is Jan there?");
    talk_replies(&talk, 10500, "He is out.");
    talk_until(&talk, 12000);
    assert_non_null(strstr(talk_lines(&talk), "agent: He is out.\n"));
    talk_end(&talk);
}

static void silent_model_is_given_up(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk_until(&talk, 12000);
    assert_int_equal(talk_next(&talk, DO_CANCEL_REPLY)->at_ms, 6250 + 2500);
    assert_int_equal(talk_phrases(&talk, PHRASE_FILLER), 1);
    assert_int_equal(talk_phrases(&talk, PHRASE_TROUBLE), 1);
    talk_end(&talk);
}

static void half_a_reply_is_spoken(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk_text(&talk, 6500, "He is out until");
    fail_reply(&talk, 6600);
    talk_until(&talk, 9000);
    assert_int_equal(talk_phrases(&talk, PHRASE_TROUBLE), 0);
    assert_non_null(strstr(talk_lines(&talk), "agent: He is out until\n"));
    talk_end(&talk);
}

static void stalled_reply_is_ended_with_what_there_is(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk_text(&talk, 6500, "He is out until");
    talk_until(&talk, 12000);
    assert_int_equal(talk_next(&talk, DO_CANCEL_REPLY)->at_ms, 6500 + 3500);

    assert_non_null(strstr(talk_lines(&talk), "agent: He is out until\n"));
    talk_end(&talk);
}

static void two_failures_take_a_message_without_the_model(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    fail_reply(&talk, 6500);
    talk_until(&talk, 9000);
    talk_says(&talk, 9000, 9800, "Is Jan there, please?");
    fail_reply(&talk, 10300);
    talk_until(&talk, 13000);
    assert_int_equal(talk_phrases(&talk, PHRASE_ASK_NAME), 1);
    talk_says(&talk, 13500, 14500, "Peter Smith \"the roofer\".");
    talk_until(&talk, 17000);
    assert_int_equal(talk_phrases(&talk, PHRASE_ASK_REASON), 1);
    talk_says(&talk, 17500, 18500, "The roof is leaking again.");
    talk_until(&talk, 22000);
    assert_int_equal(talk_phrases(&talk, PHRASE_ASK_NUMBER), 1);
    talk_says(&talk, 22500, 24000, "five five five one two three four five six seven");
    talk_until(&talk, 40000);
    const struct talk_action *tool = talk_last(&talk, DO_TOOL);
    assert_true(str_is(tool->action.id, "script"));
    assert_true(str_is(tool->action.name, "take_message"));
    assert_true(str_is(tool->action.text,
                       "{\"name\":\"Peter Smith \\\"the roofer\\\".\",\"reason\":\"The roof is "
                       "leaking again.\",\"callback_number\":\"five five five one two three four "
                       "five six seven\",\"urgent\":false}"));
    assert_int_equal(talk_count(&talk, DO_TOOL), 1);
    assert_int_equal(talk_count(&talk, DO_ASK), 2);
    assert_non_null(strstr(talk_lines(&talk), "agent: Thank you, I will pass that on.\n"
                                              "agent: Goodbye.\n"));
    assert_true(str_is(talk_last(&talk, DO_HANG_UP)->action.text, "message taken"));
    assert_true(call_ended(talk.core));
    talk_end(&talk);
}

static void message_only_call_asks_three_things_and_no_model(void **state)
{
    (void)state;
    struct call_setup setup = talk_setup();
    setup.message_only = true;
    struct talk talk = talk_new(&setup);
    talk_at(&talk, 0, (struct call_event){.kind = EV_STARTED});
    talk_until(&talk, 6000);
    assert_int_equal(talk_phrases(&talk, PHRASE_DISCLOSURE), 1);
    assert_int_equal(talk_phrases(&talk, PHRASE_GREETING), 0);
    assert_int_equal(talk_phrases(&talk, PHRASE_ASK_NAME), 1);
    talk_says(&talk, 7000, 8000, "Peter Smith.");
    talk_until(&talk, 11000);
    talk_says(&talk, 12000, 13000, "The roof is leaking.");
    talk_until(&talk, 16000);
    talk_says(&talk, 17000, 18500, "five five five one two three four five six seven");
    talk_until(&talk, 40000);
    assert_int_equal(talk_count(&talk, DO_ASK), 0);
    assert_int_equal(talk_count(&talk, DO_TOOL), 1);
    assert_true(str_is(talk_last(&talk, DO_TOOL)->action.text,
                       "{\"name\":\"Peter Smith.\",\"reason\":\"The roof is leaking.\","
                       "\"callback_number\":\"five five five one two three four five six seven\","
                       "\"urgent\":false}"));
    assert_true(str_is(talk_last(&talk, DO_HANG_UP)->action.text, "message taken"));
    assert_true(call_ended(talk.core));
    talk_end(&talk);
}

/* Without a snapshot it begins anew, with one it goes on where it was. */
static void message_only_call_is_taken_up_again_without_a_model(void **state)
{
    (void)state;
    struct call_setup setup = talk_setup();
    struct buf snapshot = {0};
    setup.message_only = true;
    struct talk talk = talk_new(&setup);
    talk_at(&talk, 0, (struct call_event){.kind = EV_STARTED});
    talk_until(&talk, 6000);
    talk_says(&talk, 7000, 8000, "Peter Smith.");
    talk_until(&talk, 11000);
    call_snapshot(talk.core, &snapshot);
    talk_end(&talk);

    setup.resumed = true;
    talk = talk_new(&setup);
    talk_at(&talk, 0, (struct call_event){.kind = EV_STARTED});
    talk_until(&talk, 4000);
    assert_int_equal(talk_phrases(&talk, PHRASE_ASK_NAME), 1);
    call_free(&talk.core);
    assert_int_equal(call_restore(&setup, buf_str(&snapshot), 4000, &talk.core), 0);
    talk_at(&talk, 4000, (struct call_event){.kind = EV_STARTED});
    talk_until(&talk, 9000);
    assert_int_equal(talk_phrases(&talk, PHRASE_ASK_NAME), 1);
    assert_int_equal(talk_phrases(&talk, PHRASE_ASK_REASON), 1);
    assert_int_equal(talk_count(&talk, DO_ASK), 0);
    buf_free(&snapshot);
    talk_end(&talk);
}

static void success_between_failures_keeps_the_model(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    fail_reply(&talk, 6500);
    talk_until(&talk, 9000);
    talk_says(&talk, 9000, 9800, "Is Jan there, please?");
    talk_replies(&talk, 10300, "He is out.");
    talk_until(&talk, 12000);
    talk_says(&talk, 12000, 12800, "When is he back?");
    fail_reply(&talk, 13300);
    talk_until(&talk, 15000);
    assert_int_equal(talk_phrases(&talk, PHRASE_TROUBLE), 2);
    assert_int_equal(talk_phrases(&talk, PHRASE_ASK_NAME), 0);
    talk_end(&talk);
}

static void voice_that_fails_counts_as_a_failed_reply(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk.clips = CLIPS_FAIL;
    talk_replies(&talk, 6500, "He is out.");
    assert_int_equal(talk_phrases(&talk, PHRASE_TROUBLE), 1);
    assert_null(strstr(talk_lines(&talk), "He is out"));
    assert_null(strstr(talk_context(&talk), "He is out"));
    talk_end(&talk);
}

static void sentence_that_fails_is_skipped_and_not_written_down(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk.clips = CLIPS_FAIL;
    talk_text(&talk, 6500, "He is out of the office this week. I");
    talk.clips = CLIPS_AT_ONCE;
    talk_text(&talk, 6600, " can take a message for him.");
    talk_done(&talk, 6700);
    talk_until(&talk, 10000);
    assert_non_null(strstr(talk_lines(&talk), "agent: I can take a message for him.\n"));
    assert_null(strstr(talk_context(&talk), "this week"));
    talk_end(&talk);
}

static void voice_that_says_nothing_is_given_up(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk.clips = CLIPS_BY_HAND;
    talk_replies(&talk, 6500, "He is out.");
    talk.clips = CLIPS_AT_ONCE;
    talk_until(&talk, 12000);
    assert_int_equal(talk_phrases(&talk, PHRASE_TROUBLE), 1);
    talk_end(&talk);
}

static void without_any_sound_the_call_still_ends(void **state)
{
    (void)state;
    struct call_setup setup = talk_setup();
    struct talk talk = talk_new(&setup);
    talk.clips = CLIPS_FAIL;
    talk_at(&talk, 0, (struct call_event){.kind = EV_STARTED});
    talk_until(&talk, 60000);
    assert_int_equal(talk_count(&talk, DO_SEND), 0);
    assert_int_equal(talk_count(&talk, DO_HANG_UP), 1);
    assert_true(talk_last(&talk, DO_HANG_UP)->at_ms <= 30000);
    assert_true(call_ended(talk.core));
    talk_end(&talk);
}

static void lost_marks_do_not_stop_the_talk(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk.marks = MARKS_BY_HAND;
    talk_replies(&talk, 6500, "He is out.");
    talk_until(&talk, 30000);
    assert_non_null(strstr(talk_lines(&talk), "agent: He is out.\n"));
    assert_int_equal(talk_phrases(&talk, PHRASE_STILL_THERE), 1);
    talk_end(&talk);
}

static void deaf_karen_asks_and_then_says_so(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_at(&talk, 5000, (struct call_event){.kind = EV_STT_DOWN});
    talk_at(&talk, 5500, (struct call_event){.kind = EV_VOICE_ON, .at_ms = 5440});
    talk_at(&talk, 6500, (struct call_event){.kind = EV_VOICE_OFF, .at_ms = 6340});
    talk_until(&talk, 7500);
    assert_int_equal(talk_phrases(&talk, PHRASE_REPEAT), 1);
    talk_until(&talk, 40000);
    assert_int_equal(talk_phrases(&talk, PHRASE_DEAF), 1);
    assert_true(str_is(talk_last(&talk, DO_HANG_UP)->action.text, "recogniser lost"));
    assert_true(call_ended(talk.core));
    talk_end(&talk);
}

static void short_loss_of_the_recogniser_is_not_noticed(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_at(&talk, 5000, (struct call_event){.kind = EV_STT_DOWN});
    talk_at(&talk, 5500, (struct call_event){.kind = EV_VOICE_ON, .at_ms = 5440});
    talk_at(&talk, 6500, (struct call_event){.kind = EV_STT_UP, .conn = 2});
    talk_at(
        &talk, 7100,
        (struct call_event){
            .kind = EV_WORDS_FINAL, .conn = 2, .text = str_of("Is Jan there?"), .end_ms = 7000});
    talk_at(&talk, 7160, (struct call_event){.kind = EV_VOICE_OFF, .at_ms = 7000});
    talk_until(&talk, 7500);
    assert_int_equal(talk_phrases(&talk, PHRASE_REPEAT), 0);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    assert_int_equal(call_counts(talk.core)->stt_losses, 1);
    talk_end(&talk);
}

/* Tools. */

static void message_is_taken_once_and_the_model_asked_again(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk_tool(&talk, 6500, "a1", "take_message", "{\"name\":\"Peter\"}");
    talk_tool(&talk, 6510, "a1", "take_message", "{\"name\":\"Peter\"}");
    talk_done(&talk, 6520);
    assert_int_equal(talk_count(&talk, DO_TOOL), 1);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    talk_at(&talk, 6600,
            (struct call_event){
                .kind = EV_TOOL_DONE, .id = str_of("a1"), .text = str_of("{\"ok\":true}")});
    assert_int_equal(talk_count(&talk, DO_ASK), 2);
    assert_int_equal(call_counts(talk.core)->turns, 1);
    assert_non_null(strstr(talk_context(&talk), "call: {\"name\":\"Peter\"}\n"
                                                "result: {\"ok\":true}\n"));
    assert_non_null(strstr(talk_lines(&talk), "tool: take_message {\"name\":\"Peter\"}\n"));
    talk_end(&talk);
}

static void model_that_spoke_is_not_asked_again(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk_text(&talk, 6450, "I will tell him.");
    talk_tool(&talk, 6500, "a1", "take_message", "{}");
    talk_done(&talk, 6520);
    talk_at(&talk, 6600, (struct call_event){.kind = EV_TOOL_DONE, .id = str_of("a1")});
    talk_until(&talk, 9000);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    talk_end(&talk);
}

static void tool_without_an_answer_is_not_waited_for(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk_tool(&talk, 6500, "a1", "take_message", "{}");
    talk_done(&talk, 6520);
    talk_until(&talk, 12000);
    assert_int_equal(talk_last(&talk, DO_ASK)->at_ms, 6500 + 5000);
    assert_int_equal(talk_count(&talk, DO_ASK), 2);
    talk_end(&talk);
}

static void tool_loop_is_stopped(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    static const char *const ids[] = {"a1", "a2", "a3", "a4", "a5"};
    for (size_t i = 0; i < 5; i++) {
        int64_t at = 6500 + 100 * (int64_t)i;
        talk_tool(&talk, at, ids[i], "no_such_tool", "{}");
        talk_done(&talk, at + 10);
    }
    assert_int_equal(talk_count(&talk, DO_ASK), 4);
    assert_int_equal(talk_phrases(&talk, PHRASE_TROUBLE), 1);
    talk_end(&talk);
}

static void caller_who_goes_on_does_not_run_the_tool_twice(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk_tool(&talk, 6500, "a1", "take_message", "{}");
    talk_done(&talk, 6520);
    talk_says(&talk, 6600, 7200, "and my name is Peter");
    talk_at(&talk, 7600, (struct call_event){.kind = EV_TOOL_DONE, .id = str_of("a1")});
    talk_until(&talk, 9000);
    assert_int_equal(talk_count(&talk, DO_TOOL), 1);
    assert_int_equal(call_counts(talk.core)->turns, 2);
    assert_non_null(strstr(talk_lines(&talk), "tool: take_message {}\n"));
    talk_end(&talk);
}

/* Farewells. */

static void call_ends_when_the_farewell_was_heard(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk_text(&talk, 6450, "I will tell him, goodbye.");
    talk_tool(&talk, 6500, "a1", "end_call", "{}");
    talk_done(&talk, 6520);
    talk_until(&talk, 7500);
    assert_int_equal(talk_count(&talk, DO_HANG_UP), 0);
    talk_until(&talk, 9000);
    assert_int_equal(talk_count(&talk, DO_HANG_UP), 1);
    const struct talk_action *record = talk_last(&talk, DO_RECORD);
    assert_true(str_is(record->action.line.text, "I will tell him, goodbye."));
    assert_int_equal(talk_last(&talk, DO_HANG_UP)->at_ms, record->at_ms);
    talk_end(&talk);
}

static void model_that_ends_wordlessly_says_goodbye(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk_tool(&talk, 6500, "a1", "end_call", "{}");
    talk_done(&talk, 6520);
    talk_until(&talk, 9000);
    assert_int_equal(talk_phrases(&talk, PHRASE_GOODBYE), 1);
    assert_int_equal(talk_count(&talk, DO_HANG_UP), 1);
    talk_end(&talk);
}

static void caller_may_reopen_the_call_once(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk_text(&talk, 6450, "I will tell him and he will call you back, goodbye.");
    talk_tool(&talk, 6500, "a1", "end_call", "{}");
    talk_done(&talk, 6520);
    talk_says(&talk, 7500, 8300, "Wait, one more thing.");
    talk_until(&talk, 9000);
    assert_int_equal(talk_count(&talk, DO_HANG_UP), 0);
    assert_int_equal(talk_count(&talk, DO_ASK), 2);
    talk_text(&talk, 9100, "Yes, I will tell him that as well, goodbye.");
    talk_tool(&talk, 9150, "a2", "end_call", "{}");
    talk_done(&talk, 9200);
    talk_says(&talk, 10000, 10600, "Wait, one more thing.");
    talk_until(&talk, 20000);
    assert_int_equal(talk_count(&talk, DO_HANG_UP), 1);
    talk_end(&talk);
}

static void farewell_of_the_caller_does_not_reopen_the_call(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk_text(&talk, 6450, "I will tell him and he will call you back, goodbye.");
    talk_tool(&talk, 6500, "a1", "end_call", "{}");
    talk_done(&talk, 6520);
    talk_says(&talk, 7500, 8300, "Thank you, goodbye.");
    talk_until(&talk, 13000);
    assert_int_equal(talk_count(&talk, DO_CLEAR), 0);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    assert_int_equal(talk_count(&talk, DO_HANG_UP), 1);
    assert_non_null(strstr(talk_lines(&talk), "caller: Thank you, goodbye.\n"));
    talk_end(&talk);
}

static void carrier_that_forgets_to_hang_up_is_not_waited_for(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk_tool(&talk, 6500, "a1", "end_call", "{}");
    talk_done(&talk, 6520);
    talk_until(&talk, 20000);
    assert_int_equal(talk_last(&talk, DO_ENDED)->at_ms, talk_last(&talk, DO_HANG_UP)->at_ms + 5000);
    talk_end(&talk);
}

/* Transfer. */

static void transfer_follows_the_announcement(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk_tool(&talk, 6500, "a1", "transfer_call", "{\"reason\":\"Peter about the \\\"roof\\\"\"}");
    talk_done(&talk, 6520);
    assert_int_equal(talk_phrases(&talk, PHRASE_TRANSFER), 1);
    assert_int_equal(talk_count(&talk, DO_TRANSFER), 0);
    talk_until(&talk, 9000);
    assert_true(str_is(talk_last(&talk, DO_TRANSFER)->action.text, "Peter about the \"roof\""));
    assert_string_equal(call_state_name(talk.core), "transferring");
    talk_at(&talk, 9500, (struct call_event){.kind = EV_GONE});
    assert_true(call_ended(talk.core));
    talk_end(&talk);
}

static void failed_transfer_comes_back(void **state)
{
    (void)state;
    struct talk talk;
    ask_at_6250(&talk);
    talk_tool(&talk, 6500, "a1", "transfer_call", "{}");
    talk_done(&talk, 6520);
    talk_at(&talk, 20000, (struct call_event){.kind = EV_TRANSFER_FAILED});
    talk_until(&talk, 22000);
    assert_non_null(strstr(talk_lines(&talk), "agent: Nobody answers there.\n"));
    assert_non_null(strstr(talk_context(&talk), "call: {}\nresult: nobody answered\n"));
    talk_says(&talk, 22500, 23000, "Then tell him to call me.");
    talk_until(&talk, 24000);
    assert_int_equal(talk_count(&talk, DO_ASK), 2);
    talk_end(&talk);
}

static void transfer_is_refused_where_it_cannot_be(void **state)
{
    (void)state;
    struct call_setup setup = talk_setup();
    setup.can_transfer = false;
    struct talk talk = talk_new(&setup);
    talk_at(&talk, 0, (struct call_event){.kind = EV_STARTED});
    talk_until(&talk, 4900);
    talk_says(&talk, 5000, 6000, "Is Jan there?");
    talk_tool(&talk, 6500, "a1", "transfer_call", "{}");
    talk_done(&talk, 6520);
    talk_until(&talk, 7000);
    assert_int_equal(talk_count(&talk, DO_ASK), 2); /* it is told so, and speaks */
    assert_int_equal(talk_count(&talk, DO_TRANSFER), 0);
    talk_end(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failed_reply_is_apologised_for),
        cmocka_unit_test(silent_model_is_given_up),
        cmocka_unit_test(half_a_reply_is_spoken),
        cmocka_unit_test(stalled_reply_is_ended_with_what_there_is),
        cmocka_unit_test(two_failures_take_a_message_without_the_model),
        cmocka_unit_test(message_only_call_asks_three_things_and_no_model),
        cmocka_unit_test(message_only_call_is_taken_up_again_without_a_model),
        cmocka_unit_test(success_between_failures_keeps_the_model),
        cmocka_unit_test(voice_that_fails_counts_as_a_failed_reply),
        cmocka_unit_test(sentence_that_fails_is_skipped_and_not_written_down),
        cmocka_unit_test(voice_that_says_nothing_is_given_up),
        cmocka_unit_test(without_any_sound_the_call_still_ends),
        cmocka_unit_test(lost_marks_do_not_stop_the_talk),
        cmocka_unit_test(deaf_karen_asks_and_then_says_so),
        cmocka_unit_test(short_loss_of_the_recogniser_is_not_noticed),
        cmocka_unit_test(message_is_taken_once_and_the_model_asked_again),
        cmocka_unit_test(model_that_spoke_is_not_asked_again),
        cmocka_unit_test(tool_without_an_answer_is_not_waited_for),
        cmocka_unit_test(tool_loop_is_stopped),
        cmocka_unit_test(caller_who_goes_on_does_not_run_the_tool_twice),
        cmocka_unit_test(call_ends_when_the_farewell_was_heard),
        cmocka_unit_test(model_that_ends_wordlessly_says_goodbye),
        cmocka_unit_test(caller_may_reopen_the_call_once),
        cmocka_unit_test(farewell_of_the_caller_does_not_reopen_the_call),
        cmocka_unit_test(carrier_that_forgets_to_hang_up_is_not_waited_for),
        cmocka_unit_test(transfer_follows_the_announcement),
        cmocka_unit_test(failed_transfer_comes_back),
        cmocka_unit_test(transfer_is_refused_where_it_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
