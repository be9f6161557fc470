/* fuzz/fuzz_sandbox_elevenlabs.c: any body of text to speech, any text of its WebSockets. */
#include "sandbox/elevenlabs_input_wire.h"
#include "sandbox/elevenlabs_wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct str body = {(const char *)data, bytes};
    struct eleven_error error = {0};
    struct eleven_ask ask;
    struct input_message message;
    if (eleven_ask_read(body, &ask, &error)) {
        check(error.status >= 400 && error.code && error.message[0]);
    } else {
        check(ask.text && ask.model && ask.language && ask.chars <= ask.model->text_chars_max);
        check(ask.speed >= 0.7 && ask.speed <= 1.2);
        eleven_ask_fini(&ask);
    }
    if (input_message_read(body, &message) == 0)
        input_message_fini(&message);
    return 0;
}
