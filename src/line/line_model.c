/* line/line_model.c: replies asked of the model; the answer goes to the core piece by piece. */
#include "base/mem.h"
#include "line/line_private.h"
#include "line/question.h"
#include "rules/callrules.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { BYTES_PER_TOKEN = 4 };

void line_prepare_model(struct line *line, const struct line_setup *setup)
{
    struct line_texts texts = line->parts->texts(line->language, line->parts->texts_arg);
    struct buf system = {0};
    question_instructions(setup, texts.conversation, &system);
    line->system = xstrdup(buf_text(&system));
    buf_free(&system);
    question_tag(line->tenant, line->safety_id);
}

static struct line_reply *find(struct line *line, uint32_t gen)
{
    for (size_t i = 0; i < LINE_REPLIES_MAX; i++)
        if (line->replies[i].gen == gen)
            return &line->replies[i];
    return NULL;
}

static void count_usage(struct line *line, const struct llm_usage *usage)
{
    line->usage.input_tokens += usage->prompt_tokens - usage->cached_tokens;
    line->usage.cached_tokens += usage->cached_tokens;
    line->usage.output_tokens += usage->completion_tokens;
}

/* What was read of a reply that we gave up, by the rule of thumb: it is charged all the same. */
static void estimate_usage(struct line_reply *reply)
{
    struct llm_usage usage = {.prompt_tokens = (int64_t)(reply->prompt_bytes / BYTES_PER_TOKEN),
                              .completion_tokens =
                                  (int64_t)(reply->reply_bytes / BYTES_PER_TOKEN) + 1};
    count_usage(reply->line, &usage);
}

static void on_last(struct line_reply *reply, const struct llm_event *event)
{
    struct line *line = reply->line;
    struct call_event call = {.kind = event->kind == LLM_DONE ? EV_REPLY_DONE : EV_REPLY_FAILED,
                              .gen = reply->gen,
                              .err = event->err};
    if (event->usage.prompt_tokens)
        count_usage(line, &event->usage);
    if (event->model)
        snprintf(line->model, sizeof(line->model), "%s", event->model);
    if (event->kind == LLM_FAILED)
        log_warn(&line->log, "no_reply", "gen=%u err=%d", reply->gen, event->err);
    *reply = (struct line_reply){0};
    line_feed(line, &call);
}

/* Where the owner's rules ask for a name or an urgent word, the model's own opinion that it was
 * said is not enough: the caller's words must bear it out. */
static bool may_transfer(const struct line *line)
{
    struct call_message said[CALL_MESSAGES_MAX];
    if (!line->transfer_words)
        return true;
    size_t count = call_messages(line->core, said, CALL_MESSAGES_MAX);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; said[i].role == ROLE_USER && line->transfer_words[j]; j++)
            if (callrules_heard(line->transfer_words[j], said[i].text))
                return true;
    return false;
}

static void on_tool(struct line_reply *reply, const struct llm_event *event)
{
    struct line *line = reply->line;
    bool refused = str_is(event->name, "transfer_call") && !may_transfer(line);
    if (refused)
        log_info(&line->log, "transfer_refused", "why=\"no name or word of the owner's rules\"");
    line_feed(line, &(struct call_event){.kind = EV_REPLY_TOOL,
                                         .gen = reply->gen,
                                         .id = event->id,
                                         .name = event->name,
                                         .text = event->text,
                                         .err = refused ? EPERM : 0});
}

static void on_reply(const struct llm_event *event, void *arg)
{
    struct line_reply *reply = arg;
    reply->reply_bytes += event->text.bytes;
    switch (event->kind) {
    case LLM_TEXT:
        line_feed(reply->line, &(struct call_event){
                                   .kind = EV_REPLY_TEXT, .gen = reply->gen, .text = event->text});
        break;
    case LLM_TOOL: on_tool(reply, event); break;
    case LLM_DONE:
    case LLM_FAILED: on_last(reply, event); break;
    }
}

void line_ask(struct line *line, uint32_t gen)
{
    struct line_reply *reply = find(line, 0);
    assert(reply); /* the core runs one gen at a time */
    const struct question question = {.core = line->core,
                                      .instructions = line->system,
                                      .can_transfer = line->can_transfer,
                                      .tag = line->safety_id,
                                      .log = line->log};
    int64_t now_us = loop_now_us(line->parts->loop);
    *reply = (struct line_reply){.line = line, .gen = gen};
    line->own_us = now_us - line->arrived_us;
    reply->prompt_bytes =
        question_ask(line->parts->llm, &question, on_reply, reply, &reply->asking);
}

static void forget(struct line_reply *reply)
{
    if (reply->asking)
        estimate_usage(reply);
    op_cancel(&reply->asking);
    *reply = (struct line_reply){0};
}

void line_cancel_reply(struct line *line, uint32_t gen)
{
    struct line_reply *reply = find(line, gen);
    if (reply)
        forget(reply);
}

void line_model_close(struct line *line)
{
    for (size_t i = 0; i < LINE_REPLIES_MAX; i++)
        if (line->replies[i].gen)
            forget(&line->replies[i]);
}
