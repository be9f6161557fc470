/* api/forwarding.c: forwarding an owner's phone to Karen: the codes to dial, and the check that it
 * works. What the carrier tells of a check comes in by telephony_check.c. */
#include "rules/forwarding.h"
#include "api/operations.h"
#include "api/telephony.h"
#include "carrier/twilio_rest.h"
#include "store/forwarding_checks.h"

#include <errno.h>
#include <string.h>

/* ---- codes ---------------------------------------------------------------------------------- */

static void put_text(struct buf *json, const char *name, const char *text)
{
    buf_printf(json, "%s\"%s\":", json->data[json->bytes - 1] == '{' ? "" : ",", name);
    if (text && text[0])
        buf_json_string(json, str_of(text));
    else
        buf_puts(json, "null");
}

static void put_code(struct buf *json, const struct forwarding_code *code)
{
    buf_putc(json, '{');
    put_text(json, "case", forwarding_case_code(code->which));
    put_text(json, "code", code->on);
    put_text(json, "undo_code", code->off);
    put_text(json, "status_code", code->status);
    put_text(json, "tel", code->on_tel);
    put_text(json, "undo_tel", code->off_tel);
    put_text(json, "note", code->note);
    buf_putc(json, '}');
}

static void put_carriers(struct buf *json, const char *country)
{
    struct forwarding_carrier carriers[FORWARDING_CARRIERS_MAX];
    size_t count = forwarding_carriers(country, carriers);
    buf_puts(json, ",\"carriers\":[");
    for (size_t i = 0; i < count; i++) {
        buf_puts(json, i ? ",{" : "{");
        put_text(json, "id", carriers[i].id);
        put_text(json, "name", carriers[i].name);
        buf_putc(json, '}');
    }
    buf_putc(json, ']');
}

void api_get_forwarding_codes(struct api_request *request)
{
    const struct forwarding_wish wish = {.country = api_text(request, "country"),
                                         .carrier = api_text(request, "carrier"),
                                         .number = api_text(request, "number"),
                                         .seconds = (int)api_whole(request, "seconds")};
    struct forwarding_plan plan;
    struct buf json = {0};
    forwarding_plan(&wish, &plan);
    buf_putc(&json, '{');
    put_text(&json, "country", wish.country);
    put_text(&json, "carrier", plan.carrier);
    put_text(&json, "number", wish.number);
    put_carriers(&json, wish.country);
    buf_puts(&json, ",\"codes\":[");
    for (size_t i = 0; i < plan.code_count; i++) {
        buf_puts(&json, i ? "," : "");
        put_code(&json, &plan.codes[i]);
    }
    buf_puts(&json, "],\"notes\":[");
    for (size_t i = 0; i < plan.note_count; i++) {
        buf_puts(&json, i ? "," : "");
        buf_json_string(&json, str_of(plan.notes[i]));
    }
    buf_puts(&json, "]}");
    api_reply_json(request, 200, buf_str(&json));
    buf_free(&json);
}

/* ---- checks --------------------------------------------------------------------------------- */

void api_list_forwarding_checks(struct api_request *request)
{
    forwarding_checks_list_json(request->api->db, request->tenant, api_text(request, "cursor"),
                                api_whole(request, "limit"), api_on_json, request,
                                &request->http->waiting);
}

void api_get_forwarding_check(struct api_request *request)
{
    forwarding_checks_get_json(request->api->db, request->tenant, api_id(request, "check_id"),
                               api_on_json, request, &request->http->waiting);
}

static void on_placed(const struct twilio_answer *answer, void *arg)
{
    struct api_request *request = arg;
    const struct uuid *check = request->state;
    const char *sid =
        arena_strndup(request->http->arena, answer->call_sid.at, answer->call_sid.bytes);
    /* ETIMEDOUT: it may ring; what the carrier tells, or its silence, decides */
    bool failed = answer->err && answer->err != ETIMEDOUT;
    forwarding_checks_placed(request->api->db, request->tenant, *check,
                             answer->call_sid.bytes ? sid : NULL, failed ? "refused" : NULL,
                             api_on_json, request, &request->http->waiting);
}

static void on_begun(int err, const struct forwarding_begun *begun, void *arg)
{
    struct api_request *request = arg;
    if (err == ENOENT)
        api_fail(request, 409, "no_number", "the tenant has no number to be forwarded to");
    else if (err == EPERM)
        api_fail_field(request, "/phone", "nobody of this tenant has proved that phone by a code");
    else if (err == EBUSY)
        api_fail(request, 409, "check_running", "that number is being checked, try in a minute");
    else if (err == EDQUOT)
        api_fail_limit(request, "too_many", "too many checks in an hour", 3600);
    else if (err)
        api_fail_with(request, err);
    if (err)
        return;
    struct uuid *check = arena_alloc(request->http->arena, sizeof(*check));
    *check = begun->id;
    request->state = check;
    telephony_ring_owner(request->api->telephony, begun, api_body_text(request, "phone"), on_placed,
                         request, &request->http->waiting);
}

void api_check_forwarding(struct api_request *request)
{
    forwarding_checks_begin(request->api->db, request->tenant, api_body_text(request, "phone"),
                            api_actor(request), on_begun, request, &request->http->waiting);
}
