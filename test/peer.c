/* test/peer.c: scripted TCP peers on the loop. */
#include "test/peer.h"

#include "base/mem.h"
#include "test/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void update(struct peer *peer)
{
    if (!peer->watch)
        return;
    unsigned events = peer->unsent.bytes ? WATCH_WRITE : 0;
    if (!peer->deaf && !peer->closed)
        events |= WATCH_READ;
    watch_set(peer->watch, events);
}

static void hear(struct peer *peer)
{
    char data[64 * 1024];
    ssize_t bytes = read(peer->fd, data, sizeof(data));
    if (bytes > 0)
        buf_add(&peer->heard, data, (size_t)bytes);
    else if (bytes == 0 || errno != EAGAIN)
        peer->closed = true;
}

static void say(struct peer *peer)
{
    ssize_t bytes = send(peer->fd, peer->unsent.data, peer->unsent.bytes, MSG_NOSIGNAL);
    if (bytes > 0)
        buf_drop(&peer->unsent, (size_t)bytes);
    else if (errno != EAGAIN)
        buf_clear(&peer->unsent);
}

static void on_ready(int fd, unsigned events, void *arg)
{
    struct peer *peer = arg;
    (void)fd;
    if (events & WATCH_READ)
        hear(peer);
    if (events & WATCH_WRITE && peer->unsent.bytes)
        say(peer);
    update(peer);
}

static struct peer *peer_new(struct loop *loop, int fd)
{
    struct peer *peer = xalloc(sizeof(*peer));
    peer->loop = loop;
    peer->fd = fd;
    peer->watch = watch_new(loop, fd, on_ready, peer);
    update(peer);
    return peer;
}

struct peer *peer_connect(struct loop *loop, uint16_t port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    int failed = connect(fd, (const struct sockaddr *)&at, sizeof(at));
    assert_true(!failed || errno == EINPROGRESS);
    return peer_new(loop, fd);
}

static void on_connection(int fd, unsigned events, void *arg)
{
    struct peer_listener *listener = arg;
    (void)events;
    int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0)
        return;
    assert_true(listener->count < countof(listener->accepted));
    listener->accepted[listener->count++] = peer_new(listener->loop, accepted);
}

struct peer_listener *peer_listen(struct loop *loop)
{
    struct peer_listener *listener = xalloc(sizeof(*listener));
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof(at);
    listener->loop = loop;
    listener->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener->fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(listener->fd, 64), 0);
    getsockname(listener->fd, (struct sockaddr *)&at, &bytes);
    listener->port = ntohs(at.sin_port);
    listener->watch = watch_new(loop, listener->fd, on_connection, listener);
    watch_set(listener->watch, WATCH_READ);
    return listener;
}

/* One turn of the loop; fails the test once the time is over. */
static void turn(struct loop *loop, int64_t start_us, const char *awaited)
{
    if (loop_now_us(loop) - start_us > (int64_t)PEER_WAIT_MS * 1000)
        fail_msg("waited in vain for: %s", awaited);
    loop_step(loop, 100);
}

struct peer *peer_accept(struct peer_listener *listener)
{
    int64_t start_us = loop_now_us(listener->loop);
    while (listener->taken == listener->count)
        turn(listener->loop, start_us, "a connection");
    return listener->accepted[listener->taken++];
}

void peer_listener_free(struct peer_listener **slot)
{
    struct peer_listener *listener = *slot;
    if (!listener)
        return;
    *slot = NULL;
    while (listener->taken < listener->count)
        peer_free(&listener->accepted[listener->taken++]);
    watch_free(&listener->watch);
    close(listener->fd);
    free(listener);
}

void peer_send(struct peer *peer, const void *data, size_t bytes)
{
    buf_add(&peer->unsent, data, bytes);
    update(peer);
}

void peer_say(struct peer *peer, const char *text)
{
    peer_send(peer, text, strlen(text));
}

void peer_set_deaf(struct peer *peer, bool deaf)
{
    peer->deaf = deaf;
    update(peer);
}

void peer_expect(struct peer *peer, const char *text)
{
    int64_t start_us = loop_now_us(peer->loop);
    const char *found;
    while (!(found = peer->heard.bytes
                         ? memmem(peer->heard.data, peer->heard.bytes, text, strlen(text))
                         : NULL)) {
        if (peer->closed)
            fail_msg("closed before it said: %s\nit said: %s", text, buf_text(&peer->heard));
        turn(peer->loop, start_us, text);
    }
    buf_drop(&peer->heard, (size_t)(found - peer->heard.data) + strlen(text));
}

void peer_expect_bytes(struct peer *peer, size_t bytes)
{
    int64_t start_us = loop_now_us(peer->loop);
    while (peer->heard.bytes < bytes) {
        if (peer->closed)
            fail_msg("closed after %zu of %zu bytes", peer->heard.bytes, bytes);
        turn(peer->loop, start_us, "more bytes");
    }
}

void peer_expect_closed(struct peer *peer)
{
    int64_t start_us = loop_now_us(peer->loop);
    while (!peer->closed)
        turn(peer->loop, start_us, "the end of the connection");
}

void peer_half_close(struct peer *peer)
{
    shutdown(peer->fd, SHUT_WR);
}

void peer_reset(struct peer *peer)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    watch_free(&peer->watch);
    close(peer->fd);
    peer->fd = -1;
}

void peer_free(struct peer **slot)
{
    struct peer *peer = *slot;
    if (!peer)
        return;
    *slot = NULL;
    watch_free(&peer->watch);
    if (peer->fd >= 0)
        close(peer->fd);
    buf_free(&peer->heard);
    buf_free(&peer->unsent);
    loop_defer(peer->loop, free, peer); /* its event may be on the stack */
}

void wait_for(struct loop *loop, const bool *flag)
{
    int64_t start_us = loop_now_us(loop);
    while (!*flag)
        turn(loop, start_us, "a flag");
}

void settle(struct loop *loop)
{
    for (int i = 0; i < 20; i++)
        loop_step(loop, 1);
}
