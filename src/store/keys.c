/* store/keys.c: API keys. */
#include "store/keys.h"

#include "base/hash.h"
#include "store/store_private.h"

#include <errno.h>
#include <string.h>

/* Of a relation called k. */
#define KEY_JSON                                                                                   \
    "json_build_object('id', k.id, 'name', k.name, 'prefix', k.prefix, 'scopes', k.scopes,"        \
    " 'made_by', (SELECT json_build_object('id', u.id, 'name', u.name, 'phone', u.phone)"          \
    "  FROM users u WHERE u.tenant_id = k.tenant_id AND u.id = k.made_by),"                        \
    " 'created_at', json_time(k.created_at), 'expires_at', json_time(k.expires_at),"               \
    " 'last_used_at', json_time(k.last_used_at))"
#define IS_GOOD "k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())"

void key_make(char text_out[KEY_TEXT_BYTES])
{
    strcpy(text_out, KEY_START);
    random_token(text_out + strlen(KEY_START), KEY_BYTES);
}

void keys_add(struct db *db, const struct key_make *make, db_json_fn *on_json, void *arg,
              struct op **slot)
{
    static const char sql[] =
        "WITH why AS (SELECT CASE WHEN (SELECT count(*) FROM api_keys k WHERE k.tenant_id = $1"
        "  AND " IS_GOOD ") >= $10::bigint THEN $9::integer ELSE 0 END AS err),"
        " k AS (INSERT INTO api_keys AS o"
        "  (tenant_id, id, name, prefix, key_hash, scopes, made_by, expires_at)"
        "  SELECT $1::uuid, gen_random_uuid(), $3::text, $4::text, $5::bytea,"
        "   ARRAY(SELECT DISTINCT s FROM jsonb_array_elements_text($6::jsonb) s ORDER BY s),"
        "   $2::uuid, now() + make_interval(days => nullif($7::integer, 0)) FROM why"
        "  WHERE err = 0 RETURNING o.*),"
        " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject, change)"
        "  SELECT tenant_id, $8::text, 'key.add', id::text,"
        "   jsonb_build_object('scopes', jsonb_build_array(NULL, to_jsonb(scopes))) FROM k)"
        " SELECT (SELECT " KEY_JSON " FROM k), err FROM why";
    uint8_t hash[SHA256_BYTES];
    sha256(str_of(make->key), hash);
    const struct db_value values[] = {db_uuid(make->tenant),
                                      db_uuid(make->by),
                                      db_text(make->name),
                                      db_str((struct str){make->key, KEY_PREFIX_BYTES}),
                                      db_bytes(hash, sizeof(hash)),
                                      db_text(make->scopes),
                                      db_int(make->expires_days),
                                      db_text(make->actor),
                                      db_int(EDQUOT),
                                      db_int(KEYS_MAX)};
    store_json_query(db, make->tenant, sql, values, countof(values), on_json, arg, slot);
}

void keys_list_json(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                    struct op **slot)
{
    static const char sql[] = "SELECT json_build_object('items', coalesce(json_agg(" KEY_JSON
                              " ORDER BY k.created_at DESC, k.id), '[]'), 'next_cursor', NULL)"
                              " FROM api_keys k WHERE k.tenant_id = $1 AND " IS_GOOD;
    const struct db_value values[] = {db_uuid(tenant)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

void keys_revoke(struct db *db, struct uuid tenant, struct uuid key, const char *actor,
                 db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH gone AS (UPDATE api_keys k SET revoked_at = now() WHERE k.tenant_id = $1"
        "  AND k.id = $2 AND " IS_GOOD " RETURNING k.id),"
        " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject)"
        "  SELECT $1::uuid, $3::text, 'key.revoke', id::text FROM gone)"
        " SELECT id FROM gone";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(key), db_text(actor)};
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db, &(struct db_unit){.tenant = tenant, .statements = &statement, .count = 1},
                store_any_row, on_end, arg, slot);
}
