/* provider/deepgram.c: one WebSocket a call to Deepgram's live transcription: audio out as it
 * comes, words in. What the texts say is read in deepgram_wire.c.
 *
 *   OPENING --101--> OPEN --stt_close()--> CLOSING --Deepgram has said all, or CLOSE_MS_MAX-->
 * freed
 *      '---------------'--refused, lost, silent--> DEAD --stt_close()--> freed               */
#include "base/audio.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "net/ws.h"
#include "provider/deepgram_wire.h"
#include "provider/stt_private.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEEP_ALIVE_MS = 4000, /* 10 s without audio or this, and it closes with NET-0001 */
    CLOSE_MS_MAX = 3000,  /* for what it still has to say, and what it charges for */
    PING_MS = 5000,       /* finds a connection that is dead without a word */
    ENDPOINTING_MS = 300,
    NONSENSE_MAX = 5, /* texts in a row that cannot be read */
    CHUNK_BYTES = STT_CHUNK_MS * AUDIO_BYTES_PER_MS,
    FRAME_BYTES_MAX = 250 * AUDIO_BYTES_PER_MS,
    BACKLOG_BYTES_MAX = (STT_BACKLOG_MS_MAX + STT_OPEN_MS_MAX) * AUDIO_BYTES_PER_MS,
    MESSAGE_BYTES_MAX = 256 * 1024,
};

struct deepgram {
    struct stt_driver driver;
    struct loop *loop;
    struct stream *streams;
    char *base_url, *authorization, *model, *ca_file;
    int endpointing_ms, open_ms_max, keep_alive_ms;
};

struct stream {
    struct stt stt;
    struct stream *next;
    struct deepgram *deepgram;
    enum { OPENING, OPEN, CLOSING, DEAD } state;
    stt_event_fn *on_event;
    void *arg;
    struct log log;
    struct ws *ws;
    struct timer *timer; /* to open; then each KEEP_ALIVE_MS; then to close */
    struct buf audio;    /* not sent yet: the backlog, then less than a chunk */
    struct buf text;     /* of the event being told */
    int64_t asked_ms;    /* when it was opened */
    int refused;         /* OPENING: why it will fail at the timer; 0 */
    int nonsense;        /* texts in a row that could not be read */
    bool audio_came;     /* since the last tick */
};

static struct deepgram *deepgram_of(struct stt_driver *driver)
{
    return (struct deepgram *)driver;
}

static void release(struct stream *stream)
{
    struct stream **link = &stream->deepgram->streams;
    while (*link != stream)
        link = &(*link)->next;
    *link = stream->next;
    timer_free(&stream->timer);
    buf_free(&stream->audio);
    buf_free(&stream->text);
    loop_defer(stream->deepgram->loop, free, stream);
}

/* The last event. The stream is the owner's to close afterwards, perhaps within the handler. */
static void fail(struct stream *stream, int err, const char *why)
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
static void send_frame(struct stream *stream, enum ws_kind kind, const void *data, size_t bytes)
{
    if (!stream->ws || stream->refused)
        return;
    if (ws_send(stream->ws, kind, data, bytes)) {
        stream->refused = ETIMEDOUT;
        timer_set(stream->timer, loop_now_ms(stream->deepgram->loop));
    }
}

static void send_text(struct stream *stream, const char *text)
{
    send_frame(stream, WS_TEXT, text, strlen(text));
}

/* All the audio there is, in frames of a size it likes; never an empty one, which ends a stream. */
static void flush(struct stream *stream)
{
    size_t sent = 0;
    while (sent < stream->audio.bytes) {
        size_t left = stream->audio.bytes - sent;
        size_t bytes = left < FRAME_BYTES_MAX ? left : FRAME_BYTES_MAX;
        send_frame(stream, WS_BINARY, stream->audio.data + sent, bytes);
        sent += bytes;
    }
    stream->deepgram->driver.stats.units_in += sent / AUDIO_BYTES_PER_MS;
    if (stream->audio.room > 4 * CHUNK_BYTES)
        buf_free(&stream->audio); /* a backlog's room is not kept for the whole call */
    else
        buf_clear(&stream->audio);
}

static void stream_send(struct stt *stt, const uint8_t *ulaw, size_t bytes)
{
    struct stream *stream = (struct stream *)stt;
    if (stream->state == DEAD)
        return;
    if (stream->audio.bytes + bytes > BACKLOG_BYTES_MAX)
        return; /* the backlog is full: it cannot have been heard anyway */
    stream->audio_came = true;
    buf_add(&stream->audio, ulaw, bytes);
    if (stream->state == OPEN && stream->audio.bytes >= CHUNK_BYTES)
        flush(stream);
}

static void stream_flush(struct stt *stt)
{
    struct stream *stream = (struct stream *)stt;
    if (stream->state == OPEN)
        flush(stream);
}

static void stream_finalize(struct stt *stt)
{
    struct stream *stream = (struct stream *)stt;
    if (stream->state != OPEN)
        return; /* nothing was sent that could be pending */
    flush(stream);
    send_text(stream, DEEPGRAM_FINALIZE);
}

static void stream_close(struct stt *stt)
{
    struct stream *stream = (struct stream *)stt;
    struct stt_driver *driver = stt->driver;
    int64_t now_ms = loop_now_ms(stream->deepgram->loop);
    if (stream->state == OPEN && !stream->refused) {
        flush(stream);
        send_text(stream, DEEPGRAM_CLOSE_STREAM);
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

static void tell_results(struct stream *stream, const struct deepgram_message *message)
{
    buf_clear(&stream->text);
    json_unescape(&stream->text, message->transcript);
    if (!message->is_final && !stream->text.bytes)
        return; /* they come regularly and say nothing */
    stream->on_event(&(struct stt_event){.kind = message->is_final ? STT_FINAL : STT_PARTIAL,
                                         .text = buf_str(&stream->text),
                                         .start_ms = message->start_ms,
                                         .end_ms = message->end_ms,
                                         .from_finalize = message->from_finalize,
                                         .speech_final = message->speech_final,
                                         .confidence = message->confidence},
                     stream->arg);
}

static void tell(struct stream *stream, const struct deepgram_message *message)
{
    switch (message->kind) {
    case DEEPGRAM_RESULTS: tell_results(stream, message); break;
    case DEEPGRAM_SPEECH_STARTED:
        stream->on_event(
            &(struct stt_event){.kind = STT_SPEECH, .start_ms = message->start_ms, .end_ms = -1},
            stream->arg);
        break;
    case DEEPGRAM_UTTERANCE_END:
        stream->on_event(&(struct stt_event){.kind = STT_UTTERANCE_END,
                                             .start_ms = -1,
                                             .end_ms = message->end_ms},
                         stream->arg);
        break;
    case DEEPGRAM_ERROR: fail(stream, EPROTO, "Deepgram sent an Error message"); break;
    case DEEPGRAM_METADATA:
    case DEEPGRAM_OTHER: break;
    }
}

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    (void)ws;
    struct stream *stream = arg;
    struct deepgram_message message;
    if (stream->state != OPEN || kind != WS_TEXT)
        return; /* closed by us: what is still said is nobody's */
    if (deepgram_parse((struct str){data, bytes}, &message) == 0) {
        stream->nonsense = 0;
        tell(stream, &message);
    } else if (++stream->nonsense >= NONSENSE_MAX) {
        fail(stream, EPROTO, "texts that are not Deepgram's"); /* one alone ends no call */
    }
}

static void on_open(struct ws *ws, void *arg)
{
    (void)ws;
    struct stream *stream = arg;
    struct deepgram *deepgram = stream->deepgram;
    int64_t now_ms = loop_now_ms(deepgram->loop);
    stream->state = OPEN;
    stats_first(&deepgram->driver.stats, now_ms - stream->asked_ms);
    breaker_ended(&deepgram->driver.breaker, now_ms, 0);
    timer_set(stream->timer, now_ms + deepgram->keep_alive_ms);
    flush(stream);
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
    struct stream *stream = arg;
    stream->ws = NULL;
    if (stream->state == CLOSING)
        release(stream);
    else
        fail(stream, http_status ? refusal(http_status) : loss(code), why);
}

static void on_timer(void *arg)
{
    struct stream *stream = arg;
    if (stream->refused && stream->state != CLOSING) {
        fail(stream, stream->refused, "not sent");
    } else if (stream->state == OPENING) {
        fail(stream, ETIMEDOUT, "not open in time");
    } else if (stream->state == CLOSING) {
        ws_close(&stream->ws, WS_CLOSE_NORMAL, "");
        release(stream);
    } else {
        if (!stream->audio_came) {
            flush(stream);
            send_text(stream, DEEPGRAM_KEEP_ALIVE);
        }
        stream->audio_came = false;
        timer_set(stream->timer,
                  loop_now_ms(stream->deepgram->loop) + stream->deepgram->keep_alive_ms);
    }
}

static int connect_to(struct stream *stream, const struct stt_options *options)
{
    struct deepgram *deepgram = stream->deepgram;
    static const struct ws_handler handler = {
        .on_open = on_open, .on_message = on_message, .on_close = on_close};
    const struct ws_limits limits = {.message_bytes_max = MESSAGE_BYTES_MAX,
                                     .handshake_ms_max = 2 * deepgram->open_ms_max, /* ours first */
                                     .ping_ms = PING_MS};
    const char *const headers[] = {deepgram->authorization, NULL};
    struct buf url = {0};
    int err = deepgram_url(deepgram->base_url,
                           &(struct deepgram_query){.model = deepgram->model,
                                                    .language = options->language,
                                                    .tag = options->tag,
                                                    .endpointing_ms = deepgram->endpointing_ms,
                                                    .keyterms = options->keyterms},
                           &url);
    if (!err)
        err = ws_connect(deepgram->loop, buf_text(&url), headers, deepgram->ca_file, &limits,
                         &handler, stream, &stream->ws);
    buf_free(&url);
    return err;
}

static struct stt *stream_open(struct stt_driver *driver, const struct stt_options *options,
                               stt_event_fn *on_event, void *arg)
{
    struct deepgram *deepgram = deepgram_of(driver);
    struct stream *stream = xalloc(sizeof(*stream));
    int64_t now_ms = loop_now_ms(deepgram->loop);
    *stream = (struct stream){.stt.driver = driver,
                              .next = deepgram->streams,
                              .deepgram = deepgram,
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
        .ca_file = xstrdup(options->ca_file),
        .endpointing_ms = options->endpointing_ms ? options->endpointing_ms : ENDPOINTING_MS,
        .open_ms_max = options->open_ms_max ? options->open_ms_max : STT_OPEN_MS_MAX,
        .keep_alive_ms = options->keep_alive_ms ? options->keep_alive_ms : KEEP_ALIVE_MS,
    };
    return &deepgram->driver;
}
