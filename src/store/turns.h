/* store/turns.h: what was said in a call, line by line as it was settled. */
#pragma once
#include "call/core.h"
#include "store/db.h"

enum { TURNS_BATCH_MAX = CALL_TURNS_MAX };

/* Keyed by call and seq: a line saved again replaces what it was, so repeating is harmless. The
 * snapshot (empty: keep the old one) is for taking the call up again and goes when it ends.
 * All is copied. ENOENT: no such call of this tenant. */
void turns_save(struct db *db, struct uuid tenant, struct uuid call, const struct call_line *lines,
                size_t count, struct str snapshot, db_end_fn *on_end, void *arg, struct op **slot);

typedef void turns_fn(int err, const struct call_line *lines, size_t count, void *arg);
void turns_list(struct db *db, struct uuid tenant, struct uuid call, struct arena *arena,
                turns_fn *on_turns, void *arg, struct op **slot);
