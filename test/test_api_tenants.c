/* test/test_api_tenants.c: a tenant as its people change it, what is written down of that, and its
 * end. */
#include "base/mem.h"
#include "test/api.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOBODYS_ID "0190a4c8-7f0e-7c3b-9d7e-2b1f0c8a4e11"

static struct person owner, admin, member;
static char tenant[UUID_TEXT_BYTES], path[80];

static int open_tenant(void **state)
{
    (void)state;
    const struct customer made = api_customer("Novák");
    owner = made.owner;
    admin = made.admin;
    member = made.member;
    strcpy(tenant, made.tenant);
    strcpy(path, made.path);
    return 0;
}

static int change(const char *json)
{
    return api_ask(&admin, HTTP_PATCH, json, "%s", path);
}

static void everybody_of_a_tenant_sees_it(void **state)
{
    (void)state;
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s", path), 200);
    assert_string_equal(api_value("id"), tenant);
    assert_string_equal(api_value("name"), "Novák");
    assert_string_equal(api_value("system_prompt"), "null");
    assert_string_equal(api_value("vip_names"), "[]");
    assert_string_equal(api_value("retention_calls_days"), "180");
    assert_string_equal(api_value("service.mode"), "full");
    assert_string_equal(api_value("service.reason"), "trial");
    assert_string_equal(api_value("service.used"), "0");
    assert_string_equal(api_value("service.limit"), "50");
    assert_string_equal(api_header("ETag"), "\"1\"");
}

static void another_tenant_is_not_there(void **state)
{
    (void)state;
    char other[UUID_TEXT_BYTES];
    uuid_print(api_tenant("Other"), other);
    const char *const ids[] = {other, NOBODYS_ID};
    for (size_t i = 0; i < countof(ids); i++) {
        api_ask(&owner, HTTP_GET, NULL, "/api/tenants/%s", ids[i]);
        api_expect_problem(404, "not_found");
        api_ask(&owner, HTTP_PATCH, "{\"name\":\"X\"}", "/api/tenants/%s", ids[i]);
        api_expect_problem(404, "not_found");
        api_ask(&owner, HTTP_DELETE, NULL, "/api/tenants/%s", ids[i]);
        api_expect_problem(404, "not_found");
        api_ask(&owner, HTTP_GET, NULL, "/api/tenants/%s/audit", ids[i]);
        api_expect_problem(404, "not_found");
    }
}

static void roles_bound_what_people_may(void **state)
{
    (void)state;
    api_ask(&member, HTTP_PATCH, "{\"name\":\"X\"}", "%s", path);
    api_expect_problem(403, "forbidden");
    api_ask(&member, HTTP_GET, NULL, "%s/audit", path);
    api_expect_problem(403, "forbidden");
    api_ask(&admin, HTTP_DELETE, NULL, "%s", path);
    api_expect_problem(403, "forbidden");
    api_ask(&admin, HTTP_POST, NULL, "%s/restore", path);
    api_expect_problem(403, "forbidden");
}

static void patch_keeps_what_is_absent_and_null_clears(void **state)
{
    (void)state;
    assert_int_equal(change("{\"greeting_text\":\"Ahoj\",\"forward_number\":\"+420601123456\","
                            "\"vip_names\":[\"Máma\",\"Táta\"],\"call_seconds_max\":240,"
                            "\"formality\":\"informal\",\"owner_spoken\":\"pan Novák\","
                            "\"retention_calls_days\":30,\"retention_audit_days\":null}"),
                     200);
    assert_string_equal(api_value("greeting_text"), "Ahoj");
    assert_string_equal(api_value("retention_audit_days"), "null");
    assert_int_equal(change("{\"greeting_text\":null,\"vip_names\":[\"Eva\"]}"), 200);
    assert_string_equal(api_value("greeting_text"), "null");
    assert_string_equal(api_value("forward_number"), "+420601123456");
    assert_string_equal(api_value("vip_names"), "[\"Eva\"]");
    assert_string_equal(api_value("call_seconds_max"), "240");
    assert_string_equal(api_value("retention_calls_days"), "30");
    assert_int_equal(change("{\"vip_names\":null,\"forward_number\":null,\"owner_spoken\":null}"),
                     200);
    assert_string_equal(api_value("vip_names"), "[]");
    assert_string_equal(api_value("forward_number"), "null");
    assert_string_equal(api_value("owner_spoken"), "null");
    assert_int_equal(change("{}"), 200);
}

static void changing_vips_never_touches_the_prompt(void **state)
{
    (void)state;
    assert_int_equal(change("{\"system_prompt\":\"Buď milá.\\nVždy.\"}"), 200);
    assert_int_equal(change("{\"vip_names\":[\"Máma\"]}"), 200);
    assert_string_equal(api_value("system_prompt"), "Buď milá.\nVždy.");
}

/* What PATCH answers is what GET answers. */
static void patch_and_get_have_one_shape(void **state)
{
    (void)state;
    assert_int_equal(change("{\"name\":\"Dvořák\"}"), 200);
    char *patched = xstrndup(api_world.body.data, api_world.body.bytes);
    assert_int_equal(api_ask(&admin, HTTP_GET, NULL, "%s", path), 200);
    assert_string_equal(buf_text(&api_world.body), patched);
    free(patched);
}

static void change_can_be_made_to_depend_on_what_was_seen(void **state)
{
    (void)state;
    static const char *const first[] = {"Content-Type: application/json", "If-Match: \"1\"", NULL};
    struct str body = str_of("{\"name\":\"A\"}");
    assert_int_equal(api_ask_with(&admin, HTTP_PATCH, first, body, path), 200);
    assert_string_equal(api_header("ETag"), "\"2\"");
    api_ask_with(&admin, HTTP_PATCH, first, str_of("{\"name\":\"B\"}"), path);
    api_expect_problem(412, "version_mismatch");
    api_ask(&admin, HTTP_GET, NULL, "%s", path);
    assert_string_equal(api_value("name"), "A");
}

static void what_is_used_is_never_said_to_be_unchanged(void **state)
{
    (void)state;
    static const char *const known[] = {"If-None-Match: \"1\"", NULL};
    assert_int_equal(api_ask_with(&admin, HTTP_GET, known, (struct str){0}, path), 200);
}

static void every_bad_value_is_named(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"{\"name\":\"\"}", "/name"},
        {"{\"name\":null}", "/name"},
        {"{\"colour\":\"red\"}", "/colour"},
        {"{\"plan\":\"pro\"}", "/plan"},
        {"{\"status\":\"active\"}", "/status"},
        {"{\"language\":\"fr\"}", "/language"},
        {"{\"timezone\":\"Europe/Atlantis\"}", "/timezone"},
        {"{\"timezone\":\"Mars\"}", "/timezone"},
        {"{\"forward_number\":\"601\"}", "/forward_number"},
        {"{\"marketing_email\":\"nobody\"}", "/marketing_email"},
        {"{\"voice_id\":\"../v1/user\"}", "/voice_id"},
        {"{\"call_seconds_max\":29}", "/call_seconds_max"},
        {"{\"call_seconds_max\":60.5}", "/call_seconds_max"},
        {"{\"retention_calls_days\":0}", "/retention_calls_days"},
        {"{\"retention_audit_days\":29}", "/retention_audit_days"},
        {"{\"vip_names\":[\"a\",\"\"]}", "/vip_names/1"},
        {"{\"vip_names\":[\"a\\nb\"]}", "/vip_names/0"},
        {"{\"formality\":\"rude\"}", "/formality"},
    };
    for (size_t i = 0; i < countof(bad); i++) {
        if (change(bad[i][0]) != 422)
            fail_msg("%s: %d", bad[i][0], api_world.status);
        api_expect_field(bad[i][1]);
    }
    assert_int_equal(api_ask(&admin, HTTP_GET, NULL, "%s", path), 200);
    assert_string_equal(api_value("version"), "1");
}

/* Two hundred letters may be more bytes than are kept: that is said, not cut. */
static void text_of_too_many_bytes_is_refused(void **state)
{
    (void)state;
    struct buf json = {0};
    buf_puts(&json, "{\"name\":\"");
    for (int i = 0; i < 150; i++)
        buf_puts(&json, "ž");
    buf_puts(&json, "\"}");
    change(buf_text(&json));
    api_expect_problem(422, "invalid");
    api_expect_field("/name");
    buf_free(&json);
}

static int change_prompt(int letters)
{
    struct buf json = {0};
    buf_puts(&json, "{\"system_prompt\":\"");
    for (int i = 0; i < letters; i++)
        buf_puts(&json, "ž");
    buf_puts(&json, "\"}");
    int status = change(buf_text(&json));
    buf_free(&json);
    return status;
}

static void prompt_is_bounded_in_letters_whatever_their_bytes(void **state)
{
    (void)state;
    assert_int_equal(change_prompt(16000), 200);
    assert_int_equal(change_prompt(16001), 422);
    api_expect_field("/system_prompt");
}

static void every_change_is_in_the_audit_log(void **state)
{
    (void)state;
    assert_int_equal(change("{\"name\":\"A\"}"), 200);
    assert_int_equal(change("{\"language\":\"sk\",\"name\":\"B\"}"), 200);
    assert_int_equal(api_ask(&owner, HTTP_GET, NULL, "%s/audit", path), 200);
    assert_string_equal(api_value("items.0.action"), "tenant.set");
    assert_string_equal(api_value("items.0.change.name"), "[\"A\",\"B\"]");
    assert_string_equal(api_value("items.0.change.language"), "[\"cs\",\"sk\"]");
    assert_string_equal(api_value("items.0.actor_name"), "Test");
    assert_string_equal(api_value("items.1.change.name"), "[\"Novák\",\"A\"]");
    assert_false(api_has("items.2"));
    char user[UUID_TEXT_BYTES], *actor;
    uuid_print(admin.user, user);
    actor = xprintf("user:%s", user);
    assert_string_equal(api_value("items.0.actor"), actor);
    api_ask(&owner, HTTP_GET, NULL, "%s/audit?actor=%s&action=tenant", path, actor);
    assert_true(api_has("items.1"));
    api_ask(&owner, HTTP_GET, NULL, "%s/audit?actor=user:nobody", path);
    assert_false(api_has("items.0"));
    api_ask(&owner, HTTP_GET, NULL, "%s/audit?action=tenant.set", path);
    assert_true(api_has("items.1"));
    api_ask(&owner, HTTP_GET, NULL, "%s/audit?action=ten", path);
    assert_false(api_has("items.0"));
    api_ask(&owner, HTTP_GET, NULL, "%s/audit?from=2999-01-01T00:00:00Z", path);
    assert_false(api_has("items.0"));
    api_ask(&owner, HTTP_GET, NULL, "%s/audit?to=2999-01-01T00:00:00Z", path);
    assert_true(api_has("items.1"));
    free(actor);
}

static void audit_log_comes_in_pages(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        char json[32];
        snprintf(json, sizeof(json), "{\"name\":\"N%d\"}", i);
        assert_int_equal(change(json), 200);
    }
    char cursor[100] = "";
    for (int seen = 0; seen < 5; seen += 2) {
        char after[120] = "";
        if (cursor[0])
            snprintf(after, sizeof(after), "&cursor=%s", cursor);
        assert_int_equal(api_ask(&owner, HTTP_GET, NULL, "%s/audit?limit=2%s", path, after), 200);
        char name[16];
        snprintf(name, sizeof(name), "N%d", 4 - seen);
        assert_non_null(strstr(api_value("items.0.change.name"), name));
        snprintf(cursor, sizeof(cursor), "%s", api_value("next_cursor"));
    }
    assert_string_equal(cursor, "null");
    api_ask(&owner, HTTP_GET, NULL, "%s/audit?cursor=1.x", path);
    assert_int_equal(api_world.status, 422);
}

static void person_may_own_five_tenants(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(api_ask(&owner, HTTP_POST,
                                 "{\"name\":\"Firma\",\"owner_name\":\"Jan\",\"language\":\"de\","
                                 "\"timezone\":\"Europe/Berlin\"}",
                                 "/api/tenants"),
                         201);
        assert_string_equal(api_value("timezone"), "Europe/Berlin");
        assert_string_equal(api_value("plan"), "trial");
        assert_string_not_equal(api_value("id"), tenant);
    }
    api_ask(&owner, HTTP_POST, "{\"name\":\"F\",\"owner_name\":\"J\",\"language\":\"de\"}",
            "/api/tenants");
    api_expect_problem(409, "too_many_tenants");
    assert_int_equal(api_ask(&member, HTTP_POST, /* who owns none so far */
                             "{\"name\":\"F\",\"owner_name\":\"J\",\"language\":\"de\"}",
                             "/api/tenants"),
                     201);
    api_ask(&member, HTTP_POST,
            "{\"name\":\"F\",\"owner_name\":\"J\",\"language\":\"de\",\"timezone\":\"X/Y\"}",
            "/api/tenants");
    api_expect_problem(422, "invalid");
    api_expect_field("/timezone");
}

static void closed_tenant_is_still_there_to_be_taken_back(void **state)
{
    (void)state;
    api_ask(&owner, HTTP_POST, NULL, "%s/restore", path);
    api_expect_problem(409, "wrong_status");
    assert_int_equal(api_ask(&owner, HTTP_DELETE, NULL, "%s", path), 200);
    assert_string_equal(api_value("status"), "cancelled");
    assert_string_equal(api_value("service.mode"), "refuse");
    assert_string_not_equal(api_value("erase_after"), "null");
    api_ask(&owner, HTTP_DELETE, NULL, "%s", path);
    api_expect_problem(409, "wrong_status");
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s", path), 200);
    assert_int_equal(api_ask(&owner, HTTP_POST, NULL, "%s/restore", path), 200);
    assert_string_equal(api_value("status"), "active");
    assert_string_equal(api_value("erase_after"), "null");
    api_ask(&owner, HTTP_GET, NULL, "%s/audit?action=tenant", path);
    assert_string_equal(api_value("items.0.action"), "tenant.restore");
    assert_string_equal(api_value("items.1.action"), "tenant.close");
}

#define TEST(name) cmocka_unit_test_setup(name, open_tenant)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(everybody_of_a_tenant_sees_it),
        TEST(another_tenant_is_not_there),
        TEST(roles_bound_what_people_may),
        TEST(patch_keeps_what_is_absent_and_null_clears),
        TEST(changing_vips_never_touches_the_prompt),
        TEST(patch_and_get_have_one_shape),
        TEST(change_can_be_made_to_depend_on_what_was_seen),
        TEST(what_is_used_is_never_said_to_be_unchanged),
        TEST(every_bad_value_is_named),
        TEST(text_of_too_many_bytes_is_refused),
        TEST(prompt_is_bounded_in_letters_whatever_their_bytes),
        TEST(every_change_is_in_the_audit_log),
        TEST(audit_log_comes_in_pages),
        TEST(person_may_own_five_tenants),
        TEST(closed_tenant_is_still_there_to_be_taken_back),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
