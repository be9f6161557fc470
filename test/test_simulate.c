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

static struct sim_panel panel, mocks;

static void no_call_breaks_an_invariant(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= CALLS; seed++) {
        const char *broken = simulate(seed, &panel, NULL);
        if (!broken)
            continue;
        struct buf timeline = {0};
        simulate(seed, NULL, &timeline);
        fprintf(stderr, "%s\n", buf_text(&timeline));
        buf_free(&timeline);
        fail_msg("seed %llu: %s", (unsigned long long)seed, broken);
    }
}

static uint64_t hash_of(uint64_t seed)
{
    return sim_play(&(struct sim_case){.seed = seed}).hash;
}

/* The second time other calls have gone before it, so that nothing of them may be left. */
static void the_same_events_give_the_same_actions(void **state)
{
    (void)state;
    static uint64_t hashes[TWICE];
    for (uint64_t i = 0; i < TWICE; i++)
        hashes[i] = hash_of(CALLS + i);
    for (uint64_t i = 0; i < TWICE; i++)
        if (hash_of(CALLS + i) != hashes[i])
            fail_msg("I15: seed %llu was not the same call twice", (unsigned long long)(CALLS + i));
}

/* The figures, over the calls of the first test: with all that fails in them. */

static void who_interrupts_karen_is_heard(void **state)
{
    (void)state;
    assert_true(panel.yields.all > CALLS / 2);
    assert_true(sim_share(panel.yields) >= 0.98);
    assert_true(sim_mean(&panel.yield_ms) <= 550);
    assert_true(sim_percentile(&panel.stop_ms, 50) <= 460); /* I16 */
    assert_true(sim_percentile(&panel.stop_ms, 95) <= 620);
}

static void a_mhm_is_talked_through(void **state)
{
    (void)state;
    if (panel.mhms.all < 1000)
        skip(); /* too few for a share */
    assert_true(sim_share(panel.mhms) >= 0.90);
}

static void karen_does_not_begin_while_the_caller_speaks(void **state)
{
    (void)state;
    assert_true(panel.turns > CALLS);
    assert_true(sim_a_turn(&panel, panel.talk_overs) <= 0.05);
}

static void who_says_something_is_answered(void **state)
{
    (void)state;
    assert_true(panel.answers.all > CALLS);
    assert_true(sim_share(panel.answers) >= 0.999);
}

static void a_turn_costs_few_replies(void **state)
{
    (void)state;
    assert_true(sim_a_turn(&panel, panel.gens) <= 1.6); /* I13 */
}

static void an_answer_is_quick_with_the_delays_of_the_mocks(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= CALLS / 20; seed++) {
        struct sim_result result =
            sim_play(&(struct sim_case){.seed = seed, .world = SIM_MOCKS, .panel = &mocks});
        if (result.broken)
            fail_msg("seed %llu with mocks: %s", (unsigned long long)seed, result.broken);
    }
    assert_true(mocks.reply_ms.count > CALLS / 20);
    assert_true(sim_percentile(&mocks.reply_ms, 50) <= 870);
    assert_true(sim_percentile(&mocks.reply_ms, 95) <= 950);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_call_breaks_an_invariant),
        cmocka_unit_test(the_same_events_give_the_same_actions),
        cmocka_unit_test(who_interrupts_karen_is_heard),
        cmocka_unit_test(a_mhm_is_talked_through),
        cmocka_unit_test(karen_does_not_begin_while_the_caller_speaks),
        cmocka_unit_test(who_says_something_is_answered),
        cmocka_unit_test(a_turn_costs_few_replies),
        cmocka_unit_test(an_answer_is_quick_with_the_delays_of_the_mocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
