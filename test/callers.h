/* test/callers.h: callers who all ring at once, each a tenant of its own, and what must come of
 * each call. */
#pragma once
#include "test/stack.h"

#include <stddef.h>

enum { CALLER_TURNS_MAX = 5 };

struct caller {
    const char *language, *number;
    const char *audio[CALLER_TURNS_MAX]; /* recordings; or */
    const char *words[CALLER_TURNS_MAX]; /* what the recogniser is told to understand */
    const char *label;
    const char *name;    /* of the caller, a part of it; NULL: none is wanted */
    const char *said;    /* must be in the intent or the note; NULL */
    const char *setting; /* of the tenant, "KEY=VALUE" as `karen tenant set` takes it; NULL */
};

/* Rings from all of them at once and waits until every call is screened. */
void callers_ring(struct stack *stack, const struct caller *callers, size_t count,
                  struct stack_screening *results);
void callers_expect(const struct caller *caller, const struct stack_screening *result);
