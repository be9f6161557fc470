/* sandbox/scripted.h: a recogniser that is told beforehand what it will understand: voice is told
 * from silence by its level alone, and each utterance gives the next line of a script. Exact words
 * for tests, and next to no cost for a load of a thousand streams. It gives the same events as
 * speech/hear.h.
 *
 * A pause shorter than gap_ms does not begin a new line: what is said after it belongs to the line
 * already given and adds no words. */
#pragma once
#include "sandbox/speech/hear.h"

#include <stdbool.h>

enum {
    SCRIPTED_LINES_MAX = 64,
    SCRIPTED_WORDS_MAX = 128,  /* of a line; more are left out */
    SCRIPTED_GAP_MS = 800,     /* usual */
    SCRIPTED_WORD_MS = 280,    /* the pace at which partial results show words */
    SCRIPTED_PARTIAL_MS = 200, /* how often they come */
};

struct script_line {
    char *text; /* UTF-8 as it is to be understood, with its punctuation; "": not understood */
    double confidence;
};
struct script_lines { /* counted references, so that many streams can share one */
    struct script_line list[SCRIPTED_LINES_MAX];
    size_t count;
    int64_t gap_ms;
    bool repeats; /* after the last line comes the first; else nothing is understood any more */
    int references;
};
struct script_lines *script_lines_hold(struct script_lines *lines);
void script_lines_drop(struct script_lines **lines);

struct scripted;
/* silence_ms as in struct hear_options. Holds on to lines. */
struct scripted *scripted_new(struct script_lines *lines, int silence_ms, hear_event_fn *on_event,
                              void *arg);
void scripted_feed(struct scripted *scripted, const uint8_t *ulaw, size_t bytes);
void scripted_finalize(struct scripted *scripted);
int64_t scripted_fed_ms(const struct scripted *scripted);
void scripted_free(struct scripted **scripted);
