/* phone/stream.c: the media stream as the carrier opens it: 20 ms out and 20 ms in, for as long as
 * the server keeps the socket. */
#include "phone/phone_private.h"

#include "base/audio.h"
#include "base/mem.h"
#include "carrier/twilio_sign.h"
#include "carrier/twilio_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CATCH_UP_FRAMES_MAX = 50, PARAMETERS_MAX = 16 };

static struct str sid_of(const struct phone_call *call)
{
    return str_of(call->stream.sid);
}

/* A server that does not read loses audio here; what it must know it is told all the same. */
static void send_out(struct phone_call *call)
{
    struct phone_stream *stream = &call->stream;
    ws_send(stream->ws, WS_TEXT, stream->out.data, stream->out.bytes);
    buf_clear(&stream->out);
}

static void send_due_marks(struct phone_call *call, bool cleared)
{
    char name[PLAYOUT_MARK_BYTES_MAX + 1];
    struct phone_stream *stream = &call->stream;
    while (stream->open && playout_due(&stream->heard, name)) {
        twilio_put_played(&stream->out, sid_of(call), ++stream->sequence, str_of(name));
        send_out(call);
        phone_emit(call,
                   (struct phone_event){.kind = PHONE_MARKED, .text = name, .number = cleared});
    }
}

static void send_key(struct phone_call *call, int64_t now_ms)
{
    struct phone_stream *stream = &call->stream;
    if (!call->key_count || now_ms < stream->next_key_ms)
        return;
    twilio_put_dtmf(&stream->out, sid_of(call), ++stream->sequence, call->keys[0]);
    send_out(call);
    memmove(call->keys, call->keys + 1, --call->key_count);
    stream->next_key_ms = now_ms + PHONE_KEY_MS;
}

static void one_frame(struct phone_call *call)
{
    struct phone_stream *stream = &call->stream;
    uint8_t said[AUDIO_FRAME_BYTES], heard[AUDIO_FRAME_BYTES];
    playout_play(&call->mouth, said, sizeof(said));
    bool agent = playout_play(&stream->heard, heard, sizeof(heard));
    int64_t at_ms = (int64_t)stream->frames * AUDIO_FRAME_MS;
    stream->frames++;
    call->timing.frames++;
    twilio_put_inbound(&stream->out, sid_of(call), ++stream->sequence, stream->frames, at_ms, said,
                       sizeof(said));
    send_out(call);
    send_due_marks(call, false);
    phone_emit(call, (struct phone_event){
                         .kind = PHONE_HEARD, .heard = heard, .said = said, .agent_audio = agent});
}

static void on_tick(void *arg)
{
    struct phone_call *call = arg;
    struct phone_stream *stream = &call->stream;
    int64_t now_ms = loop_now_ms(call->options.loop);
    int64_t due = (now_ms - stream->began_ms) / AUDIO_FRAME_MS + 1;
    int64_t owed = due - (int64_t)stream->frames;
    if (owed > 1)
        call->timing.frames_late += (uint64_t)(owed - 1);
    for (int i = 0; i < CATCH_UP_FRAMES_MAX && stream->open && (int64_t)stream->frames < due; i++)
        one_frame(call);
    if (!stream->open)
        return;
    send_key(call, now_ms);
    timer_set(stream->tick, stream->began_ms + (int64_t)stream->frames * AUDIO_FRAME_MS);
}

static size_t parameters_of(const struct twiml_element *element, struct twilio_parameter *out)
{
    size_t count = 0;
    for (const struct twiml_element *at = element->children; at && count < PARAMETERS_MAX;
         at = at->next) {
        const char *name = twiml_attribute(at, "name"), *value = twiml_attribute(at, "value");
        if (strcmp(at->name, "Parameter") == 0 && name && value)
            out[count++] = (struct twilio_parameter){str_of(name), str_of(value)};
    }
    return count;
}

static void on_open(struct ws *ws, void *arg)
{
    (void)ws;
    struct phone_call *call = arg;
    struct phone_stream *stream = &call->stream;
    struct twilio_parameter parameters[PARAMETERS_MAX];
    const struct twilio_stream_start start = {
        .account_sid = str_of(call->options.account_sid),
        .call_sid = str_of(call->options.call_sid),
        .stream_sid = sid_of(call),
        .parameters = parameters,
        .parameter_count = parameters_of(stream->element, parameters),
    };
    stream->open = true;
    twilio_put_connected(&stream->out);
    send_out(call);
    twilio_put_start(&stream->out, &start);
    send_out(call);
    stream->sequence = 1;
    stream->frames = 0;
    stream->began_ms = loop_now_ms(call->options.loop);
    if (call->timing.stream_ms < 0)
        call->timing.stream_ms = stream->began_ms - call->began_ms;
    timer_set(stream->tick, stream->began_ms + AUDIO_FRAME_MS);
    phone_emit(call, (struct phone_event){.kind = PHONE_STREAM, .text = stream->sid});
}

static void on_audio(struct phone_call *call, struct str payload)
{
    uint8_t ulaw[TWILIO_AUDIO_ROOM];
    size_t bytes = 0;
    if (twilio_payload_decode(payload, ulaw, &bytes) || !bytes)
        return;
    if (call->timing.first_audio_ms < 0)
        call->timing.first_audio_ms = loop_now_ms(call->options.loop) - call->began_ms;
    playout_audio(&call->stream.heard, ulaw, bytes);
}

static void on_clear(struct phone_call *call)
{
    size_t lost = playout_clear(&call->stream.heard);
    phone_emit(call, (struct phone_event){.kind = PHONE_CLEARED,
                                          .number = (int64_t)(lost / AUDIO_BYTES_PER_MS)});
    send_due_marks(call, true);
}

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    (void)ws;
    struct phone_call *call = arg;
    struct twilio_message message;
    if (kind != WS_TEXT || twilio_message_parse((struct str){data, bytes}, &message) ||
        !str_is(message.stream_sid, call->stream.sid))
        return; /* the carrier ignores what it does not understand */
    switch (message.kind) {
    case TWILIO_MEDIA: on_audio(call, message.payload); break;
    case TWILIO_CLEAR: on_clear(call); break;
    case TWILIO_MARK:
        playout_mark(&call->stream.heard, message.mark);
        send_due_marks(call, false); /* at once when nothing is left to play */
        break;
    case TWILIO_CONNECTED:
    case TWILIO_START:
    case TWILIO_DTMF:
    case TWILIO_STOP:
    case TWILIO_OTHER: break;
    }
}

static void forget_stream(struct phone_call *call)
{
    struct phone_stream *stream = &call->stream;
    stream->open = false;
    timer_stop(stream->tick);
    playout_fini(&stream->heard);
    buf_clear(&stream->out);
}

/* The server closed it (or never opened it): the call goes on with what stands behind. */
static void on_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    (void)ws;
    struct phone_call *call = arg;
    bool was_open = call->stream.open;
    char text[240];
    if (was_open)
        snprintf(text, sizeof(text), "%.200s", why ? why : "");
    else
        snprintf(text, sizeof(text), "the stream could not be opened, status %d: %.180s",
                 http_status, why ? why : "");
    call->stream.ws = NULL;
    forget_stream(call);
    phone_emit(call, (struct phone_event){.kind = PHONE_STREAM_OVER, .text = text, .number = code});
    if (!phone_is_live(call))
        return;
    const char *action = twiml_attribute(call->verb, "action");
    if (was_open && action)
        phone_ask(call, action, twiml_attribute(call->verb, "method"), NULL, 0, phone_on_document);
    else
        phone_next_verb(call);
}

void phone_stream_begin(struct phone_call *call, const struct twiml_element *element)
{
    static const struct ws_handler handler = {
        .on_open = on_open, .on_message = on_message, .on_close = on_close};
    struct phone_stream *stream = &call->stream;
    const char *url = twiml_attribute(element, "url");
    char signature[TWILIO_SIGNATURE_TEXT_BYTES];
    if (!url || strchr(url, '?')) {
        phone_end_call(call, PHONE_FAILED, "failed", "a Stream without a url, or with a query");
        return;
    }
    if (!stream->tick)
        stream->tick = timer_new(call->options.loop, on_tick, call);
    stream->element = element;
    phone_new_sid("MZ", stream->sid);
    twilio_sign(url, NULL, 0, call->options.auth_token, signature);
    char *header = xprintf("X-Twilio-Signature: %s", signature);
    int err = ws_connect(call->options.loop, url, (const char *const[]){header, NULL},
                         call->options.ca_file, NULL, &handler, call, &stream->ws);
    free(header);
    if (err)
        phone_end_call(call, PHONE_FAILED, "failed", "a Stream whose url is none");
}

void phone_stream_stop(struct phone_call *call)
{
    struct phone_stream *stream = &call->stream;
    if (!stream->ws)
        return;
    if (stream->open) {
        buf_clear(&stream->out);
        twilio_put_stop(&stream->out, sid_of(call), ++stream->sequence,
                        str_of(call->options.account_sid), str_of(call->options.call_sid));
        send_out(call);
    }
    ws_close(&stream->ws, WS_CLOSE_NORMAL, "");
    forget_stream(call);
}
