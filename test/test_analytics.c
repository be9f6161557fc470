/* test/test_analytics.c: calls in figures: what counts as what, days and hours where the tenant is,
 * the period before. */
#include "store/analytics.h"

#include "test/made_calls.h"
#include "test/neighbours.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int figures_of(struct uuid tenant, const char *from, const char *to)
{
    analytics_get(bench.app, tenant, from, to, on_answer, NULL, NULL);
    return answered();
}

static void expect(const char *path, const char *wanted)
{
    if (strcmp(value(path), wanted) != 0)
        fail_msg("%s is %s, not %s", path, value(path), wanted);
}

/* A call of Jan's that began at that time; set: what else is so, in SQL. */
static struct uuid call_at(const char *at, const char *set, struct made_call made)
{
    struct uuid call = made_call(jan, made);
    char id[UUID_TEXT_BYTES];
    uuid_print(call, id);
    char *sql = xprintf("UPDATE calls SET started_at = '%s'%s%s WHERE id = '%s'", at,
                        set ? ", " : "", set ? set : "", id);
    postgres_run(sql);
    free(sql);
    return call;
}
#define CALL(at, set, ...) call_at(at, set, (struct made_call){__VA_ARGS__})

static void without_calls_every_figure_is_zero(void **state)
{
    (void)state;
    made_call(eva, (struct made_call){.label = "spam"}); /* somebody else's */
    assert_int_equal(figures_of(jan, NULL, NULL), 0);
    expect("time_zone", "Europe/Prague");
    assert_int_equal(count("days"), ANALYTICS_DAYS);
    assert_int_equal(count("hours"), 24);
    static const char *const parts[] = {"total", "previous", "days.0", "days.29"};
    for (size_t i = 0; i < countof(parts); i++) {
        const cJSON *figure, *figures = json_at(answer.json, parts[i]);
        assert_non_null(figures);
        cJSON_ArrayForEach(figure, figures)
        {
            if (cJSON_IsNumber(figure))
                assert_true(figure->valuedouble == 0.0);
            else
                assert_true(cJSON_IsString(figure) || strstr(figure->string, "_ms"));
        }
        assert_true(cJSON_IsNull(cJSON_GetObjectItem(figures, "reply_p50_ms")));
    }
    char *today = postgres_ask("SELECT (now() AT TIME ZONE 'Europe/Prague')::date");
    expect("total.to", today);
    expect("days.29.from", today);
    free(today);
}

static void tenant_that_is_gone_has_no_figures(void **state)
{
    (void)state;
    assert_int_equal(figures_of(uuid_new(1), NULL, NULL), ENOENT);
}

#define NOON "2026-03-10 12:00+01"

static void calls_are_counted_by_what_became_of_them(void **state)
{
    (void)state;
    CALL(NOON, NULL, .label = "legitimate");
    CALL(NOON, NULL, .label = "marketing");
    CALL(NOON, "label_correction = 'legitimate'", .label = "spam");
    CALL(NOON, "ended_reason = 'blocked'", 0);
    CALL(NOON, "ended_reason = 'ruled_out'", 0);
    CALL(NOON, "service = 'voicemail', ended_reason = 'lost'", 0);
    CALL(NOON, NULL, .status = "in_progress");
    CALL(NOON, "deleted_at = now()", .label = "fraud");
    CALL(NOON, "transfer = 'connected'", .label = "fraud");
    assert_int_equal(figures_of(jan, "2026-03-10", "2026-03-10"), 0);
    expect("total.calls", "8");
    expect("total.answered", "5");
    expect("total.turned_away", "2");
    expect("total.voicemail", "1");
    expect("total.legitimate", "2");
    expect("total.marketing", "1");
    expect("total.spam", "0");
    expect("total.fraud", "1");
    expect("total.unjudged", "4");
    expect("total.filtered", "3"); /* not whom the owner has talked with */
    expect("total.noted", "2");
    expect("total.minutes", "7");
    expect("total.dead_ends", "0");
}

static void time_saved_follows_from_the_numbers_beside_it(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        CALL(NOON, NULL, .label = "spam");
    CALL(NOON, NULL, .label = "legitimate");
    CALL(NOON, "transfer = 'connected'", .label = "legitimate");
    assert_int_equal(figures_of(jan, "2026-03-01", "2026-03-31"), 0);
    int filtered = atoi(value("time_saved.seconds_per_filtered_call"));
    int noted = atoi(value("time_saved.seconds_per_noted_call"));
    assert_int_equal(filtered, ANALYTICS_FILTERED_SECONDS);
    assert_int_equal(noted, ANALYTICS_NOTED_SECONDS);
    assert_int_equal(atoi(value("total.time_saved_seconds")), 3 * filtered + noted);
    assert_int_equal(atoi(value("days.9.time_saved_seconds")), 3 * filtered + noted);
}

static void dead_ends_are_callers_who_got_nowhere(void **state)
{
    (void)state;
    CALL(NOON, "counts = '{\"turns\":0}', ended_reason = 'gone'", 0);    /* silent */
    CALL(NOON, "counts = '{\"turns\":0}', ended_reason = 'silence'", 0); /* silent */
    CALL(NOON, "counts = '{\"turns\":0}', reply_ms = '{900}'", 0); /* spoke before a resumption */
    CALL(NOON, "counts = '{\"turns\":2}', ended_reason = 'gone'", .label = "legitimate");
    CALL(NOON, "ended_reason = 'lost'", .status = "failed");
    CALL(NOON, "counts = '{\"turns\":0}', ended_reason = 'lost'", 0); /* of one kind only */
    CALL(NOON, "ended_reason = 'recogniser_lost'", 0);
    CALL(NOON, "counts = '{\"turns\":0}', transfer = 'connected'", 0);
    CALL(NOON, "counts = '{\"turns\":0}', ended_reason = 'blocked'", 0);
    assert_int_equal(figures_of(jan, "2026-03-10", "2026-03-10"), 0);
    expect("total.silent", "2");
    expect("total.failed", "3");
    expect("total.dead_ends", "5");
}

static void people_asked_for_and_promises_made_are_followed_up(void **state)
{
    (void)state;
    CALL(NOON, "asked_for_person = true", .label = "legitimate");
    CALL(NOON, "asked_for_person = true, transfer = 'connected'", .label = "legitimate");
    CALL(NOON, "asked_for_person = true, needs_follow_up = true", .label = "fraud");
    CALL(NOON, "transfer = 'failed', handling = '{\"vip\":true}'", .label = "legitimate",
         .follow_up = true);
    CALL(NOON, "resolved_at = now(), transfer = 'connected', handling = '{\"vip\":true}'",
         .label = "legitimate", .follow_up = true);
    CALL(NOON, "handling = '{\"vip\":false}'", .label = "legitimate");
    assert_int_equal(figures_of(jan, "2026-03-10", "2026-03-10"), 0);
    expect("total.asked_for_person", "2");
    expect("total.asked_connected", "1");
    expect("total.promises", "2");
    expect("total.promises_kept", "1");
    expect("total.transfers_connected", "2");
    expect("total.transfers_failed", "1");
    expect("total.vip", "2");
    expect("total.vip_connected", "1");
}

static void waits_are_those_of_all_calls_together(void **state)
{
    (void)state;
    CALL("2026-03-10 12:00+01", "reply_ms = '{700,900,800}'", 0);
    CALL("2026-03-10 12:00+01", NULL, 0);
    CALL("2026-03-11 12:00+01",
         "reply_ms = (SELECT array_agg(1000 + n) FROM generate_series(1, 17)"
         " AS n)",
         0);
    assert_int_equal(figures_of(jan, "2026-03-10", "2026-03-12"), 0);
    expect("days.0.replies", "3");
    expect("days.0.reply_p50_ms", "800");
    expect("days.0.reply_p95_ms", "900");
    expect("days.1.replies", "17");
    expect("days.1.reply_p50_ms", "1009");
    expect("days.2.reply_p50_ms", "null");
    expect("total.replies", "20");
    expect("total.reply_p50_ms", "1007");
    expect("total.reply_p95_ms", "1016");
    expect("previous.replies", "0");
}

static void days_begin_at_midnight_where_the_tenant_is(void **state)
{
    (void)state;
    CALL("2026-03-09 22:59:59.999+00", NULL, 0); /* of the 9th in Prague */
    CALL("2026-03-09 23:00+00", NULL, 0);
    CALL("2026-03-10 22:59:59.999+00", NULL, 0);
    CALL("2026-03-10 23:00+00", NULL, 0);
    assert_int_equal(figures_of(jan, "2026-03-10", "2026-03-10"), 0);
    expect("total.calls", "2");
    expect("previous.from", "2026-03-09");
    expect("previous.to", "2026-03-09");
    expect("previous.calls", "1");
    expect("hours.0.calls", "1");
    expect("hours.23.calls", "1");
    postgres_run("UPDATE tenants SET timezone = 'America/New_York' WHERE name = 'Jan'");
    assert_int_equal(figures_of(jan, "2026-03-09", "2026-03-09"), 0);
    expect("time_zone", "America/New_York");
    expect("total.calls", "2");
    expect("hours.18.calls", "1");
    expect("hours.19.calls", "1");
}

/* In Prague the 29th of March has no hour 2, and the 25th of October has it twice. */
static void days_of_23_and_25_hours_are_counted_whole(void **state)
{
    (void)state;
    CALL("2026-03-28 23:30+00", NULL, 0);
    CALL("2026-03-29 00:30+00", NULL, 0);
    CALL("2026-03-29 01:30+00", NULL, 0);
    CALL("2026-03-29 21:59+00", NULL, 0);
    CALL("2026-03-29 22:00+00", NULL, 0); /* the next day */
    assert_int_equal(figures_of(jan, "2026-03-29", "2026-03-29"), 0);
    expect("total.calls", "4");
    expect("hours.1.calls", "1");
    expect("hours.2.calls", "0");
    expect("hours.3.calls", "1");
    CALL("2026-10-24 22:00+00", NULL, 0);
    CALL("2026-10-25 00:30+00", NULL, 0);
    CALL("2026-10-25 01:30+00", NULL, .label = "spam");
    CALL("2026-10-25 22:59+00", NULL, 0);
    CALL("2026-10-25 23:00+00", NULL, 0);
    assert_int_equal(figures_of(jan, "2026-10-25", "2026-10-25"), 0);
    expect("total.calls", "4");
    expect("hours.2.calls", "2");
    expect("hours.2.filtered", "1");
}

/* In Havana the clock goes from 1:00 back to midnight, in Cairo from midnight on to 1:00. */
static void days_that_begin_twice_or_not_at_all_are_counted_whole(void **state)
{
    (void)state;
    postgres_run("UPDATE tenants SET timezone = 'America/Havana' WHERE name = 'Jan'");
    CALL("2025-11-02 03:59+00", NULL, 0); /* still the 1st */
    CALL("2025-11-02 04:30+00", NULL, 0); /* 0:30 for the first time */
    CALL("2025-11-02 05:30+00", NULL, 0); /* ... and again */
    assert_int_equal(figures_of(jan, "2025-11-02", "2025-11-02"), 0);
    expect("total.calls", "2");
    expect("hours.0.calls", "2");
    expect("previous.calls", "1");
    postgres_run("UPDATE tenants SET timezone = 'Africa/Cairo' WHERE name = 'Jan'");
    CALL("2025-04-24 21:59+00", NULL, 0);
    CALL("2025-04-24 22:00+00", NULL, 0); /* 1:00 of the 25th */
    assert_int_equal(figures_of(jan, "2025-04-25", "2025-04-25"), 0);
    expect("total.calls", "1");
    expect("hours.1.calls", "1");
    expect("previous.calls", "1");
}

static void period_is_as_long_as_asked_and_not_longer_than_a_year(void **state)
{
    (void)state;
    CALL("2026-02-27 12:00+01", NULL, 0);
    CALL("2026-02-28 12:00+01", NULL, 0);
    CALL("2026-03-02 12:00+01", NULL, 0);
    assert_int_equal(figures_of(jan, "2026-03-01", "2026-03-02"), 0);
    expect("total.from", "2026-03-01");
    expect("total.calls", "1");
    expect("previous.from", "2026-02-27");
    expect("previous.to", "2026-02-28");
    expect("previous.calls", "2");
    assert_int_equal(count("days"), 2);
    assert_int_equal(figures_of(jan, NULL, "2026-03-02"), 0);
    expect("total.from", "2026-02-01");
    expect("total.calls", "3");
    assert_int_equal(figures_of(jan, "2026-03-02", "2026-03-01"), EINVAL);
    assert_int_equal(figures_of(jan, "2999-01-01", NULL), EINVAL);
    assert_int_equal(figures_of(jan, "2025-03-02", "2026-03-02"), 0); /* 366 days */
    assert_int_equal(figures_of(jan, "2025-03-01", "2026-03-02"), ERANGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, neighbours_open, neighbours_close)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_calls_every_figure_is_zero),
        TEST(tenant_that_is_gone_has_no_figures),
        TEST(calls_are_counted_by_what_became_of_them),
        TEST(time_saved_follows_from_the_numbers_beside_it),
        TEST(dead_ends_are_callers_who_got_nowhere),
        TEST(people_asked_for_and_promises_made_are_followed_up),
        TEST(waits_are_those_of_all_calls_together),
        TEST(days_begin_at_midnight_where_the_tenant_is),
        TEST(days_of_23_and_25_hours_are_counted_whole),
        TEST(days_that_begin_twice_or_not_at_all_are_counted_whole),
        TEST(period_is_as_long_as_asked_and_not_longer_than_a_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
