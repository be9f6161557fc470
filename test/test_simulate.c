/* test/test_simulate.c: calls out of chance; none may break an invariant. Compiled twice: with the
 * sanitizers for some thousand calls, without them, as test_simulate_many, for many more. */
#include "test/simulate.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>

#ifdef __SANITIZE_ADDRESS__
enum { CALLS = 4000, TWICE = 200, FAULT_SEEDS = 1, RACES_EVERY = 10 };
#else
enum { CALLS = 100000, TWICE = 5000, FAULT_SEEDS = 20, RACES_EVERY = 1 };
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

static void play_all_of(enum sim_world world, const char *what)
{
    for (uint64_t seed = 1; seed <= CALLS / 20; seed++) {
        struct sim_result result = sim_play(&(struct sim_case){.seed = seed, .world = world});
        if (result.broken)
            fail_msg("seed %llu with %s: %s", (unsigned long long)seed, what, result.broken);
    }
}

static void karen_does_not_talk_with_her_own_echo(void **state)
{
    (void)state;
    play_all_of(SIM_ECHO, "an echo");
}

static void karen_does_not_talk_with_a_machine_for_ever(void **state)
{
    (void)state;
    play_all_of(SIM_MACHINE, "a machine");
}

static void show(struct sim_case *call)
{
    struct buf timeline = {0};
    call->timeline = &timeline;
    sim_play(call);
    fprintf(stderr, "%s\n", buf_text(&timeline));
    buf_free(&timeline);
}

static void any_one_failure_at_any_step_is_survived(void **state)
{
    (void)state;
    struct sim_case last;
    size_t played = 0;
    for (uint64_t seed = 1; seed <= FAULT_SEEDS; seed++) {
        const char *broken = sim_play_faults(seed, &last, &played);
        if (!broken)
            continue;
        show(&last);
        fail_msg("seed %llu, failure %d at step %d: %s", (unsigned long long)seed,
                 (int)last.fault.kind, last.fault.step, broken);
    }
    assert_true(played > 400 * FAULT_SEEDS);
}

static void what_happens_at_one_moment_may_happen_in_any_order(void **state)
{
    (void)state;
    struct sim_case last;
    struct buf race = {0};
    size_t played = 0;
    const char *broken = sim_play_races(1, RACES_EVERY, &last, &played);
    if (broken) {
        show(&last);
        sim_race_print(&last.race, &race);
        fail_msg("%s: %s", buf_text(&race), broken);
    }
    assert_true(played > 10000 / RACES_EVERY);
}

static void a_call_played_again_from_its_log_is_the_same_call(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= TWICE / 10; seed++) {
        struct buf first = {0}, second = {0};
        struct sim_log log;
        size_t line;
        sim_play(&(struct sim_case){.seed = seed, .timeline = &first});
        assert_int_equal(sim_log_read(buf_str(&first), &log, &line), 0);
        sim_play(&(struct sim_case){.replay = &log, .timeline = &second});
        assert_string_equal(buf_text(&first), buf_text(&second));
        sim_log_free(&log);
        buf_free(&first);
        buf_free(&second);
    }
}

/* The recogniser of this call says a word of the caller's twice, which no core can make good. */
static const char twice[] =
    "call seed=2 letter=480 net=31 skew=20 phrases_fail=1\n"
    "       0 STARTED\n"
    "    4000 VOICE_ON at=3900\n"
    "    4100 VOICE_GOING voiced=180\n"
    "    4500 WORDS at=3900 end=4400 confidence=50 text=\"w1x w2x\" (listening)\n"
    "    4700 VOICE_OFF at=4500\n"
    "    4700   -> FINALIZE\n"
    "    4800 WORDS_FINAL at=3900 end=4500 finalized=1 confidence=90 text=\"w1x w2x\"\n"
    "    9000 VOICE_ON at=8900\n"
    "    9500 WORDS_FINAL at=8900 end=9400 speech_final=1 confidence=90 text=\"w1x\"\n"
    "    9700 VOICE_OFF at=9500\n"
    "   15000 DTMF digit=53\n"
    "   20000 GONE\n";

static void a_failing_call_is_made_as_short_as_it_can_be(void **state)
{
    (void)state;
    struct sim_log log;
    size_t line;
    assert_int_equal(sim_log_read(str_of(twice), &log, &line), 0);
    assert_int_equal(log.count, 11);
    assert_string_equal(sim_shrink(&log), "I12: a caller's word is written twice");
    assert_true(log.count <= 4);
    assert_string_equal(sim_play(&(struct sim_case){.replay = &log}).broken,
                        "I12: a caller's word is written twice");
    sim_log_free(&log);
}

static void a_log_is_read_to_its_first_bad_line(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "call seed=2\n 10 STARTED\n 20 NONSENSE\n",
        "call seed=2\n 10 STARTED\n 20 WORDS text=\"w1x\n",
        "call seed=2\n 10 STARTED\n 20 MARK mark=x\n",
        "call seed=2\n 10 STARTED\n 20 MARK colour=3\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct sim_log log;
        size_t line;
        assert_int_equal(sim_log_read(str_of(bad[i]), &log, &line), EINVAL);
        assert_int_equal(line, 3);
        sim_log_free(&log);
    }
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
        cmocka_unit_test(karen_does_not_talk_with_her_own_echo),
        cmocka_unit_test(karen_does_not_talk_with_a_machine_for_ever),
        cmocka_unit_test(any_one_failure_at_any_step_is_survived),
        cmocka_unit_test(what_happens_at_one_moment_may_happen_in_any_order),
        cmocka_unit_test(a_call_played_again_from_its_log_is_the_same_call),
        cmocka_unit_test(a_failing_call_is_made_as_short_as_it_can_be),
        cmocka_unit_test(a_log_is_read_to_its_first_bad_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
