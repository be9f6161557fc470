/* test/simulate_caller.c: the caller of a simulated call and the recogniser who listens: voice,
 * words, keys, and what else is on the line. */
#include "base/mem.h"
#include "test/simulate.h"

#include <assert.h>
#include <string.h>

enum {
    VOICE_EVERY_MS = 60,
    HANGOVER_MS = 160,
    MOCK_INTERIM_MS = 100, /* so often the mocks' recogniser tells the words that have ended */
    MOCK_FINAL_MS = 350,   /* ... and behind the end of speech that this was all */
    POLITE_MS = 100,       /* so often somebody who lets Karen finish listens for her end */
};

/* The caller. */

static void make_word(struct sim *sim, char *word, bool question)
{
    char digits[10];
    size_t at = 0;
    assert(sim->word_count + 1 < SIM_ALL_WORDS_MAX);
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

static void make_words(struct sim *sim, struct sim_segment *segment, int count)
{
    static const char *const mhm[] = {"yes", "okay", "mhm", "sure"};
    static const char *const farewells[] = {"thanks", "goodbye", "bye"};
    static const char *const ends[] = {"and", "the", "maybe", "my"};
    enum sim_speech speech = segment->speech;
    segment->count = speech == SPEECH_NOISE                               ? 0
                     : speech == SPEECH_CONTENT || speech == SPEECH_ASIDE ? count
                                                                          : 1;
    for (int i = 0; i < segment->count; i++) {
        char *word = segment->words[i];
        if (speech == SPEECH_MHM)
            strcpy(word, mhm[between(sim, 0, 3)]);
        else if (speech == SPEECH_FAREWELL)
            strcpy(word, farewells[between(sim, 0, 2)]);
        else if (i == segment->count - 1 && i && sim->world != SIM_MOCKS && percent(sim, 15))
            strcpy(word, ends[between(sim, 0, 3)]);
        else
            make_word(sim, word,
                      i == segment->count - 1 && (percent(sim, 40) || sim->world == SIM_MOCKS));
    }
}

static void voiced(struct sim *sim, uint32_t id, int step)
{
    struct sim_segment *segment = &sim->segments[id];
    struct call_event event = {.kind = EV_VOICE_GOING};
    int64_t since = sim->now_ms - segment->start_ms, next = sim->now_ms + VOICE_EVERY_MS;
    if (step == 0) {
        sim_overlap_onset(sim, id);
        event.kind = EV_VOICE_ON;
        event.at_ms = segment->start_ms - sim->media_skew_ms;
    } else if (sim->now_ms >= segment->end_ms) {
        event.kind = EV_VOICE_OFF;
        event.at_ms = segment->end_ms - sim->media_skew_ms;
    } else {
        event.voiced_ms = since < CALL_VOICE_WINDOW_MS ? since : CALL_VOICE_WINDOW_MS;
    }
    if (event.kind != EV_VOICE_OFF)
        sim_plan(sim, next < segment->end_ms ? next : segment->end_ms + HANGOVER_MS, SIM_VOICED, id,
                 step + 1);
    sim_step(sim, &event);
}

static int64_t latency(struct sim *sim)
{
    return sim->faults.stt_flaky && percent(sim, 10) ? between(sim, 500, 2500)
                                                     : between(sim, 80, 350);
}

static void recognise_as_mock(struct sim *sim, uint32_t id)
{
    const struct sim_segment *segment = &sim->segments[id];
    int64_t length = segment->end_ms - segment->start_ms;
    for (int i = 1; i <= segment->count; i++) {
        int64_t end = segment->start_ms + length * i / segment->count;
        sim_plan(sim, end + MOCK_INTERIM_MS - end % MOCK_INTERIM_MS, SIM_INTERIM, id, i);
    }
    sim_plan(sim, segment->end_ms + MOCK_FINAL_MS, SIM_FINAL, id, 1);
}

static void recognise(struct sim *sim, uint32_t id)
{
    struct sim_segment *segment = &sim->segments[id];
    if (sim->faults.stt_flaky && percent(sim, 15))
        return; /* heard nothing */
    if (sim->tells_turns) {
        sim_turns_plan(sim, id);
        return;
    }
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

/* A "mm-hmm" is some 300 ms long; one in twenty is drawn out. */
static int64_t length_of(struct sim *sim, enum sim_speech speech)
{
    switch (speech) {
    case SPEECH_CONTENT: return between(sim, 300, 3000);
    case SPEECH_ASIDE: return between(sim, 300, 1500);
    case SPEECH_FAREWELL: return between(sim, 120, 700);
    case SPEECH_NOISE: return percent(sim, 20) ? between(sim, 3000, 12000) : between(sim, 120, 700);
    case SPEECH_MHM:
    case SPEECH_ECHO: break;
    }
    return percent(sim, 5) ? between(sim, 440, 700)
                           : between(sim, 120, 240) + between(sim, 60, 200);
}

static struct sim_segment *new_segment(struct sim *sim, int64_t start_ms, int64_t end_ms,
                                       enum sim_speech speech)
{
    if (sim->segment_count == SIM_SEGMENTS_MAX)
        return NULL;
    struct sim_segment *segment = &sim->segments[sim->segment_count++];
    *segment = (struct sim_segment){.speech = speech, .start_ms = start_ms, .end_ms = end_ms};
    return segment;
}

static void utter(struct sim *sim, const struct sim_segment *segment)
{
    uint32_t id = (uint32_t)(segment - sim->segments);
    if (!sim->faults.stt_flaky || percent(sim, 95)) /* sometimes only the recogniser hears it */
        sim_plan(sim, segment->start_ms + VOICE_EVERY_MS, SIM_VOICED, id, 0);
    if (sim->world == SIM_MOCKS)
        recognise_as_mock(sim, id);
    else
        recognise(sim, id);
}

static int64_t say_segment(struct sim *sim, int64_t at_ms, enum sim_speech speech)
{
    int64_t length = length_of(sim, speech);
    struct sim_segment *segment = new_segment(sim, at_ms, at_ms + length, speech);
    if (!segment)
        return at_ms;
    make_words(sim, segment, (int)(length / 300) + 1);
    utter(sim, segment);
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

/* Whoever speaks when it pleases him. */
static void speak_at_will(struct sim *sim)
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
    else if (dice < 34)
        at = say_segment(sim, at, SPEECH_ASIDE);
    else
        for (int64_t i = between(sim, 1, 3); i > 0; i--, at += between(sim, 250, 1500))
            at = say_segment(sim, at, SPEECH_CONTENT);
    dice = between(sim, 0, 99);
    at += dice < 30   ? between(sim, 300, 1500)
          : dice < 85 ? between(sim, 2500, 8000)
                      : between(sim, 8000, 40000);
    sim_plan(sim, at, SIM_SPEAK, 0, 0);
}

/* Whoever lets Karen finish, thinks, and says one thing. */
static void speak_politely(struct sim *sim)
{
    int64_t at = sim->now_ms;
    int last = sim->segment_count - 1;
    bool echoes = last >= 0 && sim->segments[last].end_ms > at;
    if (!call_listens(sim->core) || sim->play_end_ms > at || echoes) {
        sim_plan(sim, at + POLITE_MS, SIM_SPEAK, 0, 0);
        return;
    }
    at = say_segment(sim, at + between(sim, 200, 1500), SPEECH_CONTENT);
    sim_plan(sim, at + 2000, SIM_SPEAK, 0, 0);
}

/* Another assistant: it answers at once, whatever it hears, with the same sentence. */
static void speak_like_a_machine(struct sim *sim)
{
    static const char *const sentence[] = {"welcome", "how", "may", "we", "assist", "today?"};
    int64_t at = sim->now_ms;
    if (!call_listens(sim->core) || sim->play_end_ms > at) {
        sim_plan(sim, at + POLITE_MS, SIM_SPEAK, 0, 0);
        return;
    }
    at += between(sim, 0, 300);
    struct sim_segment *segment = new_segment(sim, at, at + 1800, SPEECH_CONTENT);
    if (!segment)
        return;
    segment->count = (int)countof(sentence);
    for (size_t i = 0; i < countof(sentence); i++)
        strcpy(segment->words[i], sentence[i]);
    utter(sim, segment);
    sim_plan(sim, segment->end_ms + 2000, SIM_SPEAK, 0, 0);
}

uint32_t sim_new_voice(struct sim *sim, int64_t length_ms, int words)
{
    struct sim_segment *segment = new_segment(sim, sim->now_ms, sim->now_ms + length_ms,
                                              words ? SPEECH_CONTENT : SPEECH_NOISE);
    assert(segment);
    make_words(sim, segment, words);
    utter(sim, segment);
    return (uint32_t)(segment - sim->segments);
}

uint32_t sim_new_words(struct sim *sim, int words)
{
    struct sim_segment *segment =
        new_segment(sim, sim->now_ms - 200 * words, sim->now_ms, SPEECH_CONTENT);
    assert(segment);
    make_words(sim, segment, words);
    return (uint32_t)(segment - sim->segments);
}

static void speak(struct sim *sim)
{
    if (sim->raced)
        return; /* he said what there was to say */
    if (sim->world == SIM_MOCKS || sim->world == SIM_ECHO || sim->world == SIM_RACE)
        speak_politely(sim);
    else if (sim->world == SIM_MACHINE)
        speak_like_a_machine(sim);
    else
        speak_at_will(sim);
}

/* What Karen says comes back from the caller's loudspeaker, weaker, so only now and then as voice
 * and words. */
void sim_echo(struct sim *sim, uint32_t id, int64_t start_ms)
{
    const struct sim_clip *clip = &sim->clips[id];
    struct str rest = clip->text;
    if (sim->world != SIM_ECHO || sim->replay || clip->phrase || !percent(sim, 60))
        return;
    start_ms += between(sim, 100, 800);
    int64_t length = (int64_t)clip->bytes / CALL_BYTES_PER_MS;
    struct sim_segment *segment = new_segment(sim, start_ms, start_ms + length, SPEECH_ECHO);
    if (!segment)
        return;
    while (rest.bytes && segment->count < SIM_WORDS_MAX) {
        struct str word = str_cut(&rest, ' ');
        size_t bytes = word.bytes < 15 ? word.bytes : 15;
        memcpy(segment->words[segment->count], word.at, bytes);
        segment->count += bytes > 0;
    }
    utter(sim, segment);
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

static void stt_down(struct sim *sim)
{
    if (sim->stt_down)
        return;
    sim->stt_down = true;
    sim_turns_lost(sim);
    for (int i = 0; i < sim->segment_count; i++) /* nothing is replayed */
        sim->segments[i].final = sim->segments[i].count;
    sim_deliver(sim, sim->now_ms, (struct call_event){.kind = EV_STT_DOWN, .conn = sim->conn});
    if (percent(sim, 90))
        sim_plan(sim, sim->now_ms + between(sim, 100, 9000), SIM_STT_UP, 0, 0);
}

static void stt_up(struct sim *sim)
{
    if (!sim->stt_down)
        return;
    sim->stt_down = false;
    sim_step(sim, &(struct call_event){.kind = EV_STT_UP, .conn = ++sim->conn});
    if (sim->faults.stt_flaky)
        sim_plan(sim, sim->now_ms + between(sim, 5000, 60000), SIM_STT_DOWN, 0, 0);
}

/* False: it must not be sent on. */
static bool stt_well(struct sim *sim, enum sim_kind kind, uint32_t id, int step)
{
    struct call_event nothing = {.kind = EV_WORDS_FINAL, .conn = sim->conn, .speech_final = true};
    nothing.at_ms = nothing.end_ms = sim->segments[id].start_ms - sim->media_skew_ms;
    switch (sim_fault(sim, SIM_STT)) {
    case FAULT_STT_DOWN: stt_down(sim); return false;
    case FAULT_STT_LOST: return false;
    case FAULT_STT_LATE: sim_plan(sim, sim->now_ms + 2000, kind, id, step); return false;
    case FAULT_STT_EMPTY: sim_deliver(sim, sim->now_ms, nothing); return true;
    case FAULT_STT_TWICE: sim_plan(sim, sim->now_ms + 5, kind, id, step); return true;
    default: return true;
    }
}

static void interim(struct sim *sim, uint32_t id, int words)
{
    struct sim_segment *segment = &sim->segments[id];
    if (sim->stt_down || words <= segment->final || words <= segment->shown ||
        !stt_well(sim, SIM_INTERIM, id, words))
        return;
    if (sim->tells_turns) {
        sim_turns_words(sim, id, words);
        return;
    }
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
    if (sim->stt_down || (step && from == to) || !stt_well(sim, SIM_FINAL, id, step))
        return;
    finish_earlier(sim, id);
    segment->final = to;
    send_words(sim, segment, from, to,
               (struct call_event){.kind = EV_WORDS_FINAL,
                                   .from_finalize = !step,
                                   .speech_final = step,
                                   .confidence = 0.9f});
}

void sim_finalize(struct sim *sim)
{
    if (sim->segment_count && !sim->stt_down && !sim->tells_turns && sim->world != SIM_MOCKS &&
        percent(sim, 95))
        sim_plan(sim, sim->now_ms + between(sim, 40, 300), SIM_FINAL, sim->segment_now, 0);
}

void sim_caller(struct sim *sim, const struct sim_due *due)
{
    switch (due->kind) {
    case SIM_SPEAK: speak(sim); break;
    case SIM_VOICED: voiced(sim, due->id, due->step); break;
    case SIM_INTERIM: interim(sim, due->id, due->step); break;
    case SIM_FINAL: final(sim, due->id, due->step); break;
    case SIM_TURN: sim_turns_end(sim, due->id, due->step); break;
    case SIM_STT_DOWN: stt_down(sim); break;
    case SIM_STT_UP: stt_up(sim); break;
    default: assert(false); /* not the caller's */
    }
}
