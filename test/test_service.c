/* test/test_service.c: what a tenant is entitled to: use counted by its months, the plan's limits,
 * and the one decision for every state, as the carrier's door and the API see it. */
#include "store/service.h"

#include "store/numbers.h"
#include "test/postgres.h"
#include "test/test.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER "+420228883001"

static struct bench bench;
static struct uuid jan;

static int open_bench(void **state)
{
    (void)state;
    bench_open(&bench);
    postgres_run("DELETE FROM tenant_phone_numbers; DELETE FROM number_pool; DELETE FROM tenants");
    jan = postgres_tenant("Jan");
    postgres_run("INSERT INTO number_pool (number, state) VALUES ('" NUMBER "', 'assigned');"
                 "INSERT INTO tenant_phone_numbers (tenant_id, twilio_number)"
                 " SELECT id, '" NUMBER "' FROM tenants");
    return 0;
}

static int close_bench(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

/* A call of Jan's that ended; label NULL: it was not judged. */
static void have_call(const char *started_at, const char *status, const char *service, int seconds,
                      const char *label)
{
    char *sql = xprintf(
        "WITH call AS (INSERT INTO calls (tenant_id, id, carrier, call_sid, started_at, service)"
        "  SELECT id, gen_random_uuid(), 'twilio', gen_random_uuid()::text, %s, '%s' FROM tenants"
        "  RETURNING *)"
        " SELECT id FROM call",
        started_at, service);
    char *id = postgres_ask(sql);
    free(sql);
    sql = xprintf("UPDATE calls SET status = '%s', ended_at = started_at + interval '%d s',"
                  " duration_seconds = %d WHERE id = '%s'",
                  status, seconds, seconds, id);
    postgres_run(sql);
    free(sql);
    if (label) {
        sql = xprintf("INSERT INTO call_screenings (tenant_id, call_id, legitimacy, lead, urgency,"
                      " needs_follow_up, confidence, model) SELECT tenant_id, id, '%s', 'none',"
                      " 'low', false, 1, 'm' FROM calls WHERE id = '%s'",
                      label, id);
        postgres_run(sql);
        free(sql);
    }
    free(id);
}

struct found {
    bool done;
    const struct route_candidate *candidate;
};

static void on_routes(int err, const struct routes *routes, void *arg)
{
    assert_int_equal(err, 0);
    *(struct found *)arg = (struct found){true, routes->by_number};
}

static const struct route_candidate *at_the_door(void)
{
    struct found found = {0};
    const struct route_query query = {.to = NUMBER};
    numbers_route(bench.app, &query, &bench.arena, on_routes, &found, NULL);
    bench_wait(&bench, &found.done);
    assert_non_null(found.candidate);
    return found.candidate;
}

static int64_t used(void)
{
    return at_the_door()->usage.calls;
}

struct shown {
    bool done;
    int err;
    cJSON *json;
};

static void on_json(int err, struct str json, void *arg)
{
    struct shown *shown = arg;
    *shown = (struct shown){true, err, err ? NULL : cJSON_ParseWithLength(json.at, json.bytes)};
    if (!err)
        assert_non_null(shown->json);
}

static cJSON *show(void)
{
    struct shown shown = {0};
    tenants_show(bench.app, jan, 20, on_json, &shown, NULL);
    bench_wait(&bench, &shown.done);
    assert_int_equal(shown.err, 0);
    return shown.json;
}

static const char *text_at(const cJSON *json, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    if (!item)
        fail_msg("there is no %s", name);
    return cJSON_IsString(item) ? item->valuestring : "null";
}

static void spam_robots_and_hang_ups_are_free(void **state)
{
    (void)state;
    have_call("now()", "completed", "full", 10, "legitimate");
    have_call("now()", "completed", "full", 60, NULL); /* until it is judged */
    have_call("now()", "completed", "full", 60, "marketing");
    assert_int_equal(used(), 3);
    have_call("now()", "completed", "full", 9, "legitimate");
    have_call("now()", "completed", "full", 60, "spam");
    have_call("now()", "completed", "full", 60, "fraud");
    have_call("now()", "failed", "full", 60, NULL);
    have_call("now()", "completed", "message", 60, NULL);
    have_call("now()", "completed", "voicemail", 60, NULL);
    assert_int_equal(used(), 3);
}

static void deleted_call_still_counts(void **state)
{
    (void)state;
    have_call("now()", "completed", "full", 60, "legitimate");
    postgres_run("DELETE FROM calls");
    assert_int_equal(used(), 1);
}

static void call_screened_again_counts_by_its_new_label(void **state)
{
    (void)state;
    have_call("now()", "completed", "full", 60, "spam");
    assert_int_equal(used(), 0);
    postgres_run("UPDATE call_screenings SET legitimacy = 'legitimate'");
    assert_int_equal(used(), 1);
    postgres_run("UPDATE call_screenings SET legitimacy = 'fraud'");
    assert_int_equal(used(), 0);
}

static void call_that_runs_does_not_count_yet(void **state)
{
    (void)state;
    postgres_run("INSERT INTO calls (tenant_id, id, carrier, call_sid, started_at)"
                 " SELECT id, gen_random_uuid(), 'twilio', 'CA1', now() FROM tenants");
    assert_int_equal(used(), 0);
    assert_int_equal(at_the_door()->live_calls, 1);
}

static void month_is_the_calendars_where_the_tenant_is(void **state)
{
    (void)state;
    postgres_run("UPDATE tenants SET timezone = 'Pacific/Auckland'");
    have_call("date_trunc('month', now() AT TIME ZONE 'Pacific/Auckland') AT TIME ZONE"
              " 'Pacific/Auckland'",
              "completed", "full", 60, NULL);
    have_call("date_trunc('month', now() AT TIME ZONE 'Pacific/Auckland') AT TIME ZONE"
              " 'Pacific/Auckland' - interval '1 ms'",
              "completed", "full", 60, NULL);
    assert_int_equal(used(), 1);
}

/* Each row: where, anchor, moment: the month it is in. */
static void month_of_use_is_right_at_its_edges(void **state)
{
    (void)state;
    static const char *const rows[][5] = {
        {"Europe/Prague", "NULL", "2026-03-31 21:59:59+00", "2026-02-28 23:00:00+00",
         "2026-03-31 22:00:00+00"},
        {"Europe/Prague", "NULL", "2026-03-31 22:00:00+00", "2026-03-31 22:00:00+00",
         "2026-04-30 22:00:00+00"},
        {"UTC", "'2026-01-15 10:00+00'", "2026-03-15 09:59:59+00", "2026-02-15 10:00:00+00",
         "2026-03-15 10:00:00+00"},
        {"UTC", "'2026-01-15 10:00+00'", "2026-03-15 10:00:00+00", "2026-03-15 10:00:00+00",
         "2026-04-15 10:00:00+00"},
        /* a year paid at once still has twelve months; a month too short ends on its last day */
        {"UTC", "'2025-01-31 00:00+00'", "2026-02-28 12:00:00+00", "2026-02-28 00:00:00+00",
         "2026-03-31 00:00:00+00"},
        {"UTC", "'2025-01-31 00:00+00'", "2026-02-27 12:00:00+00", "2026-01-31 00:00:00+00",
         "2026-02-28 00:00:00+00"},
        /* bought in advance: the month before is counted, too */
        {"UTC", "'2026-05-10 00:00+00'", "2026-05-01 00:00:00+00", "2026-04-10 00:00:00+00",
         "2026-05-10 00:00:00+00"},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        char *sql = xprintf("SELECT (starts_at = '%s' AND ends_at = '%s')::int FROM"
                            " usage_month('%s', %s, '%s')",
                            rows[i][3], rows[i][4], rows[i][0], rows[i][1], rows[i][2]);
        if (postgres_count(sql) != 1)
            fail_msg("%s from %s: not %s to %s", rows[i][2], rows[i][1], rows[i][3], rows[i][4]);
        free(sql);
    }
}

static void anchor_counts_from_its_day(void **state)
{
    (void)state;
    postgres_run("UPDATE tenants SET usage_anchor = now() - interval '1 hour'");
    have_call("now() - interval '2 hours'", "completed", "full", 60, NULL);
    have_call("now() - interval '30 minutes'", "completed", "full", 60, NULL);
    assert_int_equal(used(), 1);
}

/* The door and the API are told the same. */
static void expect_service(const char *change, const char *mode, const char *reason)
{
    char *sql = xprintf("UPDATE tenants SET status = 'active', plan = 'trial',"
                        " trial_ends_at = now() + interval '1 day', unpaid_since = NULL,"
                        " limit_calls = NULL; UPDATE tenants SET %s",
                        change);
    postgres_run(sql);
    free(sql);
    const struct route_candidate *candidate = at_the_door();
    struct entitlement entitled =
        tenant_entitlement(&candidate->tenant, &candidate->usage, candidate->live_calls, 20);
    if (strcmp(service_name(entitled.service), mode) != 0 ||
        strcmp(entitlement_reason_name(entitled.reason), reason) != 0)
        fail_msg("%s: %s, %s", change, service_name(entitled.service),
                 entitlement_reason_name(entitled.reason));
    cJSON *json = show();
    const cJSON *service = cJSON_GetObjectItemCaseSensitive(json, "service");
    assert_string_equal(text_at(service, "mode"), mode);
    assert_string_equal(text_at(service, "reason"), reason);
    cJSON_Delete(json);
}

static void every_state_of_a_tenant_has_its_service(void **state)
{
    (void)state;
    have_call("now()", "completed", "full", 60, NULL);
    expect_service("plan = 'basic'", "full", "active");
    expect_service("plan = 'trial'", "full", "trial");
    expect_service("trial_ends_at = NULL", "full", "trial");
    expect_service("trial_ends_at = now()", "message", "trial_over");
    expect_service("plan = 'pro', trial_ends_at = now()", "full", "active");
    expect_service("plan = 'basic', unpaid_since = now()", "full", "grace");
    expect_service("plan = 'basic', unpaid_since = now() - interval '15 days'", "message",
                   "unpaid");
    expect_service("plan = 'basic', limit_calls = 1", "message", "over_limit");
    expect_service("plan = 'basic', limit_calls = 2", "full", "active");
    expect_service("status = 'suspended'", "message", "suspended");
    expect_service("status = 'cancelled'", "refuse", "cancelled");
    postgres_run("INSERT INTO calls (tenant_id, id, carrier, call_sid, started_at)"
                 " SELECT t.id, gen_random_uuid(), 'twilio', 'CA' || n, now()"
                 " FROM tenants t, generate_series(1, 20) n");
    expect_service("plan = 'basic'", "voicemail", "crowded");
}

static void plan_has_limits_that_a_tenants_own_replace(void **state)
{
    (void)state;
    postgres_run("UPDATE tenants SET plan = 'basic'");
    assert_int_equal(at_the_door()->usage.calls_max, 200);
    assert_int_equal(at_the_door()->tenant.plan_call_seconds_max, 600);
    postgres_run("UPDATE tenants SET limit_calls = 7, limit_members = 9");
    assert_int_equal(at_the_door()->usage.calls_max, 7);
    cJSON *json = show();
    const cJSON *service = cJSON_GetObjectItemCaseSensitive(json, "service");
    assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(service, "members_max")), 9);
    assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(service, "numbers_max")), 1);
    assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(service, "limit")), 7);
    cJSON_Delete(json);
    postgres_run("UPDATE plans SET calls_per_month = NULL WHERE code = 'pro';"
                 "UPDATE tenants SET plan = 'pro', limit_calls = NULL");
    assert_int_equal(at_the_door()->usage.calls_max, 0); /* none */
    postgres_run("UPDATE plans SET calls_per_month = 1000 WHERE code = 'pro'");
}

static void trial_of_a_new_tenant_lasts_two_weeks(void **state)
{
    (void)state;
    int64_t left_ms = at_the_door()->tenant.trial_ends_ms - wall_now_ms();
    assert_in_range(left_ms, 14 * 86400000LL - 600000, 14 * 86400000LL + 60000);
}

static struct shown change(int64_t version, const char *name, const char *value)
{
    struct shown shown = {0};
    const struct tenant_setting setting = {str_of(name), str_of(value)};
    const struct tenant_change change = {&setting, 1, version, "user:1"};
    tenants_change(bench.app, jan, &change, 20, on_json, &shown, NULL);
    bench_wait(&bench, &shown.done);
    return shown;
}

static void change_wants_the_version_that_was_seen(void **state)
{
    (void)state;
    struct shown shown = change(1, "name", "Eva");
    assert_int_equal(shown.err, 0);
    assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(shown.json, "version")), 2);
    assert_string_equal(text_at(shown.json, "name"), "Eva");
    cJSON_Delete(shown.json);
    assert_int_equal(change(1, "name", "Petr").err, ESTALE);
    assert_int_equal(postgres_count("SELECT count(*) FROM audit_log"), 1); /* nothing was done */
    assert_int_equal(change(-1, "timezone", "Europe/Atlantis").err, EINVAL);
    shown = change(-1, "owner_name", "Petr");
    assert_string_equal(text_at(shown.json, "name"), "Eva");
    cJSON_Delete(shown.json);
    assert_int_equal(change(3, "plan", "pro").err, EACCES);
}

typedef void turn_fn(struct db *db, struct uuid tenant, const char *actor, int64_t live_calls_max,
                     db_json_fn *on_json, void *arg, struct op **slot);

static int turn(turn_fn *fn, const char *status)
{
    struct shown shown = {0};
    fn(bench.app, jan, "user:1", 20, on_json, &shown, NULL);
    bench_wait(&bench, &shown.done);
    if (!shown.err)
        assert_string_equal(text_at(shown.json, "status"), status);
    cJSON_Delete(shown.json);
    return shown.err;
}

static void closed_tenant_can_be_taken_back_for_thirty_days(void **state)
{
    (void)state;
    assert_int_equal(turn(tenants_restore, ""), EBUSY);
    assert_int_equal(turn(tenants_close, "cancelled"), 0);
    assert_int_equal(turn(tenants_close, ""), EBUSY);
    assert_int_equal(
        postgres_count("SELECT extract(day FROM erase_after - closed_at) FROM tenants"), 30);
    assert_int_equal(turn(tenants_restore, "active"), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM tenants WHERE closed_at IS NULL AND"
                                    " erase_after IS NULL"),
                     1);
    assert_int_equal(turn(tenants_close, "cancelled"), 0);
    postgres_run("UPDATE tenants SET erase_after = now()");
    assert_int_equal(turn(tenants_restore, ""), EBUSY);
    char *logged = postgres_ask("SELECT string_agg(action, ' ' ORDER BY at) FROM audit_log");
    assert_string_equal(logged, "tenant.close tenant.restore tenant.close");
    free(logged);
}

static void suspension_outlives_closing_and_taking_back(void **state)
{
    (void)state;
    postgres_run("UPDATE tenants SET status = 'suspended', suspended_reason = 'unpaid'");
    assert_int_equal(turn(tenants_close, "cancelled"), 0);
    assert_int_equal(turn(tenants_restore, "suspended"), 0);
    postgres_run("UPDATE tenants SET status = 'active'");
    assert_int_equal(postgres_count("SELECT count(*) FROM tenants WHERE suspended_at IS NULL AND"
                                    " suspended_reason IS NULL"),
                     1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(spam_robots_and_hang_ups_are_free),
        TEST(deleted_call_still_counts),
        TEST(call_screened_again_counts_by_its_new_label),
        TEST(call_that_runs_does_not_count_yet),
        TEST(month_is_the_calendars_where_the_tenant_is),
        TEST(month_of_use_is_right_at_its_edges),
        TEST(anchor_counts_from_its_day),
        TEST(every_state_of_a_tenant_has_its_service),
        TEST(plan_has_limits_that_a_tenants_own_replace),
        TEST(trial_of_a_new_tenant_lasts_two_weeks),
        TEST(change_wants_the_version_that_was_seen),
        TEST(closed_tenant_can_be_taken_back_for_thirty_days),
        TEST(suspension_outlives_closing_and_taking_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
