/* app/orders.c: orders from the store to the switchboard, and back how they ended.
 *
 *   heard -> live here? -> taken -> carried out -> its end written, again until the store has it
 *               '-> no: another worker's, or nobody's, and then lost after a while */
#include "app/orders.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/orders.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SWEEP_MS = 30000,
    LATE_MS = 50,       /* beyond ORDER_TAKE_MS, before nobody will take it */
    AGAIN_MS = 1000,    /* after the store did not take an end */
    TRIES_MAX = 100,    /* then it is lost, as ORDER_LONGEST_MS says anyway */
    AT_ONCE_MAX = 1024, /* in this worker */
};

struct errand { /* one order of ours */
    struct errand *next;
    struct orders *orders;
    struct order_news news;
    struct op *waiting;
    struct timer *again;
    enum order_kind kind;
    enum order_state state;
    const char *why;
    int tries;
    struct log log;
};
struct orders {
    struct orders_options options;
    struct errand *errands;
    size_t count;
    struct timer *sweep;
    struct op *losing;
    int64_t sweep_ms, news_ms; /* the next sweep; when an order was last heard of */
    uint64_t ended[ORDER_KINDS][ORDER_STATES], lost;
};

static void errand_free(struct errand *errand)
{
    struct errand **link = &errand->orders->errands;
    while (*link != errand)
        link = &(*link)->next;
    *link = errand->next;
    errand->orders->count--;
    op_cancel(&errand->waiting);
    timer_free(&errand->again);
    free(errand);
}

/* ---- how it ended ---------------------------------------------------------------------------- */

static const char *why_not(enum order_kind kind, int err)
{
    switch (err) {
    case EBUSY: return "closing";
    case EINVAL: return "invalid";
    case ENOBUFS: return "too_many";
    case ENOTSUP: return kind == ORDER_TRANSFER ? "no_number" : "no_model";
    case EIO: return "no_voice";
    case EHOSTUNREACH: return "not_reached";
    case ENOENT: return "not_live";
    default: return "call_over";
    }
}

static enum order_state state_of(int err)
{
    switch (err) {
    case 0:
    case EINTR: return ORDER_DONE;
    case ENOENT:
    case ECANCELED: return ORDER_LOST;
    default: return ORDER_REFUSED;
    }
}

static void write_end(struct errand *errand);

static void on_again(void *arg)
{
    write_end(arg);
}

static void on_written(int err, void *arg)
{
    struct errand *errand = arg;
    struct loop *loop = errand->orders->options.loop;
    if (!err || err == ENOENT || ++errand->tries == TRIES_MAX) { /* ENOENT: with its call, erased */
        errand_free(errand);
        return;
    }
    log_warn(&errand->log, "order_end_not_written", "err=%s", strerrorname_np(err));
    if (!errand->again)
        errand->again = timer_new(loop, on_again, errand);
    timer_set(errand->again, loop_now_ms(loop) + AGAIN_MS);
}

static void write_end(struct errand *errand)
{
    orders_end(errand->orders->options.db, &errand->news, errand->state, errand->why, on_written,
               errand, &errand->waiting);
}

static void on_over(int err, void *arg)
{
    struct errand *errand = arg;
    errand->state = state_of(err);
    errand->why = err == EINTR ? "interrupted" : err ? why_not(errand->kind, err) : NULL;
    errand->orders->ended[errand->kind][errand->state]++;
    log_info(&errand->log, "order_ended", "kind=%s state=%s why=%s", order_kind_code(errand->kind),
             order_state_code(errand->state), errand->why ? errand->why : "-");
    write_end(errand);
}

/* ---- taking it ------------------------------------------------------------------------------- */

static void on_taken(int err, const struct order_taken *taken, void *arg)
{
    struct errand *errand = arg;
    if (err) { /* somebody else's, or lost before the store answered */
        if (err != ENOENT)
            log_warn(&errand->log, "order_not_taken", "err=%s", strerrorname_np(err));
        errand_free(errand);
        return;
    }
    errand->kind = taken->kind;
    switchboard_order(
        errand->orders->options.board, errand->news.call,
        &(struct line_order){.kind = taken->kind, .text = taken->text, .to = taken->to_number},
        on_over, errand, &errand->waiting);
}

static void take(struct orders *orders, const struct order_news *news)
{
    char id[UUID_TEXT_BYTES];
    struct errand *errand = xalloc(sizeof(*errand));
    *errand = (struct errand){.next = orders->errands, .orders = orders, .news = *news};
    orders->errands = errand;
    orders->count++;
    uuid_print(news->id, id);
    log_with(&errand->log, "order", id);
    uuid_print(news->call, id);
    log_with(&errand->log, "call", id);
    orders_take(orders->options.db, news, on_taken, errand, &errand->waiting);
}

static void sweep_by(struct orders *orders, int64_t at_ms)
{
    if (!orders->sweep || at_ms >= orders->sweep_ms)
        return;
    orders->sweep_ms = at_ms;
    timer_set(orders->sweep, at_ms);
}

/* An order that was given while nobody listened is not ours to find: it is lost, and its giver
 * hears of it at once. */
static void on_order(struct str payload, void *arg)
{
    struct orders *orders = arg;
    struct order_news news;
    if (orders_parse(payload, &news))
        return;
    orders->news_ms = loop_now_ms(orders->options.loop);
    sweep_by(orders, orders->news_ms + ORDER_TAKE_MS + LATE_MS);
    if (switchboard_has(orders->options.board, news.call) && orders->count < AT_ONCE_MAX)
        take(orders, &news);
}

/* ---- those nobody took ----------------------------------------------------------------------- */

static void on_lost(int err, int64_t lost, void *arg)
{
    struct orders *orders = arg;
    if (!err)
        orders->lost += (uint64_t)lost;
}

static void on_sweep(void *arg)
{
    struct orders *orders = arg;
    if (!orders->losing)
        orders_lose(orders->options.db, on_lost, orders, &orders->losing);
    int64_t now_ms = loop_now_ms(orders->options.loop);
    int64_t newest_ms = orders->news_ms + ORDER_TAKE_MS + LATE_MS;
    orders->sweep_ms = INT64_MAX;
    sweep_by(orders, newest_ms > now_ms ? newest_ms : now_ms + SWEEP_MS);
}

struct orders *orders_new(const struct orders_options *options)
{
    struct orders *orders = xalloc(sizeof(*orders));
    orders->options = *options;
    if (options->sweeps) {
        orders->sweep = timer_new(options->loop, on_sweep, orders);
        orders->sweep_ms = INT64_MAX;
        sweep_by(orders, loop_now_ms(options->loop) + SWEEP_MS);
    }
    orders_listen(options->db, on_order, orders);
    return orders;
}

void orders_free(struct orders **slot)
{
    struct orders *orders = *slot;
    *slot = NULL;
    if (!orders)
        return;
    while (orders->errands)
        errand_free(orders->errands);
    op_cancel(&orders->losing);
    timer_free(&orders->sweep);
    free(orders);
}

void orders_publish(const struct orders *orders, struct metrics_slot *slot)
{
    for (int kind = 0; kind < ORDER_KINDS; kind++)
        for (int state = 0; state < ORDER_STATES; state++) {
            char labels[64];
            snprintf(labels, sizeof(labels), "kind=\"%s\",outcome=\"%s\"",
                     order_kind_code((enum order_kind)kind),
                     order_state_code((enum order_state)state));
            metrics_add(slot, "karen_orders_total", labels, (double)orders->ended[kind][state]);
        }
    metrics_add(slot, "karen_orders_lost_total", "", (double)orders->lost);
}
