/* store/outbox.h: work that must be done once what it is about is true: a durable queue beside the
 * data, written in the same transaction. Doing the work is the jobs'.
 *
 *   pending --claim--> leased --outbox_done--> done
 *      ^                 |--outbox_retry--> pending, later each time; dead after
 * OUTBOX_ATTEMPTS_MAX
 *      '-----------------'  lease over: whoever had it has died; dead after OUTBOX_ATTEMPTS_MAX */
#pragma once
#include "store/db.h"

enum {
    OUTBOX_ATTEMPTS_MAX = 12, /* about a day and a half */
    OUTBOX_CLAIM_MAX = 32,
    OUTBOX_BACKOFF_MS_MIN = 2000,
    OUTBOX_BACKOFF_MS_MAX = 6 * 3600 * 1000,
};
#define OUTBOX_SCREENING "screening"

struct outbox_job {
    struct uuid tenant, id, lease;
    struct uuid call;   /* nil: it is about no call */
    struct str payload; /* JSON */
    int64_t attempts;   /* this one included */
};
typedef void outbox_jobs_fn(int err, const struct outbox_job *jobs, size_t count, void *arg);

/* At most `limit` due jobs of the kind, ours until the lease is over. In the arena. */
void outbox_claim(struct db *db, const char *kind, int limit, int64_t lease_s, struct arena *arena,
                  outbox_jobs_fn *on_jobs, void *arg, struct op **slot);
/* ESTALE: the lease was over and the job is somebody else's now. */
void outbox_done(struct db *db, const struct outbox_job *job, db_end_fn *on_end, void *arg,
                 struct op **slot);
/* error: one line for the operator, without words or numbers of the call. not_before_ms: what the
 * provider asked for; -1: our own backoff with jitter, as when it is shorter. */
void outbox_retry(struct db *db, const struct outbox_job *job, const char *error,
                  int64_t not_before_ms, db_end_fn *on_end, void *arg, struct op **slot);

/* fn: there may be something to claim. Polling every few seconds beside it is still needed, for
 * what was put off. */
void outbox_listen(struct db *db, db_notify_fn *fn, void *arg);

struct outbox_counts {
    int64_t pending, dead, oldest_s; /* oldest_s: since the oldest pending one was due; 0: none */
};
typedef void outbox_counts_fn(int err, const struct outbox_counts *counts, void *arg);
void outbox_count(struct db *db, outbox_counts_fn *on_counts, void *arg, struct op **slot);
