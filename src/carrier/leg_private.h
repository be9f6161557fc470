/* carrier/leg_private.h: what a carrier fills in to be a leg; only carrier/ (and a test that plays
 * the carrier) looks inside. */
#pragma once
#include "carrier/leg.h"

/* Each carrier's own struct has a struct leg first. The functions are those of leg.h. */
struct leg_kind {
    void (*admit)(struct leg *leg, const struct leg_handler *handler, void *arg);
    void (*refuse)(struct leg *leg, const char *why);
    void (*send_audio)(struct leg *leg, const uint8_t *ulaw, size_t bytes);
    void (*send_mark)(struct leg *leg, uint32_t mark);
    void (*send_clear)(struct leg *leg);
    void (*hold)(struct leg *leg);
    void (*release)(struct leg *leg);
    void (*close)(struct leg *leg, const char *why);
};
struct leg {
    const struct leg_kind *kind;
};
