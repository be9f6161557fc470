/* sandbox/elevenlabs.h: the stand-in for ElevenLabs: text to speech over HTTP and WebSocket, and
 * the lists around it. */
#pragma once
#include "sandbox/party.h"
#include "sandbox/speaker.h"

extern const struct party_kind elevenlabs_kind;

struct elevenlabs; /* its state */
struct elevenlabs *eleven_new(struct loop *loop, struct speaker *speaker);
void eleven_free(struct elevenlabs **elevenlabs); /* after its last visit */
