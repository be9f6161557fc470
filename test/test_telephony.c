/* test/test_telephony.c: the carrier's webhooks and streams, signed as the carrier signs, against a
 * real database. The switchboard is played by the test: what comes after the door is not its
 * matter. */
#include "api/api.h"
#include "api/telephony.h"
#include "base/audio.h"
#include "carrier/twilio_rest.h"
#include "carrier/twilio_sign.h"
#include "carrier/twilio_wire.h"
#include "line/switchboard.h"
#include "net/ws.h"
#include "phone/phone.h"
#include "phone/twiml_in.h"
#include "store/forwarding_checks.h"
#include "store/numbers.h"
#include "test/postgres.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN "karen_test_auth_token"
#define AC "AC00000000000000000000000000000003"
#define JANS_NUMBER "+420228883001"
#define EVAS_NUMBER "+420228883002"
#define JANS_PHONE "+420777123456"
#define CALLER "+420602000111"

enum { FIELDS_MAX = 24 };

static struct world {
    struct bench bench;
    struct db *away; /* a database that is not there */
    struct uuid jan, eva;
    struct http_server *server;
    struct http_client *http;
    struct twilio_rest *rest;
    struct telephony *telephony;
    struct api api;
    char base[64];
    struct telephony_options options;
    /* the switchboard */
    int admits, opens; /* the errors it answers with */
    struct leg *leg;
    bool opened, leg_gone;
    size_t opened_count;
    struct {
        struct uuid call, tenant;
        char call_sid[40], caller[20], owner[40], language[8], transfer_to[20], instructions[40],
            say[40], names[80], urgent[40];
        int64_t duration_ms_max;
        bool message_only, resumed, transfer_failed, vip, wants_message, filter;
    } setup;
    /* the answer to a webhook */
    bool answered;
    int err, status;
    struct buf body;
    struct arena arena;
    struct op *asking;
    /* a socket opened by hand */
    struct ws *ws;
    bool ws_closed;
    int ws_code, ws_status;
    /* a telephone */
    struct phone_call *phone;
    bool over, streaming, told;
    struct buf story;
    /* what the line asked of the carrier */
    bool carrier_done;
    int carrier_err;
    struct op *carrier_asking;
} w;

/* ---- the switchboard ------------------------------------------------------------------------ */

int switchboard_admits(const struct switchboard *board, struct uuid tenant)
{
    (void)board, (void)tenant;
    return w.admits;
}

static void on_audio(struct leg *leg, const uint8_t *ulaw, size_t bytes, int64_t at_ms, void *arg)
{
    (void)leg, (void)ulaw, (void)bytes, (void)at_ms, (void)arg;
}

static void on_mark(struct leg *leg, uint32_t mark, void *arg)
{
    (void)leg, (void)mark, (void)arg;
}

static void on_dtmf(struct leg *leg, char digit, void *arg)
{
    (void)leg, (void)digit, (void)arg;
}

static void on_closed(struct leg *leg, bool stopped, const char *why, void *arg)
{
    (void)leg, (void)stopped, (void)why, (void)arg;
    w.leg_gone = true;
    leg_close(&w.leg, "gone");
}

static void keep(char *out, size_t room, const char *text)
{
    snprintf(out, room, "%s", text ? text : "-");
}

static void keep_list(char *out, size_t room, const char *const *list)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; list && list[i] && at < room; i++)
        at += (size_t)snprintf(out + at, room - at, "%s%s", i ? "," : "", list[i]);
}

int switchboard_open(struct switchboard *board, struct leg *leg, const struct line_setup *setup)
{
    static const struct leg_handler handler = {on_audio, on_mark, on_dtmf, on_closed};
    (void)board;
    w.opened_count++;
    if (w.opens)
        return w.opens;
    w.setup.call = setup->call;
    w.setup.tenant = setup->tenant;
    keep(w.setup.call_sid, sizeof(w.setup.call_sid), setup->call_sid);
    keep(w.setup.caller, sizeof(w.setup.caller), setup->caller_number);
    keep(w.setup.owner, sizeof(w.setup.owner), setup->owner);
    keep(w.setup.language, sizeof(w.setup.language), setup->language);
    keep(w.setup.transfer_to, sizeof(w.setup.transfer_to), setup->transfer_to);
    keep(w.setup.instructions, sizeof(w.setup.instructions), setup->instructions);
    keep(w.setup.say, sizeof(w.setup.say), setup->say);
    keep_list(w.setup.names, sizeof(w.setup.names), setup->names);
    keep_list(w.setup.urgent, sizeof(w.setup.urgent), setup->urgent);
    w.setup.vip = setup->vip;
    w.setup.wants_message = setup->wants_message;
    w.setup.filter = setup->filter;
    w.setup.duration_ms_max = setup->duration_ms_max;
    w.setup.message_only = setup->message_only;
    w.setup.resumed = setup->resumed;
    w.setup.transfer_failed = setup->transfer_failed;
    w.leg = leg;
    w.leg_gone = false;
    leg_admit(leg, &handler, NULL);
    w.opened = true;
    return 0;
}

/* ---- the world ------------------------------------------------------------------------------ */

/* The carrier's REST API, as far as it moves the test's own telephone. */
static void on_rest(struct http_req *req)
{
    const char *url = http_field(req, "Url"), *status = http_field(req, "Status");
    int err = ESRCH;
    if (w.phone && url)
        err = phone_go_to(w.phone, url, "POST");
    else if (w.phone && status)
        err = phone_complete(w.phone);
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
    numbers_add(w.bench.owner, number, NULL, false, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&w.bench, &ending), 0);
    const struct number_assignment assignment = {.number = number,
                                                 .tenant = tenant,
                                                 .forwarding_source = forwarding,
                                                 .primary = true,
                                                 .actor = "test"};
    numbers_assign(w.bench.owner, &assignment, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&w.bench, &ending), 0);
}

static void open_telephony(void)
{
    telephony_free(&w.telephony);
    w.telephony = telephony_new(&w.options);
    telephony_set_board(w.telephony, NULL);
    w.api.telephony = w.telephony;
}

static int open_world(void **state)
{
    (void)state;
    const char *why = NULL;
    bench_open(&w.bench);
    postgres_run("DELETE FROM tenant_phone_numbers; DELETE FROM number_pool; DELETE FROM tenants; "
                 "DELETE FROM call_sids");
    w.jan = postgres_tenant("Jan");
    w.eva = postgres_tenant("Eva");
    postgres_run("UPDATE tenants SET system_prompt = 'be kind', forward_number = '" JANS_PHONE
                 "', language = 'cs' WHERE name = 'Jan'");
    give_number(JANS_NUMBER, w.jan, JANS_PHONE);
    give_number(EVAS_NUMBER, w.eva, NULL);
    const struct http_server_options server = {
        .routes = routes, .route_count = countof(routes), .app = &w.api};
    assert_int_equal(http_server_open(w.bench.loop, "127.0.0.1:0", &server, &w.server, &why), 0);
    snprintf(w.base, sizeof(w.base), "http://127.0.0.1:%u", http_server_port(w.server));
    w.http = http_client_new(w.bench.loop, &(struct http_client_options){0});
    w.rest = twilio_rest_new(&(struct twilio_rest_options){.loop = w.bench.loop,
                                                           .http = w.http,
                                                           .base_url = w.base,
                                                           .account_sid = AC,
                                                           .secret = TOKEN});
    w.options = (struct telephony_options){.loop = w.bench.loop,
                                           .db = w.bench.app,
                                           .rest = w.rest,
                                           .public_url = w.base,
                                           .account_sid = AC,
                                           .tokens = {TOKEN, "the token before"},
                                           .default_country = "CZ",
                                           .default_voice = "voice",
                                           .call_seconds_max = 300,
                                           .tenant_calls_max = 20};
    open_telephony();
    return 0;
}

static void settle(void)
{
    for (int i = 0; i < 50; i++)
        loop_step(w.bench.loop, 0);
}

static int close_world(void **state)
{
    (void)state;
    phone_free(&w.phone);
    op_cancel(&w.carrier_asking);
    ws_close(&w.ws, WS_CLOSE_NORMAL, "");
    leg_close(&w.leg, "the test is over");
    settle();
    op_cancel(&w.asking);
    twilio_rest_free(&w.rest);
    http_client_free(&w.http);
    http_server_close(&w.server);
    telephony_free(&w.telephony);
    db_close(&w.away);
    settle();
    bench_close(&w.bench);
    buf_free(&w.body);
    buf_free(&w.story);
    arena_free(&w.arena);
    w = (struct world){0};
    return 0;
}

/* ---- webhooks by hand ----------------------------------------------------------------------- */

static void on_answer(const struct http_answer *answer, void *arg)
{
    (void)arg;
    w.answered = true;
    w.err = answer->err;
    w.status = answer->status;
    buf_clear(&w.body);
    buf_add_str(&w.body, answer->body);
}

struct hook {
    const char *path;
    const char *call_sid, *to, *from, *forwarded_from, *account, *status;
    struct http_field more[4];
    const char *signature; /* NULL: the right one; "": none */
    const char *token;     /* to sign with; NULL: TOKEN */
};

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

static void post(struct hook hook)
{
    struct http_field fields[FIELDS_MAX];
    size_t count = fields_of(&hook, fields);
    struct buf body = {0}, url = {0};
    char signature[TWILIO_SIGNATURE_TEXT_BYTES], header[100];
    buf_printf(&url, "%s%s", w.base, hook.path ? hook.path : "/telephony/inbound");
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
    w.answered = false;
    http_ask(w.http, &ask, NULL, &w.asking);
    bench_wait(&w.bench, &w.answered);
    assert_int_equal(w.err, 0);
    buf_free(&body);
    buf_free(&url);
}

static const struct twiml_element *twiml(void)
{
    struct twiml_element *response = NULL;
    const char *why = NULL;
    assert_int_equal(w.status, 200);
    if (twiml_parse(buf_str(&w.body), &w.arena, &response, &why))
        fail_msg("%s: %s", why, buf_text(&w.body));
    return response;
}

static const char *token_in_answer(void)
{
    const struct twiml_element *connect = twiml_child(twiml(), "Connect");
    if (!connect)
        fail_msg("no stream: %s", buf_text(&w.body));
    return twiml_attribute(twiml_child(connect, "Stream")->children, "value");
}

static void expect_voicemail(void)
{
    const struct twiml_element *response = twiml();
    assert_string_equal(response->children->name, "Say");
    assert_non_null(twiml_child(response, "Record"));
    assert_null(twiml_child(response, "Connect"));
}

static void expect_refusal(void)
{
    const struct twiml_element *response = twiml();
    assert_string_equal(response->children->name, "Say");
    assert_string_equal(twiml_attribute(response->children, "language"), "cs-CZ");
    assert_string_equal(response->children->next->name, "Hangup");
    assert_null(twiml_child(response, "Record"));
}

static uint64_t counted(enum telephony_outcome outcome)
{
    return telephony_counters(w.telephony)->outcomes[outcome];
}

static const char sid1[] = "CA00000000000000000000000000000001";
static const char sid2[] = "CA00000000000000000000000000000002";

/* ---- who knocks ----------------------------------------------------------------------------- */

static void forged_webhooks_leave_no_row(void **state)
{
    (void)state;
    post((struct hook){.call_sid = sid1, .signature = ""});
    assert_int_equal(w.status, 403);
    post((struct hook){.call_sid = sid1, .signature = "AAAAAAAAAAAAAAAAAAAAAAAAAAA="});
    assert_int_equal(w.status, 403);
    assert_non_null(strstr(buf_text(&w.body), "signature"));
    post((struct hook){.call_sid = sid1, .token = "a guess"});
    assert_int_equal(w.status, 403);
    assert_int_equal(counted(TELEPHONY_FORGED), 3);
    post((struct hook){.call_sid = sid1, .account = "AC00000000000000000000000000000009"});
    assert_int_equal(w.status, 403);
    assert_int_equal(counted(TELEPHONY_OTHER_ACCOUNT), 1);
    post((struct hook){.call_sid = NULL});
    assert_int_equal(w.status, 400);
    post((struct hook){.call_sid = "CA'; DROP TABLE calls; --"});
    assert_int_equal(w.status, 400);
    assert_int_equal(counted(TELEPHONY_MALFORMED), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 0);
}

static void every_webhook_is_guarded(void **state)
{
    (void)state;
    static const char *const paths[] = {"/telephony/inbound",
                                        "/telephony/resume",
                                        "/telephony/transfer",
                                        "/telephony/whisper",
                                        "/telephony/after-transfer",
                                        "/telephony/voicemail",
                                        "/telephony/status",
                                        "/telephony/tenant-code?n=1",
                                        "/telephony/forwarding-greeted",
                                        "/telephony/forwarding-status"};
    for (size_t i = 0; i < countof(paths); i++) {
        post((struct hook){.path = paths[i], .call_sid = sid1, .token = "a guess"});
        assert_int_equal(w.status, 403);
    }
    assert_int_equal(counted(TELEPHONY_FORGED), countof(paths));
}

static void old_token_still_signs_while_it_is_replaced(void **state)
{
    (void)state;
    post((struct hook){.call_sid = sid1, .token = "the token before"});
    assert_non_null(token_in_answer());
}

/* ---- a call rings --------------------------------------------------------------------------- */

static void call_is_routed_by_the_number_dialled(void **state)
{
    (void)state;
    post((struct hook){.call_sid = sid1});
    const struct twiml_element *response = twiml();
    const struct twiml_element *connect = response->children;
    char expected[1000];
    assert_string_equal(connect->name, "Connect");
    snprintf(expected, sizeof(expected), "%s/telephony/resume?language=cs&n=1", w.base);
    assert_string_equal(twiml_attribute(connect, "action"), expected);
    snprintf(expected, sizeof(expected), "ws%s/media", w.base + 4);
    assert_string_equal(twiml_attribute(connect->children, "url"), expected);
    assert_string_equal(connect->next->name, "Say"); /* spoken when we are dead */
    assert_string_equal(twiml_attribute(connect->next, "language"), "cs-CZ");
    assert_non_null(twiml_child(response, "Record"));
    /* nothing about the tenant is in it */
    assert_null(strstr(buf_text(&w.body), "be kind"));
    assert_null(strstr(buf_text(&w.body), JANS_PHONE));
    assert_int_equal(postgres_count("SELECT count(*) FROM calls c JOIN tenants t ON t.id = "
                                    "c.tenant_id WHERE t.name = 'Jan' AND c.status = 'in_progress' "
                                    "AND c.from_number = '" CALLER "'"),
                     1);
    assert_int_equal(counted(TELEPHONY_CONNECTED), 1);
}

static void webhook_that_comes_again_is_the_same_call(void **state)
{
    (void)state;
    post((struct hook){.call_sid = sid1});
    char *first = xstrdup(token_in_answer());
    post((struct hook){.call_sid = sid1});
    assert_string_not_equal(token_in_answer(), first);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 1);
    assert_int_equal(counted(TELEPHONY_CONNECTED), 1);
    assert_int_equal(counted(TELEPHONY_REPEATED), 1);
    free(first);
}

static void withheld_caller_has_no_number(void **state)
{
    (void)state;
    post((struct hook){.call_sid = sid1, .from = "+266696687"});
    assert_non_null(token_in_answer());
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE from_number IS NULL"), 1);
}

static void forwarded_call_finds_its_owner_in_any_spelling(void **state)
{
    (void)state;
    static const char *const spellings[] = {JANS_PHONE, "420777123456", "777123456",
                                            "00420777123456"};
    for (size_t i = 0; i < countof(spellings); i++) {
        char sid[40];
        snprintf(sid, sizeof(sid), "CA%032zx", i + 16);
        post((struct hook){.call_sid = sid, .to = "+420910000000", .forwarded_from = spellings[i]});
        assert_non_null(token_in_answer());
    }
    assert_int_equal(postgres_count("SELECT count(*) FROM calls c JOIN tenants t ON t.id = "
                                    "c.tenant_id WHERE t.name = 'Jan'"),
                     countof(spellings));
}

static void dialled_number_beats_the_forwarding_one(void **state)
{
    (void)state;
    post((struct hook){.call_sid = sid1, .to = EVAS_NUMBER, .forwarded_from = JANS_PHONE});
    assert_non_null(token_in_answer());
    assert_int_equal(postgres_count("SELECT count(*) FROM calls c JOIN tenants t ON t.id = "
                                    "c.tenant_id WHERE t.name = 'Eva'"),
                     1);
}

static void nobodys_number_is_refused_politely(void **state)
{
    (void)state;
    post((struct hook){.call_sid = sid1, .to = "+420910000000"});
    expect_refusal();
    post((struct hook){.call_sid = sid1, .to = "+420910000000", .forwarded_from = "+420777999999"});
    expect_refusal();
    /* to call from a tenant's own phone makes nobody that tenant */
    post((struct hook){.call_sid = sid1, .to = "+420910000000", .from = JANS_PHONE});
    expect_refusal();
    assert_int_equal(counted(TELEPHONY_UNKNOWN_NUMBER), 3);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 0);
}

static void operators_own_tenant_takes_the_rest(void **state)
{
    (void)state;
    w.options.default_tenant = w.eva;
    open_telephony();
    post((struct hook){.call_sid = sid1, .to = "+420910000000"});
    assert_non_null(token_in_answer());
    post((struct hook){.call_sid = sid2});
    assert_int_equal(postgres_count("SELECT count(*) FROM calls c JOIN tenants t ON t.id = "
                                    "c.tenant_id WHERE t.name = 'Eva'"),
                     1);
}

static void stolen_call_sid_moves_no_call(void **state)
{
    (void)state;
    post((struct hook){.call_sid = sid1});
    post((struct hook){.call_sid = sid1, .to = EVAS_NUMBER});
    const struct twiml_element *response = twiml();
    assert_null(twiml_child(response, "Connect"));
    assert_int_equal(counted(TELEPHONY_DENIED), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls c JOIN tenants t ON t.id = "
                                    "c.tenant_id WHERE t.name = 'Jan'"),
                     1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 1);
}

static void cancelled_tenant_is_refused_politely(void **state)
{
    (void)state;
    postgres_run("UPDATE tenants SET status = 'cancelled' WHERE name = 'Jan'");
    post((struct hook){.call_sid = sid1});
    expect_refusal();
    assert_int_equal(counted(TELEPHONY_DENIED), 1);
}

static void too_many_calls_leave_a_voicemail(void **state)
{
    (void)state;
    w.options.tenant_calls_max = 1;
    open_telephony();
    post((struct hook){.call_sid = sid1});
    assert_non_null(token_in_answer());
    post((struct hook){.call_sid = sid2});
    expect_voicemail();
    assert_int_equal(counted(TELEPHONY_VOICEMAIL), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 2);
}

static void full_or_stopping_worker_offers_a_voicemail(void **state)
{
    (void)state;
    static const int errors[] = {EBUSY, ESHUTDOWN, EDQUOT};
    for (size_t i = 0; i < countof(errors); i++) {
        w.admits = errors[i];
        post((struct hook){.call_sid = sid1});
        expect_voicemail();
    }
    assert_int_equal(counted(TELEPHONY_VOICEMAIL), countof(errors));
}

static void our_own_call_coming_back_is_busy(void **state)
{
    (void)state;
    post((struct hook){.call_sid = sid1, .from = JANS_NUMBER});
    const struct twiml_element *verb = twiml()->children;
    assert_string_equal(verb->name, "Reject");
    assert_string_equal(twiml_attribute(verb, "reason"), "busy");
    assert_int_equal(counted(TELEPHONY_LOOP), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 0);
}

static void expect_busy(void)
{
    assert_string_equal(twiml()->children->name, "Reject");
    assert_string_equal(twiml_attribute(twiml()->children, "reason"), "busy");
}

static void call_from_any_number_of_ours_is_busy(void **state)
{
    (void)state;
    post((struct hook){.call_sid = sid1, .from = EVAS_NUMBER});
    expect_busy();
    assert_int_equal(counted(TELEPHONY_LOOP), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 0);
}

static void number_that_is_still_called_rests_on(void **state)
{
    (void)state;
    postgres_run("DELETE FROM tenant_phone_numbers WHERE twilio_number = '" JANS_NUMBER "';"
                 "UPDATE number_pool SET state = 'quarantined', free_at = now() + interval '1 hour'"
                 " WHERE number = '" JANS_NUMBER "'");
    post((struct hook){.call_sid = sid1});
    expect_refusal();
    db_query(w.bench.owner, (struct uuid){0}, "SELECT 1", NULL, 0, NULL, NULL, NULL);
    while (db_in_flight(w.bench.app))
        loop_step(w.bench.loop, 10);
    assert_int_equal(postgres_count("SELECT count(*) FROM number_pool WHERE number = '" JANS_NUMBER
                                    "' AND stray_call_at IS NOT NULL"
                                    " AND free_at > now() + interval '13 days'"),
                     1);
}

/* ---- the shared number ---------------------------------------------------------------------- */

#define SHARED "+420228883009"

static void open_shared_number(void)
{
    struct ending ending = {0};
    numbers_add(w.bench.owner, SHARED, NULL, true, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&w.bench, &ending), 0);
}

static void type_code(int tries, const char *digits)
{
    char path[80];
    snprintf(path, sizeof(path), "/telephony/tenant-code?language=cs&n=%d", tries);
    post((struct hook){.path = path,
                       .call_sid = sid1,
                       .to = SHARED,
                       .status = "in-progress",
                       .more = {{"Digits", digits}}});
}

static void expect_asking(int tries)
{
    const struct twiml_element *gather = twiml_child(twiml(), "Gather");
    char action[120];
    assert_non_null(gather);
    snprintf(action, sizeof(action), "%s/telephony/tenant-code?language=cs&n=%d", w.base, tries);
    assert_string_equal(twiml_attribute(gather, "action"), action);
    assert_string_equal(twiml_attribute(gather, "numDigits"), "4");
    assert_string_equal(twiml_attribute(twiml_child(gather, "Say"), "language"), "cs-CZ");
}

/* A code that is nobody's; borrowed until the next call. */
static const char *wrong_code(void)
{
    static char code[5];
    char *found = postgres_ask("SELECT lpad(n::text, 4, '0') FROM generate_series(0, 9999) n"
                               " WHERE NOT EXISTS (SELECT FROM tenants"
                               " WHERE code = lpad(n::text, 4, '0')) LIMIT 1");
    snprintf(code, sizeof(code), "%s", found);
    free(found);
    return code;
}

static void shared_number_asks_three_times_and_says_goodbye(void **state)
{
    (void)state;
    open_shared_number();
    post((struct hook){.call_sid = sid1, .to = SHARED});
    expect_asking(1);
    type_code(1, wrong_code());
    expect_asking(2);
    type_code(2, "");
    expect_asking(3);
    type_code(3, "12");
    expect_refusal();
    assert_int_equal(counted(TELEPHONY_CODE_ASKED), 3);
    assert_int_equal(counted(TELEPHONY_CODES_SPENT), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 0);
    type_code(99, wrong_code()); /* whoever makes up a number of tries has none left */
    expect_refusal();
}

static void typed_code_reaches_its_tenant_and_no_other(void **state)
{
    (void)state;
    char *code = postgres_ask("SELECT code FROM tenants WHERE name = 'Jan'");
    open_shared_number();
    type_code(1, code);
    assert_non_null(token_in_answer());
    assert_int_equal(postgres_count("SELECT count(*) FROM calls c JOIN tenants t ON t.id = "
                                    "c.tenant_id WHERE t.name = 'Jan' AND c.to_number = '" SHARED
                                    "'"),
                     1);
    postgres_run("UPDATE tenants SET plan = 'basic', code_until = now() - interval '1 day'"
                 " WHERE name = 'Jan'");
    postgres_run("UPDATE tenants SET code_until = now() - interval '1 day' WHERE name = 'Jan'");
    type_code(1, code); /* long after the trial */
    expect_asking(2);
    free(code);
}

static void codes_are_guessed_only_so_often(void **state)
{
    (void)state;
    postgres_run("DELETE FROM limit_counts");
    char *code = postgres_ask("SELECT code FROM tenants WHERE name = 'Jan'");
    open_shared_number();
    for (int i = 0; i < TELEPHONY_CODES_AN_HOUR_MAX; i++) {
        type_code(1, wrong_code());
        expect_asking(2);
    }
    type_code(1, code);
    expect_refusal();
    assert_int_equal(counted(TELEPHONY_CODES_SPENT), 1);
    free(code);
    postgres_run("DELETE FROM limit_counts");
}

static void phone_of_an_owner_on_trial_needs_no_code(void **state)
{
    (void)state;
    static const char user[] = "INSERT INTO users (tenant_id, id, phone, phone_verified, role)"
                               " SELECT id, gen_random_uuid(), '+420777000001', %s, '%s'"
                               " FROM tenants WHERE name = '%s'";
    static const struct {
        const char *verified, *role, *name;
        bool known;
    } people[] = {{"false", "owner", "Jan", false},
                  {"true", "member", "Jan", false},
                  {"true", "owner", "Jan", true},
                  {"true", "owner", "Eva", false}}; /* whose, of the two? */
    open_shared_number();
    for (size_t i = 0; i < countof(people); i++) {
        char *sql = xprintf(user, people[i].verified, people[i].role, people[i].name);
        if (i < 3)
            postgres_run("DELETE FROM users");
        postgres_run(sql);
        free(sql);
        char sid[40];
        snprintf(sid, sizeof(sid), "CA%032zx", i + 32);
        post((struct hook){.call_sid = sid, .to = SHARED, .forwarded_from = "777000001"});
        assert_true((twiml_child(twiml(), "Connect") != NULL) == people[i].known);
    }
    /* and on any other number it means nothing */
    postgres_run(
        "DELETE FROM users WHERE tenant_id IN (SELECT id FROM tenants WHERE name = 'Eva')");
    post((struct hook){.call_sid = sid2, .to = "+420910000000", .forwarded_from = "+420777000001"});
    expect_refusal();
}

/* ---- a forwarding check comes back ---------------------------------------------------------- */

static struct uuid checking;

static void on_begun(int err, const struct forwarding_begun *begun, void *arg)
{
    bool *done = arg;
    assert_int_equal(err, 0);
    assert_string_equal(begun->number, JANS_NUMBER);
    assert_string_equal(begun->language, "cs");
    checking = begun->id;
    *done = true;
}

static void begin_check(void)
{
    bool done = false;
    postgres_run("INSERT INTO users (tenant_id, id, phone, phone_verified, role)"
                 " SELECT id, gen_random_uuid(), '" JANS_PHONE "', true, 'owner'"
                 " FROM tenants WHERE name = 'Jan'");
    forwarding_checks_begin(w.bench.app, w.jan, JANS_PHONE, "test", on_begun, &done, NULL);
    bench_wait(&w.bench, &done);
}

static const char *check_path(const char *path)
{
    static char whole[120];
    char id[UUID_TEXT_BYTES];
    uuid_print(checking, id);
    snprintf(whole, sizeof(whole), "/telephony/%s?language=cs&check=%s", path, id);
    return whole;
}

static void tell_check(const char *status)
{
    post((struct hook){.path = check_path("forwarding-status"),
                       .call_sid = sid2,
                       .from = JANS_NUMBER,
                       .to = JANS_PHONE,
                       .status = status});
    assert_int_equal(w.status, 204);
}

static void expect_state(const char *state)
{
    char *is = postgres_ask("SELECT concat_ws(' ', state, failed_why) FROM forwarding_checks");
    assert_string_equal(is, state);
    free(is);
}

static void returned_check_is_greeted_and_is_nobodys_call(void **state)
{
    (void)state;
    begin_check();
    expect_state("placing");
    tell_check("ringing");
    expect_state("ringing");
    for (int i = 0; i < 2; i++) { /* the carrier may ask twice */
        post((struct hook){.call_sid = sid1, .from = JANS_NUMBER, .forwarded_from = JANS_PHONE});
        const struct twiml_element *say = twiml()->children;
        assert_string_equal(say->name, "Say");
        assert_string_equal(twiml_attribute(say, "language"), "cs-CZ");
        assert_string_equal(say->next->name, "Redirect");
        assert_non_null(strstr(say->next->text, check_path("forwarding-greeted")));
        expect_state("came_back");
    }
    tell_check("in-progress"); /* we picked up, nobody else */
    expect_state("came_back");
    post((struct hook){.path = check_path("forwarding-greeted"),
                       .call_sid = sid1,
                       .from = JANS_NUMBER,
                       .status = "in-progress"});
    assert_string_equal(twiml()->children->name, "Hangup");
    tell_check("completed");
    expect_state("proved");
    assert_int_equal(counted(TELEPHONY_CHECKED), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox"), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM usage_ledger"), 0);
    /* it is over: what comes now is a loop */
    post((struct hook){.call_sid = sid2, .from = JANS_NUMBER});
    expect_busy();
}

static void check_is_known_by_the_phone_where_that_stands_for_the_caller(void **state)
{
    (void)state;
    begin_check();
    tell_check("ringing");
    post((struct hook){.call_sid = sid1, .from = JANS_PHONE});
    assert_string_equal(twiml()->children->name, "Say");
    expect_state("came_back");
    /* a second call of that phone is the owner himself */
    post((struct hook){.call_sid = sid2, .from = JANS_PHONE});
    assert_non_null(token_in_answer());
}

static void callers_are_served_while_a_check_runs(void **state)
{
    (void)state;
    begin_check();
    post((struct hook){.call_sid = sid1});
    assert_non_null(token_in_answer());
    post((struct hook){.call_sid = sid2, .to = EVAS_NUMBER, .from = JANS_NUMBER});
    expect_busy(); /* came back to another number of ours */
    expect_state("placing");
}

static void news_say_why_a_check_failed(void **state)
{
    static const struct {
        const char *news[3], *state;
    } cases[] = {
        {{"ringing", "in-progress", "completed"}, "failed answered"},
        {{"ringing", "busy"}, "failed busy"},
        {{"no-answer", "ringing"}, "failed not_forwarded"},
        {{"failed"}, "failed unreachable"},
        {{"completed"}, "failed answered"},
    };
    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        postgres_run("DELETE FROM forwarding_checks; DELETE FROM users");
        begin_check();
        for (size_t n = 0; n < 3 && cases[i].news[n]; n++)
            tell_check(cases[i].news[n]);
        expect_state(cases[i].state);
    }
    postgres_run("DELETE FROM forwarding_checks; DELETE FROM users");
    begin_check();
    post((struct hook){.call_sid = sid1, .from = JANS_NUMBER});
    tell_check("completed");
    expect_state("failed cut_off");
    post((struct hook){.path = check_path("forwarding-greeted"), .call_sid = sid1});
    expect_state("proved"); /* the news had been quicker */
}

static void check_of_nobody_is_refused(void **state)
{
    (void)state;
    post((struct hook){.path = "/telephony/forwarding-status?check=1", .call_sid = sid1});
    assert_int_equal(w.status, 400);
    post((struct hook){.path = "/telephony/forwarding-greeted", .call_sid = sid1});
    assert_int_equal(w.status, 400);
    checking = w.jan; /* an id that is no check's */
    tell_check("ringing");
    post((struct hook){.path = check_path("forwarding-greeted"), .call_sid = sid1});
    assert_string_equal(twiml()->children->name, "Hangup");
}

static void lose_database(void)
{
    const struct db_options gone = {.url = "postgresql://nobody@127.0.0.1:1/none",
                                    .wait_ms_max = 50};
    assert_int_equal(db_open(w.bench.loop, &gone, &w.away), 0);
    w.options.db = w.away;
    open_telephony();
}

static void without_the_database_the_carrier_records(void **state)
{
    (void)state;
    lose_database();
    post((struct hook){.call_sid = sid1});
    expect_voicemail();
    assert_string_equal(twiml_attribute(twiml()->children, "language"), "cs-CZ");
    post((struct hook){.path = "/telephony/resume?language=de&n=1", .call_sid = sid1});
    expect_voicemail();
    assert_string_equal(twiml_attribute(twiml()->children, "language"), "de-DE");
    assert_int_equal(counted(TELEPHONY_DATABASE_AWAY), 2);
    post((struct hook){.path = "/telephony/status", .call_sid = sid1, .status = "completed"});
    assert_int_equal(w.status, 503); /* so that it is sent again */
}

/* ---- streams by hand ------------------------------------------------------------------------ */

static void on_ws_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    (void)ws, (void)kind, (void)data, (void)bytes, (void)arg;
}

static void on_ws_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    (void)ws, (void)why, (void)arg;
    w.ws = NULL;
    w.ws_closed = true;
    w.ws_code = code;
    w.ws_status = http_status;
}

static void dial_media(const char *signature)
{
    static const struct ws_handler handler = {.on_message = on_ws_message, .on_close = on_ws_close};
    char url[1000], right[TWILIO_SIGNATURE_TEXT_BYTES], header[100];
    snprintf(url, sizeof(url), "ws%s/media", w.base + 4);
    twilio_sign(url, NULL, 0, TOKEN, right);
    snprintf(header, sizeof(header), "X-Twilio-Signature: %s", signature ? signature : right);
    w.ws_closed = false;
    ws_close(&w.ws, WS_CLOSE_NORMAL, "");
    assert_int_equal(ws_connect(w.bench.loop, url, (const char *const[]){header, NULL}, NULL, NULL,
                                &handler, NULL, &w.ws),
                     0);
}

static void start_stream(const char *call_sid, const char *token)
{
    struct buf out = {0};
    const struct twilio_parameter parameter = {str_of("token"), str_of(token)};
    const struct twilio_stream_start start = {.account_sid = str_of(AC),
                                              .call_sid = str_of(call_sid),
                                              .stream_sid =
                                                  str_of("MZ00000000000000000000000000000001"),
                                              .parameters = &parameter,
                                              .parameter_count = 1};
    dial_media(NULL);
    twilio_put_start(&out, &start);
    assert_int_equal(ws_send(w.ws, WS_TEXT, out.data, out.bytes), 0);
    buf_free(&out);
}

static void expect_stream_refused(void)
{
    bench_wait(&w.bench, &w.ws_closed);
    assert_int_equal(w.ws_code, WS_CLOSE_POLICY);
    assert_false(w.opened);
    assert_int_equal(telephony_counters(w.telephony)->media.strangers, 0);
}

static void unsigned_stream_gets_403(void **state)
{
    (void)state;
    dial_media("AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    bench_wait(&w.bench, &w.ws_closed);
    assert_int_equal(w.ws_status, 403);
    assert_int_equal(counted(TELEPHONY_FORGED), 1);
    assert_int_equal(telephony_counters(w.telephony)->media.accepted, 0);
}

static void token_opens_one_stream_of_its_call(void **state)
{
    (void)state;
    post((struct hook){.call_sid = sid1});
    char *token = xstrdup(token_in_answer());
    start_stream(sid2, token); /* stolen: another call's */
    expect_stream_refused();
    start_stream(sid1, "a guess");
    expect_stream_refused();
    start_stream(sid1, token);
    bench_wait(&w.bench, &w.opened);
    assert_string_equal(w.setup.call_sid, sid1);
    assert_true(uuid_equal(w.setup.tenant, w.jan));
    w.opened = false;
    ws_close(&w.ws, WS_CLOSE_NORMAL, "");
    start_stream(sid1, token); /* used */
    expect_stream_refused();
    assert_int_equal(counted(TELEPHONY_STREAM_REFUSED), 3);
    assert_int_equal(counted(TELEPHONY_STREAM_OPENED), 1);
    assert_int_equal(telephony_counters(w.telephony)->media.refused, 3);
    free(token);
}

static void old_token_opens_nothing(void **state)
{
    (void)state;
    post((struct hook){.call_sid = sid1});
    char *token = xstrdup(token_in_answer());
    postgres_run("UPDATE stream_tokens SET expires_at = now() - interval '1 second'");
    start_stream(sid1, token);
    expect_stream_refused();
    free(token);
}

static void token_of_a_call_that_is_over_opens_nothing(void **state)
{
    (void)state;
    post((struct hook){.call_sid = sid1});
    char *token = xstrdup(token_in_answer());
    postgres_run("UPDATE calls SET status = 'completed', ended_at = now()");
    start_stream(sid1, token);
    expect_stream_refused();
    free(token);
}

static void stranger_who_leaves_while_looked_up_is_forgotten(void **state)
{
    (void)state;
    post((struct hook){.call_sid = sid1});
    char *token = xstrdup(token_in_answer());
    start_stream(sid1, token);
    while (!telephony_counters(w.telephony)->media.strangers)
        loop_step(w.bench.loop, 10);
    ws_close(&w.ws, WS_CLOSE_NORMAL, "");
    while (telephony_counters(w.telephony)->media.strangers)
        loop_step(w.bench.loop, 10);
    settle();
    free(token);
}

static void expect_only_a_message(void)
{
    post((struct hook){.call_sid = sid1});
    char *token = xstrdup(token_in_answer());
    /* what becomes of the tenant meanwhile changes nothing for this call */
    postgres_run("UPDATE tenants SET status = 'active', plan = 'pro', unpaid_since = NULL,"
                 " limit_calls = NULL");
    start_stream(sid1, token);
    bench_wait(&w.bench, &w.opened);
    assert_true(w.setup.message_only);
    assert_string_equal(w.setup.instructions, "-");
    assert_string_equal(w.setup.transfer_to, "-");
    assert_int_equal(w.setup.duration_ms_max, 1000 * TELEPHONY_MESSAGE_SECONDS);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE service = 'message'"), 1);
    free(token);
}

static void suspended_tenant_has_a_message_taken(void **state)
{
    (void)state;
    postgres_run("UPDATE tenants SET status = 'suspended' WHERE name = 'Jan'");
    expect_only_a_message();
}

static void tenant_over_its_limit_has_a_message_taken(void **state)
{
    (void)state;
    postgres_run("UPDATE tenants SET limit_calls = 1 WHERE name = 'Jan';"
                 "INSERT INTO calls (tenant_id, id, carrier, call_sid, started_at)"
                 " SELECT id, id, 'twilio', 'CA1', now() FROM tenants WHERE name = 'Jan';"
                 "UPDATE calls SET status = 'completed', ended_at = now(), duration_seconds = 60");
    expect_only_a_message();
}

static void trial_that_is_over_has_a_message_taken(void **state)
{
    (void)state;
    postgres_run("UPDATE tenants SET trial_ends_at = now() WHERE name = 'Jan'");
    expect_only_a_message();
}

/* ---- whole calls ---------------------------------------------------------------------------- */

static void on_phone(struct phone_call *call, const struct phone_event *event, void *arg)
{
    (void)call, (void)arg;
    switch (event->kind) {
    case PHONE_STREAM: w.streaming = true; break;
    case PHONE_SAY: buf_puts(&w.story, "say "); break;
    case PHONE_STREAM_OVER: buf_printf(&w.story, "over:%d ", (int)event->number); break;
    case PHONE_DIALLED: buf_printf(&w.story, "dial:%s:%s ", event->text, event->language); break;
    case PHONE_WHISPER: buf_printf(&w.story, "whisper:%s:%s ", event->language, event->text); break;
    case PHONE_RECORDED: buf_puts(&w.story, "recorded "); break;
    case PHONE_ENDED:
        buf_printf(&w.story, "ended:%s", event->text);
        w.over = true;
        break;
    case PHONE_WEBHOOK:
    case PHONE_HEARD:
    case PHONE_MARKED:
    case PHONE_CLEARED:
    case PHONE_GATHER:
    case PHONE_REJECTED: break;
    }
}

static void ring(enum phone_dial dial)
{
    char voice[100], status[100];
    snprintf(voice, sizeof(voice), "%s/telephony/inbound", w.base);
    snprintf(status, sizeof(status), "%s/telephony/status", w.base);
    const struct phone_options options = {.loop = w.bench.loop,
                                          .http = w.http,
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
                                          .dial_talk_ms = 10};
    w.phone = phone_place(&options, on_phone, NULL);
}

static void expect_settled(void)
{
    bench_wait(&w.bench, &w.over);
    while (!phone_is_settled(w.phone))
        loop_step(w.bench.loop, 20);
}

static void call_reaches_its_line(void **state)
{
    (void)state;
    ring(PHONE_DIAL_NO_ANSWER);
    bench_wait(&w.bench, &w.opened);
    assert_true(uuid_equal(w.setup.tenant, w.jan));
    assert_string_equal(w.setup.call_sid, sid1);
    assert_string_equal(w.setup.caller, CALLER);
    assert_string_equal(w.setup.language, "cs");
    assert_string_equal(w.setup.instructions, "be kind");
    assert_string_equal(w.setup.transfer_to, JANS_PHONE);
    assert_int_equal(w.setup.duration_ms_max, 180000); /* the tenant's own, below ours */
    assert_false(w.setup.message_only);
    assert_false(w.setup.resumed);
    phone_hang_up(w.phone);
    expect_settled();
    bench_wait(&w.bench, &w.leg_gone);
    assert_int_equal(
        postgres_count("SELECT count(*) FROM calls WHERE carrier_status = 'completed'"), 1);
}

static void a_line_was_said(void)
{
    postgres_run("INSERT INTO call_turns (tenant_id, call_id, seq, speaker, kind, start_ms, end_ms,"
                 " text) SELECT tenant_id, id, 1, 'agent', 'phrase', 0, 1, 'Hello' FROM calls");
}

static void broken_stream_is_taken_up_again(void **state)
{
    (void)state;
    ring(PHONE_DIAL_NO_ANSWER);
    bench_wait(&w.bench, &w.opened);
    struct uuid call = w.setup.call;
    w.opened = false;
    a_line_was_said();
    leg_close(&w.leg, "the worker dies");
    bench_wait(&w.bench, &w.opened);
    assert_true(w.setup.resumed);
    assert_false(w.setup.transfer_failed);
    assert_true(uuid_equal(w.setup.call, call));
    assert_int_equal(counted(TELEPHONY_RESUMED), 1);
    /* now it ends in order */
    postgres_run("UPDATE calls SET status = 'completed', ended_at = now()");
    leg_close(&w.leg, "the call is over");
    expect_settled();
    assert_string_equal(buf_text(&w.story), "over:1000 over:1000 ended:Hangup");
}

/* Else the caller would never be told that no person is speaking. */
static void stream_that_broke_before_a_word_begins_anew(void **state)
{
    (void)state;
    ring(PHONE_DIAL_NO_ANSWER);
    bench_wait(&w.bench, &w.opened);
    w.opened = false;
    leg_close(&w.leg, "the worker dies");
    bench_wait(&w.bench, &w.opened);
    assert_false(w.setup.resumed);
    assert_int_equal(counted(TELEPHONY_RESUMED), 1);
    postgres_run("UPDATE calls SET status = 'completed', ended_at = now()");
    leg_close(&w.leg, "the call is over");
    expect_settled();
}

static void stream_that_always_breaks_ends_in_a_voicemail(void **state)
{
    (void)state;
    w.opens = EBUSY;
    ring(PHONE_DIAL_NO_ANSWER);
    while (!counted(TELEPHONY_RESUMES_SPENT))
        loop_step(w.bench.loop, 100);
    assert_int_equal(w.opened_count, TELEPHONY_RESUMES_MAX);
    assert_int_equal(counted(TELEPHONY_STREAM_REFUSED), TELEPHONY_RESUMES_MAX);
    uint8_t words[1600];
    memset(words, 0x10, sizeof(words));
    phone_say(w.phone, words, sizeof(words));
    while (!strstr(buf_text(&w.story), "recorded"))
        loop_step(w.bench.loop, 100);
    expect_settled();
    while (!counted(TELEPHONY_MESSAGE_LEFT))
        loop_step(w.bench.loop, 100);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_messages WHERE callback_number = "
                                    "'" CALLER "' AND reason LIKE 'voicemail RE%, 1 s'"),
                     1);
}

static void on_carrier(int err, void *arg)
{
    (void)arg;
    w.carrier_done = true;
    w.carrier_err = err;
}

static void hand_over(void)
{
    struct line_carrier carrier = telephony_carrier(w.telephony);
    carrier.transfer(carrier.carrier, w.setup.call, sid1, JANS_PHONE, str_of("Jan & Eva: balík?"),
                     on_carrier, NULL, &w.carrier_asking);
    assert_false(w.carrier_done);
    w.opened = false;
    bench_wait(&w.bench, &w.carrier_done);
    assert_int_equal(w.carrier_err, 0);
}

static void transfer_that_is_taken_ends_the_call(void **state)
{
    (void)state;
    ring(PHONE_DIAL_ANSWERED);
    bench_wait(&w.bench, &w.opened);
    hand_over();
    expect_settled();
    assert_string_equal(buf_text(&w.story), "dial:" JANS_PHONE ":" JANS_NUMBER
                                            " whisper:cs-CZ:Jan & Eva: balík? ended:Hangup");
    assert_true(w.leg_gone);
    assert_int_equal(counted(TELEPHONY_TRANSFERRED), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE transfer = 'connected' AND"
                                    " status = 'completed' AND ended_reason = 'transferred'"),
                     1);
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox WHERE kind = 'screening'"), 1);
}

static void transfer_that_nobody_takes_comes_back(void **state)
{
    (void)state;
    ring(PHONE_DIAL_NO_ANSWER);
    bench_wait(&w.bench, &w.opened);
    a_line_was_said();
    hand_over();
    bench_wait(&w.bench, &w.opened);
    assert_true(w.setup.resumed && w.setup.transfer_failed);
    assert_int_equal(counted(TELEPHONY_TRANSFER_FAILED), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE transfer = 'failed'"), 1);
}

static void line_hangs_up_at_the_carrier(void **state)
{
    (void)state;
    ring(PHONE_DIAL_NO_ANSWER);
    bench_wait(&w.bench, &w.opened);
    struct line_carrier carrier = telephony_carrier(w.telephony);
    carrier.hang_up(carrier.carrier, sid1, on_carrier, NULL, &w.carrier_asking);
    op_cancel(&w.carrier_asking); /* forgotten in time: nothing comes of it */
    assert_null(w.carrier_asking);
    carrier.hang_up(carrier.carrier, sid1, on_carrier, NULL, &w.carrier_asking);
    bench_wait(&w.bench, &w.carrier_done);
    assert_int_equal(w.carrier_err, 0);
    expect_settled();
    assert_string_equal(buf_text(&w.story), "ended:ended by request");
}

/* ---- the owner's rules ---------------------------------------------------------------------- */

/* The rule is Jan's only one. */
static void give_rule(const char *who, const char *then)
{
    char *sql = xprintf("DELETE FROM rules; INSERT INTO rules (tenant_id, position, body)"
                        " SELECT id, 1, '{\"who\":%s,\"when\":{},\"then\":%s}' FROM tenants"
                        " WHERE name = 'Jan'",
                        who, then);
    postgres_run(sql);
    free(sql);
}

static void know_caller(const char *kind)
{
    char *sql = xprintf("DELETE FROM contacts; INSERT INTO contacts (tenant_id, id, phone, name,"
                        " kind) SELECT id, id, '" CALLER "', 'Petr Novák', '%s' FROM tenants"
                        " WHERE name = 'Jan'",
                        kind);
    postgres_run(sql);
    free(sql);
}

static const char anyone[] = "{\"kind\":\"anyone\"}";

static void expect_row(const char *where)
{
    char *sql = xprintf("SELECT count(*) FROM calls WHERE %s", where);
    if (postgres_count(sql) != 1)
        fail_msg("%s", postgres_ask("SELECT to_json(c) FROM calls c"));
    free(sql);
}

static void rule_turns_a_call_away(void **state)
{
    (void)state;
    give_rule(anyone, "{\"action\":\"refuse\",\"say\":\"Píšte prosím.\"}");
    post((struct hook){.call_sid = sid1});
    expect_refusal();
    const char *said = twiml()->children->text;
    assert_true(said == strstr(said, "Dobrý den, tady je automatická asistentka."));
    assert_non_null(strstr(said, "Píšte prosím. Na shledanou."));
    expect_row("status = 'completed' AND ended_reason = 'ruled_out' AND"
               " handling->>'action' = 'refuse' AND handling->>'position' = '1'");
    expect_row("inbox_group = 'filtered'");
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox WHERE kind = 'screening'"), 0);
    assert_int_equal(counted(TELEPHONY_RULED_OUT), 1);
    postgres_run("DELETE FROM calls; DELETE FROM call_sids");
    give_rule(anyone, "{\"action\":\"hang_up\"}");
    post((struct hook){.call_sid = sid1});
    assert_string_equal(twiml()->children->name, "Reject");
    expect_row("status = 'busy' AND ended_reason = 'ruled_out'");
}

static void blocked_contact_is_refused_unless_a_rule_says_otherwise(void **state)
{
    (void)state;
    know_caller("blocked");
    post((struct hook){.call_sid = sid1});
    expect_refusal();
    expect_row("ended_reason = 'blocked' AND handling->>'reason' = 'blocked'");
    postgres_run("DELETE FROM calls; DELETE FROM call_sids");
    give_rule("{\"kind\":\"blocked\"}", "{\"action\":\"message\"}");
    post((struct hook){.call_sid = sid1});
    assert_non_null(token_in_answer());
}

static void open_stream_of(const char *sid)
{
    char *token;
    w.opened = false;
    post((struct hook){.call_sid = sid});
    token = xstrdup(token_in_answer());
    start_stream(sid, token);
    bench_wait(&w.bench, &w.opened);
    free(token);
}

static void line_is_told_what_the_rules_allow(void **state)
{
    (void)state;
    give_rule(anyone, "{\"action\":\"screen\",\"say\":\"Jsem pryč.\",\"urgent_words\":[\"havárie\","
                      "\"požár\"]}");
    open_stream_of(sid1);
    assert_string_equal(w.setup.say, "Jsem pryč.");
    assert_string_equal(w.setup.names, "");
    assert_string_equal(w.setup.urgent, "havárie,požár");
    assert_string_equal(w.setup.transfer_to, JANS_PHONE);
    assert_false(w.setup.vip || w.setup.wants_message || w.setup.filter);
    leg_close(&w.leg, "next");
    give_rule("{\"kind\":\"names\",\"names\":[\"Eva\",\"Petr\"]}", "{\"action\":\"connect\"}");
    open_stream_of("CA00000000000000000000000000000003");
    assert_string_equal(w.setup.names, "Eva,Petr");
    leg_close(&w.leg, "next");
    know_caller("vip");
    give_rule(anyone, "{\"action\":\"filter\"}");
    open_stream_of(sid2);
    assert_true(w.setup.vip && w.setup.filter);
    assert_string_equal(w.setup.say, "");
}

static void rule_that_wants_a_message_leaves_no_way_to_the_owner(void **state)
{
    (void)state;
    know_caller("vip");
    give_rule(anyone, "{\"action\":\"message\"}");
    open_stream_of(sid1);
    assert_true(w.setup.wants_message);
    assert_string_equal(w.setup.transfer_to, "-");
    assert_string_equal(w.setup.names, "");
    assert_string_equal(w.setup.instructions, "be kind");
}

static void owner_is_rung_first_and_told_who_calls(void **state)
{
    (void)state;
    know_caller("normal");
    give_rule("{\"kind\":\"known\"}", "{\"action\":\"ring\",\"ring_seconds\":12}");
    ring(PHONE_DIAL_ANSWERED);
    expect_settled();
    assert_string_equal(buf_text(&w.story),
                        "dial:" JANS_PHONE ":" JANS_NUMBER " whisper:cs-CZ:Tady Karen, máte hovor."
                        " Volá Petr Novák ended:Hangup");
    assert_int_equal(counted(TELEPHONY_RANG_OWNER), 1);
    expect_row("status = 'completed' AND ended_reason = 'transferred' AND transfer = 'connected'"
               " AND handling->>'ring_seconds' = '12'");
    assert_int_equal(w.opened_count, 0);
}

static void who_is_no_contact_is_told_by_number(void **state)
{
    (void)state;
    give_rule(anyone, "{\"action\":\"connect\"}");
    post((struct hook){.call_sid = sid1});
    const struct twiml_element *dial = twiml()->children;
    assert_string_equal(dial->name, "Dial");
    assert_string_equal(twiml_attribute(dial, "timeout"), "25");
    assert_non_null(strstr(twiml_attribute(dial->children, "url"), "%2B%204%202%200%206"));
    post((struct hook){.call_sid = sid2, .from = "anonymous"});
    dial = twiml()->children;
    assert_non_null(strstr(twiml_attribute(dial->children, "url"), "skryt"));
}

static void owner_who_does_not_answer_has_a_message_taken(void **state)
{
    (void)state;
    give_rule(anyone, "{\"action\":\"ring\"}");
    ring(PHONE_DIAL_NO_ANSWER);
    bench_wait(&w.bench, &w.opened);
    assert_false(w.setup.resumed); /* so she says first that she is an assistant */
    assert_true(w.setup.transfer_failed && w.setup.wants_message);
    assert_string_equal(w.setup.transfer_to, "-");
    expect_row("transfer = 'failed' AND status = 'in_progress'");
}

static void limited_tenant_is_not_rung(void **state)
{
    (void)state;
    give_rule(anyone, "{\"action\":\"connect\"}");
    postgres_run("UPDATE tenants SET status = 'suspended' WHERE name = 'Jan'");
    post((struct hook){.call_sid = sid1});
    assert_non_null(token_in_answer());
    postgres_run("UPDATE tenants SET status = 'active' WHERE name = 'Jan'");
    w.admits = EBUSY;
    post((struct hook){.call_sid = sid2});
    assert_string_equal(twiml()->children->name, "Dial"); /* that takes no line of ours */
    give_rule(anyone, "{\"action\":\"screen\"}");
    post((struct hook){.call_sid = "CA00000000000000000000000000000003"});
    expect_voicemail();
}

/* ---- later webhooks ------------------------------------------------------------------------- */

static void resume_of_a_call_that_is_over_hangs_up(void **state)
{
    (void)state;
    post((struct hook){.path = "/telephony/resume?language=cs&n=1", .call_sid = sid1});
    assert_string_equal(twiml()->children->name, "Hangup"); /* never heard of */
    post((struct hook){.call_sid = sid1});
    post((struct hook){
        .path = "/telephony/resume?language=cs&n=1", .call_sid = sid1, .status = "completed"});
    assert_string_equal(twiml()->children->name, "Hangup"); /* the caller is gone */
    post((struct hook){.path = "/telephony/resume?language=cs&n=1", .call_sid = sid1});
    assert_non_null(token_in_answer());
    assert_non_null(strstr(buf_text(&w.body), "n=2"));
    postgres_run("UPDATE calls SET status = 'completed', ended_at = now()");
    post((struct hook){.path = "/telephony/resume?language=cs&n=2", .call_sid = sid1});
    assert_string_equal(twiml()->children->name, "Hangup");
    post((struct hook){.call_sid = sid1}); /* even the first webhook, late */
    assert_string_equal(twiml()->children->name, "Hangup");
}

static void transfer_without_a_number_is_refused(void **state)
{
    (void)state;
    post((struct hook){.path = "/telephony/transfer?to=client%3Ajan", .call_sid = sid1});
    assert_int_equal(w.status, 400);
    post((struct hook){.path = "/telephony/transfer?language=cs&to=%2B420777123456&say=",
                       .call_sid = sid1});
    const struct twiml_element *dial = twiml()->children;
    assert_string_equal(dial->name, "Dial");
    assert_null(twiml_attribute(dial->children, "url"));
}

static void news_come_in_any_order_and_number(void **state)
{
    (void)state;
    const struct hook done = {.path = "/telephony/status",
                              .call_sid = sid1,
                              .status = "completed",
                              .more = {{"CallDuration", "12"}}};
    post(done);
    assert_int_equal(w.status, 204); /* a call that was refused has no record */
    post((struct hook){.call_sid = sid1});
    post(done);
    post(done);
    assert_int_equal(w.status, 204);
    post((struct hook){.path = "/telephony/status", .call_sid = sid1, .status = "ringing"});
    assert_int_equal(w.status, 204);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE carrier_status = "
                                    "'completed' AND carrier_duration_seconds = 12"),
                     1);
    post((struct hook){.path = "/telephony/status", .call_sid = sid1, .status = "melted"});
    assert_int_equal(w.status, 400);
}

static const struct hook recorded = {
    .path = "/telephony/voicemail?language=cs",
    .call_sid = sid1,
    .status = "in-progress",
    .more = {{"RecordingSid", "RE00000000000000000000000000000001"}, {"RecordingDuration", "7"}}};

static void recording_becomes_one_message(void **state)
{
    (void)state;
    post((struct hook){.call_sid = sid1});
    post(recorded);
    assert_string_equal(twiml()->children->name, "Say");
    post(recorded);
    while (counted(TELEPHONY_MESSAGE_LEFT) < 2)
        loop_step(w.bench.loop, 100);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_messages"), 1);
    post((struct hook){.path = "/telephony/voicemail", .call_sid = sid1});
    assert_int_equal(w.status, 400);
}

static void recording_is_counted_when_it_cannot_be_kept(void **state)
{
    (void)state;
    lose_database();
    post(recorded);
    assert_string_equal(twiml()->children->name, "Say");
    settle();
    assert_int_equal(counted(TELEPHONY_MESSAGE_UNSAVED), 0); /* it is still tried */
    w.options.db = w.bench.app;
    struct telephony *old = w.telephony;
    w.telephony = NULL;
    open_telephony();
    telephony_free(&old); /* the log has it now */
}

static void recording_for_nobody_is_given_up(void **state)
{
    (void)state;
    struct hook hook = recorded;
    hook.to = "+420910000000";
    post(hook);
    while (!counted(TELEPHONY_MESSAGE_UNSAVED))
        loop_step(w.bench.loop, 100);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 0);
}

#define DOOR_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DOOR_TEST(forged_webhooks_leave_no_row),
        DOOR_TEST(every_webhook_is_guarded),
        DOOR_TEST(old_token_still_signs_while_it_is_replaced),
        DOOR_TEST(call_is_routed_by_the_number_dialled),
        DOOR_TEST(webhook_that_comes_again_is_the_same_call),
        DOOR_TEST(withheld_caller_has_no_number),
        DOOR_TEST(forwarded_call_finds_its_owner_in_any_spelling),
        DOOR_TEST(dialled_number_beats_the_forwarding_one),
        DOOR_TEST(nobodys_number_is_refused_politely),
        DOOR_TEST(operators_own_tenant_takes_the_rest),
        DOOR_TEST(stolen_call_sid_moves_no_call),
        DOOR_TEST(cancelled_tenant_is_refused_politely),
        DOOR_TEST(too_many_calls_leave_a_voicemail),
        DOOR_TEST(full_or_stopping_worker_offers_a_voicemail),
        DOOR_TEST(our_own_call_coming_back_is_busy),
        DOOR_TEST(call_from_any_number_of_ours_is_busy),
        DOOR_TEST(number_that_is_still_called_rests_on),
        DOOR_TEST(shared_number_asks_three_times_and_says_goodbye),
        DOOR_TEST(typed_code_reaches_its_tenant_and_no_other),
        DOOR_TEST(codes_are_guessed_only_so_often),
        DOOR_TEST(phone_of_an_owner_on_trial_needs_no_code),
        DOOR_TEST(returned_check_is_greeted_and_is_nobodys_call),
        DOOR_TEST(check_is_known_by_the_phone_where_that_stands_for_the_caller),
        DOOR_TEST(callers_are_served_while_a_check_runs),
        DOOR_TEST(news_say_why_a_check_failed),
        DOOR_TEST(check_of_nobody_is_refused),
        DOOR_TEST(without_the_database_the_carrier_records),
        DOOR_TEST(unsigned_stream_gets_403),
        DOOR_TEST(token_opens_one_stream_of_its_call),
        DOOR_TEST(old_token_opens_nothing),
        DOOR_TEST(token_of_a_call_that_is_over_opens_nothing),
        DOOR_TEST(stranger_who_leaves_while_looked_up_is_forgotten),
        DOOR_TEST(suspended_tenant_has_a_message_taken),
        DOOR_TEST(tenant_over_its_limit_has_a_message_taken),
        DOOR_TEST(trial_that_is_over_has_a_message_taken),
        DOOR_TEST(call_reaches_its_line),
        DOOR_TEST(broken_stream_is_taken_up_again),
        DOOR_TEST(stream_that_broke_before_a_word_begins_anew),
        DOOR_TEST(rule_turns_a_call_away),
        DOOR_TEST(blocked_contact_is_refused_unless_a_rule_says_otherwise),
        DOOR_TEST(line_is_told_what_the_rules_allow),
        DOOR_TEST(rule_that_wants_a_message_leaves_no_way_to_the_owner),
        DOOR_TEST(owner_is_rung_first_and_told_who_calls),
        DOOR_TEST(who_is_no_contact_is_told_by_number),
        DOOR_TEST(owner_who_does_not_answer_has_a_message_taken),
        DOOR_TEST(limited_tenant_is_not_rung),
        DOOR_TEST(stream_that_always_breaks_ends_in_a_voicemail),
        DOOR_TEST(transfer_that_is_taken_ends_the_call),
        DOOR_TEST(transfer_that_nobody_takes_comes_back),
        DOOR_TEST(line_hangs_up_at_the_carrier),
        DOOR_TEST(resume_of_a_call_that_is_over_hangs_up),
        DOOR_TEST(transfer_without_a_number_is_refused),
        DOOR_TEST(news_come_in_any_order_and_number),
        DOOR_TEST(recording_becomes_one_message),
        DOOR_TEST(recording_is_counted_when_it_cannot_be_kept),
        DOOR_TEST(recording_for_nobody_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
