/* api/telephony_take.c: a phone is rung for the caller. Whoever picks up hears who calls, and takes
 * the call by pressing 1; a mailbox, a second assistant or a child that picks up presses nothing,
 * is hung up on, and the caller is back with Karen.
 *
 *   Dial --picked up--> whisper: Gather --1--> taken: the two are joined --they hang up--> the end
 *                          ^       |--else, once--'
 *                          '-------|--else: hung up-----> after-transfer: not taken, a stream again
 *
 * Twilio's news of a Dial does not tell these apart for sure, so 1 is written down with the call
 * before anybody is joined. */
#include "api/telephony_private.h"

#include "api/telephony_words.h"
#include "carrier/twilio_wire.h"
#include "carrier/twiml.h"
#include "store/calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *take_url(struct http_req *req, const char *path, const char *call_sid, int tries,
                            const char *say)
{
    struct buf more = {0};
    buf_printf(&more, "&call=%s&n=%d&say=", call_sid, tries);
    buf_url_part(&more, str_of(say ? say : ""));
    const char *url = telephony_url(req, path, buf_text(&more));
    buf_free(&more);
    return url;
}

void telephony_reply_dial(struct http_req *req, const char *number, const char *say,
                          int ring_seconds)
{
    const struct webhook *hook = req->state;
    struct buf xml = {0};
    const struct twiml_dial dial = {
        .number = number,
        .caller_id = hook->to[0] ? hook->to : NULL,
        .action_url = telephony_url(req, "after-transfer", ""),
        .whisper_url = take_url(req, "whisper", hook->call_sid, 1, say),
        .ring_seconds_max = ring_seconds,
        .seconds_max = TELEPHONY_TRANSFER_SECONDS_MAX,
    };
    twiml_dial(&xml, &dial);
    telephony_reply(req, &xml);
}

/* The caller's: the one who picked up has a call of his own. NULL: answered with 400. */
static const char *call_sid_of(struct http_req *req)
{
    const struct webhook *hook = req->state;
    const char *call_sid = http_query(req, "call");
    if (call_sid && twilio_is_sid(str_of(call_sid), "CA"))
        return call_sid;
    telephony_count(hook->telephony, TELEPHONY_MALFORMED);
    http_fail(req, 400, "the webhook names no call to take");
    return NULL;
}

static bool ends_a_sentence(const char *text)
{
    return strchr(".!?", text[strlen(text) - 1]) != NULL;
}

static void ask_to_take(struct http_req *req, const char *call_sid, int tries)
{
    const struct webhook *hook = req->state;
    const struct telephony_words *words = telephony_words(hook->language);
    const char *say = http_query(req, "say"), *who = say && say[0] ? say : words->call;
    const struct twiml_gather gather = {
        .language = hook->language,
        .say = arena_printf(req->arena, "%s%s %s", who, ends_a_sentence(who) ? "" : ".",
                            words->press_one),
        .action_url = take_url(req, "take", call_sid, tries, say),
        .digits = 1,
        .seconds_max = TELEPHONY_TAKE_SECONDS,
    };
    struct buf xml = {0};
    twiml_gather(&xml, &gather);
    telephony_reply(req, &xml);
}

void telephony_post_whisper(struct http_req *req)
{
    struct webhook *hook = telephony_webhook(req);
    const char *call_sid = hook ? call_sid_of(req) : NULL;
    if (call_sid)
        ask_to_take(req, call_sid, 1);
}

/* What is not written down is not joined: the caller would be taken back in the middle of it. */
static void on_taken(int err, void *arg)
{
    struct http_req *req = arg;
    const struct webhook *hook = req->state;
    struct buf xml = {0};
    if (err) {
        if (err != ENOENT) /* the caller has hung up */
            log_warn(&hook->log, "taking_not_stored", "err=%d", err);
        telephony_reply_hangup(req);
        return;
    }
    twiml_over(&xml);
    telephony_reply(req, &xml);
}

static bool is_last_try(const struct http_req *req)
{
    const char *n = http_query(req, "n");
    return !n || atoi(n) < 1 || atoi(n) >= TELEPHONY_TAKE_TRIES;
}

void telephony_post_take(struct http_req *req)
{
    struct webhook *hook = telephony_webhook(req);
    const char *call_sid = hook ? call_sid_of(req) : NULL;
    if (!call_sid)
        return;
    const char *digits = http_field(req, "Digits");
    if (digits && strcmp(digits, "1") == 0) {
        calls_take(hook->telephony->db, call_sid, on_taken, req, &req->waiting);
    } else if (!is_last_try(req)) {
        ask_to_take(req, call_sid, TELEPHONY_TAKE_TRIES);
    } else {
        telephony_count(hook->telephony, TELEPHONY_NOT_TAKEN);
        telephony_reply_hangup(req);
    }
}
