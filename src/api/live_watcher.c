/* api/live_watcher.c: one stream: who may have it, what it begins with, and how its bytes get to a
 * reader who may be slow.
 *
 *   guard -> opening (snapshot, or what came since) -> streaming -> end: left, slow, signed out ...
 *
 * Events that come while it opens wait in its buffer. The socket gets LIVE_SOCKET_BYTES_MAX at a
 * time, the rest waits here. */
#include "api/guard.h"
#include "api/live_private.h"
#include "api/operations.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 16 * 1024, KEPT_BYTES = 32 * 1024 };

const char *live_end_code(enum live_end why)
{
    static const char *const codes[LIVE_ENDS] = {
        [LIVE_LEFT] = "left",
        [LIVE_SLOW] = "slow_reader",
        [LIVE_SIGNED_OUT] = "signed_out",
        [LIVE_RESTARTING] = "restarting",
        [LIVE_DATABASE_AWAY] = "database_away",
        [LIVE_TOO_MUCH] = "too_much_at_once",
    };
    return codes[why];
}

/* ---- the end --------------------------------------------------------------------------------- */

static void watcher_free(void *arg)
{
    struct watcher *watcher = arg;
    buf_free(&watcher->out);
    free(watcher);
}

/* Its feed goes with the next tick. */
static void watcher_remove(struct watcher *watcher, enum live_end why)
{
    struct live *live = watcher->feed->live;
    struct watcher **link = &watcher->feed->watchers;
    while (*link != watcher)
        link = &(*link)->next;
    *link = watcher->next;
    op_cancel(&watcher->opening);
    op_cancel(&watcher->checking);
    live->streams--;
    live->ends[why]++;
    log_debug(NULL, "live_ended", "id=%s why=%s", watcher->request->http->id, live_end_code(why));
    loop_defer(live->loop, watcher_free, watcher); /* its feed may be going through its list */
}

static void on_gone(struct http_req *http)
{
    struct api_request *request = http->state;
    watcher_remove(request->state, LIVE_LEFT);
}

void watcher_end(struct watcher *watcher, enum live_end why)
{
    struct api_request *request = watcher->request;
    struct buf last = {0};
    bool streaming = watcher->streaming;
    request->http->on_gone = NULL;
    watcher_remove(watcher, why);
    if (!streaming) {
        api_fail_with(request, EAGAIN);
        return;
    }
    buf_printf(&last, "event: end\nretry: %d\ndata: {\"reason\":\"%s\"}\n\n", LIVE_RETRY_MS,
               live_end_code(why));
    http_stream_send(request->http, buf_str(&last));
    http_stream_end(request->http);
    buf_free(&last);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static void flush(struct watcher *watcher)
{
    struct http_req *http = watcher->request->http;
    struct buf *out = &watcher->out;
    while (watcher->streaming && watcher->sent < out->bytes &&
           http_stream_waiting(http) < LIVE_SOCKET_BYTES_MAX) {
        size_t left = out->bytes - watcher->sent;
        struct str piece = {out->data + watcher->sent, left < PIECE_BYTES ? left : PIECE_BYTES};
        if (http_stream_send(http, piece))
            break;
        watcher->sent += piece.bytes;
    }
    if (watcher->sent < out->bytes)
        return;
    watcher->sent = 0;
    if (out->room > KEPT_BYTES)
        buf_free(out);
    else
        buf_clear(out);
}

void watcher_say(struct watcher *watcher, struct str frames)
{
    if (!frames.bytes)
        return;
    watcher->said_ms = loop_now_ms(watcher->feed->live->loop);
    buf_add_str(&watcher->out, frames);
    flush(watcher);
    if (watcher->out.bytes - watcher->sent > LIVE_BACKLOG_BYTES_MAX)
        watcher_end(watcher, LIVE_SLOW);
}

/* ---- whether it may go on -------------------------------------------------------------------- */

static void on_found(int err, const struct principal *principal, void *arg)
{
    struct watcher *watcher = arg;
    if (err == ENOENT || (!err && !api_still_may(watcher->request, principal)))
        watcher_end(watcher, LIVE_SIGNED_OUT);
    /* else it may, or the database is away and it is looked at again */
}

void watcher_tick(struct watcher *watcher, int64_t now_ms)
{
    if (now_ms >= watcher->check_ms && !watcher->checking) {
        watcher->check_ms = now_ms + LIVE_CHECK_MS;
        api_find_again(watcher->request, on_found, watcher, &watcher->checking);
    }
    if (watcher->streaming && now_ms >= watcher->said_ms + LIVE_HEARTBEAT_MS)
        watcher_say(watcher, str_of(":\n\n"));
    else
        flush(watcher);
}

/* ---- the beginning --------------------------------------------------------------------------- */

/* What waits already comes behind what it begins with. */
static void begin(struct watcher *watcher, const struct buf *first)
{
    struct http_req *http = watcher->request->http;
    struct buf whole = {0};
    if (!watcher->streaming) {
        http_set_header(http, "Cache-Control", "no-store");
        http_set_header(http, "X-Accel-Buffering", "no"); /* proxies pass events on at once */
        http_set_header(http, "Connection", "close");     /* its client comes back to any worker */
        http_stream_begin(http, 200, "text/event-stream");
        buf_printf(&whole, "retry: %d\n\n", LIVE_RETRY_MS);
    }
    watcher->streaming = true;
    buf_add_str(&whole, buf_str(first));
    buf_add(&whole, watcher->out.data + watcher->sent, watcher->out.bytes - watcher->sent);
    buf_free(&watcher->out);
    watcher->sent = 0;
    watcher_say(watcher, buf_str(&whole));
    buf_free(&whole);
}

static void on_snapshot(int err, struct str json, void *arg)
{
    struct watcher *watcher = arg;
    struct buf first = {0};
    if (err) {
        watcher_end(watcher, LIVE_DATABASE_AWAY);
        return;
    }
    live_put_event(&first, "snapshot", watcher->newest, json);
    begin(watcher, &first);
    buf_free(&first);
}

static void on_missed(int err, const struct str *texts, size_t count, void *arg)
{
    struct watcher *watcher = arg;
    struct buf first = {0};
    if (err) {
        watcher_end(watcher, LIVE_DATABASE_AWAY);
        return;
    }
    for (size_t i = 0; i < count; i++)
        live_put_read(&first, &watcher->missed[i], texts[i]);
    begin(watcher, &first);
    buf_free(&first);
}

/* Whether what came since the last event that its client had is known. */
static bool knows(struct watcher *watcher)
{
    struct http_req *http = watcher->request->http;
    struct uuid last;
    if (watcher->streaming || uuid_parse(str_of(http_header(http, "Last-Event-ID")), &last))
        return false;
    if (!watcher->missed)
        watcher->missed = arena_alloc(http->arena, LIVE_READ_MAX * sizeof(*watcher->missed));
    return !live_ring_after(&watcher->feed->live->ring, watcher->feed->tenant, last,
                            watcher->missed, LIVE_READ_MAX, &watcher->missed_count);
}

void watcher_open(struct watcher *watcher)
{
    struct live *live = watcher->feed->live;
    struct uuid tenant = watcher->feed->tenant;
    op_cancel(&watcher->opening);
    if (!knows(watcher)) {
        const struct live_event *newest = live_ring_newest(&live->ring, tenant);
        watcher->newest = newest ? newest->id : (struct uuid){{0}};
        live_snapshot(live->db, tenant, on_snapshot, watcher, &watcher->opening);
    } else if (watcher->missed_count) {
        live_read(live->db, tenant, watcher->missed, watcher->missed_count, on_missed, watcher,
                  &watcher->opening);
    } else {
        begin(watcher, &(struct buf){0});
    }
}

static size_t streams_of(const struct feed *feed, struct uuid who)
{
    size_t count = 0;
    for (const struct watcher *watcher = feed->watchers; watcher; watcher = watcher->next)
        count += uuid_is_nil(who) || uuid_equal(watcher->who, who);
    return count;
}

static void watch(struct api_request *request, struct feed *feed, struct uuid who)
{
    struct live *live = feed->live;
    struct watcher *watcher = xalloc(sizeof(*watcher));
    int64_t now_ms = loop_now_ms(live->loop);
    *watcher = (struct watcher){.next = feed->watchers,
                                .feed = feed,
                                .request = request,
                                .who = who,
                                .said_ms = now_ms,
                                .check_ms = now_ms + LIVE_CHECK_MS};
    feed->watchers = watcher;
    live->streams++;
    request->state = watcher;
    request->http->on_gone = on_gone;
    live_tick_on(live);
    watcher_open(watcher);
}

void api_watch_live(struct api_request *request)
{
    struct live *live = request->api->live;
    const struct principal *principal = &request->who;
    struct uuid who = principal->kind == PRINCIPAL_KEY ? principal->key : principal->user;
    if (request->http->method == HTTP_HEAD) {
        http_reply(request->http, 200, "text/event-stream", (struct str){0});
        return;
    }
    if (live->closed) {
        api_fail_with(request, EAGAIN);
        return;
    }
    struct feed *feed = live_feed(live, request->tenant);
    live_tick_on(live); /* which also drops a feed that gets no watcher */
    if (live->streams >= LIVE_STREAMS_MAX ||
        streams_of(feed, (struct uuid){{0}}) >= LIVE_TENANT_STREAMS_MAX ||
        streams_of(feed, who) >= LIVE_PERSON_STREAMS_MAX)
        api_fail_limit(request, "too_many_streams", "as many streams are open as may be",
                       LIVE_CHECK_MS / 1000);
    else
        watch(request, feed, who);
}
