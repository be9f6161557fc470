/* store/store.c: what the nouns of store/ share. */
#include "store/store_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BEFORE_US_MAX INT64_C(253402300799000000) /* the end of the year 9999 */

struct write_context {
    store_check_fn *check;
    db_end_fn *on_end;
    void *arg;
};

static void on_written(int err, const struct db_rows *rows, void *arg)
{
    const struct write_context *context = arg;
    if (!err && context->check)
        err = context->check(rows);
    if (context->on_end)
        context->on_end(err, context->arg);
}

void store_write(struct db *db, const struct db_unit *unit, store_check_fn *check,
                 db_end_fn *on_end, void *arg, struct op **slot)
{
    const struct write_context context = {check, on_end, arg};
    struct db_unit whole = *unit;
    whole.context = &context;
    whole.context_bytes = sizeof(context);
    db_run(db, &whole, on_written, NULL, slot);
}

void store_refuse(struct db *db, int err, db_end_fn *on_end, void *arg, struct op **slot)
{
    const struct write_context context = {NULL, on_end, arg};
    db_fail(db, err, &(struct db_unit){.context = &context, .context_bytes = sizeof(context)},
            on_written, NULL, slot);
}

int store_any_row(const struct db_rows *rows)
{
    return db_row_count(rows) ? 0 : ENOENT;
}

void store_json_text(struct buf *buf, struct str text)
{
    if (!text.bytes || !memchr(text.at, 0, text.bytes)) {
        buf_json_string(buf, text);
        return;
    }
    struct buf clean = {0};
    for (size_t i = 0; i < text.bytes; i++)
        buf_putc(&clean, text.at[i] ? text.at[i] : ' ');
    buf_json_string(buf, buf_str(&clean));
    buf_free(&clean);
}

int store_id_cursor(const char *cursor, struct uuid *id_out)
{
    struct uuid id = {0};
    int err = cursor ? uuid_parse(str_of(cursor), &id) : 0;
    if (!err)
        *id_out = id;
    return err;
}

int store_code(const char *const *codes, size_t count, struct str code)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(code, codes[i]))
            return (int)i;
    return -1;
}

int store_time_cursor(const char *cursor, int64_t *before_us_out, struct uuid *before_out)
{
    char *end = NULL;
    int64_t us = BEFORE_US_MAX;
    if (cursor && *cursor >= '0' && *cursor <= '9')
        us = strtoll(cursor, &end, 10);
    if (cursor &&
        (!end || *end != '.' || us > BEFORE_US_MAX || uuid_parse(str_of(end + 1), before_out)))
        return EINVAL;
    if (!cursor)
        memset(before_out, 0xff, sizeof(*before_out));
    *before_us_out = us;
    return 0;
}
