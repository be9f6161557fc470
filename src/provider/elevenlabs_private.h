/* provider/elevenlabs_private.h: what the files of ElevenLabs's driver share:
 *
 *   elevenlabs.c         a sentence asked for, from its first event to its last; over HTTP
 *   elevenlabs_socket.c  a call's WebSocket, over which a sentence may come instead
 *   elevenlabs_voices.c  which voices there are */
#pragma once
#include "provider/elevenlabs_socket_wire.h"
#include "provider/tts_private.h"

struct elevenlabs {
    struct tts_driver driver;
    struct http_client *http;
    struct loop *loop;
    char *base_url, *key, *model, *ca_file;
    bool sockets;
    int keep_alive_ms, reopen_ms;        /* of them */
    size_t speeches, listings, sessions; /* in flight */
    struct buf audio;                    /* of the message that is being told, of any socket */
};

/* One sentence that is wanted. */
struct speech {
    struct op op;
    struct elevenlabs *elevenlabs;
    tts_event_fn *on_event;
    void *arg;
    struct log log;
    struct op *http;
    struct tts_session *session; /* it is spoken over that one's socket; NULL: over HTTP */
    struct elevenlabs_track track;
    struct buf text, url, body; /* for the socket; for HTTP, should the socket fail */
    int64_t first_ms_max, between_ms_max;
    struct timer *timer; /* to the first audio; over a socket to the next */
    struct buf head;     /* the beginning, until it is clear what audio it is */
    bool known;          /* it is */
    bool over;           /* the last event was told, or nobody wants it */
    int refused;         /* why it fails at the timer, without asking; 0: it is late */
    int64_t asked_ms;
    int64_t characters;
    uint64_t audio_bytes;
};

/* elevenlabs.c: what becomes of a sentence. Each may end it, and the handler of its event may
 * cancel others and close the session. */
void speech_heard(struct speech *speech, const uint8_t *ulaw, size_t bytes,
                  const struct tts_anchor *anchors, size_t anchor_count);
void speech_done(struct speech *speech);
void speech_failed(struct speech *speech, int err, const char *why);
void speech_over_http(struct speech *speech); /* nothing of it came: it is asked for again */

/* elevenlabs_socket.c */
struct tts_session *elevenlabs_open(struct tts_driver *driver, const struct tts_voicing *voicing);
void elevenlabs_close(struct tts_session *session);
/* False: it has to be asked for over HTTP. */
bool elevenlabs_socket_speak(struct tts_session *session, struct speech *speech,
                             const struct tts_request *request);
void elevenlabs_socket_late(struct speech *speech);   /* its timer has come */
void elevenlabs_socket_forget(struct speech *speech); /* what still comes of it is nobody's */

void elevenlabs_voices(struct tts_driver *driver, tts_voices_fn *on_voices, void *arg,
                       struct op **slot);
