/* net/ws_accept.c: the server's side of the handshake. Source: RFC 6455 4.2. */
#include "base/hash.h"
#include "net/ws_private.h"

#include <errno.h>

/* Whether a header that is a list of words has this one among them. */
static bool has_word(const char *list, const char *word)
{
    struct str rest = str_of(list);
    while (rest.bytes)
        if (str_is_nocase(str_trim(str_cut(&rest, ',')), word))
            return true;
    return false;
}

static bool is_key(const char *key)
{
    uint8_t nonce[WS_KEY_BYTES];
    size_t bytes = 0;
    struct str text = str_of(key);
    return text.bytes == WS_KEY_BYTES && !base64_decode(text, nonce, &bytes) && bytes == 16;
}

static bool is_handshake(const struct http_req *req)
{
    const char *version = http_header(req, "Sec-WebSocket-Version");
    return req->method == HTTP_GET && has_word(http_header(req, "Upgrade"), "websocket") &&
           has_word(http_header(req, "Connection"), "upgrade") && str_is(str_of(version), "13") &&
           is_key(http_header(req, "Sec-WebSocket-Key"));
}

static void on_server_closed(void *arg)
{
    ws_lost(arg, "the server was closed", 0);
}

/* A Sec-WebSocket-Protocol that a browser asks for is not answered: we speak none by name, and a
 * client that insists then closes by itself (RFC 6455 4.1). */
int ws_accept(struct http_req *req, const struct ws_limits *limits,
              const struct ws_handler *handler, void *arg, struct ws **ws_out)
{
    if (!is_handshake(req))
        return EINVAL;
    char accept[WS_ACCEPT_BYTES + 1];
    struct buf answer = {0};
    ws_accept_key(str_of(http_header(req, "Sec-WebSocket-Key")), accept);
    buf_printf(&answer,
               "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Accept: %s\r\nX-Request-Id: %s\r\n",
               accept, req->id);
    http_print_headers(req, &answer);
    buf_puts(&answer, "\r\n");
    struct ws *ws = ws_new(req->private->server->loop, limits, handler, arg);
    http_take_over(req, &ws->taken);
    ws->taken.on_drop = on_server_closed;
    ws->taken.arg = ws;
    ws->fd = ws->taken.fd;
    ws->ssl = ws->taken.ssl;
    ws->in = ws->taken.early;
    ws->taken.early = (struct buf){0};
    ws_opened(ws);
    ws_io_send(ws, answer.data, answer.bytes);
    buf_free(&answer);
    *ws_out = ws;
    return 0;
}
