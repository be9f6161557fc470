/* test/test_elevenlabs.c: the voice's driver against a server of our own on loopback. */
#include "base/mem.h"
#include "provider/tts.h"
#include "test/peer.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world {
    struct loop *loop;
    struct peer_listener *listener;
    struct http_client *http;
    struct tts_driver *driver;
    struct op *op;
    struct buf audio;
    bool event, over, cancel_at_audio;
    struct tts_event last;
};

static void on_event(const struct tts_event *event, void *arg)
{
    struct world *world = arg;
    assert_false(world->over);
    world->event = true;
    if (event->kind == TTS_AUDIO) {
        assert_true(event->bytes > 0);
        buf_add(&world->audio, event->ulaw, event->bytes);
        if (world->cancel_at_audio)
            op_cancel(&world->op);
        return;
    }
    assert_null(world->op);
    world->last = *event;
    world->over = true;
}

static struct world *world_new(void)
{
    struct world *world = xalloc(sizeof(*world));
    char url[64];
    world->loop = loop_new();
    world->listener = peer_listen(world->loop);
    world->http = http_client_new(world->loop, &(struct http_client_options){0});
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", world->listener->port);
    world->driver =
        elevenlabs_new(world->http, &(struct elevenlabs_options){.base_url = url, .api_key = "x1"});
    return world;
}

static void world_free(struct world **slot)
{
    struct world *world = *slot;
    *slot = NULL;
    op_cancel(&world->op);
    tts_driver_free(&world->driver);
    http_client_free(&world->http);
    peer_listener_free(&world->listener);
    settle(world->loop);
    loop_free(&world->loop);
    buf_free(&world->audio);
    free(world);
}

static void speak_as(struct world *world, const char *voice, const char *text, int64_t ms_max)
{
    world->over = world->event = false;
    buf_clear(&world->audio);
    tts_speak(world->driver,
              &(struct tts_request){.text = str_of(text),
                                    .voice_id = voice,
                                    .language = "cs",
                                    .previous = str_of("Ano."),
                                    .first_byte_ms_max = ms_max,
                                    .between_ms_max = ms_max},
              on_event, world, &world->op);
    assert_false(world->event);
}

static struct peer *speak(struct world *world)
{
    speak_as(world, "voice1", "Dobrý den.", 0);
    struct peer *peer = peer_accept(world->listener);
    peer_expect(peer, "\"previous_text\":\"Ano.\"}");
    return peer;
}

#define AUDIO "HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: chunked\r\n\r\n"

static void say_audio(struct peer *peer, const void *data, size_t bytes)
{
    char size[24];
    snprintf(size, sizeof(size), "%zx\r\n", bytes);
    peer_say(peer, size);
    peer_send(peer, data, bytes);
    peer_say(peer, "\r\n");
}

static void say_end(struct peer *peer)
{
    peer_say(peer, "0\r\n\r\n");
}

static void expect_failed(struct world *world, int err)
{
    wait_for(world->loop, &world->over);
    assert_int_equal(world->last.kind, TTS_FAILED);
    assert_int_equal(world->last.err, err);
}

static void expect_done(struct world *world)
{
    wait_for(world->loop, &world->over);
    assert_int_equal(world->last.kind, TTS_DONE);
}

static void request_is_as_the_service_wants_it(void **state)
{
    (void)state;
    struct world *world = world_new();
    speak_as(world, "voice1", "Dobrý den.", 0);
    struct peer *peer = peer_accept(world->listener);
    peer_expect(peer, "POST /v1/text-to-speech/voice1/stream?output_format=ulaw_8000 HTTP/1.1\r\n");
    peer_expect(peer, "xi-api-key: x1\r\n");
    peer_expect(peer, "\r\n\r\n{\"text\":\"Dobrý den.\",\"model_id\":\"eleven_flash_v2_5\","
                      "\"language_code\":\"cs\",\"previous_text\":\"Ano.\"}");
    peer_free(&peer);
    world_free(&world);
}

static void audio_comes_piece_by_piece(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = speak(world);
    peer_say(peer, AUDIO);
    say_audio(peer, "abcdefg", 7);
    wait_for(world->loop, &world->event);
    assert_int_equal(world->audio.bytes, 7);
    assert_false(world->over);
    say_audio(peer, "hij", 3);
    say_end(peer);
    expect_done(world);
    assert_string_equal(buf_text(&world->audio), "abcdefghij");
    assert_int_equal(world->last.characters, 10); /* code points, not bytes */
    assert_int_equal(tts_driver_stats(world->driver)->units_out, 10);
    assert_int_equal(tts_driver_stats(world->driver)->done, 1);
    peer_free(&peer);
    world_free(&world);
}

static void connection_is_used_again(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = speak(world);
    for (int i = 0; i < 3; i++) {
        peer_say(peer, AUDIO);
        say_audio(peer, "abcdefg", 7);
        say_end(peer);
        expect_done(world);
        speak_as(world, "voice1", "Ano?", 0);
        peer_expect(peer, "\"previous_text\":\"Ano.\"}");
    }
    assert_int_equal(world->listener->count, 1);
    peer_free(&peer);
    world_free(&world);
}

static const uint8_t wave[] =
    "RIFF\xFF\xFF\xFF\xFFWAVEfmt \x10\0\0\0\7\0\1\0\x40\x1F\0\0\x40\x1F\0\0"
    "\1\0\x8\0"
    "data\xFF\xFF\xFF\xFFsound";

static void wave_header_never_reaches_the_caller(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = speak(world);
    peer_say(peer, AUDIO);
    for (size_t i = 0; i < sizeof(wave) - 1; i++) /* one byte at a time */
        say_audio(peer, wave + i, 1);
    say_end(peer);
    expect_done(world);
    assert_string_equal(buf_text(&world->audio), "sound");
    peer_free(&peer);
    world_free(&world);
}

static void other_formats_are_refused(void **state)
{
    (void)state;
    static const char *const foreign[] = {"ID3\4 and then noise", "{\"detail\":\"sorry\"}",
                                          "OggS and then noise"};
    for (size_t i = 0; i < countof(foreign); i++) {
        struct world *world = world_new();
        struct peer *peer = speak(world);
        peer_say(peer, AUDIO);
        say_audio(peer, foreign[i], strlen(foreign[i]));
        expect_failed(world, EPROTO);
        assert_int_equal(world->audio.bytes, 0);
        assert_int_equal(world->last.characters, 0);
        peer_free(&peer);
        world_free(&world);
    }
}

static void very_short_audio_is_audio(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = speak(world);
    peer_say(peer, AUDIO);
    say_audio(peer, "ab", 2);
    say_end(peer);
    expect_done(world);
    assert_string_equal(buf_text(&world->audio), "ab");
    peer_free(&peer);
    world_free(&world);
}

static void no_audio_at_all_is_a_failure(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = speak(world);
    peer_say(peer, AUDIO "0\r\n\r\n");
    expect_failed(world, EPROTO);
    peer_free(&peer);
    world_free(&world);
}

static void stalls_have_deadlines(void **state)
{
    (void)state;
    static const char *const before[] = {"", AUDIO, AUDIO "7\r\nabcdefg\r\n"};
    for (size_t i = 0; i < countof(before); i++) {
        struct world *world = world_new();
        speak_as(world, "voice1", "Dobrý den.", 60);
        struct peer *peer = peer_accept(world->listener);
        peer_say(peer, before[i]);
        expect_failed(world, ETIMEDOUT);
        assert_int_equal(world->last.characters, i == 2 ? 10 : 0); /* what was begun is charged */
        peer_free(&peer);
        world_free(&world);
    }
}

static void cut_audio_is_a_loss(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = speak(world);
    peer_say(peer, AUDIO);
    say_audio(peer, "abcdefg", 7);
    wait_for(world->loop, &world->event);
    peer_reset(peer);
    expect_failed(world, ECONNRESET);
    assert_int_equal(world->audio.bytes, 7); /* what came can be played */
    peer_free(&peer);
    world_free(&world);
}

static void refusals_mean_something(void **state)
{
    (void)state;
    static const struct {
        const char *status, *body;
        int err;
    } list[] = {
        {"401 Unauthorized", "{\"detail\":{\"status\":\"quota_exceeded\"}}", EDQUOT},
        {"401 Unauthorized", "{\"detail\":{\"status\":\"invalid_api_key\"}}", EACCES},
        {"404 Not Found", "{\"detail\":\"Not Found\"}", ENOENT},
        {"422 Unprocessable Entity", "{\"detail\":[{\"msg\":\"text\"}]}", EINVAL},
        {"429 Too Many Requests", "{\"detail\":{\"status\":\"system_busy\"}}", EBUSY},
        {"500 Internal Server Error", "oops", ECONNRESET},
    };
    for (size_t i = 0; i < countof(list); i++) {
        struct world *world = world_new();
        struct peer *peer = speak(world);
        char reply[300];
        snprintf(reply, sizeof(reply), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s",
                 list[i].status, strlen(list[i].body), list[i].body);
        peer_say(peer, reply);
        expect_failed(world, list[i].err);
        peer_free(&peer);
        world_free(&world);
    }
}

static void unlawful_requests_are_never_sent(void **state)
{
    (void)state;
    static char long_text[6000];
    memset(long_text, 'a', sizeof(long_text) - 1);
    static const char *const list[][2] = {{"../v1/user", "Ano."}, {"", "Ano."},   {"a/b", "Ano."},
                                          {"v?x", "Ano."},        {"voice1", ""}, {"voice1", " \n"},
                                          {"voice1", long_text}};
    struct world *world = world_new();
    for (size_t i = 0; i < countof(list); i++) {
        speak_as(world, list[i][0], list[i][1], 0);
        expect_failed(world, EINVAL);
    }
    assert_int_equal(world->listener->count, 0);
    assert_true(tts_driver_healthy(world->driver));
    world_free(&world);
}

static void cancelled_speech_is_quiet_and_closed(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct peer *peer = speak(world);
    peer_say(peer, AUDIO);
    say_audio(peer, "abcdefg", 7);
    wait_for(world->loop, &world->event);
    op_cancel(&world->op);
    peer_expect_closed(peer);
    assert_false(world->over);
    assert_int_equal(tts_driver_stats(world->driver)->cancelled, 1);
    assert_int_equal(tts_driver_stats(world->driver)->units_out, 10);
    peer_free(&peer);
    world_free(&world);
}

static void handler_may_cancel(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->cancel_at_audio = true;
    struct peer *peer = speak(world);
    peer_say(peer, AUDIO);
    say_audio(peer, "abcdefg", 7);
    say_audio(peer, "abcdefg", 7);
    say_end(peer);
    wait_for(world->loop, &world->event);
    settle(world->loop);
    assert_int_equal(world->audio.bytes, 7);
    peer_free(&peer);
    world_free(&world);
}

struct listed {
    bool done;
    int err;
    size_t count;
    char last[40];
};

static void on_listed(int err, const struct tts_voice *voices, size_t count, void *arg)
{
    struct listed *listed = arg;
    *listed = (struct listed){.done = true, .err = err, .count = count};
    if (count)
        snprintf(listed->last, sizeof(listed->last), "%s", voices[count - 1].id);
}

static void say_page(struct peer *peer, const char *status, const char *json)
{
    char head[120];
    snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", status,
             strlen(json));
    peer_say(peer, head);
    peer_say(peer, json);
}

static void voices_are_listed_to_the_last_page(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct listed listed = {0};
    tts_voices(world->driver, on_listed, &listed, &world->op);
    struct peer *peer = peer_accept(world->listener);
    peer_expect(peer, "GET /v2/voices?page_size=100 HTTP/1.1");
    peer_expect(peer, "xi-api-key: x1");
    peer_expect(peer, "\r\n\r\n");
    say_page(peer, "200 OK",
             "{\"voices\":[{\"voice_id\":\"v1\",\"name\":\"Karen\"}],\"has_more\":true,"
             "\"next_page_token\":\"p2\"}");
    peer_expect(peer, "GET /v2/voices?page_size=100&next_page_token=p2 HTTP/1.1");
    peer_expect(peer, "\r\n\r\n");
    say_page(peer, "200 OK", "{\"voices\":[{\"voice_id\":\"v2\",\"name\":\"Karl\"}]}");
    wait_for(world->loop, &listed.done);
    assert_int_equal(listed.err, 0);
    assert_int_equal(listed.count, 2);
    assert_string_equal(listed.last, "v2");
    peer_free(&peer);
    world_free(&world);
}

static void voices_that_cannot_be_listed_are_an_error(void **state)
{
    (void)state;
    static const struct {
        const char *status, *json;
        int err;
    } answers[] = {{"401 Unauthorized", "{\"detail\":{\"status\":\"invalid_api_key\"}}", EACCES},
                   {"429 Too Many Requests", "{\"detail\":{\"status\":\"system_busy\"}}", EBUSY},
                   {"200 OK", "{\"voices\":", EPROTO}};
    struct world *world = world_new();
    for (size_t i = 0; i < countof(answers); i++) {
        struct listed listed = {0};
        tts_voices(world->driver, on_listed, &listed, &world->op);
        struct peer *peer = i ? world->listener->accepted[0] : peer_accept(world->listener);
        peer_expect(peer, "\r\n\r\n");
        say_page(peer, answers[i].status, answers[i].json);
        wait_for(world->loop, &listed.done);
        assert_int_equal(listed.err, answers[i].err);
        assert_int_equal(listed.count, 0);
    }
    struct peer *peer = world->listener->accepted[0];
    peer_free(&peer);
    world_free(&world);
}

static void nobody_is_asked_while_the_breaker_is_open(void **state)
{
    (void)state;
    struct world *world = world_new();
    peer_listener_free(&world->listener);
    for (int i = 0; i < 5; i++) {
        speak_as(world, "voice1", "Ano.", 0);
        expect_failed(world, ECONNREFUSED);
    }
    assert_false(tts_driver_healthy(world->driver));
    speak_as(world, "voice1", "Ano.", 0);
    expect_failed(world, EAGAIN);
    assert_int_equal(tts_driver_stats(world->driver)->shed, 1);
    world_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_is_as_the_service_wants_it),
        cmocka_unit_test(audio_comes_piece_by_piece),
        cmocka_unit_test(connection_is_used_again),
        cmocka_unit_test(wave_header_never_reaches_the_caller),
        cmocka_unit_test(other_formats_are_refused),
        cmocka_unit_test(very_short_audio_is_audio),
        cmocka_unit_test(no_audio_at_all_is_a_failure),
        cmocka_unit_test(stalls_have_deadlines),
        cmocka_unit_test(cut_audio_is_a_loss),
        cmocka_unit_test(refusals_mean_something),
        cmocka_unit_test(unlawful_requests_are_never_sent),
        cmocka_unit_test(cancelled_speech_is_quiet_and_closed),
        cmocka_unit_test(handler_may_cancel),
        cmocka_unit_test(voices_are_listed_to_the_last_page),
        cmocka_unit_test(voices_that_cannot_be_listed_are_an_error),
        cmocka_unit_test(nobody_is_asked_while_the_breaker_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
