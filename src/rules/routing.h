/* rules/routing.h: whose call is it? Pure: the looking up is the store's.
 *
 *   1. the number that was dialled belongs to a tenant: him
 *   2. the number that forwarded the call belongs to a tenant: him
 *   3. a shared number, forwarded by the phone that an owner on trial has proved to be his: him
 *   4. a shared number else: whoever's code the caller types
 *   5. the operator named a tenant of his own for the rest: him
 *   6. nobody: a polite refusal
 *
 * A wrong guess would let one tenant hear another's calls, so nothing is guessed: who calls plays
 * no part, and a default tenant is the operator himself or nobody. */
#pragma once
#include "base/id.h"

#include <stdbool.h>

struct routing_facts {      /* nil: there is none */
    struct uuid dialled;    /* owner of the number that was dialled */
    struct uuid forwarding; /* owner of the line that forwarded the call */
    struct uuid operators;  /* the operator's own tenant, where one is configured */
    struct uuid owner;      /* on trial, whose own phone forwarded to the shared number */
    struct uuid coded;      /* whose code was typed */
    bool shared;            /* the number that was dialled is shared */
};
enum routing_reason {
    ROUTED_BY_NUMBER,
    ROUTED_BY_FORWARDING,
    ROUTED_BY_OWNER,
    ROUTED_BY_CODE,
    ROUTED_ASK_CODE, /* nobody's yet: the caller has to say */
    ROUTED_TO_DEFAULT,
    ROUTED_NOWHERE,
};
struct routing {
    enum routing_reason reason;
    struct uuid tenant; /* nil: ROUTED_ASK_CODE, ROUTED_NOWHERE */
};
struct routing routing_decide(const struct routing_facts *facts);
const char *routing_reason_name(enum routing_reason reason); /* "number", "forwarding" ... */
