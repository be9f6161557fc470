/* store/rehearsals.c: a rehearsal's row, its job and its results. */
#include "store/rehearsals.h"

#include "store/store_private.h"

#include <assert.h>
#include <errno.h>

/* Of a relation called r. */
#define COUNT_OF(condition)                                                                        \
    "(SELECT count(*) FROM rehearsal_results s WHERE s.tenant_id = r.tenant_id"                    \
    " AND s.rehearsal_id = r.id AND s.status = '" condition "')"
#define COUNTS                                                                                     \
    "'passed', " COUNT_OF("passed") ", 'failed', " COUNT_OF("failed") ", 'errors', " COUNT_OF(     \
        "error")
#define LISTED_MEMBERS                                                                             \
    "'id', r.id, 'status', r.status, 'language', r.language, 'scenarios', r.scenarios,"            \
    " 'made_by', r.made_by, 'created_at', json_time(r.created_at),"                                \
    " 'started_at', json_time(r.started_at), 'ended_at', json_time(r.ended_at), " COUNTS
#define RESULTS                                                                                    \
    "coalesce((SELECT json_agg(json_build_object('scenario', s.scenario, 'status', s.status,"      \
    " 'error', s.error, 'checks', s.checks, 'transcript', s.transcript, 'took_ms', s.took_ms)"     \
    " ORDER BY array_position(r.scenarios, s.scenario)) FROM rehearsal_results s"                  \
    " WHERE s.tenant_id = r.tenant_id AND s.rehearsal_id = r.id), '[]')"
#define WHOLE_MEMBERS                                                                              \
    LISTED_MEMBERS ", 'system_prompt', r.system_prompt, 'greeting_text', r.greeting_text,"         \
                   " 'results', " RESULTS

void rehearsals_add(struct db *db, struct uuid tenant, const struct rehearsal_draft *draft,
                    db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char clear_sql[] =
        "DELETE FROM rehearsals WHERE tenant_id = $1 AND id IN (SELECT id FROM rehearsals"
        "  WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC OFFSET $2::bigint - 1)"
        " AND status NOT IN ('queued', 'running')";
    static const char add_sql[] =
        "WITH why AS (SELECT CASE WHEN (SELECT count(*) FROM rehearsals WHERE tenant_id = $1"
        "  AND created_at > now() - interval '1 day') >= $9::bigint THEN $10::integer"
        "  ELSE 0 END AS err),"
        " r AS (INSERT INTO rehearsals AS n (tenant_id, id, language, system_prompt, greeting_text,"
        "   scenarios, made_by)"
        "  SELECT t.id, $2::uuid, coalesce($3::text, t.language),"
        "   CASE WHEN $4::boolean THEN $5::text ELSE t.system_prompt END,"
        "   CASE WHEN $6::boolean THEN $7::text ELSE t.greeting_text END,"
        "   ARRAY(SELECT jsonb_array_elements_text($8::jsonb)), $11::text"
        "  FROM why, tenants t WHERE err = 0 AND t.id = $1 RETURNING n.*),"
        " job AS (INSERT INTO outbox (tenant_id, kind, key, payload)"
        "  SELECT tenant_id, 'rehearsal', id::text, jsonb_build_object('rehearsal', id) FROM r"
        "  RETURNING pg_notify('karen_outbox', 'rehearsal')),"
        " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject)"
        "  SELECT tenant_id, made_by, 'rehearsal.add', id::text FROM r)"
        " SELECT (SELECT json_build_object(" LISTED_MEMBERS ") FROM r), err,"
        "  (SELECT count(*) FROM job) FROM why";
    const struct db_value clear[] = {db_uuid(tenant), db_int(REHEARSALS_KEPT)};
    const struct db_value values[] = {db_uuid(tenant),
                                      db_uuid(uuid_new(wall_now_ms())),
                                      db_text(draft->language),
                                      db_bool(draft->has_prompt),
                                      db_text(draft->system_prompt),
                                      db_bool(draft->has_greeting),
                                      db_text(draft->greeting_text),
                                      db_str(draft->scenarios),
                                      db_int(REHEARSALS_A_DAY_MAX),
                                      db_int(EDQUOT),
                                      db_text(draft->actor)};
    const struct db_statement statements[] = {{clear_sql, clear, countof(clear)},
                                              {add_sql, values, countof(values)}};
    store_json(db, &(struct db_unit){.tenant = tenant, .statements = statements, .count = 2},
               on_json, arg, slot);
}

void rehearsals_list(struct db *db, struct uuid tenant, const char *cursor, int64_t limit,
                     db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH page AS (SELECT * FROM rehearsals r WHERE r.tenant_id = $1"
        "  AND " BEFORE_CURSOR(
            "r.created_at", "r.id", "$2",
            "$3") "  ORDER BY r.created_at DESC, r.id DESC LIMIT $4::bigint + 1),"
                  " r AS (SELECT * FROM page ORDER BY created_at DESC, id DESC LIMIT $4)"
                  " SELECT json_build_object('items', coalesce((SELECT "
                  "json_agg(json_build_object(" LISTED_MEMBERS
                  ") ORDER BY r.created_at DESC, r.id DESC) FROM r), '[]'),"
                  " 'next_cursor', (SELECT " CURSOR_OF(
                      "created_at", "id") " FROM r"
                                          "  WHERE (SELECT count(*) FROM page) > $4 ORDER BY "
                                          "created_at, id LIMIT 1))";
    struct uuid before;
    int64_t before_us;
    assert(limit > 0 && limit <= REHEARSALS_LIST_MAX);
    if (store_time_cursor(cursor, &before_us, &before)) {
        store_json_refuse(db, EINVAL, on_json, arg, slot);
        return;
    }
    const struct db_value values[] = {db_uuid(tenant), db_int(before_us), db_uuid(before),
                                      db_int(limit)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

void rehearsals_show(struct db *db, struct uuid tenant, struct uuid rehearsal, db_json_fn *on_json,
                     void *arg, struct op **slot)
{
    static const char sql[] = "SELECT json_build_object(" WHOLE_MEMBERS
                              ") FROM rehearsals r WHERE r.tenant_id = $1 AND r.id = $2";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(rehearsal)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

static int cancelled_or_not(const struct db_rows *rows)
{
    const struct db_rows *found = db_rows_of(rows, 0);
    if (!db_row_count(found))
        return ENOENT;
    return db_get_bool(found, 0, 0) ? 0 : EBUSY;
}

/* Whoever carries it out learns of it by the lease, which is not his any more. */
void rehearsals_cancel(struct db *db, struct uuid tenant, struct uuid rehearsal, const char *actor,
                       db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH found AS (SELECT * FROM rehearsals WHERE tenant_id = $1 AND id = $2),"
        " over AS (UPDATE rehearsals r SET status = 'cancelled', ended_at = now() FROM found"
        "  WHERE r.tenant_id = $1 AND r.id = $2 AND r.status IN ('queued', 'running')"
        "  RETURNING r.id),"
        " job AS (UPDATE outbox SET status = 'done', ended_at = now(), lease = NULL"
        "  WHERE tenant_id = $1 AND kind = 'rehearsal' AND key = $2::text AND status = 'pending'"
        "  AND EXISTS (SELECT FROM over)),"
        " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject)"
        "  SELECT $1::uuid, $3::text, 'rehearsal.cancel', id::text FROM over)"
        " SELECT EXISTS (SELECT FROM over) FROM found";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(rehearsal), db_text(actor)};
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db, &(struct db_unit){.tenant = tenant, .statements = &statement, .count = 1},
                cancelled_or_not, on_end, arg, slot);
}

/* ---- carried out ----------------------------------------------------------------------------- */

struct task_context {
    struct arena *arena;
    rehearsal_task_fn *on_task;
    void *arg;
};

static void on_task_row(int err, const struct db_rows *rows, void *arg)
{
    const struct task_context *context = arg;
    struct rehearsal_task task = {0};
    if (!err)
        err = store_any_row(rows);
    if (!err) {
        tenant_row(rows, 0, 4, context->arena, &task.tenant);
        task.scenarios = store_text_list(db_get_str(rows, 0, 0), REHEARSAL_SCENARIOS_MAX,
                                         context->arena, &task.count);
        task.tenant.language = db_get_text(rows, 0, 1, context->arena);
        task.tenant.system_prompt = db_get_text(rows, 0, 2, context->arena);
        task.tenant.greeting_text = db_get_text(rows, 0, 3, context->arena);
    }
    context->on_task(err, err ? NULL : &task, context->arg);
}

void rehearsals_begin(struct db *db, struct uuid tenant, struct uuid rehearsal, struct arena *arena,
                      rehearsal_task_fn *on_task, void *arg, struct op **slot)
{
    static const char begin_sql[] =
        "UPDATE rehearsals SET status = 'running', started_at = coalesce(started_at, now())"
        " WHERE tenant_id = $1 AND id = $2 AND status IN ('queued', 'running')";
    static const char read_sql[] =
        "SELECT to_json(ARRAY(SELECT u.scenario FROM unnest(r.scenarios) WITH ORDINALITY"
        "  AS u (scenario, place) WHERE NOT EXISTS (SELECT FROM rehearsal_results s"
        "   WHERE s.tenant_id = r.tenant_id AND s.rehearsal_id = r.id AND s.scenario = u.scenario)"
        "  ORDER BY u.place)), r.language, r.system_prompt, r.greeting_text, " TENANT_COLUMNS
        " FROM rehearsals r JOIN tenants t ON t.id = r.tenant_id"
        " WHERE r.tenant_id = $1 AND r.id = $2 AND r.status = 'running'";
    const struct task_context context = {arena, on_task, arg};
    const struct db_value values[] = {db_uuid(tenant), db_uuid(rehearsal)};
    const struct db_statement statements[] = {{begin_sql, values, 2}, {read_sql, values, 2}};
    db_run(db, &(struct db_unit){tenant, statements, 2, &context, sizeof(context)}, on_task_row,
           NULL, slot);
}

static int mine_or_stale(const struct db_rows *rows)
{
    return db_row_count(db_rows_of(rows, 0)) ? 0 : ESTALE;
}

void rehearsals_put(struct db *db, const struct outbox_job *job,
                    const struct rehearsal_result *result, db_end_fn *on_end, void *arg,
                    struct op **slot)
{
    static const char sql[] =
        "WITH job AS (UPDATE outbox SET run_at = now() + make_interval(secs => $4::integer)"
        "  WHERE tenant_id = $1 AND id = $2 AND lease = $3 RETURNING id),"
        " put AS (INSERT INTO rehearsal_results (tenant_id, rehearsal_id, scenario, status, error,"
        "   checks, transcript, took_ms)"
        "  SELECT $1::uuid, $5::uuid, $6::text, $7::text, $8::text, $9::jsonb, $10::jsonb,"
        "   $11::bigint FROM job ON CONFLICT DO NOTHING)"
        " SELECT id FROM job";
    const struct db_value values[] = {
        db_uuid(job->tenant),       db_uuid(job->id),           db_uuid(job->lease),
        db_int(REHEARSAL_LEASE_S),  db_uuid(result->rehearsal), db_text(result->scenario),
        db_text(result->status),    db_text(result->error),     db_str(result->checks),
        db_str(result->transcript), db_int(result->took_ms)};
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db, &(struct db_unit){.tenant = job->tenant, .statements = &statement, .count = 1},
                mine_or_stale, on_end, arg, slot);
}

void rehearsals_end(struct db *db, const struct outbox_job *job, struct uuid rehearsal, bool failed,
                    db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH job AS (UPDATE outbox SET status = 'done', ended_at = now(), lease = NULL"
        "  WHERE tenant_id = $1 AND id = $2 AND lease = $3 RETURNING id),"
        " over AS (UPDATE rehearsals r SET status = $5, ended_at = now() FROM job"
        "  WHERE r.tenant_id = $1 AND r.id = $4 AND r.status = 'running')"
        " SELECT id FROM job";
    const struct db_value values[] = {db_uuid(job->tenant), db_uuid(job->id), db_uuid(job->lease),
                                      db_uuid(rehearsal), db_text(failed ? "failed" : "done")};
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db, &(struct db_unit){.tenant = job->tenant, .statements = &statement, .count = 1},
                mine_or_stale, on_end, arg, slot);
}
