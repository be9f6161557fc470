/* store/exports.c: an export's row, its job and its pieces. */
#include "store/exports.h"

#include "store/store_private.h"

#include <errno.h>

/* Of a relation called e. */
#define EXPORT_JSON                                                                                \
    "json_build_object('id', e.id, 'state', e.state, 'made_by', e.made_by, 'bytes', e.bytes,"      \
    " 'created_at', json_time(e.created_at), 'ended_at', json_time(e.ended_at),"                   \
    " 'expires_at', json_time(e.expires_at))"

void exports_add(struct db *db, struct uuid tenant, const char *actor, db_json_fn *on_json,
                 void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH why AS (SELECT CASE WHEN (SELECT count(*) FROM exports WHERE tenant_id = $1"
        "  AND created_at > now() - interval '1 day') >= $4::bigint THEN $5::integer"
        "  ELSE 0 END AS err),"
        " e AS (INSERT INTO exports AS n (tenant_id, id, made_by)"
        "  SELECT $1::uuid, $2::uuid, $3::text FROM why WHERE err = 0 RETURNING n.*),"
        " job AS (INSERT INTO outbox (tenant_id, kind, key, payload)"
        "  SELECT tenant_id, 'export', id::text, jsonb_build_object('export', id) FROM e"
        "  RETURNING pg_notify('karen_outbox', 'export')),"
        " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject)"
        "  SELECT tenant_id, made_by, 'export.add', id::text FROM e)"
        " SELECT (SELECT " EXPORT_JSON " FROM e), err, (SELECT count(*) FROM job) FROM why";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(uuid_new(wall_now_ms())),
                                      db_text(actor), db_int(EXPORTS_A_DAY_MAX), db_int(EDQUOT)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

void exports_list(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                  struct op **slot)
{
    static const char sql[] = "SELECT json_build_object('items', coalesce(json_agg(" EXPORT_JSON
                              " ORDER BY e.created_at DESC, e.id), '[]'), 'next_cursor', NULL)"
                              " FROM exports e WHERE e.tenant_id = $1 AND e.expires_at > now()";
    const struct db_value values[] = {db_uuid(tenant)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

void exports_show(struct db *db, struct uuid tenant, struct uuid export, db_json_fn *on_json,
                  void *arg, struct op **slot)
{
    static const char sql[] = "SELECT " EXPORT_JSON " FROM exports e WHERE e.tenant_id = $1"
                              " AND e.id = $2 AND e.expires_at > now()";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(export)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

/* ---- made ------------------------------------------------------------------------------------ */

static int begun_or_gone(const struct db_rows *rows)
{
    return store_any_row(db_rows_of(rows, 0));
}

void exports_begin(struct db *db, struct uuid tenant, struct uuid export, struct uuid run,
                   db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char begin_sql[] =
        "UPDATE exports SET state = 'running', run = $3 WHERE tenant_id = $1 AND id = $2"
        " AND state IN ('pending', 'running') RETURNING id";
    static const char clear_sql[] = "DELETE FROM export_chunks WHERE tenant_id = $1"
                                    " AND export_id = $2 AND run <> $3";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(export), db_uuid(run)};
    const struct db_statement statements[] = {{begin_sql, values, 3}, {clear_sql, values, 3}};
    store_write(db, &(struct db_unit){.tenant = tenant, .statements = statements, .count = 2},
                begun_or_gone, on_end, arg, slot);
}

static int mine_or_stale(const struct db_rows *rows)
{
    return db_row_count(db_rows_of(rows, 0)) ? 0 : ESTALE;
}

void exports_put(struct db *db, const struct outbox_job *job, const struct export_piece *piece,
                 db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char renew_sql[] =
        "UPDATE outbox SET run_at = now() + make_interval(secs => $4::integer)"
        " WHERE tenant_id = $1 AND id = $2 AND lease = $3 RETURNING id";
    static const char put_sql[] = "INSERT INTO export_chunks (tenant_id, export_id, run, seq, data)"
                                  " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    const struct db_value renew[] = {db_uuid(job->tenant), db_uuid(job->id), db_uuid(job->lease),
                                     db_int(EXPORT_LEASE_S)};
    const struct db_value put[] = {db_uuid(job->tenant), db_uuid(piece->export),
                                   db_uuid(piece->run), db_int(piece->seq),
                                   db_bytes(piece->data.at, piece->data.bytes)};
    const struct db_statement statements[] = {{renew_sql, renew, countof(renew)},
                                              {put_sql, put, countof(put)}};
    store_write(db, &(struct db_unit){.tenant = job->tenant, .statements = statements, .count = 2},
                mine_or_stale, on_end, arg, slot);
}

/* The job ends as long as it is ours, and with it the export. */
static void end(struct db *db, const struct outbox_job *job, struct uuid export, const char *state,
                int64_t bytes, db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH job AS (UPDATE outbox SET status = 'done', ended_at = now(), lease = NULL"
        "  WHERE tenant_id = $1 AND id = $2 AND lease = $3 RETURNING id)"
        " UPDATE exports SET state = $5, bytes = $6, ended_at = now() FROM job"
        " WHERE tenant_id = $1 AND exports.id = $4 RETURNING exports.id";
    const struct db_value values[] = {db_uuid(job->tenant), db_uuid(job->id),
                                      db_uuid(job->lease),  db_uuid(export),
                                      db_text(state),       bytes < 0 ? db_null() : db_int(bytes)};
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db, &(struct db_unit){.tenant = job->tenant, .statements = &statement, .count = 1},
                mine_or_stale, on_end, arg, slot);
}

void exports_end(struct db *db, const struct outbox_job *job, struct uuid export, int64_t bytes,
                 db_end_fn *on_end, void *arg, struct op **slot)
{
    end(db, job, export, "ready", bytes, on_end, arg, slot);
}

void exports_fail(struct db *db, const struct outbox_job *job, struct uuid export,
                  db_end_fn *on_end, void *arg, struct op **slot)
{
    end(db, job, export, "failed", -1, on_end, arg, slot);
}

/* ---- fetched --------------------------------------------------------------------------------- */

struct file_context {
    export_file_fn *on_file;
    void *arg;
};

static void on_file_row(int err, const struct db_rows *rows, void *arg)
{
    const struct file_context *context = arg;
    struct export_file file = {{{0}}, 0};
    if (!err)
        err = store_any_row(rows);
    if (!err && !str_is(db_get_str(rows, 0, 0), "ready"))
        err = EBUSY;
    if (!err)
        file = (struct export_file){db_get_uuid(rows, 0, 1), db_get_int(rows, 0, 2)};
    context->on_file(err, err ? NULL : &file, context->arg);
}

void exports_open(struct db *db, struct uuid tenant, struct uuid export, const char *actor,
                  export_file_fn *on_file, void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH e AS (SELECT * FROM exports WHERE tenant_id = $1 AND id = $2 AND expires_at > now()),"
        " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject)"
        "  SELECT tenant_id, $3::text, 'export.fetch', id::text FROM e WHERE state = 'ready')"
        " SELECT state, run, bytes FROM e";
    const struct file_context context = {on_file, arg};
    const struct db_value values[] = {db_uuid(tenant), db_uuid(export), db_text(actor)};
    const struct db_statement statement = {sql, values, countof(values)};
    db_run(db, &(struct db_unit){tenant, &statement, 1, &context, sizeof(context)}, on_file_row,
           NULL, slot);
}

struct data_context {
    struct arena *arena;
    export_data_fn *on_data;
    void *arg;
};

static void on_data_row(int err, const struct db_rows *rows, void *arg)
{
    const struct data_context *context = arg;
    struct str data = {0};
    if (!err && db_row_count(rows))
        data = db_get_bytes(rows, 0, 0, context->arena);
    context->on_data(err, data, context->arg);
}

void exports_read(struct db *db, struct uuid tenant, struct uuid export, struct uuid run,
                  int64_t seq, struct arena *arena, export_data_fn *on_data, void *arg,
                  struct op **slot)
{
    static const char sql[] = "SELECT data FROM export_chunks WHERE tenant_id = $1"
                              " AND export_id = $2 AND run = $3 AND seq = $4";
    const struct data_context context = {arena, on_data, arg};
    const struct db_value values[] = {db_uuid(tenant), db_uuid(export), db_uuid(run), db_int(seq)};
    const struct db_statement statement = {sql, values, countof(values)};
    db_run(db, &(struct db_unit){tenant, &statement, 1, &context, sizeof(context)}, on_data_row,
           NULL, slot);
}
