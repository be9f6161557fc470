/* provider/elevenlabs_socket.c: one WebSocket a call to ElevenLabs, each sentence a context on it.
 * What the socket cannot do is asked for over HTTP: all while it is shut, a sentence for which no
 * context is free, one of which nothing came in time or before the socket was lost.
 *
 *   OPENING --101--> OPEN
 *      '-------lost----'--> SHUT --after a while, OPENS_MAX times--> OPENING
 *
 * A context is closed with its text, so that its end is told; of one that nobody wants any more the
 * audio is dropped by its id until then. One more, WARM, is open all the while and keeps the rest
 * from growing cold. */
#include "base/hash.h"
#include "base/mem.h"
#include "net/ws.h"
#include "provider/elevenlabs_private.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    WARM = 0,
    SPEAKING_MAX = ELEVENLABS_CONTEXTS_MAX - 1,
    OPEN_MS_MAX = 1500,
    OPENS_MAX = 5,            /* of a call */
    PING_MS = 10 * 1000,      /* finds a connection that is dead without a word */
    FIRST_PERCENT = 60,       /* of the time a sentence has: HTTP has what is left */
    FORGOTTEN_MS = 10 * 1000, /* nobody wants it and its end was never told: it is over */
    NONSENSE_MAX = 5,         /* texts in a row that cannot be read */
    ANCHORS_MAX = 128,        /* of one message */
    MESSAGE_BYTES_MAX = 1024 * 1024,
    AUDIO_ROOM_MAX = 256 * 1024, /* kept from message to message */
};

struct context {
    uint32_t id;           /* WARM: free */
    struct speech *speech; /* NULL: nobody wants it; its end has not been told */
    int64_t since_ms;
};

struct socket {
    struct tts_session session;
    struct elevenlabs *elevenlabs;
    struct log log;
    char *url, *voice_id, *language;
    enum { SHUT, OPENING, OPEN } state;
    struct ws *ws;
    struct timer *timer; /* OPENING: to open; OPEN: to keep alive; SHUT: to try again */
    int opens, nonsense;
    int64_t heard_ms; /* when the newest message came */
    uint32_t last_context;
    struct context contexts[SPEAKING_MAX];
};

static int64_t now_of(const struct socket *socket)
{
    return loop_now_ms(socket->elevenlabs->loop);
}

/* ---- what becomes of sentences -------------------------------------------------------------- */

void elevenlabs_socket_forget(struct speech *speech)
{
    struct socket *socket = (struct socket *)speech->session;
    for (size_t i = 0; i < SPEAKING_MAX; i++)
        if (socket->contexts[i].speech == speech)
            socket->contexts[i] =
                (struct context){.id = socket->contexts[i].id, .since_ms = now_of(socket)};
    speech->session = NULL;
}

/* What was begun cannot be begun again. */
static void give_up(struct speech *speech, int err, const char *why)
{
    if (speech->audio_bytes) {
        speech_failed(speech, err, why);
        return;
    }
    log_warn(&speech->log, "tts_over_http", "provider=elevenlabs err=%s why=\"%s\"",
             strerrorname_np(err), why);
    elevenlabs_socket_forget(speech);
    speech_over_http(speech);
}

static struct speech *next_speech(const struct socket *socket)
{
    for (size_t i = 0; i < SPEAKING_MAX; i++)
        if (socket->contexts[i].speech)
            return socket->contexts[i].speech;
    return NULL;
}

static void lose(struct socket *socket, int err, const char *why)
{
    struct speech *speech;
    log_warn(&socket->log, "tts_socket_lost", "provider=elevenlabs err=%s why=\"%s\"",
             strerrorname_np(err), why);
    socket->state = SHUT;
    ws_close(&socket->ws, WS_CLOSE_NORMAL, "");
    if (socket->opens < OPENS_MAX)
        timer_set(socket->timer, now_of(socket) + socket->elevenlabs->reopen_ms);
    else
        timer_stop(socket->timer);
    while ((speech = next_speech(socket)) != NULL)
        give_up(speech, err, why);
}

/* One that is late is no reason to break off another that comes. */
void elevenlabs_socket_late(struct speech *speech)
{
    struct socket *socket = (struct socket *)speech->session;
    if (now_of(socket) < socket->heard_ms + speech->between_ms_max)
        give_up(speech, ETIMEDOUT, "no audio in time");
    else
        lose(socket, ETIMEDOUT, "no audio in time");
}

/* ---- what comes back ------------------------------------------------------------------------ */

static int decode(struct str text, struct buf *audio)
{
    struct buf plain = {0};
    if (text.bytes && memchr(text.at, '\\', text.bytes)) { /* "\/" is lawful JSON */
        json_unescape(&plain, text);
        text = buf_str(&plain);
    }
    buf_clear(audio);
    buf_reserve(audio, base64_room(text.bytes));
    int err = base64_decode(text, (uint8_t *)audio->data, &audio->bytes);
    buf_free(&plain);
    return err;
}

static void hear(struct speech *speech, const struct elevenlabs_message *message)
{
    struct elevenlabs *elevenlabs = speech->elevenlabs;
    struct tts_anchor anchors[ANCHORS_MAX];
    struct buf *audio = &elevenlabs->audio;
    size_t skip = 0;
    if (decode(message->audio, audio)) {
        give_up(speech, EPROTO, "audio that is not base64");
        return;
    }
    const uint8_t *ulaw = (const uint8_t *)audio->data;
    if (!speech->audio_bytes && elevenlabs_sniff(ulaw, audio->bytes, &skip) == ELEVENLABS_FOREIGN) {
        give_up(speech, EPROTO, "not mu-law audio");
        return;
    }
    size_t count = elevenlabs_anchors(&speech->track, message->alignment, audio->bytes - skip,
                                      anchors, ANCHORS_MAX);
    speech_heard(speech, ulaw + skip, audio->bytes - skip, anchors, count);
    if (audio->room > AUDIO_ROOM_MAX)
        buf_free(audio);
}

static void finish(struct speech *speech)
{
    if (!speech->audio_bytes) {
        give_up(speech, EPROTO, "no audio came");
        return;
    }
    elevenlabs_socket_forget(speech);
    speech_done(speech);
}

static struct context *context_of(struct socket *socket, const struct elevenlabs_message *message)
{
    for (size_t i = 0; i < SPEAKING_MAX && message->named && message->context != WARM; i++)
        if (socket->contexts[i].id == message->context)
            return &socket->contexts[i];
    return NULL;
}

/* The handler of what is told may cancel the speech. */
static void take(struct context *context, const struct elevenlabs_message *message)
{
    if (context->speech && message->audio.bytes)
        hear(context->speech, message);
    if (message->kind != ELEVENLABS_FINAL)
        return;
    if (context->speech)
        finish(context->speech);
    context->id = WARM;
}

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    struct socket *socket = arg;
    struct elevenlabs_message message;
    (void)ws;
    if (kind != WS_TEXT || elevenlabs_message_parse((struct str){data, bytes}, &message)) {
        if (++socket->nonsense >= NONSENSE_MAX)
            lose(socket, EPROTO, "texts that are not ElevenLabs'");
        return;
    }
    socket->nonsense = 0;
    socket->heard_ms = now_of(socket);
    struct context *context = context_of(socket, &message);
    if (message.kind != ELEVENLABS_TROUBLE) {
        if (context)
            take(context, &message);
        return;
    }
    int err = elevenlabs_errno(0, &message.error);
    if (!context)
        lose(socket, err, "it sent an error");
    else if (context->speech)
        give_up(context->speech, err, "it sent an error");
}

static void on_open(struct ws *ws, void *arg)
{
    struct socket *socket = arg;
    (void)ws;
    socket->state = OPEN;
    timer_set(socket->timer, now_of(socket) + socket->elevenlabs->keep_alive_ms);
}

/* What is refused now is refused next time, too. */
static void on_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    struct socket *socket = arg;
    (void)ws;
    (void)code;
    socket->ws = NULL;
    if (http_status >= 400 && http_status < 500 && http_status != 429)
        socket->opens = OPENS_MAX;
    lose(socket,
         http_status ? elevenlabs_errno(http_status, &(struct elevenlabs_error){0}) : ECONNRESET,
         why);
}

/* ---- beginning and end ---------------------------------------------------------------------- */

static int say(struct socket *socket, struct buf *message)
{
    int err = ws_send(socket->ws, WS_TEXT, message->data, message->bytes);
    buf_clear(message);
    return err;
}

static void warm_up(struct socket *socket)
{
    struct buf message = {0};
    elevenlabs_put_begin(WARM, &message);
    say(socket, &message);
    buf_free(&message);
}

static void connect_again(struct socket *socket)
{
    static const struct ws_handler handler = {
        .on_open = on_open, .on_message = on_message, .on_close = on_close};
    static const struct ws_limits limits = {.message_bytes_max = MESSAGE_BYTES_MAX,
                                            .handshake_ms_max = 2 * OPEN_MS_MAX, /* ours first */
                                            .ping_ms = PING_MS};
    const struct elevenlabs *elevenlabs = socket->elevenlabs;
    const char *const headers[] = {elevenlabs->key, NULL};
    socket->opens++;
    socket->nonsense = 0;
    memset(socket->contexts, 0, sizeof(socket->contexts));
    if (ws_connect(elevenlabs->loop, socket->url, headers, elevenlabs->ca_file, &limits, &handler,
                   socket, &socket->ws))
        return; /* no such URL: it stays shut */
    socket->state = OPENING;
    timer_set(socket->timer, now_of(socket) + OPEN_MS_MAX);
    warm_up(socket);
}

static void on_timer(void *arg)
{
    struct socket *socket = arg;
    struct buf message = {0};
    switch (socket->state) {
    case SHUT: connect_again(socket); break;
    case OPENING: lose(socket, ETIMEDOUT, "not open in time"); break;
    case OPEN:
        elevenlabs_put_alive(WARM, &message);
        say(socket, &message);
        timer_set(socket->timer, now_of(socket) + socket->elevenlabs->keep_alive_ms);
        break;
    }
    buf_free(&message);
}

struct tts_session *elevenlabs_open(struct tts_driver *driver, const struct tts_voicing *voicing)
{
    struct elevenlabs *elevenlabs = (struct elevenlabs *)driver;
    const struct elevenlabs_query query = {
        .voice_id = voicing->voice_id, .model = elevenlabs->model, .language = voicing->language};
    struct buf url = {0};
    if (!elevenlabs->sockets || !breaker_closed(&driver->breaker) ||
        elevenlabs_socket_url(elevenlabs->base_url, &query, &url)) {
        buf_free(&url);
        return NULL;
    }
    struct socket *socket = xalloc(sizeof(*socket));
    *socket = (struct socket){.session.driver = driver,
                              .elevenlabs = elevenlabs,
                              .log = voicing->log,
                              .url = xstrdup(buf_text(&url)),
                              .voice_id = xstrdup(voicing->voice_id),
                              .language = xstrdup(voicing->language ? voicing->language : "")};
    buf_free(&url);
    elevenlabs->sessions++;
    socket->timer = timer_new(elevenlabs->loop, on_timer, socket);
    connect_again(socket);
    return &socket->session;
}

static void socket_free(void *arg)
{
    struct socket *socket = arg;
    free(socket->url);
    free(socket->voice_id);
    free(socket->language);
    free(socket);
}

void elevenlabs_close(struct tts_session *session)
{
    struct socket *socket = (struct socket *)session;
    assert(!next_speech(socket) && "cancel what is being spoken first");
    if (socket->state == OPEN)
        ws_send(socket->ws, WS_TEXT, ELEVENLABS_CLOSE_SOCKET, strlen(ELEVENLABS_CLOSE_SOCKET));
    ws_close(&socket->ws, WS_CLOSE_NORMAL, "");
    timer_free(&socket->timer);
    socket->elevenlabs->sessions--;
    loop_defer(socket->elevenlabs->loop, socket_free, socket);
}

/* ---- speaking ------------------------------------------------------------------------------- */

static struct context *free_context(struct socket *socket)
{
    for (size_t i = 0; i < SPEAKING_MAX; i++) {
        struct context *context = &socket->contexts[i];
        if (context->id == WARM ||
            (!context->speech && now_of(socket) >= context->since_ms + FORGOTTEN_MS))
            return context;
    }
    return NULL;
}

static int send_text(struct socket *socket, uint32_t context, struct str text)
{
    struct buf message = {0};
    ws_hold(socket->ws); /* the three leave in one piece */
    elevenlabs_put_begin(context, &message);
    int err = say(socket, &message);
    elevenlabs_put_text(context, text, &message);
    err = err ? err : say(socket, &message);
    elevenlabs_put_end(context, &message);
    err = err ? err : say(socket, &message);
    ws_release(socket->ws);
    buf_free(&message);
    return err;
}

bool elevenlabs_socket_speak(struct tts_session *session, struct speech *speech,
                             const struct tts_request *request)
{
    struct socket *socket = (struct socket *)session;
    if (socket->state == SHUT || strcmp(socket->voice_id, request->voice_id) != 0 ||
        strcmp(socket->language, request->language ? request->language : "") != 0)
        return false;
    struct context *context = free_context(socket);
    if (!context)
        return false;
    *context = (struct context){.id = ++socket->last_context, .since_ms = now_of(socket)};
    if (send_text(socket, context->id, request->text))
        return false; /* should any of it have left, its end will be told */
    context->speech = speech;
    speech->session = session;
    buf_add_str(&speech->text, request->text);
    speech->track = (struct elevenlabs_track){.text = buf_str(&speech->text)};
    timer_set(speech->timer, speech->asked_ms + speech->first_ms_max * FIRST_PERCENT / 100);
    return true;
}
