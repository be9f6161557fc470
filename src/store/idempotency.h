/* store/idempotency.h: what was answered to a request that carries an Idempotency-Key, so that the
 * same request sent again is not done again.
 *
 *   (new) --claim--> being worked on --keep--> answered; forgotten after a day
 *                       '-- a minute without an answer: whoever asks next takes over */
#pragma once
#include "store/db.h"

enum {
    IDEMPOTENCY_KEY_BYTES_MAX = 100,
    IDEMPOTENCY_ANSWER_BYTES_MAX = 256 * 1024, /* a larger answer is not kept */
    IDEMPOTENCY_CLAIM_SECONDS = 60,
};

struct idempotency_claim {
    struct uuid tenant;
    const char *key;
    const char *operation;
    struct str request_hash; /* SHA-256 of who, what and the body */
    struct uuid claim;       /* made anew for each request */
};
struct idempotency_answer { /* borrowed until the callback returns */
    int status;
    const char *content_type; /* NULL: it has no body */
    struct str body;
};
/* err 0: answer NULL: it is ours to do; else it was done, and that was the answer. EBUSY: it is
 * being worked on; EEXIST: the key was used for another request. */
typedef void idempotency_fn(int err, const struct idempotency_answer *answer, void *arg);
void idempotency_claim(struct db *db, const struct idempotency_claim *claim,
                       idempotency_fn *on_claim, void *arg, struct op **slot);
/* answer NULL: nothing was done, so the key is free again. ESTALE: somebody else has taken over. */
void idempotency_keep(struct db *db, const struct idempotency_claim *claim,
                      const struct idempotency_answer *answer, db_end_fn *on_end, void *arg,
                      struct op **slot);
