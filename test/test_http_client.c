/* test/test_http_client.c: the HTTP client against our own server and against peers that stall,
 * lie or break off at each stage. */
#include "base/mem.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "test/certs.h"
#include "test/peer.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct world {
    struct loop *loop;
    struct http_server *server;
    struct http_client *client;
    struct peer_listener *listener;
    struct op *asking;
    struct buf pieces; /* each as <piece> */
    bool done, piece;
    int done_count;
    struct http_answer answer; /* the last one; body and why are copied below */
    char body[4096], why[256], header[100];
    bool cancel_in_piece, free_in_piece;
    bool held, gone; /* a request to /hold came, and was given up */
};

static void on_echo(struct http_req *req)
{
    struct buf body = {0};
    const char *type = http_header(req, "Content-Type");
    const char *authorization = http_header(req, "Authorization");
    buf_printf(&body, "%s %.*s type=%s auth=%s body=%.*s", http_method_name(req->method),
               (int)req->target.bytes, req->target.at, type ? type : "none",
               authorization ? authorization : "none", (int)req->body.bytes,
               req->body.bytes ? req->body.at : "");
    http_set_header(req, "X-Odd", "seven");
    http_reply(req, http_query(req, "status") ? 429 : 200, "text/plain", buf_str(&body));
    buf_free(&body);
}

static void on_redirect(struct http_req *req)
{
    http_set_header(req, "Location", "/echo");
    http_reply(req, 302, NULL, (struct str){0});
}

static void on_gone(struct http_req *req)
{
    struct world *world = req->app;
    world->gone = true;
}

static void on_hold(struct http_req *req)
{
    struct world *world = req->app;
    world->held = true;
    req->on_gone = on_gone;
}

static const struct http_route routes[] = {
    {HTTP_GET, "/hold", on_hold, 0},
    {HTTP_GET | HTTP_POST | HTTP_PUT | HTTP_PATCH | HTTP_DELETE, "/echo", on_echo, 100000},
    {HTTP_GET, "/redirect", on_redirect, 0},
};

static int setup(void **state)
{
    static struct world world;
    const char *why = NULL;
    world = (struct world){.loop = loop_new()};
    struct http_server_options options = {
        .routes = routes, .route_count = countof(routes), .app = &world};
    assert_int_equal(http_server_open(world.loop, "127.0.0.1:0", &options, &world.server, &why), 0);
    world.client = http_client_new(world.loop, NULL);
    world.listener = peer_listen(world.loop);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    http_client_free(&world->client);
    http_server_close(&world->server);
    peer_listener_free(&world->listener);
    settle(world->loop);
    buf_free(&world->pieces);
    loop_free(&world->loop);
    return 0;
}

static void on_done(const struct http_answer *answer, void *arg)
{
    struct world *world = arg;
    assert_null(world->asking);
    world->done = true;
    world->done_count++;
    world->answer = *answer;
    snprintf(world->body, sizeof(world->body), "%.*s", (int)answer->body.bytes,
             answer->body.bytes ? answer->body.at : "");
    snprintf(world->why, sizeof(world->why), "%s", answer->why);
    const char *header = answer->header(answer, "x-odd");
    snprintf(world->header, sizeof(world->header), "%s", header ? header : "none");
}

static void on_piece(struct str piece, void *arg)
{
    struct world *world = arg;
    world->piece = true;
    buf_putc(&world->pieces, '<');
    buf_add_str(&world->pieces, piece);
    buf_putc(&world->pieces, '>');
    if (world->cancel_in_piece)
        op_cancel(&world->asking);
    if (world->free_in_piece)
        http_client_free(&world->client);
}

static void ask(struct world *world, uint16_t port, const char *path, struct http_ask wanted)
{
    char url[200];
    snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", port, path);
    if (!wanted.url)
        wanted.url = url;
    if (!wanted.method)
        wanted.method = HTTP_GET;
    wanted.on_done = on_done;
    world->done = false;
    http_ask(world->client, &wanted, world, &world->asking);
    memset(url, 0, sizeof(url)); /* all was copied */
    assert_false(world->done);
    assert_non_null(world->asking);
}

static void ask_server(struct world *world, const char *path, struct http_ask wanted)
{
    ask(world, http_server_port(world->server), path, wanted);
    wait_for(world->loop, &world->done);
}

/* Asks a peer and has it say this. */
static struct peer *ask_peer(struct world *world, struct http_ask wanted, const char *reply)
{
    ask(world, world->listener->port, "/", wanted);
    struct peer *peer = peer_accept(world->listener);
    peer_expect(peer, "\r\n\r\n");
    peer_say(peer, reply);
    return peer;
}

static void question_and_answer_are_whole(void **state)
{
    struct world *world = *state;
    ask_server(world, "/echo?a=%20b", (struct http_ask){0});
    assert_int_equal(world->answer.err, 0);
    assert_int_equal(world->answer.status, 200);
    assert_string_equal(world->body, "GET /echo?a=%20b type=none auth=none body=");
    assert_string_equal(world->header, "seven");
    assert_string_equal(world->why, "");
    assert_int_equal(world->answer.retry_after_ms, -1);
    assert_true(world->answer.connect_us > 0);
    assert_true(world->answer.first_byte_us >= world->answer.connect_us);
    assert_true(world->answer.total_us >= world->answer.first_byte_us);
}

static void connection_is_used_again(void **state)
{
    struct world *world = *state;
    ask_server(world, "/echo", (struct http_ask){0});
    ask_server(world, "/echo", (struct http_ask){0});
    assert_int_equal(world->answer.connect_us, 0);
}

static void every_method_carries_its_body(void **state)
{
    struct world *world = *state;
    static const enum http_method methods[] = {HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE};
    for (size_t i = 0; i < countof(methods); i++) {
        char expected[100];
        ask_server(world, "/echo",
                   (struct http_ask){.method = methods[i],
                                     .headers = {"Content-Type: application/json"},
                                     .body = str_of("{\"a\":1}")});
        snprintf(expected, sizeof(expected),
                 "%s /echo type=application/json auth=none body={\"a\":1}",
                 http_method_name(methods[i]));
        assert_string_equal(world->body, expected);
    }
    ask_server(world, "/echo", (struct http_ask){.method = HTTP_DELETE});
    assert_string_equal(world->body, "DELETE /echo type=none auth=none body=");
    ask_server(world, "/echo", (struct http_ask){.method = HTTP_HEAD});
    assert_int_equal(world->answer.status, 200);
    assert_string_equal(world->body, "");
}

static void large_body_goes_without_asking_leave(void **state)
{
    struct world *world = *state;
    static char body[90000];
    memset(body, 'b', sizeof(body));
    ask_server(world, "/echo",
               (struct http_ask){.method = HTTP_POST, .body = {body, sizeof(body)}});
    assert_int_equal(world->answer.status, 200);
}

static void basic_authorization_is_sent(void **state)
{
    struct world *world = *state;
    ask_server(world, "/echo", (struct http_ask){.user = "AC1", .password = "secret"});
    assert_string_equal(world->body, "GET /echo type=none auth=Basic QUMxOnNlY3JldA== body=");
}

static void error_status_is_an_answer(void **state)
{
    struct world *world = *state;
    ask_server(world, "/echo?status=429", (struct http_ask){.on_piece = on_piece});
    assert_int_equal(world->answer.err, 0);
    assert_int_equal(world->answer.status, 429);
    assert_string_equal(world->body, "GET /echo?status=429 type=none auth=none body=");
    assert_false(world->piece);
}

static void redirect_is_not_followed(void **state)
{
    struct world *world = *state;
    ask_server(world, "/redirect", (struct http_ask){0});
    assert_int_equal(world->answer.status, 302);
}

static void body_comes_in_pieces_as_it_comes(void **state)
{
    struct world *world = *state;
    struct peer *peer =
        ask_peer(world, (struct http_ask){.on_piece = on_piece},
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    wait_for(world->loop, &world->piece);
    assert_string_equal(buf_text(&world->pieces), "<one>");
    assert_false(world->done);
    peer_say(peer, "3\r\ntwo\r\n0\r\n\r\n");
    wait_for(world->loop, &world->done);
    assert_string_equal(buf_text(&world->pieces), "<one><two>");
    assert_string_equal(world->body, "");
    peer_free(&peer);
}

static void what_goes_once_is_never_repeated_on_a_kept_connection(void **state)
{
    struct world *world = *state;
    struct peer *kept =
        ask_peer(world, (struct http_ask){0}, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    wait_for(world->loop, &world->done);
    ask(world, world->listener->port, "/order",
        (struct http_ask){.method = HTTP_POST, .body = str_of("x=1"), .once = true});
    struct peer *own = peer_accept(world->listener);
    peer_expect(own, "x=1");
    peer_reset(own);
    wait_for(world->loop, &world->done);
    assert_int_not_equal(world->answer.err, 0);
    settle(world->loop);
    assert_int_equal(world->listener->count, 2);
    assert_null(strstr(buf_text(&kept->heard), "/order"));
    peer_free(&kept);
    peer_free(&own);
}

static void interim_reply_is_not_the_reply(void **state)
{
    struct world *world = *state;
    struct peer *peer = ask_peer(world, (struct http_ask){0},
                                 "HTTP/1.1 103 Early Hints\r\n\r\n"
                                 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    wait_for(world->loop, &world->done);
    assert_int_equal(world->answer.status, 200);
    assert_string_equal(world->body, "ok");
    peer_free(&peer);
}

static void connection_nobody_takes_is_refused(void **state)
{
    struct world *world = *state;
    uint16_t port = world->listener->port;
    peer_listener_free(&world->listener);
    ask(world, port, "/", (struct http_ask){0});
    wait_for(world->loop, &world->done);
    assert_int_equal(world->answer.err, ECONNREFUSED);
    assert_int_equal(world->answer.status, 0);
    assert_true(world->why[0]);
}

static void silent_server_runs_out_of_time(void **state)
{
    struct world *world = *state;
    struct peer *peer = ask_peer(world, (struct http_ask){.first_byte_ms_max = 40}, "");
    wait_for(world->loop, &world->done);
    assert_int_equal(world->answer.err, ETIMEDOUT);
    assert_string_equal(world->why, "no reply came in time");
    peer_expect_closed(peer);
    peer_free(&peer);
}

static void head_that_never_ends_runs_out_of_time(void **state)
{
    struct world *world = *state;
    struct peer *peer =
        ask_peer(world, (struct http_ask){.first_byte_ms_max = 40}, "HTTP/1.1 200 OK\r\nX: ");
    wait_for(world->loop, &world->done);
    assert_int_equal(world->answer.err, ETIMEDOUT);
    peer_free(&peer);
}

static void body_that_stops_runs_out_of_time(void **state)
{
    struct world *world = *state;
    struct peer *peer = ask_peer(world, (struct http_ask){.between_ms_max = 40},
                                 "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    wait_for(world->loop, &world->done);
    assert_int_equal(world->answer.err, ETIMEDOUT);
    assert_int_equal(world->answer.status, 200);
    assert_string_equal(world->why, "the reply stopped half-way");
    assert_string_equal(world->body, "half");
    peer_free(&peer);
}

struct drip {
    struct peer *peer;
    struct timer *timer;
    struct loop *loop;
};

static void drip(void *arg)
{
    struct drip *state = arg;
    peer_say(state->peer, "1\r\nx\r\n");
    timer_set(state->timer, loop_now_ms(state->loop) + 5);
}

static void body_that_drips_runs_out_of_time_as_a_whole(void **state)
{
    struct world *world = *state;
    struct drip dripping = {.loop = world->loop};
    dripping.peer = ask_peer(world, (struct http_ask){.between_ms_max = 60, .total_ms_max = 100},
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    dripping.timer = timer_new(world->loop, drip, &dripping);
    drip(&dripping);
    wait_for(world->loop, &world->done);
    timer_free(&dripping.timer);
    assert_int_equal(world->answer.err, ETIMEDOUT);
    assert_string_equal(world->why, "the reply took too long as a whole");
    peer_free(&dripping.peer);
}

static void reply_beyond_its_bound_is_given_up(void **state)
{
    struct world *world = *state;
    struct peer *peer = ask_peer(world, (struct http_ask){.reply_bytes_max = 4},
                                 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345");
    wait_for(world->loop, &world->done);
    assert_int_equal(world->answer.err, EMSGSIZE);
    peer_free(&peer);
}

static void broken_replies_are_errors(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *reply;
        int err;
    } cases[] = {
        {"\x16\x03\x01garbage that is not HTTP\r\n\r\n", EPROTO},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", ECONNRESET},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ECONNRESET},
        {"", ECONNRESET},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct peer *peer = ask_peer(world, (struct http_ask){0}, cases[i].reply);
        settle(world->loop);
        peer_free(&peer);
        wait_for(world->loop, &world->done);
        if (world->answer.err != cases[i].err)
            fail_msg("case %zu: err %d (%s)", i, world->answer.err, world->why);
    }
}

static void unknown_scheme_and_bad_url_are_refused(void **state)
{
    struct world *world = *state;
    static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/", "http://",
                                       "nonsense://x"};
    for (size_t i = 0; i < countof(urls); i++) {
        ask(world, 0, "", (struct http_ask){.url = urls[i]});
        wait_for(world->loop, &world->done);
        assert_int_equal(world->answer.err, EINVAL);
    }
}

static void name_without_an_address_is_unreachable(void **state)
{
    struct world *world = *state;
    /* a part longer than 63 letters: the resolver need not ask anybody to know that */
    ask(world, 0, "",
        (struct http_ask){
            .url = "http://"
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test/"});
    wait_for(world->loop, &world->done);
    assert_int_equal(world->answer.err, EHOSTUNREACH);
}

static void retry_after_is_read_in_seconds_and_as_a_date(void **state)
{
    struct world *world = *state;
    struct peer *peer =
        ask_peer(world, (struct http_ask){0},
                 "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
    wait_for(world->loop, &world->done);
    assert_int_equal(world->answer.retry_after_ms, 7000);
    time_t later = time(NULL) + 100;
    struct tm utc;
    char date[64], reply[200];
    gmtime_r(&later, &utc);
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    snprintf(reply, sizeof(reply),
             "HTTP/1.1 503 Busy\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", date);
    ask(world, world->listener->port, "/", (struct http_ask){0});
    peer_expect(peer, "\r\n\r\n");
    peer_say(peer, reply);
    wait_for(world->loop, &world->done);
    assert_in_range(world->answer.retry_after_ms, 95000, 100000);
    peer_free(&peer);
}

static void cancelled_ask_is_never_answered(void **state)
{
    struct world *world = *state;
    ask(world, http_server_port(world->server), "/echo", (struct http_ask){0});
    op_cancel(&world->asking);
    settle(world->loop);
    assert_false(world->done);
    struct peer *peer = ask_peer(world, (struct http_ask){0}, "HTTP/1.1 200 OK\r\n");
    op_cancel(&world->asking);
    peer_expect_closed(peer);
    assert_false(world->done);
    peer_free(&peer);
}

static void piece_may_cancel_its_own_ask(void **state)
{
    struct world *world = *state;
    world->cancel_in_piece = true;
    struct peer *peer =
        ask_peer(world, (struct http_ask){.on_piece = on_piece},
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n");
    peer_expect_closed(peer);
    assert_string_equal(buf_text(&world->pieces), "<one>");
    assert_false(world->done);
    peer_free(&peer);
}

static void piece_may_free_the_client(void **state)
{
    struct world *world = *state;
    world->free_in_piece = true;
    struct peer *peer =
        ask_peer(world, (struct http_ask){.on_piece = on_piece},
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    peer_expect_closed(peer);
    assert_null(world->asking);
    assert_false(world->done);
    peer_free(&peer);
}

static void connections_to_one_host_are_bounded(void **state)
{
    struct world *world = *state;
    struct op *asks[20] = {0};
    char url[100];
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", world->listener->port);
    for (size_t i = 0; i < countof(asks); i++)
        http_ask(world->client,
                 &(struct http_ask){.method = HTTP_GET, .url = url, .on_done = on_done}, world,
                 &asks[i]);
    settle(world->loop);
    assert_int_equal(world->listener->count, 8);
    for (size_t i = 0; i < countof(asks); i++)
        op_cancel(&asks[i]);
}

static void warm_host_has_its_connection_ready(void **state)
{
    struct world *world = *state;
    char url[100];
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", world->listener->port);
    http_client_warm(world->client, url);
    struct peer *peer = peer_accept(world->listener);
    peer_expect(peer, "HEAD / HTTP/1.1\r\n");
    peer_expect(peer, "\r\n\r\n");
    peer_say(peer, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    settle(world->loop);
    ask(world, world->listener->port, "/x", (struct http_ask){0});
    peer_expect(peer, "GET /x HTTP/1.1\r\n");
    peer_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    wait_for(world->loop, &world->done);
    assert_int_equal(world->answer.connect_us, 0);
    peer_free(&peer);
}

static void open_tls(struct world *world, const struct certs *certs, const char *trusted)
{
    const char *why = NULL;
    http_server_close(&world->server);
    http_client_free(&world->client);
    struct http_server_options options = {.routes = routes,
                                          .route_count = countof(routes),
                                          .app = world,
                                          .tls_cert_file = certs->cert_file,
                                          .tls_key_file = certs->key_file};
    assert_int_equal(http_server_open(world->loop, "127.0.0.1:0", &options, &world->server, &why),
                     0);
    world->client = http_client_new(world->loop, &(struct http_client_options){.ca_file = trusted});
}

static void ask_tls(struct world *world)
{
    char url[100];
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/echo", http_server_port(world->server));
    ask(world, 0, "", (struct http_ask){.url = url, .total_ms_max = 5000});
    wait_for(world->loop, &world->done);
}

static void tls_is_spoken_and_the_connection_kept(void **state)
{
    struct world *world = *state;
    struct certs certs;
    certs_make(&certs, "IP:127.0.0.1");
    open_tls(world, &certs, certs.ca_file);
    ask_tls(world);
    assert_string_equal(world->why, "");
    assert_string_equal(world->body, "GET /echo type=none auth=none body=");
    ask_tls(world);
    assert_int_equal(world->answer.connect_us, 0);
    certs_remove(&certs);
}

static void server_learns_over_tls_that_its_client_left(void **state)
{
    struct world *world = *state;
    struct certs certs;
    char url[100];
    certs_make(&certs, "IP:127.0.0.1");
    open_tls(world, &certs, certs.ca_file);
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/hold", http_server_port(world->server));
    ask(world, 0, "", (struct http_ask){.url = url});
    wait_for(world->loop, &world->held);
    settle(world->loop);
    assert_false(world->gone);
    op_cancel(&world->asking);
    wait_for(world->loop, &world->gone);
    certs_remove(&certs);
}

static void certificate_for_another_host_is_refused(void **state)
{
    struct world *world = *state;
    struct certs certs;
    certs_make(&certs, "DNS:other.test,IP:127.0.0.2");
    open_tls(world, &certs, certs.ca_file);
    ask_tls(world);
    assert_int_equal(world->answer.err, EPROTO);
    assert_int_equal(world->answer.status, 0);
    certs_remove(&certs);
}

static void certificate_of_an_unknown_authority_is_refused(void **state)
{
    struct world *world = *state;
    struct certs certs;
    certs_make(&certs, "IP:127.0.0.1");
    open_tls(world, &certs, NULL);
    ask_tls(world);
    assert_int_equal(world->answer.err, EPROTO);
    certs_remove(&certs);
}

static void tls_to_a_plain_server_is_refused(void **state)
{
    struct world *world = *state;
    ask_tls(world);
    assert_int_equal(world->answer.err, EPROTO);
}

#define live_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        live_test(question_and_answer_are_whole),
        live_test(connection_is_used_again),
        live_test(every_method_carries_its_body),
        live_test(large_body_goes_without_asking_leave),
        live_test(basic_authorization_is_sent),
        live_test(error_status_is_an_answer),
        live_test(redirect_is_not_followed),
        live_test(body_comes_in_pieces_as_it_comes),
        live_test(what_goes_once_is_never_repeated_on_a_kept_connection),
        live_test(interim_reply_is_not_the_reply),
        live_test(connection_nobody_takes_is_refused),
        live_test(silent_server_runs_out_of_time),
        live_test(head_that_never_ends_runs_out_of_time),
        live_test(body_that_stops_runs_out_of_time),
        live_test(body_that_drips_runs_out_of_time_as_a_whole),
        live_test(reply_beyond_its_bound_is_given_up),
        live_test(broken_replies_are_errors),
        live_test(unknown_scheme_and_bad_url_are_refused),
        live_test(name_without_an_address_is_unreachable),
        live_test(retry_after_is_read_in_seconds_and_as_a_date),
        live_test(cancelled_ask_is_never_answered),
        live_test(piece_may_cancel_its_own_ask),
        live_test(piece_may_free_the_client),
        live_test(connections_to_one_host_are_bounded),
        live_test(warm_host_has_its_connection_ready),
        live_test(tls_is_spoken_and_the_connection_kept),
        live_test(server_learns_over_tls_that_its_client_left),
        live_test(certificate_for_another_host_is_refused),
        live_test(certificate_of_an_unknown_authority_is_refused),
        live_test(tls_to_a_plain_server_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
