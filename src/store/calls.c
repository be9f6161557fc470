/* store/calls.c: the life of a call's record: begun by a webhook, ended by its line or by the
 * sweep.
 */
#include "store/calls.h"

#include "base/hash.h"
#include "base/utf8.h"
#include "store/store_private.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char *const status_codes[STATUS_COUNT] = {"in_progress", "completed", "failed",
                                                       "busy",        "no_answer", "canceled"};

const char *call_status_code(enum call_status status)
{
    assert(status < STATUS_COUNT);
    return status_codes[status];
}

/* source: Twilio "Call resource", status values */
int call_status_parse(struct str word, enum call_status *status_out)
{
    static const struct {
        const char *word;
        enum call_status status;
    } words[] = {
        {"queued", STATUS_IN_PROGRESS},  {"initiated", STATUS_IN_PROGRESS},
        {"ringing", STATUS_IN_PROGRESS}, {"in-progress", STATUS_IN_PROGRESS},
        {"completed", STATUS_COMPLETED}, {"failed", STATUS_FAILED},
        {"busy", STATUS_BUSY},           {"no-answer", STATUS_NO_ANSWER},
        {"canceled", STATUS_CANCELED},
    };
    for (size_t i = 0; i < countof(words); i++) {
        if (!str_is(word, words[i].word))
            continue;
        *status_out = words[i].status;
        return 0;
    }
    return EINVAL;
}

static enum call_status status_of(struct str code)
{
    int status = store_code(status_codes, STATUS_COUNT, code);
    return status < 0 ? STATUS_FAILED : (enum call_status)status;
}

struct begin_context {
    call_begun_fn *on_begun;
    void *arg;
    struct call_begun begun; /* the token, made before the rest is known */
};

/* The last statement's row: call, tenant, its status, whether it was there before. */
static void take_begun(const struct db_rows *rows, struct call_begun *begun)
{
    begun->call = db_get_uuid(rows, 0, 0);
    begun->tenant = db_get_uuid(rows, 0, 1);
    begun->status = status_of(db_get_str(rows, 0, 2));
    begun->again = db_get_bool(rows, 0, 3);
}

/* No row: the id is somebody else's call, whose tenant we are not told. */
static void on_begun_row(int err, const struct db_rows *rows, void *arg)
{
    struct begin_context *context = arg;
    if (!err && db_row_count(rows) == 0)
        err = EPERM;
    if (!err)
        take_begun(rows, &context->begun);
    context->on_begun(err, err ? NULL : &context->begun, context->arg);
}

/* No row: nobody's call. Over: its token was made in vain, but never leaves this file. */
static void on_resumed_row(int err, const struct db_rows *rows, void *arg)
{
    struct begin_context *context = arg;
    if (!err && db_row_count(rows) == 0)
        err = ENOENT;
    if (!err)
        take_begun(rows, &context->begun);
    if (!err && context->begun.status != STATUS_IN_PROGRESS)
        err = EALREADY;
    context->on_begun(err, err ? NULL : &context->begun, context->arg);
}

static void make_token(char text[STREAM_TOKEN_TEXT_BYTES], uint8_t hash[SHA256_BYTES])
{
    random_token(text, STREAM_TOKEN_BYTES);
    sha256(str_of(text), hash);
}

enum { NUMBER_BYTES_MAX = 64 };

/* A number as the carrier has it, which may be a SIP address of any length. */
static struct db_value number_value(const char *number)
{
    return number && *number ? db_str(utf8_cut(str_of(number), NUMBER_BYTES_MAX)) : db_null();
}

/* A call must not fail to end because somebody gave its reason in more than a word. */
static struct db_value why_value(const char *why, char word_out[FINISH_WHY_BYTES_MAX + 1])
{
    size_t bytes = 0;
    for (; *why && bytes < FINISH_WHY_BYTES_MAX; why++)
        word_out[bytes++] = *why >= 'a' && *why <= 'z' ? *why : '_';
    word_out[bytes] = 0;
    return bytes ? db_text(word_out) : db_null();
}

/* Two statements, one transaction: the carrier's id is taken (or found taken) and the record made
 * unless it is there; then the token. claim_call_sid() gives NULL for another tenant's call, and
 * then there is nothing to make a token for. */
static const char enter_call_sql[] = "SELECT enter_call($1::text)";
static const char begin_sql[] =
    "INSERT INTO calls (tenant_id, id, carrier, call_sid, from_number, to_number, forwarded_from,"
    " started_at, service, handling)"
    " SELECT $1::uuid, claimed, $2::text, $3::text, $4::text, $5::text, $6::text, $7::timestamptz,"
    " $9::text, $10::jsonb"
    " FROM claim_call_sid($3::text, $8::uuid) AS claimed WHERE claimed IS NOT NULL"
    " ON CONFLICT (tenant_id, call_sid) DO NOTHING";
static const char token_sql[] =
    "WITH call AS (SELECT id, tenant_id, status FROM calls"
    "  WHERE tenant_id = $1 AND call_sid = $2),"
    " token AS (INSERT INTO stream_tokens (token_hash, tenant_id, call_id, call_sid, resumed,"
    "   expires_at)"
    "  SELECT $3::bytea, tenant_id, id, $2::text, $5::boolean,"
    "   now() + make_interval(secs => $4::integer) FROM call)"
    " SELECT id, tenant_id, status, id <> $6::uuid FROM call";

void calls_begin(struct db *db, const struct call_begin *begin, call_begun_fn *on_begun, void *arg,
                 struct op **slot)
{
    struct begin_context context = {.on_begun = on_begun, .arg = arg};
    uint8_t hash[SHA256_BYTES];
    make_token(context.begun.token, hash);
    struct uuid call = uuid_new(begin->started_at_ms);
    const struct db_value begin_values[] = {
        db_uuid(begin->tenant),
        db_text(begin->carrier),
        db_text(begin->call_sid),
        number_value(begin->from_number),
        number_value(begin->to_number),
        number_value(begin->forwarded_from),
        db_time(begin->started_at_ms),
        db_uuid(call),
        db_text(service_name(begin->service)),
        begin->handling.bytes ? db_str(begin->handling) : db_text("{}"),
    };
    const struct db_value token_values[] = {
        db_uuid(begin->tenant),       db_text(begin->call_sid), db_bytes(hash, sizeof(hash)),
        db_int(STREAM_TOKEN_SECONDS), db_bool(false),           db_uuid(call),
    };
    const struct db_statement statements[] = {{begin_sql, begin_values, countof(begin_values)},
                                              {token_sql, token_values, countof(token_values)}};
    db_run(db, &(struct db_unit){begin->tenant, statements, 2, &context, sizeof(context)},
           on_begun_row, NULL, slot);
}

void calls_resume(struct db *db, const char *call_sid, bool owner_failed, call_begun_fn *on_begun,
                  void *arg, struct op **slot)
{
    static const char failed_sql[] =
        "UPDATE calls SET transfer = 'failed' WHERE $2 AND tenant_id = karen_tenant()"
        " AND call_sid = $1 AND transfer IS NULL AND status = 'in_progress'";
    static const char resume_sql[] =
        "WITH call AS (SELECT id, tenant_id, status FROM calls"
        "  WHERE tenant_id = karen_tenant() AND call_sid = $1),"
        " token AS (INSERT INTO stream_tokens (token_hash, tenant_id, call_id, call_sid, resumed,"
        "   expires_at)"
        "  SELECT $2::bytea, tenant_id, id, $1::text, true,"
        "   now() + make_interval(secs => $3::integer) FROM call WHERE status = 'in_progress')"
        " SELECT id, tenant_id, status, true FROM call";
    struct begin_context context = {.on_begun = on_begun, .arg = arg};
    uint8_t hash[SHA256_BYTES];
    make_token(context.begun.token, hash);
    const struct db_value values[] = {db_text(call_sid), db_bytes(hash, sizeof(hash)),
                                      db_int(STREAM_TOKEN_SECONDS)};
    const struct db_value failed_values[] = {db_text(call_sid), db_bool(owner_failed)};
    const struct db_statement statements[] = {
        {enter_call_sql, values, 1}, {failed_sql, failed_values, 2}, {resume_sql, values, 3}};
    db_run(db, &(struct db_unit){{{0}}, statements, countof(statements), &context, sizeof(context)},
           on_resumed_row, NULL, slot);
}

void calls_status(struct db *db, const struct call_news *news, db_end_fn *on_end, void *arg,
                  struct op **slot)
{
    static const char sql[] =
        "WITH call AS (SELECT tenant_id, id FROM calls"
        "  WHERE tenant_id = karen_tenant() AND call_sid = $1),"
        " told AS (UPDATE calls c SET carrier_status = $2,"
        "  carrier_duration_seconds = coalesce($3::integer, carrier_duration_seconds),"
        "  carrier_ended_at = CASE WHEN $2 <> 'in_progress' THEN now() END"
        "  FROM call WHERE c.tenant_id = call.tenant_id AND c.id = call.id"
        "  AND (c.carrier_status IS NULL OR c.carrier_status = 'in_progress'))"
        " SELECT id FROM call";
    const struct db_value values[] = {db_text(news->call_sid),
                                      db_text(call_status_code(news->status)),
                                      news->duration_s < 0 ? db_null() : db_int(news->duration_s)};
    const struct db_statement statements[] = {{enter_call_sql, values, 1}, {sql, values, 3}};
    store_write(db, &(struct db_unit){.statements = statements, .count = 2}, store_any_row, on_end,
                arg, slot);
}

static void put_text(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, ",\"%s\":", name);
    store_json_text(out, str_of(value));
}

void usage_json(const struct usage_item *usage, size_t count, struct buf *out)
{
    assert(count <= CALL_USAGE_MAX);
    buf_putc(out, '[');
    for (size_t i = 0; i < count; i++) {
        const struct usage_item *item = &usage[i];
        buf_puts(out, i ? ",{\"kind\":" : "{\"kind\":");
        store_json_text(out, str_of(item->kind));
        put_text(out, "provider", item->provider);
        if (item->model)
            put_text(out, "model", item->model);
        buf_printf(out, ",\"quantity\":%" PRId64 ",\"cost_micro\":%" PRId64 "}", item->quantity,
                   item->cost_micro);
    }
    buf_putc(out, ']');
}

static void counts_json(const struct call_counts *counts, struct buf *out)
{
    if (!counts) {
        buf_puts(out, "{}");
        return;
    }
    buf_printf(out,
               "{\"turns\":%u,\"replies\":%u,\"staged\":%u,\"staged_in_vain\":%u,\"holds\":%u,"
               "\"barge_ins\":%u,"
               "\"stale_events\":%u,"
               "\"reprompts\":%u,\"fillers\":%u,\"stt_losses\":%u,\"reply_failures\":%u,"
               "\"clip_failures\":%u,\"echoes\":%u,\"machines\":%u}",
               counts->turns, counts->gens, counts->staged, counts->staged_in_vain, counts->holds,
               counts->barge_ins, counts->stale_events, counts->reprompts, counts->fillers,
               counts->stt_losses, counts->reply_failures, counts->clip_failures, counts->echoes,
               counts->machines);
}

static void waits_array(const struct call_waits *waits, struct buf *out)
{
    buf_putc(out, '{');
    for (size_t i = 0; waits && i < waits->count; i++)
        buf_printf(out, "%s%" PRId32, i ? "," : "", waits->ms[i]);
    buf_putc(out, '}');
}

/* Of a relation called ended. Nothing was said in a call that was turned away at the ring. */
#define QUEUE_SCREENING                                                                            \
    " queued AS (INSERT INTO outbox (tenant_id, kind, key, call_id)"                               \
    "  SELECT tenant_id, 'screening', id::text, id FROM ended"                                     \
    "  WHERE ended_reason IS NULL OR ended_reason NOT IN ('blocked', 'ruled_out')"                 \
    "  ON CONFLICT (tenant_id, kind, key) DO UPDATE SET status = 'pending', attempts = 0,"         \
    "   run_at = now(), lease = NULL, ended_at = NULL"                                             \
    "  RETURNING pg_notify('karen_outbox', 'screening'))"

/* The first to end a call counts; one that the sweep had to end is amended by its line, which knows
 * better, and screened again, since now there may be more words. */
const char finish_end_sql[] =
    "WITH ended AS (UPDATE calls SET status = $3, ended_reason = $4, counts = $6::jsonb,"
    "  reply_ms = $7::integer[],"
    "  ended_at = greatest($5::timestamptz, started_at), duration_seconds ="
    "  greatest(0, extract(epoch FROM $5::timestamptz - started_at))::integer"
    "  WHERE tenant_id = $1 AND id = $2 AND (status = 'in_progress' OR ended_reason = 'lost')"
    "  RETURNING tenant_id, id, ended_reason),"
    " forgotten AS (DELETE FROM call_snapshots WHERE tenant_id = $1 AND call_id = "
    "$2)," QUEUE_SCREENING
    " SELECT (SELECT count(*) FROM queued) FROM calls WHERE tenant_id = $1 AND id = $2";
/* ... by the owner's own talk with the caller; whatever was known of it before stays, and what the
 * line had used when it left is booked now, since no line writes the end. */
static const char connected_sql[] =
    "WITH call AS (SELECT tenant_id, id FROM calls"
    "  WHERE tenant_id = karen_tenant() AND call_sid = $1 AND taken_at IS NOT NULL),"
    " ended AS (UPDATE calls c SET status = 'completed', ended_reason = 'transferred',"
    "  transfer = 'connected', ended_at = now(),"
    "  duration_seconds = greatest(0, extract(epoch FROM now() - started_at))::integer,"
    "  reply_ms = coalesce((SELECT snapshot_reply_ms(s.snapshot) FROM call_snapshots s"
    "   WHERE s.tenant_id = c.tenant_id AND s.call_id = c.id), c.reply_ms)"
    "  FROM call WHERE c.tenant_id = call.tenant_id AND c.id = call.id"
    "  AND (c.status = 'in_progress' OR c.ended_reason = 'lost') RETURNING c.tenant_id, c.id,"
    "  c.ended_reason),"
    " forgotten AS (DELETE FROM call_snapshots s USING ended"
    "  WHERE s.tenant_id = ended.tenant_id AND s.call_id = ended.id"
    "  RETURNING s.tenant_id, s.call_id, s.usage),"
    " booked AS (SELECT book_usage(tenant_id, call_id, usage) FROM forgotten)," QUEUE_SCREENING
    " SELECT id, (SELECT count(*) FROM booked) FROM call";
const char finish_usage_sql[] = "SELECT book_usage($1::uuid, $2::uuid, $3::jsonb)";

void finish_values_make(struct finish_values *out, const struct call_finish *finish)
{
    *out = (struct finish_values){0};
    turns_json(finish->lines, finish->line_count, &out->lines);
    usage_json(finish->usage, finish->usage_count, &out->usage);
    counts_json(finish->counts, &out->counts);
    waits_array(finish->waits, &out->waits);
    const struct db_value values[FINISH_VALUES] = {
        db_uuid(finish->tenant),
        db_uuid(finish->call),
        db_str(buf_str(&out->lines)),
        db_str(buf_str(&out->usage)),
        db_text(call_status_code(finish->status)),
        why_value(finish->why ? finish->why : "", out->why),
        db_time(finish->ended_at_ms),
        db_str(buf_str(&out->counts)),
        db_str(buf_str(&out->waits)),
    };
    memcpy(out->at, values, sizeof(values));
}

void finish_values_free(struct finish_values *values)
{
    buf_free(&values->lines);
    buf_free(&values->usage);
    buf_free(&values->counts);
    buf_free(&values->waits);
}

void calls_finish(struct db *db, const struct call_finish *finish, db_end_fn *on_end, void *arg,
                  struct op **slot)
{
    assert(finish->status != STATUS_IN_PROGRESS);
    struct finish_values values;
    finish_values_make(&values, finish);
    const struct db_value *at = values.at;
    const struct db_value usage_values[] = {at[0], at[1], at[3]};
    const struct db_value end_values[] = {at[0], at[1], at[4], at[5], at[6], at[7], at[8]};
    const struct db_statement statements[] = {
        {turns_save_sql, at, 3},
        {finish_usage_sql, usage_values, countof(usage_values)},
        {finish_end_sql, end_values, countof(end_values)}};
    store_write(db,
                &(struct db_unit){.tenant = finish->tenant, .statements = statements, .count = 3},
                store_any_row, on_end, arg, slot);
    finish_values_free(&values);
}

void calls_take(struct db *db, const char *call_sid, db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char sql[] =
        "UPDATE calls SET taken_at = coalesce(taken_at, now()) WHERE tenant_id = karen_tenant()"
        " AND call_sid = $1 AND status = 'in_progress' RETURNING id";
    const struct db_value values[] = {db_text(call_sid)};
    const struct db_statement statements[] = {{enter_call_sql, values, 1}, {sql, values, 1}};
    store_write(db, &(struct db_unit){.statements = statements, .count = 2}, store_any_row, on_end,
                arg, slot);
}

void calls_connected(struct db *db, const char *call_sid, db_end_fn *on_end, void *arg,
                     struct op **slot)
{
    const struct db_value values[] = {db_text(call_sid)};
    const struct db_statement statements[] = {{enter_call_sql, values, 1},
                                              {connected_sql, values, 1}};
    store_write(db, &(struct db_unit){.statements = statements, .count = 2}, store_any_row, on_end,
                arg, slot);
}

struct swept_context {
    calls_swept_fn *on_swept;
    void *arg;
};

static void on_swept_row(int err, const struct db_rows *rows, void *arg)
{
    const struct swept_context *context = arg;
    context->on_swept(err, err ? 0 : db_get_int(rows, 0, 0), context->arg);
}

void calls_sweep(struct db *db, int64_t idle_s, calls_swept_fn *on_swept, void *arg,
                 struct op **slot)
{
    const struct db_value values[] = {db_int(idle_s)};
    const struct db_statement statements[] = {
        {.sql = "SELECT sweep_leftovers()"},
        {"SELECT sweep_calls(make_interval(secs => $1::integer))", values, 1}};
    const struct swept_context context = {on_swept, arg};
    db_run(db, &(struct db_unit){{{0}}, statements, 2, &context, sizeof(context)}, on_swept_row,
           NULL, slot);
}

void call_row(const struct db_rows *rows, size_t row, size_t column, struct arena *arena,
              struct call_record *record_out)
{
    record_out->tenant = db_get_uuid(rows, row, column);
    record_out->id = db_get_uuid(rows, row, column + 1);
    record_out->carrier = db_get_text(rows, row, column + 2, arena);
    record_out->call_sid = db_get_text(rows, row, column + 3, arena);
    record_out->from_number = db_get_text(rows, row, column + 4, arena);
    record_out->to_number = db_get_text(rows, row, column + 5, arena);
    record_out->forwarded_from = db_get_text(rows, row, column + 6, arena);
    record_out->status = status_of(db_get_str(rows, row, column + 7));
    record_out->why = db_get_text(rows, row, column + 8, arena);
    record_out->started_at_ms = db_get_int(rows, row, column + 9);
    record_out->ended_at_ms = db_get_int(rows, row, column + 10);
    record_out->duration_s = db_get_int(rows, row, column + 11);
    record_out->service = service_of(db_get_str(rows, row, column + 12));
}

struct get_context {
    struct arena *arena;
    call_record_fn *on_record;
    void *arg;
};

static void on_record_row(int err, const struct db_rows *rows, void *arg)
{
    const struct get_context *context = arg;
    struct call_record record;
    if (!err)
        err = store_any_row(rows);
    if (!err)
        call_row(rows, 0, 0, context->arena, &record);
    context->on_record(err, err ? NULL : &record, context->arg);
}

void calls_get(struct db *db, struct uuid tenant, struct uuid call, struct arena *arena,
               call_record_fn *on_record, void *arg, struct op **slot)
{
    static const char sql[] =
        "SELECT " CALL_COLUMNS " FROM calls c WHERE c.tenant_id = $1 AND c.id = $2";
    const struct db_value values[] = {db_uuid(tenant), db_uuid(call)};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct get_context context = {arena, on_record, arg};
    db_run(db, &(struct db_unit){tenant, &statement, 1, &context, sizeof(context)}, on_record_row,
           NULL, slot);
}
