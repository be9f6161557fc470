/* test/simulate_log.h: a call as text: what it was like, each event, and what the core did at it.
 * It can be read again, played again and made shorter. A line is one of
 *
 *   call seed=7 letter=480 net=31 ...        the call; the first line
 *      8398 WORDS at=7901 end=8300 text="w4x" (listening)     an event, to be played
 *      8398   -> CLEAR ep=1                                    what was done, skipped by a reader
 *      8398 *** I5: ...                                        an invariant that was broken, too
 *
 * Numbers that are 0 and texts that are empty are left out; texts are JSON strings; what follows in
 * brackets is skipped. A core asks for its own ticks: a TICK in the log only says that it was
 * before what else happened in that ms. */
#pragma once
#include "base/buf.h"
#include "base/mem.h"
#include "call/core.h"

struct sim_call { /* what a call is like, as far as core and invariants are to know */
    int64_t seed, world, can_transfer, message_only;
    int64_t letter_bytes, net_ms, media_skew_ms;
    int64_t marks_unsure, voice_flaky, phrases_fail;
};
struct sim_logged {
    int64_t at_ms;
    struct call_event event; /* its texts are the log's */
};
struct sim_log {
    struct sim_call call;
    size_t count;
    struct sim_logged *events;
    struct arena texts;
};

void sim_log_call(struct buf *out, const struct sim_call *call);
void sim_log_event(struct buf *out, int64_t at_ms, const struct call_event *event,
                   const char *state);
void sim_log_action(struct buf *out, int64_t at_ms, const struct call_action *action);

/* 0, or EINVAL: *line_out is the line, from 1, that is no line of a log. log_out is freed by the
 * caller in both cases. */
int sim_log_read(struct str text, struct sim_log *log_out, size_t *line_out);
void sim_log_free(struct sim_log *log);
