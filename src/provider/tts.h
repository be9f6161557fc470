/* provider/tts.h: text in, telephone audio out, as it is made. The port that each voice service
 * implements; elevenlabs.c first. */
#pragma once
#include "base/buf.h"
#include "base/log.h"
#include "base/op.h"
#include "net/http_client.h"
#include "provider/stats.h"

#include <stdbool.h>
#include <stdint.h>

struct tts_driver;

struct elevenlabs_options {
    const char *base_url; /* "https://api.elevenlabs.io" */
    const char *api_key;
    const char *model; /* "eleven_flash_v2_5" */
    bool sockets;      /* a WebSocket for each call, where one is opened with tts_session_open() */
    const char *ca_file;          /* of these sockets: further trusted roots; NULL: the system's */
    int keep_alive_ms, reopen_ms; /* of these sockets; 0: 60 s, 5 s */
};
struct tts_driver *elevenlabs_new(struct http_client *http,
                                  const struct elevenlabs_options *options);
void tts_driver_free(struct tts_driver **driver);
bool tts_driver_healthy(const struct tts_driver *driver);
const struct provider_stats *tts_driver_stats(const struct tts_driver *driver);
void tts_warm(struct tts_driver *driver);

/* What a call keeps open at the voice service, so that no sentence waits for a connection and each
 * tells how far it was spoken. Opened when the call begins; speaking does not depend on it: what it
 * cannot do, or is lost with, is asked for as without it.
 *
 * returns: NULL where the service has none, and then requests go without
 * owner:   the caller, until tts_session_close(), after the last request that names it */
struct tts_session;
struct tts_voicing {
    const char *voice_id, *language; /* of all its requests; others go without it */
    struct log log;
};
struct tts_session *tts_session_open(struct tts_driver *driver, const struct tts_voicing *voicing);
void tts_session_close(struct tts_session **session); /* NULL after; NULL is fine */

struct tts_request {
    struct str text;      /* one sentence or clause; numbers already in words where it matters */
    const char *voice_id; /* [A-Za-z0-9_-]{1,64}: anything else ends with EINVAL */
    const char *language;
    struct tts_session *session; /* the call's; may be NULL */
    struct str previous;         /* what was said just before, for the tone; may be empty */
    int64_t first_byte_ms_max;   /* default 2000 */
    int64_t between_ms_max;      /* default 2000 */
    struct log log;
};
struct tts_anchor {
    size_t bytes;   /* of the event's audio, rising: by then ... */
    size_t letters; /* ... so many bytes of the request's text are spoken */
};
struct tts_event {
    enum tts_event_kind { TTS_AUDIO, TTS_DONE, TTS_FAILED } kind;
    const uint8_t *ulaw; /* TTS_AUDIO: 8 kHz mu-law, any length; borrowed */
    size_t bytes;
    const struct tts_anchor *anchors; /* borrowed; as far as the service tells */
    size_t anchor_count;
    int err;            /* TTS_FAILED: EACCES, EBUSY, EDQUOT, ENOENT (voice), ETIMEDOUT, EPROTO ...,
                         * EAGAIN (the breaker is open: nobody was asked) */
    int64_t characters; /* last event: what the provider charges for */
};
typedef void tts_event_fn(const struct tts_event *event, void *arg);

/* Which voices there are. Texts are NULL where the service says nothing. */
enum { TTS_VOICES_MAX = 500, TTS_VOICE_LANGUAGES_MAX = 40 };
struct tts_voice {
    const char *id;   /* fit for tts_request.voice_id */
    const char *name; /* never NULL */
    const char *gender, *accent, *description;
    const char *const *languages; /* two letters each: those it was made for */
    size_t language_count;
};
/* voices: borrowed until the callback returns; NULL when err (as TTS_FAILED has it). */
typedef void tts_voices_fn(int err, const struct tts_voice *voices, size_t count, void *arg);
void tts_voices(struct tts_driver *driver, tts_voices_fn *on_voices, void *arg, struct op **slot);

void tts_speak(struct tts_driver *driver, const struct tts_request *request, tts_event_fn *on_event,
               void *arg, struct op **slot);
