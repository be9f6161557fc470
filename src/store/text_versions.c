/* store/text_versions.c: versions listed, shown and restored; they are made by keep_text_versions()
 * of the schema. */
#include "store/text_versions.h"

#include "store/store_private.h"

#include <assert.h>
#include <errno.h>

/* Of a relation called v; made_by is "user:<id>", "key:<id>" or another name of the audit log. */
#define VERSION_MEMBERS                                                                            \
    "'kind', v.kind, 'version', v.version, 'current', v.version = (SELECT max(n.version)"          \
    "  FROM tenant_text_versions n WHERE n.tenant_id = v.tenant_id AND n.kind = v.kind),"          \
    " 'characters', coalesce(char_length(v.text), 0), 'made_at', json_time(v.made_at),"            \
    " 'made_by', v.made_by, 'made_by_name', (SELECT coalesce(u.name, u.phone) FROM users u"        \
    "  WHERE u.tenant_id = v.tenant_id AND 'user:' || u.id = v.made_by),"                          \
    " 'restored_from', v.restored_from"
#define ONE_VERSION(which)                                                                         \
    "SELECT json_build_object(" VERSION_MEMBERS ", 'text', v.text) FROM tenant_text_versions v"    \
    " WHERE v.tenant_id = $1 AND v.kind = $2 " which

void text_versions_list(struct db *db, struct uuid tenant, const char *kind, int64_t before,
                        int64_t limit, db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH page AS (SELECT * FROM tenant_text_versions WHERE tenant_id = $1 AND kind = $2"
        "  AND ($3::bigint = 0 OR version < $3) ORDER BY version DESC LIMIT $4 + 1)"
        " SELECT json_build_object('items', coalesce((SELECT json_agg(json_build_object("
        "   " VERSION_MEMBERS ") ORDER BY v.version DESC)"
        "   FROM (SELECT * FROM page ORDER BY version DESC LIMIT $4) v), '[]'),"
        "  'next_cursor', (SELECT version::text FROM page WHERE (SELECT count(*) FROM page) > $4"
        "   ORDER BY version DESC OFFSET $4 - 1 LIMIT 1))";
    assert(limit > 0 && limit <= TEXT_VERSIONS_LIST_MAX);
    const struct db_value values[] = {db_uuid(tenant), db_text(kind), db_int(before),
                                      db_int(limit)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

void text_versions_get(struct db *db, struct uuid tenant, const char *kind, int64_t version,
                       db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char sql[] = ONE_VERSION("AND v.version = $3");
    const struct db_value values[] = {db_uuid(tenant), db_text(kind), db_int(version)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

/* Nothing was restored: 0 when it is there all the same, so the tenant has another version. */
static int restored_or_not(const struct db_rows *rows)
{
    const struct db_rows *found = db_rows_of(rows, 0);
    if (!db_row_count(found))
        return ENOENT;
    return db_get_bool(found, 0, 0) ? 0 : ESTALE;
}

void text_versions_restore(struct db *db, struct uuid tenant, const struct text_restore *restore,
                           db_end_fn *on_end, void *arg, struct op **slot)
{
#define RESTORED(column)                                                                           \
    column " = CASE WHEN v.kind = '" column "' THEN v.text ELSE t." column " END"
#define ALL_RESTORED                                                                               \
    RESTORED("system_prompt")                                                                      \
    ", " RESTORED("greeting_text") ", " RESTORED("voice_id") ", " RESTORED("language")
    /* a language is never cleared, so v.text of one is never null */
    static const char sql[] =
        "WITH v AS (SELECT * FROM tenant_text_versions WHERE tenant_id = $1 AND kind = $2"
        "  AND version = $3),"
        " restored AS (UPDATE tenants t SET " ALL_RESTORED
        "  FROM v WHERE t.id = v.tenant_id AND ($5::bigint IS NULL OR t.version = $5)"
        "  RETURNING t.id),"
        " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject, change)"
        "  SELECT id, $4::text, 'text.restore', $2::text, jsonb_build_object('kind', $2::text,"
        "   'version', $3::bigint) FROM restored)"
        " SELECT EXISTS (SELECT FROM restored) FROM v";
    const struct db_value values[] = {
        db_uuid(tenant), db_text(restore->kind), db_int(restore->version), db_text(restore->actor),
        restore->tenant_version < 0 ? db_null() : db_int(restore->tenant_version)};
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db, &(struct db_unit){.tenant = tenant, .statements = &statement, .count = 1},
                restored_or_not, on_end, arg, slot);
}
