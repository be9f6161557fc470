/* sandbox/openai_think.c: the scripted screener behind Chat Completions. It keeps no state between
 * requests: each message list is played through the script from its beginning. */
#include "sandbox/openai_think.h"

#include "base/mem.h"
#include "rules/screening.h"
#include "rules/script.h"
#include "sandbox/body.h"
#include "sandbox/tongue.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SCHEMA_DEPTH_MAX = 12, SCREENED_LINES_MAX = 512 };

static bool role_is(const cJSON *message, const char *role)
{
    const char *is = body_text(message, "role");
    return is && strcmp(is, role) == 0;
}

/* The instructions say it, and what was said so far. */
static const char *spoken_in(const struct chat *chat)
{
    const cJSON *message = NULL;
    struct buf text = {0};
    cJSON_ArrayForEach(message, chat->messages)
    {
        if (role_is(message, "tool"))
            continue;
        chat_message_text(message, &text);
        buf_putc(&text, ' ');
    }
    const char *language = tongue_of(buf_str(&text));
    buf_free(&text);
    return language;
}

/* The name of the tool that a call of that id asked for. */
static const char *called_tool(const struct chat *chat, const char *id)
{
    const cJSON *message = NULL, *call = NULL;
    cJSON_ArrayForEach(message, chat->messages)
    {
        cJSON_ArrayForEach(call, cJSON_GetObjectItemCaseSensitive(message, "tool_calls"))
        {
            const char *call_id = body_text(call, "id");
            if (call_id && id && strcmp(call_id, id) == 0)
                return body_text(cJSON_GetObjectItemCaseSensitive(call, "function"), "name");
        }
    }
    return NULL;
}

static enum script_tool tool_of(const char *name)
{
    static const enum script_tool tools[] = {SCRIPT_TAKE_MESSAGE, SCRIPT_END_CALL,
                                             SCRIPT_TRANSFER_CALL};
    for (size_t i = 0; name && i < countof(tools); i++)
        if (strcmp(script_tool_name(tools[i]), name) == 0)
            return tools[i];
    return SCRIPT_NO_TOOL;
}

/* Tools answer in words or JSON; failure is told by one of these. */
static bool tells_of_failure(const char *text)
{
    static const char *const signs[] = {"fail", "error",        "not reached", "no answer",
                                        "busy", "\"ok\":false", "nobody",      "unavailable"};
    for (size_t i = 0; i < countof(signs); i++)
        if (strcasestr(text, signs[i]))
            return true;
    return false;
}

static void play_message(const struct chat *chat, const cJSON *message, struct script *script,
                         struct script_reply *reply)
{
    struct buf text = {0};
    chat_message_text(message, &text);
    if (role_is(message, "user")) {
        script_hear(script, buf_str(&text), 1, reply);
    } else if (role_is(message, "tool")) {
        enum script_tool tool = tool_of(called_tool(chat, body_text(message, "tool_call_id")));
        if (tool != SCRIPT_NO_TOOL)
            script_tool_done(script, tool, tells_of_failure(buf_text(&text)), reply);
    }
    buf_free(&text);
}

/* A model does what the owner's notes tell it. This one understands one order, in each language,
 * and obeys it in its first reply: a line of the notes that begins with "Say: " is said. */
static void obey_notes(struct str instructions, struct buf *text)
{
    static const char *const orders[] = {"Say: ", "Řekni: ", "Povedz: ", "Sag: "};
    bool notes = false;
    while (instructions.bytes) {
        struct str line = str_trim(str_cut(&instructions, '\n'));
        if (str_is(line, "<owner_notes>") || str_is(line, "</owner_notes>"))
            notes = line.at[1] != '/';
        for (size_t i = 0; notes && i < countof(orders); i++)
            if (str_starts(line, orders[i])) {
                size_t bytes = strlen(orders[i]);
                buf_add(text, line.at + bytes, line.bytes - bytes);
                buf_putc(text, ' ');
            }
    }
}

static void begin_reply(const struct chat *chat, struct buf *text)
{
    const cJSON *message = NULL;
    struct buf instructions = {0};
    int turns = 0;
    cJSON_ArrayForEach(message, chat->messages)
    {
        turns += role_is(message, "user") || role_is(message, "tool");
        if (role_is(message, "system"))
            chat_message_text(message, &instructions);
    }
    if (turns == 1)
        obey_notes(buf_str(&instructions), text);
    buf_free(&instructions);
}

static void think_talk(const struct chat *chat, struct thought *thought)
{
    const cJSON *message = NULL;
    struct script script;
    struct script_reply reply = {0};
    script_start(&script,
                 &(struct script_setup){.language = spoken_in(chat),
                                        .can_transfer = chat_offers_tool(chat, "transfer_call")});
    cJSON_ArrayForEach(message, chat->messages)
    {
        play_message(chat, message, &script, &reply);
    }
    begin_reply(chat, &thought->text);
    buf_puts(&thought->text, reply.text);
    const char *tool = script_tool_name(reply.tool);
    if (reply.tool != SCRIPT_NO_TOOL && chat_offers_tool(chat, tool)) {
        thought->tool = tool;
        buf_puts(&thought->arguments, reply.arguments);
    }
}

/* The newest thing the user said. */
static void last_words(const struct chat *chat, struct buf *out)
{
    const cJSON *message = NULL;
    cJSON_ArrayForEach(message, chat->messages)
    {
        if (!role_is(message, "user"))
            continue;
        buf_clear(out);
        chat_message_text(message, out);
    }
}

static size_t read_lines(const cJSON *transcript, struct screening_line *lines)
{
    const cJSON *line = NULL;
    size_t count = 0;
    cJSON_ArrayForEach(line, transcript)
    {
        const char *speaker = body_text(line, "speaker"), *text = body_text(line, "text");
        if (!speaker || !text || count == SCREENED_LINES_MAX)
            continue;
        lines[count++] = (struct screening_line){
            strcmp(speaker, "caller") == 0 ? SCREENING_CALLER : SCREENING_KAREN, str_of(text)};
    }
    return count;
}

/* The facts of a call, when the user's message is a transcript of one. */
static bool think_screening(const struct chat *chat, struct str question, struct thought *thought)
{
    cJSON *body = body_parse(question);
    const cJSON *transcript = cJSON_GetObjectItemCaseSensitive(body, "transcript");
    if (strcmp(chat->schema_name, SCREENING_SCHEMA_NAME) != 0 || !cJSON_IsArray(transcript)) {
        cJSON_Delete(body);
        return false;
    }
    struct screening_line *lines = xalloc(SCREENED_LINES_MAX * sizeof(*lines));
    struct screening screening = {0};
    const char *language = body_text(body, "language");
    struct screening_input input = {.language = language ? language : "en",
                                    .owner = body_text(body, "owner"),
                                    .caller_number = body_text(body, "caller_number"),
                                    .lines = lines,
                                    .line_count = read_lines(transcript, lines)};
    script_screen(&input, &screening);
    screening_print(&screening, &thought->text);
    free(lines);
    cJSON_Delete(body);
    return true;
}

static void fill(const cJSON *schema, struct str words, int depth, struct buf *out);

static void fill_object(const cJSON *schema, struct str words, int depth, struct buf *out)
{
    const cJSON *property = NULL;
    const char *comma = "";
    buf_putc(out, '{');
    cJSON_ArrayForEach(property, cJSON_GetObjectItemCaseSensitive(schema, "properties"))
    {
        buf_puts(out, comma);
        buf_json_string(out, str_of(property->string));
        buf_putc(out, ':');
        fill(property, words, depth + 1, out);
        comma = ",";
    }
    buf_putc(out, '}');
}

static const char *type_of(const cJSON *schema)
{
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(schema, "type");
    if (cJSON_IsArray(type))
        type = type->child; /* a union: its first */
    const char *name = cJSON_GetStringValue(type);
    return name ? name : "null";
}

/* The plainest value a schema allows; text is what the user said. */
static void fill(const cJSON *schema, struct str words, int depth, struct buf *out)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(schema, "enum");
    const cJSON *any = cJSON_GetObjectItemCaseSensitive(schema, "anyOf");
    const char *type = type_of(schema);
    if (depth > SCHEMA_DEPTH_MAX)
        buf_puts(out, "null");
    else if (list && list->child)
        body_print(list->child, out);
    else if (any && any->child)
        fill(any->child, words, depth + 1, out);
    else if (strcmp(type, "object") == 0)
        fill_object(schema, words, depth, out);
    else if (strcmp(type, "string") == 0)
        buf_json_string(out, words);
    else if (strcmp(type, "array") == 0)
        buf_puts(out, "[]");
    else if (strcmp(type, "boolean") == 0)
        buf_puts(out, "false");
    else
        buf_puts(out, strcmp(type, "null") == 0 ? "null" : "0");
}

void think(const struct chat *chat, struct thought *thought_out)
{
    struct buf words = {0};
    *thought_out = (struct thought){0};
    last_words(chat, &words);
    if (!chat->schema)
        think_talk(chat, thought_out);
    else if (!think_screening(chat, buf_str(&words), thought_out))
        fill(chat->schema, buf_str(&words), 0, &thought_out->text);
    buf_free(&words);
}

void thought_fini(struct thought *thought)
{
    buf_free(&thought->text);
    buf_free(&thought->arguments);
}
