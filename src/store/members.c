/* store/members.c: the people of a tenant, as they see and change themselves and each other. */
#include "store/people.h"

#include "store/people_private.h"
#include "store/store_private.h"

#include <errno.h>
#include <string.h>

/* ---- oneself -------------------------------------------------------------------------------- */

void people_me_json(struct db *db, struct uuid tenant, struct uuid user, db_json_fn *on_json,
                    void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT " USER_JSON " FROM users u WHERE u.tenant_id = $1 AND u.id = $2";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(user)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

void people_tenants_json(struct db *db, struct uuid tenant, struct uuid user, db_json_fn *on_json,
                         void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT json_build_object('items', " TENANTS_JSON ", 'next_cursor', NULL)"
        " FROM users u WHERE u.tenant_id = $1 AND u.id = $2";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(user)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

void people_change_me(struct db *db, struct uuid tenant, struct uuid user, const char *changes,
                      int64_t if_match, const char *actor, db_json_fn *on_json, void *arg,
                      struct op **slot)
{
    static const char sql[] =
        "WITH old AS (SELECT * FROM users WHERE tenant_id = $1 AND id = $2 FOR UPDATE),"
        " why AS (SELECT CASE WHEN $4::bigint >= 0 AND version <> $4 THEN $6::integer"
        "  ELSE 0 END AS err FROM old),"
        " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject, change)"
        "  SELECT $1::uuid, $5::text, 'me.set', $2::uuid::text,"
        "   (SELECT coalesce(jsonb_object_agg(key, jsonb_build_array(to_jsonb(old) -> key, value)),"
        "    '{}') FROM jsonb_each($3::jsonb)) FROM old, why WHERE err = 0),"
        " u AS (UPDATE users c SET version = c.version + 1,"
        "  name = CASE WHEN $3::jsonb ? 'name' THEN $3::jsonb ->> 'name' ELSE c.name END,"
        "  language = CASE WHEN $3::jsonb ? 'language' THEN $3::jsonb ->> 'language'"
        "   ELSE c.language END"
        "  FROM why WHERE c.tenant_id = $1 AND c.id = $2 AND err = 0 RETURNING c.*)"
        " SELECT (SELECT " USER_JSON " FROM u), err FROM why";
    const struct db_value values[] = {db_uuid(tenant),  db_uuid(user),  db_text(changes),
                                      db_int(if_match), db_text(actor), db_int(ESTALE)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

/* ---- each other ----------------------------------------------------------------------------- */

void people_members_json(struct db *db, struct uuid tenant, const struct people_page *page,
                         db_json_fn *on_json, void *arg, struct op **slot)
{
    /* one more than asked for tells whether there is a next page; the cursor is the last one's id
     */
    static const char sql[] =
        "WITH page AS (SELECT u.* FROM users u WHERE u.tenant_id = $1"
        "  AND ($3::uuid IS NULL OR u.id > $3) ORDER BY u.id LIMIT $2 + 1),"
        " shown AS (SELECT * FROM page ORDER BY id LIMIT $2)"
        " SELECT json_build_object('items', (SELECT coalesce(json_agg(" MEMBER_JSON
        "  ORDER BY u.id), '[]') FROM shown u), 'next_cursor',"
        "  CASE WHEN (SELECT count(*) FROM page) > $2 THEN"
        "   (SELECT id FROM shown ORDER BY id DESC LIMIT 1) END)";
    struct uuid after = {{0}};
    const bool broken = page->cursor && uuid_parse(str_of(page->cursor), &after);
    const struct db_value values[] = {db_uuid(tenant), db_int(page->limit), db_uuid(after)};
    if (broken)
        store_json_refuse(db, EINVAL, on_json, arg, slot);
    else
        store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

/* Two owners who make each other members at the same moment would leave none: all owners, and whom
 * it is about ($2), are locked first, and counted after. */
static const char lock_sql[] = "SELECT id FROM users WHERE tenant_id = $1"
                               " AND (role = 'owner' OR id = $2) ORDER BY id FOR UPDATE";

/* $3: the roles that whoever does it may give and take; $4: the version, $5 EPERM, $6 EBUSY,
 * $7 ESTALE; after: the role he has afterwards, an SQL expression. */
#define WHY_SQL(after)                                                                             \
    "WITH old AS (SELECT * FROM users WHERE tenant_id = $1 AND id = $2),"                          \
    " why AS (SELECT CASE"                                                                         \
    "  WHEN role <> ALL ($3::text[]) OR " after " <> ALL ($3::text[]) THEN $5::integer"            \
    "  WHEN $4::bigint >= 0 AND version <> $4 THEN $7::integer"                                    \
    "  WHEN role = 'owner' AND " after " <> 'owner' AND NOT EXISTS (SELECT FROM users o"           \
    "   WHERE o.tenant_id = $1 AND o.role = 'owner' AND o.id <> $2) THEN $6::integer"              \
    "  ELSE 0 END AS err FROM old)"

/* "{member,admin}": what that role may give and take. */
static void print_grantable(enum role by, struct buf *out)
{
    buf_putc(out, '{');
    for (int role = 0; role < ROLE_COUNT; role++)
        if (role_may_grant(by, (enum role)role))
            buf_printf(out, out->bytes > 1 ? ",%s" : "%s", role_code((enum role)role));
    buf_putc(out, '}');
}

struct change_values {
    struct buf grantable;
    struct db_value list[9];
};

static void fill(struct change_values *values, const struct member_change *change)
{
    print_grantable(change->by, &values->grantable);
    const struct db_value list[] = {
        db_uuid(change->tenant),  db_uuid(change->user),  db_str(buf_str(&values->grantable)),
        db_int(change->if_match), db_int(EPERM),          db_int(EBUSY),
        db_int(ESTALE),           db_text(change->actor), db_null()};
    memcpy(values->list, list, sizeof(list));
}

void people_set_role(struct db *db, const struct member_change *change, enum role role,
                     db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char sql[] = WHY_SQL(
        "$9::text") ","
                    " u AS (UPDATE users c SET role = $9, version = c.version + 1 FROM why"
                    "  WHERE c.tenant_id = $1 AND c.id = $2 AND err = 0 RETURNING c.*),"
                    " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject, change)"
                    "  SELECT $1::uuid, $8::text, 'member.set', $2::uuid::text,"
                    "   jsonb_build_object('role', jsonb_build_array(old.role, u.role)) FROM old, "
                    "u)"
                    " SELECT (SELECT " MEMBER_JSON " FROM u), err FROM why";
    struct change_values values = {0};
    fill(&values, change);
    values.list[8] = db_text(role_code(role));
    const struct db_statement statements[] = {{lock_sql, values.list, 2}, {sql, values.list, 9}};
    store_json(db,
               &(struct db_unit){.tenant = change->tenant, .statements = statements, .count = 2},
               on_json, arg, slot);
    buf_free(&values.grantable);
}

static int removed_or_why(const struct db_rows *rows)
{
    return db_row_count(rows) ? (int)db_get_int(rows, 0, 0) : ENOENT;
}

/* $9: what it is called in the log. */
static void take_away(struct db *db, const struct member_change *change, const char *action,
                      db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char sql[] = WHY_SQL(
        "'member'") ","
                    " keys AS (UPDATE api_keys k SET revoked_at = now() FROM why"
                    "  WHERE k.tenant_id = $1 AND k.made_by = $2 AND k.revoked_at IS NULL AND err "
                    "= 0),"
                    " gone AS (DELETE FROM users u USING why WHERE u.tenant_id = $1 AND u.id = $2"
                    "  AND err = 0 RETURNING u.role),"
                    " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject, change)"
                    "  SELECT $1::uuid, $8::text, $9::text, $2::uuid::text,"
                    "   jsonb_build_object('role', jsonb_build_array(role, NULL)) FROM gone)"
                    " SELECT err FROM why";
    struct change_values values = {0};
    fill(&values, change);
    values.list[8] = db_text(action);
    const struct db_statement statements[] = {{lock_sql, values.list, 2}, {sql, values.list, 9}};
    store_write(db,
                &(struct db_unit){.tenant = change->tenant, .statements = statements, .count = 2},
                removed_or_why, on_end, arg, slot);
    buf_free(&values.grantable);
}

void people_remove(struct db *db, const struct member_change *change, db_end_fn *on_end, void *arg,
                   struct op **slot)
{
    take_away(db, change, "member.remove", on_end, arg, slot);
}

void people_leave(struct db *db, struct uuid tenant, struct uuid user, const char *actor,
                  db_end_fn *on_end, void *arg, struct op **slot)
{
    const struct member_change change = {
        .tenant = tenant, .user = user, .by = ROLE_OWNER, .actor = actor, .if_match = -1};
    take_away(db, &change, "member.leave", on_end, arg, slot);
}
