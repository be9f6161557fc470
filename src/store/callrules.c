/* store/callrules.c: call rules as rows, their order kept without a gap. */
#include "store/callrules.h"

#include "store/store_private.h"

#include <errno.h>

/* Of a relation called r. */
#define RULE_JSON                                                                                  \
    "json_build_object('id', r.id, 'position', r.position, 'name', r.name, 'enabled', r.enabled,"  \
    " 'who', r.body->'who', 'when', r.body->'when', 'then', r.body->'then',"                       \
    " 'version', r.version, 'created_at', json_time(r.created_at),"                                \
    " 'updated_at', json_time(r.updated_at))"
#define RULES_JSON                                                                                 \
    "(SELECT coalesce(json_agg(" RULE_JSON " ORDER BY r.position), '[]')"                          \
    " FROM rules r WHERE r.tenant_id = $1)"
#define LIST_JSON                                                                                  \
    "json_build_object('items', " RULES_JSON ", 'version',"                                        \
    " coalesce((SELECT order_version FROM rule_settings WHERE tenant_id = $1), 1))"

/* Whoever changes the order goes through this row, one after the other. */
static const char lock_sql[] =
    "INSERT INTO rule_settings AS s (tenant_id) VALUES ($1) ON CONFLICT (tenant_id)"
    " DO UPDATE SET tenant_id = s.tenant_id";
/* ... when a relation called r has anything. */
#define RAISE                                                                                      \
    " raised AS (UPDATE rule_settings s SET order_version = order_version + 1"                     \
    "  FROM (SELECT FROM r LIMIT 1) AS any_row WHERE s.tenant_id = $1),"

/* ---- looking --------------------------------------------------------------------------------- */

void callrules_list(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                    struct op **slot)
{
    const struct db_value values[] = {db_uuid(tenant)};
    store_json_query(db, tenant, "SELECT " LIST_JSON, values, 1, on_json, arg, slot);
}

void callrules_get(struct db *db, struct uuid tenant, struct uuid rule, db_json_fn *on_json,
                   void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT " RULE_JSON " FROM rules r WHERE r.tenant_id = $1 AND r.id = $2";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(rule)};
    store_json_query(db, tenant, sql, values, 2, on_json, arg, slot);
}

/* ---- changing -------------------------------------------------------------------------------- */

void callrules_add(struct db *db, struct uuid tenant, const struct callrule_draft *draft,
                   int64_t position, const char *actor, db_json_fn *on_json, void *arg,
                   struct op **slot)
{
#define PLACE                                                                                      \
    "(SELECT CASE WHEN $2::bigint < 1 THEN count(*) + 1 ELSE least($2::bigint, count(*) + 1) END"  \
    " FROM rules WHERE tenant_id = $1)"
    static const char shift_sql[] =
        "UPDATE rules SET position = position + 1 WHERE tenant_id = $1 AND position >= " PLACE
        " AND (SELECT count(*) FROM rules WHERE tenant_id = $1) < $3";
    /* the gap that shifting made is at this place, or behind the last */
    static const char add_sql[] =
        "WITH r AS (INSERT INTO rules (tenant_id, position, name, enabled, body)"
        "  SELECT $1, " PLACE "::integer, $3, $4, $5::jsonb"
        "  WHERE (SELECT count(*) FROM rules WHERE tenant_id = $1) < $6 RETURNING *)," RAISE
        " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject, change)"
        "  SELECT $1, $7, 'rule.add', r.id::text, jsonb_build_object('rule',"
        "   jsonb_build_array(NULL, r.body)) FROM r)"
        " SELECT (SELECT " RULE_JSON
        " FROM r), CASE WHEN EXISTS (SELECT FROM r) THEN 0 ELSE $8 END";
    const struct db_value values[] = {
        db_uuid(tenant),     db_int(position),      db_text(draft->name), db_bool(draft->enabled),
        db_str(draft->body), db_int(CALLRULES_MAX), db_text(actor),       db_int(EDQUOT)};
    const struct db_value shift_values[] = {values[0], values[1], values[5]};
    const struct db_statement statements[] = {
        {lock_sql, values, 1},
        {shift_sql, shift_values, countof(shift_values)},
        {add_sql, values, countof(values)},
    };
    store_json(db, &(struct db_unit){tenant, statements, countof(statements), NULL, 0}, on_json,
               arg, slot);
}

void callrules_change(struct db *db, struct uuid tenant, struct uuid rule, int64_t version,
                      const struct callrule_draft *draft, const char *actor, db_json_fn *on_json,
                      void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH old AS (SELECT * FROM rules WHERE tenant_id = $1 AND id = $2 FOR UPDATE),"
        " r AS (UPDATE rules u SET name = $4, enabled = $5, body = $6::jsonb,"
        "  version = u.version + 1, updated_at = now() FROM old"
        "  WHERE u.tenant_id = old.tenant_id AND u.id = old.id AND old.version = $3::bigint "
        "RETURNING u.*),"
        " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject, change)"
        "  SELECT $1, $7, 'rule.change', r.id::text, jsonb_strip_nulls(jsonb_build_object("
        "   'rule', CASE WHEN old.body <> r.body THEN jsonb_build_array(old.body, r.body) END,"
        "   'enabled', CASE WHEN old.enabled <> r.enabled"
        "    THEN jsonb_build_array(old.enabled, r.enabled) END)) FROM old, r)"
        " SELECT (SELECT " RULE_JSON " FROM r), CASE WHEN EXISTS (SELECT FROM r) THEN 0 ELSE $8 END"
        " FROM old";
    const struct db_value values[] = {
        db_uuid(tenant),         db_uuid(rule),       db_int(version), db_text(draft->name),
        db_bool(draft->enabled), db_str(draft->body), db_text(actor),  db_int(ESTALE)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

/* The second statement's row: how many rules were looked at, how many are gone. */
static int removed_or_why(const struct db_rows *rows)
{
    const struct db_rows *removed = db_rows_of(rows, 1);
    if (db_get_int(removed, 0, 0) == 0)
        return ENOENT;
    return db_get_int(removed, 0, 1) ? 0 : ESTALE;
}

void callrules_remove(struct db *db, struct uuid tenant, struct uuid rule, int64_t version,
                      const char *actor, db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char remove_sql[] =
        "WITH old AS (SELECT * FROM rules WHERE tenant_id = $1 AND id = $2 FOR UPDATE),"
        " r AS (DELETE FROM rules u USING old WHERE u.tenant_id = old.tenant_id"
        "  AND u.id = old.id AND $3::bigint IN (-1, old.version) RETURNING u.*)," RAISE
        " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject, change)"
        "  SELECT $1, $4, 'rule.remove', id::text,"
        "   jsonb_build_object('rule', jsonb_build_array(body, NULL)) FROM r)"
        " SELECT (SELECT count(*) FROM old), (SELECT count(*) FROM r)";
    static const char close_sql[] =
        "UPDATE rules r SET position = placed.position FROM (SELECT id,"
        "  row_number() OVER (ORDER BY position) AS position FROM rules WHERE tenant_id = $1)"
        " AS placed WHERE r.tenant_id = $1 AND r.id = placed.id AND r.position <> placed.position";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(rule), db_int(version),
                                      db_text(actor)};
    const struct db_statement statements[] = {
        {lock_sql, values, 1}, {remove_sql, values, 4}, {close_sql, values, 1}};
    store_write(db, &(struct db_unit){tenant, statements, countof(statements), NULL, 0},
                removed_or_why, on_end, arg, slot);
}

void callrules_order(struct db *db, struct uuid tenant, struct str ids, int64_t version,
                     const char *actor, db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char order_sql[] =
        "WITH wanted AS (SELECT value::uuid AS id, ordinality AS position"
        "  FROM jsonb_array_elements_text($2::jsonb) WITH ORDINALITY),"
        " judged AS (SELECT s.order_version + 1 AS version,"
        "   CASE WHEN $3::bigint NOT IN (-1, s.order_version) THEN $5"
        "    WHEN (SELECT array_agg(id ORDER BY id) FROM wanted) IS DISTINCT FROM"
        "     (SELECT array_agg(id ORDER BY id) FROM rules WHERE tenant_id = $1) THEN $6"
        "    ELSE 0 END AS err FROM rule_settings s WHERE s.tenant_id = $1),"
        " r AS (UPDATE rules u SET position = w.position FROM wanted w, judged"
        "  WHERE judged.err = 0 AND u.tenant_id = $1 AND u.id = w.id RETURNING u.*),"
        " raised AS (UPDATE rule_settings s SET order_version = judged.version FROM judged"
        "  WHERE judged.err = 0 AND s.tenant_id = $1),"
        " logged AS (INSERT INTO audit_log (tenant_id, actor, action, change)"
        "  SELECT $1, $4, 'rule.order', jsonb_build_object('order', $2::jsonb) FROM judged"
        "  WHERE err = 0)"
        " SELECT json_build_object('items', (SELECT coalesce(json_agg(" RULE_JSON
        "  ORDER BY r.position), '[]') FROM r), 'version', version), err FROM judged";
    const struct db_value values[] = {db_uuid(tenant), db_str(ids),    db_int(version),
                                      db_text(actor),  db_int(ESTALE), db_int(EBUSY)};
    const struct db_statement statements[] = {{lock_sql, values, 1},
                                              {order_sql, values, countof(values)}};
    store_json(db, &(struct db_unit){tenant, statements, countof(statements), NULL, 0}, on_json,
               arg, slot);
}

/* ---- what they share ------------------------------------------------------------------------- */

/* Whose holidays they are where nobody chose: those of the language. Of a relation called t. */
#define OWN_COUNTRIES                                                                              \
    "ARRAY[CASE t.language WHEN 'cs' THEN 'CZ' WHEN 'sk' THEN 'SK' WHEN 'de' THEN 'DE'"            \
    " ELSE 'GB' END]"
/* Of a relation called s, at a moment. */
#define MODE_AT(moment)                                                                            \
    "CASE WHEN s.mode_until <= " moment " THEN 'normal' ELSE coalesce(s.mode, 'normal') END"
#define SETTINGS_JSON                                                                              \
    "json_build_object('holiday_countries', coalesce(s.holiday_countries, " OWN_COUNTRIES "),"     \
    " 'own_holidays', coalesce(s.own_holidays, '{}'), 'mode', " MODE_AT(                           \
        "now()") ","                                                                               \
                 " 'mode_until', CASE WHEN s.mode_until > now() THEN json_time(s.mode_until) END," \
                 " 'version', coalesce(s.version, 1))"

void callrules_get_settings(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                            struct op **slot)
{
    static const char sql[] = "SELECT " SETTINGS_JSON " FROM tenants t LEFT JOIN rule_settings s"
                              " ON s.tenant_id = t.id WHERE t.id = $1";
    const struct db_value values[] = {db_uuid(tenant)};
    store_json_query(db, tenant, sql, values, 1, on_json, arg, slot);
}

void callrules_set_settings(struct db *db, struct uuid tenant, struct str patch, int64_t version,
                            const char *actor, db_json_fn *on_json, void *arg, struct op **slot)
{
#define LIST_OF(member, type)                                                                      \
    "ARRAY(SELECT value::" type " FROM jsonb_array_elements_text(nullif($2::jsonb->'" member       \
    "', 'null')) WITH ORDINALITY ORDER BY ordinality)"
    static const char sql[] =
        "WITH old AS (SELECT * FROM rule_settings WHERE tenant_id = $1),"
        " s AS (UPDATE rule_settings u SET"
        "  holiday_countries = CASE WHEN NOT $2::jsonb ? 'holiday_countries'"
        "   THEN u.holiday_countries WHEN $2::jsonb->'holiday_countries' = 'null' THEN NULL"
        "   ELSE " LIST_OF(
            "holiday_countries",
            "text") " END,"
                    "  own_holidays = CASE WHEN $2::jsonb ? 'own_holidays'"
                    "   THEN " LIST_OF(
                        "own_holidays",
                        "date") " ELSE u.own_holidays END,"
                                "  mode = CASE WHEN $2::jsonb ? 'mode' THEN "
                                "coalesce($2::jsonb->>'mode', 'normal')"
                                "   ELSE u.mode END,"
                                "  mode_until = CASE WHEN $2::jsonb ? 'mode_until'"
                                "   THEN ($2::jsonb->>'mode_until')::timestamptz"
                                "   WHEN $2::jsonb ? 'mode' THEN NULL ELSE u.mode_until END,"
                                "  version = u.version + 1 FROM old"
                                "  WHERE u.tenant_id = old.tenant_id AND $3::bigint IN (-1, "
                                "old.version) "
                                "RETURNING u.*),"
                                " logged AS (INSERT INTO audit_log (tenant_id, actor, action, "
                                "change)"
                                "  SELECT $1, $4, 'rule.settings', jsonb_build_object('set', "
                                "$2::jsonb) FROM s)"
                                " SELECT (SELECT " SETTINGS_JSON
                                " FROM s JOIN tenants t ON t.id = s.tenant_id),"
                                "  CASE WHEN EXISTS (SELECT FROM s) THEN 0 ELSE $5 END FROM old";
    const struct db_value values[] = {db_uuid(tenant), db_str(patch), db_int(version),
                                      db_text(actor), db_int(ESTALE)};
    const struct db_statement statements[] = {{lock_sql, values, 1},
                                              {sql, values, countof(values)}};
    store_json(db, &(struct db_unit){tenant, statements, countof(statements), NULL, 0}, on_json,
               arg, slot);
}

/* ---- what decides a call --------------------------------------------------------------------- */

struct find_context {
    struct arena *arena;
    callrules_fn *on_found;
    void *arg;
};

static void on_case(int err, const struct db_rows *rows, void *arg)
{
    const struct find_context *context = arg;
    struct callrules_found found = {0};
    if (!err)
        err = store_any_row(rows);
    if (!err)
        err = callrules_read(db_get_str(rows, 0, 0), context->arena, &found.all);
    if (!err)
        found.contact_name = db_get_text(rows, 0, 1, context->arena);
    context->on_found(err, err ? NULL : &found, context->arg);
}

void callrules_find(struct db *db, const struct callrules_query *query, struct arena *arena,
                    callrules_fn *on_found, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT json_build_object('number', $2::text, 'contact', k.kind,"
        "  'now', " DB_MS("c.moment") ", 'date', to_char(c.local, 'YYYY-MM-DD'),"
                                      "  'minute', (extract(hour FROM c.local) * 60 + "
                                      "extract(minute FROM c.local))::integer,"
                                      "  'mode', " MODE_AT(
                                          "c.moment") ","
                                                      "  'countries', "
                                                      "coalesce(s.holiday_countries, " OWN_COUNTRIES
                                                      "),"
                                                      "  'own_dates', coalesce(s.own_holidays, "
                                                      "'{}'),"
                                                      "  'can_ring', t.forward_number IS NOT NULL, "
                                                      "'rules', " RULES_JSON "), k.name"
                                                      " FROM tenants t LEFT JOIN rule_settings s "
                                                      "ON s.tenant_id = t.id"
                                                      " LEFT JOIN contacts k ON k.tenant_id = t.id "
                                                      "AND k.phone = $2,"
                                                      " LATERAL (SELECT coalesce($3::timestamptz, "
                                                      "now()) AS moment) m,"
                                                      " LATERAL (SELECT m.moment, m.moment AT TIME "
                                                      "ZONE t.timezone AS local) c"
                                                      " WHERE t.id = $1";
    bool shown = query->number && query->number[0];
    const struct db_value values[] = {db_uuid(query->tenant),
                                      shown ? db_text(query->number) : db_null(),
                                      query->at_ms ? db_time(query->at_ms) : db_null()};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct find_context context = {arena, on_found, arg};
    db_run(db, &(struct db_unit){query->tenant, &statement, 1, &context, sizeof(context)}, on_case,
           NULL, slot);
}
