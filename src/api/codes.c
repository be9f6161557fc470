/* api/codes.c: signing in by a code sent to the phone. Twilio makes, sends and checks codes; here
 * is decided how often it is asked. The answers are the same for phones known and unknown, since
 * nobody looks before the code was right. */
#include "api/auth.h"
#include "api/device.h"
#include "api/guard.h"
#include "api/operations.h"
#include "api/remote.h"
#include "api/request_private.h"
#include "base/log.h"
#include "carrier/twilio_verify.h"
#include "rules/country.h"
#include "rules/phone.h"
#include "store/limits.h"

#include <string.h>

enum {
    AGAIN_SECONDS = 30,    /* between codes to one phone */
    EXPIRES_SECONDS = 600, /* Twilio's */
    PHONE_SOON_MAX = 5,    /* in EXPIRES_SECONDS */
    PHONE_DAY_MAX = 10,
    HOUR_SECONDS = 3600,
    DAY_SECONDS = 86400,
    CHECKS_MAX = 5, /* of one phone in EXPIRES_SECONDS, as Twilio has it */
    ADDRESS_CHECKS_MAX = 30,
};
#define CHECK_PHONE "check_phone"

/* ---- sending -------------------------------------------------------------------------------- */

static void refuse_limit(struct api_request *request, struct str kind, int64_t wait_s)
{
    enum code_outcome outcome = CODE_LIMITED_PHONE;
    if (str_is(kind, "code_address"))
        outcome = CODE_LIMITED_ADDRESS;
    else if (str_is(kind, "code_prefix"))
        outcome = CODE_LIMITED_PREFIX;
    else if (str_is(kind, "code_day"))
        outcome = CODE_LIMITED_DAY;
    request->api->auth.codes[outcome]++;
    api_fail_limit(request, "too_many_codes", "too many codes were asked for: wait a little",
                   wait_s);
}

static void refuse_for_now(struct api_request *request, const struct verify_answer *answer)
{
    request->api->auth.codes[CODE_AWAY]++;
    log_warn(NULL, "no_code", "why=%s status=%d code=%lld id=%s",
             verify_outcome_name(answer->outcome), answer->status, (long long)answer->code,
             request->http->id);
    request_refuse(
        request, &(struct api_problem){.status = 503,
                                       .code = "codes_away",
                                       .detail = "no code can be sent just now",
                                       .retry_after_s = answer->retry_after_ms > 0
                                                            ? (answer->retry_after_ms + 999) / 1000
                                                            : AGAIN_SECONDS});
}

static void refuse_phone(struct api_request *request, const char *code, const char *detail)
{
    request->api->auth.codes[CODE_REFUSED]++;
    auth_fail_phone(request, code, detail);
}

static void on_started(const struct verify_answer *answer, void *arg)
{
    struct api_request *request = arg;
    switch (answer->outcome) {
    case VERIFY_SENT: {
        struct buf json = {0};
        request->api->auth.codes[CODE_SENT]++;
        buf_printf(&json, "{\"retry_after_seconds\":%d,\"expires_in_seconds\":%d}", AGAIN_SECONDS,
                   EXPIRES_SECONDS);
        api_reply_json(request, 202, buf_str(&json));
        buf_free(&json);
        return;
    }
    case VERIFY_BAD_NUMBER:
        refuse_phone(request, "invalid_phone", "is no telephone number");
        return;
    case VERIFY_NOT_MOBILE:
        refuse_phone(request, "not_mobile", "takes no text messages: have the code spoken (call)");
        return;
    case VERIFY_BLOCKED:
        refuse_phone(request, "phone_blocked", "is where no codes are sent");
        return;
    case VERIFY_SENDS_SPENT:
    case VERIFY_CHECKS_SPENT: refuse_limit(request, str_of("code_phone"), EXPIRES_SECONDS); return;
    case VERIFY_TOO_MANY: refuse_limit(request, str_of("code_phone"), AGAIN_SECONDS); return;
    case VERIFY_THROTTLED:
    case VERIFY_MISCONFIGURED:
    case VERIFY_AWAY:
    case VERIFY_APPROVED: /* of a check, which this was not */
    case VERIFY_WRONG_CODE:
    case VERIFY_GONE: refuse_for_now(request, answer); return;
    }
}

static const char *language_of(const struct api_request *request, const char *phone)
{
    const char *asked = api_body_text(request, "language");
    return asked ? asked : language_code(country_language(phone_country(phone)));
}

static void on_send_limits(int err, const struct limit_verdict *verdict, void *arg)
{
    struct api_request *request = arg;
    const char *phone = request->state, *channel = api_body_text(request, "channel");
    if (err)
        api_fail_with(request, err);
    else if (verdict->refused.bytes)
        refuse_limit(request, verdict->refused, verdict->wait_s);
    else
        twilio_verify_start(request->api->rest, phone,
                            channel && strcmp(channel, "call") == 0 ? VERIFY_CALL : VERIFY_SMS,
                            language_of(request, phone), on_started, request,
                            &request->http->waiting);
}

void api_send_code(struct api_request *request)
{
    const struct api *api = request->api;
    const char *phone = auth_phone(request);
    if (!phone)
        return;
    request->state = arena_strdup(request->http->arena, phone);
    const struct limit limits[] = {
        {"code_phone_now", phone, AGAIN_SECONDS, 1},
        {"code_phone_soon", phone, EXPIRES_SECONDS, PHONE_SOON_MAX},
        {"code_phone_day", phone, DAY_SECONDS, PHONE_DAY_MAX},
        {"code_address", remote_group(request->http, api->proxies), HOUR_SECONDS,
         api->codes_per_address},
        {"code_prefix", auth_prefix(request, phone), HOUR_SECONDS, api->codes_per_prefix},
        {"code_day", NULL, DAY_SECONDS, api->codes_per_day},
    };
    limits_take(api->db, limits, countof(limits), on_send_limits, request, &request->http->waiting);
}

/* ---- checking ------------------------------------------------------------------------------- */

struct check {
    const char *phone;
    int64_t attempts_left;
};

/* How Karen calls somebody whose name she does not know yet, as in "answering for ...". */
static const char *owner_name(enum language language)
{
    switch (language) {
    case LANGUAGE_CS:
    case LANGUAGE_SK: return "Volaný";
    case LANGUAGE_DE: return "die angerufene Person";
    case LANGUAGE_EN:
    case LANGUAGE_COUNT: break;
    }
    return "the person you called";
}

static bool wants_cookies(const struct api_request *request)
{
    return strcmp(api_body_text(request, "session"), "cookie") == 0;
}

static void on_signed_in(int err, const struct session *session, void *arg)
{
    struct api_request *request = arg;
    request->api->auth.new_people += !err && session->is_new;
    auth_on_session(err, session, request);
}

static void sign_in(struct api_request *request, const char *phone)
{
    char device[DEVICE_BYTES];
    const char *named = api_body_text(request, "device_name");
    const char *language = language_of(request, phone);
    device_name(http_header(request->http, "User-Agent"), device);
    const struct session_begin begin = {
        .phone = phone,
        .language = language,
        .timezone = country_timezone(phone_country(phone)),
        .owner_name = owner_name(language_named(language)),
        .device = named       ? named
                  : device[0] ? device
                              : NULL,
        .invite = api_body_text(request, "invite"),
        .cookies = wants_cookies(request),
        .days = request->api->session_days,
    };
    limits_forget(request->api->db, CHECK_PHONE, phone);
    sessions_begin(request->api->db, &begin, on_signed_in, request, &request->http->waiting);
}

static void refuse_check(struct api_request *request, enum check_outcome outcome,
                         const struct api_problem *problem)
{
    request->api->auth.checks[outcome]++;
    request_refuse(request, problem);
}

static void refuse_too_many_checks(struct api_request *request, int64_t wait_s)
{
    refuse_check(request, CHECK_LIMITED,
                 &(struct api_problem){.status = 429,
                                       .code = "too_many_checks",
                                       .detail = "too many wrong codes: wait, then ask for another",
                                       .retry_after_s = wait_s});
}

static void refuse_wrong(struct api_request *request, const int64_t *attempts_left)
{
    const struct fault fault = {"/code", "is not the code that was sent"};
    refuse_check(request, CHECK_WRONG,
                 &(struct api_problem){.status = 422,
                                       .code = "wrong_code",
                                       .detail = "that is not the code that was sent",
                                       .faults = &fault,
                                       .fault_count = 1,
                                       .attempts_left = attempts_left});
}

static void refuse_expired(struct api_request *request)
{
    const struct fault fault = {"/code", "is no longer good"};
    refuse_check(request, CHECK_EXPIRED,
                 &(struct api_problem){.status = 422,
                                       .code = "code_expired",
                                       .detail = "no code is waiting for that phone: ask for one",
                                       .faults = &fault,
                                       .fault_count = 1});
}

static void refuse_check_for_now(struct api_request *request, const struct verify_answer *answer)
{
    log_warn(NULL, "code_not_checked", "why=%s status=%d code=%lld id=%s",
             verify_outcome_name(answer->outcome), answer->status, (long long)answer->code,
             request->http->id);
    refuse_check(request, CHECK_AWAY,
                 &(struct api_problem){.status = 503,
                                       .code = "codes_away",
                                       .detail = "the code cannot be checked just now; it may have "
                                                 "been used up",
                                       .retry_after_s = AGAIN_SECONDS});
}

static void on_checked(const struct verify_answer *answer, void *arg)
{
    struct api_request *request = arg;
    const struct check *check = request->state;
    switch (answer->outcome) {
    case VERIFY_APPROVED:
        request->api->auth.checks[CHECK_APPROVED]++;
        sign_in(request, check->phone);
        return;
    case VERIFY_WRONG_CODE: refuse_wrong(request, &check->attempts_left); return;
    case VERIFY_GONE: refuse_expired(request); return;
    case VERIFY_CHECKS_SPENT: refuse_too_many_checks(request, EXPIRES_SECONDS); return;
    case VERIFY_BAD_NUMBER:
        auth_fail_phone(request, "invalid_phone", "is no telephone number");
        return;
    case VERIFY_SENT: /* of a sending, which this was not */
    case VERIFY_SENDS_SPENT:
    case VERIFY_TOO_MANY:
    case VERIFY_NOT_MOBILE:
    case VERIFY_BLOCKED:
    case VERIFY_THROTTLED:
    case VERIFY_MISCONFIGURED:
    case VERIFY_AWAY: refuse_check_for_now(request, answer); return;
    }
}

static void on_check_limits(int err, const struct limit_verdict *verdict, void *arg)
{
    struct api_request *request = arg;
    struct check *check = request->state;
    if (err) {
        api_fail_with(request, err);
    } else if (verdict->refused.bytes) {
        refuse_too_many_checks(request, verdict->wait_s);
    } else {
        check->attempts_left = verdict->spare;
        twilio_verify_check(request->api->rest, check->phone, api_body_text(request, "code"),
                            on_checked, request, &request->http->waiting);
    }
}

void api_verify_code(struct api_request *request)
{
    if (wants_cookies(request) && !api_is_our_page(request)) {
        api_refuse_foreign_page(request); /* which would sign its visitors in as somebody else */
        return;
    }
    struct check *check = arena_alloc(request->http->arena, sizeof(*check));
    check->phone = auth_phone(request);
    if (!check->phone)
        return;
    request->state = check;
    const struct limit limits[] = {
        {CHECK_PHONE, check->phone, EXPIRES_SECONDS, CHECKS_MAX},
        {"check_address", remote_group(request->http, request->api->proxies), EXPIRES_SECONDS,
         ADDRESS_CHECKS_MAX},
    };
    limits_take(request->api->db, limits, countof(limits), on_check_limits, request,
                &request->http->waiting);
}
