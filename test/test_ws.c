/* test/test_ws.c: WebSockets, both sides, over loopback. */
#include "base/mem.h"
#include "net/http_server.h"
#include "net/ws.h"
#include "test/peer.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One end, and all it saw. */
struct end {
    struct ws *ws;
    struct buf heard; /* messages, each as <text> or [binary] */
    bool opened, closed;
    int code, http_status;
    char why[256];
    int messages;
    bool echo;
    int close_after; /* messages; 0: never */
};

struct world {
    struct loop *loop;
    struct http_server *server;
    struct ws_limits limits; /* of the server's sockets */
    struct end there;        /* the server's end */
    struct end here;         /* the client's */
};

static void on_open(struct ws *ws, void *arg)
{
    struct end *end = arg;
    (void)ws;
    end->opened = true;
}

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    struct end *end = arg;
    buf_putc(&end->heard, kind == WS_TEXT ? '<' : '[');
    buf_add(&end->heard, data, bytes);
    buf_putc(&end->heard, kind == WS_TEXT ? '>' : ']');
    end->messages++;
    if (end->echo)
        assert_int_equal(ws_send(ws, kind, data, bytes), 0);
    memset(data, 'X', bytes); /* it may be scribbled on */
    if (end->messages == end->close_after)
        ws_close(&end->ws, WS_CLOSE_NORMAL, "enough");
}

static void on_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    struct end *end = arg;
    assert_ptr_equal(ws, end->ws);
    assert_false(end->closed);
    end->ws = NULL;
    end->closed = true;
    end->code = code;
    end->http_status = http_status;
    snprintf(end->why, sizeof(end->why), "%s", why);
}

static const struct ws_handler handler = {on_open, on_message, on_close};

static void on_upgrade(struct http_req *req)
{
    struct world *world = req->app;
    if (ws_accept(req, &world->limits, &handler, &world->there, &world->there.ws))
        http_fail(req, 400, "not a WebSocket handshake");
    else
        world->there.opened = true;
}

static void on_refuse(struct http_req *req)
{
    if (http_query(req, "header"))
        http_set_header(req, "dg-error", "Project does not have access");
    http_reply(req, 401, "text/plain", str_of("the key is\nnot good"));
}

static const struct http_route routes[] = {
    {HTTP_GET, "/ws", on_upgrade, 0},
    {HTTP_GET, "/refuse", on_refuse, 0},
};

static int setup(void **state)
{
    static struct world world;
    const char *why = NULL;
    world = (struct world){.loop = loop_new()};
    struct http_server_options options = {
        .routes = routes, .route_count = countof(routes), .app = &world};
    assert_int_equal(http_server_open(world.loop, "127.0.0.1:0", &options, &world.server, &why), 0);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    ws_close(&world->here.ws, WS_CLOSE_NORMAL, "");
    ws_close(&world->there.ws, WS_CLOSE_NORMAL, "");
    settle(world->loop);
    http_server_close(&world->server);
    settle(world->loop);
    buf_free(&world->here.heard);
    buf_free(&world->there.heard);
    loop_free(&world->loop);
    return 0;
}

static void dial(struct world *world, const char *path)
{
    char url[100];
    snprintf(url, sizeof(url), "ws://127.0.0.1:%u%s", http_server_port(world->server), path);
    assert_int_equal(
        ws_connect(world->loop, url, NULL, NULL, NULL, &handler, &world->here, &world->here.ws), 0);
}

static void dial_and_open(struct world *world)
{
    dial(world, "/ws");
    wait_for(world->loop, &world->here.opened);
    wait_for(world->loop, &world->there.opened);
}

static void wait_for_messages(struct world *world, const struct end *end, int count)
{
    for (int i = 0; end->messages < count; i++) {
        assert_true(i < 10000);
        loop_step(world->loop, 1000);
    }
}

static void messages_go_both_ways(void **state)
{
    struct world *world = *state;
    world->there.echo = true;
    dial_and_open(world);
    assert_int_equal(ws_send(world->here.ws, WS_TEXT, "Dvo\xC5\x99\xC3\xA1k", 8), 0);
    assert_int_equal(ws_send(world->here.ws, WS_BINARY, "\0\xFF", 2), 0);
    assert_int_equal(ws_send(world->here.ws, WS_TEXT, "", 0), 0);
    wait_for_messages(world, &world->here, 3);
    assert_int_equal(world->here.heard.bytes, 16);
    assert_memory_equal(world->here.heard.data, "<Dvo\xC5\x99\xC3\xA1k>[\0\xFF]<>", 16);
}

static void close_reaches_the_other_side_with_its_reason(void **state)
{
    struct world *world = *state;
    dial_and_open(world);
    ws_close(&world->here.ws, 4001, "had enough");
    assert_null(world->here.ws);
    wait_for(world->loop, &world->there.closed);
    assert_int_equal(world->there.code, 4001);
    assert_string_equal(world->there.why, "had enough");
    settle(world->loop);
    assert_false(world->here.closed);
}

static void refused_handshake_tells_status_and_reason(void **state)
{
    struct world *world = *state;
    dial(world, "/refuse");
    wait_for(world->loop, &world->here.closed);
    assert_int_equal(world->here.code, WS_CLOSE_LOST);
    assert_int_equal(world->here.http_status, 401);
    assert_string_equal(world->here.why, "the key is not good");
    world->here.closed = false;
    dial(world, "/refuse?header=1");
    wait_for(world->loop, &world->here.closed);
    assert_string_equal(world->here.why, "Project does not have access");
}

#define live_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        live_test(messages_go_both_ways),
        live_test(close_reaches_the_other_side_with_its_reason),
        live_test(refused_handshake_tells_status_and_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
