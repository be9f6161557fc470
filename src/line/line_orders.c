/* line/line_orders.c: orders on their way through a line: given to the core under a number, kept
 * until it says how they ended. */
#include "base/mem.h"
#include "line/line_private.h"

#include <errno.h>
#include <stdlib.h>

struct line_wish {
    struct op op; /* first */
    struct line_wish *next;
    struct loop *loop;
    uint32_t order;
    char *to;
    int err; /* once it is over */
    bool cancelled;
    line_order_fn *on_done;
    void *arg;
};

static void tell(void *arg)
{
    struct line_wish *wish = arg;
    if (!wish->cancelled) {
        op_end(&wish->op);
        wish->on_done(wish->err, wish->arg);
    }
    free(wish->to);
    free(wish);
}

static void over(struct line_wish *wish, int err)
{
    wish->err = err;
    loop_defer(wish->loop, tell, wish);
}

/* It is not called back: what was begun in a live call goes its way. */
static void on_cancel(struct op *op)
{
    ((struct line_wish *)op)->cancelled = true;
}

static size_t count_of(const struct line *line)
{
    size_t count = 0;
    for (const struct line_wish *wish = line->wishes; wish; wish = wish->next)
        count++;
    return count;
}

static int why_not(const struct line *line, const struct line_order *order)
{
    if (!line)
        return ENOENT;
    if (order->kind == ORDER_TRANSFER && !order->to && !line->transfer_to)
        return ENOTSUP;
    return count_of(line) < LINE_ORDERS_MAX ? 0 : ENOBUFS;
}

void line_order(struct loop *loop, struct line *line, const struct line_order *order,
                line_order_fn *on_done, void *arg, struct op **slot)
{
    static const enum call_event_kind kinds[] = {[ORDER_END] = EV_END_ASKED,
                                                 [ORDER_TRANSFER] = EV_TRANSFER_ASKED,
                                                 [ORDER_SAY] = EV_SAY_ASKED,
                                                 [ORDER_WHISPER] = EV_WHISPER};
    struct line_wish *wish = xalloc(sizeof(*wish));
    int err = why_not(line, order);
    *wish =
        (struct line_wish){.loop = loop, .to = xstrdup(order->to), .on_done = on_done, .arg = arg};
    op_begin(&wish->op, on_cancel, slot);
    if (err) {
        over(wish, err);
        return;
    }
    wish->order = ++line->last_order;
    wish->next = line->wishes;
    line->wishes = wish;
    line_feed(line, &(struct call_event){.kind = kinds[order->kind],
                                         .order = wish->order,
                                         .text = order->kind == ORDER_END ? str_of("owner")
                                                                          : order->text});
}

const char *line_transfer_to(const struct line *line, uint32_t order)
{
    const struct line_wish *wish = line->wishes;
    while (wish && wish->order != order)
        wish = wish->next;
    return wish && wish->to ? wish->to : line->transfer_to;
}

void line_order_over(struct line *line, uint32_t order, int err)
{
    struct line_wish **link = &line->wishes;
    while (*link && (*link)->order != order)
        link = &(*link)->next;
    struct line_wish *wish = *link;
    if (!wish)
        return;
    *link = wish->next;
    log_info(&line->log, "order_over", "order=%u err=%d", order, err);
    line->dirty = true; /* what was whispered belongs into the snapshot */
    over(wish, err);
}

void line_orders_close(struct line *line)
{
    while (line->wishes)
        line_order_over(line, line->wishes->order, ECANCELED);
}
