/* test/simulate.c: the world around one simulated call. */
#include "test/simulate.h"

#include "base/mem.h"
#include "test/talk.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STALE_EVERY = 4 };

uint64_t sim_chance(struct sim_random *random)
{
    uint64_t z = (random->state += 0x9E3779B97F4A7C15u); /* splitmix64 */
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

int64_t sim_between(struct sim_random *random, int64_t least, int64_t most)
{
    return least + (int64_t)(sim_chance(random) % (uint64_t)(most - least + 1));
}

bool sim_percent(struct sim_random *random, int percent)
{
    return sim_between(random, 0, 99) < percent;
}

/* The queue: a heap by time, then by order of arrival. */

static bool before(const struct sim_key *one, const struct sim_key *other)
{
    return one->at_ms < other->at_ms || (one->at_ms == other->at_ms && one->order < other->order);
}

/* Room for one more; NULL: a world that is that busy loses something. */
static struct sim_due *push(struct sim *sim, int64_t at_ms)
{
    if (sim->queue_count == SIM_QUEUE_MAX)
        return NULL;
    struct sim_key key = {at_ms, ++sim->order, sim->free_dues[sim->queue_count]};
    size_t at = sim->queue_count++;
    while (at && before(&key, &sim->heap[(at - 1) / 2])) {
        sim->heap[at] = sim->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    sim->heap[at] = key;
    return &sim->dues[key.due];
}

static struct sim_due pop(struct sim *sim)
{
    struct sim_key first = sim->heap[0], last = sim->heap[--sim->queue_count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= sim->queue_count)
            break;
        if (child + 1 < sim->queue_count && before(&sim->heap[child + 1], &sim->heap[child]))
            child++;
        if (!before(&sim->heap[child], &last))
            break;
        sim->heap[at] = sim->heap[child];
        at = child;
    }
    sim->heap[at] = last;
    sim->free_dues[sim->queue_count] = first.due;
    return sim->dues[first.due];
}

void sim_deliver(struct sim *sim, int64_t at_ms, struct call_event event)
{
    struct sim_due *due = push(sim, at_ms);
    if (due) {
        due->kind = SIM_DELIVER;
        due->event = event;
    }
}

void sim_plan(struct sim *sim, int64_t at_ms, enum sim_kind kind, uint32_t id, int step)
{
    struct sim_due *due = push(sim, at_ms);
    if (due) {
        due->kind = kind;
        due->id = id;
        due->step = step;
    }
}

/* A number and where it ends; false: there is none. */
bool sim_number(struct str *text, uint32_t *number_out)
{
    uint32_t number = 0;
    size_t at = 0;
    for (; at < text->bytes && at < 9 && text->at[at] >= '0' && text->at[at] <= '9'; at++)
        number = number * 10 + (uint32_t)(text->at[at] - '0');
    text->at += at;
    text->bytes -= at;
    *number_out = number;
    return at > 0;
}

/* Stepping. */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * 0x100000001B3u;
}

static uint64_t mix_text(uint64_t hash, struct str text)
{
    for (size_t i = 0; i < text.bytes; i++)
        hash = mix(hash, (unsigned char)text.at[i]);
    return mix(hash, text.bytes);
}

static void note_action(struct sim *sim, const struct call_action *action)
{
    uint64_t hash = mix(sim->log_hash, (uint64_t)sim->now_ms << 8 | (uint64_t)action->kind);
    hash = mix(mix(mix(hash, action->gen), action->clip), action->mark);
    hash = mix(mix(mix(hash, action->epoch), action->offset), action->bytes);
    hash = mix_text(mix_text(hash, action->text), action->line.text);
    sim->log_hash = mix(hash, action->line.seq);
    if (sim->timeline)
        sim_log_action(sim->timeline, sim->now_ms, action);
}

void sim_step(struct sim *sim, const struct call_event *event)
{
    if (sim->timeline)
        sim_log_event(sim->timeline, sim->now_ms, event, call_state_name(sim->core));
    sim_check_event(sim, event);
    sim_check_sure_event(sim, event);
    sim_overlap_event(sim, event);
    call_step(sim->core, sim->now_ms, event, &sim->out);
    sim->steps++;
    for (size_t i = 0; i < sim->out.count; i++) {
        note_action(sim, &sim->out.list[i]);
        sim_check_sure_action(sim, &sim->out.list[i]);
        sim_overlap_action(sim, &sim->out.list[i]);
        sim_bounds_action(sim, &sim->out.list[i]);
        sim_check_action(sim, &sim->out.list[i]);
        sim_perform(sim, &sim->out.list[i]);
    }
    sim->wake_ms = call_wake_at(sim->core);
    sim_overlap_step(sim);
    sim_check_step(sim);
}

/* Late and foreign news, drawn from a chance of its own, so that the same call can be run with and
 * without them: the actions must be the same. */
static void stale(struct sim *sim)
{
    struct sim_random *random = &sim->stale_random;
    if (sim->queue_count && sim->heap[0].at_ms == sim->now_ms) {
        sim_plan(sim, sim->now_ms + 1, SIM_STALE, 0, 0); /* not before news of the same ms */
        return;
    }
    struct call_event event = {.kind = EV_TICK};
    switch (sim_between(random, 0, 9)) {
    case 0: event = (struct call_event){.kind = EV_MARK, .mark = 900000}; break;
    case 1:
        event = (struct call_event){.kind = EV_REPLY_TEXT, .text = str_of("ghost words. Ghosts")};
        event.gen = sim->gen && sim->gens[sim->gen].cancelled ? sim->gen : sim->gen + 7;
        break;
    case 2:
        event = (struct call_event){.kind = EV_REPLY_DONE, .gen = sim->gen ? sim->gen - 1 : 99};
        break;
    case 3: event = (struct call_event){.kind = EV_CLIP_AUDIO, .clip = 900000, .bytes = 800}; break;
    case 4:
        event = (struct call_event){.kind = EV_WORDS, .conn = sim->conn + 5};
        event.text = str_of("ghost words");
        break;
    case 5: event = (struct call_event){.kind = EV_TOOL_DONE, .id = str_of("ghost")}; break;
    case 6: event = (struct call_event){.kind = EV_STARTED}; break;
    case 7:
        if (sim->conn)
            event = (struct call_event){.kind = EV_STT_DOWN, .conn = sim->conn - 1};
        break;
    case 8:
        event = (struct call_event){.kind = EV_UTTERANCE_END, .conn = sim->conn + 5};
        event.at_ms = 1000000;
        break;
    default: break;
    }
    sim_step(sim, &event);
    sim_plan(sim, sim->now_ms + sim_between(random, 20, 3000), SIM_STALE, 0, 0);
}

static void happen(struct sim *sim, const struct sim_due *due)
{
    switch (due->kind) {
    case SIM_DELIVER: sim_step(sim, &due->event); break;
    case SIM_ORDER: sim_give_order(sim, due->id); break;
    case SIM_STALE: stale(sim); break;
    case SIM_RACER: sim_race_step(sim, due->id); break;
    default: sim_party(sim, due);
    }
}

static void make_world(struct sim *sim)
{
    bool chance = sim->world == SIM_CHANCE;
    sim->faults = (struct sim_faults){
        .phrases_fail = chance && percent(sim, 5),
        .marks_lost = chance && percent(sim, 8),
        .stt_flaky = chance && percent(sim, 25),
        .model_flaky = chance && percent(sim, 25),
        .voice_flaky = chance && percent(sim, 25),
        .voice_dead = chance && percent(sim, 3),
        .slow = chance && percent(sim, 20),
    };
    sim->tells_turns = chance && sim->seed % 5 == 4;
    bool mocks = sim->world == SIM_MOCKS;
    sim->marks_unsure = sim->faults.marks_lost;
    sim->media_skew_ms = mocks ? 0 : between(sim, 0, 120);
    sim->net_ms = mocks ? 1 : between(sim, 5, 120);
    sim->letter_bytes = between(sim, 45, 80) * CALL_BYTES_PER_MS;
    if (!chance || percent(sim, 90))
        sim_plan(sim, between(sim, 300, 9000), SIM_SPEAK, 0, 0);
    if (mocks || sim->world == SIM_MACHINE || sim->world == SIM_RACE)
        return;
    if (percent(sim, 60))
        sim_deliver(sim, between(sim, 100, 120000), (struct call_event){.kind = EV_GONE});
    if (percent(sim, 5))
        sim_deliver(sim, between(sim, 1000, 60000),
                    (struct call_event){.kind = EV_END_ASKED, .text = str_of("owner")});
    if (sim->faults.stt_flaky)
        sim_plan(sim, between(sim, 1000, 60000), SIM_STT_DOWN, 0, 0);
    if (sim->inject_stale)
        sim_plan(sim, sim_between(&sim->stale_random, 1, 3000), SIM_STALE, 0, 0);
    sim_plan_orders(sim);
}

static void reset(struct sim *sim, const struct sim_case *call)
{
    for (uint32_t i = 0; i <= sim->gen; i++) {
        struct buf text = sim->gens[i].text;
        buf_clear(&text);
        sim->gens[i] = (struct sim_gen){.text = text};
    }
    memset(sim->clips, 0, (sim->clip_count + 1) * sizeof sim->clips[0]);
    memset(sim->orders, 0, (sim->order_count + 1) * sizeof sim->orders[0]);
    memset(sim->words, 0, (sim->word_count + 1) * sizeof sim->words[0]);
    memset(sim->lines, 0, (sim->line_last + 1) * sizeof sim->lines[0]);
    memset(sim, 0, offsetof(struct sim, heap));
    for (uint16_t i = 0; i < SIM_QUEUE_MAX; i++)
        sim->free_dues[i] = i;
    uint64_t seed = sim->seed = call->seed;
    sim->world = call->world;
    sim->fault = call->fault;
    sim->race = call->race;
    sim->replay = call->replay;
    if (call->replay)
        seed = sim->seed = (uint64_t)call->replay->call.seed;
    sim->inject_stale = call->stale;
    sim->timeline = call->timeline;
    sim->random.state = seed * 2654435761u;
    sim->stale_random.state = seed ^ 0x5DEECE66Du;
    sim->order_random.state = seed ^ 0x2545F4914F6CDD1Du;
}

struct str sim_keep(struct sim *sim, struct str text)
{
    assert(text.bytes <= SIM_TEXTS_MAX - sim->texts_bytes);
    char *copy = sim->texts + sim->texts_bytes;
    memcpy(copy, text.at, text.bytes);
    sim->texts_bytes += text.bytes;
    return (struct str){copy, text.bytes};
}

static struct sim_call call_of(const struct sim *sim)
{
    bool voice = sim->faults.voice_flaky || sim->fault.party == SIM_VOICE_PARTY;
    return (struct sim_call){
        .seed = (int64_t)sim->seed,
        .world = sim->world,
        .can_transfer = (int64_t)(sim->seed % 2),
        .message_only = sim->seed % 8 == 3 && sim->world == SIM_CHANCE,
        .letter_bytes = sim->letter_bytes,
        .net_ms = sim->net_ms,
        .media_skew_ms = sim->media_skew_ms,
        .marks_unsure = sim->marks_unsure || sim->fault.party == SIM_CARRIER,
        .voice_flaky = voice && sim->fault.kind + sim->faults.voice_flaky,
        .phrases_fail = sim->faults.phrases_fail,
    };
}

static void begin(struct sim *sim)
{
    struct call_setup setup = talk_setup();
    if (sim->replay)
        sim_replay_begin(sim);
    else
        make_world(sim);
    struct sim_call call = sim->replay ? sim->replay->call : call_of(sim);
    setup.seed = sim->seed;
    setup.duration_ms_max = 90000;
    setup.can_transfer = call.can_transfer;
    setup.message_only = call.message_only;
    sim->core = call_new(&setup, 0);
    if (sim->timeline)
        sim_log_call(sim->timeline, &call);
}

static int64_t world_next_ms(const struct sim *sim)
{
    if (sim->replay)
        return sim_replay_next_ms(sim);
    return sim->queue_count ? sim->heap[0].at_ms : CALL_NEVER;
}

static void world_step(struct sim *sim)
{
    if (sim->replay) {
        sim_replay_step(sim);
        return;
    }
    struct sim_due due = pop(sim);
    happen(sim, &due);
}

static void run(struct sim *sim)
{
    begin(sim);
    sim->wake_ms = CALL_NEVER;
    if (!sim->replay)
        sim_step(sim, &(struct call_event){.kind = EV_STARTED});
    while (!sim->broken && !sim->ended && sim->now_ms < SIM_MS_MAX) {
        int64_t world = world_next_ms(sim);
        if (sim->wake_ms == CALL_NEVER && world == CALL_NEVER)
            break;
        int64_t next = sim->wake_ms < world ? sim->wake_ms : world;
        sim->now_ms = next > sim->now_ms ? next : sim->now_ms;
        if (sim->wake_ms < world) {
            sim_step(sim, &(struct call_event){.kind = EV_TICK});
            sim_race_ticked(sim);
        } else {
            world_step(sim);
        }
        sim_race_watch(sim);
    }
    sim_check_end(sim);
    sim_bounds_end(sim);
    call_free(&sim->core);
}

struct sim_result sim_play(const struct sim_case *call)
{
    static struct sim sim; /* large, and used one at a time */
    static struct sim_panel unwanted;
    reset(&sim, call);
    sim.panel = call->panel ? call->panel : &unwanted;
    sim.panel->calls++;
    run(&sim);
    return (struct sim_result){sim.broken, sim.log_hash, sim.fault_happened, sim.raced};
}

const char *simulate(uint64_t seed, struct sim_panel *panel, struct buf *timeline)
{
    struct sim_result result =
        sim_play(&(struct sim_case){.seed = seed, .panel = panel, .timeline = timeline});
    if (result.broken || (seed % STALE_EVERY && !timeline))
        return result.broken; /* the second look is for some, being as dear as the first */
    if (timeline)
        buf_clear(timeline); /* the same call, with late and foreign news */
    struct sim_result again =
        sim_play(&(struct sim_case){.seed = seed, .stale = true, .timeline = timeline});
    if (!again.broken && again.hash != result.hash)
        again.broken = "I9: stale news changed what was done";
    return again.broken;
}
