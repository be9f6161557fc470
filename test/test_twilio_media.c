/* test/test_twilio_media.c: the leg over a real WebSocket on loopback: carriers that behave, and
 * all those who do not. */
#include "base/audio.h"
#include "base/mem.h"
#include "carrier/twilio_media.h"
#include "carrier/twilio_wire.h"
#include "net/http_server.h"
#include "net/ws.h"
#include "test/peer.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MZ "MZ00000000000000000000000000000001"
#define CA "CA00000000000000000000000000000002"
#define AC "AC00000000000000000000000000000003"

enum answer { HOLD, ADMIT, REFUSE, ADMIT_AND_CLOSE };

struct world {
    struct loop *loop;
    struct http_server *server;
    struct twilio_media_counters counters;
    struct twilio_media_options options;
    enum answer answer; /* to strangers */
    /* the server's side */
    struct leg *leg;
    struct buf heard;
    bool has_stranger, gone, leg_closed, stopped, has_mark, has_digit;
    char token[64], after[32], call_sid[40], why[100];
    uint32_t mark;
    char digit;
    int64_t first_at_ms;
    /* the carrier's side */
    struct ws *ws;
    struct buf seen;
    bool open, closed;
    int code, http_status;
    struct buf out;
};

/* ---- the server's side ---------------------------------------------------------------------- */

static void on_audio(struct leg *leg, const uint8_t *ulaw, size_t bytes, int64_t at_ms, void *arg)
{
    struct world *w = arg;
    assert_ptr_equal(leg, w->leg);
    if (!w->heard.bytes)
        w->first_at_ms = at_ms;
    buf_add(&w->heard, ulaw, bytes);
}

static void on_mark(struct leg *leg, uint32_t mark, void *arg)
{
    struct world *w = arg;
    (void)leg;
    w->mark = mark;
    w->has_mark = true;
}

static void on_dtmf(struct leg *leg, char digit, void *arg)
{
    struct world *w = arg;
    (void)leg;
    w->digit = digit;
    w->has_digit = true;
}

static void on_closed(struct leg *leg, bool stopped, const char *why, void *arg)
{
    struct world *w = arg;
    assert_ptr_equal(leg, w->leg);
    assert_false(w->leg_closed);
    w->leg_closed = true;
    w->stopped = stopped;
    snprintf(w->why, sizeof(w->why), "%s", why);
    leg_close(&w->leg, "it is over");
}

static const struct leg_handler leg_handler = {on_audio, on_mark, on_dtmf, on_closed};

static void on_stranger(struct leg *leg, const struct leg_start *start, void *arg)
{
    struct world *w = arg;
    w->leg = leg;
    w->has_stranger = true;
    snprintf(w->token, sizeof(w->token), "%.*s", (int)start->token.bytes, start->token.at);
    snprintf(w->after, sizeof(w->after), "%.*s", (int)start->after.bytes,
             start->after.bytes ? start->after.at : "");
    snprintf(w->call_sid, sizeof(w->call_sid), "%.*s", (int)start->call_sid.bytes,
             start->call_sid.at);
    switch (w->answer) {
    case HOLD: break;
    case ADMIT: leg_admit(leg, &leg_handler, w); break;
    case REFUSE:
        leg_refuse(leg, "the token was used before");
        w->leg = NULL;
        break;
    case ADMIT_AND_CLOSE:
        leg_admit(leg, &leg_handler, w);
        leg_close(&w->leg, "no room");
        break;
    }
}

static void on_gone(struct leg *leg, void *arg)
{
    struct world *w = arg;
    assert_ptr_equal(leg, w->leg);
    w->leg = NULL;
    w->gone = true;
}

static void on_media(struct http_req *req)
{
    struct world *w = req->app;
    twilio_media_accept(req, &w->options);
}

static const struct http_route routes[] = {{HTTP_GET, "/media", on_media, 0}};

/* ---- the carrier's side --------------------------------------------------------------------- */

static void on_open(struct ws *ws, void *arg)
{
    struct world *w = arg;
    (void)ws;
    w->open = true;
}

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    struct world *w = arg;
    (void)ws;
    assert_int_equal(kind, WS_TEXT);
    buf_add(&w->seen, data, bytes);
    buf_putc(&w->seen, '\n');
}

static void on_ws_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    struct world *w = arg;
    (void)ws;
    (void)why;
    w->ws = NULL;
    w->closed = true;
    w->code = code;
    w->http_status = http_status;
}

static const struct ws_handler ws_handler = {on_open, on_message, on_ws_close};

static void dial(struct world *w)
{
    char url[100];
    snprintf(url, sizeof(url), "ws://127.0.0.1:%u/media", http_server_port(w->server));
    assert_int_equal(ws_connect(w->loop, url, NULL, NULL, NULL, &ws_handler, w, &w->ws), 0);
}

static void flush(struct world *w)
{
    assert_int_equal(ws_send(w->ws, WS_TEXT, w->out.data, w->out.bytes), 0);
    buf_clear(&w->out);
}

static void send_text(struct world *w, const char *text)
{
    assert_int_equal(ws_send(w->ws, WS_TEXT, text, strlen(text)), 0);
}

static void send_start(struct world *w)
{
    const struct twilio_parameter parameters[] = {{str_of("token"), str_of("t0ken")},
                                                  {str_of("after"), str_of("transfer")}};
    const struct twilio_stream_start start = {.account_sid = str_of(AC),
                                              .call_sid = str_of(CA),
                                              .stream_sid = str_of(MZ),
                                              .parameters = parameters,
                                              .parameter_count = 2};
    twilio_put_connected(&w->out);
    flush(w);
    twilio_put_start(&w->out, &start);
    flush(w);
}

static void send_audio(struct world *w, uint8_t byte, int64_t at_ms)
{
    uint8_t ulaw[AUDIO_FRAME_BYTES];
    memset(ulaw, byte, sizeof(ulaw));
    twilio_put_inbound(&w->out, str_of(MZ), 1, 1, at_ms, ulaw, sizeof(ulaw));
    flush(w);
}

static void begin(struct world *w, enum answer answer)
{
    w->answer = answer;
    dial(w);
    send_start(w);
    wait_for(w->loop, &w->has_stranger);
}

static void wait_bytes(struct world *w, const struct buf *buf, size_t bytes)
{
    int64_t until_ms = loop_now_ms(w->loop) + PEER_WAIT_MS;
    while (buf->bytes < bytes && loop_now_ms(w->loop) < until_ms)
        loop_step(w->loop, 100);
    assert_true(buf->bytes >= bytes);
}

static void wait_count(struct world *w, const uint64_t *counter, uint64_t count)
{
    int64_t until_ms = loop_now_ms(w->loop) + PEER_WAIT_MS;
    while (*counter < count && loop_now_ms(w->loop) < until_ms)
        loop_step(w->loop, 100);
    assert_int_equal(*counter, count);
}

static void expect_refused(struct world *w, int code)
{
    wait_for(w->loop, &w->closed);
    assert_int_equal(w->code, code);
    assert_int_equal(w->counters.strangers, 0);
    assert_int_equal(w->counters.open, 0);
}

static int setup(void **state)
{
    static struct world w;
    const char *why = NULL;
    w = (struct world){.loop = loop_new()};
    w.options = (struct twilio_media_options){.loop = w.loop,
                                              .account_sid = AC,
                                              .counters = &w.counters,
                                              .on_stranger = on_stranger,
                                              .on_stranger_gone = on_gone,
                                              .arg = &w};
    struct http_server_options options = {.routes = routes, .route_count = 1, .app = &w};
    assert_int_equal(http_server_open(w.loop, "127.0.0.1:0", &options, &w.server, &why), 0);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    if (w->leg && w->answer == HOLD && !w->gone)
        leg_refuse(w->leg, "the test is over");
    else
        leg_close(&w->leg, "the test is over");
    ws_close(&w->ws, WS_CLOSE_NORMAL, "");
    settle(w->loop);
    http_server_close(&w->server);
    settle(w->loop);
    buf_free(&w->heard);
    buf_free(&w->seen);
    buf_free(&w->out);
    loop_free(&w->loop);
    return 0;
}

/* ---- those who behave ----------------------------------------------------------------------- */

static void call_is_heard_and_answered(void **state)
{
    struct world *w = *state;
    begin(w, ADMIT);
    assert_string_equal(w->token, "t0ken");
    assert_string_equal(w->after, "transfer");
    assert_string_equal(w->call_sid, CA);
    send_audio(w, 0x55, 40);
    wait_bytes(w, &w->heard, AUDIO_FRAME_BYTES);
    assert_int_equal(w->first_at_ms, 40);
    assert_int_equal((uint8_t)w->heard.data[0], 0x55);
    twilio_put_dtmf(&w->out, str_of(MZ), 3, '7');
    flush(w);
    wait_for(w->loop, &w->has_digit);
    assert_int_equal(w->digit, '7');

    const uint8_t ulaw[] = {1, 2, 3};
    leg_send_audio(w->leg, ulaw, sizeof(ulaw));
    leg_send_mark(w->leg, 7);
    leg_send_clear(w->leg);
    const char *expected =
        "{\"event\":\"media\",\"streamSid\":\"" MZ "\",\"media\":{\"payload\":\"AQID\"}}\n"
        "{\"event\":\"mark\",\"streamSid\":\"" MZ "\",\"mark\":{\"name\":\"7\"}}\n"
        "{\"event\":\"clear\",\"streamSid\":\"" MZ "\"}\n";
    wait_bytes(w, &w->seen, strlen(expected));
    assert_string_equal(buf_text(&w->seen), expected);
    twilio_put_played(&w->out, str_of(MZ), 9, str_of("7"));
    flush(w);
    wait_for(w->loop, &w->has_mark);
    assert_int_equal(w->mark, 7);
    assert_int_equal(w->counters.open, 1);
    assert_int_equal(w->counters.strangers, 0);
}

static void caller_who_hangs_up_stops_the_stream(void **state)
{
    struct world *w = *state;
    begin(w, ADMIT);
    twilio_put_stop(&w->out, str_of(MZ), 5, str_of(AC), str_of(CA));
    flush(w);
    wait_for(w->loop, &w->leg_closed);
    assert_true(w->stopped);
    assert_int_equal(w->counters.stopped, 1);
    assert_int_equal(w->counters.open, 0);
    wait_for(w->loop, &w->closed);
    assert_int_equal(w->code, WS_CLOSE_NORMAL);
}

static void broken_connection_is_no_orderly_end(void **state)
{
    struct world *w = *state;
    begin(w, ADMIT);
    ws_close(&w->ws, WS_CLOSE_AWAY, "");
    wait_for(w->loop, &w->leg_closed);
    assert_false(w->stopped);
    assert_int_equal(w->counters.lost, 1);
    assert_int_equal(w->counters.open, 0);
}

static void we_close_and_hear_nothing_more(void **state)
{
    struct world *w = *state;
    begin(w, ADMIT);
    leg_close(&w->leg, "the call is over");
    assert_null(w->leg);
    send_audio(w, 0x55, 40);
    wait_for(w->loop, &w->closed);
    assert_int_equal(w->code, WS_CLOSE_NORMAL);
    assert_int_equal(w->heard.bytes, 0);
    assert_false(w->leg_closed);
}

static void audio_before_the_admission_is_kept(void **state)
{
    struct world *w = *state;
    begin(w, HOLD);
    send_audio(w, 0x11, 20);
    twilio_put_dtmf(&w->out, str_of(MZ), 3, '5');
    flush(w);
    send_audio(w, 0x22, 40);
    settle(w->loop);
    assert_int_equal(w->heard.bytes, 0);
    w->answer = ADMIT;
    leg_admit(w->leg, &leg_handler, w);
    assert_int_equal(w->heard.bytes, 0); /* never from inside the call */
    wait_bytes(w, &w->heard, 2 * AUDIO_FRAME_BYTES);
    assert_int_equal((uint8_t)w->heard.data[0], 0x11);
    assert_int_equal((uint8_t)w->heard.data[AUDIO_FRAME_BYTES], 0x22);
    assert_int_equal(w->first_at_ms, 20);
    assert_int_equal(w->digit, '5');
}

static void only_the_newest_early_audio_is_kept(void **state)
{
    struct world *w = *state;
    begin(w, HOLD);
    int frames = LEG_EARLY_AUDIO_MS_MAX / AUDIO_FRAME_MS + 10;
    for (int i = 0; i < frames; i++)
        send_audio(w, (uint8_t)(i + 1), 20 * i);
    settle(w->loop);
    w->answer = ADMIT;
    leg_admit(w->leg, &leg_handler, w);
    wait_bytes(w, &w->heard, LEG_EARLY_AUDIO_MS_MAX * AUDIO_BYTES_PER_MS);
    assert_int_equal(w->heard.bytes, LEG_EARLY_AUDIO_MS_MAX * AUDIO_BYTES_PER_MS);
    assert_int_equal(w->first_at_ms, 20 * 10);
}

static void leg_closed_in_its_own_admission_is_forgotten(void **state)
{
    struct world *w = *state;
    begin(w, ADMIT_AND_CLOSE);
    expect_refused(w, WS_CLOSE_NORMAL);
    assert_false(w->leg_closed);
}

/* ---- those who do not ----------------------------------------------------------------------- */

static void stranger_who_goes_away_is_forgotten(void **state)
{
    struct world *w = *state;
    begin(w, HOLD);
    ws_close(&w->ws, WS_CLOSE_NORMAL, "");
    wait_for(w->loop, &w->gone);
    assert_int_equal(w->counters.strangers, 0);
    assert_int_equal(w->counters.lost, 1);
}

static void refused_token_gets_1008(void **state)
{
    struct world *w = *state;
    begin(w, REFUSE);
    expect_refused(w, WS_CLOSE_POLICY);
    assert_int_equal(w->counters.refused, 1);
    assert_false(w->gone);
}

static void socket_that_never_starts_is_closed(void **state)
{
    struct world *w = *state;
    w->options.start_ms_max = 30;
    dial(w);
    expect_refused(w, WS_CLOSE_POLICY);
    assert_int_equal(w->counters.never_started, 1);
    assert_false(w->has_stranger);
}

static void start_that_came_stops_the_clock(void **state)
{
    struct world *w = *state;
    w->options.start_ms_max = 30;
    begin(w, HOLD);
    int64_t until_ms = loop_now_ms(w->loop) + 60;
    while (loop_now_ms(w->loop) < until_ms)
        loop_step(w->loop, 10);
    assert_false(w->closed);
    assert_int_equal(w->counters.never_started, 0);
}

static void broken_json_gets_1007(void **state)
{
    struct world *w = *state;
    dial(w);
    send_text(w, "{\"event\":\"start\"");
    expect_refused(w, WS_CLOSE_BAD_TEXT);
    assert_int_equal(w->counters.bad_message, 1);
}

static void binary_garbage_gets_1003(void **state)
{
    struct world *w = *state;
    dial(w);
    assert_int_equal(ws_send(w->ws, WS_BINARY, "\x00\xFF\x80garbage", 10), 0);
    expect_refused(w, WS_CLOSE_UNSUPPORTED);
    assert_int_equal(w->counters.bad_message, 1);
}

static void oversized_message_gets_1009(void **state)
{
    struct world *w = *state;
    begin(w, ADMIT);
    char *huge = xalloc(TWILIO_MESSAGE_BYTES_MAX + 10);
    memset(huge, 'a', TWILIO_MESSAGE_BYTES_MAX + 1);
    send_text(w, huge);
    free(huge);
    wait_for(w->loop, &w->leg_closed);
    expect_refused(w, WS_CLOSE_TOO_BIG);
    assert_int_equal(w->counters.too_big, 1);
    assert_false(w->stopped);
}

static void media_before_start_gets_1008(void **state)
{
    struct world *w = *state;
    dial(w);
    send_audio(w, 0x55, 0);
    expect_refused(w, WS_CLOSE_POLICY);
    assert_int_equal(w->counters.bad_message, 1);
}

static void bad_starts_get_1008(void **state)
{
    static const char *const starts[] = {
        "{\"event\":\"start\"}",
        /* no token */
        "{\"event\":\"start\",\"streamSid\":\"" MZ "\",\"start\":{\"accountSid\":\"" AC
        "\",\"callSid\":\"" CA "\",\"mediaFormat\":{\"encoding\":\"audio/x-mulaw\",\"sampleRate\":"
        "8000,\"channels\":1}}}",
        /* another account */
        "{\"event\":\"start\",\"streamSid\":\"" MZ "\",\"start\":{\"accountSid\":\"" CA
        "\",\"callSid\":\"" CA "\",\"mediaFormat\":{\"encoding\":\"audio/x-mulaw\",\"sampleRate\":"
        "8000,\"channels\":1},\"customParameters\":{\"token\":\"t\"}}}",
        /* another format */
        "{\"event\":\"start\",\"streamSid\":\"" MZ "\",\"start\":{\"accountSid\":\"" AC
        "\",\"callSid\":\"" CA "\",\"mediaFormat\":{\"encoding\":\"audio/x-mulaw\",\"sampleRate\":"
        "16000,\"channels\":1},\"customParameters\":{\"token\":\"t\"}}}",
        /* a stream SID that would leave its quotes */
        "{\"event\":\"start\",\"streamSid\":\"MZ\\\",\\\"x\\\":\\\"0000000000000000000000\","
        "\"start\":{"
        "\"accountSid\":\"" AC "\",\"callSid\":\"" CA
        "\",\"mediaFormat\":{\"encoding\":\"audio/x-mulaw\",\"sampleRate\":8000,\"channels\":1},"
        "\"customParameters\":{\"token\":\"t\"}}}",
    };
    struct world *w = *state;
    for (size_t i = 0; i < countof(starts); i++) {
        w->closed = false;
        dial(w);
        send_text(w, starts[i]);
        expect_refused(w, WS_CLOSE_POLICY);
        assert_int_equal(w->counters.bad_start, i + 1);
        assert_false(w->has_stranger);
    }
}

static void second_start_gets_1008(void **state)
{
    struct world *w = *state;
    begin(w, ADMIT);
    send_start(w);
    wait_for(w->loop, &w->leg_closed);
    expect_refused(w, WS_CLOSE_POLICY);
    assert_int_equal(w->counters.bad_start, 1);
}

static void endless_nonsense_is_given_up(void **state)
{
    struct world *w = *state;
    begin(w, ADMIT);
    for (int i = 0; i <= TWILIO_MEDIA_ODD_MAX; i++)
        send_text(w, "{\"event\":\"media\",\"media\":{\"payload\":\"***\"}}");
    wait_for(w->loop, &w->leg_closed);
    expect_refused(w, WS_CLOSE_POLICY);
    assert_int_equal(w->counters.bad_message, 1);
    assert_int_equal(w->heard.bytes, 0);
}

static void unknown_events_are_passed_over(void **state)
{
    struct world *w = *state;
    begin(w, ADMIT);
    send_text(w, "{\"event\":\"weather\",\"streamSid\":\"" MZ "\"}");
    send_text(w, "{\"event\":\"mark\",\"mark\":{\"name\":\"not ours\"}}");
    send_audio(w, 0x33, 20);
    wait_bytes(w, &w->heard, AUDIO_FRAME_BYTES);
    assert_false(w->has_mark);
}

static void plain_request_is_told_what_speaks_here(void **state)
{
    struct world *w = *state;
    struct peer *peer = peer_connect(w->loop, http_server_port(w->server));
    peer_say(peer, "GET /media HTTP/1.1\r\nHost: k\r\n\r\n");
    peer_expect(peer, "400");
    peer_expect(peer, "WebSocket");
    peer_free(&peer);
    assert_int_equal(w->counters.not_websocket, 1);
    assert_int_equal(w->counters.accepted, 0);
}

static void crowd_of_strangers_is_bounded(void **state)
{
    struct world *w = *state;
    w->options.strangers_max = 1;
    begin(w, HOLD);
    struct ws *first = w->ws;
    w->open = false;
    w->ws = NULL;
    dial(w);
    wait_for(w->loop, &w->closed);
    assert_int_equal(w->http_status, 503);
    assert_int_equal(w->counters.crowded, 1);
    assert_int_equal(w->counters.strangers, 1);
    w->ws = first;
}

/* Does the handshake and start by hand, then reads no more. */
static struct peer *deaf_carrier(struct world *w)
{
    struct peer *peer = peer_connect(w->loop, http_server_port(w->server));
    struct buf frame = {0};
    peer_say(peer, "GET /media HTTP/1.1\r\nHost: k\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                   "\r\n");
    peer_expect(peer, "\r\n\r\n");
    const struct twilio_parameter token = {str_of("token"), str_of("t0ken")};
    const struct twilio_stream_start start = {.account_sid = str_of(AC),
                                              .call_sid = str_of(CA),
                                              .stream_sid = str_of(MZ),
                                              .parameters = &token,
                                              .parameter_count = 1};
    twilio_put_start(&frame, &start);
    assert_in_range(frame.bytes, 126, 65535);
    const char head[] = {
        (char)0x81, (char)(0x80 | 126), (char)(frame.bytes >> 8), (char)frame.bytes, 0, 0, 0,
        0}; /* a mask of zeros changes nothing */
    peer_send(peer, head, sizeof(head));
    peer_send(peer, frame.data, frame.bytes);
    buf_free(&frame);
    wait_for(w->loop, &w->has_stranger);
    peer_set_deaf(peer, true);
    return peer;
}

static void slow_reader_loses_audio_first_then_the_call(void **state)
{
    struct world *w = *state;
    static const uint8_t second[AUDIO_HZ];
    w->answer = ADMIT;
    w->options.slow_ms_max = 50;
    struct peer *peer = deaf_carrier(w);
    while (!w->counters.audio_dropped)
        leg_send_audio(w->leg, second, sizeof(second));
    /* control still finds room where audio no longer does */
    uint64_t dropped = w->counters.audio_dropped;
    leg_send_clear(w->leg);
    leg_send_mark(w->leg, 1);
    loop_step(w->loop, 0);
    assert_false(w->leg_closed);
    assert_int_equal(w->counters.audio_dropped, dropped);
    int64_t until_ms = loop_now_ms(w->loop) + PEER_WAIT_MS;
    while (!w->leg_closed && loop_now_ms(w->loop) < until_ms) {
        leg_send_audio(w->leg, second, sizeof(second));
        assert_false(w->leg_closed); /* never from inside the call */
        loop_step(w->loop, 10);
    }
    assert_true(w->leg_closed);
    assert_false(w->stopped);
    assert_int_equal(w->counters.slow, 1);
    assert_int_equal(w->counters.open, 0);
    peer_free(&peer);
}

static void control_that_finds_no_room_ends_the_call(void **state)
{
    struct world *w = *state;
    static const uint8_t second[AUDIO_HZ];
    w->answer = ADMIT;
    struct peer *peer = deaf_carrier(w);
    while (!w->counters.audio_dropped)
        leg_send_audio(w->leg, second, sizeof(second));
    for (uint32_t mark = 1; mark < 1000; mark++)
        leg_send_mark(w->leg, mark);
    wait_for(w->loop, &w->leg_closed);
    wait_count(w, &w->counters.slow, 1);
    peer_free(&peer);
}

static void other_calls_go_on_beside_a_bad_one(void **state)
{
    struct world *w = *state;
    begin(w, ADMIT);
    struct peer *peer = peer_connect(w->loop, http_server_port(w->server));
    peer_say(peer, "GET /media HTTP/1.1\r\nHost: k\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                   "\r\n\xFF\xFF\xFF\xFF garbage that is no frame");
    peer_expect(peer, "101");
    peer_expect_closed(peer);
    peer_free(&peer);
    assert_int_equal(w->counters.bad_message, 1);
    send_audio(w, 0x44, 20);
    wait_bytes(w, &w->heard, AUDIO_FRAME_BYTES);
    assert_int_equal(w->counters.open, 1);
}

#define LEG_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEG_TEST(call_is_heard_and_answered),
        LEG_TEST(caller_who_hangs_up_stops_the_stream),
        LEG_TEST(broken_connection_is_no_orderly_end),
        LEG_TEST(we_close_and_hear_nothing_more),
        LEG_TEST(audio_before_the_admission_is_kept),
        LEG_TEST(only_the_newest_early_audio_is_kept),
        LEG_TEST(leg_closed_in_its_own_admission_is_forgotten),
        LEG_TEST(stranger_who_goes_away_is_forgotten),
        LEG_TEST(refused_token_gets_1008),
        LEG_TEST(socket_that_never_starts_is_closed),
        LEG_TEST(start_that_came_stops_the_clock),
        LEG_TEST(broken_json_gets_1007),
        LEG_TEST(binary_garbage_gets_1003),
        LEG_TEST(oversized_message_gets_1009),
        LEG_TEST(media_before_start_gets_1008),
        LEG_TEST(bad_starts_get_1008),
        LEG_TEST(second_start_gets_1008),
        LEG_TEST(endless_nonsense_is_given_up),
        LEG_TEST(unknown_events_are_passed_over),
        LEG_TEST(plain_request_is_told_what_speaks_here),
        LEG_TEST(crowd_of_strangers_is_bounded),
        LEG_TEST(slow_reader_loses_audio_first_then_the_call),
        LEG_TEST(control_that_finds_no_room_ends_the_call),
        LEG_TEST(other_calls_go_on_beside_a_bad_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
