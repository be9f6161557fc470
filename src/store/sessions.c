/* store/sessions.c: sessions. The doors of the schema do what crosses tenants, then the answer is
 * read as the tenant they have entered. */
#include "store/sessions.h"

#include "base/hash.h"
#include "store/people_private.h"
#include "store/store_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct session_context {
    session_fn *on_session;
    void *arg;
    char token[SESSION_TOKEN_TEXT_BYTES];
};

/* What the answer shows, found by the newest token's hash ($1). */
static const char shown_sql[] =
    "SELECT s.tenant_id, u.id, s.id, u.phone, s.kind = 'cookie',"
    " '\"user\":' || " USER_JSON "::text || ',\"tenants\":' || " TENANTS_JSON "::text"
    " FROM user_sessions s JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id"
    " WHERE s.tenant_id = karen_tenant() AND s.token_hash = $1";

static int outcome_error(struct str outcome)
{
    return str_is(outcome, "ok")       ? 0
           : str_is(outcome, "over")   ? ETIME
           : str_is(outcome, "reused") ? EPERM
                                       : ENOENT;
}

/* The first statement says how it went, and whether it is new; the second shows it. */
static void on_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct session_context *context = arg;
    struct session session = {0};
    struct arena arena = {0};
    const struct db_rows *went = err ? NULL : db_rows_of(rows, 0);
    if (!err)
        err = db_row_count(went) ? outcome_error(db_get_str(went, 0, 0)) : ENOENT;
    if (!err)
        err = store_any_row(rows);
    if (!err) {
        session = (struct session){.tenant = db_get_uuid(rows, 0, 0),
                                   .user = db_get_uuid(rows, 0, 1),
                                   .id = db_get_uuid(rows, 0, 2),
                                   .phone = db_get_text(rows, 0, 3, &arena),
                                   .cookies = db_get_bool(rows, 0, 4),
                                   .json = db_get_str(rows, 0, 5),
                                   .is_new = db_get_bool(went, 0, 1),
                                   .has_joined = db_get_bool(went, 0, 2)};
        memcpy(session.token, context->token, sizeof(session.token));
    }
    context->on_session(err, err ? NULL : &session, context->arg);
    arena_free(&arena);
}

/* A fresh token and its hash. */
struct fresh {
    struct session_context context;
    uint8_t hash[SHA256_BYTES];
};

static struct fresh fresh_token(session_fn *on_session, void *arg)
{
    struct fresh fresh = {.context = {.on_session = on_session, .arg = arg}};
    random_token(fresh.context.token, SESSION_TOKEN_BYTES);
    sha256(str_of(fresh.context.token), fresh.hash);
    return fresh;
}

static void run(struct db *db, struct uuid tenant, const struct db_statement *statement,
                const struct fresh *fresh, struct op **slot)
{
    const struct db_value shown_values[] = {db_bytes(fresh->hash, sizeof(fresh->hash))};
    const struct db_statement statements[] = {*statement, {shown_sql, shown_values, 1}};
    db_run(db,
           &(struct db_unit){tenant, statements, countof(statements), &fresh->context,
                             sizeof(fresh->context)},
           on_rows, NULL, slot);
}

void sessions_begin(struct db *db, const struct session_begin *begin, session_fn *on_session,
                    void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT 'ok', is_new, has_joined FROM sign_in($1::text, $2::text, $3::text,"
        " $4::text, $5::uuid, $6::bytea, $7::text, $8::text, $9::integer,"
        " $10::uuid, $11::uuid, $12::bytea)";
    const struct fresh fresh = fresh_token(on_session, arg);
    const int64_t now_ms = wall_now_ms();
    uint8_t link[SHA256_BYTES];
    sha256(str_of(begin->invite ? begin->invite : ""), link);
    const struct db_value values[] = {db_text(begin->phone),
                                      db_text(begin->language),
                                      db_text(begin->timezone),
                                      db_text(begin->owner_name),
                                      db_uuid(uuid_new(now_ms)),
                                      db_bytes(fresh.hash, sizeof(fresh.hash)),
                                      db_text(begin->cookies ? "cookie" : "bearer"),
                                      db_text(begin->device),
                                      db_int(begin->days),
                                      db_uuid(uuid_new(now_ms)),
                                      db_uuid(uuid_new(now_ms)),
                                      begin->invite ? db_bytes(link, sizeof(link)) : db_null()};
    run(db, (struct uuid){0}, &(struct db_statement){sql, values, countof(values)}, &fresh, slot);
}

void sessions_renew(struct db *db, struct str token, int64_t days, session_fn *on_session,
                    void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT outcome, false, false FROM refresh_session($1::bytea, $2::bytea,"
        " $3::integer, make_interval(secs => $4::integer))";
    const struct fresh fresh = fresh_token(on_session, arg);
    uint8_t hash[SHA256_BYTES];
    sha256(token, hash);
    const struct db_value values[] = {db_bytes(hash, sizeof(hash)),
                                      db_bytes(fresh.hash, sizeof(fresh.hash)), db_int(days),
                                      db_int(SESSION_GRACE_SECONDS)};
    run(db, (struct uuid){0}, &(struct db_statement){sql, values, countof(values)}, &fresh, slot);
}

void sessions_switch(struct db *db, struct uuid tenant, struct uuid session, struct uuid target,
                     int64_t days, session_fn *on_session, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT 'ok', false, false FROM switch_tenant($1::uuid, $2::uuid, $3::uuid,"
        " $4::bytea, $5::integer)";
    const struct fresh fresh = fresh_token(on_session, arg);
    const struct db_value values[] = {db_uuid(session), db_uuid(target),
                                      db_uuid(uuid_new(wall_now_ms())),
                                      db_bytes(fresh.hash, sizeof(fresh.hash)), db_int(days)};
    run(db, tenant, &(struct db_statement){sql, values, countof(values)}, &fresh, slot);
}

static int ended_any(const struct db_rows *rows)
{
    return db_row_count(rows) && !db_is_null(rows, 0, 0) ? 0 : ENOENT;
}

void sessions_end_by_token(struct db *db, struct str token, db_end_fn *on_end, void *arg,
                           struct op **slot)
{
    static const char sql[] = "SELECT end_session($1::bytea)";
    uint8_t hash[SHA256_BYTES];
    sha256(token, hash);
    const struct db_value values[] = {db_bytes(hash, sizeof(hash))};
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db, &(struct db_unit){.statements = &statement, .count = 1}, ended_any, on_end, arg,
                slot);
}

void sessions_list_json(struct db *db, const struct session_owner *owner, db_json_fn *on_json,
                        void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT json_build_object('items', coalesce(json_agg(json_build_object("
        "  'id', s.id, 'kind', s.kind, 'device', s.device, 'current', s.id = $3,"
        "  'created_at', json_time(s.created_at), 'last_seen_at', json_time(s.last_seen_at),"
        "  'expires_at', json_time(s.expires_at))"
        "  ORDER BY s.id <> $3, s.last_seen_at DESC, s.id), '[]'), 'next_cursor', NULL)"
        " FROM user_sessions s WHERE s.tenant_id = $1 AND s.user_id = $2"
        "  AND s.revoked_at IS NULL AND s.expires_at > now()";
    const struct db_value values[] = {db_uuid(owner->tenant), db_uuid(owner->user),
                                      db_uuid(owner->current)};
    store_json_query(db, owner->tenant, sql, values, countof(values), on_json, arg, slot);
}

/* Ends those of a person ($2) that the condition names, and says so in the log ($3: who did it). */
#define END_SQL(condition)                                                                         \
    "WITH ended AS (UPDATE user_sessions s SET revoked_at = now(), revoked_why = 'ended'"          \
    "  WHERE s.tenant_id = $1 AND s.user_id = $2 AND s.revoked_at IS NULL"                         \
    "  AND s.expires_at > now() AND " condition " RETURNING s.id),"                                \
    " logged AS (INSERT INTO audit_log (tenant_id, actor, action, subject)"                        \
    "  SELECT $1::uuid, $3::text, 'session.end', id::text FROM ended)"

void sessions_end(struct db *db, const struct session_owner *owner, struct uuid session,
                  db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char sql[] = END_SQL("s.id = $4") " SELECT id FROM ended";
    const struct db_value values[] = {db_uuid(owner->tenant), db_uuid(owner->user),
                                      db_text(owner->actor), db_uuid(session)};
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db,
                &(struct db_unit){.tenant = owner->tenant, .statements = &statement, .count = 1},
                ended_any, on_end, arg, slot);
}

void sessions_end_others(struct db *db, const struct session_owner *owner, db_json_fn *on_json,
                         void *arg, struct op **slot)
{
    static const char sql[] =
        END_SQL("s.id <> $4") " SELECT json_build_object('ended', count(*)) FROM ended";
    const struct db_value values[] = {db_uuid(owner->tenant), db_uuid(owner->user),
                                      db_text(owner->actor), db_uuid(owner->current)};
    store_json_query(db, owner->tenant, sql, values, countof(values), on_json, arg, slot);
}
