/* base/op.c: the one way to forget what is in flight. */
#include "base/op.h"

#include <assert.h>
#include <stddef.h>

void op_cancel(struct op **slot)
{
    struct op *op = *slot;
    if (!op)
        return;
    op_end(op);
    op->cancel(op);
}

void op_begin(struct op *op, void (*cancel)(struct op *op), struct op **slot)
{
    op->cancel = cancel;
    op->slot = slot;
    if (slot) {
        assert(!*slot && "a slot holds one thing in flight at a time");
        *slot = op;
    }
}

void op_end(struct op *op)
{
    if (op->slot)
        *op->slot = NULL;
    op->slot = NULL;
}
