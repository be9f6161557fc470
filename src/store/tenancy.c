/* store/tenancy.c: tenants and plans over all the installation, and the operators' own log. */
#include "store/tenancy.h"

#include "store/store_private.h"
#include "store/tenants_private.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* Of a relation called t. */
#define TENANCY_JSON                                                                               \
    "json_build_object('id', t.id, 'version', t.version, 'name', t.name,"                          \
    " 'owner_name', t.owner_name, 'language', t.language, 'timezone', t.timezone,"                 \
    " 'plan', t.plan, 'status', t.status, 'suspended_reason', t.suspended_reason,"                 \
    " 'suspended_at', json_time(t.suspended_at), 'trial_ends_at', json_time(t.trial_ends_at),"     \
    " 'unpaid_since', json_time(t.unpaid_since), 'usage_anchor', json_time(t.usage_anchor),"       \
    " 'limit_calls', t.limit_calls, 'limit_members', t.limit_members,"                             \
    " 'limit_numbers', t.limit_numbers,"                                                           \
    " 'closed_at', json_time(t.closed_at), 'erase_after', json_time(t.erase_after),"               \
    " 'created_at', json_time(t.created_at), 'updated_at', json_time(t.updated_at),"               \
    " 'owners', (SELECT coalesce(json_agg(json_build_object('phone', u.phone, 'name', u.name)"     \
    "  ORDER BY u.created_at, u.id), '[]')"                                                        \
    "  FROM users u WHERE u.tenant_id = t.id AND u.role = 'owner'),"                               \
    " 'members', (SELECT count(*) FROM users u WHERE u.tenant_id = t.id),"                         \
    " 'numbers', (SELECT coalesce(json_agg(n.twilio_number ORDER BY n.created_at, n.id), '[]')"    \
    "  FROM tenant_phone_numbers n WHERE n.tenant_id = t.id),"                                     \
    " 'used', u.calls, 'limit', u.calls_max,"                                                      \
    " 'period_starts_at', json_time(u.starts_at), 'period_ends_at', json_time(u.ends_at),"         \
    " 'cost_micro', (SELECT coalesce(sum(l.cost_micro), 0) FROM usage_ledger l"                    \
    "  WHERE l.tenant_id = t.id AND l.at >= u.starts_at),"                                         \
    " 'live_calls', (SELECT count(*) FROM calls c"                                                 \
    "  WHERE c.tenant_id = t.id AND c.status = 'in_progress'),"                                    \
    " 'last_call_at', (SELECT json_time(c.started_at) FROM calls c"                                \
    "  WHERE c.tenant_id = t.id ORDER BY c.started_at DESC LIMIT 1),"                              \
    " 'notes', (SELECT o.notes FROM tenant_notes o WHERE o.tenant_id = t.id))"
#define TENANTS "tenants t CROSS JOIN LATERAL tenant_usage(t.id) u"

static const char show_sql[] = "SELECT " TENANCY_JSON " FROM " TENANTS " WHERE t.id = $1";

#define IS_BEFORE BEFORE_CURSOR("t.created_at", "t.id", "$1", "$2")
#define CURSOR CURSOR_OF("created_at", "id")

void tenancy_list(struct db *db, const struct tenancy_filter *filter, db_json_fn *on_json,
                  void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH wanted AS (SELECT plain_text($3::text) AS words,"
        "  nullif(regexp_replace($3, '[^0-9]', '', 'g'), '') AS digits),"
        " page AS (SELECT t.id, t.created_at FROM tenants t, wanted w WHERE " IS_BEFORE
        "  AND ($4::text IS NULL OR t.plan = $4) AND ($5::text IS NULL OR t.status = $5)"
        "  AND ($3 IS NULL OR strpos(plain_text(t.name), w.words) > 0"
        "   OR strpos(plain_text(t.owner_name), w.words) > 0"
        "   OR EXISTS (SELECT FROM users u WHERE u.tenant_id = t.id AND u.role = 'owner'"
        "              AND strpos(u.phone, w.digits) > 0)"
        "   OR EXISTS (SELECT FROM tenant_phone_numbers n WHERE n.tenant_id = t.id"
        "              AND strpos(n.twilio_number, w.digits) > 0))"
        "  ORDER BY t.created_at DESC, t.id DESC LIMIT $6::bigint + 1),"
        " shown AS (SELECT * FROM page ORDER BY created_at DESC, id DESC LIMIT $6)"
        " SELECT json_build_object('items', coalesce((SELECT json_agg(" TENANCY_JSON
        "  ORDER BY t.created_at DESC, t.id DESC)"
        "  FROM shown s JOIN " TENANTS " ON t.id = s.id), '[]'),"
        " 'next_cursor', (SELECT " CURSOR " FROM shown"
        "  WHERE (SELECT count(*) FROM page) > $6 ORDER BY created_at, id LIMIT 1))";
    struct uuid before;
    int64_t before_us;
    assert(filter->limit > 0 && filter->limit <= TENANCY_LIST_MAX);
    if (store_time_cursor(filter->cursor, &before_us, &before)) {
        store_json_refuse(db, EINVAL, on_json, arg, slot);
        return;
    }
    const struct db_value values[] = {db_int(before_us),       db_uuid(before),
                                      db_text(filter->search), db_text(filter->plan),
                                      db_text(filter->status), db_int(filter->limit)};
    store_json_query(db, (struct uuid){{0}}, sql, values, countof(values), on_json, arg, slot);
}

void tenancy_show(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                  struct op **slot)
{
    const struct db_value values[] = {db_uuid(tenant)};
    store_json_query(db, (struct uuid){{0}}, show_sql, values, countof(values), on_json, arg, slot);
}

/* Then the tenant; a second column says what was wrong when nothing was done. $5 version, $6 status
 * it must have, $7 why, $8 notes. */
static const char set_sql[] =
    "WITH old AS (SELECT " OPERATORS_NAMES " FROM tenants WHERE id = $1"
    "  AND ($5::bigint IS NULL OR version = $5) AND ($6::text IS NULL OR status = $6) FOR UPDATE),"
    " pairs AS (SELECT (SELECT coalesce(jsonb_object_agg(key,"
    "  jsonb_build_array(" OPERATORS_OLD " -> key, value)), '{}') FROM jsonb_each($2::jsonb))"
    "  AS change FROM old),"
    " logged AS (INSERT INTO audit_log (tenant_id, actor, action, change)"
    "  SELECT $1::uuid, $3::text, $4::text, change FROM pairs),"
    " written AS (INSERT INTO operator_log (actor, action, about_tenant, subject, change)"
    "  SELECT $3::text, $4::text, $1::uuid, $7::text, change || CASE WHEN $8::text IS NULL"
    "   THEN '{}' ELSE '{\"notes\": \"changed\"}'::jsonb END FROM pairs),"
    " noted AS (INSERT INTO tenant_notes (tenant_id, notes)"
    "  SELECT id, $8 FROM old WHERE $8 <> '' ON CONFLICT (tenant_id) DO UPDATE"
    "  SET notes = excluded.notes, updated_at = now()),"
    " cleared AS (DELETE FROM tenant_notes n USING old WHERE n.tenant_id = old.id AND $8 = '')"
    "UPDATE tenants t SET " OPERATORS_COLUMNS " FROM old WHERE t.id = old.id RETURNING t.id";

struct set_context {
    db_json_fn *on_json;
    void *arg;
    bool by_status; /* what it must have, beside a version */
};

static void on_set(int err, const struct db_rows *rows, void *arg)
{
    const struct set_context *context = arg;
    struct str json = {0};
    if (!err)
        err = store_any_row(rows);
    if (!err && db_row_count(db_rows_of(rows, 0)) == 0)
        err = context->by_status ? EBUSY : ESTALE;
    if (!err)
        json = db_get_str(rows, 0, 0);
    context->on_json(err, json, context->arg);
}

void tenancy_set(struct db *db, struct uuid tenant, const struct tenancy_change *change,
                 db_json_fn *on_json, void *arg, struct op **slot)
{
    const struct set_context context = {on_json, arg, change->status != NULL};
    struct buf json = {0};
    unsigned owners;
    if (settings_json(change->settings, change->count, &json, &owners) ||
        (owners & SETTINGS_TENANTS)) {
        store_json_refuse(db, EINVAL, on_json, arg, slot);
    } else {
        const struct db_value values[] = {db_uuid(tenant),
                                          db_str(buf_str(&json)),
                                          db_text(change->actor),
                                          db_text(change->action),
                                          change->version < 0 ? db_null() : db_int(change->version),
                                          db_text(change->status),
                                          db_text(change->why),
                                          db_text(change->notes)};
        const struct db_statement statements[] = {{set_sql, values, countof(values)},
                                                  {show_sql, values, 1}};
        db_run(db, &(struct db_unit){{{0}}, statements, 2, &context, sizeof(context)}, on_set, NULL,
               slot);
    }
    buf_free(&json);
}

#define LOG_BEFORE BEFORE_CURSOR("at", "id", "$1", "$2")
#define LOG_CURSOR CURSOR_OF("at", "id")

void tenancy_log(struct db *db, struct uuid about, const char *cursor, int64_t limit,
                 db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH page AS (SELECT * FROM operator_log WHERE " LOG_BEFORE
        "  AND ($3::uuid IS NULL OR about_tenant = $3)"
        "  ORDER BY at DESC, id DESC LIMIT $4::bigint + 1),"
        " shown AS (SELECT * FROM page ORDER BY at DESC, id DESC LIMIT $4)"
        " SELECT json_build_object('items', coalesce((SELECT json_agg(json_build_object("
        "  'id', o.id, 'at', json_time(o.at), 'actor', o.actor, 'action', o.action,"
        "  'tenant_id', o.about_tenant, 'subject', o.subject, 'change', o.change)"
        "  ORDER BY o.at DESC, o.id DESC) FROM shown o), '[]'),"
        " 'next_cursor', (SELECT " LOG_CURSOR " FROM shown"
        "  WHERE (SELECT count(*) FROM page) > $4 ORDER BY at, id LIMIT 1))";
    struct uuid before;
    int64_t before_us;
    if (store_time_cursor(cursor, &before_us, &before)) {
        store_json_refuse(db, EINVAL, on_json, arg, slot);
        return;
    }
    const struct db_value values[] = {db_int(before_us), db_uuid(before), db_uuid(about),
                                      db_int(limit)};
    store_json_query(db, (struct uuid){{0}}, sql, values, countof(values), on_json, arg, slot);
}

/* ---- plans ----------------------------------------------------------------------------------- */

/* Of a relation called p. */
#define PLAN_JSON                                                                                  \
    "json_build_object('code', p.code, 'version', p.version,"                                      \
    " 'calls_per_month', p.calls_per_month, 'members', p.members, 'numbers', p.numbers,"           \
    " 'call_seconds_max', p.call_seconds_max, 'updated_at', json_time(p.updated_at),"              \
    " 'tenants', (SELECT count(*) FROM tenants t WHERE t.plan = p.code))"

void plans_list(struct db *db, db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char sql[] = "SELECT json_build_object('items', json_agg(" PLAN_JSON
                              " ORDER BY p.position), 'next_cursor', NULL) FROM plans p";
    store_json_query(db, (struct uuid){{0}}, sql, NULL, 0, on_json, arg, slot);
}

void plans_set(struct db *db, const char *code, const char *change, int64_t version,
               const char *actor, db_json_fn *on_json, void *arg, struct op **slot)
{
    /* the row that comes back is the one that was: what was changed stands before it */
    static const char sql[] =
        "WITH old AS (SELECT p.*, $3::bigint IS NULL OR version = $3 AS fits FROM plans p"
        "  WHERE code = $1 FOR UPDATE),"
        " logged AS (INSERT INTO operator_log (actor, action, subject, change)"
        "  SELECT $4::text, 'plan.set', $1::text, (SELECT coalesce(jsonb_object_agg(key,"
        "   jsonb_build_array(to_jsonb(old) -> key, value)), '{}') FROM jsonb_each($2::jsonb))"
        "  FROM old WHERE fits),"
        " p AS (UPDATE plans t SET version = t.version + 1, updated_at = now(), "
        /* clang-format off */
        KEPT_OR_CAST("calls_per_month", "integer") ", "
        KEPT_OR_CAST("members", "integer") ", "
        KEPT_OR_CAST("numbers", "integer") ", "
        KEPT_OR_CAST("call_seconds_max", "integer")
        /* clang-format on */
        "  FROM old WHERE t.code = old.code AND old.fits RETURNING t.*)"
        " SELECT (SELECT " PLAN_JSON
        " FROM p), CASE WHEN fits THEN 0 ELSE $5::integer END FROM old";
    const struct db_value values[] = {db_text(code), db_text(change),
                                      version < 0 ? db_null() : db_int(version), db_text(actor),
                                      db_int(ESTALE)};
    store_json_query(db, (struct uuid){{0}}, sql, values, countof(values), on_json, arg, slot);
}
