/* phone/exchange.c: a WebSocket to the sandbox and a list of calls. */
#include "phone/exchange.h"

#include "base/mem.h"
#include "net/ws.h"
#include "phone/exchange_wire.h"

#include <stdlib.h>
#include <string.h>

struct exchange {
    struct ws *ws; /* NULL: lost */
    struct phone_call *calls[EXCHANGE_CALLS_MAX];
    size_t count;
};

static void carry_out(struct phone_call *call, const struct exchange_order *order)
{
    switch (order->what) {
    case EXCHANGE_COMPLETE: phone_complete(call); break;
    case EXCHANGE_TWIML: phone_run_twiml(call, buf_str(&order->text)); break;
    case EXCHANGE_GO_TO:
        phone_go_to(call, buf_text(&order->text), *order->method ? order->method : "POST");
        break;
    }
}

static void on_message(struct ws *ws, enum ws_kind kind, char *data, size_t bytes, void *arg)
{
    struct exchange *exchange = arg;
    struct exchange_order order;
    (void)ws;
    if (kind != WS_TEXT || exchange_order_read((struct str){data, bytes}, &order))
        return;
    for (size_t i = 0; i < exchange->count; i++)
        if (strcmp(phone_call_sid(exchange->calls[i]), order.call_sid) == 0) {
            carry_out(exchange->calls[i], &order);
            break;
        }
    exchange_order_fini(&order);
}

static void on_close(struct ws *ws, int code, const char *why, int http_status, void *arg)
{
    struct exchange *exchange = arg;
    (void)ws;
    (void)code;
    (void)why;
    (void)http_status;
    exchange->ws = NULL;
}

struct exchange *exchange_open(struct loop *loop, const char *url)
{
    static const struct ws_handler handler = {.on_message = on_message, .on_close = on_close};
    static const struct ws_limits limits = {.queue_bytes_max = 1024 * 1024};
    static const char *const headers[] = {NULL};
    if (!url || strncmp(url, "http", 4) != 0)
        return NULL;
    struct exchange *exchange = xalloc(sizeof(*exchange));
    char *address = xprintf("ws%s/control/calls", url + 4);
    if (ws_connect(loop, address, headers, NULL, &limits, &handler, exchange, &exchange->ws))
        exchange->ws = NULL;
    free(address);
    return exchange;
}

void exchange_close(struct exchange **exchange)
{
    if (!*exchange)
        return;
    /* the program ends: nobody stays to hear the other side's goodbye */
    ws_close(&(*exchange)->ws, WS_CLOSE_LOST, "");
    free(*exchange);
    *exchange = NULL;
}

static void say(struct exchange *exchange, struct buf *text)
{
    if (exchange->ws)
        ws_send(exchange->ws, WS_TEXT, text->data, text->bytes);
    buf_free(text);
}

void exchange_placed(struct exchange *exchange, struct phone_call *call, const char *from,
                     const char *to)
{
    struct buf text = {0};
    if (!exchange || exchange->count == EXCHANGE_CALLS_MAX)
        return;
    exchange->calls[exchange->count++] = call;
    buf_printf(&text, "{\"say\":\"placed\",\"call_sid\":\"%s\",\"from\":", phone_call_sid(call));
    buf_json_string(&text, str_of(from));
    buf_puts(&text, ",\"to\":");
    buf_json_string(&text, str_of(to));
    buf_puts(&text, ",\"direction\":\"inbound\"}");
    say(exchange, &text);
}

static void say_status(struct exchange *exchange, const struct phone_call *call, const char *status)
{
    struct buf text = {0};
    buf_printf(&text, "{\"say\":\"status\",\"call_sid\":\"%s\",\"status\":\"%s\"}",
               phone_call_sid(call), status);
    say(exchange, &text);
}

static void forget(struct exchange *exchange, const struct phone_call *call)
{
    for (size_t i = 0; i < exchange->count; i++)
        if (exchange->calls[i] == call) {
            exchange->calls[i] = exchange->calls[--exchange->count];
            return;
        }
}

/* With the answer of its webhook a call is answered; one that is rejected is over at once. */
void exchange_event(struct exchange *exchange, struct phone_call *call,
                    const struct phone_event *event)
{
    if (!exchange)
        return;
    if (event->kind == PHONE_WEBHOOK && event->number < 400)
        say_status(exchange, call, "in-progress");
    if (event->kind != PHONE_ENDED)
        return;
    say_status(exchange, call, phone_status(call));
    forget(exchange, call);
}
