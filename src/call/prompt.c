/* call/prompt.c: fills a template for the model. A tenant's words go between two fence lines that
 * they cannot contain, everybody else's onto one line, so none of them can pose as the template. */
#include "call/prompt.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "call/words.h"

#include <string.h>

static const char notes_fence[] = "owner_notes";
static const char whispers_fence[] = "owner_whispers";

static struct str bounded(const char *text, size_t bytes_max)
{
    return str_trim(utf8_cut(str_of(text), bytes_max));
}

/* One line: control characters become spaces, brackets of tags and placeholders are dropped. */
static void put_fact(struct buf *out, const char *text, size_t bytes_max)
{
    struct str fact = bounded(text, bytes_max);
    for (size_t i = 0; i < fact.bytes; i++) {
        char byte = fact.at[i];
        if (byte == '<' || byte == '>' || byte == '{' || byte == '}')
            continue;
        buf_putc(out, (unsigned char)byte < 0x20 || byte == 0x7f ? ' ' : byte);
    }
}

/* Lines stay, tags cannot: a fence of our own could end in the middle otherwise. */
static void put_fenced(struct buf *out, const char *fence, struct str text)
{
    buf_printf(out, "<%s>\n", fence);
    for (size_t i = 0; i < text.bytes; i++) {
        char byte = text.at[i];
        if (byte == '<')
            buf_puts(out, "\xE2\x80\xB9"); /* looks alike, is no tag */
        else if (byte == '>')
            buf_puts(out, "\xE2\x80\xBA");
        else if ((unsigned char)byte >= 0x20 || byte == '\n' || byte == '\t')
            buf_putc(out, byte);
    }
    buf_printf(out, "\n</%s>", fence);
}

static void put_now(struct buf *out, const struct prompt_facts *facts)
{
    static const char *const days[LANGUAGE_COUNT][7] = {
        [LANGUAGE_CS] = {"neděle", "pondělí", "úterý", "středa", "čtvrtek", "pátek", "sobota"},
        [LANGUAGE_SK] = {"nedeľa", "pondelok", "utorok", "streda", "štvrtok", "piatok", "sobota"},
        [LANGUAGE_EN] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
                         "Saturday"},
        [LANGUAGE_DE] = {"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag",
                         "Samstag"},
    };
    const struct tm *now = &facts->now;
    buf_printf(out, "%s %04d-%02d-%02d %02d:%02d", days[language_of(facts->language)][now->tm_wday],
               now->tm_year + 1900, now->tm_mon + 1, now->tm_mday, now->tm_hour, now->tm_min);
}

static void put_list(struct buf *out, const char *const *list)
{
    size_t start = out->bytes;
    for (; list && *list && out->bytes - start < PROMPT_LIST_BYTES_MAX; list++) {
        buf_puts(out, out->bytes > start ? "; " : "");
        put_fact(out, *list, PROMPT_FACT_BYTES_MAX);
    }
}

static bool is_listed(const char *const *list)
{
    return list && *list;
}

static bool is_given(const char *text)
{
    return str_trim(str_of(text)).bytes > 0;
}

static bool any_rule(const struct prompt_facts *facts)
{
    bool puts_through = facts->vip || is_listed(facts->names) || is_listed(facts->urgent);
    return (facts->can_transfer && puts_through) || facts->message_only || facts->filter ||
           is_given(facts->said);
}

enum condition { HOLDS, HOLDS_NOT, NO_CONDITION };

static enum condition judge(const struct prompt_facts *facts, struct str condition)
{
    const struct {
        const char *name;
        bool holds;
    } known[] = {
        {"transfer", facts->can_transfer},
        {"no transfer", !facts->can_transfer},
        {"caller", is_given(facts->caller_name)},
        {"no caller", !is_given(facts->caller_name)},
        {"number", is_given(facts->caller_number)},
        {"no number", !is_given(facts->caller_number)},
        {"business", is_given(facts->business)},
        {"notes", is_given(facts->notes)},
        {"vip", facts->can_transfer && facts->vip},
        {"message", facts->message_only},
        {"filter", facts->filter},
        {"said", is_given(facts->said)},
        {"names", facts->can_transfer && is_listed(facts->names)},
        {"rules", any_rule(facts)},
        {"urgent", facts->can_transfer && is_listed(facts->urgent)},
    };
    for (size_t i = 0; i < countof(known); i++)
        if (str_is(condition, known[i].name))
            return known[i].holds ? HOLDS : HOLDS_NOT;
    return NO_CONDITION;
}

static void put_field(struct buf *out, const struct prompt_facts *facts, struct str name)
{
    if (str_is(name, "owner"))
        put_fact(out, facts->owner, PROMPT_FACT_BYTES_MAX);
    else if (str_is(name, "business"))
        put_fact(out, facts->business, PROMPT_FACT_BYTES_MAX);
    else if (str_is(name, "caller"))
        put_fact(out, facts->caller_name, PROMPT_FACT_BYTES_MAX);
    else if (str_is(name, "number"))
        put_fact(out, facts->caller_number, PROMPT_FACT_BYTES_MAX);
    else if (str_is(name, "now"))
        put_now(out, facts);
    else if (str_is(name, "notes"))
        put_fenced(out, notes_fence, bounded(facts->notes, PROMPT_NOTES_BYTES_MAX));
    else if (str_is(name, "names"))
        put_list(out, facts->names);
    else if (str_is(name, "urgent"))
        put_list(out, facts->urgent);
    else if (str_is(name, "said"))
        put_fact(out, facts->said, PROMPT_LIST_BYTES_MAX);
}

static void put_line(struct buf *out, const struct prompt_facts *facts, struct str line)
{
    while (line.bytes) {
        struct str text = str_cut(&line, '{');
        buf_add_str(out, text);
        if (line.bytes)
            put_field(out, facts, str_cut(&line, '}'));
    }
    buf_putc(out, '\n');
}

/* Takes the condition off the front of a line; false: it does not hold. */
static bool is_kept(const struct prompt_facts *facts, struct str *line)
{
    if (!str_starts(*line, "["))
        return true;
    struct str rest = {line->at + 1, line->bytes - 1};
    enum condition condition = judge(facts, str_cut(&rest, ']'));
    if (condition == HOLDS)
        *line = str_trim(rest);
    return condition != HOLDS_NOT;
}

void prompt_build(struct str template, const struct prompt_facts *facts, struct buf *out)
{
    buf_clear(out);
    while (template.bytes) {
        struct str line = str_cut(&template, '\n');
        if (is_kept(facts, &line))
            put_line(out, facts, line);
    }
}

void prompt_add_whispers(struct buf *prompt, struct str whispers)
{
    buf_puts(prompt, "\n# From the owner, during this call\n\n"
                     "The owner follows this call and tells you what stands between the two tags, "
                     "one thing a line, the newest last. The caller does not hear it. Do so from "
                     "now on, within the rules above, and never mention that you were told.\n");
    put_fenced(prompt, whispers_fence, whispers);
    buf_putc(prompt, '\n');
}

/* Descriptions are in English in every language: they are for the model, not for the caller. */
size_t call_tools(bool can_transfer, struct call_tool out[CALL_TOOLS_MAX])
{
    static const struct call_tool take_message = {
        "take_message",
        "Store the caller's message for the owner. Call it once per matter, as soon as you know "
        "who "
        "is calling and why. Use what the caller said, never a guess; an empty string for what was "
        "not said.",
        "{\"type\":\"object\",\"properties\":{"
        "\"name\":{\"type\":\"string\",\"description\":\"the caller's name and company\"},"
        "\"reason\":{\"type\":\"string\",\"description\":\"what it is about, one or two "
        "sentences\"},"
        "\"callback_number\":{\"type\":\"string\",\"description\":\"the number to call back, "
        "digits "
        "as said\"},"
        "\"urgent\":{\"type\":\"boolean\"}},"
        "\"required\":[\"name\",\"reason\",\"callback_number\",\"urgent\"],"
        "\"additionalProperties\":false}"};
    static const struct call_tool end_call = {
        "end_call",
        "Hang up, after the words you say in the same reply were heard. Say goodbye in that reply. "
        "Only when the conversation is finished: the caller said goodbye, or everything is noted.",
        "{\"type\":\"object\",\"properties\":{"
        "\"reason\":{\"type\":\"string\",\"description\":\"one or two words\"}},"
        "\"required\":[\"reason\"],\"additionalProperties\":false}"};
    static const struct call_tool transfer_call = {
        "transfer_call",
        "Put the caller through to the owner, only where your instructions allow it for this "
        "caller. The words you say in the same reply are heard first.",
        "{\"type\":\"object\",\"properties\":{"
        "\"reason\":{\"type\":\"string\",\"description\":\"who is calling and why, one sentence "
        "for "
        "the owner\"}},"
        "\"required\":[\"reason\"],\"additionalProperties\":false}"};
    size_t count = 0;
    out[count++] = take_message;
    out[count++] = end_call;
    if (can_transfer)
        out[count++] = transfer_call;
    return count;
}
