/* speech/karen_hear.c: karen-hear, a developer's check: prints what the sandbox understands of
 * audio files. */
#include "base/audio.h"
#include "phone/wav.h"
#include "speech/hear.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAIL_MS = 1000 }; /* of silence after each file, so that its last utterance ends */

struct listening {
    const char *path;
    bool partials;
    bool words;
};

static void on_heard(const struct hear_event *event, void *arg)
{
    const struct listening *listening = arg;
    if (event->kind == HEAR_SPEECH_STARTED)
        return;
    if (event->kind == HEAR_PARTIAL && !listening->partials)
        return;
    printf("%s|%s%s|%.2f|%.2f\n", listening->path, event->kind == HEAR_PARTIAL ? "... " : "",
           event->text, event->confidence, (double)event->end_ms / 1000);
    for (size_t i = 0; listening->words && i < event->word_count; i++)
        printf("  %6.2f %6.2f %.2f %s\n", (double)event->words[i].start_ms / 1000,
               (double)event->words[i].end_ms / 1000, event->words[i].confidence,
               event->words[i].text);
}

static int listen_to(struct hear_models *models, const struct hear_options *options,
                     struct listening *listening)
{
    struct buf ulaw = {0};
    const char *why = NULL;
    struct hear *hear = NULL;
    int err = wav_read(listening->path, &ulaw, &why);
    if (!err)
        err = hear_open(models, options, on_heard, listening, &hear);
    if (!err) {
        uint8_t silence[TAIL_MS * AUDIO_BYTES_PER_MS];
        memset(silence, ULAW_SILENCE, sizeof silence);
        hear_feed(hear, (const uint8_t *)buf_text(&ulaw), ulaw.bytes);
        hear_feed(hear, silence, sizeof silence);
    }
    hear_close(&hear);
    buf_free(&ulaw);
    if (err)
        fprintf(stderr, "karen-hear: %s: %s\n", listening->path, why ? why : strerror(err));
    return err;
}

static int usage(void)
{
    fprintf(stderr, "usage: karen-hear [--models DIR] --language cs|de|en|sk [--silence MS]\n"
                    "                  [--partials] [--words] FILE.wav...\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option names[] = {
        {"models", required_argument, NULL, 'm'},  {"language", required_argument, NULL, 'l'},
        {"silence", required_argument, NULL, 's'}, {"partials", no_argument, NULL, 'p'},
        {"words", no_argument, NULL, 'w'},         {NULL, 0, NULL, 0},
    };
    const char *model_dir = SPEECH_MODEL_DIR;
    struct hear_options options = {.mean = HEAR_MEAN_PER_UTTERANCE};
    struct listening listening = {0};
    for (int name; (name = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (name) {
        case 'm': model_dir = optarg; break;
        case 'l': options.language = optarg; break;
        case 's': options.silence_ms = atoi(optarg); break;
        case 'p': listening.partials = true; break;
        case 'w': listening.words = true; break;
        default: return usage();
        }
    }
    if (!options.language || optind == argc)
        return usage();
    struct hear_models *models = NULL;
    int failed = hear_models_open(model_dir, NULL, &models);
    if (failed)
        fprintf(stderr, "karen-hear: %s: %s\n", model_dir, strerror(failed));
    for (int i = optind; models && i < argc; i++) {
        listening.path = argv[i];
        if (listen_to(models, &options, &listening))
            failed = 1;
    }
    hear_models_close(&models);
    return failed ? 1 : 0;
}
