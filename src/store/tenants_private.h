/* store/tenants_private.h: statements that change a tenant, for its people and for operators. Their
 * values: $1 tenant, $2 the changes as JSON, in which a key that is absent keeps its value and null
 * clears it. */
#pragma once

#define KEPT_OR(column, changed)                                                                   \
    column " = CASE WHEN $2::jsonb ? '" column "' THEN " changed " ELSE t." column " END"
#define KEPT_OR_CAST(column, type) KEPT_OR(column, "($2::jsonb ->> '" column "')::" type)
#define KEPT_OR_TEXT(column) KEPT_OR(column, "$2::jsonb ->> '" column "'")

/* clang-format off */
#define OPERATORS_COLUMNS                                                                          \
    KEPT_OR_TEXT("plan") ", "                                                                      \
    KEPT_OR_TEXT("status") ", "                                                                    \
    KEPT_OR_TEXT("suspended_reason") ", "                                                          \
    KEPT_OR_CAST("trial_ends_at", "timestamptz") ", "                                              \
    KEPT_OR_CAST("unpaid_since", "timestamptz") ", "                                               \
    KEPT_OR_CAST("usage_anchor", "timestamptz") ", "                                               \
    KEPT_OR_CAST("limit_calls", "integer") ", "                                                    \
    KEPT_OR_CAST("limit_members", "integer") ", "                                                  \
    KEPT_OR_CAST("limit_numbers", "integer")
/* An operator of the API sees no more of a tenant than these columns. */
#define OPERATORS_OLD                                                                              \
    "jsonb_build_object('plan', old.plan, 'status', old.status, 'suspended_reason',"               \
    " old.suspended_reason, 'trial_ends_at', old.trial_ends_at, 'unpaid_since', old.unpaid_since," \
    " 'usage_anchor', old.usage_anchor, 'limit_calls', old.limit_calls, 'limit_members',"          \
    " old.limit_members, 'limit_numbers', old.limit_numbers)"
#define OPERATORS_NAMES                                                                            \
    "id, plan, status, suspended_reason, trial_ends_at, unpaid_since, usage_anchor, limit_calls,"  \
    " limit_members, limit_numbers"
/* clang-format on */
