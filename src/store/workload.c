/* store/workload.c: calls and jobs of everybody, by their numbers. */
#include "store/workload.h"

#include "store/store_private.h"

#include <errno.h>

static const struct uuid everybody;

void workload_overview(struct db *db, int64_t capacity, db_json_fn *on_json, void *arg,
                       struct op **slot)
{
    static const char sql[] =
        "SELECT json_build_object('tenants', (SELECT json_build_object("
        "   'active', count(*) FILTER (WHERE status = 'active'),"
        "   'suspended', count(*) FILTER (WHERE status = 'suspended'),"
        "   'cancelled', count(*) FILTER (WHERE status = 'cancelled'),"
        "   'on_trial', count(*) FILTER (WHERE status = 'active' AND plan = 'trial'))"
        "  FROM tenants),"
        " 'numbers', (SELECT json_build_object('free', count(*) FILTER (WHERE state = 'free'),"
        "   'assigned', count(*) FILTER (WHERE state = 'assigned'),"
        "   'quarantined', count(*) FILTER (WHERE state = 'quarantined'),"
        "   'shared', count(*) FILTER (WHERE state = 'shared'), 'all', count(*))"
        "  FROM number_pool),"
        " 'calls', json_build_object("
        "   'live', (SELECT count(*) FROM calls WHERE status = 'in_progress'),"
        "   'capacity', $1::bigint),"
        " 'jobs', (SELECT json_build_object('pending', count(*) FILTER (WHERE status = 'pending'),"
        "   'dead', count(*) FILTER (WHERE status = 'dead'), 'oldest_seconds',"
        "   coalesce(extract(epoch FROM now() - min(run_at) FILTER (WHERE status = 'pending'"
        "    AND run_at <= now())), 0)::bigint)"
        "  FROM outbox WHERE status IN ('pending', 'dead')))";
    const struct db_value values[] = {db_int(capacity)};
    store_json_query(db, everybody, sql, values, countof(values), on_json, arg, slot);
}

void workload_calls(struct db *db, int64_t capacity, db_json_fn *on_json, void *arg,
                    struct op **slot)
{
    static const char sql[] =
        "WITH live AS (SELECT c.tenant_id, c.id, c.carrier, c.service, c.started_at, t.name"
        "  FROM calls c JOIN tenants t ON t.id = c.tenant_id WHERE c.status = 'in_progress')"
        " SELECT json_build_object('items', coalesce((SELECT json_agg(json_build_object("
        "  'id', l.id, 'tenant_id', l.tenant_id, 'tenant_name', l.name, 'carrier', l.carrier,"
        "  'service', l.service, 'started_at', json_time(l.started_at), 'seconds',"
        "  greatest(0, extract(epoch FROM now() - l.started_at))::bigint)"
        "  ORDER BY l.started_at, l.id)"
        "  FROM (SELECT * FROM live ORDER BY started_at, id LIMIT $2) l), '[]'),"
        " 'live', (SELECT count(*) FROM live), 'capacity', $1::bigint)";
    const struct db_value values[] = {db_int(capacity), db_int(WORKLOAD_CALLS_MAX)};
    store_json_query(db, everybody, sql, values, countof(values), on_json, arg, slot);
}

/* Of relations called o and t, the tenant. */
#define JOB_JSON                                                                                   \
    "json_build_object('id', o.id, 'tenant_id', o.tenant_id, 'tenant_name', t.name,"               \
    " 'kind', o.kind, 'call_id', o.call_id, 'status', o.status, 'attempts', o.attempts,"           \
    " 'run_at', json_time(o.run_at), 'last_error', o.last_error,"                                  \
    " 'created_at', json_time(o.created_at), 'ended_at', json_time(o.ended_at))"
#define JOB_COLUMNS                                                                                \
    "o.tenant_id, o.id, o.kind, o.call_id, o.status, o.attempts, o.run_at, o.last_error,"          \
    " o.created_at, o.ended_at"

#define IS_BEFORE BEFORE_CURSOR("o.created_at", "o.id", "$1", "$2")
#define CURSOR CURSOR_OF("created_at", "id")

void workload_jobs(struct db *db, const struct job_filter *filter, db_json_fn *on_json, void *arg,
                   struct op **slot)
{
    static const char sql[] =
        "WITH page AS (SELECT " JOB_COLUMNS " FROM outbox o WHERE o.status IN ('pending', 'dead')"
        "  AND " IS_BEFORE
        "  AND ($3::text IS NULL OR o.status = $3) AND ($4::text IS NULL OR o.kind = $4)"
        "  ORDER BY o.created_at DESC, o.id DESC LIMIT $5::bigint + 1),"
        " shown AS (SELECT * FROM page ORDER BY created_at DESC, id DESC LIMIT $5)"
        " SELECT json_build_object('items', coalesce((SELECT json_agg(" JOB_JSON
        "  ORDER BY o.created_at DESC, o.id DESC)"
        "  FROM shown o JOIN tenants t ON t.id = o.tenant_id), '[]'),"
        " 'next_cursor', (SELECT " CURSOR " FROM shown"
        "  WHERE (SELECT count(*) FROM page) > $5 ORDER BY created_at, id LIMIT 1))";
    struct uuid before;
    int64_t before_us;
    if (store_time_cursor(filter->cursor, &before_us, &before)) {
        store_json_refuse(db, EINVAL, on_json, arg, slot);
        return;
    }
    const struct db_value values[] = {db_int(before_us), db_uuid(before), db_text(filter->status),
                                      db_text(filter->kind), db_int(filter->limit)};
    store_json_query(db, everybody, sql, values, countof(values), on_json, arg, slot);
}

void workload_retry(struct db *db, struct uuid job, const char *actor, db_json_fn *on_json,
                    void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH found AS (SELECT o.tenant_id, o.id, o.status FROM outbox o WHERE o.id = $1"
        "  AND o.status IN ('pending', 'dead') FOR UPDATE),"
        " o AS (UPDATE outbox j SET status = 'pending', attempts = 0, run_at = now(),"
        "  ended_at = NULL FROM found f"
        "  WHERE j.tenant_id = f.tenant_id AND j.id = f.id AND f.status = 'dead'"
        "  RETURNING j.tenant_id, j.id, j.kind, j.call_id, j.status, j.attempts, j.run_at,"
        "   j.last_error, j.created_at, j.ended_at),"
        " written AS (INSERT INTO operator_log (actor, action, about_tenant, subject)"
        "  SELECT $2::text, 'job.retry', tenant_id, id::text FROM o)"
        " SELECT (SELECT " JOB_JSON " FROM o JOIN tenants t ON t.id = o.tenant_id),"
        "  CASE WHEN status = 'dead' THEN 0 ELSE $3::integer END,"
        "  (SELECT pg_notify('karen_outbox', kind) FROM o) FROM found";
    const struct db_value values[] = {db_uuid(job), db_text(actor), db_int(EBUSY)};
    store_json_query(db, everybody, sql, values, countof(values), on_json, arg, slot);
}
