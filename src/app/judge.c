/* app/judge.c: a question to the model and its answer. */
#include "app/judge.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct judging {
    struct op op; /* first */
    const struct screening_input *input;
    struct buf answer;
    struct op *asking;
    judge_fn *on_verdict;
    void *arg;
};

static void judging_free(struct judging *judging)
{
    op_cancel(&judging->asking);
    buf_free(&judging->answer);
    free(judging);
}

static void cancel(struct op *op)
{
    judging_free((struct judging *)op);
}

static void finish(struct judging *judging, const struct judge_verdict *verdict)
{
    op_end(&judging->op);
    judging->on_verdict(verdict, judging->arg);
    judging_free(judging);
}

static void on_whole(struct judging *judging, const struct llm_event *event)
{
    struct screening screening;
    struct judge_verdict verdict = {.retry_after_ms = -1,
                                    .screening = &screening,
                                    .model = event->model ? event->model : "unknown"};
    if (event->refused) {
        verdict.why = "the model refused to answer";
    } else if (screening_read(judging->input, buf_str(&judging->answer), &screening,
                              &verdict.why)) {
        verdict.misread = true;
        if (event->cut)
            verdict.why = "the model's answer was cut";
    } else {
        verdict.why = NULL;
    }
    finish(judging, &verdict);
}

static void on_model(const struct llm_event *event, void *arg)
{
    struct judging *judging = arg;
    switch (event->kind) {
    case LLM_TEXT:
        /* what is longer cannot be an answer: screening_read() refuses it by its length */
        if (judging->answer.bytes <= SCREENING_ANSWER_BYTES_MAX)
            buf_add_str(&judging->answer, event->text);
        break;
    case LLM_TOOL: break; /* none was offered */
    case LLM_DONE: on_whole(judging, event); break;
    case LLM_FAILED:
        finish(judging,
               &(struct judge_verdict){.why = strerrordesc_np(event->err),
                                       .retry_after_ms =
                                           event->retry_after_ms > 0 ? event->retry_after_ms : -1});
        break;
    }
}

void judge_ask(struct llm_driver *llm, const char *instructions,
               const struct screening_input *input, struct log log, judge_fn *on_verdict, void *arg,
               struct op **slot)
{
    struct judging *judging = xalloc(sizeof(*judging));
    struct buf question = {0};
    judging->input = input;
    judging->on_verdict = on_verdict;
    judging->arg = arg;
    op_begin(&judging->op, cancel, slot);
    screening_question(input, &question);
    const struct llm_message messages[] = {
        {.role = LLM_SYSTEM, .text = str_of(instructions)},
        {.role = LLM_USER, .text = buf_str(&question)},
    };
    llm_ask(llm,
            &(struct llm_request){.messages = messages,
                                  .message_count = countof(messages),
                                  .tokens_max = JUDGE_TOKENS_MAX,
                                  .schema_name = SCREENING_SCHEMA_NAME,
                                  .schema_json = screening_schema(),
                                  .first_token_ms_max = JUDGE_ANSWER_MS_MAX,
                                  .total_ms_max = JUDGE_ANSWER_MS_MAX,
                                  .log = log},
            on_model, judging, &judging->asking);
    buf_free(&question);
}
