/* test/test_call.c: a conversation that goes as it should: greeting, turns, replies, being talked
 * over, silence, goodbye. */
#include "test/talk.h"
#include "test/test.h"

#include <string.h>

#define GREETED "agent: Hello, this is the AI assistant of Jan Novak.\nagent: How can I help you?\n"

static void words(struct talk *talk, int64_t at_ms, const char *text)
{
    talk_at(
        talk, at_ms,
        (struct call_event){
            .kind = EV_WORDS, .text = str_of(text), .at_ms = at_ms - 400, .end_ms = at_ms - 100});
}

static void voice(struct talk *talk, int64_t from_ms, int64_t to_ms)
{
    talk_at(talk, from_ms + 60, (struct call_event){.kind = EV_VOICE_ON, .at_ms = from_ms});
    talk_at(talk, to_ms + 160, (struct call_event){.kind = EV_VOICE_OFF, .at_ms = to_ms});
}

/* A talk in which the agent is just saying a long reply, since 7,000. */
static struct talk talk_midway(void)
{
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Is Jan there?");
    talk_replies(&talk, 6900, "Jan is out of the office for the whole of this week, I am afraid.");
    talk_until(&talk, 9000);
    talk.seen = talk.count;
    return talk;
}

static void greeting_goes_out_at_once(void **state)
{
    (void)state;
    struct call_setup setup = talk_setup();
    struct talk talk = talk_new(&setup);
    talk_at(&talk, 100, (struct call_event){.kind = EV_STARTED});
    const struct talk_action *send = talk_next(&talk, DO_SEND);
    assert_non_null(send);
    assert_int_equal(send->at_ms, 100);
    assert_int_equal(send->action.phrase, PHRASE_DISCLOSURE);
    talk_until(&talk, 4500);
    assert_string_equal(talk_lines(&talk), GREETED);
    talk_end(&talk);
}

static void nothing_is_said_before_the_stream_is_open(void **state)
{
    (void)state;
    struct call_setup setup = talk_setup();
    struct talk talk = talk_new(&setup);
    talk_until(&talk, 60000);
    assert_int_equal(talk.count, 0);
    assert_true(call_wake_at(talk.core) == CALL_NEVER);
    talk_end(&talk);
}

static void tenant_without_greeting_gets_the_disclosure(void **state)
{
    (void)state;
    struct call_setup setup = talk_setup();
    setup.greeting = "";
    struct talk talk = talk_new(&setup);
    talk_at(&talk, 0, (struct call_event){.kind = EV_STARTED});
    talk_until(&talk, 4000);
    assert_string_equal(talk_lines(&talk),
                        "agent: Hello, this is the AI assistant of Jan Novak.\n");
    talk_end(&talk);
}

static void disclosure_is_heard_whatever_the_caller_says(void **state)
{
    (void)state;
    struct call_setup setup = talk_setup();
    struct talk talk = talk_new(&setup);
    talk_at(&talk, 0, (struct call_event){.kind = EV_STARTED});
    talk_at(&talk, 500, (struct call_event){.kind = EV_VOICE_ON, .at_ms = 440});
    words(&talk, 1200, "Hello I am calling");
    talk_at(&talk, 1500, (struct call_event){.kind = EV_DTMF, .digit = '1'});
    talk_until(&talk, 4000);
    assert_int_equal(talk_count(&talk, DO_CLEAR), 0);
    assert_string_equal(talk_lines(&talk), "agent: Hello, this is the AI assistant of Jan Novak.\n"
                                           "caller: 1 Hello I am calling\n");
    talk_end(&talk);
}

static void greeting_gives_way_to_the_caller(void **state)
{
    (void)state;
    struct call_setup setup = talk_setup();
    struct talk talk = talk_new(&setup);
    talk_at(&talk, 0, (struct call_event){.kind = EV_STARTED});
    talk_at(&talk, 3300, (struct call_event){.kind = EV_VOICE_ON, .at_ms = 3240});
    words(&talk, 3500, "Hello I am calling");
    assert_int_equal(talk_count(&talk, DO_CLEAR), 1);
    assert_non_null(strstr(talk_lines(&talk), "agent: How can I help --\n"));
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
    assert_string_equal(talk_lines(&talk), GREETED "caller: Hello, I would like to speak to Jan.\n"
                                                   "agent: He is busy. What is it about?\n");
    talk_end(&talk);
}

/* When the newest line of the caller was sure. */
static int64_t caller_line_ms(const struct talk *talk)
{
    for (size_t i = talk->count; i > 0; i--)
        if (talk->actions[i - 1].action.kind == DO_RECORD &&
            talk->actions[i - 1].action.line.speaker == SPEAKER_CALLER)
            return talk->actions[i - 1].at_ms;
    return -1;
}

static void turn_is_sure_by_how_finished_it_sounds(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        int64_t delay_ms;
    } cases[] = {{"Is Jan there?", 280},
                 {"I am calling about the", 1200},
                 {"my number is five five one", 1500}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct talk talk = talk_begin();
        talk_says(&talk, 5000, 6000, cases[i].words);
        talk_until(&talk, 8000);
        assert_int_equal(caller_line_ms(&talk), 6000 + cases[i].delay_ms);
        talk_end(&talk);
    }
}

static void number_that_was_asked_for_is_waited_for(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Tell Jan to call me back?");
    talk_replies(&talk, 6400, "Sure. What is your number?");
    talk_until(&talk, 8400);
    talk_says(&talk, 8500, 9500, "it is the one I gave");
    talk_until(&talk, 11500);
    assert_int_equal(talk_last(&talk, DO_ASK)->at_ms, 9500 + 1200);
    talk_replies(&talk, 11600, "And what number is that?");
    talk_until(&talk, 14000);
    talk_says(&talk, 14100, 17000, "five five five one two three four five six seven");
    talk_until(&talk, 19000);
    assert_int_equal(caller_line_ms(&talk), 17000 + 280); /* it is whole */
    talk_end(&talk);
}

static void number_that_was_only_mentioned_is_not_waited_for(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Tell Jan to call me back?");
    talk_replies(&talk, 6400, "He will call the number you call from. Is that right?");
    talk_until(&talk, 11000);
    talk_says(&talk, 11100, 11900, "yes");
    talk_until(&talk, 13500);
    assert_int_equal(caller_line_ms(&talk), 11900 + 280);
    talk_end(&talk);
}

static void recogniser_is_told_of_each_pause_once(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    voice(&talk, 5000, 6000);
    voice(&talk, 6300, 7000);
    assert_int_equal(talk_count(&talk, DO_FINALIZE), 2);
    talk_end(&talk);
}

static void interim_counts_when_no_final_comes(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_at(&talk, 5000, (struct call_event){.kind = EV_VOICE_ON, .at_ms = 5000});
    words(&talk, 5600, "is Jan there?");
    talk_at(&talk, 6160, (struct call_event){.kind = EV_VOICE_OFF, .at_ms = 6000});
    talk_until(&talk, 7000);
    assert_int_equal(caller_line_ms(&talk), 6160 + 350); /* FINAL_WAIT */
    talk_end(&talk);
}

static void words_alone_make_a_turn(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    words(&talk, 5600, "yes"); /* too soft for the detector */
    talk_until(&talk, 6200);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    talk_end(&talk);
}

static void noise_without_end_does_not_hold_the_turn(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_at(&talk, 5000, (struct call_event){.kind = EV_VOICE_ON, .at_ms = 5000});
    words(&talk, 6000, "is Jan there?");
    talk_until(&talk, 9000);
    assert_int_equal(talk_last(&talk, DO_ASK)->at_ms, 8500);
    talk_end(&talk);
}

static void late_final_amends_the_same_turn(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_at(&talk, 5000, (struct call_event){.kind = EV_VOICE_ON, .at_ms = 5000});
    words(&talk, 5600, "is Jana there?");
    talk_at(&talk, 6160, (struct call_event){.kind = EV_VOICE_OFF, .at_ms = 6000});
    talk_at(&talk, 6600,
            (struct call_event){.kind = EV_WORDS_FINAL,
                                .text = str_of("Is Jan there?"),
                                .at_ms = 5200,
                                .end_ms = 6000});
    assert_int_equal(talk_count(&talk, DO_ASK), 2);
    assert_int_equal(talk_count(&talk, DO_CANCEL_REPLY), 1);
    assert_int_equal(call_counts(talk.core)->turns, 1);
    assert_string_equal(talk_lines(&talk), GREETED "caller: Is Jan there?\n");
    talk_end(&talk);
}

static void late_final_with_the_same_words_changes_nothing(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_at(&talk, 5000, (struct call_event){.kind = EV_VOICE_ON, .at_ms = 5000});
    words(&talk, 5600, "is jan there?");
    talk_at(&talk, 6160, (struct call_event){.kind = EV_VOICE_OFF, .at_ms = 6000});
    talk_at(&talk, 6600,
            (struct call_event){.kind = EV_WORDS_FINAL,
                                .text = str_of("Is Jan there?"),
                                .at_ms = 5200,
                                .end_ms = 6000});
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    assert_int_equal(talk_count(&talk, DO_CANCEL_REPLY), 0);
    talk_end(&talk);
}

static void caller_who_goes_on_keeps_the_turn(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "I would like to speak to Jan");
    talk_says(&talk, 6700, 7500, "about the invoice");
    talk_until(&talk, 8400);
    assert_int_equal(talk_count(&talk, DO_ASK), 2);
    assert_int_equal(talk_count(&talk, DO_CANCEL_REPLY), 1);
    assert_int_equal(call_counts(talk.core)->turns, 1);
    assert_string_equal(talk_context(&talk),
                        "assistant: Hello, this is the AI assistant of Jan Novak.\n"
                        "assistant: How can I help you?\n"
                        "user: I would like to speak to Jan about the invoice\n");
    talk_end(&talk);
}

static void reply_waits_for_silence(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Is Jan there?");
    talk_at(&talk, 6400, (struct call_event){.kind = EV_VOICE_ON, .at_ms = 6400}); /* a breath */
    talk_replies(&talk, 6500, "He is out.");
    talk_until(&talk, 6700);
    assert_null(talk_next(&talk, DO_SEND));
    talk_at(&talk, 6860, (struct call_event){.kind = EV_VOICE_OFF, .at_ms = 6700});
    talk_until(&talk, 8000);
    assert_int_equal(talk_next(&talk, DO_SEND)->at_ms, 6700 + 250);
    talk_end(&talk);
}

static void speech_begins_with_the_first_clause(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Is Jan there?");
    talk_text(&talk, 6600, "Of course. ");
    talk_text(&talk, 6650, "He ");
    const struct talk_action *synth = talk_last(&talk, DO_SYNTH);
    assert_int_equal(synth->at_ms, 6650);
    assert_true(str_is(synth->action.text, "Of course."));
    talk_end(&talk);
}

static void caller_talks_over_karen(void **state)
{
    (void)state;
    struct talk talk = talk_midway();
    talk_at(&talk, 9000, (struct call_event){.kind = EV_VOICE_ON, .at_ms = 8940});
    words(&talk, 9200, "wait a moment");
    assert_int_equal(talk_next(&talk, DO_CLEAR)->at_ms, 9200);
    assert_non_null(talk_last(&talk, DO_RECORD));
    assert_true(talk_last(&talk, DO_RECORD)->action.line.interrupted);
    assert_int_equal(call_counts(talk.core)->barge_ins, 1);
    talk_until(&talk, 9700);
    assert_null(talk_next(&talk, DO_SEND)); /* not a byte more of it */
    talk_end(&talk);
}

static void long_voice_stops_karen_without_a_word(void **state)
{
    (void)state;
    struct talk talk = talk_midway();
    talk_at(&talk, 9060, (struct call_event){.kind = EV_VOICE_ON, .at_ms = 9000});
    talk_at(&talk, 9360, (struct call_event){.kind = EV_VOICE_GOING, .voiced_ms = 360});
    assert_null(talk_next(&talk, DO_CLEAR));
    talk_at(&talk, 9420, (struct call_event){.kind = EV_VOICE_GOING, .voiced_ms = 420});
    assert_non_null(talk_next(&talk, DO_CLEAR));
    talk_end(&talk);
}

static void detector_without_counts_is_enough(void **state)
{
    (void)state;
    struct talk talk = talk_midway();
    talk_at(&talk, 9060, (struct call_event){.kind = EV_VOICE_ON, .at_ms = 9000});
    talk_until(&talk, 10000);
    assert_int_equal(talk_next(&talk, DO_CLEAR)->at_ms, 9000 + 420 + 160);
    talk_end(&talk);
}

static void mhm_does_not_stop_karen(void **state)
{
    (void)state;
    struct talk talk = talk_midway();
    talk_says(&talk, 9000, 9350, "Mm-hmm.");
    talk_until(&talk, 14000);
    assert_int_equal(talk_count(&talk, DO_CLEAR), 0);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    assert_non_null(strstr(talk_lines(&talk), "caller: (Mm-hmm.)\n"));
    assert_null(strstr(talk_context(&talk), "Mm-hmm"));
    talk_end(&talk);
}

static void yes_to_a_question_is_an_answer(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Is Jan there?");
    talk_replies(&talk, 6400, "No. Shall I take a message?");
    talk_until(&talk, 7400);
    talk_says(&talk, 7500, 7800, "Yes."); /* 300 ms before the end: an early answer */
    talk_until(&talk, 9000);
    assert_int_equal(talk_count(&talk, DO_ASK), 2);
    talk_end(&talk);
}

static void keys_stop_karen_and_make_a_turn(void **state)
{
    (void)state;
    struct talk talk = talk_midway();
    talk_at(&talk, 9000, (struct call_event){.kind = EV_DTMF, .digit = '4'});
    talk_at(&talk, 9400, (struct call_event){.kind = EV_DTMF, .digit = '2'});
    assert_int_equal(talk_count(&talk, DO_CLEAR), 1);
    talk_until(&talk, 11000);
    assert_int_equal(talk_last(&talk, DO_ASK)->at_ms, 9400 + 1500);
    assert_int_equal(talk_last(&talk, DO_RECORD)->action.line.kind, LINE_DTMF);
    assert_true(str_is(talk_last(&talk, DO_RECORD)->action.line.text, "42"));
    talk_end(&talk);
}

static void cough_silences_karen_and_she_goes_on_where_she_was(void **state)
{
    (void)state;
    struct talk talk = talk_midway();
    voice(&talk, 9000, 9700);
    assert_int_equal(talk_count(&talk, DO_CLEAR), 1);
    talk_until(&talk, 9700 + 160 + 350);
    assert_int_equal(talk_last(&talk, DO_SEND)->at_ms, 9700 + 160 + 350);
    talk_until(&talk, 16000);
    assert_int_equal(talk_phrases(&talk, PHRASE_REPEAT), 0);
    assert_int_equal(talk_count(&talk, DO_CANCEL_REPLY), 0);
    assert_non_null(strstr(talk_lines(&talk),
                           "agent: Jan is out of the office for the whole of this week, I am "
                           "afraid.\n"));
    assert_int_equal(call_counts(talk.core)->barge_ins, 0);
    talk_end(&talk);
}

static void long_noise_that_stopped_karen_is_asked_about(void **state)
{
    (void)state;
    struct talk talk = talk_midway();
    voice(&talk, 9000, 10200);
    talk_until(&talk, 12500);
    assert_int_equal(call_counts(talk.core)->barge_ins, 1);
    assert_int_equal(talk_phrases(&talk, PHRASE_REPEAT), 1);
    talk_end(&talk);
}

static void one_word_makes_karen_wait_for_the_next(void **state)
{
    (void)state;
    struct talk talk = talk_midway();
    talk_at(&talk, 9060, (struct call_event){.kind = EV_VOICE_ON, .at_ms = 9000});
    words(&talk, 9300, "Monday");
    assert_int_equal(talk_last(&talk, DO_CLEAR)->at_ms, 9300);
    assert_int_equal(talk_count(&talk, DO_CANCEL_REPLY), 0);
    assert_int_equal(call_counts(talk.core)->barge_ins, 0);
    words(&talk, 9500, "Monday would");
    assert_int_equal(call_counts(talk.core)->barge_ins, 1);
    assert_int_equal(talk_count(&talk, DO_CLEAR), 1);
    talk_end(&talk);
}

static void some_words_need_no_second_one(void **state)
{
    (void)state;
    struct talk talk = talk_midway();
    talk_at(&talk, 9060, (struct call_event){.kind = EV_VOICE_ON, .at_ms = 9000});
    words(&talk, 9300, "wait");
    assert_int_equal(call_counts(talk.core)->barge_ins, 1);
    talk_end(&talk);
}

static void long_mhm_is_talked_on_after(void **state)
{
    (void)state;
    struct talk talk = talk_midway();
    talk_says(&talk, 9000, 9600, "mhm, okay");
    talk_until(&talk, 16000);
    assert_int_equal(call_counts(talk.core)->holds, 1);
    assert_int_equal(call_counts(talk.core)->barge_ins, 0);
    assert_int_equal(call_counts(talk.core)->turns, 1);
    assert_null(strstr(talk_lines(&talk), "--"));
    talk_end(&talk);
}

static void voice_without_words_is_asked_about_once(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    voice(&talk, 5000, 5600);
    talk_until(&talk, 6600);
    assert_int_equal(talk_phrases(&talk, PHRASE_REPEAT), 1);
    talk_until(&talk, 9000);
    voice(&talk, 9000, 9600);
    talk_until(&talk, 11000);
    assert_int_equal(talk_phrases(&talk, PHRASE_REPEAT), 1); /* not twice in 20 s */
    talk_end(&talk);
}

static void silence_is_asked_about_twice_then_ended(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Is Jan there?");
    talk_replies(&talk, 6500, "No.");
    talk_until(&talk, 60000);
    assert_int_equal(talk_phrases(&talk, PHRASE_STILL_THERE), 1);
    assert_int_equal(talk_phrases(&talk, PHRASE_STILL_THERE_2), 1);
    assert_int_equal(talk_phrases(&talk, PHRASE_SILENT_GOODBYE), 1);
    assert_true(str_is(talk_next(&talk, DO_HANG_UP)->action.text, "silence"));
    assert_true(talk.now_ms < 60001 && call_ended(talk.core));
    talk_end(&talk);
}

static void silence_after_the_greeting_is_asked_about_sooner(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_until(&talk, 8500); /* the greeting ended before 3,900 */
    assert_int_equal(talk_phrases(&talk, PHRASE_STILL_THERE), 1);
    talk_end(&talk);
}

static void words_reset_the_silence(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_until(&talk, 9500);
    talk_says(&talk, 10000, 10500, "Yes, hello?");
    talk_replies(&talk, 11000, "How can I help?");
    talk_until(&talk, 16000);
    assert_int_equal(talk_phrases(&talk, PHRASE_STILL_THERE), 1);
    talk_until(&talk, 19000);
    assert_int_equal(talk_phrases(&talk, PHRASE_STILL_THERE), 2);
    talk_end(&talk);
}

static void slow_model_gets_one_filler(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Is Jan there?");
    talk_until(&talk, 8000);
    assert_int_equal(talk_phrases(&talk, PHRASE_FILLER), 1);
    assert_int_equal(talk_last(&talk, DO_SYNTH)->at_ms, 6280 + 700);
    talk_replies(&talk, 8100, "He is out.");
    talk_until(&talk, 10000);
    assert_non_null(strstr(talk_lines(&talk), "agent: One moment, please.\nagent: He is out.\n"));
    talk_end(&talk);
}

static void no_fillers_two_turns_running(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Is Jan there?");
    talk_replies(&talk, 7500, "He is out.");
    talk_until(&talk, 10000);
    talk_says(&talk, 10500, 11000, "When is he back?");
    talk_replies(&talk, 12800, "At five.");
    talk_until(&talk, 14000);
    assert_int_equal(talk_phrases(&talk, PHRASE_FILLER), 1);
    talk_end(&talk);
}

static void call_has_a_longest_duration(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    for (int64_t at = 5000; at < 125000; at += 5000) {
        talk_says(&talk, at, at + 1000, "Is Jan there?");
        talk_replies(&talk, at + 1600, "No.");
    }
    talk_until(&talk, 130000);
    assert_int_equal(talk_phrases(&talk, PHRASE_TIME_UP), 1);
    assert_true(str_is(talk_last(&talk, DO_HANG_UP)->action.text, "time"));
    assert_true(talk_last(&talk, DO_HANG_UP)->at_ms < 125000);
    assert_true(call_ended(talk.core));
    talk_end(&talk);
}

static void asked_to_end_karen_says_goodbye(void **state)
{
    (void)state;
    struct talk talk = talk_midway();
    talk_at(&talk, 9000, (struct call_event){.kind = EV_END_ASKED, .text = str_of("drained")});
    talk_until(&talk, 11000);
    assert_int_equal(talk_phrases(&talk, PHRASE_GOODBYE), 1);
    assert_true(str_is(talk_last(&talk, DO_HANG_UP)->action.text, "drained"));
    talk_end(&talk);
}

static void hang_up_at_any_time_settles_the_transcript(void **state)
{
    (void)state;
    struct talk talk = talk_midway();
    words(&talk, 9000, "mhm");
    talk_at(&talk, 9300, (struct call_event){.kind = EV_GONE});
    assert_true(call_ended(talk.core));
    assert_int_equal(talk_count(&talk, DO_ENDED), 1);
    const char *lines = talk_lines(&talk);
    assert_non_null(strstr(lines, "agent: Jan is out of the office for the whole --\n"));
    assert_non_null(strstr(lines, "caller: mhm\n"));
    talk_at(&talk, 9400, (struct call_event){.kind = EV_GONE});
    assert_int_equal(talk_count(&talk, DO_ENDED), 1);
    talk_end(&talk);
}

static void news_of_an_abandoned_answer_is_ignored(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "I would like to speak to Jan");
    talk_says(&talk, 6700, 7500, "about the invoice");
    talk_until(&talk, 8100);
    size_t count = talk.count;
    uint32_t stale = call_counts(talk.core)->stale_events;
    talk_at(&talk, 8100,
            (struct call_event){.kind = EV_REPLY_TEXT, .gen = 1, .text = str_of("Old news. Bad.")});
    talk_at(&talk, 8100, (struct call_event){.kind = EV_REPLY_DONE, .gen = 1});
    assert_int_equal(talk.count, count);
    assert_int_equal(call_counts(talk.core)->stale_events, stale + 2);
    talk_end(&talk);
}

static void words_of_an_old_connection_are_ignored(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_at(&talk, 5000, (struct call_event){.kind = EV_STT_UP, .conn = 2});
    talk_at(&talk, 5100,
            (struct call_event){.kind = EV_WORDS_FINAL, .conn = 1, .text = str_of("ghosts")});
    talk_until(&talk, 7000);
    assert_int_equal(talk_count(&talk, DO_ASK), 0);
    talk_end(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greeting_goes_out_at_once),
        cmocka_unit_test(nothing_is_said_before_the_stream_is_open),
        cmocka_unit_test(tenant_without_greeting_gets_the_disclosure),
        cmocka_unit_test(disclosure_is_heard_whatever_the_caller_says),
        cmocka_unit_test(greeting_gives_way_to_the_caller),
        cmocka_unit_test(caller_is_answered_once),
        cmocka_unit_test(turn_is_sure_by_how_finished_it_sounds),
        cmocka_unit_test(number_that_was_asked_for_is_waited_for),
        cmocka_unit_test(number_that_was_only_mentioned_is_not_waited_for),
        cmocka_unit_test(recogniser_is_told_of_each_pause_once),
        cmocka_unit_test(interim_counts_when_no_final_comes),
        cmocka_unit_test(words_alone_make_a_turn),
        cmocka_unit_test(noise_without_end_does_not_hold_the_turn),
        cmocka_unit_test(late_final_amends_the_same_turn),
        cmocka_unit_test(late_final_with_the_same_words_changes_nothing),
        cmocka_unit_test(caller_who_goes_on_keeps_the_turn),
        cmocka_unit_test(reply_waits_for_silence),
        cmocka_unit_test(speech_begins_with_the_first_clause),
        cmocka_unit_test(caller_talks_over_karen),
        cmocka_unit_test(long_voice_stops_karen_without_a_word),
        cmocka_unit_test(detector_without_counts_is_enough),
        cmocka_unit_test(mhm_does_not_stop_karen),
        cmocka_unit_test(yes_to_a_question_is_an_answer),
        cmocka_unit_test(keys_stop_karen_and_make_a_turn),
        cmocka_unit_test(cough_silences_karen_and_she_goes_on_where_she_was),
        cmocka_unit_test(long_noise_that_stopped_karen_is_asked_about),
        cmocka_unit_test(one_word_makes_karen_wait_for_the_next),
        cmocka_unit_test(some_words_need_no_second_one),
        cmocka_unit_test(long_mhm_is_talked_on_after),
        cmocka_unit_test(voice_without_words_is_asked_about_once),
        cmocka_unit_test(silence_is_asked_about_twice_then_ended),
        cmocka_unit_test(silence_after_the_greeting_is_asked_about_sooner),
        cmocka_unit_test(words_reset_the_silence),
        cmocka_unit_test(slow_model_gets_one_filler),
        cmocka_unit_test(no_fillers_two_turns_running),
        cmocka_unit_test(call_has_a_longest_duration),
        cmocka_unit_test(asked_to_end_karen_says_goodbye),
        cmocka_unit_test(hang_up_at_any_time_settles_the_transcript),
        cmocka_unit_test(news_of_an_abandoned_answer_is_ignored),
        cmocka_unit_test(words_of_an_old_connection_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
