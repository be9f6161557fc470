/* test/test_loop.c: turns, deferred work, timers, descriptors and signals. */
#include "net/loop.h"
#include "test/test.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

struct seen {
    struct loop *loop;
    struct timer *timer;
    struct watch *watch;
    int count;
    int64_t at_ms;
    char order[16];
};

static int setup(void **state)
{
    static struct seen seen;
    seen = (struct seen){.loop = loop_new()};
    *state = &seen;
    return 0;
}

static int teardown(void **state)
{
    struct seen *seen = *state;
    timer_free(&seen->timer);
    watch_free(&seen->watch);
    loop_free(&seen->loop);
    return 0;
}

static void count(void *arg)
{
    struct seen *seen = arg;
    seen->count++;
    seen->at_ms = loop_now_ms(seen->loop);
}

static void mark_a(void *arg)
{
    struct seen *seen = arg;
    strcat(seen->order, "a");
}

static void mark_b_and_defer_a(void *arg)
{
    struct seen *seen = arg;
    strcat(seen->order, "b");
    loop_defer(seen->loop, mark_a, seen);
}

static void deferred_work_runs_in_order_after_the_turn(void **state)
{
    struct seen *seen = *state;
    loop_defer(seen->loop, mark_b_and_defer_a, seen);
    loop_defer(seen->loop, mark_a, seen);
    assert_string_equal(seen->order, "");
    loop_step(seen->loop, 0);
    assert_string_equal(seen->order,
                        "ba"); /* what was deferred meanwhile waits for the next turn */
    loop_step(seen->loop, 1000);
    assert_string_equal(seen->order, "baa");
}

static void timer_runs_once_and_not_early(void **state)
{
    struct seen *seen = *state;
    seen->timer = timer_new(seen->loop, count, seen);
    int64_t due_ms = loop_now_ms(seen->loop) + 20;
    timer_set(seen->timer, due_ms);
    assert_int_equal(seen->count, 0);
    while (!seen->count)
        loop_step(seen->loop, 1000);
    assert_true(seen->at_ms >= due_ms);
    loop_step(seen->loop, 30);
    assert_int_equal(seen->count, 1);
}

static void timer_that_is_past_due_runs_in_the_next_turn(void **state)
{
    struct seen *seen = *state;
    seen->timer = timer_new(seen->loop, count, seen);
    timer_set(seen->timer, loop_now_ms(seen->loop) - 5);
    assert_int_equal(seen->count, 0);
    loop_step(seen->loop, 1000);
    assert_int_equal(seen->count, 1);
}

static void timer_put_off_runs_at_the_later_time(void **state)
{
    struct seen *seen = *state;
    seen->timer = timer_new(seen->loop, count, seen);
    timer_set(seen->timer, loop_now_ms(seen->loop) + 5);
    int64_t due_ms = loop_now_ms(seen->loop) + 40;
    timer_set(seen->timer, due_ms);
    while (!seen->count)
        loop_step(seen->loop, 1000);
    assert_true(seen->at_ms >= due_ms);
}

static void timer_brought_forward_runs_at_the_earlier_time(void **state)
{
    struct seen *seen = *state;
    seen->timer = timer_new(seen->loop, count, seen);
    timer_set(seen->timer, loop_now_ms(seen->loop) + 60000);
    timer_set(seen->timer, loop_now_ms(seen->loop) + 5);
    loop_step(seen->loop, 1000);
    while (!seen->count)
        loop_step(seen->loop, 1000);
    assert_true(seen->at_ms < loop_now_ms(seen->loop) + 30000);
}

static void stopped_timer_does_not_run(void **state)
{
    struct seen *seen = *state;
    seen->timer = timer_new(seen->loop, count, seen);
    timer_set(seen->timer, loop_now_ms(seen->loop) + 5);
    timer_stop(seen->timer);
    loop_step(seen->loop, 20);
    assert_int_equal(seen->count, 0);
}

static void free_timer(void *arg)
{
    struct seen *seen = arg;
    seen->count++;
    timer_free(&seen->timer);
}

static void timer_may_free_itself(void **state)
{
    struct seen *seen = *state;
    seen->timer = timer_new(seen->loop, free_timer, seen);
    timer_set(seen->timer, loop_now_ms(seen->loop));
    loop_step(seen->loop, 1000);
    assert_int_equal(seen->count, 1);
    assert_null(seen->timer);
}

static void note_time(void *arg)
{
    struct seen *seen = arg;
    int64_t before_ms = loop_now_ms(seen->loop), start_us = loop_now_us(seen->loop);
    while (loop_now_us(seen->loop) - start_us < 5000)
        ;
    seen->at_ms = loop_now_ms(seen->loop) - before_ms;
    seen->count++;
}

static void time_stands_still_throughout_a_turn(void **state)
{
    struct seen *seen = *state;
    loop_defer(seen->loop, note_time, seen);
    int64_t start_ms = loop_now_ms(seen->loop);
    loop_step(seen->loop, 0);
    assert_int_equal(seen->count, 1);
    assert_int_equal(seen->at_ms, 0);
    assert_true(loop_now_ms(seen->loop) >= start_ms + 5);
}

static void on_readable(int fd, unsigned events, void *arg)
{
    struct seen *seen = arg;
    char byte;
    assert_int_equal(events, WATCH_READ);
    assert_int_equal(read(fd, &byte, 1), 1);
    seen->count++;
    if (byte == 'x')
        watch_free(&seen->watch);
}

static void watched_descriptor_is_reported_until_freed(void **state)
{
    struct seen *seen = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    seen->watch = watch_new(seen->loop, ends[0], on_readable, seen);
    assert_int_equal(write(ends[1], "ab", 2), 2);
    loop_step(seen->loop, 0);
    assert_int_equal(seen->count, 0); /* nothing was asked for yet */
    watch_set(seen->watch, WATCH_READ);
    loop_step(seen->loop, 1000);
    loop_step(seen->loop, 1000);
    assert_int_equal(seen->count, 2);
    assert_int_equal(write(ends[1], "xy", 2), 2);
    loop_step(seen->loop, 1000);
    loop_step(seen->loop, 0);
    assert_int_equal(seen->count, 3);
    assert_null(seen->watch);
    close(ends[0]);
    close(ends[1]);
}

static void on_writable(int fd, unsigned events, void *arg)
{
    struct seen *seen = arg;
    (void)fd;
    assert_int_equal(events, WATCH_WRITE);
    seen->count++;
    watch_set(seen->watch, 0);
}

static void watch_of_nothing_is_silent(void **state)
{
    struct seen *seen = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    seen->watch = watch_new(seen->loop, ends[1], on_writable, seen);
    watch_set(seen->watch, WATCH_WRITE);
    loop_step(seen->loop, 1000);
    loop_step(seen->loop, 0);
    assert_int_equal(seen->count, 1);
    close(ends[0]);
    close(ends[1]);
}

static void on_signal(void *arg)
{
    struct seen *seen = arg;
    seen->count++;
    loop_stop(seen->loop);
}

static void signal_stops_the_loop(void **state)
{
    struct seen *seen = *state;
    loop_on_signal(seen->loop, SIGUSR1, on_signal, seen);
    raise(SIGUSR1);
    loop_run(seen->loop);
    assert_int_equal(seen->count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(deferred_work_runs_in_order_after_the_turn, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(timer_runs_once_and_not_early, setup, teardown),
        cmocka_unit_test_setup_teardown(timer_that_is_past_due_runs_in_the_next_turn, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(timer_put_off_runs_at_the_later_time, setup, teardown),
        cmocka_unit_test_setup_teardown(timer_brought_forward_runs_at_the_earlier_time, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(stopped_timer_does_not_run, setup, teardown),
        cmocka_unit_test_setup_teardown(timer_may_free_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(time_stands_still_throughout_a_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(watched_descriptor_is_reported_until_freed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(watch_of_nothing_is_silent, setup, teardown),
        cmocka_unit_test_setup_teardown(signal_stops_the_loop, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
