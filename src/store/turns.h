/* store/turns.h: what was said in a call, line by line as it was settled. */
#pragma once
#include "store/calls.h"

enum { TURNS_BATCH_MAX = CALL_TURNS_MAX };

/* Where a call is at: what it can be taken up again from, and what it has used so far, which is
 * booked when no line is there to write its end. It goes when the call ends. */
struct turns_snapshot {
    struct str state; /* empty: keep the old one, usage too */
    const struct usage_item *usage;
    size_t usage_count;
};

/* Keyed by call and seq: a line saved again replaces what it was, so repeating is harmless. All is
 * copied. ENOENT: no such call of this tenant. */
void turns_save(struct db *db, struct uuid tenant, struct uuid call, const struct call_line *lines,
                size_t count, const struct turns_snapshot *snapshot, db_end_fn *on_end, void *arg,
                struct op **slot);

typedef void turns_fn(int err, const struct call_line *lines, size_t count, void *arg);
void turns_list(struct db *db, struct uuid tenant, struct uuid call, struct arena *arena,
                turns_fn *on_turns, void *arg, struct op **slot);
