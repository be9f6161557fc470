/* test/deepgram_world.c: see its header. */
#include "test/deepgram_world.h"

#include "base/audio.h"
#include "base/mem.h"
#include "test/peer.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a Deepgram that says what the test says --------------------------------------------------
 */

static void on_heard(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    struct world *world = arg;
    (void)ws;
    world->heard = true;
    if (kind == WS_TEXT) {
        buf_add(&world->texts, data, bytes);
        buf_putc(&world->texts, '\n');
        return;
    }
    assert_true(bytes > 0); /* an empty frame would end the stream */
    world->frames++;
    if (bytes > world->frame_bytes_max)
        world->frame_bytes_max = bytes;
    buf_add(&world->audio, data, bytes);
}

static void on_gone(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    struct world *world = arg;
    (void)ws;
    (void)code;
    (void)why;
    (void)http_status;
    world->ws = NULL;
    world->gone = true;
}

static void on_listen(struct http_req *req)
{
    static const struct ws_handler handler = {.on_message = on_heard, .on_close = on_gone};
    static const struct ws_limits limits = {0};
    struct world *world = req->app;
    const char *authorization = http_header(req, "Authorization");
    snprintf(world->authorization, sizeof(world->authorization), "%s",
             authorization ? authorization : "");
    buf_clear(&world->target);
    buf_add_str(&world->target, req->target);
    assert_int_equal(ws_accept(req, &limits, &handler, world, &world->ws), 0);
    world->connected = true;
}

static const struct http_route routes[] = {{HTTP_GET, "/v1/listen", on_listen, 0},
                                           {HTTP_GET, "/v2/listen", on_listen, 0}};

void deepgram_says(struct world *world, const char *text)
{
    assert_int_equal(ws_send(world->ws, WS_TEXT, text, strlen(text)), 0);
}

/* ---- our side ------------------------------------------------------------------------------- */

static void on_event(const struct stt_event *event, void *arg)
{
    static const char *const names[] = {"open", "speech", "partial", "final", "end", "closed"};
    struct world *world = arg;
    buf_printf(&world->told, "%s", names[event->kind]);
    if (event->text.bytes)
        buf_printf(&world->told, " '%.*s'", (int)event->text.bytes, event->text.at);
    if (event->start_ms > 0 || event->end_ms > 0)
        buf_printf(&world->told, " %d-%d", (int)event->start_ms, (int)event->end_ms);
    buf_printf(&world->told, "%s%s", event->from_finalize ? " finalized" : "",
               event->speech_final ? " paused" : "");
    if (event->turn)
        buf_printf(&world->told, " turn %u%s%s%s", event->turn, event->eager ? " eager" : "",
                   event->resumed ? " resumed" : "", event->turn_over ? " over" : "");
    buf_putc(&world->told, '\n');
    world->event = true;
    world->open |= event->kind == STT_OPEN;
    if (event->kind == STT_CLOSED) {
        assert_false(world->closed);
        world->closed = true;
        world->err = event->err;
    }
    if (event->kind == STT_FINAL && world->close_at_final)
        stt_close(&world->stt);
}

struct deepgram_options options_for(char *url, size_t room, uint16_t port)
{
    snprintf(url, room, "http://127.0.0.1:%d", port);
    return (struct deepgram_options){.base_url = url, .api_key = "key1", .model = "nova-3"};
}

struct world *world_new(struct deepgram_options *with)
{
    struct world *world = xalloc(sizeof(*world));
    char url[64];
    const char *why;
    world->loop = loop_new();
    assert_int_equal(http_server_open(world->loop, "127.0.0.1:0",
                                      &(struct http_server_options){.routes = routes,
                                                                    .route_count = countof(routes),
                                                                    .app = world},
                                      &world->server, &why),
                     0);
    struct deepgram_options options =
        options_for(url, sizeof(url), http_server_port(world->server));
    if (with) {
        options.quiet_ms = with->quiet_ms;
        options.open_ms_max = with->open_ms_max;
        options.flux_languages = with->flux_languages;
    }
    world->driver = deepgram_new(world->loop, &options);
    return world;
}

void open_stream(struct world *world, const char *language)
{
    static const char *const keyterms[] = {"Novák", NULL};
    world->stt =
        stt_open(world->driver,
                 &(struct stt_options){.language = language, .keyterms = keyterms, .tag = "t_1"},
                 on_event, world);
    assert_false(world->event); /* never inside the call */
}

struct world *world_open(void)
{
    struct world *world = world_new(NULL);
    open_stream(world, "cs");
    wait_for(world->loop, &world->open);
    return world;
}

void world_free(struct world **slot)
{
    struct world *world = *slot;
    *slot = NULL;
    stt_close(&world->stt);
    stt_driver_free(&world->driver);
    ws_close(&world->ws, WS_CLOSE_NORMAL, "");
    if (world->server)
        http_server_close(&world->server);
    settle(world->loop);
    loop_free(&world->loop);
    buf_free(&world->audio);
    buf_free(&world->texts);
    buf_free(&world->target);
    buf_free(&world->told);
    free(world);
}

void wait_for_event(struct world *world)
{
    world->event = false;
    wait_for(world->loop, &world->event);
}

void wait_for_text(struct world *world, const char *text)
{
    while (!strstr(buf_text(&world->texts), text)) {
        world->heard = false;
        wait_for(world->loop, &world->heard);
    }
}

void wait_for_audio(struct world *world, size_t bytes)
{
    while (world->audio.bytes < bytes) {
        world->heard = false;
        wait_for(world->loop, &world->heard);
    }
}

void send_ms(struct world *world, int ms, uint8_t value)
{
    uint8_t frame[AUDIO_FRAME_BYTES];
    memset(frame, value, sizeof(frame));
    for (int sent = 0; sent < ms; sent += AUDIO_FRAME_MS)
        stt_send(world->stt, frame, sizeof(frame));
}
