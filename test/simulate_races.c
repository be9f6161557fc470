/* test/simulate_races.c: what falls into one moment of a call, in every order: a call is brought to
 * a state, then the events of a set happen one right behind the other, and it is played to its end.
 */
#include "base/mem.h"
#include "test/simulate.h"

#include <string.h>

enum {
    RACE_GAP_MS = 8, /* six of them within 40 ms */
    SPOKEN_MS = 300,
    TRAILING_MS = 900, /* the voice of a race is over by then */
};

static const char *const state_names[] = {"listening", "staged", "thinking",
                                          "speaking",  "held",   "closing"};

static const struct race_set {
    const char *name;
    size_t count;
    enum sim_racer racers[SIM_RACERS_MAX];
} sets[] = {
    {"late words, voice and the end of a reply",
     6,
     {RACER_DUE, RACER_LATE_FINAL, RACER_VOICE_ON, RACER_REPLY_DONE, RACER_MARK, RACER_CLIP_AUDIO}},
    {"new words, silence and the owner",
     6,
     {RACER_DUE, RACER_INTERIM, RACER_FINAL, RACER_VOICE_OFF, RACER_CLIP_DONE, RACER_SAY}},
    {"voice without words and the end of the call",
     6,
     {RACER_VOICE_ON, RACER_VOICE_OFF, RACER_INTERIM, RACER_UTTERANCE_END, RACER_END_ASKED,
      RACER_DUE}},
    {"a broken line, keys and a tool",
     5,
     {RACER_INTERIM, RACER_STT_DOWN, RACER_DTMF, RACER_REPLY_TOOL, RACER_GONE}},
};

static size_t factorial(size_t n)
{
    return n > 1 ? n * factorial(n - 1) : 1;
}

/* The number-th order of a set. */
static struct sim_race race_of(size_t state, const struct race_set *set, size_t number)
{
    struct sim_race race = {.state = (enum sim_race_state)state, .count = set->count};
    enum sim_racer left[SIM_RACERS_MAX];
    memcpy(left, set->racers, sizeof left);
    for (size_t i = 0, n = set->count; n > 0; i++, n--) {
        size_t pick = number / factorial(n - 1) % n;
        race.racers[i] = left[pick];
        memmove(&left[pick], &left[pick + 1], (n - pick - 1) * sizeof left[0]);
    }
    return race;
}

const char *sim_play_races(uint64_t seed, size_t every, struct sim_case *last_out,
                           size_t *played_out)
{
    for (size_t state = 0; state < countof(state_names); state++)
        for (size_t set = 0; set < countof(sets); set++)
            for (size_t n = 0; n < factorial(sets[set].count); n += every) {
                *last_out = (struct sim_case){
                    .seed = seed, .world = SIM_RACE, .race = race_of(state, &sets[set], n)};
                struct sim_result result = sim_play(last_out);
                if (result.broken)
                    return result.broken;
                if (!result.raced)
                    return "a state was not reached";
                ++*played_out;
            }
    return NULL;
}

void sim_race_print(const struct sim_race *race, struct buf *out)
{
    static const char *const names[] = {
        "due",           "voice on",   "voice off",  "interim",    "final",     "late final",
        "utterance end", "reply done", "reply tool", "clip audio", "clip done", "mark",
        "key",           "stt down",   "end asked",  "say asked",  "gone"};
    buf_printf(out, "%s:", state_names[race->state]);
    for (size_t i = 0; i < race->count; i++)
        buf_printf(out, "%s %s", i ? "," : "", names[race->racers[i]]);
}

/* Getting there. */

static bool is_in(const struct sim *sim, const char *state)
{
    return strcmp(call_state_name(sim->core), state) == 0;
}

static bool is_staged(const struct sim *sim)
{
    return call_counts(sim->core)->turns > sim->turn_lines;
}

static bool speaks(const struct sim *sim)
{
    return is_in(sim, "speaking") && sim->clips[sim->last_clip].gen &&
           sim->play_end_ms > sim->now_ms && sim->now_ms > sim->play_start_ms + SPOKEN_MS;
}

/* Whether the call is where the race begins; on the way there something may have to be done. */
static bool is_ready(struct sim *sim)
{
    switch (sim->race.state) {
    case RACE_LISTENING:
        return call_listens(sim->core) && sim->turn_lines && sim->play_end_ms < sim->now_ms;
    case RACE_STAGED: return is_in(sim, "thinking") && is_staged(sim);
    case RACE_THINKING: return is_in(sim, "thinking") && sim->turn_lines && !is_staged(sim);
    case RACE_SPEAKING: return speaks(sim);
    case RACE_HELD:
        if (!sim->race_led && speaks(sim)) {
            sim->race_led = true;
            sim_new_voice(sim, TRAILING_MS, 0);
        }
        return sim->race_led && sim->sent_since_clear == false;
    case RACE_CLOSING:
        if (!sim->race_led && speaks(sim)) {
            sim->race_led = true;
            sim_deliver(sim, sim->now_ms + 1, (struct call_event){.kind = EV_END_ASKED});
        }
        return is_in(sim, "closing") && sim->play_end_ms > sim->now_ms;
    }
    return false;
}

void sim_race_watch(struct sim *sim)
{
    if (sim->world != SIM_RACE || sim->replay || sim->raced || sim->ended || !is_ready(sim))
        return;
    sim->raced = true;
    sim->race_late = sim->segment_count ? (uint32_t)sim->segment_count - 1 : 0;
    sim->race_words = sim_new_words(sim, 2);
    sim_plan(sim, sim->now_ms + RACE_GAP_MS, SIM_RACER, 0, 0);
    sim_deliver(sim, sim->now_ms + TRAILING_MS,
                (struct call_event){.kind = EV_VOICE_OFF, .at_ms = sim->now_ms + TRAILING_MS / 2});
}

/* The race. */

static void run_one(struct sim *sim, enum sim_racer racer)
{
    static const char words[] = "O1wa o1wb.";
    struct call_event event = {.kind = EV_TICK, .conn = sim->conn, .gen = sim->gen};
    event.clip = sim->clip_count;
    event.at_ms = sim->now_ms - sim->media_skew_ms;
    switch (racer) {
    case RACER_DUE: return;
    case RACER_VOICE_ON: event.kind = EV_VOICE_ON; break;
    case RACER_VOICE_OFF: event.kind = EV_VOICE_OFF; break;
    case RACER_INTERIM:
        sim_caller(sim, &(struct sim_due){.kind = SIM_INTERIM, .id = sim->race_words, .step = 1});
        return;
    case RACER_FINAL:
        sim_caller(sim, &(struct sim_due){.kind = SIM_FINAL, .id = sim->race_words, .step = 1});
        return;
    case RACER_LATE_FINAL:
        sim_caller(sim, &(struct sim_due){.kind = SIM_FINAL, .id = sim->race_late, .step = 1});
        return;
    case RACER_UTTERANCE_END: event.kind = EV_UTTERANCE_END; break;
    case RACER_REPLY_DONE: event.kind = EV_REPLY_DONE; break;
    case RACER_REPLY_TOOL:
        event.kind = EV_REPLY_TOOL;
        event.id = str_of("race");
        event.name = str_of("take_message");
        event.text = str_of("{}");
        break;
    case RACER_CLIP_AUDIO:
        sim_party(sim, &(struct sim_due){.kind = SIM_VOICE, .id = sim->clip_count, .step = 1});
        return;
    case RACER_CLIP_DONE: /* and no sound of it comes behind that */
        event.kind = EV_CLIP_DONE;
        sim->clips[event.clip].bytes = sim->clips[event.clip].given;
        break;
    case RACER_MARK:
        event.kind = EV_MARK;
        event.mark = sim->last_mark;
        break;
    case RACER_DTMF:
        event.kind = EV_DTMF;
        event.digit = '5';
        break;
    case RACER_STT_DOWN: sim_caller(sim, &(struct sim_due){.kind = SIM_STT_DOWN}); return;
    case RACER_END_ASKED: event.kind = EV_END_ASKED; break;
    case RACER_SAY:
        event.kind = EV_SAY_ASKED;
        event.order = sim->order_count = 1;
        event.text = str_of(words);
        sim->orders[1] = (struct sim_order){.kind = EV_SAY_ASKED};
        memcpy(sim->orders[1].text, words, sizeof words);
        break;
    case RACER_GONE: event.kind = EV_GONE; break;
    }
    sim_step(sim, &event);
}

/* What is due by the clock is waited for, and then is followed at once. */
void sim_race_step(struct sim *sim, size_t at)
{
    if (at == sim->race.count)
        return;
    run_one(sim, sim->race.racers[at]);
    sim->race_waits = sim->race.racers[at] == RACER_DUE;
    sim->race_at = at + 1;
    if (!sim->race_waits && !sim->ended)
        sim_plan(sim, sim->now_ms + RACE_GAP_MS, SIM_RACER, (uint32_t)at + 1, 0);
}

void sim_race_ticked(struct sim *sim)
{
    if (!sim->race_waits)
        return;
    sim->race_waits = false;
    sim_plan(sim, sim->now_ms + 1, SIM_RACER, (uint32_t)sim->race_at, 0);
}
