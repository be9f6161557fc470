/* sandbox/elevenlabs_wire.c: the tables of voices and models, and what goes over the wire about
 * them. Source: ElevenLabs API description of 2026-08. */
#include "sandbox/elevenlabs_wire.h"

#include "base/audio.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "sandbox/body.h"
#include "sandbox/tongue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct eleven_voice voices[] = {
    {"kArEnCsFeMaLe0000001", "Karen", "cs", "standard", VOICE_FEMALE},
    {"kArEnCsMaLe000000002", "Karel", "cs", "standard", VOICE_MALE},
    {"kArEnSkFeMaLe0000003", "Katka", "sk", "standard", VOICE_FEMALE},
    {"kArEnSkMaLe000000004", "Kamil", "sk", "standard", VOICE_MALE},
    {"kArEnDeFeMaLe0000005", "Katrin", "de", "standard", VOICE_FEMALE},
    {"kArEnDeMaLe000000006", "Karl", "de", "standard", VOICE_MALE},
    {"21m00Tcm4TlvDq8ikWAM", "Rachel", "en", "american", VOICE_FEMALE},
    {"EXAVITQu4vr4xnSDxMaL", "Sarah", "en", "american", VOICE_FEMALE},
    {"JBFqnCBsd6RMkjVDRZzb", "George", "en", "british", VOICE_MALE},
    {"TxGEqnHWrfWFTfGW9XjX", "Josh", "en", "american", VOICE_MALE},
};

static const struct eleven_model models[] = {
    {"eleven_flash_v2_5", "Eleven Flash v2.5", 40000, 0.5, true, true},
    {"eleven_turbo_v2_5", "Eleven Turbo v2.5", 40000, 0.5, true, true},
    {"eleven_multilingual_v2", "Eleven Multilingual v2", 10000, 1, false, true},
    {"eleven_v3", "Eleven v3", 5000, 1, true, false},
};

const struct eleven_voice *eleven_voices(size_t *count_out)
{
    *count_out = countof(voices);
    return voices;
}

const struct eleven_voice *eleven_voice_find(struct str id)
{
    for (size_t i = 0; i < countof(voices); i++)
        if (str_is(id, voices[i].id))
            return &voices[i];
    return NULL;
}

const char *eleven_voice_name(const struct eleven_voice *voice, const char *language)
{
    size_t count = 0;
    const struct voice_info *list = voice_list(&count);
    for (size_t i = 0; i < count; i++)
        if (list[i].sex == voice->sex && strstr(list[i].languages, language))
            return list[i].name;
    return NULL;
}

void eleven_voice_print(const struct eleven_voice *voice, struct buf *out)
{
    buf_printf(out, "{\"voice_id\":\"%s\",\"name\":\"%s\",\"category\":\"premade\",", voice->id,
               voice->name);
    buf_printf(out,
               "\"labels\":{\"language\":\"%s\",\"gender\":\"%s\",\"accent\":\"%s\","
               "\"use_case\":\"conversational\"},",
               voice->language, voice->sex == VOICE_FEMALE ? "female" : "male", voice->accent);
    buf_puts(out, "\"description\":\"A voice of the sandbox.\",\"preview_url\":null,"
                  "\"available_for_tiers\":[],\"high_quality_base_model_ids\":["
                  "\"eleven_flash_v2_5\",\"eleven_multilingual_v2\"],\"settings\":{"
                  "\"stability\":0.5,\"similarity_boost\":0.75,\"style\":0.0,"
                  "\"use_speaker_boost\":true,\"speed\":1.0},\"samples\":null,\"sharing\":null,"
                  "\"is_owner\":false,\"is_legacy\":false,\"is_mixed\":false}");
}

const struct eleven_model *eleven_models(size_t *count_out)
{
    *count_out = countof(models);
    return models;
}

const struct eleven_model *eleven_model_find(const char *id)
{
    for (size_t i = 0; i < countof(models); i++)
        if (strcmp(models[i].id, id) == 0)
            return &models[i];
    return NULL;
}

void eleven_model_print(const struct eleven_model *model, struct buf *out)
{
    buf_printf(out,
               "{\"model_id\":\"%s\",\"name\":\"%s\",\"can_do_text_to_speech\":true,"
               "\"can_do_voice_conversion\":false,\"can_be_finetuned\":false,"
               "\"can_use_style\":true,\"can_use_speaker_boost\":true,\"serves_pro_voices\":false,",
               model->id, model->name);
    buf_printf(out,
               "\"token_cost_factor\":%g,\"maximum_text_length_per_request\":%lld,"
               "\"max_characters_request_subscribed_user\":%lld,",
               model->cost, (long long)model->text_chars_max, (long long)model->text_chars_max);
    buf_puts(out, "\"languages\":[{\"language_id\":\"cs\",\"name\":\"Czech\"},"
                  "{\"language_id\":\"sk\",\"name\":\"Slovak\"},"
                  "{\"language_id\":\"de\",\"name\":\"German\"},"
                  "{\"language_id\":\"en\",\"name\":\"English\"}]}");
}

static const struct {
    const char *name, *type;
    size_t bytes_per_ms;
} formats[] = {
    [ELEVEN_ULAW_8000] = {"ulaw_8000", "audio/basic", 8},
    [ELEVEN_PCM_8000] = {"pcm_8000", "audio/pcm", 16},
    [ELEVEN_PCM_16000] = {"pcm_16000", "audio/pcm", 32},
};

int eleven_format_read(const char *name, enum eleven_format *format_out)
{
    for (size_t i = 0; i < countof(formats); i++)
        if (strcmp(formats[i].name, name) == 0) {
            *format_out = (enum eleven_format)i;
            return 0;
        }
    return EINVAL;
}

size_t eleven_format_bytes_per_ms(enum eleven_format format)
{
    return formats[format].bytes_per_ms;
}

const char *eleven_format_type(enum eleven_format format)
{
    return formats[format].type;
}

static void put_sample(struct buf *out, int16_t sample)
{
    uint16_t bits = (uint16_t)sample;
    buf_putc(out, (char)(bits & 0xFF)); /* little endian */
    buf_putc(out, (char)(bits >> 8));
}

void eleven_format_put(enum eleven_format format, const uint8_t *ulaw, size_t bytes,
                       int16_t *last_sample, struct buf *out)
{
    if (format == ELEVEN_ULAW_8000) {
        buf_add(out, ulaw, bytes);
        return;
    }
    for (size_t i = 0; i < bytes; i++) {
        int16_t sample = ulaw_decode(ulaw[i]);
        if (format == ELEVEN_PCM_16000)
            put_sample(out, (int16_t)((*last_sample + sample) / 2));
        put_sample(out, sample);
        *last_sample = sample;
    }
}

void eleven_error_print(const struct eleven_error *error, struct buf *out)
{
    buf_puts(out, "{\"detail\":");
    if (error->status == 422)
        buf_printf(out, "[{\"type\":\"%s\",\"loc\":[\"body\",\"%s\"],\"msg\":", error->code,
                   error->field);
    else
        buf_printf(out, "{\"status\":\"%s\",\"message\":", error->code);
    buf_json_string(out, str_of(error->message));
    buf_puts(out, error->status == 422 ? "}]}" : "}}");
}

const char *eleven_language(const char *code)
{
    static const char *const spoken[] = {"cs", "sk", "de", "en"};
    for (size_t i = 0; i < countof(spoken); i++)
        if (strncmp(code, spoken[i], 2) == 0 && (!code[2] || code[2] == '-'))
            return spoken[i];
    return NULL;
}

static int refuse(struct eleven_error *error, int status, const char *code, const char *field,
                  const char *message)
{
    *error = (struct eleven_error){.status = status, .code = code, .field = field};
    snprintf(error->message, sizeof(error->message), "%s", message);
    return EINVAL;
}

static int read_model(const cJSON *body, struct eleven_ask *ask, struct eleven_error *error)
{
    const char *id = body_text(body, "model_id");
    ask->model = eleven_model_find(id ? id : "eleven_multilingual_v2");
    if (!ask->model)
        return refuse(error, 400, "model_not_found", NULL, "A model with this id was not found.");
    return 0;
}

static int read_text(const cJSON *body, struct eleven_ask *ask, struct eleven_error *error)
{
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(body, "text");
    if (!text)
        return refuse(error, 422, "missing", "text", "Field required");
    if (!cJSON_IsString(text))
        return refuse(error, 422, "string_type", "text", "Input should be a valid string");
    struct str words = str_trim(str_of(text->valuestring));
    if (!words.bytes)
        return refuse(error, 400, "empty_text", NULL, "The text must not be empty.");
    ask->chars = (int64_t)utf8_length(str_of(text->valuestring));
    if (ask->chars > ask->model->text_chars_max || strlen(text->valuestring) > VOICE_TEXT_BYTES_MAX)
        return refuse(error, 400, "max_character_limit_exceeded", NULL,
                      "The text is longer than this model takes in one request.");
    ask->text = xstrdup(text->valuestring);
    return 0;
}

static int read_language(const cJSON *body, struct eleven_ask *ask, struct eleven_error *error)
{
    const char *code = body_text(body, "language_code");
    if (code && ask->model->takes_language)
        ask->language = eleven_language(code);
    else
        ask->language = tongue_of(str_of(ask->text));
    if (!ask->language)
        return refuse(error, 400, "unsupported_language", NULL,
                      "This model does not support the language_code.");
    return 0;
}

static int read_voice_settings(const cJSON *body, struct eleven_ask *ask,
                               struct eleven_error *error)
{
    const cJSON *settings = cJSON_GetObjectItemCaseSensitive(body, "voice_settings");
    double stability = body_number(settings, "stability", 0.5);
    ask->speed = body_number(settings, "speed", 1);
    if (!(stability >= 0 && stability <= 1))
        return refuse(error, 422, "less_than_equal", "voice_settings",
                      "stability should be between 0 and 1");
    if (!(ask->speed >= 0.7 && ask->speed <= 1.2))
        return refuse(error, 400, "invalid_voice_settings", NULL,
                      "Invalid setting for speed: it is between 0.7 and 1.2.");
    return 0;
}

int eleven_ask_read(struct str body_bytes, struct eleven_ask *ask_out,
                    struct eleven_error *error_out)
{
    struct eleven_ask ask = {0};
    cJSON *body = body_parse(body_bytes);
    int err = 0;
    if (!cJSON_IsObject(body))
        err = refuse(error_out, 422, "json_invalid", "body", "JSON decode error");
    if (!err)
        err = read_model(body, &ask, error_out);
    if (!err)
        err = read_text(body, &ask, error_out);
    if (!err)
        err = read_language(body, &ask, error_out);
    if (!err)
        err = read_voice_settings(body, &ask, error_out);
    cJSON_Delete(body);
    if (err)
        eleven_ask_fini(&ask);
    else
        *ask_out = ask;
    return err;
}

void eleven_ask_fini(struct eleven_ask *ask)
{
    free(ask->text);
    ask->text = NULL;
}

static void put_times(const struct voice_event *event, bool ends, struct buf *out)
{
    for (size_t i = 0; i < event->char_count; i++)
        buf_printf(out, "%s%.3f", i ? "," : "",
                   (double)(ends ? event->chars[i].end_ms : event->chars[i].start_ms) / 1000);
}

static void put_alignment(const struct voice_event *event, struct buf *out)
{
    struct str rest = event->text;
    buf_puts(out, "{\"characters\":[");
    for (bool first = true; rest.bytes; first = false) {
        uint32_t code = 0;
        size_t bytes = utf8_next(rest, &code);
        buf_puts(out, first ? "" : ",");
        buf_json_string(out, (struct str){rest.at, bytes});
        rest = (struct str){rest.at + bytes, rest.bytes - bytes};
    }
    buf_puts(out, "],\"character_start_times_seconds\":[");
    put_times(event, false, out);
    buf_puts(out, "],\"character_end_times_seconds\":[");
    put_times(event, true, out);
    buf_puts(out, "]}");
}

void eleven_timed_print(struct str audio, const struct voice_event *event, struct buf *out)
{
    buf_puts(out, "{\"audio_base64\":\"");
    base64_put(out, audio.at, audio.bytes);
    buf_puts(out, "\",\"alignment\":");
    put_alignment(event, out);
    buf_puts(out, ",\"normalized_alignment\":");
    put_alignment(event, out);
    buf_putc(out, '}');
}
