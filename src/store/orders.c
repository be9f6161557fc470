/* store/orders.c: orders to live calls. */
#include "store/orders.h"

#include "base/mem.h"
#include "store/orders_private.h"
#include "store/store_private.h"

#include <errno.h>

static const char *const kinds[ORDER_KINDS] = {[ORDER_END] = "end",
                                               [ORDER_TRANSFER] = "transfer",
                                               [ORDER_SAY] = "say",
                                               [ORDER_WHISPER] = "whisper"};

const char *order_kind_code(enum order_kind kind)
{
    return kinds[kind];
}

int order_kind_parse(struct str code, enum order_kind *kind_out)
{
    int kind = store_code(kinds, countof(kinds), code);
    if (kind < 0)
        return EINVAL;
    *kind_out = (enum order_kind)kind;
    return 0;
}

const char *order_state_code(enum order_state state)
{
    static const char *const codes[ORDER_STATES] = {
        [ORDER_DONE] = "done", [ORDER_REFUSED] = "refused", [ORDER_LOST] = "lost"};
    return codes[state];
}

void orders_give(struct db *db, const struct order_give *order, db_json_fn *on_json, void *arg,
                 struct op **slot)
{
    static const char sql[] =
        "WITH wanted AS ("
        "  SELECT c.status = 'in_progress' AS live, CASE WHEN $4 <> 'transfer' THEN NULL"
        "   WHEN $6::text IS NULL THEN t.forward_number ELSE (SELECT u.phone FROM users u"
        "    WHERE u.tenant_id = $1 AND u.phone = $6 AND u.phone_verified) END AS goes_to"
        "  FROM calls c JOIN tenants t ON t.id = c.tenant_id"
        "  WHERE c.tenant_id = $1 AND c.id = $3),"
        " given AS (INSERT INTO call_orders"
        "   (tenant_id, id, call_id, kind, text, to_number, asked_by)"
        "  SELECT $1::uuid, $2::uuid, $3::uuid, $4, $5, goes_to, $7::uuid FROM wanted"
        "  WHERE live AND ($4 <> 'transfer' OR goes_to IS NOT NULL) RETURNING *),"
        " noted AS (INSERT INTO audit_log (tenant_id, actor, action, subject, change)"
        "  SELECT $1, $8, 'call.order', $3::text, json_build_object('order', id, 'kind', kind)"
        "  FROM given)"
        " SELECT (SELECT row_to_json(g) FROM (SELECT " ORDER_COLUMNS " FROM given o) AS g)::text,"
        "  CASE WHEN NOT live THEN $9::integer WHEN EXISTS (SELECT FROM given) THEN 0"
        "   WHEN $6::text IS NULL THEN $10::integer ELSE $11::integer END"
        " FROM wanted";
    const struct db_value values[] = {
        db_uuid(order->tenant), db_uuid(order->id),    db_uuid(order->call),
        db_text(order->kind),   db_text(order->text),  db_text(order->to_number),
        db_uuid(order->user),   db_text(order->actor), db_int(EALREADY),
        db_int(ENOTSUP),        db_int(EINVAL),
    };
    store_json_query(db, order->tenant, sql, values, countof(values), on_json, arg, slot);
}

void orders_get(struct db *db, struct uuid tenant, struct uuid call, struct uuid order,
                db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT row_to_json(g) FROM (SELECT " ORDER_COLUMNS " FROM call_orders o"
        " WHERE o.tenant_id = $1 AND o.call_id = $2 AND o.id = $3) AS g";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(call), db_uuid(order)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

/* ---- carrying out --------------------------------------------------------------------------- */

int orders_parse(struct str payload, struct order_news *news_out)
{
    struct order_news news;
    if (uuid_parse(str_cut(&payload, ' '), &news.tenant) ||
        uuid_parse(str_cut(&payload, ' '), &news.call) || uuid_parse(payload, &news.id))
        return EINVAL;
    *news_out = news;
    return 0;
}

void orders_listen(struct db *db, db_notify_fn *fn, void *arg)
{
    db_listen(db, "karen_orders", fn, arg);
}

struct take_context {
    order_taken_fn *on_taken;
    void *arg;
};

static void on_taken(int err, const struct db_rows *rows, void *arg)
{
    const struct take_context *context = arg;
    struct arena arena = {0};
    struct order_taken taken = {0};
    if (!err && db_row_count(rows) == 0)
        err = ENOENT;
    if (!err)
        err = order_kind_parse(db_get_str(rows, 0, 0), &taken.kind);
    if (!err) {
        taken.text = db_get_str(rows, 0, 1);
        taken.to_number = db_get_text(rows, 0, 2, &arena);
    }
    context->on_taken(err, err ? NULL : &taken, context->arg);
    arena_free(&arena);
}

void orders_take(struct db *db, const struct order_news *order, order_taken_fn *on_order_taken,
                 void *arg, struct op **slot)
{
    static const char sql[] =
        "UPDATE call_orders SET taken_at = now() WHERE tenant_id = $1 AND id = $2"
        " AND state = 'pending' AND taken_at IS NULL RETURNING kind, text, to_number";
    const struct db_value values[] = {db_uuid(order->tenant), db_uuid(order->id)};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct take_context context = {on_order_taken, arg};
    db_run(db, &(struct db_unit){order->tenant, &statement, 1, &context, sizeof(context)}, on_taken,
           NULL, slot);
}

void orders_end(struct db *db, const struct order_news *order, enum order_state state,
                const char *why, db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char sql[] =
        "UPDATE call_orders SET state = $3, why = $4, ended_at = now()"
        " WHERE tenant_id = $1 AND id = $2 AND state IN ('pending', 'lost') RETURNING id";
    const struct db_value values[] = {db_uuid(order->tenant), db_uuid(order->id),
                                      db_text(order_state_code(state)), db_text(why)};
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db,
                &(struct db_unit){.tenant = order->tenant, .statements = &statement, .count = 1},
                store_any_row, on_end, arg, slot);
}

struct lose_context {
    orders_lost_fn *on_lost;
    void *arg;
};

static void on_lost_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct lose_context *context = arg;
    context->on_lost(err, err ? 0 : db_get_int(rows, 0, 0), context->arg);
}

void orders_lose(struct db *db, orders_lost_fn *on_lost, void *arg, struct op **slot)
{
    static const char sql[] = "SELECT lose_orders(make_interval(secs => $1::float8 / 1000),"
                              " make_interval(secs => $2::float8 / 1000))";
    const struct db_value values[] = {db_int(ORDER_TAKE_MS), db_int(ORDER_LONGEST_MS)};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct lose_context context = {on_lost, arg};
    db_run(db,
           &(struct db_unit){.statements = &statement,
                             .count = 1,
                             .context = &context,
                             .context_bytes = sizeof(context)},
           on_lost_rows, NULL, slot);
}
