/* rules/entitlement.c: the decision, the strongest reason first. */
#include "rules/entitlement.h"

static bool is_unpaid_too_long(const struct entitlement_facts *facts)
{
    return facts->unpaid_since_ms && facts->now_ms - facts->unpaid_since_ms > facts->grace_ms;
}

static bool is_trial_over(const struct entitlement_facts *facts)
{
    return facts->trial && facts->trial_ends_ms && facts->now_ms >= facts->trial_ends_ms;
}

static bool is_crowded(const struct entitlement_facts *facts)
{
    return facts->live_calls_max && facts->live_calls >= facts->live_calls_max;
}

static enum entitlement_reason reason_when_active(const struct entitlement_facts *facts)
{
    if (is_crowded(facts))
        return LIMITED_CROWDED;
    if (is_unpaid_too_long(facts))
        return LIMITED_UNPAID;
    if (is_trial_over(facts))
        return LIMITED_TRIAL_OVER;
    if (facts->limit && facts->used >= facts->limit)
        return LIMITED_OVER_LIMIT;
    if (facts->unpaid_since_ms)
        return ENTITLED_GRACE;
    return facts->trial ? ENTITLED_TRIAL : ENTITLED_ACTIVE;
}

static enum entitlement_reason reason_of(const struct entitlement_facts *facts)
{
    if (facts->database_away)
        return LIMITED_DATABASE_AWAY;
    switch (facts->standing) {
    case STANDING_UNKNOWN: return DENIED_UNKNOWN;
    case STANDING_CANCELLED: return DENIED_CANCELLED;
    case STANDING_SUSPENDED: return is_crowded(facts) ? LIMITED_CROWDED : LIMITED_SUSPENDED;
    case STANDING_ACTIVE: break;
    }
    return reason_when_active(facts);
}

struct row {
    enum service service;
    const char *name;
};
static const struct row rows[] = {
    [ENTITLED_ACTIVE] = {SERVICE_FULL, "active"},
    [ENTITLED_TRIAL] = {SERVICE_FULL, "trial"},
    [ENTITLED_GRACE] = {SERVICE_FULL, "grace"},
    [LIMITED_TRIAL_OVER] = {SERVICE_MESSAGE, "trial_over"},
    [LIMITED_OVER_LIMIT] = {SERVICE_MESSAGE, "over_limit"},
    [LIMITED_UNPAID] = {SERVICE_MESSAGE, "unpaid"},
    [LIMITED_SUSPENDED] = {SERVICE_MESSAGE, "suspended"},
    [LIMITED_CROWDED] = {SERVICE_VOICEMAIL, "crowded"},
    [LIMITED_DATABASE_AWAY] = {SERVICE_VOICEMAIL, "database_away"},
    [DENIED_CANCELLED] = {SERVICE_REFUSE, "cancelled"},
    [DENIED_UNKNOWN] = {SERVICE_REFUSE, "unknown"},
};

struct entitlement entitlement_decide(const struct entitlement_facts *facts)
{
    enum entitlement_reason reason = reason_of(facts);
    return (struct entitlement){rows[reason].service, reason};
}

const char *entitlement_reason_name(enum entitlement_reason reason)
{
    return rows[reason].name;
}

static const char *const service_names[] = {
    [SERVICE_FULL] = "full",
    [SERVICE_MESSAGE] = "message",
    [SERVICE_VOICEMAIL] = "voicemail",
    [SERVICE_REFUSE] = "refuse",
};

const char *service_name(enum service service)
{
    return service_names[service];
}

enum service service_of(struct str name)
{
    for (enum service service = SERVICE_FULL; service < SERVICE_REFUSE; service++)
        if (str_is(name, service_names[service]))
            return service;
    return SERVICE_REFUSE;
}
