/* line/question.c: questions to the model, put together. */
#include "line/question.h"

#include "base/hash.h"
#include "base/mem.h"
#include "call/prompt.h"
#include "line/line_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPLY_TOKENS_MAX = 220 };

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

static bool can_transfer(const struct line_setup *setup)
{
    return setup->transfer_to && setup->transfer_to[0];
}

void question_instructions(const struct line_setup *setup, const char *template, struct buf *out)
{
    const struct prompt_facts facts = {.language = setup->language,
                                       .owner = setup->owner,
                                       .business = setup->business,
                                       .notes = setup->instructions,
                                       .caller_name = setup->caller_name,
                                       .caller_number = setup->caller_number,
                                       .now = local_time(setup->timezone),
                                       .can_transfer = can_transfer(setup),
                                       .vip = setup->vip,
                                       .names = setup->names,
                                       .urgent = setup->urgent,
                                       .said = setup->say,
                                       .message_only = setup->wants_message,
                                       .filter = setup->filter};
    prompt_build(str_of(template), &facts, out);
}

void question_tag(struct uuid tenant, char out[QUESTION_TAG_BYTES])
{
    uint8_t digest[SHA256_BYTES];
    struct buf hex = {0};
    sha256((struct str){(const char *)tenant.bytes, sizeof(tenant.bytes)}, digest);
    hex_put(&hex, digest, QUESTION_TAG_BYTES / 2);
    memcpy(out, buf_text(&hex), QUESTION_TAG_BYTES);
    buf_free(&hex);
}

char *question_greeting(const struct line_setup *setup, const struct phrases *phrases)
{
    const char *greeting = phrases_greeting(phrases, setup->greeting);
    if (setup->transfer_failed && phrases->words[PHRASE_NOT_REACHED])
        greeting = phrases->words[PHRASE_NOT_REACHED];
    if (!setup->say || !setup->say[0] || !greeting)
        return xstrdup(setup->say && setup->say[0] ? setup->say : greeting);
    if (strlen(setup->say) + strlen(greeting) > LINE_GREETING_BYTES_MAX)
        return xstrdup(setup->say);
    return xprintf("%s %s", setup->say, greeting);
}

struct call_setup question_core(const struct line_setup *setup, const struct phrases *phrases,
                                const char *greeting)
{
    struct call_setup call = {
        .language = setup->language,
        .greeting = greeting,
        .can_transfer = can_transfer(setup),
        .message_only = setup->message_only,
        .resumed = setup->resumed,
        .transfer_failed = setup->transfer_failed,
        .duration_ms_max = setup->duration_ms_max ? setup->duration_ms_max : LINE_DURATION_MS,
    };
    for (size_t i = 0; i < PHRASE_COUNT; i++)
        call.phrases[i] = phrases->words[i];
    return call;
}

/* The instructions and what was said, as the provider wants it; returns how many messages. What
 * the owner whispered is of the instructions: models may refuse a second message of the system.
 * system holds the instructions then. */
static size_t put_messages(const struct question *question, struct buf *system,
                           struct llm_message out[CALL_MESSAGES_MAX + 1])
{
    static const enum llm_role roles[] = {[ROLE_ASSISTANT] = LLM_ASSISTANT,
                                          [ROLE_USER] = LLM_USER,
                                          [ROLE_TOOL_CALL] = LLM_TOOL_CALL,
                                          [ROLE_TOOL_RESULT] = LLM_TOOL_RESULT};
    struct call_message said[CALL_MESSAGES_MAX];
    size_t count = call_messages(question->core, said, CALL_MESSAGES_MAX);
    size_t first = count && said[0].role == ROLE_WHISPER;
    buf_puts(system, question->instructions);
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

static size_t put_tools(const struct question *question, struct llm_tool out[CALL_TOOLS_MAX])
{
    struct call_tool tools[CALL_TOOLS_MAX];
    size_t count = call_tools(question->can_transfer, tools);
    for (size_t i = 0; i < count; i++)
        out[i] = (struct llm_tool){tools[i].name, tools[i].description, tools[i].parameters_json};
    return count;
}

size_t question_ask(struct llm_driver *llm, const struct question *question, llm_event_fn *on_event,
                    void *arg, struct op **slot)
{
    struct llm_message messages[CALL_MESSAGES_MAX + 1];
    struct llm_tool tools[CALL_TOOLS_MAX];
    struct buf system = {0};
    size_t count = put_messages(question, &system, messages), bytes = 0;
    const struct llm_request request = {
        .messages = messages,
        .message_count = count,
        .tools = tools,
        .tool_count = put_tools(question, tools),
        .tokens_max = REPLY_TOKENS_MAX,
        .cache_key = question->tag,
        .safety_id = question->tag,
        .log = question->log,
    };
    for (size_t i = 0; i < count; i++)
        bytes += messages[i].text.bytes;
    llm_ask(llm, &request, on_event, arg, slot);
    buf_free(&system);
    return bytes;
}
