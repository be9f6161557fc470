/* store/invites.c: invites. */
#include "store/invites.h"

#include "base/hash.h"
#include "store/store_private.h"

#include <errno.h>

/* Of a relation called i. */
#define INVITE_JSON                                                                                \
    "json_build_object('id', i.id, 'phone', i.phone, 'role', i.role, 'invited_by', (SELECT"        \
    "  json_build_object('id', u.id, 'name', u.name, 'phone', u.phone) FROM users u"               \
    "  WHERE u.tenant_id = i.tenant_id AND u.id = i.invited_by),"                                  \
    " 'created_at', json_time(i.created_at), 'sent_at', json_time(i.sent_at),"                     \
    " 'expires_at', json_time(i.expires_at), 'expired', i.expires_at <= now())"

void invites_make(struct db *db, const struct invite_make *make, db_json_fn *on_json, void *arg,
                  struct op **slot)
{
    static const char sql[] =
        "WITH why AS (SELECT CASE"
        "  WHEN EXISTS (SELECT FROM users WHERE tenant_id = $1 AND phone = $3) THEN $8::integer"
        "  WHEN (SELECT count(*) FROM invites WHERE tenant_id = $1 AND accepted_at IS NULL"
        "   AND phone <> $3) >= $10::bigint THEN $9::integer"
        "  WHEN (SELECT count(*) FROM users WHERE tenant_id = $1) + (SELECT count(*) FROM invites"
        "   WHERE tenant_id = $1 AND accepted_at IS NULL AND phone <> $3 AND expires_at > now())"
        "   >= (SELECT members_max FROM tenant_usage($1)) THEN $11::integer"
        "  ELSE 0 END AS err),"
        " i AS (INSERT INTO invites AS o"
        "  (tenant_id, id, phone, role, token_hash, invited_by, expires_at)"
        "  SELECT $1::uuid, gen_random_uuid(), $3::text, $4::text, $5::bytea, $2::uuid,"
        "   now() + make_interval(days => $7::integer) FROM why WHERE err = 0"
        "  ON CONFLICT (tenant_id, phone) WHERE accepted_at IS NULL DO UPDATE"
        "  SET role = excluded.role, token_hash = excluded.token_hash, sent_at = now(),"
        "   invited_by = excluded.invited_by, expires_at = excluded.expires_at RETURNING o.*),"
        " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject, change)"
        "  SELECT tenant_id, $6::text, 'invite.add', id::text,"
        "   jsonb_build_object('role', jsonb_build_array(NULL, role)) FROM i)"
        " SELECT (SELECT " INVITE_JSON " FROM i), err FROM why";
    uint8_t hash[SHA256_BYTES];
    sha256(str_of(make->token), hash);
    const struct db_value values[] = {db_uuid(make->tenant),
                                      db_uuid(make->by),
                                      db_text(make->phone),
                                      db_text(role_code(make->role)),
                                      db_bytes(hash, sizeof(hash)),
                                      db_text(make->actor),
                                      db_int(INVITE_DAYS),
                                      db_int(EEXIST),
                                      db_int(EDQUOT),
                                      db_int(INVITES_OPEN_MAX),
                                      db_int(ENOSPC)};
    store_json_query(db, make->tenant, sql, values, countof(values), on_json, arg, slot);
}

void invites_renew(struct db *db, struct uuid tenant, struct uuid invite, const char *token,
                   const char *actor, db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH i AS (UPDATE invites o SET token_hash = $3, sent_at = now(),"
        "  expires_at = now() + make_interval(days => $5::integer)"
        "  WHERE o.tenant_id = $1 AND o.id = $2 AND o.accepted_at IS NULL RETURNING o.*),"
        " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject)"
        "  SELECT tenant_id, $4::text, 'invite.renew', id::text FROM i)"
        " SELECT " INVITE_JSON " FROM i";
    uint8_t hash[SHA256_BYTES];
    sha256(str_of(token), hash);
    const struct db_value values[] = {db_uuid(tenant), db_uuid(invite),
                                      db_bytes(hash, sizeof(hash)), db_text(actor),
                                      db_int(INVITE_DAYS)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

void invites_withdraw(struct db *db, struct uuid tenant, struct uuid invite, const char *actor,
                      db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH gone AS (DELETE FROM invites WHERE tenant_id = $1 AND id = $2"
        "  AND accepted_at IS NULL RETURNING id),"
        " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject)"
        "  SELECT $1::uuid, $3::text, 'invite.withdraw', id::text FROM gone)"
        " SELECT id FROM gone";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(invite), db_text(actor)};
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db, &(struct db_unit){.tenant = tenant, .statements = &statement, .count = 1},
                store_any_row, on_end, arg, slot);
}

void invites_list_json(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                       struct op **slot)
{
    static const char sql[] = "SELECT json_build_object('items', coalesce(json_agg(" INVITE_JSON
                              " ORDER BY i.sent_at DESC, i.id), '[]'), 'next_cursor', NULL)"
                              " FROM invites i WHERE i.tenant_id = $1 AND i.accepted_at IS NULL";
    const struct db_value values[] = {db_uuid(tenant)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

void invites_show_json(struct db *db, struct str token, db_json_fn *on_json, void *arg,
                       struct op **slot)
{
    /* the link may have come into other hands: of the phone it shows the end only */
    static const char sql[] =
        "SELECT json_build_object('tenant_name', tenant_name, 'invited_by', inviter,"
        " 'phone_ends', right(invited, 3), 'role', as_role,"
        " 'expires_at', json_time(ends_at)) FROM invite_shown($1::bytea)";
    uint8_t hash[SHA256_BYTES];
    sha256(token, hash);
    const struct db_value values[] = {db_bytes(hash, sizeof(hash))};
    store_json_query(db, (struct uuid){0}, sql, values, countof(values), on_json, arg, slot);
}

void invites_accept(struct db *db, struct uuid tenant, struct uuid user, struct str token,
                    db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT json_build_object('tenant_id', tenant), CASE outcome WHEN 'ok' THEN 0"
        " WHEN 'not_yours' THEN $3::integer ELSE $4::integer END"
        " FROM accept_invite($1::bytea, $2::uuid)";
    uint8_t hash[SHA256_BYTES];
    sha256(token, hash);
    const struct db_value values[] = {db_bytes(hash, sizeof(hash)), db_uuid(user), db_int(EPERM),
                                      db_int(ENOENT)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

void invites_of_person_json(struct db *db, struct uuid tenant, struct uuid user,
                            db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT json_build_object('items', coalesce(json_agg(json_build_object('id', id,"
        " 'tenant_name', tenant_name, 'invited_by', inviter, 'role', as_role,"
        " 'expires_at', json_time(ends_at))), '[]'), 'next_cursor', NULL)"
        " FROM invites_of_person($1::uuid)";
    const struct db_value values[] = {db_uuid(user)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}

void invites_answer(struct db *db, struct uuid tenant, struct uuid user, struct uuid invite,
                    bool accepted, db_json_fn *on_json, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT json_build_object('tenant_id', inviter), CASE WHEN inviter IS NULL"
        " THEN $4::integer ELSE 0 END FROM answer_invite($1::uuid, $2::uuid, $3::boolean) inviter";
    const struct db_value values[] = {db_uuid(invite), db_uuid(user), db_bool(accepted),
                                      db_int(ENOENT)};
    store_json_query(db, tenant, sql, values, countof(values), on_json, arg, slot);
}
