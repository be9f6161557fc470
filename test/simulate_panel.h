/* test/simulate_panel.h: how well simulated conversations went, summed over calls: who gave way to
 * whom, how soon, and who was answered. The windows are those in which full-duplex agents are
 * usually scored: a true interruption counts as heard if Karen is silent within 2.0 s, and a "mhm",
 * a cough or words to somebody else as passed over if she was not stopped within 1.0 s. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { SIM_BUCKETS = 500, SIM_BUCKET_MS = 10 };

struct sim_histogram {
    uint64_t count, sum;
    uint64_t buckets[SIM_BUCKETS]; /* the last holds whatever is longer */
};

struct sim_share {
    uint64_t good, all;
};

struct sim_panel {
    uint64_t calls, turns, gens;
    struct sim_share yields, mhms, tics, asides; /* Karen fell silent; went on */
    struct sim_share answers;                    /* turns that were answered in time */
    uint64_t talk_overs;                         /* Karen began while the caller was speaking ... */
    uint64_t collisions; /* ... or had begun a moment before, so that neither had heard the other */
    struct sim_histogram stop_ms;  /* from the onset to `clear`, for what was meant */
    struct sim_histogram yield_ms; /* ... to silence at the caller's ear */
    struct sim_histogram reply_ms; /* from the caller's last sound to the reply's first */
};

void sim_panel_add(struct sim_panel *sum, const struct sim_panel *more);
double sim_share(struct sim_share share); /* 1 if there was nothing */
double sim_mean(const struct sim_histogram *histogram);
int64_t sim_percentile(const struct sim_histogram *histogram, int percent);
void sim_count(struct sim_histogram *histogram, int64_t ms);
double sim_a_turn(const struct sim_panel *panel, uint64_t count);
void sim_panel_print(const struct sim_panel *panel, const struct sim_panel *mocks);
