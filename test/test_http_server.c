/* test/test_http_server.c: the HTTP server against peers that speak byte for byte. */
#include "base/mem.h"
#include "net/http_server.h"
#include "test/peer.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct world {
    struct loop *loop;
    int refused_status; /* of the last request that never was one */
    struct http_server *server;
    struct peer *peer;
    struct http_req *held; /* a request that waits for its reply */
    struct op waited;      /* what it waits for */
    bool cancelled, gone, stream_over;
    int done_count, done_status, pieces;
    struct timer *drip;
};

static void on_echo(struct http_req *req)
{
    struct buf body = {0};
    const char *name = http_query(req, "name");
    buf_printf(&body, "%s %.*s name=%s body=%.*s", http_method_name(req->method),
               (int)req->path.bytes, req->path.at, name ? name : "none", (int)req->body.bytes,
               req->body.bytes ? req->body.at : "");
    http_reply(req, 200, "text/plain", buf_str(&body));
    buf_free(&body);
}

static void on_item(struct http_req *req)
{
    http_reply(req, 200, "text/plain", str_of(http_param(req, "id")));
}

static void on_files(struct http_req *req)
{
    http_reply(req, 200, "text/plain", str_of(http_param(req, "*")));
}

static void on_form(struct http_req *req)
{
    const struct http_field *fields;
    size_t count;
    struct buf body = {0};
    if (http_form(req, &fields, &count)) {
        http_fail(req, 400, "broken form");
        return;
    }
    for (size_t i = 0; i < count; i++)
        buf_printf(&body, "<%s=%s>", fields[i].name, fields[i].value);
    http_reply(req, 200, "text/plain", buf_str(&body));
    buf_free(&body);
}

static void on_cancel(struct op *op)
{
    struct world *world = (struct world *)((char *)op - offsetof(struct world, waited));
    world->cancelled = true;
}

static void on_gone(struct http_req *req)
{
    struct world *world = req->app;
    world->gone = true;
    world->held = NULL;
}

static void on_hold(struct http_req *req)
{
    struct world *world = req->app;
    world->held = req;
    req->on_gone = on_gone;
    op_begin(&world->waited, on_cancel, &req->waiting);
}

static void on_stream(struct http_req *req)
{
    struct world *world = req->app;
    world->held = req;
    req->on_gone = on_gone;
    http_set_header(req, "Cache-Control", "no-store");
    http_stream_begin(req, 200, "text/event-stream");
    assert_int_equal(http_stream_send(req, str_of("data: one\n\n")), 0);
}

enum { PIECE_BYTES = 1024 * 1024, PIECES = 20 };

static void send_next(struct http_req *req)
{
    static char piece[PIECE_BYTES];
    struct world *world = req->app;
    world->stream_over = world->pieces == PIECES;
    if (world->stream_over) {
        http_stream_end(req);
        return;
    }
    memset(piece, 'a' + world->pieces++, sizeof(piece));
    http_stream_send_then(req, (struct str){piece, sizeof(piece)}, send_next);
}

static void on_long_stream(struct http_req *req)
{
    http_stream_begin(req, 200, "text/plain");
    send_next(req);
}

static void on_remote(struct http_req *req)
{
    http_reply(req, 200, "text/plain", str_of(http_remote(req)));
}

static void on_empty(struct http_req *req)
{
    http_reply(req, 204, NULL, (struct str){0});
}

static void on_stop(struct http_req *req)
{
    struct world *world = req->app;
    req->on_gone = on_gone;
    http_server_close(&world->server);
}

static const struct http_route routes[] = {
    {HTTP_GET, "/", on_echo, 0},
    {HTTP_GET, "/stop", on_stop, 0},
    {HTTP_GET | HTTP_POST, "/echo", on_echo, 1000},
    {HTTP_PATCH | HTTP_DELETE, "/items/:id", on_item, 1000},
    {HTTP_GET, "/items/:id", on_item, 0},
    {HTTP_GET, "/files/*", on_files, 0},
    {HTTP_POST, "/form", on_form, 4000},
    {HTTP_GET, "/hold", on_hold, 0},
    {HTTP_GET, "/stream", on_stream, 0},
    {HTTP_GET, "/long", on_long_stream, 0},
    {HTTP_GET, "/remote", on_remote, 0},
    {HTTP_GET, "/empty", on_empty, 0},
};

static void on_refused(void *app, int status)
{
    struct world *world = app;
    world->refused_status = status;
}

static void on_done(const struct http_req *req, const struct http_route *route, int status,
                    int64_t took_us)
{
    struct world *world = req->app;
    (void)route;
    assert_true(took_us >= 0);
    assert_string_equal(http_remote(req), "127.0.0.1");
    world->done_count++;
    world->done_status = status;
}

static void open_server(struct world *world, struct http_server_options options)
{
    const char *why = NULL;
    options.routes = routes;
    options.route_count = countof(routes);
    options.app = world;
    options.on_done = on_done;
    options.on_refused = on_refused;
    assert_int_equal(http_server_open(world->loop, "127.0.0.1:0", &options, &world->server, &why),
                     0);
    world->peer = peer_connect(world->loop, http_server_port(world->server));
}

static void reopen(struct world *world, struct http_server_options options)
{
    peer_free(&world->peer);
    http_server_close(&world->server);
    open_server(world, options);
}

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.loop = loop_new()};
    open_server(&world, (struct http_server_options){0});
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    peer_free(&world->peer);
    http_server_close(&world->server);
    settle(world->loop);
    loop_free(&world->loop);
    return 0;
}

static void request_is_answered_with_its_id(void **state)
{
    struct world *world = *state;
    peer_say(world->peer, "GET /echo?name=a+b%21 HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_expect(world->peer, "HTTP/1.1 200 OK\r\n");
    peer_expect(world->peer, "X-Request-Id: ");
    peer_expect(world->peer, "Content-Length: 25\r\n");
    peer_expect(world->peer, "\r\nGET /echo name=a b! body=");
    assert_int_equal(world->done_count, 1);
    assert_int_equal(world->done_status, 200);
}

static void connection_is_kept_and_pipelined_requests_are_answered_in_order(void **state)
{
    struct world *world = *state;
    peer_say(world->peer, "GET /items/1 HTTP/1.1\r\nHost: x\r\n\r\n"
                          "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                          "GET /items/2 HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_expect(world->peer, "\r\n\r\n1HTTP/1.1 200 OK");
    peer_expect(world->peer, "body=abcHTTP/1.1 200 OK");
    peer_expect(world->peer, "\r\n\r\n2");
}

static void chunked_body_is_read(void **state)
{
    struct world *world = *state;
    peer_say(world->peer, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    peer_expect(world->peer, "body=abcde");
}

static void body_may_come_byte_by_byte(void **state)
{
    struct world *world = *state;
    const char *text = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde";
    for (; *text; text++) {
        peer_send(world->peer, text, 1);
        loop_step(world->loop, 1);
    }
    peer_expect(world->peer, "body=abcde");
}

static void head_is_get_without_the_body(void **state)
{
    struct world *world = *state;
    peer_say(world->peer,
             "HEAD /items/seven HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_expect(world->peer, "Content-Length: 5\r\n");
    peer_expect(world->peer, "\r\n\r\nHTTP/1.1 200 OK");
}

static void parts_of_the_path_are_parameters(void **state)
{
    struct world *world = *state;
    peer_say(world->peer, "DELETE /items/a%2Fb%20c HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_expect(world->peer, "\r\n\r\na/b c");
    peer_say(world->peer, "GET /files/one/two.js HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_expect(world->peer, "\r\n\r\none/two.js");
    peer_say(world->peer, "GET http://other.example/items/9?x HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_expect(world->peer, "\r\n\r\n9");
}

static void unknown_address_is_404_as_a_problem(void **state)
{
    struct world *world = *state;
    static const char *const paths[] = {"/nothing", "/items", "/items/", "/items/1/2",
                                        "/echo/",   "//",     "/files"};
    for (size_t i = 0; i < countof(paths); i++) {
        char text[100];
        snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", paths[i]);
        peer_say(world->peer, text);
        peer_expect(world->peer, "HTTP/1.1 404 Not Found\r\n");
        peer_expect(world->peer, "Content-Type: application/problem+json\r\n");
        peer_expect(world->peer, "{\"type\":\"about:blank\",\"title\":\"Not "
                                 "Found\",\"status\":404,\"code\":\"not_found\",\"detail\":\"");
        peer_expect(world->peer, "\"}");
    }
}

static void wrong_method_is_405_with_the_right_ones(void **state)
{
    struct world *world = *state;
    peer_say(world->peer, "PUT /items/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    peer_expect(world->peer, "HTTP/1.1 405 Method Not Allowed\r\n");
    peer_expect(world->peer, "Allow: GET, HEAD, PATCH, DELETE\r\n");
}

static void method_nobody_knows_is_501(void **state)
{
    struct world *world = *state;
    peer_say(world->peer, "BREW /items/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_expect(world->peer, "HTTP/1.1 501 Not Implemented\r\n");
    peer_expect(world->peer, "application/problem+json");
}

static void body_beyond_the_routes_bound_is_413(void **state)
{
    struct world *world = *state;
    peer_say(world->peer, "GET /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
    peer_expect(world->peer, "HTTP/1.1 413 ");
    peer_expect(world->peer, "application/problem+json");
}

static void hidden_nul_and_broken_escapes_are_400(void **state)
{
    struct world *world = *state;
    static const char *const targets[] = {"/items/a%00b", "/echo?name=%00", "/items/%zz",
                                          "/echo?%4",     "echo",           "*"};
    for (size_t i = 0; i < countof(targets); i++) {
        char text[100];
        snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", targets[i]);
        peer_say(world->peer, text);
        peer_expect(world->peer, "HTTP/1.1 400 Bad Request\r\n");
        peer_expect(world->peer, "\"}");
    }
}

static void form_fields_come_decoded_and_in_order(void **state)
{
    struct world *world = *state;
    peer_say(world->peer, "POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 36\r\n\r\n"
                          "From=%2B420123&Body=a+b&&x&From=two=");
    peer_expect(world->peer, "\r\n\r\n<From=+420123><Body=a b><x=><From=two=>");
}

static void form_with_too_many_fields_or_a_nul_is_refused(void **state)
{
    struct world *world = *state;
    struct buf body = {0}, text = {0};
    for (int i = 0; i <= HTTP_FIELDS_MAX; i++)
        buf_puts(&body, "a=b&");
    buf_printf(&text, "POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s", body.bytes,
               buf_text(&body));
    peer_say(world->peer, buf_text(&text));
    peer_expect(world->peer, "HTTP/1.1 400 ");
    peer_say(world->peer, "POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\na=%00");
    peer_expect(world->peer, "HTTP/1.1 400 ");
    buf_free(&body);
    buf_free(&text);
}

static void hold(struct world *world)
{
    peer_say(world->peer, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    while (!world->held)
        loop_step(world->loop, 1000);
}

static void reply_may_come_later(void **state)
{
    struct world *world = *state;
    hold(world);
    op_end(&world->waited);
    http_reply_json(world->held, 200, str_of("{}"));
    peer_expect(world->peer, "Content-Type: application/json\r\n");
    peer_expect(world->peer, "\r\n\r\n{}");
    peer_say(world->peer, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_expect(world->peer, "HTTP/1.1 200 OK");
    assert_false(world->gone);
}

static void client_that_leaves_cancels_what_its_request_waits_for(void **state)
{
    struct world *world = *state;
    hold(world);
    peer_free(&world->peer);
    wait_for(world->loop, &world->gone);
    assert_true(world->cancelled);
    assert_int_equal(world->done_status, 499);
    assert_int_equal(world->done_count, 1);
}

static void client_that_resets_cancels_what_its_request_waits_for(void **state)
{
    struct world *world = *state;
    hold(world);
    peer_reset(world->peer);
    wait_for(world->loop, &world->gone);
    assert_true(world->cancelled);
}

static void request_sent_ahead_waits_for_the_reply_before_it(void **state)
{
    struct world *world = *state;
    hold(world);
    peer_say(world->peer, "GET /items/5 HTTP/1.1\r\nHost: x\r\n\r\n");
    settle(world->loop);
    assert_int_equal(world->peer->heard.bytes, 0);
    op_end(&world->waited);
    http_reply(world->held, 200, "text/plain", str_of("late"));
    peer_expect(world->peer, "\r\n\r\nlateHTTP/1.1 200 OK");
    peer_expect(world->peer, "\r\n\r\n5");
}

static void closing_the_server_drops_what_runs(void **state)
{
    struct world *world = *state;
    hold(world);
    http_server_close(&world->server);
    assert_true(world->gone);
    assert_true(world->cancelled);
    peer_expect_closed(world->peer);
}

static void handler_may_close_its_own_server(void **state)
{
    struct world *world = *state;
    struct peer *other = peer_connect(world->loop, http_server_port(world->server));
    peer_say(world->peer, "GET /stop HTTP/1.1\r\nHost: x\r\n\r\n"
                          "GET /stop HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_say(other, "GET /stop HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_for(world->loop, &world->gone);
    peer_expect_closed(world->peer);
    peer_expect_closed(other);
    assert_int_equal(world->done_count, 1);
    peer_free(&other);
}

static void server_without_descriptors_waits_and_goes_on(void **state)
{
    struct world *world = *state;
    struct rlimit limit, none;
    reopen(world, (struct http_server_options){.idle_ms_max = 80});
    peer_say(world->peer, "GET /items/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    int next_fd = dup(0);
    close(next_fd);
    getrlimit(RLIMIT_NOFILE, &limit);
    none = (struct rlimit){(rlim_t)next_fd, limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    int64_t start_ms = loop_now_ms(world->loop);
    for (int i = 0; i < 5; i++)
        loop_step(world->loop, 20);
    assert_true(loop_now_ms(world->loop) - start_ms >= 20); /* it does not spin */
    setrlimit(RLIMIT_NOFILE, &limit);
    peer_expect(world->peer, "\r\n\r\n1");
}

static void server_that_stopped_listening_answers_and_closes(void **state)
{
    struct world *world = *state;
    hold(world);
    http_server_stop_listening(world->server);
    op_end(&world->waited);
    http_reply(world->held, 200, "text/plain", str_of("bye"));
    peer_expect(world->peer, "Connection: close\r\n");
    peer_expect(world->peer, "bye");
    peer_expect_closed(world->peer);
}

static void stream_comes_in_pieces_and_ends(void **state)
{
    struct world *world = *state;
    peer_say(world->peer, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_expect(world->peer, "Cache-Control: no-store\r\n");
    peer_expect(world->peer, "data: one\n\n");
    assert_int_equal(http_stream_send(world->held, str_of("data: two\n\n")), 0);
    peer_expect(world->peer, "data: two\n\n");
    http_stream_end(world->held);
    peer_expect(world->peer, "\r\n0\r\n\r\n");
    peer_say(world->peer, "GET /items/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_expect(world->peer, "\r\n\r\n1");
    assert_int_equal(world->done_count, 2);
}

static void stream_learns_that_its_reader_left(void **state)
{
    struct world *world = *state;
    peer_say(world->peer, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_expect(world->peer, "data: one\n\n");
    peer_free(&world->peer);
    wait_for(world->loop, &world->gone);
}

static void slow_reader_of_a_stream_is_bounded(void **state)
{
    struct world *world = *state;
    static char piece[16 * 1024];
    memset(piece, 'x', sizeof(piece));
    peer_say(world->peer, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_expect(world->peer, "data: one\n\n");
    peer_set_deaf(world->peer, true);
    int err = 0, pieces = 0;
    while (!err && pieces++ < 10000) {
        err = http_stream_send(world->held, (struct str){piece, sizeof(piece)});
        loop_step(world->loop, 0);
    }
    assert_int_equal(err, ENOBUFS);
    http_stream_end(world->held);
}

static void next_piece_waits_until_the_reader_has_taken_the_last(void **state)
{
    struct world *world = *state;
    peer_say(world->peer, "GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_expect(world->peer, "aaa");
    peer_set_deaf(world->peer, true);
    settle(world->loop);
    assert_in_range(world->pieces, 1, PIECES - 1); /* sockets hold some of them */
    peer_set_deaf(world->peer, false);
    wait_for(world->loop, &world->stream_over);
    peer_expect(world->peer, "ttt\r\n0\r\n\r\n");
}

static void remote_address_is_known(void **state)
{
    struct world *world = *state;
    peer_say(world->peer, "GET /remote HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_expect(world->peer, "\r\n\r\n127.0.0.1");
}

static void no_content_has_no_length(void **state)
{
    struct world *world = *state;
    peer_say(world->peer,
             "GET /empty HTTP/1.1\r\nHost: x\r\n\r\nGET /items/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_expect(world->peer, "HTTP/1.1 204 No Content\r\n");
    peer_expect(world->peer, "\r\n\r\n");
    peer_expect(world->peer, "HTTP/1.1 200 OK\r\n");
    assert_null(strstr(buf_text(&world->peer->heard), "204"));
}

static void addresses_are_checked(void **state)
{
    struct world *world = *state;
    static const char *const wrong[] = {
        "",           "8080",          ":8080",           "localhost:80", "127.0.0.1",
        "127.0.0.1:", "127.0.0.1:x",   "127.0.0.1:65536", "127.0.0.1:-1", "::1:80",
        "[::1:80",    "[127.0.0.1]:80"};
    struct http_server_options options = {.routes = routes, .route_count = countof(routes)};
    struct http_server *server = NULL;
    for (size_t i = 0; i < countof(wrong); i++) {
        const char *why = NULL;
        assert_int_equal(http_server_open(world->loop, wrong[i], &options, &server, &why), EINVAL);
        assert_non_null(why);
        assert_null(server);
    }
}

static void two_servers_share_a_port(void **state)
{
    struct world *world = *state;
    struct http_server_options options = {.routes = routes, .route_count = countof(routes)};
    struct http_server *server = NULL;
    const char *why = NULL;
    char address[40];
    snprintf(address, sizeof(address), "127.0.0.1:%u", http_server_port(world->server));
    assert_int_equal(http_server_open(world->loop, address, &options, &server, &why), 0);
    assert_int_equal(http_server_port(server), http_server_port(world->server));
    http_server_close(&server);
}

/* The status, a problem, and the end of the connection. */
static void expect_refusal(struct world *world, const char *status)
{
    peer_expect(world->peer, status);
    peer_expect(world->peer, "Content-Type: application/problem+json\r\n");
    peer_expect(world->peer, "Connection: close\r\n");
    peer_expect(world->peer, "\r\n{\"type\":\"about:blank\"");
    peer_expect(world->peer, "\"}");
    peer_expect_closed(world->peer);
    assert_int_equal(world->peer->heard.bytes, 0);
}

static void malformed_requests_are_400_as_a_problem(void **state)
{
    struct world *world = *state;
    static const char *const malformed[] = {
        "GET\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/x.y\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "\x16\x03\x01\x02 not TLS here \r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\n",
    };
    for (size_t i = 0; i < countof(malformed); i++) {
        peer_say(world->peer, malformed[i]);
        world->refused_status = 0;
        expect_refusal(world, "HTTP/1.1 400 Bad Request\r\n");
        assert_int_equal(world->refused_status, 400);
        peer_free(&world->peer);
        world->peer = peer_connect(world->loop, http_server_port(world->server));
    }
}

static void request_that_reads_two_ways_is_refused(void **state)
{
    struct world *world = *state;
    static const char *const requests[] = {
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST /echo HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: 0\r\n\r\n",
        "HEAD /items/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
    };
    for (size_t i = 0; i < countof(requests); i++) {
        peer_say(world->peer, requests[i]);
        peer_expect(world->peer, "HTTP/1.1 400 Bad Request\r\n");
        peer_expect(world->peer, "Connection: close\r\n");
        peer_expect_closed(world->peer);
        peer_free(&world->peer);
        world->peer = peer_connect(world->loop, http_server_port(world->server));
    }
}

static void head_beyond_its_bound_is_431(void **state)
{
    struct world *world = *state;
    static char value[20000];
    memset(value, 'v', sizeof(value) - 1);
    peer_say(world->peer, "GET / HTTP/1.1\r\nX: ");
    peer_say(world->peer, value);
    expect_refusal(world, "HTTP/1.1 431 Request Header Fields Too Large\r\n");
    peer_free(&world->peer);
    world->peer = peer_connect(world->loop, http_server_port(world->server));
    peer_say(world->peer, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < 2000; i++)
        peer_say(world->peer, "X: many small ones\r\n");
    expect_refusal(world, "HTTP/1.1 431 Request Header Fields Too Large\r\n");
}

static void body_beyond_every_bound_is_413_before_it_has_come(void **state)
{
    struct world *world = *state;
    peer_say(world->peer,
             "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nabc");
    expect_refusal(world, "HTTP/1.1 413 Content Too Large\r\n");
    peer_free(&world->peer);
    world->peer = peer_connect(world->loop, http_server_port(world->server));
    peer_say(world->peer, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "FFFFFF\r\nabc");
    expect_refusal(world, "HTTP/1.1 413 Content Too Large\r\n");
}

static void what_is_refused_late_on_a_connection_is_told_alike(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 3; i++) {
        peer_say(world->peer, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
        peer_expect(world->peer, "HTTP/1.1 200 OK\r\n");
        peer_expect(world->peer, "body=abc");
    }
    peer_say(world->peer,
             "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nabc");
    expect_refusal(world, "HTTP/1.1 413 Content Too Large\r\n");
}

static void leave_to_send_a_body_is_given(void **state)
{
    struct world *world = *state;
    peer_say(world->peer, "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                          "Content-Length: 3\r\n\r\n");
    peer_expect(world->peer, "HTTP/1.1 100 Continue\r\n\r\n");
    peer_say(world->peer, "abc");
    peer_expect(world->peer, "HTTP/1.1 200 OK\r\n");
    peer_expect(world->peer, "body=abc");
}

static void idle_connection_is_closed(void **state)
{
    struct world *world = *state;
    reopen(world, (struct http_server_options){.idle_ms_max = 50});
    peer_say(world->peer, "GET /items/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_expect(world->peer, "\r\n\r\n1");
    peer_expect_closed(world->peer);
}

static void drip(void *arg)
{
    struct world *world = arg;
    peer_say(world->peer, "x");
    timer_set(world->drip, loop_now_ms(world->loop) + 10);
}

static void request_that_drips_is_408(void **state)
{
    struct world *world = *state;
    reopen(world, (struct http_server_options){.idle_ms_max = 60});
    peer_say(world->peer, "GET / HTTP/1.1\r\nX: ");
    world->drip = timer_new(world->loop, drip, world);
    drip(world);
    peer_expect_closed(world->peer);
    timer_free(&world->drip);
    peer_expect(world->peer, "HTTP/1.1 408 Request Timeout\r\n");
    peer_expect(world->peer, "\"detail\":\"the request took too long to arrive\"");
    assert_int_equal(world->refused_status, 408);
}

static void slow_handler_is_not_idle(void **state)
{
    struct world *world = *state;
    reopen(world, (struct http_server_options){.idle_ms_max = 20});
    hold(world);
    int64_t until_ms = loop_now_ms(world->loop) + 100;
    while (loop_now_ms(world->loop) < until_ms)
        loop_step(world->loop, 20);
    assert_false(world->gone);
    op_end(&world->waited);
    http_reply(world->held, 200, "text/plain", str_of("at last"));
    peer_expect(world->peer, "at last");
}

static void connections_beyond_the_bound_wait(void **state)
{
    struct world *world = *state;
    struct peer *peers[3];
    reopen(world, (struct http_server_options){.connections_max = 2, .idle_ms_max = 60000});
    peer_say(world->peer, "GET /items/0 HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_expect(world->peer, "\r\n\r\n0");
    for (size_t i = 0; i < countof(peers); i++) {
        peers[i] = peer_connect(world->loop, http_server_port(world->server));
        peer_say(peers[i], "GET /items/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    peer_expect(peers[0], "\r\n\r\n1");
    settle(world->loop);
    assert_int_equal(peers[1]->heard.bytes + peers[2]->heard.bytes, 0);
    peer_free(&world->peer);
    peer_free(&peers[0]);
    peer_expect(peers[1], "\r\n\r\n1");
    peer_expect(peers[2], "\r\n\r\n1");
    peer_free(&peers[1]);
    peer_free(&peers[2]);
}

static void client_that_sends_without_end_is_held_back(void **state)
{
    struct world *world = *state;
    static const char garbage[64 * 1024];
    hold(world);
    for (int i = 0; i < 200; i++) {
        if (world->peer->unsent.bytes < sizeof(garbage))
            peer_send(world->peer, garbage, sizeof(garbage));
        loop_step(world->loop, 1);
    }
    assert_true(world->peer->unsent.bytes >
                0); /* the system's buffers are full, ours did not grow */
    assert_false(world->gone);
}

static void old_client_gets_its_stream_until_the_end_of_the_connection(void **state)
{
    struct world *world = *state;
    peer_say(world->peer, "GET /stream HTTP/1.0\r\n\r\n");
    peer_expect(world->peer, "\r\n\r\ndata: one\n\n");
    http_stream_end(world->held);
    peer_expect_closed(world->peer);
}

#define live_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        live_test(request_is_answered_with_its_id),
        live_test(connection_is_kept_and_pipelined_requests_are_answered_in_order),
        live_test(chunked_body_is_read),
        live_test(body_may_come_byte_by_byte),
        live_test(head_is_get_without_the_body),
        live_test(parts_of_the_path_are_parameters),
        live_test(unknown_address_is_404_as_a_problem),
        live_test(wrong_method_is_405_with_the_right_ones),
        live_test(method_nobody_knows_is_501),
        live_test(body_beyond_the_routes_bound_is_413),
        live_test(hidden_nul_and_broken_escapes_are_400),
        live_test(form_fields_come_decoded_and_in_order),
        live_test(form_with_too_many_fields_or_a_nul_is_refused),
        live_test(reply_may_come_later),
        live_test(client_that_leaves_cancels_what_its_request_waits_for),
        live_test(client_that_resets_cancels_what_its_request_waits_for),
        live_test(request_sent_ahead_waits_for_the_reply_before_it),
        live_test(closing_the_server_drops_what_runs),
        live_test(server_that_stopped_listening_answers_and_closes),
        live_test(handler_may_close_its_own_server),
        live_test(server_without_descriptors_waits_and_goes_on),
        live_test(stream_comes_in_pieces_and_ends),
        live_test(stream_learns_that_its_reader_left),
        live_test(slow_reader_of_a_stream_is_bounded),
        live_test(next_piece_waits_until_the_reader_has_taken_the_last),
        live_test(remote_address_is_known),
        live_test(no_content_has_no_length),
        live_test(addresses_are_checked),
        live_test(two_servers_share_a_port),
        live_test(malformed_requests_are_400_as_a_problem),
        live_test(request_that_reads_two_ways_is_refused),
        live_test(head_beyond_its_bound_is_431),
        live_test(body_beyond_every_bound_is_413_before_it_has_come),
        live_test(what_is_refused_late_on_a_connection_is_told_alike),
        live_test(leave_to_send_a_body_is_given),
        live_test(idle_connection_is_closed),
        live_test(request_that_drips_is_408),
        live_test(slow_handler_is_not_idle),
        live_test(connections_beyond_the_bound_wait),
        live_test(client_that_sends_without_end_is_held_back),
        live_test(old_client_gets_its_stream_until_the_end_of_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
