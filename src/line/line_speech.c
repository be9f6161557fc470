/* line/line_speech.c: the bytes of what Karen says. The core counts them, this has them: phrases in
 * the shared cache, replies in memory of the line that goes with each clip. */
#include "base/audio.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "line/line_private.h"
#include "rules/spoken.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { AUDIO_STEP_BYTES = 16 * 1024 };

static struct line_clip *find(struct line *line, uint32_t id)
{
    for (size_t i = 0; i < CALL_CLIPS_MAX; i++)
        if (line->clips[i].id == id)
            return &line->clips[i];
    return NULL;
}

static const uint8_t *audio_of(const struct line_clip *clip, size_t *bytes_out)
{
    if (clip->phrase)
        return clip_audio(clip->phrase, bytes_out);
    *bytes_out = clip->audio.bytes;
    return (const uint8_t *)clip->audio.data;
}

static size_t bytes_held(const struct line *line)
{
    size_t bytes = 0;
    for (size_t i = 0; i < CALL_CLIPS_MAX; i++)
        bytes += line->clips[i].audio.bytes;
    return bytes;
}

/* In steps of one size: doubling would keep as much again for nothing, in each of a thousand calls,
 * and small ones would leave holes of all sizes in the heap. */
static void add_audio(struct line_clip *clip, const uint8_t *ulaw, size_t bytes)
{
    struct buf *audio = &clip->audio;
    size_t room = (audio->bytes + bytes) / AUDIO_STEP_BYTES * AUDIO_STEP_BYTES + AUDIO_STEP_BYTES;
    if (room > audio->room) {
        audio->data = xrealloc(audio->data, room);
        audio->room = room;
    }
    buf_add(audio, ulaw, bytes);
}

static void end_clip(struct line_clip *clip, int err)
{
    clip->ended = true;
    clip->err = err;
}

/* More audio, or the end of it, while the core is not at work: it hears of it now. */
static void tell(struct line *line)
{
    struct call_event news;
    if (line_clip_news(line, &news))
        line_feed(line, &news);
}

static void on_phrase(void *arg)
{
    struct line_clip *clip = arg;
    tell(clip->line);
}

static size_t letters_of(const struct line_clip *clip, size_t spoken)
{
    return clip->text.bytes ? spoken_origin(clip->line->language, buf_str(&clip->text), spoken)
                            : spoken;
}

/* In pieces that end where the voice says how far it has come. What the core makes of one may end
 * the clip, or the call. */
static void take_audio(struct line_clip *clip, const struct tts_event *event)
{
    struct line *line = clip->line;
    uint32_t id = clip->id;
    size_t from = 0;
    for (size_t i = 0; i <= event->anchor_count && clip->id == id && !line->closed; i++) {
        bool rest = i == event->anchor_count;
        size_t to = rest ? event->bytes : event->anchors[i].bytes;
        clip->letters = rest ? 0 : letters_of(clip, event->anchors[i].letters);
        add_audio(clip, event->ulaw + from, to - from);
        from = to;
        tell(line);
    }
}

static void on_speech(const struct tts_event *event, void *arg)
{
    struct line_clip *clip = arg;
    struct line *line = clip->line;
    switch (event->kind) {
    case TTS_AUDIO:
        if (bytes_held(line) + event->bytes > LINE_AUDIO_BYTES_MAX) {
            op_cancel(&clip->speaking);
            line->usage.tts_characters += clip->characters;
            end_clip(clip, EMSGSIZE);
        } else {
            take_audio(clip, event);
            return;
        }
        break;
    case TTS_DONE:
        line->usage.tts_characters += event->characters;
        end_clip(clip, 0);
        break;
    case TTS_FAILED:
        line->usage.tts_characters += event->characters;
        log_warn(&line->log, "no_speech", "clip=%u err=%d", clip->id, event->err);
        end_clip(clip, event->err);
        break;
    }
    tell(line);
}

static void synthesise(struct line *line, struct line_clip *clip, struct str text)
{
    struct buf words = {0}; /* figures as words; the transcript keeps what the model wrote */
    spoken_put(line->language, text, &words);
    struct tts_request request = {.text = buf_str(&words),
                                  .voice_id = line->voice_id,
                                  .language = line->language,
                                  .session = line->voice,
                                  .previous = str_of(line->previous),
                                  .log = line->log};
    clip->characters = (int64_t)utf8_length(request.text);
    if (!str_is(text, buf_text(&words)))
        buf_add_str(&clip->text, text);
    tts_speak(line->parts->tts, &request, on_speech, clip, &clip->speaking);
    buf_free(&words);
    struct str tail = text;
    if (tail.bytes > LINE_PREVIOUS_BYTES_MAX) /* its end is what matters for the tone */
        tail =
            (struct str){text.at + text.bytes - LINE_PREVIOUS_BYTES_MAX, LINE_PREVIOUS_BYTES_MAX};
    while (tail.bytes > 0 && ((uint8_t)tail.at[0] & 0xC0) == 0x80) /* not within a character */
        tail = (struct str){tail.at + 1, tail.bytes - 1};
    memcpy(line->previous, tail.at, tail.bytes);
    line->previous[tail.bytes] = '\0';
}

void line_voice_open(struct line *line)
{
    line->voice =
        tts_session_open(line->parts->tts, &(struct tts_voicing){.voice_id = line->voice_id,
                                                                 .language = line->language,
                                                                 .log = line->log});
}

void line_synth(struct line *line, const struct call_action *action)
{
    struct line_clip *clip = find(line, 0);
    assert(clip); /* the core holds no more than CALL_CLIPS_MAX */
    *clip = (struct line_clip){.line = line, .id = action->clip};
    if (action->phrase != PHRASE_NONE) {
        struct clip_wish wish = {line->voice_id, line->language, action->text};
        clip->phrase = clips_take(line->parts->clips, &wish, on_phrase, clip);
    } else {
        line->own_us += loop_now_us(line->parts->loop) - line->arrived_us;
        synthesise(line, clip, action->text);
    }
}

static void refresh(struct line_clip *clip)
{
    if (clip->phrase && clip_state(clip->phrase) != CLIP_COMING)
        end_clip(clip, clip_error(clip->phrase));
}

static bool news_of(struct line_clip *clip, struct call_event *event_out)
{
    size_t bytes = 0;
    audio_of(clip, &bytes);
    refresh(clip);
    if (bytes > clip->told) {
        *event_out = (struct call_event){.kind = EV_CLIP_AUDIO,
                                         .clip = clip->id,
                                         .bytes = bytes - clip->told,
                                         .letters = clip->letters};
        clip->told = bytes;
        return true;
    }
    if (clip->ended && !clip->told_end) {
        *event_out = (struct call_event){
            .kind = clip->err ? EV_CLIP_FAILED : EV_CLIP_DONE, .clip = clip->id, .err = clip->err};
        clip->told_end = true;
        return true;
    }
    return false;
}

bool line_clip_news(struct line *line, struct call_event *event_out)
{
    for (size_t i = 0; i < CALL_CLIPS_MAX; i++)
        if (line->clips[i].id && news_of(&line->clips[i], event_out))
            return true;
    return false;
}

static void note_greeting(struct line *line)
{
    if (!line->greeted)
        stats_observe(&line->parts->stats->greeting,
                      (double)(loop_now_us(line->parts->loop) - line->opened_us) / 1000);
    line->greeted = true;
}

static void note_wait(struct line *line, int64_t wait_ms)
{
    struct call_waits *waits = &line->waits;
    stats_observe(&line->parts->stats->reply, (double)wait_ms);
    if (waits->count < CALL_WAITS_MAX)
        waits->ms[waits->count++] = (int32_t)(wait_ms < 0                  ? 0
                                              : wait_ms < CALL_WAIT_MS_MAX ? wait_ms
                                                                           : CALL_WAIT_MS_MAX);
}

/* The first sound of an answer: how long its stages took. */
static void note_answer(struct line *line)
{
    struct switchboard_stats *stats = line->parts->stats;
    const struct call_stages *stages = call_stages(line->core);
    if (stages->turn == line->measured || !stages->sent_first_ms)
        return;
    line->measured = stages->turn;
    line->own_us += loop_now_us(line->parts->loop) - line->arrived_us;
    if (stages->last_voice_ms)
        note_wait(line, stages->sent_first_ms - stages->last_voice_ms);
    stats_observe(&stats->own, (double)line->own_us / 1000);
}

static void send(struct line *line, const uint8_t *ulaw, size_t bytes, bool ducked)
{
    uint8_t softer[CALL_MARK_MS * CALL_BYTES_PER_MS];
    if (ducked) {
        assert(bytes <= sizeof(softer)); /* the core sends no more at once */
        ulaw_duck(ulaw, bytes, softer);
        ulaw = softer;
    }
    leg_send_audio(line->leg, ulaw, bytes);
    ears_said(line->ears, ulaw, bytes);
}

void line_send(struct line *line, const struct call_action *action)
{
    struct line_clip *clip = find(line, action->clip);
    if (!clip || !line->leg)
        return;
    size_t bytes = 0;
    const uint8_t *ulaw = audio_of(clip, &bytes);
    assert(action->offset + action->bytes <= bytes);
    send(line, ulaw + action->offset, action->bytes, action->ducked);
    note_greeting(line);
    if (action->phrase == PHRASE_NONE)
        note_answer(line);
}

static void free_clip(struct line_clip *clip)
{
    if (clip->speaking) /* the provider charges for what was asked, heard or not */
        clip->line->usage.tts_characters += clip->characters;
    op_cancel(&clip->speaking);
    clip_return(&clip->phrase);
    buf_free(&clip->audio);
    buf_free(&clip->text);
    *clip = (struct line_clip){0};
}

void line_drop_clip(struct line *line, uint32_t id)
{
    struct line_clip *clip = find(line, id);
    if (clip)
        free_clip(clip);
}

void line_speech_close(struct line *line)
{
    for (size_t i = 0; i < CALL_CLIPS_MAX; i++)
        if (line->clips[i].id)
            free_clip(&line->clips[i]);
    tts_session_close(&line->voice);
}
