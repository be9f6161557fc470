/* store/outbox.c: the durable queue: claimed under a lease, ended or put off. */
#include "store/outbox.h"

#include "base/utf8.h"
#include "store/store_private.h"

#include <assert.h>
#include <errno.h>

enum { ERROR_BYTES_MAX = 500 };

struct claim_context {
    struct arena *arena;
    outbox_jobs_fn *on_jobs;
    void *arg;
};

static void on_job_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct claim_context *context = arg;
    size_t count = err ? 0 : db_row_count(rows);
    struct outbox_job *jobs = arena_alloc(context->arena, count * sizeof(*jobs));
    for (size_t i = 0; i < count; i++) {
        char *payload = db_get_text(rows, i, 4, context->arena);
        jobs[i] = (struct outbox_job){
            .tenant = db_get_uuid(rows, i, 0),
            .id = db_get_uuid(rows, i, 1),
            .lease = db_get_uuid(rows, i, 2),
            .call = db_get_uuid(rows, i, 3),
            .payload = str_of(payload),
            .attempts = db_get_int(rows, i, 5),
        };
    }
    context->on_jobs(err, err ? NULL : jobs, count, context->arg);
}

void outbox_claim(struct db *db, const char *kind, int limit, int64_t lease_s, struct arena *arena,
                  outbox_jobs_fn *on_jobs, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT tenant_id, id, lease, call_id, payload, attempts"
        " FROM claim_outbox($1::text, $2::integer, make_interval(secs => $3::integer),"
        "  $4::integer)";
    assert(limit > 0 && limit <= OUTBOX_CLAIM_MAX);
    const struct db_value values[] = {db_text(kind), db_int(limit), db_int(lease_s),
                                      db_int(OUTBOX_ATTEMPTS_MAX)};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct claim_context context = {arena, on_jobs, arg};
    db_run(db, &(struct db_unit){{{0}}, &statement, 1, &context, sizeof(context)}, on_job_rows,
           NULL, slot);
}

static int mine_or_stale(const struct db_rows *rows)
{
    return db_row_count(rows) ? 0 : ESTALE;
}

static const char done_sql[] =
    "UPDATE outbox SET status = 'done', ended_at = now(), lease = NULL, last_error = NULL"
    " WHERE tenant_id = $1 AND id = $2 AND lease = $3 RETURNING id";

void outbox_done(struct db *db, const struct outbox_job *job, db_end_fn *on_end, void *arg,
                 struct op **slot)
{
    const struct db_value values[] = {db_uuid(job->tenant), db_uuid(job->id), db_uuid(job->lease)};
    const struct db_statement statement = {done_sql, values, countof(values)};
    store_write(db, &(struct db_unit){.tenant = job->tenant, .statements = &statement, .count = 1},
                mine_or_stale, on_end, arg, slot);
}

/* Doubling from OUTBOX_BACKOFF_MS_MIN, spread by half, so that what failed together does not come
 * back together. */
static int64_t backoff_ms(int64_t attempts, int64_t not_before_ms)
{
    int64_t wait_ms = OUTBOX_BACKOFF_MS_MIN;
    for (int64_t i = 1; i < attempts && wait_ms < OUTBOX_BACKOFF_MS_MAX; i++)
        wait_ms *= 2;
    if (wait_ms > OUTBOX_BACKOFF_MS_MAX)
        wait_ms = OUTBOX_BACKOFF_MS_MAX;
    uint16_t chance;
    random_bytes(&chance, sizeof(chance));
    wait_ms += wait_ms * chance / UINT16_MAX / 2;
    return wait_ms > not_before_ms ? wait_ms : not_before_ms;
}

void outbox_retry(struct db *db, const struct outbox_job *job, const char *error,
                  int64_t not_before_ms, db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char sql[] =
        "UPDATE outbox SET lease = NULL, last_error = $4,"
        " status = CASE WHEN attempts >= $5::integer THEN 'dead' ELSE 'pending' END,"
        " ended_at = CASE WHEN attempts >= $5 THEN now() END,"
        " run_at = now() + make_interval(secs => $6::double precision / 1000)"
        " WHERE tenant_id = $1 AND id = $2 AND lease = $3 RETURNING id";
    const struct db_value values[] = {
        db_uuid(job->tenant),        db_uuid(job->id),
        db_uuid(job->lease),         db_str(utf8_cut(str_of(error), ERROR_BYTES_MAX)),
        db_int(OUTBOX_ATTEMPTS_MAX), db_int(backoff_ms(job->attempts, not_before_ms)),
    };
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db, &(struct db_unit){.tenant = job->tenant, .statements = &statement, .count = 1},
                mine_or_stale, on_end, arg, slot);
}

void outbox_listen(struct db *db, db_notify_fn *fn, void *arg)
{
    db_listen(db, "karen_outbox", fn, arg);
}

struct count_context {
    outbox_counts_fn *on_counts;
    void *arg;
};

static void on_count_row(int err, const struct db_rows *rows, void *arg)
{
    const struct count_context *context = arg;
    struct outbox_counts counts = {0};
    if (!err)
        counts = (struct outbox_counts){db_get_int(rows, 0, 0), db_get_int(rows, 0, 1),
                                        db_get_int(rows, 0, 2)};
    context->on_counts(err, err ? NULL : &counts, context->arg);
}

void outbox_count(struct db *db, outbox_counts_fn *on_counts, void *arg, struct op **slot)
{
    const struct db_statement statement = {
        .sql = "SELECT pending, dead, oldest_seconds FROM count_outbox()"};
    const struct count_context context = {on_counts, arg};
    db_run(db, &(struct db_unit){{{0}}, &statement, 1, &context, sizeof(context)}, on_count_row,
           NULL, slot);
}
