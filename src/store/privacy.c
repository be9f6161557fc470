/* store/privacy.c: the schema's functions that erase, one call each. */
#include "store/privacy.h"

#include "store/store_private.h"

#include <errno.h>
#include <stdio.h>

static const struct uuid nobody;

struct step_context {
    privacy_step_fn *on_step;
    void *arg;
};

static void on_step_row(int err, const struct db_rows *rows, void *arg)
{
    const struct step_context *context = arg;
    bool done = !err && !db_is_null(rows, 0, 0);
    context->on_step(err, done, done ? db_get_int(rows, 0, 1) : 0, context->arg);
}

static void step(struct db *db, const char *sql, privacy_step_fn *on_step, void *arg,
                 struct op **slot)
{
    const struct step_context context = {on_step, arg};
    const struct db_value values[] = {db_int(PRIVACY_STEP_ROWS)};
    const struct db_statement statement = {sql, values, countof(values)};
    db_run(db, &(struct db_unit){nobody, &statement, 1, &context, sizeof(context)}, on_step_row,
           NULL, slot);
}

void privacy_erase_old(struct db *db, privacy_step_fn *on_step, void *arg, struct op **slot)
{
    step(db, "SELECT whose, erased FROM erase_old($1::integer)", on_step, arg, slot);
}

void privacy_erase_deleted(struct db *db, privacy_step_fn *on_step, void *arg, struct op **slot)
{
    static const char sql[] = "SELECT nullif(erased, 0), erased"
                              " FROM erase_deleted_calls($1::integer) AS erased";
    step(db, sql, on_step, arg, slot);
}

void privacy_erase_tenant(struct db *db, privacy_step_fn *on_step, void *arg, struct op **slot)
{
    step(db, "SELECT receipt, ended::integer FROM erase_tenant($1::integer)", on_step, arg, slot);
}

void privacy_sweep(struct db *db, db_end_fn *on_end, void *arg, struct op **slot)
{
    const struct db_statement statement = {.sql = "SELECT sweep_privacy()"};
    store_write(db, &(struct db_unit){.statements = &statement, .count = 1}, NULL, on_end, arg,
                slot);
}

struct claim_context {
    recordings_fn *on_recordings;
    void *arg;
};

static void on_claimed_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct claim_context *context = arg;
    struct recording_erasure list[PRIVACY_RECORDINGS_MAX];
    size_t count = err ? 0 : db_row_count(rows);
    for (size_t i = 0; i < count; i++) {
        struct str sid = db_get_str(rows, i, 0);
        snprintf(list[i].sid, sizeof(list[i].sid), "%.*s", (int)sid.bytes, sid.at);
        list[i].attempts = db_get_int(rows, i, 1);
    }
    context->on_recordings(err, err ? NULL : list, count, context->arg);
}

void privacy_claim_recordings(struct db *db, int64_t lease_s, recordings_fn *on_recordings,
                              void *arg, struct op **slot)
{
    static const char sql[] = "SELECT recording, tries FROM"
                              " claim_carrier_erasures($1::integer, make_interval(secs => $2))";
    const struct claim_context context = {on_recordings, arg};
    const struct db_value values[] = {db_int(PRIVACY_RECORDINGS_MAX), db_int(lease_s)};
    const struct db_statement statement = {sql, values, countof(values)};
    db_run(db, &(struct db_unit){nobody, &statement, 1, &context, sizeof(context)}, on_claimed_rows,
           NULL, slot);
}

void privacy_end_recording(struct db *db, const char *sid, const char *why, db_end_fn *on_end,
                           void *arg, struct op **slot)
{
    const struct db_value values[] = {db_text(sid), db_text(why)};
    const struct db_statement statement = {"SELECT end_carrier_erasure($1::text, $2::text)", values,
                                           countof(values)};
    store_write(db, &(struct db_unit){.statements = &statement, .count = 1}, NULL, on_end, arg,
                slot);
}

struct caller_context {
    erase_caller_fn *on_step;
    void *arg;
};

static void on_caller_row(int err, const struct db_rows *rows, void *arg)
{
    const struct caller_context *context = arg;
    struct str json = {0};
    if (!err)
        json = db_get_str(rows, 0, 0);
    context->on_step(err, json, !err && db_get_bool(rows, 0, 1), context->arg);
}

void privacy_erase_caller(struct db *db, struct uuid tenant, struct uuid receipt, const char *phone,
                          const char *actor, erase_caller_fn *on_step, void *arg, struct op **slot)
{
    static const char sql[] = "SELECT answer, more FROM"
                              " erase_caller($1::uuid, $2::text, $3::text, $4::integer)";
    const struct caller_context context = {on_step, arg};
    const struct db_value values[] = {db_uuid(receipt), db_text(phone), db_text(actor),
                                      db_int(PRIVACY_STEP_ROWS)};
    const struct db_statement statement = {sql, values, countof(values)};
    db_run(db, &(struct db_unit){tenant, &statement, 1, &context, sizeof(context)}, on_caller_row,
           NULL, slot);
}

#define IS_BEFORE BEFORE_CURSOR("begun_at", "id", "$1", "$2")
#define CURSOR CURSOR_OF("begun_at", "id")

void privacy_list_receipts(struct db *db, const char *cursor, int64_t limit, db_json_fn *on_json,
                           void *arg, struct op **slot)
{
    static const char sql[] =
        "WITH page AS (SELECT * FROM erasure_receipts WHERE " IS_BEFORE
        "  ORDER BY begun_at DESC, id DESC LIMIT $3::bigint + 1),"
        " shown AS (SELECT * FROM page ORDER BY begun_at DESC, id DESC LIMIT $3)"
        " SELECT json_build_object('items', coalesce((SELECT json_agg(json_build_object("
        "  'id', r.id, 'subject', r.subject, 'tenant_hash', encode(r.owner_hash, 'hex'),"
        "  'erased', r.counts,"
        "  'begun_at', json_time(r.begun_at), 'ended_at', json_time(r.ended_at))"
        "  ORDER BY r.begun_at DESC, r.id DESC) FROM shown r), '[]'),"
        " 'next_cursor', (SELECT " CURSOR " FROM shown"
        "  WHERE (SELECT count(*) FROM page) > $3 ORDER BY begun_at, id LIMIT 1))";
    struct uuid before;
    int64_t before_us;
    if (store_time_cursor(cursor, &before_us, &before)) {
        store_json_refuse(db, EINVAL, on_json, arg, slot);
        return;
    }
    const struct db_value values[] = {db_int(before_us), db_uuid(before), db_int(limit)};
    store_json_query(db, nobody, sql, values, countof(values), on_json, arg, slot);
}
