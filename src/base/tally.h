/* base/tally.h: counting who asked how often, for all workers of a machine together: fixed windows
 * of time in a page of memory that forked processes share. No locks; a count may be off by the few
 * that arrive in the very moment a window begins, never by more.
 *
 * Where a limit must hold across machines and restarts (codes by SMS), PostgreSQL counts instead.
 */
#pragma once
#include "base/buf.h"

#include <stdint.h>

struct tally;

enum { TALLY_SLOTS = 1 << 16 }; /* who asked in the last windows; beyond that the oldest go */

/* Made before the fork. The page lives as long as any process that has it. */
struct tally *tally_new(void);
void tally_free(struct tally **tally);

struct tally_count {
    uint32_t count;     /* this one included */
    int64_t reset_in_s; /* until the window ends, at least 1 */
};
/* who: any bytes, "ip:192.0.2.1"; window_s: 1 to 86400; the same who with another window is
 * somebody else. */
struct tally_count tally_add(struct tally *tally, struct str who, int64_t window_s, int64_t now_s);
