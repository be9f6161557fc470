/* test/test_ws.c: WebSockets, both sides, over loopback. */
#include "base/mem.h"
#include "net/http_server.h"
#include "net/ws.h"
#include "test/certs.h"
#include "test/peer.h"
#include "test/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/dns.h>
#include <event2/dns_struct.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

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
    int dns_questions;
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

static void message_sent_before_the_handshake_is_queued(void **state)
{
    struct world *world = *state;
    dial(world, "/ws");
    assert_int_equal(ws_send(world->here.ws, WS_TEXT, "early", 5), 0);
    assert_true(ws_queued_bytes(world->here.ws) > 0);
    wait_for_messages(world, &world->there, 1);
    assert_string_equal(buf_text(&world->there.heard), "<early>");
    assert_int_equal(ws_queued_bytes(world->here.ws), 0);
}

static void large_message_arrives_whole(void **state)
{
    struct world *world = *state;
    static char data[300000];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)('a' + i % 26);
    world->limits = (struct ws_limits){.message_bytes_max = sizeof(data)};
    dial_and_open(world);
    assert_int_equal(ws_send(world->here.ws, WS_TEXT, data, sizeof(data)), ENOBUFS);
    assert_int_equal(ws_send(world->here.ws, WS_TEXT, data, 250000), 0);
    wait_for_messages(world, &world->there, 1);
    assert_int_equal(world->there.heard.bytes, 250002);
    assert_memory_equal(world->there.heard.data + 1, data, 250000);
}

static void message_beyond_the_bound_closes_with_1009(void **state)
{
    struct world *world = *state;
    world->limits = (struct ws_limits){.message_bytes_max = 1000};
    dial_and_open(world);
    static const char data[1001];
    assert_int_equal(ws_send(world->here.ws, WS_BINARY, data, 1000), 0);
    assert_int_equal(ws_send(world->here.ws, WS_BINARY, data, 1001), 0);
    wait_for(world->loop, &world->here.closed);
    assert_int_equal(world->here.code, WS_CLOSE_TOO_BIG);
    assert_int_equal(world->there.code, WS_CLOSE_TOO_BIG);
    assert_int_equal(world->there.messages, 1);
}

static void message_handler_may_close_its_own_socket(void **state)
{
    struct world *world = *state;
    world->there.close_after = 1;
    dial_and_open(world);
    for (int i = 0; i < 5; i++)
        assert_int_equal(ws_send(world->here.ws, WS_TEXT, "x", 1), 0);
    wait_for(world->loop, &world->here.closed);
    assert_int_equal(world->here.code, WS_CLOSE_NORMAL);
    assert_string_equal(world->here.why, "enough");
    assert_int_equal(world->there.messages, 1);
    assert_false(world->there.closed);
}

static void queue_of_a_slow_reader_is_bounded(void **state)
{
    struct world *world = *state;
    static const char data[8000];
    world->limits = (struct ws_limits){.queue_bytes_max = 20000};
    dial_and_open(world);
    int err = 0, sent = 0; /* no turn of the loop: nobody reads */
    while (!err && sent++ < 100000)
        err = ws_send(world->there.ws, WS_BINARY, data, sizeof(data));
    assert_int_equal(err, ENOBUFS);
    assert_in_range(ws_queued_bytes(world->there.ws), 1, 20000);
    wait_for_messages(world, &world->here, sent - 1);
    assert_int_equal(ws_queued_bytes(world->there.ws), 0);
    assert_int_equal(ws_send(world->there.ws, WS_BINARY, data, sizeof(data)), 0);
}

static void queued_messages_go_before_the_close(void **state)
{
    struct world *world = *state;
    static const char data[8000];
    dial_and_open(world);
    int sent = 0;
    while (ws_send(world->there.ws, WS_BINARY, data, sizeof(data)) == 0)
        sent++;
    ws_close(&world->there.ws, WS_CLOSE_AWAY, "moving on");
    wait_for(world->loop, &world->here.closed);
    assert_int_equal(world->here.messages, sent);
    assert_int_equal(world->here.code, WS_CLOSE_AWAY);
}

static void closing_while_connecting_is_silent(void **state)
{
    struct world *world = *state;
    dial(world, "/ws");
    ws_close(&world->here.ws, WS_CLOSE_NORMAL, "");
    settle(world->loop);
    dial(world, "/ws");
    loop_step(world->loop, 10);
    ws_close(&world->here.ws, WS_CLOSE_NORMAL, "");
    settle(world->loop);
    assert_false(world->here.closed);
    assert_false(world->here.opened);
}

static void both_sides_may_close_at_once(void **state)
{
    struct world *world = *state;
    dial_and_open(world);
    ws_close(&world->here.ws, WS_CLOSE_NORMAL, "me");
    ws_close(&world->there.ws, WS_CLOSE_AWAY, "you");
    settle(world->loop);
    assert_false(world->here.closed || world->there.closed);
}

static void closed_server_drops_its_sockets(void **state)
{
    struct world *world = *state;
    dial_and_open(world);
    http_server_close(&world->server);
    assert_false(world->there.closed);
    wait_for(world->loop, &world->there.closed);
    assert_int_equal(world->there.code, WS_CLOSE_LOST);
    wait_for(world->loop, &world->here.closed);
    assert_int_equal(world->here.code, WS_CLOSE_LOST);
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void a_socket_that_says_goodbye_ends_with_its_loop(void **state)
{
    struct world *world = *state;
    int before = open_descriptors();
    struct loop *both = world->loop, *own = loop_new();
    world->loop = own;
    dial(world, "/ws");
    world->loop = both;
    for (int i = 0; !world->here.opened; i++) {
        assert_true(i < 10000);
        loop_step(own, 1);
        loop_step(both, 1);
    }
    ws_close(&world->here.ws, WS_CLOSE_NORMAL, "");
    wait_for(both, &world->there.closed);
    settle(both);
    loop_free(&own); /* it never read the other side's goodbye */
    assert_int_equal(open_descriptors(), before);
}

static void pings_keep_an_idle_connection(void **state)
{
    struct world *world = *state;
    world->limits = (struct ws_limits){.ping_ms = 10};
    dial_and_open(world);
    int64_t until_ms = loop_now_ms(world->loop) + 100;
    while (loop_now_ms(world->loop) < until_ms)
        loop_step(world->loop, 20);
    assert_false(world->there.closed);
    assert_false(world->here.closed);
}

static void odd_urls_and_headers_are_refused_at_once(void **state)
{
    struct world *world = *state;
    static const char *const two_lines[] = {"A: b\r\nC: d", NULL};
    static const char *const no_colon[] = {"A", NULL};
    struct ws *ws = NULL;
    assert_int_equal(
        ws_connect(world->loop, "http://127.0.0.1/", NULL, NULL, NULL, &handler, NULL, &ws),
        EINVAL);
    assert_int_equal(
        ws_connect(world->loop, "ws:/127.0.0.1/", NULL, NULL, NULL, &handler, NULL, &ws), EINVAL);
    assert_int_equal(
        ws_connect(world->loop, "ws://127.0.0.1/", two_lines, NULL, NULL, &handler, NULL, &ws),
        EINVAL);
    assert_int_equal(
        ws_connect(world->loop, "ws://127.0.0.1/", no_colon, NULL, NULL, &handler, NULL, &ws),
        EINVAL);
    assert_int_equal(ws_connect(world->loop, "wss://127.0.0.1/", NULL, "/nowhere.pem", NULL,
                                &handler, NULL, &ws),
                     EINVAL);
    assert_null(ws);
}

/* A name server of the test: it knows karen.test and nothing else. */
static void on_dns_question(struct evdns_server_request *request, void *arg)
{
    struct world *world = arg;
    static const unsigned char address[] = {127, 0, 0, 1};
    int code = DNS_ERR_NOTEXIST;
    world->dns_questions++;
    for (int i = 0; i < request->nquestions; i++) {
        const struct evdns_server_question *question = request->questions[i];
        if (strcasecmp(question->name, "karen.test") != 0) /* the asker plays with the case */
            continue;
        code = 0;
        if (question->type == EVDNS_TYPE_A)
            evdns_server_request_add_a_reply(request, question->name, 1, address, 60);
    }
    evdns_server_request_respond(request, code);
}

static struct evdns_server_port *serve_names(struct world *world)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof(at);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    getsockname(fd, (struct sockaddr *)&at, &bytes);
    struct evdns_base *dns = loop_dns(world->loop);
    evdns_base_clear_nameservers_and_suspend(dns);
    assert_int_equal(
        evdns_base_nameserver_sockaddr_add(dns, (const struct sockaddr *)&at, bytes, 0), 0);
    evdns_base_search_clear(dns);
    evdns_base_resume(dns);
    return evdns_add_server_port_with_base(loop_base(world->loop), fd, 0, on_dns_question, world);
}

static void dial_name(struct world *world, const char *name)
{
    char url[100];
    snprintf(url, sizeof(url), "ws://%s:%u/ws", name, http_server_port(world->server));
    assert_int_equal(
        ws_connect(world->loop, url, NULL, NULL, NULL, &handler, &world->here, &world->here.ws), 0);
}

static void name_is_looked_up(void **state)
{
    struct world *world = *state;
    struct evdns_server_port *names = serve_names(world);
    dial_name(world, "karen.test");
    wait_for(world->loop, &world->here.opened);
    assert_true(world->dns_questions > 0);
    evdns_close_server_port(names);
}

static void name_without_an_address_is_lost(void **state)
{
    struct world *world = *state;
    struct evdns_server_port *names = serve_names(world);
    dial_name(world, "nobody.test");
    wait_for(world->loop, &world->here.closed);
    assert_int_equal(world->here.code, WS_CLOSE_LOST);
    assert_int_equal(world->here.http_status, 0);
    assert_string_equal(world->here.why, "the host's name is not known");
    evdns_close_server_port(names);
}

static void looking_up_a_name_may_be_abandoned(void **state)
{
    struct world *world = *state;
    struct evdns_server_port *names = serve_names(world);
    dial_name(world, "karen.test");
    for (int i = 0; i < 100 && !world->dns_questions; i++)
        loop_step(world->loop, 100);
    ws_close(&world->here.ws, WS_CLOSE_NORMAL, "");
    settle(world->loop);
    assert_false(world->here.closed);
    assert_false(world->there.opened);
    evdns_close_server_port(names);
}

static void loop_may_end_while_a_name_is_looked_up(void **state)
{
    struct world *world = *state;
    struct evdns_server_port *names = serve_names(world);
    dial_name(world, "karen.test");
    loop_step(world->loop, 0);
    evdns_close_server_port(names);
    ws_close(&world->here.ws, WS_CLOSE_NORMAL, "");
}

static void connection_nobody_takes_is_lost(void **state)
{
    struct world *world = *state;
    http_server_stop_listening(world->server);
    dial(world, "/ws");
    wait_for(world->loop, &world->here.closed);
    assert_int_equal(world->here.code, WS_CLOSE_LOST);
    assert_string_equal(world->here.why, "Connection refused");
}

static void localhost_needs_no_look_up(void **state)
{
    struct world *world = *state;
    char url[100];
    snprintf(url, sizeof(url), "ws://localhost:%u/ws", http_server_port(world->server));
    assert_int_equal(
        ws_connect(world->loop, url, NULL, NULL, NULL, &handler, &world->here, &world->here.ws), 0);
    wait_for(world->loop, &world->here.opened);
    wait_for(world->loop, &world->there.opened);
}

/* TLS */

static void open_tls(struct world *world, struct certs *certs, const char *names)
{
    const char *why = NULL;
    certs_make(certs, names);
    http_server_close(&world->server);
    struct http_server_options options = {.routes = routes,
                                          .route_count = countof(routes),
                                          .app = world,
                                          .tls_cert_file = certs->cert_file,
                                          .tls_key_file = certs->key_file};
    assert_int_equal(http_server_open(world->loop, "127.0.0.1:0", &options, &world->server, &why),
                     0);
}

static void dial_tls(struct world *world, const char *host, const char *ca_file)
{
    char url[100];
    snprintf(url, sizeof(url), "wss://%s:%u/ws", host, http_server_port(world->server));
    assert_int_equal(
        ws_connect(world->loop, url, NULL, ca_file, NULL, &handler, &world->here, &world->here.ws),
        0);
}

static void tls_carries_many_messages_both_ways(void **state)
{
    struct world *world = *state;
    static char data[30000];
    struct certs certs;
    world->there.echo = true;
    open_tls(world, &certs, "DNS:localhost");
    dial_tls(world, "localhost", certs.ca_file);
    wait_for(world->loop, &world->here.opened);
    for (int i = 0; i < 200; i++) {
        memset(data, 'a' + i % 26, sizeof(data));
        size_t bytes = (size_t)(i * 131) % sizeof(data);
        assert_int_equal(ws_send(world->here.ws, WS_TEXT, data, bytes), 0);
        wait_for_messages(world, &world->here, i + 1);
    }
    for (int i = 0; i < 100; i++) /* many small records at once */
        assert_int_equal(ws_send(world->here.ws, WS_TEXT, "small", 5), 0);
    wait_for_messages(world, &world->here, 300);
    ws_close(&world->here.ws, WS_CLOSE_NORMAL, "done");
    wait_for(world->loop, &world->there.closed);
    assert_int_equal(world->there.code, WS_CLOSE_NORMAL);
    certs_remove(&certs);
}

static void tls_flood_is_read_to_its_end(void **state)
{
    struct world *world = *state;
    static const char data[7000];
    struct certs certs;
    open_tls(world, &certs, "IP:127.0.0.1");
    world->limits = (struct ws_limits){.queue_bytes_max = 4000000};
    dial_tls(world, "127.0.0.1", certs.ca_file);
    wait_for(world->loop, &world->there.opened);
    for (int i = 0; i < 500; i++)
        assert_int_equal(ws_send(world->there.ws, WS_BINARY, data, sizeof(data)), 0);
    wait_for_messages(world, &world->here, 500);
    assert_int_equal(ws_queued_bytes(world->there.ws), 0);
    certs_remove(&certs);
}

static void certificate_for_another_host_is_refused(void **state)
{
    struct world *world = *state;
    struct certs certs;
    open_tls(world, &certs, "DNS:other.test,IP:127.0.0.2");
    dial_tls(world, "127.0.0.1", certs.ca_file);
    wait_for(world->loop, &world->here.closed);
    assert_string_equal(world->here.why, "IP address mismatch");
    world->here.closed = false;
    dial_tls(world, "localhost", certs.ca_file);
    wait_for(world->loop, &world->here.closed);
    assert_string_equal(world->here.why, "hostname mismatch");
    assert_false(world->there.opened);
    certs_remove(&certs);
}

static void certificate_of_an_unknown_authority_is_refused(void **state)
{
    struct world *world = *state;
    struct certs certs;
    open_tls(world, &certs, "IP:127.0.0.1");
    dial_tls(world, "127.0.0.1", NULL);
    wait_for(world->loop, &world->here.closed);
    assert_int_equal(world->here.code, WS_CLOSE_LOST);
    assert_string_equal(world->here.why, "unable to get local issuer certificate");
    certs_remove(&certs);
}

static void tls_to_a_plain_server_is_lost(void **state)
{
    struct world *world = *state;
    dial_tls(world, "127.0.0.1", NULL);
    wait_for(world->loop, &world->here.closed);
    assert_int_equal(world->here.code, WS_CLOSE_LOST);
}

#define live_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        live_test(messages_go_both_ways),
        live_test(close_reaches_the_other_side_with_its_reason),
        live_test(refused_handshake_tells_status_and_reason),
        live_test(message_sent_before_the_handshake_is_queued),
        live_test(large_message_arrives_whole),
        live_test(message_beyond_the_bound_closes_with_1009),
        live_test(message_handler_may_close_its_own_socket),
        live_test(queue_of_a_slow_reader_is_bounded),
        live_test(queued_messages_go_before_the_close),
        live_test(closing_while_connecting_is_silent),
        live_test(both_sides_may_close_at_once),
        live_test(closed_server_drops_its_sockets),
        live_test(a_socket_that_says_goodbye_ends_with_its_loop),
        live_test(pings_keep_an_idle_connection),
        live_test(odd_urls_and_headers_are_refused_at_once),
        live_test(name_is_looked_up),
        live_test(name_without_an_address_is_lost),
        live_test(loop_may_end_while_a_name_is_looked_up),
        live_test(looking_up_a_name_may_be_abandoned),
        live_test(connection_nobody_takes_is_lost),
        live_test(localhost_needs_no_look_up),
        live_test(tls_carries_many_messages_both_ways),
        live_test(tls_flood_is_read_to_its_end),
        live_test(certificate_for_another_host_is_refused),
        live_test(certificate_of_an_unknown_authority_is_refused),
        live_test(tls_to_a_plain_server_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
