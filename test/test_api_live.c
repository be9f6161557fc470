/* test/test_api_live.c: live events as their readers get them: what a stream begins with, what
 * comes, what was missed, who sees what, and how it ends. */
#include "api/live_private.h"
#include "base/mem.h"
#include "net/http_server.h"
#include "test/api.h"
#include "test/peer.h"
#include "test/test.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct api_world *const w = &api_world;
static struct uuid jan, eva;
static struct person jans, evas;
static char call[UUID_TEXT_BYTES]; /* of Jan, going on */

static void __attribute__((format(printf, 1, 2))) sql(const char *format, ...)
{
    char text[2000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    postgres_run(text);
}

static const char *text_of(struct uuid id)
{
    static char texts[4][UUID_TEXT_BYTES];
    static size_t next;
    char *text = texts[next++ % countof(texts)];
    uuid_print(id, text);
    return text;
}

static void make_call(struct uuid tenant, char id_out[UUID_TEXT_BYTES])
{
    uuid_print(uuid_new(wall_now_ms()), id_out);
    sql("INSERT INTO calls (tenant_id, id, carrier, call_sid, from_number, started_at)"
        " VALUES ('%s', '%s', 'twilio', '%s', '+420601999888', now())",
        text_of(tenant), id_out, id_out);
}

static void say(struct uuid tenant, const char *id, int seq, const char *text)
{
    sql("INSERT INTO call_turns (tenant_id, call_id, seq, speaker, kind, start_ms, end_ms, text)"
        " VALUES ('%s', '%s', %d, 'caller', 'said', 0, 1, '%s')"
        " ON CONFLICT (tenant_id, call_id, seq) DO UPDATE SET text = excluded.text",
        text_of(tenant), id, seq, text);
}

static struct peer *ask(const struct person *person, const char *last_id)
{
    struct peer *peer = peer_connect(w->bench.loop, http_server_port(w->server));
    char *request = xprintf("GET /api/tenants/%s/live HTTP/1.1\r\nHost: x\r\n"
                            "Authorization: Bearer %s\r\n%s%s\r\n\r\n",
                            text_of(person->tenant), person->token,
                            last_id ? "Last-Event-ID: " : "X-Nothing: ", last_id ? last_id : "1");
    peer_say(peer, request);
    free(request);
    return peer;
}

static struct peer *watch(const struct person *person)
{
    struct peer *peer = ask(person, NULL);
    peer_expect(peer, "HTTP/1.1 200 OK\r\n");
    peer_expect(peer, "Content-Type: text/event-stream\r\n");
    peer_expect(peer, "retry: 2000\n\n");
    peer_expect(peer, "event: snapshot\n");
    return peer;
}

/* The id of the event of that name that comes next. */
static void next_id(struct peer *peer, const char *name, char id_out[UUID_TEXT_BYTES])
{
    char head[64];
    snprintf(head, sizeof(head), "event: %s\nid: ", name);
    peer_expect(peer, head);
    peer_expect_bytes(peer, UUID_TEXT_BYTES - 1);
    snprintf(id_out, UUID_TEXT_BYTES, "%.*s", UUID_TEXT_BYTES - 1, peer->heard.data);
}

/* What was not said so far, though everything that had to be was. */
static void expect_not(struct peer *peer, const char *text)
{
    if (peer->heard.bytes && memmem(peer->heard.data, peer->heard.bytes, text, strlen(text)))
        fail_msg("said: %s", text);
}

/* ---- what comes ------------------------------------------------------------------------------ */

static void stream_begins_with_the_calls_that_go_on(void **state)
{
    (void)state;
    char other[UUID_TEXT_BYTES];
    say(jan, call, 1, "Is anybody there?");
    make_call(eva, other);
    say(eva, other, 1, "Secret.");
    struct peer *peer = ask(&jans, NULL);
    peer_expect(peer, "event: snapshot\n");
    peer_expect(peer, "data: {\"calls\" : [{\"call\" : {\"id\":\"");
    peer_expect(peer, call);
    peer_expect(peer, "\"state\":\"live\"");
    peer_expect(peer, "\"lines\" : [{\"seq\":1,\"speaker\":\"caller\"");
    peer_expect(peer, "Is anybody there?");
    peer_expect(peer, "\"lines_left_out\" : 0");
    peer_expect(peer, "\n\n");
    expect_not(peer, "Secret.");
    peer_free(&peer);
}

static void whatever_happens_comes_at_once(void **state)
{
    (void)state;
    char second[UUID_TEXT_BYTES];
    struct peer *peer = watch(&jans);
    say(jan, call, 1, "Hello?");
    peer_expect(peer, "event: line.added\nid: ");
    peer_expect(peer, "\"amended\" : false");
    peer_expect(peer, "Hello?");
    say(jan, call, 1, "Hello, it is me.");
    peer_expect(peer, "event: line.added\nid: ");
    peer_expect(peer, "\"amended\" : true");
    peer_expect(peer, "Hello, it is me.");
    make_call(jan, second);
    peer_expect(peer, "event: call.started\nid: ");
    peer_expect(peer, second);
    sql("UPDATE calls SET status = 'completed', ended_at = now() WHERE id = '%s'", second);
    peer_expect(peer, "event: call.ended\nid: ");
    sql("INSERT INTO call_screenings (tenant_id, call_id, legitimacy, lead, urgency,"
        " needs_follow_up, confidence, model)"
        " VALUES ('%s', '%s', 'spam', 'none', 'low', false, 1, 'm')",
        text_of(jan), second);
    peer_expect(peer, "event: call.screened\nid: ");
    peer_expect(peer, "\"label\":\"spam\"");
    sql("UPDATE calls SET starred = true WHERE id = '%s'", second);
    peer_expect(peer, "event: call.changed\nid: ");
    peer_expect(peer, "\"starred\":true");
    sql("INSERT INTO call_orders (tenant_id, id, call_id, kind, text)"
        " VALUES ('%s', '%s', '%s', 'whisper', 'Ask for the number.')",
        text_of(jan), text_of(uuid_new(wall_now_ms())), call);
    peer_expect(peer, "event: order.changed\nid: ");
    peer_expect(peer, "Ask for the number.");
    peer_free(&peer);
}

static void tenants_do_not_hear_of_each_other(void **state)
{
    (void)state;
    char other[UUID_TEXT_BYTES];
    struct peer *janet = watch(&jans), *eve = watch(&evas);
    make_call(eva, other);
    say(eva, other, 1, "For Eva.");
    say(jan, call, 1, "For Jan.");
    peer_expect(eve, "event: call.started\n");
    peer_expect(eve, "For Eva.");
    peer_expect(janet, "For Jan.");
    say(eva, other, 2, "The end for Eva.");
    say(jan, call, 2, "The end for Jan.");
    struct buf *heard = &eve->heard;
    peer_expect_bytes(eve, heard->bytes + 1);
    expect_not(eve, "For Jan.");
    peer_expect(eve, "The end for Eva.");
    expect_not(janet, "Eva");
    peer_expect(janet, "The end for Jan.");
    api_ask(&evas, HTTP_GET, NULL, "/api/tenants/%s/live", text_of(jan));
    api_expect_problem(404, "not_found");
    peer_free(&janet);
    peer_free(&eve);
}

static void many_watchers_of_a_tenant_hear_the_same(void **state)
{
    (void)state;
    struct peer *peers[4];
    for (size_t i = 0; i < countof(peers); i++)
        peers[i] = watch(&jans);
    for (int seq = 1; seq <= 100; seq++)
        say(jan, call, seq, "Line.");
    for (size_t i = 0; i < countof(peers); i++)
        for (int seq = 1; seq <= 100; seq++) {
            char text[32];
            snprintf(text, sizeof(text), "\"line\" : {\"seq\":%d,", seq);
            peer_expect(peers[i], text);
        }
    for (size_t i = 0; i < countof(peers); i++)
        peer_free(&peers[i]);
}

/* ---- what was missed ------------------------------------------------------------------------- */

static void who_comes_back_is_told_what_he_missed(void **state)
{
    (void)state;
    char id[UUID_TEXT_BYTES], other[UUID_TEXT_BYTES];
    struct peer *peer = watch(&jans), *meanwhile = watch(&evas);
    say(jan, call, 1, "One.");
    next_id(peer, "line.added", id);
    peer_free(&peer);
    say(jan, call, 2, "Two.");
    make_call(eva, other);
    say(jan, call, 3, "Three.");
    peer_expect(meanwhile, "event: call.started\n"); /* so all of it was heard here */
    peer_free(&meanwhile);
    peer = ask(&jans, id);
    peer_expect(peer, "retry: 2000\n\n");
    peer_expect(peer, "Two.");
    next_id(peer, "line.added", id);
    peer_expect(peer, "Three.");
    say(jan, call, 4, "Four.");
    peer_expect(peer, "Four.");
    peer_free(&peer);
}

static void who_missed_nothing_just_goes_on(void **state)
{
    (void)state;
    char id[UUID_TEXT_BYTES];
    struct peer *peer = watch(&jans);
    say(jan, call, 1, "One.");
    next_id(peer, "line.added", id);
    peer_free(&peer);
    peer = ask(&jans, id);
    peer_expect(peer, "retry: 2000\n\n");
    say(jan, call, 2, "Two.");
    peer_expect(peer, "event: line.added\n");
    peer_expect(peer, "Two.");
    peer_free(&peer);
}

static void an_event_that_is_not_known_any_more_gives_a_snapshot(void **state)
{
    (void)state;
    char id[UUID_TEXT_BYTES];
    struct peer *peer = watch(&evas);
    char other[UUID_TEXT_BYTES];
    make_call(eva, other);
    next_id(peer, "call.started", id);
    peer_free(&peer);
    const char *const unknown[] = {"x", "0191a0b0-0000-7000-8000-000000000001", id};
    for (size_t i = 0; i < countof(unknown); i++) { /* the last is Eva's, not Jan's */
        peer = ask(&jans, unknown[i]);
        peer_expect(peer, "event: snapshot\n");
        peer_free(&peer);
    }
}

static void a_lost_connection_to_the_database_gives_a_snapshot_to_all(void **state)
{
    (void)state;
    struct peer *peer = watch(&jans);
    say(jan, call, 1, "One.");
    peer_expect(peer, "One.");
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()");
    peer_expect(peer, "event: snapshot\n");
    peer_expect(peer, "One.");
    say(jan, call, 2, "Two.");
    peer_expect(peer, "Two.");
    peer_free(&peer);
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static void person_has_so_many_streams_and_no_more(void **state)
{
    (void)state;
    struct peer *peers[LIVE_PERSON_STREAMS_MAX];
    struct person another = api_person(jan, ROLE_MEMBER, "+420601000077");
    for (size_t i = 0; i < countof(peers); i++)
        peers[i] = watch(&jans);
    api_ask(&jans, HTTP_GET, NULL, "/api/tenants/%s/live", text_of(jan));
    api_expect_problem(429, "too_many_streams");
    struct peer *others = watch(&another);
    peer_free(&others);
    peer_free(&peers[0]);
    while (w->api.live->feeds->watchers && w->api.live->streams >= LIVE_PERSON_STREAMS_MAX)
        loop_step(w->bench.loop, 20);
    peers[0] = watch(&jans);
    for (size_t i = 0; i < countof(peers); i++)
        peer_free(&peers[i]);
}

static void slow_reader_is_told_so_and_dropped(void **state)
{
    (void)state;
    struct peer *slow = watch(&jans), *quick = watch(&jans);
    uint64_t before = w->api.live->ends[LIVE_SLOW];
    peer_set_deaf(slow, true);
    for (int seq = 1; w->api.live->ends[LIVE_SLOW] == before; seq++) {
        sql("INSERT INTO call_turns (tenant_id, call_id, seq, speaker, kind, start_ms, end_ms, "
            "text)"
            " SELECT '%s', '%s', %d + n, 'caller', 'said', 0, 1, repeat('x', 15000)"
            " FROM generate_series(1, 20) AS n",
            text_of(jan), call, 20 * seq);
        char text[32];
        snprintf(text, sizeof(text), "\"line\" : {\"seq\":%d,", 20 * seq + 20);
        peer_expect(quick, text);
        assert_true(seq < 1000);
    }
    peer_set_deaf(slow, false);
    peer_expect(slow, "event: end\nretry: 2000\ndata: {\"reason\":\"slow_reader\"}\n\n");
    peer_expect_closed(slow);
    peer_free(&slow);
    peer_free(&quick);
}

static void too_much_at_once_ends_the_stream(void **state)
{
    (void)state;
    struct peer *peer = watch(&jans);
    sql("INSERT INTO call_turns (tenant_id, call_id, seq, speaker, kind, start_ms, end_ms, text)"
        " SELECT '%s', '%s', n, 'caller', 'said', 0, 1, 'x' FROM generate_series(1, 1000) AS n",
        text_of(jan), call);
    peer_expect(peer, "{\"reason\":\"too_much_at_once\"}\n\n");
    peer_expect_closed(peer);
    peer_free(&peer);
}

static void silence_is_broken_by_a_comment(void **state)
{
    (void)state;
    struct peer *peer = watch(&jans);
    say(jan, call, 1, "One."); /* behind what making the call has to tell */
    peer_expect(peer, "One.");
    w->api.live->feeds->watchers->said_ms -= LIVE_HEARTBEAT_MS;
    peer_expect(peer, "\n:\n\n");
    peer_free(&peer);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void signing_out_ends_the_stream(void **state)
{
    (void)state;
    struct person person = api_person(jan, ROLE_MEMBER, "+420601000078");
    struct peer *peer = watch(&person);
    w->api.live->feeds->watchers->check_ms = 0;
    say(jan, call, 1, "One.");
    peer_expect(peer, "One."); /* still signed in */
    sql("UPDATE user_sessions SET revoked_at = now() WHERE id = '%s'", text_of(person.session));
    w->api.live->feeds->watchers->check_ms = 0;
    peer_expect(peer, "{\"reason\":\"signed_out\"}\n\n");
    peer_expect_closed(peer);
    peer_free(&peer);
}

static void key_needs_its_scope_and_ends_with_it(void **state)
{
    (void)state;
    struct person key = jans;
    const char *const scopes[] = {"[\"calls:write\"]", "[\"calls:read\"]"};
    for (size_t i = 0; i < countof(scopes); i++) {
        char body[200];
        snprintf(body, sizeof(body), "{\"name\": \"Key\", \"scopes\": %s}", scopes[i]);
        assert_int_equal(api_ask(&jans, HTTP_POST, body, "/api/tenants/%s/api-keys", text_of(jan)),
                         201);
        snprintf(key.token, sizeof(key.token), "%s", api_value("secret"));
        if (i > 0)
            break;
        api_ask(&key, HTTP_GET, NULL, "/api/tenants/%s/live", text_of(jan));
        api_expect_problem(403, "forbidden");
    }
    struct peer *peer = watch(&key);
    sql("UPDATE api_keys SET revoked_at = now()");
    w->api.live->feeds->watchers->check_ms = 0;
    peer_expect(peer, "{\"reason\":\"signed_out\"}\n\n");
    peer_free(&peer);
}

static void draining_sends_readers_elsewhere(void **state)
{
    (void)state;
    struct peer *peer = watch(&jans);
    live_leave(w->api.live, LIVE_MOVE_ON);
    peer_expect(peer, "event: end\nretry: 2000\ndata: {\"reason\":\"restarting\"}\n\n");
    peer_expect_closed(peer);
    peer_free(&peer);
    peer = watch(&jans); /* there is nowhere else yet */
    live_leave(w->api.live, LIVE_FOR_GOOD);
    peer_expect(peer, "{\"reason\":\"restarting\"}\n\n");
    peer_free(&peer);
    assert_int_equal(api_ask(&jans, HTTP_GET, NULL, "/api/tenants/%s/live", text_of(jan)), 503);
    w->api.live->closed = false;
}

static void head_has_no_stream(void **state)
{
    (void)state;
    assert_int_equal(api_ask(&jans, HTTP_HEAD, NULL, "/api/tenants/%s/live", text_of(jan)), 200);
    assert_string_equal(api_header("Content-Type"), "text/event-stream");
    assert_int_equal(w->api.live->streams, 0);
}

static int set_up(void **state)
{
    (void)state;
    jan = api_tenant("Jan");
    eva = api_tenant("Eva");
    jans = api_person(jan, ROLE_ADMIN, "+420601000001");
    evas = api_person(eva, ROLE_MEMBER, "+420601000002");
    make_call(jan, call);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < 500 && (w->api.live->streams || w->api.live->feeds); i++)
        loop_step(w->bench.loop, 20);
    assert_int_equal(w->api.live->streams, 0);
    assert_null(w->api.live->feeds);
    sql("DELETE FROM tenants");
    return 0;
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(stream_begins_with_the_calls_that_go_on),
        CASE(whatever_happens_comes_at_once),
        CASE(tenants_do_not_hear_of_each_other),
        CASE(many_watchers_of_a_tenant_hear_the_same),
        CASE(who_comes_back_is_told_what_he_missed),
        CASE(who_missed_nothing_just_goes_on),
        CASE(an_event_that_is_not_known_any_more_gives_a_snapshot),
        CASE(person_has_so_many_streams_and_no_more),
        CASE(slow_reader_is_told_so_and_dropped),
        CASE(too_much_at_once_ends_the_stream),
        CASE(silence_is_broken_by_a_comment),
        CASE(signing_out_ends_the_stream),
        CASE(key_needs_its_scope_and_ends_with_it),
        CASE(draining_sends_readers_elsewhere),
        CASE(head_has_no_stream),
        CASE(a_lost_connection_to_the_database_gives_a_snapshot_to_all),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
