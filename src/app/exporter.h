/* app/exporter.h: makes the exports that were asked for: takes one from the durable queue, reads
 * page after page, packs them into a ZIP file as they come, and stores that in pieces. It takes
 * small bites, because the loop has calls to carry; what breaks is begun anew. */
#pragma once
#include "net/loop.h"

#include <stdint.h>

struct db;

enum {
    EXPORTER_POLL_MS = 2000,
    EXPORTER_BITE_BYTES = 32 * 1024, /* packed in one turn of the loop: about a millisecond */
    EXPORTER_TRIES_MAX = 3,
};

struct exporter;
struct exporter *exporter_new(struct loop *loop, struct db *db);
void exporter_free(struct exporter **exporter); /* what is in the making is left to the queue */

struct exporter_stats {
    uint64_t ready, failed, put_off;
};
const struct exporter_stats *exporter_stats(const struct exporter *exporter);
