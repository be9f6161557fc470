/* api/live.c: events in, each tenant's feed, orders that are waited for. */
#include "api/live.h"

#include "api/live_private.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 100 };

/* ---- frames ---------------------------------------------------------------------------------- */

/* PostgreSQL breaks lines between the elements of a list; a frame may not. */
static void put_line(struct buf *out, struct str json)
{
    size_t from = out->bytes;
    buf_add_str(out, json);
    for (size_t i = from; i < out->bytes; i++)
        if (out->data[i] == '\n' || out->data[i] == '\r')
            out->data[i] = ' ';
}

/* Source: HTML Standard 9.2.6, parsing an event stream. */
void live_put_event(struct buf *out, const char *name, struct uuid id, struct str json)
{
    char text[UUID_TEXT_BYTES];
    buf_printf(out, "event: %s\n", name);
    if (!uuid_is_nil(id)) {
        uuid_print(id, text);
        buf_printf(out, "id: %s\n", text);
    }
    buf_puts(out, "data: ");
    put_line(out, json);
    buf_puts(out, "\n\n");
}

void live_put_read(struct buf *out, const struct live_event *event, struct str json)
{
    static const char *const names[LIVE_KINDS] = {
        [LIVE_STARTED] = "call.started", [LIVE_ENDED] = "call.ended",
        [LIVE_CHANGED] = "call.changed", [LIVE_SCREENED] = "call.screened",
        [LIVE_LINE] = "line.added",      [LIVE_AMENDED] = "line.added",
        [LIVE_ORDER] = "order.changed",  [LIVE_OVER] = "order.changed"};
    if (json.bytes) /* else it is gone again */
        live_put_event(out, names[event->kind], event->id, json);
}

/* ---- feeds ----------------------------------------------------------------------------------- */

static struct feed *find_feed(const struct live *live, struct uuid tenant)
{
    struct feed *feed = live->feeds;
    while (feed && !uuid_equal(feed->tenant, tenant))
        feed = feed->next;
    return feed;
}

struct feed *live_feed(struct live *live, struct uuid tenant)
{
    struct feed *feed = find_feed(live, tenant);
    if (feed)
        return feed;
    feed = xalloc(sizeof(*feed));
    feed->live = live;
    feed->tenant = tenant;
    feed->next = live->feeds;
    live->feeds = feed;
    return feed;
}

static void end_watchers(struct feed *feed, enum live_end why)
{
    while (feed->watchers)
        watcher_end(feed->watchers, why);
}

static size_t streams_of_feed(const struct feed *feed)
{
    size_t count = 0;
    for (const struct watcher *watcher = feed->watchers; watcher; watcher = watcher->next)
        count++;
    return count;
}

static void read_on(struct feed *feed);

static void on_read(int err, const struct str *texts, size_t count, void *arg)
{
    struct feed *feed = arg;
    struct buf frames = {0};
    if (err) {
        end_watchers(feed, LIVE_DATABASE_AWAY);
        feed->pending_count = 0;
        return;
    }
    for (size_t i = 0; i < count; i++)
        live_put_read(&frames, &feed->batch[i], texts[i]);
    feed->live->events += count * streams_of_feed(feed);
    for (struct watcher *watcher = feed->watchers, *next; watcher; watcher = next) {
        next = watcher->next;
        watcher_say(watcher, buf_str(&frames));
    }
    buf_free(&frames);
    read_on(feed);
}

/* One reading at a time: what happens meanwhile is read together, and in its order. */
static void read_on(struct feed *feed)
{
    if (feed->reading || !feed->pending_count || !feed->watchers)
        return;
    size_t count = feed->pending_count < LIVE_READ_MAX ? feed->pending_count : LIVE_READ_MAX;
    memcpy(feed->batch, feed->pending, count * sizeof(feed->batch[0]));
    feed->batch_count = count;
    feed->pending_count -= count;
    memmove(feed->pending, feed->pending + count, feed->pending_count * sizeof(feed->pending[0]));
    live_read(feed->live->db, feed->tenant, feed->batch, count, on_read, feed, &feed->reading);
}

static void feed_event(struct feed *feed, const struct live_event *event)
{
    if (!feed->watchers)
        return;
    if (feed->pending_count == LIVE_PENDING_MAX) {
        end_watchers(feed, LIVE_TOO_MUCH);
        feed->pending_count = 0;
        return;
    }
    feed->pending[feed->pending_count++] = *event;
    read_on(feed);
}

static void feed_free(struct feed *feed)
{
    op_cancel(&feed->reading);
    free(feed);
}

static void drop_empty_feeds(struct live *live)
{
    for (struct feed **link = &live->feeds; *link;) {
        struct feed *feed = *link;
        if (feed->watchers) {
            link = &feed->next;
            continue;
        }
        *link = feed->next;
        feed_free(feed);
    }
}

/* ---- orders that are waited for -------------------------------------------------------------- */

struct order_wait {
    struct op op; /* first */
    struct order_wait *next;
    struct live *live;
    struct uuid order;
    int64_t until_ms;
    loop_fn *on_over;
    void *arg;
};

static void wait_remove(struct order_wait *wait)
{
    struct order_wait **link = &wait->live->waits;
    while (*link != wait)
        link = &(*link)->next;
    *link = wait->next;
}

static void on_wait_cancelled(struct op *op)
{
    struct order_wait *wait = (struct order_wait *)op;
    wait_remove(wait);
    free(wait);
}

void live_await_order(struct live *live, struct uuid order, int64_t ms_max, loop_fn *on_over,
                      void *arg, struct op **slot)
{
    struct order_wait *wait = xalloc(sizeof(*wait));
    bool over = live_ring_has_over(&live->ring, order); /* it was quicker than we */
    *wait = (struct order_wait){.next = live->waits,
                                .live = live,
                                .order = order,
                                .until_ms = loop_now_ms(live->loop) + (over ? 0 : ms_max),
                                .on_over = on_over,
                                .arg = arg};
    op_begin(&wait->op, on_wait_cancelled, slot);
    live->waits = wait;
    live_tick_on(live);
    if (over)
        timer_set(live->tick, loop_now_ms(live->loop));
}

/* Those for the order, or (nil) whose time is over. A callback may begin or end others. */
static void end_waits(struct live *live, struct uuid order)
{
    int64_t now_ms = loop_now_ms(live->loop);
    for (struct order_wait *wait = live->waits; wait;) {
        bool due = uuid_is_nil(order) ? wait->until_ms <= now_ms : uuid_equal(wait->order, order);
        if (!due) {
            wait = wait->next;
            continue;
        }
        struct order_wait done = *wait;
        wait_remove(wait);
        op_end(&wait->op);
        free(wait);
        done.on_over(done.arg);
        wait = live->waits;
    }
}

/* ---- events, time ---------------------------------------------------------------------------- */

/* Listening began anew: nobody knows what was missed, so all are shown how it is now. */
static void start_over(struct live *live)
{
    live_ring_clear(&live->ring);
    for (struct feed *feed = live->feeds; feed; feed = feed->next)
        for (struct watcher *watcher = feed->watchers, *next; watcher; watcher = next) {
            next = watcher->next;
            watcher_open(watcher);
        }
}

static void on_event(struct str payload, void *arg)
{
    struct live *live = arg;
    struct live_event event;
    if (!payload.bytes) {
        start_over(live);
        return;
    }
    if (live_parse(payload, &event)) {
        log_warn(NULL, "live_event_not_understood", "bytes=%zu", payload.bytes);
        return;
    }
    live_ring_add(&live->ring, &event);
    struct feed *feed = find_feed(live, event.tenant);
    if (feed)
        feed_event(feed, &event);
    if (event.kind == LIVE_OVER)
        end_waits(live, event.order);
}

void live_tick_on(struct live *live)
{
    if (live->ticking)
        return;
    live->ticking = true;
    timer_set(live->tick, loop_now_ms(live->loop) + TICK_MS);
}

static void on_tick(void *arg)
{
    struct live *live = arg;
    int64_t now_ms = loop_now_ms(live->loop);
    end_waits(live, (struct uuid){{0}});
    for (struct feed *feed = live->feeds; feed; feed = feed->next)
        for (struct watcher *watcher = feed->watchers, *next; watcher; watcher = next) {
            next = watcher->next;
            watcher_tick(watcher, now_ms);
        }
    drop_empty_feeds(live);
    live->ticking = false;
    if (live->feeds || live->waits)
        live_tick_on(live);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct live *live_new(struct loop *loop, struct db *db)
{
    struct live *live = xalloc(sizeof(*live));
    live->loop = loop;
    live->db = db;
    live->tick = timer_new(loop, on_tick, live);
    live_listen(db, on_event, live);
    return live;
}

void live_leave(struct live *live, enum live_leave how)
{
    live->closed = live->closed || how == LIVE_FOR_GOOD;
    for (struct feed *feed = live->feeds; feed; feed = feed->next)
        end_watchers(feed, LIVE_RESTARTING);
}

void live_free(struct live **slot)
{
    struct live *live = *slot;
    *slot = NULL;
    if (!live)
        return;
    live_leave(live, LIVE_FOR_GOOD);
    drop_empty_feeds(live);
    timer_free(&live->tick);
    free(live);
}

void live_publish(const struct live *live, struct metrics_slot *slot)
{
    metrics_add(slot, "karen_live_streams", "", (double)live->streams);
    metrics_add(slot, "karen_live_events_total", "", (double)live->events);
    for (int why = 0; why < LIVE_ENDS; why++) {
        char label[48];
        snprintf(label, sizeof(label), "reason=\"%s\"", live_end_code((enum live_end)why));
        metrics_add(slot, "karen_live_ended_total", label, (double)live->ends[why]);
    }
}
