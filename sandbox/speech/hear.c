/* speech/hear.c: bytes into frames, frames into utterances by voice activity, utterances to a
 * decoder, its words into events. What the words are is decoder.c's business. */
#include "speech/hear.h"
#include "base/audio.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "speech/decoder.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    ONSET_FRAMES = 4,    /* voiced ones in a row begin an utterance */
    PREROLL_FRAMES = 15, /* heard before the onset was noticed, and part of the utterance */
    PARTIAL_FRAMES = 10, /* between two looks at the words so far */
    VAD_STRICTEST = 3,   /* the laxer modes take the first frames of any stream for speech */
};
/* Of words that are given before their utterance is over: posteriors exist only at its end. */
static const double unproven_confidence = 0.8;
static const double level_db_min = -50; /* what is fainter is no voice, whatever it sounds like */

/* Exported by libwebrtc_audio_processing, which ships no header for them. */
typedef struct WebRtcVadInst VadInst;
VadInst *WebRtcVad_Create(void);
int WebRtcVad_Init(VadInst *vad);
int WebRtcVad_set_mode(VadInst *vad, int mode);
int WebRtcVad_Process(VadInst *vad, int hz, const int16_t *samples, size_t count);
void WebRtcVad_Free(VadInst *vad);

struct hear {
    struct hear_models *models;
    struct decoder *decoder;
    VadInst *vad;
    enum hear_mean mean;
    int64_t silence_frames_max; /* HEAR_SILENCE_NEVER, too */
    hear_event_fn *on_event;
    void *arg;
    bool in_event;

    uint8_t partial_frame[AUDIO_FRAME_BYTES]; /* bytes that do not make a frame yet */
    size_t partial_bytes;
    int64_t fed_bytes;
    int64_t frames; /* worked through */

    /* quiet: the newest frames, of which an utterance may have begun */
    int16_t preroll[PREROLL_FRAMES][AUDIO_FRAME_BYTES];
    int64_t preroll_frames; /* ever put there since it was last emptied */
    int voiced_in_a_row;

    /* speaking */
    bool speaking;
    int64_t first_frame; /* of the utterance */
    int64_t silent_in_a_row;
    int64_t given_ms;     /* of the utterance: words before it are final already */
    struct buf last_text; /* of the last partial */
};

static void tell(struct hear *hear, const struct hear_event *event)
{
    hear->in_event = true;
    hear->on_event(event, hear->arg);
    hear->in_event = false;
}

static void join(const struct hear_word *words, size_t count, struct buf *text)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_putc(text, ' ');
        buf_puts(text, words[i].text);
    }
}

static void tell_words(struct hear *hear, enum hear_kind kind, enum hear_end end,
                       struct hear_word *words, size_t count)
{
    struct buf text = {0};
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        words[i].start_ms += hear->first_frame * AUDIO_FRAME_MS;
        words[i].end_ms += hear->first_frame * AUDIO_FRAME_MS;
        if (kind == HEAR_PARTIAL)
            words[i].confidence = 0;
        sum += words[i].confidence;
    }
    join(words, count, &text);
    struct hear_event event = {
        .kind = kind,
        .end = end,
        .text = buf_text(&text),
        .words = words,
        .word_count = count,
        .confidence = count ? sum / (double)count : 0,
        .start_ms = hear->first_frame * AUDIO_FRAME_MS,
        .end_ms = hear->frames * AUDIO_FRAME_MS,
    };
    tell(hear, &event);
    buf_free(&text);
}

static void begin_utterance(struct hear *hear)
{
    int64_t kept = hear->preroll_frames < PREROLL_FRAMES ? hear->preroll_frames : PREROLL_FRAMES;
    int64_t onset_ms = (hear->frames - ONSET_FRAMES) * AUDIO_FRAME_MS;
    hear->speaking = true;
    hear->first_frame = hear->frames - kept;
    hear->silent_in_a_row = 0;
    hear->given_ms = 0;
    buf_clear(&hear->last_text);
    if (hear->mean == HEAR_MEAN_PER_UTTERANCE)
        decoder_reset_mean(hear->decoder);
    decoder_start(hear->decoder);
    for (int64_t i = hear->preroll_frames - kept; i < hear->preroll_frames; i++)
        decoder_feed(hear->decoder, hear->preroll[i % PREROLL_FRAMES]);
    tell(hear,
         &(struct hear_event){
             .kind = HEAR_SPEECH_STARTED, .text = "", .start_ms = onset_ms, .end_ms = onset_ms});
}

/* The words that were not given as final yet. */
static size_t new_words(struct hear *hear, struct hear_word words[DECODER_WORDS_MAX])
{
    size_t count = decoder_words(hear->decoder, words), given = 0;
    while (given < count && (words[given].start_ms + words[given].end_ms) / 2 < hear->given_ms)
        given++;
    memmove(words, words + given, (count - given) * sizeof(*words));
    return count - given;
}

static void end_utterance(struct hear *hear, enum hear_end end)
{
    struct hear_word words[DECODER_WORDS_MAX];
    decoder_stop(hear->decoder);
    size_t count = new_words(hear, words);
    hear->speaking = false;
    hear->voiced_in_a_row = 0;
    hear->preroll_frames = 0;
    tell_words(hear, HEAR_FINAL, end, words, count);
}

static void on_quiet(struct hear *hear, const int16_t samples[AUDIO_FRAME_BYTES], bool voiced)
{
    memcpy(hear->preroll[hear->preroll_frames % PREROLL_FRAMES], samples, sizeof hear->preroll[0]);
    hear->preroll_frames++;
    hear->voiced_in_a_row = voiced ? hear->voiced_in_a_row + 1 : 0;
    if (hear->voiced_in_a_row == ONSET_FRAMES)
        begin_utterance(hear);
}

static void tell_partial(struct hear *hear)
{
    struct hear_word words[DECODER_WORDS_MAX];
    struct buf text = {0};
    size_t count = new_words(hear, words);
    join(words, count, &text);
    if (count && strcmp(buf_text(&text), buf_text(&hear->last_text)) != 0) {
        buf_clear(&hear->last_text);
        buf_add_str(&hear->last_text, buf_str(&text));
        tell_words(hear, HEAR_PARTIAL, HEAR_GOES_ON, words, count);
    }
    buf_free(&text);
}

static void on_speaking(struct hear *hear, const int16_t samples[AUDIO_FRAME_BYTES], bool voiced)
{
    decoder_feed(hear->decoder, samples);
    hear->silent_in_a_row = voiced ? 0 : hear->silent_in_a_row + 1;
    int64_t frames = hear->frames - hear->first_frame;
    if (hear->silent_in_a_row == hear->silence_frames_max)
        end_utterance(hear, HEAR_BY_SILENCE);
    else if (frames * AUDIO_FRAME_MS >= HEAR_UTTERANCE_MS_MAX)
        end_utterance(hear, HEAR_BY_LENGTH);
    else if (frames % PARTIAL_FRAMES == 0)
        tell_partial(hear);
}

static void take_frame(struct hear *hear, const uint8_t ulaw[AUDIO_FRAME_BYTES])
{
    int16_t samples[AUDIO_FRAME_BYTES];
    ulaw_decode_all(ulaw, AUDIO_FRAME_BYTES, samples);
    bool voiced = WebRtcVad_Process(hear->vad, AUDIO_HZ, samples, AUDIO_FRAME_BYTES) == 1 &&
                  audio_level_db(samples, AUDIO_FRAME_BYTES) > level_db_min;
    hear->frames++;
    if (hear->speaking)
        on_speaking(hear, samples, voiced);
    else
        on_quiet(hear, samples, voiced);
}

void hear_feed(struct hear *hear, const uint8_t *ulaw, size_t bytes)
{
    assert(!hear->in_event);
    hear->fed_bytes += (int64_t)bytes;
    while (bytes) {
        size_t taken = AUDIO_FRAME_BYTES - hear->partial_bytes;
        if (taken > bytes)
            taken = bytes;
        memcpy(hear->partial_frame + hear->partial_bytes, ulaw, taken);
        hear->partial_bytes += taken;
        ulaw += taken;
        bytes -= taken;
        if (hear->partial_bytes == AUDIO_FRAME_BYTES) {
            hear->partial_bytes = 0;
            take_frame(hear, hear->partial_frame);
        }
    }
}

/* The words so far become final while the decoder goes on: a breath in mid-sentence must not cost
 * the words after it their context. */
static void give_words_so_far(struct hear *hear)
{
    struct hear_word words[DECODER_WORDS_MAX];
    size_t count = new_words(hear, words);
    if (count)
        hear->given_ms = words[count - 1].end_ms;
    for (size_t i = 0; i < count; i++)
        words[i].confidence = unproven_confidence;
    buf_clear(&hear->last_text);
    tell_words(hear, HEAR_FINAL, HEAR_BY_FINALIZE, words, count);
}

void hear_finalize(struct hear *hear)
{
    assert(!hear->in_event);
    if (hear->speaking) {
        give_words_so_far(hear);
    } else {
        hear->first_frame = hear->frames;
        tell_words(hear, HEAR_FINAL, HEAR_BY_FINALIZE, NULL, 0);
    }
}

int64_t hear_fed_ms(const struct hear *hear)
{
    return hear->fed_bytes / AUDIO_BYTES_PER_MS;
}

static int64_t silence_frames(int silence_ms)
{
    if (silence_ms == HEAR_SILENCE_NEVER)
        return HEAR_SILENCE_NEVER;
    if (silence_ms == 0)
        silence_ms = HEAR_SILENCE_MS;
    if (silence_ms < HEAR_SILENCE_MS_MIN)
        silence_ms = HEAR_SILENCE_MS_MIN;
    return (silence_ms + AUDIO_FRAME_MS - 1) / AUDIO_FRAME_MS;
}

int hear_open(struct hear_models *models, const struct hear_options *options,
              hear_event_fn *on_event, void *arg, struct hear **hear_out)
{
    struct str region = str_of(options->language);
    struct str language = str_cut(&region, '-');
    char *two_letters = xstrndup(language.at, language.bytes);
    struct decoder *decoder;
    int err = decoder_take(models, two_letters, &decoder);
    free(two_letters);
    if (err)
        return err;
    struct hear *hear = xalloc(sizeof *hear);
    *hear = (struct hear){.models = models,
                          .decoder = decoder,
                          .vad = WebRtcVad_Create(),
                          .mean = options->mean,
                          .silence_frames_max = silence_frames(options->silence_ms),
                          .on_event = on_event,
                          .arg = arg};
    assert(hear->vad);
    WebRtcVad_Init(hear->vad);
    WebRtcVad_set_mode(hear->vad, VAD_STRICTEST);
    *hear_out = hear;
    return 0;
}

void hear_close(struct hear **hear)
{
    if (!*hear)
        return;
    assert(!(*hear)->in_event);
    if ((*hear)->speaking)
        decoder_stop((*hear)->decoder);
    decoder_give_back((*hear)->models, &(*hear)->decoder);
    WebRtcVad_Free((*hear)->vad);
    buf_free(&(*hear)->last_text);
    free(*hear);
    *hear = NULL;
}
