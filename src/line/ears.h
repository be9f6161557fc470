/* line/ears.h: what can be heard on the spot in a caller's audio: that somebody speaks, that nobody
 * does any more, and the keys pressed. No words, no I/O, no clock but the audio's own.
 *
 * Voice is what WebRtcVad (mode 3) takes for speech, is above the room's own noise, is no telephone
 * key, and is louder than the echo of what Karen is saying could be. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum {
    EARS_ON_MS = 60,         /* voiced, within ... */
    EARS_ON_WINDOW_MS = 100, /* ... begins a voice */
    EARS_OFF_MS = 160,       /* of silence end it */
    EARS_GOING_MS = 60,      /* between two reports of a voice that goes on */
    EARS_VOICED_WINDOW_MS = 600,
    EARS_ECHO_MS_MAX = 500, /* how late our own voice comes back */
    EARS_ECHO_DB = 20,      /* ... and how much softer it is at least */
};

struct ears; /* under 3 KiB with its detectors */
struct ears *ears_new(void);
void ears_free(struct ears **ears); /* NULL after; NULL is fine */

struct ears_event {
    enum ears_event_kind {
        EARS_VOICE_ON,    /* since at_ms */
        EARS_VOICE_GOING, /* at_ms; voiced_ms of the last EARS_VOICED_WINDOW_MS */
        EARS_VOICE_OFF,   /* the voice ended at_ms, EARS_OFF_MS ago */
        EARS_KEY,         /* digit, heard as tones by at_ms */
    } kind;
    int64_t at_ms; /* media clock */
    int64_t voiced_ms;
    char digit;
};
typedef void ears_event_fn(const struct ears_event *event, void *arg);

/* Incoming mu-law of any length whose first byte belongs to at_ms of the media clock. on_event runs
 * inside this call. A time that does not follow on from the last piece begins anew there. */
void ears_hear(struct ears *ears, const uint8_t *ulaw, size_t bytes, int64_t at_ms,
               ears_event_fn *on_event, void *arg);
/* Outgoing mu-law, as it is handed to the carrier, who plays it in turn from now on. */
void ears_said(struct ears *ears, const uint8_t *ulaw, size_t bytes);
void ears_hushed(struct ears *ears); /* what was handed over but not played will not be */
