/* line/tray.c: a queue of writes, each with its own memory. The oldest go first, a few at once; a
 * failure of the database stops them all for a growing pause, one of the item's own only it. */
#include "line/tray.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct waiter { /* who wants to know how the first try went */
    struct op op;
    struct item *item; /* NULL: cancelled, gone at the end of the loop's turn */
    struct loop *loop;
    db_end_fn *on_tried;
    void *arg;
};

struct item {
    struct item *next;
    struct tray *tray;
    enum item_kind { ITEM_TURNS, ITEM_MESSAGE, ITEM_FINISH } kind;
    struct arena arena; /* of all that follows */
    struct op *writing;
    struct waiter *waiter;
    struct message message;
    struct call_finish finish; /* ITEM_TURNS: all that goes with the state, too */
    struct str state;
    bool kept; /* in the journal */
};

struct tray {
    struct loop *loop;
    struct db *db;
    struct journal *journal;
    struct item *first, *last;
    size_t count, in_flight;
    int64_t pause_ms;
    struct timer *timer;
    uint64_t lost;
    loop_fn *on_empty;
    void *on_empty_arg;
};

static const char *const kind_names[] = {"turns", "message", "finish"};

/* ---- waiters ---- */

static void cancel_waiter(struct op *op)
{
    struct waiter *waiter = (struct waiter *)op;
    if (waiter->item)
        waiter->item->waiter = NULL;
    waiter->item = NULL;
    loop_defer(waiter->loop, free, waiter);
}

static void tell_waiter(struct item *item, int err)
{
    struct waiter *waiter = item->waiter;
    if (!waiter)
        return;
    item->waiter = NULL;
    waiter->item = NULL;
    op_end(&waiter->op);
    loop_defer(waiter->loop, free, waiter);
    waiter->on_tried(err, waiter->arg);
}

/* ---- items ---- */

static void free_item(struct item *item)
{
    arena_free(&item->arena);
    free(item);
}

static void take_out(struct item *item)
{
    struct tray *tray = item->tray;
    struct item *before = NULL;
    for (struct item *i = tray->first; i != item; i = i->next)
        before = i;
    *(before ? &before->next : &tray->first) = item->next;
    if (tray->last == item)
        tray->last = before;
    tray->count--;
    journal_release(tray->journal, &item->kept);
    free_item(item);
    if (tray->count == 0 && tray->on_empty)
        tray->on_empty(tray->on_empty_arg);
}

static void log_item(enum log_level level, const struct item *item, const char *event, int err)
{
    char call[UUID_TEXT_BYTES];
    uuid_print(item->finish.call, call);
    log_line(level, NULL, event, "call=%s what=%s err=%d", call, kind_names[item->kind], err);
}

static void write_some(void *arg);

static void pause_writing(struct tray *tray)
{
    int64_t pause_ms = tray->pause_ms ? 2 * tray->pause_ms : TRAY_PAUSE_MS_MIN;
    tray->pause_ms = pause_ms < TRAY_PAUSE_MS_MAX ? pause_ms : TRAY_PAUSE_MS_MAX;
    timer_set(tray->timer, loop_now_ms(tray->loop) + tray->pause_ms);
}

static struct turns_snapshot snapshot_of(const struct item *item)
{
    return (struct turns_snapshot){item->state, item->finish.usage, item->finish.usage_count};
}

static void keep(struct item *item)
{
    struct journal *journal = item->tray->journal;
    const struct call_finish *finish = &item->finish;
    const struct turns_snapshot snapshot = snapshot_of(item);
    if (item->kept)
        return;
    switch (item->kind) {
    case ITEM_TURNS:
        journal_turns(journal, finish->tenant, finish->call, finish->lines, finish->line_count,
                      &snapshot, &item->kept);
        break;
    case ITEM_MESSAGE: journal_message(journal, &item->message, &item->kept); break;
    case ITEM_FINISH: journal_finish(journal, finish, &item->kept); break;
    }
}

static void on_written(int err, void *arg);

static void write_item(struct item *item)
{
    struct db *db = item->tray->db;
    const struct call_finish *finish = &item->finish;
    item->tray->in_flight++;
    const struct turns_snapshot snapshot = snapshot_of(item);
    switch (item->kind) {
    case ITEM_TURNS:
        turns_save(db, finish->tenant, finish->call, finish->lines, finish->line_count, &snapshot,
                   on_written, item, &item->writing);
        break;
    case ITEM_MESSAGE: messages_take(db, &item->message, on_written, item, &item->writing); break;
    case ITEM_FINISH: calls_finish(db, finish, on_written, item, &item->writing); break;
    }
}

/* A line the schema refuses must not take the record of its call with it. */
static bool can_do_without_lines(const struct item *item, int err)
{
    return item->kind == ITEM_FINISH && err == EINVAL && item->finish.line_count > 0;
}

static void on_written(int err, void *arg)
{
    struct item *item = arg;
    struct tray *tray = item->tray;
    tray->in_flight--;
    tell_waiter(item, err);
    if (can_do_without_lines(item, err)) {
        log_item(LOG_ERROR, item, "lines_refused", err);
        item->finish.line_count = 0;
        write_item(item);
        return;
    }
    if (err && !db_refused(err)) {
        log_item(LOG_WARN, item, "not_written_yet", err);
        keep(item);
        pause_writing(tray);
        return;
    }
    if (err) {
        tray->lost++;
        log_item(LOG_ERROR, item, "lost", err);
    }
    tray->pause_ms = 0;
    if (tray->count > 1)
        timer_set(tray->timer, loop_now_ms(tray->loop));
    take_out(item);
}

static void write_some(void *arg)
{
    struct tray *tray = arg;
    for (struct item *item = tray->first; item && tray->in_flight < TRAY_IN_FLIGHT_MAX;
         item = item->next)
        if (!item->writing)
            write_item(item);
}

static struct item *add(struct tray *tray, enum item_kind kind)
{
    struct item *item = xalloc(sizeof(*item));
    item->tray = tray;
    item->kind = kind;
    *(tray->last ? &tray->last->next : &tray->first) = item;
    tray->last = item;
    tray->count++;
    return item;
}

/* Tried at once, unless the database is known to be away. */
static void try(struct item *item)
{
    struct tray *tray = item->tray;
    if (tray->pause_ms || journal_wanted(tray->journal))
        keep(item);
    if (tray->pause_ms == 0 && tray->in_flight < TRAY_IN_FLIGHT_MAX)
        write_item(item);
}

/* ---- copies ---- */

static struct str copy_str(struct arena *arena, struct str text)
{
    if (text.bytes == 0)
        return (struct str){0};
    char *copy = arena_alloc(arena, text.bytes + 1);
    memcpy(copy, text.at, text.bytes);
    return (struct str){copy, text.bytes};
}

static const struct call_line *copy_lines(struct arena *arena, const struct call_line *lines,
                                          size_t count)
{
    struct call_line *copy = arena_alloc(arena, (count + 1) * sizeof(*copy));
    for (size_t i = 0; i < count; i++) {
        copy[i] = lines[i];
        copy[i].text = copy_str(arena, lines[i].text);
        copy[i].generated = copy_str(arena, lines[i].generated);
    }
    return copy;
}

static const struct usage_item *copy_usage(struct arena *arena, const struct usage_item *usage,
                                           size_t count)
{
    struct usage_item *copy = arena_alloc(arena, (count + 1) * sizeof(*copy));
    for (size_t i = 0; i < count; i++) {
        copy[i] = usage[i];
        copy[i].kind = arena_strdup(arena, usage[i].kind);
        copy[i].provider = arena_strdup(arena, usage[i].provider);
        copy[i].model = arena_strdup(arena, usage[i].model);
    }
    return copy;
}

void tray_turns(struct tray *tray, struct uuid tenant, struct uuid call,
                const struct call_line *lines, size_t count, const struct turns_snapshot *snapshot)
{
    struct item *item = add(tray, ITEM_TURNS);
    struct arena *arena = &item->arena;
    item->finish =
        (struct call_finish){.tenant = tenant,
                             .call = call,
                             .lines = copy_lines(arena, lines, count),
                             .line_count = count,
                             .usage = copy_usage(arena, snapshot->usage, snapshot->usage_count),
                             .usage_count = snapshot->usage_count};
    item->state = copy_str(arena, snapshot->state);
    try(item);
}

void tray_finish(struct tray *tray, const struct call_finish *finish)
{
    struct item *item = add(tray, ITEM_FINISH);
    struct arena *arena = &item->arena;
    item->finish = *finish;
    item->finish.why = arena_strdup(arena, finish->why);
    item->finish.lines = copy_lines(arena, finish->lines, finish->line_count);
    item->finish.usage = copy_usage(arena, finish->usage, finish->usage_count);
    if (finish->counts) {
        struct call_counts *counts = arena_alloc(arena, sizeof(*counts));
        *counts = *finish->counts;
        item->finish.counts = counts;
    }
    if (finish->waits) {
        struct call_waits *waits = arena_alloc(arena, sizeof(*waits));
        *waits = *finish->waits;
        item->finish.waits = waits;
    }
    try(item);
}

void tray_message(struct tray *tray, const struct message *message, db_end_fn *on_tried, void *arg,
                  struct op **slot)
{
    struct item *item = add(tray, ITEM_MESSAGE);
    struct arena *arena = &item->arena;
    item->finish.call = message->call; /* for the log */
    item->message = *message;
    item->message.tool_call_id = arena_strdup(arena, message->tool_call_id);
    item->message.caller_name = arena_strdup(arena, message->caller_name);
    item->message.company = arena_strdup(arena, message->company);
    item->message.callback_number = arena_strdup(arena, message->callback_number);
    item->message.reason = arena_strdup(arena, message->reason);
    struct waiter *waiter = xalloc(sizeof(*waiter));
    *waiter = (struct waiter){.item = item, .loop = tray->loop, .on_tried = on_tried, .arg = arg};
    item->waiter = waiter;
    op_begin(&waiter->op, cancel_waiter, slot);
    try(item);
}

/* ---- the tray itself ---- */

struct tray *tray_new(struct loop *loop, struct db *db, struct journal *journal)
{
    struct tray *tray = xalloc(sizeof(*tray));
    tray->loop = loop;
    tray->db = db;
    tray->journal = journal;
    tray->timer = timer_new(loop, write_some, tray);
    return tray;
}

void tray_free(struct tray **slot)
{
    struct tray *tray = *slot;
    if (!tray)
        return;
    *slot = NULL;
    tray->on_empty = NULL;
    timer_free(&tray->timer);
    while (tray->first) {
        struct item *item = tray->first;
        keep(item);
        if (item->kept)
            log_item(LOG_WARN, item, "left_to_journal", ESHUTDOWN);
        else
            log_item(LOG_ERROR, item, "lost", ESHUTDOWN);
        item->kept = false; /* nobody releases it here */
        op_cancel(&item->writing);
        if (item->waiter)
            item->waiter->item = NULL;
        take_out(item);
    }
    loop_defer(tray->loop, free, tray);
}

size_t tray_count(const struct tray *tray)
{
    return tray->count;
}

uint64_t tray_lost(const struct tray *tray)
{
    return tray->lost;
}

void tray_on_empty(struct tray *tray, loop_fn *fn, void *arg)
{
    tray->on_empty = fn;
    tray->on_empty_arg = arg;
}
