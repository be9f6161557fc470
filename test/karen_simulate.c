/* test/karen_simulate.c: karen-simulate FIRST COUNT: so many simulated calls; the first whose
 * invariants break is shown, event by event. Exit status 0 only if all held. */
#include "test/simulate.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t seed; /* of the call that runs, for when the core itself gives up */
static struct buf timeline;

static int show(const char *broken)
{
    buf_clear(&timeline);
    simulate(seed, NULL, &timeline);
    fputs(buf_text(&timeline), stdout);
    printf("seed %llu: %s\n", (unsigned long long)seed, broken);
    buf_free(&timeline);
    return 1;
}

static void on_abort(int signal_number)
{
    (void)signal_number;
    fputs(buf_text(&timeline), stdout);
    printf("seed %llu: an assertion failed; karen-simulate %llu 1 shows it\n",
           (unsigned long long)seed, (unsigned long long)seed);
    fflush(stdout);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static struct sim_panel panel, mocks;
    if (argc != 3) {
        fputs("usage: karen-simulate FIRST COUNT\n", stderr);
        return 2;
    }
    uint64_t first = strtoull(argv[1], NULL, 10), count = strtoull(argv[2], NULL, 10);
    double start = seconds();
    signal(SIGABRT, on_abort);
    for (seed = first; seed < first + count; seed++) {
        const char *broken = simulate(seed, &panel, NULL);
        if (broken)
            return show(broken);
    }
    double took = seconds() - start;
    for (seed = first; seed < first + count / 20 + 1; seed++)
        sim_play(&(struct sim_case){.seed = seed, .world = SIM_MOCKS, .panel = &mocks});
    printf("%llu calls, no invariant broken, %.0f calls a second\n", (unsigned long long)count,
           took > 0 ? (double)count / took : 0);
    sim_panel_print(&panel, &mocks);
    return 0;
}
