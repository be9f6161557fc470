/* fuzz/fuzz_elevenlabs_wire.c: errors in any shape, pages of voices, and beginnings of audio in any
 * pieces. */
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

static void check_voices(struct str body)
{
    struct arena arena = {0};
    struct voice_page page = {0};
    if (elevenlabs_voices_parse(body, &arena, &page) == 0)
        for (size_t i = 0; i < page.count; i++)
            if (!page.list[i].name || !elevenlabs_voice_is_lawful(page.list[i].id) ||
                page.list[i].language_count > TTS_VOICE_LANGUAGES_MAX)
                abort();
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct elevenlabs_error error;
    elevenlabs_error_parse((struct str){(const char *)data, bytes}, &error);
    if (!elevenlabs_errno(401, &error))
        abort();
    check_sniff(data, bytes);
    check_voices((struct str){(const char *)data, bytes});
    return 0;
}
