/* sandbox/outbox.c: a bounded queue of texts with the times they are due. */
#include "sandbox/outbox.h"

#include "base/mem.h"
#include "sandbox/later.h"
#include "sandbox/party.h"

#include <stdlib.h>
#include <string.h>

enum { WHY_BYTES = 124 }; /* of a close frame */

struct waiting {
    struct waiting *next;
    int64_t due_ms;
    size_t bytes;
    char text[];
};

struct outbox {
    struct loop *loop;
    struct ws **ws;
    struct fault_fuse fuse;
    int64_t latency_ms;
    loop_fn *on_over;
    void *arg;
    struct waiting *first, **last;
    size_t count;
    int64_t texts;
    struct op *due, *over;
    int close_code; /* 0: stays open */
    char close_why[WHY_BYTES];
};

struct outbox *outbox_new(struct loop *loop, struct ws **ws, const struct fault_fuse *fuse,
                          int64_t latency_ms, loop_fn *on_over, void *arg)
{
    struct outbox *outbox = xalloc(sizeof(*outbox));
    *outbox = (struct outbox){.loop = loop,
                              .ws = ws,
                              .fuse = *fuse,
                              .latency_ms = latency_ms,
                              .on_over = on_over,
                              .arg = arg};
    outbox->last = &outbox->first;
    return outbox;
}

static void forget_waiting(struct outbox *outbox)
{
    while (outbox->first) {
        struct waiting *waiting = outbox->first;
        outbox->first = waiting->next;
        free(waiting);
    }
    outbox->last = &outbox->first;
    outbox->count = 0;
}

void outbox_free(struct outbox **outbox)
{
    if (!*outbox)
        return;
    op_cancel(&(*outbox)->due);
    op_cancel(&(*outbox)->over);
    forget_waiting(*outbox);
    free(*outbox);
    *outbox = NULL;
}

int64_t outbox_texts(const struct outbox *outbox)
{
    return outbox->texts;
}

/* Says nonsense first when that was ordered, then the connection is gone without a close frame. */
static void break_connection(struct outbox *outbox, enum fault_act act)
{
    if (act == FAULT_NONSENSE) {
        ws_send(*outbox->ws, WS_TEXT, "no {sense", 9);
        ws_send(*outbox->ws, WS_BINARY, nonsense().at, nonsense().bytes);
    }
    if (act == FAULT_ERROR)
        ws_close(outbox->ws, WS_CLOSE_INTERNAL, "NET-0000");
    else
        ws_close(outbox->ws, WS_CLOSE_LOST, "");
    forget_waiting(outbox);
    later(outbox->loop, 0, outbox->on_over, outbox->arg, &outbox->over);
}

/* What left nobody reads: such a peer is given up. */
static void send_text(struct outbox *outbox, struct str text)
{
    if (!*outbox->ws)
        return;
    enum fault_act act = fault_fuse_burn(&outbox->fuse, 1);
    if (act == FAULT_STALL)
        return;
    if (act == FAULT_NONE && ws_send(*outbox->ws, WS_TEXT, text.at, text.bytes) == 0)
        outbox->texts++;
    else
        break_connection(outbox, act);
}

static void close_now(struct outbox *outbox)
{
    if (!*outbox->ws || outbox->fuse.burnt)
        return; /* a stalled peer does not close either */
    ws_close(outbox->ws, outbox->close_code, outbox->close_why);
    later(outbox->loop, 0, outbox->on_over, outbox->arg, &outbox->over);
}

static void on_due(void *arg)
{
    struct outbox *outbox = arg;
    int64_t now_ms = loop_now_ms(outbox->loop);
    while (outbox->first && outbox->first->due_ms <= now_ms) {
        struct waiting *waiting = outbox->first;
        outbox->first = waiting->next;
        if (!outbox->first)
            outbox->last = &outbox->first;
        outbox->count--;
        send_text(outbox, (struct str){waiting->text, waiting->bytes});
        free(waiting);
    }
    if (outbox->first)
        later(outbox->loop, outbox->first->due_ms - now_ms, on_due, outbox, &outbox->due);
    else if (outbox->close_code)
        close_now(outbox);
}

void outbox_put(struct outbox *outbox, struct str text)
{
    if (outbox->latency_ms <= 0 || outbox->count == OUTBOX_TEXTS_MAX) {
        send_text(outbox, text);
        return;
    }
    struct waiting *waiting = xalloc(sizeof(*waiting) + text.bytes);
    waiting->due_ms = loop_now_ms(outbox->loop) + outbox->latency_ms;
    waiting->bytes = text.bytes;
    memcpy(waiting->text, text.at, text.bytes);
    *outbox->last = waiting;
    outbox->last = &waiting->next;
    outbox->count++;
    if (!outbox->due)
        later(outbox->loop, outbox->latency_ms, on_due, outbox, &outbox->due);
}

void outbox_close(struct outbox *outbox, int code, const char *why)
{
    if (outbox->close_code)
        return;
    outbox->close_code = code;
    strncpy(outbox->close_why, why, WHY_BYTES - 1);
    if (!outbox->first)
        close_now(outbox);
}
