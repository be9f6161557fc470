/* store/people.c: sessions and keys looked up for the guard, one round trip each. */
#include "store/people.h"

#include "store/store_private.h"

#include <errno.h>
#include <stdio.h>

struct principal_context {
    principal_fn *on_principal;
    void *arg;
};

static void copy_text(const struct db_rows *rows, size_t column, char *out, size_t room)
{
    struct str text = db_get_str(rows, 0, column);
    snprintf(out, room, "%.*s", (int)text.bytes, text.at);
}

/* Both statements give: tenant, session or key, user, role, phone, operator?, scopes. */
static int read_principal(const struct db_rows *rows, enum principal_kind kind,
                          struct principal *principal)
{
    if (db_row_count(rows) == 0)
        return ENOENT;
    *principal = (struct principal){
        .kind = kind,
        .tenant = db_get_uuid(rows, 0, 0),
        .user = db_get_uuid(rows, 0, 2),
        .is_operator = db_get_bool(rows, 0, 5),
    };
    *(kind == PRINCIPAL_KEY ? &principal->key : &principal->session) = db_get_uuid(rows, 0, 1);
    copy_text(rows, 4, principal->phone, sizeof(principal->phone));
    copy_text(rows, 6, principal->scopes, sizeof(principal->scopes));
    return role_parse(db_get_str(rows, 0, 3), &principal->role) ? EPROTO : 0;
}

static void finish(int err, const struct db_rows *rows, enum principal_kind kind,
                   const struct principal_context *context)
{
    struct principal principal;
    if (!err)
        err = read_principal(rows, kind, &principal);
    context->on_principal(err, err ? NULL : &principal, context->arg);
}

static void on_session(int err, const struct db_rows *rows, void *arg)
{
    finish(err, rows, PRINCIPAL_PERSON, arg);
}

static void on_key(int err, const struct db_rows *rows, void *arg)
{
    finish(err, rows, PRINCIPAL_KEY, arg);
}

void people_find_session(struct db *db, struct uuid tenant, struct uuid session,
                         principal_fn *on_principal, void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH seen AS (UPDATE user_sessions SET last_seen_at = now()"
        "  WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL AND expires_at > now()"
        "  AND last_seen_at < now() - interval '1 minute')"
        " SELECT s.tenant_id, s.id, u.id, u.role, u.phone, is_operator(u.phone), ''"
        " FROM user_sessions s JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id"
        " WHERE s.tenant_id = $1 AND s.id = $2 AND s.revoked_at IS NULL AND s.expires_at > now()"
        "  AND u.phone_verified";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(session)};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct principal_context context = {on_principal, arg};
    db_run(db, &(struct db_unit){tenant, &statement, 1, &context, sizeof(context)}, on_session,
           NULL, slot);
}

void people_find_key(struct db *db, struct str hash, principal_fn *on_principal, void *arg,
                     struct op **slot)
{
    static const char sql[] = "SELECT tenant, key, maker, 'member', '', false, granted"
                              " FROM enter_api_key($1::bytea)";
    const struct db_value values[] = {db_bytes(hash.at, hash.bytes)};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct principal_context context = {on_principal, arg};
    db_run(db, &(struct db_unit){{{0}}, &statement, 1, &context, sizeof(context)}, on_key, NULL,
           slot);
}

void people_sweep(struct db *db, db_end_fn *on_end, void *arg, struct op **slot)
{
    const struct db_statement statement = {.sql = "SELECT sweep_people()"};
    store_write(db, &(struct db_unit){.statements = &statement, .count = 1}, NULL, on_end, arg,
                slot);
}
