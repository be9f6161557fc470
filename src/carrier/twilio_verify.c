/* carrier/twilio_verify.c: two requests, and what each answer to them means. */
#include "carrier/twilio_verify.h"

#include "base/mem.h"
#include "carrier/twilio_rest_private.h"
#include "carrier/twilio_rest_wire.h"
#include "carrier/twilio_wire.h"

#include <errno.h>
#include <string.h>

enum { VERIFY_MS_MAX = 8000 };

const char *verify_outcome_name(enum verify_outcome outcome)
{
    static const char *const names[] = {
        [VERIFY_SENT] = "sent",
        [VERIFY_APPROVED] = "approved",
        [VERIFY_WRONG_CODE] = "wrong_code",
        [VERIFY_GONE] = "gone",
        [VERIFY_CHECKS_SPENT] = "checks_spent",
        [VERIFY_SENDS_SPENT] = "sends_spent",
        [VERIFY_TOO_MANY] = "too_many",
        [VERIFY_BAD_NUMBER] = "bad_number",
        [VERIFY_NOT_MOBILE] = "not_mobile",
        [VERIFY_BLOCKED] = "blocked",
        [VERIFY_THROTTLED] = "throttled",
        [VERIFY_MISCONFIGURED] = "misconfigured",
        [VERIFY_AWAY] = "away",
    };
    return names[outcome];
}

/* The status says what kind of refusal it is, the code which one. */
struct refusal {
    int64_t code;
    enum verify_outcome outcome;
};

static enum verify_outcome named(int64_t code, const struct refusal *refusals, size_t count,
                                 enum verify_outcome others)
{
    for (size_t i = 0; i < count; i++)
        if (refusals[i].code == code)
            return refusals[i].outcome;
    return others;
}

static enum verify_outcome refused(const struct twilio_reply *reply)
{
    static const struct refusal never[] = {
        {60200, VERIFY_BAD_NUMBER}, {60033, VERIFY_BAD_NUMBER}, {21211, VERIFY_BAD_NUMBER},
        {60205, VERIFY_NOT_MOBILE}, {21614, VERIFY_NOT_MOBILE}, {60410, VERIFY_BLOCKED},
        {60605, VERIFY_BLOCKED},    {60238, VERIFY_BLOCKED},    {21408, VERIFY_BLOCKED},
        {21610, VERIFY_BLOCKED},
    };
    static const struct refusal not_now[] = {
        {60202, VERIFY_CHECKS_SPENT}, {60203, VERIFY_SENDS_SPENT}, {60212, VERIFY_TOO_MANY},
        {60410, VERIFY_BLOCKED},      {60605, VERIFY_BLOCKED},
    };
    switch (reply->status) {
    case 400:
    case 403: return named(reply->code, never, countof(never), VERIFY_MISCONFIGURED);
    case 401: return VERIFY_MISCONFIGURED;
    case 429: return named(reply->code, not_now, countof(not_now), VERIFY_THROTTLED);
    default: return VERIFY_AWAY;
    }
}

static void answer(const struct twilio_reply *reply, enum verify_outcome outcome,
                   twilio_any_fn *on_answer, void *arg)
{
    const struct verify_answer answer = {.outcome = outcome,
                                         .err = outcome != VERIFY_AWAY ? 0
                                                : reply->err           ? reply->err
                                                                       : EPROTO,
                                         .status = reply->status,
                                         .code = reply->code,
                                         .retry_after_ms = reply->retry_after_ms};
    ((verify_answer_fn *)on_answer)(&answer, arg);
}

static bool has_status(const struct twilio_reply *reply, const char *status)
{
    struct twilio_verification verification = {0};
    return twilio_verification_parse(reply->body, &verification) == 0 &&
           str_is(verification.status, status);
}

static void settle_start(const struct twilio_reply *reply, twilio_any_fn *on_answer, void *arg)
{
    enum verify_outcome outcome = refused(reply);
    if (!reply->err)
        outcome = has_status(reply, "pending") ? VERIFY_SENT : VERIFY_AWAY;
    else if (reply->status == 404)
        outcome = VERIFY_MISCONFIGURED; /* there is no such service */
    answer(reply, outcome, on_answer, arg);
}

/* Only "approved" is a yes; every other word of a 200 is a no. */
static void settle_check(const struct twilio_reply *reply, twilio_any_fn *on_answer, void *arg)
{
    struct twilio_verification verification;
    enum verify_outcome outcome = refused(reply);
    if (!reply->err && twilio_verification_parse(reply->body, &verification) == 0)
        outcome = str_is(verification.status, "approved")               ? VERIFY_APPROVED
                  : str_is(verification.status, "pending")              ? VERIFY_WRONG_CODE
                  : str_is(verification.status, "max_attempts_reached") ? VERIFY_CHECKS_SPENT
                                                                        : VERIFY_GONE;
    else if (reply->status == 404)
        outcome = VERIFY_GONE;
    answer(reply, outcome, on_answer, arg);
}

static void settle_wrong(const struct twilio_reply *reply, twilio_any_fn *on_answer, void *arg)
{
    answer(reply, VERIFY_WRONG_CODE, on_answer, arg);
}

static void settle_misconfigured(const struct twilio_reply *reply, twilio_any_fn *on_answer,
                                 void *arg)
{
    answer(reply, VERIFY_MISCONFIGURED, on_answer, arg);
}

/* ---- asking --------------------------------------------------------------------------------- */

static void ask(struct twilio_rest *rest, const char *path, struct twilio_request *request,
                struct buf *form, struct op **slot)
{
    struct buf url = {0};
    buf_printf(&url, "%s/v2/Services/%s/%s", rest->verify_url ? rest->verify_url : "",
               rest->verify_service ? rest->verify_service : "", path);
    request->method = HTTP_POST;
    request->url = buf_text(&url);
    request->form = buf_str(form);
    request->repeat = TWILIO_REPEAT_IF_UNREACHED;
    request->try_ms_max = VERIFY_MS_MAX;
    if (!rest->verify_url || !rest->verify_service ||
        !twilio_is_sid(str_of(rest->verify_service), "VA")) {
        request->err = EINVAL;
        request->settle = settle_misconfigured;
    }
    twilio_ask(rest, request, slot);
    buf_free(&url);
    buf_free(form);
}

/* Languages Verify speaks and we do; without one it goes by the number's country. */
static const char *locale_of(const char *language)
{
    static const char *const locales[] = {"cs", "sk", "de", "en", "pl", "fr",
                                          "es", "it", "nl", "hu", "uk"};
    for (size_t i = 0; language && i < countof(locales); i++)
        if (strcmp(locales[i], language) == 0)
            return locales[i];
    return NULL;
}

void twilio_verify_start(struct twilio_rest *rest, const char *phone, enum verify_channel channel,
                         const char *language, verify_answer_fn *on_answer, void *arg,
                         struct op **slot)
{
    const char *locale = locale_of(language);
    struct buf form = {0};
    struct twilio_request request = {.what = "verify_start",
                                     .settle = settle_start,
                                     .on_done = (twilio_any_fn *)on_answer,
                                     .arg = arg};
    buf_form_field(&form, "To", phone);
    buf_form_field(&form, "Channel", channel == VERIFY_CALL ? "call" : "sms");
    if (locale)
        buf_form_field(&form, "Locale", locale);
    ask(rest, "Verifications", &request, &form, slot);
}

static bool may_be_code(const char *code)
{
    size_t bytes = strlen(code);
    return bytes >= TWILIO_CODE_BYTES_MIN && bytes <= TWILIO_CODE_BYTES_MAX &&
           strspn(code, "0123456789") == bytes;
}

void twilio_verify_check(struct twilio_rest *rest, const char *phone, const char *code,
                         verify_answer_fn *on_answer, void *arg, struct op **slot)
{
    struct buf form = {0};
    struct twilio_request request = {.what = "verify_check",
                                     .settle = settle_check,
                                     .on_done = (twilio_any_fn *)on_answer,
                                     .arg = arg};
    if (!may_be_code(code)) {
        request.err = EINVAL;
        request.settle = settle_wrong;
    }
    buf_form_field(&form, "To", phone);
    buf_form_field(&form, "Code", code);
    ask(rest, "VerificationCheck", &request, &form, slot);
}
