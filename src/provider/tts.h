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
};
struct tts_driver *elevenlabs_new(struct http_client *http,
                                  const struct elevenlabs_options *options);
void tts_driver_free(struct tts_driver **driver);
bool tts_driver_healthy(const struct tts_driver *driver);
const struct provider_stats *tts_driver_stats(const struct tts_driver *driver);
const struct provider_stats *tts_driver_stats(const struct tts_driver *driver);
void tts_warm(struct tts_driver *driver);

struct tts_request {
    struct str text;      /* one sentence or clause; numbers already in words where it matters */
    const char *voice_id; /* [A-Za-z0-9_-]{1,64}: anything else ends with EINVAL */
    const char *language;
    struct str previous;       /* what was said just before, for the tone; may be empty */
    int64_t first_byte_ms_max; /* default 2000 */
    int64_t between_ms_max;    /* default 2000 */
    struct log log;
};
struct tts_event {
    enum tts_event_kind { TTS_AUDIO, TTS_DONE, TTS_FAILED } kind;
    const uint8_t *ulaw; /* TTS_AUDIO: 8 kHz mu-law, any length; borrowed */
    size_t bytes;
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
