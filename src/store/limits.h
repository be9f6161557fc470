/* store/limits.h: how often something may be done, counted in the database, so that it holds for
 * all workers and machines together: codes by SMS, attempts to guess one, whatever costs money.
 * What is only about load is base/tally's.
 *
 * A window begins with its first time and ends `seconds` later; in it, `most` times go through. */
#pragma once
#include "store/db.h"

enum { LIMITS_MAX = 8, LIMIT_SUBJECT_BYTES_MAX = 100 };

struct limit {
    const char *kind;    /* "code_phone_day": small letters and _ */
    const char *subject; /* who or what: a number, an address; NULL: everybody together */
    int64_t seconds, most;
};
struct limit_verdict {
    struct str refused; /* the kind that is at its end; empty: it may be done, and was counted */
    int64_t wait_s;     /* refused: until it may be tried again, at least 1 */
    int64_t spare;      /* not refused: how many more times before the first of them refuses */
};
typedef void limit_fn(int err, const struct limit_verdict *verdict, void *arg);
/* Counts one of each, or none when one refuses. At most LIMITS_MAX. */
void limits_take(struct db *db, const struct limit *limits, size_t count, limit_fn *on_verdict,
                 void *arg, struct op **slot);
/* It went well: what was counted does not count any more. Nobody waits for it. */
void limits_forget(struct db *db, const char *kind, const char *subject);
