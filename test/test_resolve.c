/* test/test_resolve.c: names of hosts looked up beside the loop's other work. */
#include "net/resolve.h"

#include "test/test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct answer {
    bool done;
    int err;
    char address[RESOLVE_TEXT_BYTES];
};

static void on_found(int err, const struct resolved *found, void *arg)
{
    struct answer *answer = arg;
    assert_false(answer->done);
    answer->done = true;
    answer->err = err;
    snprintf(answer->address, sizeof(answer->address), "%s", found ? found->addresses[0] : "");
}

static void name_of_this_machine_is_found_later(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct answer answer = {0};
    struct op *slot = NULL;
    resolve(loop, "localhost", on_found, &answer, &slot);
    assert_false(answer.done);
    while (!answer.done)
        loop_step(loop, 100);
    assert_null(slot);
    assert_int_equal(answer.err, 0);
    assert_string_equal(answer.address, "127.0.0.1");
    loop_free(&loop);
}

static void cancelled_look_up_is_never_answered(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct answer gone = {0}, here = {0};
    struct op *slot = NULL;
    resolve(loop, "localhost", on_found, &gone, &slot);
    op_cancel(&slot);
    resolve(loop, "localhost", on_found, &here, NULL);
    while (!here.done)
        loop_step(loop, 100);
    loop_step(loop, 0);
    assert_false(gone.done);
    loop_free(&loop);
}

static void name_that_cannot_be_one_is_not_found(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct answer answer = {0};
    char name[400];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = 0;
    resolve(loop, name, on_found, &answer, NULL);
    while (!answer.done)
        loop_step(loop, 100);
    assert_int_not_equal(answer.err, 0);
    loop_free(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_of_this_machine_is_found_later),
        cmocka_unit_test(cancelled_look_up_is_never_answered),
        cmocka_unit_test(name_that_cannot_be_one_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
