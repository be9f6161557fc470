/* store/inbox_call.c: one call opened, and calls changed by people. */
#include "store/inbox.h"

#include "base/mem.h"
#include "store/inbox_private.h"
#include "store/store_private.h"

#include <assert.h>
#include <errno.h>

#define EVENTS_MAX "1000" /* of one call that are told */

/* ---- all there is of one -------------------------------------------------------------------- */

/* Rows of a table that are of the call, as a list. */
#define LIST(columns, table, order)                                                                \
    "(SELECT coalesce(json_agg(item), '[]') FROM (SELECT " columns " FROM " table " o"             \
    " WHERE o.tenant_id = c.tenant_id AND o.call_id = c.id ORDER BY " order ") AS item)"
#define MESSAGES                                                                                   \
    LIST("caller_name, company, callback_number, reason, urgent, json_time(taken_at) AS taken_at", \
         "call_messages", "o.taken_at, tool_call_id")
#define EVENTS                                                                                     \
    LIST("json_time(at) AS at, kind, detail", "call_events", "o.at, id LIMIT " EVENTS_MAX)
#define USAGE LIST("kind, provider, model, quantity, cost_micro", "usage_ledger", "o.at, key")
/* Who did what stands in a column of c, as JSON; perhaps they are gone. */
#define PERSON(column)                                                                             \
    "(SELECT json_build_object('id', c." column ", 'name', u.name) FROM (SELECT) AS one"           \
    " LEFT JOIN users u ON u.tenant_id = c.tenant_id AND u.id = c." column " WHERE c." column      \
    " IS NOT NULL)"

static const char get_sql[] =
    "SELECT row_to_json(call) FROM (SELECT " INBOX_ROW ", c.status, c.ended_reason, c.carrier,"
    " c.call_sid, c.to_number, c.forwarded_from, json_time(c.ended_at) AS ended_at, c.note,"
    " json_time(c.viewed_at) AS viewed_at, " PERSON(
        "viewed_by") " AS viewed_by,"
                     " json_time(c.resolved_at) AS resolved_at, " PERSON(
                         "resolved_by") " AS resolved_by,"
                                        " " PERSON(
                                            "deleted_by") " AS deleted_by,"
                                                          " json_time(c.deleted_at + "
                                                          "make_interval(days => $3)) AS erased_at,"
                                                          " (SELECT row_to_json(screened) FROM "
                                                          "(SELECT legitimacy AS label, lead, "
                                                          "urgency, intent,"
                                                          "  caller_name, company, "
                                                          "callback_number, summary, "
                                                          "needs_follow_up, confidence, model,"
                                                          "  json_time(screened_at) AS screened_at "
                                                          "FROM call_screenings"
                                                          "  WHERE tenant_id = c.tenant_id AND "
                                                          "call_id = c.id) AS screened) AS "
                                                          "screening,"
                                                          " CASE WHEN c.corrected_at IS NOT NULL "
                                                          "THEN json_build_object('label', "
                                                          "c.label_correction,"
                                                          "  'lead', c.lead_correction, 'at', "
                                                          "json_time(c.corrected_at),"
                                                          "  'by', " PERSON(
                                                              "corrected_by") ") END AS correction,"
                                                                              " " MESSAGES
                                                                              " AS messages, " LIST(
                                                                                  TURN_COLUMNS,
                                                                                  "call_turns",
                                                                                  "seq") " AS "
                                                                                         "turns,"
                                                                                         " " EVENTS
                                                                                         " AS "
                                                                                         "events,"
                                                                                         " " USAGE
                                                                                         " AS "
                                                                                         "usage, "
                                                                                         "(SELECT "
                                                                                         "coalesce("
                                                                                         "sum(cost_"
                                                                                         "micro), "
                                                                                         "0)"
                                                                                         "  FROM "
                                                                                         "usage_"
                                                                                         "ledger o "
                                                                                         "WHERE "
                                                                                         "o.tenant_"
                                                                                         "id = "
                                                                                         "c.tenant_"
                                                                                         "id AND "
                                                                                         "o.call_"
                                                                                         "id = "
                                                                                         "c.id) AS "
                                                                                         "cost_"
                                                                                         "micro"
                                                                                         " FROM "
                                                                                         "calls c "
                                                                                         "JOIN "
                                                                                         "inbox_"
                                                                                         "rows i "
                                                                                         "ON "
                                                                                         "i.tenant_"
                                                                                         "id = "
                                                                                         "c.tenant_"
                                                                                         "id AND "
                                                                                         "i.id = "
                                                                                         "c.id"
                                                                                         " WHERE "
                                                                                         "c.tenant_"
                                                                                         "id = $1 "
                                                                                         "AND c.id "
                                                                                         "= $2) AS "
                                                                                         "call";

void inbox_get(struct db *db, struct uuid tenant, struct uuid call, db_json_fn *on_json, void *arg,
               struct op **slot)
{
    const struct db_value values[] = {db_uuid(tenant), db_uuid(call), db_int(INBOX_ERASE_DAYS)};
    store_json_query(db, tenant, get_sql, values, countof(values), on_json, arg, slot);
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
    const struct db_value call[] = {db_uuid(change->tenant), db_uuid(change->calls[0]),
                                    db_int(INBOX_ERASE_DAYS)};
    const struct db_statement list[] = {{change_sql, values, countof(values)},
                                        {get_sql, call, countof(call)}};
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
