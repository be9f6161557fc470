/* net/ws_private.h: what the files of the WebSocket know of one: its bytes (ws_io.c), its frames
 * (ws.c), how it came to be (ws_accept.c, ws_connect.c). */
#pragma once
#include "net/http_private.h"
#include "net/ws.h"
#include "net/ws_wire.h"

#include <openssl/ssl.h>

/* OPENING --101--> OPEN --a close frame either way, or a breach--> CLOSING --answered--> DEAD
 *    '--refused, late, lost--> DEAD <--lost--'                        '--late, lost--> DEAD    */
enum ws_state { WS_OPENING, WS_OPEN, WS_CLOSING, WS_DEAD };

enum {
    WS_CLOSE_WAIT_MS_MAX = 2000, /* for the peer's answer to our close frame */
    WS_READ_BYTES = 64 * 1024,   /* at a time */
    WS_READS_MAX = 16,           /* in one turn, so that one busy peer does not starve the others */
    WS_PINGS_UNANSWERED_MAX = 2,
    WS_CONTROL_QUEUE_BYTES = 4096, /* beyond queue_bytes_max, for pongs and the close frame */
};

struct ws_opening; /* a client's handshake under way */

struct ws {
    struct loop *loop;
    struct ws_handler handler;
    void *arg;
    struct ws_limits limits;
    enum ws_state state;
    bool is_client;
    bool told; /* on_close is due or done, or the owner has closed: no handler runs again */
    bool sent_close;
    bool got_close;
    bool is_garbage;  /* what still comes is not read as frames: the peer broke the protocol */
    bool wants_write; /* TLS must write before it can read on */
    bool is_held;     /* what is sent is only queued */
    int fd;
    SSL *ssl; /* NULL: plain */
    struct watch *watch;
    struct timer *timer;           /* of the handshake, the next ping or the closing, by state */
    struct http_taken taken;       /* server side: what owns fd and ssl */
    struct ws_opening *opening;    /* client side, until open */
    struct loop_orphan orphan;     /* closing: the owner may be gone */
    struct buf in;                 /* a frame that has not come whole */
    struct buf message;            /* the fragments so far */
    enum ws_opcode message_opcode; /* WS_OP_CONTINUE: no fragmented message has begun */
    struct buf out;                /* bytes not yet taken by the system */
    uint64_t mask_seed;
    int64_t heard_ms;
    int pings_unanswered;
    int close_code, http_status;
    char *close_why;
};

struct ws *ws_new(struct loop *loop, const struct ws_limits *limits,
                  const struct ws_handler *handler, void *arg);

/* ws_io.c. Reading: 0, EAGAIN, ECONNRESET (also for an orderly end) or EPROTO (TLS). */
int ws_io_read(struct ws *ws, void *data, size_t room, size_t *bytes_out);
/* How many bytes the system took; none when it is full or the connection lost. */
size_t ws_io_write(struct ws *ws, const void *data, size_t bytes);
/* Sends now what it can and queues the rest; a connection that is lost is noticed by reading. */
void ws_io_send(struct ws *ws, const void *data, size_t bytes);
void ws_io_flush(struct ws *ws);
void ws_io_say_end(struct ws *ws); /* nothing more will come from us */
void ws_io_close(struct ws *ws);   /* at once */
void ws_io_watch(struct ws *ws);   /* sets what the loop watches for */

/* ws.c */
void ws_watch(struct ws *ws);       /* has the loop call us about ws->fd */
void ws_opened(struct ws *ws);      /* the handshake is done: frames from now on */
void ws_on_readable(struct ws *ws); /* reads and handles what there is */
void ws_lost(struct ws *ws, const char *why, int http_status);
void ws_bury(struct ws *ws); /* the end: closes at once, freed at the turn's end */

/* ws_connect.c */
void ws_opening_ready(struct ws *ws, unsigned events);
void ws_opening_late(struct ws *ws);
void ws_opening_free(struct ws *ws);
