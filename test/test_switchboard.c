/* test/test_switchboard.c: who comes in, who is found, and how a worker empties. */
#include "test/line_scene.h"
#include "test/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int try_open(struct scene *s, const struct line_setup *setup)
{
    struct scene_leg *leg = scene_leg_new(s);
    int err = switchboard_open(s->board, &leg->leg, setup);
    if (err)
        leg_refuse(&leg->leg, "not admitted");
    return err;
}

static void limits_hold_for_worker_and_tenant(void **state)
{
    struct scene *s = *state; /* 4 lines, 3 of a tenant */
    for (int i = 0; i < 3; i++) {
        struct line_setup setup = scene_setup(i);
        assert_int_equal(try_open(s, &setup), 0);
    }
    struct line_setup setup = scene_setup(3);
    assert_int_equal(switchboard_admits(s->board, setup.tenant), EDQUOT);
    assert_int_equal(try_open(s, &setup), EDQUOT);
    setup.tenant.bytes[0]++;
    assert_int_equal(try_open(s, &setup), 0);
    setup = scene_setup(4);
    setup.tenant.bytes[0] += 2;
    assert_int_equal(try_open(s, &setup), EBUSY);
    const struct switchboard_stats *stats = switchboard_stats(s->board);
    assert_int_equal(stats->live, 4);
    assert_int_equal(stats->opened, 4);
    assert_int_equal(stats->refused, 2);
}

static void the_same_call_is_not_live_twice(void **state)
{
    struct scene *s = *state;
    struct line_setup setup = scene_setup(0);
    assert_int_equal(try_open(s, &setup), 0);
    assert_true(switchboard_has(s->board, setup.call));
    assert_int_equal(try_open(s, &setup), EEXIST);
}

static void a_setup_that_cannot_be_is_refused(void **state)
{
    struct scene *s = *state;
    struct line_setup setup = scene_setup(0);
    setup.voice_id = NULL;
    assert_int_equal(try_open(s, &setup), EINVAL);
    setup = scene_setup(0);
    setup.call_sid = "CA012345678901234567890123456789012345678901234567890123456789012345678901";
    assert_int_equal(try_open(s, &setup), EINVAL);
}

static void only_live_calls_can_be_ended(void **state)
{
    struct scene *s = *state;
    struct line_setup setup = scene_setup(0);
    assert_int_equal(switchboard_end(s->board, setup.call, "operator"), ENOENT);
    scene_open(s, &setup);
    scene_heard_all(s);
    assert_int_equal(switchboard_end(s->board, setup.call, "operator"), 0);
    scene_until(s, s->finishes == 1);
    assert_string_equal(s->why, "operator");
    assert_int_equal(switchboard_stats(s->board)->ends[0].count, 1);
}

static void on_empty(void *arg)
{
    ((struct scene *)arg)->empty = true;
}

static void draining_lets_calls_finish_and_records_be_written(void **state)
{
    struct scene *s = *state;
    struct line_setup setup = scene_setup(0), other = scene_setup(1);
    scene_open(s, &setup);
    switchboard_drain(s->board, on_empty, s);
    assert_int_equal(try_open(s, &other), ESHUTDOWN);
    scene_heard_all(s);
    assert_false(s->empty);
    s->db_err = ENOTCONN;
    scene_gone(s, true);
    scene_wait(s, 100);
    assert_false(s->empty);
    s->db_err = 0;
    scene_until(s, s->empty);
    assert_int_equal(s->finishes, 1);
}

static void an_idle_worker_is_empty_at_once(void **state)
{
    struct scene *s = *state;
    switchboard_drain(s->board, on_empty, s);
    assert_false(s->empty); /* never from inside the call */
    scene_until(s, s->empty);
}

static void a_record_the_store_refuses_is_counted_as_lost(void **state)
{
    struct scene *s = *state;
    struct line_setup setup = scene_setup(0);
    scene_open(s, &setup);
    scene_heard_all(s);
    s->db_err = EINVAL;
    scene_gone(s, true);
    scene_until(s, switchboard_stats(s->board)->unsaved == 0);
    assert_int_equal(switchboard_stats(s->board)->lost, 1);
}

static void stopping_drops_what_runs(void **state)
{
    struct scene *s = *state;
    struct line_setup setup = scene_setup(0);
    scene_open(s, &setup);
    scene_speak(s, 500);
    scene_wait(s, 300);
    switchboard_free(&s->board);
    assert_null(s->leg);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, scene_set_up, scene_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(limits_hold_for_worker_and_tenant),
        CASE(the_same_call_is_not_live_twice),
        CASE(a_setup_that_cannot_be_is_refused),
        CASE(only_live_calls_can_be_ended),
        CASE(draining_lets_calls_finish_and_records_be_written),
        CASE(an_idle_worker_is_empty_at_once),
        CASE(a_record_the_store_refuses_is_counted_as_lost),
        CASE(stopping_drops_what_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
