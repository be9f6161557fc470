/* test/test_call_turns.c: a recogniser that finds the turns itself: it is believed, watched, and
 * never makes two turns of one. */
#include "base/mem.h"
#include "test/talk.h"
#include "test/test.h"

#include <string.h>

/* What it says of a turn that began at from_ms. */
enum told { GOES_ON, EAGER, RESUMED, OVER };
static void tells(struct talk *talk, int64_t at_ms, enum told told, uint32_t turn, int64_t from_ms,
                  int64_t to_ms, const char *text)
{
    talk_at(talk, at_ms,
            (struct call_event){.kind = told == OVER ? EV_WORDS_FINAL : EV_WORDS,
                                .turn = turn,
                                .eager = told == EAGER,
                                .resumed = told == RESUMED,
                                .turn_over = told == OVER,
                                .at_ms = from_ms,
                                .end_ms = to_ms,
                                .confidence = 0.9f,
                                .text = str_of(text)});
}

/* Voice from 5,000 to 6,000, and the words while it goes on. */
static struct talk talk_said(const char *words)
{
    struct talk talk = talk_begin();
    talk_voice_on(&talk, 5000);
    tells(&talk, 5900, GOES_ON, 1, 5000, 5900, words);
    talk_voice_off(&talk, 6000);
    return talk;
}

static int64_t answer_ms(struct talk *talk)
{
    for (size_t i = 0; i < talk->count; i++)
        if (talk->actions[i].action.kind == DO_SEND && talk->actions[i].action.gen)
            return talk->actions[i].at_ms;
    return -1;
}

static void end_of_a_turn_is_answered_at_once(void **state)
{
    (void)state;
    struct talk talk = talk_said("I want to speak to Jan and");
    talk_until(&talk, 6209);
    assert_int_equal(talk_count(&talk, DO_ASK), 0); /* by the words alone it would be too soon */
    tells(&talk, 6210, OVER, 1, 5000, 5950, "I want to speak to Jan and.");
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    assert_int_equal(call_counts(talk.core)->turns, 1);
    assert_non_null(strstr(talk_lines(&talk), "caller: I want to speak to Jan and.\n"));
    talk_end(&talk);
}

static void answer_begun_eagerly_is_heard_when_the_turn_is_over(void **state)
{
    (void)state;
    struct talk talk = talk_said("I want to speak to Jan");
    tells(&talk, 6180, EAGER, 1, 5000, 5900, "I want to speak to Jan.");
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    assert_null(strstr(talk_lines(&talk), "caller:"));
    talk_replies(&talk, 6300, "Who shall I say is calling?");
    talk_until(&talk, 6700); /* longer than silence alone would need with another recogniser */
    assert_int_equal(answer_ms(&talk), -1);
    tells(&talk, 6700, OVER, 1, 5000, 5900, "I want to speak to Jan.");
    assert_int_equal(answer_ms(&talk), 6700);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    assert_non_null(strstr(talk_lines(&talk), "caller: I want to speak to Jan.\n"));
    talk_end(&talk);
}

static void eager_words_in_the_voice_are_answered_when_it_is_off(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_voice_on(&talk, 5000);
    tells(&talk, 6050, EAGER, 1, 5000, 5950, "Is Jan there?");
    assert_int_equal(talk_count(&talk, DO_ASK), 0);
    talk_voice_off(&talk, 6000);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    talk_end(&talk);
}

static void resumed_turn_is_one_turn_with_one_answer(void **state)
{
    (void)state;
    struct talk talk = talk_said("I want to speak to Jan");
    tells(&talk, 6180, EAGER, 1, 5000, 5900, "I want to speak to Jan.");
    talk_replies(&talk, 6300, "Who shall I say is calling?");
    tells(&talk, 6500, RESUMED, 1, 5000, 5900, "I want to speak to Jan");
    assert_true(talk_count(&talk, DO_DROP_CLIP) > 0);
    tells(&talk, 6700, GOES_ON, 1, 5000, 6650, "I want to speak to Jan or Eva");
    tells(&talk, 7100, OVER, 1, 5000, 6650, "I want to speak to Jan or Eva.");
    talk_replies(&talk, 7400, "Eva is here.");
    talk_until(&talk, 9000);
    assert_int_equal(call_counts(talk.core)->turns, 1);
    assert_int_equal(call_counts(talk.core)->staged_in_vain, 1);
    assert_non_null(strstr(talk_lines(&talk), "caller: I want to speak to Jan or Eva.\n"));
    assert_null(strstr(talk_lines(&talk), "Who shall"));
    talk_end(&talk);
}

static void end_that_is_not_noticed_is_found_by_silence(void **state)
{
    (void)state;
    struct talk talk = talk_said("I want to speak to Jan.");
    talk_until(&talk, 7499);
    assert_int_equal(call_counts(talk.core)->turns, 0);
    talk_until(&talk, 7500);
    assert_int_equal(call_counts(talk.core)->turns, 1);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    talk_end(&talk);
}

static void late_end_of_a_turn_is_no_second_turn(void **state)
{
    (void)state;
    struct talk talk = talk_said("I want to speak to Jan");
    talk_until(&talk, 7500);
    talk_replies(&talk, 7700, "Who shall I say is calling?");
    tells(&talk, 7900, OVER, 1, 5000, 5900, "I want to speak to Jan.");
    tells(&talk, 7950, OVER, 1, 5000, 5900, "");
    talk_until(&talk, 12000);
    assert_int_equal(call_counts(talk.core)->turns, 1);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    assert_non_null(strstr(talk_lines(&talk), "caller: I want to speak to Jan"));
    assert_non_null(strstr(talk_lines(&talk), "agent: Who shall I say is calling?\n"));
    talk_end(&talk);
}

static void number_is_not_cut_by_an_early_end(void **state)
{
    (void)state;
    struct talk talk = talk_said("My number is 777 123");
    tells(&talk, 6180, EAGER, 1, 5000, 5900, "My number is 777 123");
    tells(&talk, 6300, OVER, 1, 5000, 5900, "My number is 777 123");
    talk_until(&talk, 7499);
    assert_int_equal(talk_count(&talk, DO_ASK), 0);
    talk_until(&talk, 7500);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    talk_end(&talk);
}

/* Karen's answer is being heard from 6,700 on, for several seconds. */
static struct talk talk_answering(void)
{
    struct talk talk = talk_said("Is Jan there?");
    tells(&talk, 6300, OVER, 1, 5000, 5900, "Is Jan there?");
    talk_replies(&talk, 6600,
                 "He is in a meeting until three, but I can take a message for him right now.");
    talk_until(&talk, 7500);
    return talk;
}

static void only_a_mhm_over_karen_is_no_turn_and_she_goes_on(void **state)
{
    (void)state;
    struct talk talk = talk_answering();
    talk_voice_on(&talk, 7500);
    talk_voice_off(&talk, 8000); /* long enough to silence her */
    assert_int_equal(call_counts(talk.core)->holds, 1);
    tells(&talk, 8200, GOES_ON, 2, 7500, 8000, "yeah");
    tells(&talk, 8250, OVER, 2, 7500, 8000, "Yeah.");
    assert_int_equal(talk_last(&talk, DO_SEND)->at_ms, 8250);
    talk_until(&talk, 14000);
    assert_int_equal(call_counts(talk.core)->turns, 1);
    assert_int_equal(call_counts(talk.core)->barge_ins, 0);
    assert_non_null(strstr(talk_lines(&talk), "right now.\n"));
    talk_end(&talk);
}

static void words_over_karen_take_the_floor(void **state)
{
    (void)state;
    struct talk talk = talk_answering();
    talk_voice_on(&talk, 7500);
    tells(&talk, 7900, GOES_ON, 2, 7500, 7850, "wait please");
    assert_int_equal(call_counts(talk.core)->barge_ins, 1);
    talk_voice_off(&talk, 8000);
    tells(&talk, 8400, OVER, 2, 7500, 7950, "Wait, please.");
    assert_int_equal(call_counts(talk.core)->turns, 2);
    talk_end(&talk);
}

static void voice_that_goes_on_without_words_is_noise(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_voice_on(&talk, 5000);
    tells(&talk, 6400, OVER, 1, 5000, 5800, "Is Jan there?");
    assert_int_equal(call_counts(talk.core)->turns, 1);
    talk_end(&talk);
}

static void new_voice_at_the_end_of_a_turn_is_waited_for(void **state)
{
    (void)state;
    struct talk talk = talk_said("Is Jan there");
    talk_voice_on(&talk, 6300);
    tells(&talk, 6400, OVER, 1, 5000, 5900, "Is Jan there?");
    assert_int_equal(call_counts(talk.core)->turns, 0);
    tells(&talk, 6700, GOES_ON, 2, 6250, 6600, "or Eva");
    talk_voice_off(&talk, 6700);
    tells(&talk, 7100, OVER, 2, 6250, 6650, "Or Eva?");
    assert_int_equal(call_counts(talk.core)->turns, 1);
    assert_non_null(strstr(talk_lines(&talk), "caller: Is Jan there? Or Eva?\n"));
    talk_end(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(end_of_a_turn_is_answered_at_once),
        cmocka_unit_test(answer_begun_eagerly_is_heard_when_the_turn_is_over),
        cmocka_unit_test(eager_words_in_the_voice_are_answered_when_it_is_off),
        cmocka_unit_test(resumed_turn_is_one_turn_with_one_answer),
        cmocka_unit_test(end_that_is_not_noticed_is_found_by_silence),
        cmocka_unit_test(late_end_of_a_turn_is_no_second_turn),
        cmocka_unit_test(number_is_not_cut_by_an_early_end),
        cmocka_unit_test(only_a_mhm_over_karen_is_no_turn_and_she_goes_on),
        cmocka_unit_test(words_over_karen_take_the_floor),
        cmocka_unit_test(voice_that_goes_on_without_words_is_noise),
        cmocka_unit_test(new_voice_at_the_end_of_a_turn_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
