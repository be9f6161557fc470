/* bench/ws.c: what a media frame costs on its way into a server's WebSocket: run it under
 * `perf stat` or `valgrind --tool=callgrind --toggle-collect=ws_on_readable`, which count
 * instructions; it prints time. */
#include "net/ws.h"
#include "base/mem.h"
#include "net/http_server.h"
#include "net/ws_wire.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct ws_limits limits;
static struct ws *media;
static long messages;

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    (void)ws;
    (void)kind;
    (void)data;
    (void)bytes;
    (void)arg;
    messages++;
}

static void on_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    (void)ws;
    (void)arg;
    fprintf(stderr, "closed: %d %s %d\n", code, why, http_status);
    exit(1);
}

static const struct ws_handler handler = {NULL, on_message, on_close};

static void on_media(struct http_req *req)
{
    if (ws_accept(req, &limits, &handler, NULL, &media))
        http_fail(req, 400, "not a WebSocket handshake");
}

/* A frame as the carrier sends it every 20 ms: 160 bytes of audio in 382 of JSON. */
static size_t make_frame(uint8_t *frame)
{
    char text[400];
    int bytes =
        snprintf(text, sizeof(text),
                 "{\"event\":\"media\",\"sequenceNumber\":\"4242\",\"media\":{\"track\":"
                 "\"inbound\",\"chunk\":\"4241\",\"timestamp\":\"84820\",\"payload\":\"%0216d"
                 "\"},\"streamSid\":\"MZ0123456789abcdef0123456789abcdef\"}",
                 7);
    struct ws_head head = {.fin = true,
                           .opcode = WS_OP_TEXT,
                           .masked = true,
                           .mask = {0x12, 0x34, 0x56, 0x78},
                           .payload_bytes = (size_t)bytes};
    size_t head_bytes = ws_head_write(&head, frame);
    memcpy(frame + head_bytes, text, (size_t)bytes);
    ws_mask(frame + head_bytes, (size_t)bytes, head.mask, 0);
    return head_bytes + (size_t)bytes;
}

int main(int argc, char **argv)
{
    static const struct http_route routes[] = {{HTTP_GET, "/media", on_media, 0}};
    static const char handshake[] = "GET /media HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                                    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    long wanted = argc > 1 ? atol(argv[1]) : 100000;
    struct loop *loop = loop_new();
    struct http_server *server;
    const char *why = "";
    const struct http_server_options options = {.routes = routes, .route_count = 1};
    if (http_server_open(loop, "127.0.0.1:0", &options, &server, &why)) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(http_server_port(server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    uint8_t frame[500];
    size_t bytes = make_frame(frame);
    if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) ||
        write(fd, handshake, sizeof(handshake) - 1) < 0)
        return 1;
    while (!media)
        loop_step(loop, 1000);
    int64_t start_us = loop_now_us(loop);
    while (messages < wanted) {
        long before = messages;
        if (write(fd, frame, bytes) != (ssize_t)bytes)
            return 1;
        while (messages == before)
            loop_step(loop, 0);
    }
    printf("%ld messages of %zu bytes, %.2f us each, the sender's half included\n", messages, bytes,
           (double)(loop_now_us(loop) - start_us) / (double)messages);
    ws_close(&media, WS_CLOSE_LOST, "");
    close(fd);
    http_server_close(&server);
    loop_free(&loop);
    return 0;
}
