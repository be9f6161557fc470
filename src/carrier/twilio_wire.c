/* carrier/twilio_wire.c: media stream messages read in one pass and written without a detour. */
#include "carrier/twilio_wire.h"

#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

static enum twilio_message_kind kind_of(struct str event)
{
    static const char *const names[] = {
        [TWILIO_CONNECTED] = "connected", [TWILIO_START] = "start", [TWILIO_MEDIA] = "media",
        [TWILIO_MARK] = "mark",           [TWILIO_CLEAR] = "clear", [TWILIO_DTMF] = "dtmf",
        [TWILIO_STOP] = "stop",
    };
    for (size_t i = 0; i < countof(names); i++)
        if (str_is(event, names[i]))
            return (enum twilio_message_kind)i;
    return TWILIO_OTHER;
}

static void read_format(struct json *json, struct twilio_message *message)
{
    struct str key;
    for (bool in = json_object(json); in && json_member(json, &key);) {
        if (str_is(key, "encoding"))
            json_string(json, &message->encoding);
        else if (str_is(key, "sampleRate"))
            json_whole(json, &message->sample_rate);
        else if (str_is(key, "channels"))
            json_whole(json, &message->channels);
        else
            json_skip(json);
    }
}

static void read_parameters(struct json *json, struct twilio_message *message)
{
    struct str key;
    for (bool in = json_object(json); in && json_member(json, &key);) {
        if (str_is(key, "token"))
            json_string(json, &message->token);
        else if (str_is(key, "after"))
            json_string(json, &message->after);
        else
            json_skip(json);
    }
}

static void read_digit(struct json *json, struct twilio_message *message)
{
    struct str digit;
    if (json_string(json, &digit) && digit.bytes == 1 && strchr("0123456789*#ABCD", digit.at[0]))
        message->digit = digit.at[0];
}

/* The object beside "event" that is named after it; no two of them share a key with two meanings.
 */
static void read_detail(struct json *json, struct twilio_message *message)
{
    struct str key;
    for (bool in = json_object(json); in && json_member(json, &key);) {
        if (str_is(key, "payload"))
            json_string(json, &message->payload);
        else if (str_is(key, "timestamp"))
            json_whole(json, &message->at_ms);
        else if (str_is(key, "name"))
            json_string(json, &message->mark);
        else if (str_is(key, "digit"))
            read_digit(json, message);
        else if (str_is(key, "callSid"))
            json_string(json, &message->call_sid);
        else if (str_is(key, "accountSid"))
            json_string(json, &message->account_sid);
        else if (str_is(key, "streamSid"))
            json_string(json, &message->stream_sid);
        else if (str_is(key, "mediaFormat"))
            read_format(json, message);
        else if (str_is(key, "customParameters"))
            read_parameters(json, message);
        else
            json_skip(json);
    }
}

static bool is_detail(struct str key)
{
    return str_is(key, "media") || str_is(key, "start") || str_is(key, "mark") ||
           str_is(key, "dtmf") || str_is(key, "stop");
}

int twilio_message_parse(struct str text, struct twilio_message *message_out)
{
    if (text.bytes > TWILIO_MESSAGE_BYTES_MAX)
        return EMSGSIZE;
    struct twilio_message message = {.sample_rate = -1, .channels = -1, .at_ms = -1};
    struct json json = json_of(text);
    struct str key, event = {0};
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        if (str_is(key, "event"))
            json_string(&json, &event);
        else if (str_is(key, "streamSid"))
            json_string(&json, &message.stream_sid);
        else if (is_detail(key))
            read_detail(&json, &message);
        else
            json_skip(&json);
    }
    if (!json_done(&json) || !event.bytes)
        return EPROTO;
    message.kind = kind_of(event);
    *message_out = message;
    return 0;
}

bool twilio_is_sid(struct str text, const char *kind)
{
    if (text.bytes != TWILIO_SID_BYTES || !str_starts(text, kind))
        return false;
    for (size_t i = 2; i < text.bytes; i++)
        if (!memchr("0123456789abcdefABCDEF", text.at[i], 22))
            return false;
    return true;
}

static int decode(struct str payload, uint8_t *out, size_t *bytes_out)
{
    if (base64_room(payload.bytes) > TWILIO_AUDIO_ROOM)
        return EMSGSIZE;
    return base64_decode(payload, out, bytes_out);
}

/* Some JSON writers escape the slashes of base64. */
static int decode_escaped(struct str payload, uint8_t *out, size_t *bytes_out)
{
    char plain[TWILIO_MESSAGE_BYTES_MAX];
    size_t bytes = 0;
    for (size_t i = 0; i < payload.bytes; i++) {
        if (payload.at[i] == '\\')
            continue;
        if (bytes == sizeof(plain))
            return EMSGSIZE;
        plain[bytes++] = payload.at[i];
    }
    return decode((struct str){plain, bytes}, out, bytes_out);
}

int twilio_payload_decode(struct str payload, uint8_t *out, size_t *bytes_out)
{
    bool escaped = payload.bytes && memchr(payload.at, '\\', payload.bytes);
    return escaped ? decode_escaped(payload, out, bytes_out) : decode(payload, out, bytes_out);
}

int twilio_mark_parse(struct str name, uint32_t *mark_out)
{
    uint64_t mark = 0;
    if (!name.bytes || name.bytes > TWILIO_MARK_DIGITS_MAX || (name.at[0] == '0' && name.bytes > 1))
        return EINVAL;
    for (size_t i = 0; i < name.bytes; i++) {
        if (name.at[i] < '0' || name.at[i] > '9')
            return EINVAL;
        mark = mark * 10 + (uint64_t)(name.at[i] - '0');
    }
    if (mark > UINT32_MAX)
        return EINVAL;
    *mark_out = (uint32_t)mark;
    return 0;
}

static void put_event(struct buf *out, const char *event, struct str stream_sid)
{
    buf_puts(out, "{\"event\":\"");
    buf_puts(out, event);
    buf_puts(out, "\",\"streamSid\":");
    buf_json_string(out, stream_sid);
}

static void put_sequence(struct buf *out, uint64_t sequence)
{
    buf_puts(out, ",\"sequenceNumber\":\"");
    buf_put_whole(out, sequence);
    buf_putc(out, '"');
}

void twilio_put_media(struct buf *out, struct str stream_sid, const uint8_t *ulaw, size_t bytes)
{
    put_event(out, "media", stream_sid);
    buf_puts(out, ",\"media\":{\"payload\":\"");
    base64_put(out, ulaw, bytes);
    buf_puts(out, "\"}}");
}

void twilio_put_mark(struct buf *out, struct str stream_sid, uint32_t mark)
{
    put_event(out, "mark", stream_sid);
    buf_puts(out, ",\"mark\":{\"name\":\"");
    buf_put_whole(out, mark);
    buf_puts(out, "\"}}");
}

void twilio_put_clear(struct buf *out, struct str stream_sid)
{
    put_event(out, "clear", stream_sid);
    buf_putc(out, '}');
}

void twilio_put_connected(struct buf *out)
{
    buf_puts(out, "{\"event\":\"connected\",\"protocol\":\"Call\",\"version\":\"1.0.0\"}");
}

void twilio_put_start(struct buf *out, const struct twilio_stream_start *start)
{
    put_event(out, "start", start->stream_sid);
    put_sequence(out, 1);
    buf_puts(out, ",\"start\":{\"accountSid\":");
    buf_json_string(out, start->account_sid);
    buf_puts(out, ",\"streamSid\":");
    buf_json_string(out, start->stream_sid);
    buf_puts(out, ",\"callSid\":");
    buf_json_string(out, start->call_sid);
    buf_puts(out, ",\"tracks\":[\"inbound\"],\"mediaFormat\":{\"encoding\":\"audio/x-mulaw\","
                  "\"sampleRate\":8000,\"channels\":1},\"customParameters\":{");
    for (size_t i = 0; i < start->parameter_count; i++) {
        if (i > 0)
            buf_putc(out, ',');
        buf_json_string(out, start->parameters[i].name);
        buf_putc(out, ':');
        buf_json_string(out, start->parameters[i].value);
    }
    buf_puts(out, "}}}");
}

void twilio_put_inbound(struct buf *out, struct str stream_sid, uint64_t sequence, uint64_t chunk,
                        int64_t at_ms, const uint8_t *ulaw, size_t bytes)
{
    put_event(out, "media", stream_sid);
    put_sequence(out, sequence);
    buf_puts(out, ",\"media\":{\"track\":\"inbound\",\"chunk\":\"");
    buf_put_whole(out, chunk);
    buf_puts(out, "\",\"timestamp\":\"");
    buf_put_whole(out, (uint64_t)at_ms);
    buf_puts(out, "\",\"payload\":\"");
    base64_put(out, ulaw, bytes);
    buf_puts(out, "\"}}");
}

void twilio_put_played(struct buf *out, struct str stream_sid, uint64_t sequence, struct str name)
{
    put_event(out, "mark", stream_sid);
    put_sequence(out, sequence);
    buf_puts(out, ",\"mark\":{\"name\":");
    buf_json_string(out, name);
    buf_puts(out, "}}");
}

void twilio_put_dtmf(struct buf *out, struct str stream_sid, uint64_t sequence, char digit)
{
    put_event(out, "dtmf", stream_sid);
    put_sequence(out, sequence);
    buf_printf(out, ",\"dtmf\":{\"track\":\"inbound_track\",\"digit\":\"%c\"}}", digit);
}

void twilio_put_stop(struct buf *out, struct str stream_sid, uint64_t sequence,
                     struct str account_sid, struct str call_sid)
{
    put_event(out, "stop", stream_sid);
    put_sequence(out, sequence);
    buf_puts(out, ",\"stop\":{\"accountSid\":");
    buf_json_string(out, account_sid);
    buf_puts(out, ",\"callSid\":");
    buf_json_string(out, call_sid);
    buf_puts(out, "}}");
}
