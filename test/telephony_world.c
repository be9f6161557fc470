/* test/telephony_world.c: the service behind the carrier's webhooks, knocked at by hand and by
 * telephone. */
#include "test/telephony_world.h"

#include "base/audio.h"
#include "carrier/twilio_rest.h"
#include "carrier/twilio_sign.h"
#include "carrier/twilio_wire.h"
#include "store/numbers.h"
#include "test/peer.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN "karen_test_auth_token"
#define AC "AC00000000000000000000000000000003"

enum { FIELDS_MAX = 24 };

struct telephony_world world;

/* ---- the world ------------------------------------------------------------------------------ */

/* The carrier's REST API, as far as it moves the test's own telephone. */
static void on_rest(struct http_req *req)
{
    const char *url = http_field(req, "Url"), *status = http_field(req, "Status");
    int err = ESRCH;
    if (world.phone && url)
        err = phone_go_to(world.phone, url, "POST");
    else if (world.phone && status)
        err = phone_complete(world.phone);
    if (err)
        http_reply_json(req, 404, str_of("{\"code\":20404,\"message\":\"no\",\"status\":404}"));
    else
        http_reply_json(req, 200, str_of("{\"status\":\"in-progress\"}"));
}

static const struct http_route routes[] = {
    {HTTP_POST, "/telephony/inbound", telephony_post_inbound, TELEPHONY_BODY_BYTES_MAX},
    {HTTP_POST, "/telephony/resume", telephony_post_resume, TELEPHONY_BODY_BYTES_MAX},
    {HTTP_POST, "/telephony/transfer", telephony_post_transfer, TELEPHONY_BODY_BYTES_MAX},
    {HTTP_POST, "/telephony/whisper", telephony_post_whisper, TELEPHONY_BODY_BYTES_MAX},
    {HTTP_POST, "/telephony/take", telephony_post_take, TELEPHONY_BODY_BYTES_MAX},
    {HTTP_POST, "/telephony/after-transfer", telephony_post_after_transfer,
     TELEPHONY_BODY_BYTES_MAX},
    {HTTP_POST, "/telephony/voicemail", telephony_post_voicemail, TELEPHONY_BODY_BYTES_MAX},
    {HTTP_POST, "/telephony/status", telephony_post_status, TELEPHONY_BODY_BYTES_MAX},
    {HTTP_POST, "/telephony/tenant-code", telephony_post_tenant_code, TELEPHONY_BODY_BYTES_MAX},
    {HTTP_POST, "/telephony/forwarding-greeted", telephony_post_forwarding_greeted,
     TELEPHONY_BODY_BYTES_MAX},
    {HTTP_POST, "/telephony/forwarding-status", telephony_post_forwarding_status,
     TELEPHONY_BODY_BYTES_MAX},
    {HTTP_GET, "/media", telephony_get_media, 0},
    {HTTP_POST, "/2010-04-01/Accounts/:account/Calls/:call", on_rest, 65536},
};

static void give_number(const char *number, struct uuid tenant, const char *forwarding)
{
    struct ending ending = {0};
    numbers_add(world.bench.owner, number, NULL, false, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&world.bench, &ending), 0);
    const struct number_assignment assignment = {.number = number,
                                                 .tenant = tenant,
                                                 .forwarding_source = forwarding,
                                                 .primary = true,
                                                 .actor = "test"};
    numbers_assign(world.bench.owner, &assignment, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&world.bench, &ending), 0);
}

void world_open_telephony(void)
{
    telephony_free(&world.telephony);
    world.telephony = telephony_new(&world.options);
    telephony_set_board(world.telephony, NULL);
    world.api.telephony = world.telephony;
}

void world_lose_database(void)
{
    const struct db_options gone = {.url = "postgresql://nobody@127.0.0.1:1/none",
                                    .wait_ms_max = 50};
    assert_int_equal(db_open(world.bench.loop, &gone, &world.away), 0);
    world.options.db = world.away;
    world_open_telephony();
}

int telephony_world_open(void **state)
{
    (void)state;
    const char *why = NULL;
    bench_open(&world.bench);
    postgres_run("DELETE FROM tenant_phone_numbers; DELETE FROM number_pool; DELETE FROM tenants; "
                 "DELETE FROM call_sids");
    world.jan = postgres_tenant("Jan");
    world.eva = postgres_tenant("Eva");
    postgres_run("UPDATE tenants SET system_prompt = 'be kind', forward_number = '" JANS_PHONE
                 "', language = 'cs' WHERE name = 'Jan'");
    give_number(JANS_NUMBER, world.jan, JANS_PHONE);
    give_number(EVAS_NUMBER, world.eva, NULL);
    const struct http_server_options server = {
        .routes = routes, .route_count = countof(routes), .app = &world.api};
    assert_int_equal(
        http_server_open(world.bench.loop, "127.0.0.1:0", &server, &world.server, &why), 0);
    snprintf(world.base, sizeof(world.base), "http://127.0.0.1:%u", http_server_port(world.server));
    world.http = http_client_new(world.bench.loop, &(struct http_client_options){0});
    world.rest = twilio_rest_new(&(struct twilio_rest_options){.loop = world.bench.loop,
                                                               .http = world.http,
                                                               .base_url = world.base,
                                                               .account_sid = AC,
                                                               .secret = TOKEN});
    world.options = (struct telephony_options){.loop = world.bench.loop,
                                               .db = world.bench.app,
                                               .rest = world.rest,
                                               .public_url = world.base,
                                               .account_sid = AC,
                                               .tokens = {TOKEN, "the token before"},
                                               .default_country = "CZ",
                                               .default_voice = "voice",
                                               .call_seconds_max = 300,
                                               .tenant_calls_max = 20};
    world_open_telephony();
    return 0;
}

int telephony_world_close(void **state)
{
    (void)state;
    phone_free(&world.phone);
    op_cancel(&world.carrier_asking);
    ws_close(&world.ws, WS_CLOSE_NORMAL, "");
    leg_close(&world.leg, "the test is over");
    settle(world.bench.loop);
    op_cancel(&world.asking);
    twilio_rest_free(&world.rest);
    http_client_free(&world.http);
    http_server_close(&world.server);
    telephony_free(&world.telephony);
    db_close(&world.away);
    settle(world.bench.loop);
    bench_close(&world.bench);
    buf_free(&world.body);
    buf_free(&world.story);
    arena_free(&world.arena);
    world = (struct telephony_world){0};
    return 0;
}

/* ---- webhooks by hand ----------------------------------------------------------------------- */

static void on_answer(const struct http_answer *answer, void *arg)
{
    (void)arg;
    world.answered = true;
    world.err = answer->err;
    world.status = answer->status;
    buf_clear(&world.body);
    buf_add_str(&world.body, answer->body);
}

static size_t fields_of(const struct hook *hook, struct http_field *fields)
{
    size_t count = 0;
    fields[count++] = (struct http_field){"AccountSid", hook->account ? hook->account : AC};
    if (hook->call_sid)
        fields[count++] = (struct http_field){"CallSid", hook->call_sid};
    fields[count++] = (struct http_field){"CallStatus", hook->status ? hook->status : "ringing"};
    fields[count++] = (struct http_field){"From", hook->from ? hook->from : CALLER};
    fields[count++] = (struct http_field){"To", hook->to ? hook->to : JANS_NUMBER};
    fields[count++] = (struct http_field){"FromCity", "Plzeň"};
    if (hook->forwarded_from)
        fields[count++] = (struct http_field){"ForwardedFrom", hook->forwarded_from};
    for (size_t i = 0; i < countof(hook->more) && hook->more[i].name; i++)
        fields[count++] = hook->more[i];
    return count;
}

void world_post(struct hook hook)
{
    struct http_field fields[FIELDS_MAX];
    size_t count = fields_of(&hook, fields);
    struct buf body = {0}, url = {0};
    char signature[TWILIO_SIGNATURE_TEXT_BYTES], header[100];
    buf_printf(&url, "%s%s", world.base, hook.path ? hook.path : "/telephony/inbound");
    for (size_t i = 0; i < count; i++)
        buf_form_field(&body, fields[i].name, fields[i].value);
    twilio_sign(buf_text(&url), fields, count, hook.token ? hook.token : TOKEN, signature);
    snprintf(header, sizeof(header), "X-Twilio-Signature: %s",
             hook.signature ? hook.signature : signature);
    struct http_ask ask = {
        .method = HTTP_POST,
        .url = buf_text(&url),
        .headers = {"Content-Type: application/x-www-form-urlencoded",
                    hook.signature && !hook.signature[0] ? NULL : header},
        .body = buf_str(&body),
        .first_byte_ms_max = 15000,
        .total_ms_max = 15000,
        .on_done = on_answer,
    };
    world.answered = false;
    http_ask(world.http, &ask, NULL, &world.asking);
    bench_wait(&world.bench, &world.answered);
    assert_int_equal(world.err, 0);
    buf_free(&body);
    buf_free(&url);
}

const struct twiml_element *world_twiml(void)
{
    struct twiml_element *response = NULL;
    const char *why = NULL;
    assert_int_equal(world.status, 200);
    if (twiml_parse(buf_str(&world.body), &world.arena, &response, &why))
        fail_msg("%s: %s", why, buf_text(&world.body));
    return response;
}

const char *world_token(void)
{
    const struct twiml_element *connect = twiml_child(world_twiml(), "Connect");
    if (!connect)
        fail_msg("no stream: %s", buf_text(&world.body));
    return twiml_attribute(twiml_child(connect, "Stream")->children, "value");
}

void world_expect_voicemail(void)
{
    const struct twiml_element *response = world_twiml();
    assert_string_equal(response->children->name, "Say");
    assert_non_null(twiml_child(response, "Record"));
    assert_null(twiml_child(response, "Connect"));
}

void world_expect_refusal(void)
{
    const struct twiml_element *response = world_twiml();
    assert_string_equal(response->children->name, "Say");
    assert_string_equal(twiml_attribute(response->children, "language"), "cs-CZ");
    assert_string_equal(response->children->next->name, "Hangup");
    assert_null(twiml_child(response, "Record"));
}

void world_expect_busy(void)
{
    assert_string_equal(world_twiml()->children->name, "Reject");
    assert_string_equal(twiml_attribute(world_twiml()->children, "reason"), "busy");
}

uint64_t world_counted(enum telephony_outcome outcome)
{
    return telephony_counters(world.telephony)->outcomes[outcome];
}

/* ---- streams by hand ------------------------------------------------------------------------ */

static void on_ws_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    (void)ws, (void)kind, (void)data, (void)bytes, (void)arg;
}

static void on_ws_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    (void)ws, (void)why, (void)arg;
    world.ws = NULL;
    world.ws_closed = true;
    world.ws_code = code;
    world.ws_status = http_status;
}

void world_dial_media(const char *signature)
{
    static const struct ws_handler handler = {.on_message = on_ws_message, .on_close = on_ws_close};
    char url[1000], right[TWILIO_SIGNATURE_TEXT_BYTES], header[100];
    snprintf(url, sizeof(url), "ws%s/media", world.base + 4);
    twilio_sign(url, NULL, 0, TOKEN, right);
    snprintf(header, sizeof(header), "X-Twilio-Signature: %s", signature ? signature : right);
    world.ws_closed = false;
    ws_close(&world.ws, WS_CLOSE_NORMAL, "");
    assert_int_equal(ws_connect(world.bench.loop, url, (const char *const[]){header, NULL}, NULL,
                                NULL, &handler, NULL, &world.ws),
                     0);
}

void world_start_stream(const char *call_sid, const char *token)
{
    struct buf out = {0};
    const struct twilio_parameter parameter = {str_of("token"), str_of(token)};
    const struct twilio_stream_start start = {.account_sid = str_of(AC),
                                              .call_sid = str_of(call_sid),
                                              .stream_sid =
                                                  str_of("MZ00000000000000000000000000000001"),
                                              .parameters = &parameter,
                                              .parameter_count = 1};
    world_dial_media(NULL);
    twilio_put_start(&out, &start);
    assert_int_equal(ws_send(world.ws, WS_TEXT, out.data, out.bytes), 0);
    buf_free(&out);
}

/* ---- a telephone ----------------------------------------------------------------------------- */

static void on_phone(struct phone_call *call, const struct phone_event *event, void *arg)
{
    (void)call, (void)arg;
    switch (event->kind) {
    case PHONE_SAY: buf_puts(&world.story, "say "); break;
    case PHONE_STREAM_OVER: buf_printf(&world.story, "over:%d ", (int)event->number); break;
    case PHONE_DIALLED:
        buf_printf(&world.story, "dial:%s:%s ", event->text, event->language);
        break;
    case PHONE_WHISPER:
        buf_printf(&world.story, "whisper:%s:%s ", event->language, event->text);
        break;
    case PHONE_RECORDED: buf_puts(&world.story, "recorded "); break;
    case PHONE_ENDED:
        buf_printf(&world.story, "ended:%s", event->text);
        world.over = true;
        break;
    case PHONE_WEBHOOK:
    case PHONE_STREAM:
    case PHONE_HEARD:
    case PHONE_MARKED:
    case PHONE_CLEARED:
    case PHONE_GATHER:
    case PHONE_REJECTED: break;
    }
}

void world_ring(enum phone_dial dial)
{
    char voice[100], status[100];
    snprintf(voice, sizeof(voice), "%s/telephony/inbound", world.base);
    snprintf(status, sizeof(status), "%s/telephony/status", world.base);
    const struct phone_options options = {.loop = world.bench.loop,
                                          .http = world.http,
                                          .voice_url = voice,
                                          .status_url = status,
                                          .account_sid = AC,
                                          .auth_token = TOKEN,
                                          .call_sid = sid1,
                                          .from = CALLER,
                                          .to = JANS_NUMBER,
                                          .say_ms_per_char = -1,
                                          .dial = dial,
                                          .dial_ms = 10,
                                          .dial_key_ms = 10,
                                          .dial_talk_ms = 10};
    world.phone = phone_place(&options, on_phone, NULL);
}

void world_settle_call(void)
{
    bench_wait(&world.bench, &world.over);
    while (!phone_is_settled(world.phone))
        loop_step(world.bench.loop, 20);
}
