/* base/csv.c: cells of a table. */
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
