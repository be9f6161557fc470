/* carrier/twilio_verify.h: codes that prove whose phone it is: sent and checked by Twilio Verify,
 * which also makes them, so that none is ever here. Limits of our own are for above.
 *
 * A code is asked for again at most when Twilio was not even reached: each sending costs money, and
 * a check that was taken has used the code up. Twilio sends the same code again as long as it is
 * good (10 minutes unless the service says otherwise).
 * Source: Twilio, "Verify API", "Error and warning dictionary". */
#pragma once
#include "carrier/twilio_rest.h"

enum { TWILIO_CODE_BYTES_MIN = 4, TWILIO_CODE_BYTES_MAX = 10 };

enum verify_outcome {
    VERIFY_SENT,         /* a code is on its way */
    VERIFY_APPROVED,     /* it was the right code; it is used up now */
    VERIFY_WRONG_CODE,   /* it was not; it may be tried again */
    VERIFY_GONE,         /* no code is waiting: too old, used, or never sent */
    VERIFY_CHECKS_SPENT, /* too many wrong ones: only a new code helps, and only when this is old */
    VERIFY_SENDS_SPENT,  /* too many codes were sent and none came back */
    VERIFY_TOO_MANY,     /* several are being sent to that number at this moment */
    VERIFY_BAD_NUMBER,
    VERIFY_NOT_MOBILE,    /* it takes no text messages: offer the call */
    VERIFY_BLOCKED,       /* where Twilio does not send, or suspects fraud */
    VERIFY_THROTTLED,     /* come again in retry_after_ms */
    VERIFY_MISCONFIGURED, /* credentials or service are wrong: the operator's matter */
    VERIFY_AWAY, /* Twilio did not answer, or not in its right mind; it may have happened */
};
const char *verify_outcome_name(enum verify_outcome outcome); /* "wrong_code" */

struct verify_answer {
    enum verify_outcome outcome;
    int err;                /* VERIFY_AWAY: why; 0 otherwise */
    int status;             /* of HTTP; 0 when none came */
    int64_t code;           /* Twilio's own, 0 without one */
    int64_t retry_after_ms; /* -1: it did not say */
};
typedef void verify_answer_fn(const struct verify_answer *answer, void *arg);

enum verify_channel { VERIFY_SMS, VERIFY_CALL };
/* phone: E.164; language: "cs" and so on, of what is written or spoken. */
void twilio_verify_start(struct twilio_rest *rest, const char *phone, enum verify_channel channel,
                         const char *language, verify_answer_fn *on_answer, void *arg,
                         struct op **slot);
/* A code that cannot be one (its length, anything but digits) is wrong without Twilio being asked.
 */
void twilio_verify_check(struct twilio_rest *rest, const char *phone, const char *code,
                         verify_answer_fn *on_answer, void *arg, struct op **slot);
