/* test/simulate_truth.c: whether what was written down of a simulated call is what was said and
 * heard: I1, I5, I6, I12, I18, I19. */
#include "test/simulate.h"

#include <string.h>

enum {
    HEARD_MS = 400,
    WORD_LETTERS = 16,
    ECHO_WORDS_MIN = 3, /* fewer may be said by chance */
    ECHO_TURNS_MAX = 2, /* until it is known what the line is like */
};

static void word_came(struct sim *sim, struct str word, bool final)
{
    uint32_t number;
    if (word.bytes < 3 || word.at[0] != 'w')
        return;
    word = (struct str){word.at + 1, word.bytes - 1};
    if (!sim_number(&word, &number) || number > sim->word_count || number >= SIM_ALL_WORDS_MAX)
        return;
    sim->words[number].came = true;
    sim->words[number].final = sim->words[number].final || final;
}

void sim_truth_words(struct sim *sim, const struct call_event *event)
{
    struct str rest = event->text;
    sim->waiting_ms = sim->now_ms;
    while (rest.bytes)
        word_came(sim, str_cut(&rest, ' '), event->kind == EV_WORDS_FINAL);
}

static int64_t letters_played(const struct sim *sim, uint32_t gen, uint32_t order, int *clips_out)
{
    int64_t letters = 0;
    *clips_out = 0;
    for (uint32_t i = 1; i <= sim->clip_count; i++)
        if (sim->clips[i].gen == gen && sim->clips[i].order == order && !sim->clips[i].phrase) {
            letters += sim_played(sim, i) * CALL_BYTES_PER_MS / sim->letter_bytes;
            ++*clips_out;
        }
    return letters;
}

static bool is_start_of(struct str part, struct str whole)
{
    return part.bytes <= whole.bytes && memcmp(part.at, whole.at, part.bytes) == 0;
}

/* "g12w..." of gen 12; 0: no gen's. */
static uint32_t gen_in(const struct sim *sim, struct str text)
{
    uint32_t id;
    if (!text.bytes || (text.at[0] != 'g' && text.at[0] != 'G'))
        return 0;
    text = (struct str){text.at + 1, text.bytes - 1};
    return sim_number(&text, &id) && id <= sim->gen ? id : 0;
}

/* I5 and I6: what is written down is what the caller heard, to a word. */
static void check_said(struct sim *sim, const struct call_line *line)
{
    int clips;
    uint32_t order = sim_order_in(line->text), id = order ? 0 : gen_in(sim, line->text);
    if (order)
        sim->orders[order].written = line->text.bytes;
    if (!order && !id)
        return;
    const struct sim_gen *gen = &sim->gens[id];
    if (gen->any_clip_failed || sim->faults.voice_flaky || sim->world == SIM_MACHINE)
        return; /* what failed was left out of it */
    struct str whole = order ? str_of(sim->orders[order].text) : buf_str(&gen->text);
    if (!is_start_of(line->text, whole))
        sim_broken(sim, "I6: written down what was not generated");
    int64_t played = letters_played(sim, id, order, &clips);
    int64_t written = (int64_t)line->text.bytes;
    int64_t late_ms = 2 * CALL_MARK_MS + 2 * sim->net_ms + 60;
    if (written > played + WORD_LETTERS + clips)
        sim_broken(sim, "I5: written down what was not heard");
    if (!sim->marks_unsure &&
        written + WORD_LETTERS + clips + late_ms * CALL_BYTES_PER_MS / sim->letter_bytes < played)
        sim_broken(sim, "I5: heard what was not written down");
}

static void keep_line(struct sim *sim, const struct call_line *line)
{
    if (line->seq >= SIM_LINES_MAX)
        return;
    sim->line_last = line->seq > sim->line_last ? line->seq : sim->line_last;
    sim->lines[line->seq] = sim_keep(sim, line->text);
}

/* Words of the model and none of the caller's own: they came back from his loudspeaker. */
static bool is_echo(const struct sim *sim, struct str text)
{
    uint32_t number;
    int hers = 0;
    bool his = false;
    while (text.bytes) {
        struct str word = str_cut(&text, ' ');
        hers += gen_in(sim, word) > 0;
        struct str digits = {word.at + 1, word.bytes ? word.bytes - 1 : 0};
        his = his || (word.bytes && word.at[0] == 'w' && sim_number(&digits, &number));
    }
    return hers >= ECHO_WORDS_MIN && !his;
}

void sim_truth_line(struct sim *sim, const struct call_line *line)
{
    if (!line->text.bytes)
        sim_broken(sim, "an empty line in the transcript");
    if (line->end_ms < line->start_ms)
        sim_broken(sim, "a line that ends before it begins");
    if (line->speaker == SPEAKER_AGENT && line->kind == LINE_SAID)
        check_said(sim, line);
    if (line->speaker == SPEAKER_CALLER)
        keep_line(sim, line);
    if (line->speaker == SPEAKER_CALLER && line->kind == LINE_SAID && is_echo(sim, line->text) &&
        ++sim->echo_turns > ECHO_TURNS_MAX)
        sim_broken(sim, "I19: Karen talks with her own echo");
}

static int64_t gen_played(const struct sim *sim, uint32_t gen)
{
    int64_t played = 0;
    for (uint32_t i = 1; i <= sim->clip_count; i++)
        if (sim->clips[i].gen == gen && !sim->clips[i].phrase)
            played += sim_played(sim, i);
    return played;
}

/* I1, with what the caller really heard: the core knows it a mark and two ways later. */
static void check_replies(struct sim *sim)
{
    int heard = 0, begun = 0;
    int64_t late_ms = CALL_MARK_MS + 2 * sim->net_ms + 60;
    for (uint32_t i = 1; i <= sim->gen; i++) {
        if (i > 1 && sim->gens[i].turn != sim->gens[i - 1].turn)
            heard = begun = 0;
        int64_t played = sim->gens[i].after_tool ? 0 : gen_played(sim, i);
        heard += played >= HEARD_MS + late_ms;
        begun += played > 0;
        if (!sim->marks_unsure && (heard > 1 || begun > 2))
            sim_broken(sim, "I1: two replies to one turn");
    }
}

static void count_words(struct sim *sim, struct str text)
{
    uint32_t number;
    while (text.bytes) {
        str_cut(&text, 'w');
        if (sim_number(&text, &number) && text.bytes && text.at[0] == 'x' &&
            number < SIM_ALL_WORDS_MAX)
            sim->words[number].written++;
    }
}

static void check_words(struct sim *sim)
{
    for (size_t i = 0; i <= sim->line_last; i++)
        count_words(sim, sim->lines[i]);
    for (size_t i = 1; i < SIM_ALL_WORDS_MAX && i <= sim->word_count; i++) {
        const struct sim_word *word = &sim->words[i];
        if (!word->came)
            continue;
        bool lost = word->final && !word->written;
        if (sim->timeline && (word->written > 1 || lost))
            buf_printf(sim->timeline, "w%zux is written %d times\n", i, word->written);
        if (word->written > 1)
            sim_broken(sim, "I12: a caller's word is written twice");
        if (lost)
            sim_broken(sim, "I12, I18: a caller's word is lost");
    }
}

void sim_truth_end(struct sim *sim)
{
    check_replies(sim);
    check_words(sim);
}
