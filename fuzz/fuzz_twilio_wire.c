/* fuzz/fuzz_twilio_wire.c: any message, any payload, any mark; what is accepted lies inside. */
#include "carrier/twilio_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void lies_inside(struct str part, struct str whole)
{
    check(!part.bytes || (part.at >= whole.at && part.at + part.bytes <= whole.at + whole.bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct str text = {(const char *)data, bytes};
    struct twilio_message message;
    static uint8_t audio[TWILIO_AUDIO_ROOM];
    size_t audio_bytes = 0;
    uint32_t mark;
    if (twilio_message_parse(text, &message) == 0) {
        lies_inside(message.stream_sid, text);
        lies_inside(message.call_sid, text);
        lies_inside(message.token, text);
        lies_inside(message.after, text);
        lies_inside(message.payload, text);
        if (twilio_payload_decode(message.payload, audio, &audio_bytes) == 0)
            check(audio_bytes <= sizeof(audio));
        twilio_mark_parse(message.mark, &mark);
        twilio_is_sid(message.stream_sid, "MZ");
        struct buf again = {0};
        twilio_put_played(&again, message.stream_sid, 1, message.mark);
        check(twilio_message_parse(buf_str(&again), &message) == 0 ||
              again.bytes > TWILIO_MESSAGE_BYTES_MAX);
        buf_free(&again);
    }
    twilio_payload_decode(text, audio, &audio_bytes);
    twilio_mark_parse(text, &mark);
    return 0;
}
