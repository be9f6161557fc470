/* api/telephony_check.c: the check of a forwarding, as it passes through the carrier: the owner's
 * phone is rung from Karen's number, and the call that comes back to that number is greeted and
 * ended. It is nobody's call: no record, no screening, no use.
 *
 *   telephony_ring_owner() -> phone rings -> forwards -> /telephony/inbound: take back
 *        |                                                  '-> greeting -> forwarding-greeted
 *        '-> forwarding-status: ringing, answered, busy ... */
#include "api/telephony_private.h"

#include "api/api.h"
#include "api/telephony_words.h"
#include "carrier/twilio_rest.h"
#include "carrier/twiml.h"
#include "store/forwarding_checks.h"

#include <errno.h>
#include <string.h>

static const char *check_url(struct arena *arena, const struct telephony *t, const char *path,
                             struct uuid check, const char *language)
{
    char id[UUID_TEXT_BYTES];
    uuid_print(check, id);
    return arena_printf(arena, "%s/telephony/%s?language=%.2s&check=%s", t->public_url, path,
                        language, id);
}

void telephony_ring_owner(struct telephony *t, const struct forwarding_begun *check,
                          const char *phone,
                          void (*on_done)(const struct twilio_answer *answer, void *arg), void *arg,
                          struct op **slot)
{
    struct arena arena = {0};
    struct buf xml = {0};
    twiml_say_goodbye(&xml, check->language, telephony_words(check->language)->picked_up);
    const struct twilio_placing placing = {
        .to = phone,
        .from = check->number,
        .twiml = buf_str(&xml),
        .status_url = check_url(&arena, t, "forwarding-status", check->id, check->language),
        .ring_seconds_max = FORWARDING_RING_SECONDS};
    twilio_call_place(t->rest, &placing, on_done, arg, slot);
    buf_free(&xml);
    arena_free(&arena);
}

/* ---- it comes back -------------------------------------------------------------------------- */

/* It was none, and is somebody's call then; or a loop. */
static void go_on(struct http_req *req, int err)
{
    const struct webhook *hook = req->state;
    if (telephony_is_our_own(hook, hook->routes))
        telephony_reject_loop(req);
    else if (err == ENOENT)
        telephony_go_on(req, hook->routes);
    else
        telephony_reply_voicemail(req, TELEPHONY_DATABASE_AWAY);
}

static void on_returned(int err, struct uuid check, const char *language, void *arg)
{
    struct http_req *req = arg;
    struct webhook *hook = req->state;
    struct buf xml = {0};
    if (err) {
        go_on(req, err);
        return;
    }
    telephony_count(hook->telephony, TELEPHONY_CHECKED);
    log_info(&hook->log, "forwarding_came_back", "shown=%s",
             hook->forwarded_from[0] ? "yes" : "no");
    twiml_say_and_ask(
        &xml, language, telephony_words(language)->forwarding_works,
        check_url(req->arena, hook->telephony, "forwarding-greeted", check, language));
    telephony_reply(req, &xml);
}

void telephony_take_back(struct http_req *req, const struct routes *routes)
{
    struct webhook *hook = req->state;
    struct routes *kept = arena_alloc(req->arena, sizeof(*kept));
    *kept = *routes;
    hook->routes = kept;
    const struct forwarding_return back = {.called = hook->to,
                                           .caller = hook->from,
                                           .forwarder = hook->forwarded_from,
                                           .call_sid = hook->call_sid};
    forwarding_checks_return(hook->telephony->db, &back, on_returned, req, &req->waiting);
}

/* ---- and what becomes of it ----------------------------------------------------------------- */

/* Nil, and answered with 400, when the webhook names none. */
static struct uuid check_of(struct http_req *req)
{
    const struct webhook *hook = req->state;
    struct uuid check;
    if (uuid_parse(str_of(http_query(req, "check")), &check) == 0)
        return check;
    telephony_count(hook->telephony, TELEPHONY_MALFORMED);
    http_fail(req, 400, "the webhook names no check");
    return (struct uuid){0};
}

static void on_greeted(int err, void *arg)
{
    struct http_req *req = arg;
    const struct webhook *hook = req->state;
    if (err)
        log_warn(&hook->log, "forwarding_not_noted", "err=%s", strerrorname_np(err));
    telephony_reply_hangup(req);
}

void telephony_post_forwarding_greeted(struct http_req *req)
{
    struct webhook *hook = telephony_webhook(req);
    struct uuid check = hook ? check_of(req) : (struct uuid){0};
    if (!uuid_is_nil(check))
        forwarding_checks_greeted(hook->telephony->db, check, on_greeted, req, &req->waiting);
}

static void on_news(int err, void *arg)
{
    struct http_req *req = arg;
    if (err && err != ENOENT)
        http_fail(req, 503, "the news could not be written down, send it again");
    else
        http_reply(req, 204, NULL, (struct str){0});
}

void telephony_post_forwarding_status(struct http_req *req)
{
    struct webhook *hook = telephony_webhook(req);
    struct uuid check = hook ? check_of(req) : (struct uuid){0};
    const char *status = hook ? http_field(req, "CallStatus") : NULL;
    if (uuid_is_nil(check))
        return;
    forwarding_checks_news(hook->telephony->db, check, status ? status : "", on_news, req,
                           &req->waiting);
}
