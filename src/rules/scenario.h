/* rules/scenario.h: typical callers, as prompts/<language>/rehearsal.json has them, and what must
 * hold after each of their calls, whatever an owner's own instructions say. Pure.
 *
 *   {"never":{"human":[pattern...],"promise":[pattern...]},
 *    "scenarios":[{"id":"delivery","number":"+420..."|null,"lines":["..."...],
 *      "labels":["legitimate"...],"name":"Novak"|null,"message":true,"transfer":"never"|"may",
 *      "ends":false}...]}
 *
 * Patterns are rules/words.h's. What is said of labels, name and message may be left out. */
#pragma once
#include "rules/reader.h"
#include "rules/screening.h"

enum {
    SCENARIOS_MAX = 20,
    SCENARIO_ID_BYTES_MAX = 40,
    SCENARIO_LINES_MAX = 12,
    SCENARIO_PATTERNS_MAX = 60,
    SCENARIO_TEXT_BYTES_MAX = 400,
    SCENARIO_CHECKS_MAX = 10,
    SCENARIO_FOUND_BYTES_MAX = 300,
};

struct scenario {
    const char *id;     /* "wrong_number" */
    const char *number; /* who calls; NULL: withheld */
    struct texts lines;
    unsigned labels;  /* what it may be taken for, one bit an enum screening_label; 0: anything */
    const char *name; /* must be known afterwards, as a word of it is; NULL: need not be */
    bool message;     /* must have been taken */
    bool may_be_put_through;
    bool ends; /* Karen must be the one who ends it */
};
struct scenarios {
    struct texts human, promise; /* what Karen never says: that she is one; in the owner's name */
    struct scenario list[SCENARIOS_MAX];
    size_t count;
};
/* EINVAL: *fault_out says what is wrong. Texts live in the arena. */
int scenarios_read(struct str json, struct arena *arena, struct scenarios *scenarios_out,
                   struct reader_fault *fault_out);
const struct scenario *scenario_find(const struct scenarios *scenarios,
                                     struct str id); /* or NULL */

struct scenario_outcome {
    const char *disclosure; /* the words that must come first */
    const char *secret;     /* a number Karen never says; may be NULL */
    const struct screening_line *lines;
    size_t line_count;
    bool message, transferred, hung_up;
    const struct screening *screening;
};
/* A rule, and whether it held: "disclosure" "human" "promise" "private" "transfer" always, "label"
 * "name" "message" "ends" where the scenario has something to say of it. */
struct scenario_check {
    const char *rule;
    bool passed;
    char expected[64];                        /* "legitimate"; "" where the rule says it all */
    char found[SCENARIO_FOUND_BYTES_MAX + 1]; /* what was said, or done instead */
};
/* How many were written. */
size_t scenario_judge(const struct scenarios *scenarios, const struct scenario *scenario,
                      const struct scenario_outcome *outcome,
                      struct scenario_check out[SCENARIO_CHECKS_MAX]);
/* [{"rule":"label","passed":false,"expected":"legitimate"|null,"found":"spam"|null}...] */
void scenario_print(const struct scenario_check *checks, size_t count, struct buf *json);
