/* test/test_simulate.c: calls out of chance; none may break an invariant. */
#include "test/simulate.h"
#include "test/test.h"

#include <stdio.h>

#ifdef __SANITIZE_ADDRESS__
enum { CALLS = 4000 }; /* each is some three times as dear */
#else
enum { CALLS = 20000 };
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_call_breaks_an_invariant)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
