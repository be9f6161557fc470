/* net/http_private.h: what the files of the HTTP server know of a request and a connection. */
#pragma once
#include "net/http_server.h"

#include <openssl/ssl.h>

struct bufferevent;
struct evbuffer;
struct event_base;
struct evhttp;
struct evhttp_bound_socket;
struct evhttp_connection;
struct evhttp_request;

enum {
    HTTP_SEGMENTS_MAX = 16,             /* parts of a path; deeper ones are nobody's */
    HTTP_STREAM_QUEUE_MAX = 256 * 1024, /* unsent bytes of a reply in pieces */
    HTTP_PIPELINED_MAX = 16 * 1024,     /* bytes a client may send ahead of its reply */
};

struct http_guest;
struct http_taken;

enum { HTTP_ID_BYTES = sizeof(((struct http_req *)NULL)->id), HTTP_REMOTE_BYTES = 46 };

struct http_fields {
    struct http_field *list;
    size_t count;
    bool parsed;
    int err;
};

struct http_req_private {
    struct http_req req;
    struct arena arena;
    struct http_server *server;
    struct http_req_private *next, *previous; /* of the server's live requests */
    struct evhttp_request *ev;
    const struct http_route *route; /* NULL when none matched */
    struct http_field params[HTTP_SEGMENTS_MAX];
    size_t param_count;
    struct http_fields query, form;
    char remote[HTTP_REMOTE_BYTES]; /* kept: the connection may be gone before on_done */
    int64_t start_us, begun_us;     /* begun: the reply; 0 before */
    int status;                     /* of the reply begun; 0 before */
    http_handler_fn *on_sent;       /* the client has taken the piece of a reply */
    bool over;                      /* replied, failed, upgraded or gone */
};

struct http_server {
    struct loop *loop;
    struct http_server_options options;
    struct evhttp *http;
    struct evhttp_bound_socket *bound; /* NULL once we stopped listening */
    struct http_req_private *live;
    struct http_taken *taken; /* upgraded connections */
    struct evbuffer *scratch; /* a piece on its way into libevent */
    SSL_CTX *tls;
    size_t body_bytes_max;  /* the largest of any route */
    size_t input_bytes_max; /* read ahead of evhttp's needs: a head and a body */
    uint16_t port;
    bool closed; /* no handler is called any more */

    /* http_guests.c */
    struct http_guest *guests;        /* one a connection */
    struct http_guest **guests_by_fd; /* of those that have sent something */
    size_t guests_room, guest_count;
    size_t taken_count;
    struct timer *sweep;
};

struct bufferevent *http_bufferevent(const struct http_req_private *p);
void http_new_id(char id_out[HTTP_ID_BYTES]);
/* name=value&... decoded into fields; EINVAL as http_form() */
int http_fields_parse(struct arena *arena, struct str text, struct http_fields *fields_out);
const char *http_fields_find(const struct http_fields *fields, const char *name);
/* The request is over: told to on_done, out of the list, its memory freed at the turn's end. */
void http_req_end(struct http_req_private *p);

/* A connection taken out of the HTTP server's hands, for ws_accept(). The taker fills in on_drop
 * and arg; on_drop runs when the server is closed first and must give the connection up. */
struct http_taken {
    struct evhttp_connection *connection; /* owns fd and ssl; NULL once given up */
    int fd;
    SSL *ssl;         /* NULL: plain */
    struct buf early; /* what the client sent behind its request */
    void (*on_drop)(void *arg);
    void *arg;
    struct http_server *server;
    struct http_taken *next, *previous; /* of the server's taken connections */
};
/* What http_set_header() was told, as lines. */
void http_print_headers(const struct http_req *req, struct buf *out);
void http_take_over(struct http_req *req, struct http_taken *taken);
void http_give_up(struct http_taken *taken); /* closes it; twice is fine */

/* Connections: http_guests.c */
void http_guests_open(struct http_server *server);
void http_guests_close(struct http_server *server);      /* after evhttp_free() */
int64_t http_sweep_ms(const struct http_server *server); /* how often they are looked through */
void http_guest_busy(struct http_server *server, struct bufferevent *connection);
void http_guest_idle(struct http_server *server, struct bufferevent *connection);
void http_guest_leave(struct http_server *server, struct bufferevent *connection); /* upgraded */
