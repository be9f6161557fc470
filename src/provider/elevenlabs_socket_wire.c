/* provider/elevenlabs_socket_wire.c: messages of the WebSocket. One schema spells "contextId" and
 * "isFinal", another "context_id" and "is_final": both are read. */
#include "provider/elevenlabs_socket_wire.h"

#include "base/audio.h"
#include "net/url.h"

#include <errno.h>
#include <string.h>

enum { CHAR_BYTES_MAX = 16, MS_MAX = 10 * 60 * 1000 };

/* ---- out ------------------------------------------------------------------------------------ */

static void put_param(struct buf *url, const char *name, const char *value)
{
    buf_printf(url, "&%s=", name);
    buf_url_part(url, str_of(value));
}

int elevenlabs_socket_url(const char *base_url, const struct elevenlabs_query *query,
                          struct buf *url_out)
{
    if (!elevenlabs_voice_is_lawful(query->voice_id) || url_socket_base(base_url, url_out))
        return EINVAL;
    buf_printf(url_out, "/v1/text-to-speech/%s/multi-stream-input?output_format=ulaw_8000",
               query->voice_id);
    /* whole sentences are sent: none waits until there is more of them */
    buf_printf(url_out, "&auto_mode=true&sync_alignment=true&inactivity_timeout=%d",
               ELEVENLABS_IDLE_S);
    put_param(url_out, "model_id", query->model);
    if (query->language && query->language[0])
        put_param(url_out, "language_code", query->language);
    return 0;
}

static void put_context(uint32_t context, struct buf *out)
{
    buf_puts(out, "\"context_id\":\"");
    buf_put_whole(out, context);
    buf_putc(out, '"');
}

void elevenlabs_put_begin(uint32_t context, struct buf *out)
{
    buf_puts(out, "{\"text\":\" \",");
    put_context(context, out);
    buf_putc(out, '}');
}

void elevenlabs_put_text(uint32_t context, struct str text, struct buf *out)
{
    struct buf spaced = {0}; /* each text should end with a space */
    buf_add_str(&spaced, text);
    buf_putc(&spaced, ' ');
    buf_puts(out, "{\"text\":");
    buf_json_string(out, buf_str(&spaced));
    buf_putc(out, ',');
    put_context(context, out);
    buf_puts(out, ",\"flush\":true}");
    buf_free(&spaced);
}

void elevenlabs_put_end(uint32_t context, struct buf *out)
{
    buf_putc(out, '{');
    put_context(context, out);
    buf_puts(out, ",\"close_context\":true}");
}

void elevenlabs_put_alive(uint32_t context, struct buf *out)
{
    buf_puts(out, "{\"text\":\"\",");
    put_context(context, out);
    buf_putc(out, '}');
}

/* ---- in ------------------------------------------------------------------------------------- */

static void read_context(struct json *json, struct elevenlabs_message *message)
{
    struct str id;
    uint64_t number = 0;
    if (!json_string(json, &id) || !id.bytes || id.bytes > 10)
        return;
    for (size_t i = 0; i < id.bytes; i++) {
        if (id.at[i] < '0' || id.at[i] > '9')
            return;
        number = number * 10 + (uint64_t)(id.at[i] - '0');
    }
    message->named = number <= UINT32_MAX;
    message->context = (uint32_t)number;
}

static bool read_list(struct json *json, struct json *list_out)
{
    *list_out = *json;
    json_skip(json);
    return json_array(list_out);
}

static void read_alignment(struct json *json, struct elevenlabs_alignment *alignment)
{
    bool chars = false, starts = false, durations = false;
    struct str key;
    for (bool in = json_object(json); in && json_member(json, &key);)
        if (str_is(key, "chars"))
            chars = read_list(json, &alignment->chars);
        else if (str_is(key, "charStartTimesMs"))
            starts = read_list(json, &alignment->starts);
        else if (str_is(key, "charsDurationsMs") || str_is(key, "charDurationsMs"))
            durations = read_list(json, &alignment->durations);
        else
            json_skip(json);
    alignment->known = chars && starts && durations;
}

static void read_error(struct json *json, struct elevenlabs_message *message)
{
    message->kind = ELEVENLABS_TROUBLE;
    json_string(json, &message->error.status);
}

static bool read_true(struct json *json)
{
    bool value = false;
    return json_bool(json, &value) && value;
}

static void read_member(struct json *json, struct str key, struct elevenlabs_message *message)
{
    if (str_is(key, "audio")) {
        json_string(json, &message->audio);
    } else if (str_is(key, "contextId") || str_is(key, "context_id")) {
        read_context(json, message);
    } else if (str_is(key, "isFinal") || str_is(key, "is_final")) {
        if (read_true(json) && message->kind != ELEVENLABS_TROUBLE)
            message->kind = ELEVENLABS_FINAL;
    } else if (str_is(key, "alignment")) {
        read_alignment(json, &message->alignment);
    } else if (str_is(key, "error")) {
        read_error(json, message);
    } else if (str_is(key, "message")) {
        json_string(json, &message->error.message);
    } else {
        json_skip(json); /* normalizedAlignment is of another text than ours */
    }
}

int elevenlabs_message_parse(struct str text, struct elevenlabs_message *message_out)
{
    struct elevenlabs_message message = {.kind = ELEVENLABS_OTHER};
    struct json json = json_of(text);
    struct str key;
    if (!json_object(&json))
        return EPROTO;
    while (json_member(&json, &key))
        read_member(&json, key, &message);
    if (!json_done(&json))
        return EPROTO;
    if (message.kind == ELEVENLABS_OTHER && message.audio.bytes)
        message.kind = ELEVENLABS_AUDIO;
    *message_out = message;
    return 0;
}

/* ---- alignment ------------------------------------------------------------------------------ */

struct timed_char {
    char at[CHAR_BYTES_MAX];
    size_t bytes;
    int64_t start_ms, end_ms;
};

static bool read_ms(struct json *list, int64_t *ms_out)
{
    double ms;
    if (!json_element(list) || !json_number(list, &ms) || !(ms >= 0 && ms <= MS_MAX))
        return false;
    *ms_out = (int64_t)ms;
    return true;
}

static bool unescape(struct str raw, struct timed_char *out)
{
    struct buf plain = {0};
    if (memchr(raw.at, '\\', raw.bytes)) {
        json_unescape(&plain, raw);
        raw = buf_str(&plain);
    }
    bool fits = raw.bytes <= sizeof(out->at);
    if (fits)
        memcpy(out->at, raw.at, raw.bytes);
    out->bytes = raw.bytes;
    buf_free(&plain);
    return fits;
}

static bool next_char(struct elevenlabs_alignment *alignment, struct timed_char *out)
{
    struct str raw;
    int64_t duration_ms;
    if (!json_element(&alignment->chars) || !json_string(&alignment->chars, &raw) || !raw.bytes ||
        !unescape(raw, out) || !read_ms(&alignment->starts, &out->start_ms) ||
        !read_ms(&alignment->durations, &duration_ms))
        return false;
    out->end_ms = out->start_ms + duration_ms;
    return true;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (unsigned char)byte >= 0x80;
}

/* Spaces come and go on the way; all else must be the text's own. */
static bool follow(struct elevenlabs_track *track, const struct timed_char *one)
{
    struct str text = track->text;
    if (is_space(one->at[0])) {
        while (track->at < text.bytes && is_space(text.at[track->at]))
            track->at++;
        return true;
    }
    while (track->at < text.bytes && is_space(text.at[track->at]))
        track->at++;
    if (track->at + one->bytes > text.bytes ||
        memcmp(text.at + track->at, one->at, one->bytes) != 0)
        return false;
    track->at += one->bytes;
    return true;
}

/* Where the word ends whose last letter ends at `at`, with the marks behind it; 0: it goes on. */
static size_t word_end(struct str text, size_t at)
{
    while (at < text.bytes && !is_letter(text.at[at]) && !is_space(text.at[at]))
        at++;
    return at == text.bytes || is_space(text.at[at]) ? at : 0;
}

struct anchors {
    struct tts_anchor *list;
    size_t count, room, bytes_max;
};

static void add(struct anchors *anchors, int64_t ms, size_t letters)
{
    size_t bytes = (size_t)ms * AUDIO_BYTES_PER_MS;
    bytes = bytes < anchors->bytes_max ? bytes : anchors->bytes_max;
    const struct tts_anchor *last = anchors->count ? &anchors->list[anchors->count - 1] : NULL;
    if (!letters || !bytes || anchors->count == anchors->room ||
        (last && (bytes <= last->bytes || letters < last->letters)))
        return;
    anchors->list[anchors->count++] = (struct tts_anchor){.bytes = bytes, .letters = letters};
}

size_t elevenlabs_anchors(struct elevenlabs_track *track, struct elevenlabs_alignment alignment,
                          size_t audio_bytes, struct tts_anchor *out, size_t room)
{
    struct anchors anchors = {.list = out, .room = room, .bytes_max = audio_bytes};
    struct timed_char one;
    int64_t word_end_ms = 0;
    while (alignment.known && !track->lost && next_char(&alignment, &one)) {
        size_t before = track->at;
        track->lost = !follow(track, &one);
        if (track->lost || !is_letter(one.at[0]))
            continue;
        size_t start = track->at - one.bytes, end = word_end(track->text, track->at);
        bool begins = start > before || !start || is_space(track->text.at[start - 1]);
        if (begins && one.start_ms >= word_end_ms + ELEVENLABS_PAUSE_MS)
            add(&anchors, one.start_ms, start);
        if (end)
            add(&anchors, one.end_ms, end);
        if (end)
            word_end_ms = one.end_ms;
    }
    return anchors.count;
}
