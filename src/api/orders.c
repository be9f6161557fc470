/* api/orders.c: what people want of a live call: given to whichever worker carries it. The answer
 * waits a moment for how it ended, which is usually known at once; what takes longer (words that
 * are still being said) is told to whoever watches. */
#include "store/orders.h"
#include "api/live.h"
#include "api/operations.h"
#include "base/json.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

enum { ANSWER_MS = 2000 };

/* ---- the answer ------------------------------------------------------------------------------ */

static struct str member_of(struct str text, const char *name)
{
    struct json json = json_of(text);
    struct str key, value = {0};
    for (bool in = json_object(&json); in && json_member(&json, &key);)
        if (!str_is(key, name) || !json_string(&json, &value))
            json_skip(&json);
    return value;
}

/* A refusal in words of its own; "order_closing" and so on are for the apps to translate by. */
static void refuse(struct api_request *request, struct str why)
{
    static const struct {
        const char *why, *code, *detail;
    } rows[] = {
        {"closing", "order_closing", "the call is being ended or handed over"},
        {"too_many", "order_too_many", "as much waits in this call as it can hold"},
        {"no_model", "order_no_model", "no model takes part in this call any more"},
        {"no_number", "order_no_number", "there is no number to put the caller through to"},
        {"no_voice", "order_no_voice", "the words could not be spoken"},
        {"not_reached", "order_not_reached", "nobody took the call, the caller is back"},
        {"not_live", "order_not_live", "nobody carries this call"},
        {"worker_lost", "order_lost", "what carried this call is gone"},
        {"call_over", "order_call_over", "the call ended first"},
    };
    for (size_t i = 0; i < countof(rows); i++)
        if (str_is(why, rows[i].why)) {
            api_fail(request, 409, rows[i].code, rows[i].detail);
            return;
        }
    api_fail(request, 409, "order_refused", "the call did not take it");
}

static void on_ended(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    struct str state = member_of(json, "state");
    if (err)
        api_fail_with(request, err);
    else if (str_is(state, "done"))
        api_reply_json(request, 201, json);
    else if (str_is(state, "pending"))
        api_reply_json(request, 202, json);
    else
        refuse(request, member_of(json, "why"));
}

static void on_over(void *arg)
{
    struct api_request *request = arg;
    const struct uuid *order = request->state;
    orders_get(request->api->db, request->tenant, api_id(request, "call_id"), *order, on_ended,
               request, &request->http->waiting);
}

static void on_given(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    const struct uuid *order = request->state;
    (void)json;
    switch (err) {
    case 0:
        live_await_order(request->api->live, *order, ANSWER_MS, on_over, request,
                         &request->http->waiting);
        break;
    case EALREADY: api_fail(request, 409, "call_over", "the call is over"); break;
    case ENOTSUP: refuse(request, str_of("no_number")); break;
    case EINVAL:
        api_fail_field(request, "/to_number", "is no verified number of the tenant's people");
        break;
    default: api_fail_with(request, err);
    }
}

/* ---- what is asked --------------------------------------------------------------------------- */

/* The field that does not go with the kind of order, and why; false: all do. */
static bool is_misfit(const char *kind, const char *text, const char *to, const char **field_out,
                      const char **why_out)
{
    bool speaks = strcmp(kind, "say") == 0 || strcmp(kind, "whisper") == 0;
    *field_out = "/text";
    if (speaks && !str_trim(str_of(text)).bytes)
        *why_out = "is missing: there is nothing to say";
    else if (!speaks && text)
        *why_out = "goes with say and whisper only";
    else if (to && strcmp(kind, "transfer") != 0)
        *field_out = "/to_number", *why_out = "goes with a transfer only";
    else
        return false;
    return true;
}

void api_give_order(struct api_request *request)
{
    const char *field, *why;
    struct uuid *id = arena_alloc(request->http->arena, sizeof(*id));
    struct order_give order = {.tenant = request->tenant,
                               .call = api_id(request, "call_id"),
                               .kind = api_body_text(request, "kind"),
                               .text = api_body_text(request, "text"),
                               .to_number = api_body_text(request, "to_number"),
                               .user = request->who.user,
                               .actor = api_actor(request)};
    if (is_misfit(order.kind, order.text, order.to_number, &field, &why)) {
        api_fail_field(request, field, why);
        return;
    }
    order.id = *id = uuid_new(wall_now_ms());
    request->state = id;
    orders_give(request->api->db, &order, on_given, request, &request->http->waiting);
}

void api_get_order(struct api_request *request)
{
    orders_get(request->api->db, request->tenant, api_id(request, "call_id"),
               api_id(request, "order_id"), api_on_json, request, &request->http->waiting);
}
