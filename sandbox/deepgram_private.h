/* sandbox/deepgram_private.h: what the live and the batch half of Deepgram share. */
#pragma once
#include "sandbox/deepgram.h"
#include "sandbox/deepgram_wire.h"

struct listener;
struct deepgram {
    struct party *party;
    struct hear_models *models;
    struct listener *listeners; /* live streams */
    int64_t live;
    struct deepgram_order orders[DEEPGRAM_ORDERS_MAX];
    size_t order_count;
};

void deepgram_refuse(struct visit *visit, const struct listen_error *error);
/* The lines of the first order that fits, counted; NULL: the recogniser listens. */
struct script_lines *deepgram_take_order(struct deepgram *deepgram, const struct listen_ask *ask);
void deepgram_live(struct visit *visit);
void deepgram_batch(struct visit *visit);
void deepgram_drop_listeners(void *state);
void deepgram_print_listeners(void *state, struct buf *out);
