/* sandbox/later.c: one timer behind one op. */
#include "sandbox/later.h"

#include "base/mem.h"

#include <stdlib.h>

struct later {
    struct op op;
    struct timer *timer;
    loop_fn *fn;
    void *arg;
};

static void later_free(struct later *one)
{
    timer_free(&one->timer);
    free(one);
}

static void on_cancel(struct op *op)
{
    later_free((struct later *)(void *)op);
}

static void on_due(void *arg)
{
    struct later *one = arg;
    loop_fn *fn = one->fn;
    void *fn_arg = one->arg;
    op_end(&one->op);
    later_free(one);
    fn(fn_arg);
}

void later(struct loop *loop, int64_t ms, loop_fn *fn, void *arg, struct op **slot)
{
    struct later *one = xalloc(sizeof(*one));
    one->fn = fn;
    one->arg = arg;
    one->timer = timer_new(loop, on_due, one);
    op_begin(&one->op, on_cancel, slot);
    timer_set(one->timer, loop_now_ms(loop) + ms);
}
