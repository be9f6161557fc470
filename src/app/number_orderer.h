/* app/number_orderer.h: carries orders of numbers on, one step at a time: searches and buys at the
 * carrier, waits for papers, takes numbers over, gives them back. Orders are claimed under a lease,
 * so several may run; whoever dies in the middle leaves the order to the next, who first looks
 * whether the number was bought. What the carrier cannot do now is tried again, later and later;
 * what it will never do ends the order with a reason. */
#pragma once
#include "api/metrics.h"
#include "carrier/twilio_numbers.h"
#include "net/loop.h"
#include "store/db.h"

#include <stdint.h>

enum {
    NUMBER_ORDERER_AT_ONCE_MAX = 4,
    NUMBER_ORDERER_POLL_MS = 5000, /* for what was put off; new orders are announced */
    NUMBER_ORDERER_LEASE_S = 180,  /* longer than all that is asked of the carrier in one go */
    NUMBER_ORDERER_WAIT_MS = 5000, /* after the first failure, doubling */
    NUMBER_ORDERER_WAIT_MS_MAX = 15 * 60 * 1000,
    NUMBER_ORDERER_SEARCHES_MAX = 5,           /* numbers that somebody else was quicker to buy */
    NUMBER_ORDERER_PAPERS_MS = 60 * 60 * 1000, /* between two looks at papers */
    NUMBER_ORDERER_PAPERS_LOOKS_MAX = 60 * 24, /* two months of them */
};

struct number_orderer;
struct number_orderer_options {
    struct loop *loop;
    struct db *db;
    struct twilio_rest *rest;
    struct twilio_hooks hooks; /* of every number; copied */
};
struct number_orderer *number_orderer_new(const struct number_orderer_options *options);
void number_orderer_free(struct number_orderer **orderer); /* what is in flight is left */

enum number_order_outcome {
    NUMBER_ORDER_DONE,    /* active, or released */
    NUMBER_ORDER_FAILED,  /* for good */
    NUMBER_ORDER_WAITING, /* for papers */
    NUMBER_ORDER_PUT_OFF, /* the carrier could not now */
    NUMBER_ORDER_OUTCOMES,
};
/* How many steps came to that. */
uint64_t number_orderer_count(const struct number_orderer *orderer,
                              enum number_order_outcome outcome);
void number_orderer_publish(const struct number_orderer *orderer, struct metrics_slot *slot);
