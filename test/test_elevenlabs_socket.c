/* test/test_elevenlabs_socket.c: sentences over a call's socket against an ElevenLabs of our own on
 * loopback, which answers over HTTP, too, should the socket fail. */
#include "base/hash.h"
#include "base/mem.h"
#include "net/http_server.h"
#include "net/ws.h"
#include "provider/tts.h"
#include "test/peer.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPEECHES = 6 };

struct speech {
    struct world *world;
    struct op *op;
    struct buf audio;
    char anchors[200];
    bool audio_came, over;
    bool close_at_audio; /* the handler hangs up */
    struct tts_event last;
};

struct world {
    struct loop *loop;
    struct http_server *server;
    struct http_client *http;
    struct tts_driver *driver;
    struct tts_session *session;
    struct speech speeches[SPEECHES];
    /* ElevenLabs' side */
    struct ws *ws;
    struct buf texts; /* one a line */
    struct buf target;
    char key[32];
    bool heard, connected, gone;
    int refuse;  /* the handshake, with this status */
    bool silent; /* no handshake is answered */
    size_t handshakes, over_http;
};

/* ---- an ElevenLabs that says what the test says ----------------------------------------------
 */

static void on_heard(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    struct world *world = arg;
    (void)ws;
    assert_int_equal(kind, WS_TEXT);
    buf_add(&world->texts, data, bytes);
    buf_putc(&world->texts, '\n');
    world->heard = true;
}

static void on_gone(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    struct world *world = arg;
    (void)ws;
    (void)code;
    (void)why;
    (void)http_status;
    world->ws = NULL;
    world->gone = true;
}

static void on_socket(struct http_req *req)
{
    static const struct ws_handler handler = {.on_message = on_heard, .on_close = on_gone};
    static const struct ws_limits limits = {0};
    struct world *world = req->app;
    const char *key = http_header(req, "xi-api-key");
    world->handshakes++;
    if (world->silent)
        return;
    if (world->refuse) {
        http_fail(req, world->refuse, "no");
        return;
    }
    snprintf(world->key, sizeof(world->key), "%s", key ? key : "");
    buf_clear(&world->target);
    buf_add_str(&world->target, req->target);
    assert_int_equal(ws_accept(req, &limits, &handler, world, &world->ws), 0);
    world->connected = true;
}

static void on_http(struct http_req *req)
{
    struct world *world = req->app;
    world->over_http++;
    http_reply(req, 200, "audio/basic", str_of("over http"));
}

static const struct http_route routes[] = {
    {HTTP_GET, "/v1/text-to-speech/:voice/multi-stream-input", on_socket, 0},
    {HTTP_POST, "/v1/text-to-speech/:voice/stream", on_http, 10000}};

static void says(struct world *world, const char *text)
{
    assert_int_equal(ws_send(world->ws, WS_TEXT, text, strlen(text)), 0);
}

static void says_audio(struct world *world, int context, const char *audio, const char *more)
{
    struct buf text = {0};
    buf_puts(&text, "{\"audio\":\"");
    base64_put(&text, audio, strlen(audio));
    buf_printf(&text, "\",\"contextId\":\"%d\"%s}", context, more);
    says(world, buf_text(&text));
    buf_free(&text);
}

static void says_end(struct world *world, int context)
{
    char text[80];
    snprintf(text, sizeof(text), "{\"audio\":null,\"isFinal\":true,\"contextId\":\"%d\"}", context);
    says(world, text);
}

static void wait_for_text(struct world *world, const char *text)
{
    while (!strstr(buf_text(&world->texts), text)) {
        world->heard = false;
        wait_for(world->loop, &world->heard);
    }
}

/* ---- our side ------------------------------------------------------------------------------- */

static void hang_up(struct world *world)
{
    for (size_t i = 0; i < SPEECHES; i++)
        op_cancel(&world->speeches[i].op);
    tts_session_close(&world->session);
}

static void on_event(const struct tts_event *event, void *arg)
{
    struct speech *speech = arg;
    assert_false(speech->over);
    if (event->kind == TTS_AUDIO) {
        buf_add(&speech->audio, event->ulaw, event->bytes);
        for (size_t i = 0; i < event->anchor_count; i++) {
            size_t used = strlen(speech->anchors);
            snprintf(speech->anchors + used, sizeof(speech->anchors) - used, "%zu:%zu ",
                     event->anchors[i].bytes, event->anchors[i].letters);
        }
        speech->audio_came = true;
        if (speech->close_at_audio)
            hang_up(speech->world);
        return;
    }
    speech->last = *event;
    speech->over = true;
}

static struct world *world_with(int keep_alive_ms, int reopen_ms)
{
    struct world *world = xalloc(sizeof(*world));
    const char *why;
    char url[64];
    world->loop = loop_new();
    assert_int_equal(http_server_open(world->loop, "127.0.0.1:0",
                                      &(struct http_server_options){.routes = routes,
                                                                    .route_count = countof(routes),
                                                                    .app = world},
                                      &world->server, &why),
                     0);
    world->http = http_client_new(world->loop, &(struct http_client_options){0});
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", http_server_port(world->server));
    world->driver =
        elevenlabs_new(world->http, &(struct elevenlabs_options){.base_url = url,
                                                                 .api_key = "x1",
                                                                 .sockets = true,
                                                                 .keep_alive_ms = keep_alive_ms,
                                                                 .reopen_ms = reopen_ms});
    for (size_t i = 0; i < SPEECHES; i++)
        world->speeches[i].world = world;
    return world;
}

static struct world *world_new(void)
{
    return world_with(0, 0);
}

static void call(struct world *world)
{
    world->session = tts_session_open(
        world->driver, &(struct tts_voicing){.voice_id = "voice1", .language = "cs"});
    assert_non_null(world->session);
}

static struct world *world_open(void)
{
    struct world *world = world_new();
    call(world);
    wait_for(world->loop, &world->connected);
    return world;
}

static void world_free(struct world **slot)
{
    struct world *world = *slot;
    *slot = NULL;
    hang_up(world);
    tts_driver_free(&world->driver);
    http_client_free(&world->http);
    ws_close(&world->ws, WS_CLOSE_NORMAL, "");
    http_server_close(&world->server);
    settle(world->loop);
    loop_free(&world->loop);
    for (size_t i = 0; i < SPEECHES; i++)
        buf_free(&world->speeches[i].audio);
    buf_free(&world->texts);
    buf_free(&world->target);
    free(world);
}

static struct speech *speak_in(struct world *world, size_t place, const char *language,
                               const char *text, int64_t ms_max)
{
    struct speech *speech = &world->speeches[place];
    speech->over = speech->audio_came = false;
    buf_clear(&speech->audio);
    tts_speak(world->driver,
              &(struct tts_request){.text = str_of(text),
                                    .voice_id = "voice1",
                                    .language = language,
                                    .session = world->session,
                                    .first_byte_ms_max = ms_max,
                                    .between_ms_max = ms_max},
              on_event, speech, &speech->op);
    assert_false(speech->over);
    return speech;
}

static struct speech *speak(struct world *world, size_t place, const char *text)
{
    return speak_in(world, place, "cs", text, 0);
}

static void expect_spoken(struct speech *speech, const char *audio)
{
    wait_for(speech->world->loop, &speech->over);
    assert_int_equal(speech->last.kind, TTS_DONE);
    assert_string_equal(buf_text(&speech->audio), audio);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void the_socket_opens_with_key_voice_and_language(void **state)
{
    (void)state;
    struct world *world = world_open();
    wait_for_text(world, "{\"text\":\" \",\"context_id\":\"0\"}\n");
    assert_string_equal(world->key, "x1");
    assert_non_null(strstr(buf_text(&world->target), "/voice1/multi-stream-input?"));
    assert_non_null(strstr(buf_text(&world->target), "&language_code=cs"));
    assert_non_null(strstr(buf_text(&world->target), "&model_id=eleven_flash_v2_5"));
    world_free(&world);
}

static void a_sentence_is_a_context(void **state)
{
    (void)state;
    struct world *world = world_open();
    struct speech *speech = speak(world, 0, "Dobrý den.");
    wait_for_text(world, "{\"text\":\" \",\"context_id\":\"1\"}\n"
                         "{\"text\":\"Dobrý den. \",\"context_id\":\"1\",\"flush\":true}\n"
                         "{\"context_id\":\"1\",\"close_context\":true}\n");
    says_audio(world, 1, "abcdefg", "");
    wait_for(world->loop, &speech->audio_came);
    assert_false(speech->over);
    says_audio(world, 1, "hij", "");
    says_end(world, 1);
    expect_spoken(speech, "abcdefghij");
    assert_int_equal(speech->last.characters, 10);
    assert_int_equal(tts_driver_stats(world->driver)->done, 1);
    assert_int_equal(tts_driver_stats(world->driver)->units_out, 10);
    assert_int_equal(world->over_http, 0);
    world_free(&world);
}

static void what_is_said_before_the_socket_is_open_goes_over_it(void **state)
{
    (void)state;
    struct world *world = world_new();
    call(world);
    struct speech *speech = speak(world, 0, "Ano.");
    wait_for_text(world, "\"context_id\":\"1\",\"close_context\"");
    says_audio(world, 1, "yes", "");
    says_end(world, 1);
    expect_spoken(speech, "yes");
    assert_int_equal(world->over_http, 0);
    world_free(&world);
}

static void sentences_do_not_mix(void **state)
{
    (void)state;
    struct world *world = world_open();
    struct speech *one = speak(world, 0, "One."), *two = speak(world, 1, "Two.");
    wait_for_text(world, "\"context_id\":\"2\",\"close_context\"");
    says_audio(world, 2, "second", "");
    says_audio(world, 1, "first", "");
    says_audio(world, 77, "nobody's", "");
    says_end(world, 2);
    expect_spoken(two, "second");
    assert_false(one->over);
    says_end(world, 1);
    expect_spoken(one, "first");
    world_free(&world);
}

static void times_become_anchors_of_the_text(void **state)
{
    (void)state;
    struct world *world = world_open();
    struct speech *speech = speak(world, 0, "já ne");
    wait_for_text(world, "close_context");
    says_audio(world, 1, "0123456789012345678901234567890123456789",
               ",\"alignment\":{\"chars\":[\"j\",\"á\",\" \",\"n\",\"e\"],"
               "\"charStartTimesMs\":[0,1,2,3,4],\"charsDurationsMs\":[1,1,1,1,1]}");
    says_audio(world, 1, "more", "");
    says_end(world, 1);
    wait_for(world->loop, &speech->over);
    assert_string_equal(speech->anchors, "16:3 40:6 ");
    world_free(&world);
}

static void what_was_cancelled_is_dropped_by_its_id(void **state)
{
    (void)state;
    struct world *world = world_open();
    struct speech *speech = speak(world, 0, "One.");
    wait_for_text(world, "close_context");
    says_audio(world, 1, "on", "");
    wait_for(world->loop, &speech->audio_came);
    op_cancel(&speech->op);
    says_audio(world, 1, "e and much more", "");
    says_end(world, 1);
    struct speech *next = speak(world, 1, "Two.");
    wait_for_text(world, "\"context_id\":\"2\",\"close_context\"");
    says_audio(world, 2, "two", "");
    says_end(world, 2);
    expect_spoken(next, "two");
    assert_string_equal(buf_text(&speech->audio), "on");
    assert_false(speech->over);
    assert_int_equal(tts_driver_stats(world->driver)->cancelled, 1);
    world_free(&world);
}

static void the_fifth_sentence_at_once_goes_over_http(void **state)
{
    (void)state;
    struct world *world = world_open();
    for (size_t i = 0; i < 4; i++)
        speak(world, i, "One.");
    expect_spoken(speak(world, 4, "Five."), "over http");
    says_audio(world, 3, "three", "");
    says_end(world, 3); /* makes room */
    expect_spoken(&world->speeches[2], "three");
    struct speech *sixth = speak(world, 5, "Six.");
    wait_for_text(world, "Six.");
    says_audio(world, 5, "six", "");
    says_end(world, 5);
    expect_spoken(sixth, "six");
    assert_int_equal(world->over_http, 1);
    world_free(&world);
}

static void another_voice_or_language_goes_over_http(void **state)
{
    (void)state;
    struct world *world = world_open();
    expect_spoken(speak_in(world, 0, "de", "Ja.", 0), "over http");
    assert_int_equal(world->handshakes, 1);
    world_free(&world);
}

static void a_socket_that_breaks_costs_only_what_was_begun(void **state)
{
    (void)state;
    struct world *world = world_open();
    struct speech *begun = speak(world, 0, "One."), *waiting = speak(world, 1, "Two.");
    wait_for_text(world, "\"context_id\":\"2\",\"close_context\"");
    says_audio(world, 1, "on", "");
    wait_for(world->loop, &begun->audio_came);
    ws_close(&world->ws, WS_CLOSE_INTERNAL, "oops");
    expect_spoken(waiting, "over http");
    wait_for(world->loop, &begun->over);
    assert_int_equal(begun->last.kind, TTS_FAILED);
    assert_int_equal(begun->last.err, ECONNRESET);
    assert_string_equal(buf_text(&begun->audio), "on");
    expect_spoken(speak(world, 2, "Three."), "over http"); /* at once: nobody waits for a socket */
    assert_int_equal(tts_driver_stats(world->driver)->done, 2);
    world_free(&world);
}

static void a_lost_socket_is_opened_again(void **state)
{
    (void)state;
    struct world *world = world_with(0, 10);
    call(world);
    for (size_t opened = 1; opened <= 5; opened++) { /* and then no more, in this call */
        wait_for(world->loop, &world->connected);
        assert_int_equal(world->handshakes, opened);
        struct speech *speech = speak(world, 0, "Ano.");
        wait_for_text(world, "Ano.");
        says_audio(world, (int)opened, "yes", ",\"isFinal\":true");
        expect_spoken(speech, "yes");
        buf_clear(&world->texts);
        world->connected = false;
        ws_close(&world->ws, WS_CLOSE_AWAY, "");
    }
    speak_in(world, 1, "cs", "Ano.", 0);
    expect_spoken(&world->speeches[1], "over http");
    assert_int_equal(world->handshakes, 5);
    world_free(&world);
}

static void a_silent_call_keeps_its_socket(void **state)
{
    (void)state;
    struct world *world = world_with(10, 0);
    call(world);
    wait_for_text(world,
                  "{\"text\":\"\",\"context_id\":\"0\"}\n{\"text\":\"\",\"context_id\":\"0\"}\n");
    world_free(&world);
}

static void a_refused_socket_is_no_loss(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->refuse = 403;
    call(world);
    expect_spoken(speak(world, 0, "One."), "over http");
    expect_spoken(speak(world, 0, "Two."), "over http");
    assert_int_equal(world->handshakes, 1);
    assert_true(tts_driver_healthy(world->driver));
    world_free(&world);
}

static void a_socket_that_does_not_open_holds_nobody_up(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->silent = true;
    call(world);
    expect_spoken(speak_in(world, 0, "cs", "One.", 200), "over http");
    world_free(&world);
}

static void silence_on_the_socket_is_given_up_in_time_for_http(void **state)
{
    (void)state;
    struct world *world = world_open();
    int64_t asked_ms = loop_now_ms(world->loop);
    struct speech *speech = speak_in(world, 0, "cs", "One.", 300);
    expect_spoken(speech, "over http");
    assert_true(loop_now_ms(world->loop) < asked_ms + 300);
    wait_for(world->loop, &world->gone);
    world_free(&world);
}

static void a_late_sentence_breaks_no_other_off(void **state)
{
    (void)state;
    struct world *world = world_open();
    struct speech *comes = speak_in(world, 0, "cs", "One.", 0);
    struct speech *late = speak_in(world, 1, "cs", "Two.", 200);
    wait_for_text(world, "\"context_id\":\"2\",\"close_context\"");
    while (!late->over) { /* a piece of the first now and then */
        says_audio(world, 1, "on", "");
        comes->audio_came = false;
        wait_for(world->loop, &comes->audio_came);
    }
    expect_spoken(late, "over http");
    assert_false(comes->over);
    says_end(world, 1);
    wait_for(world->loop, &comes->over);
    assert_int_equal(comes->last.kind, TTS_DONE);
    assert_false(world->gone);
    world_free(&world);
}

static void a_stall_within_a_sentence_ends_it(void **state)
{
    (void)state;
    struct world *world = world_open();
    struct speech *speech = speak_in(world, 0, "cs", "One.", 100);
    wait_for_text(world, "close_context");
    says_audio(world, 1, "on", "");
    wait_for(world->loop, &speech->over);
    assert_int_equal(speech->last.err, ETIMEDOUT);
    assert_int_equal(speech->last.characters, 4);
    assert_int_equal(world->over_http, 0);
    world_free(&world);
}

static void errors_send_the_sentence_over_http(void **state)
{
    (void)state;
    static const char *const list[] = {
        "{\"error\":\"quota_exceeded\",\"message\":\"no\",\"contextId\":\"1\"}",
        "{\"error\":\"something\"}",
        "{\"isFinal\":true,\"contextId\":\"1\"}",
        "{\"audio\":\"%%%%\",\"contextId\":\"1\"}",
        "{\"audio\":\"SUQzBAAA\",\"contextId\":\"1\"}", /* MP3 */
    };
    for (size_t i = 0; i < countof(list); i++) {
        struct world *world = world_open();
        struct speech *speech = speak(world, 0, "One.");
        wait_for_text(world, "close_context");
        says(world, list[i]);
        expect_spoken(speech, "over http");
        world_free(&world);
    }
}

static void nonsense_is_borne_for_a_while(void **state)
{
    (void)state;
    struct world *world = world_open();
    struct speech *speech = speak(world, 0, "One.");
    wait_for_text(world, "close_context");
    for (int i = 0; i < 4; i++)
        says(world, "no {sense");
    says_audio(world, 1, "one", "");
    says_end(world, 1);
    expect_spoken(speech, "one");
    speech = speak(world, 0, "Two.");
    for (int i = 0; i < 5; i++)
        says(world, "no {sense");
    expect_spoken(speech, "over http");
    world_free(&world);
}

static void a_handler_may_hang_up(void **state)
{
    (void)state;
    struct world *world = world_open();
    struct speech *speech = speak(world, 0, "One.");
    speak(world, 1, "Two.");
    speech->close_at_audio = true;
    wait_for_text(world, "\"context_id\":\"2\",\"close_context\"");
    says_audio(world, 1, "on", ",\"isFinal\":true");
    wait_for(world->loop, &speech->audio_came);
    wait_for_text(world, "{\"close_socket\":true}\n");
    wait_for(world->loop, &world->gone);
    assert_int_equal(tts_driver_stats(world->driver)->cancelled, 2);
    world_free(&world);
}

static void without_sockets_there_is_no_session(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct tts_driver *plain = elevenlabs_new(
        world->http, &(struct elevenlabs_options){.base_url = "http://x", .api_key = "x1"});
    assert_null(tts_session_open(plain, &(struct tts_voicing){.voice_id = "voice1"}));
    tts_driver_free(&plain);
    world_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_socket_opens_with_key_voice_and_language),
        cmocka_unit_test(a_sentence_is_a_context),
        cmocka_unit_test(what_is_said_before_the_socket_is_open_goes_over_it),
        cmocka_unit_test(sentences_do_not_mix),
        cmocka_unit_test(times_become_anchors_of_the_text),
        cmocka_unit_test(what_was_cancelled_is_dropped_by_its_id),
        cmocka_unit_test(the_fifth_sentence_at_once_goes_over_http),
        cmocka_unit_test(another_voice_or_language_goes_over_http),
        cmocka_unit_test(a_socket_that_breaks_costs_only_what_was_begun),
        cmocka_unit_test(a_lost_socket_is_opened_again),
        cmocka_unit_test(a_silent_call_keeps_its_socket),
        cmocka_unit_test(a_refused_socket_is_no_loss),
        cmocka_unit_test(a_socket_that_does_not_open_holds_nobody_up),
        cmocka_unit_test(silence_on_the_socket_is_given_up_in_time_for_http),
        cmocka_unit_test(a_late_sentence_breaks_no_other_off),
        cmocka_unit_test(a_stall_within_a_sentence_ends_it),
        cmocka_unit_test(errors_send_the_sentence_over_http),
        cmocka_unit_test(nonsense_is_borne_for_a_while),
        cmocka_unit_test(a_handler_may_hang_up),
        cmocka_unit_test(without_sockets_there_is_no_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
