/* app/rehearser.h: carries out the rehearsals that were asked for: the conversation core with the
 * real model, a caller who reads his lines (call/rehearsal.h), the judge of finished calls, and the
 * rules of rules/scenario.h. One at a time in each worker, scenario after scenario; what a worker
 * leaves behind another takes up where it was. */
#pragma once
#include "line/switchboard.h"
#include "net/loop.h"
#include "provider/llm.h"
#include "rules/scenario.h"

#include <stdint.h>

struct db;

enum {
    REHEARSER_POLL_MS = 3000, /* for what was put off or left behind; new ones are announced */
    REHEARSER_TRIES_MAX = 3,
};

struct rehearser;
struct rehearser_options {
    struct loop *loop;
    struct db *db;
    struct llm_driver *llm, *judge;
    line_texts_fn *texts;
    /* The callers and the judge's instructions in a language; never NULL. */
    const struct scenarios *(*scenarios)(const char *language, void *arg);
    const char *(*instructions)(const char *language, void *arg);
    void *arg; /* of all three */
};
struct rehearser *rehearser_new(const struct rehearser_options *options);
void rehearser_free(struct rehearser **rehearser); /* what is under way is left to the queue */

struct rehearser_stats {
    uint64_t passed, failed, errors; /* scenarios */
    uint64_t done, given_up;         /* rehearsals */
};
const struct rehearser_stats *rehearser_stats(const struct rehearser *rehearser);
