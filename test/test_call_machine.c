/* test/test_call_machine.c: callers that are no person, and persons who only sound a little like
 * one: each rule with what fires it and with what must not. */
#include "base/mem.h"
#include "test/talk.h"
#include "test/test.h"

static bool left_because_of(const struct talk *talk, const char *why)
{
    const struct talk_action *last = talk_last(talk, DO_HANG_UP);
    return last && str_is(last->action.text, why);
}

static void announcement_is_written_down_but_not_answered(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 8000, "This is an automated message from your dentist.");
    talk_says(&talk, 9500, 12000, "Your appointment is on Monday at nine.");
    talk_until(&talk, 12000 + 7999);
    assert_int_equal(talk_count(&talk, DO_HANG_UP), 0);
    talk_until(&talk, 30000);
    assert_int_equal(talk_phrases(&talk, PHRASE_STILL_THERE), 0);
    assert_true(left_because_of(&talk, "machine"));
    assert_non_null(strstr(talk_lines(&talk), "caller: This is an automated message from your "
                                              "dentist.\ncaller: Your appointment is on Monday at "
                                              "nine.\n"));
    assert_int_equal(call_counts(talk.core)->machines, 1);
    talk_end(&talk);
}

static void announcement_that_never_ends_is_left(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    static const char *const words[] = {"Your call is important to us.", "To wait, press two.",
                                        "All our agents are talking to others."};
    for (int64_t i = 0; i < 20 && !talk_count(&talk, DO_HANG_UP); i++)
        talk_says(&talk, 5000 + i * 4500, 8000 + i * 4500, words[(size_t)i % countof(words)]);
    assert_true(left_because_of(&talk, "machine"));
    assert_true(talk_last(&talk, DO_HANG_UP)->at_ms < 5000 + 60000 + 5000);
    talk_end(&talk);
}

static void menus_are_known_in_every_language(void **state)
{
    (void)state;
    static const struct {
        const char *language, *words;
    } menus[] = {
        {"cs", "Pro spojení s operátorem stiskněte jedničku."},
        {"sk", "Pre spojenie s operátorom stlačte jednotku."},
        {"en", "To speak to an agent, press one."},
        {"de", "Für einen Mitarbeiter drücken Sie die Eins."},
    };
    for (size_t i = 0; i < countof(menus); i++) {
        struct call_setup setup = talk_setup();
        setup.language = menus[i].language;
        struct talk talk = talk_new(&setup);
        talk_at(&talk, 0, (struct call_event){.kind = EV_STARTED});
        talk_until(&talk, 4900);
        talk_says(&talk, 5000, 8000, menus[i].words);
        talk_until(&talk, 20000);
        assert_true(left_because_of(&talk, "machine"));
        talk_end(&talk);
    }
}

static void person_who_says_one_moment_is_waited_for_as_ever(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "One moment, please.");
    talk_replies(&talk, 6600, "Of course.");
    talk_until(&talk, 15000);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    assert_int_equal(talk_phrases(&talk, PHRASE_STILL_THERE), 1);
    assert_int_equal(call_counts(talk.core)->machines, 0);
    talk_end(&talk);
}

static void person_who_talks_of_leaving_a_message_is_answered(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 7000, "Hello, could I leave a message for Jan?");
    talk_until(&talk, 8000);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    assert_int_equal(call_counts(talk.core)->machines, 0);
    talk_end(&talk);
}

static void person_who_comes_after_the_announcement_is_answered(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 8000, "All our agents are busy, your call is important to us.");
    talk_until(&talk, 12000);
    assert_int_equal(talk_count(&talk, DO_DROP_CLIP), talk_count(&talk, DO_SYNTH));
    size_t asked = talk_count(&talk, DO_ASK);
    talk_says(&talk, 13000, 14000, "Hello? Is anybody there?");
    talk_until(&talk, 15000);
    assert_int_equal(talk_count(&talk, DO_ASK), asked + 1);
    talk_end(&talk);
}

/* Voice for so long, as the detector tells of it, without a word. */
static void music(struct talk *talk, int64_t from_ms, int64_t to_ms)
{
    talk_at(talk, from_ms, (struct call_event){.kind = EV_VOICE_ON, .at_ms = from_ms});
    for (int64_t at = from_ms + CALL_VOICE_GOING_MS; at < to_ms; at += CALL_VOICE_GOING_MS)
        talk_at(talk, at, (struct call_event){.kind = EV_VOICE_GOING, .voiced_ms = 600});
    talk_at(talk, to_ms, (struct call_event){.kind = EV_VOICE_OFF, .at_ms = to_ms});
}

static void music_is_waited_out_and_then_left(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "One moment, please.");
    talk_replies(&talk, 6600, "Of course.");
    talk_until(&talk, 8000);
    for (int64_t at = 8000; at < 110000 && !talk_count(&talk, DO_HANG_UP); at += 6000)
        music(&talk, at, at + 5500);
    assert_true(left_because_of(&talk, "music"));
    assert_true(talk_phrases(&talk, PHRASE_REPEAT) <= 2);
    talk_end(&talk);
}

static void person_who_comes_back_after_music_is_answered(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    for (int64_t at = 5000; at < 40000; at += 6000)
        music(&talk, at, at + 5500);
    assert_int_equal(call_counts(talk.core)->machines, 1);
    talk_says(&talk, 41500, 43000, "I am back, I wanted to speak to Jan.");
    talk_until(&talk, 44000);
    assert_int_equal(talk_count(&talk, DO_ASK), 1);
    talk_end(&talk);
}

static void caller_nobody_can_hear_is_no_music(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_at(&talk, 5000, (struct call_event){.kind = EV_STT_DOWN});
    music(&talk, 5000, 14000);
    talk_at(&talk, 14000, (struct call_event){.kind = EV_STT_UP, .conn = 1});
    music(&talk, 14100, 23000);
    assert_int_equal(call_counts(talk.core)->machines, 0);
    talk_end(&talk);
}

/* The caller says it, Karen answers, every six seconds. */
static void exchanges(struct talk *talk, int count, const char *const *words, size_t kinds)
{
    for (int i = 0; i < count && !talk_count(talk, DO_HANG_UP); i++) {
        int64_t at = talk->now_ms + 1500;
        talk_says(talk, at, at + 2000, words[(size_t)i % kinds]);
        talk_until(talk, at + 2600);
        if (!call_listens(talk->core) && talk_count(talk, DO_ASK) > 0)
            talk_replies(talk, at + 2700, "Who shall I say is calling?");
        talk_until(talk, at + 5500);
    }
}

static void caller_who_says_the_same_for_the_third_time_is_left(void **state)
{
    (void)state;
    static const char *const words[] = {"I am calling about your energy contract today.",
                                        "I am calling about your energy contract."};
    struct talk talk = talk_begin();
    exchanges(&talk, 6, words, countof(words));
    talk_until(&talk, talk.now_ms + 8000);
    assert_true(left_because_of(&talk, "loop"));
    assert_int_equal(call_counts(talk.core)->turns, 3);
    talk_end(&talk);
}

static void caller_who_says_yes_for_the_third_time_is_not(void **state)
{
    (void)state;
    static const char *const words[] = {"Yes, please."};
    struct talk talk = talk_begin();
    exchanges(&talk, 5, words, countof(words));
    assert_int_equal(talk_count(&talk, DO_HANG_UP), 0);
    assert_int_equal(call_counts(talk.core)->turns, 5);
    talk_end(&talk);
}

static const char *const small_talk[] = {
    "What a lovely day it is today.",      "Where is Jan going this evening?",
    "Could you tell me about the garden?", "My uncle has bought seven horses.",
    "Nobody knows why the river is blue.", "Then we went to the mountains again.",
};

/* A call that may be long, and how it began. */
static struct talk long_talk(const char *said, const char *answered)
{
    struct call_setup setup = talk_setup();
    setup.duration_ms_max = 600000;
    struct talk talk = talk_new(&setup);
    talk_at(&talk, 0, (struct call_event){.kind = EV_STARTED});
    talk_until(&talk, 4900);
    talk_says(&talk, 5000, 7000, said);
    talk_until(&talk, 7500);
    talk_replies(&talk, 7700, answered);
    talk_until(&talk, 10000);
    return talk;
}

static void another_assistant_is_talked_to_twelve_times(void **state)
{
    (void)state;
    struct talk talk = long_talk("Hello, I am the AI assistant of Peter Smith.", "Hello.");
    exchanges(&talk, 30, small_talk, countof(small_talk));
    talk_until(&talk, talk.now_ms + 8000);
    assert_true(left_because_of(&talk, "loop"));
    assert_int_equal(call_counts(talk.core)->turns, 12);
    talk_end(&talk);
}

static void person_who_asks_whether_she_is_one_may_talk_on(void **state)
{
    (void)state;
    struct talk talk = long_talk("Hello, are you an AI assistant?", "Yes, I am.");
    exchanges(&talk, 14, small_talk, countof(small_talk));
    assert_int_equal(talk_count(&talk, DO_HANG_UP), 0);
    assert_int_equal(call_counts(talk.core)->turns, 15);
    talk_end(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(announcement_is_written_down_but_not_answered),
        cmocka_unit_test(announcement_that_never_ends_is_left),
        cmocka_unit_test(menus_are_known_in_every_language),
        cmocka_unit_test(person_who_says_one_moment_is_waited_for_as_ever),
        cmocka_unit_test(person_who_talks_of_leaving_a_message_is_answered),
        cmocka_unit_test(person_who_comes_after_the_announcement_is_answered),
        cmocka_unit_test(music_is_waited_out_and_then_left),
        cmocka_unit_test(person_who_comes_back_after_music_is_answered),
        cmocka_unit_test(caller_nobody_can_hear_is_no_music),
        cmocka_unit_test(caller_who_says_the_same_for_the_third_time_is_left),
        cmocka_unit_test(caller_who_says_yes_for_the_third_time_is_not),
        cmocka_unit_test(another_assistant_is_talked_to_twelve_times),
        cmocka_unit_test(person_who_asks_whether_she_is_one_may_talk_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
