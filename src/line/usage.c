/* line/usage.c: usage as rows of the ledger and as the head of a snapshot, so that a call that was
 * taken up again is charged as one. */
#include "line/usage.h"

#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* What a million units cost, in millionths of a US dollar: list prices of late 2026, for showing
 * what a call costs us. Nobody is billed by them. */
static const struct price {
    const char *kind, *provider;
    int64_t micro_per_million;
} prices[LINE_USAGE_ITEMS] = {
    {"telephony_ms", "twilio", 208333},          /* 0.0125 a minute: call and media stream */
    {"stt_ms", "deepgram", 98333},               /* 0.0059 a minute */
    {"tts_characters", "elevenlabs", 180000000}, /* 0.18 a thousand */
    {"llm_input_tokens", "openai", 100000},      /* 0.10 a million */
    {"llm_cached_tokens", "openai", 10000},      /* 0.01 a million */
    {"llm_output_tokens", "openai", 500000},     /* 0.50 a million */
};
enum { FIRST_TOKENS = 3, HEAD_BYTES_MAX = 2048 };

size_t usage_items(const struct line_usage *usage, const char *model,
                   struct usage_item items_out[LINE_USAGE_ITEMS])
{
    const int64_t quantities[LINE_USAGE_ITEMS] = {usage->carrier_ms,     usage->stt_ms,
                                                  usage->tts_characters, usage->input_tokens,
                                                  usage->cached_tokens,  usage->output_tokens};
    size_t count = 0;
    for (size_t i = 0; i < LINE_USAGE_ITEMS; i++) {
        if (quantities[i] <= 0)
            continue;
        int64_t cost = quantities[i] * prices[i].micro_per_million;
        items_out[count++] = (struct usage_item){.kind = prices[i].kind,
                                                 .provider = prices[i].provider,
                                                 .model = i >= FIRST_TOKENS ? model : NULL,
                                                 .quantity = quantities[i],
                                                 .cost_micro = (cost + 500000) / 1000000};
    }
    return count;
}

/* "line2", six numbers, the waits as PostgreSQL writes an array: snapshot_reply_ms() of the schema
 * reads them, too. */
void snapshot_begin(struct buf *out, const struct line_usage *usage, const struct call_waits *waits)
{
    buf_printf(out,
               "line2 %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " {",
               usage->carrier_ms, usage->stt_ms, usage->tts_characters, usage->input_tokens,
               usage->cached_tokens, usage->output_tokens);
    for (size_t i = 0; i < waits->count; i++)
        buf_printf(out, "%s%" PRId32, i ? "," : "", waits->ms[i]);
    buf_puts(out, "}\n");
}

static int read_waits(const char *at, struct call_waits *waits)
{
    int length;
    while (*at != '}') {
        if (waits->count == CALL_WAITS_MAX)
            return EINVAL;
        int32_t *ms = &waits->ms[waits->count];
        if (sscanf(at, "%9" SCNd32 "%n", ms, &length) != 1 || *ms < 0)
            return EINVAL;
        waits->count++;
        at += length;
        if (*at == ',' && at[1] != '}')
            at++;
        else if (*at != '}')
            return EINVAL;
    }
    return at[1] ? EINVAL : 0;
}

int snapshot_read(struct str snapshot, struct line_usage *usage_out, struct call_waits *waits_out,
                  struct str *core_out)
{
    struct str head = str_cut(&snapshot, '\n');
    char text[HEAD_BYTES_MAX + 1];
    if (head.bytes >= sizeof(text))
        return EINVAL;
    snprintf(text, sizeof(text), "%.*s", (int)head.bytes, head.at ? head.at : "");
    struct line_usage usage = {0};
    struct call_waits waits = {0};
    int length = 0;
    int read = sscanf(
        text, "line2 %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " {%n",
        &usage.carrier_ms, &usage.stt_ms, &usage.tts_characters, &usage.input_tokens,
        &usage.cached_tokens, &usage.output_tokens, &length);
    if (read != 6 || !length || read_waits(text + length, &waits))
        return EINVAL;
    *usage_out = usage;
    *waits_out = waits;
    *core_out = snapshot;
    return 0;
}
