/* line/question.h: Karen as a conversation needs her: what the core says, what the model is told
 * before, and each question to it: the instructions, what was said so far, the tools. Live calls
 * and rehearsals ask by this alone. */
#pragma once
#include "base/log.h"
#include "call/core.h"
#include "call/phrases.h"
#include "line/line.h"
#include "provider/llm.h"

/* What the core needs of a call; greeting: see question_greeting(). Texts are borrowed. */
struct call_setup question_core(const struct line_setup *setup, const struct phrases *phrases,
                                const char *greeting);
/* Behind the disclosure: what a rule has to say, and the greeting; or, when the owner was rung
 * first, that nobody answered. The caller frees it; NULL: nothing. */
char *question_greeting(const struct line_setup *setup, const struct phrases *phrases);
/* What the model is told before; template: prompts/<language>/conversation.md. */
void question_instructions(const struct line_setup *setup, const char *template, struct buf *out);

enum { QUESTION_TAG_BYTES = 33 };
/* A digest of the tenant, for the model's provider. */
void question_tag(struct uuid tenant, char out[QUESTION_TAG_BYTES]);

struct question {
    const struct call_core *core;
    const char *instructions;
    bool can_transfer;
    const char *tag;
    struct log log;
};
/* How many bytes of text were sent. Everything is copied. */
size_t question_ask(struct llm_driver *llm, const struct question *question, llm_event_fn *on_event,
                    void *arg, struct op **slot);
