/* carrier/twilio_rest.h: what Karen asks of Twilio about calls: place one, end it, send it
 * elsewhere, say how it stands. What calls mean is decided above. Its neighbours twilio_verify,
 * twilio_numbers and twilio_messages ask by the same struct twilio_rest.
 *
 * Ending a call twice does no harm, so it is repeated after any failure. Redirecting it twice would
 * ring the owner twice: it is repeated only when Twilio surely did not take it. When that cannot be
 * known the call is read back: ended gives ESRCH, else ETIMEDOUT, which means "perhaps": if it
 * happened, the leg is stopped soon. Placing has no key that makes it safe to repeat, either: when
 * its outcome is unknown the newest calls are looked at before it is asked again.
 * Source: Twilio, "Call resource". */
#pragma once
#include "base/buf.h"
#include "base/op.h"
#include "net/http_client.h"
#include "net/loop.h"

#include <stdint.h>

struct twilio_rest;

enum { TWILIO_REST_TRIES_MAX = 4, TWILIO_REST_MS_MAX = 10000, TWILIO_INLINE_TWIML_MAX = 4000 };

struct twilio_rest_options {
    struct loop *loop;
    struct http_client *http;
    const char *base_url;           /* "https://api.twilio.com" */
    const char *verify_base_url;    /* "https://verify.twilio.com"; NULL: no codes are sent */
    const char *numbers_base_url;   /* "https://numbers.twilio.com"; NULL: no bundles are read */
    const char *pricing_base_url;   /* "https://pricing.twilio.com"; NULL: no prices are asked */
    const char *account_sid;        /* AC...: whose calls */
    const char *verify_service_sid; /* VA...; NULL: none */
    const char *user;               /* NULL: the account SID; or an API key SK... */
    const char *secret;             /* the auth token, or the key's secret */
    int64_t back_off_ms;            /* before the second try, doubling; default 100 */
};
struct twilio_rest *twilio_rest_new(const struct twilio_rest_options *options); /* all copied */
void twilio_rest_free(struct twilio_rest **rest); /* cancels what is in flight */

/* err: 0; EACCES (credentials refused), ESRCH (no such call, or it is over), EINVAL (Twilio refused
 * what we sent), EPERM (the account may not call there), EBUSY (told to slow down until the tries
 * were used up), ETIMEDOUT (see above), or what the connection failed with. */
struct twilio_answer {
    int err;
    int status;             /* of HTTP; 0 when none came */
    int64_t code;           /* Twilio's own, 0 without one */
    struct str message;     /* Twilio's own words, for the log; "" */
    struct str call_sid;    /* "" when not known */
    struct str call_status; /* queued ringing in-progress completed busy failed no-answer canceled;
                               "" when not known */
    int tries;
};
typedef void twilio_answer_fn(const struct twilio_answer *answer, void *arg);

void twilio_call_hang_up(struct twilio_rest *rest, const char *call_sid, twilio_answer_fn *on_done,
                         void *arg, struct op **slot);
/* The call leaves what it does (its stream is stopped) and runs this document; at most
 * TWILIO_INLINE_TWIML_MAX characters. */
void twilio_call_run(struct twilio_rest *rest, const char *call_sid, struct str twiml,
                     twilio_answer_fn *on_done, void *arg, struct op **slot);
/* ... or asks this URL what to do, by POST. */
void twilio_call_go_to(struct twilio_rest *rest, const char *call_sid, const char *url,
                       twilio_answer_fn *on_done, void *arg, struct op **slot);

/* A new call, from a number of ours. 201 means that it waits in a queue: how it goes on comes to
 * status_url (initiated, ringing, answered, completed) or is asked with twilio_call_get(). Machines
 * are not detected: that would keep whoever answers waiting for seconds. */
struct twilio_placing {
    const char *to, *from; /* E.164 */
    struct str twiml; /* runs when it is answered; at most TWILIO_INLINE_TWIML_MAX characters */
    const char *url;  /* asked for it instead, by POST; NULL: twiml */
    const char *status_url; /* NULL: nobody is told */
    int ring_seconds_max;   /* 0: Twilio's own 60 */
};
void twilio_call_place(struct twilio_rest *rest, const struct twilio_placing *placing,
                       twilio_answer_fn *on_done, void *arg, struct op **slot);

void twilio_call_get(struct twilio_rest *rest, const char *call_sid, twilio_answer_fn *on_done,
                     void *arg, struct op **slot);
