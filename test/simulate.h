/* test/simulate.h: one seed, one call: a caller, a recogniser, a model, a voice and a carrier made
 * of chance, with every fault we know of, around the real core in virtual time; and the invariants
 * it must keep whatever they do.
 *
 *   simulate.c          the clock, the queue of what is to come, stale news
 *   simulate_caller.c   the caller and the recogniser
 *   simulate_turns.c    ... or another, which finds the turns itself
 *   simulate_parties.c  the model, the voice, the tools
 *   simulate_carrier.c  what is played and heard, marks
 *   simulate_owner.c    the owner, who watches and gives orders
 *   simulate_check.c    the invariants, watching every event and action
 *   simulate_sure.c     more of them: what is not sure is neither heard nor done
 *   simulate_truth.c    ... those of what was said, heard and written down
 *   simulate_overlap.c  ... those of speaking over each other
 *   simulate_bounds.c   ... those of size
 *   simulate_faults.c   each failure at each step, one at a time
 *   simulate_races.c    what happens at one moment, in each order
 *   simulate_log.c      a call as text
 *   simulate_replay.c   ... played again, and made shorter
 *   simulate_panel.c    how well the conversations went, in figures
 *
 * Times are ms of the virtual clock, which starts at 0 with EV_STARTED. */
#pragma once
#include "base/buf.h"
#include "call/core.h"
#include "test/simulate_log.h"
#include "test/simulate_panel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SIM_GENS_MAX = 160,
    SIM_CLIPS_MAX = 640,
    SIM_CHUNKS_MAX = 32, /* not played yet; CALL_LEAD_MS is a few of them */
    SIM_QUEUE_MAX = 768,
    SIM_SEGMENTS_MAX = 128,
    SIM_WORDS_MAX = 24, /* of a segment */
    SIM_ALL_WORDS_MAX = 1536,
    SIM_LINES_MAX = 512,
    SIM_ORDERS_MAX = 8,
    SIM_TEXTS_MAX = 128 * 1024,
    SIM_MS_MAX = 400000,
};

struct sim_random {
    uint64_t state;
};

enum sim_world {
    SIM_CHANCE,    /* everybody does as he likes, and now and then fails */
    SIM_FAULTLESS, /* ... and nobody fails */
    SIM_MOCKS,     /* a polite caller who asks whole questions, providers of fixed delays */
    SIM_ECHO,      /* Karen's own words come back */
    SIM_MACHINE,   /* the caller is an assistant, too */
    SIM_RACE,      /* a polite caller, until something races */
};

/* One failure, at the step-th thing that a party does. */
enum sim_party {
    SIM_MODEL_PARTY,
    SIM_VOICE_PARTY,
    SIM_STT,
    SIM_CARRIER,
    SIM_TOOLS,
    SIM_PARTIES,
};
enum sim_fault_kind {
    FAULT_NONE,
    FAULT_MODEL_FAILS,
    FAULT_MODEL_STALLS,
    FAULT_MODEL_CUT,
    FAULT_MODEL_NONSENSE,
    FAULT_VOICE_FAILS,
    FAULT_VOICE_STALLS,
    FAULT_VOICE_CUT,
    FAULT_STT_DOWN,
    FAULT_STT_LOST,
    FAULT_STT_LATE,
    FAULT_STT_EMPTY,
    FAULT_STT_TWICE,
    FAULT_MARK_LOST,
    FAULT_MARKS_LOST, /* from there on */
    FAULT_MARK_LATE,
    FAULT_GONE,
    FAULT_TOOL_LOST,
    FAULT_TOOL_TWICE,
    FAULT_KINDS,
};
struct sim_fault {
    enum sim_party party;
    enum sim_fault_kind kind;
    int step;
};

/* Events of one moment, in one order, in a call that is in this state. */
enum { SIM_RACERS_MAX = 6 };
enum sim_race_state {
    RACE_LISTENING,
    RACE_STAGED,
    RACE_THINKING,
    RACE_SPEAKING,
    RACE_HELD,
    RACE_CLOSING,
};
enum sim_racer {
    RACER_DUE, /* what the core's clock has next: the end of a turn, the next sound */
    RACER_VOICE_ON,
    RACER_VOICE_OFF,
    RACER_INTERIM,
    RACER_FINAL,
    RACER_LATE_FINAL, /* of what was said before */
    RACER_UTTERANCE_END,
    RACER_REPLY_DONE,
    RACER_REPLY_TOOL,
    RACER_CLIP_AUDIO,
    RACER_CLIP_DONE,
    RACER_MARK,
    RACER_DTMF,
    RACER_STT_DOWN,
    RACER_END_ASKED,
    RACER_SAY,
    RACER_GONE,
};
struct sim_race {
    enum sim_race_state state;
    size_t count;
    enum sim_racer racers[SIM_RACERS_MAX];
};

/* What fails by chance in this call's world. */
struct sim_faults {
    bool phrases_fail, marks_lost, stt_flaky, model_flaky, voice_flaky, voice_dead, slow;
};

enum sim_kind {
    SIM_DELIVER,  /* event */
    SIM_SPEAK,    /* the caller begins to say something */
    SIM_VOICED,   /* segment: it is being said */
    SIM_INTERIM,  /* segment, so many words */
    SIM_FINAL,    /* segment: what is not final yet */
    SIM_TURN,     /* segment: the turn may be over with it, or is */
    SIM_MODEL,    /* gen, step */
    SIM_VOICE,    /* clip, step */
    SIM_STT_DOWN, /* the recogniser's connection breaks */
    SIM_STT_UP,
    SIM_ORDER, /* the owner gives order id */
    SIM_STALE, /* something late and foreign arrives */
    SIM_RACER, /* the id-th event of a race */
};

/* What is to come: a heap of small keys, which point to what it is. */
struct sim_key {
    int64_t at_ms;
    uint32_t order;
    uint16_t due;
};
struct sim_due {
    enum sim_kind kind;
    uint32_t id;
    int step;
    struct call_event event;
};

enum sim_speech {
    SPEECH_CONTENT,
    SPEECH_MHM,
    SPEECH_FAREWELL,
    SPEECH_NOISE, /* no words: a cough, or something that goes on */
    SPEECH_ASIDE, /* to somebody else in the room */
    SPEECH_ECHO,
};
struct sim_segment {
    enum sim_speech speech;
    char words[SIM_WORDS_MAX][16];
    int count, shown, final; /* as interims, as final */
    int64_t start_ms, end_ms;
};

struct sim_gen {
    bool finished, cancelled, stalled, after_tool, sent;
    uint32_t turn, last_clip; /* last_clip: of a gen that gave way */
    int steps, fate;
    int64_t piece_ms; /* when it last gave something */
    bool any_clip_failed;
    struct buf text; /* what was delivered */
};

struct sim_clip {
    uint32_t gen, order;
    enum call_phrase phrase;
    size_t given, sent, bytes;
    int64_t played_ms; /* by the chunks that are through */
    bool failed, dropped;
    bool tells_letters; /* how far its text goes, with its audio */
    struct str text;    /* in an echoing world */
    uint32_t clears;    /* before the last of it was sent: what was sent may be sent once more */
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

struct sim_word { /* a caller's word that can be told from all others: w<number>x */
    bool came, final;
    int written;
};

/* The caller's voice over Karen's. */
struct sim_overlap {
    bool open;   /* it is not known yet what comes of it */
    bool alone;  /* and nothing else happens that could stop her */
    bool turned; /* into a turn, if Karen goes on: to what she asked last it may be the answer */
    uint32_t segment;
    uint32_t clip; /* that was being heard */
    enum sim_speech speech;
    int64_t start_ms, length_ms;
};

struct sim_turns {         /* simulate_turns.c */
    uint32_t count, first; /* that are over; segment with which the next began, or will */
    bool eager;
};

/* Whatever stands before `heap` is zeroed for a call; of the arrays behind it only what their
 * counts say is in use, so that a call costs what happens in it. */
struct sim {
    uint64_t seed;
    enum sim_world world;
    struct sim_fault fault;
    bool fault_happened;
    const struct sim_log *replay; /* NULL: a call of the parties */
    size_t replay_at;
    struct sim_race race;
    bool raced, race_led, race_waits;
    size_t race_at;
    uint32_t race_words, race_late; /* segments */
    uint32_t turn_lines;            /* turns that were written down */
    int party_steps[SIM_PARTIES];
    struct sim_panel *panel; /* never NULL */
    struct sim_random random, order_random, stale_random;
    bool inject_stale;
    struct sim_faults faults;
    struct call_core *core;
    int64_t now_ms, wake_ms, media_skew_ms, net_ms, letter_bytes;
    size_t queue_count;
    uint32_t order;
    uint64_t log_hash; /* of all actions */
    size_t steps, ticks_now;
    int64_t tick_ms;
    struct buf *timeline; /* NULL: not wanted */

    int segment_count;
    uint32_t segment_now; /* the recogniser is there */
    uint32_t conn;
    bool stt_down, tells_turns;
    struct sim_turns turns;
    uint32_t word_count, clip_count, order_count;
    size_t chunk_first, chunk_count;
    int64_t play_start_ms, play_end_ms; /* of what is, or was last, heard without a pause */
    bool marks_lost;                    /* from here on */
    bool marks_unsure;                  /* what was heard is not told as it should be */
    uint32_t gen, tool_count;

    /* simulate_overlap.c */
    struct sim_overlap overlap;
    bool owed; /* the caller, an answer */
    int64_t owed_ms;
    uint32_t turn_seq; /* the newest turn's line */

    /* simulate_bounds.c */
    int clips_held, echo_turns;

    /* simulate_check.c */
    const char *broken; /* the first invariant that was */
    bool voice_on, hung_up, ended, waiting, left_over_time;
    int64_t voice_on_ms, voice_end_ms, waiting_ms, dropped_ms;
    uint32_t turn_gens, cleared_epoch, clears, last_clip, last_mark, line_last;
    bool tool_since_ask, has_cleared, sent_since_clear,
        ordered; /* ordered: what happens now is an order */
    size_t tool_id_count, texts_bytes;

    /* simulate_sure.c */
    struct call_event tool_result; /* of the step that runs */
    int64_t unanswered_ms;         /* since when the caller waits for more than a filler */

    struct sim_key heap[SIM_QUEUE_MAX];
    struct sim_due dues[SIM_QUEUE_MAX];
    uint16_t free_dues[SIM_QUEUE_MAX];
    struct sim_segment segments[SIM_SEGMENTS_MAX];
    struct sim_gen gens[SIM_GENS_MAX];       /* from 1; [0] is none's */
    struct sim_clip clips[SIM_CLIPS_MAX];    /* from 1 */
    struct sim_order orders[SIM_ORDERS_MAX]; /* by number, from 1; [0] is nobody's */
    struct sim_chunk chunks[SIM_CHUNKS_MAX]; /* a ring */
    struct sim_word words[SIM_ALL_WORDS_MAX];
    struct str lines[SIM_LINES_MAX]; /* the caller's, by seq, in their last state */
    char texts[SIM_TEXTS_MAX];       /* what sim_keep() keeps */
    struct buf words_text;           /* of what the recogniser says just now */
    uint64_t tool_ids[64];
    struct call_actions out;
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

bool sim_number(struct str *text, uint32_t *number_out); /* taken off its front */
void sim_plan(struct sim *sim, int64_t at_ms, enum sim_kind kind, uint32_t id, int step);
void sim_deliver(struct sim *sim, int64_t at_ms, struct call_event event);
void sim_step(struct sim *sim, const struct call_event *event);

struct str sim_keep(struct sim *sim, struct str text); /* a copy that lasts for the call */

/* simulate_owner.c */
void sim_plan_orders(struct sim *sim);
void sim_give_order(struct sim *sim, uint32_t id);
uint32_t sim_order_in(struct str text); /* whose words these are; 0: no order's */

/* simulate_caller.c */
void sim_caller(struct sim *sim, const struct sim_due *due);
void sim_finalize(struct sim *sim);
void sim_echo(struct sim *sim, uint32_t clip, int64_t start_ms); /* it begins to be heard */

uint32_t sim_new_voice(struct sim *sim, int64_t length_ms,
                       int words);                  /* from now on; its segment */
uint32_t sim_new_words(struct sim *sim, int words); /* just said; nobody has heard them yet */

/* simulate_races.c */
void sim_race_watch(struct sim *sim);  /* after each step: is it time? */
void sim_race_ticked(struct sim *sim); /* the core's clock has had its turn */
void sim_race_step(struct sim *sim, size_t at);
void sim_race_print(const struct sim_race *race, struct buf *out);

/* simulate_turns.c */
void sim_turns_plan(struct sim *sim, uint32_t id); /* what comes of a segment */
void sim_turns_words(struct sim *sim, uint32_t id, int words);
void sim_turns_end(struct sim *sim, uint32_t id, int step);
void sim_turns_lost(struct sim *sim);

/* simulate_parties.c */
enum sim_fault_kind sim_fault(struct sim *sim, enum sim_party party);
void sim_party(struct sim *sim, const struct sim_due *due);
void sim_perform(struct sim *sim, const struct call_action *action);

/* simulate_carrier.c */
void sim_carrier_send(struct sim *sim, const struct call_action *action);
void sim_carrier_mark(struct sim *sim, uint32_t mark);
void sim_carrier_clear(struct sim *sim);
int64_t sim_played(const struct sim *sim, uint32_t clip); /* ms of it that the caller heard */

/* simulate_check.c; sim->broken is set by the first that finds something. */
void sim_broken(struct sim *sim, const char *what);
bool sim_is_protected(enum call_phrase phrase);
void sim_check_event(struct sim *sim, const struct call_event *event);
void sim_check_action(struct sim *sim, const struct call_action *action);
void sim_check_step(struct sim *sim);
void sim_check_end(struct sim *sim);

/* simulate_truth.c */
void sim_truth_words(struct sim *sim, const struct call_event *event);
void sim_truth_line(struct sim *sim, const struct call_line *line);
void sim_truth_end(struct sim *sim);

/* simulate_overlap.c */
void sim_overlap_onset(struct sim *sim, uint32_t segment); /* its voice was just noticed */
void sim_overlap_event(struct sim *sim, const struct call_event *event);
void sim_overlap_action(struct sim *sim, const struct call_action *action);
void sim_overlap_step(struct sim *sim);

/* simulate_sure.c */
void sim_check_sure_event(struct sim *sim, const struct call_event *event);
void sim_check_sure_action(struct sim *sim, const struct call_action *action);

/* simulate_bounds.c */
void sim_bounds_action(struct sim *sim, const struct call_action *action);
void sim_bounds_end(struct sim *sim);

/* simulate_replay.c */
void sim_replay_begin(struct sim *sim);
int64_t sim_replay_next_ms(const struct sim *sim);
void sim_replay_step(struct sim *sim);

/* One simulated call. */
struct sim_case {
    uint64_t seed;
    enum sim_world world;
    struct sim_fault fault;
    struct sim_race race;
    const struct sim_log *replay; /* not NULL: this call, and no other */
    bool stale;                   /* with late and foreign news */
    struct sim_panel *panel;      /* counted there; may be NULL */
    struct buf *timeline;         /* written there; may be NULL */
};
struct sim_result {
    const char *broken; /* the first invariant that was; NULL: all held */
    uint64_t hash;      /* of all that was done */
    bool fault_happened, raced;
};
struct sim_result sim_play(const struct sim_case *call);

/* The call of a seed, in the world of chance, and some of them once more with stale news, which
 * must not change what is done. Returns the broken invariant or NULL. */
const char *simulate(uint64_t seed, struct sim_panel *panel, struct buf *timeline);

/* Every failure at every step of the seed's call, which goes well without; and every order (or
 * every so-many-th) of every race. NULL: all invariants held; else the broken one. *last_out is the
 * call that did it; the calls are added to *played_out. */
const char *sim_play_faults(uint64_t seed, struct sim_case *last_out, size_t *played_out);
const char *sim_play_races(uint64_t seed, size_t every, struct sim_case *last_out,
                           size_t *played_out);

/* Leaves out of a call what it can do without and still break what it breaks; I16 and I17, which
 * need to know what the caller meant, aside. NULL: it breaks nothing. */
const char *sim_shrink(struct sim_log *log);
