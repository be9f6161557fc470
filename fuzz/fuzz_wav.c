/* fuzz/fuzz_wav.c: any file; what is accepted comes out the same after being written and read. */
#include "base/audio.h"
#include "phone/wav.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct buf ulaw = {0}, file = {0}, again = {0};
    const char *why = NULL;
    if (wav_parse((struct str){(const char *)data, bytes}, &ulaw, &why) == 0) {
        wav_put(&file, buf_str(&ulaw));
        if (wav_parse(buf_str(&file), &again, &why) || again.bytes != ulaw.bytes ||
            (ulaw.bytes && memcmp(again.data, ulaw.data, ulaw.bytes) != 0))
            abort();
    } else if (!why || ulaw.bytes) {
        abort();
    }
    buf_free(&ulaw);
    buf_free(&file);
    buf_free(&again);
    return 0;
}
