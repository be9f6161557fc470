/* store/rehearsals.h: an owner's texts tried on callers who are none: asked for, carried out
 * scenario by scenario, and what came of each. Carrying out is app/rehearser's.
 *
 *   queued --rehearsals_begin--> running --rehearsals_end--> done
 *      |                            |------rehearsals_end--> failed (tried in vain too often)
 *      '----rehearsals_cancel-------'----------------------> cancelled
 *
 * A tenant has one at a time; the newest REHEARSALS_KEPT are kept. */
#pragma once
#include "store/json.h"
#include "store/outbox.h"
#include "store/tenants.h"

#define OUTBOX_REHEARSAL "rehearsal"
enum {
    REHEARSALS_A_DAY_MAX = 20,
    REHEARSALS_KEPT = 50,
    REHEARSALS_LIST_MAX = 200,
    REHEARSAL_SCENARIOS_MAX = 20,
    REHEARSAL_LEASE_S = 180, /* renewed with each result; longer than one scenario takes */
};

struct rehearsal_draft {
    /* Each is the tenant's own unless it is given; a text that is given may be NULL: none. */
    const char *language; /* NULL: not given */
    bool has_prompt, has_greeting;
    const char *system_prompt, *greeting_text;
    struct str scenarios; /* a JSON array of their ids */
    const char *actor;
};
/* EEXIST: one is under way; EDQUOT: REHEARSALS_A_DAY_MAX were asked for within a day. */
void rehearsals_add(struct db *db, struct uuid tenant, const struct rehearsal_draft *draft,
                    db_json_fn *on_json, void *arg, struct op **slot);
/* EINVAL: not a cursor. */
void rehearsals_list(struct db *db, struct uuid tenant, const char *cursor, int64_t limit,
                     db_json_fn *on_json, void *arg, struct op **slot);
/* With its texts, results and transcripts. ENOENT. */
void rehearsals_show(struct db *db, struct uuid tenant, struct uuid rehearsal, db_json_fn *on_json,
                     void *arg, struct op **slot);
/* ENOENT; EBUSY: it is over. */
void rehearsals_cancel(struct db *db, struct uuid tenant, struct uuid rehearsal, const char *actor,
                       db_end_fn *on_end, void *arg, struct op **slot);

/* ---- carried out ----------------------------------------------------------------------------- */

struct rehearsal_task {
    struct tenant tenant;         /* as it is, but for the texts that are tried */
    const char *const *scenarios; /* those that have no result yet */
    size_t count;
};
typedef void rehearsal_task_fn(int err, const struct rehearsal_task *task, void *arg);
/* Begins, or goes on where another worker has left it. In the arena. ENOENT: nobody wants it. */
void rehearsals_begin(struct db *db, struct uuid tenant, struct uuid rehearsal, struct arena *arena,
                      rehearsal_task_fn *on_task, void *arg, struct op **slot);

struct rehearsal_result {
    struct uuid rehearsal;
    const char *scenario;
    const char *status;            /* "passed", "failed", "error" */
    const char *error;             /* why it is one, a word; else NULL */
    struct str checks, transcript; /* JSON */
    int64_t took_ms;
};
/* Renews the lease. ESTALE: it was cancelled, or the job is somebody else's by now. */
void rehearsals_put(struct db *db, const struct outbox_job *job,
                    const struct rehearsal_result *result, db_end_fn *on_end, void *arg,
                    struct op **slot);
/* The job is done with it. */
void rehearsals_end(struct db *db, const struct outbox_job *job, struct uuid rehearsal, bool failed,
                    db_end_fn *on_end, void *arg, struct op **slot);
