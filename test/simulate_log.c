/* test/simulate_log.c: a simulated call written down as text, and read again. */
#include "test/simulate_log.h"

#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const event_names[] = {
    "STARTED",     "VOICE_ON",      "VOICE_GOING",  "VOICE_OFF",  "WORDS",
    "WORDS_FINAL", "UTTERANCE_END", "STT_UP",       "STT_DOWN",   "REPLY_TEXT",
    "REPLY_TOOL",  "REPLY_DONE",    "REPLY_FAILED", "CLIP_AUDIO", "CLIP_DONE",
    "CLIP_FAILED", "MARK",          "DTMF",         "TOOL_DONE",  "TRANSFER_FAILED",
    "TICK",        "END_ASKED",     "SAY_ASKED",    "WHISPER",    "TRANSFER_ASKED",
    "GONE"};

/* The numbers of an event and of a call, by name. */
enum type { INT, UINT32, INT64, SIZE, BOOL, CHAR, PERCENT };
struct field {
    const char *name;
    size_t offset;
    enum type type;
};
static const struct field event_fields[] = {
    {"gen", offsetof(struct call_event, gen), UINT32},
    {"clip", offsetof(struct call_event, clip), UINT32},
    {"mark", offsetof(struct call_event, mark), UINT32},
    {"conn", offsetof(struct call_event, conn), UINT32},
    {"order", offsetof(struct call_event, order), UINT32},
    {"at", offsetof(struct call_event, at_ms), INT64},
    {"end", offsetof(struct call_event, end_ms), INT64},
    {"voiced", offsetof(struct call_event, voiced_ms), INT64},
    {"finalized", offsetof(struct call_event, from_finalize), BOOL},
    {"speech_final", offsetof(struct call_event, speech_final), BOOL},
    {"turn", offsetof(struct call_event, turn), UINT32},
    {"eager", offsetof(struct call_event, eager), BOOL},
    {"resumed", offsetof(struct call_event, resumed), BOOL},
    {"turn_over", offsetof(struct call_event, turn_over), BOOL},
    {"confidence", offsetof(struct call_event, confidence), PERCENT},
    {"bytes", offsetof(struct call_event, bytes), SIZE},
    {"letters", offsetof(struct call_event, letters), SIZE},
    {"err", offsetof(struct call_event, err), INT},
    {"digit", offsetof(struct call_event, digit), CHAR},
};
static const struct field text_fields[] = {
    {"text", offsetof(struct call_event, text), INT},
    {"id", offsetof(struct call_event, id), INT},
    {"name", offsetof(struct call_event, name), INT},
};
static const struct field call_fields[] = {
    {"seed", offsetof(struct sim_call, seed), INT64},
    {"world", offsetof(struct sim_call, world), INT64},
    {"transfer", offsetof(struct sim_call, can_transfer), INT64},
    {"message_only", offsetof(struct sim_call, message_only), INT64},
    {"letter", offsetof(struct sim_call, letter_bytes), INT64},
    {"net", offsetof(struct sim_call, net_ms), INT64},
    {"skew", offsetof(struct sim_call, media_skew_ms), INT64},
    {"marks_unsure", offsetof(struct sim_call, marks_unsure), INT64},
    {"voice_flaky", offsetof(struct sim_call, voice_flaky), INT64},
    {"phrases_fail", offsetof(struct sim_call, phrases_fail), INT64},
};

static long long value_of(const struct field *field, const void *of)
{
    const void *at = (const char *)of + field->offset;
    switch (field->type) {
    case INT: return *(const int *)at;
    case UINT32: return *(const uint32_t *)at;
    case INT64: return *(const int64_t *)at;
    case SIZE: return (long long)*(const size_t *)at;
    case BOOL: return *(const bool *)at;
    case CHAR: return *(const char *)at;
    case PERCENT: return (long long)(*(const float *)at * 100 + 0.5f);
    }
    return 0;
}

static void set_value(const struct field *field, void *of, long long value)
{
    void *at = (char *)of + field->offset;
    switch (field->type) {
    case INT: *(int *)at = (int)value; break;
    case UINT32: *(uint32_t *)at = (uint32_t)value; break;
    case INT64: *(int64_t *)at = value; break;
    case SIZE: *(size_t *)at = (size_t)value; break;
    case BOOL: *(bool *)at = value != 0; break;
    case CHAR: *(char *)at = (char)value; break;
    case PERCENT: *(float *)at = (float)value / 100; break;
    }
}

static void write_fields(struct buf *out, const struct field *fields, size_t count, const void *of)
{
    for (size_t i = 0; i < count; i++) {
        long long value = value_of(&fields[i], of);
        if (value)
            buf_printf(out, " %s=%lld", fields[i].name, value);
    }
}

static void write_text(struct buf *out, const char *name, struct str text)
{
    if (!text.bytes)
        return;
    buf_printf(out, " %s=", name);
    buf_json_string(out, text);
}

void sim_log_call(struct buf *out, const struct sim_call *call)
{
    buf_puts(out, "call");
    write_fields(out, call_fields, countof(call_fields), call);
    buf_putc(out, '\n');
}

void sim_log_event(struct buf *out, int64_t at_ms, const struct call_event *event,
                   const char *state)
{
    buf_printf(out, "%8lld %s", (long long)at_ms, event_names[event->kind]);
    write_fields(out, event_fields, countof(event_fields), event);
    write_text(out, "text", event->text);
    write_text(out, "id", event->id);
    write_text(out, "name", event->name);
    buf_printf(out, " (%s)\n", state);
}

void sim_log_action(struct buf *out, int64_t at_ms, const struct call_action *action)
{
    static const char *const names[] = {"FINALIZE", "ASK",        "CANCEL_REPLY", "SYNTH",  "SEND",
                                        "MARK",     "CLEAR",      "DROP_CLIP",    "RECORD", "TOOL",
                                        "TRANSFER", "ORDER_OVER", "HANG_UP",      "ENDED"};
    static const struct field fields[] = {
        {"gen", offsetof(struct call_action, gen), UINT32},
        {"clip", offsetof(struct call_action, clip), UINT32},
        {"mark", offsetof(struct call_action, mark), UINT32},
        {"ep", offsetof(struct call_action, epoch), UINT32},
        {"order", offsetof(struct call_action, order), UINT32},
        {"offset", offsetof(struct call_action, offset), SIZE},
        {"bytes", offsetof(struct call_action, bytes), SIZE},
        {"err", offsetof(struct call_action, err), INT},
        {"seq", offsetof(struct call_action, line.seq), UINT32},
        {"cut", offsetof(struct call_action, line.interrupted), BOOL},
    };
    buf_printf(out, "%8lld   -> %s", (long long)at_ms, names[action->kind]);
    write_fields(out, fields, countof(fields), action);
    if (action->phrase)
        buf_printf(out, " phrase=%d", (int)action->phrase);
    if (action->kind == DO_RECORD)
        buf_printf(out, " speaker=%d kind=%d", (int)action->line.speaker, (int)action->line.kind);
    write_text(out, "text", action->kind == DO_RECORD ? action->line.text : action->text);
    write_text(out, "name", action->name);
    buf_putc(out, '\n');
}

/* Reading. */

static bool take_number(struct str *text, long long *out)
{
    size_t at = text->bytes && text->at[0] == '-', first = at;
    long long value = 0;
    for (; at < text->bytes && at < first + 18 && text->at[at] >= '0' && text->at[at] <= '9'; at++)
        value = value * 10 + (text->at[at] - '0');
    if (at == first)
        return false;
    *out = first ? -value : value;
    *text = (struct str){text->at + at, text->bytes - at};
    return true;
}

/* A JSON string at the front of text; NULL: it is none. */
static bool take_text(struct sim_log *log, struct str *text, struct str *out)
{
    size_t end = 1;
    while (end < text->bytes && text->at[end] != '"')
        end += text->at[end] == '\\' ? 2 : 1;
    if (!text->bytes || text->at[0] != '"' || end >= text->bytes)
        return false;
    struct buf plain = {0};
    json_unescape(&plain, (struct str){text->at + 1, end - 1});
    *out = (struct str){arena_strndup(&log->texts, buf_text(&plain), plain.bytes), plain.bytes};
    buf_free(&plain);
    *text = (struct str){text->at + end + 1, text->bytes - end - 1};
    return true;
}

static const struct field *field_of(const struct field *fields, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(name, fields[i].name))
            return &fields[i];
    return NULL;
}

/* name=value ... up to the end or a bracket. */
static bool read_fields(struct sim_log *log, struct str rest, const struct field *fields,
                        size_t count, void *into, bool texts)
{
    for (rest = str_trim(rest); rest.bytes && rest.at[0] != '('; rest = str_trim(rest)) {
        struct str name = str_cut(&rest, '=');
        const struct field *field = field_of(fields, count, name);
        const struct field *text = texts ? field_of(text_fields, countof(text_fields), name) : NULL;
        long long value;
        if (field && take_number(&rest, &value))
            set_value(field, into, value);
        else if (!text ||
                 !take_text(log, &rest, (struct str *)(void *)((char *)into + text->offset)))
            return false;
        if (rest.bytes && rest.at[0] != ' ')
            return false;
    }
    return true;
}

static bool read_event(struct sim_log *log, struct str line)
{
    long long at_ms;
    struct sim_logged logged = {0};
    if (!take_number(&line, &at_ms) || at_ms < 0)
        return false;
    line = str_trim(line);
    if (str_starts(line, "->") || str_starts(line, "***"))
        return true;
    struct str name = str_cut(&line, ' ');
    size_t kind = 0;
    while (kind < countof(event_names) && !str_is(name, event_names[kind]))
        kind++;
    if (kind == countof(event_names))
        return false;
    logged.at_ms = at_ms;
    logged.event.kind = (enum call_event_kind)kind;
    if (!read_fields(log, line, event_fields, countof(event_fields), &logged.event, true))
        return false;
    log->events = xrealloc(log->events, (log->count + 1) * sizeof log->events[0]);
    log->events[log->count++] = logged;
    return true;
}

int sim_log_read(struct str text, struct sim_log *log_out, size_t *line_out)
{
    *log_out = (struct sim_log){0};
    for (*line_out = 1; text.bytes; ++*line_out) {
        struct str line = str_trim(str_cut(&text, '\n'));
        bool good = true;
        if (str_starts(line, "call "))
            good = read_fields(log_out, (struct str){line.at + 5, line.bytes - 5}, call_fields,
                               countof(call_fields), &log_out->call, false);
        else if (line.bytes && line.at[0] >= '0' && line.at[0] <= '9')
            good = read_event(log_out, line);
        if (!good)
            return EINVAL;
    }
    return 0;
}

void sim_log_free(struct sim_log *log)
{
    free(log->events);
    arena_free(&log->texts);
    *log = (struct sim_log){0};
}
