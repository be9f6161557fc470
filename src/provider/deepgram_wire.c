/* provider/deepgram_wire.c: queries and messages. A key can come in any order and, like "channel",
 * with another type in another message, so that a value of the wrong kind is passed over. */
#include "provider/deepgram_wire.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "net/url.h"
#include "provider/deepgram_private.h"

#include <errno.h>
#include <string.h>

void deepgram_put_param(struct buf *url, const char *name, struct str value)
{
    buf_printf(url, "&%s=", name);
    buf_url_part(url, value);
}

void deepgram_put_wishes(struct buf *url, const char *tag, const char *const *keyterms)
{
    if (tag)
        deepgram_put_param(url, "tag", utf8_cut(str_of(tag), DEEPGRAM_TAG_BYTES_MAX));
    for (size_t i = 0; keyterms && keyterms[i] && i < DEEPGRAM_KEYTERMS_MAX; i++)
        if (keyterms[i][0])
            deepgram_put_param(url, "keyterm",
                               utf8_cut(str_of(keyterms[i]), DEEPGRAM_KEYTERM_BYTES_MAX));
}

int deepgram_url(const char *base_url, const struct deepgram_query *query, struct buf *url_out)
{
    if (url_socket_base(base_url, url_out))
        return EINVAL;
    buf_puts(url_out, "/v1/listen?encoding=mulaw&sample_rate=8000&channels=1&interim_results=true"
                      "&vad_events=true&utterance_end_ms=1000&smart_format=true&punctuate=true"
                      "&mip_opt_out=true");
    buf_printf(url_out, "&endpointing=%d", query->endpointing_ms);
    deepgram_put_param(url_out, "model", str_of(query->model));
    deepgram_put_param(url_out, "language", str_of(query->language));
    deepgram_put_wishes(url_out, query->tag, query->keyterms);
    return 0;
}

bool deepgram_read_ms(struct json *json, int64_t *ms_out)
{
    double seconds;
    if (!json_number(json, &seconds) || !(seconds >= 0 && seconds < 1e6))
        return false;
    *ms_out = (int64_t)(seconds * 1000 + 0.5);
    return true;
}

bool deepgram_read_span(struct json *json, struct str key, struct deepgram_span *span)
{
    if (str_is(key, "end"))
        deepgram_read_ms(json, &span->end_ms);
    else if (str_is(key, "start") && span->start_ms < 0)
        deepgram_read_ms(json, &span->start_ms);
    else
        return false;
    return true;
}

static void read_words(struct json *json, struct deepgram_message *message)
{
    struct deepgram_span span = {-1, -1};
    for (bool list = json_array(json); list && json_element(json); message->words++) {
        struct str key;
        for (bool in = json_object(json); in && json_member(json, &key);)
            if (!deepgram_read_span(json, key, &span))
                json_skip(json);
    }
    message->start_ms = span.start_ms;
    message->end_ms = span.end_ms;
}

static void read_alternative(struct json *json, struct deepgram_message *message)
{
    struct str key;
    double confidence;
    for (bool in = json_object(json); in && json_member(json, &key);) {
        if (str_is(key, "transcript")) {
            json_string(json, &message->transcript);
        } else if (str_is(key, "confidence")) {
            if (json_number(json, &confidence) && confidence >= 0 && confidence <= 1)
                message->confidence = (float)confidence;
        } else if (str_is(key, "words")) {
            read_words(json, message);
        } else {
            json_skip(json);
        }
    }
}

/* Only the likeliest alternative, which comes first. */
static void read_channel(struct json *json, struct deepgram_message *message)
{
    struct str key;
    for (bool in = json_object(json); in && json_member(json, &key);) {
        if (!str_is(key, "alternatives")) {
            json_skip(json);
            continue;
        }
        bool first = true;
        for (bool list = json_array(json); list && json_element(json); first = false)
            if (first)
                read_alternative(json, message);
            else
                json_skip(json);
    }
}

static enum deepgram_kind kind_of(struct str type)
{
    static const struct {
        const char *name;
        enum deepgram_kind kind;
    } kinds[] = {{"Results", DEEPGRAM_RESULTS},
                 {"SpeechStarted", DEEPGRAM_SPEECH_STARTED},
                 {"UtteranceEnd", DEEPGRAM_UTTERANCE_END},
                 {"Metadata", DEEPGRAM_METADATA},
                 {"Error", DEEPGRAM_ERROR}};
    for (size_t i = 0; i < countof(kinds); i++)
        if (str_is(type, kinds[i].name))
            return kinds[i].kind;
    return DEEPGRAM_OTHER;
}

/* What is outside of the words: the stretch of audio it is about, and moments. */
struct times {
    int64_t start_ms, duration_ms, timestamp_ms, last_word_end_ms;
};

static bool read_time(struct json *json, struct str key, struct times *times)
{
    struct {
        const char *key;
        int64_t *ms;
    } const known[] = {{"start", &times->start_ms},
                       {"duration", &times->duration_ms},
                       {"timestamp", &times->timestamp_ms},
                       {"last_word_end", &times->last_word_end_ms}};
    for (size_t i = 0; i < countof(known); i++)
        if (str_is(key, known[i].key)) {
            deepgram_read_ms(json, known[i].ms);
            return true;
        }
    return false;
}

static bool read_flag(struct json *json, struct str key, struct deepgram_message *message)
{
    if (str_is(key, "is_final"))
        json_bool(json, &message->is_final);
    else if (str_is(key, "speech_final"))
        json_bool(json, &message->speech_final);
    else if (str_is(key, "from_finalize"))
        json_bool(json, &message->from_finalize);
    else
        return false;
    return true;
}

static void read_member(struct json *json, struct str key, struct deepgram_message *message,
                        struct str *type_out)
{
    if (str_is(key, "type"))
        json_string(json, type_out);
    else if (str_is(key, "channel"))
        read_channel(json, message); /* an array elsewhere than in Results: passed over */
    else if (str_is(key, "request_id"))
        json_string(json, &message->request_id);
    else if (str_is(key, "description") || (str_is(key, "message") && !message->error.bytes))
        json_string(json, &message->error);
    else
        json_skip(json);
}

static void place(struct deepgram_message *message, const struct times *times)
{
    if (message->kind == DEEPGRAM_SPEECH_STARTED) {
        message->start_ms = times->timestamp_ms;
    } else if (message->kind == DEEPGRAM_UTTERANCE_END) {
        message->end_ms = times->last_word_end_ms;
    } else if (!message->words && times->start_ms >= 0) {
        message->start_ms = times->start_ms;
        message->end_ms = times->start_ms + (times->duration_ms > 0 ? times->duration_ms : 0);
    }
}

int deepgram_parse(struct str text, struct deepgram_message *message_out)
{
    struct deepgram_message message = {.start_ms = -1, .end_ms = -1};
    struct times times = {-1, -1, -1, -1};
    struct json json = json_of(text);
    struct str key, type = {0};
    for (bool in = json_object(&json); in && json_member(&json, &key);)
        if (!read_time(&json, key, &times) && !read_flag(&json, key, &message))
            read_member(&json, key, &message, &type);
    if (!json_done(&json) || !type.bytes)
        return EPROTO;
    message.kind = kind_of(type);
    place(&message, &times);
    *message_out = message;
    return 0;
}
