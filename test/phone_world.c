/* test/phone_world.c: what the service says and hears, and a call's story in a word each. */
#include "test/phone_world.h"

#include "base/audio.h"
#include "base/mem.h"
#include "carrier/twilio_sign.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the service ---------------------------------------------------------------------------- */

static void expect_signed(struct http_req *req)
{
    struct phone_world *w = req->app;
    const char *token = PHONE_TOKEN;
    struct twilio_request request = {.signature = http_header(req, "X-Twilio-Signature")};
    request.url =
        arena_printf(req->arena, "%s%.*s", w->base, (int)req->target.bytes, req->target.at);
    if (req->method == HTTP_POST)
        assert_int_equal(http_form(req, &request.fields, &request.field_count), 0);
    assert_true(twilio_check(&request, &token, 1).genuine);
}

static void reply_twiml(struct http_req *req, const char *text)
{
    struct phone_world *w = req->app;
    struct buf xml = {0};
    for (; *text; text++) {
        if (*text == '@')
            buf_puts(&xml, w->base);
        else if (*text == '%')
            buf_printf(&xml, "ws%s", w->base + 4);
        else
            buf_putc(&xml, *text);
    }
    http_reply(req, 200, "text/xml", buf_str(&xml));
    buf_free(&xml);
}

static void on_webhook(struct http_req *req)
{
    struct phone_world *w = req->app;
    int number = atoi(http_param(req, "n"));
    const char *fields[] = {"CallStatus", "Digits",           "DialCallStatus", "RecordingDuration",
                            "ErrorCode",  "DialCallDuration", "ForwardedFrom",  "Extra"};
    assert_in_range(number, 0, 7);
    expect_signed(req);
    buf_printf(&w->asked, "%s %d", http_method_name(req->method), number);
    for (size_t i = 0; i < countof(fields); i++) {
        const char *value =
            req->method == HTTP_POST ? http_field(req, fields[i]) : http_query(req, fields[i]);
        if (value)
            buf_printf(&w->asked, " %s=%s", fields[i], value);
    }
    buf_putc(&w->asked, '\n');
    if (w->status[number])
        http_fail(req, w->status[number], "no");
    else
        reply_twiml(req, w->twiml[number] ? w->twiml[number] : "<Response/>");
}

static void on_status(struct http_req *req)
{
    struct phone_world *w = req->app;
    expect_signed(req);
    buf_printf(&w->asked, "status %s %s\n", http_field(req, "CallStatus"),
               http_field(req, "CallDuration"));
    w->has_status = true;
    http_reply(req, 204, NULL, (struct str){0});
}

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    struct phone_world *w = arg;
    struct twilio_message m;
    (void)ws;
    assert_int_equal(kind, WS_TEXT);
    assert_int_equal(twilio_message_parse((struct str){data, bytes}, &m), 0);
    if (m.kind == TWILIO_MEDIA) {
        w->got_audio++;
        return;
    }
    if (m.kind == TWILIO_START) {
        snprintf(w->stream_sid, sizeof(w->stream_sid), "%.*s", (int)m.stream_sid.bytes,
                 m.stream_sid.at);
        assert_true(str_is(m.token, "t\\\"0"));
        assert_true(str_is(m.account_sid, PHONE_AC));
    }
    w->has_start = w->has_start || m.kind == TWILIO_START;
    w->has_stop = w->has_stop || m.kind == TWILIO_STOP;
    buf_printf(&w->got, "%d", m.kind);
    if (m.kind == TWILIO_MARK)
        buf_add_str(&w->got, m.mark);
    if (m.kind == TWILIO_DTMF)
        buf_putc(&w->got, m.digit);
    buf_putc(&w->got, ' ');
}

static void on_ws_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    struct phone_world *w = arg;
    (void)ws, (void)code, (void)why, (void)http_status;
    w->ws = NULL;
    w->stream_gone = true;
}

static void on_media(struct http_req *req)
{
    static const struct ws_handler handler = {.on_message = on_message, .on_close = on_ws_close};
    struct phone_world *w = req->app;
    const char *token = PHONE_TOKEN;
    char url[100];
    snprintf(url, sizeof(url), "ws%s/media", w->base + 4);
    struct twilio_request request = {.url = url,
                                     .signature = http_header(req, "X-Twilio-Signature")};
    assert_true(twilio_check(&request, &token, 1).genuine);
    assert_int_equal(ws_accept(req, NULL, &handler, w, &w->ws), 0);
}

static void on_no_media(struct http_req *req)
{
    http_fail(req, 503, "no room");
}

static const struct http_route routes[] = {
    {HTTP_POST | HTTP_GET, "/hook/:n", on_webhook, 65536},
    {HTTP_POST, "/status", on_status, 65536},
    {HTTP_GET, "/media", on_media, 0},
    {HTTP_GET, "/nomedia", on_no_media, 0},
};

void phone_world_play(struct phone_world *w, size_t bytes)
{
    struct buf out = {0};
    uint8_t *tone = xalloc(bytes + 1);
    memset(tone, 0x10, bytes); /* loud */
    twilio_put_media(&out, str_of(w->stream_sid), tone, bytes);
    assert_int_equal(ws_send(w->ws, WS_TEXT, out.data, out.bytes), 0);
    free(tone);
    buf_free(&out);
}

void phone_world_mark(struct phone_world *w, uint32_t mark)
{
    struct buf out = {0};
    twilio_put_mark(&out, str_of(w->stream_sid), mark);
    assert_int_equal(ws_send(w->ws, WS_TEXT, out.data, out.bytes), 0);
    buf_free(&out);
}

void phone_world_clear(struct phone_world *w)
{
    struct buf out = {0};
    twilio_put_clear(&out, str_of(w->stream_sid));
    assert_int_equal(ws_send(w->ws, WS_TEXT, out.data, out.bytes), 0);
    buf_free(&out);
}

/* ---- the telephone -------------------------------------------------------------------------- */

void phone_world_event(struct phone_call *call, const struct phone_event *event, void *arg)
{
    struct phone_world *w = arg;
    (void)call;
    switch (event->kind) {
    case PHONE_WEBHOOK: break;
    case PHONE_SAY: buf_printf(&w->story, "say:%s:%s ", event->language, event->text); break;
    case PHONE_STREAM: w->streaming = true; break;
    case PHONE_STREAM_OVER: buf_printf(&w->story, "stream-over:%d ", (int)event->number); break;
    case PHONE_HEARD:
        w->heard_frames += event->agent_audio;
        w->heard_agent = w->heard_agent || event->agent_audio;
        w->said_frames += event->said[0] != ULAW_SILENCE;
        break;
    case PHONE_MARKED:
        buf_printf(&w->story, "mark:%s:%d ", event->text, (int)event->number);
        w->marked = true;
        break;
    case PHONE_CLEARED: buf_printf(&w->story, "cleared "); break;
    case PHONE_GATHER: buf_printf(&w->story, "gather:%d ", (int)event->number); break;
    case PHONE_DIALLED: buf_printf(&w->story, "dial:%s:%s ", event->text, event->language); break;
    case PHONE_WHISPER: buf_printf(&w->story, "whisper:%s ", event->text); break;
    case PHONE_RECORDED:
        w->recording_bytes = event->recording.bytes;
        w->recorded = true;
        break;
    case PHONE_REJECTED: buf_printf(&w->story, "reject:%s ", event->text); break;
    case PHONE_ENDED:
        w->over = true;
        w->end = event->end;
        snprintf(w->why, sizeof(w->why), "%s", event->text);
        break;
    }
}

struct phone_options phone_world_options(struct phone_world *w)
{
    static char voice[80], status[80];
    snprintf(voice, sizeof(voice), "%s/hook/0", w->base);
    snprintf(status, sizeof(status), "%s/status", w->base);
    return (struct phone_options){.loop = w->loop,
                                  .http = w->http,
                                  .voice_url = voice,
                                  .status_url = status,
                                  .account_sid = PHONE_AC,
                                  .auth_token = PHONE_TOKEN,
                                  .from = "+420602000111",
                                  .to = "+420228883001",
                                  .say_ms_per_char = -1,
                                  .dial_ms = 10,
                                  .dial_talk_ms = 10};
}

void phone_world_place(struct phone_world *w)
{
    struct phone_options options = phone_world_options(w);
    w->call = phone_place(&options, phone_world_event, w);
}

void phone_world_run(struct phone_world *w)
{
    wait_for(w->loop, &w->over);
    wait_for(w->loop, &w->has_status);
}

void phone_world_stream(struct phone_world *w)
{
    w->twiml[0] = PHONE_STREAM_TWIML;
    phone_world_place(w);
    wait_for(w->loop, &w->has_start);
    wait_for(w->loop, &w->streaming);
}

int phone_world_open(void **state)
{
    static struct phone_world w;
    const char *why = NULL;
    w = (struct phone_world){.loop = loop_new()};
    struct http_server_options options = {
        .routes = routes, .route_count = countof(routes), .app = &w};
    assert_int_equal(http_server_open(w.loop, "127.0.0.1:0", &options, &w.server, &why), 0);
    snprintf(w.base, sizeof(w.base), "http://127.0.0.1:%u", http_server_port(w.server));
    w.http = http_client_new(w.loop, &(struct http_client_options){0});
    *state = &w;
    return 0;
}

int phone_world_close(void **state)
{
    struct phone_world *w = *state;
    phone_free(&w->call);
    ws_close(&w->ws, WS_CLOSE_NORMAL, "");
    settle(w->loop);
    http_client_free(&w->http);
    http_server_close(&w->server);
    settle(w->loop);
    buf_free(&w->asked);
    buf_free(&w->got);
    buf_free(&w->story);
    loop_free(&w->loop);
    return 0;
}
