/* carrier/leg.h: one side of a call at a carrier: audio both ways, marks, keys. The port that each
 * carrier's media stream implements; twilio_media.c first. */
#pragma once
#include "base/buf.h"
#include "net/http_server.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct leg;

struct leg_start {       /* borrowed until the handler returns */
    struct str call_sid; /* the carrier's id of the call */
    struct str stream_sid;
    struct str token; /* the one-use token our TwiML carried */
    struct str after; /* what came before this stream, as our TwiML said: "transfer" or "" */
};
struct leg_handler {
    void (*on_audio)(struct leg *leg, const uint8_t *ulaw, size_t bytes, int64_t at_ms, void *arg);
    void (*on_mark)(struct leg *leg, uint32_t mark, void *arg);
    void (*on_dtmf)(struct leg *leg, char digit, void *arg);
    /* The last call. stopped: the carrier said stop (the caller hung up or the call moved on); not
     * stopped: the connection broke. */
    void (*on_closed)(struct leg *leg, bool stopped, const char *why, void *arg);
};

/* A stream that has shown a well-formed start message, still a stranger: whoever is asked must
 * answer, at any later time, with leg_admit() or leg_refuse(). Until then audio is kept (bounded).
 * Streams that never send start are closed after LEG_START_MS_MAX. */
enum { LEG_START_MS_MAX = 5000, LEG_EARLY_AUDIO_MS_MAX = 3000, LEG_QUEUE_BYTES_MAX = 256 * 1024 };
typedef void leg_stranger_fn(struct leg *leg, const struct leg_start *start, void *arg);
/* From here on the leg belongs to the caller until leg_close(), also after on_closed. What came
 * early is delivered on the next turn of the loop. */
void leg_admit(struct leg *leg, const struct leg_handler *handler, void *arg);
void leg_refuse(struct leg *leg, const char *why); /* close code 1008 */
/* When the stranger goes away before it was answered on_stranger_gone runs instead of on_closed. */
typedef void leg_gone_fn(struct leg *leg, void *arg);

void leg_send_audio(struct leg *leg, const uint8_t *ulaw, size_t bytes);
void leg_send_mark(struct leg *leg, uint32_t mark);
void leg_send_clear(struct leg *leg);
/* What is sent in between leaves in one piece: to be used within one turn of the loop. */
void leg_hold(struct leg *leg);
void leg_release(struct leg *leg);
/* NULL after; NULL is fine. The carrier goes on with what stands behind the stream. */
void leg_close(struct leg **leg, const char *why);
