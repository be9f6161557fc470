/* test/test_metrics.c: the page of counters: sums over workers, totals that never fall. */
#include "test/test.h"

#include "api/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char *rendered(struct metrics_page *page)
{
    struct buf out = {0};
    metrics_render(page, &out);
    return out.data ? out.data : strdup("");
}

static void expect_line(struct metrics_page *page, const char *line, bool there)
{
    char *text = rendered(page);
    if ((strstr(text, line) != NULL) != there)
        fail_msg("%s \"%s\" in:\n%s", there ? "no" : "unwanted", line, text);
    free(text);
}

static void publish(struct metrics_page *page, int index, double total, double live)
{
    struct metrics_slot *slot = metrics_slot(page, index);
    metrics_begin(slot);
    metrics_add(slot, "karen_calls_total", "reason=\"hangup\"", total);
    metrics_add(slot, "karen_calls_live", "", live);
    metrics_end(slot);
}

static void workers_add_up(void **state)
{
    (void)state;
    struct metrics_page *page = metrics_page_new();
    publish(page, 0, 3, 1);
    publish(page, 5, 4, 2);
    expect_line(page, "karen_calls_total{reason=\"hangup\"} 7\n", true);
    expect_line(page, "karen_calls_live 3\n", true);
    expect_line(page, "# TYPE karen_calls_total counter\n", true);
}

static void a_worker_that_published_again_counts_once(void **state)
{
    (void)state;
    struct metrics_page *page = metrics_page_new();
    publish(page, 0, 3, 1);
    publish(page, 0, 4, 0);
    expect_line(page, "karen_calls_total{reason=\"hangup\"} 4\n", true);
    expect_line(page, "karen_calls_live 0\n", true);
}

static void a_departed_worker_leaves_its_counters_and_takes_its_gauges(void **state)
{
    (void)state;
    struct metrics_page *page = metrics_page_new();
    publish(page, 0, 3, 1);
    metrics_depart(page, 0);
    expect_line(page, "karen_calls_total{reason=\"hangup\"} 3\n", true);
    expect_line(page, "karen_calls_live", false);
    publish(page, 0, 2, 1);
    expect_line(page, "karen_calls_total{reason=\"hangup\"} 5\n", true);
}

static void a_worker_killed_while_writing_does_not_block_the_page(void **state)
{
    (void)state;
    struct metrics_page *page = metrics_page_new();
    publish(page, 1, 9, 1);
    metrics_begin(metrics_slot(page, 0));
    expect_line(page, "karen_calls_total{reason=\"hangup\"} 9\n", true);
    metrics_depart(page, 0);
    publish(page, 0, 1, 1);
    expect_line(page, "karen_calls_total{reason=\"hangup\"} 10\n", true);
}

static void what_another_process_publishes_is_seen(void **state)
{
    (void)state;
    struct metrics_page *page = metrics_page_new();
    pid_t pid = fork();
    if (pid == 0) {
        publish(page, 2, 6, 0);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    expect_line(page, "karen_calls_total{reason=\"hangup\"} 6\n", true);
}

static void histogram_buckets_are_cumulative(void **state)
{
    (void)state;
    struct metrics_page *page = metrics_page_new();
    struct metrics_slot *slot = metrics_slot(page, 0);
    const double bounds[] = {0.1, 0.5};
    const uint64_t counts[] = {2, 3, 1};
    metrics_begin(slot);
    metrics_add_histogram(slot, "karen_reply_seconds", "", bounds, counts, 2, 1.5);
    metrics_end(slot);
    expect_line(page, "karen_reply_seconds_bucket{le=\"0.1\"} 2\n", true);
    expect_line(page, "karen_reply_seconds_bucket{le=\"0.5\"} 5\n", true);
    expect_line(page, "karen_reply_seconds_bucket{le=\"+Inf\"} 6\n", true);
    expect_line(page, "karen_reply_seconds_count 6\n", true);
    expect_line(page, "karen_reply_seconds_sum 1.5\n", true);
}

static void too_many_numbers_are_dropped_and_counted(void **state)
{
    (void)state;
    struct metrics_page *page = metrics_page_new();
    struct metrics_slot *slot = metrics_slot(page, 0);
    metrics_begin(slot);
    for (int i = 0; i < 800; i++) {
        char label[32];
        snprintf(label, sizeof(label), "reason=\"r%d\"", i);
        metrics_add(slot, "karen_calls_total", label, 1);
        if (i == 0)
            metrics_add(slot, "karen_metrics_dropped", "", 0);
    }
    metrics_end(slot);
    expect_line(page, "karen_metrics_dropped 161\n", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_add_up),
        cmocka_unit_test(a_worker_that_published_again_counts_once),
        cmocka_unit_test(a_departed_worker_leaves_its_counters_and_takes_its_gauges),
        cmocka_unit_test(a_worker_killed_while_writing_does_not_block_the_page),
        cmocka_unit_test(what_another_process_publishes_is_seen),
        cmocka_unit_test(histogram_buckets_are_cumulative),
        cmocka_unit_test(too_many_numbers_are_dropped_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
