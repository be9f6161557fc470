/* sandbox/elevenlabs_input_wire.h: the texts of ElevenLabs' WebSockets, both ways. Pure.
 * Source: ElevenLabs WebSocket description of 2025-08. */
#pragma once
#include "base/buf.h"
#include "sandbox/speech/voice.h"

#include <stdbool.h>

enum { INPUT_CONTEXT_BYTES = 64, INPUT_SCHEDULE_MAX = 8 };

struct input_message {
    char *text;                        /* NULL: no text in it */
    char context[INPUT_CONTEXT_BYTES]; /* "" where there is none */
    char key[128];                     /* xi_api_key in the first message */
    double speed;                      /* of voice_settings; 0: not said */
    int schedule[INPUT_SCHEDULE_MAX];  /* characters to wait for; the first 0 ends it */
    bool flush, close_context, close_socket, trigger;
};
int input_message_read(struct str json, struct input_message *message_out); /* EINVAL */
void input_message_fini(struct input_message *message);

/* {"audio":...,"alignment":...,...}; context "": not named */
void input_audio_print(struct str audio, const struct voice_event *event, const char *context,
                       struct buf *out);
void input_final_print(const char *context, struct buf *out);
