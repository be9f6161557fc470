/* provider/stats.h: what a driver has lived through, as counters that /metrics reads. Each driver
 * owns one and only ever counts up; adding up workers is the reader's. */
#pragma once
#include <stdint.h>

enum provider_failure {
    FAIL_KEY,      /* EACCES */
    FAIL_MONEY,    /* EDQUOT */
    FAIL_BUSY,     /* EBUSY */
    FAIL_LATE,     /* ETIMEDOUT */
    FAIL_LOST,     /* ECONNRESET, ECONNREFUSED, EHOSTUNREACH */
    FAIL_NONSENSE, /* EPROTO, EMSGSIZE */
    FAIL_REFUSED,  /* EINVAL, ENOENT and all else the provider would not do */
    FAIL_COUNT,
};
extern const char *const provider_failure_names[FAIL_COUNT]; /* "key", "money" ... */

/* Upper bounds of the buckets in ms; one more bucket holds what is slower. */
enum { STATS_BOUNDS = 14, STATS_BUCKETS = STATS_BOUNDS + 1 };
extern const int64_t stats_bounds_ms[STATS_BOUNDS];

struct provider_stats {
    uint64_t asks;      /* streams opened, replies or sentences asked for */
    uint64_t done;      /* ended well */
    uint64_t cancelled; /* ended by us */
    uint64_t failures[FAIL_COUNT];
    uint64_t shed;                 /* refused by the breaker without asking */
    uint64_t first[STATS_BUCKETS]; /* time to the first token, byte of audio, or open stream */
    uint64_t first_ms_sum;
    uint64_t units_in, units_out; /* audio ms in; prompt and completion tokens; characters */
};

void stats_failed(struct provider_stats *stats, int err); /* an errno value, not 0 */
void stats_first(struct provider_stats *stats, int64_t took_ms);
