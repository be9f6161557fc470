/* test/test_api_operator.c: what operators of the installation see and do, and that nobody else
 * does. */
#include "base/mem.h"
#include "test/api.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct person boss, owner; /* an operator; the owner of a tenant */
static char tenant[UUID_TEXT_BYTES], path[100];

static int open_tenants(void **state)
{
    static unsigned count;
    char phones[2][17];
    (void)state;
    postgres_run(
        "DELETE FROM tenant_phone_numbers; DELETE FROM number_pool; DELETE FROM operator_log;"
        "DELETE FROM tenants");
    for (size_t i = 0; i < countof(phones); i++)
        snprintf(phones[i], sizeof(phones[i]), "+4206013%05u", ++count % 100000);
    boss = api_person(api_tenant("The operator"), ROLE_MEMBER, phones[0]);
    api_make_operator(&boss);
    struct uuid id = api_tenant("Žižka a syn");
    owner = api_person(id, ROLE_OWNER, phones[1]);
    uuid_print(id, tenant);
    snprintf(path, sizeof(path), "/api/operator/tenants/%s", tenant);
    return 0;
}

static void nobody_but_an_operator_gets_in(void **state)
{
    (void)state;
    static const char *const reads[] = {"overview",   "tenants", "plans",
                                        "live-calls", "jobs",    "log"};
    for (size_t i = 0; i < countof(reads); i++) {
        assert_int_equal(api_ask(&boss, HTTP_GET, NULL, "/api/operator/%s", reads[i]), 200);
        api_ask(&owner, HTTP_GET, NULL, "/api/operator/%s", reads[i]);
        api_expect_problem(403, "forbidden");
        api_ask(NULL, HTTP_GET, NULL, "/api/operator/%s", reads[i]);
        assert_int_equal(api_world.status, 401);
    }
    api_ask(&owner, HTTP_PATCH, "{\"plan\":\"pro\"}", "%s", path);
    api_expect_problem(403, "forbidden");
    assert_int_equal(api_ask(&boss, HTTP_GET, NULL, "/api/tenants/%s", tenant), 404);
}

static void tenants_are_found_by_name_owner_and_number(void **state)
{
    (void)state;
    postgres_run("INSERT INTO number_pool (number, state) VALUES ('+420228883001', 'assigned');"
                 "INSERT INTO tenant_phone_numbers (tenant_id, twilio_number)"
                 " SELECT id, '+420228883001' FROM tenants WHERE name LIKE 'Ž%'");
    const char *const finds[] = {"zizka", "%C5%BDI%C5%BDKA", "Novak", owner.phone + 1, "228883001"};
    for (size_t i = 0; i < countof(finds); i++) {
        assert_int_equal(
            api_ask(&boss, HTTP_GET, NULL, "/api/operator/tenants?search=%s", finds[i]), 200);
        if (!api_has("items.0"))
            fail_msg("%s finds nobody", finds[i]);
        assert_string_equal(api_value("items.0.id"), tenant);
    }
    assert_string_equal(api_value("items.0.owners.0.phone"), owner.phone);
    assert_string_equal(api_value("items.0.numbers"), "[\"+420228883001\"]");
    assert_string_equal(api_value("items.0.limit"), "50");
    api_ask(&boss, HTTP_GET, NULL, "/api/operator/tenants?search=nobody");
    assert_false(api_has("items.0"));
    api_ask(&boss, HTTP_GET, NULL, "/api/operator/tenants?plan=pro");
    assert_false(api_has("items.0"));
    api_ask(&boss, HTTP_GET, NULL, "/api/operator/tenants?status=active&limit=1");
    assert_true(api_has("items.0"));
    char *cursor = xstrdup(api_value("next_cursor"));
    char *first = xstrdup(api_value("items.0.id"));
    api_ask(&boss, HTTP_GET, NULL, "/api/operator/tenants?limit=1&cursor=%s", cursor);
    assert_string_not_equal(api_value("items.0.id"), first);
    assert_string_equal(api_value("next_cursor"), "null");
    free(first);
    free(cursor);
}

static void plan_limits_and_notes_are_set(void **state)
{
    (void)state;
    assert_int_equal(api_ask(&boss, HTTP_PATCH,
                             "{\"plan\":\"basic\",\"limit_calls\":7,\"notes\":\"pays late\","
                             "\"unpaid_since\":\"2026-11-01T00:00:00Z\"}",
                             "%s", path),
                     200);
    assert_string_equal(api_value("plan"), "basic");
    assert_string_equal(api_value("limit"), "7");
    assert_string_equal(api_value("notes"), "pays late");
    assert_string_equal(api_value("unpaid_since"), "2026-11-01T00:00:00.000Z");
    assert_int_equal(
        api_ask(&boss, HTTP_PATCH, "{\"notes\":null,\"limit_calls\":null}", "%s", path), 200);
    assert_string_equal(api_value("notes"), "null");
    assert_string_equal(api_value("limit"), "200");
    /* the tenant sees what was changed, but not the notes */
    assert_int_equal(api_ask(&owner, HTTP_GET, NULL, "/api/tenants/%s/audit", tenant), 200);
    assert_string_equal(api_value("items.1.change.plan"), "[\"trial\",\"basic\"]");
    assert_null(strstr(buf_text(&api_world.body), "notes"));
    assert_non_null(strstr(api_value("items.1.actor"), "operator:"));
    api_ask(&owner, HTTP_GET, NULL, "/api/tenants/%s", tenant);
    assert_null(strstr(buf_text(&api_world.body), "pays late"));
    assert_string_equal(api_value("plan"), "basic");
}

static void change_wants_its_version(void **state)
{
    (void)state;
    static const char *const old[] = {"Content-Type: application/json", "If-Match: \"1\"", NULL};
    assert_int_equal(api_ask_with(&boss, HTTP_PATCH, old, str_of("{\"plan\":\"pro\"}"), path), 200);
    api_ask_with(&boss, HTTP_PATCH, old, str_of("{\"plan\":\"basic\",\"notes\":\"x\"}"), path);
    api_expect_problem(412, "version_mismatch");
    assert_int_equal(postgres_count("SELECT count(*) FROM tenant_notes"), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM operator_log"), 1);
    api_ask(&boss, HTTP_PATCH, "{\"plan\":\"pro\"}",
            "/api/operator/tenants/0190a4c8-7f0e-7c3b-9d7e-2b1f0c8a4e11");
    api_expect_problem(404, "not_found");
    static const char *const bad[][2] = {
        {"{\"plan\":\"gold\"}", "/plan"},
        {"{\"limit_calls\":0}", "/limit_calls"},
        {"{\"name\":\"X\"}", "/name"},
        {"{\"trial_ends_at\":\"tomorrow\"}", "/trial_ends_at"},
    };
    for (size_t i = 0; i < countof(bad); i++) {
        api_ask(&boss, HTTP_PATCH, bad[i][0], "%s", path);
        api_expect_problem(422, "invalid");
        api_expect_field(bad[i][1]);
    }
}

static void suspended_tenant_is_told_why_and_goes_on_later(void **state)
{
    (void)state;
    api_ask(&boss, HTTP_POST, "{\"reason\":null}", "%s/resume", path);
    api_expect_problem(409, "wrong_status");
    assert_int_equal(api_ask(&boss, HTTP_POST, "{\"reason\":\"unpaid\"}", "%s/suspend", path), 200);
    assert_string_equal(api_value("status"), "suspended");
    api_ask(&boss, HTTP_POST, "{\"reason\":\"unpaid\"}", "%s/suspend", path);
    api_expect_problem(409, "wrong_status");
    api_ask(&owner, HTTP_GET, NULL, "/api/tenants/%s", tenant);
    assert_string_equal(api_value("suspended_reason"), "unpaid");
    assert_string_equal(api_value("service.mode"), "message");
    assert_int_equal(api_ask(&boss, HTTP_POST, "{\"reason\":\"paid\"}", "%s/resume", path), 200);
    assert_string_equal(api_value("suspended_reason"), "null");
    api_ask(&boss, HTTP_GET, NULL, "/api/operator/log?about=%s", tenant);
    assert_string_equal(api_value("items.0.action"), "tenant.resume");
    assert_string_equal(api_value("items.0.subject"), "paid");
    assert_string_equal(api_value("items.1.action"), "tenant.suspend");
    assert_string_equal(api_value("items.1.change.status"), "[\"active\",\"suspended\"]");
}

static void plan_changes_for_all_who_are_on_it(void **state)
{
    (void)state;
    assert_int_equal(
        api_ask(&boss, HTTP_PATCH, "{\"calls_per_month\":77}", "/api/operator/plans/trial"), 200);
    assert_string_equal(api_value("calls_per_month"), "77");
    assert_string_equal(api_value("tenants"), "2");
    api_ask(&owner, HTTP_GET, NULL, "/api/tenants/%s", tenant);
    assert_string_equal(api_value("service.limit"), "77");
    assert_int_equal(
        api_ask(&boss, HTTP_PATCH, "{\"calls_per_month\":null}", "/api/operator/plans/trial"), 200);
    api_ask(&owner, HTTP_GET, NULL, "/api/tenants/%s", tenant);
    assert_string_equal(api_value("service.limit"), "null");
    assert_int_equal(
        api_ask(&boss, HTTP_PATCH, "{\"calls_per_month\":50}", "/api/operator/plans/trial"), 200);
    api_ask(&boss, HTTP_GET, NULL, "/api/operator/plans");
    assert_string_equal(api_value("items.0.code"), "trial");
    assert_string_equal(api_value("items.2.code"), "pro");
    api_ask(&boss, HTTP_PATCH, "{\"members\":5}", "/api/operator/plans/gold");
    assert_int_equal(api_world.status, 400);
    static const char *const old[] = {"Content-Type: application/json", "If-Match: \"1\"", NULL};
    api_ask_with(&boss, HTTP_PATCH, old, str_of("{\"members\":5}"), "/api/operator/plans/trial");
    api_expect_problem(412, "version_mismatch");
    api_ask(&boss, HTTP_GET, NULL, "/api/operator/log");
    assert_string_equal(api_value("items.0.action"), "plan.set");
    assert_string_equal(api_value("items.0.change.calls_per_month"), "[null,50]");
}

static void live_calls_show_ids_and_no_numbers(void **state)
{
    (void)state;
    postgres_run("INSERT INTO calls (tenant_id, id, carrier, call_sid, from_number, started_at)"
                 " SELECT id, gen_random_uuid(), 'twilio', 'CA1', '+420602000111',"
                 "  now() - interval '10 s' FROM tenants WHERE name LIKE 'Ž%'");
    assert_int_equal(api_ask(&boss, HTTP_GET, NULL, "/api/operator/live-calls"), 200);
    assert_string_equal(api_value("live"), "1");
    assert_string_equal(api_value("capacity"), "100");
    assert_string_equal(api_value("items.0.tenant_id"), tenant);
    assert_in_range(atoi(api_value("items.0.seconds")), 10, 60);
    assert_null(strstr(buf_text(&api_world.body), "602000111"));
    api_ask(&boss, HTTP_GET, NULL, "/api/operator/overview");
    assert_string_equal(api_value("calls.live"), "1");
    assert_string_equal(api_value("tenants.on_trial"), "2");
}

static void dead_job_gets_its_tries_once_more(void **state)
{
    (void)state;
    postgres_run(
        "INSERT INTO outbox (tenant_id, kind, key, payload, status, attempts, last_error,"
        " ended_at) SELECT id, 'screening', 'k', '{\"secret\":1}', 'dead', 12, 'no answer',"
        " now() FROM tenants WHERE name LIKE 'Ž%'");
    assert_int_equal(api_ask(&boss, HTTP_GET, NULL, "/api/operator/jobs?status=dead"), 200);
    assert_string_equal(api_value("items.0.last_error"), "no answer");
    assert_null(strstr(buf_text(&api_world.body), "secret"));
    char *job = xstrdup(api_value("items.0.id"));
    assert_int_equal(api_ask(&boss, HTTP_POST, NULL, "/api/operator/jobs/%s/retry", job), 200);
    assert_string_equal(api_value("status"), "pending");
    assert_string_equal(api_value("attempts"), "0");
    api_ask(&boss, HTTP_POST, NULL, "/api/operator/jobs/%s/retry", job);
    api_expect_problem(409, "not_dead");
    api_ask(&boss, HTTP_POST, NULL, "/api/operator/jobs/%s/retry", tenant);
    api_expect_problem(404, "not_found");
    api_ask(&boss, HTTP_GET, NULL, "/api/operator/jobs?status=dead");
    assert_false(api_has("items.0"));
    api_ask(&boss, HTTP_GET, NULL, "/api/operator/jobs?kind=screening");
    assert_true(api_has("items.0"));
    api_ask(&boss, HTTP_GET, NULL, "/api/operator/log");
    assert_string_equal(api_value("items.0.action"), "job.retry");
    free(job);
}

#define TEST(name) cmocka_unit_test_setup(name, open_tenants)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_but_an_operator_gets_in),
        TEST(tenants_are_found_by_name_owner_and_number),
        TEST(plan_limits_and_notes_are_set),
        TEST(change_wants_its_version),
        TEST(suspended_tenant_is_told_why_and_goes_on_later),
        TEST(plan_changes_for_all_who_are_on_it),
        TEST(live_calls_show_ids_and_no_numbers),
        TEST(dead_job_gets_its_tries_once_more),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
