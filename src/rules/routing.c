/* rules/routing.c: the steps, in their order. */
#include "rules/routing.h"

struct routing routing_decide(const struct routing_facts *facts)
{
    if (!uuid_is_nil(facts->dialled))
        return (struct routing){ROUTED_BY_NUMBER, facts->dialled};
    if (!uuid_is_nil(facts->forwarding))
        return (struct routing){ROUTED_BY_FORWARDING, facts->forwarding};
    if (!uuid_is_nil(facts->owner))
        return (struct routing){ROUTED_BY_OWNER, facts->owner};
    if (!uuid_is_nil(facts->coded))
        return (struct routing){ROUTED_BY_CODE, facts->coded};
    if (facts->shared)
        return (struct routing){.reason = ROUTED_ASK_CODE};
    if (!uuid_is_nil(facts->operators))
        return (struct routing){ROUTED_TO_DEFAULT, facts->operators};
    return (struct routing){.reason = ROUTED_NOWHERE};
}

const char *routing_reason_name(enum routing_reason reason)
{
    static const char *const names[] = {
        [ROUTED_BY_NUMBER] = "number",  [ROUTED_BY_FORWARDING] = "forwarding",
        [ROUTED_BY_OWNER] = "owner",    [ROUTED_BY_CODE] = "code",
        [ROUTED_ASK_CODE] = "ask_code", [ROUTED_TO_DEFAULT] = "default",
        [ROUTED_NOWHERE] = "nowhere",
    };
    return names[reason];
}
