/* test/test_api_analytics.c: calls in figures as the apps see them, held against the contract. What
 * counts as what is test_analytics.c's. */
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
static char path[128];

static int fresh(void **state)
{
    (void)state;
    postgres_run("DELETE FROM tenants; DELETE FROM call_events");
    jan = api_tenant("Jan");
    member = api_person(jan, ROLE_MEMBER, "+420601000002");
    stranger = api_person(api_tenant("Eva"), ROLE_OWNER, "+420601000003");
    char id[UUID_TEXT_BYTES];
    uuid_print(jan, id);
    snprintf(path, sizeof(path), "/api/tenants/%s/analytics", id);
    return 0;
}

static int ask(const char *question)
{
    return api_ask(&member, HTTP_GET, NULL, "%s%s", path, question);
}

static void last_thirty_days_are_shown_unless_others_are_asked_for(void **state)
{
    (void)state;
    made_call(jan, (struct made_call){.label = "spam"});
    made_call(jan, (struct made_call){.label = "legitimate", .minutes_ago = 40 * 24 * 60});
    postgres_run("UPDATE calls SET reply_ms = '{600,700}' WHERE label = 'spam'");
    assert_int_equal(ask(""), 200);
    assert_string_equal(api_value("total.calls"), "1");
    assert_string_equal(api_value("total.reply_p50_ms"), "600");
    assert_string_equal(api_value("previous.calls"), "1");
    assert_int_equal(cJSON_GetArraySize(json_at(w->json, "days")), 30);
    assert_string_equal(api_value("days.29.filtered"), "1");
    assert_int_equal(ask("?from=2026-01-01&to=2026-01-07"), 200);
    assert_string_equal(api_value("total.from"), "2026-01-01");
    assert_string_equal(api_value("previous.from"), "2025-12-25");
    assert_int_equal(cJSON_GetArraySize(json_at(w->json, "days")), 7);
}

static void table_has_a_line_a_day(void **state)
{
    (void)state;
    made_call(jan, (struct made_call){.label = "spam"});
    postgres_run("UPDATE calls SET started_at = '2026-03-02 12:00+01', duration_seconds = 90");
    assert_int_equal(ask("?format=csv&from=2026-03-01&to=2026-03-02"), 200);
    assert_non_null(strstr(api_header("Content-Type"), "text/csv"));
    assert_non_null(strstr(api_header("Content-Disposition"), "karen-analytics.csv"));
    const char *text = buf_text(&w->body), *second = strstr(text, "\r\n2026-03-01,2026-03-01,0,0,");
    assert_memory_equal(text, "from,to,calls,answered,turned_away,voicemail,minutes,", 53);
    assert_non_null(second);
    assert_non_null(strstr(second, "\r\n2026-03-02,2026-03-02,1,1,0,0,1.5,"));
    assert_string_equal(strrchr(text, '\r'), "\r\n");
}

static void periods_that_are_none_are_refused_by_name(void **state)
{
    (void)state;
    ask("?from=2026-03-02&to=2026-03-01");
    api_expect_problem(422, "invalid");
    api_expect_field("from");
    ask("?from=2025-03-01&to=2026-03-02");
    api_expect_problem(422, "invalid");
    api_expect_field("from");
    static const char *const bad[][2] = {{"?from=yesterday", "from"},
                                         {"?to=2026-02-30", "to"},
                                         {"?to=0001-01-01", "to"},
                                         {"?from=", "from"},
                                         {"?from=2026-01-01T00:00:00Z", "from"},
                                         {"?format=xml", "format"}};
    for (size_t i = 0; i < countof(bad); i++) {
        ask(bad[i][0]);
        api_expect_problem(400, "invalid_parameter");
        api_expect_field(bad[i][1]);
    }
}

static void figures_are_nobody_elses_business(void **state)
{
    (void)state;
    api_ask(&stranger, HTTP_GET, NULL, "%s", path);
    api_expect_problem(404, "not_found");
    api_ask(NULL, HTTP_GET, NULL, "%s?format=csv", path);
    api_expect_problem(401, "unauthorized");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(last_thirty_days_are_shown_unless_others_are_asked_for, fresh),
        cmocka_unit_test_setup(table_has_a_line_a_day, fresh),
        cmocka_unit_test_setup(periods_that_are_none_are_refused_by_name, fresh),
        cmocka_unit_test_setup(figures_are_nobody_elses_business, fresh),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
