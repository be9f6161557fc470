/* sandbox/outbox.h: texts that leave a WebSocket a little later than they were ready, in order: the
 * latency of a party that is not in the same room. With no latency they leave at once. */
#pragma once
#include "base/buf.h"
#include "net/loop.h"
#include "net/ws.h"
#include "sandbox/faults.h"

#include <stdint.h>

enum { OUTBOX_TEXTS_MAX = 1024 };

struct outbox;
/* fuse: of the stream's fault; each text is one unit. It strikes here. *ws is looked at whenever
 * something leaves, and may be NULL. on_over runs once, from the loop, after the outbox closed or
 * broke the connection, which makes *ws NULL. A stalled one does neither. */
struct outbox *outbox_new(struct loop *loop, struct ws **ws, const struct fault_fuse *fuse,
                          int64_t latency_ms, loop_fn *on_over, void *arg);
void outbox_put(struct outbox *outbox, struct str text); /* copied */
/* The connection is closed behind the last text. */
void outbox_close(struct outbox *outbox, int code, const char *why);
int64_t outbox_texts(const struct outbox *outbox); /* that left */
void outbox_free(struct outbox **outbox);
