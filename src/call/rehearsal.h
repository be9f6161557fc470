/* call/rehearsal.h: a call that nobody makes: the conversation core and a caller who reads his
 * lines, in virtual time. Speech takes as long as it would, but nobody waits for it; the clock
 * stands still while the model is asked, which whoever runs the rehearsal does:
 *
 *   rehearsal_go() -> REHEARSAL_ASKS: ask for a reply to call_messages(), rehearsal_hear() its
 *                     events, and go again
 *                  -> REHEARSAL_OVER: what came of it is there to be read
 *
 * Messages are taken by nobody, and nobody is rung: that they would be is what is remembered. */
#pragma once
#include "call/core.h"

enum {
    REHEARSAL_LINES_MAX = 20,     /* of the caller */
    REHEARSAL_SAID_MAX = 128,     /* lines of the transcript; more are left out */
    REHEARSAL_ASKS_MAX = 40,      /* of the model; then it is over as too_long */
    REHEARSAL_PATIENCE_MS = 5000, /* the caller waits so long for an answer that does not come */
};

struct rehearsal;
/* setup is copied; the lines are borrowed as long as the rehearsal stands. */
struct rehearsal *rehearsal_new(const struct call_setup *setup, const char *const *lines,
                                size_t count);
void rehearsal_free(struct rehearsal **rehearsal); /* NULL after; NULL is fine */

enum rehearsal_state { REHEARSAL_ASKS, REHEARSAL_OVER };
enum rehearsal_state rehearsal_go(struct rehearsal *rehearsal);
const struct call_core *rehearsal_core(const struct rehearsal *rehearsal);
/* A piece of the reply, its end, or its failure; gen is filled in here. */
void rehearsal_hear(struct rehearsal *rehearsal, const struct call_event *event);

struct rehearsal_said {
    enum call_speaker speaker;
    bool interrupted;
    struct str text; /* a tool: "name arguments" */
};
/* What was said and heard, in order; borrowed as long as the rehearsal stands and does not go on.
 */
size_t rehearsal_transcript(const struct rehearsal *rehearsal,
                            struct rehearsal_said out[REHEARSAL_SAID_MAX]);
/* [{"speaker":"caller"|"karen"|"tool","text":"...","interrupted":false}...]; NULL: none. */
void rehearsal_print(const struct rehearsal *rehearsal, struct buf *json);
struct rehearsal_facts {
    bool message;     /* one was taken */
    bool transferred; /* the owner would have been rung */
    bool hung_up;     /* Karen ended the call, not the caller */
    bool too_long;
};
struct rehearsal_facts rehearsal_facts(const struct rehearsal *rehearsal);
