/* api/telephony_code.c: the number that tenants on trial share: where it is not plain from the
 * forwarding whose call it is, the caller types a code. Codes are short, so guesses are few: by
 * call, and by caller. */
#include "api/telephony_private.h"

#include "api/api.h"
#include "api/telephony_words.h"
#include "carrier/twiml.h"
#include "store/limits.h"

#include <stdio.h>
#include <string.h>

enum { CODE_DIGITS = 4, HOUR_SECONDS = 3600 };

void telephony_ask_code(struct http_req *req, int tries)
{
    const struct webhook *hook = req->state;
    const struct telephony_words *words = telephony_words(hook->language);
    char more[16];
    snprintf(more, sizeof(more), "&n=%d", tries);
    const struct twiml_gather gather = {.language = hook->language,
                                        .say = tries == 1 ? words->code : words->code_again,
                                        .action_url = telephony_url(req, "tenant-code", more),
                                        .goodbye = words->refused,
                                        .digits = CODE_DIGITS,
                                        .seconds_max = TELEPHONY_CODE_SECONDS};
    struct buf xml = {0};
    telephony_count(hook->telephony, TELEPHONY_CODE_ASKED);
    twiml_gather(&xml, &gather);
    telephony_reply(req, &xml);
}

/* How often it was asked for in this call, this answer included. */
static int tries_of(const struct http_req *req)
{
    const char *n = http_query(req, "n");
    return n && n[0] >= '1' && n[0] < '0' + TELEPHONY_CODE_TRIES && !n[1] ? n[0] - '0'
                                                                          : TELEPHONY_CODE_TRIES;
}

static void try_again(struct http_req *req)
{
    const struct webhook *hook = req->state;
    int tries = tries_of(req);
    telephony_count(hook->telephony, TELEPHONY_CODE_WRONG);
    if (tries < TELEPHONY_CODE_TRIES)
        telephony_ask_code(req, tries + 1);
    else
        telephony_refuse(req, TELEPHONY_CODES_SPENT);
}

static void on_routes(int err, const struct routes *routes, void *arg)
{
    struct http_req *req = arg;
    if (err)
        telephony_reply_voicemail(req, TELEPHONY_DATABASE_AWAY);
    else if (routes->by_code)
        telephony_admit(req, routes->by_code, ROUTED_BY_CODE);
    else
        try_again(req);
}

static void on_counted(int err, const struct limit_verdict *verdict, void *arg)
{
    struct http_req *req = arg;
    const struct webhook *hook = req->state;
    if (err)
        telephony_reply_voicemail(req, TELEPHONY_DATABASE_AWAY);
    else if (verdict->refused.bytes)
        telephony_refuse(req, TELEPHONY_CODES_SPENT);
    else
        numbers_route_code(hook->telephony->db, http_field(req, "Digits"), req->arena, on_routes,
                           req, &req->waiting);
}

static bool is_code(const char *digits)
{
    return digits && strlen(digits) == CODE_DIGITS && strspn(digits, "0123456789") == CODE_DIGITS;
}

/* Right codes count as well: whoever knows one could else guess the others between two of his. */
void telephony_post_tenant_code(struct http_req *req)
{
    struct webhook *hook = telephony_webhook(req);
    if (!hook)
        return;
    if (!is_code(http_field(req, "Digits"))) {
        try_again(req);
        return;
    }
    const struct limit limit = {.kind = "tenant_code",
                                .subject = hook->from[0] ? hook->from : "withheld",
                                .seconds = HOUR_SECONDS,
                                .most = hook->from[0] ? TELEPHONY_CODES_AN_HOUR_MAX
                                                      : TELEPHONY_CODES_WITHHELD_MAX};
    limits_take(hook->telephony->db, &limit, 1, on_counted, req, &req->waiting);
}
