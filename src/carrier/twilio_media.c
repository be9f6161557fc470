/* carrier/twilio_media.c: the leg over Twilio's WebSocket.
 *
 * Coming in, each message is taken apart where it lies and its audio decoded on the stack. Going
 * out, each is written into one buf per leg that keeps its memory. The socket's queue is bounded:
 * audio leaves the last TWILIO_MEDIA_CONTROL_BYTES of it to marks and clears, so a reader that is
 * slow for a moment loses sound but not the thread; one that stays slow is closed. */
#include "carrier/twilio_media.h"

#include "base/audio.h"
#include "base/log.h"
#include "base/mem.h"
#include "carrier/leg_private.h"
#include "carrier/twilio_wire.h"
#include "net/ws.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum media_state {
    MEDIA_OPENED,   /* no start yet */
    MEDIA_STRANGER, /* start has come, nobody has vouched for it */
    MEDIA_ADMITTED,
    MEDIA_CLOSED, /* told so; waits for its owner's leg_close() */
};

/* What came in before the leg was admitted, one after the other in a buf. */
struct early {
    int64_t at_ms;
    size_t bytes; /* of audio that follows */
    char digit;   /* instead of audio */
};

struct media {
    struct leg leg; /* first: the port's face */
    struct twilio_media_options options;
    struct log log;
    enum media_state state;
    struct ws *ws;
    struct timer *deadline; /* for start; later for telling what could not be told at once */
    char stream_sid[TWILIO_SID_BYTES + 1];
    char call_sid[TWILIO_SID_BYTES + 1];
    const struct leg_handler *handler;
    void *arg;
    struct buf out;        /* the message being written */
    struct buf early;      /* struct early and audio, over and over */
    size_t early_audio;    /* bytes of audio in it */
    bool early_due;        /* admitted, but what came early is not delivered yet */
    int64_t slow_since_ms; /* no room for audio since; 0: there is */
    unsigned odd;          /* messages that made no sense */
    const char *failing;   /* why the leg is lost, to be told on the next turn of the loop */
};

static struct str stream_of(const struct media *media)
{
    return (struct str){media->stream_sid, strlen(media->stream_sid)};
}

static void media_free(void *arg)
{
    struct media *media = arg;
    timer_free(&media->deadline);
    buf_free(&media->out);
    buf_free(&media->early);
    free(media);
}

static void leave_state(struct media *media)
{
    struct twilio_media_counters *counters = media->options.counters;
    if (media->state == MEDIA_OPENED || media->state == MEDIA_STRANGER)
        counters->strangers--;
    if (media->state != MEDIA_CLOSED)
        counters->open--;
    timer_stop(media->deadline);
    media->state = MEDIA_CLOSED;
}

/* The leg is over, but not by its owner's wish: he is told, and a stranger is forgotten. */
static void end(struct media *media, bool stopped, const char *why)
{
    enum media_state was = media->state;
    if (was == MEDIA_CLOSED)
        return;
    leave_state(media);
    log_info(&media->log, "leg_ended", "stopped=%d why=\"%s\"", stopped, why);
    if (was == MEDIA_ADMITTED) {
        media->handler->on_closed(&media->leg, stopped, why, media->arg);
        return; /* the owner frees it with leg_close(), perhaps he just did */
    }
    loop_defer(media->options.loop, media_free, media);
    if (was == MEDIA_STRANGER)
        media->options.on_stranger_gone(&media->leg, media->options.arg);
}

/* Our refusal of what the peer does: the socket is closed with a code, the owner is told. */
static void give_up(struct media *media, uint64_t *counter, int code, const char *why)
{
    (*counter)++;
    ws_close(&media->ws, code, why);
    end(media, false, why);
}

/* The same from inside a call of the owner, who must not be called back there. */
static void give_up_later(struct media *media, const char *why)
{
    if (media->failing)
        return;
    media->failing = why;
    timer_set(media->deadline, loop_now_ms(media->options.loop));
}

static void odd(struct media *media, const char *why)
{
    if (++media->odd > TWILIO_MEDIA_ODD_MAX)
        give_up(media, &media->options.counters->bad_message, WS_CLOSE_POLICY, why);
}

static void drop_oldest(struct media *media)
{
    struct early head;
    memcpy(&head, media->early.data, sizeof(head));
    buf_drop(&media->early, sizeof(head) + head.bytes);
    media->early_audio -= head.bytes;
}

static void keep_early(struct media *media, int64_t at_ms, char digit, const uint8_t *ulaw,
                       size_t bytes)
{
    struct early head = {.at_ms = at_ms, .bytes = bytes, .digit = digit};
    buf_add(&media->early, &head, sizeof(head));
    buf_add(&media->early, ulaw, bytes);
    media->early_audio += bytes;
    while (media->early_audio > LEG_EARLY_AUDIO_MS_MAX * AUDIO_BYTES_PER_MS ||
           media->early.bytes > 2 * LEG_EARLY_AUDIO_MS_MAX * AUDIO_BYTES_PER_MS)
        drop_oldest(media);
}

/* Hands over what came before leg_admit(); the owner may close the leg at any piece of it. */
static void deliver_early(struct media *media)
{
    struct buf early = media->early;
    struct early head;
    media->early = (struct buf){0};
    media->early_audio = 0;
    media->early_due = false;
    for (size_t at = 0; at < early.bytes && media->state == MEDIA_ADMITTED;) {
        memcpy(&head, early.data + at, sizeof(head));
        at += sizeof(head);
        if (head.digit)
            media->handler->on_dtmf(&media->leg, head.digit, media->arg);
        else
            media->handler->on_audio(&media->leg, (const uint8_t *)early.data + at, head.bytes,
                                     head.at_ms, media->arg);
        at += head.bytes;
    }
    buf_free(&early);
}

static const char *fault_of_start(const struct media *media, const struct twilio_message *start)
{
    const char *account = media->options.account_sid;
    if (!twilio_is_sid(start->stream_sid, "MZ") || !twilio_is_sid(start->call_sid, "CA"))
        return "start without its SIDs";
    if (account && account[0] && !str_is(start->account_sid, account))
        return "start of another account";
    if (!str_is(start->encoding, "audio/x-mulaw") || start->sample_rate != AUDIO_HZ ||
        start->channels != 1)
        return "start with another audio format";
    if (!start->token.bytes || memchr(start->token.at, '\\', start->token.bytes))
        return "start without a token";
    return NULL;
}

static void on_start(struct media *media, const struct twilio_message *message)
{
    struct twilio_media_counters *counters = media->options.counters;
    const char *fault =
        media->state == MEDIA_OPENED ? fault_of_start(media, message) : "a second start";
    if (fault) {
        give_up(media, &counters->bad_start, WS_CLOSE_POLICY, fault);
        return;
    }
    memcpy(media->stream_sid, message->stream_sid.at, TWILIO_SID_BYTES);
    memcpy(media->call_sid, message->call_sid.at, TWILIO_SID_BYTES);
    log_with(&media->log, "call_sid", media->call_sid);
    timer_stop(media->deadline);
    media->state = MEDIA_STRANGER;
    struct leg_start start = {.call_sid = str_of(media->call_sid),
                              .stream_sid = stream_of(media),
                              .token = message->token,
                              .after = message->after};
    media->options.on_stranger(&media->leg, &start, media->options.arg);
}

static void on_audio(struct media *media, const struct twilio_message *message)
{
    uint8_t ulaw[TWILIO_AUDIO_ROOM];
    size_t bytes = 0;
    int64_t at_ms = message->at_ms < 0 ? 0 : message->at_ms;
    if (twilio_payload_decode(message->payload, ulaw, &bytes)) {
        odd(media, "audio that is not base64");
        return;
    }
    if (bytes == 0)
        return;
    if (media->early_due)
        deliver_early(media);
    if (media->state == MEDIA_ADMITTED)
        media->handler->on_audio(&media->leg, ulaw, bytes, at_ms, media->arg);
    else if (media->state == MEDIA_STRANGER)
        keep_early(media, at_ms, '\0', ulaw, bytes);
}

static void on_digit(struct media *media, char digit)
{
    if (!digit)
        return;
    if (media->early_due)
        deliver_early(media);
    if (media->state == MEDIA_ADMITTED)
        media->handler->on_dtmf(&media->leg, digit, media->arg);
    else if (media->state == MEDIA_STRANGER)
        keep_early(media, 0, digit, NULL, 0);
}

static void on_mark(struct media *media, struct str name)
{
    uint32_t mark;
    if (twilio_mark_parse(name, &mark))
        odd(media, "marks that we never set");
    else if (media->state == MEDIA_ADMITTED)
        media->handler->on_mark(&media->leg, mark, media->arg);
}

static void on_stop(struct media *media)
{
    media->options.counters->stopped++;
    ws_close(&media->ws, WS_CLOSE_NORMAL, "");
    end(media, true, "stopped by the carrier");
}

static bool is_out_of_order(const struct media *media, enum twilio_message_kind kind)
{
    return media->state == MEDIA_OPENED && kind != TWILIO_CONNECTED && kind != TWILIO_START &&
           kind != TWILIO_STOP && kind != TWILIO_OTHER;
}

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    (void)ws;
    struct media *media = arg;
    struct twilio_media_counters *counters = media->options.counters;
    struct twilio_message message;
    if (media->failing)
        return;
    if (kind != WS_TEXT) {
        give_up(media, &counters->bad_message, WS_CLOSE_UNSUPPORTED, "a binary message");
        return;
    }
    if (twilio_message_parse((struct str){data, bytes}, &message)) {
        give_up(media, &counters->bad_message, WS_CLOSE_BAD_TEXT, "a message that is not JSON");
        return;
    }
    if (is_out_of_order(media, message.kind)) {
        give_up(media, &counters->bad_message, WS_CLOSE_POLICY, "a message before start");
        return;
    }
    switch (message.kind) {
    case TWILIO_START: on_start(media, &message); break;
    case TWILIO_MEDIA: on_audio(media, &message); break;
    case TWILIO_MARK: on_mark(media, message.mark); break;
    case TWILIO_DTMF: on_digit(media, message.digit); break;
    case TWILIO_STOP: on_stop(media); break;
    case TWILIO_CONNECTED:
    case TWILIO_CLEAR:
    case TWILIO_OTHER: break;
    }
}

static void on_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    (void)ws;
    (void)http_status;
    struct media *media = arg;
    media->ws = NULL;
    if (code == WS_CLOSE_TOO_BIG)
        media->options.counters->too_big++;
    else if (code == WS_CLOSE_PROTOCOL || code == WS_CLOSE_BAD_TEXT)
        media->options.counters->bad_message++;
    else
        media->options.counters->lost++;
    log_info(&media->log, "media_socket_closed", "code=%d", code);
    end(media, false, why && why[0] ? why : "the connection is gone");
}

static void on_deadline(void *arg)
{
    struct media *media = arg;
    struct twilio_media_counters *counters = media->options.counters;
    if (media->failing)
        give_up(media, &counters->slow, WS_CLOSE_POLICY, media->failing);
    else if (media->early_due)
        deliver_early(media);
    else if (media->state == MEDIA_OPENED)
        give_up(media, &counters->never_started, WS_CLOSE_POLICY, "no start message came");
}

static void admit(struct leg *leg, const struct leg_handler *handler, void *arg)
{
    struct media *media = (struct media *)leg;
    assert(media->state == MEDIA_STRANGER);
    media->options.counters->strangers--;
    media->state = MEDIA_ADMITTED;
    media->handler = handler;
    media->arg = arg;
    media->early_due = media->early.bytes > 0;
    if (media->early_due)
        timer_set(media->deadline, loop_now_ms(media->options.loop));
}

static void forget(struct media *media)
{
    leave_state(media);
    loop_defer(media->options.loop, media_free, media);
}

static void refuse(struct leg *leg, const char *why)
{
    struct media *media = (struct media *)leg;
    assert(media->state == MEDIA_STRANGER);
    media->options.counters->refused++;
    log_warn(&media->log, "leg_refused", "why=\"%s\"", why);
    ws_close(&media->ws, WS_CLOSE_POLICY, why);
    forget(media);
}

static void close_leg(struct leg *leg, const char *why)
{
    struct media *media = (struct media *)leg;
    assert(media->state == MEDIA_ADMITTED || media->state == MEDIA_CLOSED);
    if (media->state == MEDIA_ADMITTED) {
        media->options.counters->stopped++;
        log_info(&media->log, "leg_closed", "why=\"%s\"", why);
    }
    ws_close(&media->ws, WS_CLOSE_NORMAL, "");
    forget(media);
}

static bool can_send(const struct media *media)
{
    return media->state == MEDIA_ADMITTED && media->ws && !media->failing;
}

/* A whole audio message or none of it. */
static void send_piece(struct media *media, const uint8_t *ulaw, size_t bytes)
{
    int64_t now_ms = loop_now_ms(media->options.loop);
    buf_clear(&media->out);
    twilio_put_media(&media->out, stream_of(media), ulaw, bytes);
    bool room = ws_queued_bytes(media->ws) + media->out.bytes <=
                LEG_QUEUE_BYTES_MAX - TWILIO_MEDIA_CONTROL_BYTES;
    if (room && ws_send(media->ws, WS_TEXT, media->out.data, media->out.bytes) == 0) {
        media->slow_since_ms = 0;
        return;
    }
    media->options.counters->audio_dropped++;
    if (!media->slow_since_ms)
        media->slow_since_ms = now_ms ? now_ms : 1;
    else if (now_ms - media->slow_since_ms > media->options.slow_ms_max)
        give_up_later(media, "the carrier does not read");
}

static void send_audio(struct leg *leg, const uint8_t *ulaw, size_t bytes)
{
    struct media *media = (struct media *)leg;
    while (bytes && can_send(media)) {
        size_t piece = bytes < TWILIO_AUDIO_BYTES_MAX ? bytes : TWILIO_AUDIO_BYTES_MAX;
        send_piece(media, ulaw, piece);
        ulaw += piece;
        bytes -= piece;
    }
}

static void send_control(struct media *media)
{
    if (ws_send(media->ws, WS_TEXT, media->out.data, media->out.bytes))
        give_up_later(media, "the carrier does not read");
}

static void send_mark(struct leg *leg, uint32_t mark)
{
    struct media *media = (struct media *)leg;
    if (!can_send(media))
        return;
    buf_clear(&media->out);
    twilio_put_mark(&media->out, stream_of(media), mark);
    send_control(media);
}

static void send_clear(struct leg *leg)
{
    struct media *media = (struct media *)leg;
    if (!can_send(media))
        return;
    buf_clear(&media->out);
    twilio_put_clear(&media->out, stream_of(media));
    send_control(media);
}

static void hold(struct leg *leg)
{
    struct media *media = (struct media *)leg;
    if (media->ws)
        ws_hold(media->ws);
}

static void release(struct leg *leg)
{
    struct media *media = (struct media *)leg;
    if (media->ws)
        ws_release(media->ws);
}

static const struct leg_kind twilio_leg = {
    .admit = admit,
    .refuse = refuse,
    .send_audio = send_audio,
    .send_mark = send_mark,
    .send_clear = send_clear,
    .hold = hold,
    .release = release,
    .close = close_leg,
};

static struct media *media_new(const struct twilio_media_options *options)
{
    struct media *media = xalloc(sizeof(*media));
    media->leg.kind = &twilio_leg;
    media->options = *options;
    if (!media->options.start_ms_max)
        media->options.start_ms_max = LEG_START_MS_MAX;
    if (!media->options.slow_ms_max)
        media->options.slow_ms_max = TWILIO_MEDIA_SLOW_MS_MAX;
    media->deadline = timer_new(options->loop, on_deadline, media);
    return media;
}

void twilio_media_accept(struct http_req *req, const struct twilio_media_options *options)
{
    static const struct ws_handler handler = {.on_message = on_message, .on_close = on_close};
    static const struct ws_limits limits = {.message_bytes_max = TWILIO_MESSAGE_BYTES_MAX,
                                            .queue_bytes_max = LEG_QUEUE_BYTES_MAX,
                                            .ping_ms = 15000};
    struct twilio_media_counters *counters = options->counters;
    uint64_t strangers_max = options->strangers_max ? options->strangers_max : 200;
    if (counters->strangers >= strangers_max) {
        counters->crowded++;
        http_fail(req, 503, "too many media streams are waiting, try again");
        return;
    }
    struct media *media = media_new(options);
    if (ws_accept(req, &limits, &handler, media, &media->ws)) {
        counters->not_websocket++;
        media_free(media);
        http_fail(req, 400, "this address speaks WebSocket only");
        return;
    }
    counters->accepted++;
    counters->open++;
    counters->strangers++;
    timer_set(media->deadline, loop_now_ms(media->options.loop) + media->options.start_ms_max);
}
