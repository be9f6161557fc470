/* store/operators.h: those who run the installation, by phone. The operator's own commands only: on
 * a db without DB_ROLE_APP. */
#pragma once
#include "store/db.h"

enum { OPERATORS_MAX = 1000 };

struct operator
{
    const char *phone; /* E.164 */
    const char *added_by;
    int64_t added_at_ms;
};
typedef void operators_fn(int err, const struct operator* operators, size_t count, void *arg);

void operators_add(struct db *db, const char *phone, const char *actor, db_end_fn *on_end,
                   void *arg, struct op **slot); /* EEXIST */
void operators_remove(struct db *db, const char *phone, db_end_fn *on_end, void *arg,
                      struct op **slot); /* ENOENT */
void operators_list(struct db *db, struct arena *arena, operators_fn *on_operators, void *arg,
                    struct op **slot);
