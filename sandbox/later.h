/* sandbox/later.h: something that happens after a while, unless it is cancelled: the artificial
 * delays of a stand-in. */
#pragma once
#include "base/op.h"
#include "net/loop.h"

#include <stdint.h>

/* fn(arg) once, ms from now (0: with the loop's next turn), never inside this call. */
void later(struct loop *loop, int64_t ms, loop_fn *fn, void *arg, struct op **slot);
