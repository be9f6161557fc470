/* test/test_api_keys.c: keys for programs: shown once, good within their scopes, gone when revoked.
 */
#include "base/mem.h"
#include "test/api.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct person jan, eva; /* owner, member of one tenant */
static char here[UUID_TEXT_BYTES];

static int two_people(void **state)
{
    (void)state;
    postgres_run("DELETE FROM tenants");
    struct uuid tenant = api_tenant("Novák Ltd");
    uuid_print(tenant, here);
    jan = api_person(tenant, ROLE_OWNER, "+420601000001");
    eva = api_person(tenant, ROLE_MEMBER, "+420601000002");
    return 0;
}

static int make(const struct person *by, const char *json)
{
    return api_ask(by, HTTP_POST, json, "/api/tenants/%s/api-keys", here);
}

#define READS_MEMBERS "{\"name\":\"a program\",\"scopes\":[\"members:read\"]}"

/* A program that holds the newest answer's key. */
static struct person program_of_answer(void)
{
    struct person program = {0};
    snprintf(program.token, sizeof(program.token), "%s", api_value("secret"));
    return program;
}

static void key_is_shown_once_and_works(void **state)
{
    (void)state;
    char prefix[20];
    assert_int_equal(make(&jan, READS_MEMBERS), 201);
    assert_true(str_starts(str_of(api_value("secret")), "krn_"));
    struct person program = program_of_answer();
    snprintf(prefix, sizeof(prefix), "%s", api_value("api_key.prefix"));
    assert_true(str_starts(str_of(program.token), prefix));
    assert_int_equal(api_ask(&program, HTTP_GET, NULL, "/api/tenants/%s/members", here), 200);
    assert_int_equal(api_ask(&jan, HTTP_GET, NULL, "/api/tenants/%s/api-keys", here), 200);
    assert_string_equal(api_value("items.0.name"), "a program");
    assert_string_equal(api_value("items.0.scopes.0"), "members:read");
    assert_string_equal(api_value("items.0.expires_at"), "null");
    assert_string_not_equal(api_value("items.0.last_used_at"), "null");
    assert_null(strstr(buf_text(&api_world.body), program.token));
    char *sql = xprintf("SELECT count(*) FROM api_keys k WHERE k::text LIKE '%%%s%%'",
                        program.token + strlen(prefix));
    assert_int_equal(postgres_count(sql), 0);
    free(sql);
}

static void key_does_nothing_outside_its_scopes(void **state)
{
    (void)state;
    assert_int_equal(make(&jan, READS_MEMBERS), 201);
    struct person program = program_of_answer();
    api_ask(&program, HTTP_GET, NULL, "/api/me"); /* for people only */
    api_expect_problem(403, "forbidden");
    assert_int_equal(make(&program, READS_MEMBERS), 403); /* none makes another */
    assert_int_equal(api_ask(&program, HTTP_POST, NULL, "/api/me/leave"), 403);
    struct uuid other = api_tenant("Other");
    char there[UUID_TEXT_BYTES];
    uuid_print(other, there);
    assert_int_equal(api_ask(&program, HTTP_GET, NULL, "/api/tenants/%s/members", there), 404);
}

static void revoked_key_is_worthless_at_once(void **state)
{
    (void)state;
    char id[40];
    assert_int_equal(make(&jan, READS_MEMBERS), 201);
    struct person program = program_of_answer();
    snprintf(id, sizeof(id), "%s", api_value("api_key.id"));
    assert_int_equal(api_ask(&jan, HTTP_DELETE, NULL, "/api/tenants/%s/api-keys/%s", here, id),
                     204);
    api_ask(&program, HTTP_GET, NULL, "/api/tenants/%s/members", here);
    api_expect_problem(401, "unauthorized");
    assert_int_equal(api_ask(&jan, HTTP_DELETE, NULL, "/api/tenants/%s/api-keys/%s", here, id),
                     404);
    assert_int_equal(api_ask(&jan, HTTP_GET, NULL, "/api/tenants/%s/api-keys", here), 200);
    assert_false(api_has("items.0"));
}

static void key_expires(void **state)
{
    (void)state;
    assert_int_equal(make(&jan, "{\"name\":\"a\",\"scopes\":[\"members:read\"],"
                                "\"expires_in_days\":30}"),
                     201);
    assert_string_not_equal(api_value("api_key.expires_at"), "null");
    struct person program = program_of_answer();
    assert_int_equal(api_ask(&program, HTTP_GET, NULL, "/api/tenants/%s/members", here), 200);
    postgres_run("UPDATE api_keys SET expires_at = now()");
    assert_int_equal(api_ask(&program, HTTP_GET, NULL, "/api/tenants/%s/members", here), 401);
}

static void strangers_keys_open_nothing(void **state)
{
    (void)state;
    static const char *const keys[] = {"krn_", "krn_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                       "KRN_x", "krn_' OR 1=1 --"};
    for (size_t i = 0; i < countof(keys); i++) {
        struct person program = {0};
        snprintf(program.token, sizeof(program.token), "%s", keys[i]);
        assert_int_equal(api_ask(&program, HTTP_GET, NULL, "/api/tenants/%s/members", here), 401);
    }
}

static void keys_are_the_admins(void **state)
{
    (void)state;
    assert_int_equal(make(&eva, READS_MEMBERS), 403);
    assert_int_equal(api_ask(&eva, HTTP_GET, NULL, "/api/tenants/%s/api-keys", here), 403);
}

static void wrong_wishes_are_named(void **state)
{
    (void)state;
    make(&jan, "{\"name\":\"a\",\"scopes\":[\"members:read\",\"everything\"]}");
    api_expect_problem(422, "invalid");
    api_expect_field("/scopes/1");
    make(&jan, "{\"name\":\"\",\"scopes\":[\"members:read\"]}");
    api_expect_field("/name");
    make(&jan, "{\"name\":\"a\",\"scopes\":[]}");
    api_expect_field("/scopes");
    make(&jan, "{\"name\":\"a\",\"scopes\":[\"members:read\"],\"expires_in_days\":0}");
    api_expect_field("/expires_in_days");
    assert_int_equal(postgres_count("SELECT count(*) FROM api_keys"), 0);
}

/* The secret stands in no answer that is kept. */
static void repeated_making_shows_no_secret(void **state)
{
    (void)state;
    static const char *const once[] = {"Idempotency-Key: make-1", "Content-Type: application/json",
                                       NULL};
    char path[100];
    snprintf(path, sizeof(path), "/api/tenants/%s/api-keys", here);
    assert_int_equal(api_ask_with(&jan, HTTP_POST, once, str_of(READS_MEMBERS), path), 201);
    api_ask_with(&jan, HTTP_POST, once, str_of(READS_MEMBERS), path);
    api_expect_problem(409, "already_done");
    assert_int_equal(postgres_count("SELECT count(*) FROM api_keys"), 1);
    assert_int_equal(
        postgres_count("SELECT count(*) FROM idempotency_keys WHERE answer LIKE '%krn_%'"), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, two_people)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(key_is_shown_once_and_works),      TEST(key_does_nothing_outside_its_scopes),
        TEST(revoked_key_is_worthless_at_once), TEST(key_expires),
        TEST(strangers_keys_open_nothing),      TEST(keys_are_the_admins),
        TEST(wrong_wishes_are_named),           TEST(repeated_making_shows_no_secret),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
