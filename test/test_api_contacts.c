/* test/test_api_contacts.c: contacts as the apps see and change them; what the queries find is
 * test_contacts.c's. */
#include "base/mem.h"
#include "test/api.h"
#include "test/json_at.h"
#include "test/made_calls.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct api_world *const w = &api_world;
static struct uuid jan;
static struct person member, stranger;
static char contacts[128];

static int fresh(void **state)
{
    (void)state;
    char id[UUID_TEXT_BYTES];
    postgres_run("DELETE FROM tenants");
    jan = api_tenant("Jan");
    member = api_person(jan, ROLE_MEMBER, "+420601000002");
    stranger = api_person(api_tenant("Eva"), ROLE_OWNER, "+420601000003");
    uuid_print(jan, id);
    snprintf(contacts, sizeof(contacts), "/api/tenants/%s/contacts", id);
    return 0;
}

static int items(void)
{
    return cJSON_GetArraySize(json_at(w->json, "items"));
}

static void contact_is_made_found_changed_and_forgotten(void **state)
{
    (void)state;
    assert_int_equal(api_ask(&member, HTTP_POST,
                             "{\"phone\":\"+420602345678\",\"name\":\"Babička\",\"kind\":\"vip\"}",
                             "%s", contacts),
                     201);
    assert_string_equal(api_header("ETag"), "\"1\"");
    char one[200];
    snprintf(one, sizeof(one), "%s/%s", contacts, api_value("id"));
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s?q=babic&kind=vip", contacts), 200);
    assert_int_equal(items(), 1);
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s?kind=blocked", contacts), 200);
    assert_int_equal(items(), 0);
    const char *const known[] = {"Content-Type: application/json", "If-Match: \"1\"", NULL};
    assert_int_equal(
        api_ask_with(&member, HTTP_PATCH, known, str_of("{\"name\":null,\"notes\":\"x\"}"), one),
        200);
    assert_string_equal(api_value("name"), "null");
    assert_string_equal(api_value("kind"), "vip");
    api_ask_with(&member, HTTP_PATCH, known, str_of("{\"name\":\"y\"}"), one);
    api_expect_problem(412, "version_mismatch");
    api_ask_with(&member, HTTP_DELETE, known, (struct str){0}, one);
    api_expect_problem(412, "version_mismatch");
    assert_int_equal(api_ask(&member, HTTP_DELETE, NULL, "%s", one), 204);
    api_ask(&member, HTTP_GET, NULL, "%s", one);
    api_expect_problem(404, "not_found");
}

static void contact_comes_of_a_call(void **state)
{
    (void)state;
    char id[UUID_TEXT_BYTES], json[120];
    uuid_print(made_call(jan, (struct made_call){.label = "legitimate", .name = "pan Novák"}), id);
    snprintf(json, sizeof(json), "{\"call_id\":\"%s\",\"kind\":\"blocked\"}", id);
    assert_int_equal(api_ask(&member, HTTP_POST, json, "%s", contacts), 201);
    assert_string_equal(api_value("name"), "pan Novák");
    assert_string_equal(api_value("last_calls.0.id"), id);
    assert_string_equal(api_value("last_calls.0.contact.kind"), "blocked");
    assert_string_equal(api_value("counts.calls"), "1");
    api_ask(&member, HTTP_POST, json, "%s", contacts);
    api_expect_problem(409, "already_exists");
    uuid_print(made_call(jan, (struct made_call){.from = "anonymous"}), id);
    snprintf(json, sizeof(json), "{\"call_id\":\"%s\"}", id);
    api_ask(&member, HTTP_POST, json, "%s", contacts);
    api_expect_problem(422, "invalid");
    api_expect_field("/call_id");
}

static void what_will_not_do_is_refused_by_field(void **state)
{
    (void)state;
    static const struct {
        const char *json, *field;
    } bad[] = {
        {"{}", ""},
        {"{\"phone\":\"602\"}", "/phone"},
        {"{\"phone\":\"+420602345678\",\"kind\":\"friend\"}", "/kind"},
        {"{\"phone\":\"+420602345678\",\"name\":\"\"}", "/name"},
        {"{\"phone\":\"+420602345678\",\"language\":\"fr\"}", "/language"},
        {"{\"phone\":\"+420602345678\",\"email\":\"a@b.cz\"}", "/email"},
        {"{\"phone\":\"+420602345678\",\"call_id\":\"0197a000-0000-7000-8000-00000000abcd\"}", ""},
        {"{\"call_id\":\"0197a000-0000-7000-8000-00000000abcd\"}", "/call_id"}};
    for (size_t i = 0; i < countof(bad); i++) {
        api_ask(&member, HTTP_POST, bad[i].json, "%s", contacts);
        api_expect_problem(422, "invalid");
        api_expect_field(bad[i].field);
    }
    api_ask(&member, HTTP_GET, NULL, "%s?cursor=nonsense", contacts);
    api_expect_problem(422, "invalid");
    api_expect_field("cursor");
    assert_int_equal(postgres_count("SELECT count(*) FROM contacts"), 0);
}

static void contacts_of_another_tenant_are_nobodys_business(void **state)
{
    (void)state;
    assert_int_equal(api_ask(&member, HTTP_POST, "{\"phone\":\"+420602345678\"}", "%s", contacts),
                     201);
    char id[UUID_TEXT_BYTES], theirs[UUID_TEXT_BYTES];
    snprintf(id, sizeof(id), "%s", api_value("id"));
    uuid_print(stranger.tenant, theirs);
    api_ask(&stranger, HTTP_GET, NULL, "%s", contacts);
    api_expect_problem(404, "not_found");
    api_ask(&stranger, HTTP_GET, NULL, "/api/tenants/%s/contacts/%s", theirs, id);
    api_expect_problem(404, "not_found");
    api_ask(&stranger, HTTP_DELETE, NULL, "/api/tenants/%s/contacts/%s", theirs, id);
    api_expect_problem(404, "not_found");
    assert_int_equal(postgres_count("SELECT count(*) FROM contacts"), 1);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(contact_is_made_found_changed_and_forgotten),
        TEST(contact_comes_of_a_call),
        TEST(what_will_not_do_is_refused_by_field),
        TEST(contacts_of_another_tenant_are_nobodys_business),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
