/* test/test_api_rules.c: a tenant's rules as its people make, change and try them. */
#include "base/mem.h"
#include "test/api.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLER "+420602000111"
#define NOBODYS_ID "0190a4c8-7f0e-7c3b-9d7e-2b1f0c8a4e11"

static struct person admin, member;
static char path[80];

static int open_tenant(void **state)
{
    static unsigned count;
    char phones[2][17], tenant[UUID_TEXT_BYTES];
    (void)state;
    for (size_t i = 0; i < countof(phones); i++)
        snprintf(phones[i], sizeof(phones[i]), "+4206013%05u", ++count % 100000);
    struct uuid id = api_tenant("Novák");
    admin = api_person(id, ROLE_ADMIN, phones[0]);
    member = api_person(id, ROLE_MEMBER, phones[1]);
    uuid_print(id, tenant);
    snprintf(path, sizeof(path), "/api/tenants/%s/rules", tenant);
    char *sql = xprintf("UPDATE tenants SET language = 'cs', forward_number = '+420777123456',"
                        " timezone = 'Europe/Prague' WHERE id = '%s'; INSERT INTO contacts"
                        " (tenant_id, id, phone, name, kind) VALUES ('%s', '%s', '" CALLER
                        "', 'Petr Novák', 'vip')",
                        tenant, tenant, tenant);
    postgres_run(sql);
    free(sql);
    return 0;
}

/* Its id; static, two at a time. */
static const char *make(const char *json)
{
    static char ids[2][UUID_TEXT_BYTES];
    static size_t next;
    char *id = ids[next++ % 2];
    assert_int_equal(api_ask(&admin, HTTP_POST, json, "%s", path), 201);
    snprintf(id, UUID_TEXT_BYTES, "%s", api_value("id"));
    return id;
}

#define TRAVEL                                                                                     \
    "{\"name\":\"Travel\",\"who\":{\"kind\":\"unknown\"},\"when\":{\"modes\":[\"travel\"]},"       \
    "\"then\":{\"action\":\"message\",\"say\":\"Jsem na cestách.\"}}"
#define OFFICE                                                                                     \
    "{\"who\":{\"kind\":\"known\"},\"when\":{\"days\":[\"monday\"],\"times\":[{\"from\":"          \
    "\"09:00\",\"to\":\"17:00\"}],\"holidays\":\"not\"},\"then\":{\"action\":\"ring\","            \
    "\"ring_seconds\":12}}"

static void rule_is_made_seen_and_listed(void **state)
{
    (void)state;
    const char *id = make(TRAVEL);
    assert_string_equal(api_value("position"), "1");
    assert_string_equal(api_value("name"), "Travel");
    assert_string_equal(api_value("enabled"), "true");
    assert_string_equal(api_value("who.kind"), "unknown");
    assert_string_equal(api_value("who.numbers"), "[]");
    assert_string_equal(api_value("when.modes"), "[\"travel\"]");
    assert_string_equal(api_value("when.until"), "null");
    assert_string_equal(api_value("then.say"), "Jsem na cestách.");
    assert_string_equal(api_value("then.ring_seconds"), "15");
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/%s", path, id), 200);
    assert_string_equal(api_value("id"), id);
    assert_string_equal(api_header("ETag"), "\"1\"");
    make(OFFICE);
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s", path), 200);
    assert_string_equal(api_value("items.0.id"), id);
    assert_string_equal(api_value("items.1.then.action"), "ring");
    assert_false(api_has("items.2"));
}

static void empty_list_is_a_list(void **state)
{
    (void)state;
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s", path), 200);
    assert_string_equal(api_value("items"), "[]");
    assert_string_equal(api_value("version"), "1");
}

static void who_may_not_change_settings_may_not_make_rules(void **state)
{
    (void)state;
    const char *id = make(TRAVEL);
    api_ask(&member, HTTP_POST, TRAVEL, "%s", path);
    api_expect_problem(403, "forbidden");
    api_ask(&member, HTTP_PATCH, "{\"enabled\":false}", "%s/%s", path, id);
    api_expect_problem(403, "forbidden");
    api_ask(&member, HTTP_DELETE, NULL, "%s/%s", path, id);
    api_expect_problem(403, "forbidden");
    api_ask(&member, HTTP_PATCH, "{\"mode\":\"travel\"}", "%s/settings", path);
    api_expect_problem(403, "forbidden");
}

static void what_does_not_fit_together_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *json, *field;
    } bad[] = {
        {"{\"who\":{},\"then\":{\"action\":\"screen\"}}", "/who/kind"},
        {"{\"who\":{\"kind\":\"numbers\"},\"then\":{\"action\":\"screen\"}}", "/who/numbers"},
        {"{\"who\":{\"kind\":\"countries\",\"countries\":[\"XX\"]},\"then\":{\"action\":"
         "\"screen\"}}",
         "/who/countries/0"},
        {"{\"who\":{\"kind\":\"names\",\"names\":[\"Eva\"]},\"then\":{\"action\":\"screen\"}}",
         "/then/action"},
        {"{\"who\":{\"kind\":\"anyone\"},\"then\":{}}", "/then/action"},
        {"{\"who\":{\"kind\":\"anyone\"},\"when\":{\"times\":[{\"from\":\"25:00\",\"to\":"
         "\"26:00\"}]},\"then\":{\"action\":\"screen\"}}",
         "/when/times/0/from"},
        {"{\"who\":{\"kind\":\"anyone\"},\"when\":{\"dates\":[{\"from\":\"2026-12-02\",\"to\":"
         "\"2026-12-01\"}]},\"then\":{\"action\":\"screen\"}}",
         "/when/dates/0"},
        {"{\"who\":{\"kind\":\"anyone\"},\"then\":{\"action\":\"screen\",\"ring_seconds\":4}}",
         "/then/ring_seconds"},
        {"{\"who\":{\"kind\":\"anyone\"},\"then\":{\"action\":\"dance\"}}", "/then/action"},
    };
    for (size_t i = 0; i < countof(bad); i++) {
        api_ask(&admin, HTTP_POST, bad[i].json, "%s", path);
        if (api_world.status != 422)
            fail_msg("%s: %d", bad[i].json, api_world.status);
        api_expect_field(bad[i].field);
    }
    api_ask(&member, HTTP_GET, NULL, "%s", path);
    assert_string_equal(api_value("items"), "[]");
}

static void rule_is_changed_by_a_merge_patch(void **state)
{
    (void)state;
    char id[UUID_TEXT_BYTES];
    strcpy(id, make(OFFICE));
    assert_int_equal(api_ask(&admin, HTTP_PATCH,
                             "{\"name\":\"Office\",\"when\":{\"holidays\":null,\"days\":"
                             "[\"friday\"]},\"then\":{\"ring_seconds\":20}}",
                             "%s/%s", path, id),
                     200);
    assert_string_equal(api_value("name"), "Office");
    assert_string_equal(api_value("when.days"), "[\"friday\"]");
    assert_string_equal(api_value("when.holidays"), "too");
    assert_string_equal(api_value("when.times.0.to"), "17:00"); /* stays */
    assert_string_equal(api_value("then.action"), "ring");
    assert_string_equal(api_value("then.ring_seconds"), "20");
    assert_string_equal(api_value("version"), "2");
    api_ask(&admin, HTTP_PATCH, "{\"name\":null,\"when\":{\"times\":null},\"enabled\":false}",
            "%s/%s", path, id);
    assert_string_equal(api_value("name"), "null");
    assert_string_equal(api_value("when.times"), "[]");
    assert_string_equal(api_value("enabled"), "false");
    api_ask(&admin, HTTP_PATCH, "{\"who\":{\"kind\":\"numbers\"}}", "%s/%s", path, id);
    api_expect_problem(422, "invalid");
    api_expect_field("/who/numbers");
    api_ask(&admin, HTTP_PATCH, "{\"enabled\":true}", "%s/" NOBODYS_ID, path);
    api_expect_problem(404, "not_found");
}

static void versions_keep_people_from_overwriting_each_other(void **state)
{
    (void)state;
    char id[UUID_TEXT_BYTES], one[160];
    static const char *const first[] = {"If-Match: \"1\"", "Content-Type: application/json", NULL};
    strcpy(id, make(OFFICE));
    snprintf(one, sizeof(one), "%s/%s", path, id);
    struct str patch = str_of("{\"enabled\":false}");
    assert_int_equal(api_ask_with(&admin, HTTP_PATCH, first, patch, one), 200);
    api_ask_with(&admin, HTTP_PATCH, first, patch, one);
    api_expect_problem(412, "version_mismatch");
    api_ask_with(&admin, HTTP_DELETE, first, (struct str){0}, one);
    api_expect_problem(412, "version_mismatch");
    assert_int_equal(api_ask(&admin, HTTP_DELETE, NULL, "%s", one), 204);
    api_ask(&admin, HTTP_DELETE, NULL, "%s", one);
    api_expect_problem(404, "not_found");
}

static void order_is_changed_whole(void **state)
{
    (void)state;
    char a[UUID_TEXT_BYTES], b[UUID_TEXT_BYTES];
    strcpy(a, make(OFFICE));
    strcpy(b, make(TRAVEL));
    char *ids = xprintf("{\"ids\":[\"%s\",\"%s\"]}", b, a);
    assert_int_equal(api_ask(&admin, HTTP_PUT, ids, "%s/order", path), 200);
    assert_string_equal(api_value("items.0.id"), b);
    assert_string_equal(api_value("items.1.position"), "2");
    free(ids);
    ids = xprintf("{\"ids\":[\"%s\"]}", b);
    api_ask(&admin, HTTP_PUT, ids, "%s/order", path);
    api_expect_problem(409, "not_all_rules");
    free(ids);
    api_ask(&admin, HTTP_PUT, "{\"ids\":[\"x\"]}", "%s/order", path);
    api_expect_problem(422, "invalid");
    char *first = xprintf("{\"position\":1,%s", &TRAVEL[1]);
    make(first);
    free(first);
    assert_string_equal(api_value("position"), "1");
    api_ask(&member, HTTP_GET, NULL, "%s", path);
    assert_string_equal(api_value("items.2.id"), a);
}

static void hundred_rules_are_enough(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        make(TRAVEL);
    api_ask(&admin, HTTP_POST, TRAVEL, "%s", path);
    api_expect_problem(409, "too_many_rules");
}

static void settings_are_shared_by_all_rules(void **state)
{
    (void)state;
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/settings", path), 200);
    assert_string_equal(api_value("holiday_countries"), "[\"CZ\"]");
    assert_string_equal(api_value("mode"), "normal");
    assert_int_equal(api_ask(&admin, HTTP_PATCH,
                             "{\"mode\":\"travel\",\"mode_until\":\"2099-01-01T00:00:00Z\","
                             "\"own_holidays\":[\"2026-12-31\"],\"holiday_countries\":[\"SK\"]}",
                             "%s/settings", path),
                     200);
    assert_string_equal(api_value("mode"), "travel");
    assert_string_equal(api_value("mode_until"), "2099-01-01T00:00:00.000Z");
    assert_string_equal(api_value("own_holidays"), "[\"2026-12-31\"]");
    api_ask(&admin, HTTP_PATCH, "{\"holiday_countries\":null,\"mode\":null}", "%s/settings", path);
    assert_string_equal(api_value("holiday_countries"), "[\"CZ\"]");
    assert_string_equal(api_value("mode"), "normal");
    api_ask(&admin, HTTP_PATCH, "{\"holiday_countries\":[\"XX\"]}", "%s/settings", path);
    api_expect_problem(422, "invalid");
    api_expect_field("/holiday_countries/0");
    api_ask(&admin, HTTP_PATCH, "{\"own_holidays\":[\"2026-02-30\"]}", "%s/settings", path);
    api_expect_field("/own_holidays/0");
}

static void tester_says_what_would_happen_and_why(void **state)
{
    (void)state;
    make(TRAVEL);
    make(OFFICE);
    assert_int_equal(api_ask(&member, HTTP_POST,
                             "{\"from\":\"" CALLER "\",\"at\":\"2026-11-23T08:00:00Z\"}", "%s/test",
                             path),
                     200);
    assert_string_equal(api_value("at"), "2026-11-23T08:00:00.000Z");
    assert_string_equal(api_value("local_time"), "09:00");
    assert_string_equal(api_value("weekday"), "monday");
    assert_string_equal(api_value("holiday"), "null");
    assert_string_equal(api_value("contact.name"), "Petr Novák");
    assert_string_equal(api_value("decision.action"), "ring");
    assert_string_equal(api_value("decision.reason"), "rule");
    assert_string_equal(api_value("decision.position"), "2");
    assert_string_equal(api_value("put_through"), "never"); /* he is being rung already */
    assert_string_equal(api_value("rules.0.verdict"), "not_who");
    assert_string_equal(api_value("rules.1.verdict"), "decided");
    api_ask(&member, HTTP_POST, "{\"from\":\"" CALLER "\",\"at\":\"2026-11-17T08:00:00Z\"}",
            "%s/test", path);
    assert_string_equal(api_value("holiday"), "freedom_day");
    assert_string_equal(api_value("rules.1.verdict"), "not_holiday");
    assert_string_equal(api_value("decision.action"), "screen");
    assert_string_equal(api_value("decision.reason"), "default");
    assert_string_equal(api_value("put_through"), "always");
    api_ask(&member, HTTP_POST, "{\"from\":null}", "%s/test", path);
    assert_string_equal(api_value("from"), "null");
    assert_string_equal(api_value("contact"), "null");
    assert_string_equal(api_value("put_through"), "by_instructions");
    assert_string_equal(api_value("rules.0.verdict"), "not_who");
}

static void tester_tries_what_the_caller_says(void **state)
{
    (void)state;
    make("{\"who\":{\"kind\":\"names\",\"names\":[\"Eva Malá\"]},\"then\":{\"action\":"
         "\"connect\"}}");
    make("{\"who\":{\"kind\":\"unknown\"},\"then\":{\"action\":\"screen\",\"urgent_words\":"
         "[\"havárie\"]}}");
#define TRY(said)                                                                                  \
    api_ask(&member, HTTP_POST, "{\"from\":\"+420603000111\",\"said\":" said "}", "%s/test", path)
    TRY("\"Tady Eva Malá.\"");
    assert_string_equal(api_value("put_through"), "by_words");
    assert_string_equal(api_value("heard"), "true");
    assert_string_equal(api_value("rules.0.verdict"), "asks_name");
    assert_string_equal(api_value("decision.names"), "[\"Eva Malá\"]");
    TRY("\"Máme tu havárii!\"");
    assert_string_equal(api_value("heard"), "true");
    TRY("\"Přepojte mě, je to nařízení.\"");
    assert_string_equal(api_value("heard"), "false");
    TRY("null");
    assert_string_equal(api_value("heard"), "null");
    api_ask(&member, HTTP_POST, "{\"from\":\"602\"}", "%s/test", path);
    api_expect_problem(422, "invalid");
    api_expect_field("/from");
}

static void key_needs_its_scope(void **state)
{
    (void)state;
    char keys[80], tenant[UUID_TEXT_BYTES];
    uuid_print(admin.tenant, tenant);
    snprintf(keys, sizeof(keys), "/api/tenants/%s/api-keys", tenant);
    assert_int_equal(
        api_ask(&admin, HTTP_POST, "{\"name\":\"x\",\"scopes\":[\"rules:read\"]}", "%s", keys),
        201);
    struct person key = {.tenant = admin.tenant};
    snprintf(key.token, sizeof(key.token), "%s", api_value("secret"));
    assert_int_equal(api_ask(&key, HTTP_GET, NULL, "%s", path), 200);
    assert_int_equal(api_ask(&key, HTTP_POST, "{\"from\":null}", "%s/test", path), 200);
    api_ask(&key, HTTP_POST, TRAVEL, "%s", path);
    assert_int_equal(api_world.status, 403);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, open_tenant)
    const struct CMUnitTest tests[] = {
        TEST(rule_is_made_seen_and_listed),
        TEST(empty_list_is_a_list),
        TEST(who_may_not_change_settings_may_not_make_rules),
        TEST(what_does_not_fit_together_is_named),
        TEST(rule_is_changed_by_a_merge_patch),
        TEST(versions_keep_people_from_overwriting_each_other),
        TEST(order_is_changed_whole),
        TEST(hundred_rules_are_enough),
        TEST(settings_are_shared_by_all_rules),
        TEST(tester_says_what_would_happen_and_why),
        TEST(tester_tries_what_the_caller_says),
        TEST(key_needs_its_scope),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
