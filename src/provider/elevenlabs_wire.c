/* provider/elevenlabs_wire.c: requests, errors, and the beginnings of audio files. */
#include "provider/elevenlabs_wire.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <errno.h>
#include <string.h>

bool elevenlabs_voice_is_lawful(const char *voice_id)
{
    size_t bytes = strspn(voice_id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789_-");
    return bytes > 0 && bytes <= ELEVENLABS_VOICE_BYTES_MAX && !voice_id[bytes];
}

static void put_base(struct buf *out, const char *base_url)
{
    struct str base = str_of(base_url);
    while (base.bytes && base.at[base.bytes - 1] == '/')
        base.bytes--;
    buf_add_str(out, base);
}

void elevenlabs_put_voices_url(const char *base_url, const char *next, struct buf *out)
{
    put_base(out, base_url);
    buf_puts(out, "/v2/voices?page_size=100");
    if (next) {
        buf_puts(out, "&next_page_token=");
        buf_url_part(out, str_of(next));
    }
}

void elevenlabs_put_url(const char *base_url, const char *voice_id, struct buf *out)
{
    put_base(out, base_url);
    /* in the body the format would be overlooked, and MP3 would come */
    buf_printf(out, "/v1/text-to-speech/%s/stream?output_format=ulaw_8000", voice_id);
}

/* The end of what was said, from the start of a word. */
static struct str tail_of(struct str text)
{
    if (text.bytes <= ELEVENLABS_PREVIOUS_BYTES_MAX)
        return text;
    size_t at = text.bytes - ELEVENLABS_PREVIOUS_BYTES_MAX;
    while (at < text.bytes && text.at[at] != ' ')
        at++;
    return (struct str){text.at + at, text.bytes - at};
}

void elevenlabs_put_body(const char *model, const struct tts_request *request, struct buf *out)
{
    buf_puts(out, "{\"text\":");
    buf_json_string(out, request->text);
    buf_puts(out, ",\"model_id\":");
    buf_json_string(out, str_of(model));
    if (request->language && request->language[0]) {
        buf_puts(out, ",\"language_code\":");
        buf_json_string(out, str_of(request->language));
    }
    if (request->previous.bytes) {
        buf_puts(out, ",\"previous_text\":");
        buf_json_string(out, tail_of(request->previous));
    }
    buf_putc(out, '}');
}

/* ---- errors --------------------------------------------------------------------------------- */

static void read_detail_object(struct json *json, struct elevenlabs_error *error)
{
    struct str key;
    while (json_member(json, &key))
        if (str_is(key, "status") || (str_is(key, "code") && !error->status.bytes))
            json_string(json, &error->status);
        else if (str_is(key, "message") || str_is(key, "msg"))
            json_string(json, &error->message);
        else
            json_skip(json);
}

static void read_detail(struct json *json, struct elevenlabs_error *error)
{
    struct json array = *json, text = *json;
    if (json_object(json)) {
        read_detail_object(json, error);
    } else if (json_array(&array)) { /* of what is wrong with the body: the first will do */
        if (json_element(&array) && json_object(&array))
            read_detail_object(&array, error);
    } else {
        json_string(&text, &error->message);
    }
}

void elevenlabs_error_parse(struct str body, struct elevenlabs_error *error_out)
{
    struct elevenlabs_error error = {0};
    struct json json = json_of(body);
    struct str key;
    for (bool in = json_object(&json); in && json_member(&json, &key);)
        if (str_is(key, "detail"))
            read_detail(&json, &error);
        else
            json_skip(&json);
    *error_out = json_done(&json) ? error : (struct elevenlabs_error){0};
}

int elevenlabs_errno(int http_status, const struct elevenlabs_error *error)
{
    static const struct {
        const char *status;
        int err;
    } known[] = {{"quota_exceeded", EDQUOT}, /* comes as 401 */
                 {"voice_not_found", ENOENT},
                 {"voice_does_not_exist", ENOENT},
                 {"model_not_found", ENOENT},
                 {"max_character_limit_exceeded", EINVAL},
                 {"too_many_concurrent_requests", EBUSY},
                 {"concurrent_limit_exceeded", EBUSY},
                 {"system_busy", EBUSY}};
    for (size_t i = 0; i < countof(known); i++)
        if (str_is(error->status, known[i].status))
            return known[i].err;
    switch (http_status) {
    case 401:
    case 403: return EACCES;
    case 402: return EDQUOT;
    case 404: return ENOENT;
    case 408: return ETIMEDOUT;
    case 429: return EBUSY;
    default: return http_status >= 400 && http_status < 500 ? EINVAL : ECONNRESET;
    }
}

/* ---- audio ---------------------------------------------------------------------------------- */

static uint32_t little(const uint8_t *at, int bytes)
{
    uint32_t number = 0;
    for (int i = bytes; i-- > 0;)
        number = number << 8 | at[i];
    return number;
}

/* Source: RIFF WAVE: chunks of a name, a length and a body padded to even bytes. Format 7 is
 * mu-law. A streamed header may give any length for the data. */
static enum elevenlabs_audio sniff_riff(const uint8_t *data, size_t bytes, size_t *skip_out)
{
    bool ulaw = false;
    size_t at = 12;
    while (at + 8 <= bytes && memcmp(data + at, "data", 4) != 0) {
        size_t body = little(data + at + 4, 4);
        if (memcmp(data + at, "fmt ", 4) == 0 && at + 24 <= bytes)
            ulaw = little(data + at + 8, 2) == 7 && little(data + at + 10, 2) == 1 &&
                   little(data + at + 12, 4) == 8000;
        if (body >= ELEVENLABS_HEAD_BYTES_MAX)
            return ELEVENLABS_FOREIGN;
        at += 8 + body + (body & 1);
    }
    if (at + 8 > bytes)
        return bytes < ELEVENLABS_HEAD_BYTES_MAX ? ELEVENLABS_UNSURE : ELEVENLABS_FOREIGN;
    *skip_out = at + 8;
    return ulaw ? ELEVENLABS_RIFF : ELEVENLABS_FOREIGN;
}

/* The length of an MPEG layer 3 frame by its head, 0 if it is none. Source: ISO/IEC 11172-3. */
static size_t mp3_frame_bytes(const uint8_t *head)
{
    static const unsigned rates1[] = {0,   32,  40,  48,  56,  64,  80, 96,
                                      112, 128, 160, 192, 224, 256, 320};
    static const unsigned rates2[] = {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160};
    static const unsigned hertz[] = {44100, 48000, 32000};
    unsigned version = head[1] >> 3 & 3, rate = head[2] >> 4, frequency = head[2] >> 2 & 3;
    if (head[0] != 0xFF || (head[1] & 0xE6) != 0xE2 || version == 1 || rate == 0 || rate == 15 ||
        frequency == 3)
        return 0;
    bool first = version == 3;
    unsigned sampled = hertz[frequency] >> (first ? 0 : version == 2 ? 1 : 2);
    unsigned bits = (first ? rates1 : rates2)[rate] * 1000;
    return (first ? 144u : 72u) * bits / sampled + (head[2] >> 1 & 1);
}

/* Near-silence in mu-law looks like one such head now and then; two in the right distance are MP3.
 */
static enum elevenlabs_audio sniff_mp3(const uint8_t *data, size_t bytes)
{
    size_t frame = mp3_frame_bytes(data);
    if (frame < 4)
        return ELEVENLABS_ULAW;
    if (frame + 4 > bytes)
        return bytes < ELEVENLABS_HEAD_BYTES_MAX ? ELEVENLABS_UNSURE : ELEVENLABS_ULAW;
    return mp3_frame_bytes(data + frame) ? ELEVENLABS_FOREIGN : ELEVENLABS_ULAW;
}

enum elevenlabs_audio elevenlabs_sniff(const uint8_t *data, size_t bytes, size_t *skip_out)
{
    *skip_out = 0;
    if (bytes < 4)
        return ELEVENLABS_UNSURE;
    if (memcmp(data, "RIFF", 4) == 0)
        return bytes < 12 ? ELEVENLABS_UNSURE : sniff_riff(data, bytes, skip_out);
    if (memcmp(data, "ID3", 3) == 0 || memcmp(data, "OggS", 4) == 0 || memcmp(data, "{\"", 2) == 0)
        return ELEVENLABS_FOREIGN;
    return sniff_mp3(data, bytes);
}
