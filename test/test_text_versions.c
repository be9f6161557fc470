/* test/test_text_versions.c: each change of a tenant's texts leaves a version, whoever makes it,
 * and any of them can be had again. */
#include "store/text_versions.h"

#include "store/tenants.h"
#include "test/neighbours.h"
#include "test/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int set(struct db *db, const char *name, const char *to, const char *actor)
{
    const struct tenant_setting setting = {str_of(name), str_of(to)};
    tenants_set(db, jan, &setting, 1, actor, on_ending, &ending, NULL);
    return bench_ending(&bench, &ending);
}

static void list(struct uuid tenant, const char *kind, int64_t before, int64_t limit)
{
    text_versions_list(bench.app, tenant, kind, before, limit, on_answer, NULL, NULL);
    assert_int_equal(answered(), 0);
}

static int get(struct uuid tenant, const char *kind, int64_t version)
{
    text_versions_get(bench.app, tenant, kind, version, on_answer, NULL, NULL);
    return answered();
}

static int restore_of(struct uuid tenant, const char *kind, int64_t version, int64_t tenant_version)
{
    const struct text_restore wish = {kind, version, tenant_version, "user:2"};
    text_versions_restore(bench.app, tenant, &wish, on_ending, &ending, NULL);
    return bench_ending(&bench, &ending);
}

/* Answers with what is the newest version then. */
static int restore(struct uuid tenant, const char *kind, int64_t version)
{
    int err = restore_of(tenant, kind, version, -1);
    if (err)
        return err;
    list(tenant, kind, 0, 1);
    return get(tenant, kind, atoll(value("items.0.version")));
}

static void expect_versions(const char *expected)
{
    char *found =
        postgres_ask("SELECT coalesce(string_agg(v.version || ' ' || coalesce(text, '-') ||"
                     " ' ' || made_by, ', ' ORDER BY v.version), '')"
                     " FROM tenant_text_versions v JOIN tenants t ON t.id = v.tenant_id"
                     " WHERE t.name = 'Jan' AND kind = 'greeting_text'");
    assert_string_equal(found, expected);
    free(found);
}

static void every_change_leaves_a_version(void **state)
{
    (void)state;
    expect_versions("");
    assert_int_equal(set(bench.app, "greeting_text", "Hello.", "user:1"), 0);
    assert_int_equal(set(bench.app, "greeting_text", "Hello.", "user:1"), 0); /* changes nothing */
    assert_int_equal(set(bench.app, "timezone", "Europe/London", "user:1"), 0);
    assert_int_equal(set(bench.owner, "greeting_text", "Hi.", "operator"), 0);
    assert_int_equal(set(bench.app, "greeting_text", "", "user:1"), 0);
    expect_versions("1 Hello. user:1, 2 Hi. operator, 3 - user:1");
    postgres_run("UPDATE tenants SET greeting_text = 'By hand.' WHERE name = 'Jan'");
    expect_versions("1 Hello. user:1, 2 Hi. operator, 3 - user:1, 4 By hand. operator");
    assert_int_equal(postgres_count("SELECT count(*) FROM tenant_text_versions v JOIN tenants t"
                                    " ON t.id = v.tenant_id WHERE t.name = 'Eva' AND kind <>"
                                    " 'language'"),
                     0);
}

static void new_tenant_begins_with_its_first_version(void **state)
{
    (void)state;
    list(jan, "language", 0, 10);
    assert_int_equal(count("items"), 1);
    assert_string_equal(value("items.0.version"), "1");
    assert_string_equal(value("items.0.current"), "true");
}

static void old_version_can_be_had_again(void **state)
{
    (void)state;
    set(bench.app, "greeting_text", "Hello.", "user:1");
    set(bench.app, "greeting_text", "Hi.", "user:1");
    assert_int_equal(restore(jan, "greeting_text", 1), 0);
    assert_string_equal(value("version"), "3");
    assert_string_equal(value("text"), "Hello.");
    assert_string_equal(value("restored_from"), "1");
    assert_string_equal(value("made_by"), "user:2");
    assert_string_equal(value("current"), "true");
    assert_int_equal(postgres_count("SELECT count(*) FROM tenants WHERE greeting_text = 'Hello.'"),
                     1);
    assert_int_equal(restore(jan, "greeting_text", 3), 0); /* it is that one already */
    assert_string_equal(value("version"), "3");
    assert_int_equal(restore(jan, "greeting_text", 9), ENOENT);
    assert_int_equal(restore(eva, "greeting_text", 1), ENOENT);
    expect_versions("1 Hello. user:1, 2 Hi. user:1, 3 Hello. user:2");
}

static void a_version_is_restored_in_the_tenant_that_was_seen(void **state)
{
    (void)state;
    set(bench.app, "greeting_text", "Hello.", "user:1");
    set(bench.app, "greeting_text", "Hi.", "user:1");
    int64_t version = postgres_count("SELECT version FROM tenants WHERE name = 'Jan'");
    assert_int_equal(restore_of(jan, "greeting_text", 1, version - 1), ESTALE);
    assert_int_equal(restore_of(jan, "greeting_text", 9, version), ENOENT);
    expect_versions("1 Hello. user:1, 2 Hi. user:1");
    assert_int_equal(restore_of(jan, "greeting_text", 1, version), 0);
    expect_versions("1 Hello. user:1, 2 Hi. user:1, 3 Hello. user:2");
}

static void what_was_cleared_can_be_cleared_again(void **state)
{
    (void)state;
    set(bench.app, "greeting_text", "Hello.", "user:1");
    set(bench.app, "greeting_text", "", "user:1");
    set(bench.app, "greeting_text", "Hi.", "user:1");
    assert_int_equal(restore(jan, "greeting_text", 2), 0);
    assert_string_equal(value("text"), "null");
    assert_string_equal(value("characters"), "0");
    assert_int_equal(postgres_count("SELECT count(*) FROM tenants WHERE greeting_text IS NULL"
                                    " AND name = 'Jan'"),
                     1);
}

static void versions_come_in_pages(void **state)
{
    (void)state;
    for (int i = 1; i <= 5; i++) {
        char *text = xprintf("Hello %d.", i);
        set(bench.app, "greeting_text", text, "user:1");
        free(text);
    }
    list(jan, "greeting_text", 0, 2);
    assert_string_equal(value("items.0.version"), "5");
    assert_string_equal(value("items.1.version"), "4");
    assert_string_equal(value("next_cursor"), "4");
    list(jan, "greeting_text", 4, 3);
    assert_string_equal(value("items.2.version"), "1");
    assert_string_equal(value("next_cursor"), "null");
    list(eva, "greeting_text", 0, 2);
    assert_int_equal(count("items"), 0);
}

static void version_names_who_made_it(void **state)
{
    (void)state;
    postgres_run("INSERT INTO users (tenant_id, id, phone, name) SELECT id, id, '+420602000111',"
                 " 'Marie' FROM tenants WHERE name = 'Jan'");
    char id[UUID_TEXT_BYTES];
    uuid_print(jan, id);
    char *actor = xprintf("user:%s", id);
    set(bench.app, "system_prompt", "Be kind.", actor);
    free(actor);
    assert_int_equal(get(jan, "system_prompt", 1), 0);
    assert_string_equal(value("made_by_name"), "Marie");
    assert_string_equal(value("text"), "Be kind.");
    assert_string_equal(value("characters"), "8");
    assert_int_equal(get(eva, "system_prompt", 1), ENOENT);
}

static void newest_versions_are_kept_and_older_ones_go(void **state)
{
    (void)state;
    postgres_run("DO $$ BEGIN FOR i IN 1..205 LOOP UPDATE tenants SET greeting_text = 'v' || i"
                 " WHERE name = 'Jan'; SET CONSTRAINTS ALL IMMEDIATE; END LOOP; END $$");
    char *range = postgres_ask("SELECT min(version) || '-' || max(version) || ' ' || count(*)"
                               " FROM tenant_text_versions WHERE kind = 'greeting_text'");
    assert_string_equal(range, "6-205 200");
    free(range);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, neighbours_open, neighbours_close)
    const struct CMUnitTest tests[] = {
        TEST(every_change_leaves_a_version),
        TEST(new_tenant_begins_with_its_first_version),
        TEST(old_version_can_be_had_again),
        TEST(a_version_is_restored_in_the_tenant_that_was_seen),
        TEST(what_was_cleared_can_be_cleared_again),
        TEST(versions_come_in_pages),
        TEST(version_names_who_made_it),
        TEST(newest_versions_are_kept_and_older_ones_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
