/* provider/breaker.h: whether a provider is worth asking. Shared by all calls of a worker, so that
 * the tenth call does not wait for what failed nine others. Pure: the time comes in.
 *
 *            BREAKER_IN_A_ROW failures, or BREAKER_PERCENT of the last BREAKER_WINDOW
 *   CLOSED ----------------------------------------------------------------------> OPEN
 *      ^                                                                          |  ^
 *      | it went well                                     BREAKER_OPEN_MS are over |  | it failed
 *      '--------------------------------- PROBING <--------------------------------'--'
 *                                         one ask is let through                            */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum {
    BREAKER_WINDOW = 20,
    BREAKER_PERCENT = 20,
    BREAKER_IN_A_ROW = 5,
    BREAKER_OPEN_MS = 15000,
};

struct breaker { /* {0} is closed */
    enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_PROBING } state;
    uint32_t recent; /* one bit an ask, the newest lowest: 1 is a failure */
    int count, in_a_row;
    int64_t open_until_ms;
};
/* May the provider be asked? Whoever is told so reports the end, with one of the three below. */
bool breaker_allows(struct breaker *breaker, int64_t now_ms);
void breaker_went_well(struct breaker *breaker);
void breaker_failed(struct breaker *breaker, int64_t now_ms);
/* It says nothing about the provider: we cancelled, or asked for something that cannot be had. */
void breaker_forget(struct breaker *breaker, int64_t now_ms);
/* The same by an errno value, 0 for well: which errors are the provider's trouble. */
void breaker_ended(struct breaker *breaker, int64_t now_ms, int err);
bool breaker_closed(const struct breaker *breaker);
