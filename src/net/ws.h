/* net/ws.h: one WebSocket, either side, plain or TLS. Frames are bounded, the outgoing queue is
 * bounded, text is checked to be UTF-8, pings are answered. Source: RFC 6455; no extensions. */
#pragma once
#include "base/buf.h"
#include "net/http_server.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct ws;
enum ws_kind { WS_TEXT = 1, WS_BINARY = 2 };
enum ws_close_code {
    WS_CLOSE_NORMAL = 1000,
    WS_CLOSE_AWAY = 1001,
    WS_CLOSE_PROTOCOL = 1002,
    WS_CLOSE_UNSUPPORTED = 1003,
    WS_CLOSE_NONE = 1005, /* the peer closed without saying why */
    WS_CLOSE_LOST = 1006, /* the connection broke */
    WS_CLOSE_BAD_TEXT = 1007,
    WS_CLOSE_POLICY = 1008,
    WS_CLOSE_TOO_BIG = 1009,
    WS_CLOSE_INTERNAL = 1011,
    WS_CLOSE_TRY_LATER = 1013,
};

struct ws_handler {
    void (*on_open)(struct ws *ws, void *arg); /* client side: the handshake is done; may be NULL */
    /* data may be scribbled on; it is gone when the handler returns */
    void (*on_message)(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg);
    /* Once, the last call: the socket is freed after it. Never runs inside ws_close() or after it.
     * code: what the peer said or why we gave up; why is borrowed. A refused handshake gives
     * WS_CLOSE_LOST with http_status set (0 when there was no HTTP answer) and the reply's reason
     * (up to 200 bytes of the dg-error header or body) in why. */
    void (*on_close)(struct ws *ws, int code, const char *why, int http_status, void *arg);
};

struct ws_limits {
    size_t message_bytes_max; /* default 64 KiB; past it the peer gets 1009 */
    size_t queue_bytes_max;   /* default 256 KiB of unsent bytes; past it ws_send gives ENOBUFS */
    int64_t handshake_ms_max; /* client side; default 5000 */
    int64_t ping_ms; /* ping when idle so long; lost after two without an answer; 0: never */
};

/* Server side, inside an HTTP handler: answers 101 and takes the connection over; the request is
 * gone. EINVAL: not a WebSocket handshake (nothing was replied yet). */
int ws_accept(struct http_req *req, const struct ws_limits *limits,
              const struct ws_handler *handler, void *arg, struct ws **ws_out);

/* Client side: ws:// or wss://, headers as "Name: value" up to the first NULL; all copied.
 * ca_file: further trusted roots (tests), NULL for the system's. EINVAL: not such a URL, a header
 * that is not one line, or a ca_file that cannot be read. */
int ws_connect(struct loop *loop, const char *url, const char *const *headers, const char *ca_file,
               const struct ws_limits *limits, const struct ws_handler *handler, void *arg,
               struct ws **ws_out);

/* Reads the system's trusted roots, which takes 20 ms: before the first call, and before forking so
 * that the workers share them. */
void ws_prepare(void);

/* 0, ENOBUFS (queue full: nothing was taken) or ENOTCONN (closing). Sent before the handshake is
 * done: queued. */
int ws_send(struct ws *ws, enum ws_kind kind, const void *data, size_t bytes);
size_t ws_queued_bytes(const struct ws *ws);
/* What is sent in between leaves in one piece: to be used within one turn of the loop. Sending is
 * the dearest thing a call does. */
void ws_hold(struct ws *ws);
void ws_release(struct ws *ws); /* fine without ws_hold() */
/* NULL after; NULL is fine. Sends what is queued and a close frame, waits a little for the peer's,
 * frees itself. No handler runs any more. */
void ws_close(struct ws **ws, int code, const char *why);
