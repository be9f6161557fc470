/* store/inbox_call.c: one call opened, and calls changed by people. */
#include "store/inbox.h"

#include "base/mem.h"
#include "store/inbox_private.h"
#include "store/store_private.h"

#include <assert.h>
#include <errno.h>

/* ---- all there is of one -------------------------------------------------------------------- */

/* Rows of a table that are of the call, as a list. */
#define LIST(columns, table, order)                                                                \
    ", (SELECT coalesce(json_agg(item), '[]') FROM (SELECT " columns " FROM " table " o"           \
    "  WHERE o.tenant_id = d.tenant_id AND o.call_id = d.id ORDER BY " order ") AS item) AS "
#define MESSAGES                                                                                   \
    LIST("caller_name, company, callback_number, reason, urgent, json_time(taken_at) AS taken_at", \
         "call_messages", "o.taken_at, tool_call_id")                                              \
    "messages"
#define TURNS LIST(TURN_COLUMNS, "call_turns", "seq") "turns"
#define EVENTS                                                                                     \
    LIST("json_time(at) AS at, kind, detail", "call_events", "o.at, id LIMIT 1000") "events"
#define USAGE                                                                                      \
    LIST("kind, provider, model, quantity, cost_micro", "usage_ledger", "o.at, key") "usage"

const char inbox_get_sql[] =
    "SELECT row_to_json(call) FROM (SELECT " INBOX_ROW ", i.summary, i.note, d.status,"
    " d.ended_reason, d.carrier, d.call_sid, d.to_number, d.forwarded_from, d.ended_at,"
    " d.viewed_at, d.viewed_by, d.resolved_at, d.resolved_by, d.deleted_by, d.erased_at,"
    " d.screening, d.correction, d.cost_micro" MESSAGES TURNS EVENTS USAGE
    " FROM inbox_rows i JOIN inbox_details d ON d.tenant_id = i.tenant_id AND d.id = i.id"
    " WHERE i.tenant_id = $1 AND i.id = $2) AS call";

void inbox_get(struct db *db, struct uuid tenant, struct uuid call, db_json_fn *on_json, void *arg,
               struct op **slot)
{
    const struct db_value values[] = {db_uuid(tenant), db_uuid(call)};
    store_json_query(db, tenant, inbox_get_sql, values, countof(values), on_json, arg, slot);
}

/* ---- changes -------------------------------------------------------------------------------- */

static const char change_sql[] =
    "SELECT json_build_object('changed', changed, 'not_found', to_json(missing))"
    " FROM change_calls($1::uuid, $2::uuid[], $3::jsonb, $4::bigint, $5::uuid, $6::text)";

/* {id,id}: an array as PostgreSQL reads it. */
static void print_ids(const struct inbox_change *change, struct buf *out)
{
    assert(change->count > 0 && change->count <= INBOX_IDS_MAX);
    for (size_t i = 0; i < change->count; i++) {
        char id[UUID_TEXT_BYTES];
        uuid_print(change->calls[i], id);
        buf_printf(out, "%c%s", i ? ',' : '{', id);
    }
    buf_putc(out, '}');
}

/* Of one call the answer is the call as a second statement finds it. */
static void run(struct db *db, const struct inbox_change *change, size_t statements,
                db_json_fn *on_json, void *arg, struct op **slot)
{
    struct buf ids = {0};
    print_ids(change, &ids);
    const struct db_value values[] = {db_uuid(change->tenant), db_str(buf_str(&ids)),
                                      db_text(change->json),   db_int(change->if_version),
                                      db_uuid(change->user),   db_text(change->actor)};
    const struct db_value call[] = {db_uuid(change->tenant), db_uuid(change->calls[0])};
    const struct db_statement list[] = {{change_sql, values, countof(values)},
                                        {inbox_get_sql, call, countof(call)}};
    store_json(db,
               &(struct db_unit){.tenant = change->tenant, .statements = list, .count = statements},
               on_json, arg, slot);
    buf_free(&ids);
}

void inbox_change(struct db *db, const struct inbox_change *change, db_json_fn *on_json, void *arg,
                  struct op **slot)
{
    run(db, change, 2, on_json, arg, slot);
}

void inbox_change_many(struct db *db, const struct inbox_change *change, db_json_fn *on_json,
                       void *arg, struct op **slot)
{
    run(db, change, 1, on_json, arg, slot);
}
