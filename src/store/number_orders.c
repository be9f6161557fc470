/* store/number_orders.c: orders, over the doors that the schema has for them: they reach into the
 * pool, which is no tenant's. */
#include "store/number_orders.h"

#include "store/store_private.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* ---- placed --------------------------------------------------------------------------------- */

static void place(struct db *db, struct uuid tenant, const char *wish, const char *actor,
                  struct db_value day_max, db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT made, CASE outcome WHEN 'ok' THEN 0 WHEN 'none' THEN $5::integer"
        " WHEN 'limit' THEN $6::integer WHEN 'too_many' THEN $7::integer ELSE $8::integer END"
        " FROM place_number_order($1::uuid, $2::jsonb, $3::text, $4::integer)";
    const struct db_value values[] = {
        db_uuid(uuid_new(wall_now_ms())),
        db_text(wish),
        db_text(actor),
        day_max,
        db_int(EPERM),
        db_int(ENOSPC),
        db_int(EDQUOT),
        db_int(EEXIST),
    };
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

void number_orders_place(struct db *db, struct uuid tenant, const char *wish, const char *actor,
                         db_json_fn *on_json, void *arg, struct op **slot)
{
    place(db, tenant, wish, actor, db_int(NUMBER_ORDERS_A_DAY_MAX), on_json, arg, slot);
}

void number_orders_place_any(struct db *db, struct uuid tenant, const char *wish, const char *actor,
                             db_json_fn *on_json, void *arg, struct op **slot)
{
    place(db, tenant, wish, actor, db_null(), on_json, arg, slot);
}

static void place_work(struct db *db, const char *what, const struct number_import *wanted,
                       const char *actor, db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT made, CASE outcome WHEN 'ok' THEN 0 WHEN 'none' THEN $7::integer"
        " WHEN 'ours' THEN $8::integer ELSE $9::integer END"
        " FROM place_number_work($1::uuid, $2::text, $3::text, $4::uuid, $5::boolean, $6::text)";
    const struct db_value values[] = {
        db_uuid(uuid_new(wall_now_ms())),
        db_text(what),
        db_text(wanted->number),
        db_uuid(wanted->tenant),
        db_bool(wanted->primary),
        db_text(actor),
        db_int(ENOENT),
        db_int(EEXIST),
        db_int(EBUSY),
    };
    store_json_query(db, (struct uuid){0}, sql, values, countof(values), on_json, arg, slot);
}

void number_orders_import(struct db *db, const struct number_import *import, const char *actor,
                          db_json_fn *on_json, void *arg, struct op **slot)
{
    place_work(db, "import", import, actor, on_json, arg, slot);
}

void number_orders_release(struct db *db, const char *number, const char *actor,
                           db_json_fn *on_json, void *arg, struct op **slot)
{
    const struct number_import wanted = {.number = number};
    place_work(db, "release", &wanted, actor, on_json, arg, slot);
}

static int cancelled_or_why(const struct db_rows *rows)
{
    struct str outcome = db_get_str(rows, 0, 0);
    return str_is(outcome, "ok") ? 0 : str_is(outcome, "none") ? ENOENT : EBUSY;
}

static void cancel(struct db *db, struct uuid tenant, const char *sql, struct uuid order,
                   const char *actor, db_end_fn *on_end, void *arg, struct op **slot)
{
    const struct db_value values[] = {db_uuid(order), db_text(actor)};
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db, &(struct db_unit){.tenant = tenant, .statements = &statement, .count = 1},
                cancelled_or_why, on_end, arg, slot);
}

void number_orders_cancel(struct db *db, struct uuid tenant, struct uuid order, const char *actor,
                          db_end_fn *on_end, void *arg, struct op **slot)
{
    cancel(db, tenant, "SELECT cancel_number_order($1::uuid, $2::text)", order, actor, on_end, arg,
           slot);
}

void number_orders_cancel_any(struct db *db, struct uuid order, const char *actor,
                              db_end_fn *on_end, void *arg, struct op **slot)
{
    cancel(db, (struct uuid){0}, "SELECT cancel_any_number_order($1::uuid, $2::text)", order, actor,
           on_end, arg, slot);
}

/* ---- shown ---------------------------------------------------------------------------------- */

void number_orders_get_json(struct db *db, struct uuid tenant, struct uuid order,
                            db_json_fn *on_json, void *arg, struct op **slot)
{
    const struct db_value values[] = {db_uuid(order)};
    store_json_query(db, tenant, "SELECT own_order_json($1::uuid)", values, 1, on_json, arg, slot);
}

void number_orders_list_json(struct db *db, struct uuid tenant, const char *cursor, int64_t limit,
                             db_json_fn *on_json, void *arg, struct op **slot)
{
    struct uuid before;
    if (store_id_cursor(cursor, &before)) {
        store_json_refuse(db, EINVAL, on_json, arg, slot);
        return;
    }
    const struct db_value values[] = {db_uuid(before), db_int(limit)};
    store_json_query(db, tenant, "SELECT own_orders_json($1::uuid, $2::integer)", values,
                     countof(values), on_json, arg, slot);
}

void number_orders_all_json(struct db *db, const char *state, const char *cursor, int64_t limit,
                            db_json_fn *on_json, void *arg, struct op **slot)
{
    struct uuid before;
    if (store_id_cursor(cursor, &before)) {
        store_json_refuse(db, EINVAL, on_json, arg, slot);
        return;
    }
    const struct db_value values[] = {db_uuid(before), db_int(limit), db_text(state)};
    store_json_query(db, (struct uuid){0},
                     "SELECT pool_orders_json($1::uuid, $2::integer, $3::text)", values,
                     countof(values), on_json, arg, slot);
}

/* ---- papers --------------------------------------------------------------------------------- */

void number_papers_set(struct db *db, const struct number_papers *papers, const char *actor,
                       db_json_fn *on_json, void *arg, struct op **slot)
{
    const struct db_value values[] = {db_text(papers->country), db_text(papers->kind),
                                      db_text(papers->bundle_sid), db_text(papers->address_sid),
                                      db_text(actor)};
    store_json_query(db, (struct uuid){0},
                     "SELECT set_number_papers($1::text, $2::text, $3::text, $4::text, $5::text)",
                     values, countof(values), on_json, arg, slot);
}

void number_papers_json(struct db *db, db_json_fn *on_json, void *arg, struct op **slot)
{
    store_json_query(db, (struct uuid){0}, "SELECT papers_json()", NULL, 0, on_json, arg, slot);
}

/* ---- the job -------------------------------------------------------------------------------- */

static const char *const works[] = {
    [NUMBER_BUY] = "buy", [NUMBER_IMPORT] = "import", [NUMBER_RELEASE] = "release"};
static const char *const states[] = {[ORDER_SEARCHING] = "searching",
                                     [ORDER_WAITING_FOR_BUNDLE] = "waiting_for_bundle",
                                     [ORDER_BUYING] = "buying",
                                     [ORDER_RELEASING] = "releasing",
                                     [ORDER_FAILED] = "failed"};

struct claim_context {
    struct arena *arena;
    number_orders_fn *on_orders;
    void *arg;
};

static void read_order(const struct db_rows *rows, size_t row, struct arena *arena,
                       struct number_order *order)
{
    int work = store_code(works, countof(works), db_get_str(rows, row, 3));
    int state = store_code(states, countof(states), db_get_str(rows, row, 8));
    assert(work >= 0 && state >= 0); /* the schema has no others of what can be claimed */
    *order = (struct number_order){
        .id = db_get_uuid(rows, row, 0),
        .lease = db_get_uuid(rows, row, 1),
        .tenant = db_get_uuid(rows, row, 2),
        .work = (enum number_work)work,
        .country = db_get_text(rows, row, 4, arena),
        .contains = db_get_text(rows, row, 6, arena),
        .wanted = db_get_text(rows, row, 7, arena),
        .state = (enum number_order_state)state,
        .number = db_get_text(rows, row, 9, arena),
        .twilio_sid = db_get_text(rows, row, 10, arena),
        .bundle_sid = db_get_text(rows, row, 11, arena),
        .address_sid = db_get_text(rows, row, 12, arena),
        .searches = db_get_int(rows, row, 13),
        .attempts = db_get_int(rows, row, 14),
    };
    number_kind_parse(db_get_str(rows, row, 5), &order->kind);
}

static void on_order_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct claim_context *context = arg;
    size_t count = err ? 0 : db_row_count(rows);
    struct number_order *orders = arena_alloc(context->arena, count * sizeof(*orders));
    for (size_t i = 0; i < count; i++)
        read_order(rows, i, context->arena, &orders[i]);
    context->on_orders(err, err ? NULL : orders, count, context->arg);
}

void number_orders_claim(struct db *db, int limit, int64_t lease_s, struct arena *arena,
                         number_orders_fn *on_orders, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT id, lease, tenant_id, work, country, kind, contains, wanted, state, number,"
        " twilio_sid, bundle_sid, address_sid, searches, attempts"
        " FROM claim_number_orders($1::integer, make_interval(secs => $2::integer))";
    assert(limit > 0 && limit <= NUMBER_ORDERS_CLAIM_MAX);
    const struct db_value values[] = {db_int(limit), db_int(lease_s)};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct claim_context context = {arena, on_orders, arg};
    db_run(db, &(struct db_unit){{{0}}, &statement, 1, &context, sizeof(context)}, on_order_rows,
           NULL, slot);
}

static int true_or_stale(const struct db_rows *rows)
{
    return db_get_bool(rows, 0, 0) ? 0 : ESTALE;
}

static int true_or_taken(const struct db_rows *rows)
{
    if (db_is_null(rows, 0, 0))
        return ESTALE;
    return db_get_bool(rows, 0, 0) ? 0 : EEXIST;
}

static void write_one(struct db *db, const char *sql, const struct db_value *values, size_t count,
                      store_check_fn *check, db_end_fn *on_end, void *arg, struct op **slot)
{
    const struct db_statement statement = {sql, values, count};
    store_write(db, &(struct db_unit){.statements = &statement, .count = 1}, check, on_end, arg,
                slot);
}

void number_orders_step(struct db *db, const struct number_order *order,
                        const struct number_step *step, db_end_fn *on_end, void *arg,
                        struct op **slot)
{
    static const char sql[] =
        "SELECT step_number_order($1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::text,"
        " make_interval(secs => $7::double precision / 1000))";
    const struct db_value values[] = {
        db_uuid(order->id),    db_uuid(order->lease),     db_text(states[step->state]),
        db_text(step->why),    db_text(step->bundle_sid), db_text(step->bundle_state),
        db_int(step->wait_ms),
    };
    write_one(db, sql, values, countof(values), true_or_stale, on_end, arg, slot);
}

void number_orders_take(struct db *db, const struct number_order *order, const char *number,
                        const char *bundle_state, db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT claim_number($1::uuid, $2::uuid, $3::text, $4::text, $5::text)";
    const struct db_value values[] = {db_uuid(order->id), db_uuid(order->lease), db_text(number),
                                      db_text(order->bundle_sid), db_text(bundle_state)};
    write_one(db, sql, values, countof(values), true_or_taken, on_end, arg, slot);
}

void number_orders_finish(struct db *db, const struct number_order *order, const char *sid,
                          const char *country, db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char sql[] = "SELECT finish_number_order($1::uuid, $2::uuid, $3::text, $4::text)";
    const struct db_value values[] = {db_uuid(order->id), db_uuid(order->lease), db_text(sid),
                                      db_text(country)};
    write_one(db, sql, values, countof(values), true_or_stale, on_end, arg, slot);
}

void number_orders_listen(struct db *db, db_notify_fn *fn, void *arg)
{
    db_listen(db, "karen_number_orders", fn, arg);
}
