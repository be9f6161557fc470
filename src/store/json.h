/* store/json.h: answers that PostgreSQL builds as JSON and the API passes on, so that a field
 * travels through two files: the query and the contract. */
#pragma once
#include "store/db.h"

/* json: borrowed until the callback returns; empty when err. */
typedef void db_json_fn(int err, struct str json, void *arg);

/* A unit whose last statement gives one row, its first column being the JSON text. ENOENT: no row.
 * A second column, where there is one, is an error in our words as an errno value (0: none), for
 * statements that find out by themselves what is wrong: ESTALE, EBUSY, EDQUOT ... */
void store_json(struct db *db, const struct db_unit *unit, db_json_fn *on_json, void *arg,
                struct op **slot);
/* ... of one statement of a tenant. */
void store_json_query(struct db *db, struct uuid tenant, const char *sql,
                      const struct db_value *values, size_t count, db_json_fn *on_json, void *arg,
                      struct op **slot);
/* What was found wrong before PostgreSQL was asked still comes to the callback later, as all does.
 */
void store_json_refuse(struct db *db, int err, db_json_fn *on_json, void *arg, struct op **slot);
