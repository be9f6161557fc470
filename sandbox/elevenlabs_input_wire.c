/* sandbox/elevenlabs_input_wire.c: what goes over ElevenLabs' WebSockets. */
#include "sandbox/elevenlabs_input_wire.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "sandbox/body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void read_schedule(const cJSON *body, struct input_message *message)
{
    const cJSON *item = NULL, *config = cJSON_GetObjectItemCaseSensitive(body, "generation_config");
    size_t count = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(config, "chunk_length_schedule"))
    {
        bool fits = cJSON_IsNumber(item) && item->valuedouble >= 5 && item->valuedouble <= 500;
        if (fits && count < INPUT_SCHEDULE_MAX)
            message->schedule[count++] = (int)item->valuedouble;
    }
}

int input_message_read(struct str json, struct input_message *message_out)
{
    struct input_message message = {0};
    cJSON *body = body_parse(json);
    const char *why = NULL, *text = body_text(body, "text");
    const struct body_field fields[] = {
        {"context_id", BODY_TEXT, message.context, sizeof(message.context)},
        {"xi_api_key", BODY_TEXT, message.key, sizeof(message.key)},
    };
    bool bad = !cJSON_IsObject(body) || body_read(body, fields, countof(fields), &why) ||
               (text && strlen(text) > VOICE_TEXT_BYTES_MAX);
    if (!bad) {
        message.text = xstrdup(text);
        message.speed =
            body_number(cJSON_GetObjectItemCaseSensitive(body, "voice_settings"), "speed", 0);
        message.flush = body_is_true(body, "flush");
        message.trigger = body_is_true(body, "try_trigger_generation");
        message.close_context = body_is_true(body, "close_context");
        message.close_socket = body_is_true(body, "close_socket");
        read_schedule(body, &message);
        *message_out = message;
    }
    cJSON_Delete(body);
    return bad ? EINVAL : 0;
}

void input_message_fini(struct input_message *message)
{
    free(message->text);
    message->text = NULL;
}

static void put_numbers(const struct voice_event *event, bool durations, struct buf *out)
{
    int64_t from_ms = event->char_count ? event->chars[0].start_ms : 0;
    for (size_t i = 0; i < event->char_count; i++) {
        const struct voice_char *one = &event->chars[i];
        buf_printf(out, "%s%lld", i ? "," : "",
                   (long long)(durations ? one->end_ms - one->start_ms : one->start_ms - from_ms));
    }
}

/* Times count from the beginning of this piece of audio. */
static void put_alignment(const struct voice_event *event, struct buf *out)
{
    struct str rest = event->text;
    buf_puts(out, "{\"chars\":[");
    for (bool first = true; rest.bytes; first = false) {
        uint32_t code = 0;
        size_t bytes = utf8_next(rest, &code);
        buf_puts(out, first ? "" : ",");
        buf_json_string(out, (struct str){rest.at, bytes});
        rest = (struct str){rest.at + bytes, rest.bytes - bytes};
    }
    buf_puts(out, "],\"charStartTimesMs\":[");
    put_numbers(event, false, out);
    buf_puts(out, "],\"charsDurationsMs\":[");
    put_numbers(event, true, out);
    buf_puts(out, "]}");
}

void input_audio_print(struct str audio, const struct voice_event *event, const char *context,
                       struct buf *out)
{
    buf_puts(out, "{\"audio\":\"");
    base64_put(out, audio.at, audio.bytes);
    buf_puts(out, "\",\"isFinal\":null,\"alignment\":");
    put_alignment(event, out);
    buf_puts(out, ",\"normalizedAlignment\":");
    put_alignment(event, out);
    if (*context)
        body_put_text(out, "contextId", context);
    buf_putc(out, '}');
}

void input_final_print(const char *context, struct buf *out)
{
    buf_puts(out, "{\"audio\":null,\"isFinal\":true");
    if (*context)
        body_put_text(out, "contextId", context);
    buf_putc(out, '}');
}
