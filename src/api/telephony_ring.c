/* api/telephony_ring.c: a call that rings, by its owner's rules: to a line, to his phone first, or
 * turned away.
 *
 *   rules, contact, the owner's clock --> rules/callrules --> the call's record --> TwiML
 *
 * What was decided is kept with the call, because its stream may come to another worker, and
 * because people want to know why. */
#include "api/telephony_private.h"

#include "api/telephony_words.h"
#include "carrier/twiml.h"
#include "rules/callrules_wire.h"
#include "store/callrules.h"
#include "store/calls.h"

#include <errno.h>

/* ---- answers -------------------------------------------------------------------------------- */

/* A number is spoken digit by digit. */
static const char *spoken_caller(struct http_req *req)
{
    const struct webhook *hook = req->state;
    struct buf digits = {0};
    if (hook->contact_name && hook->contact_name[0])
        return hook->contact_name;
    if (!hook->from[0])
        return telephony_words(hook->language)->hidden;
    for (const char *at = hook->from; *at; at++)
        buf_printf(&digits, "%s%c", at == hook->from ? "" : " ", *at);
    const char *spoken = arena_strdup(req->arena, buf_text(&digits));
    buf_free(&digits);
    return spoken;
}

/* The owner sees Karen's number, so that the call is known again should his phone send it back; who
 * calls is told when he picks up. */
static void reply_rings_owner(struct http_req *req)
{
    const struct webhook *hook = req->state;
    const char *say = arena_printf(req->arena, "%s %s", telephony_words(hook->language)->call_from,
                                   spoken_caller(req));
    telephony_count(hook->telephony, TELEPHONY_RANG_OWNER);
    telephony_reply_dial(req, hook->tenant->forward_number, say, hook->decision.ring_seconds);
}

static void reply_turned_away(struct http_req *req)
{
    const struct webhook *hook = req->state;
    const struct telephony_words *words = telephony_words(hook->language);
    const char *say = hook->decision.say;
    struct buf xml = {0};
    telephony_count(hook->telephony, TELEPHONY_RULED_OUT);
    if (hook->decision.action == THEN_HANG_UP)
        twiml_reject_busy(&xml);
    else
        twiml_say_goodbye(&xml, hook->language,
                          arena_printf(req->arena, "%s %s%s%s", words->declined, say,
                                       say[0] ? " " : "", words->goodbye));
    telephony_reply(req, &xml);
}

/* ---- the record ------------------------------------------------------------------------------ */

static bool is_turned_away(const struct webhook *hook)
{
    return hook->decision.action == THEN_REFUSE || hook->decision.action == THEN_HANG_UP;
}

static bool rings_owner(const struct webhook *hook)
{
    return hook->decision.ring_seconds > 0;
}

/* Where the end cannot be written now, the sweep writes it after the carrier's news. */
static void on_ended(int err, void *arg)
{
    struct http_req *req = arg;
    struct webhook *hook = req->state;
    if (err)
        log_warn(&hook->log, "end_not_stored", "err=%d", err);
    reply_turned_away(req);
}

static void turn_away(struct http_req *req, const struct call_begun *begun)
{
    const struct webhook *hook = req->state;
    bool busy = hook->decision.action == THEN_HANG_UP;
    const struct call_finish finish = {
        .tenant = begun->tenant,
        .call = begun->call,
        .status = busy ? STATUS_BUSY : STATUS_COMPLETED,
        .why = hook->decision.reason == BECAUSE_BLOCKED ? "blocked" : "ruled_out",
        .ended_at_ms = wall_now_ms(),
    };
    calls_finish(hook->telephony->db, &finish, on_ended, req, &req->waiting);
}

static void on_begun(int err, const struct call_begun *begun, void *arg)
{
    struct http_req *req = arg;
    struct webhook *hook = req->state;
    struct telephony *t = hook->telephony;
    if (err == EPERM || err == ENOENT) { /* the call is another tenant's, or the tenant is gone */
        log_warn(&hook->log, "call_not_begun", "err=%d", err);
        telephony_refuse(req, TELEPHONY_DENIED);
    } else if (err) {
        telephony_reply_voicemail(req, TELEPHONY_DATABASE_AWAY);
    } else if (is_turned_away(hook)) {
        turn_away(req, begun);
    } else if (begun->status != STATUS_IN_PROGRESS) {
        telephony_reply_hangup(req);
    } else if (rings_owner(hook)) {
        reply_rings_owner(req);
    } else if (hook->service == SERVICE_VOICEMAIL) {
        telephony_reply_voicemail(req, TELEPHONY_VOICEMAIL);
    } else {
        telephony_count(t, begun->again ? TELEPHONY_REPEATED : TELEPHONY_CONNECTED);
        telephony_reply_stream(req, begun->token, 0, NULL);
    }
}

static void begin(struct http_req *req)
{
    const struct webhook *hook = req->state;
    struct buf handling = {0};
    callrules_put_decision(&hook->decision, &handling);
    const struct call_begin begin = {
        .tenant = hook->tenant->id,
        .carrier = "twilio",
        .call_sid = hook->call_sid,
        .from_number = hook->from,
        .to_number = hook->to,
        .forwarded_from = hook->forwarded_from,
        .service = hook->service,
        .handling = buf_str(&handling),
        .started_at_ms = wall_now_ms(),
    };
    calls_begin(hook->telephony->db, &begin, on_begun, req, &req->waiting);
    buf_free(&handling);
}

/* ---- the rules ------------------------------------------------------------------------------- */

struct ring { /* in the request's arena */
    struct http_req *req;
    bool full;
};

static void decide(struct webhook *hook, const struct callrules_found *found, bool full)
{
    callrules_decide(found->all.rules, found->all.count, &found->all.facts, &hook->decision, NULL);
    if (!full)
        callrules_only_messages(&hook->decision);
    hook->contact_name = found->contact_name;
    log_info(&hook->log, "call_ruled", "action=%s why=%s position=%d no_phone=%d",
             callrule_action_code((int)hook->decision.action),
             callrules_reason_code((int)hook->decision.reason), hook->decision.position,
             hook->decision.no_phone);
}

static void on_rules(int err, const struct callrules_found *found, void *arg)
{
    struct ring *ring = arg;
    struct webhook *hook = ring->req->state;
    if (err == ENOENT) {
        telephony_refuse(ring->req, TELEPHONY_DENIED);
    } else if (err) {
        telephony_reply_voicemail(ring->req, TELEPHONY_DATABASE_AWAY);
    } else {
        decide(hook, found, ring->full);
        begin(ring->req);
    }
}

void telephony_ring(struct http_req *req, const struct tenant *tenant, bool full)
{
    struct webhook *hook = req->state;
    struct ring *ring = arena_alloc(req->arena, sizeof(*ring));
    const struct callrules_query query = {.tenant = tenant->id, .number = hook->from};
    *ring = (struct ring){req, full};
    hook->tenant = tenant;
    callrules_find(hook->telephony->db, &query, req->arena, on_rules, ring, &req->waiting);
}
