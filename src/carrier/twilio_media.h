/* carrier/twilio_media.h: the leg over a Twilio media stream: a WebSocket that Twilio opens to us.
 *
 *   accept -> (connected) -> start -> stranger -> admitted -> closed
 *                |             |         '-> refused
 *                |             '-> bad start
 *                '-> never started
 *
 * Anyone on the internet can open this socket, so nothing costly happens before somebody has
 * checked the token of its start message. Each way of being turned away has a close code, a line in
 * the log and a counter. */
#pragma once
#include "carrier/leg.h"

#include <stdint.h>

enum {
    /* Of LEG_QUEUE_BYTES_MAX, kept for marks and clears when audio already finds no room. */
    TWILIO_MEDIA_CONTROL_BYTES = 16 * 1024,
    TWILIO_MEDIA_SLOW_MS_MAX = 5000, /* a reader that has no room for so long is given up */
    TWILIO_MEDIA_ODD_MAX = 50,       /* undecodable pieces of audio, unknown marks */
};

/* One a worker; all only ever grow but strangers and open. */
struct twilio_media_counters {
    uint64_t open, strangers; /* now */
    uint64_t accepted;
    uint64_t not_websocket; /* 400: no handshake */
    uint64_t crowded;       /* 503: strangers_max reached */
    uint64_t never_started; /* 1008 after LEG_START_MS_MAX */
    uint64_t bad_message;   /* 1003 binary, 1007 not JSON, 1008 a message out of order */
    uint64_t too_big;       /* 1009 */
    uint64_t bad_start;     /* 1008: no SIDs, no token, another account's, not mu-law 8 kHz */
    uint64_t refused;       /* 1008 by leg_refuse() */
    uint64_t slow;          /* 1008: the reader does not read */
    uint64_t lost;          /* the connection broke */
    uint64_t stopped;       /* an orderly end */
    uint64_t audio_dropped; /* pieces that found no room on their way out */
};

struct twilio_media_options {
    struct loop *loop;
    const char *account_sid; /* start must name it; NULL or "" accepts any */
    uint64_t strangers_max;  /* sockets not yet admitted; default 200 */
    int64_t start_ms_max;    /* default LEG_START_MS_MAX */
    int64_t slow_ms_max;     /* default TWILIO_MEDIA_SLOW_MS_MAX */
    struct twilio_media_counters *counters;
    leg_stranger_fn *on_stranger;  /* start has come */
    leg_gone_fn *on_stranger_gone; /* ... and the socket went before it was answered */
    void *arg;
};

/* Takes the request over, whatever comes: 101, or a problem. The options (but not what they point
 * to) are copied. */
void twilio_media_accept(struct http_req *req, const struct twilio_media_options *options);
