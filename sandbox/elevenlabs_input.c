/* sandbox/elevenlabs_input.c: text in pieces over a WebSocket, audio back: one context
 * (stream-input) or several with names (multi-stream-input). Each context collects text, says it in
 * order, one utterance at a time, and ends when it was told to and has said all. */
#include "base/mem.h"
#include "base/utf8.h"
#include "sandbox/elevenlabs_input_wire.h"
#include "sandbox/elevenlabs_private.h"
#include "sandbox/later.h"
#include "sandbox/outbox.h"
#include "sandbox/tongue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONTEXTS_MAX = 5,
    IDLE_S_USUAL = 20,
    IDLE_S_MAX = 180,
    WAITING_BYTES_MAX = 64 * 1024, /* of text not yet said, of a context */
};
static const int usual_schedule[INPUT_SCHEDULE_MAX] = {120, 160, 250, 290};

struct input_context {
    struct input_socket *socket;
    char id[INPUT_CONTEXT_BYTES];
    bool used, flushed;   /* flushed: what was sent is said even when it is closed */
    bool ending;          /* told to close once all is said */
    struct buf collected; /* until it is enough, or flushed */
    struct buf waiting;   /* enough: said when what is being said is over */
    struct op *saying;
    int16_t last_sample;
    double speed;
    int schedule[INPUT_SCHEDULE_MAX];
    size_t step; /* of the schedule */
};

struct input_socket {
    struct elevenlabs *elevenlabs;
    struct party *party;
    struct input_socket *next, *previous;
    struct seen_counts *counts;
    const struct eleven_voice *voice;
    const char *language; /* NULL: told by each text */
    enum eleven_format format;
    bool multi, auto_mode, asked_to_close, admitted;
    struct ws *ws;
    struct outbox *outbox;
    struct op *idle, *over;
    int64_t idle_ms, characters, audio_bytes;
    struct input_context contexts[CONTEXTS_MAX];
};

static void context_fini(struct input_context *context)
{
    context->socket->elevenlabs->speaking -= context->saying != NULL;
    op_cancel(&context->saying);
    buf_free(&context->collected);
    buf_free(&context->waiting);
    *context = (struct input_context){.socket = context->socket};
}

static void tell_story(const struct input_socket *socket)
{
    struct buf story = {0};
    buf_printf(&story, "{\"endpoint\":\"%s\",\"voice_id\":\"%s\",\"characters\":%lld,",
               socket->multi ? "multi_input" : "stream_input", socket->voice->id,
               (long long)socket->characters);
    buf_printf(&story, "\"audio_bytes\":%lld}", (long long)socket->audio_bytes);
    seen_stream(socket->party->seen, buf_str(&story));
    buf_free(&story);
}

static void socket_free(struct input_socket *socket)
{
    tell_story(socket);
    for (size_t i = 0; i < CONTEXTS_MAX; i++)
        context_fini(&socket->contexts[i]);
    if (socket->next)
        socket->next->previous = socket->previous;
    if (socket->previous)
        socket->previous->next = socket->next;
    else
        socket->elevenlabs->sockets = socket->next;
    socket->counts->live--;
    if (socket->ws)
        ws_close(&socket->ws, WS_CLOSE_LOST, "");
    op_cancel(&socket->idle);
    op_cancel(&socket->over);
    outbox_free(&socket->outbox);
    free(socket);
}

static void on_over(void *arg)
{
    socket_free(arg);
}

void elevenlabs_drop_sockets(struct elevenlabs *elevenlabs)
{
    while (elevenlabs->sockets)
        socket_free(elevenlabs->sockets);
}

static void put(struct input_socket *socket, struct buf *text)
{
    socket->counts->bytes_out += (int64_t)text->bytes;
    outbox_put(socket->outbox, buf_str(text));
    buf_free(text);
}

static void close_if_done(struct input_socket *socket)
{
    for (size_t i = 0; i < CONTEXTS_MAX; i++)
        if (socket->contexts[i].used)
            return;
    if (socket->asked_to_close)
        outbox_close(socket->outbox, WS_CLOSE_NORMAL, "");
}

static void end_context(struct input_context *context)
{
    struct input_socket *socket = context->socket;
    struct buf text = {0};
    input_final_print(context->id, &text);
    put(socket, &text);
    context_fini(context);
    close_if_done(socket);
}

static void say_next(struct input_context *context);

static void on_voice(const struct voice_event *event, void *arg)
{
    struct input_context *context = arg;
    struct input_socket *socket = context->socket;
    struct buf audio = {0}, text = {0};
    if (event->kind == VOICE_DONE) {
        socket->elevenlabs->speaking--;
        say_next(context);
        return;
    }
    eleven_format_put(socket->format, event->ulaw, event->ulaw_bytes, &context->last_sample,
                      &audio);
    socket->audio_bytes += (int64_t)audio.bytes;
    input_audio_print(buf_str(&audio), event, context->id, &text);
    buf_free(&audio);
    put(socket, &text);
}

static void start_saying(struct input_context *context, const char *text)
{
    struct input_socket *socket = context->socket;
    const char *language = socket->language ? socket->language : tongue_of(str_of(text));
    const struct voice_ask ask = {.text = text,
                                  .language = language,
                                  .voice = eleven_voice_name(socket->voice, language),
                                  .speed = context->speed};
    if (speaker_say(socket->elevenlabs->speaker, &ask, on_voice, context, &context->saying) == 0)
        socket->elevenlabs->speaking++;
}

/* What waits is said next; with nothing left, a context that was told to end ends. */
static void say_next(struct input_context *context)
{
    struct str text = str_trim(buf_str(&context->waiting));
    if (context->saying)
        return;
    if (text.bytes) {
        char *copy = xstrndup(text.at, utf8_cut(text, VOICE_TEXT_BYTES_MAX).bytes);
        buf_clear(&context->waiting);
        start_saying(context, copy);
        free(copy);
        if (context->saying)
            return;
    }
    if (context->ending)
        end_context(context);
}

static void release(struct input_context *context)
{
    buf_add_str(&context->waiting, buf_str(&context->collected));
    buf_clear(&context->collected);
    if (context->step + 1 < INPUT_SCHEDULE_MAX && context->schedule[context->step + 1])
        context->step++;
}

/* One that is ending has let go of its id: the same names another. */
static struct input_context *context_named(struct input_socket *socket, const char *id)
{
    for (size_t i = 0; i < CONTEXTS_MAX; i++) {
        struct input_context *one = &socket->contexts[i];
        if (one->used && !(socket->multi && one->ending) && strcmp(one->id, id) == 0)
            return one;
    }
    return NULL;
}

static struct input_context *context_of(struct input_socket *socket, const char *id)
{
    struct input_context *known = context_named(socket, id), *free_one = NULL;
    for (size_t i = 0; i < CONTEXTS_MAX && !known && !free_one; i++)
        free_one = socket->contexts[i].used ? NULL : &socket->contexts[i];
    if (known || !free_one)
        return known;
    *free_one = (struct input_context){.socket = socket, .used = true};
    snprintf(free_one->id, sizeof(free_one->id), "%s", id);
    memcpy(free_one->schedule, usual_schedule, sizeof(usual_schedule));
    return free_one;
}

/* Without auto mode text waits until there is enough of it, or it is flushed. */
static void take_text(struct input_context *context, const struct input_message *message)
{
    struct input_socket *socket = context->socket;
    if (message->speed > 0)
        context->speed = message->speed;
    if (message->schedule[0])
        memcpy(context->schedule, message->schedule, sizeof(context->schedule));
    if (message->text && context->collected.bytes + context->waiting.bytes < WAITING_BYTES_MAX) {
        buf_puts(&context->collected, message->text);
        socket->characters += (int64_t)utf8_length(str_of(message->text));
        socket->elevenlabs->characters += (int64_t)utf8_length(str_of(message->text));
    }
    context->flushed |= message->flush;
    size_t enough = (size_t)context->schedule[context->step];
    if (message->flush || message->trigger || context->ending || socket->auto_mode ||
        utf8_length(buf_str(&context->collected)) >= enough)
        release(context);
    say_next(context);
}

/* What was flushed is still said, what was not is not wanted. */
static void close_context(struct input_context *context)
{
    buf_clear(&context->collected);
    context->ending = true;
    if (context->flushed)
        say_next(context);
    else
        end_context(context);
}

static void on_idle(void *arg)
{
    struct input_socket *socket = arg;
    outbox_close(socket->outbox, WS_CLOSE_POLICY,
                 "Have not received a new text input within the timeout. Closing.");
}

static void arm_idle(struct input_socket *socket)
{
    op_cancel(&socket->idle);
    later(socket->party->loop, socket->idle_ms, on_idle, socket, &socket->idle);
}

static void refuse(struct input_socket *socket, const char *code, const char *message)
{
    struct buf text = {0};
    buf_printf(&text, "{\"message\":\"%s\",\"error\":\"%s\",\"code\":1008}", message, code);
    put(socket, &text);
    outbox_close(socket->outbox, WS_CLOSE_POLICY, message);
}

static void close_socket(struct input_socket *socket)
{
    socket->asked_to_close = true;
    for (size_t i = 0; i < CONTEXTS_MAX; i++)
        if (socket->contexts[i].used) {
            socket->contexts[i].ending = true;
            release(&socket->contexts[i]);
            say_next(&socket->contexts[i]);
        }
    close_if_done(socket);
}

static void on_input(struct input_socket *socket, const struct input_message *message)
{
    struct input_context *context = NULL;
    const char *id = socket->multi && !*message->context ? "default" : message->context;
    bool empty = message->text && !*message->text;
    if (!socket->admitted &&
        key_check(message->key, socket->party->settings->elevenlabs_key) != KEY_OK) {
        refuse(socket, "invalid_api_key", "Invalid API key");
        return;
    }
    socket->admitted = true;
    if (message->close_socket) {
        close_socket(socket);
        return;
    }
    if (socket->multi && message->close_context) {
        context = context_named(socket, id);
        if (context)
            close_context(context);
        return;
    }
    if (socket->multi && empty && !message->flush)
        return; /* keeps the context alive */
    context = context_of(socket, id);
    if (!context) {
        refuse(socket, "max_active_conversations", "Too many contexts are open at once.");
        return;
    }
    if (empty && !socket->multi)
        context->ending = socket->asked_to_close = true;
    take_text(context, message);
}

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    struct input_socket *socket = arg;
    struct input_message message;
    (void)ws;
    arm_idle(socket);
    socket->counts->bytes_in += (int64_t)bytes;
    if (kind != WS_TEXT || input_message_read((struct str){data, bytes}, &message)) {
        refuse(socket, "invalid_message", "The message is not one of this API.");
        return;
    }
    if (!socket->multi)
        message.context[0] = '\0';
    on_input(socket, &message);
    input_message_fini(&message);
}

static void on_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    struct input_socket *socket = arg;
    (void)ws;
    (void)code;
    (void)why;
    (void)http_status;
    socket->ws = NULL;
    if (!socket->over)
        later(socket->party->loop, 0, on_over, socket, &socket->over);
}

/* NULL: it was refused. */
static struct input_socket *socket_new(struct visit *visit, bool multi)
{
    struct elevenlabs *elevenlabs = visit->party->state;
    const struct eleven_voice *voice = eleven_voice_find(visit->params[0]);
    const char *format_name = http_query(visit->req, "output_format");
    const char *model = http_query(visit->req, "model_id");
    const char *language = http_query(visit->req, "language_code");
    const char *idle = http_query(visit->req, "inactivity_timeout");
    const char *auto_mode = http_query(visit->req, "auto_mode");
    const struct eleven_model *known = eleven_model_find(model ? model : "eleven_multilingual_v2");
    enum eleven_format format = ELEVEN_ULAW_8000;
    long idle_s = idle ? strtol(idle, NULL, 10) : IDLE_S_USUAL;
    if (!voice)
        visit_fail(visit, 404, "voice_not_found", "A voice with this voice_id was not found.");
    else if (!known || !known->streams_input)
        visit_fail(visit, 403, "model_not_supported", "This model takes no WebSocket input.");
    else if (!format_name || eleven_format_read(format_name, &format))
        visit_fail(visit, 403, "invalid_output_format",
                   "The sandbox speaks ulaw_8000, pcm_8000 and pcm_16000 only.");
    else if (language && !eleven_language(language))
        visit_fail(visit, 403, "unsupported_language", "The language_code is not supported.");
    else {
        struct input_socket *socket = xalloc(sizeof(*socket));
        *socket = (struct input_socket){
            .elevenlabs = elevenlabs,
            .party = visit->party,
            .counts = visit->counts,
            .voice = voice,
            .language = language ? eleven_language(language) : NULL,
            .format = format,
            .multi = multi,
            .admitted = http_header(visit->req, "xi-api-key") != NULL,
            .auto_mode = auto_mode && strcmp(auto_mode, "true") == 0,
            .idle_ms = 1000 * (idle_s >= 1 && idle_s <= IDLE_S_MAX ? idle_s : IDLE_S_USUAL),
            .next = elevenlabs->sockets};
        return socket;
    }
    return NULL;
}

static void open_socket(struct visit *visit, bool multi)
{
    static const struct ws_handler handler = {.on_message = on_message, .on_close = on_close};
    struct input_socket *socket = elevenlabs_admit(visit) ? socket_new(visit, multi) : NULL;
    if (!socket)
        return;
    for (size_t i = 0; i < CONTEXTS_MAX; i++)
        socket->contexts[i].socket = socket;
    if (socket->next)
        socket->next->previous = socket;
    socket->elevenlabs->sockets = socket;
    socket->counts->live++;
    socket->outbox = outbox_new(visit->party->loop, &socket->ws, &visit->fuse,
                                visit->party->settings->elevenlabs_first_byte_ms, on_over, socket);
    arm_idle(socket);
    if (visit_accept(visit, &handler, socket, &socket->ws))
        socket_free(socket);
}

void elevenlabs_stream_input(struct visit *visit)
{
    open_socket(visit, false);
}

void elevenlabs_multi_input(struct visit *visit)
{
    open_socket(visit, true);
}
