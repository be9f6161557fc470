/* test/test_deepgram.c: the recogniser's driver against a Deepgram of our own on loopback. */
#include "base/audio.h"
#include "base/mem.h"
#include "net/http_server.h"
#include "net/ws.h"
#include "provider/stt.h"
#include "test/deepgram_world.h"
#include "test/peer.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- tests ---------------------------------------------------------------------------------- */

static void stream_opens_with_key_and_query(void **state)
{
    (void)state;
    struct world *world = world_open();
    assert_string_equal(world->authorization, "Token key1");
    assert_non_null(strstr(buf_text(&world->target), "language=cs"));
    assert_non_null(strstr(buf_text(&world->target), "keyterm=Nov%C3%A1k"));
    assert_non_null(strstr(buf_text(&world->target), "tag=t_1"));
    assert_string_equal(buf_text(&world->told), "open\n");
    assert_int_equal(stt_driver_stats(world->driver)->asks, 1);
    world_free(&world);
}

static void words_come_as_events(void **state)
{
    (void)state;
    struct world *world = world_open();
    buf_clear(&world->told);
    deepgram_says(world, "{\"type\":\"SpeechStarted\",\"channel\":[0],\"timestamp\":0.5}");
    deepgram_says(world, "{\"type\":\"Results\",\"is_final\":false,\"start\":0,\"duration\":1,"
                         "\"channel\":{\"alternatives\":[{\"transcript\":\"\",\"words\":[]}]}}");
    deepgram_says(world,
                  "{\"type\":\"Results\",\"is_final\":false,\"channel\":{\"alternatives\":[{"
                  "\"transcript\":\"dobr\\u00fd\",\"words\":[{\"start\":0.5,\"end\":0.9}]}]}}");
    deepgram_says(world, "{\"type\":\"Results\",\"is_final\":true,\"speech_final\":true,"
                         "\"from_finalize\":true,\"channel\":{\"alternatives\":[{\"transcript\":"
                         "\"Dobrý den.\",\"words\":[{\"start\":0.5,\"end\":0.9},{\"start\":1,"
                         "\"end\":1.25}]}]}}");
    deepgram_says(world, "{\"type\":\"Metadata\",\"request_id\":\"x\"}");
    deepgram_says(world, "{\"type\":\"UtteranceEnd\",\"channel\":[0,1],\"last_word_end\":1.25}");
    while (!strstr(buf_text(&world->told), "end"))
        wait_for_event(world);
    assert_string_equal(buf_text(&world->told), "speech 500--1\n"
                                                "partial 'dobrý' 500-900\n"
                                                "final 'Dobrý den.' 500-1250 finalized paused\n"
                                                "end -1-1250\n");
    world_free(&world);
}

static void audio_before_the_opening_is_kept_and_sent_first(void **state)
{
    (void)state;
    struct world *world = world_new(NULL);
    open_stream(world, "cs");
    send_ms(world, 500, 1);
    send_ms(world, 500, 2);
    wait_for_audio(world, 8000);
    assert_int_equal(world->audio.bytes, 8000);
    assert_int_equal(world->audio.data[0], 1);
    assert_int_equal(world->audio.data[7999], 2);
    assert_in_range(world->frame_bytes_max, 160, 250 * AUDIO_BYTES_PER_MS);
    world_free(&world);
}

static void backlog_is_bounded(void **state)
{
    (void)state;
    struct world *world = world_new(NULL);
    open_stream(world, "cs");
    send_ms(world, 3 * (STT_BACKLOG_MS_MAX + STT_OPEN_MS_MAX), 1);
    wait_for(world->loop, &world->open);
    wait_for_audio(world, (STT_BACKLOG_MS_MAX + STT_OPEN_MS_MAX) * AUDIO_BYTES_PER_MS);
    settle(world->loop);
    assert_int_equal(world->audio.bytes,
                     (STT_BACKLOG_MS_MAX + STT_OPEN_MS_MAX) * AUDIO_BYTES_PER_MS);
    world_free(&world);
}

static void frames_are_sent_in_chunks(void **state)
{
    (void)state;
    struct world *world = world_open();
    send_ms(world, STT_CHUNK_MS - 20, 1);
    settle(world->loop);
    assert_int_equal(world->frames, 0);
    send_ms(world, 20, 1);
    wait_for_audio(world, STT_CHUNK_MS * AUDIO_BYTES_PER_MS);
    assert_int_equal(world->frames, 1);
    world_free(&world);
}

static void what_is_batched_goes_when_it_must(void **state)
{
    (void)state;
    struct world *world = world_open();
    send_ms(world, 20, 1);
    stt_flush(world->stt);
    stt_flush(world->stt); /* nothing is left: no empty frame, which would end the stream */
    wait_for_audio(world, 160);
    settle(world->loop);
    assert_int_equal(world->frames, 1);
    world_free(&world);
}

static void pause_flushes_and_finalizes(void **state)
{
    (void)state;
    struct world *world = world_open();
    send_ms(world, 20, 1);
    stt_finalize(world->stt);
    wait_for_text(world, "{\"type\":\"Finalize\"}\n");
    assert_int_equal(world->audio.bytes, 160);
    world_free(&world);
}

static void silence_keeps_the_stream_alive(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct deepgram_options){.quiet_ms = 20});
    open_stream(world, "cs");
    wait_for_text(world, "{\"type\":\"KeepAlive\"}\n{\"type\":\"KeepAlive\"}\n");
    assert_int_equal(world->audio.bytes, 0);
    world_free(&world);
}

static void close_waits_for_the_rest_in_the_background(void **state)
{
    (void)state;
    struct world *world = world_open();
    send_ms(world, 20, 1);
    stt_close(&world->stt);
    assert_null(world->stt);
    wait_for_text(world, "{\"type\":\"CloseStream\"}\n");
    assert_int_equal(world->audio.bytes, 160);
    buf_clear(&world->told);
    deepgram_says(world, "{\"type\":\"Results\",\"is_final\":true,\"channel\":{\"alternatives\":[{"
                         "\"transcript\":\"late\"}]}}");
    ws_close(&world->ws, WS_CLOSE_NORMAL, "");
    settle(world->loop);
    assert_string_equal(buf_text(&world->told), ""); /* nobody is there to hear it */
    assert_int_equal(stt_driver_stats(world->driver)->done, 1);
    world_free(&world);
}

static void driver_can_go_while_a_stream_still_closes(void **state)
{
    (void)state;
    struct world *world = world_open();
    stt_close(&world->stt);
    stt_driver_free(&world->driver);
    world_free(&world);
}

static void handler_may_close_the_stream(void **state)
{
    (void)state;
    struct world *world = world_open();
    world->close_at_final = true;
    static const char final[] = "{\"type\":\"Results\",\"is_final\":true,\"channel\":{"
                                "\"alternatives\":[{\"transcript\":\"bye\"}]}}";
    deepgram_says(world, final);
    deepgram_says(world, final);
    wait_for_text(world, "CloseStream");
    settle(world->loop);
    assert_string_equal(buf_text(&world->told), "open\nfinal 'bye'\n");
    world_free(&world);
}

static void closing_before_the_opening_is_quiet(void **state)
{
    (void)state;
    struct world *world = world_new(NULL);
    open_stream(world, "cs");
    stt_close(&world->stt);
    settle(world->loop);
    assert_string_equal(buf_text(&world->told), "");
    assert_int_equal(stt_driver_stats(world->driver)->cancelled, 1);
    assert_true(stt_driver_healthy(world->driver));
    world_free(&world);
}

static void lost_streams_say_why(void **state)
{
    (void)state;
    static const struct {
        int code, err;
    } codes[] = {{WS_CLOSE_INTERNAL, ETIMEDOUT},
                 {WS_CLOSE_POLICY, EPROTO},
                 {WS_CLOSE_NORMAL, ECONNRESET},
                 {WS_CLOSE_AWAY, ECONNRESET}};
    for (size_t i = 0; i < countof(codes); i++) {
        struct world *world = world_open();
        ws_close(&world->ws, codes[i].code, "NET-0001");
        wait_for(world->loop, &world->closed);
        assert_int_equal(world->err, codes[i].err);
        send_ms(world, 100, 1); /* harmless until it is closed */
        stt_finalize(world->stt);
        world_free(&world);
    }
}

static void one_bad_text_is_passed_over_many_are_not(void **state)
{
    (void)state;
    struct world *world = world_open();
    deepgram_says(world, "nonsense");
    deepgram_says(world, "{\"type\":\"Results\",\"is_final\":true,\"channel\":{\"alternatives\":[{"
                         "\"transcript\":\"still here\"}]}}");
    wait_for_event(world);
    assert_non_null(strstr(buf_text(&world->told), "still here"));
    for (int i = 0; i < 5; i++)
        deepgram_says(world, "{\"broken\":");
    wait_for(world->loop, &world->closed);
    assert_int_equal(world->err, EPROTO);
    world_free(&world);
}

static void error_message_ends_the_stream(void **state)
{
    (void)state;
    struct world *world = world_open();
    deepgram_says(world, "{\"type\":\"Error\",\"description\":\"KeytermsNotSupported\"}");
    wait_for(world->loop, &world->closed);
    assert_int_equal(world->err, EPROTO);
    world_free(&world);
}

/* ---- handshakes that fail -------------------------------------------------------------------- */

struct door { /* a world whose Deepgram is a raw peer */
    struct world *world;
    struct peer_listener *listener;
};

static struct door door_new(int open_ms_max)
{
    struct door door = {.world = xalloc(sizeof(struct world))};
    char url[64];
    door.world->loop = loop_new();
    door.listener = peer_listen(door.world->loop);
    struct deepgram_options options = options_for(url, sizeof(url), door.listener->port);
    options.open_ms_max = open_ms_max;
    door.world->driver = deepgram_new(door.world->loop, &options);
    return door;
}

static void door_free(struct door *door)
{
    stt_close(&door->world->stt);
    peer_listener_free(&door->listener);
    world_free(&door->world);
}

static void refusals_mean_something(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int err;
    } refusals[] = {{"401 Unauthorized", EACCES},      {"402 Payment Required", EDQUOT},
                    {"403 Forbidden", EACCES},         {"429 Too Many Requests", EBUSY},
                    {"400 Bad Request", EINVAL},       {"500 Internal Server Error", ECONNRESET},
                    {"504 Gateway Timeout", ETIMEDOUT}};
    struct door door = door_new(0);
    for (size_t i = 0; i < countof(refusals); i++) {
        struct world *world = door.world;
        world->closed = world->event = false;
        open_stream(world, "cs");
        struct peer *peer = peer_accept(door.listener);
        peer_expect(peer, "\r\n\r\n");
        char answer[200];
        snprintf(answer, sizeof(answer),
                 "HTTP/1.1 %s\r\ndg-error: no\r\nContent-Length: 2\r\n\r\nno", refusals[i].line);
        peer_say(peer, answer);
        wait_for(world->loop, &world->closed);
        assert_int_equal(world->err, refusals[i].err);
        stt_close(&world->stt);
        peer_free(&peer);
    }
    door_free(&door);
}

static void handshake_that_stalls_has_a_deadline(void **state)
{
    (void)state;
    struct door door = door_new(50);
    open_stream(door.world, "cs");
    struct peer *peer = peer_accept(door.listener);
    peer_expect(peer, "\r\n\r\n");
    wait_for(door.world->loop, &door.world->closed);
    assert_int_equal(door.world->err, ETIMEDOUT);
    assert_int_equal(stt_driver_stats(door.world->driver)->failures[FAIL_LATE], 1);
    peer_free(&peer);
    door_free(&door);
}

static void handshake_that_is_cut_is_a_loss(void **state)
{
    (void)state;
    struct door door = door_new(0);
    open_stream(door.world, "cs");
    struct peer *peer = peer_accept(door.listener);
    peer_reset(peer);
    wait_for(door.world->loop, &door.world->closed);
    assert_int_equal(door.world->err, ECONNRESET);
    peer_free(&peer);
    door_free(&door);
}

static void nobody_is_asked_while_the_breaker_is_open(void **state)
{
    (void)state;
    struct door door = door_new(0);
    struct world *world = door.world;
    for (int i = 0; i < 5; i++) {
        world->closed = world->event = false;
        open_stream(world, "cs");
        struct peer *peer = peer_accept(door.listener);
        peer_reset(peer);
        wait_for(world->loop, &world->closed);
        stt_close(&world->stt);
        peer_free(&peer);
    }
    assert_false(stt_driver_healthy(world->driver));
    world->closed = world->event = false;
    open_stream(world, "cs");
    wait_for(world->loop, &world->closed);
    assert_int_equal(world->err, EAGAIN);
    assert_int_equal(stt_driver_stats(world->driver)->shed, 1);
    assert_int_equal(stt_driver_stats(world->driver)->asks, 5);
    door_free(&door);
}

static void base_that_is_no_url_fails_the_stream(void **state)
{
    (void)state;
    struct world *world = xalloc(sizeof(*world));
    world->loop = loop_new();
    world->driver = deepgram_new(
        world->loop, &(struct deepgram_options){.base_url = "gopher://x", .api_key = "k"});
    open_stream(world, "cs");
    wait_for(world->loop, &world->closed);
    assert_int_equal(world->err, EINVAL);
    world_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream_opens_with_key_and_query),
        cmocka_unit_test(words_come_as_events),
        cmocka_unit_test(audio_before_the_opening_is_kept_and_sent_first),
        cmocka_unit_test(backlog_is_bounded),
        cmocka_unit_test(frames_are_sent_in_chunks),
        cmocka_unit_test(what_is_batched_goes_when_it_must),
        cmocka_unit_test(pause_flushes_and_finalizes),
        cmocka_unit_test(silence_keeps_the_stream_alive),
        cmocka_unit_test(close_waits_for_the_rest_in_the_background),
        cmocka_unit_test(driver_can_go_while_a_stream_still_closes),
        cmocka_unit_test(handler_may_close_the_stream),
        cmocka_unit_test(closing_before_the_opening_is_quiet),
        cmocka_unit_test(lost_streams_say_why),
        cmocka_unit_test(one_bad_text_is_passed_over_many_are_not),
        cmocka_unit_test(error_message_ends_the_stream),
        cmocka_unit_test(refusals_mean_something),
        cmocka_unit_test(handshake_that_stalls_has_a_deadline),
        cmocka_unit_test(handshake_that_is_cut_is_a_loss),
        cmocka_unit_test(nobody_is_asked_while_the_breaker_is_open),
        cmocka_unit_test(base_that_is_no_url_fails_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
