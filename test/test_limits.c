/* test/test_limits.c: how often, counted in the database for everybody together. */
#include "store/limits.h"

#include "test/postgres.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bench bench, other; /* two workers */

static int open_both(void **state)
{
    (void)state;
    bench_open(&bench);
    bench_open(&other);
    postgres_run("DELETE FROM limit_counts");
    return 0;
}

static int close_both(void **state)
{
    (void)state;
    bench_close(&bench);
    bench_close(&other);
    return 0;
}

struct taken {
    bool done;
    int err;
    char refused[41];
    int64_t wait_s, spare;
};

static void on_verdict(int err, const struct limit_verdict *verdict, void *arg)
{
    struct taken *taken = arg;
    taken->done = true;
    taken->err = err;
    if (err)
        return;
    snprintf(taken->refused, sizeof(taken->refused), "%.*s", (int)verdict->refused.bytes,
             verdict->refused.bytes ? verdict->refused.at : "");
    taken->wait_s = verdict->wait_s;
    taken->spare = verdict->spare;
}

static struct taken take(struct bench *by, const struct limit *limits, size_t count)
{
    struct taken taken = {0};
    limits_take(by->app, limits, count, on_verdict, &taken, NULL);
    bench_wait(by, &taken.done);
    assert_int_equal(taken.err, 0);
    return taken;
}

static void let_pass(int seconds) /* the windows are that much older */
{
    char sql[200];
    snprintf(sql, sizeof(sql),
             "UPDATE limit_counts SET since = since - interval '%d seconds',"
             " until = until - interval '%d seconds'",
             seconds, seconds);
    postgres_run(sql);
}

static void as_often_as_allowed_and_no_more(void **state)
{
    (void)state;
    const struct limit limit = {"code_phone", "+420601123456", 600, 3};
    for (int i = 2; i >= 0; i--) {
        struct taken taken = take(&bench, &limit, 1);
        assert_string_equal(taken.refused, "");
        assert_int_equal(taken.spare, i);
    }
    struct taken taken = take(&bench, &limit, 1);
    assert_string_equal(taken.refused, "code_phone");
    assert_in_range(taken.wait_s, 590, 600);
}

static void workers_count_together(void **state)
{
    (void)state;
    const struct limit limit = {"code_phone", "+420601123456", 600, 2};
    assert_string_equal(take(&bench, &limit, 1).refused, "");
    assert_string_equal(take(&other, &limit, 1).refused, "");
    assert_string_equal(take(&bench, &limit, 1).refused, "code_phone");
    assert_string_equal(take(&other, &limit, 1).refused, "code_phone");
}

static void one_that_refuses_leaves_the_others_uncounted(void **state)
{
    (void)state;
    const struct limit both[] = {{"code_address", "192.0.2.7", 3600, 10},
                                 {"code_phone", "+420601123456", 30, 1}};
    assert_string_equal(take(&bench, both, 2).refused, "");
    for (int i = 0; i < 20; i++)
        assert_string_equal(take(&bench, both, 2).refused, "code_phone");
    assert_int_equal(postgres_count("SELECT count FROM limit_counts WHERE kind = 'code_address'"),
                     1);
}

static void longest_wait_is_told(void **state)
{
    (void)state;
    const struct limit both[] = {{"code_soon", "x", 30, 1}, {"code_day", "x", 86400, 1}};
    take(&bench, both, 2);
    struct taken taken = take(&bench, both, 2);
    assert_string_equal(taken.refused, "code_day");
    assert_in_range(taken.wait_s, 86000, 86400);
}

static void window_that_is_over_begins_anew(void **state)
{
    (void)state;
    const struct limit limit = {"code_phone", "+420601123456", 30, 1};
    take(&bench, &limit, 1);
    let_pass(29);
    struct taken taken = take(&bench, &limit, 1);
    assert_string_equal(taken.refused, "code_phone");
    assert_int_equal(taken.wait_s, 1);
    let_pass(1);
    assert_string_equal(take(&bench, &limit, 1).refused, "");
    assert_in_range(take(&bench, &limit, 1).wait_s, 29, 30);
}

static void subjects_and_kinds_are_apart(void **state)
{
    (void)state;
    const struct limit limits[] = {{"code_phone", "+420601123456", 30, 1},
                                   {"code_phone", "+420601123457", 30, 1},
                                   {"check_phone", "+420601123456", 30, 1},
                                   {"code_phone", NULL, 30, 1},
                                   {"code_phone", "\"}'; --\\", 30, 1}};
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        assert_string_equal(take(&bench, &limits[i], 1).refused, "");
}

static void what_went_well_is_forgotten(void **state)
{
    (void)state;
    const struct limit limit = {"check_phone", "+420601123456", 600, 1};
    take(&bench, &limit, 1);
    limits_forget(bench.app, limit.kind, limit.subject);
    while (
        postgres_count("SELECT count(*) FROM limit_counts WHERE count > 0")) /* on its own time */
        loop_step(bench.loop, 5);
    assert_string_equal(take(&bench, &limit, 1).refused, "");
}

/* However many ask at once, from wherever: exactly as many go through. */
static void crowd_gets_exactly_what_is_allowed(void **state)
{
    (void)state;
    enum { CROWD = 200, ALLOWED = 7 };
    static struct taken taken[CROWD];
    const struct limit limits[] = {{"code_address", "192.0.2.7", 3600, 1000},
                                   {"code_phone", "+420601123456", 600, ALLOWED}};
    int passed = 0;
    memset(taken, 0, sizeof(taken));
    for (int i = 0; i < CROWD; i++)
        limits_take(i % 2 ? bench.app : other.app, limits, 2, on_verdict, &taken[i], NULL);
    for (int i = 0; i < CROWD; i++) {
        while (!taken[i].done) {
            loop_step(bench.loop, 5);
            loop_step(other.loop, 5);
        }
        assert_int_equal(taken[i].err, 0);
        passed += taken[i].refused[0] == '\0';
    }
    assert_int_equal(passed, ALLOWED);
    assert_int_equal(postgres_count("SELECT count FROM limit_counts WHERE kind = 'code_address'"),
                     ALLOWED);
}

static void refusing_writes_nothing(void **state)
{
    (void)state;
    const struct limit limit = {"code_phone", "+420601123456", 600, 1};
    take(&bench, &limit, 1);
    char *before = postgres_ask("SELECT xmin::text || ctid::text FROM limit_counts");
    for (int i = 0; i < 50; i++)
        assert_string_equal(take(&bench, &limit, 1).refused, "code_phone");
    char *after = postgres_ask("SELECT xmin::text || ctid::text FROM limit_counts");
    assert_string_equal(before, after);
    free(before);
    free(after);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_both, close_both)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(as_often_as_allowed_and_no_more),
        TEST(workers_count_together),
        TEST(one_that_refuses_leaves_the_others_uncounted),
        TEST(longest_wait_is_told),
        TEST(window_that_is_over_begins_anew),
        TEST(subjects_and_kinds_are_apart),
        TEST(what_went_well_is_forgotten),
        TEST(crowd_gets_exactly_what_is_allowed),
        TEST(refusing_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
