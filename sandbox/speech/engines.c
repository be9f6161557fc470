/* speech/engines.c: the table of voices; flite, festival and espeak-ng called alike. */
#include "speech/engines.h"
#include "base/mem.h"
#include "speech/espeak.h"
#include "speech/festival.h"

#include <errno.h>
#include <flite/flite.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

cst_voice *register_cmu_us_kal16(const char *voxdir);
cst_voice *register_cmu_us_rms(const char *voxdir);
cst_voice *register_cmu_us_slt(const char *voxdir);
cst_voice *register_cmu_us_awb(const char *voxdir);

/* The first that speaks a language is the language's own; the first of a sex stands in for others
 * of that sex. */
static const struct engine_voice voices[] = {
    {{"slt", "en", VOICE_FEMALE}, ENGINE_FLITE, "slt", 0.50},
    {{"rms", "en", VOICE_MALE}, ENGINE_FLITE, "rms", 1.15},
    {{"kal16", "en", VOICE_MALE}, ENGINE_FLITE, "kal16", 1.80},
    {{"awb", "en", VOICE_MALE}, ENGINE_FLITE, "awb", 0.95},
    {{"dita", "cs sk", VOICE_FEMALE}, ENGINE_FESTIVAL, "czech_dita", 0.60},
    {{"machac", "cs sk", VOICE_MALE}, ENGINE_FESTIVAL, "czech_machac", 0.55},
    {{"ph", "cs sk", VOICE_MALE}, ENGINE_FESTIVAL, "czech_ph", 0.60},
    {{"espeak", "de cs en sk", VOICE_MALE}, ENGINE_ESPEAK, "", 1.00},
    {{"espeak-f", "de cs en sk", VOICE_FEMALE}, ENGINE_ESPEAK, "+f3", 1.10},
};

struct engines {
    struct festival *festival;
    cst_voice *flite[countof(voices)]; /* loaded when first used */
};

const struct voice_info *voice_list(size_t *count_out)
{
    static struct voice_info infos[countof(voices)];
    for (size_t i = 0; i < countof(voices); i++)
        infos[i] = voices[i].info;
    *count_out = countof(voices);
    return infos;
}

static bool speaks(const struct engine_voice *voice, const char *language)
{
    return strlen(language) == 2 && strstr(voice->info.languages, language) != NULL;
}

static const struct engine_voice *find(const char *name)
{
    for (size_t i = 0; name && i < countof(voices); i++) {
        if (strcmp(voices[i].info.name, name) == 0)
            return &voices[i];
    }
    return NULL;
}

const struct engine_voice *engine_voice_find(const char *name, const char *language)
{
    const struct engine_voice *named = find(name);
    if (named && speaks(named, language))
        return named;
    const struct engine_voice *any = NULL;
    for (size_t i = 0; i < countof(voices); i++) {
        if (!speaks(&voices[i], language))
            continue;
        if (named && voices[i].info.sex == named->info.sex)
            return &voices[i];
        if (!any)
            any = &voices[i];
    }
    return any;
}

struct engines *engines_new(void)
{
    struct engines *engines = xalloc(sizeof *engines);
    engines->festival = festival_new();
    return engines;
}

void engines_free(struct engines **engines)
{
    if (!*engines)
        return;
    festival_free(&(*engines)->festival);
    free(*engines); /* flite's voices are its own, static ones */
    *engines = NULL;
}

static cst_voice *flite_load(const char *name)
{
    static const struct {
        const char *name;
        cst_voice *(*load)(const char *voxdir);
    } loaders[] = {
        {"slt", register_cmu_us_slt},
        {"rms", register_cmu_us_rms},
        {"kal16", register_cmu_us_kal16},
        {"awb", register_cmu_us_awb},
    };
    flite_init();
    for (size_t i = 0; i < countof(loaders); i++) {
        if (strcmp(loaders[i].name, name) == 0)
            return loaders[i].load(NULL);
    }
    return NULL;
}

static int flite_speak(struct engines *engines, const struct engine_voice *voice, double speed,
                       const char *text, struct pcm *pcm)
{
    cst_voice **loaded = &engines->flite[voice - voices];
    if (!*loaded)
        *loaded = flite_load(voice->own_name);
    if (!*loaded)
        return EIO;
    flite_feat_set_float((*loaded)->features, "duration_stretch", (float)(1 / speed));
    cst_wave *wave = flite_text_to_wave(text, *loaded);
    if (!wave)
        return EIO;
    pcm->hz = wave->sample_rate;
    pcm_add(pcm, wave->samples, (size_t)wave->num_samples);
    delete_wave(wave);
    return 0;
}

static void on_espeak_samples(const int16_t *samples, size_t count, void *arg)
{
    pcm_add(arg, samples, count);
}

static int espeak_say(const char *variant, const char *language, double speed, const char *text,
                      struct pcm *pcm)
{
    char *name = xprintf("%s%s", strcmp(language, "en") == 0 ? "en-us" : language, variant);
    pcm->hz = ESPEAK_HZ;
    int err =
        espeak_speak(name, (int)(ESPEAK_WORDS_PER_MINUTE * speed), text, on_espeak_samples, pcm);
    free(name);
    return err ? EIO : 0;
}

static int speak_with(struct engines *engines, const struct engine_voice *voice,
                      const char *language, double speed, const char *text, struct pcm *pcm)
{
    switch (voice->engine) {
    case ENGINE_FLITE: return flite_speak(engines, voice, speed, text, pcm);
    case ENGINE_FESTIVAL:
        return festival_speak(engines->festival, voice->own_name, 1 / speed, text, pcm);
    case ENGINE_ESPEAK: return espeak_say(voice->own_name, language, speed, text, pcm);
    }
    return EIO;
}

int engines_speak(struct engines *engines, const struct engine_voice *voice, const char *language,
                  double speed, const char *text, struct pcm *pcm)
{
    int err = speak_with(engines, voice, language, speed, text, pcm);
    if (err && voice->engine != ENGINE_ESPEAK) {
        voice = find(voice->info.sex == VOICE_FEMALE ? "espeak-f" : "espeak");
        pcm_free(pcm);
        err = speak_with(engines, voice, language, speed, text, pcm);
    }
    if (!err)
        pcm_scale(pcm, voice->gain);
    return err ? EIO : 0;
}
