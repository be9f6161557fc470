/* store/limits.c: counting and deciding in one statement. */
#include "store/limits.h"

#include "store/store_private.h"

#include <assert.h>
#include <inttypes.h>

struct limit_context {
    limit_fn *on_verdict;
    void *arg;
};

static void on_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct limit_context *context = arg;
    struct limit_verdict verdict = {0};
    if (!err)
        verdict = (struct limit_verdict){.refused = db_get_str(rows, 0, 0),
                                         .wait_s = db_get_int(rows, 0, 1),
                                         .spare = db_get_int(rows, 0, 2)};
    context->on_verdict(err, err ? NULL : &verdict, context->arg);
}

static const char *subject_of(const char *subject)
{
    return subject ? subject : "";
}

static void put_limit(struct buf *json, const struct limit *limit)
{
    buf_puts(json, json->bytes > 1 ? ",{\"kind\":" : "{\"kind\":");
    store_json_text(json, str_of(limit->kind));
    buf_puts(json, ",\"subject\":");
    store_json_text(json, str_of(subject_of(limit->subject)));
    buf_printf(json, ",\"seconds\":%" PRId64 ",\"most\":%" PRId64 "}", limit->seconds, limit->most);
}

void limits_take(struct db *db, const struct limit *limits, size_t count, limit_fn *on_verdict,
                 void *arg, struct op **slot)
{
    static const char sql[] = "SELECT refused, wait_seconds, spare FROM take_limits($1::jsonb)";
    const struct limit_context context = {on_verdict, arg};
    struct buf json = {0};
    assert(count > 0 && count <= LIMITS_MAX);
    buf_putc(&json, '[');
    for (size_t i = 0; i < count; i++)
        put_limit(&json, &limits[i]);
    buf_putc(&json, ']');
    const struct db_value values[] = {db_str(buf_str(&json))};
    const struct db_statement statement = {sql, values, countof(values)};
    db_run(db, &(struct db_unit){{{0}}, &statement, 1, &context, sizeof(context)}, on_rows, NULL,
           slot);
    buf_free(&json);
}

void limits_forget(struct db *db, const char *kind, const char *subject)
{
    static const char sql[] = "SELECT forget_limit($1::text, $2::text)";
    const struct db_value values[] = {db_text(kind), db_text(subject_of(subject))};
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db, &(struct db_unit){.statements = &statement, .count = 1}, NULL, NULL, NULL,
                NULL);
}
