/* fuzz/fuzz_journal.c: a journal's file as a crash, or a stranger, may have left it, and, to get
 * behind the digest, any payload with the right one. */
#include "base/hash.h"
#include "store/journal_wire.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void read_all(struct str rest)
{
    struct journal_record record, same;
    while (journal_next(&rest, &record)) {
        struct buf again = {0};
        assert(record.count == journal_value_count(record.kind));
        assert(journal_put(&again, &record) == 0);
        struct str text = buf_str(&again);
        assert(journal_next(&text, &same) && text.bytes == 0);
        buf_free(&again);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const struct str text = {(const char *)data, bytes};
    struct buf framed = {0};
    uint8_t digest[SHA256_BYTES];
    read_all(text);
    sha256(text, digest);
    for (int i = 0; i < 4; i++)
        buf_putc(&framed, (char)(bytes >> 8 * i & 0xFF));
    buf_add(&framed, digest, 8);
    buf_add_str(&framed, text);
    read_all(buf_str(&framed));
    buf_free(&framed);
    return 0;
}
