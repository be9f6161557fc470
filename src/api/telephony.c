/* api/telephony.c: who knocks, whose call it is, and the answers that several webhooks give. What
 * is done with a call that rings is telephony_ring.c's, what comes later in it telephony_after.c's,
 * its stream telephony_media.c's. */
#include "api/telephony_private.h"

#include "api/api.h"
#include "api/telephony_words.h"
#include "carrier/twilio_sign.h"
#include "carrier/twilio_wire.h"
#include "carrier/twiml.h"
#include "line/switchboard.h"
#include "rules/entitlement.h"
#include "rules/routing.h"
#include "store/numbers.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- life ----------------------------------------------------------------------------------- */

/* The carrier opens streams over TLS only; plain ws is for development on loopback. */
static const char *media_url_of(struct arena *arena, const char *public_url)
{
    bool tls = strncmp(public_url, "https://", 8) == 0;
    return arena_printf(arena, "%s://%s/media", tls ? "wss" : "ws", strstr(public_url, "://") + 3);
}

struct telephony *telephony_new(const struct telephony_options *options)
{
    struct telephony *t = xalloc(sizeof(*t));
    assert(strncmp(options->public_url, "http", 4) == 0 && strstr(options->public_url, "://"));
    t->loop = options->loop;
    t->db = options->db;
    t->journal = options->journal;
    t->rest = options->rest;
    t->public_url = arena_strdup(&t->arena, options->public_url);
    t->media_url = media_url_of(&t->arena, t->public_url);
    t->account_sid = arena_strdup(&t->arena, options->account_sid);
    for (size_t i = 0; i < TELEPHONY_TOKENS_MAX; i++)
        t->tokens[i] = arena_strdup(&t->arena, options->tokens[i]);
    t->default_tenant = options->default_tenant;
    t->default_country = arena_strdup(&t->arena, options->default_country);
    t->default_language = telephony_language_of(t->default_country);
    t->default_voice = arena_strdup(&t->arena, options->default_voice);
    t->call_seconds_max = options->call_seconds_max;
    t->tenant_calls_max = options->tenant_calls_max;
    return t;
}

void telephony_free(struct telephony **telephony)
{
    struct telephony *t = *telephony;
    *telephony = NULL;
    if (!t)
        return;
    telephony_drop_strangers(t);
    telephony_drop_voicemails(t);
    arena_free(&t->arena);
    free(t);
}

bool telephony_idle(const struct telephony *telephony)
{
    return !telephony->strangers && !telephony->voicemails;
}

void telephony_set_board(struct telephony *telephony, struct switchboard *board)
{
    telephony->board = board;
}

const struct telephony_counters *telephony_counters(const struct telephony *telephony)
{
    return &telephony->counters;
}

void telephony_count(struct telephony *telephony, enum telephony_outcome outcome)
{
    telephony->counters.outcomes[outcome]++;
}

const char *telephony_outcome_name(enum telephony_outcome outcome)
{
    static const char *const names[TELEPHONY_OUTCOMES] = {
        [TELEPHONY_FORGED] = "forged",
        [TELEPHONY_OTHER_ACCOUNT] = "other_account",
        [TELEPHONY_MALFORMED] = "malformed",
        [TELEPHONY_CONNECTED] = "connected",
        [TELEPHONY_REPEATED] = "repeated",
        [TELEPHONY_VOICEMAIL] = "voicemail",
        [TELEPHONY_DATABASE_AWAY] = "database_away",
        [TELEPHONY_UNKNOWN_NUMBER] = "unknown_number",
        [TELEPHONY_DENIED] = "denied",
        [TELEPHONY_LOOP] = "loop",
        [TELEPHONY_RANG_OWNER] = "rang_owner",
        [TELEPHONY_RULED_OUT] = "ruled_out",
        [TELEPHONY_CHECKED] = "checked",
        [TELEPHONY_CODE_ASKED] = "code_asked",
        [TELEPHONY_CODE_WRONG] = "code_wrong",
        [TELEPHONY_CODES_SPENT] = "codes_spent",
        [TELEPHONY_RESUMED] = "resumed",
        [TELEPHONY_RESUMES_SPENT] = "resumes_spent",
        [TELEPHONY_TRANSFERRED] = "transferred",
        [TELEPHONY_TRANSFER_FAILED] = "transfer_failed",
        [TELEPHONY_NOT_TAKEN] = "not_taken",
        [TELEPHONY_MESSAGE_LEFT] = "message_left",
        [TELEPHONY_MESSAGE_UNSAVED] = "message_unsaved",
        [TELEPHONY_STREAM_OPENED] = "stream_opened",
        [TELEPHONY_STREAM_REFUSED] = "stream_refused",
    };
    return names[outcome];
}

const char *telephony_language_of(const char *country)
{
    static const char *const rows[][2] = {
        {"CZ", "cs"}, {"SK", "sk"}, {"DE", "de"}, {"AT", "de"}, {"CH", "de"}};
    for (size_t i = 0; country && i < countof(rows); i++)
        if (strcmp(rows[i][0], country) == 0)
            return rows[i][1];
    return "en";
}

/* ---- who knocks ----------------------------------------------------------------------------- */

static bool is_form(const struct http_req *req)
{
    static const char form[] = "application/x-www-form-urlencoded";
    const char *type = http_header(req, "Content-Type");
    return type && str_is_nocase((struct str){type, strnlen(type, sizeof(form) - 1)}, form);
}

bool telephony_is_genuine(struct http_req *req, const char *base_url)
{
    struct telephony *t = api_of(req)->telephony;
    struct twilio_request request = {
        .url = arena_printf(req->arena, "%s%.*s", base_url, (int)req->target.bytes, req->target.at),
        .signature = http_header(req, "X-Twilio-Signature"),
    };
    if (!is_form(req))
        request.body = req->body;
    else if (http_form(req, &request.fields, &request.field_count))
        return false;
    struct twilio_verdict verdict = twilio_check(&request, t->tokens, TELEPHONY_TOKENS_MAX);
    if (verdict.genuine) {
        log_debug(NULL, "webhook_signed", "path=%s token=%zu matched=\"%s\"", req->path.at,
                  verdict.token, verdict.matched);
        return true;
    }
    telephony_count(t, TELEPHONY_FORGED);
    log_warn(NULL, "webhook_forged", "path=%s signature=%s remote=%s", req->path.at,
             request.signature ? "wrong" : "missing", http_remote(req));
    http_fail(req, 403, "the carrier's signature is missing or wrong");
    return false;
}

/* The number a field holds, as E.164; "" when it is withheld or none. */
static void read_number(struct http_req *req, const char *name, const char *country,
                        char e164_out[PHONE_TEXT_BYTES])
{
    const char *value = http_field(req, name);
    phone_parse(str_of(value), country, e164_out);
}

static struct webhook *read_webhook(struct http_req *req)
{
    struct telephony *t = api_of(req)->telephony;
    struct webhook *hook = arena_alloc(req->arena, sizeof(*hook));
    const char *language = http_query(req, "language");
    hook->telephony = t;
    hook->call_sid = http_field(req, "CallSid");
    hook->language = language ? language : t->default_language;
    log_with(&hook->log, "call_sid", hook->call_sid);
    read_number(req, "To", t->default_country, hook->to);
    read_number(req, "From", t->default_country, hook->from);
    /* carriers pass it on in national form at times: that of the number they forwarded to */
    const char *country = phone_country(hook->to);
    read_number(req, "ForwardedFrom", country[0] ? country : t->default_country,
                hook->forwarded_from);
    return hook;
}

struct webhook *telephony_webhook(struct http_req *req)
{
    struct telephony *t = api_of(req)->telephony;
    if (!telephony_is_genuine(req, t->public_url))
        return NULL;
    const char *account = http_field(req, "AccountSid");
    const char *call_sid = http_field(req, "CallSid");
    if (t->account_sid && t->account_sid[0] && (!account || strcmp(account, t->account_sid) != 0)) {
        telephony_count(t, TELEPHONY_OTHER_ACCOUNT);
        http_fail(req, 403, "the webhook is of another account");
        return NULL;
    }
    if (!call_sid || !twilio_is_sid(str_of(call_sid), "CA")) {
        telephony_count(t, TELEPHONY_MALFORMED);
        http_fail(req, 400, "the webhook names no call");
        return NULL;
    }
    struct webhook *hook = read_webhook(req);
    req->state = hook;
    return hook;
}

/* ---- answers -------------------------------------------------------------------------------- */

void telephony_reply(struct http_req *req, struct buf *twiml)
{
    http_set_header(req, "Cache-Control", "no-store");
    http_reply(req, 200, "text/xml; charset=utf-8", buf_str(twiml));
    buf_free(twiml);
}

const char *telephony_url(struct http_req *req, const char *path, const char *more)
{
    const struct webhook *hook = req->state;
    return arena_printf(req->arena, "%s/telephony/%s?language=%.2s%s", hook->telephony->public_url,
                        path, hook->language, more);
}

void telephony_reply_hangup(struct http_req *req)
{
    struct buf xml = {0};
    twiml_hangup(&xml);
    telephony_reply(req, &xml);
}

static struct twiml_voicemail voicemail_of(struct http_req *req, const char *say)
{
    const struct webhook *hook = req->state;
    return (struct twiml_voicemail){
        .language = hook->language,
        .say = say,
        .goodbye = telephony_words(hook->language)->taken,
        .action_url = telephony_url(req, "voicemail", ""),
        .seconds_max = TELEPHONY_VOICEMAIL_SECONDS,
    };
}

void telephony_reply_voicemail(struct http_req *req, enum telephony_outcome outcome)
{
    const struct webhook *hook = req->state;
    const struct telephony_words *words = telephony_words(hook->language);
    bool interrupted = outcome == TELEPHONY_RESUMES_SPENT;
    struct twiml_voicemail voicemail =
        voicemail_of(req, interrupted ? words->interrupted : words->voicemail);
    struct buf xml = {0};
    telephony_count(hook->telephony, outcome);
    log_info(&hook->log, "voicemail_offered", "why=%s", telephony_outcome_name(outcome));
    twiml_voicemail(&xml, &voicemail);
    telephony_reply(req, &xml);
}

/* The stream may have ended with its worker's death, and the next request may still come to that
 * worker's socket: the carrier is to try again. Source: Twilio's connection overrides. */
#define RESUME_RETRIES "#rc=3&rp=all"

void telephony_reply_stream(struct http_req *req, const char *token, int resumes, const char *after)
{
    const struct webhook *hook = req->state;
    char more[32];
    snprintf(more, sizeof(more), "&n=%d" RESUME_RETRIES, resumes + 1);
    const struct twiml_connect connect = {
        .media_url = hook->telephony->media_url,
        .action_url = telephony_url(req, "resume", more),
        .token = token,
        .after = after,
        .fallback = voicemail_of(req, telephony_words(hook->language)->interrupted),
    };
    struct buf xml = {0};
    twiml_connect(&xml, &connect);
    telephony_reply(req, &xml);
}

void telephony_refuse(struct http_req *req, enum telephony_outcome outcome)
{
    const struct webhook *hook = req->state;
    struct buf xml = {0};
    telephony_count(hook->telephony, outcome);
    log_info(&hook->log, "call_refused", "why=%s", telephony_outcome_name(outcome));
    twiml_say_goodbye(&xml, hook->language, telephony_words(hook->language)->refused);
    telephony_reply(req, &xml);
}

/* ---- a call rings --------------------------------------------------------------------------- */

struct twilio_hooks telephony_hooks(const struct telephony *t, struct arena *arena)
{
    const char *inbound = arena_printf(arena, "%s/telephony/inbound", t->public_url);
    return (struct twilio_hooks){.voice_url = inbound,
                                 .fallback_url = inbound,
                                 .status_url =
                                     arena_printf(arena, "%s/telephony/status", t->public_url)};
}

static const struct route_candidate *candidate_of(enum routing_reason reason,
                                                  const struct routes *routes)
{
    switch (reason) {
    case ROUTED_BY_NUMBER: return routes->by_number;
    case ROUTED_BY_FORWARDING: return routes->by_forwarding;
    case ROUTED_BY_OWNER: return routes->by_owner;
    case ROUTED_BY_CODE: return routes->by_code;
    case ROUTED_TO_DEFAULT: return routes->by_default;
    case ROUTED_ASK_CODE:
    case ROUTED_NOWHERE: break;
    }
    return NULL;
}

static struct uuid tenant_of(const struct route_candidate *candidate)
{
    return candidate ? candidate->tenant.id : (struct uuid){{0}};
}

const struct route_candidate *telephony_route(const struct routes *routes,
                                              enum routing_reason *reason_out)
{
    const struct routing_facts facts = {.dialled = tenant_of(routes->by_number),
                                        .forwarding = tenant_of(routes->by_forwarding),
                                        .operators = tenant_of(routes->by_default),
                                        .owner = tenant_of(routes->by_owner),
                                        .coded = tenant_of(routes->by_code),
                                        .shared = routes->shared};
    *reason_out = routing_decide(&facts).reason;
    return candidate_of(*reason_out, routes);
}

void telephony_admit(struct http_req *req, const struct route_candidate *candidate,
                     enum routing_reason reason)
{
    struct webhook *hook = req->state;
    struct telephony *t = hook->telephony;
    const struct tenant *tenant = &candidate->tenant;
    struct entitlement entitled =
        tenant_entitlement(tenant, &candidate->usage, candidate->live_calls, t->tenant_calls_max);
    hook->language = tenant->language;
    log_info(&hook->log, "call_routed", "by=%s service=%s why=%s", routing_reason_name(reason),
             service_name(entitled.service), entitlement_reason_name(entitled.reason));
    if (entitled.service == SERVICE_REFUSE) {
        telephony_refuse(req, TELEPHONY_DENIED);
        return;
    }
    hook->service = switchboard_admits(t->board, tenant->id) ? SERVICE_VOICEMAIL : entitled.service;
    telephony_ring(req, tenant, entitled.service == SERVICE_FULL);
}

/* Who still calls a number that is nobody's would reach its next owner. */
static void refuse_stranger(struct http_req *req)
{
    const struct webhook *hook = req->state;
    if (hook->to[0])
        numbers_stray_call(hook->telephony->db, hook->to);
    telephony_refuse(req, TELEPHONY_UNKNOWN_NUMBER);
}

void telephony_go_on(struct http_req *req, const struct routes *routes)
{
    enum routing_reason reason;
    const struct route_candidate *candidate = telephony_route(routes, &reason);
    if (candidate)
        telephony_admit(req, candidate, reason);
    else if (reason == ROUTED_ASK_CODE)
        telephony_ask_code(req, 1);
    else
        refuse_stranger(req);
}

void telephony_reject_loop(struct http_req *req)
{
    const struct webhook *hook = req->state;
    struct buf xml = {0};
    telephony_count(hook->telephony, TELEPHONY_LOOP);
    log_warn(&hook->log, "call_refused", "why=loop");
    twiml_reject_busy(&xml);
    telephony_reply(req, &xml);
}

/* A transfer shows the tenant's own Karen number as the caller, and so does the check of a
 * forwarding: when the owner's phone forwards it back it is plain to see. */
bool telephony_is_our_own(const struct webhook *hook, const struct routes *routes)
{
    return hook->from[0] && ((routes && routes->own) || strcmp(hook->from, hook->to) == 0);
}

static void on_routes(int err, const struct routes *routes, void *arg)
{
    struct http_req *req = arg;
    const struct webhook *hook = req->state;
    if (!err && routes->checking)
        telephony_take_back(req, routes);
    else if (telephony_is_our_own(hook, routes))
        telephony_reject_loop(req);
    else if (err)
        telephony_reply_voicemail(req, TELEPHONY_DATABASE_AWAY);
    else
        telephony_go_on(req, routes);
}

void telephony_post_inbound(struct http_req *req)
{
    struct webhook *hook = telephony_webhook(req);
    if (!hook)
        return;
    const struct route_query query = {.to = hook->to,
                                      .forwarded_from = hook->forwarded_from,
                                      .from = hook->from,
                                      .default_tenant = hook->telephony->default_tenant};
    numbers_route(hook->telephony->db, &query, req->arena, on_routes, req, &req->waiting);
}
