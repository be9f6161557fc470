/* net/sse_wire.h: server-sent events out of a stream of bytes cut anywhere. Pure.
 * Source: WHATWG HTML, "9.2 Server-sent events"; CR, LF and CRLF, comments, several data lines. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>

enum { SSE_EVENT_BYTES_MAX = 256 * 1024 };

struct sse {
    struct buf line; /* an unfinished line */
    struct buf data; /* of the event being read */
    bool has_data;
    bool after_cr; /* an LF that comes next belongs to the CR before */
    bool after_first_line;
};
typedef void sse_event_fn(struct str data, void *arg);

/* Calls on_event for each event that the piece completes. EMSGSIZE: an event longer than
 * SSE_EVENT_BYTES_MAX; the stream must then be given up. on_event must not call sse_fini(). */
int sse_feed(struct sse *sse, struct str piece, sse_event_fn *on_event, void *arg);
void sse_fini(struct sse *sse);
