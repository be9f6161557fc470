/* phone/exchange_wire.c: one small JSON object. */
#include "phone/exchange_wire.h"

#include "base/json.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

static int read_what(struct str what, enum exchange_do *what_out)
{
    static const char *const names[] = {
        [EXCHANGE_COMPLETE] = "complete", [EXCHANGE_TWIML] = "twiml", [EXCHANGE_GO_TO] = "go_to"};
    for (size_t i = 0; i < countof(names); i++)
        if (str_is(what, names[i])) {
            *what_out = (enum exchange_do)i;
            return 0;
        }
    return EPROTO;
}

static int copy(char *out, size_t room, struct str text)
{
    if (text.bytes >= room)
        return EPROTO;
    if (text.bytes)
        memcpy(out, text.at, text.bytes);
    out[text.bytes] = '\0';
    return 0;
}

int exchange_order_read(struct str text, struct exchange_order *order_out)
{
    struct json json = json_of(text);
    struct str key, what = {0}, sid = {0}, words = {0}, method = {0};
    struct exchange_order order = {0};
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        if (str_is(key, "do"))
            json_string(&json, &what);
        else if (str_is(key, "call_sid"))
            json_string(&json, &sid);
        else if (str_is(key, "twiml") || str_is(key, "url"))
            json_string(&json, &words);
        else if (str_is(key, "method"))
            json_string(&json, &method);
        else
            json_skip(&json);
    }
    if (!json_done(&json) || read_what(what, &order.what) ||
        copy(order.call_sid, sizeof(order.call_sid), sid) ||
        copy(order.method, sizeof(order.method), method))
        return EPROTO;
    json_unescape(&order.text, words);
    *order_out = order;
    return 0;
}

void exchange_order_fini(struct exchange_order *order)
{
    buf_free(&order->text);
}
