/* test/test_front_door.c: strangers at the door of a whole installation while a call goes on: each
 * is refused in words, counted, and leaves nothing behind; the call ends as if nobody had been
 * there. */
#include "test/test.h"

#include "base/id.h"
#include "base/mem.h"
#include "carrier/leg.h"
#include "carrier/twilio_sign.h"
#include "carrier/twilio_wire.h"
#include "net/ws.h"
#include "test/peer.h"
#include "test/postgres.h"
#include "test/stack.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER "+442088880001"
#define OTHER_ACCOUNT "AC00000000000000000000000000000099"

enum { SID_ROOM = TWILIO_SID_BYTES + 1, TOKEN_ROOM = 64, PATIENCE_MS = 60000 };

static struct door {
    struct stack *stack;
    struct loop *loop;
    uint16_t port;
    pid_t good_call;
    struct peer *trickling; /* a request that never gets done, since the beginning */
    struct timer *drip;
    struct knock *silent; /* a stream that never says start, since the beginning */
} door;

/* ---- what the service says of itself -------------------------------------------------------- */

static double count_of(const char *sample)
{
    return stack_metric(door.stack, sample);
}

static double webhooks(const char *outcome)
{
    char sample[96];
    snprintf(sample, sizeof(sample), "karen_webhooks_total{outcome=\"%s\"}", outcome);
    return count_of(sample);
}

static double media_refused(const char *reason)
{
    char sample[96];
    snprintf(sample, sizeof(sample), "karen_media_refused_total{reason=\"%s\"}", reason);
    return count_of(sample);
}

static double refused_requests(void)
{
    return count_of("karen_http_requests_total{status=\"4xx\"}");
}

/* After every test: ready, and the good call is still on. */
static int all_is_well(void **state)
{
    (void)state;
    char *page;
    assert_int_equal(stack_get(door.stack, "/readyz", &page), 200);
    free(page);
    assert_int_equal(kill(door.good_call, 0), 0);
    assert_true(count_of("karen_calls_live") >= 1);
    return 0;
}

/* ---- by HTTP -------------------------------------------------------------------------------- */

/* All that comes back for these bytes, until the other side closes. The caller frees it. */
static char *answer_to(const void *request, size_t bytes)
{
    struct peer *peer = peer_connect(door.loop, door.port);
    peer_send(peer, request, bytes);
    peer_expect_closed(peer);
    char *answer = xstrndup(buf_text(&peer->heard), peer->heard.bytes);
    peer_free(&peer);
    return answer;
}

static char *answer_to_text(const char *request)
{
    return answer_to(request, strlen(request));
}

static void expect_problem(char *answer, int status, const char *detail)
{
    char *line = xprintf("HTTP/1.1 %d ", status);
    char *words = xprintf("\"detail\":\"%s\"", detail);
    if (strncmp(answer, line, strlen(line)) != 0 ||
        !strstr(answer, "Content-Type: application/problem+json\r\n") || !strstr(answer, words))
        fail_msg("wanted %s%s, got: %s", line, words, answer);
    free(line);
    free(words);
    free(answer);
}

static void new_sid(const char *kind, char sid_out[SID_ROOM])
{
    uint8_t chance[16];
    random_bytes(chance, sizeof(chance));
    snprintf(sid_out, SID_ROOM, "%s", kind);
    for (size_t i = 0; i < sizeof(chance); i++)
        snprintf(sid_out + 2 + 2 * i, 3, "%02x", chance[i]);
}

struct hook {
    const char *call_sid;  /* NULL: without one */
    const char *account;   /* NULL: ours */
    const char *token;     /* to sign with; NULL: the right one */
    const char *signature; /* instead; "" for none */
};

static const char *signature_of(const struct hook *hook, const struct http_field *fields,
                                size_t count)
{
    static char signature[TWILIO_SIGNATURE_TEXT_BYTES];
    const char *token = hook->token ? hook->token : stack_setting(door.stack, "TWILIO_AUTH_TOKEN");
    char *url = xprintf("%s/telephony/inbound", stack_url(door.stack));
    twilio_sign(url, fields, count, token, signature);
    free(url);
    return hook->signature ? hook->signature : signature;
}

static char *inbound(const struct hook *hook)
{
    struct http_field fields[8];
    size_t count = 0;
    struct buf body = {0}, request = {0};
    const char *account = stack_setting(door.stack, "TWILIO_ACCOUNT_SID");
    fields[count++] = (struct http_field){"AccountSid", hook->account ? hook->account : account};
    if (hook->call_sid)
        fields[count++] = (struct http_field){"CallSid", hook->call_sid};
    fields[count++] = (struct http_field){"CallStatus", "ringing"};
    fields[count++] = (struct http_field){"From", "+420602345678"};
    fields[count++] = (struct http_field){"To", NUMBER};
    for (size_t i = 0; i < count; i++)
        buf_form_field(&body, fields[i].name, fields[i].value);
    const char *signature = signature_of(hook, fields, count);
    buf_printf(&request,
               "POST /telephony/inbound HTTP/1.1\r\nHost: karen\r\nConnection: close\r\n"
               "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n",
               body.bytes);
    if (signature[0])
        buf_printf(&request, "X-Twilio-Signature: %s\r\n", signature);
    buf_printf(&request, "\r\n%s", buf_text(&body));
    char *answer = answer_to(request.data, request.bytes);
    buf_free(&request);
    buf_free(&body);
    return answer;
}

/* A genuine call that rings: the token that opens its stream. */
static void ring(char call_sid_out[SID_ROOM], char token_out[TOKEN_ROOM])
{
    static const char before[] = "name=\"token\" value=\"";
    new_sid("CA", call_sid_out);
    char *twiml = inbound(&(struct hook){.call_sid = call_sid_out});
    const char *token = strstr(twiml, before);
    if (!token)
        fail_msg("no stream was offered: %s", twiml);
    token += strlen(before);
    snprintf(token_out, TOKEN_ROOM, "%.*s", (int)strcspn(token, "\""), token);
    free(twiml);
}

static int64_t rows_of(const char *call_sid)
{
    char *sql = xprintf("SELECT count(*) FROM calls WHERE call_sid = '%s'", call_sid);
    int64_t count = postgres_count(sql);
    free(sql);
    return count;
}

static void a_forged_webhook_leaves_no_row(void **state)
{
    (void)state;
    char call_sid[SID_ROOM];
    double before = webhooks("forged");
    new_sid("CA", call_sid);
    char *answer = inbound(&(struct hook){.call_sid = call_sid, .token = "a guessed auth token"});
    expect_problem(answer, 403, "the carrier's signature is missing or wrong");
    assert_true(webhooks("forged") == before + 1);
    assert_int_equal(rows_of(call_sid), 0);
}

static void a_webhook_without_a_signature_leaves_no_row(void **state)
{
    (void)state;
    char call_sid[SID_ROOM];
    double before = webhooks("forged");
    new_sid("CA", call_sid);
    char *answer = inbound(&(struct hook){.call_sid = call_sid, .signature = ""});
    expect_problem(answer, 403, "the carrier's signature is missing or wrong");
    assert_true(webhooks("forged") == before + 1);
    assert_int_equal(rows_of(call_sid), 0);
}

static void a_webhook_of_another_account_leaves_no_row(void **state)
{
    (void)state;
    char call_sid[SID_ROOM];
    double before = webhooks("other_account");
    new_sid("CA", call_sid);
    char *answer = inbound(&(struct hook){.call_sid = call_sid, .account = OTHER_ACCOUNT});
    expect_problem(answer, 403, "the webhook is of another account");
    assert_true(webhooks("other_account") == before + 1);
    assert_int_equal(rows_of(call_sid), 0);
}

static void a_webhook_that_names_no_call_is_malformed(void **state)
{
    (void)state;
    double before = webhooks("malformed");
    expect_problem(inbound(&(struct hook){.call_sid = NULL}), 400, "the webhook names no call");
    expect_problem(inbound(&(struct hook){.call_sid = "CA'; DROP TABLE calls; --"}), 400,
                   "the webhook names no call");
    assert_true(webhooks("malformed") == before + 2);
}

static void a_body_beyond_its_bound_is_413(void **state)
{
    (void)state;
    double before = refused_requests();
    struct buf request = {0};
    buf_puts(&request, "POST /telephony/inbound HTTP/1.1\r\nHost: karen\r\n"
                       "Content-Type: application/x-www-form-urlencoded\r\n"
                       "Content-Length: 1000000\r\n\r\n");
    expect_problem(answer_to(request.data, request.bytes), 413,
                   "the body is larger than any address here takes");
    buf_free(&request);
    assert_true(refused_requests() == before + 1);
}

static void a_head_beyond_its_bound_is_431(void **state)
{
    (void)state;
    double before = refused_requests();
    struct buf request = {0};
    buf_puts(&request, "GET /healthz HTTP/1.1\r\nHost: karen\r\nX-Long: ");
    for (int i = 0; i < 32 * 1024; i++)
        buf_putc(&request, 'x');
    buf_puts(&request, "\r\n\r\n");
    expect_problem(answer_to(request.data, request.bytes), 431, "the request's head is too large");
    buf_free(&request);
    assert_true(refused_requests() == before + 1);
}

static void binary_garbage_is_no_request(void **state)
{
    (void)state;
    double before = refused_requests();
    static const char garbage[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\xff\xfe\r\n\r\n";
    expect_problem(answer_to(garbage, sizeof(garbage) - 1), 400,
                   "this is not a well-formed HTTP request");
    assert_true(refused_requests() == before + 1);
}

static void an_address_that_is_not_there_is_404(void **state)
{
    (void)state;
    double before = refused_requests();
    expect_problem(answer_to_text("GET /admin HTTP/1.1\r\nHost: karen\r\n"
                                  "Connection: close\r\n\r\n"),
                   404, "there is nothing at this address");
    assert_true(refused_requests() == before + 1);
}

/* ---- by WebSocket --------------------------------------------------------------------------- */

struct knock {
    struct ws *ws;
    bool open, closed, heard;
    int code, http_status;
    char why[256];
    char stream_sid[SID_ROOM];
};

static void on_open(struct ws *ws, void *arg)
{
    struct knock *knock = arg;
    (void)ws;
    knock->open = true;
}

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    struct knock *knock = arg;
    (void)ws, (void)kind, (void)data, (void)bytes;
    knock->heard = true;
}

static void on_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    struct knock *knock = arg;
    (void)ws;
    knock->ws = NULL;
    knock->closed = true;
    knock->code = code;
    knock->http_status = http_status;
    snprintf(knock->why, sizeof(knock->why), "%s", why);
}

static const char *media_url(void)
{
    static char url[64];
    snprintf(url, sizeof(url), "ws://127.0.0.1:%u/media", door.port);
    return url;
}

static const char *media_signature(const char *token)
{
    static char signature[TWILIO_SIGNATURE_TEXT_BYTES];
    twilio_sign(media_url(), NULL, 0, token, signature);
    return signature;
}

static struct knock *knock_signed_with(const char *token)
{
    static const struct ws_handler handler = {on_open, on_message, on_close};
    struct knock *knock = xalloc(sizeof(*knock));
    char *header = xprintf("X-Twilio-Signature: %s", media_signature(token));
    new_sid("MZ", knock->stream_sid);
    assert_int_equal(ws_connect(door.loop, media_url(), (const char *const[]){header, NULL}, NULL,
                                NULL, &handler, knock, &knock->ws),
                     0);
    free(header);
    return knock;
}

static struct knock *knock_at_media(void)
{
    struct knock *knock = knock_signed_with(stack_setting(door.stack, "TWILIO_AUTH_TOKEN"));
    wait_for(door.loop, &knock->open);
    return knock;
}

static void say_start(struct knock *knock, const char *account, const char *call_sid,
                      const char *token)
{
    struct buf out = {0};
    const struct twilio_parameter parameter = {str_of("token"), str_of(token)};
    const struct twilio_stream_start start = {.account_sid = str_of(account),
                                              .call_sid = str_of(call_sid),
                                              .stream_sid = str_of(knock->stream_sid),
                                              .parameters = &parameter,
                                              .parameter_count = 1};
    twilio_put_start(&out, &start);
    ws_send(knock->ws, WS_TEXT, out.data, out.bytes);
    buf_free(&out);
}

static struct knock *start_stream(const char *call_sid, const char *token)
{
    struct knock *knock = knock_at_media();
    say_start(knock, stack_setting(door.stack, "TWILIO_ACCOUNT_SID"), call_sid, token);
    return knock;
}

/* As the carrier does when the caller hangs up. */
static void hang_up(struct knock *knock, const char *call_sid)
{
    struct buf out = {0};
    twilio_put_stop(&out, str_of(knock->stream_sid), 9,
                    str_of(stack_setting(door.stack, "TWILIO_ACCOUNT_SID")), str_of(call_sid));
    ws_send(knock->ws, WS_TEXT, out.data, out.bytes);
    wait_for(door.loop, &knock->closed);
    buf_free(&out);
    free(knock);
}

static void expect_closed(struct knock *knock, int code, const char *why)
{
    wait_for(door.loop, &knock->closed);
    if (knock->code != code || strcmp(knock->why, why) != 0)
        fail_msg("wanted %d \"%s\", got %d \"%s\"", code, why, knock->code, knock->why);
    free(knock);
}

static void a_stream_with_a_forged_signature_is_not_let_in(void **state)
{
    (void)state;
    double before = webhooks("forged");
    struct knock *knock = knock_signed_with("a guessed auth token");
    wait_for(door.loop, &knock->closed);
    assert_int_equal(knock->http_status, 403);
    assert_non_null(strstr(knock->why, "the carrier's signature is missing or wrong"));
    assert_true(webhooks("forged") == before + 1);
    free(knock);
}

static void what_is_no_websocket_is_400(void **state)
{
    (void)state;
    double before = media_refused("not_websocket");
    const char *token = stack_setting(door.stack, "TWILIO_AUTH_TOKEN");
    char *request = xprintf("GET /media HTTP/1.1\r\nHost: karen\r\nConnection: close\r\n"
                            "X-Twilio-Signature: %s\r\n\r\n",
                            media_signature(token));
    expect_problem(answer_to_text(request), 400, "this address speaks WebSocket only");
    assert_true(media_refused("not_websocket") == before + 1);
    free(request);
}

static void a_stolen_token_opens_no_other_call(void **state)
{
    (void)state;
    char victim[SID_ROOM], thief[SID_ROOM], token[TOKEN_ROOM], own_token[TOKEN_ROOM];
    double refused = media_refused("refused"), streams = webhooks("stream_refused");
    ring(victim, token);
    ring(thief, own_token);
    expect_closed(start_stream(thief, token), WS_CLOSE_POLICY, "the token is another call's");
    assert_true(media_refused("refused") == refused + 1);
    assert_true(webhooks("stream_refused") == streams + 1);
    struct knock *owner = start_stream(victim, token); /* it stays good for its own call */
    wait_for(door.loop, &owner->heard);
    hang_up(owner, victim);
}

static void a_token_opens_one_stream_only(void **state)
{
    (void)state;
    char call_sid[SID_ROOM], token[TOKEN_ROOM];
    double before = media_refused("refused");
    ring(call_sid, token);
    struct knock *first = start_stream(call_sid, token);
    wait_for(door.loop, &first->heard);
    expect_closed(start_stream(call_sid, token), WS_CLOSE_POLICY, "the token was used before");
    assert_false(first->closed); /* the first one is not disturbed */
    hang_up(first, call_sid);
    expect_closed(start_stream(call_sid, token), WS_CLOSE_POLICY, "the token was used before");
    assert_true(media_refused("refused") == before + 2);
}

static void an_expired_token_is_too_old(void **state)
{
    (void)state;
    char call_sid[SID_ROOM], token[TOKEN_ROOM];
    double before = media_refused("refused");
    ring(call_sid, token);
    char *sql = xprintf("UPDATE stream_tokens SET expires_at = now() - interval '1 second' WHERE "
                        "call_id = (SELECT id FROM calls WHERE call_sid = '%s')",
                        call_sid);
    postgres_run(sql);
    free(sql);
    expect_closed(start_stream(call_sid, token), WS_CLOSE_POLICY, "the token is too old");
    assert_true(media_refused("refused") == before + 1);
}

static void a_made_up_token_is_unknown(void **state)
{
    (void)state;
    char call_sid[SID_ROOM];
    double before = media_refused("refused");
    new_sid("CA", call_sid);
    expect_closed(start_stream(call_sid, "bWFkZSB1cA"), WS_CLOSE_POLICY, "the token is unknown");
    assert_true(media_refused("refused") == before + 1);
    assert_int_equal(rows_of(call_sid), 0);
}

static void a_start_of_another_account_is_refused(void **state)
{
    (void)state;
    char call_sid[SID_ROOM], token[TOKEN_ROOM];
    double before = media_refused("bad_start");
    ring(call_sid, token);
    struct knock *knock = knock_at_media();
    say_start(knock, OTHER_ACCOUNT, call_sid, token);
    expect_closed(knock, WS_CLOSE_POLICY, "start of another account");
    assert_true(media_refused("bad_start") == before + 1);
}

static void an_oversized_message_is_1009(void **state)
{
    (void)state;
    double before = media_refused("too_big");
    struct knock *knock = knock_at_media();
    char *message = xalloc(TWILIO_MESSAGE_BYTES_MAX + 1);
    memset(message, ' ', TWILIO_MESSAGE_BYTES_MAX + 1);
    ws_send(knock->ws, WS_TEXT, message, TWILIO_MESSAGE_BYTES_MAX + 1);
    free(message);
    expect_closed(knock, WS_CLOSE_TOO_BIG, "the message is too long");
    assert_true(media_refused("too_big") == before + 1);
}

static void broken_json_is_1007(void **state)
{
    (void)state;
    double before = media_refused("bad_message");
    struct knock *knock = knock_at_media();
    static const char broken[] = "{\"event\":\"start\",\"start\":{\"callSid\":";
    ws_send(knock->ws, WS_TEXT, broken, sizeof(broken) - 1);
    expect_closed(knock, WS_CLOSE_BAD_TEXT, "a message that is not JSON");
    assert_true(media_refused("bad_message") == before + 1);
}

static void broken_json_in_mid_stream_is_1007(void **state)
{
    (void)state;
    char call_sid[SID_ROOM], token[TOKEN_ROOM];
    double before = media_refused("bad_message");
    ring(call_sid, token);
    struct knock *knock = start_stream(call_sid, token);
    wait_for(door.loop, &knock->heard);
    ws_send(knock->ws, WS_TEXT, "nonsense", 8);
    expect_closed(knock, WS_CLOSE_BAD_TEXT, "a message that is not JSON");
    assert_true(media_refused("bad_message") == before + 1);
}

static void a_binary_message_is_1003(void **state)
{
    (void)state;
    double before = media_refused("bad_message");
    struct knock *knock = knock_at_media();
    ws_send(knock->ws, WS_BINARY, "\0\1\2\3\377", 5);
    expect_closed(knock, WS_CLOSE_UNSUPPORTED, "a binary message");
    assert_true(media_refused("bad_message") == before + 1);
}

static void audio_before_start_is_1008(void **state)
{
    (void)state;
    double before = media_refused("bad_message");
    struct knock *knock = knock_at_media();
    struct buf out = {0};
    uint8_t quiet[160] = {0};
    twilio_put_inbound(&out, str_of(knock->stream_sid), 1, 1, 0, quiet, sizeof(quiet));
    ws_send(knock->ws, WS_TEXT, out.data, out.bytes);
    buf_free(&out);
    expect_closed(knock, WS_CLOSE_POLICY, "a message before start");
    assert_true(media_refused("bad_message") == before + 1);
}

/* The upgrade by hand, for what our own client would never send. */
static struct peer *upgraded_peer(void)
{
    struct peer *peer = peer_connect(door.loop, door.port);
    const char *token = stack_setting(door.stack, "TWILIO_AUTH_TOKEN");
    char *request = xprintf("GET /media HTTP/1.1\r\nHost: karen\r\nConnection: Upgrade\r\n"
                            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                            "X-Twilio-Signature: %s\r\n\r\n",
                            media_signature(token));
    peer_say(peer, request);
    peer_expect(peer, "HTTP/1.1 101 Switching Protocols\r\n");
    peer_expect(peer, "\r\n\r\n");
    free(request);
    return peer;
}

static void binary_garbage_is_no_frame(void **state)
{
    (void)state;
    double before = media_refused("bad_message");
    struct peer *peer = upgraded_peer();
    peer_send(peer, "\xff\xff\xff\xff\x00\x13\x37garbage", 15);
    peer_expect(peer, "\x03\xeamalformed frame"); /* 1002 */
    peer_free(&peer);
    assert_true(media_refused("bad_message") == before + 1);
}

/* ---- the slow ones -------------------------------------------------------------------------- */

static void send_frame(struct peer *peer, uint8_t opcode, const void *data, size_t bytes)
{
    uint8_t head[8] = {(uint8_t)(0x80 | opcode), (uint8_t)(0x80 | bytes)};
    size_t head_bytes = 2;
    if (bytes > 125) {
        head[1] = 0x80 | 126;
        head[2] = (uint8_t)(bytes >> 8);
        head[3] = (uint8_t)bytes;
        head_bytes = 4;
    }
    peer_send(peer, head, head_bytes + 4); /* masked with zeros */
    peer_send(peer, data, bytes);
}

/* Karen speaks in real time, which would take minutes to fill what the system keeps for a reader;
 * answers to pings fill it at once. */
static void a_reader_that_does_not_read_is_given_up(void **state)
{
    (void)state;
    char call_sid[SID_ROOM], token[TOKEN_ROOM], stream_sid[SID_ROOM];
    uint8_t ping[125] = {0};
    struct buf start = {0};
    double before = media_refused("slow");
    ring(call_sid, token);
    new_sid("MZ", stream_sid);
    struct peer *peer = upgraded_peer();
    const struct twilio_parameter parameter = {str_of("token"), str_of(token)};
    twilio_put_start(&start, &(struct twilio_stream_start){.account_sid = str_of(stack_setting(
                                                               door.stack, "TWILIO_ACCOUNT_SID")),
                                                           .call_sid = str_of(call_sid),
                                                           .stream_sid = str_of(stream_sid),
                                                           .parameters = &parameter,
                                                           .parameter_count = 1});
    send_frame(peer, 1, start.data, start.bytes);
    peer_expect(peer, "\"event\":\"media\"");
    peer_set_deaf(peer, true);
    for (int i = 0; i < 80000; i++)
        send_frame(peer, 9, ping, sizeof(ping));
    int64_t until_ms = loop_now_ms(door.loop) + PATIENCE_MS;
    while (media_refused("slow") == before && loop_now_ms(door.loop) < until_ms)
        loop_step(door.loop, 100);
    assert_true(media_refused("slow") == before + 1);
    peer_set_deaf(peer, false);
    peer_expect_closed(peer);
    peer_free(&peer);
    buf_free(&start);
}

static void a_client_that_never_says_start_is_1008(void **state)
{
    (void)state;
    struct knock *knock = door.silent;
    door.silent = NULL;
    expect_closed(knock, WS_CLOSE_POLICY, "no start message came");
    assert_true(media_refused("never_started") == 1);
}

/* Byte by byte: never idle, never done. */
static void drip(void *arg)
{
    (void)arg;
    peer_say(door.trickling, "x");
    timer_set(door.drip, loop_now_ms(door.loop) + 500);
}

static void a_request_that_trickles_in_is_408(void **state)
{
    (void)state;
    double before = refused_requests();
    int64_t until_ms = loop_now_ms(door.loop) + PATIENCE_MS;
    while (!door.trickling->closed && loop_now_ms(door.loop) < until_ms)
        loop_step(door.loop, 500);
    timer_free(&door.drip);
    expect_problem(xstrdup(buf_text(&door.trickling->heard)), 408,
                   "the request took too long to arrive");
    assert_true(refused_requests() == before + 1);
}

/* ---- and the call --------------------------------------------------------------------------- */

static void the_good_call_went_normally(void **state)
{
    (void)state;
    struct stack_screening result;
    assert_int_equal(stack_wait(door.stack, door.good_call), 0);
    stack_screened(door.stack, "+442088880002", &result);
    assert_string_equal(result.label, "legitimate");
    assert_true(result.caller_turns >= 3);
    assert_non_null(strstr(result.talk, "Jan Novak"));
    stack_screening_free(&result);
}

static void nothing_that_was_refused_is_on_the_books(void **state)
{
    (void)state;
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE to_number NOT IN ('" NUMBER
                                    "', '+442088880002')"),
                     0);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_turns t JOIN calls c ON c.id = "
                                    "t.call_id WHERE c.to_number = '" NUMBER
                                    "' AND t.speaker = 'caller'"),
                     0);
}

static int open_door(void **state)
{
    (void)state;
    struct stack *stack = door.stack = stack_open(NULL);
    door.loop = loop_new();
    door.port = (uint16_t)atoi(strrchr(stack_url(stack), ':') + 1);
    stack_tenant(stack, "Tenant", "Jane Miller", "en", NUMBER);
    stack_tenant(stack, "Other", "John Miller", "en", "+442088880002");
    free(stack_control(stack, "POST", "/control/scripts",
                       "{\"streams\":99,\"repeats\":true,\"lines\":[\"Hello, this is Jan Novak, I "
                       "am calling about the meeting on Wednesday.\",\"We have to move it to "
                       "Thursday.\",\"The room stays the same.\"]}"));
    const char *voice = stack_audio("en-01-message-callback");
    door.good_call = stack_call(stack, "+442088880002",
                                (const char *const[]){"--json", "--audio", voice, "--audio", voice,
                                                      "--audio", voice, "--audio", voice, NULL});
    stack_await_words(stack, door.good_call, "\"event\":\"Karen\"", 1);
    door.silent = knock_at_media();
    door.trickling = peer_connect(door.loop, door.port);
    peer_say(door.trickling, "GET /healthz HTTP/1.1\r\nHost: karen\r\nX-Slow: ");
    door.drip = timer_new(door.loop, drip, NULL);
    drip(NULL);
    return 0;
}

static int close_door(void **state)
{
    (void)state;
    timer_free(&door.drip);
    peer_free(&door.trickling);
    settle(door.loop);
    stack_close(&door.stack);
    loop_free(&door.loop);
    return 0;
}

#define DOOR_TEST(sentence) cmocka_unit_test_setup_teardown(sentence, all_is_well, all_is_well)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DOOR_TEST(a_forged_webhook_leaves_no_row),
        DOOR_TEST(a_webhook_without_a_signature_leaves_no_row),
        DOOR_TEST(a_webhook_of_another_account_leaves_no_row),
        DOOR_TEST(a_webhook_that_names_no_call_is_malformed),
        DOOR_TEST(a_body_beyond_its_bound_is_413),
        DOOR_TEST(a_head_beyond_its_bound_is_431),
        DOOR_TEST(binary_garbage_is_no_request),
        DOOR_TEST(an_address_that_is_not_there_is_404),
        DOOR_TEST(a_stream_with_a_forged_signature_is_not_let_in),
        DOOR_TEST(what_is_no_websocket_is_400),
        DOOR_TEST(a_stolen_token_opens_no_other_call),
        DOOR_TEST(a_token_opens_one_stream_only),
        DOOR_TEST(an_expired_token_is_too_old),
        DOOR_TEST(a_made_up_token_is_unknown),
        DOOR_TEST(a_start_of_another_account_is_refused),
        DOOR_TEST(an_oversized_message_is_1009),
        DOOR_TEST(broken_json_is_1007),
        DOOR_TEST(broken_json_in_mid_stream_is_1007),
        DOOR_TEST(a_binary_message_is_1003),
        DOOR_TEST(audio_before_start_is_1008),
        DOOR_TEST(binary_garbage_is_no_frame),
        DOOR_TEST(a_reader_that_does_not_read_is_given_up),
        DOOR_TEST(a_client_that_never_says_start_is_1008),
        DOOR_TEST(a_request_that_trickles_in_is_408),
        cmocka_unit_test(the_good_call_went_normally),
        cmocka_unit_test(nothing_that_was_refused_is_on_the_books),
    };
    return cmocka_run_group_tests(tests, open_door, close_door);
}
