/* test/callers.h: callers who ring an installation, each a tenant of its own, many at once, and
 * what must come of each call. */
#pragma once
#include "test/stack.h"

#include <stddef.h>

enum { CALLERS_MAX = 16, CALLER_TURNS_MAX = 5 };

struct caller {
    const char *language, *number;
    const char *audio[CALLER_TURNS_MAX]; /* recordings; or */
    const char *words[CALLER_TURNS_MAX]; /* what the recogniser is told to understand */
    const char *label;
    const char *name;    /* of the caller, a part of it; NULL: none is wanted */
    const char *said;    /* must be in the intent or the note; NULL */
    const char *setting; /* of the tenant, "KEY=VALUE" as `karen tenant set` takes it; NULL */
};

extern struct stack *callers_stack;
extern struct stack_screening callers_results[CALLERS_MAX]; /* in the order of the callers */

/* Opens a stack, has all of them ring, so many at once, and waits until every call is screened.
 * The list is borrowed until callers_close(). */
void callers_open(const struct stack_options *options, const struct caller *list, size_t count,
                  size_t at_once);
int callers_close(void **state); /* for cmocka, after the last test */

void callers_expect(size_t number); /* what came of its call is what it wanted */
#define CALLER_TEST(sentence, number)                                                              \
    static void sentence(void **state)                                                             \
    {                                                                                              \
        (void)state;                                                                               \
        callers_expect(number);                                                                    \
    }
