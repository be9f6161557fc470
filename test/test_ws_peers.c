/* test/test_ws_peers.c: WebSockets against peers that are not ours: hostile ones written byte for
 * byte, and libwslay as an independent reader of the protocol. */
#include "base/mem.h"
#include "net/http_server.h"
#include "net/ws.h"
#include "net/ws_wire.h"
#include "test/peer.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

struct world {
    struct loop *loop;
    struct http_server *server;
    struct ws_limits limits;
    struct peer_listener *listener;
    struct peer *peer;
    struct ws *ws; /* our end */
    struct buf heard;
    bool opened, closed;
    int code, http_status, messages;
    char why[256];
    struct timer *drip;
};

static void on_open(struct ws *ws, void *arg)
{
    struct world *world = arg;
    (void)ws;
    world->opened = true;
}

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    struct world *world = arg;
    buf_putc(&world->heard, kind == WS_TEXT ? '<' : '[');
    buf_add(&world->heard, data, bytes);
    buf_putc(&world->heard, kind == WS_TEXT ? '>' : ']');
    world->messages++;
    if (bytes && data[0] == 'E')
        assert_int_equal(ws_send(ws, kind, data, bytes), 0);
}

static void on_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    struct world *world = arg;
    assert_ptr_equal(ws, world->ws);
    world->ws = NULL;
    world->closed = true;
    world->code = code;
    world->http_status = http_status;
    snprintf(world->why, sizeof(world->why), "%s", why);
}

static const struct ws_handler handler = {on_open, on_message, on_close};

static void on_upgrade(struct http_req *req)
{
    struct world *world = req->app;
    if (ws_accept(req, &world->limits, &handler, world, &world->ws))
        http_fail(req, 400, "not a WebSocket handshake");
}

static const struct http_route routes[] = {{HTTP_GET | HTTP_POST, "/ws", on_upgrade, 0}};

static int setup(void **state)
{
    static struct world world;
    const char *why = NULL;
    world = (struct world){.loop = loop_new()};
    struct http_server_options options = {
        .routes = routes, .route_count = countof(routes), .app = &world};
    assert_int_equal(http_server_open(world.loop, "127.0.0.1:0", &options, &world.server, &why), 0);
    world.listener = peer_listen(world.loop);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    peer_free(&world->peer);
    ws_close(&world->ws, WS_CLOSE_LOST, "");
    http_server_close(&world->server);
    peer_listener_free(&world->listener);
    settle(world->loop);
    buf_free(&world->heard);
    loop_free(&world->loop);
    return 0;
}

/* A client of the test's own making, with its handshake done. */
static const char handshake[] = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                                "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

static void come_in(struct world *world)
{
    world->peer = peer_connect(world->loop, http_server_port(world->server));
    peer_say(world->peer, handshake);
    peer_expect(world->peer, "HTTP/1.1 101 Switching Protocols\r\n");
    peer_expect(world->peer, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
    peer_expect(world->peer, "\r\n\r\n");
}

/* The bytes of a frame as a client sends it. */
static void send_frame(struct world *world, bool fin, enum ws_opcode opcode, const char *text)
{
    struct ws_head head = {.fin = fin,
                           .opcode = opcode,
                           .masked = true,
                           .mask = {1, 2, 3, 4},
                           .payload_bytes = strlen(text)};
    uint8_t bytes[WS_HEAD_BYTES_MAX];
    peer_send(world->peer, bytes, ws_head_write(&head, bytes));
    char *masked = xstrdup(text);
    ws_mask((uint8_t *)masked, strlen(text), head.mask, 0);
    peer_send(world->peer, masked, strlen(text));
    free(masked);
}

/* A close frame with this code, and then the end of the connection. */
static void expect_close(struct world *world, int code)
{
    char payload[3] = {(char)(code >> 8), (char)code, 0};
    wait_for(world->loop, &world->closed);
    peer_expect(world->peer, "\x88");
    peer_expect(world->peer, payload);
    peer_expect_closed(world->peer);
    assert_int_equal(world->code, code);
}

static void handshake_that_lacks_something_is_refused(void **state)
{
    struct world *world = *state;
    static const char *const wrong[] = {
        "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Content-Length: 0\r\n\r\n",
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n",
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dG9vIHNob3J0\r\n\r\n",
    };
    for (size_t i = 0; i < countof(wrong); i++) {
        world->peer = peer_connect(world->loop, http_server_port(world->server));
        peer_say(world->peer, wrong[i]);
        peer_expect(world->peer, "HTTP/1.1 400 Bad Request");
        peer_free(&world->peer);
    }
}

static void protocol_a_browser_asks_for_is_not_answered(void **state)
{
    struct world *world = *state;
    world->peer = peer_connect(world->loop, http_server_port(world->server));
    peer_say(world->peer, "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\n"
                          "Connection: upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Extensions: permessage-deflate\r\n"
                          "Sec-WebSocket-Protocol: chat\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    peer_expect(world->peer, "HTTP/1.1 101 ");
    settle(world->loop);
    assert_null(strstr(buf_text(&world->peer->heard), "Sec-WebSocket-Protocol"));
    assert_null(strstr(buf_text(&world->peer->heard), "Sec-WebSocket-Extensions"));
}

static void frames_right_behind_the_handshake_are_heard(void **state)
{
    struct world *world = *state;
    world->peer = peer_connect(world->loop, http_server_port(world->server));
    peer_say(world->peer, handshake);
    send_frame(world, true, WS_OP_TEXT, "hasty");
    peer_expect(world->peer, "\r\n\r\n");
    settle(world->loop);
    assert_string_equal(buf_text(&world->heard), "<hasty>");
}

static void frame_may_come_byte_by_byte(void **state)
{
    struct world *world = *state;
    static const char frames[] = "\x81\x85\0\0\0\0hello\x82\x82\0\0\0\0ab";
    come_in(world);
    for (size_t i = 0; i < sizeof(frames) - 1; i++) {
        peer_send(world->peer, frames + i, 1);
        loop_step(world->loop, 1);
        loop_step(world->loop, 1);
    }
    settle(world->loop);
    assert_string_equal(buf_text(&world->heard), "<hello>[ab]");
}

static void fragments_become_one_message_around_a_ping(void **state)
{
    struct world *world = *state;
    come_in(world);
    send_frame(world, false, WS_OP_TEXT, "one ");
    send_frame(world, true, WS_OP_PING, "are you there");
    send_frame(world, false, WS_OP_CONTINUE, "");
    send_frame(world, true, WS_OP_PONG, "unasked");
    send_frame(world, true, WS_OP_CONTINUE, "two");
    send_frame(world, true, WS_OP_TEXT, "next");
    peer_expect(world->peer, "\x8A\x0D"
                             "are you there");
    settle(world->loop);
    assert_string_equal(buf_text(&world->heard), "<one two><next>");
}

static void character_cut_by_a_fragment_is_whole_again(void **state)
{
    struct world *world = *state;
    come_in(world);
    send_frame(world, false, WS_OP_TEXT, "\xC5");
    send_frame(world, true, WS_OP_CONTINUE, "\x99");
    settle(world->loop);
    assert_string_equal(buf_text(&world->heard), "<\xC5\x99>");
}

static void text_that_is_not_utf8_closes_with_1007(void **state)
{
    struct world *world = *state;
    come_in(world);
    send_frame(world, true, WS_OP_TEXT, "plenty of letters and then \xFF one that is none");
    expect_close(world, WS_CLOSE_BAD_TEXT);
    assert_int_equal(world->messages, 0);
}

static void continuation_of_nothing_closes_with_1002(void **state)
{
    struct world *world = *state;
    come_in(world);
    send_frame(world, true, WS_OP_CONTINUE, "x");
    expect_close(world, WS_CLOSE_PROTOCOL);
}

static void message_inside_a_message_closes_with_1002(void **state)
{
    struct world *world = *state;
    come_in(world);
    send_frame(world, false, WS_OP_TEXT, "x");
    send_frame(world, true, WS_OP_TEXT, "y");
    expect_close(world, WS_CLOSE_PROTOCOL);
}

static void unmasked_frame_closes_with_1002(void **state)
{
    struct world *world = *state;
    come_in(world);
    peer_send(world->peer, "\x81\x02hi", 4);
    expect_close(world, WS_CLOSE_PROTOCOL);
    assert_int_equal(world->messages, 0);
}

static void garbage_closes_with_1002_and_the_rest_is_thrown_away(void **state)
{
    struct world *world = *state;
    static char garbage[200000];
    memset(garbage, 0xFF, sizeof(garbage));
    come_in(world);
    peer_send(world->peer, garbage, sizeof(garbage));
    expect_close(world, WS_CLOSE_PROTOCOL);
}

static void giant_frame_is_refused_by_its_head_alone(void **state)
{
    struct world *world = *state;
    come_in(world);
    peer_send(world->peer, "\x82\xFF\0\0\0\0\x7F\xFF\xFF\xFF\0\0\0\0", 14);
    expect_close(world, WS_CLOSE_TOO_BIG);
}

static void flood_of_fragments_is_bounded(void **state)
{
    struct world *world = *state;
    char piece[1001];
    memset(piece, 'a', 1000);
    piece[1000] = '\0';
    come_in(world);
    send_frame(world, false, WS_OP_TEXT, piece);
    for (int i = 0; i < 70; i++)
        send_frame(world, false, WS_OP_CONTINUE, piece);
    expect_close(world, WS_CLOSE_TOO_BIG);
}

static void flood_of_pings_to_a_deaf_peer_is_bounded(void **state)
{
    struct world *world = *state;
    world->limits = (struct ws_limits){.queue_bytes_max = 1000};
    char payload[126];
    memset(payload, 'p', 125);
    payload[125] = '\0';
    come_in(world);
    peer_set_deaf(world->peer, true);
    for (int i = 0; i < 40000; i++) {
        send_frame(world, true, WS_OP_PING, payload);
        if (i % 100 == 0)
            loop_step(world->loop, 0);
    }
    while (world->peer->unsent.bytes)
        loop_step(world->loop, 1000);
    settle(world->loop);
    assert_false(world->closed);
    assert_in_range(ws_queued_bytes(world->ws), 1, 6000);
}

static void malformed_close_frame_closes_with_1002(void **state)
{
    struct world *world = *state;
    come_in(world);
    send_frame(world, true, WS_OP_CLOSE, "x");
    expect_close(world, WS_CLOSE_PROTOCOL);
}

static void close_frame_is_echoed_and_the_connection_closed(void **state)
{
    struct world *world = *state;
    come_in(world);
    send_frame(world, true, WS_OP_CLOSE,
               "\x0F\xA1"
               "bye");
    wait_for(world->loop, &world->closed);
    assert_int_equal(world->code, 4001);
    assert_string_equal(world->why, "bye");
    peer_expect(world->peer, "\x88\x02\x0F\xA1");
    peer_expect_closed(world->peer);
}

static void close_without_a_code_is_1005(void **state)
{
    struct world *world = *state;
    come_in(world);
    send_frame(world, true, WS_OP_CLOSE, "");
    wait_for(world->loop, &world->closed);
    assert_int_equal(world->code, WS_CLOSE_NONE);
    peer_expect_bytes(world->peer, 2);
    assert_memory_equal(world->peer->heard.data, "\x88\x00", 2);
    peer_expect_closed(world->peer);
}

static void peer_that_vanishes_is_lost(void **state)
{
    struct world *world = *state;
    come_in(world);
    peer_reset(world->peer);
    wait_for(world->loop, &world->closed);
    assert_int_equal(world->code, WS_CLOSE_LOST);
}

static void half_closed_peer_is_lost(void **state)
{
    struct world *world = *state;
    come_in(world);
    peer_half_close(world->peer);
    wait_for(world->loop, &world->closed);
    assert_int_equal(world->code, WS_CLOSE_LOST);
    peer_expect_closed(world->peer);
}

static void peer_that_ignores_our_close_is_cut_off(void **state)
{
    struct world *world = *state;
    come_in(world);
    ws_close(&world->ws, WS_CLOSE_NORMAL, "done");
    peer_expect(world->peer, "\x88\x06\x03\xE8"
                             "done");
    send_frame(world, true, WS_OP_TEXT, "but wait");
    send_frame(world, true, WS_OP_CONTINUE, "there is more");
    peer_expect_closed(world->peer); /* after WS_CLOSE_WAIT_MS_MAX */
    assert_int_equal(world->messages, 0);
    assert_false(world->closed);
}

static void peer_that_answers_our_close_late_is_let_finish(void **state)
{
    struct world *world = *state;
    come_in(world);
    ws_close(&world->ws, WS_CLOSE_NORMAL, "done");
    send_frame(world, false, WS_OP_TEXT, "in ");
    send_frame(world, true, WS_OP_CONTINUE, "flight");
    send_frame(world, true, WS_OP_CLOSE, "\x03\xE8");
    int64_t start_us = loop_now_us(world->loop);
    peer_expect_closed(world->peer);
    assert_true(loop_now_us(world->loop) - start_us < 1000000);
}

static void silent_peer_is_pinged_and_then_lost(void **state)
{
    struct world *world = *state;
    world->limits = (struct ws_limits){.ping_ms = 20};
    come_in(world);
    peer_expect(world->peer, "\x89");
    peer_expect(world->peer, "\x89");
    wait_for(world->loop, &world->closed);
    assert_int_equal(world->code, WS_CLOSE_LOST);
    assert_string_equal(world->why, "no answer to pings");
}

/* Our client against servers of the test's own making. */

static void dial(struct world *world, struct ws_limits limits)
{
    static const char *const headers[] = {"Authorization: Token abc", NULL};
    char url[100];
    snprintf(url, sizeof(url), "ws://127.0.0.1:%u/v1/listen?a=b", world->listener->port);
    assert_int_equal(
        ws_connect(world->loop, url, headers, NULL, &limits, &handler, world, &world->ws), 0);
    world->peer = peer_accept(world->listener);
}

/* Hears the handshake out; what the answer's key must be. */
static void hear_handshake(struct world *world, char accept_out[WS_ACCEPT_BYTES + 1])
{
    peer_expect(world->peer, "GET /v1/listen?a=b HTTP/1.1\r\nHost: 127.0.0.1:");
    peer_expect(world->peer, "Sec-WebSocket-Key: ");
    peer_expect_bytes(world->peer, WS_KEY_BYTES);
    ws_accept_key((struct str){world->peer->heard.data, WS_KEY_BYTES}, accept_out);
    peer_expect(world->peer, "\r\nAuthorization: Token abc\r\n\r\n");
}

static void accept_handshake(struct world *world, const char *more)
{
    char accept[WS_ACCEPT_BYTES + 1], answer[400];
    hear_handshake(world, accept);
    snprintf(answer, sizeof(answer),
             "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nconnection: Upgrade\r\n"
             "sec-websocket-accept: %s\r\n%s\r\n",
             accept, more);
    peer_say(world->peer, answer);
}

static void expect_lost(struct world *world, const char *why)
{
    wait_for(world->loop, &world->closed);
    assert_int_equal(world->code, WS_CLOSE_LOST);
    assert_string_equal(world->why, why);
    assert_false(world->opened);
    peer_expect_closed(world->peer);
}

static void server_that_answers_at_once_with_frames_is_heard(void **state)
{
    struct world *world = *state;
    dial(world, (struct ws_limits){0});
    accept_handshake(world, "");
    peer_send(world->peer, "\x81\x05hello", 7);
    wait_for(world->loop, &world->opened);
    settle(world->loop);
    assert_string_equal(buf_text(&world->heard), "<hello>");
}

static void masked_server_frame_closes_with_1002(void **state)
{
    struct world *world = *state;
    dial(world, (struct ws_limits){0});
    accept_handshake(world, "");
    peer_send(world->peer, "\x81\x82\0\0\0\0hi", 8);
    wait_for(world->loop, &world->closed);
    assert_int_equal(world->code, WS_CLOSE_PROTOCOL);
    assert_int_equal(world->messages, 0);
}

static void answer_with_a_wrong_key_is_not_believed(void **state)
{
    struct world *world = *state;
    dial(world, (struct ws_limits){0});
    peer_expect(world->peer, "\r\n\r\n");
    peer_say(world->peer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    expect_lost(world, "the answer accepts another handshake than ours");
    assert_int_equal(world->http_status, 101);
}

static void extension_nobody_asked_for_is_not_believed(void **state)
{
    struct world *world = *state;
    dial(world, (struct ws_limits){0});
    accept_handshake(world, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    expect_lost(world, "the answer brings an extension nobody asked for");
}

static void server_that_never_answers_runs_out_of_time(void **state)
{
    struct world *world = *state;
    dial(world, (struct ws_limits){.handshake_ms_max = 50});
    expect_lost(world, "the handshake took too long");
}

static void drip(void *arg)
{
    struct world *world = arg;
    peer_say(world->peer, "x");
    timer_set(world->drip, loop_now_ms(world->loop) + 10);
}

static void answer_that_drips_runs_out_of_time(void **state)
{
    struct world *world = *state;
    dial(world, (struct ws_limits){.handshake_ms_max = 100});
    peer_expect(world->peer, "\r\n\r\n");
    peer_say(world->peer, "HTTP/1.1 101 Swi");
    world->drip = timer_new(world->loop, drip, world);
    drip(world);
    expect_lost(world, "the handshake took too long");
    timer_free(&world->drip);
}

static void endless_answer_is_given_up(void **state)
{
    struct world *world = *state;
    static char line[1001];
    memset(line, 'x', 1000);
    dial(world, (struct ws_limits){0});
    peer_say(world->peer, "HTTP/1.1 101 Switching\r\nX: ");
    for (int i = 0; i < 40; i++)
        peer_say(world->peer, line);
    expect_lost(world, "the answer's head is too long");
}

static void answer_that_is_not_http_is_lost(void **state)
{
    struct world *world = *state;
    dial(world, (struct ws_limits){0});
    peer_say(world->peer, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
    expect_lost(world, "the answer is not HTTP");
}

static void server_that_hangs_up_is_lost(void **state)
{
    struct world *world = *state;
    dial(world, (struct ws_limits){0});
    peer_expect(world->peer, "\r\n\r\n");
    peer_free(&world->peer);
    wait_for(world->loop, &world->closed);
    assert_string_equal(world->why, "the connection broke in the handshake");
}

static void reason_of_a_refusal_is_read_to_its_end(void **state)
{
    struct world *world = *state;
    dial(world, (struct ws_limits){0});
    peer_expect(world->peer, "\r\n\r\n");
    peer_say(world->peer, "HTTP/1.1 402 Payment Required\r\nContent-Length: 18\r\n\r\nout of ");
    settle(world->loop);
    assert_false(world->closed);
    peer_say(world->peer, "credit\r\nand");
    wait_for(world->loop, &world->closed);
    assert_int_equal(world->http_status, 402);
    assert_string_equal(world->why, "out of credit  and");
}

static void refusal_without_an_end_is_told_before_long(void **state)
{
    struct world *world = *state;
    dial(world, (struct ws_limits){0});
    peer_expect(world->peer, "\r\n\r\n");
    peer_say(world->peer, "HTTP/1.1 503 Busy\r\n\r\ntry later");
    wait_for(world->loop, &world->closed);
    assert_int_equal(world->http_status, 503);
    assert_string_equal(world->why, "try later");
}

/* libwslay, on either end of a peer's connection */

static ssize_t wslay_hears(wslay_event_context_ptr context, uint8_t *data, size_t room, int flags,
                           void *arg)
{
    struct world *world = arg;
    struct buf *heard = &world->peer->heard;
    (void)flags;
    if (!heard->bytes) {
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    size_t bytes = heard->bytes < room ? heard->bytes : room;
    memcpy(data, heard->data, bytes);
    buf_drop(heard, bytes);
    return (ssize_t)bytes;
}

static ssize_t wslay_says(wslay_event_context_ptr context, const uint8_t *data, size_t bytes,
                          int flags, void *arg)
{
    struct world *world = arg;
    (void)context;
    (void)flags;
    peer_send(world->peer, data, bytes);
    return (ssize_t)bytes;
}

static int wslay_mask(wslay_event_context_ptr context, uint8_t *mask, size_t bytes, void *arg)
{
    (void)context;
    (void)arg;
    for (size_t i = 0; i < bytes; i++)
        mask[i] = (uint8_t)(0xA5 + i * 17);
    return 0;
}

/* Says each message back, E and all. */
static void wslay_message(wslay_event_context_ptr context,
                          const struct wslay_event_on_msg_recv_arg *got, void *arg)
{
    (void)arg;
    if (wslay_is_ctrl_frame(got->opcode))
        return;
    struct wslay_event_msg reply = {got->opcode, got->msg, got->msg_length};
    assert_int_equal(wslay_event_queue_msg(context, &reply), 0);
}

static struct wslay_event_callbacks wslay_callbacks = {.recv_callback = wslay_hears,
                                                       .send_callback = wslay_says,
                                                       .genmask_callback = wslay_mask,
                                                       .on_msg_recv_callback = wslay_message};

static void run_wslay(struct world *world, wslay_event_context_ptr context)
{
    assert_int_equal(wslay_event_recv(context), 0);
    assert_int_equal(wslay_event_send(context), 0);
    loop_step(world->loop, 20);
}

static void wslay_client_and_our_server_understand_each_other(void **state)
{
    struct world *world = *state;
    static uint8_t data[40000];
    wslay_event_context_ptr context;
    wslay_event_context_client_init(&context, &wslay_callbacks, world);
    wslay_callbacks.on_msg_recv_callback = NULL;
    come_in(world);
    static const size_t sizes[] = {0, 1, 125, 126, 127, 4000, 40000};
    size_t total = 0;
    for (size_t i = 0; i < countof(sizes); i++) {
        memset(data, 'a', sizeof(data));
        struct wslay_event_msg message = {i % 2 ? WSLAY_BINARY_FRAME : WSLAY_TEXT_FRAME, data,
                                          sizes[i]};
        assert_int_equal(wslay_event_queue_msg(context, &message), 0);
        total += sizes[i] + 2;
    }
    while (world->messages < (int)countof(sizes))
        run_wslay(world, context);
    assert_int_equal(world->heard.bytes, total);
    assert_int_equal(wslay_event_queue_close(context, 4007, (const uint8_t *)"bye", 3), 0);
    while (!world->closed)
        run_wslay(world, context);
    assert_int_equal(world->code, 4007);
    peer_expect_closed(world->peer);
    while (world->peer->heard.bytes)
        wslay_event_recv(context);
    assert_true(wslay_event_get_close_received(context));
    assert_int_equal(wslay_event_get_status_code_received(context), 4007);
    wslay_event_context_free(context);
}

static void our_client_and_a_wslay_server_understand_each_other(void **state)
{
    struct world *world = *state;
    static char data[40000];
    wslay_event_context_ptr context;
    wslay_callbacks.on_msg_recv_callback = wslay_message;
    wslay_event_context_server_init(&context, &wslay_callbacks, world);
    dial(world, (struct ws_limits){0});
    accept_handshake(world, "");
    wait_for(world->loop, &world->opened);
    static const size_t sizes[] = {0, 1, 125, 126, 127, 4000, 40000};
    memset(data, 'a', sizeof(data));
    size_t total = 0;
    for (size_t i = 0; i < countof(sizes); i++) {
        assert_int_equal(ws_send(world->ws, i % 2 ? WS_BINARY : WS_TEXT, data, sizes[i]), 0);
        total += sizes[i] + 2;
    }
    while (world->messages < (int)countof(sizes))
        run_wslay(world, context);
    assert_int_equal(world->heard.bytes, total);
    ws_close(&world->ws, WS_CLOSE_AWAY, "enough");
    while (!world->peer->closed)
        run_wslay(world, context);
    assert_int_equal(wslay_event_get_status_code_received(context), WS_CLOSE_AWAY);
    wslay_event_context_free(context);
}

#define live_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        live_test(handshake_that_lacks_something_is_refused),
        live_test(protocol_a_browser_asks_for_is_not_answered),
        live_test(frames_right_behind_the_handshake_are_heard),
        live_test(frame_may_come_byte_by_byte),
        live_test(fragments_become_one_message_around_a_ping),
        live_test(character_cut_by_a_fragment_is_whole_again),
        live_test(text_that_is_not_utf8_closes_with_1007),
        live_test(continuation_of_nothing_closes_with_1002),
        live_test(message_inside_a_message_closes_with_1002),
        live_test(unmasked_frame_closes_with_1002),
        live_test(garbage_closes_with_1002_and_the_rest_is_thrown_away),
        live_test(giant_frame_is_refused_by_its_head_alone),
        live_test(flood_of_fragments_is_bounded),
        live_test(flood_of_pings_to_a_deaf_peer_is_bounded),
        live_test(malformed_close_frame_closes_with_1002),
        live_test(close_frame_is_echoed_and_the_connection_closed),
        live_test(close_without_a_code_is_1005),
        live_test(peer_that_vanishes_is_lost),
        live_test(half_closed_peer_is_lost),
        live_test(peer_that_ignores_our_close_is_cut_off),
        live_test(peer_that_answers_our_close_late_is_let_finish),
        live_test(silent_peer_is_pinged_and_then_lost),
        live_test(server_that_answers_at_once_with_frames_is_heard),
        live_test(masked_server_frame_closes_with_1002),
        live_test(answer_with_a_wrong_key_is_not_believed),
        live_test(extension_nobody_asked_for_is_not_believed),
        live_test(server_that_never_answers_runs_out_of_time),
        live_test(answer_that_drips_runs_out_of_time),
        live_test(endless_answer_is_given_up),
        live_test(answer_that_is_not_http_is_lost),
        live_test(server_that_hangs_up_is_lost),
        live_test(reason_of_a_refusal_is_read_to_its_end),
        live_test(refusal_without_an_end_is_told_before_long),
        live_test(wslay_client_and_our_server_understand_each_other),
        live_test(our_client_and_a_wslay_server_understand_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
