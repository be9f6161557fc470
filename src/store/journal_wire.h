/* store/journal_wire.h: records of the journal as bytes and back. A record is its length, a digest
 * and its payload; whatever does not fit together ends the reading, as a torn tail does. */
#pragma once
#include "store/db.h"

enum {
    JOURNAL_VALUES_MAX = 9,
    JOURNAL_RECORD_BYTES_MAX = 8 * 1024 * 1024,
};
enum journal_kind { /* what the values are stands in store/journal.c; numbers are for good */
                    JOURNAL_TURNS = 1,
                    JOURNAL_MESSAGE = 2,
                    JOURNAL_FINISH = 3,
};
struct journal_record {
    enum journal_kind kind;
    int64_t at_ms; /* Unix time it was written at */
    size_t count;
    struct db_value values[JOURNAL_VALUES_MAX];
};

size_t journal_value_count(enum journal_kind kind); /* 0: no such kind */
/* Values of any type, as the text PostgreSQL gets. EMSGSIZE: it is too large; out is as it was. */
int journal_put(struct buf *out, const struct journal_record *record);
/* The next record, its values DB_NULL, DB_TEXT or DB_BYTES and borrowed from rest. False: rest is
 * at its end, or what is left of it is no record. */
bool journal_next(struct str *rest, struct journal_record *record_out);
