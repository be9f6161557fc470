/* fuzz/fuzz_elevenlabs_socket_wire.c: whatever comes over ElevenLabs' socket borrows only from the
 * message, and its anchors rise within the audio and the text. */
#include "provider/elevenlabs_socket_wire.h"

#include "base/mem.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_within(struct str text, struct str whole)
{
    if (text.bytes && (text.at < whole.at || text.at + text.bytes > whole.at + whole.bytes))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    enum { AUDIO_BYTES = 4000 };
    struct str text = {(const char *)data, bytes};
    struct elevenlabs_track track = {.text = str_of("Hello, já jsem Karen.")};
    struct elevenlabs_message message;
    struct tts_anchor anchors[4], last = {0};
    if (elevenlabs_message_parse(text, &message))
        return 0;
    check_within(message.audio, text);
    check_within(message.error.status, text);
    check_within(message.error.message, text);
    size_t count = elevenlabs_anchors(&track, message.alignment, AUDIO_BYTES, anchors, 4);
    if (count > countof(anchors) || track.at > track.text.bytes)
        abort();
    for (size_t i = 0; i < count; last = anchors[i++])
        if (anchors[i].bytes <= last.bytes || anchors[i].letters < last.letters ||
            anchors[i].bytes > AUDIO_BYTES || anchors[i].letters > track.text.bytes)
            abort();
    return 0;
}
