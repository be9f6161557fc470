/* rules/reader.c: values, and objections to them. */
#include "rules/reader.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void reader_object(struct reader *reader, const char *message, const char *format, ...)
{
    va_list values;
    if (reader->fault.message)
        return;
    reader->fault.message = message;
    va_start(values, format);
    vsnprintf(reader->fault.field, sizeof(reader->fault.field), format, values);
    va_end(values);
}

bool reader_ok(const struct reader *reader)
{
    return !reader->fault.message && !reader->json.bad;
}

bool reader_done(struct reader *reader)
{
    if (reader_ok(reader) && !json_done(&reader->json))
        reader->json.bad = true;
    if (reader->json.bad)
        reader_object(reader, "is not JSON", "%s", "");
    return reader_ok(reader);
}

const char *reader_text(struct reader *reader)
{
    struct str raw;
    struct buf plain = {0};
    if (!json_string(&reader->json, &raw))
        return NULL;
    json_unescape(&plain, raw);
    bool good = utf8_valid(buf_str(&plain)) && strlen(buf_text(&plain)) == plain.bytes;
    const char *text = good ? arena_strndup(reader->arena, buf_text(&plain), plain.bytes) : NULL;
    buf_free(&plain);
    return text;
}

int code_of(const char *text, code_fn *code, int count)
{
    for (int value = 0; text && value < count; value++)
        if (strcmp(text, code(value)) == 0)
            return value;
    return -1;
}

static const char no_code[] = "is none of the codes that are known";

int reader_code(struct reader *reader, code_fn *code, int count, const char *field)
{
    int value = code_of(reader_text(reader), code, count);
    if (value < 0)
        reader_object(reader, no_code, "%s", field);
    return value < 0 ? 0 : value;
}

unsigned reader_codes(struct reader *reader, code_fn *code, int count, const char *field)
{
    unsigned bits = 0;
    if (json_null(&reader->json))
        return 0;
    if (!json_array(&reader->json))
        reader_object(reader, "must be a list", "%s", field);
    for (size_t i = 0; reader_ok(reader) && json_element(&reader->json); i++) {
        int value = code_of(reader_text(reader), code, count);
        if (value < 0)
            reader_object(reader, no_code, "%s/%zu", field, i);
        else
            bits |= 1u << value;
    }
    return bits;
}

struct texts reader_texts(struct reader *reader, size_t max, objection_fn *objection,
                          const char *field)
{
    if (json_null(&reader->json))
        return (struct texts){0};
    const char **list = arena_alloc(reader->arena, max * sizeof(*list));
    size_t count = 0;
    if (!json_array(&reader->json))
        reader_object(reader, "must be a list", "%s", field);
    while (reader_ok(reader) && json_element(&reader->json)) {
        const char *text = reader_text(reader);
        const char *why = text ? objection(text) : "must be a text";
        if (count == max)
            reader_object(reader, "has too many entries", "%s", field);
        else if (why)
            reader_object(reader, why, "%s/%zu", field, count);
        else
            list[count++] = text;
    }
    return (struct texts){list, count};
}
