/* store/forwarding_checks.c: checks, by their tenant and by what comes from the carrier. */
#include "store/forwarding_checks.h"

#include "store/store_private.h"

#include <errno.h>
#include <stdlib.h>

/* ---- begun ---------------------------------------------------------------------------------- */

struct begin_context {
    struct uuid id;
    forwarding_begun_fn *on_begun;
    void *arg;
};

static int err_of(struct str outcome)
{
    static const struct {
        const char *outcome;
        int err;
    } known[] = {{"ok", 0}, {"none", ENOENT}, {"unproved", EPERM}, {"busy", EBUSY}};
    for (size_t i = 0; i < countof(known); i++)
        if (str_is(outcome, known[i].outcome))
            return known[i].err;
    return EDQUOT;
}

static void on_begun_row(int err, const struct db_rows *rows, void *arg)
{
    const struct begin_context *context = arg;
    struct arena arena = {0};
    struct forwarding_begun begun = {.id = context->id};
    if (!err)
        err = err_of(db_get_str(rows, 0, 0));
    if (!err) {
        begun.number = db_get_text(rows, 0, 1, &arena);
        begun.language = db_get_text(rows, 0, 2, &arena);
    }
    context->on_begun(err, err ? NULL : &begun, context->arg);
    arena_free(&arena);
}

void forwarding_checks_begin(struct db *db, struct uuid tenant, const char *phone,
                             const char *actor, forwarding_begun_fn *on_begun, void *arg,
                             struct op **slot)
{
    static const char sql[] =
        "SELECT outcome, called_from, spoken FROM begin_forwarding_check($1::uuid, $2::text,"
        " $3::text, make_interval(secs => $4::integer), $5::integer)";
    const struct begin_context context = {uuid_new(wall_now_ms()), on_begun, arg};
    const struct db_value values[] = {db_uuid(context.id), db_text(phone), db_text(actor),
                                      db_int(FORWARDING_CHECK_SECONDS_MAX),
                                      db_int(FORWARDING_CHECKS_AN_HOUR_MAX)};
    const struct db_statement statement = {sql, values, countof(values)};
    db_run(db, &(struct db_unit){tenant, &statement, 1, &context, sizeof(context)}, on_begun_row,
           NULL, slot);
}

void forwarding_checks_placed(struct db *db, struct uuid tenant, struct uuid check,
                              const char *call_sid, const char *failed_why, db_json_fn *on_json,
                              void *arg, struct op **slot)
{
    static const char sql[] =
        /* the first news of the call may have been quicker than its answer */
        "UPDATE forwarding_checks c SET call_sid = $3,"
        " state = CASE WHEN $4::text IS NULL OR ended_at IS NOT NULL THEN state ELSE 'failed' END,"
        " failed_why = CASE WHEN ended_at IS NULL THEN $4 ELSE failed_why END,"
        " ended_at = CASE WHEN $4 IS NULL THEN ended_at ELSE coalesce(ended_at, now()) END"
        " WHERE c.tenant_id = $1 AND c.id = $2 RETURNING forwarding_check_json(c)";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(check), db_text(call_sid),
                                      db_text(failed_why)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

/* ---- what comes from the carrier ------------------------------------------------------------ */

struct return_context {
    forwarding_returned_fn *on_returned;
    void *arg;
};

static void on_returned_row(int err, const struct db_rows *rows, void *arg)
{
    const struct return_context *context = arg;
    struct arena arena = {0};
    if (!err && db_is_null(rows, 0, 0))
        err = ENOENT;
    struct uuid check = err ? (struct uuid){0} : db_get_uuid(rows, 0, 0);
    context->on_returned(err, check, err ? NULL : db_get_text(rows, 0, 1, &arena), context->arg);
    arena_free(&arena);
}

void forwarding_checks_return(struct db *db, const struct forwarding_return *back,
                              forwarding_returned_fn *on_returned, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT returned, spoken FROM return_forwarding_check($1::text, $2::text, $3::text,"
        " $4::text, make_interval(secs => $5::integer))";
    const struct return_context context = {on_returned, arg};
    const struct db_value values[] = {db_text(back->called), db_text(back->caller),
                                      db_text(back->forwarder), db_text(back->call_sid),
                                      db_int(FORWARDING_CHECK_SECONDS_MAX)};
    const struct db_statement statement = {sql, values, countof(values)};
    db_run(db, &(struct db_unit){{{0}}, &statement, 1, &context, sizeof(context)}, on_returned_row,
           NULL, slot);
}

/* The first statement enters the check's tenant, whose row the second changes. */
static void change(struct db *db, const char *sql, const struct db_value *values, size_t count,
                   db_end_fn *on_end, void *arg, struct op **slot)
{
    const struct db_statement statements[] = {
        {"SELECT enter_forwarding_check($1::uuid)", values, 1}, {sql, values, count}};
    store_write(db, &(struct db_unit){.statements = statements, .count = 2}, store_any_row, on_end,
                arg, slot);
}

void forwarding_checks_news(struct db *db, struct uuid check, const char *call_status,
                            db_end_fn *on_end, void *arg, struct op **slot)
{
    /* what came back is answered by us: only its end is news then */
    static const char sql[] =
        "UPDATE forwarding_checks c SET"
        " rang_at = CASE WHEN $2::text = 'ringing' AND came_back_at IS NULL"
        "  THEN coalesce(rang_at, now()) ELSE rang_at END,"
        " state = n.state, failed_why = n.why,"
        " ended_at = CASE WHEN n.why IS NULL THEN ended_at ELSE coalesce(ended_at, now()) END"
        " FROM (SELECT o.id, CASE WHEN o.ended_at IS NOT NULL THEN o.state"
        "   WHEN w.why IS NOT NULL THEN 'failed'"
        "   WHEN o.state = 'placing' AND $2 = 'ringing' THEN 'ringing' ELSE o.state END AS state,"
        "  CASE WHEN o.ended_at IS NOT NULL THEN o.failed_why ELSE w.why END AS why"
        "  FROM forwarding_checks o, LATERAL (SELECT CASE"
        "   WHEN o.state = 'came_back' THEN CASE WHEN $2 IN ('completed', 'busy', 'no-answer',"
        "    'failed', 'canceled') THEN 'cut_off' END"
        "   WHEN $2 IN ('in-progress', 'completed') THEN 'answered'"
        "   WHEN $2 = 'busy' THEN 'busy' WHEN $2 = 'no-answer' THEN 'not_forwarded'"
        "   WHEN $2 IN ('failed', 'canceled') THEN 'unreachable' END AS why) w"
        "  WHERE o.tenant_id = karen_tenant() AND o.id = $1) n"
        " WHERE c.tenant_id = karen_tenant() AND c.id = n.id RETURNING c.id";
    const struct db_value values[] = {db_uuid(check), db_text(call_status)};
    change(db, sql, values, countof(values), on_end, arg, slot);
}

void forwarding_checks_greeted(struct db *db, struct uuid check, db_end_fn *on_end, void *arg,
                               struct op **slot)
{
    /* also when the news of the end was quicker */
    static const char sql[] =
        "UPDATE forwarding_checks SET state = 'proved', failed_why = NULL,"
        " greeted_at = coalesce(greeted_at, now()), ended_at = coalesce(ended_at, now())"
        " WHERE tenant_id = karen_tenant() AND id = $1 AND came_back_at IS NOT NULL RETURNING id";
    const struct db_value values[] = {db_uuid(check)};
    change(db, sql, values, countof(values), on_end, arg, slot);
}

/* ---- shown ---------------------------------------------------------------------------------- */

/* Those of which nothing more can be heard are over. */
static const char expire_sql[] =
    "UPDATE forwarding_checks SET state = 'failed', failed_why = 'no_news', ended_at = now()"
    " WHERE tenant_id = $1 AND ended_at IS NULL"
    " AND placed_at < now() - make_interval(secs => $2::integer)";

static void show(struct db *db, struct uuid tenant, const char *sql, const struct db_value *values,
                 size_t count, db_json_fn *on_json, void *arg, struct op **slot)
{
    const struct db_value expire[] = {db_uuid(tenant), db_int(FORWARDING_CHECK_SECONDS_MAX)};
    const struct db_statement statements[] = {{expire_sql, expire, 2}, {sql, values, count}};
    store_json(db, &(struct db_unit){tenant, statements, 2, NULL, 0}, on_json, arg, slot);
}

void forwarding_checks_get_json(struct db *db, struct uuid tenant, struct uuid check,
                                db_json_fn *on_json, void *arg, struct op **slot)
{
    const struct db_value values[] = {db_uuid(tenant), db_uuid(check)};
    show(db, tenant,
         "SELECT forwarding_check_json(c) FROM forwarding_checks c"
         " WHERE c.tenant_id = $1 AND c.id = $2",
         values, countof(values), on_json, arg, slot);
}

void forwarding_checks_list_json(struct db *db, struct uuid tenant, const char *cursor,
                                 int64_t limit, db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH page AS (SELECT c AS made, c.id FROM forwarding_checks c"
        "  WHERE c.tenant_id = $1 AND ($2::uuid IS NULL OR c.id < $2)"
        "  ORDER BY c.id DESC LIMIT $3::bigint + 1),"
        " shown AS (SELECT * FROM page ORDER BY id DESC LIMIT $3)"
        " SELECT json_build_object('items', coalesce((SELECT"
        "  json_agg(forwarding_check_json(s.made) ORDER BY s.id DESC) FROM shown s), '[]'),"
        "  'next_cursor', CASE WHEN (SELECT count(*) FROM page) > $3"
        "  THEN (SELECT id FROM shown ORDER BY id LIMIT 1) END)";
    struct uuid before;
    if (store_id_cursor(cursor, &before)) {
        store_json_refuse(db, EINVAL, on_json, arg, slot);
        return;
    }
    const struct db_value values[] = {db_uuid(tenant), db_uuid(before), db_int(limit)};
    show(db, tenant, sql, values, countof(values), on_json, arg, slot);
}
