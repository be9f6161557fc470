/* sandbox/twilio_phones.c: the telephones that calls made over REST ring: what their owners do is
 * ordered. One that forwards makes of the call a second one, that comes in at the number it is
 * forwarded to, from whom the first one came from.
 *
 *   origin (outbound-api) --rings--> owner's phone --forwards--> leg (inbound) --> the number's
 * webhook
 *
 * As with the real network the two are one conversation: they are answered, refused and ended
 * together. Their voices are not joined. */
#include "base/mem.h"
#include "sandbox/body.h"
#include "sandbox/later.h"
#include "sandbox/twilio_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const acts[] = {[OWNER_ANSWERS] = "answer",
                                   [OWNER_NO_ANSWER] = "no_answer",
                                   [OWNER_BUSY] = "busy",
                                   [OWNER_FAILS] = "fail",
                                   [OWNER_FORWARDS] = "forward"};

/* ---- orders --------------------------------------------------------------------------------- */

static struct owner_phone *find_phone(struct twilio *twilio, const char *number)
{
    for (size_t i = 0; i < twilio->phone_count; i++)
        if (strcmp(twilio->phones[i].number, number) == 0)
            return &twilio->phones[i];
    return NULL;
}

static int read_phone(const cJSON *body, struct owner_phone *phone, const char **why_out)
{
    char act[16] = "answer";
    struct body_field fields[] = {
        {"number", BODY_TEXT, phone->number, sizeof(phone->number)},
        {"act", BODY_TEXT, act, sizeof(act)},
        {"to", BODY_TEXT, phone->to, sizeof(phone->to)},
        {"after_ms", BODY_WHOLE, &phone->after_ms, 600000},
    };
    int err = body_read(body, fields, countof(fields), why_out);
    if (err)
        return err;
    phone->hides = body_is_true(body, "hides");
    *why_out = "number is not E.164";
    if (!twilio_is_e164(phone->number))
        return EINVAL;
    *why_out = "a phone that forwards needs a number to forward to";
    for (size_t i = 0; i < countof(acts); i++)
        if (strcmp(act, acts[i]) == 0) {
            phone->act = (enum owner_act)i;
            return phone->act == OWNER_FORWARDS && !twilio_is_e164(phone->to) ? EINVAL : 0;
        }
    *why_out = "act is none of answer, no_answer, busy, fail and forward";
    return EINVAL;
}

int twilio_order_phone(struct twilio *twilio, struct str json, const char **why_out)
{
    struct owner_phone phone = {0};
    cJSON *body = body_parse(json);
    *why_out = "the body is not a JSON object";
    int err = cJSON_IsObject(body) ? read_phone(body, &phone, why_out) : EINVAL;
    cJSON_Delete(body);
    if (err)
        return err;
    struct owner_phone *place = find_phone(twilio, phone.number);
    if (!place && twilio->phone_count == OWNER_PHONES_MAX) {
        *why_out = "there are as many phones as can be";
        return ENOSPC;
    }
    *(place ? place : &twilio->phones[twilio->phone_count++]) = phone;
    return 0;
}

void twilio_forget_phones(struct twilio *twilio)
{
    twilio->phone_count = 0;
}

/* ---- ringing -------------------------------------------------------------------------------- */

static struct call *other_half(const struct call *call)
{
    return *call->other ? twilio_call_find(call->twilio, str_of(call->other)) : NULL;
}

static void end_with(struct call *call, const char *status)
{
    if (call->phone)
        phone_hang_up(call->phone); /* tells by itself */
    else
        twilio_call_status(call, status);
}

/* Whatever one half comes to, the other does, too. */
void twilio_call_halved(struct call *call)
{
    struct call *other = other_half(call);
    op_cancel(&call->ringing);
    call->other[0] = '\0';
    if (other && !twilio_call_over(other)) {
        other->other[0] = '\0';
        end_with(other, *call->status == 'c' ? "completed" : call->status);
    }
}

static void on_leg(struct phone_call *phone, const struct phone_event *event, void *arg)
{
    struct call *leg = arg;
    const char *status = phone_status(phone);
    struct call *origin = other_half(leg);
    if (strcmp(status, "in-progress") == 0 && strcmp(leg->status, "ringing") == 0) {
        twilio_call_status(leg, status);
        if (origin)
            twilio_call_answered(origin);
    }
    if (event->kind == PHONE_ENDED)
        twilio_call_status(leg, status);
}

static void begin_leg(struct call *origin, const struct number *number, const char *forwarded_from)
{
    struct twilio *twilio = origin->twilio;
    const struct settings *settings = twilio->party->settings;
    struct call *leg = twilio_call_new(twilio, NULL);
    if (!leg) {
        twilio_call_status(origin, "failed");
        return;
    }
    snprintf(leg->from, sizeof(leg->from), "%s", origin->from);
    snprintf(leg->to, sizeof(leg->to), "%s", number->number);
    snprintf(leg->forwarded_from, sizeof(leg->forwarded_from), "%s", forwarded_from);
    snprintf(leg->other, sizeof(leg->other), "%s", origin->sid);
    snprintf(origin->other, sizeof(origin->other), "%s", leg->sid);
    const struct phone_options options = {
        .loop = twilio->loop,
        .http = twilio->http,
        .voice_url = number->voice_url,
        .fallback_url = *number->fallback_url ? number->fallback_url : NULL,
        .status_url = *number->status_url ? number->status_url : NULL,
        .account_sid = settings->twilio_account,
        .auth_token = settings->twilio_token,
        .call_sid = leg->sid,
        .from = leg->from,
        .to = leg->to,
        .forwarded_from = *forwarded_from ? forwarded_from : NULL,
        .say_ms_per_char = twilio_say_ms(settings)};
    leg->phone = phone_place(&options, on_leg, leg);
    twilio_call_status(leg, "ringing");
}

/* To a number of ours the call comes in; anybody else picks up. */
static void go_on_to(struct call *origin, const char *to, const char *forwarded_from)
{
    const struct number *number = twilio_number_find(origin->twilio, to);
    if (number && *number->voice_url)
        begin_leg(origin, number, forwarded_from);
    else
        twilio_call_answered(origin);
}

static void on_patience_over(void *arg)
{
    twilio_call_status(arg, "no-answer");
}

static void on_owner(void *arg)
{
    struct call *origin = arg;
    const struct owner_phone *phone = find_phone(origin->twilio, origin->to);
    enum owner_act act = phone ? phone->act : OWNER_ANSWERS;
    switch (act) {
    case OWNER_ANSWERS: twilio_call_answered(origin); break;
    case OWNER_NO_ANSWER: twilio_call_status(origin, "no-answer"); break;
    case OWNER_BUSY: twilio_call_status(origin, "busy"); break;
    case OWNER_FAILS: twilio_call_status(origin, "failed"); break;
    case OWNER_FORWARDS:
        later(origin->twilio->loop, origin->ring_ms - phone->after_ms, on_patience_over, origin,
              &origin->ringing);
        go_on_to(origin, phone->to, phone->hides ? "" : phone->number);
        break;
    }
}

void twilio_ring(struct call *call)
{
    struct twilio *twilio = call->twilio;
    const struct owner_phone *phone = find_phone(twilio, call->to);
    bool never = phone && (phone->act == OWNER_NO_ANSWER || phone->after_ms >= call->ring_ms);
    if (never)
        later(twilio->loop, call->ring_ms, on_patience_over, call, &call->ringing);
    else if (phone && phone->after_ms)
        later(twilio->loop, phone->after_ms, on_owner, call, &call->ringing);
    else if (phone)
        on_owner(call);
    else
        go_on_to(call, call->to, "");
}
