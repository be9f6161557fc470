/* store/workload.h: what goes on over all tenants, as an operator sees it: calls that run, jobs
 * that wait or have failed for good. On a db with DB_ROLE_OPERATOR: ids and numbers, no words. */
#pragma once
#include "store/json.h"

enum { WORKLOAD_CALLS_MAX = 200 };

/* capacity: of calls at once, of this machine. */
void workload_overview(struct db *db, int64_t capacity, db_json_fn *on_json, void *arg,
                       struct op **slot);
/* The calls in progress, oldest first; no more than WORKLOAD_CALLS_MAX of them. */
void workload_calls(struct db *db, int64_t capacity, db_json_fn *on_json, void *arg,
                    struct op **slot);

struct job_filter {
    const char *status; /* "pending", "dead"; NULL: both */
    const char *kind;
    const char *cursor;
    int64_t limit;
};
void workload_jobs(struct db *db, const struct job_filter *filter, db_json_fn *on_json, void *arg,
                   struct op **slot);
/* A dead job gets its tries once more. ENOENT: no such job; EBUSY: it is not dead. */
void workload_retry(struct db *db, struct uuid job, const char *actor, db_json_fn *on_json,
                    void *arg, struct op **slot);
