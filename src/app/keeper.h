/* app/keeper.h: erases what must not be kept: what is older than its tenants want it, calls that
 * were thrown away and not taken back, tenants whose days of grace are over, recordings at the
 * carrier, exports that are too old. In small steps, one at a time; several keepers take turns,
 * each at what another is not at. */
#pragma once
#include "net/loop.h"

#include <stdint.h>

struct db;
struct twilio_rest;

enum {
    KEEPER_ROUND_MS = 60000,
    KEEPER_LEASE_S = 120, /* longer than the carrier may take */
};

struct keeper;
/* rest NULL: recordings are left alone. */
struct keeper *keeper_new(struct loop *loop, struct db *db, struct twilio_rest *rest);
void keeper_free(struct keeper **keeper); /* what is in flight is left to the next round */

struct keeper_stats {
    uint64_t rows;            /* calls, transcripts, recordings, log entries that were old */
    uint64_t deleted;         /* calls that were thrown away */
    uint64_t tenants;         /* erased */
    uint64_t recordings;      /* erased at the carrier */
    uint64_t recordings_kept; /* tries that failed and are repeated */
    uint64_t rounds;          /* ended */
};
const struct keeper_stats *keeper_stats(const struct keeper *keeper);
