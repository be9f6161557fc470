/* provider/breaker.c: counting failures and keeping away for a while. */
#include "provider/breaker.h"

#include <errno.h>

bool breaker_allows(struct breaker *breaker, int64_t now_ms)
{
    switch (breaker->state) {
    case BREAKER_CLOSED: return true;
    case BREAKER_PROBING: return false; /* one is enough to find out */
    case BREAKER_OPEN: break;
    }
    if (now_ms < breaker->open_until_ms)
        return false;
    breaker->state = BREAKER_PROBING;
    return true;
}

static void remember(struct breaker *breaker, bool failed)
{
    breaker->recent = (breaker->recent << 1 | failed) & ((1u << BREAKER_WINDOW) - 1);
    if (breaker->count < BREAKER_WINDOW)
        breaker->count++;
    breaker->in_a_row = failed ? breaker->in_a_row + 1 : 0;
}

static bool is_too_much(const struct breaker *breaker)
{
    int failures = __builtin_popcount(breaker->recent);
    return breaker->in_a_row >= BREAKER_IN_A_ROW ||
           (breaker->count == BREAKER_WINDOW && failures * 100 >= BREAKER_PERCENT * breaker->count);
}

void breaker_went_well(struct breaker *breaker)
{
    if (breaker->state == BREAKER_PROBING)
        *breaker = (struct breaker){0};
    if (breaker->state == BREAKER_CLOSED)
        remember(breaker, false);
}

void breaker_failed(struct breaker *breaker, int64_t now_ms)
{
    if (breaker->state == BREAKER_OPEN)
        return; /* asked before it opened: no news */
    remember(breaker, true);
    if (breaker->state == BREAKER_PROBING || is_too_much(breaker)) {
        breaker->state = BREAKER_OPEN;
        breaker->open_until_ms = now_ms + BREAKER_OPEN_MS;
    }
}

void breaker_forget(struct breaker *breaker, int64_t now_ms)
{
    if (breaker->state != BREAKER_PROBING)
        return;
    breaker->state = BREAKER_OPEN; /* the next ask is the probe */
    breaker->open_until_ms = now_ms;
}

void breaker_ended(struct breaker *breaker, int64_t now_ms, int err)
{
    switch (err) {
    case 0: breaker_went_well(breaker); break;
    case EBUSY:  /* full, but what it has taken it does: others must not be cut off */
    case EINVAL: /* one tenant's voice or prompt */
    case ENOENT: breaker_forget(breaker, now_ms); break;
    default: breaker_failed(breaker, now_ms);
    }
}

bool breaker_closed(const struct breaker *breaker)
{
    return breaker->state == BREAKER_CLOSED;
}
