/* api/telephony.h: where the carrier comes in: its webhooks and its media streams, until a line
 * takes over.
 *
 *   POST /telephony/inbound        a call rings: whose is it, what may happen, TwiML
 *   GET  /media                    its stream: the token is redeemed, a line is opened
 *   POST /telephony/resume         the stream ended, the call did not: another stream, or the end
 *   POST /telephony/transfer       the line hands the caller over: ring the owner
 *   POST /telephony/whisper        ... what he hears when he picks up
 *   POST /telephony/take           ... the key he pressed: 1 takes the call
 *   POST /telephony/after-transfer ... and what came of it
 *   POST /telephony/tenant-code    the digits typed on the number that tenants on trial share
 *   POST /telephony/forwarding-greeted, /telephony/forwarding-status
 *                                  a check of a forwarding: it came back and heard the greeting;
 * what became of the call that rang the owner POST /telephony/voicemail      a message left with
 * the carrier, when no line could take it POST /telephony/status         the carrier's news of a
 * call
 *
 * All of them carry the carrier's signature over PUBLIC_URL (never over what Host says); without it
 * they are answered with 403 and leave no row. TwiML carries nothing about a tenant but the words
 * to be said and a one-use token. What the line asks of the carrier goes out here, too, because it
 * comes back to these addresses. */
#pragma once
#include "base/id.h"
#include "carrier/twilio_media.h"
#include "carrier/twilio_numbers.h"
#include "line/line.h"
#include "net/http_server.h"
#include "net/loop.h"

#include <stddef.h>
#include <stdint.h>

struct telephony;
struct db;
struct journal;
struct switchboard;
struct twilio_rest;

enum {
    TELEPHONY_TOKENS_MAX = 2, /* auth tokens that are right at once, during a rotation */
    TELEPHONY_BODY_BYTES_MAX = 64 * 1024,
    TELEPHONY_RESUMES_MAX = 5, /* streams of one call that may break; then a voicemail */
    TELEPHONY_RING_SECONDS =
        18, /* under the 20 to 30 s after which mailboxes and forwarding take over */
    TELEPHONY_TRANSFER_SECONDS_MAX = 3600,
    TELEPHONY_TAKE_TRIES = 2,          /* so often 1 is asked for */
    TELEPHONY_TAKE_SECONDS = 5,        /* ... and waited for */
    TELEPHONY_CODE_TRIES = 3,          /* of one call */
    TELEPHONY_CODE_SECONDS = 8,        /* before a digit and between two */
    TELEPHONY_CODES_AN_HOUR_MAX = 12,  /* typed by one caller; all that withhold theirs have */
    TELEPHONY_CODES_WITHHELD_MAX = 60, /* ... so many together */
    TELEPHONY_MESSAGE_SECONDS = 90,    /* of a call that only takes a message */
    TELEPHONY_VOICEMAIL_SECONDS = 120,
};

struct telephony_options { /* texts are copied */
    struct loop *loop;
    struct db *db;
    struct journal *journal; /* NULL: there is none */
    struct twilio_rest *rest;
    const char *public_url;                   /* without a slash at its end */
    const char *account_sid;                  /* NULL or "": any account the tokens vouch for */
    const char *tokens[TELEPHONY_TOKENS_MAX]; /* NULL where there is none */
    struct uuid default_tenant;               /* nil: none */
    const char *default_country;              /* "CZ": of numbers written without one */
    const char *default_voice;                /* of tenants that chose none */
    int64_t call_seconds_max;                 /* a tenant's own limit may be shorter */
    int64_t tenant_calls_max;                 /* live calls of one tenant in all; 0: no limit */
};
struct telephony *telephony_new(const struct telephony_options *options);
void telephony_free(struct telephony **telephony);
/* Nothing is on its way: no stream's token, no message for the store. */
bool telephony_idle(const struct telephony *telephony);
/* The line's way out to the carrier; for switchboard_options. */
struct line_carrier telephony_carrier(struct telephony *telephony);
/* Before the first request; the switchboard needs the carrier first. */
void telephony_set_board(struct telephony *telephony, struct switchboard *board);

/* Where the carrier takes the calls of a number, from its purchase on; in the arena. What fails at
 * the first try it asks once more: that may be another worker, or a moment later. */
struct arena;
struct twilio_hooks telephony_hooks(const struct telephony *telephony, struct arena *arena);

/* The handlers of the routes above; api_of(req)->telephony is set. Bodies are at most
 * TELEPHONY_BODY_BYTES_MAX. */
http_handler_fn telephony_post_inbound, telephony_get_media, telephony_post_resume,
    telephony_post_transfer, telephony_post_whisper, telephony_post_take,
    telephony_post_after_transfer, telephony_post_voicemail, telephony_post_status,
    telephony_post_tenant_code, telephony_post_forwarding_greeted, telephony_post_forwarding_status;

/* Rings an owner's phone for a check of its forwarding; `picked up` is a failure, and is told so.
 */
struct forwarding_begun;
struct twilio_answer;
void telephony_ring_owner(struct telephony *telephony, const struct forwarding_begun *check,
                          const char *phone,
                          void (*on_done)(const struct twilio_answer *answer, void *arg), void *arg,
                          struct op **slot);

/* What came in and what became of it; for /metrics. */
enum telephony_outcome {
    TELEPHONY_FORGED,         /* 403: no signature, or a wrong one */
    TELEPHONY_OTHER_ACCOUNT,  /* 403 */
    TELEPHONY_MALFORMED,      /* 400: without what every webhook has */
    TELEPHONY_CONNECTED,      /* a stream was promised */
    TELEPHONY_REPEATED,       /* ... for a webhook that came again */
    TELEPHONY_VOICEMAIL,      /* a limit, no room, draining */
    TELEPHONY_DATABASE_AWAY,  /* answered without it: a voicemail */
    TELEPHONY_UNKNOWN_NUMBER, /* refused politely */
    TELEPHONY_DENIED,         /* refused politely: the tenant is gone */
    TELEPHONY_LOOP,           /* our own call came back: busy */
    TELEPHONY_RANG_OWNER,     /* by a rule, before Karen says a word */
    TELEPHONY_RULED_OUT,      /* turned away by a rule, or as a blocked contact */
    TELEPHONY_CHECKED,        /* ... and was a forwarding check: greeted */
    TELEPHONY_CODE_ASKED,     /* the shared number: whose? */
    TELEPHONY_CODE_WRONG,
    TELEPHONY_CODES_SPENT, /* too many wrong codes, or none: goodbye */
    TELEPHONY_RESUMED,
    TELEPHONY_RESUMES_SPENT,
    TELEPHONY_TRANSFERRED,
    TELEPHONY_TRANSFER_FAILED,
    TELEPHONY_NOT_TAKEN, /* ... because who picked up did not press 1 */
    TELEPHONY_MESSAGE_LEFT,
    TELEPHONY_MESSAGE_UNSAVED,
    TELEPHONY_STREAM_OPENED,
    TELEPHONY_STREAM_REFUSED, /* token unknown, used, old, another call's; no room */
    TELEPHONY_OUTCOMES,
};
struct telephony_counters {
    uint64_t outcomes[TELEPHONY_OUTCOMES];
    struct twilio_media_counters media;
};
const struct telephony_counters *telephony_counters(const struct telephony *telephony);
const char *telephony_outcome_name(enum telephony_outcome outcome); /* "forged" ... */
