/* store/service.h: what a tenant is entitled to now: what its row, its plan and its use say, put
 * before the one decision of rules/entitlement.h. The carrier's door and the API both ask here. */
#pragma once
#include "rules/entitlement.h"
#include "store/tenants.h"

/* Of the month of use that runs: the calendar's where the tenant is, or counted from its anchor. A
 * call counts when Karen talked in full for ten seconds or more and did not find it to be spam or
 * fraud; deleting it later changes nothing. */
struct tenant_usage {
    int64_t calls, calls_max; /* max 0: no limit */
    int64_t starts_ms, ends_ms;
};

/* live_calls_max: of one tenant on this installation; 0: no limit. */
struct entitlement tenant_entitlement(const struct tenant *tenant, const struct tenant_usage *usage,
                                      int64_t live_calls, int64_t live_calls_max);
