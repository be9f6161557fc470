/* sandbox/party.h: what every outside party's stand-in shares: a table of endpoints under its own
 * prefix, a check of keys, errors in its own shape, faults on order, and a book of what it saw.
 *
 *   request -> endpoint -> book -> fault? -> key? -> limits -> handler
 *
 * A visit is one request at a party. It lives in the request's memory and ends with it: with the
 * reply, the upgrade to a WebSocket, or when the client goes away. */
#pragma once
#include "base/buf.h"
#include "net/http_server.h"
#include "net/ws.h"
#include "sandbox/faults.h"
#include "sandbox/seen.h"
#include "sandbox/settings.h"

#include <stdbool.h>
#include <stdint.h>

enum { PARTY_PARAMS_MAX = 4, PARTY_BODY_BYTES_MAX = 32 * 1024 * 1024 };

struct party;
struct visit;
typedef void visit_fn(struct visit *visit);

struct endpoint {
    unsigned methods; /* of enum http_method, or-ed */
    const char *path; /* below the prefix; ":" stands for one part, "*" at the end for the rest */
    const char *name; /* for faults and counters: "chat", "speak" ... */
    visit_fn *handler;
};

enum key_check { KEY_OK, KEY_NONE, KEY_WRONG, KEY_FREE };

struct party_kind {
    const char *name; /* also its prefix: "openai" is served under /openai */
    const struct endpoint *endpoints;
    size_t endpoint_count;
    enum key_check (*check_key)(const struct visit *visit);
    /* Replies with an error in the party's own shape. code and message may be NULL: what the party
     * would say to that status. */
    void (*fail)(struct visit *visit, int status, const char *code, const char *message);
    void (*drop_streams)(void *state);                /* break all live streams now; may be NULL */
    void (*print_live)(void *state, struct buf *out); /* members of a JSON object; may be NULL */
};

/* One party as it runs: its kind, its book, and its own state. */
struct party {
    const struct party_kind *kind;
    struct loop *loop;
    struct faults *faults;     /* shared by all parties */
    struct settings *settings; /* shared by all parties */
    struct seen_party *seen;
    void *state;          /* the kind's own */
    struct visit *visits; /* that are not over */
    struct log log;
};

struct visit {
    struct party *party;
    struct http_req *req;
    const struct endpoint *endpoint; /* NULL: there is no such endpoint */
    struct seen_counts *counts;
    struct str params[PARTY_PARAMS_MAX]; /* what the ":" of the path stood for, raw */
    struct fault fault;                  /* what was ordered for it */
    struct fault_fuse fuse;              /* for its stream */
    void *own;                           /* the handler's own */
    visit_fn *on_gone;                   /* the client left, or was made to, before the end */
    struct visit *next, *previous;       /* of the party's */
    bool streaming, lost;                /* lost: the answer does not arrive */
    uint64_t seen;
};

/* The way in: finds the endpoint and goes through the gates of the drawing above. path is what
 * stands below the party's prefix. */
void party_enter(struct party *party, struct http_req *req, struct str path);
/* Breaks everything that runs at the party: visits and sockets. */
void party_drop_all(struct party *party);

/* Replies, counted in the book. */
void visit_reply(struct visit *visit, int status, const char *content_type, struct str body);
void visit_reply_json(struct visit *visit, int status, struct str body);
void visit_fail(struct visit *visit, int status, const char *code, const char *message);
/* A reply in pieces: count it in the book, then http_stream_*(). */
void visit_begin_stream(struct visit *visit, int status, const char *content_type);
/* A piece that counts so many units (events or bytes), through the fuse. After SENT_GONE the
 * request is gone and must not be touched. */
enum visit_sent {
    SENT_OK,
    SENT_SILENT, /* and nothing will be any more, until the client leaves */
    SENT_ERROR,  /* an error was ordered here: say it in the party's own shape, and end */
    SENT_GONE,
};
enum visit_sent visit_send(struct visit *visit, struct str piece, int64_t units);
void visit_end_stream(struct visit *visit);
/* Upgrades to a WebSocket whose life the caller counts from now on; EINVAL: it is no handshake, and
 * the request was answered. */
int visit_accept(struct visit *visit, const struct ws_handler *handler, void *arg,
                 struct ws **ws_out);

/* The value after "Bearer " and the like; NULL when the header is not there or of another scheme.
 */
const char *visit_credential(const struct visit *visit, const char *header, const char *scheme);
enum key_check key_check(const char *given, const char *right); /* in constant time */
/* A random hexadecimal id: prefix and digits characters. */
void random_id(char *out, const char *prefix, size_t digits);
/* Bytes that are no HTTP, no JSON and no audio. */
struct str nonsense(void);
