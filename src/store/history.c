/* store/history.c: the list of calls. */
#include "store/history.h"

#include "store/store_private.h"

struct list_context {
    struct arena *arena;
    history_fn *on_history;
    void *arg;
};

enum { AFTER_CALL = CALL_COLUMN_COUNT }; /* tenant's name, screened, then the screening's columns */

static void entry_row(const struct db_rows *rows, size_t row, struct arena *arena,
                      struct history_entry *entry)
{
    call_row(rows, row, 0, arena, &entry->call);
    entry->tenant_name = db_get_text(rows, row, AFTER_CALL, arena);
    entry->screened = db_get_bool(rows, row, AFTER_CALL + 1);
    if (entry->screened)
        screening_row(rows, row, AFTER_CALL + 2, &entry->screening);
}

static void on_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct list_context *context = arg;
    size_t count = err ? 0 : db_row_count(rows);
    struct history_entry *entries = arena_alloc(context->arena, (count + 1) * sizeof(*entries));
    for (size_t i = 0; i < count; i++)
        entry_row(rows, i, context->arena, &entries[i]);
    context->on_history(err, entries, count, context->arg);
}

void history_list(struct db *db, const struct history_query *query, struct arena *arena,
                  history_fn *on_history, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT " CALL_COLUMNS ", t.name, s.call_id IS NOT NULL, " SCREENING_COLUMNS
        " FROM calls c JOIN tenants t ON t.id = c.tenant_id"
        " LEFT JOIN call_screenings s ON s.tenant_id = c.tenant_id AND s.call_id = c.id"
        " WHERE ($1::uuid IS NULL OR c.tenant_id = $1) AND ($2::uuid IS NULL OR c.id = $2)"
        " AND c.started_at >= $3 ORDER BY c.started_at DESC, c.id DESC LIMIT $4";
    const struct db_value values[] = {db_uuid(query->tenant), db_uuid(query->call),
                                      db_time(query->started_after_ms), db_int(query->limit)};
    const struct db_statement statement = {.sql = sql, .values = values, .count = countof(values)};
    const struct list_context context = {arena, on_history, arg};
    db_run(db, &(struct db_unit){query->tenant, &statement, 1, &context, sizeof(context)}, on_rows,
           NULL, slot);
}
