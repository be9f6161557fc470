/* provider/elevenlabs_wire.h: ElevenLabs' text to speech as bytes: address and body of the request,
 * errors, and what audio the reply begins with. Source: ElevenLabs API reference, "Stream speech".
 */
#pragma once
#include "base/buf.h"
#include "base/mem.h"
#include "provider/tts.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ELEVENLABS_VOICE_BYTES_MAX = 64,
    ELEVENLABS_PREVIOUS_BYTES_MAX = 500,
    ELEVENLABS_TEXT_BYTES_MAX = 5000,
    ELEVENLABS_HEAD_BYTES_MAX = 2048, /* of audio, to be sure what it is */
};

/* [A-Za-z0-9_-]{1,64}: what may stand in the address of a request sent with the operator's key. */
bool elevenlabs_voice_is_lawful(const char *voice_id);
void elevenlabs_put_url(const char *base_url, const char *voice_id, struct buf *out);
void elevenlabs_put_body(const char *model, const struct tts_request *request, struct buf *out);

/* "detail" is an object, an array or a sentence. Texts are borrowed and still escaped. */
struct elevenlabs_error {
    struct str status, message;
};
void elevenlabs_error_parse(struct str body, struct elevenlabs_error *error_out);
int elevenlabs_errno(int http_status, const struct elevenlabs_error *error);

/* The voices of the account, a page at a time. next: the page's token; NULL for the first. */
void elevenlabs_put_voices_url(const char *base_url, const char *next, struct buf *out);
struct voice_page {
    struct tts_voice *list; /* room for TTS_VOICES_MAX; NULL at first */
    size_t count;
    const char *next; /* NULL: this was the last page */
};
/* Adds a page's voices to what is there already; texts in the arena. A voice without a lawful id or
 * a name is left out. EPROTO: it is no page, and then nothing was added. */
int elevenlabs_voices_parse(struct str body, struct arena *arena, struct voice_page *page);

/* What a reply begins with. Its Content-Type does not tell. */
enum elevenlabs_audio {
    ELEVENLABS_ULAW,    /* bare: all of it is audio */
    ELEVENLABS_RIFF,    /* mu-law behind *skip_out bytes of a WAVE header */
    ELEVENLABS_FOREIGN, /* MP3, Ogg, JSON, another WAVE: noise on a telephone */
    ELEVENLABS_UNSURE,  /* more bytes are needed; never with ELEVENLABS_HEAD_BYTES_MAX of them */
};
enum elevenlabs_audio elevenlabs_sniff(const uint8_t *data, size_t bytes, size_t *skip_out);
