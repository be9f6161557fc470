/* test/test_call_orders.c: an owner who watches the call: words to be said, whispers to the model,
 * being put through, the end, in every state of a call. */
#include "test/talk.h"
#include "test/test.h"

#include <errno.h>
#include <string.h>

enum { NOT_YET = -1 };

static void order(struct talk *talk, int64_t at_ms, enum call_event_kind kind, uint32_t id,
                  const char *text)
{
    talk_at(talk, at_ms, (struct call_event){.kind = kind, .order = id, .text = str_of(text)});
}

/* How an order ended. */
static int fate(const struct talk *talk, uint32_t id)
{
    int err = NOT_YET, times = 0;
    for (size_t i = 0; i < talk->count; i++) {
        const struct call_action *action = &talk->actions[i].action;
        if (action->kind != DO_ORDER_OVER || action->order != id)
            continue;
        err = action->err;
        times++;
    }
    assert_true(times <= 1);
    return err;
}

static void voice_on(struct talk *talk, int64_t at_ms)
{
    talk_at(talk, at_ms, (struct call_event){.kind = EV_VOICE_ON, .at_ms = at_ms - 60});
}

static void words(struct talk *talk, int64_t at_ms, const char *text)
{
    talk_at(
        talk, at_ms,
        (struct call_event){
            .kind = EV_WORDS, .text = str_of(text), .at_ms = at_ms - 400, .end_ms = at_ms - 100});
}

/* A talk in which the agent is just saying the first sentence of a reply, since 7,000. */
static struct talk talk_midway(void)
{
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Is Jan there?");
    talk_replies(&talk, 6900, "Jan is out of the office today. He will be back on Monday morning.");
    talk_until(&talk, 8000);
    return talk;
}

static int64_t first_sent(const struct talk *talk, const char *text)
{
    for (size_t i = 0; i < talk->count; i++)
        for (size_t j = i; talk->actions[i].action.kind == DO_SYNTH && j < talk->count; j++)
            if (str_is(talk->actions[i].action.text, text) &&
                talk->actions[j].action.kind == DO_SEND &&
                talk->actions[j].action.clip == talk->actions[i].action.clip)
                return talk->actions[j].at_ms;
    return CALL_NEVER;
}

static void owners_words_are_said_at_once_when_it_is_quiet(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    order(&talk, 6000, EV_SAY_ASKED, 1, "  Mr. Novak will call you back at five.  ");
    assert_int_equal(first_sent(&talk, "Mr. Novak will call you back at five."), 6000);
    assert_int_equal(fate(&talk, 1), NOT_YET);
    talk_until(&talk, 9000);
    assert_int_equal(fate(&talk, 1), 0);
    assert_non_null(strstr(talk_lines(&talk), "agent: Mr. Novak will call you back at five.\n"));
    assert_int_equal(talk_count(&talk, DO_ASK), 0);
    talk_says(&talk, 9500, 10000, "Thank you, at which number?");
    talk_until(&talk, 11000);
    assert_int_equal(talk_count(&talk, DO_ASK), 1); /* and now the model goes on, knowing of it */
    assert_non_null(strstr(talk_context(&talk), "assistant: Mr. Novak will call you back at five.\n"
                                                "user: Thank you, at which number?\n"));
    talk_end(&talk);
}

static void owners_words_wait_for_disclosure_and_greeting(void **state)
{
    (void)state;
    struct call_setup setup = talk_setup();
    struct talk talk = talk_new(&setup);
    talk_at(&talk, 0, (struct call_event){.kind = EV_STARTED});
    order(&talk, 300, EV_SAY_ASKED, 1, "I am on my way.");
    talk_until(&talk, 7000);
    assert_int_equal(talk_count(&talk, DO_CLEAR), 0);
    assert_string_equal(talk_lines(&talk), "agent: Hello, this is the AI assistant of Jan Novak.\n"
                                           "agent: How can I help you?\n"
                                           "agent: I am on my way.\n");
    talk_end(&talk);
}

static void sentence_being_heard_is_finished_first(void **state)
{
    (void)state;
    struct talk talk = talk_midway();
    order(&talk, 8000, EV_SAY_ASKED, 1, "I can take it now.");
    talk_until(&talk, 12000);
    assert_int_equal(talk_count(&talk, DO_CLEAR), 0);
    assert_non_null(strstr(talk_lines(&talk), "caller: Is Jan there?\n"
                                              "agent: Jan is out of the office today. --\n"
                                              "agent: I can take it now.\n"));
    assert_int_equal(fate(&talk, 1), 0);
    talk_end(&talk);
}

static void owners_words_take_the_place_of_a_reply_still_thought_about(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Is Jan there?");
    talk_text(&talk, 6600, "No");
    order(&talk, 6700, EV_SAY_ASKED, 1, "He is.");
    assert_int_equal(talk_count(&talk, DO_CANCEL_REPLY), 1);
    talk_text(&talk, 6800, ", he is not. Bad luck.");
    talk_done(&talk, 6900);
    talk_until(&talk, 9000);
    assert_non_null(strstr(talk_lines(&talk), "caller: Is Jan there?\nagent: He is.\n"));
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    talk_end(&talk);
}

static void caller_who_is_speaking_is_heard_out_and_answered_with_the_owners_words(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    voice_on(&talk, 5060);
    words(&talk, 5500, "I am calling about");
    order(&talk, 5600, EV_SAY_ASKED, 1, "Please send me an e-mail.");
    words(&talk, 6000, "I am calling about the offer.");
    talk_at(&talk, 6160, (struct call_event){.kind = EV_VOICE_OFF, .at_ms = 6000});
    talk_until(&talk, 9000);
    assert_non_null(strstr(talk_lines(&talk), "caller: I am calling about the offer.\n"
                                              "agent: Please send me an e-mail.\n"));
    assert_true(first_sent(&talk, "Please send me an e-mail.") >= 6250);
    assert_int_equal(talk_count(&talk, DO_ASK), 0); /* one turn, one answer */
    talk_end(&talk);
}

static void waiting_words_survive_the_caller_who_talks_over_karen(void **state)
{
    (void)state;
    struct talk talk = talk_midway();
    order(&talk, 8000, EV_SAY_ASKED, 1, "One thing more.");
    voice_on(&talk, 8200);
    words(&talk, 8600, "Stop, wait a minute.");
    assert_int_equal(talk_count(&talk, DO_CLEAR), 1);
    talk_at(&talk, 8900, (struct call_event){.kind = EV_VOICE_OFF, .at_ms = 8700});
    talk_until(&talk, 12000);
    assert_non_null(strstr(talk_lines(&talk), "caller: Stop, wait a minute.\n"
                                              "agent: One thing more.\n"));
    assert_int_equal(fate(&talk, 1), 0);
    talk_end(&talk);
}

static void caller_may_talk_over_the_owners_words(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    order(&talk, 5000, EV_SAY_ASKED, 1, "Jan says that he will be there at five in the afternoon.");
    voice_on(&talk, 6000);
    words(&talk, 6500, "No, that is too late.");
    assert_int_equal(fate(&talk, 1), EINTR);
    assert_non_null(strstr(talk_lines(&talk), "agent: Jan says that he will be --\n"));
    talk_end(&talk);
}

static void two_orders_wait_and_no_more(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    order(&talk, 5000, EV_SAY_ASKED, 1, "First things first.");
    order(&talk, 5010, EV_SAY_ASKED, 2, "This comes next.");
    order(&talk, 5020, EV_SAY_ASKED, 3, "And this is too much.");
    assert_int_equal(fate(&talk, 3), ENOBUFS);
    talk_until(&talk, 9000);
    assert_non_null(strstr(talk_lines(&talk), "agent: First things first.\n"
                                              "agent: This comes next.\n"));
    assert_int_equal(fate(&talk, 1), 0);
    assert_int_equal(fate(&talk, 2), 0);
    talk_end(&talk);
}

static void nothing_or_too_much_is_not_said(void **state)
{
    (void)state;
    char text[CALL_TEXT_BYTES_MAX + 2];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct talk talk = talk_begin();
    order(&talk, 5000, EV_SAY_ASKED, 1, "  ");
    order(&talk, 5000, EV_SAY_ASKED, 2, text);
    order(&talk, 5000, EV_WHISPER, 3, "");
    for (uint32_t id = 1; id <= 3; id++)
        assert_int_equal(fate(&talk, id), EINVAL);
    text[CALL_TEXT_BYTES_MAX] = '\0';
    order(&talk, 5000, EV_SAY_ASKED, 4, text);
    assert_int_equal(fate(&talk, 4), NOT_YET);
    talk_end(&talk);
}

static void owners_words_without_a_voice_are_owned_up_to(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Is Jan there?");
    talk_until(&talk, 6500);
    talk.clips = CLIPS_BY_HAND;
    order(&talk, 6500, EV_SAY_ASKED, 1, "He is.");
    talk.clips = CLIPS_AT_ONCE;
    uint32_t clip = talk_last(&talk, DO_SYNTH)->action.clip;
    talk_at(&talk, 6600, (struct call_event){.kind = EV_CLIP_FAILED, .clip = clip, .err = EIO});
    assert_int_equal(fate(&talk, 1), EIO);
    assert_int_equal(talk_phrases(&talk, PHRASE_TROUBLE), 1); /* the caller is not left waiting */
    talk_end(&talk);
}

static void words_not_said_before_the_end_are_owned_up_to(void **state)
{
    (void)state;
    struct talk talk = talk_midway();
    order(&talk, 8000, EV_SAY_ASKED, 1, "One thing more.");
    talk_at(&talk, 8100, (struct call_event){.kind = EV_GONE});
    assert_int_equal(fate(&talk, 1), ECANCELED);
    talk_end(&talk);
}

static void without_a_model_the_questions_go_on_after_the_owners_words(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    for (int64_t at = 5000; at <= 15000; at += 10000) {
        talk_says(&talk, at, at + 1000, "Is Jan there?");
        talk_at(&talk, at + 1500,
                (struct call_event){
                    .kind = EV_REPLY_FAILED, .gen = call_counts(talk.core)->gens, .err = EIO});
    }
    talk_until(&talk, 20000);
    order(&talk, 20000, EV_WHISPER, 1, "Ask for the order number.");
    assert_int_equal(fate(&talk, 1), ENOTSUP);
    order(&talk, 20000, EV_SAY_ASKED, 2, "I am on my way.");
    talk_says(&talk, 22000, 23000, "Peter Miller.");
    talk_until(&talk, 27000);
    assert_non_null(strstr(talk_lines(&talk), "agent: I can take a message. What is your name?\n"
                                              "agent: I am on my way.\n"
                                              "caller: Peter Miller.\n"
                                              "agent: What is it about?\n"));
    talk_end(&talk);
}

static void silence_is_counted_anew_after_the_owners_words(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_until(&talk, 8400);
    assert_int_equal(talk_phrases(&talk, PHRASE_STILL_THERE), 1);
    order(&talk, 12000, EV_SAY_ASKED, 1, "Hello?");
    talk_until(&talk, 12500 + 3900);
    assert_int_equal(talk_phrases(&talk, PHRASE_STILL_THERE_2), 0);
    assert_int_equal(talk_phrases(&talk, PHRASE_STILL_THERE), 2);
    talk_end(&talk);
}

/* Whispers. */

static void whisper_reaches_the_model_and_nobody_else(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    order(&talk, 5000, EV_WHISPER, 1, "Ask for the\norder number.");
    assert_int_equal(fate(&talk, 1), 0);
    order(&talk, 5000, EV_WHISPER, 2, "Be brief.");
    talk_says(&talk, 5500, 6000, "Is Jan there?");
    talk_until(&talk, 7000);
    struct call_message messages[CALL_MESSAGES_MAX];
    call_messages(talk.core, messages, CALL_MESSAGES_MAX);
    assert_int_equal(messages[0].role, ROLE_WHISPER);
    assert_true(str_is(messages[0].text, "Ask for the order number.\nBe brief."));
    assert_null(strstr(talk_lines(&talk), "order number"));
    talk_end(&talk);
}

static void whisper_does_not_disturb_the_talk(void **state)
{
    (void)state;
    struct talk talk = talk_midway(), undisturbed = talk_midway();
    order(&talk, 8000, EV_WHISPER, 1, "Ask for the order number.");
    talk_until(&talk, 12000);
    talk_until(&undisturbed, 12000);
    assert_string_equal(talk_lines(&talk), talk_lines(&undisturbed));
    talk_end(&talk);
    talk_end(&undisturbed);
}

static void whispers_stay_when_the_talk_is_long(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    order(&talk, 5000, EV_WHISPER, 1, "Ask for the order number.");
    for (int64_t at = 6000; at < 100000; at += 1000)
        talk_at(&talk, at, (struct call_event){.kind = EV_DTMF, .digit = '5'});
    struct call_message messages[CALL_MESSAGES_MAX];
    size_t count = call_messages(talk.core, messages, CALL_MESSAGES_MAX);
    assert_true(count <= CALL_MESSAGES_MAX);
    assert_int_equal(messages[0].role, ROLE_WHISPER);
    talk_end(&talk);
}

static void whispers_are_bounded(void **state)
{
    (void)state;
    char text[CALL_WHISPERS_BYTES_MAX / 2];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct talk talk = talk_begin();
    order(&talk, 5000, EV_WHISPER, 1, text);
    order(&talk, 5000, EV_WHISPER, 2, text);
    order(&talk, 5000, EV_WHISPER, 3, "And this is too much.");
    assert_int_equal(fate(&talk, 1), 0);
    assert_int_equal(fate(&talk, 2), 0);
    assert_int_equal(fate(&talk, 3), ENOBUFS);
    talk_end(&talk);
}

static void whispers_survive_the_process(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    struct call_setup setup = talk_setup();
    struct buf snapshot = {0};
    struct call_core *core = NULL;
    order(&talk, 5000, EV_WHISPER, 1, "Ask for the \"order\" number.");
    order(&talk, 5000, EV_WHISPER, 2, "Be brief.");
    call_snapshot(talk.core, &snapshot);
    assert_int_equal(call_restore(&setup, buf_str(&snapshot), 0, &core), 0);
    struct call_message messages[CALL_MESSAGES_MAX];
    assert_true(call_messages(core, messages, CALL_MESSAGES_MAX) > 1);
    assert_int_equal(messages[0].role, ROLE_WHISPER);
    assert_true(str_is(messages[0].text, "Ask for the \"order\" number.\nBe brief."));
    call_free(&core);
    buf_free(&snapshot);
    talk_end(&talk);
}

/* Being put through. */

static void owner_has_the_caller_put_through(void **state)
{
    (void)state;
    struct talk talk = talk_midway();
    order(&talk, 8000, EV_TRANSFER_ASKED, 7, NULL);
    talk_until(&talk, 14000);
    assert_non_null(strstr(talk_lines(&talk), "agent: Jan is out of the office today. --\n"
                                              "agent: I am putting you through.\n"));
    const struct talk_action *transfer = talk_last(&talk, DO_TRANSFER);
    assert_non_null(transfer);
    assert_int_equal(transfer->action.order, 7);
    assert_int_equal(transfer->action.text.bytes, 0);
    assert_int_equal(fate(&talk, 7), NOT_YET);
    talk_at(&talk, 14500, (struct call_event){.kind = EV_GONE});
    assert_int_equal(fate(&talk, 7), 0);
    talk_end(&talk);
}

static void transfer_waits_for_the_caller_to_finish_and_answers_nothing_more(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    voice_on(&talk, 5060);
    words(&talk, 5500, "I am calling about");
    order(&talk, 5600, EV_TRANSFER_ASKED, 1, NULL);
    words(&talk, 6000, "I am calling about the offer.");
    talk_at(&talk, 6160, (struct call_event){.kind = EV_VOICE_OFF, .at_ms = 6000});
    assert_true(first_sent(&talk, "I am putting you through.") == CALL_NEVER);
    talk_until(&talk, 12000);
    assert_true(first_sent(&talk, "I am putting you through.") >= 6250);
    assert_int_equal(talk_count(&talk, DO_ASK), 0);
    assert_int_equal(talk_count(&talk, DO_TRANSFER), 1);
    assert_non_null(strstr(talk_lines(&talk), "caller: I am calling about the offer.\n"));
    talk_end(&talk);
}

static void owner_who_does_not_answer_gives_the_caller_back(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    order(&talk, 5000, EV_TRANSFER_ASKED, 1, NULL);
    order(&talk, 5100, EV_SAY_ASKED, 2, "Hello?");
    order(&talk, 5100, EV_TRANSFER_ASKED, 3, NULL);
    assert_int_equal(fate(&talk, 2), EBUSY);
    assert_int_equal(fate(&talk, 3), EBUSY);
    talk_until(&talk, 9000);
    order(&talk, 9000, EV_WHISPER, 4, "I am in a meeting.");
    order(&talk, 9000, EV_END_ASKED, 5, "owner");
    assert_int_equal(fate(&talk, 4), 0); /* the caller may come back */
    assert_int_equal(fate(&talk, 5), EBUSY);
    talk_at(&talk, 20000, (struct call_event){.kind = EV_TRANSFER_FAILED});
    assert_int_equal(fate(&talk, 1), EHOSTUNREACH);
    talk_until(&talk, 23000);
    assert_non_null(strstr(talk_context(&talk), "assistant: Nobody answers there.\n"));
    talk_says(&talk, 23500, 24000, "Then tell him to call me.");
    talk_until(&talk, 25000);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    talk_end(&talk);
}

static void model_s_own_reason_is_not_told_for_the_owners_transfer(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Is Jan there?");
    talk_tool(&talk, 6600, "a1", "transfer_call", "{\"reason\":\"Peter\"}");
    talk_done(&talk, 6620);
    talk_at(&talk, 15000, (struct call_event){.kind = EV_TRANSFER_FAILED});
    order(&talk, 18000, EV_TRANSFER_ASKED, 1, NULL);
    talk_until(&talk, 21000);
    assert_int_equal(talk_count(&talk, DO_TRANSFER), 2);
    assert_int_equal(talk_last(&talk, DO_TRANSFER)->action.text.bytes, 0);
    talk_end(&talk);
}

/* The end. */

static void owner_ends_the_call(void **state)
{
    (void)state;
    struct talk talk = talk_midway();
    order(&talk, 8000, EV_SAY_ASKED, 1, "One thing more.");
    order(&talk, 8100, EV_END_ASKED, 2, "owner");
    assert_int_equal(fate(&talk, 1), ECANCELED);
    order(&talk, 8200, EV_SAY_ASKED, 3, "And another.");
    assert_int_equal(fate(&talk, 3), EBUSY);
    order(&talk, 8200, EV_WHISPER, 4, "Be brief.");
    assert_int_equal(fate(&talk, 4), EBUSY);
    order(&talk, 8200, EV_TRANSFER_ASKED, 5, NULL);
    assert_int_equal(fate(&talk, 5), EBUSY);
    order(&talk, 8200, EV_END_ASKED, 6, "owner");
    assert_int_equal(fate(&talk, 6), 0);
    assert_int_equal(fate(&talk, 2), NOT_YET);
    talk_until(&talk, 11000);
    assert_int_equal(fate(&talk, 2), 0);
    assert_true(str_is(talk_last(&talk, DO_HANG_UP)->action.text, "owner"));
    talk_end(&talk);
}

static void end_overtakes_a_transfer_that_is_only_announced(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    order(&talk, 5000, EV_TRANSFER_ASKED, 1, NULL);
    order(&talk, 5500, EV_END_ASKED, 2, "owner");
    assert_int_equal(fate(&talk, 1), ECANCELED);
    talk_until(&talk, 9000);
    assert_int_equal(talk_count(&talk, DO_TRANSFER), 0);
    assert_int_equal(fate(&talk, 2), 0);
    talk_end(&talk);
}

static void call_taken_up_again_takes_orders(void **state)
{
    (void)state;
    struct call_setup setup = talk_setup();
    setup.resumed = true;
    struct talk talk = talk_new(&setup);
    talk_at(&talk, 0, (struct call_event){.kind = EV_STARTED});
    order(&talk, 100, EV_SAY_ASKED, 1, "I am on my way.");
    talk_until(&talk, 5000);
    assert_string_equal(talk_lines(&talk), "agent: Sorry, I lost you for a moment.\n"
                                           "agent: I am on my way.\n");
    talk_end(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owners_words_are_said_at_once_when_it_is_quiet),
        cmocka_unit_test(owners_words_wait_for_disclosure_and_greeting),
        cmocka_unit_test(sentence_being_heard_is_finished_first),
        cmocka_unit_test(owners_words_take_the_place_of_a_reply_still_thought_about),
        cmocka_unit_test(caller_who_is_speaking_is_heard_out_and_answered_with_the_owners_words),
        cmocka_unit_test(waiting_words_survive_the_caller_who_talks_over_karen),
        cmocka_unit_test(caller_may_talk_over_the_owners_words),
        cmocka_unit_test(two_orders_wait_and_no_more),
        cmocka_unit_test(nothing_or_too_much_is_not_said),
        cmocka_unit_test(owners_words_without_a_voice_are_owned_up_to),
        cmocka_unit_test(words_not_said_before_the_end_are_owned_up_to),
        cmocka_unit_test(without_a_model_the_questions_go_on_after_the_owners_words),
        cmocka_unit_test(silence_is_counted_anew_after_the_owners_words),
        cmocka_unit_test(whisper_reaches_the_model_and_nobody_else),
        cmocka_unit_test(whisper_does_not_disturb_the_talk),
        cmocka_unit_test(whispers_stay_when_the_talk_is_long),
        cmocka_unit_test(whispers_are_bounded),
        cmocka_unit_test(whispers_survive_the_process),
        cmocka_unit_test(owner_has_the_caller_put_through),
        cmocka_unit_test(transfer_waits_for_the_caller_to_finish_and_answers_nothing_more),
        cmocka_unit_test(owner_who_does_not_answer_gives_the_caller_back),
        cmocka_unit_test(model_s_own_reason_is_not_told_for_the_owners_transfer),
        cmocka_unit_test(owner_ends_the_call),
        cmocka_unit_test(end_overtakes_a_transfer_that_is_only_announced),
        cmocka_unit_test(call_taken_up_again_takes_orders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
