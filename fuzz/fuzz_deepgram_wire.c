/* fuzz/fuzz_deepgram_wire.c: whatever Deepgram says, the message borrows only from it. */
#include "provider/deepgram_wire.h"

#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_within(struct str text, struct str whole)
{
    if (text.bytes && (text.at < whole.at || text.at + text.bytes > whole.at + whole.bytes))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct str text = {(const char *)data, bytes};
    struct deepgram_message message;
    struct buf plain = {0};
    if (deepgram_parse(text, &message))
        return 0;
    check_within(message.transcript, text);
    check_within(message.request_id, text);
    check_within(message.error, text);
    if (message.start_ms < -1 || message.end_ms < -1 || message.confidence < 0 ||
        message.confidence > 1)
        abort();
    json_unescape(&plain, message.transcript);
    buf_free(&plain);
    return 0;
}
