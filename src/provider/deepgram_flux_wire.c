/* provider/deepgram_flux_wire.c: queries and messages of listen v2. As in deepgram_wire.c a value
 * of the wrong kind is passed over; only a turn's number cannot be done without. */
#include "provider/deepgram_flux_wire.h"

#include "base/json.h"
#include "base/mem.h"
#include "net/url.h"
#include "provider/deepgram_private.h"

#include <errno.h>

#define QUERY_FIXED                                                                                \
    "/v2/listen?encoding=mulaw&sample_rate=8000&eot_threshold=0.7&eager_eot_threshold=0.4"         \
    "&eot_timeout_ms=3000&mip_opt_out=true"

bool flux_knows(struct str language)
{
    static const char *const known[] = {"en", "es", "fr", "de", "hi", "ru", "pt", "ja", "it", "nl"};
    for (size_t i = 0; i < countof(known); i++)
        if (str_is(language, known[i]))
            return true;
    return false;
}

int flux_url(const char *base_url, const struct flux_query *query, struct buf *url_out)
{
    bool english = str_is(str_of(query->language), "en");
    if (url_socket_base(base_url, url_out))
        return EINVAL;
    buf_puts(url_out, QUERY_FIXED);
    deepgram_put_param(url_out, "model",
                       str_of(english ? "flux-general-en" : "flux-general-multi"));
    if (!english)
        deepgram_put_param(url_out, "language_hint", str_of(query->language));
    deepgram_put_wishes(url_out, query->tag, query->keyterms);
    return 0;
}

static bool read_share(struct json *json, double *share_out)
{
    double share;
    if (!json_number(json, &share) || !(share >= 0 && share <= 1))
        return false;
    *share_out = share;
    return true;
}

static void read_words(struct json *json, struct flux_message *message)
{
    struct deepgram_span span = {-1, -1};
    double sum = 0;
    for (bool list = json_array(json); list && json_element(json);) {
        struct str key;
        double share = 0;
        for (bool in = json_object(json); in && json_member(json, &key);)
            if (str_is(key, "confidence"))
                read_share(json, &share);
            else if (!deepgram_read_span(json, key, &span))
                json_skip(json);
        sum += share;
        message->words++;
    }
    message->start_ms = span.start_ms;
    message->end_ms = span.end_ms;
    message->confidence = message->words ? (float)(sum / (double)message->words) : 0;
}

struct head {
    struct str type, event;
    int64_t turn; /* -1: not said */
};

static bool read_text(struct json *json, struct str key, struct flux_message *message,
                      struct head *head)
{
    struct {
        const char *key;
        struct str *text;
    } const known[] = {{"type", &head->type},
                       {"event", &head->event},
                       {"transcript", &message->transcript},
                       {"code", &message->code},
                       {"description", &message->description}};
    for (size_t i = 0; i < countof(known); i++)
        if (str_is(key, known[i].key)) {
            json_string(json, known[i].text);
            return true;
        }
    return false;
}

static void read_number(struct json *json, struct str key, struct flux_message *message,
                        struct head *head)
{
    int64_t turn;
    double share;
    if (str_is(key, "turn_index")) {
        if (json_whole(json, &turn) && turn >= 0 && turn < UINT32_MAX)
            head->turn = turn;
    } else if (str_is(key, "audio_window_start")) {
        deepgram_read_ms(json, &message->window_start_ms);
    } else if (str_is(key, "audio_window_end")) {
        deepgram_read_ms(json, &message->window_end_ms);
    } else if (str_is(key, "end_of_turn_confidence")) {
        if (read_share(json, &share))
            message->end_confidence = (float)share;
    } else if (str_is(key, "words")) {
        read_words(json, message);
    } else {
        json_skip(json);
    }
}

struct kind_name {
    const char *name;
    enum flux_kind kind;
};

static enum flux_kind kind_in(const struct kind_name *names, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(name, names[i].name))
            return names[i].kind;
    return FLUX_OTHER;
}

static enum flux_kind kind_of(const struct head *head)
{
    static const struct kind_name types[] = {{"Connected", FLUX_CONNECTED}, {"Error", FLUX_ERROR}};
    static const struct kind_name events[] = {{"Update", FLUX_UPDATE},
                                              {"StartOfTurn", FLUX_START_OF_TURN},
                                              {"EagerEndOfTurn", FLUX_EAGER_END},
                                              {"TurnResumed", FLUX_RESUMED},
                                              {"EndOfTurn", FLUX_END_OF_TURN}};
    return str_is(head->type, "TurnInfo") ? kind_in(events, countof(events), head->event)
                                          : kind_in(types, countof(types), head->type);
}

int flux_parse(struct str text, struct flux_message *message_out)
{
    struct flux_message message = {
        .window_start_ms = -1, .window_end_ms = -1, .start_ms = -1, .end_ms = -1};
    struct head head = {.turn = -1};
    struct json json = json_of(text);
    struct str key;
    for (bool in = json_object(&json); in && json_member(&json, &key);)
        if (!read_text(&json, key, &message, &head))
            read_number(&json, key, &message, &head);
    if (!json_done(&json) || !head.type.bytes || (str_is(head.type, "TurnInfo") && head.turn < 0))
        return EPROTO;
    message.kind = kind_of(&head);
    message.turn = head.turn > 0 ? (uint32_t)head.turn : 0;
    *message_out = message;
    return 0;
}
