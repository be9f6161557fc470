/* net/sse_wire.c: lines put together again, and the data lines of each event. */
#include "net/sse_wire.h"

#include <errno.h>
#include <string.h>

/* An empty line ends an event; of the fields only data matters to those we talk to. */
static int take_line(struct sse *sse, struct str line, sse_event_fn *on_event, void *arg)
{
    if (!sse->after_first_line && str_starts(line, "\xEF\xBB\xBF")) /* a byte order mark */
        line = (struct str){line.at + 3, line.bytes - 3};
    sse->after_first_line = true;
    if (line.bytes == 0) {
        if (sse->has_data)
            on_event(buf_str(&sse->data), arg);
        sse->has_data = false;
        buf_clear(&sse->data);
        return 0;
    }
    struct str value = line, name = str_cut(&value, ':');
    if (!str_is(name, "data"))
        return 0;
    if (str_starts(value, " "))
        value = (struct str){value.at + 1, value.bytes - 1};
    if (sse->data.bytes + value.bytes + 1 > SSE_EVENT_BYTES_MAX)
        return EMSGSIZE;
    if (sse->has_data)
        buf_putc(&sse->data, '\n');
    buf_add_str(&sse->data, value);
    sse->has_data = true;
    return 0;
}

static size_t line_bytes(struct str text)
{
    size_t bytes = 0;
    while (bytes < text.bytes && text.at[bytes] != '\n' && text.at[bytes] != '\r')
        bytes++;
    return bytes;
}

/* A line that came whole is read where it stands; only one cut in two is copied. */
static int take_whole(struct sse *sse, struct str line, sse_event_fn *on_event, void *arg)
{
    if (sse->line.bytes == 0)
        return take_line(sse, line, on_event, arg);
    buf_add_str(&sse->line, line);
    int err = take_line(sse, buf_str(&sse->line), on_event, arg);
    buf_clear(&sse->line);
    return err;
}

int sse_feed(struct sse *sse, struct str piece, sse_event_fn *on_event, void *arg)
{
    int err = 0;
    while (piece.bytes && !err) {
        if (sse->after_cr && piece.at[0] == '\n') {
            piece.at++;
            piece.bytes--;
        }
        sse->after_cr = false;
        struct str line = {piece.at, line_bytes(piece)};
        if (sse->line.bytes + line.bytes > SSE_EVENT_BYTES_MAX)
            return EMSGSIZE;
        if (line.bytes == piece.bytes) {
            buf_add_str(&sse->line, line);
            return 0;
        }
        sse->after_cr = line.at[line.bytes] == '\r';
        piece.at += line.bytes + 1;
        piece.bytes -= line.bytes + 1;
        err = take_whole(sse, line, on_event, arg);
    }
    return err;
}

void sse_fini(struct sse *sse)
{
    buf_free(&sse->line);
    buf_free(&sse->data);
    *sse = (struct sse){0};
}
