/* carrier/twilio_rest.c: calls over REST. */
#include "carrier/twilio_rest_private.h"

#include "base/mem.h"
#include "carrier/twilio_rest_wire.h"
#include "carrier/twilio_wire.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PLACE_TRY_MS_MAX = 8000,
    PLACE_MS_MAX = 20000,
    NEWEST = 5, /* calls that are looked at */
};

static bool is_over(struct str call_status)
{
    static const char *const over[] = {"completed", "busy", "failed", "no-answer", "canceled"};
    for (size_t i = 0; i < countof(over); i++)
        if (str_is(call_status, over[i]))
            return true;
    return false;
}

/* 21220: the call is not in a state that allows this; 21215 and 13227: it goes where this account
 * may not call. */
static int err_of(const struct twilio_reply *reply)
{
    switch (reply->code) {
    case 21220: return ESRCH;
    case 21215:
    case 13227: return EPERM;
    default: return reply->err;
    }
}

static struct twilio_answer answer_of(const struct twilio_reply *reply)
{
    struct twilio_record call = {0};
    twilio_record_parse(reply->body, &call);
    return (struct twilio_answer){.err = err_of(reply),
                                  .status = reply->status,
                                  .code = reply->code,
                                  .message = reply->message,
                                  .call_sid = call.sid,
                                  .call_status = call.status,
                                  .tries = reply->tries};
}

static void settle(const struct twilio_reply *reply, twilio_any_fn *on_done, void *arg)
{
    struct twilio_answer answer = answer_of(reply);
    ((twilio_answer_fn *)on_done)(&answer, arg);
}

/* That the call is over already is what was wanted. */
static void settle_ended(const struct twilio_reply *reply, twilio_any_fn *on_done, void *arg)
{
    struct twilio_answer answer = answer_of(reply);
    if (answer.err == ESRCH)
        answer.err = 0;
    ((twilio_answer_fn *)on_done)(&answer, arg);
}

/* Nobody knows whether the call was redirected; whether it still lives was asked. */
static int look_at_call(struct twilio_reply *reply, int64_t since_ms)
{
    struct twilio_record call = {0};
    (void)since_ms;
    twilio_record_parse(reply->body, &call);
    return reply->err == ESRCH || is_over(call.status) ? ESRCH : ETIMEDOUT;
}

/* ---- one call ------------------------------------------------------------------------------- */

static void ask_about(struct twilio_rest *rest, const char *call_sid,
                      struct twilio_request *request, struct op **slot)
{
    bool is_sid = twilio_is_sid(str_of(call_sid), "CA"); /* it becomes part of a URL */
    char path[64];
    snprintf(path, sizeof(path), "Calls/%s.json", is_sid ? call_sid : "");
    struct buf url = twilio_api_url(rest, path);
    request->subject = is_sid ? call_sid : NULL;
    request->url = buf_text(&url);
    request->err = is_sid ? 0 : EINVAL;
    if (request->look)
        request->look_url = request->url;
    twilio_ask(rest, request, slot);
    buf_free(&url);
}

void twilio_call_hang_up(struct twilio_rest *rest, const char *call_sid, twilio_answer_fn *on_done,
                         void *arg, struct op **slot)
{
    struct twilio_request request = {.what = "call_hang_up",
                                     .method = HTTP_POST,
                                     .form = str_of("Status=completed"),
                                     .settle = settle_ended,
                                     .on_done = (twilio_any_fn *)on_done,
                                     .arg = arg};
    ask_about(rest, call_sid, &request, slot);
}

static void redirect(struct twilio_rest *rest, const char *call_sid, struct buf *form,
                     twilio_answer_fn *on_done, void *arg, struct op **slot)
{
    struct twilio_request request = {.what = "call_redirect",
                                     .method = HTTP_POST,
                                     .form = buf_str(form),
                                     .repeat = TWILIO_REPEAT_IF_NOT_TAKEN,
                                     .look = look_at_call,
                                     .settle = settle,
                                     .on_done = (twilio_any_fn *)on_done,
                                     .arg = arg};
    ask_about(rest, call_sid, &request, slot);
    buf_free(form);
}

static void put_twiml(struct buf *form, struct str twiml)
{
    char *text = xstrndup(twiml.at, twiml.bytes);
    assert(twiml.bytes <= TWILIO_INLINE_TWIML_MAX);
    buf_form_field(form, "Twiml", text);
    free(text);
}

void twilio_call_run(struct twilio_rest *rest, const char *call_sid, struct str twiml,
                     twilio_answer_fn *on_done, void *arg, struct op **slot)
{
    struct buf form = {0};
    put_twiml(&form, twiml);
    redirect(rest, call_sid, &form, on_done, arg, slot);
}

void twilio_call_go_to(struct twilio_rest *rest, const char *call_sid, const char *url,
                       twilio_answer_fn *on_done, void *arg, struct op **slot)
{
    struct buf form = {0};
    buf_form_field(&form, "Url", url);
    buf_form_field(&form, "Method", "POST");
    redirect(rest, call_sid, &form, on_done, arg, slot);
}

void twilio_call_get(struct twilio_rest *rest, const char *call_sid, twilio_answer_fn *on_done,
                     void *arg, struct op **slot)
{
    struct twilio_request request = {.what = "call_get",
                                     .method = HTTP_GET,
                                     .settle = settle,
                                     .on_done = (twilio_any_fn *)on_done,
                                     .arg = arg};
    ask_about(rest, call_sid, &request, slot);
}

/* ---- a new one ------------------------------------------------------------------------------ */

/* Among the newest calls from there to there, one that is not older than our asking. */
static int look_for_call(struct twilio_reply *reply, int64_t since_ms)
{
    struct twilio_list list;
    struct str object;
    if (reply->err || twilio_list_parse(reply->body, "calls", &list))
        return ETIMEDOUT;
    while (twilio_list_next(&list, &object)) {
        struct twilio_record call;
        if (twilio_record_parse(object, &call) || str_starts(call.direction, "inbound") ||
            call.created_ms < since_ms - TWILIO_CLOCKS_APART_MS)
            continue;
        reply->body = object;
        return 0;
    }
    return EAGAIN;
}

static void put_placing(struct buf *form, const struct twilio_placing *placing)
{
    static const char *const events[] = {"initiated", "ringing", "answered", "completed"};
    char seconds[16];
    buf_form_field(form, "To", placing->to);
    buf_form_field(form, "From", placing->from);
    if (placing->url)
        buf_form_field(form, "Url", placing->url);
    else
        put_twiml(form, placing->twiml);
    if (placing->status_url)
        buf_form_field(form, "StatusCallback", placing->status_url);
    for (size_t i = 0; placing->status_url && i < countof(events); i++)
        buf_form_field(form, "StatusCallbackEvent", events[i]);
    snprintf(seconds, sizeof(seconds), "%d", placing->ring_seconds_max);
    if (placing->ring_seconds_max)
        buf_form_field(form, "Timeout", seconds);
}

void twilio_call_place(struct twilio_rest *rest, const struct twilio_placing *placing,
                       twilio_answer_fn *on_done, void *arg, struct op **slot)
{
    struct buf url = twilio_api_url(rest, "Calls.json"), form = {0};
    struct buf look_url = twilio_api_url(rest, "Calls.json");
    char newest[16];
    snprintf(newest, sizeof(newest), "%d", NEWEST);
    twilio_url_query(&look_url, "To", placing->to);
    twilio_url_query(&look_url, "From", placing->from);
    twilio_url_query(&look_url, "PageSize", newest);
    put_placing(&form, placing);
    const struct twilio_request request = {.what = "call_place",
                                           .method = HTTP_POST,
                                           .url = buf_text(&url),
                                           .form = buf_str(&form),
                                           .repeat = TWILIO_REPEAT_IF_NOT_TAKEN,
                                           .try_ms_max = PLACE_TRY_MS_MAX,
                                           .total_ms_max = PLACE_MS_MAX,
                                           .look_url = buf_text(&look_url),
                                           .look = look_for_call,
                                           .settle = settle,
                                           .on_done = (twilio_any_fn *)on_done,
                                           .arg = arg};
    twilio_ask(rest, &request, slot);
    buf_free(&url);
    buf_free(&look_url);
    buf_free(&form);
}
