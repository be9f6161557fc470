/* net/ws.c: an open WebSocket: messages out of frames, frames out of messages, pings, and the ways
 * it ends.
 *
 * The hot path is one recv() into a buffer that all sockets share, frames unmasked and handed over
 * where they lie, and one send() a message. A socket has memory of its own only for a frame that
 * came in part, a message in fragments, and what the system would not take yet. */
#include "net/ws.h"

#include "base/id.h"
#include "base/utf8.h"
#include "net/ws_private.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of the thread, not of the socket: nothing is kept in them between two events. */
static _Thread_local char read_room[WS_READ_BYTES];
static _Thread_local struct buf frame_room;

static void on_ready(int fd, unsigned events, void *arg);
static void on_timer(void *arg);

struct ws *ws_new(struct loop *loop, const struct ws_limits *limits,
                  const struct ws_handler *handler, void *arg)
{
    struct ws *ws = xalloc(sizeof(*ws));
    ws->loop = loop;
    ws->handler = *handler;
    ws->arg = arg;
    ws->fd = -1;
    if (limits)
        ws->limits = *limits;
    if (!ws->limits.message_bytes_max)
        ws->limits.message_bytes_max = 64 * 1024;
    if (!ws->limits.queue_bytes_max)
        ws->limits.queue_bytes_max = 256 * 1024;
    if (!ws->limits.handshake_ms_max)
        ws->limits.handshake_ms_max = 5000;
    ws->timer = timer_new(loop, on_timer, ws);
    random_bytes(&ws->mask_seed, sizeof(ws->mask_seed));
    return ws;
}

static void free_ws(void *arg)
{
    struct ws *ws = arg;
    buf_free(&ws->in);
    buf_free(&ws->message);
    buf_free(&ws->out);
    free(ws->close_why);
    free(ws);
}

void ws_bury(struct ws *ws)
{
    if (ws->state == WS_DEAD)
        return;
    ws_opening_free(ws);
    loop_forget(&ws->orphan);
    ws->state = WS_DEAD;
    timer_free(&ws->timer);
    ws_io_close(ws);
    loop_defer(ws->loop, free_ws, ws);
}

static void tell(void *arg)
{
    struct ws *ws = arg;
    if (!ws->told) {
        ws->told = true;
        ws->handler.on_close(ws, ws->close_code, ws->close_why, ws->http_status, ws->arg);
    }
}

/* on_close is due: at the turn's end, as whoever noticed may have been called by the owner. Who
 * says why may be a stranger, and it will stand in a log: control characters and quotes go. */
static void tell_later(struct ws *ws, int code, struct str why, int http_status)
{
    if (ws->close_why)
        return;
    ws->close_code = code;
    ws->close_why = xstrndup(why.at, why.bytes);
    for (char *c = ws->close_why; *c; c++)
        *c = (unsigned char)*c < ' ' ? ' ' : *c == '"' ? '\'' : *c;
    ws->http_status = http_status;
    if (!ws->told)
        loop_defer(ws->loop, tell, ws);
}

void ws_lost(struct ws *ws, const char *why, int http_status)
{
    tell_later(ws, WS_CLOSE_LOST, str_of(why), http_status);
    ws_bury(ws);
}

/* A mask has to be unknown to whoever chose the payload, so that nobody can make us send bytes that
 * look like something else to a proxy (RFC 6455 10.3). Who chooses our payloads sees no frame of
 * ours, so a secret seed for each connection is enough and saves a system call for each frame.
 * This is splitmix64. */
static void next_mask(struct ws *ws, uint8_t mask_out[4])
{
    uint64_t mixed = (ws->mask_seed += 0x9E3779B97F4A7C15u);
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    memcpy(mask_out, &mixed, 4);
}

static void send_frame(struct ws *ws, enum ws_opcode opcode, const void *data, size_t bytes)
{
    struct ws_head head = {
        .fin = true, .opcode = opcode, .masked = ws->is_client, .payload_bytes = bytes};
    if (head.masked)
        next_mask(ws, head.mask);
    buf_clear(&frame_room);
    buf_reserve(&frame_room, WS_HEAD_BYTES_MAX + bytes);
    frame_room.bytes = ws_head_write(&head, (uint8_t *)frame_room.data);
    uint8_t *payload = (uint8_t *)frame_room.data + frame_room.bytes;
    buf_add(&frame_room, data, bytes);
    if (head.masked)
        ws_mask(payload, bytes, head.mask, 0);
    ws_io_send(ws, frame_room.data, frame_room.bytes);
}

int ws_send(struct ws *ws, enum ws_kind kind, const void *data, size_t bytes)
{
    if (ws->state != WS_OPEN && ws->state != WS_OPENING)
        return ENOTCONN;
    if (ws->out.bytes + WS_HEAD_BYTES_MAX + bytes > ws->limits.queue_bytes_max)
        return ENOBUFS;
    send_frame(ws, kind == WS_TEXT ? WS_OP_TEXT : WS_OP_BINARY, data, bytes);
    return 0;
}

size_t ws_queued_bytes(const struct ws *ws)
{
    return ws->out.bytes;
}

void ws_hold(struct ws *ws)
{
    ws->is_held = true;
}

void ws_release(struct ws *ws)
{
    bool was_held = ws->is_held;
    ws->is_held = false;
    if (was_held && ws->out.bytes && (ws->state == WS_OPEN || ws->state == WS_CLOSING))
        ws_io_flush(ws);
}

/* Pongs and pings a slow reader leaves lying are not worth memory without end. */
static void send_control(struct ws *ws, enum ws_opcode opcode, const void *data, size_t bytes)
{
    if (ws->out.bytes + bytes < ws->limits.queue_bytes_max + WS_CONTROL_QUEUE_BYTES)
        send_frame(ws, opcode, data, bytes);
}

static void send_close(struct ws *ws, int code, struct str why)
{
    uint8_t payload[WS_CONTROL_BYTES_MAX] = {(uint8_t)(code >> 8), (uint8_t)code};
    why = utf8_cut(why, sizeof(payload) - 2);
    if (why.bytes)
        memcpy(payload + 2, why.at, why.bytes);
    if (!ws->sent_close)
        send_frame(ws, WS_OP_CLOSE, payload, code == WS_CLOSE_NONE ? 0 : why.bytes + 2);
    ws->sent_close = true;
}

static void bury(void *arg)
{
    ws_bury(arg);
}

static void begin_closing(struct ws *ws)
{
    ws->state = WS_CLOSING;
    loop_adopt(ws->loop, &ws->orphan, bury, ws);
    buf_free(&ws->message);
    timer_set(ws->timer, loop_now_ms(ws->loop) + WS_CLOSE_WAIT_MS_MAX);
}

/* Closing is over when both close frames went their way. After a breach we say that nothing more
 * comes, and wait for the peer's end: closing under its feet could lose it our reason. */
static void finish_closing(struct ws *ws)
{
    if (ws->state != WS_CLOSING || ws->out.bytes)
        return;
    if (ws->sent_close && ws->got_close)
        ws_bury(ws);
    else if (ws->is_garbage)
        ws_io_say_end(ws);
}

static void refuse(struct ws *ws, int code, const char *why)
{
    if (ws->state == WS_OPEN) {
        begin_closing(ws);
        send_close(ws, code, str_of(why));
        tell_later(ws, code, str_of(why), 0);
    }
    ws->is_garbage = true;
    finish_closing(ws);
}

static void on_close_frame(struct ws *ws, const uint8_t *payload, size_t bytes)
{
    int code;
    struct str why;
    if (ws_close_parse(payload, bytes, &code, &why)) {
        refuse(ws, WS_CLOSE_PROTOCOL, "malformed close frame");
        return;
    }
    ws->got_close = true;
    if (ws->state == WS_OPEN) {
        begin_closing(ws);
        send_close(ws, code, (struct str){0});
        tell_later(ws, code, why, 0);
    }
    finish_closing(ws);
}

static void deliver(struct ws *ws, enum ws_opcode opcode, char *data, size_t bytes)
{
    if (opcode == WS_OP_TEXT && !utf8_valid((struct str){data, bytes}))
        refuse(ws, WS_CLOSE_BAD_TEXT, "the text is not UTF-8");
    else if (ws->state == WS_OPEN && !ws->told)
        ws->handler.on_message(ws, opcode == WS_OP_TEXT ? WS_TEXT : WS_BINARY, data, bytes,
                               ws->arg);
}

static void on_fragment(struct ws *ws, const struct ws_head *head, char *data)
{
    if (ws->state != WS_OPEN)
        return;
    if (head->opcode != WS_OP_CONTINUE)
        ws->message_opcode = head->opcode;
    buf_add(&ws->message, data, head->payload_bytes);
    if (!head->fin)
        return;
    struct buf message = ws->message;
    ws->message = (struct buf){0};
    enum ws_opcode opcode = ws->message_opcode;
    ws->message_opcode = WS_OP_CONTINUE;
    deliver(ws, opcode, message.data, message.bytes);
    buf_free(&message);
}

static void on_frame(struct ws *ws, const struct ws_head *head, char *data)
{
    size_t bytes = head->payload_bytes;
    switch (head->opcode) {
    case WS_OP_CLOSE: on_close_frame(ws, (const uint8_t *)data, bytes); break;
    case WS_OP_PING:
        if (ws->state == WS_OPEN)
            send_control(ws, WS_OP_PONG, data, bytes);
        break;
    case WS_OP_PONG: break; /* that something came was noted with the bytes */
    case WS_OP_TEXT:
    case WS_OP_BINARY:
    case WS_OP_CONTINUE:
        if (head->fin && head->opcode != WS_OP_CONTINUE)
            deliver(ws, head->opcode, data, bytes);
        else
            on_fragment(ws, head, data);
    }
}

/* What is wrong with a frame whose head has come; 0 when nothing is. */
static int breach(const struct ws *ws, const struct ws_head *head, const char **why_out)
{
    bool in_message = ws->message_opcode != WS_OP_CONTINUE;
    if (head->opcode >= WS_OP_CLOSE)
        return 0;
    *why_out = "a fragment is out of order";
    if (ws->state == WS_OPEN && (head->opcode == WS_OP_CONTINUE) != in_message)
        return WS_CLOSE_PROTOCOL;
    *why_out = "the message is too long";
    if (head->payload_bytes > ws->limits.message_bytes_max - ws->message.bytes)
        return WS_CLOSE_TOO_BIG;
    return 0;
}

/* Handles all whole frames; returns how many bytes they took. */
static size_t take_frames(struct ws *ws, char *data, size_t bytes)
{
    size_t at = 0;
    while (ws->state != WS_DEAD && !ws->is_garbage) {
        struct ws_head head;
        size_t head_bytes = 0;
        const char *why = NULL;
        int err = ws_head_parse((const uint8_t *)data + at, bytes - at, !ws->is_client, &head,
                                &head_bytes);
        if (err == EAGAIN)
            break;
        int code = err ? WS_CLOSE_PROTOCOL : breach(ws, &head, &why);
        if (code) {
            refuse(ws, code, err ? "malformed frame" : why);
            break;
        }
        if (head.payload_bytes > bytes - at - head_bytes)
            break;
        char *payload = data + at + head_bytes;
        if (head.masked)
            ws_mask((uint8_t *)payload, head.payload_bytes, head.mask, 0);
        at += head_bytes + head.payload_bytes;
        on_frame(ws, &head, payload);
    }
    return ws->state == WS_DEAD || ws->is_garbage ? bytes : at;
}

/* The front of a frame waits in ws->in, and what comes is read behind it. */
static int read_on(struct ws *ws)
{
    size_t bytes = 0;
    buf_reserve(&ws->in, WS_READ_BYTES / 4);
    int err = ws_io_read(ws, ws->in.data + ws->in.bytes, ws->in.room - ws->in.bytes - 1, &bytes);
    ws->in.bytes += bytes;
    buf_drop(&ws->in, take_frames(ws, ws->in.data, ws->in.bytes));
    if (!ws->in.bytes && ws->state != WS_DEAD)
        buf_free(&ws->in);
    return err;
}

static int read_anew(struct ws *ws)
{
    size_t bytes = 0;
    int err = ws_io_read(ws, read_room, sizeof(read_room), &bytes);
    if (err)
        return err;
    size_t took = take_frames(ws, read_room, bytes);
    if (took < bytes)
        buf_add(&ws->in, read_room + took, bytes - took);
    return 0;
}

static void read_later(void *arg)
{
    ws_on_readable(arg);
}

/* A plain socket is read once: the loop comes back if there is more. TLS may hold back what the
 * loop cannot see. */
void ws_on_readable(struct ws *ws)
{
    int err = 0;
    ws->heard_ms = loop_now_ms(ws->loop);
    ws->pings_unanswered = 0;
    for (int reads = 0; ws->state != WS_DEAD && !err; reads++) {
        if (reads == WS_READS_MAX) {
            loop_defer(ws->loop, read_later, ws);
            break;
        }
        err = ws->in.bytes ? read_on(ws) : read_anew(ws);
        if (ws->state == WS_DEAD || !ws->ssl || !SSL_has_pending(ws->ssl))
            break;
    }
    if (ws->state != WS_DEAD && err && err != EAGAIN)
        ws_lost(ws, "the connection broke", 0);
}

static void on_ready(int fd, unsigned events, void *arg)
{
    struct ws *ws = arg;
    (void)fd;
    if (ws->state == WS_OPENING) {
        ws_opening_ready(ws, events);
        return;
    }
    if (events & WATCH_READ || ws->wants_write)
        ws_on_readable(ws);
    if (ws->state != WS_DEAD && ws->out.bytes)
        ws_io_flush(ws);
    finish_closing(ws);
}

static void arm_ping(struct ws *ws)
{
    if (ws->limits.ping_ms)
        timer_set(ws->timer, loop_now_ms(ws->loop) + ws->limits.ping_ms);
}

static void ping(struct ws *ws)
{
    int64_t due_ms = ws->heard_ms + ws->limits.ping_ms;
    if (!ws->pings_unanswered && loop_now_ms(ws->loop) < due_ms) {
        timer_set(ws->timer, due_ms);
        return;
    }
    if (ws->pings_unanswered == WS_PINGS_UNANSWERED_MAX) {
        ws_lost(ws, "no answer to pings", 0);
        return;
    }
    ws->pings_unanswered++;
    send_control(ws, WS_OP_PING, "", 0);
    arm_ping(ws);
}

static void on_timer(void *arg)
{
    struct ws *ws = arg;
    switch (ws->state) {
    case WS_OPENING: ws_opening_late(ws); break;
    case WS_OPEN: ping(ws); break;
    case WS_CLOSING: ws_bury(ws); break;
    case WS_DEAD: break;
    }
}

void ws_watch(struct ws *ws)
{
    ws->watch = watch_new(ws->loop, ws->fd, on_ready, ws);
}

/* What came along with the handshake, and what TLS has read ahead, is handled at the turn's end. */
void ws_opened(struct ws *ws)
{
    ws->state = WS_OPEN;
    ws->heard_ms = loop_now_ms(ws->loop);
    timer_stop(ws->timer);
    arm_ping(ws);
    if (!ws->watch)
        ws_watch(ws);
    if (ws->ssl)
        SSL_set_read_ahead(ws->ssl, 1); /* one recv() for many small records */
    ws_io_watch(ws);
    loop_defer(ws->loop, read_later, ws);
}

void ws_close(struct ws **ws_slot, int code, const char *why)
{
    struct ws *ws = *ws_slot;
    if (!ws)
        return;
    *ws_slot = NULL;
    ws->told = true;
    ws_release(ws);
    if (ws->state == WS_OPENING || code == WS_CLOSE_LOST) {
        ws_bury(ws);
    } else if (ws->state == WS_OPEN) {
        begin_closing(ws);
        send_close(ws, code, str_of(why));
    }
}
