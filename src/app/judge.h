/* app/judge.h: one call judged by the model, outside of its conversation: the question put, the
 * answer read whole and checked. What is done when it fails is left to whoever asks. */
#pragma once
#include "base/log.h"
#include "provider/llm.h"
#include "rules/screening.h"

enum { JUDGE_ANSWER_MS_MAX = 45000, JUDGE_TOKENS_MAX = 700 };

struct judge_verdict {
    const char *why;        /* NULL: it was judged; else one line for the operator, static */
    bool misread;           /* there was an answer, but none to the question */
    int64_t retry_after_ms; /* -1: not said */
    const struct screening *screening;
    const char *model; /* who answered; "unknown" */
};
/* Borrowed until the callback returns. */
typedef void judge_fn(const struct judge_verdict *verdict, void *arg);
/* input and what it points to must stand until then; instructions: prompts/<language>/screening.md.
 */
void judge_ask(struct llm_driver *llm, const char *instructions,
               const struct screening_input *input, struct log log, judge_fn *on_verdict, void *arg,
               struct op **slot);
