/* api/live_ring.c: the newest events. */
#include "api/live_ring.h"

#include <errno.h>

void live_ring_add(struct live_ring *ring, const struct live_event *event)
{
    ring->events[ring->head++ % LIVE_RING_MAX] = *event;
}

void live_ring_clear(struct live_ring *ring)
{
    ring->head = 0;
}

/* The event that came so many before the newest, 0 being that one; NULL: it is not kept. */
static const struct live_event *back(const struct live_ring *ring, uint64_t steps)
{
    if (steps >= ring->head || steps >= LIVE_RING_MAX)
        return NULL;
    return &ring->events[(ring->head - 1 - steps) % LIVE_RING_MAX];
}

const struct live_event *live_ring_newest(const struct live_ring *ring, struct uuid tenant)
{
    const struct live_event *event;
    for (uint64_t steps = 0; (event = back(ring, steps)); steps++)
        if (uuid_equal(event->tenant, tenant))
            return event;
    return NULL;
}

int live_ring_after(const struct live_ring *ring, struct uuid tenant, struct uuid id,
                    struct live_event *out, size_t room, size_t *count_out)
{
    const struct live_event *event;
    size_t count = 0;
    uint64_t steps = 0;
    while ((event = back(ring, steps)) &&
           !(uuid_equal(event->id, id) && uuid_equal(event->tenant, tenant))) {
        count += uuid_equal(event->tenant, tenant);
        steps++;
    }
    if (!event)
        return ENOENT;
    if (count > room)
        return EMSGSIZE;
    *count_out = count;
    for (count = 0; steps > 0; steps--) {
        event = back(ring, steps - 1);
        if (uuid_equal(event->tenant, tenant))
            out[count++] = *event;
    }
    return 0;
}

bool live_ring_has_over(const struct live_ring *ring, struct uuid order)
{
    const struct live_event *event;
    for (uint64_t steps = 0; (event = back(ring, steps)); steps++)
        if (event->kind == LIVE_OVER && uuid_equal(event->order, order))
            return true;
    return false;
}
