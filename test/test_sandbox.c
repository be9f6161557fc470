/* test/test_sandbox.c: the outside parties on loopback, byte for byte: faults on order, hostile
 * input, and calls of another telephone. What the official clients accept is in test/peers/. */
#include "sandbox/sandbox.h"

#include "base/hash.h"
#include "base/mem.h"
#include "phone/exchange.h"
#include "test/peer.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct loop *loop;
static struct sandbox *sandbox;
static uint16_t port;

static int open_sandbox(void **state)
{
    struct sandbox_options options = {.listen = "127.0.0.1:0", .seed = 1};
    struct buf addresses = {0};
    const char *why = NULL;
    (void)state;
    loop = loop_new();
    options.settings = settings_usual;
    settings_hurry(&options.settings);
    assert_int_equal(sandbox_open(loop, &options, &sandbox, &why), 0);
    sandbox_print_addresses(sandbox, &addresses);
    const char *url = strstr(buf_text(&addresses), "\"url\":\"http://127.0.0.1:");
    port = (uint16_t)strtoul(url + strlen("\"url\":\"http://127.0.0.1:"), NULL, 10);
    buf_free(&addresses);
    return 0;
}

static int close_sandbox(void **state)
{
    (void)state;
    sandbox_close(&sandbox);
    loop_step(loop, 0);
    loop_free(&loop);
    return 0;
}

/* An HTTP request on a connection of its own. */
static struct peer *ask(const char *method, const char *target, const char *headers,
                        const char *body)
{
    struct peer *peer = peer_connect(loop, port);
    char *text = xprintf("%s %s HTTP/1.1\r\nHost: s\r\n%sContent-Length: %zu\r\n\r\n%s", method,
                         target, headers, strlen(body), body);
    peer_say(peer, text);
    free(text);
    return peer;
}

static void order(const char *what, const char *json)
{
    char *target = xprintf("/control/%s", what);
    struct peer *peer = ask("POST", target, "", json);
    peer_expect(peer, "HTTP/1.1 204");
    peer_free(&peer);
    free(target);
}

#define OPENAI_KEY "Authorization: Bearer test-openai-key\r\n"
#define CHAT                                                                                       \
    "{\"model\":\"gpt-6-luna\",\"reasoning_effort\":\"none\",\"stream\":true,"                     \
    "\"messages\":[{\"role\":\"user\",\"content\":\"Hello, it is John.\"}]}"

static struct peer *ask_models(void)
{
    return ask("GET", "/openai/v1/models", OPENAI_KEY, "");
}

static void expect_alive(void)
{
    struct peer *peer = ask_models();
    peer_expect(peer, "gpt-6-luna");
    peer_free(&peer);
}

static void each_party_refuses_a_stranger_in_its_own_words(void **state)
{
    static const struct {
        const char *target, *words;
    } doors[] = {
        {"/openai/v1/models", "\"code\":\"invalid_api_key\""},
        {"/deepgram/v1/listen", "\"err_code\":\"INVALID_AUTH\""},
        {"/elevenlabs/v1/models", "\"detail\":{\"status\":\"invalid_api_key\""},
        {"/twilio/2010-04-01/Accounts/AC/Calls.json", "\"code\":20003"},
    };
    (void)state;
    for (size_t i = 0; i < countof(doors); i++) {
        struct peer *peer = ask("GET", doors[i].target, "", "");
        peer_expect(peer, "HTTP/1.1 401");
        peer_expect(peer, doors[i].words);
        peer_free(&peer);
    }
}

static void garbage_harms_nobody(void **state)
{
    static const char *const garbage[] = {
        "\x16\x03\x01\x02\x00\x01",
        "GET\r\n\r\n",
        "POST /openai/v1/chat/completions HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        "GET /deepgram/v1/listen?%zz HTTP/1.1\r\nHost: s\r\n\r\n",
        "GET /twilio/ HTTP/1.1\r\nHost: s\r\n\r\n",
        "GET /openai HTTP/1.1\r\nHost: s\r\n\r\n",
        "GET /elevenlabs//////v1 HTTP/1.1\r\nHost: s\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < countof(garbage); i++) {
        struct peer *peer = peer_connect(loop, port);
        peer_say(peer, garbage[i]);
        settle(loop);
        peer_reset(peer);
        peer_free(&peer);
        expect_alive();
    }
}

static void an_order_that_cannot_be_is_refused(void **state)
{
    static const struct {
        const char *what, *json;
    } orders[] = {
        {"faults", "no json"},
        {"faults", "{\"party\":\"nobody\",\"act\":\"drop\"}"},
        {"settings", "{\"openai_tokens_per_s\":\"fast\"}"},
        {"scripts", "{\"lines\":[1]}"},
        {"scripts", "{\"lines\":\"hello\"}"},
        {"drop", "{\"party\":\"nobody\"}"},
        {"phones", "[]"},
        {"phones", "{\"act\":\"busy\"}"},
        {"phones", "{\"number\":\"+420777123456\",\"act\":\"sing\"}"},
        {"phones", "{\"number\":\"+420777123456\",\"act\":\"forward\"}"},
        {"phones", "{\"number\":\"+420777123456\",\"after_ms\":-2}"},
        {"bundles", "{\"sid\":\"BU1\",\"status\":\"draft\"}"},
        {"bundles", "{\"sid\":\"BU00000000000000000000000000000001\",\"status\":\"fine\"}"},
    };
    (void)state;
    for (size_t i = 0; i < countof(orders); i++) {
        char *target = xprintf("/control/%s", orders[i].what);
        struct peer *peer = ask("POST", target, "", orders[i].json);
        peer_expect(peer, "HTTP/1.1 400");
        peer_expect(peer, "\"detail\"");
        peer_free(&peer);
        free(target);
    }
}

static void a_dropped_request_gets_not_a_byte(void **state)
{
    (void)state;
    order("faults", "{\"party\":\"openai\",\"act\":\"drop\",\"times\":1}");
    struct peer *peer = ask_models();
    peer_expect_closed(peer);
    assert_int_equal(peer->heard.bytes, 0);
    peer_free(&peer);
    expect_alive();
}

static void nonsense_is_what_was_ordered(void **state)
{
    (void)state;
    order("faults", "{\"party\":\"openai\",\"act\":\"nonsense\",\"times\":1}");
    struct peer *peer = ask_models();
    peer_expect_closed(peer);
    assert_int_equal(peer->heard.bytes, nonsense().bytes);
    peer_free(&peer);
}

static void a_stalled_request_waits_until_it_is_dropped(void **state)
{
    (void)state;
    order("faults", "{\"party\":\"openai\",\"act\":\"stall\",\"times\":1}");
    struct peer *peer = ask_models();
    settle(loop);
    expect_alive(); /* others go on */
    assert_int_equal(peer->heard.bytes, 0);
    assert_false(peer->closed);
    order("drop", "{\"party\":\"openai\"}");
    peer_expect_closed(peer);
    peer_free(&peer);
}

static void a_stream_breaks_after_so_many_events(void **state)
{
    (void)state;
    order("faults", "{\"party\":\"openai\",\"act\":\"drop\",\"after\":3,\"times\":1}");
    struct peer *peer = ask("POST", "/openai/v1/chat/completions", OPENAI_KEY, CHAT);
    peer_expect_closed(peer);
    int events = 0;
    for (const char *at = buf_text(&peer->heard); (at = strstr(at, "data: {")); at++)
        events++;
    assert_int_equal(events, 3);
    peer_free(&peer);
}

static int64_t live(const char *endpoint)
{
    return seen_counts(sandbox_party(sandbox, PARTY_OPENAI)->seen, endpoint)->live;
}

static void a_client_that_leaves_is_forgotten(void **state)
{
    (void)state;
    order("settings", "{\"openai_tokens_per_s\":1}");
    struct peer *peer = ask("POST", "/openai/v1/chat/completions", OPENAI_KEY, CHAT);
    peer_expect(peer, "data: {");
    assert_int_equal(live("chat"), 1);
    peer_reset(peer);
    peer_free(&peer);
    while (live("chat"))
        loop_step(loop, 100);
    order("settings", "{\"openai_tokens_per_s\":0}");
}

/* A WebSocket of the test's own side. */
struct socket {
    struct ws *ws;
    struct buf heard;
    bool open, closed;
    int code;
};

static void on_open(struct ws *ws, void *arg)
{
    struct socket *socket = arg;
    (void)ws;
    socket->open = true;
}

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    struct socket *socket = arg;
    (void)ws;
    (void)kind;
    buf_add(&socket->heard, data, bytes);
    buf_putc(&socket->heard, '\n');
}

static void on_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    struct socket *socket = arg;
    (void)ws;
    (void)why;
    (void)http_status;
    socket->ws = NULL;
    socket->closed = true;
    socket->code = code;
}

static struct socket *connect_listener(const char *more)
{
    static const struct ws_handler handler = {on_open, on_message, on_close};
    static const char *const headers[] = {"Authorization: Token test-deepgram-key", NULL};
    struct socket *socket = xalloc(sizeof(*socket));
    char *url = xprintf("ws://127.0.0.1:%u/deepgram/v1/listen?model=nova-3&language=en&"
                        "encoding=mulaw&sample_rate=8000%s",
                        port, more);
    assert_int_equal(ws_connect(loop, url, headers, NULL, NULL, &handler, socket, &socket->ws), 0);
    free(url);
    wait_for(loop, &socket->open);
    return socket;
}

static void free_socket(struct socket *socket)
{
    ws_close(&socket->ws, WS_CLOSE_NORMAL, "");
    buf_free(&socket->heard);
    free(socket);
}

static void a_listener_that_talks_nonsense_is_sent_away(void **state)
{
    static const char *const texts[] = {"nonsense", "{\"type\":7}", "{\"type\":\"Sing\"}"};
    (void)state;
    for (size_t i = 0; i < countof(texts); i++) {
        struct socket *socket = connect_listener("");
        ws_send(socket->ws, WS_TEXT, texts[i], strlen(texts[i]));
        wait_for(loop, &socket->closed);
        assert_int_equal(socket->code, WS_CLOSE_POLICY);
        free_socket(socket);
    }
}

static void a_scripted_stream_hears_its_words_and_ends_in_order(void **state)
{
    static const char close[] = "{\"type\":\"CloseStream\"}";
    uint8_t voice[8 * 1000];
    (void)state;
    memset(voice, 0x10, sizeof(voice));
    order("scripts", "{\"lines\":[\"It is urgent.\"],\"tag\":\"t\"}");
    struct socket *socket = connect_listener("&tag=t&punctuate=true&vad_events=true");
    ws_send(socket->ws, WS_BINARY, voice, sizeof(voice));
    ws_send(socket->ws, WS_TEXT, close, sizeof(close) - 1);
    wait_for(loop, &socket->closed);
    assert_int_equal(socket->code, WS_CLOSE_NORMAL);
    const char *started = strstr(buf_text(&socket->heard), "SpeechStarted");
    const char *words = strstr(buf_text(&socket->heard), "\"transcript\":\"It is urgent.\"");
    const char *metadata = strstr(buf_text(&socket->heard), "\"type\":\"Metadata\"");
    assert_true(started && words && metadata && started < words && words < metadata);
    free_socket(socket);
}

static void live_streams_break_when_their_party_is_dropped(void **state)
{
    (void)state;
    struct socket *socket = connect_listener("");
    order("drop", "{\"party\":\"deepgram\"}");
    wait_for(loop, &socket->closed);
    assert_int_equal(socket->code, WS_CLOSE_LOST);
    free_socket(socket);
}

/* Karen, as far as this telephone needs her: TwiML that holds the line. */
static void hold_the_line(struct http_req *req)
{
    http_reply(req, 200, "text/xml", str_of("<Response><Pause length=\"60\"/></Response>"));
}

struct ringing {
    struct exchange *exchange;
    bool answered, ended;
};

static void on_phone(struct phone_call *call, const struct phone_event *event, void *arg)
{
    struct ringing *ringing = arg;
    exchange_event(ringing->exchange, call, event);
    ringing->answered = ringing->answered || event->kind == PHONE_WEBHOOK;
    ringing->ended = ringing->ended || event->kind == PHONE_ENDED;
}

static struct peer *rest(const char *sid, const char *method, const char *form)
{
    struct buf headers = {0};
    char *target =
        xprintf("/twilio/2010-04-01/Accounts/%s/Calls/%s.json", settings_usual.twilio_account, sid);
    char *credentials =
        xprintf("%s:%s", settings_usual.twilio_account, settings_usual.twilio_token);
    buf_puts(&headers, "Content-Type: application/x-www-form-urlencoded\r\nAuthorization: Basic ");
    base64_put(&headers, credentials, strlen(credentials));
    buf_puts(&headers, "\r\n");
    struct peer *peer = ask(method, target, buf_text(&headers), form);
    buf_free(&headers);
    free(credentials);
    free(target);
    return peer;
}

static void a_call_of_another_telephone_is_ended_over_rest(void **state)
{
    static const struct http_route routes[] = {{HTTP_POST, "/voice", hold_the_line, 65536}};
    const struct http_server_options server_options = {.routes = routes, .route_count = 1};
    struct ringing ringing = {0};
    struct http_server *server = NULL;
    const char *why = NULL;
    (void)state;
    assert_int_equal(http_server_open(loop, "127.0.0.1:0", &server_options, &server, &why), 0);
    struct http_client *http = http_client_new(loop, &(struct http_client_options){0});
    char *url = xprintf("http://127.0.0.1:%u", port);
    char *voice_url = xprintf("http://127.0.0.1:%u/voice", http_server_port(server));
    ringing.exchange = exchange_open(loop, url);
    const struct phone_options options = {.loop = loop,
                                          .http = http,
                                          .voice_url = voice_url,
                                          .account_sid = settings_usual.twilio_account,
                                          .auth_token = settings_usual.twilio_token,
                                          .from = "+420602000111",
                                          .to = "+420228883001"};
    struct phone_call *call = phone_place(&options, on_phone, &ringing);
    exchange_placed(ringing.exchange, call, options.from, options.to);
    wait_for(loop, &ringing.answered);
    for (bool known = false; !known;) { /* the news of it travels on a connection of its own */
        struct peer *peer = rest(phone_call_sid(call), "GET", "");
        peer_expect(peer, "\r\n\r\n");
        known = strstr(buf_text(&peer->heard), "\"status\":\"in-progress\"");
        peer_free(&peer);
    }
    struct peer *peer = rest(phone_call_sid(call), "POST", "Status=completed");
    peer_expect(peer, "\"status\":\"completed\"");
    peer_free(&peer);
    wait_for(loop, &ringing.ended);
    exchange_close(&ringing.exchange);
    phone_free(&call);
    http_client_free(&http);
    http_server_close(&server);
    free(url);
    free(voice_url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_party_refuses_a_stranger_in_its_own_words),
        cmocka_unit_test(garbage_harms_nobody),
        cmocka_unit_test(an_order_that_cannot_be_is_refused),
        cmocka_unit_test(a_dropped_request_gets_not_a_byte),
        cmocka_unit_test(nonsense_is_what_was_ordered),
        cmocka_unit_test(a_stalled_request_waits_until_it_is_dropped),
        cmocka_unit_test(a_stream_breaks_after_so_many_events),
        cmocka_unit_test(a_client_that_leaves_is_forgotten),
        cmocka_unit_test(a_listener_that_talks_nonsense_is_sent_away),
        cmocka_unit_test(a_scripted_stream_hears_its_words_and_ends_in_order),
        cmocka_unit_test(live_streams_break_when_their_party_is_dropped),
        cmocka_unit_test(a_call_of_another_telephone_is_ended_over_rest),
    };
    return cmocka_run_group_tests(tests, open_sandbox, close_sandbox);
}
