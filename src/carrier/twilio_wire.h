/* carrier/twilio_wire.h: the messages of a Twilio media stream as bytes and back. Pure: no socket,
 * no memory of its own. Both ends are here: ours, and the carrier's for the telephone that tests
 * us.
 *
 * Each message is one JSON object in a text frame; numbers come as strings, keys in any order.
 * Source: Twilio, "Media Streams: WebSocket messages". */
#pragma once
#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

enum {
    TWILIO_MESSAGE_BYTES_MAX = 16 * 1024,
    TWILIO_SID_BYTES = 34,                          /* two letters and 32 hex digits */
    TWILIO_AUDIO_BYTES_MAX = 8000,                  /* of one media message: a second */
    TWILIO_AUDIO_ROOM = TWILIO_AUDIO_BYTES_MAX + 4, /* what decoding one may scribble on */
    TWILIO_MARK_DIGITS_MAX = 10,
};

enum twilio_message_kind {
    TWILIO_CONNECTED,
    TWILIO_START,
    TWILIO_MEDIA,
    TWILIO_MARK,
    TWILIO_CLEAR, /* only from us */
    TWILIO_DTMF,
    TWILIO_STOP,
    TWILIO_OTHER, /* an event that did not exist when this was written */
};

/* A message taken apart, borrowed from its text; what is not there is empty or -1. Strings still
 * have their escapes, which none of the well-formed ones needs. */
struct twilio_message {
    enum twilio_message_kind kind;
    struct str stream_sid;
    struct str call_sid, account_sid; /* start, stop */
    struct str token, after;          /* start: our parameters */
    struct str encoding;              /* start */
    int64_t sample_rate, channels;    /* start */
    int64_t at_ms;                    /* media: since the stream began */
    struct str payload;               /* media: base64 */
    struct str mark;                  /* mark: its name */
    char digit;                       /* dtmf; 0 without one */
};
/* EPROTO: not one JSON object with an event; EMSGSIZE: longer than TWILIO_MESSAGE_BYTES_MAX. */
int twilio_message_parse(struct str text, struct twilio_message *message_out);
/* CAxxxxxxxx...: kind is its two letters. */
bool twilio_is_sid(struct str text, const char *kind);
/* The audio of a media message into out, which has TWILIO_AUDIO_ROOM. EINVAL: not base64;
 * EMSGSIZE: too much. */
int twilio_payload_decode(struct str payload, uint8_t *out, size_t *bytes_out);
/* Our marks are numbers; EINVAL for a name we never gave. */
int twilio_mark_parse(struct str name, uint32_t *mark_out);

/* What we send, appended to out. A buf that is kept and cleared takes no memory after the first. */
void twilio_put_media(struct buf *out, struct str stream_sid, const uint8_t *ulaw, size_t bytes);
void twilio_put_mark(struct buf *out, struct str stream_sid, uint32_t mark);
void twilio_put_clear(struct buf *out, struct str stream_sid);

/* What the carrier sends. */
struct twilio_stream_start {
    struct str account_sid, call_sid, stream_sid;
    const struct twilio_parameter {
        struct str name, value;
    } * parameters;
    size_t parameter_count;
};
void twilio_put_connected(struct buf *out);
void twilio_put_start(struct buf *out, const struct twilio_stream_start *start);
void twilio_put_inbound(struct buf *out, struct str stream_sid, uint64_t sequence, uint64_t chunk,
                        int64_t at_ms, const uint8_t *ulaw, size_t bytes);
void twilio_put_played(struct buf *out, struct str stream_sid, uint64_t sequence, struct str name);
void twilio_put_dtmf(struct buf *out, struct str stream_sid, uint64_t sequence, char digit);
void twilio_put_stop(struct buf *out, struct str stream_sid, uint64_t sequence,
                     struct str account_sid, struct str call_sid);
