/* store/idempotency.c: claims on keys, and the answers kept under them. */
#include "store/idempotency.h"

#include "store/store_private.h"

#include <errno.h>

struct claim_context {
    idempotency_fn *on_claim;
    void *arg;
    struct uuid claim;
};

static void on_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct claim_context *context = arg;
    struct arena arena = {0};
    struct idempotency_answer answer = {0};
    bool done = false;
    if (!err && db_row_count(rows) == 0)
        err = EAGAIN; /* swept away in between: ask again */
    if (!err && !db_get_bool(rows, 0, 0))
        err = EEXIST;
    if (!err && !uuid_equal(db_get_uuid(rows, 0, 1), context->claim)) {
        done = !db_is_null(rows, 0, 2);
        err = done ? 0 : EBUSY;
    }
    if (done)
        answer = (struct idempotency_answer){.status = (int)db_get_int(rows, 0, 2),
                                             .content_type = db_get_text(rows, 0, 3, &arena),
                                             .body = db_get_bytes(rows, 0, 4, &arena)};
    context->on_claim(err, done ? &answer : NULL, context->arg);
    arena_free(&arena);
}

void idempotency_claim(struct db *db, const struct idempotency_claim *claim,
                       idempotency_fn *on_claim, void *arg, struct op **slot)
{
    static const char claim_sql[] =
        "INSERT INTO idempotency_keys AS i (tenant_id, key, operation, request_hash, claim)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, key) DO UPDATE"
        " SET claim = excluded.claim, claimed_at = now()"
        " WHERE i.status IS NULL AND i.claimed_at < now() - make_interval(secs => $6)"
        "  AND i.request_hash = excluded.request_hash AND i.operation = excluded.operation";
    static const char look_sql[] =
        "SELECT operation = $3 AND request_hash = $4, claim, status, content_type, answer"
        " FROM idempotency_keys WHERE tenant_id = $1 AND key = $2";
    const struct db_value values[] = {
        db_uuid(claim->tenant),    db_text(claim->key),
        db_text(claim->operation), db_bytes(claim->request_hash.at, claim->request_hash.bytes),
        db_uuid(claim->claim),     db_int(IDEMPOTENCY_CLAIM_SECONDS)};
    const struct db_statement statements[] = {{claim_sql, values, countof(values)},
                                              {look_sql, values, 4}};
    const struct claim_context context = {on_claim, arg, claim->claim};
    db_run(db,
           &(struct db_unit){claim->tenant, statements, countof(statements), &context,
                             sizeof(context)},
           on_rows, NULL, slot);
}

static int still_ours(const struct db_rows *rows)
{
    return db_row_count(rows) ? 0 : ESTALE;
}

void idempotency_keep(struct db *db, const struct idempotency_claim *claim,
                      const struct idempotency_answer *answer, db_end_fn *on_end, void *arg,
                      struct op **slot)
{
    static const char keep_sql[] =
        "UPDATE idempotency_keys SET status = $4, content_type = $5, answer = $6"
        " WHERE tenant_id = $1 AND key = $2 AND claim = $3 RETURNING key";
    static const char free_sql[] =
        "DELETE FROM idempotency_keys WHERE tenant_id = $1 AND key = $2 AND claim = $3"
        " RETURNING key";
    struct db_value values[6] = {db_uuid(claim->tenant), db_text(claim->key),
                                 db_uuid(claim->claim)};
    struct db_statement statement = {free_sql, values, 3};
    if (answer) {
        values[3] = db_int(answer->status);
        values[4] = db_text(answer->content_type);
        values[5] = db_bytes(answer->body.bytes ? answer->body.at : "", answer->body.bytes);
        statement = (struct db_statement){keep_sql, values, 6};
    }
    store_write(db,
                &(struct db_unit){.tenant = claim->tenant, .statements = &statement, .count = 1},
                still_ours, on_end, arg, slot);
}
