/* net/http_client.h: HTTP out, over libcurl's multi interface: HTTPS with verified certificates,
 * HTTP/2 where offered, connections kept and reused, every deadline set. */
#pragma once
#include "base/buf.h"
#include "base/op.h"
#include "net/http.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct http_client;
struct http_answer;

struct http_client_options {
    const char *ca_file;       /* PEM with further trusted roots (tests); NULL for the system's */
    const char *user_agent;    /* default "karen" */
    long connections_per_host; /* default 8 */
};
struct http_client *http_client_new(struct loop *loop, const struct http_client_options *options);
void http_client_free(struct http_client **client); /* cancels what is in flight */
struct loop *http_client_loop(const struct http_client *client);

enum { HTTP_ASK_HEADERS_MAX = 16 };
struct http_ask {
    enum http_method method;
    const char *url;
    const char *headers[HTTP_ASK_HEADERS_MAX]; /* "Name: value", up to the first NULL */
    const char *user, *password;               /* HTTP Basic, when user is not NULL */
    struct str body;
    bool once; /* on a connection of its own: libcurl repeats by itself, a POST as well, what is
                * lost with a connection that was kept */
    /* Deadlines in ms; 0 takes the default. Passing one ends the ask with ETIMEDOUT. */
    int64_t connect_ms_max;    /* default 2000 */
    int64_t first_byte_ms_max; /* from the start to the reply's head; default 5000 */
    int64_t between_ms_max;    /* between two pieces of the body; default 5000 */
    int64_t total_ms_max;      /* default 30000 */
    size_t reply_bytes_max;    /* of the body, also of one in pieces; default 1 MiB; past it
                                * EMSGSIZE */

    /* With on_piece the body comes in pieces and http_answer.body is empty; a piece of a reply
     * whose status is not 2xx is collected into http_answer.body all the same. May be NULL. */
    void (*on_piece)(struct str piece, void *arg);
    void (*on_done)(const struct http_answer *answer, void *arg);
};
struct http_answer {
    int err;                /* 0: a reply came, whatever its status. Else ETIMEDOUT, ECONNREFUSED,
                             * ECONNRESET, EHOSTUNREACH (name), EPROTO (TLS, HTTP), EMSGSIZE,
                             * EINVAL (not an http or https URL) */
    int status;             /* 0 when there was none */
    struct str body;        /* borrowed until on_done returns */
    const char *why;        /* for logs: the library's own words on err; "" otherwise */
    int64_t retry_after_ms; /* of the Retry-After header; -1 without one */
    int64_t connect_us, first_byte_us, total_us; /* since the ask began; connect 0: reused */
    const char *(*header)(const struct http_answer *answer, const char *name); /* NULL: not there */
    void *private;
};

/* Everything in ask is copied. A body without a Content-Type header goes as
 * application/x-www-form-urlencoded. Redirects are answers like any other. The callbacks never run
 * inside this call, nor after op_cancel(). */
void http_ask(struct http_client *client, const struct http_ask *ask, void *arg, struct op **slot);

/* Opens a connection to the URL's host ahead of need, and keeps it warm as long as the client
 * lives. */
void http_client_warm(struct http_client *client, const char *url);
