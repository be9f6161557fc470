/* test/test_privacy.c: what is older than its tenant wants is erased, a closed tenant is erased
 * when its days are over, and what lies with the carrier goes, too. */
#include "app/keeper.h"
#include "base/mem.h"
#include "carrier/twilio_recordings.h"
#include "store/privacy.h"
#include "test/api.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDING "RE0000000000000000000000000000000"

static struct api_world *const w = &api_world;
static struct uuid jan, eva;

static int open_tenants(void **state)
{
    (void)state;
    postgres_run("DELETE FROM tenant_phone_numbers; DELETE FROM number_pool; DELETE FROM tenants;"
                 "DELETE FROM erasure_receipts; DELETE FROM carrier_erasures");
    jan = api_tenant("Jan");
    eva = api_tenant("Eva");
    return 0;
}

/* Calls of a tenant, one an age in days, each with two lines, a screening, an event and a job. */
static void have_calls(const char *tenant, const char *ages)
{
    char *sql = xprintf(
        "WITH c AS (INSERT INTO calls (tenant_id, id, carrier, call_sid, from_number, started_at,"
        "  status, ended_at) SELECT t.id, gen_random_uuid(), 'twilio', gen_random_uuid()::text,"
        "  '+420602000111', now() - make_interval(days => age), 'completed', now()"
        "  FROM tenants t, unnest(ARRAY[%s]) AS age WHERE t.name = '%s' RETURNING *),"
        " l AS (INSERT INTO call_turns (tenant_id, call_id, seq, speaker, kind, start_ms, end_ms,"
        "  text) SELECT tenant_id, id, n, 'caller', 'said', 0, 1, 'secret' FROM c,"
        "  generate_series(1, 2) n),"
        " s AS (INSERT INTO call_screenings (tenant_id, call_id, legitimacy, lead, urgency,"
        "  needs_follow_up, confidence, model) SELECT tenant_id, id, 'legitimate', 'none', 'low',"
        "  false, 1, 'm' FROM c),"
        " e AS (INSERT INTO call_events (tenant_id, call_id, at, id, kind)"
        "  SELECT tenant_id, id, started_at, gen_random_uuid(), 'test' FROM c)"
        " INSERT INTO outbox (tenant_id, kind, key, call_id)"
        "  SELECT tenant_id, 'screening', id::text, id FROM c",
        ages, tenant);
    postgres_run(sql);
    free(sql);
}

struct stepped {
    bool over;
    int err;
    bool done;
    int64_t rows;
};

static void on_step(int err, bool done, int64_t rows, void *arg)
{
    *(struct stepped *)arg = (struct stepped){true, err, done, rows};
}

/* Until nothing is due; how many rows (of old ones) or tenants it came to. */
static int64_t erase_all(void (*fn)(struct db *, privacy_step_fn *, void *, struct op **))
{
    int64_t rows = 0;
    for (int i = 0; i < 1000; i++) {
        struct stepped stepped = {0};
        fn(w->bench.app, on_step, &stepped, NULL);
        bench_wait(&w->bench, &stepped.over);
        assert_int_equal(stepped.err, 0);
        if (!stepped.done)
            return rows;
        rows += stepped.rows;
    }
    fail_msg("it never ends");
    return 0;
}

static void old_calls_go_with_all_that_belongs_to_them(void **state)
{
    (void)state;
    have_calls("Jan", "1, 29, 31, 200");
    postgres_run("UPDATE tenants SET retention_calls_days = 30");
    assert_int_equal(erase_all(privacy_erase_old), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_turns"), 4);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_screenings"), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_events"), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox"), 2);
    char *change = postgres_ask("SELECT change ->> 'calls' FROM audit_log"
                                " WHERE action = 'retention.erase'");
    assert_string_equal(change, "2");
    free(change);
    assert_int_equal(erase_all(privacy_erase_old), 0); /* not due before an hour has passed */
    postgres_run("UPDATE upkeep SET due_at = now()");
    assert_int_equal(erase_all(privacy_erase_old), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM audit_log"), 1);
}

static void words_go_before_what_the_call_was_about(void **state)
{
    (void)state;
    have_calls("Jan", "1, 10");
    postgres_run("UPDATE tenants SET retention_transcripts_days = 7");
    assert_int_equal(erase_all(privacy_erase_old), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_turns"), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_screenings"), 2);
}

static void each_tenant_keeps_as_long_as_it_wants(void **state)
{
    (void)state;
    have_calls("Jan", "100, 3000");
    have_calls("Eva", "100, 3000");
    postgres_run("UPDATE tenants SET retention_calls_days = NULL, retention_transcripts_days = NULL"
                 " WHERE name = 'Jan'; UPDATE tenants SET retention_calls_days = 90"
                 " WHERE name = 'Eva'");
    assert_int_equal(erase_all(privacy_erase_old), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls c JOIN tenants t ON t.id ="
                                    " c.tenant_id WHERE t.name = 'Jan'"),
                     2);
    postgres_run("UPDATE calls SET started_at = now() - interval '3651 days' WHERE started_at <"
                 " now() - interval '2999 days'; UPDATE upkeep SET due_at = now()");
    assert_int_equal(erase_all(privacy_erase_old), 1); /* for ever is ten years */
}

static void call_that_goes_on_is_left(void **state)
{
    (void)state;
    have_calls("Jan", "400");
    postgres_run("UPDATE calls SET status = 'in_progress', ended_at = NULL");
    assert_int_equal(erase_all(privacy_erase_old), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 1);
}

static void more_than_a_step_is_done_in_steps(void **state)
{
    (void)state;
    postgres_run(
        "INSERT INTO calls (tenant_id, id, carrier, call_sid, started_at, status, ended_at)"
        " SELECT id, gen_random_uuid(), 'twilio', gen_random_uuid()::text,"
        "  now() - interval '400 days', 'completed', now()"
        " FROM tenants, generate_series(1, 1200) WHERE name = 'Jan'");
    assert_int_equal(erase_all(privacy_erase_old), 1200);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM audit_log"), 3);
}

static int64_t rows_of(struct uuid tenant)
{
    char id[UUID_TEXT_BYTES];
    postgres_run("CREATE OR REPLACE FUNCTION rows_of(whose uuid) RETURNS bigint LANGUAGE plpgsql AS"
                 " $f$ DECLARE kept regclass; n bigint; rows bigint := 0; BEGIN"
                 " FOR kept IN SELECT c.oid FROM pg_class c JOIN pg_attribute a ON"
                 "  a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped"
                 "  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' LOOP"
                 " EXECUTE format('SELECT count(*) FROM %s WHERE tenant_id = $1', kept) INTO n"
                 "  USING whose; rows := rows + n; END LOOP; RETURN rows; END $f$");
    uuid_print(tenant, id);
    char *sql = xprintf("SELECT rows_of('%s')", id);
    int64_t rows = postgres_count(sql);
    free(sql);
    return rows;
}

/* Of the tables found in the catalogue, those without a row of the tenant; "" when each has one. A
 * table and its partitions are one. */
static char *tables_without(struct uuid tenant)
{
    char id[UUID_TEXT_BYTES];
    uuid_print(tenant, id);
    char *sql = xprintf(
        "WITH tables AS MATERIALIZED (SELECT c.relname AS name FROM pg_class c"
        "  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'"
        "   AND NOT a.attisdropped"
        "  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
        "   AND NOT c.relispartition)"
        " SELECT coalesce(string_agg(name, ' ' ORDER BY name), '') FROM tables"
        " WHERE query_to_xml(format('SELECT 1 AS one FROM %%I WHERE tenant_id = %%L', name, '%s'),"
        "  true, true, '')::text NOT LIKE '%%<one>%%'",
        id);
    char *names = postgres_ask(sql);
    free(sql);
    return names;
}

/* However a tenant goes, by hand, too: nothing of it stays that is not found again. */
static void tables_of_a_tenant_go_with_it(void **state)
{
    (void)state;
    postgres_sample(jan);
    postgres_sample(eva);
    int64_t evas = rows_of(eva);
    postgres_run("DELETE FROM tenant_phone_numbers WHERE tenant_id ="
                 " (SELECT id FROM tenants WHERE name = 'Jan');" /* or it may not go */
                 "DELETE FROM tenants WHERE name = 'Jan'");
    assert_int_equal(rows_of(jan), 0);
    assert_int_equal(rows_of(eva), evas);
}

static void tenant_is_erased_from_every_table(void **state)
{
    (void)state;
    postgres_sample(jan);
    postgres_sample(eva);
    char *without = tables_without(jan);
    assert_string_equal(without, "");
    free(without);
    int64_t evas = rows_of(eva);
    postgres_run("UPDATE tenants SET status = 'cancelled' WHERE name = 'Jan'");
    assert_int_equal(erase_all(privacy_erase_tenant), 0); /* its days are not over */
    postgres_run("UPDATE tenants SET erase_after = now() WHERE name = 'Jan'");
    assert_int_equal(erase_all(privacy_erase_tenant), 1);
    assert_int_equal(rows_of(jan), 0);
    assert_int_equal(rows_of(eva), evas);
    assert_int_equal(postgres_count("SELECT count(*) FROM tenants"), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM number_pool WHERE state = 'quarantined'"
                                    " AND last_tenant_id IS NULL"),
                     1);
}

static void receipt_of_a_tenant_survives_it(void **state)
{
    (void)state;
    char id[UUID_TEXT_BYTES];
    uuid_print(jan, id);
    have_calls("Jan", "1, 2, 3");
    postgres_run(
        "INSERT INTO calls (tenant_id, id, carrier, call_sid, started_at, status, ended_at)"
        " SELECT id, gen_random_uuid(), 'twilio', gen_random_uuid()::text, now(),"
        "  'completed', now() FROM tenants, generate_series(1, 1200) WHERE name = 'Jan';"
        "UPDATE tenants SET status = 'cancelled' WHERE name = 'Jan';"
        "UPDATE tenants SET erase_after = now() WHERE name = 'Jan'");
    assert_int_equal(erase_all(privacy_erase_tenant), 1);
    char *sql = xprintf("SELECT counts ->> 'calls' || ' ' || (counts ->> 'call_turns') FROM"
                        " erasure_receipts WHERE subject = 'tenant' AND ended_at IS NOT NULL"
                        " AND owner_hash = sha256('%s'::text::bytea)",
                        id);
    char *counts = postgres_ask(sql);
    assert_string_equal(counts, "1203 6");
    assert_int_equal(postgres_count("SELECT count(*) FROM erasure_receipts"), 1);
    free(counts);
    free(sql);
}

static void keep_house(struct keeper_stats *stats_out)
{
    struct keeper *keeper = keeper_new(w->bench.loop, w->bench.app, w->rest);
    while (!keeper_stats(keeper)->rounds)
        loop_step(w->bench.loop, 100);
    *stats_out = *keeper_stats(keeper);
    keeper_free(&keeper);
}

static void call_that_was_thrown_away_is_erased_when_it_cannot_be_taken_back(void **state)
{
    (void)state;
    struct keeper_stats stats;
    have_calls("Jan", "40, 41, 42");
    postgres_run("INSERT INTO call_sids (call_sid, tenant_id, call_id)"
                 " SELECT call_sid, tenant_id, id FROM calls;"
                 "UPDATE calls SET deleted_at = now() - interval '29 days'"
                 " WHERE started_at > now() - interval '41 days';"
                 "UPDATE calls SET deleted_at = now() - interval '31 days'"
                 " WHERE started_at < now() - interval '42 days'");
    keep_house(&stats);
    assert_int_equal(stats.deleted, 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE deleted_at IS NOT NULL"), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_turns"), 4);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_screenings"), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_events"), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_sids"), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox"), 2);
}

static void have_recording(const char *last, int age)
{
    char *sql =
        xprintf("WITH c AS (INSERT INTO calls (tenant_id, id, carrier, call_sid, started_at,"
                "  status, ended_at) SELECT id, gen_random_uuid(), 'twilio',"
                "  gen_random_uuid()::text, now() - make_interval(days => %d), 'completed',"
                "  now() FROM tenants WHERE name = 'Jan' RETURNING *)"
                " INSERT INTO call_messages (tenant_id, call_id, tool_call_id, reason,"
                "  taken_at) SELECT tenant_id, id, '" RECORDING "%s', 'voicemail',"
                "  started_at FROM c",
                age, last);
    postgres_run(sql);
    free(sql);
}

static void recording_is_erased_at_the_carrier(void **state)
{
    (void)state;
    have_recording("1", 100); /* older than recordings are kept */
    have_recording("2", 1);
    have_recording("3", 1);
    postgres_run("DELETE FROM calls WHERE id = (SELECT call_id FROM call_messages"
                 " WHERE tool_call_id = '" RECORDING "3')");
    struct keeper_stats stats;
    keep_house(&stats);
    assert_int_equal(stats.recordings, 2);
    assert_int_equal(stats.recordings_kept, 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM carrier_erasures"), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_messages"), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_messages"
                                    " WHERE recording_erased_at IS NOT NULL"),
                     1);
}

struct erased {
    bool done;
    int err;
};

static void on_erased(int err, void *arg)
{
    *(struct erased *)arg = (struct erased){true, err};
}

static int erase(const char *sid)
{
    struct erased erased = {0};
    struct op *slot = NULL;
    twilio_recording_erase(w->rest, sid, on_erased, &erased, &slot);
    bench_wait(&w->bench, &erased.done);
    return erased.err;
}

static void recording_that_is_gone_is_erased(void **state)
{
    (void)state;
    assert_int_equal(erase(RECORDING "8"), 0);
    assert_int_equal(erase(RECORDING "8"), 0);
    assert_int_equal(erase("../Calls/CA1"), EINVAL);
}

static void erasure_that_fails_is_kept_for_later(void **state)
{
    (void)state;
    postgres_run("INSERT INTO carrier_erasures (recording_sid) VALUES ('" RECORDING "9')");
    struct ending ending = {0};
    privacy_end_recording(w->bench.app, RECORDING "9", "away", on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&w->bench, &ending), 0);
    assert_int_equal(
        postgres_count("SELECT count(*) FROM carrier_erasures WHERE last_error = 'away'"
                       " AND run_at > now()"),
        1);
}

static void leftovers_are_swept(void **state)
{
    (void)state;
    postgres_sample(jan);
    postgres_run("UPDATE exports SET expires_at = now();"
                 "UPDATE outbox SET status = 'done', ended_at = now() - interval '31 days';"
                 "UPDATE counted_calls SET started_at = now() - interval '401 days'");
    struct ending ending = {0};
    privacy_sweep(w->bench.app, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&w->bench, &ending), 0);
    assert_int_equal(postgres_count("SELECT (SELECT count(*) FROM exports) + (SELECT count(*) FROM"
                                    " outbox) + (SELECT count(*) FROM counted_calls) +"
                                    " (SELECT count(*) FROM export_chunks)"),
                     0);
}

#define TEST(name) cmocka_unit_test_setup(name, open_tenants)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(old_calls_go_with_all_that_belongs_to_them),
        TEST(words_go_before_what_the_call_was_about),
        TEST(each_tenant_keeps_as_long_as_it_wants),
        TEST(call_that_goes_on_is_left),
        TEST(more_than_a_step_is_done_in_steps),
        TEST(tenant_is_erased_from_every_table),
        TEST(receipt_of_a_tenant_survives_it),
        TEST(call_that_was_thrown_away_is_erased_when_it_cannot_be_taken_back),
        TEST(tables_of_a_tenant_go_with_it),
        TEST(recording_is_erased_at_the_carrier),
        TEST(recording_that_is_gone_is_erased),
        TEST(erasure_that_fails_is_kept_for_later),
        TEST(leftovers_are_swept),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
