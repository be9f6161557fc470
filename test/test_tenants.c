/* test/test_tenants.c: settings of a tenant: checked, changed together, logged. */
#include "store/tenants.h"

#include "test/postgres.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bench bench;
static struct ending ending;

static int open_bench(void **state)
{
    (void)state;
    bench_open(&bench);
    postgres_run("DELETE FROM tenants");
    return 0;
}

static int close_bench(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

struct got {
    bool done;
    int err;
    struct tenant tenant;
};

static void on_tenant(int err, const struct tenant *tenant, void *arg)
{
    struct got *got = arg;
    got->done = true;
    got->err = err;
    if (!err)
        got->tenant = *tenant;
}

static struct got get(struct uuid id)
{
    struct got got = {0};
    tenants_get(bench.app, id, &bench.arena, on_tenant, &got, NULL);
    bench_wait(&bench, &got.done);
    return got;
}

static int set(struct db *db, struct uuid id, const char *name, const char *value)
{
    const struct tenant_setting setting = {str_of(name), str_of(value)};
    tenants_set(db, id, &setting, 1, "user:1", on_ending, &ending, NULL);
    assert_false(ending.done);
    return bench_ending(&bench, &ending);
}

static void new_tenant_has_sensible_settings(void **state)
{
    (void)state;
    struct uuid id = uuid_new(wall_now_ms());
    const struct tenant_setting settings[] = {{str_of("name"), str_of("Dvořák")},
                                              {str_of("owner_name"), str_of("Jan")},
                                              {str_of("language"), str_of("sk")},
                                              {str_of("plan"), str_of("basic")}};
    tenants_add(bench.owner, id, settings, countof(settings), "test", on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    struct got got = get(id);
    assert_int_equal(got.err, 0);
    assert_true(uuid_equal(got.tenant.id, id));
    assert_string_equal(got.tenant.name, "Dvořák");
    assert_string_equal(got.tenant.language, "sk");
    assert_string_equal(got.tenant.timezone, "Europe/Prague");
    assert_int_equal(got.tenant.plan, PLAN_BASIC);
    assert_int_equal(got.tenant.status, TENANT_ACTIVE);
    assert_int_equal(got.tenant.call_seconds_max, 180);
    assert_int_equal(got.tenant.vip_count, 0);
    assert_null(got.tenant.greeting_text);
    assert_in_range(got.tenant.created_at_ms, wall_now_ms() - 60000, wall_now_ms() + 60000);
    tenants_add(bench.owner, id, settings, countof(settings), "test", on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), EEXIST);
    tenants_add(bench.owner, uuid_new(1), settings, 1, "test", on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), EINVAL); /* no owner */
}

static void settings_change_together_or_not_at_all(void **state)
{
    (void)state;
    struct uuid id = postgres_tenant("Jan");
    struct tenant_setting settings[] = {{str_of("greeting_text"), str_of("Ahoj \"ty\" \\ & <b>")},
                                        {str_of("vip_names"), str_of(" Máma \n\nTáta, \"a\"\n")},
                                        {str_of("call_seconds_max"), str_of("300")}};
    tenants_set(bench.app, id, settings, 3, "user:1", on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    struct tenant tenant = get(id).tenant;
    assert_string_equal(tenant.greeting_text, "Ahoj \"ty\" \\ & <b>");
    assert_int_equal(tenant.vip_count, 2);
    assert_string_equal(tenant.vip_names[0], "Máma");
    assert_string_equal(tenant.vip_names[1], "Táta, \"a\"");
    assert_int_equal(tenant.call_seconds_max, 300);
    assert_string_equal(tenant.name, "Jan"); /* what was not named stays */
    settings[0].value = str_of("Nazdar");
    settings[2].value = str_of("5");
    tenants_set(bench.app, id, settings, 3, "user:1", on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), EINVAL);
    assert_string_equal(get(id).tenant.greeting_text, "Ahoj \"ty\" \\ & <b>");
}

static void setting_can_be_cleared(void **state)
{
    (void)state;
    struct uuid id = postgres_tenant("Jan");
    assert_int_equal(set(bench.app, id, "forward_number", "+420601123456"), 0);
    assert_string_equal(get(id).tenant.forward_number, "+420601123456");
    assert_int_equal(set(bench.app, id, "forward_number", ""), 0);
    assert_null(get(id).tenant.forward_number);
    assert_int_equal(set(bench.app, id, "vip_names", "A"), 0);
    assert_int_equal(set(bench.app, id, "vip_names", ""), 0);
    assert_int_equal(get(id).tenant.vip_count, 0);
    assert_int_equal(set(bench.app, id, "name", ""), EINVAL);
}

static void every_wrong_value_is_refused(void **state)
{
    (void)state;
    struct uuid id = postgres_tenant("Jan");
    static const char *const wrong[][2] = {
        {"language", "xx"},
        {"language", "CS"},
        {"voice_id", "../../v1/user"},
        {"voice_id", "a b"},
        {"forward_number", "601123456"},
        {"forward_number", "+420 601 123 456"},
        {"marketing_email", "nobody"},
        {"marketing_email", "@x"},
        {"timezone", "Europe/Atlantis"},
        {"timezone", "UTC+3"},
        {"timezone", "'; DROP TABLE tenants; --"},
        {"call_seconds_max", "29"},
        {"call_seconds_max", "1801"},
        {"call_seconds_max", "-60"},
        {"call_seconds_max", "60s"},
        {"call_seconds_max", "99999999999999999999"},
        {"formality", "Formal"},
        {"retention_calls_days", "0"},
        {"retention_transcripts_days", "3651"},
        {"retention_recordings_days", "-1"},
        {"retention_audit_days", "29"},
        {"name", "\xff\xfe"},
        {"created_at", "now()"},
        {"id", "0"},
    };
    for (size_t i = 0; i < countof(wrong); i++)
        if (set(bench.app, id, wrong[i][0], wrong[i][1]) != EINVAL)
            fail_msg("%s=%s was taken", wrong[i][0], wrong[i][1]);
    assert_int_equal(postgres_count("SELECT count(*) FROM audit_log"), 0);
}

static void prompt_has_a_bound(void **state)
{
    (void)state;
    struct uuid id = postgres_tenant("Jan");
    char *prompt = xalloc(TENANT_PROMPT_BYTES_MAX + 2);
    memset(prompt, 'x', TENANT_PROMPT_BYTES_MAX + 1);
    assert_int_equal(set(bench.app, id, "system_prompt", prompt), EINVAL);
    prompt[TENANT_PROMPT_BYTES_MAX] = 0;
    assert_int_equal(set(bench.app, id, "system_prompt", prompt), 0);
    free(prompt);
}

static void plan_and_status_are_the_operators(void **state)
{
    (void)state;
    struct uuid id = postgres_tenant("Jan");
    assert_int_equal(set(bench.app, id, "plan", "pro"), EACCES);
    assert_int_equal(set(bench.app, id, "status", "active"), EACCES);
    assert_int_equal(get(id).tenant.plan, PLAN_TRIAL);
    assert_int_equal(set(bench.owner, id, "plan", "pro"), 0);
    assert_int_equal(set(bench.owner, id, "status", "suspended"), 0);
    assert_int_equal(get(id).tenant.plan, PLAN_PRO);
    assert_int_equal(get(id).tenant.status, TENANT_SUSPENDED);
    assert_int_equal(set(bench.owner, id, "plan", "gold"), EINVAL);
    static const char *const others[][2] = {
        {"suspended_reason", "late"},
        {"trial_ends_at", "2026-12-31T00:00:00Z"},
        {"unpaid_since", "2026-12-31T00:00:00.123Z"},
        {"usage_anchor", "2026-12-31T00:00:00Z"},
        {"limit_calls", "100"},
        {"limit_members", "1"},
        {"limit_numbers", "0"},
    };
    for (size_t i = 0; i < countof(others); i++) {
        assert_int_equal(set(bench.app, id, others[i][0], others[i][1]), EACCES);
        assert_int_equal(set(bench.owner, id, others[i][0], others[i][1]), 0);
        assert_int_equal(set(bench.owner, id, others[i][0], ""), 0);
    }
    static const char *const wrong[][2] = {
        {"trial_ends_at", "2026-12-31"},
        {"trial_ends_at", "2026-12-31T00:00:00"},
        {"trial_ends_at", "2026-02-30T00:00:00Z"},
        {"trial_ends_at", "now"},
        {"unpaid_since", "2026-12-31T00:00:00,5Z"},
        {"limit_calls", "0"},
        {"limit_members", "0"},
        {"limit_numbers", "10001"},
    };
    for (size_t i = 0; i < countof(wrong); i++)
        if (set(bench.owner, id, wrong[i][0], wrong[i][1]) != EINVAL)
            fail_msg("%s=%s was taken", wrong[i][0], wrong[i][1]);
}

static void each_change_raises_the_version(void **state)
{
    (void)state;
    struct uuid id = postgres_tenant("Jan");
    assert_int_equal(postgres_count("SELECT version FROM tenants"), 1);
    assert_int_equal(set(bench.app, id, "name", "Jano"), 0);
    assert_int_equal(set(bench.owner, id, "plan", "pro"), 0);
    assert_int_equal(set(bench.app, id, "language", "xx"), EINVAL);
    assert_int_equal(postgres_count("SELECT version FROM tenants"), 3);
}

static void vips_change_without_the_prompt(void **state)
{
    (void)state;
    struct uuid id = postgres_tenant("Jan");
    assert_int_equal(set(bench.app, id, "system_prompt", "Be kind."), 0);
    assert_int_equal(set(bench.app, id, "vip_names", "Máma\nTáta"), 0);
    assert_string_equal(get(id).tenant.system_prompt, "Be kind.");
    assert_int_equal(get(id).tenant.vip_count, 2);
}

static void owner_is_spoken_as_he_wants(void **state)
{
    (void)state;
    struct uuid id = postgres_tenant("Jan");
    assert_null(get(id).tenant.owner_spoken);
    postgres_run("INSERT INTO number_pool (number, state) VALUES ('+420228883009', 'assigned');"
                 "INSERT INTO tenant_phone_numbers (tenant_id, twilio_number)"
                 " SELECT id, '+420228883009' FROM tenants");
    assert_int_equal(set(bench.app, id, "owner_spoken", "pan Novák"), 0);
    assert_string_equal(get(id).tenant.owner_spoken, "pan Novák");
    char *spoken = postgres_ask("SELECT owner_name FROM voices_in_use(10)");
    assert_string_equal(spoken, "pan Novák");
    free(spoken);
    postgres_run("DELETE FROM tenant_phone_numbers; DELETE FROM number_pool");
}

static void change_is_logged_with_old_and_new(void **state)
{
    (void)state;
    struct uuid id = postgres_tenant("Jan");
    assert_int_equal(set(bench.app, id, "owner_name", "Eva"), 0);
    char *logged = postgres_ask("SELECT actor || ' ' || action || ' ' || change FROM audit_log");
    assert_string_equal(logged, "user:1 tenant.set {\"owner_name\": [\"Jan Novák\", \"Eva\"]}");
    free(logged);
}

static void unknown_tenant_is_said_to_be(void **state)
{
    (void)state;
    assert_int_equal(get(uuid_new(1)).err, ENOENT);
    assert_int_equal(set(bench.app, uuid_new(1), "name", "X"), ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(new_tenant_has_sensible_settings),
        TEST(settings_change_together_or_not_at_all),
        TEST(setting_can_be_cleared),
        TEST(every_wrong_value_is_refused),
        TEST(prompt_has_a_bound),
        TEST(plan_and_status_are_the_operators),
        TEST(each_change_raises_the_version),
        TEST(vips_change_without_the_prompt),
        TEST(owner_is_spoken_as_he_wants),
        TEST(change_is_logged_with_old_and_new),
        TEST(unknown_tenant_is_said_to_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
