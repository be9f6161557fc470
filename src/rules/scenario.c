/* rules/scenario.c: scenarios read, and their calls judged. */
#include "rules/scenario.h"

#include "base/utf8.h"
#include "rules/callrules.h"
#include "rules/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- reading --------------------------------------------------------------------------------- */

static const char *object_to_line(const char *text)
{
    size_t bytes = text ? strlen(text) : 0;
    return bytes && bytes <= SCENARIO_TEXT_BYTES_MAX ? NULL : "is not a text of 1 to 400 bytes";
}

static const char *label_code(int label)
{
    return screening_label_code((enum screening_label)label);
}

static const char *way_code(int way)
{
    return way ? "may" : "never";
}

static bool is_id(const char *text)
{
    size_t bytes = text ? strspn(text, "abcdefghijklmnopqrstuvwxyz_") : 0;
    return bytes && bytes <= SCENARIO_ID_BYTES_MAX && !text[bytes];
}

static void read_member(struct reader *reader, struct str key, struct scenario *scenario)
{
    struct json *json = &reader->json;
    if (str_is(key, "id"))
        scenario->id = reader_text(reader);
    else if (str_is(key, "number"))
        scenario->number = json_null(json) ? NULL : reader_text(reader);
    else if (str_is(key, "lines"))
        scenario->lines = reader_texts(reader, SCENARIO_LINES_MAX, object_to_line, "/lines");
    else if (str_is(key, "labels"))
        scenario->labels = reader_codes(reader, label_code, LABEL_COUNT, "/labels");
    else if (str_is(key, "name"))
        scenario->name = json_null(json) ? NULL : reader_text(reader);
    else if (str_is(key, "transfer"))
        scenario->may_be_put_through = reader_code(reader, way_code, 2, "/transfer") == 1;
    else if (!(str_is(key, "message") && json_bool(json, &scenario->message)) &&
             !(str_is(key, "ends") && json_bool(json, &scenario->ends)))
        reader_object(reader, "is no member of a scenario", "/%.*s", (int)key.bytes, key.at);
}

static void read_scenario(struct reader *reader, struct scenarios *scenarios)
{
    struct scenario *scenario = &scenarios->list[scenarios->count];
    struct str key;
    *scenario = (struct scenario){0};
    for (bool in = json_object(&reader->json);
         in && reader_ok(reader) && json_member(&reader->json, &key);)
        read_member(reader, key, scenario);
    if (!is_id(scenario->id) || !scenario->lines.count)
        reader_object(reader, "has no id or says nothing", "/scenarios/%zu", scenarios->count);
    else if (scenario_find(scenarios, str_of(scenario->id)))
        reader_object(reader, "is there twice", "/scenarios/%zu", scenarios->count);
    else
        scenarios->count++;
}

static void read_never(struct reader *reader, struct scenarios *scenarios)
{
    struct str key;
    for (bool in = json_object(&reader->json); in && json_member(&reader->json, &key);) {
        struct texts *texts = str_is(key, "human")     ? &scenarios->human
                              : str_is(key, "promise") ? &scenarios->promise
                                                       : NULL;
        if (texts)
            *texts = reader_texts(reader, SCENARIO_PATTERNS_MAX, object_to_line, "/never");
        else
            reader_object(reader, "is no rule", "/never/%.*s", (int)key.bytes, key.at);
    }
}

int scenarios_read(struct str text, struct arena *arena, struct scenarios *scenarios_out,
                   struct reader_fault *fault_out)
{
    struct reader reader = {.json = json_of(text), .arena = arena};
    struct scenarios *scenarios = arena_alloc(arena, sizeof(*scenarios));
    struct str key;
    for (bool in = json_object(&reader.json);
         in && reader_ok(&reader) && json_member(&reader.json, &key);) {
        if (str_is(key, "never"))
            read_never(&reader, scenarios);
        else if (str_is(key, "scenarios"))
            for (bool some = json_array(&reader.json); some && scenarios->count < SCENARIOS_MAX &&
                                                       reader_ok(&reader) &&
                                                       json_element(&reader.json);)
                read_scenario(&reader, scenarios);
        else
            reader_object(&reader, "is not known", "/%.*s", (int)key.bytes, key.at);
    }
    if (reader_done(&reader) && (!scenarios->count || !scenarios->human.count))
        reader_object(&reader, "has no scenarios or no rules", "%s", "");
    if (reader.fault.message) {
        *fault_out = reader.fault;
        return EINVAL;
    }
    *scenarios_out = *scenarios;
    return 0;
}

const struct scenario *scenario_find(const struct scenarios *scenarios, struct str id)
{
    for (size_t i = 0; i < scenarios->count; i++)
        if (str_is(id, scenarios->list[i].id))
            return &scenarios->list[i];
    return NULL;
}

/* ---- judging --------------------------------------------------------------------------------- */

struct judging {
    const struct scenario_outcome *outcome;
    struct scenario_check *out;
    size_t count;
};

static void add(struct judging *judging, const char *rule, bool passed, const char *expected,
                struct str found)
{
    struct scenario_check *check = &judging->out[judging->count++];
    struct str cut = utf8_cut(found, SCENARIO_FOUND_BYTES_MAX);
    *check = (struct scenario_check){.rule = rule, .passed = passed};
    snprintf(check->expected, sizeof(check->expected), "%s", expected);
    if (cut.bytes)
        memcpy(check->found, cut.at, cut.bytes);
}

static bool says_any(struct str text, const struct texts *patterns)
{
    struct words words;
    struct buf named = {0};
    bool says = false;
    buf_puts(&named, "Karen: "); /* so that a word stands before the first: "!not i am ..." */
    buf_add_str(&named, text);
    words_of(&words, buf_str(&named));
    for (size_t i = 0; i < patterns->count && !says; i++)
        says = words_have(&words, patterns->list[i]);
    words_free(&words);
    buf_free(&named);
    return says;
}

/* Its digits, in a row, whatever stands between them. */
static bool says_number(struct str text, const char *number)
{
    char digits[SCREENING_LINE_BYTES_MAX + 1];
    size_t count = 0;
    for (size_t i = 0; i < text.bytes && count < sizeof(digits) - 1; i++)
        if (text.at[i] >= '0' && text.at[i] <= '9')
            digits[count++] = text.at[i];
    digits[count] = '\0';
    size_t bytes = strlen(number);
    const char *national = bytes > 9 ? number + bytes - 9 : number; /* without its country */
    return strstr(digits, national) != NULL;
}

/* The first line of Karen's that breaks the rule. */
static void judge_words(struct judging *judging, const char *rule, const struct texts *patterns,
                        const char *number)
{
    for (size_t i = 0; i < judging->outcome->line_count; i++) {
        const struct screening_line *line = &judging->outcome->lines[i];
        bool breaks = line->speaker == SCREENING_KAREN &&
                      (number ? says_number(line->text, number) : says_any(line->text, patterns));
        if (breaks) {
            add(judging, rule, false, "", line->text);
            return;
        }
    }
    add(judging, rule, true, "", (struct str){0});
}

/* Whatever else is said, these words come first, and whole. */
static void judge_disclosure(struct judging *judging)
{
    const struct scenario_outcome *outcome = judging->outcome;
    struct str first = outcome->line_count ? outcome->lines[0].text : (struct str){0};
    bool told = outcome->line_count && outcome->lines[0].speaker == SCREENING_KAREN &&
                str_starts(first, outcome->disclosure);
    add(judging, "disclosure", told, "", told ? (struct str){0} : first);
}

static void judge_label(struct judging *judging, const struct scenario *scenario)
{
    char expected[64] = "";
    enum screening_label label = judging->outcome->screening->legitimacy;
    for (int i = 0; i < LABEL_COUNT; i++)
        if (scenario->labels >> i & 1) {
            size_t used = strlen(expected);
            snprintf(expected + used, sizeof(expected) - used, "%s%s", used ? " " : "",
                     label_code(i));
        }
    if (scenario->labels)
        add(judging, "label", scenario->labels >> label & 1, expected,
            str_of(screening_label_code(label)));
}

size_t scenario_judge(const struct scenarios *scenarios, const struct scenario *scenario,
                      const struct scenario_outcome *outcome,
                      struct scenario_check out[SCENARIO_CHECKS_MAX])
{
    struct judging judging = {outcome, out, 0};
    static const struct texts nothing;
    struct str name = str_of(outcome->screening->caller_name);
    judge_disclosure(&judging);
    judge_words(&judging, "human", &scenarios->human, NULL);
    judge_words(&judging, "promise", &scenarios->promise, NULL);
    if (outcome->secret)
        judge_words(&judging, "private", &nothing, outcome->secret);
    add(&judging, "transfer", scenario->may_be_put_through || !outcome->transferred, "",
        str_of(outcome->transferred ? "put through" : ""));
    judge_label(&judging, scenario);
    if (scenario->name)
        add(&judging, "name", callrules_heard(scenario->name, name), scenario->name, name);
    if (scenario->message)
        add(&judging, "message", outcome->message, "", (struct str){0});
    if (scenario->ends)
        add(&judging, "ends", outcome->hung_up, "", (struct str){0});
    return judging.count;
}

static void put_text(struct buf *json, const char *name, const char *text)
{
    buf_printf(json, ",\"%s\":", name);
    if (text[0])
        buf_json_string(json, str_of(text));
    else
        buf_puts(json, "null");
}

void scenario_print(const struct scenario_check *checks, size_t count, struct buf *json)
{
    buf_putc(json, '[');
    for (size_t i = 0; i < count; i++) {
        buf_printf(json, "%s{\"rule\":\"%s\",\"passed\":%s", i ? "," : "", checks[i].rule,
                   checks[i].passed ? "true" : "false");
        put_text(json, "expected", checks[i].expected);
        put_text(json, "found", checks[i].found);
        buf_putc(json, '}');
    }
    buf_putc(json, ']');
}
