/* test/test_rules.c: call rules as rows: their order, versions, bounds, and all that decides a call
 * found in one look. */
#include "store/callrules.h"

#include "store/tenants.h"
#include "test/neighbours.h"
#include "test/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CALLER "+420602000111"
#define BODY "{\"who\":{\"kind\":\"anyone\"},\"when\":{},\"then\":{\"action\":\"message\"}}"

static int open_rules(void **state)
{
    neighbours_open(state);
    postgres_run("UPDATE tenants SET language = 'cs', forward_number = '+420777123456'"
                 " WHERE name = 'Jan'");
    return 0;
}

/* ---- doing ----------------------------------------------------------------------------------- */

static struct callrule_draft draft_of(const char *name)
{
    return (struct callrule_draft){.name = name, .enabled = true, .body = str_of(BODY)};
}

static int try_add(const char *name, int64_t position)
{
    const struct callrule_draft draft = draft_of(name);
    callrules_add(bench.app, jan, &draft, position, "user:1", on_answer, NULL, NULL);
    return answered();
}

static struct uuid add(const char *name, int64_t position)
{
    const struct callrule_draft draft = draft_of(name);
    callrules_add(bench.app, jan, &draft, position, "user:1", on_answer, NULL, NULL);
    struct uuid id;
    assert_int_equal(answered(), 0);
    assert_int_equal(uuid_parse(str_of(value("id")), &id), 0);
    assert_string_equal(value("name"), name);
    assert_string_equal(value("then.action"), "message");
    return id;
}

static void expect_order(const char *names)
{
    char *order = postgres_ask("SELECT coalesce(string_agg(position || name, ' ' ORDER BY position"
                               "), '') FROM rules");
    assert_string_equal(order, names);
    free(order);
}

static int order(const struct uuid *ids, size_t count, int64_t version)
{
    struct buf json = {0};
    buf_putc(&json, '[');
    for (size_t i = 0; i < count; i++) {
        char id[UUID_TEXT_BYTES];
        uuid_print(ids[i], id);
        buf_printf(&json, "%s\"%s\"", i ? "," : "", id);
    }
    buf_putc(&json, ']');
    callrules_order(bench.app, jan, buf_str(&json), version, "user:1", on_answer, NULL, NULL);
    int err = answered();
    buf_free(&json);
    return err;
}

static int change(struct uuid tenant, struct uuid rule, int64_t version, bool enabled)
{
    const struct callrule_draft draft = {.enabled = enabled, .body = str_of(BODY)};
    callrules_change(bench.app, tenant, rule, version, &draft, "user:1", on_answer, NULL, NULL);
    return answered();
}

static int drop(struct uuid tenant, struct uuid rule, int64_t version)
{
    callrules_remove(bench.app, tenant, rule, version, "user:1", on_ending, &ending, NULL);
    return bench_ending(&bench, &ending);
}

static int64_t order_version(void)
{
    return postgres_count("SELECT coalesce(max(order_version), 1) FROM rule_settings");
}

/* ---- order ----------------------------------------------------------------------------------- */

static void rules_stand_in_an_order_without_a_gap(void **state)
{
    (void)state;
    struct uuid b = add("b", 0);
    add("c", 0);
    add("a", 1);
    add("d", 99);
    expect_order("1a 2b 3c 4d");
    assert_int_equal(drop(jan, b, -1), 0);
    expect_order("1a 2c 3d");
    assert_int_equal(drop(jan, b, -1), ENOENT);
    add("b", 2);
    expect_order("1a 2b 3c 4d");
}

static void order_is_given_whole_or_not_at_all(void **state)
{
    (void)state;
    struct uuid ids[4] = {add("a", 0), add("b", 0), add("c", 0)};
    const struct uuid turned[] = {ids[2], ids[0], ids[1]};
    const struct uuid twice[] = {ids[0], ids[0], ids[1]};
    int64_t before = order_version();
    assert_int_equal(order(ids, 2, -1), EBUSY);
    assert_int_equal(order(twice, 3, -1), EBUSY);
    ids[3] = uuid_new(1);
    assert_int_equal(order(ids, 4, -1), EBUSY);
    assert_int_equal(order(turned, 3, before + 7), ESTALE);
    expect_order("1a 2b 3c");
    assert_int_equal(order_version(), before);
    assert_int_equal(order(turned, 3, before), 0);
    expect_order("1c 2a 3b");
    assert_int_equal(order(turned, 3, before), ESTALE);
    assert_int_equal(order(turned, 3, -1), 0);
}

static void order_answers_with_the_list(void **state)
{
    (void)state;
    const struct uuid ids[] = {add("a", 0), add("b", 0)};
    char one[UUID_TEXT_BYTES], two[UUID_TEXT_BYTES];
    uuid_print(ids[0], one);
    uuid_print(ids[1], two);
    char *json = xprintf("[\"%s\",\"%s\"]", two, one);
    callrules_order(bench.app, jan, str_of(json), -1, "user:1", on_answer, NULL, NULL);
    assert_int_equal(answered(), 0);
    free(json);
    assert_int_equal(count("items"), 2);
    assert_string_equal(value("items.0.id"), two);
    assert_int_equal(atoi(value("version")), order_version());
}

static void no_tenant_has_more_rules_than_may_be(void **state)
{
    (void)state;
    for (int i = 0; i < CALLRULES_MAX; i++)
        assert_int_equal(try_add("x", i % 3), 0);
    assert_int_equal(try_add("x", 0), EDQUOT);
    assert_int_equal(try_add("x", 1), EDQUOT);
    assert_int_equal(postgres_count("SELECT count(*) FROM rules WHERE position <= 100"), 100);
    assert_int_equal(postgres_count("SELECT max(position) FROM rules"), CALLRULES_MAX);
}

static void rules_added_at_once_do_not_meet(void **state)
{
    (void)state;
    struct answer answers[6] = {{0}};
    const struct callrule_draft draft = draft_of("x");
    for (size_t i = 0; i < countof(answers); i++)
        callrules_add(bench.app, jan, &draft, 1, "user:1", on_answer, &answers[i], NULL);
    for (size_t i = 0; i < countof(answers); i++) {
        bench_wait(&bench, &answers[i].done);
        assert_int_equal(answers[i].err, 0);
        cJSON_Delete(answers[i].json);
    }
    expect_order("1x 2x 3x 4x 5x 6x");
}

/* ---- changing -------------------------------------------------------------------------------- */

static void rule_is_changed_by_whoever_saw_it_last(void **state)
{
    (void)state;
    struct uuid rule = add("a", 0);
    assert_int_equal(change(jan, rule, 1, false), 0);
    assert_int_equal(change(jan, rule, 1, true), ESTALE);
    assert_int_equal(change(jan, rule, 2, true), 0);
    assert_int_equal(change(jan, uuid_new(1), 1, true), ENOENT);
    assert_int_equal(drop(jan, rule, 1), ESTALE);
    assert_int_equal(drop(jan, rule, 3), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM audit_log WHERE action IN"
                                    " ('rule.add', 'rule.change', 'rule.remove')"
                                    " AND actor = 'user:1'"),
                     4);
}

static void rules_of_another_tenant_are_not_there(void **state)
{
    (void)state;
    struct uuid rule = add("a", 0);
    assert_int_equal(change(eva, rule, 1, false), ENOENT);
    assert_int_equal(drop(eva, rule, -1), ENOENT);
    callrules_get(bench.app, eva, rule, on_answer, NULL, NULL);
    assert_int_equal(answered(), ENOENT);
    callrules_list(bench.app, eva, on_answer, NULL, NULL);
    assert_int_equal(answered(), 0);
    assert_int_equal(count("items"), 0);
    assert_string_equal(value("version"), "1");
}

/* ---- what they share ------------------------------------------------------------------------- */

static int set(const char *patch, int64_t version)
{
    callrules_set_settings(bench.app, jan, str_of(patch), version, "user:1", on_answer, NULL, NULL);
    return answered();
}

static void expect_settings(const char *expected)
{
    callrules_get_settings(bench.app, jan, on_answer, NULL, NULL);
    assert_int_equal(answered(), 0);
    cJSON_DeleteItemFromObject(answer.json, "version");
    char *printed = cJSON_PrintUnformatted(answer.json);
    assert_string_equal(printed, expected);
    free(printed);
}

static void settings_begin_with_the_languages_holidays(void **state)
{
    (void)state;
    expect_settings("{\"holiday_countries\":[\"CZ\"],\"own_holidays\":[],\"mode\":\"normal\","
                    "\"mode_until\":null}");
    assert_int_equal(set("{\"holiday_countries\":[\"SK\",\"DE\"],\"own_holidays\":"
                         "[\"2026-12-31\"]}",
                         -1),
                     0);
    expect_settings("{\"holiday_countries\":[\"SK\",\"DE\"],\"own_holidays\":[\"2026-12-31\"],"
                    "\"mode\":\"normal\",\"mode_until\":null}");
    assert_int_equal(set("{\"holiday_countries\":[]}", -1), 0);
    expect_settings("{\"holiday_countries\":[],\"own_holidays\":[\"2026-12-31\"],"
                    "\"mode\":\"normal\",\"mode_until\":null}");
    assert_int_equal(set("{\"holiday_countries\":null,\"own_holidays\":null}", -1), 0);
    expect_settings("{\"holiday_countries\":[\"CZ\"],\"own_holidays\":[],\"mode\":\"normal\","
                    "\"mode_until\":null}");
}

static void mode_ends_by_itself(void **state)
{
    (void)state;
    assert_int_equal(set("{\"mode\":\"travel\",\"mode_until\":\"2099-01-01T00:00:00Z\"}", -1), 0);
    expect_settings("{\"holiday_countries\":[\"CZ\"],\"own_holidays\":[],\"mode\":\"travel\","
                    "\"mode_until\":\"2099-01-01T00:00:00.000Z\"}");
    assert_int_equal(set("{\"mode_until\":\"2020-01-01T00:00:00Z\"}", -1), 0);
    expect_settings("{\"holiday_countries\":[\"CZ\"],\"own_holidays\":[],\"mode\":\"normal\","
                    "\"mode_until\":null}");
    assert_int_equal(set("{\"mode\":\"night\"}", -1), 0); /* and no end that was set before */
    expect_settings("{\"holiday_countries\":[\"CZ\"],\"own_holidays\":[],\"mode\":\"night\","
                    "\"mode_until\":null}");
}

static void settings_are_changed_by_whoever_saw_them_last(void **state)
{
    (void)state;
    assert_int_equal(set("{\"mode\":\"night\"}", 1), 0);
    assert_int_equal(set("{\"mode\":\"normal\"}", 1), ESTALE);
    assert_int_equal(set("{\"mode\":\"normal\"}", 2), 0);
    assert_int_equal(set("{\"mode\":\"party\"}", -1), EINVAL);
    assert_int_equal(postgres_count("SELECT count(*) FROM audit_log WHERE action ="
                                    " 'rule.settings'"),
                     2);
}

/* ---- what decides a call --------------------------------------------------------------------- */

struct got {
    bool done;
    int err;
    struct callrules_found found;
};

static void on_found(int err, const struct callrules_found *found, void *arg)
{
    struct got *got = arg;
    got->done = true;
    got->err = err;
    if (!err)
        got->found = *found;
}

static struct got find(struct uuid tenant, const char *number, const char *at)
{
    struct got got = {0};
    struct callrules_query query = {.tenant = tenant, .number = number};
    assert_true(!at || moment_parse(at, &query.at_ms));
    callrules_find(bench.app, &query, &bench.arena, on_found, &got, NULL);
    bench_wait(&bench, &got.done);
    return got;
}

static void expect_local(struct uuid tenant, const char *at, const char *date, int minute)
{
    char text[DATE_TEXT_BYTES];
    struct got got = find(tenant, CALLER, at);
    assert_int_equal(got.err, 0);
    date_print(got.found.all.facts.date, text);
    assert_string_equal(text, date);
    assert_int_equal(got.found.all.facts.minute, minute);
}

static void call_is_placed_on_the_owners_clock(void **state)
{
    (void)state;
    expect_local(jan, "2026-11-28T23:30:00Z", "2026-11-29", 30);
    expect_local(jan, "2026-03-29T00:59:00Z", "2026-03-29", 119); /* summer time begins */
    expect_local(jan, "2026-03-29T01:00:00Z", "2026-03-29", 180);
    expect_local(jan, "2026-10-25T00:30:00Z", "2026-10-25", 150); /* it ends: twice half past two */
    expect_local(jan, "2026-10-25T01:30:00Z", "2026-10-25", 150);
    postgres_run("UPDATE tenants SET timezone = 'America/New_York' WHERE name = 'Eva'");
    expect_local(eva, "2026-11-28T03:00:00Z", "2026-11-27", 22 * 60);
    int64_t now = postgres_count("SELECT (extract(epoch FROM now()) * 1000)::int8");
    int64_t found = find(jan, CALLER, NULL).found.all.facts.now_ms;
    assert_true(found >= now && found < now + 60000);
}

static void all_that_decides_a_call_is_found(void **state)
{
    (void)state;
    postgres_contact(jan, CALLER, "Petr Novák", "vip");
    add("b", 0);
    add("a", 1);
    assert_int_equal(set("{\"mode\":\"travel\",\"mode_until\":\"2026-12-01T00:00:00Z\","
                         "\"own_holidays\":[\"2026-12-31\"]}",
                         -1),
                     0);
    struct got got = find(jan, CALLER, "2026-11-30T12:00:00Z");
    const struct callrules_facts *facts = &got.found.all.facts;
    assert_int_equal(got.err, 0);
    assert_string_equal(got.found.contact_name, "Petr Novák");
    assert_string_equal(facts->number, CALLER);
    assert_int_equal(facts->contact, CALLER_VIP);
    assert_int_equal(facts->mode, MODE_TRAVEL);
    assert_string_equal(facts->countries.list[0], "CZ");
    assert_int_equal(facts->own_date_count, 1);
    assert_true(facts->can_ring);
    assert_int_equal(got.found.all.count, 2);
    assert_int_equal(got.found.all.rules[0].then.action, THEN_MESSAGE);
    assert_int_equal(find(jan, CALLER, "2026-12-01T00:00:00Z").found.all.facts.mode, MODE_NORMAL);
    got = find(jan, "", NULL);
    assert_int_equal(got.found.all.facts.contact, CALLER_STRANGER);
    assert_string_equal(got.found.all.facts.number, "");
    assert_null(got.found.contact_name);
    got = find(eva, CALLER, NULL);
    assert_int_equal(got.found.all.facts.contact, CALLER_STRANGER);
    assert_int_equal(got.found.all.count, 0);
    assert_false(got.found.all.facts.can_ring);
    assert_int_equal(find(uuid_new(1), CALLER, NULL).err, ENOENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_rules, neighbours_close)
    const struct CMUnitTest tests[] = {
        TEST(rules_stand_in_an_order_without_a_gap),
        TEST(order_is_given_whole_or_not_at_all),
        TEST(order_answers_with_the_list),
        TEST(no_tenant_has_more_rules_than_may_be),
        TEST(rules_added_at_once_do_not_meet),
        TEST(rule_is_changed_by_whoever_saw_it_last),
        TEST(rules_of_another_tenant_are_not_there),
        TEST(settings_begin_with_the_languages_holidays),
        TEST(mode_ends_by_itself),
        TEST(settings_are_changed_by_whoever_saw_them_last),
        TEST(call_is_placed_on_the_owners_clock),
        TEST(all_that_decides_a_call_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
