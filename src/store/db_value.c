/* store/db_value.c: values into PostgreSQL's text format and out of it, and its errors into ours.
 */
#include "store/db_private.h"

#include "base/log.h"
#include "base/utf8.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct db_value db_null(void)
{
    return (struct db_value){.type = DB_NULL};
}

struct db_value db_text(const char *text)
{
    return text ? db_str(str_of(text)) : db_null();
}

struct db_value db_str(struct str text)
{
    return (struct db_value){.type = DB_TEXT, .text = text};
}

struct db_value db_bytes(const void *data, size_t bytes)
{
    return (struct db_value){.type = DB_BYTES, .text = {data, bytes}};
}

struct db_value db_int(int64_t whole)
{
    return (struct db_value){.type = DB_INT, .whole = whole};
}

struct db_value db_bool(bool truth)
{
    return (struct db_value){.type = DB_BOOL, .truth = truth};
}

struct db_value db_double(double number)
{
    return (struct db_value){.type = DB_DOUBLE, .number = number};
}

struct db_value db_uuid(struct uuid uuid)
{
    return uuid_is_nil(uuid) ? db_null() : (struct db_value){.type = DB_UUID, .uuid = uuid};
}

struct db_value db_time(int64_t unix_ms)
{
    return (struct db_value){.type = DB_TIME, .whole = unix_ms};
}

/* PostgreSQL refuses NUL and broken UTF-8. A caller's words or a model's may hold either, and
 * losing a message to it would be worse than a replacement character. */
static char *clean_text(struct arena *arena, struct str text)
{
    if (utf8_valid(text) && !memchr(text.bytes ? text.at : "", 0, text.bytes))
        return arena_strndup(arena, text.bytes ? text.at : "", text.bytes);
    struct buf clean = {0};
    while (text.bytes) {
        uint32_t code;
        size_t bytes = utf8_next(text, &code);
        utf8_put(&clean, code == UTF8_BAD || code == 0 ? 0xFFFD : code);
        text.at += bytes;
        text.bytes -= bytes;
    }
    char *copy = arena_strndup(arena, buf_text(&clean), clean.bytes);
    buf_free(&clean);
    return copy;
}

static char *time_text(struct arena *arena, int64_t unix_ms)
{
    time_t seconds = (time_t)(unix_ms / 1000);
    int64_t ms = unix_ms % 1000;
    if (ms < 0) {
        seconds--;
        ms += 1000;
    }
    struct tm tm;
    gmtime_r(&seconds, &tm);
    return arena_printf(arena, "%04d-%02d-%02d %02d:%02d:%02d.%03d+00", tm.tm_year + 1900,
                        tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)ms);
}

const char *db_value_text(struct arena *arena, const struct db_value *value)
{
    switch (value->type) {
    case DB_NULL: return NULL;
    case DB_TEXT: return clean_text(arena, value->text);
    case DB_BYTES:
        return arena_strndup(arena, value->text.at ? value->text.at : "", value->text.bytes);
    case DB_INT: return arena_printf(arena, "%" PRId64, value->whole);
    case DB_BOOL: return value->truth ? "t" : "f";
    case DB_DOUBLE: return arena_printf(arena, "%.17g", value->number);
    case DB_UUID: {
        char *text = arena_alloc(arena, UUID_TEXT_BYTES);
        uuid_print(value->uuid, text);
        return text;
    }
    case DB_TIME: return time_text(arena, value->whole);
    }
    assert(false && "a value of no type");
    return NULL;
}

void query_copy(struct query *query, const struct db_statement *statement)
{
    assert(query->count < DB_STATEMENTS_MAX && statement->count <= DB_VALUES_MAX);
    struct query_statement *copy = &query->statements[query->count++];
    size_t count = statement->count;
    copy->sql = statement->sql;
    copy->count = (int)count;
    copy->values = arena_alloc(&query->arena, count * sizeof(*copy->values));
    copy->lengths = arena_alloc(&query->arena, count * sizeof(*copy->lengths));
    copy->formats = arena_alloc(&query->arena, count * sizeof(*copy->formats));
    for (size_t i = 0; i < count; i++) {
        const struct db_value *value = &statement->values[i];
        copy->values[i] = db_value_text(&query->arena, value);
        copy->formats[i] = value->type == DB_BYTES;
        copy->lengths[i] = value->type == DB_BYTES ? (int)value->text.bytes : 0;
    }
}

size_t db_column_count(const struct db_rows *rows)
{
    return (size_t)PQnfields(rows->result);
}

size_t db_row_count(const struct db_rows *rows)
{
    return (size_t)PQntuples(rows->result);
}

const struct db_rows *db_rows_of(const struct db_rows *rows, size_t statement)
{
    const struct db_rows *wanted = rows->first + statement;
    assert(statement < DB_STATEMENTS_MAX && wanted->result);
    return wanted;
}

bool db_is_null(const struct db_rows *rows, size_t row, size_t column)
{
    return PQgetisnull(rows->result, (int)row, (int)column);
}

struct str db_get_str(const struct db_rows *rows, size_t row, size_t column)
{
    assert(row < db_row_count(rows) && column < (size_t)PQnfields(rows->result));
    return (struct str){PQgetvalue(rows->result, (int)row, (int)column),
                        (size_t)PQgetlength(rows->result, (int)row, (int)column)};
}

int64_t db_get_int(const struct db_rows *rows, size_t row, size_t column)
{
    return strtoll(db_get_str(rows, row, column).at, NULL, 10);
}

bool db_get_bool(const struct db_rows *rows, size_t row, size_t column)
{
    return str_is(db_get_str(rows, row, column), "t");
}

double db_get_double(const struct db_rows *rows, size_t row, size_t column)
{
    return strtod(db_get_str(rows, row, column).at, NULL);
}

struct uuid db_get_uuid(const struct db_rows *rows, size_t row, size_t column)
{
    struct uuid uuid = {0};
    (void)uuid_parse(db_get_str(rows, row, column), &uuid);
    return uuid;
}

char *db_get_text(const struct db_rows *rows, size_t row, size_t column, struct arena *arena)
{
    struct str text = db_get_str(rows, row, column);
    return db_is_null(rows, row, column) ? NULL : arena_strndup(arena, text.at, text.bytes);
}

static uint8_t nibble(char digit)
{
    return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/* bytea comes as \x and lower-case hex. Source: PostgreSQL 15, 8.4.1 */
struct str db_get_bytes(const struct db_rows *rows, size_t row, size_t column, struct arena *arena)
{
    struct str hex = db_get_str(rows, row, column);
    if (!str_starts(hex, "\\x"))
        return (struct str){0};
    size_t bytes = hex.bytes / 2 - 1;
    uint8_t *data = arena_alloc(arena, bytes + 1);
    for (size_t i = 0; i < bytes; i++)
        data[i] = (uint8_t)(nibble(hex.at[2 + i * 2]) << 4 | nibble(hex.at[3 + i * 2]));
    return (struct str){(const char *)data, bytes};
}

/* By SQLSTATE, the longest start that fits. Source: PostgreSQL 15, appendix A */
static const struct {
    const char *state;
    int err;
} errors[] = {
    {"23505", EEXIST},   {"23503", ENOENT},  {"23P01", EEXIST}, {"23", EINVAL},
    {"22", EINVAL},      {"42501", EACCES},  {"44", EACCES},    {"57014", ETIMEDOUT},
    {"57P", ECONNRESET}, {"08", ECONNRESET}, {"40", EAGAIN},    {"55P03", EAGAIN},
    {"26000", EAGAIN},   {"0A000", EAGAIN},  {"25006", EAGAIN}, {"53", EAGAIN},
    {"KSTAL", ESTALE},   {"KBUSY", EBUSY},   {"KFULL", EDQUOT}, /* the schema's refuse() */
};

void db_unquote(char *text)
{
    for (; *text; text++)
        if (*text == '"')
            *text = '\'';
}

int db_error_of(const PGresult *result, const char *sql)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    struct str text = str_of(state);
    for (size_t i = 0; i < countof(errors); i++)
        if (text.bytes && str_starts(text, errors[i].state))
            return errors[i].err;
    if (!state) /* libpq's own words: the connection is gone */
        return ECONNRESET;
    char *message = xstrdup(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    if (message)
        db_unquote(message);
    log_error(NULL, "query_failed", "sqlstate=%s message=\"%s\" sql=\"%.60s\"", state,
              message ? message : "", sql ? sql : "");
    free(message);
    return EPROTO;
}

bool db_refused(int err)
{
    return err == ENOENT || err == EINVAL || err == EACCES || err == EPROTO || err == EPERM;
}
