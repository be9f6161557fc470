/* carrier/twilio_messages.h: text messages by Twilio. What they say, to whom and how often is
 * decided above.
 *
 * A message has no key that makes it safe to repeat: when its outcome is unknown the newest ones to
 * that number are looked at before it is sent again. That it was accepted does not mean that it
 * arrives: what becomes of it is told to status_url. Source: Twilio, "Message resource". */
#pragma once
#include "carrier/twilio_rest.h"

enum { TWILIO_SMS_CHARS_MAX = 1600 };

enum message_outcome {
    MESSAGE_ACCEPTED,
    MESSAGE_OPTED_OUT,     /* whoever has that number said STOP: never again */
    MESSAGE_BAD_NUMBER,    /* it is none */
    MESSAGE_NOT_MOBILE,    /* it takes no text messages */
    MESSAGE_BLOCKED,       /* from here to there nothing is sent: country, filter, trial account */
    MESSAGE_MISCONFIGURED, /* credentials, sender or its registration: the operator's matter */
    MESSAGE_THROTTLED,     /* not sent: come again later */
    MESSAGE_PERHAPS,       /* nobody knows whether it was sent */
    MESSAGE_AWAY,          /* not sent: Twilio could not be reached */
};
const char *message_outcome_name(enum message_outcome outcome); /* "opted_out" */
/* Of an error code by itself, as it comes with the news of a message that did not arrive. */
enum message_outcome message_outcome_of(int64_t code);

struct twilio_message_answer {
    enum message_outcome outcome;
    int err;                /* 0 only when it was accepted */
    int64_t code;           /* Twilio's own, 0 without one */
    struct str sid;         /* SM...; "" unless it was accepted */
    int64_t retry_after_ms; /* -1: it did not say */
};
typedef void twilio_message_fn(const struct twilio_message_answer *answer, void *arg);

struct twilio_sms {
    const char *to;          /* E.164 */
    const char *from;        /* a number of ours; or */
    const char *service_sid; /* MG...: a pool of senders; one of the two is NULL */
    const char *text;        /* cut behind TWILIO_SMS_CHARS_MAX characters */
    const char *status_url;  /* NULL: nobody is told */
};
void twilio_message_send(struct twilio_rest *rest, const struct twilio_sms *sms,
                         twilio_message_fn *on_answer, void *arg, struct op **slot);
