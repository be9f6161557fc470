/* provider/elevenlabs_socket_wire.h: ElevenLabs' text to speech over one WebSocket with several
 * contexts, as bytes: the address, the messages both ways, and what its alignment says of the text.
 * Source: ElevenLabs' AsyncAPI description of 2025-08, "multi-stream-input". */
#pragma once
#include "base/buf.h"
#include "base/json.h"
#include "provider/elevenlabs_wire.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ELEVENLABS_CONTEXTS_MAX = 5, /* open at once on one socket */
    ELEVENLABS_IDLE_S = 180,     /* the longest it lets a context be silent */
    ELEVENLABS_PAUSE_MS = 60,    /* a shorter one between words is none */
};

/* base_url: http(s) or ws(s). EINVAL: it is none of these, or the voice is not lawful. */
struct elevenlabs_query {
    const char *voice_id, *model, *language; /* language may be NULL or "" */
};
int elevenlabs_socket_url(const char *base_url, const struct elevenlabs_query *query,
                          struct buf *url_out);

/* A context is begun with a space, given its text whole, and closed at once: what was flushed is
 * still spoken, and the last message tells when that is over. */
void elevenlabs_put_begin(uint32_t context, struct buf *out);
void elevenlabs_put_text(uint32_t context, struct str text, struct buf *out);
void elevenlabs_put_end(uint32_t context, struct buf *out);
void elevenlabs_put_alive(uint32_t context, struct buf *out); /* its time of silence begins anew */
#define ELEVENLABS_CLOSE_SOCKET "{\"close_socket\":true}"

/* When each character of a piece of audio sounds: three lists of one length, read in step. */
struct elevenlabs_alignment {
    struct json chars, starts, durations;
    bool known;
};
struct elevenlabs_message {
    enum elevenlabs_kind {
        ELEVENLABS_AUDIO,
        ELEVENLABS_FINAL, /* the context is over; may bring the last audio */
        ELEVENLABS_TROUBLE,
        ELEVENLABS_OTHER,
    } kind;
    bool named;       /* by an id of ours */
    uint32_t context; /* ... this one */
    struct str audio; /* base64, borrowed; empty where there is none */
    struct elevenlabs_alignment alignment;
    struct elevenlabs_error error; /* ELEVENLABS_TROUBLE: borrowed, still escaped */
};
/* EPROTO: not a JSON object. */
int elevenlabs_message_parse(struct str text, struct elevenlabs_message *message_out);

/* How far into its text a context has come. */
struct elevenlabs_track {
    struct str text; /* as it was sent; borrowed */
    size_t at;       /* so much of it was aligned */
    bool lost;       /* the alignment is of another text: nothing more is known */
};
/* The ends of words of a piece of audio of so many bytes, and their beginnings behind a pause, as
 * far as there is room; returns how many. The times of the alignment count from the beginning of
 * this piece. */
size_t elevenlabs_anchors(struct elevenlabs_track *track, struct elevenlabs_alignment alignment,
                          size_t audio_bytes, struct tts_anchor *out, size_t room);
