/* provider/elevenlabs_private.h: what the files of ElevenLabs's driver share. */
#pragma once
#include "provider/tts_private.h"

struct elevenlabs {
    struct tts_driver driver;
    struct http_client *http;
    struct loop *loop;
    char *base_url, *key, *model;
    size_t speeches, listings; /* in flight */
};

void elevenlabs_voices(struct tts_driver *driver, tts_voices_fn *on_voices, void *arg,
                       struct op **slot);
