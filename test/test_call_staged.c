/* test/test_call_staged.c: an answer is begun before it is sure that the caller has finished, and
 * nobody notices but by how soon it comes. */
#include "base/mem.h"
#include "test/talk.h"
#include "test/test.h"

#include <stdio.h>
#include <string.h>

/* From 5,000 to 6,000 the caller says something that a stranger has to be silent 1,200 ms after;
 * its words are there while he speaks, and final soon after. */
static struct talk talk_paused(void)
{
    struct talk talk = talk_begin();
    talk_voice_on(&talk, 5000);
    talk_interim(&talk, 5900, 5000, 5900, "speak to Jan");
    talk_voice_off(&talk, 6000);
    return talk;
}

static size_t caller_lines(const struct talk *talk)
{
    size_t lines = 0;
    for (size_t i = 0; i < talk->count; i++)
        lines += talk->actions[i].action.kind == DO_RECORD &&
                 talk->actions[i].action.line.speaker == SPEAKER_CALLER;
    return lines;
}

/* The first sound of an answer; -1: none yet. */
static int64_t answer_ms(const struct talk *talk)
{
    for (size_t i = 0; i < talk->count; i++)
        if (talk->actions[i].action.kind == DO_SEND && talk->actions[i].action.gen)
            return talk->actions[i].at_ms;
    return -1;
}

static void answer_is_begun_at_the_pause_and_heard_when_the_turn_is_sure(void **state)
{
    (void)state;
    struct talk talk = talk_paused();
    talk_until(&talk, 6161);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    assert_int_equal(caller_lines(&talk), 0);
    talk_replies(&talk, 6300, "Who shall I say is calling?");
    assert_int_equal(talk_last(&talk, DO_SYNTH)->at_ms, 6300);
    talk_final(&talk, 6400, 5000, 5900, "speak to Jan.");
    talk_until(&talk, 7199);
    assert_int_equal(answer_ms(&talk), -1);
    talk_until(&talk, 8000);
    assert_int_equal(answer_ms(&talk), 7200);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    assert_int_equal(caller_lines(&talk), 1);
    assert_non_null(strstr(talk_lines(&talk), "caller: speak to Jan.\n"));
    assert_int_equal(call_counts(talk.core)->staged, 1);
    assert_int_equal(call_counts(talk.core)->staged_in_vain, 0);
    talk_until(&talk, 12000);
    const struct call_stages *stages = &talk_last(&talk, DO_RECORD)->action.line.stages;
    assert_int_equal(stages->last_voice_ms, 6000);
    assert_int_equal(stages->asked_ms, 6160);
    assert_int_equal(stages->reply_first_ms, 6300);
    assert_int_equal(stages->clip_first_ms, 6300);
    assert_int_equal(stages->commit_ms, 7200);
    assert_int_equal(stages->sent_first_ms, 7200);
    assert_true(stages->heard_ms > 7200 && stages->heard_ms <= 7300);
    talk_end(&talk);
}

static void whoever_goes_on_has_said_one_thing_and_gets_one_answer(void **state)
{
    (void)state;
    struct talk talk = talk_paused();
    talk_replies(&talk, 6300, "Who shall I say is calling?");
    talk_voice_on(&talk, 6350);
    talk_interim(&talk, 6700, 5000, 6650, "speak to Jan please");
    assert_int_equal(talk_last(&talk, DO_DROP_CLIP)->at_ms, 6700);
    talk_voice_off(&talk, 6900);
    talk_final(&talk, 7200, 5000, 6850, "speak to Jan, please.");
    talk_until(&talk, 7200);
    assert_int_equal(talk_count(&talk, DO_ASK), 2);
    talk_replies(&talk, 7210, "Who is calling?");
    talk_until(&talk, 10000);
    assert_int_equal(caller_lines(&talk), 1);
    assert_non_null(strstr(talk_lines(&talk), "caller: speak to Jan, please.\n"
                                              "agent: Who is calling?\n"));
    assert_null(strstr(talk_context(&talk), "Who shall I say"));
    assert_int_equal(call_counts(talk.core)->turns, 1);
    assert_int_equal(call_counts(talk.core)->staged_in_vain, 1);
    talk_end(&talk);
}

static void sound_without_words_only_delays_the_answer(void **state)
{
    (void)state;
    struct talk talk = talk_paused();
    talk_replies(&talk, 6200, "Who is calling?");
    talk_final(&talk, 6250, 5000, 5900, "speak to Jan.");
    talk_voice_on(&talk, 6300); /* a cough */
    talk_voice_off(&talk, 6600);
    talk_until(&talk, 9000);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    assert_int_equal(answer_ms(&talk), 6600 + 1200);
    talk_end(&talk);
}

static void words_that_sound_unfinished_are_not_answered_yet(void **state)
{
    (void)state;
    static const char *const unfinished[] = {"I am calling about the",
                                             "my number is five five one"};
    for (size_t i = 0; i < countof(unfinished); i++) {
        struct talk talk = talk_begin();
        talk_says(&talk, 5000, 6000, unfinished[i]);
        talk_until(&talk, 7100);
        assert_int_equal(talk_count(&talk, DO_ASK), 0);
        talk_end(&talk);
    }
}

static void words_that_do_not_reach_the_pause_are_waited_for(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_voice_on(&talk, 5000);
    talk_interim(&talk, 5900, 5000, 5600, "speak to Jan");
    talk_voice_off(&talk, 6000);
    talk_until(&talk, 6299);
    assert_int_equal(talk_count(&talk, DO_ASK), 0);
    talk_final(&talk, 6300, 5000, 5950, "speak to Jan Novak.");
    talk_until(&talk, 9000);
    assert_int_equal(talk_last(&talk, DO_ASK)->at_ms, 6300);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    talk_end(&talk);
}

static void tool_waits_until_the_turn_is_sure(void **state)
{
    (void)state;
    struct talk talk = talk_paused();
    talk_tool(&talk, 6300, "t1", "take_message", "{\"reason\":\"Jan\"}");
    talk_done(&talk, 6310);
    talk_final(&talk, 6320, 5000, 5900, "speak to Jan.");
    talk_until(&talk, 7199);
    assert_int_equal(talk_count(&talk, DO_TOOL), 0);
    talk_until(&talk, 7201);
    assert_int_equal(talk_count(&talk, DO_TOOL), 1);
    assert_int_equal(talk_last(&talk, DO_TOOL)->at_ms, 7200);
    talk_end(&talk);
}

static void tool_of_an_answer_given_up_is_never_run(void **state)
{
    (void)state;
    struct talk talk = talk_paused();
    talk_tool(&talk, 6300, "t1", "end_call", "{}");
    talk_done(&talk, 6310);
    talk_voice_on(&talk, 6350);
    talk_interim(&talk, 6700, 5000, 6650, "speak to Jan about a flat");
    talk_voice_off(&talk, 6900);
    talk_final(&talk, 7000, 5000, 6850, "speak to Jan about a flat.");
    talk_replies(&talk, 7300, "Which one?");
    talk_until(&talk, 12000);
    assert_null(strstr(talk_context(&talk), "end_call"));
    assert_string_equal(call_state_name(talk.core), "listening");
    talk_end(&talk);
}

static void answer_that_failed_in_secret_is_asked_for_again(void **state)
{
    (void)state;
    struct talk talk = talk_paused();
    talk_final(&talk, 6250, 5000, 5900, "speak to Jan.");
    talk_at(&talk, 6300, (struct call_event){.kind = EV_REPLY_FAILED, .gen = 1, .err = 5});
    talk_until(&talk, 7201);
    assert_int_equal(talk_count(&talk, DO_ASK), 2);
    talk_replies(&talk, 7400, "Who is calling?");
    talk_until(&talk, 9000);
    assert_int_equal(talk_phrases(&talk, PHRASE_TROUBLE), 0);
    assert_int_equal(answer_ms(&talk), 7400);
    talk_end(&talk);
}

static void only_the_first_words_are_spoken_in_advance(void **state)
{
    (void)state;
    struct talk talk = talk_paused();
    talk_replies(&talk, 6200,
                 "He is out. He comes back on Monday. Shall I take a message for him?");
    size_t before = talk_count(&talk, DO_SYNTH);
    talk_final(&talk, 6250, 5000, 5900, "speak to Jan.");
    talk_until(&talk, 7199);
    assert_int_equal(talk_count(&talk, DO_SYNTH), before);
    talk_until(&talk, 7201);
    assert_true(talk_count(&talk, DO_SYNTH) > before);
    talk_end(&talk);
}

static void hanging_up_leaves_what_was_said(void **state)
{
    (void)state;
    struct talk talk = talk_paused();
    talk_at(&talk, 6300, (struct call_event){.kind = EV_GONE});
    assert_int_equal(caller_lines(&talk), 1);
    assert_int_equal(talk_count(&talk, DO_CANCEL_REPLY), 1);
    assert_true(call_ended(talk.core));
    talk_end(&talk);
}

static void patience_with_one_turn_has_an_end(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    int64_t at_ms = 5000;
    char said[200] = "I want";
    for (int i = 0; i < 6; i++, at_ms += 750) {
        char word[20];
        snprintf(word, sizeof(word), " word%c", (char)('a' + i));
        strcat(said, word);
        talk_voice_on(&talk, at_ms);
        talk_interim(&talk, at_ms + 400, 5000, at_ms + 380, said);
        talk_voice_off(&talk, at_ms + 400);
    }
    talk_until(&talk, at_ms + 2000);
    assert_true(talk_count(&talk, DO_ASK) <= 3);
    assert_int_equal(call_counts(talk.core)->turns, 1);
    talk_end(&talk);
}

/* Says so much, pauses for so long, and goes on. */
static void pause_within(struct talk *talk, int64_t from_ms, int64_t pause_ms)
{
    talk_voice_on(talk, from_ms);
    talk_interim(talk, from_ms + 900, from_ms, from_ms + 900, "speak to Jan");
    talk_voice_off(talk, from_ms + 1000);
    talk_voice_on(talk, from_ms + 1000 + pause_ms);
    talk_interim(talk, from_ms + 1700 + pause_ms, from_ms, from_ms + 1600 + pause_ms,
                 "word for Jan please of roofs");
    talk_voice_off(talk, from_ms + 1800 + pause_ms);
    talk_final(talk, from_ms + 2000 + pause_ms, from_ms, from_ms + 1700 + pause_ms,
               "word for Jan please of roofs");
    talk_until(talk, from_ms + 4500 + pause_ms);
}

/* How long the silence was that made the last turn sure. */
static int64_t waited_ms(const struct talk *talk)
{
    const struct call_stages *stages = call_stages(talk->core);
    return stages->commit_ms - stages->last_voice_ms;
}

static void caller_who_pauses_long_is_waited_for_longer(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    pause_within(&talk, 5000, 480);
    assert_int_equal(waited_ms(&talk), 1200); /* one pause says little */
    pause_within(&talk, 15000, 500);
    assert_true(waited_ms(&talk) > 580 && waited_ms(&talk) <= 640);
    talk_end(&talk);
}

static void caller_who_hardly_pauses_is_answered_sooner(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    pause_within(&talk, 5000, 220);
    pause_within(&talk, 15000, 240);
    assert_int_equal(waited_ms(&talk), 420); /* never less */
    talk_end(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_is_begun_at_the_pause_and_heard_when_the_turn_is_sure),
        cmocka_unit_test(whoever_goes_on_has_said_one_thing_and_gets_one_answer),
        cmocka_unit_test(sound_without_words_only_delays_the_answer),
        cmocka_unit_test(words_that_sound_unfinished_are_not_answered_yet),
        cmocka_unit_test(words_that_do_not_reach_the_pause_are_waited_for),
        cmocka_unit_test(tool_waits_until_the_turn_is_sure),
        cmocka_unit_test(tool_of_an_answer_given_up_is_never_run),
        cmocka_unit_test(answer_that_failed_in_secret_is_asked_for_again),
        cmocka_unit_test(only_the_first_words_are_spoken_in_advance),
        cmocka_unit_test(hanging_up_leaves_what_was_said),
        cmocka_unit_test(patience_with_one_turn_has_an_end),
        cmocka_unit_test(caller_who_pauses_long_is_waited_for_longer),
        cmocka_unit_test(caller_who_hardly_pauses_is_answered_sooner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
