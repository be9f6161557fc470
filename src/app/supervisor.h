/* app/supervisor.h: keeps the workers running: one process each, restarted when they die, replaced
 * one after the other on SIGHUP, drained on SIGTERM. */
#pragma once
#include "api/metrics.h"
#include "base/tally.h"

#include <stdint.h>

/* What a worker process does; its result is its exit status. SUPERVISOR_GIVE_UP ends everything:
 * another try would fail the same way. */
enum { SUPERVISOR_GIVE_UP = 78 };
enum { DRAIN_MOVE_MS = 30000 }; /* for calls to move away, before the rest is killed */
struct worker_place {
    struct metrics_page *page;
    struct tally *tally; /* who asked how often, of all workers together */
    int slot;            /* on that page */
    int seat;     /* 0 to workers - 1; kept by whoever takes a dead or leaving worker's place */
    int ready_fd; /* write one byte to it when the worker serves */
};
typedef int worker_fn(const struct worker_place *place, void *arg);

/* Signals to a worker: SIGTERM: take no more calls, finish those that run, end. SIGUSR1: the same,
 * and leave the listening to the worker that takes its place. */
struct supervisor_options {
    int workers;
    int64_t drain_ms_max; /* after it a worker that still runs is killed */
    worker_fn *worker;
    void *arg;
    const char *ready_file; /* written with the supervisor's pid once all workers serve; or NULL */
};
/* Returns when all workers have ended: 0 after a SIGTERM or SIGINT, else 1. */
int supervise(const struct supervisor_options *options);
