/* store/analytics.h: a tenant's calls in figures: what came in, what became of it, how long callers
 * waited, what was promised and kept, and what it saved. JSON by the contract's schema Analytics.
 */
#pragma once
#include "store/json.h"

enum {
    ANALYTICS_DAYS = 30,      /* of the period, when nobody says how many */
    ANALYTICS_DAYS_MAX = 366, /* the one before it is as long */
    /* What a call takes of an owner who picks up himself: to get rid of somebody and find back to
     * work; to hear what it is about and write it down. The answer says them, too. */
    ANALYTICS_FILTERED_SECONDS = 60,
    ANALYTICS_NOTED_SECONDS = 120,
};

/* from, to: days where the tenant is, "2026-11-28", both of the period; NULL: ANALYTICS_DAYS, up to
 * today. A call belongs to the day and hour at which it began there; those thrown away are nowhere.
 * EINVAL: from is after to; ERANGE: more than ANALYTICS_DAYS_MAX. */
void analytics_get(struct db *db, struct uuid tenant, const char *from, const char *to,
                   db_json_fn *on_json, void *arg, struct op **slot);
extern const char analytics_sql[]; /* $1 to $9: see analytics_get() */
