/* bench/relay.c: the floor a call's cost is measured against: answers the webhook with a stream and
 * sends every frame of it straight back. No parsing, no recogniser, no model, no voice: what any
 * program must spend to take part in a media stream over net/ws at all.
 *
 * usage: bench-relay FILE       serves on a free port of 127.0.0.1, writes the port to FILE */
#include "net/http_server.h"
#include "net/loop.h"
#include "net/ws.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct http_server *server;

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    (void)arg;
    if (bytes > 16 && memmem(data, bytes < 80 ? bytes : 80, "\"media\"", 7))
        ws_send(ws, kind, data, bytes);
}

static void on_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    (void)ws;
    (void)code;
    (void)why;
    (void)http_status;
    (void)arg;
}

static void get_media(struct http_req *req)
{
    static const struct ws_handler handler = {.on_message = on_message, .on_close = on_close};
    static const struct ws_limits limits = {.message_bytes_max = 65536};
    struct ws *ws;
    if (ws_accept(req, &limits, &handler, NULL, &ws))
        http_fail(req, 400, "not a WebSocket handshake");
}

static void post_inbound(struct http_req *req)
{
    struct buf twiml = {0};
    buf_printf(&twiml,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Connect>"
               "<Stream url=\"ws://127.0.0.1:%u/media\"><Parameter name=\"token\" value=\"none\"/>"
               "</Stream></Connect></Response>",
               http_server_port(server));
    http_reply(req, 200, "text/xml", buf_str(&twiml));
    buf_free(&twiml);
}

static void post_status(struct http_req *req)
{
    http_reply(req, 200, "text/plain", str_of(""));
}

static void on_sigterm(void *arg)
{
    loop_stop(arg);
}

int main(int argc, char **argv)
{
    static const struct http_route routes[] = {
        {HTTP_POST, "/telephony/inbound", post_inbound, 65536},
        {HTTP_POST, "/telephony/status", post_status, 65536},
        {HTTP_GET, "/media", get_media, 0},
    };
    const char *why;
    FILE *file = argc == 2 ? fopen(argv[1], "w") : NULL;
    if (!file) {
        fputs("usage: bench-relay FILE\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    struct loop *loop = loop_new();
    if (http_server_open(
            loop, "127.0.0.1:0",
            &(struct http_server_options){.routes = routes, .route_count = countof(routes)},
            &server, &why)) {
        fprintf(stderr, "bench-relay: %s\n", why);
        return 1;
    }
    fprintf(file, "%u\n", http_server_port(server));
    fclose(file);
    loop_on_signal(loop, SIGTERM, on_sigterm, loop);
    loop_run(loop);
    http_server_close(&server);
    loop_free(&loop);
    return 0;
}
