/* sandbox/twilio_messages.c: text messages: taken, kept to be looked at, and after a moment
 * delivered to nobody. */
#include "base/mem.h"
#include "base/utf8.h"
#include "sandbox/body.h"
#include "sandbox/later.h"
#include "sandbox/twilio_private.h"

#include <stdio.h>
#include <string.h>

enum { DELIVERY_MS = 200, BODY_CHARS_MAX = 1600 };

/* Characters of the GSM alphabet that are in use here cost less; one other makes all of it UCS-2.
 * Source: 3GPP TS 23.038. */
static int segments_of(struct str text)
{
    size_t chars = utf8_length(text), at = 0;
    bool plain = true;
    for (; at < text.bytes; at++)
        plain = plain && !(text.at[at] & 0x80) && text.at[at] != '`';
    size_t one = plain ? 160 : 70, more = plain ? 153 : 67;
    return (int)(chars <= one ? 1 : (chars + more - 1) / more);
}

static void put_message(const struct message *message, const char *account, struct buf *out)
{
    char text[128];
    buf_putc(out, '{');
    body_put_text(out, "sid", message->sid);
    body_put_text(out, "account_sid", account);
    body_put_text(out, "to", message->to);
    body_put_text(out, "from", *message->from ? message->from : NULL);
    body_put_text(out, "messaging_service_sid", *message->service ? message->service : NULL);
    body_put_text(out, "body", message->body);
    body_put_text(out, "status", message->status);
    body_put_text(out, "direction", "outbound-api");
    snprintf(text, sizeof(text), "%d", message->segments);
    body_put_text(out, "num_segments", text);
    body_put_text(out, "num_media", "0");
    body_put_text(out, "error_code", NULL);
    body_put_text(out, "error_message", NULL);
    body_put_text(out, "price", NULL);
    body_put_text(out, "price_unit", "USD");
    body_put_text(out, "api_version", "2010-04-01");
    twilio_put_date(out, "date_created", message->created_ms);
    twilio_put_date(out, "date_updated", message->created_ms);
    twilio_put_date(out, "date_sent", strcmp(message->status, "queued") ? message->created_ms : 0);
    snprintf(text, sizeof(text), "/2010-04-01/Accounts/%s/Messages/%s.json", account, message->sid);
    body_put_text(out, "uri", text);
    body_put_raw(out, "subresource_uris", "{}");
    buf_putc(out, '}');
}

static void reply_message(struct visit *visit, const struct message *message, int status)
{
    struct buf body = {0};
    put_message(message, twilio_account(visit), &body);
    visit_reply_json(visit, status, buf_str(&body));
    buf_free(&body);
}

static void tell(const struct message *message)
{
    const struct http_field fields[] = {
        {"MessageSid", message->sid},
        {"SmsSid", message->sid},
        {"AccountSid", message->twilio->party->settings->twilio_account},
        {"From", message->from},
        {"To", message->to},
        {"MessageStatus", message->status},
        {"SmsStatus", message->status},
        {"ApiVersion", "2010-04-01"}};
    twilio_tell(message->twilio, message->status_url, fields, countof(fields));
}

static void on_delivered(void *arg)
{
    struct message *message = arg;
    message->status = "delivered";
    tell(message);
}

static void on_sent(void *arg)
{
    struct message *message = arg;
    message->status = "sent";
    tell(message);
    later(message->twilio->loop, DELIVERY_MS, on_delivered, message, &message->delivery);
}

static int find_fault(struct visit *visit, const char **message_out)
{
    const char *to = http_field(visit->req, "To"), *from = http_field(visit->req, "From");
    const char *body = http_field(visit->req, "Body");
    *message_out = "A 'To' phone number is required.";
    if (!to || !*to)
        return 21604;
    *message_out = "The 'To' number is not a valid phone number.";
    if (!twilio_is_e164(to) || strcmp(to, "+15005550001") == 0)
        return 21211;
    *message_out = "Attempt to send to unsubscribed recipient";
    if (strcmp(to, "+15005550004") == 0)
        return 21610;
    *message_out = "The 'To' number is not a mobile number.";
    if (strcmp(to, "+15005550009") == 0)
        return 21614;
    *message_out = "A 'From' phone number is required.";
    if (!from && !http_field(visit->req, "MessagingServiceSid"))
        return 21603;
    *message_out = "The From phone number is not a valid, SMS-capable number of your account.";
    if (from && from[0] == '+' && !twilio_number_find(visit->party->state, from))
        return 21606;
    *message_out = "Message body is required.";
    if (!body || !*body)
        return 21602;
    *message_out = "The concatenated message body exceeds the 1600 character limit.";
    return utf8_length(str_of(body)) > BODY_CHARS_MAX ? 21617 : 0;
}

void twilio_create_message(struct visit *visit)
{
    struct twilio *twilio = visit->party->state;
    const char *why = NULL;
    int code = find_fault(visit, &why);
    if (code) {
        twilio_refuse(visit, 400, code, why);
        return;
    }
    struct message *message = &twilio->messages[twilio->message_count % MESSAGES_MAX];
    op_cancel(&message->delivery);
    *message = (struct message){.twilio = twilio, .status = "queued", .created_ms = wall_now_ms()};
    random_id(message->sid, "SM", 32);
    if (!twilio_take_field(visit, "To", message->to, sizeof(message->to)) ||
        !twilio_take_field(visit, "From", message->from, sizeof(message->from)) ||
        !twilio_take_field(visit, "MessagingServiceSid", message->service,
                           sizeof(message->service)) ||
        !twilio_take_field(visit, "StatusCallback", message->status_url,
                           sizeof(message->status_url)))
        return;
    snprintf(message->body, sizeof(message->body), "%s", http_field(visit->req, "Body"));
    message->segments = segments_of(str_of(http_field(visit->req, "Body")));
    twilio->message_count++;
    reply_message(visit, message, 201);
    later(twilio->loop, DELIVERY_MS, on_sent, message, &message->delivery);
}

static uint64_t oldest(const struct twilio *twilio)
{
    return twilio->message_count > MESSAGES_MAX ? twilio->message_count - MESSAGES_MAX : 0;
}

void twilio_list_messages(struct visit *visit)
{
    const struct twilio *twilio = visit->party->state;
    const char *to = http_query(visit->req, "To"), *from = http_query(visit->req, "From");
    struct twilio_page page = twilio_page_of(visit);
    struct buf body = {0};
    buf_puts(&body, "{\"messages\":[");
    for (uint64_t i = twilio->message_count; i > oldest(twilio); i--) {
        const struct message *message = &twilio->messages[(i - 1) % MESSAGES_MAX];
        if ((to && strcmp(to, message->to) != 0) || (from && strcmp(from, message->from) != 0) ||
            !twilio_page_takes(&page))
            continue;
        buf_puts(&body, page.shown > 1 ? "," : "");
        put_message(message, twilio_account(visit), &body);
    }
    twilio_page_reply(visit, &page, &body);
    buf_free(&body);
}

void twilio_get_message(struct visit *visit)
{
    const struct twilio *twilio = visit->party->state;
    struct str sid = twilio_sid_of(visit->params[1]);
    for (uint64_t i = oldest(twilio); i < twilio->message_count; i++)
        if (str_is(sid, twilio->messages[i % MESSAGES_MAX].sid)) {
            reply_message(visit, &twilio->messages[i % MESSAGES_MAX], 200);
            return;
        }
    twilio_refuse(visit, 404, 20404, NULL);
}

void twilio_messages_free(struct twilio *twilio)
{
    for (size_t i = 0; i < MESSAGES_MAX; i++)
        op_cancel(&twilio->messages[i].delivery);
}
