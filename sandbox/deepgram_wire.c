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

static int read_parameters(struct listen_ask *ask, struct str query, struct listen_error *error)
{
    struct buf name = {0}, value = {0};
    int err = 0;
    while (!err && query.bytes) {
        struct str raw_value = str_cut(&query, '&'), raw_name = str_cut(&raw_value, '=');
        buf_clear(&name);
        buf_clear(&value);
        if (raw_value.bytes > LISTEN_VALUE_BYTES_MAX || url_decode(&name, raw_name, true) ||
            url_decode(&value, raw_value, true))
            err = refuse(error, "query", "a parameter is too long or wrongly escaped");
        else if (name.bytes && read_parameter(ask, buf_text(&name), buf_text(&value)))
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

int listen_read(struct str query, bool live, struct listen_ask *ask_out,
                struct listen_error *error_out)
{
    struct listen_ask ask = {.model = "nova-3",
                             .language = "en",
                             .encoding = LISTEN_CONTAINER,
                             .channels = 1,
                             .endpointing_ms = LISTEN_ENDPOINTING_MS};
    int err = read_parameters(&ask, query, error_out);
    if (!err)
        err = check_model(&ask, error_out);
    if (!err && live)
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
