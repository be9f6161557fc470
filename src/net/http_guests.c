/* net/http_guests.c: the connections of an HTTP server: how many, how long a request may take to
 * arrive, and what a request that evhttp itself refuses is told.
 *
 * evhttp counts nothing, forgives a client that sends a byte a minute, and answers in HTML; nor
 * does it say when a connection is over. So we hold a reference to each connection's bufferevent
 * and look them through every second: one whose callbacks are gone was freed by evhttp, and goes
 * with our reference. Its socket stays open until then, shut down for writing, which also lets a
 * client read our refusal before it would see a reset. */
#include "net/http_private.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { SWEEP_MS_MAX = 1000, SWEEP_MS_MIN = 10 };

struct http_guest {
    struct http_server *server;
    struct http_guest *next, *previous;
    struct bufferevent *connection; /* with a reference of ours */
    int fd;                         /* -1 before the first byte */
    int64_t began_ms;               /* when the request now arriving began; 0: none does */
    size_t bytes;                   /* of it */
    bool busy;                      /* a request is with its handler, or its reply on the way */
    bool refusing;                  /* evhttp has written something by itself */
};

static bool is_over(const struct http_guest *guest)
{
    bufferevent_event_cb on_event;
    bufferevent_getcb(guest->connection, NULL, NULL, &on_event, NULL);
    return !on_event;
}

static struct http_guest *guest_of(const struct http_server *server, struct bufferevent *connection)
{
    int fd = bufferevent_getfd(connection);
    assert(fd >= 0 && (size_t)fd < server->guests_room && server->guests_by_fd[fd]);
    return server->guests_by_fd[fd];
}

static void remember_fd(struct http_guest *guest)
{
    struct http_server *server = guest->server;
    guest->fd = bufferevent_getfd(guest->connection);
    size_t room = server->guests_room;
    while (room <= (size_t)guest->fd)
        room = room ? room * 2 : 64;
    if (room > server->guests_room) {
        size_t more = room - server->guests_room;
        server->guests_by_fd = xrealloc(server->guests_by_fd, room * sizeof(struct http_guest *));
        memset(server->guests_by_fd + server->guests_room, 0, more * sizeof(struct http_guest *));
        server->guests_room = room;
    }
    server->guests_by_fd[guest->fd] = guest;
}

static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
    struct http_guest *guest = arg;
    (void)input;
    if (!info->n_added)
        return;
    if (guest->fd < 0)
        remember_fd(guest);
    if (guest->busy)
        return;
    if (!guest->began_ms)
        guest->began_ms = loop_now_ms(guest->server->loop);
    guest->bytes += info->n_added;
}

/* What is wrong with a request that evhttp did not let through. */
static int refused_status(const struct http_guest *guest, int status)
{
    bool is_long = guest->bytes > guest->server->options.header_bytes_max;
    return status == 400 && is_long ? 431 : status;
}

static const char *refused_detail(int status)
{
    switch (status) {
    case 408: return "the request took too long to arrive";
    case 413: return "the body is larger than any address here takes";
    case 417: return "only 100-continue can be expected";
    case 431: return "the request's head is too large";
    default: return "this is not a well-formed HTTP request";
    }
}

static void problem_page(struct buf *page, int status)
{
    struct buf body = {0};
    char id[HTTP_ID_BYTES];
    http_new_id(id);
    http_problem(&body, status, NULL, refused_detail(status), id);
    buf_printf(page,
               "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\n"
               "Content-Length: %zu\r\nX-Request-Id: %s\r\nConnection: close\r\n\r\n%s",
               status, http_status_name(status), body.bytes, id, buf_text(&body));
    buf_free(&body);
}

static void tell_refused(const struct http_server *server, int status)
{
    if (server->options.on_refused)
        server->options.on_refused(server->options.app, status);
}

/* The status that evhttp's page begins with. */
static int status_of(struct evbuffer *output)
{
    char start[13] = "";
    evbuffer_copyout(output, start, sizeof(start) - 1);
    return (int)strtol(start + strlen("HTTP/1.1 "), NULL, 10);
}

/* Replaces evhttp's page, which is still whole in the output: nothing is written before the loop's
 * next turn. Its "100 Continue" stays. */
static void refuse(void *arg)
{
    struct http_guest *guest = arg;
    struct buf page = {0};
    guest->refusing = false;
    if (is_over(guest))
        return;
    struct evbuffer *output = bufferevent_get_output(guest->connection);
    evbuffer_unfreeze(output, 1); /* a bufferevent that has written keeps its output shut */
    int status = status_of(output);
    if (status >= 400) {
        status = refused_status(guest, status);
        problem_page(&page, status);
        guest->busy = true; /* what we write now is our own */
        evbuffer_drain(output, evbuffer_get_length(output));
        evbuffer_add(output, page.data, page.bytes);
        buf_free(&page);
        tell_refused(guest->server, status);
    }
    evbuffer_freeze(output, 1);
}

static void on_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg)
{
    struct http_guest *guest = arg;
    (void)output;
    if (guest->busy || guest->refusing || !info->n_added)
        return;
    guest->refusing = true;
    loop_defer(guest->server->loop, refuse, guest);
}

/* Out of the list, with our reference; the memory goes at the turn's end. */
static void let_go(struct http_guest *guest)
{
    struct http_server *server = guest->server;
    evbuffer_remove_cb(bufferevent_get_input(guest->connection), on_input, guest);
    evbuffer_remove_cb(bufferevent_get_output(guest->connection), on_output, guest);
    if (guest->fd >= 0)
        server->guests_by_fd[guest->fd] = NULL;
    if (guest->next)
        guest->next->previous = guest->previous;
    if (guest->previous)
        guest->previous->next = guest->next;
    else
        server->guests = guest->next;
    server->guest_count--;
    bufferevent_decref(guest->connection);
    loop_defer(server->loop, free, guest);
}

static size_t connection_count(const struct http_server *server)
{
    return server->guest_count + server->taken_count;
}

int64_t http_sweep_ms(const struct http_server *server)
{
    int64_t ms = server->options.idle_ms_max / 4;
    return ms > SWEEP_MS_MAX ? SWEEP_MS_MAX : ms < SWEEP_MS_MIN ? SWEEP_MS_MIN : ms;
}

static void sweep_later(struct http_server *server)
{
    timer_set(server->sweep, loop_now_ms(server->loop) + http_sweep_ms(server));
}

/* evhttp would only hang up. Nothing was said on this connection since the last reply went out, so
 * the system has room for a page and need not be waited for. */
static void say_it_is_late(const struct http_guest *guest)
{
    struct buf page = {0};
    size_t written = 0;
    SSL *ssl = guest->server->tls ? bufferevent_openssl_get_ssl(guest->connection) : NULL;
    problem_page(&page, 408);
    if (!guest->server->tls)
        send(guest->fd, page.data, page.bytes, MSG_NOSIGNAL);
    else if (ssl && SSL_is_init_finished(ssl))
        SSL_write_ex(ssl, page.data, page.bytes, &written);
    ERR_clear_error();
    buf_free(&page);
    tell_refused(guest->server, 408);
}

static void end_late(struct http_guest *guest)
{
    if (guest->bytes)
        say_it_is_late(guest);
    bufferevent_trigger_event(guest->connection, BEV_EVENT_READING | BEV_EVENT_TIMEOUT, 0);
}

static void sweep(void *arg)
{
    struct http_server *server = arg;
    int64_t late_ms = loop_now_ms(server->loop) - server->options.idle_ms_max;
    struct http_guest *next;
    for (struct http_guest *guest = server->guests; guest; guest = next) {
        next = guest->next;
        if (!guest->busy && guest->began_ms && guest->began_ms < late_ms && !is_over(guest))
            end_late(guest);
        if (is_over(guest))
            let_go(guest);
    }
    if (server->bound && connection_count(server) < server->options.connections_max)
        evconnlistener_enable(evhttp_bound_socket_get_listener(server->bound));
    sweep_later(server);
}

/* The system gives no more sockets, for one: no more is accepted until the next sweep. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    (void)arg; /* evhttp's */
    log_warn(NULL, "http_accept_failed", "why=\"%s\"", strerror(errno));
    evconnlistener_disable(listener);
}

static struct bufferevent *guest_new(struct event_base *base, void *arg)
{
    struct http_server *server = arg;
    struct http_guest *guest = xalloc(sizeof(*guest));
    guest->server = server;
    guest->fd = -1;
    guest->began_ms = loop_now_ms(server->loop);
    guest->next = server->guests;
    if (guest->next)
        guest->next->previous = guest;
    server->guests = guest;
    if (server->tls) {
        guest->connection = bufferevent_openssl_socket_new(
            base, -1, SSL_new(server->tls), BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
        bufferevent_openssl_set_allow_dirty_shutdown(guest->connection, 1);
    } else {
        guest->connection = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    }
    bufferevent_incref(guest->connection);
    evbuffer_add_cb(bufferevent_get_input(guest->connection), on_input, guest);
    evbuffer_add_cb(bufferevent_get_output(guest->connection), on_output, guest);
    bufferevent_setwatermark(guest->connection, EV_READ, 0, server->input_bytes_max);
    server->guest_count++;
    if (server->bound && connection_count(server) >= server->options.connections_max)
        evconnlistener_disable(evhttp_bound_socket_get_listener(server->bound));
    return guest->connection;
}

void http_guest_busy(struct http_server *server, struct bufferevent *connection)
{
    struct http_guest *guest = guest_of(server, connection);
    guest->busy = true;
    guest->began_ms = 0;
    guest->bytes = 0;
}

/* A next request may have come in part while the last one was answered. */
void http_guest_idle(struct http_server *server, struct bufferevent *connection)
{
    struct http_guest *guest = guest_of(server, connection);
    guest->busy = false;
    guest->bytes = evbuffer_get_length(bufferevent_get_input(connection));
    guest->began_ms = guest->bytes ? loop_now_ms(server->loop) : 0;
}

void http_guest_leave(struct http_server *server, struct bufferevent *connection)
{
    let_go(guest_of(server, connection));
}

void http_guests_open(struct http_server *server)
{
    server->sweep = timer_new(server->loop, sweep, server);
    evhttp_set_bevcb(server->http, guest_new, server);
    evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(server->bound), on_accept_error);
    sweep_later(server);
}

void http_guests_close(struct http_server *server)
{
    while (server->guests)
        let_go(server->guests);
    timer_free(&server->sweep);
    free(server->guests_by_fd);
}
