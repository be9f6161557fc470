/* store/journal_wire.c: numbers are little-endian.
 *
 *   length of the payload (4)   first bytes of its SHA-256 (8)   payload
 *   payload: kind (1)   Unix ms (8)   values: type (1), length (4), bytes */
#include "store/journal_wire.h"

#include "base/hash.h"
#include "store/db_private.h"

#include <errno.h>
#include <string.h>

enum { LENGTH_BYTES = 4, DIGEST_BYTES = 8 };

size_t journal_value_count(enum journal_kind kind)
{
    switch (kind) {
    case JOURNAL_TURNS: return 5;
    case JOURNAL_MESSAGE: return 8;
    case JOURNAL_FINISH: return 9;
    }
    return 0;
}

/* ---- writing ---- */

static void put_number(struct buf *out, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buf_putc(out, (char)(number >> (8 * i) & 0xFF));
}

static void put_value(struct buf *out, const struct db_value *value)
{
    struct arena arena = {0};
    bool raw = value->type == DB_BYTES;
    const char *text = raw ? NULL : db_value_text(&arena, value);
    struct str bytes = raw ? value->text : str_of(text);
    buf_putc(out, raw ? DB_BYTES : text ? DB_TEXT : DB_NULL);
    put_number(out, bytes.bytes, LENGTH_BYTES);
    buf_add_str(out, bytes);
    arena_free(&arena);
}

int journal_put(struct buf *out, const struct journal_record *record)
{
    struct buf payload = {0};
    uint8_t digest[SHA256_BYTES];
    buf_putc(&payload, (char)record->kind);
    put_number(&payload, (uint64_t)record->at_ms, sizeof(uint64_t));
    for (size_t i = 0; i < record->count; i++)
        put_value(&payload, &record->values[i]);
    int err = payload.bytes > JOURNAL_RECORD_BYTES_MAX ? EMSGSIZE : 0;
    if (!err) {
        sha256(buf_str(&payload), digest);
        put_number(out, payload.bytes, LENGTH_BYTES);
        buf_add(out, digest, DIGEST_BYTES);
        buf_add_str(out, buf_str(&payload));
    }
    buf_free(&payload);
    return err;
}

/* ---- reading ---- */

static bool take(struct str *rest, size_t bytes, struct str *taken_out)
{
    if (rest->bytes < bytes)
        return false;
    *taken_out = (struct str){rest->at, bytes};
    *rest = (struct str){rest->at + bytes, rest->bytes - bytes};
    return true;
}

static bool take_number(struct str *rest, size_t bytes, uint64_t *number_out)
{
    struct str taken;
    if (!take(rest, bytes, &taken))
        return false;
    *number_out = 0;
    for (size_t i = bytes; i-- > 0;)
        *number_out = *number_out << 8 | (uint8_t)taken.at[i];
    return true;
}

static bool take_value(struct str *rest, struct db_value *value_out)
{
    uint64_t type, length;
    struct str bytes;
    if (!take_number(rest, 1, &type) || !take_number(rest, LENGTH_BYTES, &length) ||
        !take(rest, length, &bytes))
        return false;
    *value_out = type == DB_NULL ? db_null() : db_str(bytes);
    value_out->type = (enum db_type)type;
    return type == DB_TEXT || type == DB_BYTES || (type == DB_NULL && length == 0);
}

static bool read_payload(struct str payload, struct journal_record *record_out)
{
    uint64_t kind, at_ms;
    if (!take_number(&payload, 1, &kind) || !take_number(&payload, sizeof(at_ms), &at_ms))
        return false;
    *record_out = (struct journal_record){.kind = (enum journal_kind)kind,
                                          .at_ms = (int64_t)at_ms,
                                          .count = journal_value_count((enum journal_kind)kind)};
    for (size_t i = 0; i < record_out->count; i++)
        if (!take_value(&payload, &record_out->values[i]))
            return false;
    return record_out->count > 0 && payload.bytes == 0;
}

bool journal_next(struct str *rest, struct journal_record *record_out)
{
    struct str at = *rest, digest, payload;
    uint64_t length;
    uint8_t wanted[SHA256_BYTES];
    if (!take_number(&at, LENGTH_BYTES, &length) || !take(&at, DIGEST_BYTES, &digest) ||
        !take(&at, length, &payload))
        return false;
    sha256(payload, wanted);
    if (memcmp(wanted, digest.at, DIGEST_BYTES) != 0 || !read_payload(payload, record_out))
        return false;
    *rest = at;
    return true;
}
