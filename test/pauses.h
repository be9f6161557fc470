/* test/pauses.h: labelled pauses of callers, the weights that fit them (call/complete.h), and what
 * Karen would have made of each.
 *
 * test/data/pauses/LANGUAGE.tsv, a row a pause: what was asked before (nothing, open, yes_no, name,
 * number), whether the caller has finished (end) or goes on (within), and his words up to there as
 * a recogniser writes them. They are written for this, not taken from calls. */
#pragma once
#include "call/complete.h"

struct pause {
    enum language language;
    enum words_asked asked;
    bool end;
    bool held_out; /* one in five, by a hash of its words: nothing is fitted to it */
    bool digits;
    uint64_t features;
    char *words;
};

struct labelled_pauses {
    struct pause *list;
    size_t count;
};

/* All languages; a row that is not as above ends the process. Freed by pauses_free(). */
struct labelled_pauses pauses_read(void);
void pauses_free(struct labelled_pauses *pauses);

/* Logistic regression with a small penalty on large weights, by Newton's method; the thresholds are
 * those that wait least and cut into few enough. Only what is not held out is looked at; the same
 * rows give the same fit. */
struct complete_fit pauses_fit(const struct labelled_pauses *pauses);

enum {
    PAUSE_MS_MIN = 300,
    PAUSE_MS_MAX = 1200
}; /* how long a pause within a turn is taken to be */

struct pause_figures {
    size_t rows, ends;
    double cut_in; /* of the pauses within a turn, the share that is taken for its end */
    int wait_median_ms, wait_p90_ms; /* at true ends, from the last voice to the decision */
    double wait_mean_ms;
};
/* LANGUAGE_COUNT: of all languages. */
struct pause_figures pauses_figures(const struct labelled_pauses *pauses,
                                    const struct complete_fit *fit, enum language language,
                                    bool held_out);
