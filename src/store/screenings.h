/* store/screenings.h: what a finished call was: what the model is asked, and what came out. */
#pragma once
#include "rules/screening.h"
#include "store/db.h"
#include "store/outbox.h"

/* The question's facts: transcript of what was said and heard, language, owner. In the arena. */
typedef void screening_input_fn(int err, const struct screening_input *input, void *arg);
void screenings_input(struct db *db, struct uuid tenant, struct uuid call, struct arena *arena,
                      screening_input_fn *on_input, void *arg, struct op **slot); /* ENOENT */

struct screening_record {
    struct uuid tenant, call;
    struct screening screening;
    const char *model; /* who answered; "script" when no model did */
};
/* Stores it (again: replaces it) and, in the same transaction, ends the job it answers; job may be
 * NULL. ESTALE: the job was somebody else's by now, nothing is stored. ENOENT: no such call. */
void screenings_put(struct db *db, const struct screening_record *record,
                    const struct outbox_job *job, db_end_fn *on_end, void *arg, struct op **slot);

typedef void screening_fn(int err, const struct screening_record *record, void *arg); /* ENOENT */
void screenings_get(struct db *db, struct uuid tenant, struct uuid call, struct arena *arena,
                    screening_fn *on_screening, void *arg, struct op **slot);
