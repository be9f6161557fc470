/* sandbox/openai_think.h: what the stand-in's model answers: a conversation by the scripted
 * screener, replayed from the messages each time, or an answer to a JSON schema. Pure. */
#pragma once
#include "base/buf.h"
#include "sandbox/openai_wire.h"

struct thought {
    struct buf text;
    const char *tool;     /* a name, static; NULL: none */
    struct buf arguments; /* of the tool, JSON */
};
void think(const struct chat *chat, struct thought *thought_out);
void thought_fini(struct thought *thought);
