/* line/usage.h: what a call has cost so far, counted from what the providers charge for. */
#pragma once
#include "base/buf.h"
#include "store/calls.h"

#include <stdint.h>

struct line_usage {
    int64_t carrier_ms, stt_ms, tts_characters;
    int64_t input_tokens, cached_tokens, output_tokens; /* cached ones are not in input */
};

enum { LINE_USAGE_ITEMS = 6 };
/* Rows for the ledger, without those that are 0; returns how many. model: of the tokens. */
size_t usage_items(const struct line_usage *usage, const char *model,
                   struct usage_item items_out[LINE_USAGE_ITEMS]);

/* A line's snapshot: its usage and the caller's waits, then the core's. Reading gives the core's
 * part; EINVAL: not one. */
void snapshot_begin(struct buf *out, const struct line_usage *usage,
                    const struct call_waits *waits);
int snapshot_read(struct str snapshot, struct line_usage *usage_out, struct call_waits *waits_out,
                  struct str *core_out);
