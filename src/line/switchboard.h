/* line/switchboard.h: all live lines of a worker: who may come in, finding one by its call,
 * draining, and the counters that /metrics reads. Owns what the lines share: the cache of phrases
 * and the calls that ended but are not written down yet. */
#pragma once
#include "base/id.h"
#include "carrier/leg.h"
#include "line/clips.h"
#include "line/line.h"
#include "net/loop.h"
#include "provider/llm.h"
#include "provider/stats.h"
#include "provider/stt.h"
#include "provider/tts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct switchboard;
struct db;
struct journal;

/* What Karen says and is told in a language: the texts of call/phrases.h and call/prompt.h. */
struct line_texts {
    const char *conversation; /* the template */
    const char *phrases;      /* JSON */
};
/* In the language given or another; borrowed as long as the board lives. */
typedef struct line_texts line_texts_fn(const char *language, void *arg);

struct switchboard_options {
    struct loop *loop;
    struct db *db;
    struct journal *journal; /* NULL: what the database did not take dies with the process */
    struct stt_driver *stt;
    struct llm_driver *llm;
    struct tts_driver *tts;
    struct line_carrier carrier;
    line_texts_fn *texts;
    void *texts_arg;
    const char *cache_directory; /* of synthesised phrases; made if need be; NULL: memory only */
    const char *cache_salt;      /* what else decides how a phrase sounds: provider and model */
    size_t cache_bytes_max;      /* in memory; 0: 32 MiB */
    size_t lines_max;            /* of this worker; 0: 1000 */
    size_t tenant_lines_max;     /* of one tenant in this worker; 0: 10 */
};
struct switchboard *switchboard_new(const struct switchboard_options *options);
/* Drops what runs; what was not yet written down is lost with an error in the log. */
void switchboard_free(struct switchboard **board);

/* May a call come in? 0, ESHUTDOWN (draining), EBUSY (the worker is full), EDQUOT (the tenant has
 * as many as it may). The webhook asks before it promises a stream. */
int switchboard_admits(const struct switchboard *board, struct uuid tenant);
/* Takes a leg whose token was redeemed: admits it and lets Karen speak. The same errors, and EEXIST
 * when that call is already live here, EINVAL for a setup that cannot be; the leg then still waits
 * for the caller's leg_refuse(). */
int switchboard_open(struct switchboard *board, struct leg *leg, const struct line_setup *setup);
/* Ends a live call politely; why is one word for the record. ENOENT: not live here. */
int switchboard_end(struct switchboard *board, struct uuid call, const char *why);
/* Copied. on_done comes once, when the order has come to its end; cancelled, it is carried out all
 * the same and nobody hears of it. */
void switchboard_order(struct switchboard *board, struct uuid call, const struct line_order *order,
                       line_order_fn *on_done, void *arg, struct op **slot);
bool switchboard_has(const struct switchboard *board, struct uuid call);

/* Fetches or makes the phrases of a voice ahead of need: at start for every voice in use, and when
 * a tenant changes voice, language, name or greeting. */
void switchboard_warm(struct switchboard *board, const char *voice_id, const char *language,
                      const char *owner, const char *greeting);

/* The phrases that are there; borrowed as long as the board lives. */
struct clips *switchboard_clips(struct switchboard *board);

/* No new calls; on_empty once the last line is gone and everything is written down. */
void switchboard_drain(struct switchboard *board, loop_fn *on_empty, void *arg);

/* Each live call goes on at another worker as soon as nobody speaks in it; the carrier asks
 * /telephony/resume who takes it. */
void switchboard_move(struct switchboard *board);

/* The bounds of the buckets are stats_bounds_ms of provider/stats.h. */
enum { LINE_ENDS_MAX = 24 };
struct line_histogram {
    uint64_t buckets[STATS_BUCKETS];
    uint64_t count;
    double sum_ms;
};
enum line_stage {
    LINE_DECIDE, /* the caller's last voice to the end of turn */
    LINE_MODEL,  /* question to the model to its first words */
    LINE_VOICE,  /* ... to their first sound */
    LINE_SEND,   /* ... or the end of turn, whichever is later, to the carrier */
    LINE_HEARD,  /* ... to the carrier's word that it was played */
    LINE_STAGES,
};
extern const char *const line_stage_names[LINE_STAGES];
struct switchboard_stats {
    uint64_t live, opened, refused, resumed;
    uint64_t unsaved; /* ended calls that wait for the database */
    uint64_t lost;    /* ... and those given up: each is an error in the log */
    struct line_end {
        char why[24];
        uint64_t count;
    } ends[LINE_ENDS_MAX]; /* by the word the core ended with; "" ends the list */
    uint64_t turns, gens, staged, staged_in_vain, holds, barge_ins, stale_events, reprompts,
        fillers, stt_losses, reply_failures, clip_failures, unheard, echoes,
        machines;                   /* of calls that ended */
    struct line_histogram greeting; /* start of the stream to the first audio sent */
    struct line_histogram reply;    /* the caller's last voice to the first audio of the answer */
    struct line_histogram stages[LINE_STAGES]; /* of replies, once they are written down */
    struct line_histogram own;                 /* our own work in a reply */
    struct clips_stats clips;
};
/* Borrowed until the next call. */
const struct switchboard_stats *switchboard_stats(struct switchboard *board);
