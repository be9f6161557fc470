/* base/csv.c: cells and lines of a table. */
#include "base/csv.h"

static bool is_one_of(char byte, const char *bytes)
{
    return byte && strchr(bytes, byte);
}

static bool is_signed_number(struct str text)
{
    if (text.bytes < 2 || !is_one_of(text.at[0], "+-"))
        return false;
    for (size_t i = 1; i < text.bytes; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return true;
}

void csv_put_cell(struct buf *out, struct str text)
{
    bool quoted = false;
    for (size_t i = 0; i < text.bytes; i++)
        quoted |= is_one_of(text.at[i], "\",;\r\n\t");
    if (quoted)
        buf_putc(out, '"');
    if (text.bytes && is_one_of(text.at[0], "=+-@\t\r") && !is_signed_number(text))
        buf_putc(out, '\'');
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] == '"')
            buf_putc(out, '"');
        buf_putc(out, text.at[i]);
    }
    if (quoted)
        buf_putc(out, '"');
}

static void put_value(struct buf *out, struct json *json)
{
    struct buf text = {0};
    struct str raw;
    const char *start = json->at;
    if (json_string(json, &raw)) {
        json_unescape(&text, raw);
        csv_put_cell(out, buf_str(&text));
        buf_free(&text);
        return;
    }
    /* skipped: a number, true, false or null */
    struct str word = str_trim((struct str){start, (size_t)(json->at - start)});
    if (!str_is(word, "null"))
        buf_add_str(out, word);
}

void csv_put_object(struct buf *out, struct json *json)
{
    struct str key;
    bool first = true;
    for (bool in = json_object(json); in && json_member(json, &key); first = false) {
        if (!first)
            buf_putc(out, ',');
        put_value(out, json);
    }
    buf_puts(out, "\r\n");
}

void csv_put_names(struct buf *out, struct json json)
{
    struct str key;
    bool first = true;
    for (bool in = json_object(&json); in && json_member(&json, &key); first = false) {
        if (!first)
            buf_putc(out, ',');
        csv_put_cell(out, key);
        json_skip(&json);
    }
    buf_puts(out, "\r\n");
}
