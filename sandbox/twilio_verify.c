/* sandbox/twilio_verify.c: Verify: codes sent to nobody, shown in /stats and in the log, and
 * checked with the limits and the answers of the real one. */
#include "base/id.h"
#include "base/mem.h"
#include "sandbox/body.h"
#include "sandbox/twilio_private.h"

#include <stdio.h>
#include <string.h>

enum { CODE_MS_MAX = 10 * 60 * 1000, CHECKS_MAX = 5, SENDS_MAX = 5 };

static bool is_pending(const struct twilio *twilio, const struct verification *one)
{
    return one->status && strcmp(one->status, "pending") == 0 &&
           loop_now_ms(twilio->loop) - one->code_at_ms < CODE_MS_MAX;
}

static struct verification *find_pending(struct twilio *twilio, const char *to, struct str sid)
{
    for (size_t i = 0; i < VERIFICATIONS_MAX; i++) {
        struct verification *one = &twilio->verifications[i];
        bool fits = to ? strcmp(one->to, to) == 0 : str_is(sid, one->sid);
        if (fits && is_pending(twilio, one))
            return one;
    }
    return NULL;
}

static void put_verification(const struct visit *visit, const struct verification *one,
                             struct buf *out)
{
    buf_putc(out, '{');
    body_put_text(out, "sid", one->sid);
    body_put_text(out, "service_sid", visit->party->settings->twilio_verify_service);
    body_put_text(out, "account_sid", twilio_account(visit));
    body_put_text(out, "to", one->to);
    body_put_text(out, "channel", one->channel);
    body_put_text(out, "status", one->status);
    body_put_bool(out, "valid", strcmp(one->status, "approved") == 0);
    body_put_text(out, "amount", NULL);
    body_put_text(out, "payee", NULL);
    twilio_put_iso_date(out, "date_created", one->created_ms);
    twilio_put_iso_date(out, "date_updated", one->updated_ms);
}

static void put_attempts(const struct visit *visit, const struct verification *one, struct buf *out)
{
    char url[256];
    body_put_raw(out, "lookup", "{}");
    body_put_text(out, "sna", NULL);
    body_put_raw(out, "send_code_attempts", "[");
    for (int i = 0; i < one->sends; i++) {
        buf_puts(out, i ? ",{" : "{");
        twilio_put_iso_date(out, "time", one->updated_ms);
        body_put_text(out, "channel", one->channel);
        snprintf(url, sizeof(url), "VL%.30s%02d", one->sid + 2, i);
        body_put_text(out, "attempt_sid", url);
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
    snprintf(url, sizeof(url), "https://verify.twilio.com/v2/Services/%s/Verifications/%s",
             visit->party->settings->twilio_verify_service, one->sid);
    body_put_text(out, "url", url);
}

static void reply_verification(struct visit *visit, const struct verification *one, int status)
{
    struct buf body = {0};
    put_verification(visit, one, &body);
    put_attempts(visit, one, &body);
    buf_putc(&body, '}');
    visit_reply_json(visit, status, buf_str(&body));
    buf_free(&body);
}

static void reply_check(struct visit *visit, const struct verification *one)
{
    struct buf body = {0};
    put_verification(visit, one, &body);
    body_put_raw(&body, "sna_attempts_error_codes", "[]");
    buf_putc(&body, '}');
    visit_reply_json(visit, 200, buf_str(&body));
    buf_free(&body);
}

static bool is_channel(const char *channel)
{
    static const char *const channels[] = {"sms", "call", "email", "whatsapp", "sna", "auto"};
    for (size_t i = 0; channel && i < countof(channels); i++)
        if (strcmp(channel, channels[i]) == 0)
            return true;
    return false;
}

static bool is_service(struct visit *visit)
{
    if (str_is(visit->params[0], visit->party->settings->twilio_verify_service))
        return true;
    twilio_refuse(visit, 404, 20404, NULL);
    return false;
}

static struct verification *verification_new(struct twilio *twilio, const char *to,
                                             const char *channel)
{
    struct verification *one =
        &twilio->verifications[twilio->verification_count++ % VERIFICATIONS_MAX];
    uint32_t number = 0;
    random_bytes(&number, sizeof(number));
    *one = (struct verification){
        .status = "pending", .created_ms = wall_now_ms(), .code_at_ms = loop_now_ms(twilio->loop)};
    random_id(one->sid, "VE", 32);
    snprintf(one->to, sizeof(one->to), "%s", to);
    snprintf(one->channel, sizeof(one->channel), "%s", channel);
    snprintf(one->code, sizeof(one->code), "%06u", number % 1000000);
    return one;
}

/* The code is sent again as long as it is good; the number's end tells which phone is meant. */
void twilio_start_verification(struct visit *visit)
{
    struct twilio *twilio = visit->party->state;
    const char *to = http_field(visit->req, "To"), *channel = http_field(visit->req, "Channel");
    const char *locale = http_field(visit->req, "Locale");
    if (!is_service(visit))
        return;
    if (!to || !(twilio_is_e164(to) || strchr(to, '@')) || strlen(to) >= PHONE_BYTES * 2) {
        twilio_refuse(visit, 400, 60200, "Invalid parameter `To`");
        return;
    }
    if (!is_channel(channel)) {
        twilio_refuse(visit, 400, 60200, "Invalid parameter `Channel`");
        return;
    }
    if (strcmp(channel, "sms") == 0 && twilio_is_landline(to)) {
        twilio_refuse(visit, 403, 60205, "SMS is not supported by landline phone number");
        return;
    }
    struct verification *one = find_pending(twilio, to, (struct str){0});
    if (!one)
        one = verification_new(twilio, to, channel);
    if (one->sends == SENDS_MAX) {
        twilio_refuse(visit, 429, 60203, "Max send attempts reached");
        return;
    }
    one->sends++;
    one->updated_ms = wall_now_ms();
    snprintf(one->channel, sizeof(one->channel), "%s", channel);
    snprintf(one->locale, sizeof(one->locale), "%s", locale && strlen(locale) < 12 ? locale : "");
    log_info(&twilio->party->log, "verify_code", "phone_ends=%s code=%s",
             one->to + (strlen(one->to) > 3 ? strlen(one->to) - 3 : 0), one->code);
    reply_verification(visit, one, 201);
}

void twilio_check_verification(struct visit *visit)
{
    struct twilio *twilio = visit->party->state;
    const char *to = http_field(visit->req, "To"), *code = http_field(visit->req, "Code");
    const char *sid = http_field(visit->req, "VerificationSid");
    if (!is_service(visit))
        return;
    if ((!to && !sid) || !code || strlen(code) < 4 || strlen(code) > 10) {
        twilio_refuse(visit, 400, 60200, "Invalid parameter");
        return;
    }
    struct verification *one = find_pending(twilio, to, str_of(sid));
    if (!one) {
        twilio_refuse(visit, 404, 20404, NULL);
        return;
    }
    if (one->checks == CHECKS_MAX) {
        twilio_refuse(visit, 429, 60202, "Max check attempts reached");
        return;
    }
    one->checks++;
    one->updated_ms = wall_now_ms();
    if (strcmp(code, one->code) == 0)
        one->status = "approved";
    reply_check(visit, one);
}

static struct verification *asked(struct visit *visit)
{
    struct verification *one = NULL;
    if (!is_service(visit))
        return NULL;
    one = find_pending(visit->party->state, NULL, visit->params[1]);
    if (!one)
        twilio_refuse(visit, 404, 20404, NULL);
    return one;
}

void twilio_get_verification(struct visit *visit)
{
    const struct verification *one = asked(visit);
    if (one)
        reply_verification(visit, one, 200);
}

void twilio_update_verification(struct visit *visit)
{
    struct verification *one = asked(visit);
    const char *status = http_field(visit->req, "Status");
    if (!one)
        return;
    if (!status || (strcmp(status, "canceled") != 0 && strcmp(status, "approved") != 0)) {
        twilio_refuse(visit, 400, 60200, "Invalid parameter `Status`");
        return;
    }
    one->status = status[0] == 'c' ? "canceled" : "approved";
    reply_verification(visit, one, 200);
}

/* Whole, with its code: this is how a test, or a developer, reads the text message. */
void twilio_print_verifications(const struct twilio *twilio, struct buf *out)
{
    const char *comma = "";
    for (size_t i = 0; i < VERIFICATIONS_MAX; i++) {
        const struct verification *one = &twilio->verifications[i];
        if (!one->status)
            continue;
        buf_puts(out, comma);
        comma = ",";
        buf_putc(out, '{');
        body_put_text(out, "to", one->to);
        body_put_text(out, "code", one->code);
        body_put_text(out, "status", one->status);
        body_put_text(out, "channel", one->channel);
        body_put_text(out, "locale", one->locale);
        body_put_whole(out, "sends", one->sends);
        body_put_whole(out, "checks", one->checks);
        buf_putc(out, '}');
    }
}
