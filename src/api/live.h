/* api/live.h: what happens in calls, sent on as server-sent events to whoever of the tenant watches
 * on this worker, wherever the call is. Each event is read once for all its watchers here, as their
 * tenant.
 *
 *   PostgreSQL --ids--> ring --> feed of a tenant --read--> its watchers' buffers --> their sockets
 *
 * A stream begins with a snapshot of the calls that go on, or, where its client names the last
 * event it had (Last-Event-ID) and that is still known, with those that came since. An event may
 * come twice; each says how things are, so nothing is lost or counted twice by that. */
#pragma once
#include "api/metrics.h"
#include "base/id.h"
#include "base/op.h"
#include "net/loop.h"
#include "store/db.h"

enum {
    LIVE_STREAMS_MAX = 512,                   /* of this worker */
    LIVE_TENANT_STREAMS_MAX = 64,             /* of one tenant in it */
    LIVE_PERSON_STREAMS_MAX = 8,              /* of one person or key in it */
    LIVE_PENDING_MAX = 256,                   /* events of one tenant that wait to be read */
    LIVE_BACKLOG_BYTES_MAX = 2 * 1024 * 1024, /* that a reader has not taken; a snapshot fits */
    LIVE_SOCKET_BYTES_MAX = 64 * 1024,        /* of it at the socket */
    LIVE_HEARTBEAT_MS = 15000,
    LIVE_CHECK_MS = 30000, /* between two looks whether the watcher is still signed in */
    LIVE_RETRY_MS = 2000,  /* what clients are told to wait before they come back */
};

struct live;
struct live *live_new(struct loop *loop, struct db *db);
void live_free(struct live **live); /* after the HTTP server */

/* All streams end, so that their clients come back elsewhere. for_good: no new ones begin here. */
enum live_leave { LIVE_MOVE_ON, LIVE_FOR_GOOD };
void live_leave(struct live *live, enum live_leave how);

/* on_over once an order is over, or the time is: whichever it is, look for yourself. */
void live_await_order(struct live *live, struct uuid order, int64_t ms_max, loop_fn *on_over,
                      void *arg, struct op **slot);

void live_publish(const struct live *live, struct metrics_slot *slot);
