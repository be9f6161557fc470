/* app/screener.h: judges finished calls: takes them from the durable queue, asks the model, checks
 * its answer and stores it. Runs in every worker; the queue sees to it that each call is judged
 * once. A call that no model judges in SCREENER_MODEL_ATTEMPTS tries is judged by the script. */
#pragma once
#include "net/loop.h"
#include "provider/llm.h"
#include "store/db.h"

#include <stdint.h>

enum {
    SCREENER_AT_ONCE_MAX = 8,
    SCREENER_MODEL_ATTEMPTS = 4,
    SCREENER_POLL_MS = 3000, /* for what was put off; new work is announced */
    SCREENER_LEASE_S = 90,   /* longer than one judgement may take */
};

struct screener;
struct screener_options {
    struct loop *loop;
    struct db *db;
    struct llm_driver *llm;
    /* The instructions in a language, the text of prompts/<language>/screening.md; never NULL. */
    const char *(*instructions)(const char *language, void *arg);
    void *arg;
};
struct screener *screener_new(const struct screener_options *options);
void screener_free(struct screener **screener); /* what is in flight is left to the queue */

struct screener_stats {
    uint64_t by_model, by_script; /* judged and stored */
    uint64_t refused;             /* answers that were none */
    uint64_t put_off;             /* tries that failed and will be repeated */
    int64_t waiting;              /* in the queue when last counted */
};
const struct screener_stats *screener_stats(const struct screener *screener);
