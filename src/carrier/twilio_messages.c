/* carrier/twilio_messages.c: one request, and what each answer to it means. */
#include "carrier/twilio_messages.h"

#include "base/utf8.h"
#include "carrier/twilio_rest_private.h"
#include "carrier/twilio_rest_wire.h"
#include "carrier/twilio_wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEND_TRY_MS_MAX = 8000, SEND_MS_MAX = 20000 };

const char *message_outcome_name(enum message_outcome outcome)
{
    static const char *const names[] = {
        [MESSAGE_ACCEPTED] = "accepted",
        [MESSAGE_OPTED_OUT] = "opted_out",
        [MESSAGE_BAD_NUMBER] = "bad_number",
        [MESSAGE_NOT_MOBILE] = "not_mobile",
        [MESSAGE_BLOCKED] = "blocked",
        [MESSAGE_MISCONFIGURED] = "misconfigured",
        [MESSAGE_THROTTLED] = "throttled",
        [MESSAGE_PERHAPS] = "perhaps",
        [MESSAGE_AWAY] = "away",
    };
    return names[outcome];
}

enum message_outcome message_outcome_of(int64_t code)
{
    static const struct {
        int64_t code;
        enum message_outcome outcome;
    } known[] = {
        {21610, MESSAGE_OPTED_OUT},  {21211, MESSAGE_BAD_NUMBER}, {21604, MESSAGE_BAD_NUMBER},
        {21217, MESSAGE_BAD_NUMBER}, {21614, MESSAGE_NOT_MOBILE}, {21635, MESSAGE_NOT_MOBILE},
        {30006, MESSAGE_NOT_MOBILE}, {21408, MESSAGE_BLOCKED},    {21612, MESSAGE_BLOCKED},
        {21608, MESSAGE_BLOCKED},    {30003, MESSAGE_BLOCKED},    {30004, MESSAGE_BLOCKED},
        {30005, MESSAGE_BAD_NUMBER}, {30007, MESSAGE_BLOCKED},    {30034, MESSAGE_MISCONFIGURED},
    };
    for (size_t i = 0; i < countof(known); i++)
        if (known[i].code == code)
            return known[i].outcome;
    return MESSAGE_MISCONFIGURED;
}

/* What was refused was not sent; what was not answered may have been. */
static enum message_outcome outcome_of(const struct twilio_reply *reply)
{
    if (!reply->err)
        return MESSAGE_ACCEPTED;
    if (reply->err == EBUSY)
        return MESSAGE_THROTTLED;
    if (reply->err == ECONNREFUSED || reply->err == EHOSTUNREACH)
        return MESSAGE_AWAY;
    bool refused = reply->status >= 400 && reply->status < 500;
    return refused ? message_outcome_of(reply->code) : MESSAGE_PERHAPS;
}

static void settle(const struct twilio_reply *reply, twilio_any_fn *on_answer, void *arg)
{
    struct twilio_record message = {0};
    struct twilio_message_answer answer = {.outcome = outcome_of(reply),
                                           .err = reply->err,
                                           .code = reply->code,
                                           .retry_after_ms = reply->retry_after_ms};
    if (!reply->err && twilio_record_parse(reply->body, &message) == 0 &&
        twilio_is_sid(message.sid, "SM"))
        answer.sid = message.sid;
    ((twilio_message_fn *)on_answer)(&answer, arg);
}

static bool has_text(const struct twilio_record *message, const char *text)
{
    struct buf plain = {0};
    json_unescape(&plain, message->text);
    bool same = str_is(buf_str(&plain), text);
    buf_free(&plain);
    return same;
}

/* Among the newest to that number, one of the same words that is not older than our asking. */
static int look_for_message(struct twilio_reply *reply, int64_t since_ms)
{
    struct twilio_list list;
    struct str object;
    if (reply->err || twilio_list_parse(reply->body, "messages", &list))
        return ETIMEDOUT;
    while (twilio_list_next(&list, &object)) {
        struct twilio_record message;
        if (twilio_record_parse(object, &message) || str_is(message.direction, "inbound") ||
            message.created_ms < since_ms - TWILIO_CLOCKS_APART_MS ||
            !has_text(&message, reply->key))
            continue;
        reply->body = object;
        return 0;
    }
    return EAGAIN;
}

static void put_message(struct buf *form, const struct twilio_sms *sms, const char *text)
{
    buf_form_field(form, "To", sms->to);
    if (sms->service_sid)
        buf_form_field(form, "MessagingServiceSid", sms->service_sid);
    else
        buf_form_field(form, "From", sms->from);
    buf_form_field(form, "Body", text);
    if (sms->status_url)
        buf_form_field(form, "StatusCallback", sms->status_url);
}

void twilio_message_send(struct twilio_rest *rest, const struct twilio_sms *sms,
                         twilio_message_fn *on_answer, void *arg, struct op **slot)
{
    struct buf url = twilio_api_url(rest, "Messages.json"), form = {0};
    struct buf look_url = twilio_api_url(rest, "Messages.json");
    struct str cut = utf8_first(str_of(sms->text), TWILIO_SMS_CHARS_MAX);
    char *text = xstrndup(cut.at, cut.bytes);
    twilio_url_query(&look_url, "To", sms->to);
    twilio_url_query(&look_url, "PageSize", "20");
    put_message(&form, sms, text);
    const struct twilio_request request = {.what = "message_send",
                                           .method = HTTP_POST,
                                           .url = buf_text(&url),
                                           .form = buf_str(&form),
                                           .repeat = TWILIO_REPEAT_IF_NOT_TAKEN,
                                           .try_ms_max = SEND_TRY_MS_MAX,
                                           .total_ms_max = SEND_MS_MAX,
                                           .reply_bytes_max = TWILIO_PAGE_BYTES_MAX,
                                           .look_url = buf_text(&look_url),
                                           .look = look_for_message,
                                           .key = text,
                                           .settle = settle,
                                           .on_done = (twilio_any_fn *)on_answer,
                                           .arg = arg};
    twilio_ask(rest, &request, slot);
    free(text);
    buf_free(&url);
    buf_free(&look_url);
    buf_free(&form);
}
