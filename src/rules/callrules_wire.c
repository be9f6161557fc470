/* rules/callrules_wire.c: rules and decisions printed whole; what decides a call read whole.
 * Reading a rule is callrules_read.c's. */
#include "rules/callrules_wire.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void put_list(struct buf *out, const char *name, const struct texts *texts)
{
    buf_printf(out, "\"%s\":[", name);
    for (size_t i = 0; i < texts->count; i++) {
        buf_puts(out, i ? "," : "");
        buf_json_string(out, str_of(texts->list[i]));
    }
    buf_putc(out, ']');
}

static void put_codes(struct buf *out, const char *name, unsigned bits, code_fn *code, int count)
{
    const char *comma = "";
    buf_printf(out, "\"%s\":[", name);
    for (int value = 0; value < count; value++)
        if (bits >> value & 1) {
            buf_printf(out, "%s\"%s\"", comma, code(value));
            comma = ",";
        }
    buf_putc(out, ']');
}

static void put_moment(struct buf *out, const char *name, int64_t unix_ms)
{
    char text[MOMENT_TEXT_BYTES];
    moment_print(unix_ms, text);
    if (unix_ms)
        buf_printf(out, "\"%s\":\"%s\"", name, text);
    else
        buf_printf(out, "\"%s\":null", name);
}

static void put_times(const struct callrule *rule, struct buf *out)
{
    char from[CLOCK_TEXT_BYTES], to[CLOCK_TEXT_BYTES];
    buf_puts(out, "\"times\":[");
    for (size_t i = 0; i < rule->when.time_count; i++) {
        clock_print(rule->when.times[i].from, from);
        clock_print(rule->when.times[i].to, to);
        buf_printf(out, "%s{\"from\":\"%s\",\"to\":\"%s\"}", i ? "," : "", from, to);
    }
    buf_putc(out, ']');
}

static void put_dates(const struct callrule *rule, struct buf *out)
{
    char from[DATE_TEXT_BYTES], to[DATE_TEXT_BYTES];
    buf_puts(out, "\"dates\":[");
    for (size_t i = 0; i < rule->when.date_count; i++) {
        date_print(rule->when.dates[i].from, from);
        date_print(rule->when.dates[i].to, to);
        buf_printf(out, "%s{\"from\":\"%s\",\"to\":\"%s\"}", i ? "," : "", from, to);
    }
    buf_putc(out, ']');
}

static void put_who(const struct callrule *rule, struct buf *out)
{
    static const struct texts none;
    const char *list = callrule_list_name(rule->who.kind);
    static const char *const names[] = {"numbers", "countries", "names"};
    buf_printf(out, "\"who\":{\"kind\":\"%s\"", callrule_who_code((int)rule->who.kind));
    for (size_t i = 0; i < countof(names); i++) {
        buf_putc(out, ',');
        put_list(out, names[i], list && strcmp(list, names[i]) == 0 ? &rule->who.list : &none);
    }
    buf_putc(out, '}');
}

static void put_when(const struct callrule *rule, struct buf *out)
{
    buf_puts(out, "\"when\":{");
    put_codes(out, "days", rule->when.days, callrule_day_code, 7);
    buf_putc(out, ',');
    put_times(rule, out);
    buf_putc(out, ',');
    put_dates(rule, out);
    buf_printf(out, ",\"holidays\":\"%s\",", callrule_holidays_code((int)rule->when.holidays));
    put_moment(out, "since", rule->when.since_ms);
    buf_putc(out, ',');
    put_moment(out, "until", rule->when.until_ms);
    buf_putc(out, ',');
    put_codes(out, "modes", rule->when.modes, callrule_mode_code, MODE_COUNT);
    buf_putc(out, '}');
}

static void put_say(struct buf *out, const char *say)
{
    buf_puts(out, "\"say\":");
    if (say[0])
        buf_json_string(out, str_of(say));
    else
        buf_puts(out, "null");
}

void callrule_put(const struct callrule *rule, struct buf *out)
{
    put_who(rule, out);
    buf_putc(out, ',');
    put_when(rule, out);
    buf_printf(out, ",\"then\":{\"action\":\"%s\",\"ring_seconds\":%d,",
               callrule_action_code((int)rule->then.action), rule->then.ring_seconds);
    put_say(out, rule->then.say);
    buf_putc(out, ',');
    put_list(out, "urgent_words", &rule->then.urgent);
    buf_putc(out, '}');
}

/* ---- what decides a call --------------------------------------------------------------------- */

static const char *any_text(const char *text)
{
    (void)text;
    return NULL;
}

static void read_number(struct reader *reader, struct callrules_facts *facts)
{
    if (json_null(&reader->json))
        return;
    const char *text = reader_text(reader);
    /* what is no number that could be called is as good as none */
    if (!text)
        reader_object(reader, "must be a text", "/number");
    else
        phone_parse(str_of(text), NULL, facts->number);
}

static struct date read_date(struct reader *reader, const char *field)
{
    struct date date = {DATE_YEAR_MIN, 1, 1};
    const char *text = reader_text(reader);
    if (!text || !date_parse(text, &date))
        reader_object(reader, "must be a date", "%s", field);
    return date;
}

static void read_own_dates(struct reader *reader, struct callrules_facts *facts)
{
    struct date *dates = arena_alloc(reader->arena, CALLRULES_OWN_DATES_MAX * sizeof(*dates));
    bool in = json_array(&reader->json);
    while (in && reader_ok(reader) && json_element(&reader->json)) {
        if (facts->own_date_count == CALLRULES_OWN_DATES_MAX)
            reader_object(reader, "has too many entries", "/own_dates");
        else
            dates[facts->own_date_count++] = read_date(reader, "/own_dates");
    }
    facts->own_dates = dates;
}

static int64_t read_whole(struct reader *reader, int64_t max, const char *field)
{
    int64_t whole = 0;
    if (!json_whole(&reader->json, &whole) || whole < 0 || whole > max)
        reader_object(reader, "must be a whole number in its bounds", "%s", field);
    return whole;
}

static void read_fact(struct reader *reader, struct str key, struct callrules_facts *facts)
{
    struct json *json = &reader->json;
    if (str_is(key, "number"))
        read_number(reader, facts);
    else if (str_is(key, "contact"))
        facts->contact = json_null(json)
                             ? CALLER_STRANGER
                             : (enum callrule_contact)reader_code(reader, callrule_contact_code,
                                                                  CALLER_COUNT, "/contact");
    else if (str_is(key, "now"))
        facts->now_ms = read_whole(reader, INT64_MAX, "/now");
    else if (str_is(key, "date"))
        facts->date = read_date(reader, "/date");
    else if (str_is(key, "minute"))
        facts->minute = (int)read_whole(reader, DAY_MINUTES - 1, "/minute");
    else if (str_is(key, "mode"))
        facts->mode =
            (enum callrule_mode)reader_code(reader, callrule_mode_code, MODE_COUNT, "/mode");
    else if (str_is(key, "countries"))
        facts->countries = reader_texts(reader, CALLRULES_COUNTRIES_MAX, any_text, "/countries");
    else if (str_is(key, "own_dates"))
        read_own_dates(reader, facts);
    else if (str_is(key, "can_ring"))
        json_bool(json, &facts->can_ring);
    else
        json_skip(json);
}

static void read_rules(struct reader *reader, struct callrules_case *whole)
{
    struct callrule *rules = arena_alloc(reader->arena, CALLRULES_MAX * sizeof(*rules));
    bool in = json_array(&reader->json);
    while (in && reader_ok(reader) && json_element(&reader->json)) {
        if (whole->count == CALLRULES_MAX)
            reader_object(reader, "has too many entries", "/rules");
        else
            callrule_read_next(reader, &rules[whole->count++]);
    }
    whole->rules = rules;
}

int callrules_read(struct str json, struct arena *arena, struct callrules_case *case_out)
{
    struct reader reader = {.json = json_of(json), .arena = arena};
    struct callrules_case whole = {.facts.date = {DATE_YEAR_MIN, 1, 1}};
    struct str key;
    bool in = json_object(&reader.json);
    if (!in)
        reader_object(&reader, "must be an object", "%s", "");
    while (in && reader_ok(&reader) && json_member(&reader.json, &key)) {
        if (str_is(key, "rules"))
            read_rules(&reader, &whole);
        else
            read_fact(&reader, key, &whole.facts);
    }
    if (!reader_done(&reader))
        return EPROTO;
    *case_out = whole;
    return 0;
}

/* ---- decisions ------------------------------------------------------------------------------- */

void callrules_put_decision(const struct callrules_decision *decision, struct buf *out)
{
    const struct texts names = {decision->names, decision->name_count};
    char rule[UUID_TEXT_BYTES];
    buf_printf(out, "{\"action\":\"%s\",\"reason\":\"%s\",",
               callrule_action_code((int)decision->action),
               callrules_reason_code((int)decision->reason));
    uuid_print(decision->rule, rule);
    if (decision->reason == BECAUSE_OF_RULE)
        buf_printf(out, "\"rule_id\":\"%s\",\"position\":%d,", rule, decision->position);
    else
        buf_puts(out, "\"rule_id\":null,\"position\":null,");
    buf_printf(out, "\"no_phone\":%s,\"vip\":%s,", decision->no_phone ? "true" : "false",
               decision->vip ? "true" : "false");
    if (decision->ring_seconds)
        buf_printf(out, "\"ring_seconds\":%d,", decision->ring_seconds);
    else
        buf_puts(out, "\"ring_seconds\":null,");
    put_say(out, decision->say);
    buf_putc(out, ',');
    put_list(out, "urgent_words", &decision->urgent);
    buf_putc(out, ',');
    put_list(out, "names", &names);
    buf_putc(out, '}');
}

static void read_names(struct reader *reader, struct callrules_decision *decision)
{
    struct texts names = reader_texts(reader, CALLRULES_NAMES_MAX, any_text, "/names");
    for (size_t i = 0; reader_ok(reader) && i < names.count; i++)
        decision->names[i] = names.list[i];
    decision->name_count = names.count;
}

static void read_rule_id(struct reader *reader, struct callrules_decision *decision)
{
    struct str raw;
    if (!json_string(&reader->json, &raw) || uuid_parse(raw, &decision->rule))
        reader_object(reader, "must be a UUID", "/rule_id");
}

static void read_outcome(struct reader *reader, struct str key, struct callrules_decision *decision)
{
    struct json *json = &reader->json;
    if (str_is(key, "action"))
        decision->action =
            (enum callrule_action)reader_code(reader, callrule_action_code, THEN_COUNT, "/action");
    else if (str_is(key, "reason"))
        decision->reason = (enum callrules_reason)reader_code(reader, callrules_reason_code,
                                                              CALLRULES_REASON_COUNT, "/reason");
    else if (json_null(json))
        return; /* all others may be */
    else if (str_is(key, "rule_id"))
        read_rule_id(reader, decision);
    else if (str_is(key, "position"))
        decision->position = (int)read_whole(reader, CALLRULES_MAX, "/position");
    else if (str_is(key, "no_phone"))
        json_bool(json, &decision->no_phone);
    else if (str_is(key, "vip"))
        json_bool(json, &decision->vip);
    else if (str_is(key, "ring_seconds"))
        decision->ring_seconds =
            (int)read_whole(reader, CALLRULE_RING_SECONDS_MAX, "/ring_seconds");
    else if (str_is(key, "say"))
        decision->say = reader_text(reader);
    else if (str_is(key, "urgent_words"))
        decision->urgent = reader_texts(reader, CALLRULE_URGENT_MAX, any_text, "/urgent_words");
    else if (str_is(key, "names"))
        read_names(reader, decision);
    else
        json_skip(json);
}

int callrules_read_decision(struct str json, struct arena *arena,
                            struct callrules_decision *decision_out)
{
    struct reader reader = {.json = json_of(json), .arena = arena};
    struct callrules_decision decision = {.reason = BECAUSE_OF_NOTHING};
    struct str key;
    bool in = json_object(&reader.json);
    if (!in)
        reader_object(&reader, "must be an object", "%s", "");
    while (in && reader_ok(&reader) && json_member(&reader.json, &key))
        read_outcome(&reader, key, &decision);
    if (!reader_done(&reader))
        return EPROTO;
    decision.say = decision.say ? decision.say : "";
    *decision_out = decision;
    return 0;
}
