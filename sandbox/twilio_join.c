/* sandbox/twilio_join.c: telephones of other processes: their calls are known here, and what REST
 * asks of one is passed on. */
#include "base/json.h"
#include "base/mem.h"
#include "sandbox/body.h"
#include "sandbox/later.h"
#include "sandbox/twilio_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct telephone {
    struct twilio *twilio;
    struct telephone *next;
    struct ws *ws;
};

struct news {
    struct str say, call_sid, from, to, direction, status;
};

/* Texts stay within the message; values with escapes in them are not of this kind. */
static bool read_news(struct str text, struct news *news_out)
{
    struct json json = json_of(text);
    struct str key;
    struct news news = {0};
    const struct {
        const char *name;
        struct str *out;
    } fields[] = {{"say", &news.say}, {"call_sid", &news.call_sid},   {"from", &news.from},
                  {"to", &news.to},   {"direction", &news.direction}, {"status", &news.status}};
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        struct str skipped, *out = &skipped;
        for (size_t i = 0; i < countof(fields); i++)
            if (str_is(key, fields[i].name))
                out = fields[i].out;
        json_string(&json, out);
    }
    *news_out = news;
    return json_done(&json) && news.call_sid.bytes == SID_BYTES - 1;
}

static void copy(char *out, size_t room, struct str text)
{
    snprintf(out, room, "%.*s", (int)(text.bytes < room ? text.bytes : room - 1), text.at);
}

static void on_placed(struct telephone *telephone, const struct news *news)
{
    char sid[SID_BYTES];
    copy(sid, sizeof(sid), news->call_sid);
    if (twilio_call_find(telephone->twilio, news->call_sid))
        return;
    struct call *call = twilio_call_new(telephone->twilio, sid);
    if (!call)
        return;
    call->telephone = telephone;
    copy(call->from, sizeof(call->from), news->from);
    copy(call->to, sizeof(call->to), news->to);
    call->direction = str_is(news->direction, "outbound-api") ? "outbound-api" : "inbound";
    twilio_call_status(call, "ringing");
}

static void on_status(struct telephone *telephone, const struct news *news)
{
    struct call *call = twilio_call_find(telephone->twilio, news->call_sid);
    char status[16];
    copy(status, sizeof(status), news->status);
    if (call && call->telephone == telephone && *status)
        twilio_call_status(call, status);
}

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    struct news news;
    (void)ws;
    if (kind != WS_TEXT || !read_news((struct str){data, bytes}, &news))
        return;
    if (str_is(news.say, "placed"))
        on_placed(arg, &news);
    else if (str_is(news.say, "status"))
        on_status(arg, &news);
}

static void unlink_telephone(struct telephone *telephone)
{
    struct telephone **place = &telephone->twilio->telephones;
    while (*place != telephone)
        place = &(*place)->next;
    *place = telephone->next;
}

static void on_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    struct telephone *telephone = arg;
    struct twilio *twilio = telephone->twilio;
    (void)ws;
    (void)code;
    (void)why;
    (void)http_status;
    unlink_telephone(telephone);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        struct call *call = twilio->calls[i];
        if (!call || call->telephone != telephone)
            continue;
        call->telephone = NULL;
        twilio_call_status(call, "completed");
    }
    free(telephone);
}

void twilio_join(struct twilio *twilio, struct http_req *req)
{
    static const struct ws_handler handler = {.on_message = on_message, .on_close = on_close};
    static const struct ws_limits limits = {.queue_bytes_max = 1024 * 1024};
    struct telephone *telephone = xalloc(sizeof(*telephone));
    telephone->twilio = twilio;
    if (ws_accept(req, &limits, &handler, telephone, &telephone->ws)) {
        free(telephone);
        http_fail(req, 400, "this address expects a WebSocket handshake");
        return;
    }
    telephone->next = twilio->telephones;
    twilio->telephones = telephone;
}

void twilio_order(struct call *call, enum telephone_order order, const char *text,
                  const char *method)
{
    static const char *const names[] = {[TELEPHONE_COMPLETE] = "complete",
                                        [TELEPHONE_TWIML] = "twiml",
                                        [TELEPHONE_GO_TO] = "go_to"};
    struct buf body = {0};
    if (!call->telephone)
        return;
    buf_putc(&body, '{');
    body_put_text(&body, "do", names[order]);
    body_put_text(&body, "call_sid", call->sid);
    if (text)
        body_put_text(&body, order == TELEPHONE_TWIML ? "twiml" : "url", text);
    if (method)
        body_put_text(&body, "method", method);
    buf_putc(&body, '}');
    ws_send(call->telephone->ws, WS_TEXT, body.data, body.bytes);
    buf_free(&body);
}

void twilio_telephones_free(struct twilio *twilio)
{
    while (twilio->telephones) {
        struct telephone *telephone = twilio->telephones;
        twilio->telephones = telephone->next;
        ws_close(&telephone->ws, WS_CLOSE_AWAY, "");
        free(telephone);
    }
}
