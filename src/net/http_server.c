/* net/http_server.c: listening, connections, and requests on their way to a route's handler.
 * Parsing and keeping connections alive is evhttp's work; answers are in http_reply.c.
 *
 * evhttp stops reading while a request is being handled, so that a client that leaves would be
 * seen only by a failed write. We let it read on, bounded, so that the close is seen at once. */
#include "base/id.h"
#include "net/http_private.h"
#include "net/tls.h"
#include "net/url.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LISTEN_BACKLOG = 1024, STATUS_CLIENT_LEFT = 499 };

struct bufferevent *http_bufferevent(const struct http_req_private *p)
{
    return evhttp_connection_get_bufferevent(evhttp_request_get_connection(p->ev));
}

static void free_req(void *arg)
{
    struct http_req_private *p = arg;
    struct arena arena = p->arena;
    free(p);
    arena_free(&arena);
}

static void free_request_of_lost_connection(void *arg)
{
    evhttp_request_free(arg);
}

void http_req_end(struct http_req_private *p)
{
    struct http_server *server = p->server;
    p->over = true;
    if (evhttp_request_get_connection(p->ev))
        evhttp_connection_set_closecb(evhttp_request_get_connection(p->ev), NULL, NULL);
    if (p->next)
        p->next->previous = p->previous;
    if (p->previous)
        p->previous->next = p->next;
    else
        server->live = p->next;
    if (server->options.on_done)
        server->options.on_done(&p->req, p->route, p->status,
                                (p->begun_us ? p->begun_us : loop_now_us(server->loop)) -
                                    p->start_us);
    loop_defer(server->loop, free_req, p);
}

/* on_gone may not reply any more, but it may look at what came. */
static void client_left(struct http_req_private *p)
{
    struct http_req *req = &p->req;
    p->over = true;
    if (!p->status) /* a reply in pieces has one: it ends when its reader has enough */
        p->status = STATUS_CLIENT_LEFT;
    op_cancel(&req->waiting);
    if (req->on_gone)
        req->on_gone(req);
    http_req_end(p);
}

/* The connection is being freed. A request that was not answered has been taken off it and is ours
 * to free; one that is still on it is freed with it. */
static void on_connection_closed(struct evhttp_connection *connection, void *arg)
{
    struct http_req_private *p = arg;
    (void)connection;
    if (!evhttp_request_get_connection(p->ev))
        loop_defer(p->server->loop, free_request_of_lost_connection, p->ev);
    client_left(p);
}

static enum http_method method_of(const struct evhttp_request *ev)
{
    switch (evhttp_request_get_command(ev)) {
    case EVHTTP_REQ_GET: return HTTP_GET;
    case EVHTTP_REQ_HEAD: return HTTP_HEAD;
    case EVHTTP_REQ_POST: return HTTP_POST;
    case EVHTTP_REQ_PUT: return HTTP_PUT;
    case EVHTTP_REQ_PATCH: return HTTP_PATCH;
    case EVHTTP_REQ_DELETE: return HTTP_DELETE;
    case EVHTTP_REQ_OPTIONS: return HTTP_OPTIONS;
    case EVHTTP_REQ_TRACE:
    case EVHTTP_REQ_CONNECT: break;
    }
    return 0;
}

/* Path and query; the absolute form that RFC 9112 3.2.2 wants accepted loses scheme and host. */
static struct str target_of(const struct evhttp_request *ev)
{
    const char *uri = evhttp_request_get_uri(ev);
    if (uri[0] == '/')
        return str_of(uri);
    const char *host = strstr(uri, "://");
    const char *path = host ? strchr(host + 3, '/') : NULL;
    return str_of(path ? path : host ? "/" : uri);
}

static char *decoded(struct arena *arena, struct str raw)
{
    struct buf text = {0};
    char *copy =
        url_decode(&text, raw, false) ? NULL : arena_strndup(arena, buf_text(&text), text.bytes);
    buf_free(&text);
    return copy;
}

/* Fills in path and query; EINVAL for escapes that are broken or hide a NUL. */
static int read_target(struct http_req_private *p)
{
    struct str query = p->req.target, path = str_cut(&query, '?');
    const char *text = decoded(&p->arena, path);
    if (!text || path.bytes == 0 || path.at[0] != '/')
        return EINVAL;
    p->req.path = str_of(text);
    return http_fields_parse(&p->arena, query, &p->query);
}

/* Whether path matches the route's pattern, part by part; the raw path, so that an escaped slash
 * stays within its part. */
static bool matches(struct http_req_private *p, const struct http_route *route, struct str path)
{
    struct str pattern = str_of(route->path);
    p->param_count = 0;
    for (;;) {
        struct str want = str_cut(&pattern, '/');
        if (str_is(want, "*") && path.at) {
            p->params[p->param_count++] = (struct http_field){"*", decoded(&p->arena, path)};
            return true;
        }
        bool last = !path.at;
        struct str part = str_cut(&path, '/');
        if (last)
            return false;
        if (str_starts(want, ":") && part.bytes && p->param_count < HTTP_SEGMENTS_MAX - 1)
            p->params[p->param_count++] = (struct http_field){
                arena_strndup(&p->arena, want.at + 1, want.bytes - 1), decoded(&p->arena, part)};
        else if (part.bytes != want.bytes ||
                 (want.bytes && memcmp(part.at, want.at, want.bytes) != 0))
            return false;
        if (!pattern.at)
            return !path.at;
    }
}

static void find_route(struct http_req_private *p, unsigned *allowed_out)
{
    const struct http_server_options *options = &p->server->options;
    unsigned method = p->req.method == HTTP_HEAD ? HTTP_GET | HTTP_HEAD : (unsigned)p->req.method;
    struct str target = p->req.target, path = str_cut(&target, '?');
    *allowed_out = 0;
    for (size_t i = 0; i < options->route_count; i++) {
        if (!matches(p, &options->routes[i], path))
            continue;
        *allowed_out |= options->routes[i].methods;
        if (options->routes[i].methods & method) {
            p->route = &options->routes[i];
            return;
        }
    }
    p->param_count = 0;
}

static void refuse_method(struct http_req *req, unsigned allowed)
{
    struct buf names = {0};
    if (allowed & HTTP_GET)
        allowed |= HTTP_HEAD;
    for (unsigned method = HTTP_GET; method <= HTTP_OPTIONS; method <<= 1)
        if (allowed & method)
            buf_printf(&names, "%s%s", names.bytes ? ", " : "", http_method_name(method));
    http_set_header(req, "Allow", buf_text(&names));
    buf_free(&names);
    http_fail(req, 405, "this address does not take that method");
}

static bool is_token(const char *name)
{
    static const char others[] = "!#$%&'*+-.^_`|~"; /* RFC 9110 5.6.2 */
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr(others, *name))
            return false;
    return true;
}

/* Heads that two readers could understand in two ways, which is how requests are smuggled past a
 * proxy: what bounds the body must be said once and plainly. Source: RFC 9112 6.3, 5.1, 3.2. */
static bool is_plain(struct evhttp_request *ev)
{
    struct evkeyvalq *headers = evhttp_request_get_input_headers(ev);
    int lengths = 0, encodings = 0, hosts = 0;
    for (const struct evkeyval *header = headers->tqh_first; header;
         header = header->next.tqe_next) {
        if (!is_token(header->key))
            return false;
        lengths += !strcasecmp(header->key, "Content-Length");
        encodings += !strcasecmp(header->key, "Transfer-Encoding");
        hosts += !strcasecmp(header->key, "Host");
    }
    const char *encoding = evhttp_find_header(headers, "Transfer-Encoding");
    if (evhttp_request_get_command(ev) == EVHTTP_REQ_HEAD && lengths + encodings)
        return false; /* evhttp would take the body for the next request */
    return lengths + encodings <= 1 && hosts <= 1 &&
           (!encoding || !strcasecmp(encoding, "chunked"));
}

static void route_request(struct http_req_private *p)
{
    struct http_req *req = &p->req;
    unsigned allowed = 0;
    if (!is_plain(p->ev)) {
        http_set_header(req, "Connection", "close");
        http_fail(req, 400, "the request can be read in more than one way");
        return;
    }
    if (!req->method) {
        http_fail(req, 501, "unknown method");
        return;
    }
    if (read_target(p)) {
        http_fail(req, 400, "the address is not a valid path and query");
        return;
    }
    find_route(p, &allowed);
    if (!p->route && allowed)
        refuse_method(req, allowed);
    else if (!p->route)
        http_fail(req, 404, "there is nothing at this address");
    else if (req->body.bytes > p->route->body_bytes_max)
        http_fail(req, 413, "the body is larger than this address takes");
    else
        p->route->handler(req);
}

void http_new_id(char id_out[HTTP_ID_BYTES])
{
    unsigned char random[8];
    random_bytes(random, sizeof(random));
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(id_out + 2 * i, 3, "%02x", random[i]);
}

static struct http_req_private *req_new(struct http_server *server, struct evhttp_request *ev)
{
    struct http_req_private *p = xalloc(sizeof(*p));
    struct evbuffer *body = evhttp_request_get_input_buffer(ev);
    *p = (struct http_req_private){.server = server, .ev = ev, .next = server->live};
    if (server->live)
        server->live->previous = p;
    server->live = p;
    p->start_us = loop_now_us(server->loop);
    p->req = (struct http_req){.arena = &p->arena,
                               .app = server->options.app,
                               .method = method_of(ev),
                               .target = target_of(ev),
                               .private = p};
    p->req.body.bytes = evbuffer_get_length(body);
    p->req.body.at = (const char *)evbuffer_pullup(body, -1);
    http_new_id(p->req.id);
    char *address = NULL;
    ev_uint16_t port;
    evhttp_connection_get_peer(evhttp_request_get_connection(ev), &address, &port);
    snprintf(p->remote, sizeof(p->remote), "%s", address ? address : "");
    return p;
}

/* Of connections between two requests: a little more than a request may take, so that who is late
 * with one is told before he is hung up on. */
static struct timeval idle_time(const struct http_server *server)
{
    int64_t ms = server->options.idle_ms_max + 2 * http_sweep_ms(server);
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

/* The reply is out and the connection waits for its next request. */
static void on_reply_sent(struct evhttp_request *ev, void *arg)
{
    struct http_server *server = arg;
    struct bufferevent *connection =
        evhttp_connection_get_bufferevent(evhttp_request_get_connection(ev));
    struct timeval idle = idle_time(server);
    bufferevent_set_timeouts(connection, &idle, &idle);
    bufferevent_setwatermark(connection, EV_READ, 0, server->input_bytes_max);
    http_guest_idle(server, connection);
}

/* See the top of the file. Only a client that sends may be idle, not one that waits for us. */
static void watch_for_close(struct http_req_private *p)
{
    struct bufferevent *connection = http_bufferevent(p);
    bufferevent_data_cb on_write;
    bufferevent_event_cb on_event;
    void *arg;
    struct timeval idle = idle_time(p->server);
    bufferevent_getcb(connection, NULL, &on_write, &on_event, &arg);
    bufferevent_setcb(connection, NULL, on_write, on_event, arg);
    bufferevent_set_timeouts(connection, NULL, &idle);
    bufferevent_setwatermark(connection, EV_READ, 0, HTTP_PIPELINED_MAX);
    bufferevent_enable(connection, EV_READ);
}

static void on_request(struct evhttp_request *ev, void *arg)
{
    struct http_server *server = arg;
    if (server->closed)
        return;
    struct http_req_private *p = req_new(server, ev);
    http_guest_busy(server, http_bufferevent(p));
    evhttp_connection_set_closecb(evhttp_request_get_connection(ev), on_connection_closed, p);
    evhttp_request_set_on_complete_cb(ev, on_reply_sent, server);
    route_request(p);
    if (!p->over)
        watch_for_close(p);
}

/* "1.2.3.4:80" or "[::1]:80". */
static int parse_address(const char *text, struct sockaddr_storage *address_out,
                         socklen_t *bytes_out)
{
    const char *colon = strrchr(text, ':');
    char host[64];
    char *end = NULL;
    long port = colon && colon[1] ? strtol(colon + 1, &end, 10) : -1;
    if (port < 0 || port > UINT16_MAX || *end || colon == text)
        return EINVAL;
    bool is_ipv6 = text[0] == '[' && colon[-1] == ']';
    snprintf(host, sizeof(host), "%.*s", (int)(colon - text) - 2 * is_ipv6, text + is_ipv6);
    struct sockaddr_in six_or_four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (inet_pton(is_ipv6 ? AF_INET6 : AF_INET, host,
                  is_ipv6 ? (void *)&six.sin6_addr : (void *)&six_or_four.sin_addr) != 1)
        return EINVAL;
    *bytes_out = is_ipv6 ? sizeof(six) : sizeof(six_or_four);
    memcpy(address_out, is_ipv6 ? (const void *)&six : (const void *)&six_or_four, *bytes_out);
    return 0;
}

static int listen_at(struct http_server *server, const char *address, const char **why_out)
{
    struct sockaddr_storage at = {0};
    socklen_t bytes = 0;
    if (parse_address(address, &at, &bytes)) {
        *why_out = "the address is not of the form 127.0.0.1:8080 or [::1]:8080";
        return EINVAL;
    }
    struct evconnlistener *listener = evconnlistener_new_bind(
        loop_base(server->loop), NULL, NULL,
        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE | LEV_OPT_REUSEABLE_PORT,
        LISTEN_BACKLOG, (struct sockaddr *)&at, (int)bytes);
    if (!listener) {
        int err = errno;
        *why_out = err == EADDRINUSE ? "the address is in use by another program"
                                     : "the address cannot be listened at";
        return err;
    }
    server->bound = evhttp_bind_listener(server->http, listener);
    http_guests_open(server);
    int fd = evconnlistener_get_fd(listener), on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* Linux: connections inherit it */
    bytes = sizeof(at);
    getsockname(fd, (struct sockaddr *)&at, &bytes);
    server->port = ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                                  : ((struct sockaddr_in *)&at)->sin_port);
    return 0;
}

static void set_up(struct http_server *server)
{
    struct http_server_options *options = &server->options;
    if (!options->idle_ms_max)
        options->idle_ms_max = 30000;
    if (!options->header_bytes_max)
        options->header_bytes_max = 16 * 1024;
    if (!options->connections_max)
        options->connections_max = 10000;
    for (size_t i = 0; i < options->route_count; i++)
        if (options->routes[i].body_bytes_max > server->body_bytes_max)
            server->body_bytes_max = options->routes[i].body_bytes_max;
    server->input_bytes_max = server->body_bytes_max + options->header_bytes_max + 1024;
    server->scratch = evbuffer_new();
    server->http = evhttp_new(loop_base(server->loop));
    assert(server->http && server->scratch);
    struct timeval idle = idle_time(server);
    evhttp_set_timeout_tv(server->http, &idle);
    evhttp_set_max_headers_size(server->http, (ev_ssize_t)options->header_bytes_max);
    evhttp_set_max_body_size(server->http, (ev_ssize_t)server->body_bytes_max);
    evhttp_set_allowed_methods(server->http, UINT16_MAX); /* the table of routes decides */
    evhttp_set_default_content_type(server->http, NULL);
    evhttp_set_gencb(server->http, on_request, server);
}

int http_server_open(struct loop *loop, const char *address,
                     const struct http_server_options *options, struct http_server **server_out,
                     const char **why_out)
{
    struct http_server *server = xalloc(sizeof(*server));
    server->loop = loop;
    server->options = *options;
    int err = 0;
    if (options->tls_cert_file)
        err = tls_server_context(options->tls_cert_file, options->tls_key_file, &server->tls,
                                 why_out);
    set_up(server);
    if (!err)
        err = listen_at(server, address, why_out);
    if (err)
        http_server_close(&server);
    else
        *server_out = server;
    return err;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_stop_listening(struct http_server *server)
{
    if (server->bound)
        evhttp_del_accept_socket(server->http, server->bound);
    server->bound = NULL;
}

/* At the turn's end, since a handler may close its own server, with evhttp on the stack. */
static void free_server(void *arg)
{
    struct http_server *server = arg;
    evhttp_free(server->http);
    http_guests_close(server);
    evbuffer_free(server->scratch);
    SSL_CTX_free(server->tls);
    free(server);
}

bool http_server_idle(const struct http_server *server)
{
    return !server->live;
}

void http_server_close(struct http_server **server_slot)
{
    struct http_server *server = *server_slot;
    if (!server)
        return;
    *server_slot = NULL;
    server->closed = true;
    http_server_stop_listening(server);
    while (server->live)
        client_left(server->live);
    while (server->taken)
        server->taken->on_drop(server->taken->arg);
    loop_defer(server->loop, free_server, server);
}
