/* test/test_listener.c: a recogniser that is kept listening. Its provider is played by the test,
 * which sees every byte that was sent and says what it likes. */
#include "base/audio.h"
#include "base/mem.h"
#include "line/listener.h"
#include "test/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- the provider ---- */

struct stt {
    stt_event_fn *on_event;
    void *arg;
    uint8_t got[64000];     /* the first byte of each frame says which one it was */
    size_t frames, flushed; /* so many of the frames have left for sure */
    int finalized;
};
static struct stt *stream; /* the one that is open; NULL: none */
static int opened;

struct stt *stt_open(struct stt_driver *driver, const struct stt_options *options,
                     stt_event_fn *on_event, void *arg)
{
    (void)driver;
    assert_string_equal(options->language, "cs");
    assert_null(stream);
    stream = xalloc(sizeof(*stream));
    stream->on_event = on_event;
    stream->arg = arg;
    opened++;
    return stream;
}

void stt_send(struct stt *stt, const uint8_t *ulaw, size_t bytes)
{
    assert_int_equal(bytes, AUDIO_FRAME_BYTES);
    assert_true(stt->frames < sizeof(stt->got));
    stt->got[stt->frames++] = ulaw[0];
}

void stt_flush(struct stt *stt)
{
    stt->flushed = stt->frames;
}

void stt_finalize(struct stt *stt)
{
    stt->finalized++;
}

void stt_close(struct stt **stt)
{
    if (*stt == NULL)
        return;
    assert_ptr_equal(*stt, stream);
    free(stream);
    stream = NULL;
    *stt = NULL;
}

static void say(struct stt_event event)
{
    assert_non_null(stream);
    stream->on_event(&event, stream->arg);
}

static void say_open(void)
{
    say((struct stt_event){.kind = STT_OPEN});
}

static void say_final(const char *text, int64_t start_ms, int64_t end_ms)
{
    say((struct stt_event){.kind = STT_FINAL,
                           .text = str_of(text),
                           .start_ms = start_ms,
                           .end_ms = end_ms,
                           .confidence = 0.9F});
}

static void say_lost(int err)
{
    say((struct stt_event){.kind = STT_CLOSED, .err = err});
}

/* ---- the line ---- */

enum { NEWS_MAX = 64 };
struct fixture {
    struct loop *loop;
    struct listener *listener;
    struct call_event news[NEWS_MAX];
    char text[NEWS_MAX][64];
    size_t count;
    int64_t at_ms;
    bool close_on_news;
};

static void on_event(const struct call_event *event, void *arg)
{
    struct fixture *f = arg;
    assert_true(f->count < NEWS_MAX);
    memcpy(f->text[f->count], event->text.at ? event->text.at : "", event->text.bytes);
    f->news[f->count++] = *event;
    if (f->close_on_news)
        listener_close(&f->listener);
}

static int set_up(void **state)
{
    struct fixture *f = xalloc(sizeof(*f));
    opened = 0;
    f->loop = loop_new();
    struct listener_options options = {
        .loop = f->loop, .stt = {.language = "cs"}, .on_event = on_event, .arg = f};
    f->listener = listener_open(&options);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    listener_close(&f->listener);
    loop_step(f->loop, 0);
    loop_free(&f->loop);
    assert_null(stream);
    free(f);
    return 0;
}

/* The frame of media time t carries t / 20, counted from 1, as every byte. */
static uint8_t name_of(int64_t at_ms)
{
    return (uint8_t)(at_ms / AUDIO_FRAME_MS + 1);
}

static void hear(struct fixture *f, int64_t ms)
{
    for (int64_t end_ms = f->at_ms + ms; f->at_ms < end_ms && f->listener;
         f->at_ms += AUDIO_FRAME_MS) {
        uint8_t frame[AUDIO_FRAME_BYTES];
        memset(frame, name_of(f->at_ms), sizeof(frame));
        listener_hear(f->listener, frame, sizeof(frame), f->at_ms);
    }
}

static void hear_voice(struct fixture *f, int64_t ms)
{
    listener_voice(f->listener, true, f->at_ms);
    hear(f, ms);
    listener_voice(f->listener, false, f->at_ms);
}

/* Runs the loop until the listener opens its stream anew. */
static void wait_for_opening(struct fixture *f, int number)
{
    for (int i = 0; i < 100 && opened < number; i++)
        loop_step(f->loop, 1000);
    assert_int_equal(opened, number);
}

static void assert_got(int64_t from_ms, int64_t to_ms, size_t first)
{
    for (int64_t at_ms = from_ms; at_ms < to_ms; at_ms += AUDIO_FRAME_MS, first++) {
        assert_true(first < stream->frames);
        assert_int_equal(stream->got[first], name_of(at_ms));
    }
}

static void every_frame_is_handed_on_at_once_when_live(void **state)
{
    struct fixture *f = *state;
    say_open();
    hear(f, 300);
    hear_voice(f, 400);
    hear(f, 300);
    assert_int_equal(stream->frames, 50);
    assert_got(0, 1000, 0);
    assert_int_equal(f->news[0].kind, EV_STT_UP);
    assert_int_equal(f->news[0].conn, 1);
}

/* While somebody speaks frames may wait for company; in the silence behind it none does. */
static void pause_is_heard_without_delay(void **state)
{
    struct fixture *f = *state;
    say_open();
    hear_voice(f, 400);
    assert_int_equal(stream->flushed, 0);
    hear(f, 100);
    assert_int_equal(stream->flushed, stream->frames);
    hear(f, 900); /* nobody goes on: it does not matter any more */
    size_t flushed = stream->flushed;
    hear(f, 500);
    assert_int_equal(stream->flushed, flushed);
}

static void words_come_in_media_time(void **state)
{
    struct fixture *f = *state;
    f->at_ms = 1000; /* the stream was opened a second into the call */
    say_open();
    hear(f, 500);
    say_final("Dobrý den.", 100, 450);
    assert_int_equal(f->news[1].kind, EV_WORDS_FINAL);
    assert_string_equal(f->text[1], "Dobrý den.");
    assert_int_equal(f->news[1].at_ms, 1100);
    assert_int_equal(f->news[1].end_ms, 1450);
}

static void a_gap_in_the_media_shifts_the_time_of_words(void **state)
{
    struct fixture *f = *state;
    say_open();
    hear(f, 1000);
    f->at_ms += 4000;
    hear(f, 1000);
    say_final("before", 500, 1000);
    say_final("behind", 1100, 1500);
    assert_int_equal(f->news[1].end_ms, 1000);
    assert_int_equal(f->news[2].at_ms, 5100);
    assert_int_equal(f->news[2].end_ms, 5500);
}

static void what_was_said_before_it_opened_is_heard(void **state)
{
    struct fixture *f = *state;
    hear_voice(f, 300);
    assert_int_equal(stream->frames, 0);
    say_open();
    assert_got(0, 300, 0);
    assert_int_equal(stream->frames, 15);
}

static void a_lost_stream_is_opened_again_and_hears_what_was_not_final(void **state)
{
    struct fixture *f = *state;
    say_open();
    hear_voice(f, 600);
    say_final("one", 0, 600);
    hear(f, 1000); /* a pause, which need not be heard again */
    listener_voice(f->listener, true, f->at_ms);
    hear(f, 400);
    say_lost(ECONNRESET);
    assert_int_equal(f->news[2].kind, EV_STT_DOWN);
    wait_for_opening(f, 2);
    hear(f, 200); /* he goes on speaking meanwhile */
    say_open();
    hear(f, 2000);
    assert_got(1600 - 200, 4200, 0); /* with the 200 ms that lead up to the voice */
    say_final("two", 200, 800);
    assert_int_equal(f->news[4].conn, 2);
    assert_int_equal(f->news[4].at_ms, 1600);
    assert_int_equal(f->news[4].end_ms, 2200);
}

static void catching_up_is_little_faster_than_speech(void **state)
{
    struct fixture *f = *state;
    say_open();
    listener_voice(f->listener, true, 0);
    hear(f, 4000);
    say_lost(ECONNRESET);
    wait_for_opening(f, 2);
    say_open();
    size_t at_once = stream->frames;
    assert_int_equal(at_once, 25);
    listener_finalize(f->listener);
    hear(f, 1000);
    assert_int_equal(stream->frames, at_once + 60);
    hear(f, 20000);
    assert_int_equal(stream->frames, 25000 / AUDIO_FRAME_MS);
    assert_got(0, 25000, 0);
    assert_int_equal(stream->finalized, 1); /* when it had heard it all */
}

static void no_more_than_eight_seconds_are_kept(void **state)
{
    struct fixture *f = *state;
    listener_voice(f->listener, true, 0);
    hear(f, 30000);
    assert_true(listener_bytes(f->listener) < 72 * 1024);
    say_open();
    assert_int_equal(stream->got[0], name_of(30000 - LISTENER_KEPT_MS_MAX));
    say_final("late", 0, 400);
    assert_int_equal(f->news[1].end_ms, 30000 - LISTENER_KEPT_MS_MAX + 400);
}

static void memory_goes_when_words_are_final(void **state)
{
    struct fixture *f = *state;
    size_t idle = listener_bytes(f->listener);
    say_open();
    hear_voice(f, 3000);
    assert_true(listener_bytes(f->listener) > idle + 20000);
    hear(f, 1000);
    say_final("all of it", 0, 3400);
    assert_int_equal(listener_bytes(f->listener), idle);
}

static void the_answer_to_finalize_leaves_nothing_kept(void **state)
{
    struct fixture *f = *state;
    say_open();
    size_t idle = listener_bytes(f->listener);
    hear_voice(f, 3000);
    hear(f, 200); /* the silence behind a voice is kept with it */
    assert_true(listener_bytes(f->listener) > idle + 20000);
    say((struct stt_event){
        .kind = STT_FINAL, .text = str_of("all of it"), .end_ms = 2900, .from_finalize = true});
    assert_int_equal(listener_bytes(f->listener), idle);
}

static void the_end_of_a_turn_leaves_nothing_kept(void **state)
{
    struct fixture *f = *state;
    say_open();
    size_t empty = listener_bytes(f->listener);
    hear_voice(f, 3000);
    hear(f, 200);
    assert_true(listener_bytes(f->listener) > empty);
    struct stt_event eager = {.kind = STT_PARTIAL, .text = str_of("all"), .end_ms = 2000};
    eager.turn = 4;
    eager.eager = true;
    struct stt_event resumed = {.kind = STT_PARTIAL, .text = str_of("all"), .end_ms = 2000};
    resumed.turn = 4;
    resumed.resumed = true;
    say(eager);
    say(resumed);
    say((struct stt_event){.kind = STT_FINAL,
                           .text = str_of("all of it"),
                           .end_ms = 2900,
                           .turn = 4,
                           .turn_over = true});
    assert_int_equal(listener_bytes(f->listener), empty);
    const struct call_event *news = &f->news[f->count - 3];
    assert_true(news[0].kind == EV_WORDS && news[0].eager && news[0].turn == 4);
    assert_true(news[1].kind == EV_WORDS && news[1].resumed && !news[1].eager);
    assert_true(news[2].kind == EV_WORDS_FINAL && news[2].turn_over && news[2].turn == 4);
}

static void an_open_stream_that_says_nothing_is_replaced(void **state)
{
    struct fixture *f = *state;
    say_open();
    listener_voice(f->listener, true, 0);
    hear(f, LISTENER_DEAF_VOICED_MS + 100);
    assert_int_equal(f->count, 1); /* not yet: it may be thinking */
    for (int i = 0; i < 20 && f->count == 1; i++) {
        loop_step(f->loop, 100); /* real time passes: no message for LISTENER_DEAF_MS */
        hear(f, 20);
    }
    assert_int_equal(f->news[1].kind, EV_STT_DOWN);
    assert_int_equal(f->news[1].err, ETIMEDOUT);
    wait_for_opening(f, 2);
}

static void a_refused_key_is_not_hammered(void **state)
{
    struct fixture *f = *state;
    int64_t began_ms = loop_now_ms(f->loop);
    say_lost(EACCES); /* at once, then after 150, 400 ms */
    wait_for_opening(f, 2);
    say_lost(EACCES);
    wait_for_opening(f, 3);
    say_lost(EACCES);
    wait_for_opening(f, 4);
    assert_in_range(loop_now_ms(f->loop) - began_ms, 500, 1500);
    assert_int_equal(f->count, 3);
}

static void words_that_were_final_before_are_not_said_twice(void **state)
{
    struct fixture *f = *state;
    say_open();
    hear_voice(f, 500);
    say_final("once", 0, 500);
    say_final("once", 100, 480);
    assert_int_equal(f->count, 2);
}

static void closing_from_its_own_news_is_safe(void **state)
{
    struct fixture *f = *state;
    say_open();
    hear_voice(f, 500);
    f->close_on_news = true;
    say_final("bye", 0, 300);
    assert_null(f->listener);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(every_frame_is_handed_on_at_once_when_live),
        CASE(pause_is_heard_without_delay),
        CASE(words_come_in_media_time),
        CASE(a_gap_in_the_media_shifts_the_time_of_words),
        CASE(what_was_said_before_it_opened_is_heard),
        CASE(a_lost_stream_is_opened_again_and_hears_what_was_not_final),
        CASE(catching_up_is_little_faster_than_speech),
        CASE(no_more_than_eight_seconds_are_kept),
        CASE(memory_goes_when_words_are_final),
        CASE(the_answer_to_finalize_leaves_nothing_kept),
        CASE(the_end_of_a_turn_leaves_nothing_kept),
        CASE(an_open_stream_that_says_nothing_is_replaced),
        CASE(a_refused_key_is_not_hammered),
        CASE(words_that_were_final_before_are_not_said_twice),
        CASE(closing_from_its_own_news_is_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
