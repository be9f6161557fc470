/* provider/stats.c: counting what a driver lived through. */
#include "provider/stats.h"

#include <assert.h>
#include <errno.h>

const char *const provider_failure_names[FAIL_COUNT] = {
    [FAIL_KEY] = "key",        [FAIL_MONEY] = "money", [FAIL_BUSY] = "busy",
    [FAIL_LATE] = "late",      [FAIL_LOST] = "lost",   [FAIL_NONSENSE] = "nonsense",
    [FAIL_REFUSED] = "refused"};

/* The finest are for our own share of a delay: a provider is never that quick. */
const int64_t stats_bounds_ms[STATS_BOUNDS] = {2,   5,   10,  20,   50,   100,  200,
                                               300, 500, 750, 1000, 1500, 2500, 5000};

static enum provider_failure failure_of(int err)
{
    switch (err) {
    case EACCES: return FAIL_KEY;
    case EDQUOT: return FAIL_MONEY;
    case EBUSY: return FAIL_BUSY;
    case ETIMEDOUT: return FAIL_LATE;
    case ECONNRESET:
    case ECONNREFUSED:
    case EHOSTUNREACH: return FAIL_LOST;
    case EPROTO:
    case EMSGSIZE: return FAIL_NONSENSE;
    default: return FAIL_REFUSED;
    }
}

void stats_failed(struct provider_stats *stats, int err)
{
    assert(err);
    stats->failures[failure_of(err)]++;
}

void stats_first(struct provider_stats *stats, int64_t took_ms)
{
    int bucket = 0;
    while (bucket < STATS_BOUNDS && took_ms > stats_bounds_ms[bucket])
        bucket++;
    stats->first[bucket]++;
    stats->first_ms_sum += took_ms > 0 ? (uint64_t)took_ms : 0;
}
