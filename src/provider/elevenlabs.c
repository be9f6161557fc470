/* provider/elevenlabs.c: a sentence spoken by ElevenLabs, as bare mu-law piece by piece: over its
 * call's socket if that has one that will (elevenlabs_socket.c), else over HTTP. Bodies and errors
 * are made and read in elevenlabs_wire.c. */
#include "base/mem.h"
#include "base/utf8.h"
#include "provider/elevenlabs_private.h"
#include "provider/elevenlabs_wire.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_BYTE_MS = 2000,
    BETWEEN_MS = 2000,
    TOTAL_MS = 30000,
    CONNECT_MS = 2000,
    KEEP_ALIVE_MS = 60 * 1000, /* well within ELEVENLABS_IDLE_S */
    REOPEN_MS = 5000,
    AUDIO_BYTES_MAX = 8000 * 180, /* three minutes of speech in one piece */
};

static void speech_free(void *arg)
{
    struct speech *speech = arg;
    buf_free(&speech->head);
    buf_free(&speech->text);
    buf_free(&speech->url);
    buf_free(&speech->body);
    free(speech);
}

static void end(struct speech *speech)
{
    speech->over = true;
    op_cancel(&speech->http);
    if (speech->session)
        elevenlabs_socket_forget(speech);
    timer_free(&speech->timer);
    speech->elevenlabs->speeches--;
    loop_defer(speech->elevenlabs->loop, speech_free, speech);
}

static void cancel(struct op *op)
{
    struct speech *speech = (struct speech *)op;
    struct tts_driver *driver = &speech->elevenlabs->driver;
    driver->stats.cancelled++;
    if (!speech->refused) {
        breaker_forget(&driver->breaker, loop_now_ms(speech->elevenlabs->loop));
        driver->stats.units_out += (uint64_t)speech->characters; /* charged when asked for */
    }
    end(speech);
}

static void tell_last(struct speech *speech, enum tts_event_kind kind, int err, int64_t characters)
{
    speech->elevenlabs->driver.stats.units_out += (uint64_t)characters;
    end(speech);
    op_end(&speech->op);
    speech->on_event(&(struct tts_event){.kind = kind, .err = err, .characters = characters},
                     speech->arg);
}

/* Only what was spoken is charged for. */
void speech_failed(struct speech *speech, int err, const char *why)
{
    struct elevenlabs *elevenlabs = speech->elevenlabs;
    if (err != EAGAIN) {
        stats_failed(&elevenlabs->driver.stats, err);
        if (!speech->refused)
            breaker_ended(&elevenlabs->driver.breaker, loop_now_ms(elevenlabs->loop), err);
        log_warn(&speech->log, "tts_failed", "provider=elevenlabs err=%s why=\"%s\"",
                 strerrorname_np(err), why);
    }
    tell_last(speech, TTS_FAILED, err, speech->audio_bytes ? speech->characters : 0);
}

void speech_heard(struct speech *speech, const uint8_t *ulaw, size_t bytes,
                  const struct tts_anchor *anchors, size_t anchor_count)
{
    int64_t now_ms = loop_now_ms(speech->elevenlabs->loop);
    if (!bytes)
        return;
    if (!speech->audio_bytes)
        stats_first(&speech->elevenlabs->driver.stats, now_ms - speech->asked_ms);
    if (speech->session)
        timer_set(speech->timer, now_ms + speech->between_ms_max);
    else
        timer_stop(speech->timer); /* from here on the client watches the pauses */
    speech->audio_bytes += bytes;
    speech->on_event(&(struct tts_event){.kind = TTS_AUDIO,
                                         .ulaw = ulaw,
                                         .bytes = bytes,
                                         .anchors = anchors,
                                         .anchor_count = anchor_count},
                     speech->arg);
}

/* The first bytes: audio at once as a rule, without what a file would put before it. */
static void begin(struct speech *speech)
{
    size_t skip;
    const uint8_t *data = (const uint8_t *)speech->head.data;
    switch (elevenlabs_sniff(data, speech->head.bytes, &skip)) {
    case ELEVENLABS_UNSURE: break;
    case ELEVENLABS_FOREIGN: speech_failed(speech, EPROTO, "not mu-law audio"); break;
    case ELEVENLABS_ULAW:
    case ELEVENLABS_RIFF:
        speech->known = true;
        speech_heard(speech, data + skip, speech->head.bytes - skip, NULL, 0);
        break;
    }
}

static void on_piece(struct str piece, void *arg)
{
    struct speech *speech = arg;
    if (speech->over)
        return;
    if (speech->known) {
        speech_heard(speech, (const uint8_t *)piece.at, piece.bytes, NULL, 0);
        return;
    }
    buf_add_str(&speech->head, piece);
    begin(speech);
}

void speech_done(struct speech *speech)
{
    struct tts_driver *driver = &speech->elevenlabs->driver;
    driver->stats.done++;
    breaker_ended(&driver->breaker, loop_now_ms(speech->elevenlabs->loop), 0);
    tell_last(speech, TTS_DONE, 0, speech->characters);
}

static void finish(struct speech *speech)
{
    if (!speech->known && speech->head.bytes) /* too short to tell: it can only be audio */
        speech_heard(speech, (const uint8_t *)speech->head.data, speech->head.bytes, NULL, 0);
    if (speech->over)
        return; /* the handler cancelled */
    if (speech->audio_bytes)
        speech_done(speech);
    else
        speech_failed(speech, EPROTO, "no audio came");
}

static void on_done(const struct http_answer *answer, void *arg)
{
    struct speech *speech = arg;
    struct elevenlabs_error error;
    if (answer->err) {
        speech_failed(speech, answer->err, answer->why);
    } else if (answer->status >= 200 && answer->status < 300) {
        finish(speech);
    } else {
        elevenlabs_error_parse(answer->body, &error);
        speech_failed(speech, elevenlabs_errno(answer->status, &error), "refused by the server");
    }
}

static void on_timer(void *arg)
{
    struct speech *speech = arg;
    if (speech->refused)
        speech_failed(speech, speech->refused, "not asked: voice, text or breaker");
    else if (speech->session)
        elevenlabs_socket_late(speech);
    else
        speech_failed(speech, ETIMEDOUT, "no audio in time");
}

void speech_over_http(struct speech *speech)
{
    struct elevenlabs *elevenlabs = speech->elevenlabs;
    timer_set(speech->timer, loop_now_ms(elevenlabs->loop) + speech->first_ms_max);
    http_ask(elevenlabs->http,
             &(struct http_ask){.method = HTTP_POST,
                                .url = buf_text(&speech->url),
                                .headers = {elevenlabs->key, "Content-Type: application/json"},
                                .body = buf_str(&speech->body),
                                .connect_ms_max = CONNECT_MS,
                                .first_byte_ms_max = speech->first_ms_max,
                                .between_ms_max = speech->between_ms_max,
                                .total_ms_max = TOTAL_MS,
                                .reply_bytes_max = AUDIO_BYTES_MAX,
                                .on_piece = on_piece,
                                .on_done = on_done},
             speech, &speech->http);
    buf_free(&speech->url);
    buf_free(&speech->body);
}

static void ask(struct speech *speech, const struct tts_request *request)
{
    struct elevenlabs *elevenlabs = speech->elevenlabs;
    elevenlabs_put_url(elevenlabs->base_url, request->voice_id, &speech->url);
    elevenlabs_put_body(elevenlabs->model, request, &speech->body);
    if (!request->session || !elevenlabs_socket_speak(request->session, speech, request))
        speech_over_http(speech);
}

static int objection(const struct tts_request *request)
{
    bool good = elevenlabs_voice_is_lawful(request->voice_id) && str_trim(request->text).bytes &&
                request->text.bytes <= ELEVENLABS_TEXT_BYTES_MAX;
    return good ? 0 : EINVAL;
}

static void speak(struct tts_driver *driver, const struct tts_request *request,
                  tts_event_fn *on_event, void *arg, struct op **slot)
{
    struct elevenlabs *elevenlabs = (struct elevenlabs *)driver;
    struct speech *speech = xalloc(sizeof(*speech));
    *speech = (struct speech){
        .elevenlabs = elevenlabs,
        .on_event = on_event,
        .arg = arg,
        .log = request->log,
        .asked_ms = loop_now_ms(elevenlabs->loop),
        .first_ms_max = request->first_byte_ms_max > 0 ? request->first_byte_ms_max : FIRST_BYTE_MS,
        .between_ms_max = request->between_ms_max > 0 ? request->between_ms_max : BETWEEN_MS,
        .characters = (int64_t)utf8_length(request->text)};
    speech->timer = timer_new(elevenlabs->loop, on_timer, speech);
    elevenlabs->speeches++;
    op_begin(&speech->op, cancel, slot);
    driver->stats.asks++;
    speech->refused = objection(request);
    if (!speech->refused && !breaker_allows(&driver->breaker, speech->asked_ms)) {
        driver->stats.shed++;
        speech->refused = EAGAIN;
    }
    if (speech->refused)
        timer_set(speech->timer, speech->asked_ms);
    else
        ask(speech, request);
}

static void elevenlabs_warm(struct tts_driver *driver)
{
    struct elevenlabs *elevenlabs = (struct elevenlabs *)driver;
    http_client_warm(elevenlabs->http, elevenlabs->base_url);
}

static void elevenlabs_free(struct tts_driver *driver)
{
    struct elevenlabs *elevenlabs = (struct elevenlabs *)driver;
    assert(!elevenlabs->speeches && !elevenlabs->listings && !elevenlabs->sessions &&
           "cancel what is in flight first");
    buf_free(&elevenlabs->audio);
    free(elevenlabs->ca_file);
    free(elevenlabs->base_url);
    free(elevenlabs->key);
    free(elevenlabs->model);
    free(elevenlabs);
}

struct tts_driver *elevenlabs_new(struct http_client *http,
                                  const struct elevenlabs_options *options)
{
    static const struct tts_ops ops = {.speak = speak,
                                       .voices = elevenlabs_voices,
                                       .warm = elevenlabs_warm,
                                       .open = elevenlabs_open,
                                       .close = elevenlabs_close,
                                       .free = elevenlabs_free};
    struct elevenlabs *elevenlabs = xalloc(sizeof(*elevenlabs));
    *elevenlabs = (struct elevenlabs){
        .driver.ops = &ops,
        .http = http,
        .loop = http_client_loop(http),
        .base_url = xstrdup(options->base_url),
        .key = xprintf("xi-api-key: %s", options->api_key),
        .model = xstrdup(options->model ? options->model : "eleven_flash_v2_5"),
        .ca_file = xstrdup(options->ca_file),
        .sockets = options->sockets,
        .keep_alive_ms = options->keep_alive_ms ? options->keep_alive_ms : KEEP_ALIVE_MS,
        .reopen_ms = options->reopen_ms ? options->reopen_ms : REOPEN_MS,
    };
    return &elevenlabs->driver;
}
