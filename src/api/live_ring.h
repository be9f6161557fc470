/* api/live_ring.h: the newest events of all tenants, by ids alone, so that whoever was away for a
 * moment can be told what he missed, whichever worker he comes back to. */
#pragma once
#include "store/live.h"

#include <stdbool.h>

enum { LIVE_RING_MAX = 4096 };

struct live_ring {
    uint64_t head; /* events ever added */
    struct live_event events[LIVE_RING_MAX];
};

void live_ring_add(struct live_ring *ring, const struct live_event *event);
void live_ring_clear(struct live_ring *ring); /* what comes next does not follow on what was */
/* The newest of the tenant; NULL: none is known. */
const struct live_event *live_ring_newest(const struct live_ring *ring, struct uuid tenant);
/* Those of the tenant behind the one with that id, oldest first, at most room. ENOENT: it is not
 * known any more; EMSGSIZE: they are more. */
int live_ring_after(const struct live_ring *ring, struct uuid tenant, struct uuid id,
                    struct live_event *out, size_t room, size_t *count_out);
bool live_ring_has_over(const struct live_ring *ring, struct uuid order);
