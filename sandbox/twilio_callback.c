/* sandbox/twilio_callback.c: what Twilio tells by itself: signed forms, sent once. */
#include "carrier/twilio_sign.h"
#include "sandbox/twilio_private.h"

#include <stdio.h>

enum { CALLBACK_MS_MAX = 15000 };

static void on_answer(const struct http_answer *answer, void *arg)
{
    struct twilio *twilio = arg;
    if (answer->err || answer->status >= 300)
        log_warn(&twilio->party->log, "callback_failed", "status=%d why=\"%s\"", answer->status,
                 answer->why);
}

void twilio_tell(struct twilio *twilio, const char *url, const struct http_field *fields,
                 size_t count)
{
    char signature[TWILIO_SIGNATURE_TEXT_BYTES], header[64];
    struct buf body = {0};
    if (!*url)
        return;
    for (size_t i = 0; i < count; i++)
        buf_form_field(&body, fields[i].name, fields[i].value);
    twilio_sign(url, fields, count, twilio->party->settings->twilio_token, signature);
    snprintf(header, sizeof(header), "X-Twilio-Signature: %s", signature);
    const struct http_ask ask = {
        .method = HTTP_POST,
        .url = url,
        .headers = {header, "Content-Type: application/x-www-form-urlencoded; charset=UTF-8"},
        .body = buf_str(&body),
        .total_ms_max = CALLBACK_MS_MAX,
        .on_done = on_answer};
    http_ask(twilio->http, &ask, twilio, NULL);
    buf_free(&body);
}
