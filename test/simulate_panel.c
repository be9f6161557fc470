/* test/simulate_panel.c: sums and shares of simulated conversations, and the table made of them. */
#include "test/simulate_panel.h"

#include <stdio.h>

static void add_histogram(struct sim_histogram *sum, const struct sim_histogram *more)
{
    sum->count += more->count;
    sum->sum += more->sum;
    for (int i = 0; i < SIM_BUCKETS; i++)
        sum->buckets[i] += more->buckets[i];
}

static void add_share(struct sim_share *sum, struct sim_share more)
{
    sum->good += more.good;
    sum->all += more.all;
}

void sim_panel_add(struct sim_panel *sum, const struct sim_panel *more)
{
    sum->calls += more->calls;
    sum->turns += more->turns;
    sum->gens += more->gens;
    sum->talk_overs += more->talk_overs;
    sum->collisions += more->collisions;
    add_share(&sum->yields, more->yields);
    add_share(&sum->mhms, more->mhms);
    add_share(&sum->tics, more->tics);
    add_share(&sum->asides, more->asides);
    add_share(&sum->answers, more->answers);
    add_histogram(&sum->stop_ms, &more->stop_ms);
    add_histogram(&sum->yield_ms, &more->yield_ms);
    add_histogram(&sum->reply_ms, &more->reply_ms);
}

void sim_count(struct sim_histogram *histogram, int64_t ms)
{
    int64_t bucket = ms < 0 ? 0 : ms / SIM_BUCKET_MS;
    histogram->count++;
    histogram->sum += ms < 0 ? 0 : (uint64_t)ms;
    histogram->buckets[bucket < SIM_BUCKETS ? bucket : SIM_BUCKETS - 1]++;
}

double sim_share(struct sim_share share)
{
    return share.all ? (double)share.good / (double)share.all : 1;
}

double sim_mean(const struct sim_histogram *histogram)
{
    return histogram->count ? (double)histogram->sum / (double)histogram->count : 0;
}

/* The end of its bucket, so never too little. */
int64_t sim_percentile(const struct sim_histogram *histogram, int percent)
{
    uint64_t seen = 0;
    for (int i = 0; i < SIM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen && seen * 100 >= histogram->count * (uint64_t)percent)
            return (i + 1) * SIM_BUCKET_MS;
    }
    return 0;
}

double sim_a_turn(const struct sim_panel *panel, uint64_t count)
{
    return panel->turns ? (double)count / (double)panel->turns : 0;
}

static void print_share(const char *what, struct sim_share share, const char *goal)
{
    printf("%-54s %9.4f  %-9s %10llu\n", what, sim_share(share), goal,
           (unsigned long long)share.all);
}

static void print_a_turn(const char *what, const struct sim_panel *panel, uint64_t count,
                         const char *goal)
{
    printf("%-54s %9.4f  %-9s %10llu\n", what, sim_a_turn(panel, count), goal,
           (unsigned long long)panel->turns);
}

static void print_percentiles(const char *what, const struct sim_histogram *histogram,
                              const char *goal)
{
    printf("%-54s %4lld /%4lld  %-9s %10llu\n", what, (long long)sim_percentile(histogram, 50),
           (long long)sim_percentile(histogram, 95), goal, (unsigned long long)histogram->count);
}

void sim_panel_print(const struct sim_panel *panel, const struct sim_panel *mocks)
{
    printf("%-54s %10s  %-9s %10s\n", "", "here", "goal", "of");
    print_share("interrupted, silent within 2.0 s", panel->yields, ">= .98");
    printf("%-54s %9.2f  %-9s %10llu\n", "... after so many seconds, mean",
           sim_mean(&panel->yield_ms) / 1000, "<= .55", (unsigned long long)panel->yield_ms.count);
    print_percentiles("... onset to clear, ms, p50 / p95", &panel->stop_ms, "460 / 620");
    print_share("\"mhm\" talked through", panel->mhms, ">= .90");
    print_share("cough talked through", panel->tics, "");
    print_share("words to somebody else talked through", panel->asides, "");
    print_a_turn("began while the caller spoke, a turn", panel, panel->talk_overs, "<= .05");
    print_a_turn("... both at once, within 200 ms, a turn", panel, panel->collisions, "");
    print_share("turns answered", panel->answers, ">= .999");
    print_a_turn("replies begun at the model, a turn", panel, panel->gens, "<= 1.6");
    print_percentiles("reply with the mocks' delays, ms, p50 / p95", &mocks->reply_ms, "870 / 950");
}
