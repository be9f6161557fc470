/* sandbox/deepgram_wire.c: reading what a listener asks for; writing is in deepgram_say.c.
 * Source: Deepgram API description of 2026-07. */
#include "sandbox/deepgram_wire.h"

#include "base/json.h"
#include "base/mem.h"
#include "net/url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(struct listen_error *error, const char *name, const char *why)
{
    *error = (struct listen_error){.status = 400, .code = "INVALID_QUERY_PARAMETER"};
    snprintf(error->message, sizeof(error->message), "%s: %s", name, why);
    return EINVAL;
}

static int read_text(char *out, size_t room, const char *value)
{
    if (strlen(value) >= room)
        return EINVAL;
    strcpy(out, value); /* fits: looked at above */
    return 0;
}

static int read_bool(bool *out, const char *value)
{
    if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return EINVAL;
    *out = value[0] == 't';
    return 0;
}

static int read_whole(int64_t *out, const char *value, int64_t most)
{
    char *end = NULL;
    long long number = strtoll(value, &end, 10);
    if (end == value || *end || number < 0 || number > most)
        return EINVAL;
    *out = number;
    return 0;
}

static int read_endpointing(int64_t *out, const char *value)
{
    if (strcmp(value, "false") == 0)
        *out = HEAR_SILENCE_NEVER;
    else if (strcmp(value, "true") == 0)
        *out = LISTEN_ENDPOINTING_MS;
    else
        return read_whole(out, value, 60000);
    return 0;
}

static int read_encoding(struct listen_ask *ask, const char *value)
{
    if (strcmp(value, "mulaw") == 0)
        ask->encoding = LISTEN_MULAW;
    else if (strcmp(value, "linear16") == 0)
        ask->encoding = LISTEN_LINEAR16;
    else
        return EINVAL;
    return 0;
}

static int add_keyterm(struct listen_ask *ask, const char *value)
{
    if (ask->keyterm_count == LISTEN_KEYTERMS_MAX)
        return EINVAL;
    ask->keyterms[ask->keyterm_count++] = xstrdup(value);
    return 0;
}

/* Parameters that change nothing here, but may be asked for. */
static bool is_known(const char *name)
{
    static const char *const known[] = {
        "smart_format", "mip_opt_out", "numerals",        "profanity_filter", "redact",
        "diarize",      "dictation",   "search",          "replace",          "callback",
        "extra",        "version",     "callback_method", "keywords",         "diarize_model",
        "utterances",   "paragraphs",  "detect_language", "filler_words",     "measurements",
        "multichannel", "utt_split",   "detect_entities", "summarize",        "topics",
        "intents",      "sentiment",   "diarize_version", "no_delay"};
    for (size_t i = 0; i < countof(known); i++)
        if (strcmp(known[i], name) == 0)
            return true;
    return false;
}

static int read_parameter(struct listen_ask *ask, const char *name, const char *value)
{
    if (strcmp(name, "model") == 0)
        return read_text(ask->model, sizeof(ask->model), value);
    if (strcmp(name, "language") == 0)
        return read_text(ask->language, sizeof(ask->language), value);
    if (strcmp(name, "tag") == 0)
        return read_text(ask->tag, sizeof(ask->tag), value);
    if (strcmp(name, "encoding") == 0)
        return read_encoding(ask, value);
    if (strcmp(name, "sample_rate") == 0)
        return read_whole(&ask->sample_rate, value, 192000);
    if (strcmp(name, "channels") == 0)
        return read_whole(&ask->channels, value, 20);
    if (strcmp(name, "endpointing") == 0)
        return read_endpointing(&ask->endpointing_ms, value);
    if (strcmp(name, "utterance_end_ms") == 0)
        return read_whole(&ask->utterance_end_ms, value, 5000);
    if (strcmp(name, "interim_results") == 0)
        return read_bool(&ask->interim_results, value);
    if (strcmp(name, "vad_events") == 0)
        return read_bool(&ask->vad_events, value);
    if (strcmp(name, "punctuate") == 0)
        return read_bool(&ask->punctuate, value);
    if (strcmp(name, "keyterm") == 0)
        return add_keyterm(ask, value);
    if (strcmp(name, "smart_format") == 0 && strcmp(value, "true") == 0)
        ask->punctuate = true; /* it punctuates as well */
    return is_known(name) ? 0 : EINVAL;
}

static int read_share(double *out, const char *value, double least, double most)
{
    char *end = NULL;
    double number = strtod(value, &end);
    if (end == value || *end || !(number >= least && number <= most))
        return EINVAL;
    *out = number;
    return 0;
}

/* The first language hinted at is the one that is heard. */
static int read_hint(struct listen_ask *ask, const char *value)
{
    return *value && !ask->language[0] ? read_text(ask->language, sizeof(ask->language), value)
           : *value                    ? 0
                                       : EINVAL;
}

static int read_turns_parameter(struct listen_turns *turns, const char *name, const char *value)
{
    if (strcmp(name, "eot_threshold") == 0)
        return read_share(&turns->over, value, 0.5, 1);
    if (strcmp(name, "eager_eot_threshold") == 0)
        return read_share(&turns->maybe_over, value, 0.3, 0.9);
    int64_t ms = 0;
    if (strcmp(name, "eot_timeout_ms") != 0 || read_whole(&ms, value, 60000) || ms < 500)
        return EINVAL;
    turns->timeout_ms = ms;
    return 0;
}

static int read_flux_parameter(struct listen_ask *ask, const char *name, const char *value)
{
    static const char *const shared[] = {"model", "encoding", "sample_rate", "tag", "keyterm"};
    static const char *const known[] = {"numerals", "redact", "profanity_filter", "mip_opt_out"};
    for (size_t i = 0; i < countof(shared); i++)
        if (strcmp(name, shared[i]) == 0)
            return read_parameter(ask, name, value);
    for (size_t i = 0; i < countof(known); i++)
        if (strcmp(name, known[i]) == 0)
            return 0;
    return strcmp(name, "language_hint") == 0 ? read_hint(ask, value)
                                              : read_turns_parameter(&ask->turns, name, value);
}

static int read_parameters(struct listen_ask *ask, struct str query, enum listen_way way,
                           struct listen_error *error)
{
    int (*read)(struct listen_ask * ask, const char *name, const char *value) =
        way == LISTEN_FLUX ? read_flux_parameter : read_parameter;
    struct buf name = {0}, value = {0};
    int err = 0;
    while (!err && query.bytes) {
        struct str raw_value = str_cut(&query, '&'), raw_name = str_cut(&raw_value, '=');
        buf_clear(&name);
        buf_clear(&value);
        if (raw_value.bytes > LISTEN_VALUE_BYTES_MAX || url_decode(&name, raw_name, true) ||
            url_decode(&value, raw_value, true))
            err = refuse(error, "query", "a parameter is too long or wrongly escaped");
        else if (name.bytes && read(ask, buf_text(&name), buf_text(&value)))
            err = refuse(error, buf_text(&name), "unknown, or its value is not one it takes");
    }
    buf_free(&name);
    buf_free(&value);
    return err;
}

const char *listen_language(const struct listen_ask *ask)
{
    static const char *const heard[] = {"cs", "sk", "de", "en"};
    for (size_t i = 0; i < countof(heard); i++)
        if (strncmp(ask->language, heard[i], 2) == 0 &&
            (!ask->language[2] || ask->language[2] == '-'))
            return heard[i];
    return strcmp(ask->language, "multi") == 0 ? "en" : NULL;
}

/* nova-2 and older know no Slovak and no key terms. */
static int check_model(const struct listen_ask *ask, struct listen_error *error)
{
    bool nova3 = strncmp(ask->model, "nova-3", 6) == 0,
         nova2 = strncmp(ask->model, "nova-2", 6) == 0;
    const char *language = listen_language(ask);
    if ((!nova3 && !nova2) || !language) {
        *error = (struct listen_error){.status = 400, .code = "Bad Request"};
        snprintf(error->message, sizeof(error->message),
                 "Bad Request: No such model/language/tier combination found.");
        return EINVAL;
    }
    if (ask->keyterm_count && !nova3)
        return refuse(error, "keyterm", "Keyterms are only supported for Nova-3 models.");
    return 0;
}

static int check_flux_model(struct listen_ask *ask, struct listen_error *error)
{
    bool english = strcmp(ask->model, "flux-general-en") == 0;
    if (!english && strcmp(ask->model, "flux-general-multi") != 0)
        return refuse(error, "model", "flux-general-en or flux-general-multi");
    if (english && ask->language[0])
        return refuse(error, "language_hint", "Only valid for flux-general-multi.");
    if (!ask->language[0])
        strcpy(ask->language, english ? "en" : "multi");
    if (strcmp(ask->language, "cs") == 0 || strcmp(ask->language, "sk") == 0 ||
        !listen_language(ask))
        return refuse(error, "language_hint", "The sandbox's Flux hears de and en.");
    return 0;
}

static int check_audio(const struct listen_ask *ask, struct listen_error *error)
{
    if (ask->encoding == LISTEN_CONTAINER)
        return refuse(error, "encoding", "The sandbox takes raw mulaw or linear16 only.");
    if (!ask->sample_rate)
        return refuse(error, "sample_rate", "required for raw audio");
    if (ask->sample_rate != 8000 && (ask->encoding == LISTEN_MULAW || ask->sample_rate != 16000))
        return refuse(error, "sample_rate", "The sandbox takes 8000, of linear16 16000 as well.");
    if (ask->channels != 1)
        return refuse(error, "channels", "The sandbox takes one channel.");
    if (ask->utterance_end_ms && !ask->interim_results)
        return refuse(error, "utterance_end_ms", "requires interim_results=true");
    return 0;
}

int listen_read(struct str query, enum listen_way way, struct listen_ask *ask_out,
                struct listen_error *error_out)
{
    struct listen_ask ask = {.model = "nova-3",
                             .language = "en",
                             .encoding = LISTEN_CONTAINER,
                             .channels = 1,
                             .endpointing_ms = LISTEN_ENDPOINTING_MS};
    if (way == LISTEN_FLUX)
        ask = (struct listen_ask){.encoding = LISTEN_CONTAINER,
                                  .channels = 1,
                                  .punctuate = true,
                                  .turns = {.over = 0.7, .timeout_ms = 5000}};
    int err = read_parameters(&ask, query, way, error_out);
    if (!err)
        err = way == LISTEN_FLUX ? check_flux_model(&ask, error_out) : check_model(&ask, error_out);
    if (!err && way != LISTEN_BATCH)
        err = check_audio(&ask, error_out);
    if (err)
        listen_fini(&ask);
    else
        *ask_out = ask;
    return err;
}

void listen_fini(struct listen_ask *ask)
{
    for (size_t i = 0; i < ask->keyterm_count; i++)
        free(ask->keyterms[i]);
    ask->keyterm_count = 0;
}

enum listen_message listen_message_read(struct str text)
{
    static const struct {
        const char *name;
        enum listen_message message;
    } kinds[] = {{"KeepAlive", LISTEN_KEEP_ALIVE},
                 {"Finalize", LISTEN_FINALIZE},
                 {"CloseStream", LISTEN_CLOSE_STREAM},
                 {"Configure", LISTEN_CONFIGURE}};
    struct json json = json_of(text);
    struct str key, type = {0};
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        if (str_is(key, "type"))
            json_string(&json, &type);
        else
            json_skip(&json);
    }
    if (!json_done(&json) || !type.at)
        return LISTEN_BAD;
    for (size_t i = 0; i < countof(kinds); i++)
        if (str_is(type, kinds[i].name))
            return kinds[i].message;
    return LISTEN_UNKNOWN;
}

static bool read_threshold(struct json *json, struct str key, struct listen_turns *turns)
{
    char name[32], value[32];
    struct str raw = {0};
    double number;
    if (key.bytes >= sizeof(name))
        return false;
    snprintf(name, sizeof(name), "%.*s", (int)key.bytes, key.at);
    if (json_peek(json) == '"') {
        json_string(json, &raw);
        snprintf(value, sizeof(value), "%.*s", (int)(raw.bytes < 31 ? raw.bytes : 31), raw.at);
    } else if (json_number(json, &number)) {
        snprintf(value, sizeof(value), "%.6g", number);
    } else {
        return false;
    }
    return read_turns_parameter(turns, name, value) == 0;
}

int listen_configure_read(struct str text, struct listen_turns *turns)
{
    struct listen_turns wanted = *turns;
    struct json json = json_of(text);
    struct str key;
    bool good = true;
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        if (!str_is(key, "thresholds")) {
            json_skip(&json);
            continue;
        }
        for (bool inside = json_object(&json); inside && json_member(&json, &key);)
            good = read_threshold(&json, key, &wanted) && good;
    }
    if (!good || !json_done(&json))
        return EINVAL;
    *turns = wanted;
    return 0;
}
