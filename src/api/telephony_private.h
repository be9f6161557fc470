/* api/telephony_private.h: what the files of the carrier's door share. */
#pragma once
#include "api/telephony.h"
#include "base/log.h"
#include "rules/callrules.h"
#include "rules/entitlement.h"
#include "rules/phone.h"
#include "rules/routing.h"
#include "store/numbers.h"

enum { TELEPHONY_URL_BYTES_MAX = 512, TELEPHONY_WHISPER_BYTES_MAX = 300 };

struct telephony {
    struct loop *loop;
    struct db *db;
    struct journal *journal;
    struct twilio_rest *rest;
    struct switchboard *board;
    struct arena arena; /* of the texts */
    const char *public_url, *media_url;
    const char *account_sid;
    const char *tokens[TELEPHONY_TOKENS_MAX];
    struct uuid default_tenant;
    const char *default_country, *default_language, *default_voice;
    int64_t call_seconds_max, tenant_calls_max;
    struct telephony_counters counters;
    struct stranger *strangers;   /* streams whose token is being looked up */
    struct voicemail *voicemails; /* messages left with the carrier, on their way to the store */
    size_t voicemail_count;
};

/* A webhook whose signature was right; lives in the request's arena, is its state. */
struct webhook {
    struct telephony *telephony;
    struct log log;
    const char *call_sid;
    const char *language;        /* to speak to this caller in */
    char from[PHONE_TEXT_BYTES]; /* E.164; "" withheld or no number */
    char to[PHONE_TEXT_BYTES];
    char forwarded_from[PHONE_TEXT_BYTES];
    enum service service; /* inbound: SERVICE_VOICEMAIL: the carrier shall record */
    /* inbound, once it is known whose call it is and what his rules say */
    const struct tenant *tenant;
    const char *contact_name; /* NULL: none */
    struct callrules_decision decision;
    const struct routes *routes; /* inbound: whose it may be, while something else is asked */
};

/* Checks who sent this. NULL: nobody we know; the request is answered already. */
struct webhook *telephony_webhook(struct http_req *req);
/* Only the signature; for requests that are no forms. */
bool telephony_is_genuine(struct http_req *req, const char *base_url);

void telephony_count(struct telephony *telephony, enum telephony_outcome outcome);
void telephony_reply(struct http_req *req, struct buf *twiml); /* frees it */

/* Whose call it is is known: what his rules say is done. full: he may have all of Karen. */
void telephony_ring(struct http_req *req, const struct tenant *tenant, bool full);

/* ---- whose call it is: one answer each ---- */
void telephony_go_on(struct http_req *req, const struct routes *routes);
void telephony_admit(struct http_req *req, const struct route_candidate *candidate,
                     enum routing_reason reason);
void telephony_refuse(struct http_req *req, enum telephony_outcome outcome);
void telephony_reject_loop(struct http_req *req);
/* It comes from a number of ours; routes NULL: nobody could be asked. */
bool telephony_is_our_own(const struct webhook *hook, const struct routes *routes);
/* telephony_code.c: asks for the tenant's code, for the nth time. */
void telephony_ask_code(struct http_req *req, int tries);
/* telephony_check.c: it may be a forwarding check that comes back; goes on with it otherwise. */
void telephony_take_back(struct http_req *req, const struct routes *routes);

/* The answers that several webhooks give. */
void telephony_reply_hangup(struct http_req *req);
void telephony_reply_voicemail(struct http_req *req, enum telephony_outcome outcome);
/* resumes: how many streams of this call have ended before this one. */
void telephony_reply_stream(struct http_req *req, const char *token, int resumes,
                            const char *after);

/* telephony_take.c: rings a number for the caller; say: who calls and why, "" or NULL: not known.
 */
void telephony_reply_dial(struct http_req *req, const char *number, const char *say,
                          int ring_seconds);

/* What the tables and the rules say. NULL: the call is nobody's. */
const struct route_candidate *telephony_route(const struct routes *routes,
                                              enum routing_reason *reason_out);

/* "https://.../telephony/<path>?language=cs" with more behind it, in the request's arena. */
const char *telephony_url(struct http_req *req, const char *path, const char *more);
/* "cs" of "CZ" and so on; "en" for the rest. */
const char *telephony_language_of(const char *country);

/* A recording left with the carrier becomes a message of the call, as soon as the store takes it.
 */
void telephony_keep_voicemail(struct telephony *telephony, const struct webhook *hook,
                              const char *recording_sid, int64_t seconds);
void telephony_drop_voicemails(struct telephony *telephony);
void telephony_drop_strangers(struct telephony *telephony);
