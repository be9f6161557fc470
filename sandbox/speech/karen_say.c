/* speech/karen_say.c: karen-say: makes a caller's voice for tests and demos: text to a telephone
 * recording in a WAVE file. */
#include "base/audio.h"
#include "base/utf8.h"
#include "phone/wav.h"
#include "speech/engines.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum {
    BEFORE_MS = 300, /* of silence */
    AFTER_MS = 500,
    PEAK = 16384, /* -6 dBFS */
};

static void put_silence(struct buf *ulaw, int ms)
{
    for (int i = 0; i < ms * AUDIO_BYTES_PER_MS; i++)
        buf_putc(ulaw, (char)ULAW_SILENCE);
}

static int save(struct pcm *pcm, const char *path)
{
    struct buf ulaw = {0};
    pcm_to_telephone(pcm);
    int peak = pcm_peak(pcm);
    if (peak)
        pcm_scale(pcm, (double)PEAK / peak);
    put_silence(&ulaw, BEFORE_MS);
    pcm_put_ulaw(pcm, &ulaw);
    put_silence(&ulaw, AFTER_MS);
    int err = wav_write(path, buf_str(&ulaw));
    buf_free(&ulaw);
    return err;
}

static int usage(void)
{
    size_t count;
    const struct voice_info *voices = voice_list(&count);
    fprintf(stderr, "usage: karen-say --language cs|de|en|sk [--voice NAME] --text TEXT --out "
                    "FILE.wav\nvoices:");
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, " %s (%s)", voices[i].name, voices[i].languages);
    fprintf(stderr, "\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option names[] = {
        {"language", required_argument, NULL, 'l'},
        {"voice", required_argument, NULL, 'v'},
        {"text", required_argument, NULL, 't'},
        {"out", required_argument, NULL, 'o'},
        {NULL, 0, NULL, 0},
    };
    const char *language = NULL;
    const char *name = NULL;
    const char *text = NULL;
    const char *out = NULL;
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (option) {
        case 'l': language = optarg; break;
        case 'v': name = optarg; break;
        case 't': text = optarg; break;
        case 'o': out = optarg; break;
        default: return usage();
        }
    }
    const struct engine_voice *voice = language ? engine_voice_find(name, language) : NULL;
    if (!voice || !text || !out || !utf8_valid(str_of(text)) ||
        (name && strcmp(voice->info.name, name) != 0))
        return usage();
    struct engines *engines = engines_new();
    struct pcm pcm = {0};
    int err = engines_speak(engines, voice, language, 1, text, &pcm);
    if (!err)
        err = save(&pcm, out);
    if (err)
        fprintf(stderr, "karen-say: %s: %s\n", out, strerror(err));
    pcm_free(&pcm);
    engines_free(&engines);
    return err ? 1 : 0;
}
