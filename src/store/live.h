/* store/live.h: what happens in calls, as it happens: PostgreSQL tells every worker what of which
 * tenant is new, by ids alone; whoever watches reads it as that tenant. */
#pragma once
#include "store/json.h"

enum { LIVE_READ_MAX = 64 };

enum live_kind {
    LIVE_STARTED, /* a call */
    LIVE_ENDED,
    LIVE_CHANGED, /* by a person */
    LIVE_SCREENED,
    LIVE_LINE,    /* seq */
    LIVE_AMENDED, /* seq */
    LIVE_ORDER,   /* order: it was given */
    LIVE_OVER,    /* order: it is over */
    LIVE_KINDS,
};
struct live_event {
    enum live_kind kind;
    struct uuid id; /* random, the event's own */
    struct uuid tenant, call, order;
    uint32_t seq;
};
/* A payload of live_listen(). EINVAL: it is none. */
int live_parse(struct str payload, struct live_event *event_out);
/* fn: as db_listen(); an empty payload: what happened until now was not heard. */
void live_listen(struct db *db, db_notify_fn *fn, void *arg);

/* What each event is about as it is now: {"call": CallRow}, {"call_id", "amended", "line": Turn} or
 * {"order": Order}; empty where it is gone. In the order of events, all of the tenant; at most
 * LIVE_READ_MAX. */
typedef void live_read_fn(int err, const struct str *texts, size_t count, void *arg);
void live_read(struct db *db, struct uuid tenant, const struct live_event *events, size_t count,
               live_read_fn *on_read, void *arg, struct op **slot);
/* The calls that go on, newest first, with their last lines: {"calls": [{"call": CallRow, "lines":
 * [Turn ...], "lines_left_out": count, "orders": [Order ...]} ...]}. */
void live_snapshot(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                   struct op **slot);
