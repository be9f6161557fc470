/* test/simulate.h: one seed, one call: a caller, a recogniser, a model, a voice and a carrier made
 * of chance, with every fault we know of, around the real core in virtual time; and the invariants
 * it must keep whatever they do.
 *
 *   simulate.c          the clock, the queue of what is to come, stale news
 *   simulate_parties.c  what each party does, and when
 *   simulate_owner.c    the owner, who watches and gives orders
 *   simulate_check.c    the invariants, watching every event and action
 *
 * Times are ms of the virtual clock, which starts at 0 with EV_STARTED. */
#pragma once
#include "base/buf.h"
#include "call/core.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    SIM_GENS_MAX = 160,
    SIM_CLIPS_MAX = 640,
    SIM_CHUNKS_MAX = 256,
    SIM_QUEUE_MAX = 768,
    SIM_SEGMENTS_MAX = 128,
    SIM_WORDS_MAX = 24, /* of a segment */
    SIM_ALL_WORDS_MAX = 1536,
    SIM_LINES_MAX = 512,
    SIM_ORDERS_MAX = 8,
    SIM_MS_MAX = 400000,
};

struct sim_random {
    uint64_t state;
};

/* What this call's world is like. */
struct sim_faults {
    bool phrases_fail, marks_lost, stt_flaky, model_flaky, voice_flaky, voice_dead, slow;
};

enum sim_kind {
    SIM_DELIVER,  /* event */
    SIM_SPEAK,    /* the caller begins to say something */
    SIM_INTERIM,  /* segment, so many words */
    SIM_FINAL,    /* segment: what is not final yet */
    SIM_MODEL,    /* gen, step */
    SIM_VOICE,    /* clip, step */
    SIM_STT_DOWN, /* the recogniser's connection breaks */
    SIM_STT_UP,
    SIM_ORDER, /* the owner gives order id */
    SIM_STALE, /* something late and foreign arrives */
};
struct sim_due {
    int64_t at_ms;
    uint64_t order;
    enum sim_kind kind;
    uint32_t id;
    int step;
    struct call_event event;
};

struct sim_segment {
    char words[SIM_WORDS_MAX][16];
    int count, shown, final; /* as interims, as final */
    int64_t start_ms, end_ms;
};

struct sim_gen {
    bool finished, cancelled, stalled, after_tool;
    uint32_t turn, last_clip; /* last_clip: of a gen that gave way */
    int steps, fate;
    int64_t piece_ms; /* when it last gave something */
    bool any_clip_failed;
    struct buf text; /* what was delivered */
};

struct sim_clip {
    uint32_t gen, order;
    enum call_phrase phrase;
    size_t letters, given, sent, bytes;
    bool failed, dropped;
    bool cleared; /* what was sent of it may be sent once more */
    int fate;
};

struct sim_chunk { /* on its way to the caller's ear */
    uint32_t clip;
    size_t offset; /* of its first byte */
    int64_t start_ms, end_ms;
};

struct sim_order {
    enum call_event_kind kind; /* EV_TICK: none */
    char text[256];
    bool given, begun, over;
    int64_t given_ms;
    size_t written; /* bytes of it in the transcript */
};

struct sim_word { /* a caller's word that can be told from all others */
    char text[16];
    bool final;
};

struct sim {
    uint64_t seed;
    struct sim_random random, order_random, stale_random;
    bool inject_stale;
    struct sim_faults faults;
    struct call_core *core;
    int64_t now_ms, media_skew_ms, net_ms, letter_bytes;
    struct sim_due queue[SIM_QUEUE_MAX];
    size_t queue_count;
    uint64_t order;
    uint64_t log_hash; /* of all actions */
    size_t steps, ticks_now;
    int64_t tick_ms;
    struct buf *timeline; /* NULL: not wanted */
    struct call_actions out;

    struct sim_segment segments[SIM_SEGMENTS_MAX];
    int segment_count;
    uint32_t segment_now; /* the recogniser is there */
    uint32_t conn;
    bool stt_down;
    uint32_t word_count;
    struct sim_gen gens[SIM_GENS_MAX];
    struct sim_clip clips[SIM_CLIPS_MAX];
    struct sim_order orders[SIM_ORDERS_MAX]; /* by number, from 1 */
    struct sim_chunk chunks[SIM_CHUNKS_MAX];
    size_t chunk_count;
    int64_t play_end_ms;
    uint32_t gen, tool_count;

    /* simulate_check.c */
    const char *broken; /* the first invariant that was */
    struct sim_word words[SIM_ALL_WORDS_MAX];
    char *lines[SIM_LINES_MAX]; /* the caller's, by seq, last state */
    bool voice_on, hung_up, ended, waiting, left_over_time;
    int64_t voice_on_ms, voice_end_ms, waiting_ms, dropped_ms;
    uint32_t turn_gens, cleared_epoch, last_clip, last_mark;
    bool tool_since_ask, has_cleared, sent_since_clear,
        ordered; /* ordered: what happens now is an order */
    uint64_t tool_ids[64];
    size_t tool_id_count;
};

uint64_t sim_chance(struct sim_random *random);
int64_t sim_between(struct sim_random *random, int64_t least, int64_t most);
bool sim_percent(struct sim_random *random, int percent);

/* The world's own chance. */
static inline int64_t between(struct sim *sim, int64_t least, int64_t most)
{
    return sim_between(&sim->random, least, most);
}
static inline bool percent(struct sim *sim, int chance)
{
    return sim_percent(&sim->random, chance);
}

void sim_plan(struct sim *sim, int64_t at_ms, enum sim_kind kind, uint32_t id, int step);
void sim_deliver(struct sim *sim, int64_t at_ms, struct call_event event);
void sim_step(struct sim *sim, const struct call_event *event);

/* simulate_owner.c */
void sim_plan_orders(struct sim *sim);
void sim_give_order(struct sim *sim, uint32_t id);
uint32_t sim_order_in(struct str text); /* whose words these are; 0: no order's */

/* simulate_parties.c */
void sim_party(struct sim *sim, const struct sim_due *due);
void sim_perform(struct sim *sim, const struct call_action *action);

/* Run one call. NULL: all invariants held; else the broken one, borrowed. timeline may be NULL. */
const char *simulate(uint64_t seed, struct buf *timeline);

/* simulate_check.c; sim->broken is set by the first that finds something. */
void sim_check_event(struct sim *sim, const struct call_event *event);
void sim_check_action(struct sim *sim, const struct call_action *action);
void sim_check_step(struct sim *sim);
void sim_check_end(struct sim *sim);
int64_t sim_played(const struct sim *sim, uint32_t clip); /* ms of it that the caller heard */
