/* provider/deepgram.c: one WebSocket a call to Deepgram's live transcription: audio out as it
 * comes, words in. What is asked for and what the texts say is deepgram_nova.c's, or
 * deepgram_flux.c's for the languages that are to be heard by it.
 *
 *   OPENING --101--> OPEN --stt_close()--> CLOSING --Deepgram has said all, or CLOSE_MS_MAX-->
 * freed
 *      '---------------'--refused, lost, silent--> DEAD --stt_close()--> freed               */
#include "base/mem.h"
#include "provider/deepgram_flux_wire.h"
#include "provider/deepgram_private.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLOSE_MS_MAX = 3000, /* for what it still has to say, and what it charges for */
    PING_MS = 5000,      /* finds a connection that is dead without a word */
    ENDPOINTING_MS = 300,
    NONSENSE_MAX = 5, /* texts in a row that cannot be read */
    BACKLOG_BYTES_MAX = (STT_BACKLOG_MS_MAX + STT_OPEN_MS_MAX) * AUDIO_BYTES_PER_MS,
    MESSAGE_BYTES_MAX = 256 * 1024,
};

static struct deepgram *deepgram_of(struct stt_driver *driver)
{
    return (struct deepgram *)driver;
}

static void release(struct deepgram_stream *stream)
{
    struct deepgram_stream **link = &stream->deepgram->streams;
    while (*link != stream)
        link = &(*link)->next;
    *link = stream->next;
    timer_free(&stream->timer);
    buf_free(&stream->audio);
    buf_free(&stream->text);
    loop_defer(stream->deepgram->loop, free, stream);
}

void deepgram_fail(struct deepgram_stream *stream, int err, const char *why)
{
    struct deepgram *deepgram = stream->deepgram;
    if (err != EAGAIN) {
        stats_failed(&deepgram->driver.stats, err);
        breaker_ended(&deepgram->driver.breaker, loop_now_ms(deepgram->loop), err);
        log_warn(&stream->log, "stt_lost", "provider=deepgram err=%s why=\"%s\"",
                 strerrorname_np(err), why);
    }
    stream->state = DEAD;
    timer_stop(stream->timer);
    ws_close(&stream->ws, WS_CLOSE_NORMAL, "");
    stream->on_event(&(struct stt_event){.kind = STT_CLOSED, .err = err}, stream->arg);
}

/* What would not go into the queue is lost, and with it the sense of all times: start anew. */
static void send_frame(struct deepgram_stream *stream, enum ws_kind kind, const void *data,
                       size_t bytes)
{
    if (!stream->ws || stream->refused)
        return;
    if (ws_send(stream->ws, kind, data, bytes)) {
        stream->refused = ETIMEDOUT;
        timer_set(stream->timer, loop_now_ms(stream->deepgram->loop));
    }
}

void deepgram_send_text(struct deepgram_stream *stream, const char *text)
{
    send_frame(stream, WS_TEXT, text, strlen(text));
}

void deepgram_send_audio(struct deepgram_stream *stream, const void *ulaw, size_t bytes)
{
    send_frame(stream, WS_BINARY, ulaw, bytes);
    stream->sent_bytes += (int64_t)bytes;
    stream->deepgram->driver.stats.units_in += bytes / AUDIO_BYTES_PER_MS;
}

void deepgram_flush(struct deepgram_stream *stream)
{
    size_t sent = 0;
    while (sent < stream->audio.bytes) {
        size_t left = stream->audio.bytes - sent;
        size_t bytes = left < DEEPGRAM_FRAME_BYTES_MAX ? left : DEEPGRAM_FRAME_BYTES_MAX;
        deepgram_send_audio(stream, stream->audio.data + sent, bytes);
        sent += bytes;
    }
    if (stream->audio.room > 4 * stream->protocol->chunk_bytes)
        buf_free(&stream->audio); /* a backlog's room is not kept for the whole call */
    else
        buf_clear(&stream->audio);
}

static void stream_send(struct stt *stt, const uint8_t *ulaw, size_t bytes)
{
    struct deepgram_stream *stream = (struct deepgram_stream *)stt;
    if (stream->state == DEAD)
        return;
    if (stream->audio.bytes + bytes > BACKLOG_BYTES_MAX)
        return; /* the backlog is full: it cannot have been heard anyway */
    stream->audio_came = true;
    buf_add(&stream->audio, ulaw, bytes);
    if (stream->state == OPEN && stream->audio.bytes >= stream->protocol->chunk_bytes)
        deepgram_flush(stream);
}

static void stream_flush(struct stt *stt)
{
    struct deepgram_stream *stream = (struct deepgram_stream *)stt;
    if (stream->state == OPEN && !stream->protocol->chunks_only)
        deepgram_flush(stream);
}

static void stream_finalize(struct stt *stt)
{
    struct deepgram_stream *stream = (struct deepgram_stream *)stt;
    if (stream->state != OPEN)
        return; /* nothing was sent that could be pending */
    deepgram_flush(stream);
    if (stream->protocol->finalize)
        deepgram_send_text(stream, stream->protocol->finalize);
}

static void stream_close(struct stt *stt)
{
    struct deepgram_stream *stream = (struct deepgram_stream *)stt;
    struct stt_driver *driver = stt->driver;
    int64_t now_ms = loop_now_ms(stream->deepgram->loop);
    if (stream->state == OPEN && !stream->refused) {
        deepgram_flush(stream);
        deepgram_send_text(stream, stream->protocol->close);
        stream->state = CLOSING;
        timer_set(stream->timer, now_ms + CLOSE_MS_MAX);
        driver->stats.done++;
        return;
    }
    if (stream->state == OPENING && stream->refused != EAGAIN) {
        breaker_forget(&driver->breaker, now_ms);
        driver->stats.cancelled++;
    }
    ws_close(&stream->ws, WS_CLOSE_NORMAL, "");
    release(stream);
}

/* ---- what comes back ------------------------------------------------------------------------ */

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    (void)ws;
    struct deepgram_stream *stream = arg;
    if (stream->state != OPEN || kind != WS_TEXT)
        return; /* closed by us: what is still said is nobody's */
    if (stream->protocol->hear(stream, (struct str){data, bytes}) == 0)
        stream->nonsense = 0;
    else if (++stream->nonsense >= NONSENSE_MAX) /* one alone ends no call */
        deepgram_fail(stream, EPROTO, "texts that are not Deepgram's");
}

static int quiet_ms(const struct deepgram_stream *stream)
{
    int ms = stream->deepgram->quiet_ms;
    return ms ? ms : stream->protocol->quiet_ms;
}

static void on_open(struct ws *ws, void *arg)
{
    (void)ws;
    struct deepgram_stream *stream = arg;
    struct deepgram *deepgram = stream->deepgram;
    int64_t now_ms = loop_now_ms(deepgram->loop);
    stream->state = OPEN;
    stats_first(&deepgram->driver.stats, now_ms - stream->asked_ms);
    breaker_ended(&deepgram->driver.breaker, now_ms, 0);
    timer_set(stream->timer, now_ms + quiet_ms(stream));
    deepgram_flush(stream);
    stream->on_event(&(struct stt_event){.kind = STT_OPEN, .start_ms = -1, .end_ms = -1},
                     stream->arg);
}

static int refusal(int http_status)
{
    switch (http_status) {
    case 401:
    case 403: return EACCES;
    case 402: return EDQUOT;
    case 429: return EBUSY;
    case 408:
    case 504: return ETIMEDOUT;
    default: return http_status >= 500 ? ECONNRESET : http_status >= 400 ? EINVAL : EPROTO;
    }
}

/* 1011 is both "no audio for 10 s" (NET-0001) and "I fell behind" (NET-0000): open another. */
static int loss(int code)
{
    switch (code) {
    case WS_CLOSE_PROTOCOL:
    case WS_CLOSE_UNSUPPORTED:
    case WS_CLOSE_BAD_TEXT:
    case WS_CLOSE_POLICY: /* DATA-0000: it cannot decode what we send */
    case WS_CLOSE_TOO_BIG: return EPROTO;
    case WS_CLOSE_INTERNAL: return ETIMEDOUT;
    default: return ECONNRESET;
    }
}

static void on_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    (void)ws;
    struct deepgram_stream *stream = arg;
    stream->ws = NULL;
    if (stream->state == CLOSING)
        release(stream);
    else
        deepgram_fail(stream, http_status ? refusal(http_status) : loss(code), why);
}

static void on_timer(void *arg)
{
    struct deepgram_stream *stream = arg;
    if (stream->refused && stream->state != CLOSING) {
        deepgram_fail(stream, stream->refused, "not sent");
    } else if (stream->state == OPENING) {
        deepgram_fail(stream, ETIMEDOUT, "not open in time");
    } else if (stream->state == CLOSING) {
        ws_close(&stream->ws, WS_CLOSE_NORMAL, "");
        release(stream);
    } else {
        if (!stream->audio_came) {
            deepgram_flush(stream);
            stream->protocol->quiet(stream);
        }
        stream->audio_came = false;
        timer_set(stream->timer, loop_now_ms(stream->deepgram->loop) + quiet_ms(stream));
    }
}

static int connect_to(struct deepgram_stream *stream, const struct stt_options *options)
{
    struct deepgram *deepgram = stream->deepgram;
    static const struct ws_handler handler = {
        .on_open = on_open, .on_message = on_message, .on_close = on_close};
    const struct ws_limits limits = {.message_bytes_max = MESSAGE_BYTES_MAX,
                                     .handshake_ms_max = 2 * deepgram->open_ms_max, /* ours first */
                                     .ping_ms = PING_MS};
    const char *const headers[] = {deepgram->authorization, NULL};
    struct buf url = {0};
    int err = stream->protocol->url(deepgram, options, &url);
    if (!err)
        err = ws_connect(deepgram->loop, buf_text(&url), headers, deepgram->ca_file, &limits,
                         &handler, stream, &stream->ws);
    buf_free(&url);
    return err;
}

static bool wants_flux(const struct deepgram *deepgram, const char *language)
{
    struct str list = str_of(deepgram->flux_languages);
    while (list.bytes)
        if (str_is(str_cut(&list, ' '), language))
            return flux_knows(str_of(language));
    return false;
}

static struct stt *stream_open(struct stt_driver *driver, const struct stt_options *options,
                               stt_event_fn *on_event, void *arg)
{
    struct deepgram *deepgram = deepgram_of(driver);
    struct deepgram_stream *stream = xalloc(sizeof(*stream));
    int64_t now_ms = loop_now_ms(deepgram->loop);
    *stream = (struct deepgram_stream){
        .stt.driver = driver,
        .next = deepgram->streams,
        .deepgram = deepgram,
        .protocol = wants_flux(deepgram, options->language) ? &deepgram_flux : &deepgram_nova,
        .state = OPENING,
        .on_event = on_event,
        .arg = arg,
        .log = options->log,
        .asked_ms = now_ms};
    deepgram->streams = stream;
    stream->timer = timer_new(deepgram->loop, on_timer, stream);
    if (breaker_allows(&driver->breaker, now_ms)) {
        driver->stats.asks++;
        stream->refused = connect_to(stream, options);
    } else {
        driver->stats.shed++;
        stream->refused = EAGAIN;
    }
    timer_set(stream->timer, stream->refused ? now_ms : now_ms + deepgram->open_ms_max);
    return &stream->stt;
}

/* Streams that still wait for Deepgram's last words are dropped; none may be open. */
static void deepgram_free(struct stt_driver *driver)
{
    struct deepgram *deepgram = deepgram_of(driver);
    while (deepgram->streams) {
        assert(deepgram->streams->state == CLOSING);
        ws_close(&deepgram->streams->ws, WS_CLOSE_NORMAL, "");
        release(deepgram->streams);
    }
    free(deepgram->base_url);
    free(deepgram->authorization);
    free(deepgram->model);
    free(deepgram->flux_languages);
    free(deepgram->ca_file);
    free(deepgram);
}

struct stt_driver *deepgram_new(struct loop *loop, const struct deepgram_options *options)
{
    static const struct stt_ops ops = {.open = stream_open,
                                       .send = stream_send,
                                       .flush = stream_flush,
                                       .finalize = stream_finalize,
                                       .close = stream_close,
                                       .free = deepgram_free};
    struct deepgram *deepgram = xalloc(sizeof(*deepgram));
    *deepgram = (struct deepgram){
        .driver.ops = &ops,
        .loop = loop,
        .base_url = xstrdup(options->base_url),
        .authorization = xprintf("Authorization: Token %s", options->api_key),
        .model = xstrdup(options->model ? options->model : "nova-3"),
        .flux_languages = xstrdup(options->flux_languages ? options->flux_languages : ""),
        .ca_file = xstrdup(options->ca_file),
        .endpointing_ms = options->endpointing_ms ? options->endpointing_ms : ENDPOINTING_MS,
        .open_ms_max = options->open_ms_max ? options->open_ms_max : STT_OPEN_MS_MAX,
        .quiet_ms = options->quiet_ms,
    };
    return &deepgram->driver;
}
