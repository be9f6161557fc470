/* test/peer.h: the other end of a TCP connection, written by hand byte for byte: a peer says what
 * the test tells it to and keeps all it hears. Everything waits for events, at most PEER_WAIT_MS.
 */
#pragma once
#include "base/buf.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stdint.h>

enum { PEER_WAIT_MS = 10000 };

struct peer {
    struct loop *loop;
    struct watch *watch;
    struct buf heard;
    struct buf unsent;
    int fd;      /* -1 once closed by us */
    bool closed; /* the other side closed or reset the connection */
    bool deaf;   /* does not read: a slow reader */
};

struct peer *peer_connect(struct loop *loop, uint16_t port);

/* A server of one test: accepts connections one at a time, when asked. */
struct peer_listener {
    struct loop *loop;
    struct watch *watch;
    struct peer *accepted[64];
    size_t count, taken;
    int fd;
    uint16_t port;
};
struct peer_listener *peer_listen(struct loop *loop);
struct peer *peer_accept(struct peer_listener *listener); /* the next one, waiting for it */
void peer_listener_free(struct peer_listener **listener); /* and the peers nobody took */

void peer_say(struct peer *peer, const char *text);
void peer_send(struct peer *peer, const void *data, size_t bytes);
void peer_set_deaf(struct peer *peer, bool deaf);
/* Each waits and fails the test when time runs out. */
void peer_expect(struct peer *peer, const char *text); /* heard; drops all up to its end */
void peer_expect_bytes(struct peer *peer, size_t bytes);
void peer_expect_closed(struct peer *peer);
void peer_half_close(struct peer *peer); /* says no more, still listens */
void peer_reset(struct peer *peer);      /* RST */
void peer_free(struct peer **peer);

/* Runs the loop until *flag is true; fails the test when time runs out. */
void wait_for(struct loop *loop, const bool *flag);
/* Runs the loop until it has nothing more to do at once. */
void settle(struct loop *loop);
