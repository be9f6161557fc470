/* net/http_reply.c: answers: whole, in pieces, as problems, or by handing the connection over. */
#include "net/http_private.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

static struct evkeyvalq *headers_of(const struct http_req *req)
{
    return evhttp_request_get_output_headers(req->private->ev);
}

void http_set_header(struct http_req *req, const char *name, const char *value)
{
    assert(!strpbrk(name, "\r\n: ") && !strpbrk(value, "\r\n") && "a header must be one line");
    int failed = evhttp_add_header(headers_of(req), name, value);
    assert(!failed);
}

void http_print_headers(const struct http_req *req, struct buf *out)
{
    const struct evkeyval *header = NULL;
    TAILQ_FOREACH(header, headers_of(req), next)
    buf_printf(out, "%s: %s\r\n", header->key, header->value);
}

/* What every answer carries. A server that no longer listens sends its clients elsewhere. */
static void begin(struct http_req *req, int status, const char *content_type)
{
    struct http_req_private *p = req->private;
    assert(!p->over && !p->status && "a request is answered once");
    p->status = status;
    p->begun_us = loop_now_us(p->server->loop);
    http_set_header(req, "X-Request-Id", req->id);
    if (content_type)
        http_set_header(req, "Content-Type", content_type);
    if (!p->server->bound)
        http_set_header(req, "Connection", "close");
}

/* RFC 9110: these have no body and so no length of one. */
static bool has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

void http_reply(struct http_req *req, int status, const char *content_type, struct str body)
{
    struct http_req_private *p = req->private;
    begin(req, status, content_type);
    if (req->method == HTTP_HEAD && has_body(status)) {
        char length[24];
        snprintf(length, sizeof(length), "%zu", body.bytes);
        http_set_header(req, "Content-Length", length);
    } else if (body.bytes && has_body(status)) {
        evbuffer_add(evhttp_request_get_output_buffer(p->ev), body.at, body.bytes);
    }
    struct evhttp_request *ev = p->ev;
    http_req_end(p);
    evhttp_send_reply(ev, status, http_status_name(status), NULL);
}

void http_reply_json(struct http_req *req, int status, struct str body)
{
    http_reply(req, status, "application/json", body);
}

static void put_code(struct buf *body, const char *name)
{
    for (; *name; name++)
        buf_putc(body, *name == ' ' ? '_' : (char)tolower((unsigned char)*name));
}

void http_problem(struct buf *body, int status, const char *code, const char *detail,
                  const char *id)
{
    buf_puts(body, "{\"type\":\"about:blank\",\"title\":");
    buf_json_string(body, str_of(http_status_name(status)));
    buf_printf(body, ",\"status\":%d,\"code\":\"", status);
    put_code(body, code ? code : http_status_name(status));
    buf_puts(body, "\",\"detail\":");
    buf_json_string(body, str_of(detail));
    buf_printf(body, ",\"request_id\":\"%s\"}", id);
}

void http_fail(struct http_req *req, int status, const char *detail)
{
    struct buf body = {0};
    http_problem(&body, status, NULL, detail, req->id);
    http_reply(req, status, "application/problem+json", buf_str(&body));
    buf_free(&body);
}

void http_stream_begin(struct http_req *req, int status, const char *content_type)
{
    begin(req, status, content_type);
    evhttp_send_reply_start(req->private->ev, status, http_status_name(status));
}

static void on_piece_sent(struct evhttp_connection *connection, void *arg)
{
    struct http_req_private *p = arg;
    (void)connection;
    if (!p->over)
        p->on_sent(&p->req);
}

static void send_piece(struct http_req_private *p, struct str piece, http_handler_fn *on_sent)
{
    struct evbuffer *scratch = p->server->scratch;
    p->on_sent = on_sent;
    evbuffer_add(scratch, piece.at, piece.bytes);
    evhttp_send_reply_chunk_with_cb(p->ev, scratch, on_sent ? on_piece_sent : NULL, p);
    evbuffer_drain(scratch, evbuffer_get_length(scratch));
}

int http_stream_send(struct http_req *req, struct str piece)
{
    struct http_req_private *p = req->private;
    assert(p->status && !p->over);
    struct evbuffer *output = bufferevent_get_output(http_bufferevent(p));
    if (evbuffer_get_length(output) + piece.bytes > HTTP_STREAM_QUEUE_MAX)
        return ENOBUFS;
    send_piece(p, piece, NULL);
    return 0;
}

size_t http_stream_waiting(const struct http_req *req)
{
    return evbuffer_get_length(bufferevent_get_output(http_bufferevent(req->private)));
}

void http_stream_send_then(struct http_req *req, struct str piece, http_handler_fn *on_sent)
{
    assert(req->private->status && !req->private->over && piece.bytes > 0);
    send_piece(req->private, piece, on_sent);
}

void http_stream_end(struct http_req *req)
{
    struct http_req_private *p = req->private;
    assert(p->status && !p->over);
    struct evhttp_request *ev = p->ev;
    http_req_end(p);
    evhttp_send_reply_end(ev);
}

/* The connection object stays, as it owns descriptor and TLS; nothing of libevent reads or writes
 * on it any more. */
void http_take_over(struct http_req *req, struct http_taken *taken)
{
    struct http_req_private *p = req->private;
    struct http_server *server = p->server;
    struct bufferevent *connection = http_bufferevent(p);
    struct evbuffer *input = bufferevent_get_input(connection);
    taken->connection = evhttp_request_get_connection(p->ev);
    taken->fd = bufferevent_getfd(connection);
    taken->ssl = server->tls ? bufferevent_openssl_get_ssl(connection) : NULL;
    taken->server = server;
    taken->next = server->taken;
    if (taken->next)
        taken->next->previous = taken;
    server->taken = taken;
    server->taken_count++;
    http_guest_leave(server, connection);
    bufferevent_setcb(connection, NULL, NULL, NULL, NULL);
    bufferevent_disable(connection, EV_READ | EV_WRITE);
    size_t early_bytes = evbuffer_get_length(input);
    if (early_bytes)
        buf_add(&taken->early, evbuffer_pullup(input, -1), early_bytes);
    evbuffer_drain(input, early_bytes);
    p->status = 101;
    http_req_end(p);
}

void http_give_up(struct http_taken *taken)
{
    buf_free(&taken->early);
    if (!taken->connection)
        return;
    if (taken->next)
        taken->next->previous = taken->previous;
    if (taken->previous)
        taken->previous->next = taken->next;
    else
        taken->server->taken = taken->next;
    taken->server->taken_count--;
    evhttp_connection_free(taken->connection); /* the request and its headers go with it */
    taken->connection = NULL;
}

static void give_up(void *arg)
{
    http_give_up(arg);
}

static void free_taken(void *arg)
{
    http_give_up(arg);
    free(arg);
}

/* What libevent still holds of a reply goes out first: the peer got that far. */
static void flush(struct http_req *req)
{
    struct bufferevent *connection = http_bufferevent(req->private);
    struct evbuffer *output = bufferevent_get_output(connection);
    evbuffer_unfreeze(output, 1);
    evbuffer_write(output, bufferevent_getfd(connection));
}

void http_break(struct http_req *req, struct str last_bytes)
{
    bool silent = !req->private->status && !last_bytes.bytes;
    const struct linger reset = {.l_onoff = 1};
    struct loop *loop = req->private->server->loop;
    struct http_taken *taken = xalloc(sizeof(*taken));
    flush(req);
    http_take_over(req, taken);
    taken->on_drop = give_up;
    taken->arg = taken;
    if (last_bytes.bytes && send(taken->fd, last_bytes.at, last_bytes.bytes, MSG_NOSIGNAL) < 0)
        silent = true; /* it broke already, or is too full to take more */
    if (silent)
        setsockopt(taken->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    loop_defer(loop, free_taken, taken);
}
