/* speech/espeak.c: one lock around espeak-ng's global state. */
#include "speech/espeak.h"

#include <errno.h>
#include <espeak-ng/speak_lib.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

enum {
    VOLUME = 85, /* at 100 the Czech and Slovak voices reach full scale */
    TIE = 0x200D,
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static espeak_samples_fn *sink; /* where the running synthesis goes; guarded by lock */
static void *sink_arg;

static int on_synth(short *samples, int count, espeak_EVENT *events)
{
    (void)events;
    if (samples && count > 0 && sink)
        sink(samples, (size_t)count, sink_arg);
    return 0;
}

static bool ready(void)
{
    static enum { UNTRIED, WORKS, BROKEN } state;
    if (state == UNTRIED) {
        int hz = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 20, NULL, espeakINITIALIZE_DONT_EXIT);
        state = hz == ESPEAK_HZ ? WORKS : BROKEN;
        espeak_SetSynthCallback(on_synth);
        espeak_SetParameter(espeakVOLUME, VOLUME, 0);
    }
    return state == WORKS;
}

static int take(const char *voice)
{
    pthread_mutex_lock(&lock);
    if (!ready())
        return EIO;
    return espeak_SetVoiceByName(voice) == EE_OK ? 0 : ENOTSUP;
}

int espeak_speak(const char *voice, int words_per_minute, const char *text,
                 espeak_samples_fn *on_samples, void *arg)
{
    int err = take(voice);
    if (!err) {
        sink = on_samples;
        sink_arg = arg;
        espeak_SetParameter(espeakRATE, words_per_minute, 0);
        if (espeak_Synth(text, strlen(text) + 1, 0, POS_CHARACTER, 0, espeakCHARS_UTF8, NULL,
                         NULL) != EE_OK)
            err = EIO;
        sink = NULL;
    }
    pthread_mutex_unlock(&lock);
    return err;
}

int espeak_ipa(const char *voice, const char *word, struct buf *ipa)
{
    int err = take(voice);
    const void *rest = word;
    while (!err && rest) {
        const char *part = espeak_TextToPhonemes(
            &rest, espeakCHARS_UTF8, espeakPHONEMES_IPA | espeakPHONEMES_TIE | TIE << 8);
        if (part)
            buf_puts(ipa, part);
    }
    pthread_mutex_unlock(&lock);
    return err;
}
