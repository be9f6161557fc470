/* api/voices.c: the voices there are, and how one of them sounds. Hearing what was never spoken
 * before costs money at the voice service, so that is counted; what callers hear anyway is there.
 */
#include "api/operations.h"

#include "api/texts.h"
#include "base/audio.h"
#include "line/clips.h"
#include "provider/voice_list.h"
#include "store/limits.h"
#include "store/tenants.h"

#include <errno.h>
#include <string.h>

enum {
    PREVIEWS_AT_ONCE_MAX = 2, /* of a worker: the voice service has calls to speak for */
    PREVIEWS_AN_HOUR_MAX = 30,
    PREVIEWS_A_DAY_MAX = 100,
    PREVIEW_PARTS_MAX = 2,
    PREVIEW_BYTES_MAX = PREVIEW_PARTS_MAX * CLIP_BYTES_MAX,
    AWAY_SECONDS = 10,
    BUSY_SECONDS = 3,
};

static void fail_away(struct api_request *request)
{
    api_fail_away(request, "voices_away", "the voice service does not answer just now",
                  AWAY_SECONDS);
}

static const char *voice_of(const struct api *api, const struct tenant *tenant)
{
    return tenant->voice_id ? tenant->voice_id : api->default_voice;
}

/* ---- which there are ------------------------------------------------------------------------- */

static void put_text(struct buf *json, const char *name, const char *text)
{
    buf_printf(json, "\"%s\":", name);
    if (text)
        buf_json_string(json, str_of(text));
    else
        buf_puts(json, "null");
    buf_putc(json, ',');
}

static void put_voice(struct buf *json, const struct tts_voice *voice, bool current)
{
    buf_putc(json, '{');
    put_text(json, "id", voice->id);
    put_text(json, "name", voice->name);
    put_text(json, "gender", voice->gender);
    put_text(json, "accent", voice->accent);
    put_text(json, "description", voice->description);
    buf_puts(json, "\"languages\":[");
    for (size_t i = 0; i < voice->language_count; i++) {
        buf_puts(json, i ? "," : "");
        buf_json_string(json, str_of(voice->languages[i]));
    }
    buf_printf(json, "],\"current\":%s}", current ? "true" : "false");
}

static void on_voices(int err, const struct tts_voice *voices, size_t count, void *arg)
{
    struct api_request *request = arg;
    const char *current = request->state;
    struct buf json = {0};
    if (err) {
        fail_away(request);
        return;
    }
    buf_putc(&json, '{');
    put_text(&json, "voice_id", current);
    buf_puts(&json, "\"items\":[");
    for (size_t i = 0; i < count; i++) {
        buf_puts(&json, i ? "," : "");
        put_voice(&json, &voices[i], strcmp(voices[i].id, current) == 0);
    }
    buf_puts(&json, "],\"next_cursor\":null}");
    api_reply_json(request, request->status, buf_str(&json));
    buf_free(&json);
}

static void on_tenant_to_list(int err, const struct tenant *tenant, void *arg)
{
    struct api_request *request = arg;
    if (err) {
        api_fail_with(request, err);
        return;
    }
    request->state = arena_strdup(request->http->arena, voice_of(request->api, tenant));
    voice_list_get(request->api->voices, on_voices, request, &request->http->waiting);
}

void api_list_voices(struct api_request *request)
{
    tenants_get(request->api->db, request->tenant, request->http->arena, on_tenant_to_list, request,
                &request->http->waiting);
}

/* ---- how one sounds -------------------------------------------------------------------------- */

struct preview {
    struct clip_wish parts[PREVIEW_PARTS_MAX];
    size_t count, at;
    struct buf ulaw; /* of all parts so far */
    bool counted;    /* it may be spoken */
    bool speaking;   /* is among api->previews */
};

static void stop_speaking(struct api_request *request)
{
    struct preview *preview = request->state;
    request->api->previews -= preview->speaking;
    preview->speaking = false;
}

/* What the voice service was doing for it is cancelled with the request. */
static void on_gone(struct http_req *http)
{
    struct api_request *request = http->state;
    struct preview *preview = request->state;
    stop_speaking(request);
    buf_free(&preview->ulaw);
}

static void preview_over(struct api_request *request)
{
    request->http->on_gone = NULL;
    on_gone(request->http);
}

static void fail_speech(struct api_request *request, int err)
{
    preview_over(request);
    if (err == ENOENT)
        api_fail_field(request, "/voice_id", "there is no such voice");
    else if (err == EINVAL)
        api_fail_field(request, "/text", "the voice service will not say that");
    else
        fail_away(request);
}

static void go_on(struct api_request *request);

static void on_speech(const struct tts_event *event, void *arg)
{
    struct api_request *request = arg;
    struct preview *preview = request->state;
    switch (event->kind) {
    case TTS_AUDIO:
        if (preview->ulaw.bytes + event->bytes <= PREVIEW_BYTES_MAX) {
            buf_add(&preview->ulaw, event->ulaw, event->bytes);
        } else {
            op_cancel(&request->http->waiting);
            fail_speech(request, EMSGSIZE);
        }
        break;
    case TTS_DONE:
        preview->at++;
        go_on(request);
        break;
    case TTS_FAILED: fail_speech(request, event->err); break;
    }
}

static void speak(struct api_request *request)
{
    struct preview *preview = request->state;
    if (!preview->speaking && request->api->previews >= PREVIEWS_AT_ONCE_MAX) {
        preview_over(request);
        api_fail_limit(request, "voices_busy", "others are listening to voices: try again",
                       BUSY_SECONDS);
        return;
    }
    request->api->previews += !preview->speaking;
    preview->speaking = true;
    clips_say(request->api->clips, &preview->parts[preview->at], on_speech, request,
              &request->http->waiting);
}

static void on_verdict(int err, const struct limit_verdict *verdict, void *arg)
{
    struct api_request *request = arg;
    struct preview *preview = request->state;
    if (err || verdict->refused.bytes) {
        preview_over(request);
        if (err)
            api_fail_with(request, err);
        else
            api_fail_limit(request, "too_many_previews", "that was listened to often enough",
                           verdict->wait_s);
        return;
    }
    preview->counted = true;
    speak(request);
}

static void count(struct api_request *request)
{
    char tenant[UUID_TEXT_BYTES];
    uuid_print(request->tenant, tenant);
    const struct limit limits[] = {
        {"voice_preview_hour", tenant, 3600, PREVIEWS_AN_HOUR_MAX},
        {"voice_preview_day", tenant, 24 * 3600, PREVIEWS_A_DAY_MAX},
    };
    limits_take(request->api->db, limits, countof(limits), on_verdict, request,
                &request->http->waiting);
}

static void reply(struct api_request *request)
{
    struct preview *preview = request->state;
    struct buf file = {0};
    wav_put(&file, buf_str(&preview->ulaw));
    preview_over(request);
    api_reply_bytes(request, "audio/wav", buf_str(&file));
    buf_free(&file);
}

/* Part after part: what is there is taken, what is not is spoken, as far as that is allowed. */
static void go_on(struct api_request *request)
{
    struct preview *preview = request->state;
    while (preview->at < preview->count &&
           clips_find(request->api->clips, &preview->parts[preview->at], &preview->ulaw))
        preview->at++;
    if (preview->at == preview->count)
        reply(request);
    else if (preview->counted)
        speak(request);
    else
        count(request);
}

static void add_part(struct preview *preview, const char *voice_id, const char *language,
                     const char *text)
{
    preview->parts[preview->count++] = (struct clip_wish){voice_id, language, str_of(text)};
}

static void on_tenant_to_hear(int err, const struct tenant *tenant, void *arg)
{
    struct api_request *request = arg;
    struct preview *preview = request->state;
    const char *voice_id = api_body_text(request, "voice_id");
    const char *text = api_body_text(request, "text");
    const char *language = api_body_text(request, "language");
    struct greeting greeting;
    if (err) {
        api_fail_with(request, err);
        return;
    }
    request->http->on_gone = on_gone;
    if (text) {
        add_part(preview, voice_id, language ? language : tenant->language, text);
    } else if (!texts_greeting(request, tenant, language, &greeting)) {
        add_part(preview, voice_id, greeting.language, greeting.disclosure);
        add_part(preview, voice_id, greeting.language, greeting.greeting);
    } else {
        preview_over(request);
        texts_fail(request);
        return;
    }
    go_on(request);
}

void api_preview_voice(struct api_request *request)
{
    const char *text = api_body_text(request, "text");
    request->state = arena_alloc(request->http->arena, sizeof(struct preview));
    if (text && !str_trim(str_of(text)).bytes)
        api_fail_field(request, "/text", "has no words");
    else
        tenants_get(request->api->db, request->tenant, request->http->arena, on_tenant_to_hear,
                    request, &request->http->waiting);
}
