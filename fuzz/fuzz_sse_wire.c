/* fuzz/fuzz_sse_wire.c: a stream gives the same events whole and cut to pieces. The first byte is
 * the size of the pieces. */
#include "net/sse_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void note(struct str data, void *arg)
{
    struct buf *seen = arg;
    buf_printf(seen, "%zu:", data.bytes);
    buf_add_str(seen, data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct sse whole = {0}, cut = {0};
    struct buf seen_whole = {0}, seen_cut = {0};
    if (bytes == 0)
        return 0;
    size_t size = data[0] % 16 + 1u;
    struct str stream = {(const char *)data + 1, bytes - 1};
    int err = sse_feed(&whole, stream, note, &seen_whole), cut_err = 0;
    while (stream.bytes && !cut_err) {
        struct str piece = {stream.at, stream.bytes < size ? stream.bytes : size};
        cut_err = sse_feed(&cut, piece, note, &seen_cut);
        stream.at += piece.bytes;
        stream.bytes -= piece.bytes;
    }
    if (err != cut_err || seen_whole.bytes != seen_cut.bytes ||
        (seen_whole.bytes && memcmp(seen_whole.data, seen_cut.data, seen_whole.bytes) != 0))
        abort();
    buf_free(&seen_whole);
    buf_free(&seen_cut);
    sse_fini(&whole);
    sse_fini(&cut);
    return 0;
}
