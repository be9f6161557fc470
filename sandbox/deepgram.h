/* sandbox/deepgram.h: the stand-in for Deepgram: live and batch transcription, by the real
 * recogniser or by a script. */
#pragma once
#include "sandbox/party.h"
#include "sandbox/scripted.h"

extern const struct party_kind deepgram_kind;

enum { DEEPGRAM_ORDERS_MAX = 64 };

struct deepgram; /* its state */
struct deepgram *deepgram_new(struct party *party, struct hear_models *models);
void deepgram_free(struct deepgram **deepgram);

/* The next `streams` live streams (-1: all) whose tag and language fit ("" fits all) are understood
 * by these lines; the oldest order that fits goes first. Holds on to lines. ENOSPC past
 * DEEPGRAM_ORDERS_MAX. */
struct deepgram_order {
    char tag[128], language[16];
    int64_t streams;
    struct script_lines *lines;
};
int deepgram_order_script(struct deepgram *deepgram, const struct deepgram_order *order);
void deepgram_forget_scripts(struct deepgram *deepgram);
