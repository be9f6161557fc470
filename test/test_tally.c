/* test/test_tally.c: who asked how often, across processes. */
#include "base/mem.h"
#include "base/tally.h"
#include "test/test.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_window_is_counted_and_then_begins_anew(void **state)
{
    (void)state;
    struct tally *tally = tally_new();
    for (uint32_t i = 1; i <= 5; i++)
        assert_int_equal(tally_add(tally, str_of("jan"), 60, 1200 + i).count, i);
    assert_int_equal(tally_add(tally, str_of("jan"), 60, 1259).reset_in_s, 1);
    assert_int_equal(tally_add(tally, str_of("jan"), 60, 1260).count, 1);
    assert_int_equal(tally_add(tally, str_of("jan"), 60, 1260).reset_in_s, 60);
    tally_free(&tally);
    assert_null(tally);
}

static void everybody_has_a_count_of_his_own_for_each_window(void **state)
{
    (void)state;
    struct tally *tally = tally_new();
    assert_int_equal(tally_add(tally, str_of("jan"), 60, 1200).count, 1);
    assert_int_equal(tally_add(tally, str_of("eva"), 60, 1200).count, 1);
    assert_int_equal(tally_add(tally, str_of("jan"), 3600, 1200).count, 1);
    assert_int_equal(tally_add(tally, str_of("jan"), 60, 1200).count, 2);
    tally_free(&tally);
}

static void more_people_than_there_is_room_for_push_out_old_windows_first(void **state)
{
    (void)state;
    struct tally *tally = tally_new();
    char name[32];
    for (int i = 0; i < TALLY_SLOTS * 2; i++) {
        snprintf(name, sizeof(name), "old %d", i);
        tally_add(tally, str_of(name), 10, 1000);
    }
    for (int round = 1; round <= 3; round++)
        for (int i = 0; i < 1000; i++) {
            snprintf(name, sizeof(name), "new %d", i);
            assert_int_equal(tally_add(tally, str_of(name), 10, 1010 + round).count, round);
        }
    tally_free(&tally);
}

static void forked_processes_count_together(void **state)
{
    (void)state;
    enum { CHILDREN = 4, EACH = 20000 };
    struct tally *tally = tally_new();
    for (int child = 0; child < CHILDREN; child++)
        if (fork() == 0) {
            for (int i = 0; i < EACH; i++)
                tally_add(tally, str_of("all"), 60, 1200);
            _exit(0);
        }
    int status;
    for (int child = 0; child < CHILDREN; child++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    /* those that come first may claim the slot at once */
    uint32_t count = tally_add(tally, str_of("all"), 60, 1200).count;
    assert_in_range(count, CHILDREN * EACH + 1 - CHILDREN, CHILDREN * EACH + 1);
    tally_free(&tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_is_counted_and_then_begins_anew),
        cmocka_unit_test(everybody_has_a_count_of_his_own_for_each_window),
        cmocka_unit_test(more_people_than_there_is_room_for_push_out_old_windows_first),
        cmocka_unit_test(forked_processes_count_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
