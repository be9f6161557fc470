/* line/line_model.c: replies asked of the model: the instructions, what was said so far, the tools;
 * the answer goes to the core piece by piece. */
#include "base/hash.h"
#include "base/mem.h"
#include "call/prompt.h"
#include "line/line_private.h"
#include "rules/callrules.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPLY_TOKENS_MAX = 220, BYTES_PER_TOKEN = 4 };

/* By way of TZ, the C library's only way to name a zone; nothing else here asks for local time. */
static struct tm local_time(const char *zone)
{
    static char variable[80];
    time_t now = (time_t)(wall_now_ms() / 1000);
    struct tm local;
    snprintf(variable, sizeof(variable), "TZ=%s", zone && zone[0] ? zone : "UTC");
    putenv(variable); /* setenv() would leak a copy a call */
    tzset();
    localtime_r(&now, &local);
    return local;
}

static void make_safety_id(struct line *line)
{
    uint8_t digest[SHA256_BYTES];
    struct buf hex = {0};
    sha256((struct str){(const char *)line->tenant.bytes, sizeof(line->tenant.bytes)}, digest);
    hex_put(&hex, digest, sizeof(line->safety_id) / 2);
    memcpy(line->safety_id, buf_text(&hex), sizeof(line->safety_id));
    buf_free(&hex);
}

void line_prepare_model(struct line *line, const struct line_setup *setup)
{
    struct line_texts texts = line->parts->texts(line->language, line->parts->texts_arg);
    struct prompt_facts facts = {.language = line->language,
                                 .owner = setup->owner,
                                 .business = setup->business,
                                 .notes = setup->instructions,
                                 .caller_name = setup->caller_name,
                                 .caller_number = setup->caller_number,
                                 .now = local_time(setup->timezone),
                                 .can_transfer = line->can_transfer,
                                 .vip = setup->vip,
                                 .names = setup->names,
                                 .urgent = setup->urgent,
                                 .said = setup->say,
                                 .message_only = setup->wants_message,
                                 .filter = setup->filter};
    struct buf system = {0};
    prompt_build(str_of(texts.conversation), &facts, &system);
    line->system = xstrdup(buf_text(&system));
    buf_free(&system);
    make_safety_id(line);
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

static void note_first_piece(struct line_reply *reply)
{
    struct line *line = reply->line;
    if (reply->asked_ms)
        stats_observe(&line->parts->stats->model,
                      (double)(loop_now_ms(line->parts->loop) - reply->asked_ms));
    reply->asked_ms = 0;
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
    note_first_piece(reply);
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

/* The instructions and what was said, as the provider wants it; returns how many messages. What
 * the owner whispered is of the instructions: models may refuse a second message of the system.
 * system holds the instructions then. */
static size_t put_messages(const struct line *line, struct buf *system,
                           struct llm_message out[CALL_MESSAGES_MAX + 1])
{
    static const enum llm_role roles[] = {[ROLE_ASSISTANT] = LLM_ASSISTANT,
                                          [ROLE_USER] = LLM_USER,
                                          [ROLE_TOOL_CALL] = LLM_TOOL_CALL,
                                          [ROLE_TOOL_RESULT] = LLM_TOOL_RESULT};
    struct call_message said[CALL_MESSAGES_MAX];
    size_t count = call_messages(line->core, said, CALL_MESSAGES_MAX);
    size_t first = count && said[0].role == ROLE_WHISPER;
    buf_puts(system, line->system);
    if (first)
        prompt_add_whispers(system, said[0].text);
    out[0] = (struct llm_message){.role = LLM_SYSTEM, .text = buf_str(system)};
    for (size_t i = first; i < count; i++)
        out[i + 1 - first] = (struct llm_message){.role = roles[said[i].role],
                                                  .text = said[i].text,
                                                  .id = said[i].id,
                                                  .name = said[i].name};
    return count + 1 - first;
}

static size_t put_tools(const struct line *line, struct llm_tool out[CALL_TOOLS_MAX])
{
    struct call_tool tools[CALL_TOOLS_MAX];
    size_t count = call_tools(line->can_transfer, tools);
    for (size_t i = 0; i < count; i++)
        out[i] = (struct llm_tool){tools[i].name, tools[i].description, tools[i].parameters_json};
    return count;
}

void line_ask(struct line *line, uint32_t gen)
{
    struct llm_message messages[CALL_MESSAGES_MAX + 1];
    struct llm_tool tools[CALL_TOOLS_MAX];
    struct line_reply *reply = find(line, 0);
    assert(reply); /* the core runs one gen at a time */
    struct buf system = {0};
    size_t count = put_messages(line, &system, messages);
    struct llm_request request = {
        .messages = messages,
        .message_count = count,
        .tools = tools,
        .tool_count = put_tools(line, tools),
        .tokens_max = REPLY_TOKENS_MAX,
        .cache_key = line->safety_id,
        .safety_id = line->safety_id,
        .log = line->log,
    };
    int64_t now_us = loop_now_us(line->parts->loop);
    *reply =
        (struct line_reply){.line = line, .gen = gen, .asked_ms = loop_now_ms(line->parts->loop)};
    for (size_t i = 0; i < count; i++)
        reply->prompt_bytes += messages[i].text.bytes;
    line->own_us = now_us - line->arrived_us;
    llm_ask(line->parts->llm, &request, on_reply, reply, &reply->asking);
    buf_free(&system);
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
