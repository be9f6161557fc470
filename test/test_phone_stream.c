/* test/test_phone_stream.c: the telephone's media stream in real time: audio, marks, clears, the
 * ways it ends, and a caller who waits for his turn. */
#include "base/audio.h"
#include "base/mem.h"
#include "phone/talk.h"
#include "test/phone_world.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the stream ----------------------------------------------------------------------------- */

static void stream_runs_both_ways_in_real_time(void **state)
{
    struct phone_world *w = *state;
    phone_world_stream(w);
    assert_string_equal(phone_status(w->call), "in-progress");
    uint8_t words[AUDIO_FRAME_BYTES * 3];
    memset(words, 0x20, sizeof(words));
    phone_say(w->call, words, sizeof(words));
    assert_true(phone_is_talking(w->call));
    phone_world_play(w, AUDIO_FRAME_BYTES * 4);
    phone_world_mark(w, 1);
    int64_t began_ms = loop_now_ms(w->loop);
    wait_for(w->loop, &w->marked);
    int64_t took_ms = loop_now_ms(w->loop) - began_ms;
    assert_in_range(took_ms, 40, 2000); /* 80 ms of audio were played first */
    assert_int_equal(w->heard_frames, 4);
    assert_int_equal(w->said_frames, 3);
    assert_false(phone_is_talking(w->call));
    phone_press(w->call, "7#");
    while (!strstr(buf_text(&w->got), "5#"))
        loop_step(w->loop, 50);
    assert_string_equal(buf_text(&w->got), "0 1 31 57 5# ");
    assert_true(w->got_audio >= 4);
    assert_true(phone_timing(w->call)->first_audio_ms >= phone_timing(w->call)->stream_ms);
}

static void mark_behind_nothing_returns_at_once(void **state)
{
    struct phone_world *w = *state;
    phone_world_stream(w);
    phone_world_mark(w, 9);
    wait_for(w->loop, &w->marked);
    assert_string_equal(buf_text(&w->story), "mark:9:0 ");
}

static void clear_returns_every_mark_at_once(void **state)
{
    struct phone_world *w = *state;
    phone_world_stream(w);
    phone_world_play(w, 8000);
    phone_world_mark(w, 1);
    phone_world_play(w, 8000);
    phone_world_mark(w, 2);
    phone_world_clear(w);
    phone_world_mark(w, 3);
    while (!strstr(buf_text(&w->story), "mark:3"))
        loop_step(w->loop, 20);
    assert_string_equal(buf_text(&w->story), "cleared mark:1:1 mark:2:1 mark:3:0 ");
    assert_true(w->heard_frames < 10);
}

static void closed_stream_asks_the_action(void **state)
{
    struct phone_world *w = *state;
    phone_world_stream(w);
    w->twiml[1] = "<Response><Hangup/></Response>";
    ws_close(&w->ws, WS_CLOSE_NORMAL, "");
    phone_world_run(w);
    assert_string_equal(buf_text(&w->story), "stream-over:1000 ");
    assert_non_null(strstr(buf_text(&w->asked), "POST 1 CallStatus=in-progress\n"));
    assert_int_equal(w->end, PHONE_ENDED_BY_PEER);
}

static void refused_stream_goes_to_what_stands_behind(void **state)
{
    struct phone_world *w = *state;
    w->twiml[0] = "<Response><Connect action=\"@/hook/1\"><Stream url=\"%/nomedia\"/></Connect>"
                  "<Say>behind</Say></Response>";
    phone_world_place(w);
    phone_world_run(w);
    assert_string_equal(buf_text(&w->story), "stream-over:1006 say::behind ");
    assert_null(strstr(buf_text(&w->asked), "POST 1"));
}

static void hanging_up_stops_the_stream(void **state)
{
    struct phone_world *w = *state;
    phone_world_stream(w);
    phone_hang_up(w->call);
    assert_false(w->over); /* told by the loop, not from inside */
    phone_world_run(w);
    wait_for(w->loop, &w->stream_gone);
    assert_true(w->has_stop);
    assert_int_equal(w->end, PHONE_HUNG_UP);
    assert_non_null(strstr(buf_text(&w->asked), "status completed"));
    phone_hang_up(w->call); /* twice is fine */
}

static void carrier_changes_a_call_that_runs(void **state)
{
    struct phone_world *w = *state;
    phone_world_stream(w);
    w->twiml[3] = "<Response><Say>moved</Say><Pause length=\"60\"/></Response>";
    char url[80];
    snprintf(url, sizeof(url), "%s/hook/3", w->base);
    assert_int_equal(phone_run_twiml(w->call, str_of("<Response><Say>")), EINVAL);
    assert_int_equal(phone_go_to(w->call, url, "POST"), 0);
    wait_for(w->loop, &w->stream_gone);
    assert_true(w->has_stop);
    while (!strstr(buf_text(&w->story), "moved"))
        loop_step(w->loop, 20);
    assert_int_equal(phone_run_twiml(w->call, str_of("<Response><Say>again</Say></Response>")), 0);
    phone_world_run(w);
    assert_string_equal(buf_text(&w->story), "say::moved say::again ");
    assert_int_equal(phone_complete(w->call), ESRCH);
    assert_int_equal(phone_go_to(w->call, url, "POST"), ESRCH);
}

static void carrier_completes_a_call(void **state)
{
    struct phone_world *w = *state;
    phone_world_stream(w);
    assert_int_equal(phone_complete(w->call), 0);
    assert_string_equal(phone_status(w->call), "completed");
    phone_world_run(w);
    assert_int_equal(w->end, PHONE_ENDED_BY_PEER);
    wait_for(w->loop, &w->stream_gone);
}

static void on_event_freeing(struct phone_call *call, const struct phone_event *event, void *arg)
{
    struct phone_world *w = arg;
    (void)event;
    if (w->call == call)
        phone_free(&w->call);
}

static void call_may_be_freed_in_any_event(void **state)
{
    struct phone_world *w = *state;
    struct phone_options options = phone_world_options(w);
    w->twiml[0] = PHONE_STREAM_TWIML;
    w->call = phone_place(&options, on_event_freeing, w);
    while (w->call)
        loop_step(w->loop, 20);
    phone_world_stream(w);
    settle(w->loop);
    phone_free(&w->call);
    assert_null(w->call);
}

/* ---- the caller who waits for his turn ------------------------------------------------------ */

struct conversation {
    struct phone_world *world;
    struct talk talk;
    struct buf notes;
};

static void on_note(enum talk_note note, int64_t at_ms, int64_t number, double db, void *arg)
{
    static const char *const names[] = {"says", "said", "hears", "heard", "leaves"};
    struct conversation *c = arg;
    (void)at_ms, (void)number, (void)db;
    buf_printf(&c->notes, "%s ", names[note]);
    if (note == TALK_SAID)
        phone_world_play(c->world, 1600);
}

static void on_talk_event(struct phone_call *call, const struct phone_event *event, void *arg)
{
    struct conversation *c = arg;
    phone_world_event(call, event, c->world);
    talk_on_event(&c->talk, call, event);
}

static void caller_speaks_when_karen_has_finished(void **state)
{
    struct phone_world *w = *state;
    struct conversation c = {.world = w};
    char tone[800];
    memset(tone, 0x10, sizeof(tone));
    const struct str clips[] = {{tone, sizeof(tone)}, {tone, sizeof(tone)}};
    const struct talk_script script = {
        .clips = clips, .clip_count = 2, .silence_ms = 60, .linger_ms = 40};
    struct phone_options options = phone_world_options(w);
    w->twiml[0] = PHONE_STREAM_TWIML;
    talk_begin(&c.talk, &script, on_note, &c);
    w->call = phone_place(&options, on_talk_event, &c);
    wait_for(w->loop, &w->has_start);
    phone_world_play(w, 1600);
    phone_world_run(w);
    assert_string_equal(buf_text(&c.notes), "hears heard says said hears heard says said hears "
                                            "heard leaves ");
    assert_int_equal(c.talk.reply_count, 2);
    assert_int_equal(c.talk.unanswered, 0);
    assert_in_range(c.talk.greeting_ms, 0, 2000);
    assert_in_range(c.talk.reply_ms[0], 1, 2000);
    assert_int_equal(w->end, PHONE_HUNG_UP);
    buf_free(&c.notes);
}

static void caller_whom_nobody_answers_gives_up(void **state)
{
    struct phone_world *w = *state;
    struct conversation c = {.world = w};
    char tone[800];
    memset(tone, 0x10, sizeof(tone));
    const struct str clip = {tone, sizeof(tone)};
    const struct talk_script script = {
        .clips = &clip, .clip_count = 1, .silence_ms = 60, .patience_ms = 60};
    struct phone_options options = phone_world_options(w);
    w->twiml[0] = PHONE_STREAM_TWIML;
    talk_begin(&c.talk, &script, NULL, NULL);
    w->call = phone_place(&options, on_talk_event, &c);
    phone_world_run(w);
    assert_int_equal(c.talk.greeting_ms, -1);
    assert_int_equal(c.talk.unanswered, 1);
}

static void caller_types_what_he_is_asked_for(void **state)
{
    static const char *const digits[] = {"1111", "", "1234"};
    struct phone_world *w = *state;
    struct conversation c = {.world = w};
    const struct talk_script script = {.digits = digits, .digits_count = countof(digits)};
    struct phone_options options = phone_world_options(w);
    w->twiml[0] = "<Response><Gather numDigits=\"4\" action=\"/hook/1\"><Say>code</Say></Gather>"
                  "</Response>";
    w->twiml[1] = "<Response><Gather numDigits=\"4\" timeout=\"0\" action=\"/hook/2\"><Say>again"
                  "</Say><Pause length=\"0\"/></Gather><Redirect>/hook/3</Redirect></Response>";
    w->twiml[3] = "<Response><Gather numDigits=\"4\" action=\"/hook/4\"/></Response>";
    talk_begin(&c.talk, &script, NULL, NULL);
    w->call = phone_place(&options, on_talk_event, &c);
    phone_world_run(w);
    assert_string_equal(buf_text(&w->story), "say::code gather:4 say::again gather:4 gather:4 ");
    assert_non_null(strstr(buf_text(&w->asked), "POST 1 CallStatus=in-progress Digits=1111\n"));
    assert_null(strstr(buf_text(&w->asked), "POST 2"));
    assert_non_null(strstr(buf_text(&w->asked), "POST 4 CallStatus=in-progress Digits=1234\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PHONE_TEST(stream_runs_both_ways_in_real_time),
        PHONE_TEST(mark_behind_nothing_returns_at_once),
        PHONE_TEST(clear_returns_every_mark_at_once),
        PHONE_TEST(closed_stream_asks_the_action),
        PHONE_TEST(refused_stream_goes_to_what_stands_behind),
        PHONE_TEST(hanging_up_stops_the_stream),
        PHONE_TEST(carrier_changes_a_call_that_runs),
        PHONE_TEST(carrier_completes_a_call),
        PHONE_TEST(call_may_be_freed_in_any_event),
        PHONE_TEST(caller_speaks_when_karen_has_finished),
        PHONE_TEST(caller_whom_nobody_answers_gives_up),
        PHONE_TEST(caller_types_what_he_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
