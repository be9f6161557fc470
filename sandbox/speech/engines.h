/* speech/engines.h: every synthesiser behind one function, and which voice speaks on which. Blocks;
 * one struct engines belongs to one thread. */
#pragma once
#include "speech/pcm.h"
#include "speech/voice.h"

enum engine { ENGINE_FLITE, ENGINE_FESTIVAL, ENGINE_ESPEAK };

struct engine_voice {
    struct voice_info info;
    enum engine engine;
    const char *own_name; /* the engine's: "czech_dita"; of espeak-ng the variant, "+f3" */
    double gain;          /* brings its speech to a telephone's usual level */
};

/* The voice that answers to a name in a language, as struct voice_ask explains; NULL for a language
 * nobody speaks. language is two letters. */
const struct engine_voice *engine_voice_find(const char *name, const char *language);

struct engines;
struct engines *engines_new(void);
void engines_free(struct engines **engines);

/* Say text, at the engine's own rate and a telephone's usual level (-20 dBFS). When the voice's
 * engine fails, espeak-ng speaks. errors: EIO */
int engines_speak(struct engines *engines, const struct engine_voice *voice, const char *language,
                  double speed, const char *text, struct pcm *pcm);
