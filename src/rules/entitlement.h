/* rules/entitlement.h: what may happen with a call to this tenant? One decision, made once, with an
 * outcome for every state. Pure.
 *
 *   active, trial, grace          full       Karen talks as the tenant set her up
 *   trial over, over the limit    message    Karen takes a message without a model, and says
 *   suspended, unpaid             message    nothing of why
 *   too many calls at once        voicemail  the carrier records
 *   database away                 voicemail  nobody can be asked; the carrier keeps the message
 *   cancelled, unknown number     refuse     nobody would ever read a message
 *
 * A message is never lost to an unpaid bill, and a caller is never told about one. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { ENTITLEMENT_GRACE_DAYS = 14 }; /* so long an unpaid bill changes nothing */

enum standing { STANDING_UNKNOWN, STANDING_ACTIVE, STANDING_SUSPENDED, STANDING_CANCELLED };

struct entitlement_facts {
    bool database_away; /* then nothing else here is known */
    enum standing standing;
    bool trial;
    int64_t now_ms;                 /* Unix time, as the others */
    int64_t trial_ends_ms;          /* 0: it does not end */
    int64_t unpaid_since_ms;        /* 0: all is paid */
    int64_t grace_ms;               /* how long an unpaid bill changes nothing */
    int64_t used, limit;            /* of the period, in whatever unit both are; limit 0: none */
    int live_calls, live_calls_max; /* of this tenant, now; max 0: no limit */
};
enum service { SERVICE_FULL, SERVICE_MESSAGE, SERVICE_VOICEMAIL, SERVICE_REFUSE };
enum entitlement_reason {
    ENTITLED_ACTIVE,
    ENTITLED_TRIAL,
    ENTITLED_GRACE,
    LIMITED_TRIAL_OVER,
    LIMITED_OVER_LIMIT,
    LIMITED_UNPAID,
    LIMITED_SUSPENDED,
    LIMITED_CROWDED,
    LIMITED_DATABASE_AWAY,
    DENIED_CANCELLED,
    DENIED_UNKNOWN,
};
struct entitlement {
    enum service service;
    enum entitlement_reason reason;
};
struct entitlement entitlement_decide(const struct entitlement_facts *facts);
const char *service_name(enum service service); /* "full", "message" ... */
enum service service_of(struct str name);       /* SERVICE_REFUSE: none of them */
const char *entitlement_reason_name(enum entitlement_reason reason); /* "active", "trial_over" */
