/* sandbox/settings.c: one table of all the settings. */
#include "sandbox/settings.h"

#include "base/mem.h"
#include "sandbox/body.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

const struct settings settings_usual = {
    .deepgram_key = "test-deepgram-key",
    .openai_key = "test-openai-key",
    .elevenlabs_key = "test-elevenlabs-key",
    .twilio_account = "AC00000000000000000000000000000001",
    .twilio_token = "test-auth-token",
    .twilio_verify_service = "VA00000000000000000000000000000001",
    .twilio_say_ms_per_char = 60,
    .deepgram_latency_ms = 60,
    .deepgram_streams_max = 5000,
    .openai_first_token_ms = 250,
    .openai_tokens_per_s = 80,
    .elevenlabs_first_byte_ms = 75,
    .elevenlabs_speed_percent = 800,
    .elevenlabs_streams_max = 5000,
};

void settings_hurry(struct settings *settings)
{
    settings->twilio_say_ms_per_char = 0;
    settings->deepgram_latency_ms = 0;
    settings->openai_first_token_ms = 0;
    settings->openai_tokens_per_s = 0;
    settings->elevenlabs_first_byte_ms = 0;
    settings->elevenlabs_speed_percent = 0;
}

enum { MS_MAX = 60000, STREAMS_MAX = 100000, PER_S_MAX = 100000, SETTINGS_COUNT = 14 };

static void fields_of(struct settings *s, struct body_field fields[SETTINGS_COUNT])
{
    struct body_field list[SETTINGS_COUNT] = {
        {"deepgram_key", BODY_TEXT, s->deepgram_key, sizeof(s->deepgram_key)},
        {"openai_key", BODY_TEXT, s->openai_key, sizeof(s->openai_key)},
        {"elevenlabs_key", BODY_TEXT, s->elevenlabs_key, sizeof(s->elevenlabs_key)},
        {"twilio_account", BODY_TEXT, s->twilio_account, sizeof(s->twilio_account)},
        {"twilio_token", BODY_TEXT, s->twilio_token, sizeof(s->twilio_token)},
        {"twilio_verify_service", BODY_TEXT, s->twilio_verify_service,
         sizeof(s->twilio_verify_service)},
        {"twilio_say_ms_per_char", BODY_WHOLE, &s->twilio_say_ms_per_char, 1000},
        {"deepgram_latency_ms", BODY_WHOLE, &s->deepgram_latency_ms, MS_MAX},
        {"deepgram_streams_max", BODY_WHOLE, &s->deepgram_streams_max, STREAMS_MAX},
        {"openai_first_token_ms", BODY_WHOLE, &s->openai_first_token_ms, MS_MAX},
        {"openai_tokens_per_s", BODY_WHOLE, &s->openai_tokens_per_s, PER_S_MAX},
        {"elevenlabs_first_byte_ms", BODY_WHOLE, &s->elevenlabs_first_byte_ms, MS_MAX},
        {"elevenlabs_speed_percent", BODY_WHOLE, &s->elevenlabs_speed_percent, PER_S_MAX},
        {"elevenlabs_streams_max", BODY_WHOLE, &s->elevenlabs_streams_max, STREAMS_MAX},
    };
    memcpy(fields, list, sizeof(list));
}

int settings_read(struct str json, struct settings *settings, const char **why_out)
{
    struct settings fresh = *settings;
    struct body_field fields[SETTINGS_COUNT];
    fields_of(&fresh, fields);
    cJSON *body = body_parse(json);
    *why_out = "the body is not a JSON object";
    int err = cJSON_IsObject(body) ? body_read(body, fields, SETTINGS_COUNT, why_out) : EINVAL;
    cJSON_Delete(body);
    if (!err)
        *settings = fresh;
    return err;
}

void settings_print(const struct settings *settings, struct buf *out)
{
    struct settings copy = *settings;
    struct body_field fields[SETTINGS_COUNT];
    fields_of(&copy, fields);
    buf_putc(out, '{');
    const char *comma = "";
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        if (fields[i].kind != BODY_WHOLE)
            continue;
        buf_printf(out, "%s\"%s\":%lld", comma, fields[i].name,
                   (long long)*(const int64_t *)fields[i].out);
        comma = ",";
    }
    buf_putc(out, '}');
}
