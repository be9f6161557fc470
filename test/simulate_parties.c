/* test/simulate_parties.c: the caller, the recogniser, the model, the voice and the carrier of a
 * simulated call: what each does, late, twice or not at all. */
#include "base/mem.h"
#include "test/simulate.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* The caller. */

enum speech { SPEECH_CONTENT, SPEECH_MHM, SPEECH_FAREWELL, SPEECH_NOISE };

static void make_word(struct sim *sim, char *word, bool question)
{
    char digits[10];
    size_t at = 0;
    for (uint32_t rest = ++sim->word_count; rest; rest /= 10)
        digits[at++] = (char)('0' + rest % 10);
    *word++ = 'w';
    while (at)
        *word++ = digits[--at];
    *word++ = 'x';
    if (question)
        *word++ = '?';
    *word = '\0';
}

static void make_words(struct sim *sim, struct sim_segment *segment, enum speech speech, int count)
{
    static const char *const mhm[] = {"yes", "okay", "mhm", "sure"};
    static const char *const farewells[] = {"thanks", "goodbye", "bye"};
    static const char *const ends[] = {"and", "the", "maybe", "my"};
    segment->count = speech == SPEECH_NOISE ? 0 : speech == SPEECH_CONTENT ? count : 1;
    for (int i = 0; i < segment->count; i++) {
        char *word = segment->words[i];
        if (speech == SPEECH_MHM)
            strcpy(word, mhm[between(sim, 0, 3)]);
        else if (speech == SPEECH_FAREWELL)
            strcpy(word, farewells[between(sim, 0, 2)]);
        else if (i == segment->count - 1 && i && percent(sim, 15))
            strcpy(word, ends[between(sim, 0, 3)]);
        else
            make_word(sim, word, i == segment->count - 1 && percent(sim, 40));
    }
}

static void voice(struct sim *sim, uint32_t id)
{
    const struct sim_segment *segment = &sim->segments[id];
    int64_t skew = sim->media_skew_ms;
    sim_deliver(sim, segment->start_ms + 60,
                (struct call_event){.kind = EV_VOICE_ON, .at_ms = segment->start_ms - skew});
    if (segment->start_ms + 120 < segment->end_ms)
        sim_plan(sim, segment->start_ms + 120, SIM_VOICED, id, 0);
    sim_deliver(sim, segment->end_ms + 160,
                (struct call_event){.kind = EV_VOICE_OFF, .at_ms = segment->end_ms - skew});
}

static void voiced(struct sim *sim, uint32_t id)
{
    const struct sim_segment *segment = &sim->segments[id];
    int64_t since = sim->now_ms - segment->start_ms;
    if (sim->now_ms + 60 < segment->end_ms)
        sim_plan(sim, sim->now_ms + 60, SIM_VOICED, id, 0);
    sim_step(sim,
             &(struct call_event){.kind = EV_VOICE_GOING, .voiced_ms = since < 600 ? since : 600});
}

static int64_t latency(struct sim *sim)
{
    return sim->faults.stt_flaky && percent(sim, 10) ? between(sim, 500, 2500)
                                                     : between(sim, 80, 350);
}

static void recognise(struct sim *sim, uint32_t id)
{
    struct sim_segment *segment = &sim->segments[id];
    if (sim->faults.stt_flaky && percent(sim, 15))
        return; /* heard nothing */
    int64_t length = segment->end_ms - segment->start_ms;
    for (int i = 1; i <= segment->count; i++)
        if (percent(sim, 70))
            sim_plan(sim, segment->start_ms + length * i / segment->count + latency(sim),
                     SIM_INTERIM, id, i);
    if (!sim->faults.stt_flaky || percent(sim, 90))
        sim_plan(sim, segment->end_ms + 300 + latency(sim), SIM_FINAL, id, 1);
    if (percent(sim, 30))
        sim_deliver(sim, segment->end_ms + 1000 + latency(sim),
                    (struct call_event){.kind = EV_UTTERANCE_END,
                                        .conn = sim->conn,
                                        .at_ms = segment->end_ms - sim->media_skew_ms});
}

static int64_t say_segment(struct sim *sim, int64_t at_ms, enum speech speech)
{
    if (sim->segment_count == SIM_SEGMENTS_MAX)
        return at_ms;
    uint32_t id = (uint32_t)sim->segment_count++;
    struct sim_segment *segment = &sim->segments[id];
    int64_t length = speech == SPEECH_CONTENT ? between(sim, 300, 3000) : between(sim, 120, 700);
    if (speech == SPEECH_NOISE && percent(sim, 20))
        length = between(sim, 3000, 12000);
    *segment = (struct sim_segment){.start_ms = at_ms, .end_ms = at_ms + length};
    make_words(sim, segment, speech, (int)(length / 300) + 1);
    if (!sim->faults.stt_flaky || percent(sim, 95)) /* sometimes only the recogniser hears it */
        voice(sim, id);
    recognise(sim, id);
    return segment->end_ms;
}

static int64_t press_keys(struct sim *sim, int64_t at_ms)
{
    for (int64_t i = between(sim, 1, 4); i > 0; i--, at_ms += between(sim, 100, 900))
        sim_deliver(
            sim, at_ms,
            (struct call_event){.kind = EV_DTMF, .digit = (char)('0' + between(sim, 0, 9))});
    return at_ms;
}

static void speak(struct sim *sim)
{
    int64_t at = sim->now_ms, dice = between(sim, 0, 99);
    if (dice < 4)
        at = press_keys(sim, at);
    else if (dice < 16)
        at = say_segment(sim, at, SPEECH_MHM);
    else if (dice < 22)
        at = say_segment(sim, at, SPEECH_FAREWELL);
    else if (dice < 32)
        at = say_segment(sim, at, SPEECH_NOISE);
    else
        for (int64_t i = between(sim, 1, 3); i > 0; i--, at += between(sim, 250, 1500))
            at = say_segment(sim, at, SPEECH_CONTENT);
    dice = between(sim, 0, 99);
    at += dice < 30   ? between(sim, 300, 1500)
          : dice < 85 ? between(sim, 2500, 8000)
                      : between(sim, 8000, 40000);
    sim_plan(sim, at, SIM_SPEAK, 0, 0);
}

/* The recogniser. */

static void send_words(struct sim *sim, struct sim_segment *segment, int from, int to,
                       struct call_event event)
{
    struct buf *text = &sim->words_text;
    buf_clear(text);
    for (int i = from; i < to; i++) {
        if (i > from)
            buf_putc(text, ' ');
        buf_puts(text, segment->words[i]);
    }
    int64_t length = segment->end_ms - segment->start_ms;
    event.conn = sim->conn;
    event.text = buf_str(text);
    int64_t start = segment->start_ms - sim->media_skew_ms;
    event.at_ms = segment->count ? start + length * from / segment->count : start;
    event.end_ms = segment->count ? start + length * to / segment->count : start;
    sim_step(sim, &event);
}

/* A recogniser's stream is in order: what came before is final, or lost, once something new is
 * heard. */
static void finish_earlier(struct sim *sim, uint32_t id)
{
    for (uint32_t i = sim->segment_now; i < id; i++) {
        struct sim_segment *segment = &sim->segments[i];
        int from = segment->final;
        segment->final = segment->count;
        if (from < segment->count && !sim->faults.stt_flaky)
            send_words(sim, segment, from, segment->count,
                       (struct call_event){.kind = EV_WORDS_FINAL, .confidence = 0.8f});
    }
    if (id > sim->segment_now)
        sim->segment_now = id;
}

static void interim(struct sim *sim, uint32_t id, int words)
{
    struct sim_segment *segment = &sim->segments[id];
    if (sim->stt_down || words <= segment->final || words <= segment->shown)
        return;
    finish_earlier(sim, id);
    segment->shown = words;
    send_words(sim, segment, segment->final, words,
               (struct call_event){.kind = EV_WORDS, .confidence = 0.5f});
}

static int words_so_far(const struct sim *sim, const struct sim_segment *segment)
{
    if (sim->now_ms >= segment->end_ms)
        return segment->count;
    int64_t length = segment->end_ms - segment->start_ms;
    int64_t words = (sim->now_ms - segment->start_ms) * segment->count / length;
    return words < segment->final ? segment->final : (int)words;
}

/* step 1: the recogniser's own endpoint; 0: it was told to finalize. */
static void final(struct sim *sim, uint32_t id, int step)
{
    struct sim_segment *segment = &sim->segments[id];
    int from = segment->final, to = step ? segment->count : words_so_far(sim, segment);
    if (sim->stt_down || (step && from == to))
        return;
    finish_earlier(sim, id);
    segment->final = to;
    send_words(sim, segment, from, to,
               (struct call_event){.kind = EV_WORDS_FINAL,
                                   .from_finalize = !step,
                                   .speech_final = step,
                                   .confidence = 0.9f});
}

static void stt_down(struct sim *sim)
{
    sim->stt_down = true;
    for (int i = 0; i < sim->segment_count; i++) /* nothing is replayed */
        sim->segments[i].final = sim->segments[i].count;
    sim_deliver(sim, sim->now_ms, (struct call_event){.kind = EV_STT_DOWN, .conn = sim->conn});
    if (percent(sim, 90))
        sim_plan(sim, sim->now_ms + between(sim, 100, 9000), SIM_STT_UP, 0, 0);
}

static void stt_up(struct sim *sim)
{
    sim->stt_down = false;
    sim_step(sim, &(struct call_event){.kind = EV_STT_UP, .conn = ++sim->conn});
    if (sim->faults.stt_flaky)
        sim_plan(sim, sim->now_ms + between(sim, 5000, 60000), SIM_STT_DOWN, 0, 0);
}

/* The model. */

enum model_fate {
    MODEL_SPEAKS,
    MODEL_ENDS,
    MODEL_NOTES,
    MODEL_TRANSFERS,
    MODEL_FAILS,
    MODEL_HANGS
};

static void ask(struct sim *sim, uint32_t id)
{
    assert(id < SIM_GENS_MAX);
    struct sim_gen *gen = &sim->gens[id];
    int64_t dice = between(sim, 0, 99), first = between(sim, 100, 900);
    gen->fate = dice < 78   ? MODEL_SPEAKS
                : dice < 86 ? MODEL_NOTES
                : dice < 90 ? MODEL_ENDS
                : dice < 92 ? MODEL_TRANSFERS
                            : MODEL_SPEAKS;
    if (sim->faults.model_flaky && percent(sim, 35))
        gen->fate = percent(sim, 50) ? MODEL_FAILS : MODEL_HANGS;
    gen->steps = (int)between(sim, gen->fate == MODEL_SPEAKS ? 1 : 0, 12);
    if (sim->faults.slow)
        first += between(sim, 0, 2500);
    sim_plan(sim, sim->now_ms + first, SIM_MODEL, id, 0);
}

static void model_text(struct sim *sim, uint32_t id, int step)
{
    struct sim_gen *gen = &sim->gens[id];
    char piece[64];
    int sentence = step % 4 == 3;
    snprintf(piece, sizeof piece, "%sg%uw%dabc%s", step ? " " : "", id, step,
             sentence        ? (step % 8 == 3 ? "." : "?")
             : step % 4 == 1 ? ","
                             : "");
    if (sentence)
        piece[step ? 1 : 0] = 'G';
    buf_puts(&gen->text, piece);
    struct call_event event = {.kind = EV_REPLY_TEXT, .gen = id};
    event.text = (struct str){gen->text.data + gen->text.bytes - strlen(piece), strlen(piece)};
    sim_deliver(sim, sim->now_ms, event);
}

static void model_tool(struct sim *sim, uint32_t id, const char *name)
{
    static const char ids[][8] = {"t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7",
                                  "t8", "t9", "ta", "tb", "tc", "td", "te", "tf"};
    struct call_event event = {.kind = EV_REPLY_TOOL, .gen = id};
    event.id = str_of(ids[sim->tool_count++ % countof(ids)]); /* a long call uses ids anew */
    event.name = str_of(name);
    event.text = str_of("{\"reason\":\"because\"}");
    sim_deliver(sim, sim->now_ms, event);
    if (percent(sim, 10))
        sim_deliver(sim, sim->now_ms + 5, event);
}

static void model_last(struct sim *sim, uint32_t id)
{
    static const char *const tools[] = {[MODEL_ENDS] = "end_call",
                                        [MODEL_NOTES] = "take_message",
                                        [MODEL_TRANSFERS] = "transfer_call"};
    struct sim_gen *gen = &sim->gens[id];
    if (gen->fate == MODEL_HANGS)
        return;
    if (gen->fate == MODEL_FAILS) {
        sim_deliver(sim, sim->now_ms,
                    (struct call_event){.kind = EV_REPLY_FAILED, .gen = id, .err = 5});
        return;
    }
    if (gen->fate != MODEL_SPEAKS)
        model_tool(sim, id, tools[gen->fate]);
    sim_deliver(sim, sim->now_ms + between(sim, 0, 50),
                (struct call_event){.kind = EV_REPLY_DONE, .gen = id});
}

static void model(struct sim *sim, uint32_t id, int step)
{
    struct sim_gen *gen = &sim->gens[id];
    if (gen->cancelled && percent(sim, 80))
        return; /* the others still send what was on its way */
    if (step >= gen->steps) {
        model_last(sim, id);
        return;
    }
    model_text(sim, id, step);
    sim_plan(sim, sim->now_ms + between(sim, 5, sim->faults.slow ? 600 : 120), SIM_MODEL, id,
             step + 1);
}

/* The voice. */

enum voice_fate { VOICE_CACHED, VOICE_STREAMS, VOICE_FAILS, VOICE_BREAKS, VOICE_SILENT };

static void synth(struct sim *sim, const struct call_action *action)
{
    assert(action->clip < SIM_CLIPS_MAX && action->clip == sim->clip_count + 1);
    struct sim_clip *clip = &sim->clips[action->clip];
    *clip = (struct sim_clip){.gen = action->gen, .phrase = action->phrase};
    sim->clip_count = action->clip;
    clip->order = action->gen || action->phrase ? 0 : sim_order_in(action->text);
    clip->bytes = action->text.bytes * (size_t)sim->letter_bytes;
    clip->fate = action->phrase ? VOICE_CACHED : VOICE_STREAMS;
    bool flaky = action->phrase ? sim->faults.phrases_fail : sim->faults.voice_flaky;
    if (flaky && percent(sim, 40))
        clip->fate = (int)between(sim, VOICE_FAILS, VOICE_SILENT);
    if (!action->phrase && sim->faults.voice_dead)
        clip->fate = VOICE_FAILS;
    if (clip->fate != VOICE_SILENT)
        sim_plan(sim, sim->now_ms + (clip->fate == VOICE_CACHED ? 0 : between(sim, 50, 500)),
                 SIM_VOICE, action->clip, 0);
}

static void voice_audio(struct sim *sim, uint32_t id, size_t bytes)
{
    struct sim_clip *clip = &sim->clips[id];
    if (bytes > clip->bytes - clip->given)
        bytes = clip->bytes - clip->given;
    clip->given += bytes;
    sim_deliver(sim, sim->now_ms,
                (struct call_event){.kind = EV_CLIP_AUDIO, .clip = id, .bytes = bytes});
}

static void speak_clip(struct sim *sim, uint32_t id, int step)
{
    struct sim_clip *clip = &sim->clips[id];
    bool breaks = clip->fate == VOICE_FAILS || (clip->fate == VOICE_BREAKS && step == 2);
    if (clip->dropped && percent(sim, 80))
        return;
    if (breaks || clip->given == clip->bytes) {
        clip->failed = breaks;
        sim_deliver(
            sim, sim->now_ms,
            (struct call_event){.kind = breaks ? EV_CLIP_FAILED : EV_CLIP_DONE, .clip = id});
        return;
    }
    voice_audio(sim, id,
                clip->fate == VOICE_CACHED ? clip->bytes : (size_t)between(sim, 100, 12000));
    sim_plan(sim, sim->now_ms + (clip->fate == VOICE_CACHED ? 0 : between(sim, 10, 400)), SIM_VOICE,
             id, step + 1);
}

/* The carrier. */

static struct sim_chunk *chunk_at(struct sim *sim, size_t i)
{
    return &sim->chunks[(sim->chunk_first + i) % SIM_CHUNKS_MAX];
}

/* So much of its clip was heard by its end, or by now. What was sent twice, because it was held,
 * counts once: a clip is heard from its beginning on. */
static int64_t heard_by(const struct sim_chunk *chunk, int64_t now_ms)
{
    int64_t end = chunk->end_ms < now_ms ? chunk->end_ms : now_ms;
    return end > chunk->start_ms
               ? (int64_t)(chunk->offset / CALL_BYTES_PER_MS) + end - chunk->start_ms
               : 0;
}

static void settle_oldest(struct sim *sim)
{
    const struct sim_chunk *chunk = chunk_at(sim, 0);
    struct sim_clip *clip = &sim->clips[chunk->clip];
    int64_t heard = heard_by(chunk, chunk->end_ms);
    clip->played_ms = heard > clip->played_ms ? heard : clip->played_ms;
    sim->chunk_first = (sim->chunk_first + 1) % SIM_CHUNKS_MAX;
    sim->chunk_count--;
}

static void send_audio(struct sim *sim, const struct call_action *action)
{
    int64_t start = sim->now_ms + sim->net_ms;
    while (sim->chunk_count && chunk_at(sim, 0)->end_ms <= sim->now_ms)
        settle_oldest(sim);
    if (sim->play_end_ms > start)
        start = sim->play_end_ms;
    sim->play_end_ms = start + (int64_t)(action->bytes / CALL_BYTES_PER_MS);
    assert(sim->chunk_count < SIM_CHUNKS_MAX);
    *chunk_at(sim, sim->chunk_count++) = (struct sim_chunk){.clip = action->clip,
                                                            .offset = action->offset,
                                                            .start_ms = start,
                                                            .end_ms = sim->play_end_ms};
}

static void return_mark(struct sim *sim, int64_t at_ms, uint32_t mark)
{
    struct call_event event = {.kind = EV_MARK, .mark = mark};
    if (sim->faults.marks_lost && percent(sim, 20))
        return;
    sim_deliver(sim, at_ms + sim->net_ms + between(sim, 0, 20), event);
    if (percent(sim, 2))
        sim_deliver(sim, at_ms + sim->net_ms + 50, event);
}

/* What was not played by then never is; the marks behind it come back all the same, late ones from
 * before included, since the carrier returns every pending mark. */
static void clear_audio(struct sim *sim)
{
    int64_t at = sim->now_ms + sim->net_ms;
    for (size_t i = 0; i < sim->chunk_count; i++) {
        struct sim_chunk *chunk = chunk_at(sim, i);
        if (chunk->start_ms > at)
            chunk->start_ms = chunk->end_ms = at;
        else if (chunk->end_ms > at)
            chunk->end_ms = at;
    }
    sim->play_end_ms = at;
}

int64_t sim_played(const struct sim *sim, uint32_t clip)
{
    int64_t played = sim->clips[clip].played_ms;
    for (size_t i = 0; i < sim->chunk_count; i++) {
        const struct sim_chunk *chunk = &sim->chunks[(sim->chunk_first + i) % SIM_CHUNKS_MAX];
        int64_t heard = chunk->clip == clip ? heard_by(chunk, sim->now_ms) : 0;
        played = heard > played ? heard : played;
    }
    return played;
}

static void tool(struct sim *sim, const struct call_action *action)
{
    struct call_event event = {.kind = EV_TOOL_DONE, .text = str_of("noted")};
    static const char ids[][8] = {"t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7",    "t8",
                                  "t9", "ta", "tb", "tc", "td", "te", "tf", "script"};
    for (size_t i = 0; i < countof(ids); i++)
        if (str_is(action->id, ids[i]))
            event.id = str_of(ids[i]);
    if (percent(sim, 92))
        sim_deliver(sim, sim->now_ms + between(sim, 1, 1500), event);
}

static void finalize(struct sim *sim)
{
    if (sim->segment_count && !sim->stt_down && percent(sim, 95))
        sim_plan(sim, sim->now_ms + between(sim, 40, 300), SIM_FINAL, sim->segment_now, 0);
}

void sim_perform(struct sim *sim, const struct call_action *action)
{
    struct call_event gone = {.kind = EV_GONE}, back = {.kind = EV_TRANSFER_FAILED};
    switch (action->kind) {
    case DO_FINALIZE: finalize(sim); break;
    case DO_ASK: ask(sim, action->gen); break;
    case DO_CANCEL_REPLY: sim->gens[action->gen].cancelled = true; break;
    case DO_SYNTH: synth(sim, action); break;
    case DO_SEND: send_audio(sim, action); break;
    case DO_MARK: return_mark(sim, sim->play_end_ms, action->mark); break;
    case DO_CLEAR: clear_audio(sim); break;
    case DO_DROP_CLIP: sim->clips[action->clip].dropped = true; break;
    case DO_TOOL: tool(sim, action); break;
    case DO_TRANSFER:
        if (percent(sim, 80))
            sim_deliver(sim, sim->now_ms + between(sim, 500, 30000),
                        percent(sim, 50) ? gone : back);
        break;
    case DO_HANG_UP:
        if (percent(sim, 90))
            sim_deliver(sim, sim->now_ms + between(sim, 10, 2000), gone);
        break;
    case DO_RECORD:
    case DO_ORDER_OVER:
    case DO_ENDED: break;
    }
}

void sim_party(struct sim *sim, const struct sim_due *due)
{
    switch (due->kind) {
    case SIM_SPEAK: speak(sim); break;
    case SIM_VOICED: voiced(sim, due->id); break;
    case SIM_INTERIM: interim(sim, due->id, due->step); break;
    case SIM_FINAL: final(sim, due->id, due->step); break;
    case SIM_MODEL: model(sim, due->id, due->step); break;
    case SIM_VOICE: speak_clip(sim, due->id, due->step); break;
    case SIM_STT_DOWN: stt_down(sim); break;
    case SIM_STT_UP: stt_up(sim); break;
    case SIM_DELIVER:
    case SIM_ORDER:
    case SIM_STALE: assert(false); /* the world's own */
    }
}
