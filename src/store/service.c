/* store/service.c: rows to the facts of a decision. */
#include "store/service.h"

#include "store/store_private.h"

static enum standing standing_of(enum tenant_status status)
{
    switch (status) {
    case TENANT_ACTIVE: return STANDING_ACTIVE;
    case TENANT_SUSPENDED: return STANDING_SUSPENDED;
    case TENANT_CANCELLED: return STANDING_CANCELLED;
    case TENANT_STATUS_COUNT: break;
    }
    return STANDING_UNKNOWN;
}

struct entitlement tenant_entitlement(const struct tenant *tenant, const struct tenant_usage *usage,
                                      int64_t live_calls, int64_t live_calls_max)
{
    const struct entitlement_facts facts = {
        .standing = standing_of(tenant->status),
        .trial = tenant->plan == PLAN_TRIAL,
        .now_ms = wall_now_ms(),
        .trial_ends_ms = tenant->trial_ends_ms,
        .unpaid_since_ms = tenant->unpaid_since_ms,
        .grace_ms = ENTITLEMENT_GRACE_DAYS * 86400000LL,
        .used = usage->calls,
        .limit = usage->calls_max,
        .live_calls = (int)live_calls,
        .live_calls_max = (int)live_calls_max,
    };
    return entitlement_decide(&facts);
}

void usage_row(const struct db_rows *rows, size_t row, size_t column, struct tenant_usage *out)
{
    *out = (struct tenant_usage){.calls = db_get_int(rows, row, column),
                                 .calls_max = db_get_int(rows, row, column + 1),
                                 .starts_ms = db_get_int(rows, row, column + 2),
                                 .ends_ms = db_get_int(rows, row, column + 3)};
}
