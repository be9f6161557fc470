/* api/telephony_after.c: what comes later in a call: streams that end, transfers, messages left
 * with the carrier, its news; and what the line asks of the carrier. */
#include "api/telephony_private.h"

#include "api/telephony_words.h"
#include "base/utf8.h"
#include "carrier/twilio_rest.h"
#include "carrier/twilio_wire.h"
#include "carrier/twiml.h"
#include "store/calls.h"
#include "store/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t number_of(const char *text)
{
    return text && text[0] ? strtoll(text, NULL, 10) : -1;
}

static bool is_over(struct http_req *req)
{
    enum call_status status;
    return !call_status_parse(str_of(http_field(req, "CallStatus")), &status) &&
           status != STATUS_IN_PROGRESS;
}

/* ---- the stream ended ----------------------------------------------------------------------- */

static int resumes_of(const struct http_req *req)
{
    int64_t resumes = number_of(http_query(req, "n"));
    return resumes < 0 ? 0 : resumes > TELEPHONY_RESUMES_MAX ? TELEPHONY_RESUMES_MAX : (int)resumes;
}

static void reply_resumed(struct http_req *req, int err, const struct call_begun *begun,
                          const char *after)
{
    struct webhook *hook = req->state;
    if (err == ENOENT || err == EALREADY) {
        telephony_reply_hangup(req);
    } else if (err) {
        telephony_reply_voicemail(req, TELEPHONY_DATABASE_AWAY);
    } else {
        telephony_count(hook->telephony, TELEPHONY_RESUMED);
        telephony_reply_stream(req, begun->token, resumes_of(req), after);
    }
}

static void on_resumed(int err, const struct call_begun *begun, void *arg)
{
    reply_resumed(arg, err, begun, NULL);
}

static void resume(struct http_req *req)
{
    struct webhook *hook = req->state;
    calls_resume(hook->telephony->db, hook->call_sid, false, on_resumed, req, &req->waiting);
}

static void on_adopted(int err, void *arg)
{
    if (err)
        reply_resumed(arg, err, NULL, NULL);
    else
        resume(arg);
}

/* Its worker may have died with words of this call in its journal: the talk goes on behind them. */
void telephony_post_resume(struct http_req *req)
{
    struct webhook *hook = telephony_webhook(req);
    if (!hook)
        return;
    if (is_over(req))
        telephony_reply_hangup(req);
    else if (resumes_of(req) >= TELEPHONY_RESUMES_MAX)
        telephony_reply_voicemail(req, TELEPHONY_RESUMES_SPENT);
    else if (hook->telephony->journal)
        journal_adopt(hook->telephony->journal, on_adopted, req, &req->waiting);
    else
        resume(req);
}

/* ---- transfer ------------------------------------------------------------------------------- */

void telephony_post_transfer(struct http_req *req)
{
    struct webhook *hook = telephony_webhook(req);
    if (!hook)
        return;
    char to[PHONE_TEXT_BYTES];
    if (phone_parse(str_of(http_query(req, "to")), NULL, to) != PHONE_NUMBER) {
        telephony_count(hook->telephony, TELEPHONY_MALFORMED);
        http_fail(req, 400, "the transfer names no number");
        return;
    }
    telephony_reply_dial(req, to, http_query(req, "say"), TELEPHONY_RING_SECONDS);
}

static void on_back(int err, const struct call_begun *begun, void *arg)
{
    reply_resumed(arg, err, begun, "transfer");
}

static void take_back(struct http_req *req)
{
    const struct webhook *hook = req->state;
    telephony_count(hook->telephony, TELEPHONY_TRANSFER_FAILED);
    if (is_over(req))
        telephony_reply_hangup(req);
    else
        calls_resume(hook->telephony->db, hook->call_sid, true, on_back, req, &req->waiting);
}

static bool carrier_joined_them(struct http_req *req)
{
    const char *joined = http_field(req, "DialBridged");
    return joined && strcmp(joined, "true") == 0;
}

/* Only where the database cannot be asked is the carrier believed. The end that cannot be written
 * now the sweep writes, after the carrier's news. */
static void on_talked(int err, void *arg)
{
    struct http_req *req = arg;
    const struct webhook *hook = req->state;
    if (err && err != ENOENT)
        log_warn(&hook->log, "end_not_stored", "err=%d", err);
    if (err == ENOENT || (err && !carrier_joined_them(req))) {
        take_back(req);
        return;
    }
    telephony_count(hook->telephony, TELEPHONY_TRANSFERRED);
    telephony_reply_hangup(req);
}

void telephony_post_after_transfer(struct http_req *req)
{
    struct webhook *hook = telephony_webhook(req);
    if (hook)
        calls_connected(hook->telephony->db, hook->call_sid, on_talked, req, &req->waiting);
}

/* ---- a message left with the carrier -------------------------------------------------------- */

void telephony_post_voicemail(struct http_req *req)
{
    struct webhook *hook = telephony_webhook(req);
    if (!hook)
        return;
    const char *sid = http_field(req, "RecordingSid");
    if (!sid || !twilio_is_sid(str_of(sid), "RE")) {
        telephony_count(hook->telephony, TELEPHONY_MALFORMED);
        http_fail(req, 400, "the webhook names no recording");
        return;
    }
    struct buf xml = {0};
    telephony_keep_voicemail(hook->telephony, hook, sid,
                             number_of(http_field(req, "RecordingDuration")));
    twiml_say_goodbye(&xml, hook->language, telephony_words(hook->language)->taken);
    telephony_reply(req, &xml);
}

/* ---- the carrier's news --------------------------------------------------------------------- */

static void on_status(int err, void *arg)
{
    struct http_req *req = arg;
    struct webhook *hook = req->state;
    if (err && err != ENOENT) { /* refused calls have no record */
        log_warn(&hook->log, "status_not_stored", "err=%d", err);
        http_fail(req, 503, "the news could not be written down, send it again");
        return;
    }
    http_reply(req, 204, NULL, (struct str){0});
}

void telephony_post_status(struct http_req *req)
{
    struct webhook *hook = telephony_webhook(req);
    if (!hook)
        return;
    struct call_news news = {.call_sid = hook->call_sid,
                             .duration_s = number_of(http_field(req, "CallDuration"))};
    if (call_status_parse(str_of(http_field(req, "CallStatus")), &news.status)) {
        telephony_count(hook->telephony, TELEPHONY_MALFORMED);
        http_fail(req, 400, "the webhook names no status that is known");
        return;
    }
    calls_status(hook->telephony->db, &news, on_status, req, &req->waiting);
}

/* ---- what the line asks --------------------------------------------------------------------- */

struct line_ask {
    struct op op; /* first */
    struct op *asking;
    line_carrier_fn *on_done;
    void *arg;
};

static void on_cancel(struct op *op)
{
    struct line_ask *ask = (struct line_ask *)op;
    op_cancel(&ask->asking);
    free(ask);
}

static void on_answer(const struct twilio_answer *answer, void *arg)
{
    struct line_ask *ask = arg;
    struct line_ask done = *ask;
    op_end(&ask->op);
    free(ask);
    done.on_done(answer->err, done.arg);
}

static struct line_ask *ask_new(line_carrier_fn *on_done, void *arg, struct op **slot)
{
    struct line_ask *ask = xalloc(sizeof(*ask));
    ask->on_done = on_done;
    ask->arg = arg;
    op_begin(&ask->op, on_cancel, slot);
    return ask;
}

static void hang_up(void *carrier, const char *call_sid, line_carrier_fn *on_done, void *arg,
                    struct op **slot)
{
    struct telephony *t = carrier;
    struct line_ask *ask = ask_new(on_done, arg, slot);
    twilio_call_hang_up(t->rest, call_sid, on_answer, ask, &ask->asking);
}

/* The call is sent to /telephony/transfer, because only the webhook there knows which of our
 * numbers was called. */
static void transfer(void *carrier, struct uuid call, const char *call_sid, const char *to,
                     struct str whisper, line_carrier_fn *on_done, void *arg, struct op **slot)
{
    (void)call;
    struct telephony *t = carrier;
    struct line_ask *ask = ask_new(on_done, arg, slot);
    struct buf url = {0};
    buf_printf(&url, "%s/telephony/transfer?language=%s&to=", t->public_url,
               telephony_language_of(phone_country(to)));
    buf_url_part(&url, str_of(to));
    buf_puts(&url, "&say=");
    buf_url_part(&url, utf8_cut(whisper, TELEPHONY_WHISPER_BYTES_MAX));
    twilio_call_go_to(t->rest, call_sid, buf_text(&url), on_answer, ask, &ask->asking);
    buf_free(&url);
}

struct line_carrier telephony_carrier(struct telephony *telephony)
{
    return (struct line_carrier){.hang_up = hang_up, .transfer = transfer, .carrier = telephony};
}
