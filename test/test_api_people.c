/* test/test_api_people.c: members, roles and invites as the people of a tenant use them. */
#include "base/mem.h"
#include "carrier/twilio_rest.h"
#include "store/invites.h"
#include "test/api.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct api_world *const w = &api_world;

static const char jans[] = "+420601000001", evas[] = "+420601000002", pauls[] = "+420601000003",
                  annas[] = "+420601000004";
static struct person jan, eva, paul; /* owner, admin, member of one tenant */
static char here[UUID_TEXT_BYTES];

static int three_people(void **state)
{
    (void)state;
    postgres_run("DELETE FROM tenants");
    postgres_run("DELETE FROM limit_counts");
    struct uuid tenant = api_tenant("Novák Ltd");
    postgres_run(
        "UPDATE tenants SET limit_members = 1000"); /* where that is not what it is about */
    uuid_print(tenant, here);
    jan = api_person(tenant, ROLE_OWNER, jans);
    eva = api_person(tenant, ROLE_ADMIN, evas);
    paul = api_person(tenant, ROLE_MEMBER, pauls);
    return 0;
}

static const char *user_of(const struct person *person)
{
    static char ring[4][UUID_TEXT_BYTES];
    static size_t next;
    char *text = ring[next++ % 4];
    uuid_print(person->user, text);
    return text;
}

static int set_role(const struct person *by, const struct person *whom, const char *role)
{
    char json[60];
    snprintf(json, sizeof(json), "{\"role\":\"%s\"}", role);
    return api_ask(by, HTTP_PATCH, json, "/api/tenants/%s/members/%s", here, user_of(whom));
}

static int take_away(const struct person *by, const struct person *whom)
{
    return api_ask(by, HTTP_DELETE, NULL, "/api/tenants/%s/members/%s", here, user_of(whom));
}

/* ---- members -------------------------------------------------------------------------------- */

static void everybody_sees_who_is_in_the_tenant(void **state)
{
    (void)state;
    assert_int_equal(api_ask(&paul, HTTP_GET, NULL, "/api/tenants/%s/members", here), 200);
    assert_true(api_has("items.2.phone"));
    assert_false(api_has("items.3"));
    assert_string_equal(api_value("next_cursor"), "null");
}

static void members_come_in_pages(void **state)
{
    (void)state;
    int seen = 0;
    char cursor[60] = "";
    for (int page = 0; page < 5; page++) {
        assert_int_equal(api_ask(&jan, HTTP_GET, NULL, "/api/tenants/%s/members?limit=1%s%s", here,
                                 cursor[0] ? "&cursor=" : "", cursor),
                         200);
        seen += api_has("items.0");
        assert_false(api_has("items.1"));
        if (strcmp(api_value("next_cursor"), "null") == 0)
            break;
        snprintf(cursor, sizeof(cursor), "%s", api_value("next_cursor"));
    }
    assert_int_equal(seen, 3);
    api_ask(&jan, HTTP_GET, NULL, "/api/tenants/%s/members?cursor=nonsense", here);
    api_expect_problem(422, "invalid");
}

static void roles_are_given_by_those_who_may(void **state)
{
    (void)state;
    set_role(&paul, &paul, "owner");
    api_expect_problem(403, "forbidden");
    set_role(&eva, &paul, "owner");
    api_expect_problem(403, "forbidden");
    set_role(&eva, &jan, "member");
    api_expect_problem(403, "forbidden");
    assert_int_equal(set_role(&eva, &paul, "admin"), 200);
    assert_string_equal(api_value("role"), "admin");
    assert_string_equal(api_header("ETag"), "\"2\"");
    assert_int_equal(set_role(&jan, &paul, "owner"), 200);
    set_role(&jan, &paul, "king");
    api_expect_field("/role");
}

static void role_counts_at_once(void **state)
{
    (void)state;
    assert_int_equal(api_ask(&eva, HTTP_GET, NULL, "/api/tenants/%s/invites", here), 200);
    assert_int_equal(set_role(&jan, &eva, "member"), 200);
    assert_int_equal(api_ask(&eva, HTTP_GET, NULL, "/api/tenants/%s/invites", here), 403);
}

static void last_owner_cannot_go(void **state)
{
    (void)state;
    set_role(&jan, &jan, "admin");
    api_expect_problem(409, "conflict");
    take_away(&jan, &jan);
    api_expect_problem(409, "conflict");
    api_ask(&jan, HTTP_POST, NULL, "/api/me/leave");
    api_expect_problem(409, "conflict");
    assert_int_equal(set_role(&jan, &eva, "owner"), 200);
    assert_int_equal(api_ask(&jan, HTTP_POST, NULL, "/api/me/leave"), 204);
    assert_int_equal(api_ask(&jan, HTTP_GET, NULL, "/api/me"), 401);
}

static void member_may_leave(void **state)
{
    (void)state;
    assert_int_equal(api_ask(&paul, HTTP_POST, NULL, "/api/me/leave"), 204);
    assert_int_equal(api_ask(&paul, HTTP_GET, NULL, "/api/me"), 401);
    assert_int_equal(take_away(&jan, &paul), 404);
}

static void whoever_is_removed_is_out_at_once(void **state)
{
    (void)state;
    take_away(&paul, &eva);
    api_expect_problem(403, "forbidden");
    take_away(&eva, &jan);
    api_expect_problem(403, "forbidden");
    assert_int_equal(api_ask(&paul, HTTP_GET, NULL, "/api/me"), 200);
    assert_int_equal(take_away(&eva, &paul), 204);
    assert_int_equal(api_ask(&paul, HTTP_GET, NULL, "/api/me"), 401);
    char *logged = postgres_ask("SELECT actor FROM audit_log WHERE action = 'member.remove'");
    assert_non_null(strstr(logged, user_of(&eva)));
    free(logged);
}

static void members_of_others_are_not_there(void **state)
{
    (void)state;
    struct person stranger = api_person(api_tenant("Other"), ROLE_OWNER, annas);
    assert_int_equal(set_role(&jan, &stranger, "member"), 404);
    assert_int_equal(take_away(&jan, &stranger), 404);
    assert_int_equal(set_role(&stranger, &paul, "owner"), 404);
    assert_int_equal(api_ask(&stranger, HTTP_GET, NULL, "/api/tenants/%s/members", here), 404);
}

/* ---- invites -------------------------------------------------------------------------------- */

static int invite(const struct person *by, const char *phone, const char *role)
{
    char json[100];
    snprintf(json, sizeof(json), "{\"phone\":\"%s\",\"role\":\"%s\"}", phone, role);
    return api_ask(by, HTTP_POST, json, "/api/tenants/%s/invites", here);
}

/* The token that the newest answer's link ends in. */
static const char *token_of_link(void)
{
    static char token[INVITE_TOKEN_TEXT_BYTES];
    const char *link = api_value("link");
    assert_true(str_starts(str_of(link), "https://karen.test/invite/"));
    snprintf(token, sizeof(token), "%s", link + strlen("https://karen.test/invite/"));
    assert_int_equal(strlen(token), INVITE_TOKEN_TEXT_BYTES - 1);
    return token;
}

static int with_token(const struct person *by, const char *path, const char *token)
{
    char json[100];
    snprintf(json, sizeof(json), "{\"token\":\"%s\"}", token);
    return api_ask(by, HTTP_POST, json, "%s", path);
}

static void invite_goes_out_as_a_text_message(void **state)
{
    (void)state;
    assert_int_equal(invite(&jan, annas, "member"), 201);
    assert_string_equal(api_value("sms"), "sent");
    assert_string_equal(api_value("invite.phone"), annas);
    assert_string_equal(api_value("invite.invited_by.phone"), jans);
    const char *token = token_of_link();
    const char *sent = api_sandbox_newest("create_message");
    assert_non_null(strstr(sent, token));
    assert_non_null(strstr(sent, "601000004"));
    assert_non_null(strstr(sent, "pozvani"));
    assert_null(strstr(sent, "Nov")); /* nothing in it that a tenant has chosen */
    assert_int_equal(postgres_count("SELECT count(*) FROM invites WHERE token_hash = sha256('')"),
                     0);
}

static void invited_person_signs_in_and_is_in(void **state)
{
    (void)state;
    char json[300], token[INVITE_TOKEN_TEXT_BYTES];
    assert_int_equal(invite(&jan, annas, "admin"), 201);
    snprintf(token, sizeof(token), "%s", token_of_link());
    snprintf(json, sizeof(json), "{\"phone\":\"%s\"}", annas);
    assert_int_equal(api_ask(NULL, HTTP_POST, json, "/auth/send-code"), 202);
    snprintf(json, sizeof(json),
             "{\"phone\":\"%s\",\"code\":\"%s\",\"session\":\"bearer\",\"invite\":\"%s\"}", annas,
             api_sandbox_code(annas), token);
    assert_int_equal(api_ask(NULL, HTTP_POST, json, "/auth/verify-code"), 200);
    assert_string_equal(api_value("user.tenant_id"), here);
    assert_string_equal(api_value("user.role"), "admin");
    assert_string_equal(api_value("is_new"), "false");
    assert_string_equal(api_value("has_joined"), "true");
    assert_int_equal(api_ask(&jan, HTTP_GET, NULL, "/api/tenants/%s/invites", here), 200);
    assert_false(api_has("items.0"));
}

static void link_is_shown_and_accepted(void **state)
{
    (void)state;
    char token[INVITE_TOKEN_TEXT_BYTES];
    struct person anna = api_person(api_tenant("Anna"), ROLE_OWNER, annas);
    assert_int_equal(invite(&eva, annas, "member"), 201);
    snprintf(token, sizeof(token), "%s", token_of_link());
    assert_int_equal(with_token(NULL, "/auth/invite", token), 200);
    assert_string_equal(api_value("tenant_name"), "Novák Ltd");
    assert_string_equal(api_value("phone_ends"), "004");
    with_token(&paul, "/auth/accept-invite", token);
    api_expect_problem(403, "forbidden"); /* not his */
    assert_int_equal(with_token(&anna, "/auth/accept-invite", token), 200);
    assert_string_equal(api_value("tenant_id"), here);
    assert_int_equal(with_token(&anna, "/auth/accept-invite", token), 404);
    assert_int_equal(with_token(NULL, "/auth/invite", token), 404);
    assert_int_equal(with_token(NULL, "/auth/accept-invite", token), 401);
    assert_int_equal(with_token(NULL, "/auth/invite", "short"), 422);
    assert_int_equal(api_ask(&anna, HTTP_GET, NULL, "/api/me/tenants"), 200);
    assert_true(api_has("items.1"));
}

static void invites_wait_for_an_answer(void **state)
{
    (void)state;
    struct person anna = api_person(api_tenant("Anna"), ROLE_OWNER, annas);
    char id[40];
    assert_int_equal(invite(&eva, annas, "member"), 201);
    assert_int_equal(api_ask(&paul, HTTP_GET, NULL, "/api/me/invites"), 200);
    assert_false(api_has("items.0"));
    assert_int_equal(api_ask(&anna, HTTP_GET, NULL, "/api/me/invites"), 200);
    assert_string_equal(api_value("items.0.tenant_name"), "Novák Ltd");
    snprintf(id, sizeof(id), "%s", api_value("items.0.id"));
    assert_int_equal(api_ask(&paul, HTTP_POST, NULL, "/api/me/invites/%s/accept", id), 404);
    assert_int_equal(api_ask(&paul, HTTP_DELETE, NULL, "/api/me/invites/%s", id), 404);
    assert_int_equal(api_ask(&anna, HTTP_POST, NULL, "/api/me/invites/%s/accept", id), 200);
    assert_string_equal(api_value("tenant_id"), here);
    assert_int_equal(api_ask(&anna, HTTP_DELETE, NULL, "/api/me/invites/%s", id), 404);
}

static void nobody_invites_above_himself(void **state)
{
    (void)state;
    assert_int_equal(invite(&paul, annas, "member"), 403);
    assert_int_equal(invite(&eva, annas, "owner"), 403);
    assert_int_equal(invite(&eva, annas, "admin"), 201);
    assert_int_equal(invite(&jan, annas, "owner"), 201); /* instead of the one before */
    assert_int_equal(api_ask(&paul, HTTP_GET, NULL, "/api/tenants/%s/invites", here), 403);
    assert_int_equal(api_ask(&jan, HTTP_GET, NULL, "/api/tenants/%s/invites", here), 200);
    assert_string_equal(api_value("items.0.role"), "owner");
    assert_false(api_has("items.1"));
}

static void whom_one_cannot_invite_is_said(void **state)
{
    (void)state;
    invite(&jan, pauls, "member");
    api_expect_problem(409, "already_member");
    invite(&jan, "12", "member");
    api_expect_problem(422, "invalid_phone");
    invite(&jan, "+12025550123", "member");
    api_expect_problem(422, "country_not_allowed");
    assert_int_equal(postgres_count("SELECT count(*) FROM invites"), 0);
}

static void invite_is_sent_again_and_withdrawn(void **state)
{
    (void)state;
    char id[40], first[INVITE_TOKEN_TEXT_BYTES];
    assert_int_equal(invite(&jan, annas, "member"), 201);
    snprintf(first, sizeof(first), "%s", token_of_link());
    snprintf(id, sizeof(id), "%s", api_value("invite.id"));
    assert_int_equal(api_ask(&eva, HTTP_POST, NULL, "/api/tenants/%s/invites/%s/resend", here, id),
                     200);
    assert_string_equal(api_value("sms"), "sent");
    assert_string_not_equal(token_of_link(), first);
    assert_non_null(strstr(api_sandbox_newest("create_message"), token_of_link()));
    assert_int_equal(with_token(NULL, "/auth/invite", first), 404);
    assert_int_equal(api_ask(&eva, HTTP_DELETE, NULL, "/api/tenants/%s/invites/%s", here, id), 204);
    assert_int_equal(api_ask(&eva, HTTP_DELETE, NULL, "/api/tenants/%s/invites/%s", here, id), 404);
    assert_int_equal(api_ask(&eva, HTTP_POST, NULL, "/api/tenants/%s/invites/%s/resend", here, id),
                     404);
}

static void text_that_was_not_sent_is_said(void **state)
{
    (void)state;
    struct twilio_rest *rest = w->api.rest;
    const char *sender = w->api.sms_sender;
    w->api.rest = api_dead_rest();
    assert_int_equal(invite(&jan, annas, "member"), 201);
    assert_string_equal(api_value("sms"), "not_sent");
    token_of_link(); /* which can be passed on by other means */
    twilio_rest_free(&w->api.rest);
    w->api.rest = rest;
    w->api.sms_sender = NULL;
    assert_int_equal(invite(&jan, annas, "member"), 201);
    assert_string_equal(api_value("sms"), "off");
    w->api.sms_sender = sender;
}

static void invites_have_limits(void **state)
{
    (void)state;
    int sent = 0;
    int64_t before = api_sandbox_asked("create_message");
    char phone[20];
    for (int i = 0; i < 5; i++)
        sent += invite(&jan, annas, "member") == 201;
    assert_int_equal(sent, 3); /* one phone a day */
    api_expect_problem(429, "too_many_invites");
    for (int i = 0; i < 30; i++) {
        snprintf(phone, sizeof(phone), "+4206090%05d", i);
        sent += invite(&jan, phone, "member") == 201;
    }
    assert_int_equal(sent, 20); /* one tenant an hour */
    assert_int_equal(api_sandbox_asked("create_message") - before, 20);
}

static void plan_has_so_many_members(void **state)
{
    (void)state;
    postgres_run("UPDATE tenants SET limit_members = 4");
    assert_int_equal(invite(&jan, annas, "member"), 201);
    invite(&jan, "+420609000001", "member");
    api_expect_problem(409, "plan_limit");
    assert_int_equal(invite(&jan, annas, "admin"), 201); /* the same one again */
    postgres_run("UPDATE tenants SET limit_members = 5");
    assert_int_equal(invite(&jan, "+420609000001", "member"), 201);
}

#define TEST(name) cmocka_unit_test_setup(name, three_people)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(everybody_sees_who_is_in_the_tenant),
        TEST(members_come_in_pages),
        TEST(roles_are_given_by_those_who_may),
        TEST(role_counts_at_once),
        TEST(last_owner_cannot_go),
        TEST(member_may_leave),
        TEST(whoever_is_removed_is_out_at_once),
        TEST(members_of_others_are_not_there),
        TEST(invite_goes_out_as_a_text_message),
        TEST(invited_person_signs_in_and_is_in),
        TEST(link_is_shown_and_accepted),
        TEST(invites_wait_for_an_answer),
        TEST(nobody_invites_above_himself),
        TEST(whom_one_cannot_invite_is_said),
        TEST(invite_is_sent_again_and_withdrawn),
        TEST(text_that_was_not_sent_is_said),
        TEST(invites_have_limits),
        TEST(plan_has_so_many_members),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
