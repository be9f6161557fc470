/* test/test_op.c: what is in flight, and how it is forgotten. */
#include "base/op.h"
#include "test/test.h"

struct work {
    struct op op;
    int cancelled;
};

static void on_cancel(struct op *op)
{
    struct work *work = (struct work *)op;
    work->cancelled++;
    assert_null(op->slot);
}

static void slot_holds_the_work_until_it_ends(void **state)
{
    (void)state;
    struct work work = {0};
    struct op *slot = NULL;
    op_begin(&work.op, on_cancel, &slot);
    assert_ptr_equal(slot, &work.op);
    op_end(&work.op);
    assert_null(slot);
    op_cancel(&slot); /* over: nothing to cancel */
    assert_int_equal(work.cancelled, 0);
}

static void cancel_runs_once_and_empties_the_slot(void **state)
{
    (void)state;
    struct work work = {0};
    struct op *slot = NULL;
    op_begin(&work.op, on_cancel, &slot);
    op_cancel(&slot);
    assert_null(slot);
    op_cancel(&slot);
    assert_int_equal(work.cancelled, 1);
}

static void slot_can_be_lent_again(void **state)
{
    (void)state;
    struct work first = {0}, second = {0};
    struct op *slot = NULL;
    op_begin(&first.op, on_cancel, &slot);
    op_cancel(&slot);
    op_begin(&second.op, on_cancel, &slot);
    assert_ptr_equal(slot, &second.op);
    op_end(&second.op);
}

static void work_without_a_slot_just_ends(void **state)
{
    (void)state;
    struct work work = {0};
    op_begin(&work.op, on_cancel, NULL);
    op_end(&work.op);
    assert_int_equal(work.cancelled, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slot_holds_the_work_until_it_ends),
        cmocka_unit_test(cancel_runs_once_and_empties_the_slot),
        cmocka_unit_test(slot_can_be_lent_again),
        cmocka_unit_test(work_without_a_slot_just_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
