/* test/simulate_turns.c: the recogniser of a part of the calls: it finds the turns itself, tells
 * each one's words from its beginning, takes an end back, misses one or tells it late. */
#include "test/simulate.h"

enum { EAGER, OVER, NOTICED_MS = 150, SEGMENTS_OF_TURN_MAX = 8 };

static int64_t later(struct sim *sim)
{
    return between(sim, 80, sim->faults.stt_flaky && percent(sim, 10) ? 2500 : 350);
}

void sim_turns_plan(struct sim *sim, uint32_t id)
{
    const struct sim_segment *segment = &sim->segments[id];
    int64_t length = segment->end_ms - segment->start_ms;
    for (int i = 1; i <= segment->count; i++)
        if (percent(sim, 70))
            sim_plan(sim, segment->start_ms + length * i / segment->count + later(sim), SIM_INTERIM,
                     id, i);
    if (percent(sim, 80))
        sim_plan(sim, segment->end_ms + 150 + later(sim), SIM_TURN, id, EAGER);
    if (percent(sim, 92))
        sim_plan(sim, segment->end_ms + 400 + later(sim), SIM_TURN, id, OVER);
    else if (percent(sim, 50))
        sim_plan(sim, segment->end_ms + between(sim, 1500, 4000), SIM_TURN, id, OVER);
}

static void tell(struct sim *sim, struct call_event event)
{
    const struct sim_segment *first = &sim->segments[sim->turns.first],
                             *last = &sim->segments[sim->segment_now];
    struct buf *text = &sim->words_text;
    buf_clear(text);
    for (const struct sim_segment *segment = first; segment <= last; segment++)
        for (int i = 0; i < segment->shown; i++) {
            buf_puts(text, text->bytes ? " " : "");
            buf_puts(text, segment->words[i]);
        }
    int64_t length = last->end_ms - last->start_ms;
    event.conn = sim->conn;
    event.turn = sim->turns.count + 1;
    event.confidence = 0.8f;
    event.text = buf_str(text);
    event.at_ms = first->start_ms - sim->media_skew_ms;
    event.end_ms = last->start_ms - sim->media_skew_ms +
                   (last->count ? length * last->shown / last->count : 0);
    if (text->bytes)
        sim_step(sim, &event);
}

/* All of the turn that was said before a segment is heard by now. */
static void hear_up_to(struct sim *sim, uint32_t id)
{
    for (uint32_t i = sim->turns.first; i < id; i++)
        if (!sim->segments[i].final)
            sim->segments[i].shown = sim->segments[i].count;
    if (id > sim->segment_now)
        sim->segment_now = id;
}

void sim_turns_words(struct sim *sim, uint32_t id, int words)
{
    if (id < sim->segment_now || id < sim->turns.first)
        return;
    if (sim->turns.eager)
        tell(sim, (struct call_event){.kind = EV_WORDS, .resumed = true});
    sim->turns.eager = false;
    hear_up_to(sim, id);
    sim->segments[id].shown = words;
    tell(sim, (struct call_event){.kind = EV_WORDS});
}

static bool goes_on(const struct sim *sim, uint32_t id)
{
    return id + 1 < (uint32_t)sim->segment_count &&
           sim->segments[id + 1].start_ms + NOTICED_MS <= sim->now_ms &&
           id - sim->turns.first < SEGMENTS_OF_TURN_MAX;
}

void sim_turns_end(struct sim *sim, uint32_t id, int step)
{
    if (sim->stt_down || id < sim->segment_now || id < sim->turns.first || goes_on(sim, id))
        return;
    hear_up_to(sim, id);
    if (!sim->segments[id].final)
        sim->segments[id].shown = sim->segments[id].count;
    if (step == EAGER) {
        if (!sim->turns.eager)
            tell(sim, (struct call_event){.kind = EV_WORDS, .eager = true});
        sim->turns.eager = true;
        return;
    }
    tell(sim, (struct call_event){.kind = EV_WORDS_FINAL, .turn_over = true});
    for (uint32_t i = sim->turns.first; i <= id; i++)
        sim->segments[i].final = sim->segments[i].count;
    sim->turns = (struct sim_turns){.count = sim->turns.count + 1, .first = id + 1};
}

/* The next connection counts anew, and has not heard what was said before. */
void sim_turns_lost(struct sim *sim)
{
    sim->turns = (struct sim_turns){.first = (uint32_t)sim->segment_count};
}
