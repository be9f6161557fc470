/* sandbox/elevenlabs_private.h: what the HTTP and the WebSocket half of ElevenLabs share. */
#pragma once
#include "sandbox/elevenlabs.h"
#include "sandbox/elevenlabs_wire.h"

struct input_socket;
struct elevenlabs {
    struct loop *loop;
    struct speaker *speaker;
    int64_t speaking;             /* requests being answered: what the plan limits */
    int64_t characters;           /* charged for so far */
    struct input_socket *sockets; /* live WebSockets */
};

/* Whether one more may be answered; it was refused when not. */
bool elevenlabs_admit(struct visit *visit);
void elevenlabs_refuse(struct visit *visit, const struct eleven_error *error);

void elevenlabs_stream_input(struct visit *visit); /* one context, ended by an empty text */
void elevenlabs_multi_input(struct visit *visit);  /* several contexts, each with an id */
void elevenlabs_drop_sockets(struct elevenlabs *elevenlabs);
