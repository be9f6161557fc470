/* api/metrics.h: the numbers of all workers on one shared page, as Prometheus reads them.
 *
 * Each process owns a slot and publishes its numbers there once a second; whichever worker is asked
 * for /metrics adds the slots up. When a process ends, the supervisor folds its counters into what
 * departed processes left, so that a total never falls. */
#pragma once
#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

enum { METRICS_SLOTS_MAX = 130 }; /* two generations of 64 workers, and one for the departed */

struct metrics_page;
struct metrics_slot;

/* Shared with all processes forked afterwards; lives until the last of them ends. */
struct metrics_page *metrics_page_new(void);
struct metrics_slot *metrics_slot(struct metrics_page *page, int index);

/* Publishing: begin, add every number, end. name must be in the table of metrics.c; labels are
 * Prometheus's own form without braces, "reason=\"hangup\"", or "". More than the slot holds is
 * dropped and counted in karen_metrics_dropped. */
void metrics_begin(struct metrics_slot *slot);
void metrics_add(struct metrics_slot *slot, const char *name, const char *labels, double value);
/* A histogram of counts per bucket; bounds in seconds, counts[n] has what is above the last. */
void metrics_add_histogram(struct metrics_slot *slot, const char *name, const char *labels,
                           const double *bounds, const uint64_t *counts, size_t n, double sum);
/* Memory and processor time of this process. */
void metrics_add_process(struct metrics_slot *slot);
void metrics_end(struct metrics_slot *slot);

void metrics_depart(struct metrics_page *page, int index); /* its process has ended */
/* The whole page in the Prometheus text format 0.0.4. */
void metrics_render(struct metrics_page *page, struct buf *out);
