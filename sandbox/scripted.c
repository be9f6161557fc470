/* sandbox/scripted.c: levels of 20 ms frames, and the lines they call up. */
#include "sandbox/scripted.h"

#include "base/audio.h"
#include "base/buf.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
    VOICE_LEVEL = 300,    /* mean of |sample|: -41 dB below full scale */
    VOICE_FRAMES_MIN = 3, /* in a row set the voice on */
    SILENCE_MS_USUAL = HEAR_SILENCE_MS,
};

struct scripted {
    struct script_lines *lines;
    hear_event_fn *on_event;
    void *arg;
    int silence_ms;
    int64_t fed_ms;
    int64_t voice_from_ms, voice_to_ms; /* of the utterance; to: end of its newest voiced frame */
    int64_t partial_at_ms;
    bool speaking; /* an utterance is on */
    bool given;    /* its line was given out as final */
    int voiced_in_row;
    size_t line;        /* index of the newest line, counted over repeats */
    size_t lines_begun; /* 0: none yet */
    size_t shown;       /* words of it in the newest partial */
    uint8_t rest[AUDIO_FRAME_BYTES];
    size_t rest_bytes;
    char *text; /* the line's words, each ended by a NUL */
    struct hear_word words[SCRIPTED_WORDS_MAX];
    size_t word_count;
};

struct script_lines *script_lines_hold(struct script_lines *lines)
{
    lines->references++;
    return lines;
}

void script_lines_drop(struct script_lines **lines)
{
    struct script_lines *one = *lines;
    *lines = NULL;
    if (!one || --one->references > 0)
        return;
    for (size_t i = 0; i < one->count; i++)
        free(one->list[i].text);
    free(one);
}

struct scripted *scripted_new(struct script_lines *lines, int silence_ms, hear_event_fn *on_event,
                              void *arg)
{
    struct scripted *scripted = xalloc(sizeof(*scripted));
    *scripted = (struct scripted){.lines = script_lines_hold(lines),
                                  .on_event = on_event,
                                  .arg = arg,
                                  .silence_ms = silence_ms ? silence_ms : SILENCE_MS_USUAL};
    return scripted;
}

void scripted_free(struct scripted **scripted)
{
    if (!*scripted)
        return;
    script_lines_drop(&(*scripted)->lines);
    free((*scripted)->text);
    free(*scripted);
    *scripted = NULL;
}

int64_t scripted_fed_ms(const struct scripted *scripted)
{
    return scripted->fed_ms;
}

static const struct script_line *line_of(const struct scripted *scripted)
{
    const struct script_lines *lines = scripted->lines;
    if (!lines->count || (scripted->line >= lines->count && !lines->repeats))
        return NULL;
    return &lines->list[scripted->line % lines->count];
}

/* Words stand in the order of the line, spread over the voice at their pace. */
static void take_line(struct scripted *scripted)
{
    const struct script_line *line = line_of(scripted);
    scripted->word_count = 0;
    free(scripted->text);
    scripted->text = xstrdup(line ? line->text : "");
    char *save = NULL;
    for (char *word = strtok_r(scripted->text, " ", &save);
         word && scripted->word_count < SCRIPTED_WORDS_MAX; word = strtok_r(NULL, " ", &save)) {
        int64_t start_ms =
            scripted->voice_from_ms + (int64_t)scripted->word_count * SCRIPTED_WORD_MS;
        scripted->words[scripted->word_count++] =
            (struct hear_word){.text = word,
                               .start_ms = start_ms,
                               .end_ms = start_ms + SCRIPTED_WORD_MS,
                               .confidence = line->confidence};
    }
}

/* A line longer than the voice that called it up is squeezed into it. */
static void squeeze(struct scripted *scripted)
{
    int64_t length_ms = scripted->voice_to_ms - scripted->voice_from_ms;
    int64_t count = (int64_t)scripted->word_count;
    if (!count || count * SCRIPTED_WORD_MS <= length_ms)
        return;
    for (int64_t i = 0; i < count; i++) {
        scripted->words[i].start_ms = scripted->voice_from_ms + length_ms * i / count;
        scripted->words[i].end_ms = scripted->voice_from_ms + length_ms * (i + 1) / count;
    }
}

static void tell(struct scripted *scripted, enum hear_kind kind, enum hear_end end, size_t words)
{
    struct buf text = {0};
    const struct script_line *line = line_of(scripted);
    for (size_t i = 0; i < words; i++)
        buf_printf(&text, i ? " %s" : "%s", scripted->words[i].text);
    const struct hear_event event = {.kind = kind,
                                     .end = end,
                                     .text = buf_text(&text),
                                     .words = scripted->words,
                                     .word_count = words,
                                     .confidence = words && line ? line->confidence : 0,
                                     .start_ms = scripted->voice_from_ms,
                                     .end_ms = scripted->speaking ? scripted->voice_to_ms
                                                                  : scripted->fed_ms};
    scripted->on_event(&event, scripted->arg);
    buf_free(&text);
}

static void begin_utterance(struct scripted *scripted)
{
    int64_t onset_ms = scripted->fed_ms - VOICE_FRAMES_MIN * AUDIO_FRAME_MS;
    bool goes_on = scripted->lines_begun && scripted->given &&
                   onset_ms - scripted->voice_to_ms < scripted->lines->gap_ms;
    scripted->speaking = true;
    scripted->voice_from_ms = onset_ms > 0 ? onset_ms : 0;
    scripted->voice_to_ms = scripted->fed_ms;
    scripted->partial_at_ms = scripted->fed_ms + SCRIPTED_PARTIAL_MS;
    scripted->shown = 0;
    scripted->word_count = 0; /* of a line that goes on, all words were given */
    if (!goes_on) {
        scripted->line = scripted->lines_begun++;
        scripted->given = false;
        take_line(scripted);
    }
    tell(scripted, HEAR_SPEECH_STARTED, HEAR_GOES_ON, 0);
}

static void end_utterance(struct scripted *scripted, enum hear_end end)
{
    squeeze(scripted);
    tell(scripted, HEAR_FINAL, end, scripted->word_count);
    scripted->speaking = false;
    scripted->given = true;
}

static void show_more(struct scripted *scripted)
{
    int64_t voiced_ms = scripted->voice_to_ms - scripted->voice_from_ms;
    size_t words = (size_t)(voiced_ms / SCRIPTED_WORD_MS);
    words = words < scripted->word_count ? words : scripted->word_count;
    scripted->partial_at_ms = scripted->fed_ms + SCRIPTED_PARTIAL_MS;
    if (words == scripted->shown)
        return;
    scripted->shown = words;
    tell(scripted, HEAR_PARTIAL, HEAR_GOES_ON, words);
}

static bool is_voiced(const uint8_t *frame)
{
    static uint16_t loudness[256]; /* |sample| of each byte; made once */
    uint32_t sum = 0;
    if (!loudness[0])
        for (int i = 0; i < 256; i++)
            loudness[i] = (uint16_t)abs(ulaw_decode((uint8_t)i));
    for (size_t i = 0; i < AUDIO_FRAME_BYTES; i++)
        sum += loudness[frame[i]];
    return sum > VOICE_LEVEL * AUDIO_FRAME_BYTES;
}

static void take_frame(struct scripted *scripted, const uint8_t *frame)
{
    bool voiced = is_voiced(frame);
    scripted->fed_ms += AUDIO_FRAME_MS;
    scripted->voiced_in_row = voiced ? scripted->voiced_in_row + 1 : 0;
    if (!scripted->speaking) {
        if (scripted->voiced_in_row >= VOICE_FRAMES_MIN)
            begin_utterance(scripted);
        return;
    }
    if (voiced)
        scripted->voice_to_ms = scripted->fed_ms;
    if (scripted->silence_ms != HEAR_SILENCE_NEVER &&
        scripted->fed_ms - scripted->voice_to_ms >= scripted->silence_ms)
        end_utterance(scripted, HEAR_BY_SILENCE);
    else if (scripted->fed_ms - scripted->voice_from_ms >= HEAR_UTTERANCE_MS_MAX)
        end_utterance(scripted, HEAR_BY_LENGTH);
    else if (scripted->fed_ms >= scripted->partial_at_ms)
        show_more(scripted);
}

void scripted_feed(struct scripted *scripted, const uint8_t *ulaw, size_t bytes)
{
    while (scripted->rest_bytes + bytes >= AUDIO_FRAME_BYTES) {
        if (!scripted->rest_bytes) {
            take_frame(scripted, ulaw);
            ulaw += AUDIO_FRAME_BYTES;
            bytes -= AUDIO_FRAME_BYTES;
            continue;
        }
        size_t missing = AUDIO_FRAME_BYTES - scripted->rest_bytes;
        memcpy(scripted->rest + scripted->rest_bytes, ulaw, missing);
        scripted->rest_bytes = 0;
        ulaw += missing;
        bytes -= missing;
        take_frame(scripted, scripted->rest);
    }
    memcpy(scripted->rest + scripted->rest_bytes, ulaw, bytes);
    scripted->rest_bytes += bytes;
}

void scripted_finalize(struct scripted *scripted)
{
    if (scripted->speaking)
        end_utterance(scripted, HEAR_BY_FINALIZE);
    else
        tell(scripted, HEAR_FINAL, HEAR_BY_FINALIZE, 0);
}
