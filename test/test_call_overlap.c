/* test/test_call_overlap.c: somebody is heard while Karen speaks: she goes on softer at once, and
 * is not fooled by her own words coming back. */
#include "base/mem.h"
#include "test/talk.h"
#include "test/test.h"

static const char reply[] = "Jan is in a meeting until four o'clock today, may I take a message?";

/* The answer is heard from 6,520 on for some four seconds. */
static struct talk talk_answered(void)
{
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "I want to speak to Jan");
    talk_replies(&talk, 6300, reply);
    talk_until(&talk, 7500);
    assert_true(talk_last(&talk, DO_SEND)->action.gen != 0);
    return talk;
}

static bool is_sent_softly(const struct talk *talk)
{
    return talk_last(talk, DO_SEND)->action.ducked;
}

static void nothing_is_soft_while_nobody_speaks(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    for (size_t i = 0; i < talk.count; i++)
        assert_false(talk.actions[i].action.ducked);
    talk_end(&talk);
}

static void karen_goes_on_softer_as_soon_as_somebody_speaks(void **state)
{
    (void)state;
    struct talk talk = talk_answered();
    assert_false(is_sent_softly(&talk));
    talk_voice_on(&talk, 7500);
    talk_until(&talk, 7500 + 160);
    assert_true(is_sent_softly(&talk));
    assert_int_equal(talk_count(&talk, DO_CLEAR), 0);
    talk_voice_off(&talk, 7800);
    talk_until(&talk, 7800 + 160 + 200 - 1);
    assert_true(is_sent_softly(&talk));
    talk_until(&talk, 7800 + 160 + 200 + 100);
    assert_false(is_sent_softly(&talk));
    talk_until(&talk, 12000);
    assert_non_null(strstr(talk_lines(&talk), reply)); /* all of it was heard */
    talk_end(&talk);
}

static void less_is_sent_ahead_while_somebody_speaks(void **state)
{
    (void)state;
    struct talk talk = talk_answered();
    talk_voice_on(&talk, 7500);
    talk_until(&talk, 7870); /* before it is long enough to silence her */
    const struct talk_action *last = talk_last(&talk, DO_SEND);
    assert_true(last->action.bytes <= 60 * CALL_BYTES_PER_MS);
    assert_true(talk.play_end_ms - last->at_ms <= 160);
    talk_end(&talk);
}

static void noise_without_end_does_not_keep_karen_soft(void **state)
{
    (void)state;
    struct talk talk = talk_answered();
    talk_at(&talk, 7600, (struct call_event){.kind = EV_VOICE_ON, .at_ms = 4000});
    talk_until(&talk, 7750);
    assert_false(is_sent_softly(&talk)); /* no word in all that time */
    talk_end(&talk);
}

static void her_own_words_coming_back_are_nobodys(void **state)
{
    (void)state;
    struct talk talk = talk_answered();
    talk_voice_on(&talk, 7400);
    talk_interim(&talk, 7700, 6900, 7600, "is in a meeting");
    talk_voice_off(&talk, 7900);
    talk_final(&talk, 8200, 6900, 8100, "Is in a meeting until for.");
    talk_until(&talk, 14000);
    assert_int_equal(call_counts(talk.core)->turns, 1);
    assert_int_equal(call_counts(talk.core)->barge_ins, 0);
    assert_int_equal(call_counts(talk.core)->echoes, 1);
    assert_non_null(strstr(talk_lines(&talk), reply));
    assert_null(strstr(talk_lines(&talk), "until for"));
    talk_end(&talk);
}

static void where_karen_comes_back_a_voice_alone_does_not_silence_her(void **state)
{
    (void)state;
    struct talk talk = talk_answered();
    talk_voice_on(&talk, 7400);
    talk_interim(&talk, 7700, 6900, 7600, "is in a meeting");
    talk_until(&talk, 9000); /* the voice goes on and on */
    assert_int_equal(talk_count(&talk, DO_CLEAR), 0);
    talk_interim(&talk, 9000, 6900, 8900, "is in a meeting stop stop please");
    assert_int_equal(talk_count(&talk, DO_CLEAR), 1); /* but words do */
    assert_int_equal(call_counts(talk.core)->barge_ins, 1);
    talk_voice_off(&talk, 9100);
    talk_final(&talk, 9400, 6900, 8900, "is in a meeting stop stop please");
    talk_until(&talk, 11000);
    assert_non_null(strstr(talk_lines(&talk), "caller: stop stop please\n"));
    talk_end(&talk);
}

static void caller_who_answers_in_karens_words_is_heard(void **state)
{
    (void)state;
    struct talk talk = talk_answered();
    talk_until(&talk, 12000);
    talk_says(&talk, 12000, 13500, "Yes, may you take a message, until four o'clock");
    talk_until(&talk, 15500);
    assert_int_equal(call_counts(talk.core)->turns, 2);
    assert_int_equal(call_counts(talk.core)->echoes, 0);
    talk_end(&talk);
}

static void one_word_of_hers_may_be_the_callers(void **state)
{
    (void)state;
    struct talk talk = talk_answered();
    talk_voice_on(&talk, 7600);
    talk_interim(&talk, 8000, 7600, 7900, "meeting until when");
    assert_int_equal(call_counts(talk.core)->echoes, 0);
    assert_int_equal(call_counts(talk.core)->barge_ins, 1);
    talk_end(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_soft_while_nobody_speaks),
        cmocka_unit_test(karen_goes_on_softer_as_soon_as_somebody_speaks),
        cmocka_unit_test(less_is_sent_ahead_while_somebody_speaks),
        cmocka_unit_test(noise_without_end_does_not_keep_karen_soft),
        cmocka_unit_test(her_own_words_coming_back_are_nobodys),
        cmocka_unit_test(where_karen_comes_back_a_voice_alone_does_not_silence_her),
        cmocka_unit_test(caller_who_answers_in_karens_words_is_heard),
        cmocka_unit_test(one_word_of_hers_may_be_the_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
