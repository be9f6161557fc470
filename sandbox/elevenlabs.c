/* sandbox/elevenlabs.c: text to speech over HTTP, whole, in pieces or with times, at the pace of
 * the real one. What is said goes through the shared speaker; the WebSockets are in
 * elevenlabs_input.c. */
#include "base/mem.h"
#include "sandbox/elevenlabs_private.h"
#include "sandbox/later.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 40, PIECE_BYTES = 1024, CREDITS = 100000 };

enum shape { SHAPE_WHOLE, SHAPE_STREAM, SHAPE_TIMED };

/* One text being spoken to one client. */
struct utter {
    struct visit *visit;
    struct elevenlabs *elevenlabs;
    struct eleven_ask ask;
    enum eleven_format format;
    enum shape shape;
    struct op *saying;
    struct buf queue; /* bytes, or lines of JSON, that wait to be sent */
    int64_t ready_ms; /* not a byte before */
    int16_t last_sample;
    bool begun, done;
    int err;
};

struct elevenlabs *eleven_new(struct loop *loop, struct speaker *speaker)
{
    struct elevenlabs *elevenlabs = xalloc(sizeof(*elevenlabs));
    elevenlabs->loop = loop;
    elevenlabs->speaker = speaker;
    return elevenlabs;
}

void eleven_free(struct elevenlabs **elevenlabs)
{
    free(*elevenlabs);
    *elevenlabs = NULL;
}

static void utter_free(struct utter *utter)
{
    op_cancel(&utter->saying);
    utter->elevenlabs->speaking--;
    eleven_ask_fini(&utter->ask);
    buf_free(&utter->queue);
    free(utter);
}

static void on_gone(struct visit *visit)
{
    utter_free(visit->own);
}

void elevenlabs_refuse(struct visit *visit, const struct eleven_error *error)
{
    struct buf body = {0};
    eleven_error_print(error, &body);
    visit_reply_json(visit, error->status, buf_str(&body));
    buf_free(&body);
}

static void fail(struct visit *visit, int status, const char *code, const char *message)
{
    static const struct {
        int status;
        const char *code, *message;
    } usual[] = {
        {401, "invalid_api_key", "Invalid API key"},
        {403, "only_for_creator+", "This is only available on the creator tier and above."},
        {404, "not_found", "Not Found"},
        {429, "system_busy", "The system is experiencing heavy traffic, please try again."},
        {500, "internal_server_error", "An internal error occurred."},
    };
    struct eleven_error error = {.status = status, .code = "bad_request", .field = "body"};
    const char *words = "The request was refused.";
    if (!visit->endpoint && status == 404) { /* the framework's own answer */
        visit_reply_json(visit, 404, str_of("{\"detail\":\"Not Found\"}"));
        return;
    }
    for (size_t i = 0; i < countof(usual); i++)
        if (usual[i].status == status) {
            error.code = usual[i].code;
            words = usual[i].message;
        }
    if (code)
        error.code = code;
    snprintf(error.message, sizeof(error.message), "%s", message ? message : words);
    elevenlabs_refuse(visit, &error);
}

bool elevenlabs_admit(struct visit *visit)
{
    struct elevenlabs *elevenlabs = visit->party->state;
    if (elevenlabs->speaking < visit->party->settings->elevenlabs_streams_max)
        return true;
    fail(visit, 429, "too_many_concurrent_requests",
         "Too many concurrent requests. Your current subscription is associated with a maximum of "
         "concurrent requests (running in parallel).");
    return false;
}

static void set_headers(struct utter *utter)
{
    struct http_req *req = utter->visit->req;
    char number[32];
    http_set_header(req, "request-id", req->id);
    http_set_header(req, "x-trace-id", req->id);
    http_set_header(req, "x-region", "sandbox");
    snprintf(number, sizeof(number), "%lld",
             (long long)((double)utter->ask.chars * utter->ask.model->cost + 0.5));
    http_set_header(req, "character-cost", number);
    snprintf(number, sizeof(number), "%lld", (long long)utter->elevenlabs->speaking);
    http_set_header(req, "current-concurrent-requests", number);
    snprintf(number, sizeof(number), "%lld",
             (long long)utter->visit->party->settings->elevenlabs_streams_max);
    http_set_header(req, "maximum-concurrent-requests", number);
}

/* How many bytes may go now, so that audio leaves at the pace of the settings. */
static size_t budget(const struct utter *utter)
{
    size_t percent = (size_t)utter->visit->party->settings->elevenlabs_speed_percent;
    if (!percent || utter->shape == SHAPE_TIMED)
        return utter->queue.bytes;
    return TICK_MS * eleven_format_bytes_per_ms(utter->format) * percent / 100;
}

/* False: the stream broke or is silent from here on; nothing may be touched. */
static bool send_some(struct utter *utter)
{
    size_t left = budget(utter), at = 0;
    enum visit_sent sent = SENT_OK;
    while (left && at < utter->queue.bytes && sent == SENT_OK) {
        size_t bytes = utter->queue.bytes - at;
        bytes = bytes < PIECE_BYTES ? bytes : PIECE_BYTES;
        bytes = bytes < left ? bytes : left;
        sent =
            visit_send(utter->visit, (struct str){utter->queue.data + at, bytes}, (int64_t)bytes);
        at += bytes;
        left -= bytes;
    }
    if (sent == SENT_SILENT)
        return false; /* on_gone() frees it */
    if (sent == SENT_ERROR)
        visit_end_stream(utter->visit); /* no way to tell one in mid-audio: it ends short */
    if (sent != SENT_OK) {
        utter_free(utter);
        return false;
    }
    buf_drop(&utter->queue, at);
    return true;
}

static void reply_whole(struct utter *utter)
{
    struct visit *visit = utter->visit;
    if (utter->err) {
        fail(visit, 500, NULL, NULL);
    } else {
        set_headers(utter);
        visit_reply(visit, 200,
                    utter->shape == SHAPE_TIMED ? "application/json"
                                                : eleven_format_type(utter->format),
                    buf_str(&utter->queue));
    }
    utter_free(utter);
}

static void end(struct utter *utter)
{
    visit_end_stream(utter->visit);
    utter_free(utter);
}

static void begin(struct utter *utter)
{
    set_headers(utter);
    utter->begun = true;
    visit_begin_stream(utter->visit, 200,
                       utter->shape == SHAPE_TIMED ? "application/json"
                                                   : eleven_format_type(utter->format));
}

static void on_tick(void *arg)
{
    struct utter *utter = arg;
    struct visit *visit = utter->visit;
    if (utter->shape == SHAPE_WHOLE || (!utter->begun && utter->err)) {
        reply_whole(utter);
        return;
    }
    if (!utter->begun)
        begin(utter);
    if (!send_some(utter))
        return;
    if (utter->queue.bytes)
        later(visit->party->loop, TICK_MS, on_tick, utter, &visit->req->waiting);
    else if (utter->done)
        end(utter);
}

static void wake(struct utter *utter)
{
    int64_t wait_ms = utter->ready_ms - loop_now_ms(utter->visit->party->loop);
    if (!utter->visit->req->waiting)
        later(utter->visit->party->loop, wait_ms > 0 ? wait_ms : 0, on_tick, utter,
              &utter->visit->req->waiting);
}

static void take(struct utter *utter, const struct voice_event *event)
{
    struct buf audio = {0};
    if (utter->shape != SHAPE_TIMED) {
        eleven_format_put(utter->format, event->ulaw, event->ulaw_bytes, &utter->last_sample,
                          &utter->queue);
        return;
    }
    eleven_format_put(utter->format, event->ulaw, event->ulaw_bytes, &utter->last_sample, &audio);
    eleven_timed_print(buf_str(&audio), event, &utter->queue);
    buf_putc(&utter->queue, '\n');
    buf_free(&audio);
}

static void on_voice(const struct voice_event *event, void *arg)
{
    struct utter *utter = arg;
    if (event->kind == VOICE_AUDIO)
        take(utter, event);
    utter->done = event->kind == VOICE_DONE;
    utter->err = event->err;
    if (utter->done || utter->shape != SHAPE_WHOLE)
        wake(utter);
}

static bool read_format(struct visit *visit, enum eleven_format *format_out)
{
    const char *name = http_query(visit->req, "output_format");
    if (name && eleven_format_read(name, format_out) == 0)
        return true;
    fail(visit, 400, "invalid_output_format",
         "The sandbox speaks ulaw_8000, pcm_8000 and pcm_16000 only, asked for by the query "
         "parameter output_format (default mp3_44100_128).");
    return false;
}

static const struct eleven_voice *read_voice(struct visit *visit)
{
    const struct eleven_voice *voice = eleven_voice_find(visit->params[0]);
    char message[160];
    snprintf(message, sizeof(message), "A voice with voice_id '%.*s' was not found.",
             visit->params[0].bytes < 64 ? (int)visit->params[0].bytes : 64, visit->params[0].at);
    if (!voice)
        fail(visit, 404, "voice_not_found", message);
    return voice;
}

static void start(struct visit *visit, const struct eleven_voice *voice, struct utter *utter)
{
    struct elevenlabs *elevenlabs = visit->party->state;
    struct voice_ask ask = {.text = utter->ask.text,
                            .language = utter->ask.language,
                            .voice = eleven_voice_name(voice, utter->ask.language),
                            .speed = utter->ask.speed};
    elevenlabs->speaking++;
    int err = speaker_say(elevenlabs->speaker, &ask, on_voice, utter, &utter->saying);
    if (err) {
        utter_free(utter);
        fail(visit, err == EAGAIN ? 429 : 400, err == EAGAIN ? NULL : "invalid_text", NULL);
        return;
    }
    elevenlabs->characters += utter->ask.chars;
    visit->own = utter;
    visit->on_gone = on_gone;
}

static void speak(struct visit *visit, enum shape shape)
{
    const struct eleven_voice *voice = read_voice(visit);
    enum eleven_format format;
    struct eleven_error error;
    struct eleven_ask ask;
    if (!voice || !read_format(visit, &format) || !elevenlabs_admit(visit))
        return;
    if (eleven_ask_read(visit->req->body, &ask, &error)) {
        elevenlabs_refuse(visit, &error);
        return;
    }
    struct utter *utter = xalloc(sizeof(*utter));
    *utter = (struct utter){.visit = visit,
                            .elevenlabs = visit->party->state,
                            .ask = ask,
                            .format = format,
                            .shape = shape,
                            .ready_ms = loop_now_ms(visit->party->loop) +
                                        visit->party->settings->elevenlabs_first_byte_ms};
    start(visit, voice, utter);
}

static void speak_whole(struct visit *visit)
{
    speak(visit, SHAPE_WHOLE);
}

static void speak_stream(struct visit *visit)
{
    speak(visit, SHAPE_STREAM);
}

static void speak_timed(struct visit *visit)
{
    speak(visit, SHAPE_TIMED);
}

static void list_models(struct visit *visit)
{
    size_t count = 0;
    const struct eleven_model *models = eleven_models(&count);
    struct buf body = {0};
    buf_putc(&body, '[');
    for (size_t i = 0; i < count; i++) {
        buf_puts(&body, i ? "," : "");
        eleven_model_print(&models[i], &body);
    }
    buf_putc(&body, ']');
    visit_reply_json(visit, 200, buf_str(&body));
    buf_free(&body);
}

static bool wanted(const struct eleven_voice *voice, const struct visit *visit)
{
    const char *search = http_query(visit->req, "search");
    const char *language = http_query(visit->req, "language");
    return (!search || strcasestr(voice->name, search)) &&
           (!language || strcmp(voice->language, language) == 0);
}

/* Pages are by position: a token is the number of voices before it. */
static void list_voices(struct visit *visit)
{
    size_t count = 0, left_of_page = 0, total = 0;
    const struct eleven_voice *voices = eleven_voices(&count);
    const char *size = http_query(visit->req, "page_size");
    const char *token = http_query(visit->req, "next_page_token");
    unsigned long page = size ? strtoul(size, NULL, 10) : 10;
    unsigned long skip = token ? strtoul(token, NULL, 10) : 0;
    struct buf body = {0};
    if (page < 1 || page > 100) {
        fail(visit, 400, "invalid_page_size", "page_size is between 1 and 100.");
        return;
    }
    left_of_page = page;
    buf_puts(&body, "{\"voices\":[");
    for (size_t i = 0; i < count; i++) {
        if (!wanted(&voices[i], visit) || total++ < skip || !left_of_page)
            continue;
        buf_puts(&body, left_of_page-- < page ? "," : "");
        eleven_voice_print(&voices[i], &body);
    }
    bool more = total > skip + page;
    buf_printf(&body, "],\"has_more\":%s,\"total_count\":%zu,\"next_page_token\":",
               more ? "true" : "false", total);
    buf_printf(&body, more ? "\"%lu\"}" : "null}", skip + page);
    visit_reply_json(visit, 200, buf_str(&body));
    buf_free(&body);
}

static void list_old_voices(struct visit *visit)
{
    size_t count = 0;
    const struct eleven_voice *voices = eleven_voices(&count);
    struct buf body = {0};
    buf_puts(&body, "{\"voices\":[");
    for (size_t i = 0; i < count; i++) {
        buf_puts(&body, i ? "," : "");
        eleven_voice_print(&voices[i], &body);
    }
    buf_puts(&body, "]}");
    visit_reply_json(visit, 200, buf_str(&body));
    buf_free(&body);
}

static void get_voice(struct visit *visit)
{
    const struct eleven_voice *voice = read_voice(visit);
    struct buf body = {0};
    if (!voice)
        return;
    eleven_voice_print(voice, &body);
    visit_reply_json(visit, 200, buf_str(&body));
    buf_free(&body);
}

static void get_voice_settings(struct visit *visit)
{
    if (read_voice(visit))
        visit_reply_json(visit, 200,
                         str_of("{\"stability\":0.5,\"similarity_boost\":0.75,\"style\":0.0,"
                                "\"use_speaker_boost\":true,\"speed\":1.0}"));
}

static void get_subscription(struct visit *visit)
{
    const struct elevenlabs *elevenlabs = visit->party->state;
    struct buf body = {0};
    buf_printf(&body,
               "{\"tier\":\"scale\",\"character_count\":%lld,\"character_limit\":%d,"
               "\"next_character_count_reset_unix\":%lld,",
               (long long)elevenlabs->characters, CREDITS,
               (long long)(wall_now_ms() / 1000 + 20 * 86400));
    buf_puts(
        &body,
        "\"max_character_limit_extension\":null,\"can_extend_character_limit\":false,"
        "\"allowed_to_extend_character_limit\":false,\"voice_slots_used\":0,"
        "\"professional_voice_slots_used\":0,\"voice_limit\":660,"
        "\"voice_add_edit_counter\":0,\"professional_voice_limit\":3,"
        "\"can_extend_voice_limit\":false,\"can_use_instant_voice_cloning\":true,"
        "\"can_use_professional_voice_cloning\":true,\"currency\":\"usd\",\"max_credit_limit_"
        "extension\":0,\"professional_voice_slots_used_in_workspace\":0,\"current_overage\":{"
        "\"amount\":\"0\",\"currency\":\"usd\"},\"open_invoices\":[],\"has_open_invoices\":false,"
        "\"status\":\"active\",\"billing_period\":\"monthly_period\","
        "\"character_refresh_period\":\"monthly_period\"}");
    visit_reply_json(visit, 200, buf_str(&body));
    buf_free(&body);
}

static enum key_check check_key(const struct visit *visit)
{
    const char *given = http_header(visit->req, "xi-api-key");
    if (!given && visit->endpoint && strstr(visit->endpoint->name, "_input"))
        return KEY_FREE; /* the first message brings it */
    return key_check(given ? given : visit_credential(visit, "Authorization", "Bearer"),
                     visit->party->settings->elevenlabs_key);
}

static void drop_streams(void *state)
{
    elevenlabs_drop_sockets(state);
}

static const struct endpoint endpoints[] = {
    {HTTP_POST, "/v1/text-to-speech/:", "speak", speak_whole},
    {HTTP_POST, "/v1/text-to-speech/:/stream", "stream", speak_stream},
    {HTTP_POST, "/v1/text-to-speech/:/with-timestamps", "timed", speak_timed},
    {HTTP_POST, "/v1/text-to-speech/:/stream/with-timestamps", "stream_timed", speak_timed},
    {HTTP_GET, "/v1/text-to-speech/:/stream-input", "stream_input", elevenlabs_stream_input},
    {HTTP_GET, "/v1/text-to-speech/:/multi-stream-input", "multi_input", elevenlabs_multi_input},
    {HTTP_GET, "/v1/models", "models", list_models},
    {HTTP_GET, "/v2/voices", "voices", list_voices},
    {HTTP_GET, "/v1/voices", "old_voices", list_old_voices},
    {HTTP_GET, "/v1/voices/:", "voice", get_voice},
    {HTTP_GET, "/v1/voices/:/settings", "voice_settings", get_voice_settings},
    {HTTP_GET, "/v1/user/subscription", "subscription", get_subscription},
};

const struct party_kind elevenlabs_kind = {
    .name = "elevenlabs",
    .endpoints = endpoints,
    .endpoint_count = countof(endpoints),
    .check_key = check_key,
    .fail = fail,
    .drop_streams = drop_streams,
};
