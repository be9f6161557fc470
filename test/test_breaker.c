/* test/test_breaker.c: when a provider is left alone, and when it is tried again; its counters. */
#include "provider/breaker.h"
#include "provider/stats.h"

#include "base/mem.h"
#include "test/test.h"

#include <errno.h>
#include <string.h>

static void fail_times(struct breaker *breaker, int times, int64_t now_ms)
{
    for (int i = 0; i < times; i++)
        breaker_failed(breaker, now_ms);
}

static void five_failures_in_a_row_open_it(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    fail_times(&breaker, BREAKER_IN_A_ROW - 1, 1000);
    assert_true(breaker_allows(&breaker, 1000) && breaker_closed(&breaker));
    fail_times(&breaker, 1, 1000);
    assert_false(breaker_closed(&breaker));
    assert_false(breaker_allows(&breaker, 1000));
    assert_false(breaker_allows(&breaker, 1000 + BREAKER_OPEN_MS - 1));
}

static void success_between_keeps_it_closed(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    fail_times(&breaker, BREAKER_IN_A_ROW - 1, 0);
    breaker_went_well(&breaker);
    fail_times(&breaker, BREAKER_IN_A_ROW - 1, 0);
    assert_true(breaker_closed(&breaker));
}

static void fifth_of_the_last_twenty_opens_it(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    for (int i = 1; i <= BREAKER_WINDOW; i++) {
        if (i % 6 == 0)
            breaker_failed(&breaker, 0); /* 3 of the first 20 */
        else
            breaker_went_well(&breaker);
    }
    assert_true(breaker_closed(&breaker));
    breaker_failed(&breaker, 0); /* the fourth: a fifth */
    assert_false(breaker_closed(&breaker));
}

static void old_failures_are_forgotten(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    for (int round = 0; round < 10; round++) {
        fail_times(&breaker, 3, 0);
        for (int i = 0; i < BREAKER_WINDOW; i++)
            breaker_went_well(&breaker);
        assert_true(breaker_closed(&breaker));
    }
}

static void one_probe_decides(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    fail_times(&breaker, BREAKER_IN_A_ROW, 0);
    assert_true(breaker_allows(&breaker, BREAKER_OPEN_MS));
    assert_false(breaker_allows(&breaker, BREAKER_OPEN_MS)); /* one only */
    breaker_failed(&breaker, BREAKER_OPEN_MS + 100);
    assert_false(breaker_allows(&breaker, BREAKER_OPEN_MS + 200));
    assert_true(breaker_allows(&breaker, 2 * BREAKER_OPEN_MS + 100));
    breaker_went_well(&breaker);
    assert_true(breaker_closed(&breaker));
    fail_times(&breaker, BREAKER_IN_A_ROW - 1, 0); /* it starts with a clean sheet */
    assert_true(breaker_closed(&breaker));
}

static void cancelled_probe_makes_room_for_another(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    fail_times(&breaker, BREAKER_IN_A_ROW, 0);
    assert_true(breaker_allows(&breaker, BREAKER_OPEN_MS));
    breaker_forget(&breaker, BREAKER_OPEN_MS + 5);
    assert_true(breaker_allows(&breaker, BREAKER_OPEN_MS + 5));
}

static void late_news_of_old_asks_changes_nothing(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    fail_times(&breaker, BREAKER_IN_A_ROW, 0);
    breaker_went_well(&breaker);
    breaker_failed(&breaker, 10000); /* does not keep it open for longer */
    breaker_forget(&breaker, 10000);
    assert_false(breaker_allows(&breaker, BREAKER_OPEN_MS - 1));
    assert_true(breaker_allows(&breaker, BREAKER_OPEN_MS));
}

static void what_is_not_the_providers_trouble_does_not_count(void **state)
{
    (void)state;
    static const int ours[] = {EBUSY, EINVAL, ENOENT};
    static const int theirs[] = {ETIMEDOUT, ECONNRESET, EPROTO, EACCES, EDQUOT, ECONNREFUSED};
    for (size_t i = 0; i < countof(ours); i++) {
        struct breaker breaker = {0};
        for (int k = 0; k < 30; k++)
            breaker_ended(&breaker, 0, ours[i]);
        assert_true(breaker_closed(&breaker));
    }
    for (size_t i = 0; i < countof(theirs); i++) {
        struct breaker breaker = {0};
        for (int k = 0; k < BREAKER_IN_A_ROW; k++)
            breaker_ended(&breaker, 0, theirs[i]);
        assert_false(breaker_closed(&breaker));
    }
}

static void times_fall_into_their_buckets(void **state)
{
    (void)state;
    struct provider_stats stats = {0};
    stats_first(&stats, 0);
    stats_first(&stats, stats_bounds_ms[0]);
    stats_first(&stats, stats_bounds_ms[0] + 1);
    stats_first(&stats, 1000000);
    assert_int_equal(stats.first[0], 2);
    assert_int_equal(stats.first[1], 1);
    assert_int_equal(stats.first[STATS_BOUNDS], 1);
    assert_int_equal(stats.first_ms_sum, stats_bounds_ms[0] * 2 + 1 + 1000000);
    for (int i = 1; i < STATS_BOUNDS; i++)
        assert_true(stats_bounds_ms[i] > stats_bounds_ms[i - 1]);
}

static void failures_are_counted_by_kind(void **state)
{
    (void)state;
    struct provider_stats stats = {0};
    stats_failed(&stats, EACCES);
    stats_failed(&stats, ETIMEDOUT);
    stats_failed(&stats, ECONNREFUSED);
    stats_failed(&stats, ECONNRESET);
    stats_failed(&stats, EMFILE);
    assert_int_equal(stats.failures[FAIL_KEY], 1);
    assert_int_equal(stats.failures[FAIL_LATE], 1);
    assert_int_equal(stats.failures[FAIL_LOST], 2);
    assert_int_equal(stats.failures[FAIL_REFUSED], 1);
    for (int kind = 0; kind < FAIL_COUNT; kind++)
        assert_true(strlen(provider_failure_names[kind]) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_failures_in_a_row_open_it),
        cmocka_unit_test(success_between_keeps_it_closed),
        cmocka_unit_test(fifth_of_the_last_twenty_opens_it),
        cmocka_unit_test(old_failures_are_forgotten),
        cmocka_unit_test(one_probe_decides),
        cmocka_unit_test(cancelled_probe_makes_room_for_another),
        cmocka_unit_test(late_news_of_old_asks_changes_nothing),
        cmocka_unit_test(what_is_not_the_providers_trouble_does_not_count),
        cmocka_unit_test(times_fall_into_their_buckets),
        cmocka_unit_test(failures_are_counted_by_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
