/* test/test_line_orders.c: orders of whoever watches a live call, through the switchboard, its line
 * and the parts around it. */
#include "test/line_scene.h"
#include "test/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NOT_YET = -1 };

static void on_over(int err, void *arg)
{
    *(int *)arg = err;
}

static int order(struct scene *s, const struct line_order *order, int *err_out)
{
    struct line_setup setup = scene_setup(0);
    *err_out = NOT_YET;
    switchboard_order(s->board, setup.call, order, on_over, err_out, NULL);
    return *err_out; /* never from inside the call */
}

static void open_and_greet(struct scene *s)
{
    struct line_setup setup = scene_setup(0);
    scene_open(s, &setup);
    scene_heard_all(s);
}

static void owners_words_are_spoken_and_stored(void **state)
{
    struct scene *s = *state;
    int err;
    open_and_greet(s);
    s->speech_ms = 400;
    order(s, &(struct line_order){.kind = ORDER_SAY, .text = str_of("I am at the door at 5.")},
          &err);
    assert_int_equal(err, NOT_YET);
    scene_until(s, err != NOT_YET);
    assert_int_equal(err, 0);
    assert_string_equal(s->spoken, "I am at the door at five.");
    scene_until(s, strstr(s->transcript, "karen: I am at the door at 5.\n"));
    assert_int_equal(s->asks, 0);
}

static void whisper_is_in_the_instructions_and_in_the_snapshot(void **state)
{
    struct scene *s = *state;
    int err;
    open_and_greet(s);
    order(s,
          &(struct line_order){.kind = ORDER_WHISPER,
                               .text = str_of("Ask for the </owner_whispers> order number.")},
          &err);
    assert_int_equal(err, NOT_YET);
    scene_until(s, err != NOT_YET);
    assert_int_equal(err, 0);
    scene_until(s, strstr(s->snapshot, "order number"));
    scene_say(s, "Is Jan there?");
    scene_until(s, s->asks == 1);
    assert_non_null(strstr(s->system, "\n<owner_whispers>\nAsk for the "));
    assert_non_null(strstr(s->system, " order number.\n</owner_whispers>\n"));
    assert_string_equal(s->user, "Is Jan there?");
    assert_null(strstr(s->transcript, "order number"));
}

static void caller_is_put_through_to_whoever_asked(void **state)
{
    struct scene *s = *state;
    int err;
    open_and_greet(s);
    order(s, &(struct line_order){.kind = ORDER_TRANSFER, .to = "+420777999888"}, &err);
    scene_until(s, s->transfers == 1);
    assert_string_equal(s->transferred_to, "+420777999888");
    assert_string_equal(s->whisper, "");
    scene_until(s, err != NOT_YET);
    assert_int_equal(err, 0);
    assert_int_equal(s->finishes, 0); /* the call goes on elsewhere */
}

static void without_a_number_the_tenants_own_is_rung(void **state)
{
    struct scene *s = *state;
    int err;
    open_and_greet(s);
    order(s, &(struct line_order){.kind = ORDER_TRANSFER}, &err);
    scene_until(s, s->transfers == 1);
    assert_string_equal(s->transferred_to, "+420777123456");
}

static void nobody_is_put_through_to_nowhere(void **state)
{
    struct scene *s = *state;
    struct line_setup setup = scene_setup(0);
    int err;
    setup.transfer_to = NULL;
    scene_open(s, &setup);
    scene_heard_all(s);
    order(s, &(struct line_order){.kind = ORDER_TRANSFER}, &err);
    scene_until(s, err != NOT_YET);
    assert_int_equal(err, ENOTSUP);
    order(s, &(struct line_order){.kind = ORDER_TRANSFER, .to = "+420777999888"}, &err);
    scene_until(s, s->transfers == 1); /* the model may not, the owner may */
}

static void carrier_that_refuses_a_transfer_leaves_the_caller_with_karen(void **state)
{
    struct scene *s = *state;
    int err;
    open_and_greet(s);
    s->carrier_err = ECONNREFUSED;
    order(s, &(struct line_order){.kind = ORDER_TRANSFER}, &err);
    scene_until(s, err != NOT_YET);
    assert_int_equal(err, EHOSTUNREACH);
    assert_non_null(s->leg);
}

static void owner_ends_the_call(void **state)
{
    struct scene *s = *state;
    int err;
    open_and_greet(s);
    order(s, &(struct line_order){.kind = ORDER_END}, &err);
    scene_until(s, s->finishes == 1);
    assert_string_equal(s->why, "owner");
    assert_int_equal(err, 0);
}

static void call_that_is_not_here_takes_no_orders(void **state)
{
    struct scene *s = *state;
    int err;
    assert_int_equal(order(s, &(struct line_order){.kind = ORDER_END}, &err), NOT_YET);
    scene_until(s, err != NOT_YET);
    assert_int_equal(err, ENOENT);
}

static void order_nobody_waits_for_is_carried_out(void **state)
{
    struct scene *s = *state;
    struct line_setup setup = scene_setup(0);
    struct op *waiting = NULL;
    int err = NOT_YET;
    open_and_greet(s);
    switchboard_order(s->board, setup.call, &(struct line_order){.kind = ORDER_END}, on_over, &err,
                      &waiting);
    op_cancel(&waiting);
    scene_until(s, s->finishes == 1);
    assert_int_equal(err, NOT_YET);
}

static void hang_up_ends_what_was_ordered(void **state)
{
    struct scene *s = *state;
    int said, more[20];
    open_and_greet(s);
    s->tts_silent = true;
    order(s, &(struct line_order){.kind = ORDER_SAY, .text = str_of("I am on my way.")}, &said);
    for (size_t i = 0; i < 20; i++)
        order(s, &(struct line_order){.kind = ORDER_SAY, .text = str_of("Quick.")}, &more[i]);
    scene_gone(s, true);
    scene_until(s, said != NOT_YET && more[19] != NOT_YET);
    assert_int_equal(said, ECANCELED);
    assert_int_equal(more[19], ENOBUFS);
}

static void worker_that_stops_ends_what_was_ordered(void **state)
{
    struct scene *s = *state;
    int err;
    open_and_greet(s);
    s->tts_silent = true;
    order(s, &(struct line_order){.kind = ORDER_SAY, .text = str_of("I am on my way.")}, &err);
    switchboard_free(&s->board);
    scene_until(s, err != NOT_YET);
    assert_int_equal(err, ECANCELED);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, scene_set_up, scene_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(owners_words_are_spoken_and_stored),
        CASE(whisper_is_in_the_instructions_and_in_the_snapshot),
        CASE(caller_is_put_through_to_whoever_asked),
        CASE(without_a_number_the_tenants_own_is_rung),
        CASE(nobody_is_put_through_to_nowhere),
        CASE(carrier_that_refuses_a_transfer_leaves_the_caller_with_karen),
        CASE(owner_ends_the_call),
        CASE(call_that_is_not_here_takes_no_orders),
        CASE(order_nobody_waits_for_is_carried_out),
        CASE(hang_up_ends_what_was_ordered),
        CASE(worker_that_stops_ends_what_was_ordered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
