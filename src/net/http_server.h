/* net/http_server.h: HTTP/1.1 in: routes as one table, bounded requests, replies at any later time.
 * Over libevent's evhttp, plain or TLS.
 *
 * A request lives from its handler's call until it is replied to, failed or upgraded: exactly one
 * of these must happen, from the handler itself or later. When the client goes away first, the
 * server cancels req->waiting, runs on_gone if set, and forgets the request: do not touch it after.
 */
#pragma once
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/op.h"
#include "net/http.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct http_server;
struct http_req_private;

struct http_req {
    struct arena *arena; /* freed with the request */
    struct op *waiting;  /* what the handler waits for; cancelled when the client goes away */
    void (*on_gone)(struct http_req *req); /* the client left before the reply; may be NULL */
    void *app;                             /* http_server_options.app */
    void *state;                           /* the handler's own */
    enum http_method method;
    struct str path;   /* decoded, without the query */
    struct str target; /* raw path and query as the client sent them: signatures need it */
    struct str body;   /* raw bytes, whole */
    char id[17];       /* random, answered as X-Request-Id and logged */
    struct http_req_private *private;
};

typedef void http_handler_fn(struct http_req *req);
struct http_route {
    unsigned methods; /* of enum http_method, or-ed */
    const char *path; /* "/api/calls/:id"; a last part "*" matches any rest */
    http_handler_fn *handler;
    size_t body_bytes_max; /* 0: no body is accepted (413) */
};

struct http_server_options {
    const struct http_route *routes;
    size_t route_count;
    void *app;
    int64_t idle_ms_max;     /* of a connection, and for a request to arrive whole; default 30 s */
    size_t header_bytes_max; /* default 16 KiB */
    size_t connections_max;  /* default 10000 */
    const char *tls_cert_file; /* PEM; NULL for plain */
    const char *tls_key_file;
    /* Called once for each finished request: for the access log and metrics; status 499 when the
     * client left before its reply. took_us: until the reply, of one in pieces its first, could go
     * out. May be NULL. */
    void (*on_done)(const struct http_req *req, const struct http_route *route, int status,
                    int64_t took_us);
    /* Called once for each request that was refused before it was one: 400, 408, 413, 431. May be
     * NULL. */
    void (*on_refused)(void *app, int status);
};

/* address: "127.0.0.1:8080", "[::]:8080", port 0 for any. SO_REUSEPORT is set, so that several
 * workers can serve the same address. Errors: an errno value, with a sentence in *why_out (static).
 */
int http_server_open(struct loop *loop, const char *address,
                     const struct http_server_options *options, struct http_server **server_out,
                     const char **why_out);
uint16_t http_server_port(const struct http_server *server);
void http_server_stop_listening(struct http_server *server); /* what runs goes on */
bool http_server_idle(const struct http_server *server);     /* nobody waits for a reply */
void http_server_close(struct http_server **server);         /* drops what runs: on_gone */

/* What the client sent; borrowed as long as the request lives. NULL where there is none. */
const char *http_header(const struct http_req *req, const char *name);
/* All of that name as one list, in the request's arena. Source: RFC 9110 5.3. */
const char *http_header_all(const struct http_req *req, const char *name);
const char *http_param(const struct http_req *req, const char *name); /* ":id" of the route */
const char *http_query(const struct http_req *req,
                       const char *name);            /* decoded, first of that name */
const char *http_remote(const struct http_req *req); /* the peer's IP address */
const struct http_route *http_route_of(const struct http_req *req); /* the row that matched */

/* Form fields of an application/x-www-form-urlencoded body, in the order sent, decoded; parsed once
 * at first use. *fields_out is borrowed. EINVAL: broken escapes or more than HTTP_FIELDS_MAX. */
enum { HTTP_FIELDS_MAX = 128 };
struct http_field {
    const char *name;
    const char *value;
};
int http_form(struct http_req *req, const struct http_field **fields_out, size_t *count_out);
const char *http_field(struct http_req *req, const char *name); /* first of that name, or NULL */

void http_set_header(struct http_req *req, const char *name, const char *value); /* of the reply */
void http_reply(struct http_req *req, int status, const char *content_type, struct str body);
void http_reply_json(struct http_req *req, int status, struct str body);
/* The body of a problem: RFC 9457. code: a word to translate by; NULL: the status's own name,
 * "not_found". */
void http_problem(struct buf *body, int status, const char *code, const char *detail,
                  const char *id);
/* application/problem+json. detail is a sentence for the person who reads it. */
void http_fail(struct http_req *req, int status, const char *detail);

/* For stand-ins that play a broken server: before the reply or in the middle of one, these bytes go
 * out just as they are (none is fine), and the connection breaks. The request is gone. */
void http_break(struct http_req *req, struct str last_bytes);

/* A reply in pieces (server-sent events). on_gone runs when the client leaves; afterwards, and
 * after http_stream_end, the request is gone. http_stream_send: ENOBUFS when the reader is too
 * slow. */
void http_stream_begin(struct http_req *req, int status, const char *content_type);
int http_stream_send(struct http_req *req, struct str piece);
size_t http_stream_waiting(const struct http_req *req); /* bytes that the reader has not taken */
/* For who makes the next piece when the client has taken this one, whatever its size: then on_sent
 * runs, never inside this call. One at a time, and no other pieces meanwhile. */
void http_stream_send_then(struct http_req *req, struct str piece, http_handler_fn *on_sent);
void http_stream_end(struct http_req *req);
