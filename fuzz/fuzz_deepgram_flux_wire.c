/* fuzz/fuzz_deepgram_flux_wire.c: whatever Deepgram says of a turn, what is read of it has sense.
 */
#include "provider/deepgram_flux_wire.h"

#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static bool is_share(float share)
{
    return share >= 0 && share <= 1;
}

static bool is_time(int64_t ms)
{
    return ms >= -1 && ms <= 1000 * 1000 * 1000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct flux_message message;
    struct buf plain = {0};
    if (flux_parse((struct str){(const char *)data, bytes}, &message))
        return 0;
    const struct str texts[] = {message.transcript, message.code, message.description};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        json_unescape(&plain, texts[i]); /* reads every byte that was borrowed */
    if (!is_time(message.window_start_ms) || !is_time(message.window_end_ms) ||
        !is_time(message.start_ms) || !is_time(message.end_ms) || !is_share(message.confidence) ||
        !is_share(message.end_confidence))
        abort();
    buf_free(&plain);
    return 0;
}
