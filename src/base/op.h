/* base/op.h: one thing in flight: a query, a reply, a request.
 *
 * Whoever starts it lends a slot; the slot is NULL again by the time the callback runs. A callback
 * runs once, from the loop and never inside the call that started it, or never if it was
 * cancelled. Implementers put a struct op first in their own struct and use op_begin/op_end. */
#pragma once

struct op {
    void (*cancel)(struct op *op); /* forget the work; frees the op (at the loop turn's end) */
    struct op **slot;
};

void op_cancel(
    struct op **slot); /* after this its callback never runs; NULL is fine, so is twice */

void op_begin(struct op *op, void (*cancel)(struct op *op),
              struct op **slot); /* slot may be NULL */
void op_end(struct op *op);      /* the slot is NULL; call it right before the callback */
