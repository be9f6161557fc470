/* net/ws_connect.c: the client's side of the handshake: name, connection, TLS, the HTTP question
 * and its answer, all within one deadline. Source: RFC 6455 4.1.
 *
 * name --addresses--> connect (each in turn) --> TLS --> question --> answer: 101 --> open
 *                                                               '--> refused: read why     */
#include "base/hash.h"
#include "base/id.h"
#include "base/utf8.h"
#include "net/resolve.h"
#include "net/tls.h"
#include "net/url.h"
#include "net/ws_private.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ADDRESS_MS_MAX = 1500, /* for one address, while there are others to try */
    ANSWER_BYTES_MAX = 16 * 1024,
    REASON_BYTES_MAX = 200,
    REASON_MS_MAX = 500, /* for the body of a refusal */
};

enum stage { RESOLVING, CONNECTING, TLS_HANDSHAKE, ASKING, ANSWERED, REFUSED };

struct ws_opening {
    enum stage stage;
    struct url url;
    char *url_text; /* what url borrows from */
    SSL_CTX *tls;   /* NULL: plain */
    struct op *resolving;
    struct resolved found;
    size_t next; /* of the addresses found */
    int64_t deadline_ms;
    struct buf question; /* what of it was not sent yet */
    char accept[WS_ACCEPT_BYTES + 1];
    int status;
    size_t head_bytes;   /* of the answer, in ws->in */
    size_t reason_bytes; /* of the refusal's body that we wait for */
};

static void connect_next(struct ws *ws, const char *why_last);

void ws_opening_free(struct ws *ws)
{
    struct ws_opening *opening = ws->opening;
    if (!opening)
        return;
    ws->opening = NULL;
    op_cancel(&opening->resolving);
    buf_free(&opening->question);
    free(opening->url_text);
    free(opening);
}

/* Time for this step: what is left of the whole, less when there is another address to try. */
static void set_deadline(struct ws *ws, int64_t step_ms_max)
{
    int64_t at_ms = loop_now_ms(ws->loop) + step_ms_max;
    timer_set(ws->timer, at_ms < ws->opening->deadline_ms ? at_ms : ws->opening->deadline_ms);
}

static void refused(struct ws *ws, struct str reason)
{
    char why[REASON_BYTES_MAX + 1];
    reason = utf8_cut(str_trim(reason), REASON_BYTES_MAX);
    snprintf(why, sizeof(why), "%.*s", (int)reason.bytes, reason.bytes ? reason.at : "");
    ws_lost(ws, why, ws->opening->status);
}

static struct str body_so_far(const struct ws *ws)
{
    size_t at = ws->opening->head_bytes;
    return (struct str){ws->in.data + at, ws->in.bytes - at};
}

void ws_opening_late(struct ws *ws)
{
    struct ws_opening *opening = ws->opening;
    bool out_of_time = loop_now_ms(ws->loop) >= opening->deadline_ms;
    if (opening->stage == REFUSED)
        refused(ws, body_so_far(ws));
    else if (opening->stage == CONNECTING && !out_of_time)
        connect_next(ws, "no answer to the connection");
    else
        ws_lost(ws, "the handshake took too long", 0);
}

static void on_accepted(struct ws *ws, const struct ws_answer *answer)
{
    if (!str_is_nocase(answer->upgrade, "websocket") ||
        !str_is_nocase(answer->connection, "upgrade") ||
        !str_is(answer->accept, ws->opening->accept)) {
        ws_lost(ws, "the answer accepts another handshake than ours", 101);
        return;
    }
    if (answer->extensions.bytes) {
        ws_lost(ws, "the answer brings an extension nobody asked for", 101);
        return;
    }
    buf_drop(&ws->in, answer->head_bytes);
    if (!ws->in.bytes)
        buf_free(&ws->in);
    ws_opening_free(ws);
    ws_opened(ws);
    if (ws->handler.on_open)
        ws->handler.on_open(ws, ws->arg);
}

/* Some recognisers say why in a header, others in the body. */
static void on_refused(struct ws *ws, const struct ws_answer *answer)
{
    struct ws_opening *opening = ws->opening;
    opening->stage = REFUSED;
    opening->reason_bytes = REASON_BYTES_MAX;
    if (answer->body_bytes >= 0 && answer->body_bytes < REASON_BYTES_MAX)
        opening->reason_bytes = (size_t)answer->body_bytes;
    if (answer->error.bytes)
        refused(ws, answer->error);
    else if (body_so_far(ws).bytes >= opening->reason_bytes)
        refused(ws, body_so_far(ws));
    else
        set_deadline(ws, REASON_MS_MAX);
}

static void on_answer(struct ws *ws)
{
    struct ws_opening *opening = ws->opening;
    struct ws_answer answer;
    if (opening->stage == REFUSED) {
        if (body_so_far(ws).bytes >= opening->reason_bytes)
            refused(ws, body_so_far(ws));
        return;
    }
    int err = ws_answer_parse(buf_str(&ws->in), &answer);
    if (err == EAGAIN && ws->in.bytes > ANSWER_BYTES_MAX)
        ws_lost(ws, "the answer's head is too long", 0);
    else if (err == EPROTO)
        ws_lost(ws, "the answer is not HTTP", 0);
    if (err)
        return;
    opening->head_bytes = answer.head_bytes;
    opening->status = answer.status;
    if (answer.status == 101)
        on_accepted(ws, &answer);
    else
        on_refused(ws, &answer);
}

static void read_answer(struct ws *ws)
{
    size_t bytes = 0;
    int err = 0;
    while (!err && ws->state == WS_OPENING && ws->in.bytes <= ANSWER_BYTES_MAX) {
        buf_reserve(&ws->in, 4096);
        err = ws_io_read(ws, ws->in.data + ws->in.bytes, 4096, &bytes);
        if (err)
            break;
        ws->in.bytes += bytes;
        ws->in.data[ws->in.bytes] = '\0';
        on_answer(ws);
    }
    if (err && err != EAGAIN && ws->opening->stage == REFUSED)
        refused(ws, body_so_far(ws));
    else if (err && err != EAGAIN)
        ws_lost(ws, "the connection broke in the handshake", 0);
}

static void ask(struct ws *ws)
{
    struct buf *question = &ws->opening->question;
    ws->opening->stage = ASKING;
    size_t written = ws_io_write(ws, question->data, question->bytes);
    buf_drop(question, written);
    if (!question->bytes)
        ws->opening->stage = ANSWERED;
    watch_set(ws->watch, WATCH_READ | (question->bytes ? WATCH_WRITE : 0));
}

static void shake_hands(struct ws *ws)
{
    ERR_clear_error();
    int result = SSL_do_handshake(ws->ssl);
    if (result == 1) {
        ask(ws);
        return;
    }
    switch (SSL_get_error(ws->ssl, result)) {
    case SSL_ERROR_WANT_READ: watch_set(ws->watch, WATCH_READ); break;
    case SSL_ERROR_WANT_WRITE: watch_set(ws->watch, WATCH_WRITE); break;
    default: ws_lost(ws, tls_why(ws->ssl), 0);
    }
}

static void on_connected(struct ws *ws)
{
    struct ws_opening *opening = ws->opening;
    int err = 0, on = 1;
    socklen_t bytes = sizeof(err);
    getsockopt(ws->fd, SOL_SOCKET, SO_ERROR, &err, &bytes);
    if (err) {
        connect_next(ws, strerror(err));
        return;
    }
    setsockopt(ws->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    timer_set(ws->timer, opening->deadline_ms);
    if (!opening->tls) {
        ask(ws);
        return;
    }
    opening->stage = TLS_HANDSHAKE;
    ws->ssl = tls_client_new(opening->tls, ws->fd, opening->url.host);
    shake_hands(ws);
}

void ws_opening_ready(struct ws *ws, unsigned events)
{
    switch (ws->opening->stage) {
    case RESOLVING: break;
    case CONNECTING: on_connected(ws); break;
    case TLS_HANDSHAKE: shake_hands(ws); break;
    case ASKING:
        if (events & WATCH_WRITE)
            ask(ws);
        else
            read_answer(ws); /* refused before we were through, or lost */
        break;
    case ANSWERED:
    case REFUSED: read_answer(ws);
    }
}

static socklen_t fill_in(const char *text, uint16_t port, struct sockaddr_storage *address)
{
    struct sockaddr_in *four = (struct sockaddr_in *)address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        return sizeof(*four);
    }
    inet_pton(AF_INET6, text, &six->sin6_addr);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    return sizeof(*six);
}

static int try_address(struct ws *ws, const char *text)
{
    struct sockaddr_storage address = {0};
    socklen_t bytes = fill_in(text, ws->opening->url.port, &address);
    ws->fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (ws->fd < 0)
        return errno;
    if (connect(ws->fd, (const struct sockaddr *)&address, bytes) && errno != EINPROGRESS) {
        int err = errno;
        close(ws->fd);
        ws->fd = -1;
        return err;
    }
    ws_watch(ws);
    watch_set(ws->watch, WATCH_WRITE);
    return 0;
}

static void connect_next(struct ws *ws, const char *why_last)
{
    struct ws_opening *opening = ws->opening;
    opening->stage = CONNECTING;
    ws_io_close(ws);
    while (opening->next < opening->found.count) {
        int err = try_address(ws, opening->found.addresses[opening->next++]);
        if (!err) {
            bool last = opening->next == opening->found.count;
            set_deadline(ws, last ? ws->limits.handshake_ms_max : ADDRESS_MS_MAX);
            return;
        }
        why_last = strerror(err);
    }
    ws_lost(ws, why_last, 0);
}

static void on_found(int err, const struct resolved *found, void *arg)
{
    struct ws *ws = arg;
    if (err) {
        ws_lost(ws, err == ENOENT ? "the host's name is not known" : "no name server answered", 0);
        return;
    }
    ws->opening->found = *found;
    connect_next(ws, "");
}

static int write_question(struct ws_opening *opening, const char *const *headers)
{
    struct buf *question = &opening->question;
    uint8_t nonce[16];
    struct buf key = {0};
    bool is_ipv6 = strchr(opening->url.host, ':');
    random_bytes(nonce, sizeof(nonce));
    base64_put(&key, nonce, sizeof(nonce));
    ws_accept_key(buf_str(&key), opening->accept);
    buf_printf(question, "GET %.*s HTTP/1.1\r\nHost: %s%s%s", (int)opening->url.target.bytes,
               opening->url.target.at, is_ipv6 ? "[" : "", opening->url.host, is_ipv6 ? "]" : "");
    if (opening->url.port_given)
        buf_printf(question, ":%u", opening->url.port);
    buf_printf(question,
               "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: %s\r\n",
               buf_text(&key));
    buf_free(&key);
    for (; headers && *headers; headers++) {
        if (strpbrk(*headers, "\r\n") || !strchr(*headers, ':'))
            return EINVAL;
        buf_printf(question, "%s\r\n", *headers);
    }
    buf_puts(question, "\r\n");
    return 0;
}

int ws_connect(struct loop *loop, const char *url, const char *const *headers, const char *ca_file,
               const struct ws_limits *limits, const struct ws_handler *handler, void *arg,
               struct ws **ws_out)
{
    struct ws_opening *opening = xalloc(sizeof(*opening));
    opening->url_text = xstrdup(url);
    int err = str_starts(str_of(url), "ws") ? url_parse(opening->url_text, &opening->url) : EINVAL;
    if (!err)
        err = write_question(opening, headers);
    if (!err && opening->url.tls) {
        opening->tls = tls_client_context(ca_file);
        err = opening->tls ? 0 : EINVAL;
    }
    struct ws *ws = ws_new(loop, limits, handler, arg);
    ws->is_client = true;
    ws->opening = opening;
    if (err) {
        ws_bury(ws);
        return err;
    }
    opening->deadline_ms = loop_now_ms(loop) + ws->limits.handshake_ms_max;
    timer_set(ws->timer, opening->deadline_ms);
    resolve(loop, opening->url.host, on_found, ws, &opening->resolving);
    *ws_out = ws;
    return 0;
}

void ws_prepare(void)
{
    tls_client_context(NULL);
}
