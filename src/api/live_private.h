/* api/live_private.h: what live.c (events, feeds) and live_watcher.c (one stream) share. */
#pragma once
#include "api/live.h"
#include "api/live_ring.h"
#include "api/request.h"

enum live_end {
    LIVE_LEFT, /* the client went away */
    LIVE_SLOW,
    LIVE_SIGNED_OUT,
    LIVE_RESTARTING,
    LIVE_DATABASE_AWAY,
    LIVE_TOO_MUCH, /* happened at once */
    LIVE_ENDS,
};

struct watcher { /* one stream, from the guard on */
    struct watcher *next;
    struct feed *feed;
    struct api_request *request;
    struct uuid who;     /* a person or a key */
    struct op *opening;  /* the snapshot, or what came since */
    struct op *checking; /* whether it is still allowed */
    bool streaming;
    struct buf out; /* what the socket has not got yet; sent: so much of it has */
    size_t sent;
    int64_t said_ms, check_ms;
    struct live_event *missed; /* in the request's arena */
    size_t missed_count;
    struct uuid newest; /* of the snapshot under way; nil: none is known */
};

struct feed { /* of one tenant */
    struct feed *next;
    struct live *live;
    struct uuid tenant;
    struct watcher *watchers;
    struct live_event pending[LIVE_PENDING_MAX];
    size_t pending_count;
    struct live_event batch[LIVE_READ_MAX];
    size_t batch_count;
    struct op *reading;
};

struct live {
    struct loop *loop;
    struct db *db;
    struct live_ring ring;
    struct feed *feeds;
    struct order_wait *waits;
    struct timer *tick;
    bool ticking, closed;
    uint64_t streams, events, ends[LIVE_ENDS];
};

/* live.c */
struct feed *live_feed(struct live *live, struct uuid tenant); /* makes it if need be */
void live_tick_on(struct live *live);
/* "event: ...\nid: ...\ndata: ...\n\n" */
void live_put_event(struct buf *out, const char *name, struct uuid id, struct str json);
void live_put_read(struct buf *out, const struct live_event *event, struct str json);

/* live_watcher.c; any of them may end the watcher */
void watcher_say(struct watcher *watcher, struct str frames);
void watcher_tick(struct watcher *watcher, int64_t now_ms);
void watcher_open(struct watcher *watcher); /* (again) from what it does not know yet */
void watcher_end(struct watcher *watcher, enum live_end why);
const char *live_end_code(enum live_end why);
