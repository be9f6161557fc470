/* api/auth.c: sessions given, renewed, moved to another tenant and ended. Who gets one is decided
 * by api/codes.c. */
#include "api/auth.h"

#include "api/guard.h"
#include "api/operations.h"
#include "api/request_private.h"
#include "auth/jwt.h"
#include "base/log.h"
#include "rules/phone.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- the answer ----------------------------------------------------------------------------- */

static void put_time(struct buf *json, int64_t unix_s)
{
    time_t seconds = (time_t)unix_s;
    char text[32];
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "\"%Y-%m-%dT%H:%M:%S.000Z\"", &tm);
    buf_puts(json, text);
}

static void put_token(struct buf *json, const char *name, const char *token)
{
    buf_printf(json, "\"%s\":", name);
    if (token)
        buf_json_string(json, str_of(token));
    else
        buf_puts(json, "null");
    buf_putc(json, ',');
}

static void answer(struct api_request *request, const struct session *session)
{
    const struct api *api = request->api;
    const int64_t now_s = wall_now_ms() / 1000;
    const struct auth_claims claims = {.tenant = session->tenant,
                                       .user = session->user,
                                       .session = session->id,
                                       .phone = session->phone,
                                       .issued_s = now_s,
                                       .expires_s = now_s + api->token_seconds};
    struct buf token = {0}, json = {0};
    auth_token_make(api->keys, &claims, &token);
    if (session->cookies)
        api_set_cookies(request, buf_text(&token), session->token);
    buf_putc(&json, '{');
    put_token(&json, "token", session->cookies ? NULL : buf_text(&token));
    put_token(&json, "refresh_token", session->cookies ? NULL : session->token);
    buf_puts(&json, "\"expires_at\":");
    put_time(&json, claims.expires_s);
    buf_printf(&json, ",\"is_new\":%s,\"has_joined\":%s,", session->is_new ? "true" : "false",
               session->has_joined ? "true" : "false");
    buf_add_str(&json, session->json);
    buf_putc(&json, '}');
    api_reply_json(request, 200, buf_str(&json));
    buf_free(&json);
    buf_free(&token);
}

void auth_on_session(int err, const struct session *session, void *arg)
{
    struct api_request *request = arg;
    if (err)
        api_fail_with(request, err);
    else
        answer(request, session);
}

/* ---- renewing ------------------------------------------------------------------------------- */

/* Of the body, or the cookie; NULL: neither. */
static const char *refresh_token(struct api_request *request)
{
    const char *token = api_body_text(request, "token");
    if (token)
        return token;
    token = api_cookie(request->http, api_refresh_cookie(request->api));
    request->cookies = token != NULL;
    return token;
}

static void refuse_renewal(struct api_request *request, enum renewal_outcome outcome)
{
    request->api->auth.renewals[outcome]++;
    if (request->cookies)
        api_clear_cookies(request);
    http_set_header(request->http, "WWW-Authenticate", "Bearer realm=\"karen\"");
    if (outcome == RENEWAL_REUSED)
        api_fail(request, 401, "token_reused",
                 "that token was used before, so its session has been ended");
    else
        api_fail(request, 401, "session_over", "the session is over: sign in again");
}

static void on_renewed(int err, const struct session *session, void *arg)
{
    struct api_request *request = arg;
    if (err == ENOENT || err == ETIME) {
        refuse_renewal(request, RENEWAL_OVER);
    } else if (err == EPERM) {
        log_warn(NULL, "token_reused", "id=%s", request->http->id);
        refuse_renewal(request, RENEWAL_REUSED);
    } else {
        request->api->auth.renewals[RENEWAL_DONE] += !err;
        auth_on_session(err, session, request);
    }
}

void api_refresh(struct api_request *request)
{
    const char *token = refresh_token(request);
    if (request->cookies && !api_is_our_page(request))
        api_refuse_foreign_page(request);
    else if (!token)
        refuse_renewal(request, RENEWAL_OVER);
    else
        sessions_renew(request->api->db, str_of(token), request->api->session_days, on_renewed,
                       request, &request->http->waiting);
}

void api_switch_tenant(struct api_request *request)
{
    sessions_switch(request->api->db, request->tenant, request->who.session,
                    api_body_id(request, "tenant_id"), request->api->session_days, auth_on_session,
                    request, &request->http->waiting);
}

/* ---- ending --------------------------------------------------------------------------------- */

static void on_signed_out(int err, void *arg)
{
    struct api_request *request = arg;
    if (err && err != ENOENT) {
        api_fail_with(request, err);
        return;
    }
    api_clear_cookies(request);
    api_reply_empty(request);
}

/* The access token of header or cookie; empty: neither. */
static struct str access_token(struct api_request *request)
{
    struct str token = str_of(http_header(request->http, "Authorization"));
    if (token.bytes && str_is_nocase(str_cut(&token, ' '), "Bearer"))
        return str_trim(token);
    token = str_of(api_cookie(request->http, api_session_cookie(request->api)));
    request->cookies = token.bytes > 0;
    return token;
}

/* Without a refresh token: apps that have only the other one can sign out, too. */
static void sign_out_by_access_token(struct api_request *request, struct str token)
{
    struct auth_claims claims;
    char user[UUID_TEXT_BYTES];
    if (auth_token_check(request->api->keys, token, wall_now_ms() / 1000, &claims)) {
        on_signed_out(0, request);
        return;
    }
    uuid_print(claims.user, user);
    const struct session_owner owner = {.tenant = claims.tenant,
                                        .user = claims.user,
                                        .actor =
                                            arena_printf(request->http->arena, "user:%s", user)};
    sessions_end(request->api->db, &owner, claims.session, on_signed_out, request,
                 &request->http->waiting);
}

void api_logout(struct api_request *request)
{
    const char *token = refresh_token(request);
    const struct str access = token ? (struct str){0} : access_token(request);
    if (request->cookies && !api_is_our_page(request))
        api_refuse_foreign_page(request);
    else if (token)
        sessions_end_by_token(request->api->db, str_of(token), on_signed_out, request,
                              &request->http->waiting);
    else
        sign_out_by_access_token(request, access);
}

/* ---- phones --------------------------------------------------------------------------------- */

void auth_fail_phone(struct api_request *request, const char *code, const char *detail)
{
    const struct fault fault = {"/phone", detail};
    request_refuse(
        request,
        &(struct api_problem){
            .status = 422, .code = code, .detail = detail, .faults = &fault, .fault_count = 1});
}

const char *auth_phone(struct api_request *request)
{
    const char *country = api_body_text(request, "country");
    char e164[PHONE_TEXT_BYTES];
    if (phone_parse(str_of(api_body_text(request, "phone")),
                    country ? country : request->api->default_country, e164) != PHONE_NUMBER) {
        auth_fail_phone(request, "invalid_phone", "is no telephone number");
        return NULL;
    }
    if (!phone_countries_have(request->api->sign_in_countries, phone_country(e164))) {
        request->api->auth.codes[CODE_COUNTRY]++;
        auth_fail_phone(request, "country_not_allowed", "is of a country that is not served");
        return NULL;
    }
    return arena_strdup(request->http->arena, e164);
}

enum { PREFIX_LEAVES_OUT = 5 /* last digits: 100,000 numbers are one prefix */ };

const char *auth_prefix(const struct api_request *request, const char *phone)
{
    size_t bytes = strlen(phone); /* at least 8, as E.164 has it here */
    return arena_strndup(request->http->arena, phone, bytes - PREFIX_LEAVES_OUT);
}

/* ---- numbers -------------------------------------------------------------------------------- */

static void publish(struct metrics_slot *slot, const char *metric, const char *const *names,
                    const uint64_t *counts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char labels[60];
        snprintf(labels, sizeof(labels), "outcome=\"%s\"", names[i]);
        metrics_add(slot, metric, labels, (double)counts[i]);
    }
}

void auth_publish(const struct auth_counters *counters, struct metrics_slot *slot)
{
    static const char *const codes[CODE_OUTCOMES] = {
        [CODE_SENT] = "sent",
        [CODE_LIMITED_PHONE] = "limited_phone",
        [CODE_LIMITED_ADDRESS] = "limited_address",
        [CODE_LIMITED_PREFIX] = "limited_prefix",
        [CODE_LIMITED_DAY] = "limited_day",
        [CODE_COUNTRY] = "country",
        [CODE_REFUSED] = "refused",
        [CODE_AWAY] = "away",
    };
    static const char *const checks[CHECK_OUTCOMES] = {
        [CHECK_APPROVED] = "approved", [CHECK_WRONG] = "wrong", [CHECK_EXPIRED] = "expired",
        [CHECK_LIMITED] = "limited",   [CHECK_AWAY] = "away",
    };
    static const char *const renewals[RENEWAL_OUTCOMES] = {
        [RENEWAL_DONE] = "done", [RENEWAL_OVER] = "over", [RENEWAL_REUSED] = "reused"};
    publish(slot, "karen_codes_total", codes, counters->codes, CODE_OUTCOMES);
    publish(slot, "karen_code_checks_total", checks, counters->checks, CHECK_OUTCOMES);
    publish(slot, "karen_session_renewals_total", renewals, counters->renewals, RENEWAL_OUTCOMES);
    metrics_add(slot, "karen_new_people_total", "", (double)counters->new_people);
    metrics_add(slot, "karen_invites_sent_total", "", (double)counters->invites);
}
