/* test/test_playout.c: speech on its way to the ear: pacing, marks, what counts as heard. */
#include "base/mem.h"
#include "test/talk.h"
#include "test/test.h"

#include <string.h>

/* A talk whose model has just answered with one clip, 9, whose sound the test gives. */
static struct talk talk_with_clip(const char *words)
{
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Is Jan there?");
    talk.clips = CLIPS_BY_HAND;
    talk.marks = MARKS_BY_HAND;
    talk_replies(&talk, 6300, words);
    talk.seen = talk.count;
    return talk;
}

static uint32_t clip_of(const struct talk *talk)
{
    return talk_last(talk, DO_SYNTH)->action.clip;
}

static void audio(struct talk *talk, int64_t at_ms, size_t bytes)
{
    talk_at(talk, at_ms,
            (struct call_event){.kind = EV_CLIP_AUDIO, .clip = clip_of(talk), .bytes = bytes});
}

static void whole(struct talk *talk, int64_t at_ms)
{
    talk_at(talk, at_ms, (struct call_event){.kind = EV_CLIP_DONE, .clip = clip_of(talk)});
}

static void mark(struct talk *talk, int64_t at_ms)
{
    talk_until(talk, at_ms);
    talk_at(talk, at_ms,
            (struct call_event){.kind = EV_MARK, .mark = talk_last(talk, DO_MARK)->action.mark});
}

static size_t bytes_sent(const struct talk *talk, uint32_t clip)
{
    size_t bytes = 0;
    for (size_t i = 0; i < talk->count; i++)
        if (talk->actions[i].action.kind == DO_SEND && talk->actions[i].action.clip == clip)
            bytes += talk->actions[i].action.bytes;
    return bytes;
}

static void lead_is_kept(void **state)
{
    (void)state;
    struct talk talk = talk_with_clip("He is out.");
    audio(&talk, 6500, 16000);
    assert_int_equal(bytes_sent(&talk, clip_of(&talk)), 1600); /* CALL_LEAD_MS */
    talk_until(&talk, 6599);
    assert_int_equal(bytes_sent(&talk, clip_of(&talk)), 1600);
    talk_until(&talk, 7000);
    assert_int_equal(bytes_sent(&talk, clip_of(&talk)), 1600 + 5 * 800);
    talk_end(&talk);
}

static void bytes_go_out_in_order_and_whole_frames(void **state)
{
    (void)state;
    struct talk talk = talk_with_clip("He is out.");
    audio(&talk, 6500, 100);
    assert_null(talk_next(&talk, DO_SEND)); /* not a frame yet */
    audio(&talk, 6510, 333);
    const struct talk_action *send = talk_next(&talk, DO_SEND);
    assert_int_equal(send->action.offset, 0);
    assert_int_equal(send->action.bytes, 320);
    whole(&talk, 6520);
    send = talk_next(&talk, DO_SEND);
    assert_int_equal(send->action.offset, 320);
    assert_int_equal(send->action.bytes, 113); /* the end may be any size */
    talk_end(&talk);
}

static void mark_follows_each_tenth_of_a_second(void **state)
{
    (void)state;
    struct talk talk = talk_with_clip("He is out.");
    size_t before = talk_count(&talk, DO_MARK);
    audio(&talk, 6500, 8 * 450);
    whole(&talk, 6500);
    talk_until(&talk, 7500);
    assert_int_equal(talk_count(&talk, DO_MARK) - before, 5);
    talk_end(&talk);
}

static void late_audio_goes_out_when_it_comes(void **state)
{
    (void)state;
    struct talk talk = talk_with_clip("He is out.");
    audio(&talk, 6500, 1600);
    talk_until(&talk, 7500);
    audio(&talk, 7500, 1600);
    assert_int_equal(talk_last(&talk, DO_SEND)->at_ms, 7500);
    assert_int_equal(bytes_sent(&talk, clip_of(&talk)), 3200);
    talk_end(&talk);
}

static void reply_is_over_when_its_last_mark_is_back(void **state)
{
    (void)state;
    struct talk talk = talk_with_clip("He is out.");
    audio(&talk, 6500, 1600);
    whole(&talk, 6500);
    talk_until(&talk, 6800);
    assert_null(talk_next(&talk, DO_RECORD));
    assert_string_equal(call_state_name(talk.core), "speaking");
    mark(&talk, 6800);
    assert_true(str_is(talk_next(&talk, DO_RECORD)->action.line.text, "He is out."));
    assert_string_equal(call_state_name(talk.core), "listening");
    talk_end(&talk);
}

static void mark_of_a_cleared_epoch_proves_nothing(void **state)
{
    (void)state;
    struct talk talk = talk_with_clip("He is out of the office this week.");
    audio(&talk, 6500, 16000);
    whole(&talk, 6500);
    uint32_t late = talk_last(&talk, DO_MARK)->action.mark;
    talk_at(&talk, 6600, (struct call_event){.kind = EV_DTMF, .digit = '1'});
    assert_non_null(talk_next(&talk, DO_CLEAR));
    uint32_t stale = call_counts(talk.core)->stale_events;
    talk_at(&talk, 6650, (struct call_event){.kind = EV_MARK, .mark = late});
    assert_int_equal(call_counts(talk.core)->stale_events, stale + 1);
    assert_null(strstr(talk_lines(&talk), "He is")); /* nothing of it was confirmed */
    talk_end(&talk);
}

static void epoch_rises_with_each_clear(void **state)
{
    (void)state;
    struct talk talk = talk_with_clip("He is out of the office this week.");
    audio(&talk, 6500, 16000);
    uint32_t epoch = talk_last(&talk, DO_SEND)->action.epoch;
    talk_at(&talk, 6600, (struct call_event){.kind = EV_DTMF, .digit = '1'});
    assert_int_equal(talk_last(&talk, DO_CLEAR)->action.epoch, epoch);
    talk_until(&talk, 8200);
    talk_replies(&talk, 8300, "Well then.");
    audio(&talk, 8500, 1600);
    assert_int_equal(talk_last(&talk, DO_SEND)->action.epoch, epoch + 1);
    talk_end(&talk);
}

static void heard_prefix_ends_at_a_word(void **state)
{
    (void)state;
    struct talk talk = talk_with_clip("abcde fghij klmno pqrst");
    audio(&talk, 6500, 23 * 800); /* a letter is 100 ms and each has its mark */
    whole(&talk, 6500);
    talk_until(&talk, 7299);
    mark(&talk, 7299); /* so 9 or 10 letters: most of the second word */
    talk_at(&talk, 7300, (struct call_event){.kind = EV_DTMF, .digit = '1'});
    const struct call_line *line = &talk_next(&talk, DO_RECORD)->action.line;
    assert_true(str_is(line->text, "abcde fghij"));
    assert_true(str_is(line->generated, "abcde fghij klmno pqrst"));
    assert_true(line->interrupted);
    talk_end(&talk);
}

static void less_than_a_word_is_nothing(void **state)
{
    (void)state;
    struct talk talk = talk_with_clip("unforgettable words");
    audio(&talk, 6500, 19 * 800);
    whole(&talk, 6500);
    talk_until(&talk, 6510);
    mark(&talk, 6700);
    talk_at(&talk, 6710, (struct call_event){.kind = EV_DTMF, .digit = '1'});
    assert_null(strstr(talk_lines(&talk), "unforg"));
    assert_null(strstr(talk_context(&talk), "unforg"));
    talk_end(&talk);
}

/* "He is out" to 0.6 s, two seconds of silence, the rest from 2.6 to 3.6 s. */
static struct talk talk_with_a_pause(void)
{
    static const struct {
        size_t ms, letters;
    } times[] = {{200, 2}, {400, 5}, {600, 9}, {2600, 10}, {2800, 12}};
    struct talk talk = talk_with_clip("He is out of the office today.");
    talk.marks = MARKS_PLAYED;
    for (size_t i = 0, ms = 0; i < countof(times); ms = times[i++].ms)
        talk_at(&talk, 6500,
                (struct call_event){.kind = EV_CLIP_AUDIO,
                                    .clip = clip_of(&talk),
                                    .bytes = (times[i].ms - ms) * CALL_BYTES_PER_MS,
                                    .letters = times[i].letters});
    audio(&talk, 6500, 800 * CALL_BYTES_PER_MS);
    whole(&talk, 6500);
    return talk;
}

static void heard_prefix_follows_the_voices_own_times(void **state)
{
    (void)state;
    static const struct {
        int64_t heard_ms;
        const char *words;
    } cuts[] = {
        {200, "He"},
        {300, "He"},
        {400, "He is"},
        {600, "He is out"},
        {1500, "He is out"}, /* in proportion it would be "of" by now */
        {2600, "He is out"},
        {2800, "He is out of"},
        {3200, "He is out of the office"},
    };
    for (size_t i = 0; i < countof(cuts); i++) {
        struct talk talk = talk_with_a_pause();
        talk_at(&talk, 6500 + cuts[i].heard_ms, (struct call_event){.kind = EV_DTMF, .digit = '1'});
        const struct call_line *line = &talk_next(&talk, DO_RECORD)->action.line;
        if (!str_is(line->text, cuts[i].words))
            fail_msg("%d ms: %.*s", (int)cuts[i].heard_ms, (int)line->text.bytes, line->text.at);
        assert_true(line->interrupted);
        talk_end(&talk);
    }
}

/* Twenty quick words and twenty slow ones: every other anchor is given up, and then again. */
static void many_words_are_held_by_few_anchors(void **state)
{
    (void)state;
    struct buf words = {0};
    for (int i = 0; i < 40; i++)
        buf_puts(&words, i ? " abcd" : "abcd");
    struct talk talk = talk_with_clip(buf_text(&words));
    talk.marks = MARKS_PLAYED;
    for (size_t i = 0; i < 40; i++)
        talk_at(&talk, 6500,
                (struct call_event){.kind = EV_CLIP_AUDIO,
                                    .clip = clip_of(&talk),
                                    .bytes = (i < 20 ? 100 : 300) * CALL_BYTES_PER_MS,
                                    .letters = 5 * i + 4});
    whole(&talk, 6500);
    talk_at(&talk, 6500 + 20 * 100 + 13 * 300, (struct call_event){.kind = EV_DTMF, .digit = '1'});
    assert_int_equal(talk_next(&talk, DO_RECORD)->action.line.text.bytes, 33 * 5 - 1);
    talk_end(&talk);
    buf_free(&words);
}

static void anchors_that_contradict_themselves_are_not_believed(void **state)
{
    (void)state;
    static const size_t letters[] = {9, 2, 4000};
    struct talk talk = talk_with_clip("He is out of the office today.");
    talk.marks = MARKS_PLAYED;
    for (size_t i = 0; i < countof(letters); i++)
        talk_at(&talk, 6500,
                (struct call_event){.kind = EV_CLIP_AUDIO,
                                    .clip = clip_of(&talk),
                                    .bytes = 600 * CALL_BYTES_PER_MS,
                                    .letters = letters[i]});
    whole(&talk, 6500);
    talk_at(&talk, 6500 + 600, (struct call_event){.kind = EV_DTMF, .digit = '1'});
    assert_true(str_is(talk_next(&talk, DO_RECORD)->action.line.text, "He is out"));
    talk_end(&talk);
}

static void clip_that_breaks_off_is_written_down_so_far(void **state)
{
    (void)state;
    struct talk talk = talk_with_clip("abcde fghij klmno pqrst");
    audio(&talk, 6500, 11 * 520);
    talk_at(&talk, 6550, (struct call_event){.kind = EV_CLIP_FAILED, .clip = clip_of(&talk)});
    talk_until(&talk, 7400);
    mark(&talk, 7500);
    assert_true(str_is(talk_next(&talk, DO_RECORD)->action.line.text, "abcde fghij"));
    talk_end(&talk);
}

static void filler_goes_before_a_late_reply(void **state)
{
    (void)state;
    struct talk talk = talk_with_clip("He is out.");
    uint32_t reply = clip_of(&talk);
    talk.clips = CLIPS_AT_ONCE;
    talk.marks = MARKS_PLAYED;
    talk_until(&talk, 7100);
    assert_int_equal(talk_next(&talk, DO_SEND)->action.phrase, PHRASE_FILLER);
    talk_at(&talk, 7200, (struct call_event){.kind = EV_CLIP_AUDIO, .clip = reply, .bytes = 800});
    talk_at(&talk, 7200, (struct call_event){.kind = EV_CLIP_DONE, .clip = reply});
    talk_until(&talk, 9000);
    assert_true(str_is(talk_last(&talk, DO_RECORD)->action.line.text, "He is out."));
    talk_end(&talk);
}

static void little_is_synthesised_ahead(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Tell me all.");
    talk.clips = CLIPS_BY_HAND;
    size_t before = talk_count(&talk, DO_SYNTH);
    for (int i = 0; i < 20; i++)
        talk_text(&talk, 6600, "This is one more sentence of many. ");
    talk_done(&talk, 6600);
    assert_int_equal(talk_count(&talk, DO_SYNTH) - before, 4);
    talk_end(&talk);
}

static void long_reply_is_spoken_to_its_end(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Tell me all.");
    for (int i = 0; i < 80; i++)
        talk_text(&talk, 6600, "One more sentence. ");
    talk_done(&talk, 6600);
    talk_until(&talk, 100000);
    struct str text = talk_last(&talk, DO_RECORD)->action.line.text;
    assert_int_equal(text.bytes, 80 * strlen("One more sentence. ") - 1);
    talk_end(&talk);
}

static void every_clip_is_dropped_in_the_end(void **state)
{
    (void)state;
    struct talk talk = talk_with_clip("He is out.");
    audio(&talk, 6500, 16000);
    talk_at(&talk, 6600, (struct call_event){.kind = EV_GONE});
    assert_int_equal(talk_count(&talk, DO_SYNTH), talk_count(&talk, DO_DROP_CLIP));
    talk_end(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lead_is_kept),
        cmocka_unit_test(bytes_go_out_in_order_and_whole_frames),
        cmocka_unit_test(mark_follows_each_tenth_of_a_second),
        cmocka_unit_test(late_audio_goes_out_when_it_comes),
        cmocka_unit_test(reply_is_over_when_its_last_mark_is_back),
        cmocka_unit_test(mark_of_a_cleared_epoch_proves_nothing),
        cmocka_unit_test(epoch_rises_with_each_clear),
        cmocka_unit_test(heard_prefix_ends_at_a_word),
        cmocka_unit_test(less_than_a_word_is_nothing),
        cmocka_unit_test(heard_prefix_follows_the_voices_own_times),
        cmocka_unit_test(many_words_are_held_by_few_anchors),
        cmocka_unit_test(anchors_that_contradict_themselves_are_not_believed),
        cmocka_unit_test(clip_that_breaks_off_is_written_down_so_far),
        cmocka_unit_test(filler_goes_before_a_late_reply),
        cmocka_unit_test(little_is_synthesised_ahead),
        cmocka_unit_test(long_reply_is_spoken_to_its_end),
        cmocka_unit_test(every_clip_is_dropped_in_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
