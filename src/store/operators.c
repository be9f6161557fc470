/* store/operators.c: operators of the installation. */
#include "store/operators.h"

#include "store/store_private.h"

void operators_add(struct db *db, const char *phone, const char *actor, db_end_fn *on_end,
                   void *arg, struct op **slot)
{
    static const char sql[] = "INSERT INTO operators (phone, added_by) VALUES ($1, $2)";
    const struct db_value values[] = {db_text(phone), db_text(actor)};
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db, &(struct db_unit){.statements = &statement, .count = 1}, NULL, on_end, arg,
                slot);
}

void operators_remove(struct db *db, const char *phone, db_end_fn *on_end, void *arg,
                      struct op **slot)
{
    static const char sql[] = "DELETE FROM operators WHERE phone = $1 RETURNING phone";
    const struct db_value values[] = {db_text(phone)};
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db, &(struct db_unit){.statements = &statement, .count = 1}, store_any_row, on_end,
                arg, slot);
}

struct list_context {
    struct arena *arena;
    operators_fn *on_operators;
    void *arg;
};

static void on_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct list_context *context = arg;
    size_t count = err ? 0 : db_row_count(rows);
    struct operator* operators = arena_alloc(context->arena, (count + 1) * sizeof(*operators));
    for (size_t i = 0; i < count; i++)
        operators[i] = (struct operator){
            .phone = db_get_text(rows, i, 0, context->arena),
            .added_by = db_get_text(rows, i, 1, context->arena),
            .added_at_ms = db_get_int(rows, i, 2),
        };
    context->on_operators(err, operators, count, context->arg);
}

void operators_list(struct db *db, struct arena *arena, operators_fn *on_operators, void *arg,
                    struct op **slot)
{
    static const char sql[] =
        "SELECT phone, added_by, " DB_MS("added_at") " FROM operators ORDER BY phone LIMIT $1";
    const struct db_value values[] = {db_int(OPERATORS_MAX)};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct list_context context = {arena, on_operators, arg};
    db_run(db, &(struct db_unit){{{0}}, &statement, 1, &context, sizeof(context)}, on_rows, NULL,
           slot);
}
