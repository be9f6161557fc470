/* test/test_api_guard.c: what every request must pass before its handler sees it. */
#include "auth/jwt.h"
#include "base/mem.h"
#include "base/tally.h"
#include "test/api.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct api_world *const w = &api_world;

static void what_is_public_needs_nobody(void **state)
{
    (void)state;
    assert_int_equal(api_ask(NULL, HTTP_GET, NULL, "/api/installation"), 200);
    assert_string_equal(api_value("languages.0"), "cs");
    assert_string_equal(api_header("Content-Type"), "application/json");
}

static void unknown_addresses_are_problems_too(void **state)
{
    (void)state;
    api_ask(NULL, HTTP_GET, NULL, "/api/nothing");
    api_expect_problem(404, "not_found");
    api_ask(NULL, HTTP_DELETE, NULL, "/api/installation");
    api_expect_problem(405, "method_not_allowed");
    assert_string_equal(api_header("Allow"), "GET, HEAD");
}

static void whoever_asks_too_often_is_told_when_to_come_back(void **state)
{
    (void)state;
    int64_t usual = w->api.requests_per_minute;
    w->api.requests_per_minute = 2; /* of a person; an address may have four times as many people */
    for (int i = 0; i < 20 && api_ask(NULL, HTTP_GET, NULL, "/api/installation") == 200; i++)
        continue;
    api_expect_problem(429, "too_many_requests");
    assert_in_range(atoi(api_header("Retry-After")), 1, 60);
    assert_non_null(strstr(api_header("RateLimit"), ";r=0;t="));
    assert_int_equal(w->api.counters.limited, 1);
    w->api.requests_per_minute = usual;
    assert_int_equal(api_ask(NULL, HTTP_GET, NULL, "/api/installation"), 200);
}

/* ---- who ------------------------------------------------------------------------------------ */

static struct person new_person(enum role role)
{
    static unsigned count;
    char phone[17];
    snprintf(phone, sizeof(phone), "+4206011%05u", ++count % 100000);
    return api_person(api_tenant("Guarded"), role, phone);
}

static struct person colleague(const struct person *person, enum role role)
{
    struct person other = new_person(role);
    return api_person(person->tenant, role, other.phone);
}

static const char *id_of(struct uuid id)
{
    static char texts[4][UUID_TEXT_BYTES];
    static size_t next;
    char *text = texts[next++ % countof(texts)];
    uuid_print(id, text);
    return text;
}

static int ask_with_header(enum http_method method, const char *header, const char *json,
                           const char *path)
{
    const char *const headers[] = {header, json ? "Content-Type: application/json" : NULL, NULL};
    return api_ask_with(NULL, method, headers, str_of(json), path);
}

static void without_a_session_nobody_gets_in(void **state)
{
    (void)state;
    struct person person = new_person(ROLE_OWNER);
    char *broken = xprintf("Authorization: Bearer %sx", person.token);
    static const char *const strangers[] = {
        "X-Nothing: at all",
        "Authorization: Bearer nonsense",
        "Authorization: Bearer",
        "Authorization: Basic eDp5",
        "Authorization: Bearer krn_nosuchkey",
        "Cookie: __Host-karen_session=nonsense",
    };
    for (size_t i = 0; i < countof(strangers); i++) {
        ask_with_header(HTTP_GET, strangers[i], NULL, "/api/me");
        api_expect_problem(401, "unauthorized");
    }
    ask_with_header(HTTP_GET, broken, NULL, "/api/me");
    api_expect_problem(401, "unauthorized");
    free(broken);
    assert_int_equal(api_ask(&person, HTTP_GET, NULL, "/api/me"), 200);
}

static void what_the_database_says_counts_not_the_token(void **state)
{
    (void)state;
    struct person person = new_person(ROLE_OWNER);
    char *sql = xprintf("UPDATE users SET role = 'member' WHERE id = '%s'", id_of(person.user));
    assert_int_equal(
        api_ask(&person, HTTP_GET, NULL, "/api/tenants/%s/api-keys", id_of(person.tenant)), 200);
    postgres_run(sql);
    api_ask(&person, HTTP_GET, NULL, "/api/tenants/%s/api-keys", id_of(person.tenant));
    api_expect_problem(403, "forbidden");
    free(sql);
    sql = xprintf("UPDATE user_sessions SET revoked_at = now() WHERE id = '%s'",
                  id_of(person.session));
    postgres_run(sql);
    api_ask(&person, HTTP_GET, NULL, "/api/me");
    api_expect_problem(401, "unauthorized");
    free(sql);
}

static void another_tenant_is_not_there(void **state)
{
    (void)state;
    struct person jan = new_person(ROLE_OWNER), eva = new_person(ROLE_OWNER);
    api_ask(&jan, HTTP_GET, NULL, "/api/tenants/%s/members", id_of(eva.tenant));
    api_expect_problem(404, "not_found");
    assert_int_equal(api_ask(&jan, HTTP_GET, NULL, "/api/tenants/%s/members", id_of(jan.tenant)),
                     200);
}

static void a_key_may_what_its_scopes_say(void **state)
{
    (void)state;
    struct person owner = new_person(ROLE_OWNER);
    assert_int_equal(api_ask(&owner, HTTP_POST, "{\"name\":\"crm\",\"scopes\":[\"members:read\"]}",
                             "/api/tenants/%s/api-keys", id_of(owner.tenant)),
                     201);
    char *header = xprintf("Authorization: Bearer %s", api_value("secret"));
    char *members = xprintf("/api/tenants/%s/members", id_of(owner.tenant));
    char *keys = xprintf("/api/tenants/%s/api-keys", id_of(owner.tenant));
    assert_int_equal(ask_with_header(HTTP_GET, header, NULL, members), 200);
    ask_with_header(HTTP_GET, header, NULL, keys);
    api_expect_problem(403, "forbidden");
    ask_with_header(HTTP_GET, header, NULL, "/api/me");
    api_expect_problem(403, "forbidden");
    free(header);
    free(members);
    free(keys);
}

/* ---- browsers ------------------------------------------------------------------------------- */

static int browse(const struct person *person, const char *origin, enum http_method method,
                  const char *json)
{
    char *cookie = xprintf("Cookie: theme=dark; __Host-karen_session=%s", person->token);
    const char *const headers[] = {cookie, "Content-Type: application/json", origin, NULL};
    int status = api_ask_with(NULL, method, headers, str_of(json), "/api/me");
    free(cookie);
    return status;
}

static void a_cookie_changes_something_only_from_our_own_pages(void **state)
{
    (void)state;
    struct person person = new_person(ROLE_OWNER);
    static const char change[] = "{\"name\":\"Jana\"}";
    assert_int_equal(browse(&person, NULL, HTTP_GET, NULL), 200);
    assert_int_equal(browse(&person, "Origin: https://evil.test", HTTP_GET, NULL), 200);
    browse(&person, NULL, HTTP_PATCH, change);
    api_expect_problem(403, "foreign_page");
    browse(&person, "Origin: https://evil.test", HTTP_PATCH, change);
    api_expect_problem(403, "foreign_page");
    browse(&person, "Origin: null", HTTP_PATCH, change);
    api_expect_problem(403, "foreign_page");
    browse(&person, "Sec-Fetch-Site: same-site", HTTP_PATCH, change);
    api_expect_problem(403, "foreign_page");
    assert_int_equal(browse(&person, "Origin: https://karen.test", HTTP_PATCH, change), 200);
    assert_int_equal(browse(&person, "Sec-Fetch-Site: same-origin", HTTP_PATCH, change), 200);
}

/* ---- what was sent -------------------------------------------------------------------------- */

static void a_body_that_will_not_do_is_told_where(void **state)
{
    (void)state;
    struct person person = new_person(ROLE_OWNER);
    static const char *const as_text[] = {"Content-Type: text/plain", NULL};
    api_ask(&person, HTTP_PATCH, "{\"name\":7,\"shoe_size\":44}", "/api/me");
    api_expect_problem(422, "invalid");
    api_expect_field("/name");
    api_expect_field("/shoe_size");
    api_ask(&person, HTTP_PATCH, "{\"name\":", "/api/me");
    api_expect_problem(400, "malformed");
    api_ask(&person, HTTP_PATCH, "{\"name\":\"a\",\"name\":\"b\"}", "/api/me");
    api_expect_problem(400, "malformed");
    api_ask_with(&person, HTTP_PATCH, as_text, str_of("{\"name\":\"a\"}"), "/api/me");
    api_expect_problem(415, "unsupported_media_type");
    assert_int_equal(api_ask(&person, HTTP_GET, NULL, "/api/me"), 200);
}

static int change_if(const struct person *person, const char *tag)
{
    char *header = xprintf("If-Match: %s", tag);
    const char *const headers[] = {"Content-Type: application/json", header, NULL};
    int status =
        api_ask_with(person, HTTP_PATCH, headers, str_of("{\"name\":\"Jana\"}"), "/api/me");
    free(header);
    return status;
}

static void only_the_version_that_was_seen_is_changed(void **state)
{
    (void)state;
    struct person person = new_person(ROLE_OWNER);
    char seen[32];
    assert_int_equal(api_ask(&person, HTTP_GET, NULL, "/api/me"), 200);
    snprintf(seen, sizeof(seen), "%s", api_header("ETag"));
    assert_int_equal(change_if(&person, seen), 200);
    assert_string_not_equal(api_header("ETag"), seen);
    change_if(&person, seen);
    api_expect_problem(412, "version_mismatch");
    change_if(&person, "\"nonsense\"");
    api_expect_problem(412, "version_mismatch");
    assert_int_equal(change_if(&person, "*"), 200);
}

static void what_is_known_is_not_sent_again(void **state)
{
    (void)state;
    struct person person = new_person(ROLE_OWNER);
    assert_int_equal(api_ask(&person, HTTP_GET, NULL, "/api/me"), 200);
    char *header = xprintf("If-None-Match: \"0\", %s", api_header("ETag"));
    const char *const headers[] = {header, NULL};
    assert_int_equal(api_ask_with(&person, HTTP_HEAD, headers, (struct str){0}, "/api/me"), 304);
    assert_int_equal(w->body.bytes, 0);
    free(header);
}

/* ---- once ----------------------------------------------------------------------------------- */

static int invite_once(const struct person *person, const char *key, const char *json)
{
    char *header = xprintf("Idempotency-Key: %s", key);
    char *path = xprintf("/api/tenants/%s/invites", id_of(person->tenant));
    const char *const headers[] = {"Content-Type: application/json", header, NULL};
    int status = api_ask_with(person, HTTP_POST, headers, str_of(json), path);
    free(header);
    free(path);
    return status;
}

static void the_same_key_never_does_it_twice(void **state)
{
    (void)state;
    struct person person = new_person(ROLE_OWNER), helper = colleague(&person, ROLE_ADMIN);
    char *path = xprintf("/api/tenants/%s/api-keys", id_of(person.tenant));
    const char *const headers[] = {"Content-Type: application/json", "Idempotency-Key: one", NULL};
    static const char body[] = "{\"name\":\"crm\",\"scopes\":[\"members:read\"]}";
    assert_int_equal(api_ask_with(&person, HTTP_POST, headers, str_of(body), path), 201);
    api_ask_with(&person, HTTP_POST, headers, str_of(body), path);
    api_expect_problem(409, "already_done"); /* its secret was told once */
    assert_string_equal(api_header("Idempotency-Replayed"), "true");
    api_ask_with(&person, HTTP_POST, headers,
                 str_of("{\"name\":\"erp\",\"scopes\":[\"members:read\"]}"), path);
    api_expect_problem(422, "key_reused");
    api_ask_with(&helper, HTTP_POST, headers, str_of(body), path);
    api_expect_problem(422, "key_reused");
    api_ask(&person, HTTP_GET, NULL, "%s", path);
    assert_true(api_has("items.0"));
    assert_false(api_has("items.1"));
    free(path);
}

static void a_refusal_is_kept_like_any_answer(void **state)
{
    (void)state;
    struct person person = new_person(ROLE_OWNER);
    char *body = xprintf("{\"phone\":\"%s\",\"role\":\"member\"}", person.phone);
    invite_once(&person, "two", body);
    api_expect_problem(409, "already_member");
    invite_once(&person, "two", body);
    api_expect_problem(409, "already_member");
    assert_string_equal(api_header("Idempotency-Replayed"), "true");
    free(body);
}

static void a_claim_nobody_finished_is_free_again(void **state)
{
    (void)state;
    struct person person = new_person(ROLE_OWNER);
    char *body = xprintf("{\"phone\":\"%s\",\"role\":\"member\"}", person.phone);
    invite_once(&person, "three", body);
    postgres_run("UPDATE idempotency_keys SET status = NULL, answer = NULL, claimed_at = now()"
                 " WHERE key = 'three'");
    invite_once(&person, "three", body);
    api_expect_problem(409, "being_worked_on");
    postgres_run("UPDATE idempotency_keys SET claimed_at = now() - interval '2 minutes'"
                 " WHERE key = 'three'");
    invite_once(&person, "three", body);
    api_expect_problem(409, "already_member");
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_public_needs_nobody),
        cmocka_unit_test(unknown_addresses_are_problems_too),
        cmocka_unit_test(whoever_asks_too_often_is_told_when_to_come_back),
        cmocka_unit_test(without_a_session_nobody_gets_in),
        cmocka_unit_test(what_the_database_says_counts_not_the_token),
        cmocka_unit_test(another_tenant_is_not_there),
        cmocka_unit_test(a_key_may_what_its_scopes_say),
        cmocka_unit_test(a_cookie_changes_something_only_from_our_own_pages),
        cmocka_unit_test(a_body_that_will_not_do_is_told_where),
        cmocka_unit_test(only_the_version_that_was_seen_is_changed),
        cmocka_unit_test(what_is_known_is_not_sent_again),
        cmocka_unit_test(the_same_key_never_does_it_twice),
        cmocka_unit_test(a_refusal_is_kept_like_any_answer),
        cmocka_unit_test(a_claim_nobody_finished_is_free_again),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
