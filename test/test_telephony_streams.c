/* test/test_telephony_streams.c: the carrier's streams opened by hand: whose they must be, and what
 * the line is told. */
#include "test/peer.h"
#include "test/telephony_world.h"
#include "test/test.h"

#include <stdlib.h>

static void expect_stream_refused(void)
{
    bench_wait(&world.bench, &world.ws_closed);
    assert_int_equal(world.ws_code, WS_CLOSE_POLICY);
    assert_false(world.opened);
    assert_int_equal(telephony_counters(world.telephony)->media.strangers, 0);
}

static void unsigned_stream_gets_403(void **state)
{
    (void)state;
    world_dial_media("AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    bench_wait(&world.bench, &world.ws_closed);
    assert_int_equal(world.ws_status, 403);
    assert_int_equal(world_counted(TELEPHONY_FORGED), 1);
    assert_int_equal(telephony_counters(world.telephony)->media.accepted, 0);
}

static void token_opens_one_stream_of_its_call(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1});
    char *token = xstrdup(world_token());
    world_start_stream(sid2, token); /* stolen: another call's */
    expect_stream_refused();
    world_start_stream(sid1, "a guess");
    expect_stream_refused();
    world_start_stream(sid1, token);
    bench_wait(&world.bench, &world.opened);
    assert_string_equal(world.setup.call_sid, sid1);
    assert_true(uuid_equal(world.setup.tenant, world.jan));
    world.opened = false;
    ws_close(&world.ws, WS_CLOSE_NORMAL, "");
    world_start_stream(sid1, token); /* used */
    expect_stream_refused();
    assert_int_equal(world_counted(TELEPHONY_STREAM_REFUSED), 3);
    assert_int_equal(world_counted(TELEPHONY_STREAM_OPENED), 1);
    assert_int_equal(telephony_counters(world.telephony)->media.refused, 3);
    free(token);
}

static void old_token_opens_nothing(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1});
    char *token = xstrdup(world_token());
    postgres_run("UPDATE stream_tokens SET expires_at = now() - interval '1 second'");
    world_start_stream(sid1, token);
    expect_stream_refused();
    free(token);
}

static void token_of_a_call_that_is_over_opens_nothing(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1});
    char *token = xstrdup(world_token());
    postgres_run("UPDATE calls SET status = 'completed', ended_at = now()");
    world_start_stream(sid1, token);
    expect_stream_refused();
    free(token);
}

static void stranger_who_leaves_while_looked_up_is_forgotten(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1});
    char *token = xstrdup(world_token());
    world_start_stream(sid1, token);
    while (!telephony_counters(world.telephony)->media.strangers)
        loop_step(world.bench.loop, 10);
    ws_close(&world.ws, WS_CLOSE_NORMAL, "");
    while (telephony_counters(world.telephony)->media.strangers)
        loop_step(world.bench.loop, 10);
    settle(world.bench.loop);
    free(token);
}

static void expect_only_a_message(void)
{
    world_post((struct hook){.call_sid = sid1});
    char *token = xstrdup(world_token());
    /* what becomes of the tenant meanwhile changes nothing for this call */
    postgres_run("UPDATE tenants SET status = 'active', plan = 'pro', unpaid_since = NULL,"
                 " limit_calls = NULL");
    world_start_stream(sid1, token);
    bench_wait(&world.bench, &world.opened);
    assert_true(world.setup.message_only);
    assert_string_equal(world.setup.instructions, "-");
    assert_string_equal(world.setup.transfer_to, "-");
    assert_int_equal(world.setup.duration_ms_max, 1000 * TELEPHONY_MESSAGE_SECONDS);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TELEPHONY_TEST(unsigned_stream_gets_403),
        TELEPHONY_TEST(token_opens_one_stream_of_its_call),
        TELEPHONY_TEST(old_token_opens_nothing),
        TELEPHONY_TEST(token_of_a_call_that_is_over_opens_nothing),
        TELEPHONY_TEST(stranger_who_leaves_while_looked_up_is_forgotten),
        TELEPHONY_TEST(suspended_tenant_has_a_message_taken),
        TELEPHONY_TEST(tenant_over_its_limit_has_a_message_taken),
        TELEPHONY_TEST(trial_that_is_over_has_a_message_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
