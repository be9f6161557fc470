/* store/privacy.h: erasure: of what is older than its tenant wants it kept, of what was thrown
 * away, of one caller, of a tenant whose days of grace are over; and of recordings that lie with
 * the carrier. Each step is bounded, done by whichever worker comes, and harmless when it is done
 * again. */
#pragma once
#include "store/json.h"

enum {
    PRIVACY_STEP_ROWS = 500,
    PRIVACY_RECORDINGS_MAX = 8, /* claimed at once */
    RECORDING_SID_BYTES = 35,
};

/* done: something was looked at, so there may be more; rows: erased in this step. */
typedef void privacy_step_fn(int err, bool done, int64_t rows, void *arg);
/* Of one tenant that is due, by its retention settings. */
void privacy_erase_old(struct db *db, privacy_step_fn *on_step, void *arg, struct op **slot);
/* Of calls that were thrown away longer ago than they can be taken back. */
void privacy_erase_deleted(struct db *db, privacy_step_fn *on_step, void *arg, struct op **slot);
/* Of one cancelled tenant; its numbers go into quarantine, a receipt stays. */
void privacy_erase_tenant(struct db *db, privacy_step_fn *on_step, void *arg, struct op **slot);
/* Exports that are too old, jobs that are long done. */
void privacy_sweep(struct db *db, db_end_fn *on_end, void *arg, struct op **slot);

struct recording_erasure {
    char sid[RECORDING_SID_BYTES];
    int64_t attempts;
};
typedef void recordings_fn(int err, const struct recording_erasure *list, size_t count, void *arg);
/* Ours until the lease is over. */
void privacy_claim_recordings(struct db *db, int64_t lease_s, recordings_fn *on_recordings,
                              void *arg, struct op **slot);
/* why: in words, to be tried again; NULL: it is gone. */
void privacy_end_recording(struct db *db, const char *sid, const char *why, db_end_fn *on_end,
                           void *arg, struct op **slot);

/* One step of erasing a caller; again with the same receipt while there is more. json: the receipt
 * so far. */
typedef void erase_caller_fn(int err, struct str json, bool more, void *arg);
void privacy_erase_caller(struct db *db, struct uuid tenant, struct uuid receipt, const char *phone,
                          const char *actor, erase_caller_fn *on_step, void *arg, struct op **slot);
/* Receipts of all tenants, newest first; on a db with DB_ROLE_OPERATOR. */
void privacy_list_receipts(struct db *db, const char *cursor, int64_t limit, db_json_fn *on_json,
                           void *arg, struct op **slot);
