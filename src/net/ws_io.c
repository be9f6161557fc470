/* net/ws_io.c: a WebSocket's bytes in and out, plain or TLS, straight from and to the socket. */
#include "net/ws_private.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

static int tls_error(struct ws *ws, int result)
{
    switch (SSL_get_error(ws->ssl, result)) {
    case SSL_ERROR_WANT_READ: return EAGAIN;
    case SSL_ERROR_WANT_WRITE: ws->wants_write = true; return EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
    case SSL_ERROR_SYSCALL: return ECONNRESET;
    default: return EPROTO;
    }
}

int ws_io_read(struct ws *ws, void *data, size_t room, size_t *bytes_out)
{
    if (ws->ssl) {
        ERR_clear_error();
        ws->wants_write = false;
        int result = SSL_read_ex(ws->ssl, data, room, bytes_out);
        return result == 1 ? 0 : tls_error(ws, result);
    }
    ssize_t bytes = recv(ws->fd, data, room, 0);
    if (bytes <= 0)
        return bytes < 0 && (errno == EAGAIN || errno == EINTR) ? EAGAIN : ECONNRESET;
    *bytes_out = (size_t)bytes;
    return 0;
}

size_t ws_io_write(struct ws *ws, const void *data, size_t bytes)
{
    if (ws->ssl) {
        size_t written = 0;
        ERR_clear_error();
        return SSL_write_ex(ws->ssl, data, bytes, &written) == 1 ? written : 0;
    }
    ssize_t written = send(ws->fd, data, bytes, MSG_NOSIGNAL);
    return written > 0 ? (size_t)written : 0;
}

void ws_io_flush(struct ws *ws)
{
    size_t written = 0;
    while (ws->out.bytes && (written = ws_io_write(ws, ws->out.data, ws->out.bytes)) > 0)
        buf_drop(&ws->out, written);
    if (!ws->out.bytes)
        buf_free(&ws->out);
    ws_io_watch(ws);
}

void ws_io_send(struct ws *ws, const void *data, size_t bytes)
{
    size_t written = 0;
    if (ws->is_held) {
        buf_add(&ws->out, data, bytes);
        return;
    }
    if (!ws->out.bytes && ws->state != WS_OPENING)
        written = ws_io_write(ws, data, bytes);
    if (written == bytes)
        return;
    buf_add(&ws->out, (const char *)data + written, bytes - written);
    ws_io_watch(ws);
}

void ws_io_watch(struct ws *ws)
{
    if (ws->watch && ws->state != WS_OPENING)
        watch_set(ws->watch, WATCH_READ | (ws->out.bytes || ws->wants_write ? WATCH_WRITE : 0));
}

void ws_io_say_end(struct ws *ws)
{
    if (ws->ssl && !(SSL_get_shutdown(ws->ssl) & SSL_SENT_SHUTDOWN))
        SSL_shutdown(ws->ssl);
    ERR_clear_error();
    shutdown(ws->fd, SHUT_WR);
}

void ws_io_close(struct ws *ws)
{
    watch_free(&ws->watch);
    if (ws->ssl && SSL_is_init_finished(ws->ssl))
        SSL_shutdown(ws->ssl); /* says goodbye if the system takes it; we do not wait */
    ERR_clear_error();
    if (ws->is_client) {
        SSL_free(ws->ssl);
        if (ws->fd >= 0)
            close(ws->fd);
    }
    http_give_up(&ws->taken);
    ws->ssl = NULL;
    ws->fd = -1;
}
