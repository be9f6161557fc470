/* test/made_calls.h: calls as they stand when they are over, made without the code under test, so
 * that a test says only what it is about. */
#pragma once
#include "base/id.h"

#include <stdbool.h>

struct made_call {
    const char *from;   /* NULL: +420602345678 */
    const char *status; /* NULL: completed */
    const char *said;   /* by the caller */
    const char *label;  /* NULL: not screened, and what follows says nothing */
    const char *lead, *urgency, *intent, *name;
    bool follow_up;
    int minutes_ago;
};
struct uuid made_call(struct uuid tenant, struct made_call made);
