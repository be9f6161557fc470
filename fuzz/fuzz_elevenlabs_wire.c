/* fuzz/fuzz_elevenlabs_wire.c: errors in any shape, and beginnings of audio in any pieces. */
#include "provider/elevenlabs_wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* What was decided on some bytes stays so when more come, and does not wait for ever. */
static void check_sniff(const uint8_t *data, size_t bytes)
{
    size_t skip, more_skip;
    enum elevenlabs_audio audio = elevenlabs_sniff(data, bytes, &skip);
    if (skip > bytes || (audio == ELEVENLABS_UNSURE && bytes >= ELEVENLABS_HEAD_BYTES_MAX))
        abort();
    for (size_t some = 0; some < bytes && some < ELEVENLABS_HEAD_BYTES_MAX; some++) {
        enum elevenlabs_audio early = elevenlabs_sniff(data, some, &more_skip);
        if (early != ELEVENLABS_UNSURE && (early != audio || more_skip != skip))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct elevenlabs_error error;
    elevenlabs_error_parse((struct str){(const char *)data, bytes}, &error);
    if (!elevenlabs_errno(401, &error))
        abort();
    check_sniff(data, bytes);
    return 0;
}
