/* store/json.c: one JSON text out of a unit. */
#include "store/json.h"

#include <errno.h>

struct json_context {
    db_json_fn *on_json;
    void *arg;
};

static void on_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct json_context *context = arg;
    struct str json = {0};
    if (!err && db_row_count(rows) == 0)
        err = ENOENT;
    if (!err && db_column_count(rows) > 1)
        err = (int)db_get_int(rows, 0, 1);
    if (!err && db_is_null(rows, 0, 0))
        err = ENOENT;
    if (!err)
        json = db_get_str(rows, 0, 0);
    context->on_json(err, json, context->arg);
}

void store_json(struct db *db, const struct db_unit *unit, db_json_fn *on_json, void *arg,
                struct op **slot)
{
    const struct json_context context = {on_json, arg};
    struct db_unit whole = *unit;
    whole.context = &context;
    whole.context_bytes = sizeof(context);
    db_run(db, &whole, on_rows, NULL, slot);
}

void store_json_query(struct db *db, struct uuid tenant, const char *sql,
                      const struct db_value *values, size_t count, db_json_fn *on_json, void *arg,
                      struct op **slot)
{
    const struct db_statement statement = {sql, values, count};
    store_json(db, &(struct db_unit){.tenant = tenant, .statements = &statement, .count = 1},
               on_json, arg, slot);
}

void store_json_refuse(struct db *db, int err, db_json_fn *on_json, void *arg, struct op **slot)
{
    const struct json_context context = {on_json, arg};
    db_fail(db, err, &(struct db_unit){.context = &context, .context_bytes = sizeof(context)},
            on_rows, NULL, slot);
}
