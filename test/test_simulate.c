/* test/test_simulate.c: calls out of chance; none may break an invariant. Compiled twice: with the
 * sanitizers for some thousand calls, without them, as test_simulate_many, for many more. */
#include "test/simulate.h"
#include "test/test.h"

#include <stdio.h>

#ifdef __SANITIZE_ADDRESS__
enum { CALLS = 4000, TWICE = 200 };
#else
enum { CALLS = 100000, TWICE = 5000 };
#endif

static void no_call_breaks_an_invariant(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= CALLS; seed++) {
        const char *broken = simulate(seed, NULL);
        if (!broken)
            continue;
        struct buf timeline = {0};
        simulate(seed, &timeline);
        fprintf(stderr, "%s\n", buf_text(&timeline));
        buf_free(&timeline);
        fail_msg("seed %llu: %s", (unsigned long long)seed, broken);
    }
}

/* I15. The second time other calls have gone before it, so that nothing of them may be left. */
static void the_same_events_give_the_same_actions(void **state)
{
    (void)state;
    static uint64_t hashes[TWICE];
    for (uint64_t i = 0; i < TWICE; i++)
        hashes[i] = simulate_hash(CALLS + i);
    for (uint64_t i = 0; i < TWICE; i++)
        if (simulate_hash(CALLS + i) != hashes[i])
            fail_msg("I15: seed %llu was not the same call twice", (unsigned long long)(CALLS + i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_call_breaks_an_invariant),
        cmocka_unit_test(the_same_events_give_the_same_actions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
