/* rules/callrules_read.c: a call rule out of JSON, member by member, each with its own objection.
 */
#include "rules/callrules_wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- who ------------------------------------------------------------------------------------- */

static const char *number_objection(const char *text)
{
    size_t digits = text[0] == '+' ? strspn(text + 1, "0123456789") : 0;
    const char *rest = text + 1 + digits;
    if (digits == 0 || digits > 15 || text[1] == '0')
        return "must be a number with + and its country, or its beginning and *";
    if (strcmp(rest, "*") == 0)
        return NULL;
    return rest[0] == '\0' && digits >= 7 ? NULL : "must be a whole number, or its beginning and *";
}

static const char *country_objection(const char *text)
{
    return phone_country_known(text) ? NULL : "is not a country that is known here";
}

static const char *words_objection(const char *text)
{
    if (strlen(text) > CALLRULE_WORDS_BYTES_MAX)
        return "is too long";
    return str_trim(str_of(text)).bytes ? NULL : "must not be empty";
}

static struct texts list_of(enum callrule_who kind, const struct texts *numbers,
                            const struct texts *countries, const struct texts *names)
{
    switch (kind) {
    case WHO_NUMBERS: return *numbers;
    case WHO_COUNTRIES:
    case WHO_OTHER_COUNTRIES: return *countries;
    case WHO_NAMES: return *names;
    default: return (struct texts){0};
    }
}

const char *callrule_list_name(enum callrule_who kind)
{
    switch (kind) {
    case WHO_NUMBERS: return "numbers";
    case WHO_COUNTRIES:
    case WHO_OTHER_COUNTRIES: return "countries";
    case WHO_NAMES: return "names";
    default: return NULL;
    }
}

static void read_who(struct reader *reader, struct callrule *rule)
{
    struct texts numbers = {0}, countries = {0}, names = {0};
    struct json *json = &reader->json;
    struct str key;
    bool kind_given = false;
    for (bool in = json_object(json); in && reader_ok(reader) && json_member(json, &key);) {
        if (str_is(key, "kind")) {
            rule->who.kind =
                (enum callrule_who)reader_code(reader, callrule_who_code, WHO_COUNT, "/who/kind");
            kind_given = true;
        } else if (str_is(key, "numbers")) {
            numbers = reader_texts(reader, CALLRULE_NUMBERS_MAX, number_objection, "/who/numbers");
        } else if (str_is(key, "countries")) {
            countries =
                reader_texts(reader, CALLRULE_COUNTRIES_MAX, country_objection, "/who/countries");
        } else if (str_is(key, "names")) {
            names = reader_texts(reader, CALLRULE_NAMES_MAX, words_objection, "/who/names");
        } else {
            reader_object(reader, "has a member that is not known", "/who");
        }
    }
    rule->who.list = list_of(rule->who.kind, &numbers, &countries, &names);
    if (!kind_given)
        reader_object(reader, "must be given", "/who/kind");
    const char *list = callrule_list_name(rule->who.kind);
    if (list && !rule->who.list.count)
        reader_object(reader, "must not be empty for this kind", "/who/%s", list);
}

/* ---- when ------------------------------------------------------------------------------------ */

static int read_minute(struct reader *reader, const char *field)
{
    int minute = 0;
    const char *text = reader_text(reader);
    if (!text || !clock_parse(text, &minute))
        reader_object(reader, "must be a time of the day, as 09:30", "%s", field);
    return minute;
}

static struct date read_date(struct reader *reader, const char *field)
{
    struct date date = {DATE_YEAR_MIN, 1, 1};
    const char *text = reader_text(reader);
    if (!text || !date_parse(text, &date))
        reader_object(reader, "must be a date, as 2026-12-24", "%s", field);
    return date;
}

/* {"from":...,"to":...}: the list's at-th entry of the rule is read by end(), one end at a time. */
typedef void pair_fn(struct reader *reader, struct callrule *rule, size_t at, bool to,
                     const char *field);

static void read_pair(struct reader *reader, struct callrule *rule, size_t at, pair_fn *read_end,
                      const char *list)
{
    struct json *json = &reader->json;
    struct str key;
    unsigned given = 0;
    for (bool in = json_object(json); in && reader_ok(reader) && json_member(json, &key);) {
        char field[READER_FIELD_BYTES];
        bool to = str_is(key, "to");
        snprintf(field, sizeof(field), "%s/%zu/%s", list, at, to ? "to" : "from");
        if (!to && !str_is(key, "from"))
            reader_object(reader, "has a member that is not known", "%s/%zu", list, at);
        else
            read_end(reader, rule, at, to, field);
        given |= to ? 1 : 2;
    }
    if (given != 3)
        reader_object(reader, "must say from and to", "%s/%zu", list, at);
}

static size_t read_pairs(struct reader *reader, struct callrule *rule, size_t max,
                         pair_fn *read_end, const char *list)
{
    size_t count = 0;
    if (json_null(&reader->json))
        return 0;
    if (!json_array(&reader->json))
        reader_object(reader, "must be a list", "%s", list);
    while (reader_ok(reader) && json_element(&reader->json)) {
        if (count == max)
            reader_object(reader, "has too many entries", "%s", list);
        else
            read_pair(reader, rule, count++, read_end, list);
    }
    return count;
}

static void read_time_end(struct reader *reader, struct callrule *rule, size_t at, bool to,
                          const char *field)
{
    struct callrule_times *times = &rule->when.times[at];
    *(to ? &times->to : &times->from) = read_minute(reader, field);
}

static void read_times(struct reader *reader, struct callrule *rule)
{
    static const char list[] = "/when/times";
    size_t count = read_pairs(reader, rule, CALLRULE_TIMES_MAX, read_time_end, list);
    for (size_t i = 0; i < count && reader_ok(reader); i++)
        if (rule->when.times[i].from == rule->when.times[i].to ||
            rule->when.times[i].from == DAY_MINUTES)
            reader_object(reader, "must not be empty", "%s/%zu", list, i);
    rule->when.time_count = count;
}

static void read_date_end(struct reader *reader, struct callrule *rule, size_t at, bool to,
                          const char *field)
{
    struct callrule_dates *dates = &rule->when.dates[at];
    *(to ? &dates->to : &dates->from) = read_date(reader, field);
}

static void read_dates(struct reader *reader, struct callrule *rule)
{
    static const char list[] = "/when/dates";
    size_t count = read_pairs(reader, rule, CALLRULE_DATES_MAX, read_date_end, list);
    for (size_t i = 0; i < count && reader_ok(reader); i++)
        if (date_compare(rule->when.dates[i].to, rule->when.dates[i].from) < 0)
            reader_object(reader, "must not end before it begins", "%s/%zu", list, i);
    rule->when.date_count = count;
}

static int64_t read_moment(struct reader *reader, const char *field)
{
    int64_t unix_ms = 0;
    if (json_null(&reader->json))
        return 0;
    const char *text = reader_text(reader);
    if (!text || !moment_parse(text, &unix_ms))
        reader_object(reader, "must be a moment, as 2026-11-28T14:00:00Z", "%s", field);
    return unix_ms;
}

static void read_when(struct reader *reader, struct callrule *rule)
{
    struct json *json = &reader->json;
    struct str key;
    if (json_null(json))
        return;
    bool in = json_object(json);
    if (!in)
        reader_object(reader, "must be an object", "/when");
    while (reader_ok(reader) && json_member(json, &key)) {
        if (str_is(key, "days"))
            rule->when.days = reader_codes(reader, callrule_day_code, 7, "/when/days");
        else if (str_is(key, "times"))
            read_times(reader, rule);
        else if (str_is(key, "dates"))
            read_dates(reader, rule);
        else if (str_is(key, "holidays"))
            rule->when.holidays =
                json_null(json)
                    ? HOLIDAYS_TOO
                    : (enum callrule_holidays)reader_code(reader, callrule_holidays_code,
                                                          HOLIDAYS_COUNT, "/when/holidays");
        else if (str_is(key, "since"))
            rule->when.since_ms = read_moment(reader, "/when/since");
        else if (str_is(key, "until"))
            rule->when.until_ms = read_moment(reader, "/when/until");
        else if (str_is(key, "modes"))
            rule->when.modes = reader_codes(reader, callrule_mode_code, MODE_COUNT, "/when/modes");
        else
            reader_object(reader, "has a member that is not known", "/when");
    }
    if (rule->when.since_ms && rule->when.until_ms && rule->when.until_ms <= rule->when.since_ms)
        reader_object(reader, "must come after since", "/when/until");
}

/* ---- then ------------------------------------------------------------------------------------ */

static int read_ring_seconds(struct reader *reader)
{
    int64_t seconds = CALLRULE_RING_SECONDS;
    if (json_null(&reader->json))
        return CALLRULE_RING_SECONDS;
    if (!json_whole(&reader->json, &seconds) || seconds < CALLRULE_RING_SECONDS_MIN ||
        seconds > CALLRULE_RING_SECONDS_MAX) {
        reader_object(reader, "must be a number of seconds from 5 to 25", "/then/ring_seconds");
        return CALLRULE_RING_SECONDS;
    }
    return (int)seconds;
}

static const char *read_say(struct reader *reader)
{
    if (json_null(&reader->json))
        return "";
    const char *say = reader_text(reader);
    if (!say || strlen(say) > CALLRULE_SAY_BYTES_MAX) {
        reader_object(reader, "must be a text that is not too long", "/then/say");
        return "";
    }
    struct str trimmed = str_trim(str_of(say));
    return arena_strndup(reader->arena, trimmed.bytes ? trimmed.at : "", trimmed.bytes);
}

static void read_then(struct reader *reader, struct callrule *rule)
{
    struct json *json = &reader->json;
    struct str key;
    bool action_given = false;
    for (bool in = json_object(json); in && reader_ok(reader) && json_member(json, &key);) {
        if (str_is(key, "action")) {
            rule->then.action = (enum callrule_action)reader_code(reader, callrule_action_code,
                                                                  THEN_COUNT, "/then/action");
            action_given = true;
        } else if (str_is(key, "ring_seconds")) {
            rule->then.ring_seconds = read_ring_seconds(reader);
        } else if (str_is(key, "say")) {
            rule->then.say = read_say(reader);
        } else if (str_is(key, "urgent_words")) {
            rule->then.urgent =
                reader_texts(reader, CALLRULE_URGENT_MAX, words_objection, "/then/urgent_words");
        } else {
            reader_object(reader, "has a member that is not known", "/then");
        }
    }
    if (!action_given)
        reader_object(reader, "must be given", "/then/action");
}

/* ---- a rule ---------------------------------------------------------------------------------- */

static void read_rule(struct reader *reader, struct callrule *rule)
{
    struct json *json = &reader->json;
    struct str key, raw;
    bool who = false, then = false;
    *rule = (struct callrule){.enabled = true,
                              .then = {.ring_seconds = CALLRULE_RING_SECONDS, .say = ""}};
    bool in = json_object(json);
    if (!in)
        reader_object(reader, "must be an object", "%s", "");
    while (in && reader_ok(reader) && json_member(json, &key)) {
        if (str_is(key, "id")) {
            if (!json_string(json, &raw) || uuid_parse(raw, &rule->id))
                reader_object(reader, "must be a UUID", "/id");
        } else if (str_is(key, "enabled")) {
            if (!json_null(json) && !json_bool(json, &rule->enabled))
                reader_object(reader, "must be true or false", "/enabled");
        } else if (str_is(key, "who")) {
            read_who(reader, rule);
            who = true;
        } else if (str_is(key, "when")) {
            read_when(reader, rule);
        } else if (str_is(key, "then")) {
            read_then(reader, rule);
            then = true;
        } else {
            json_skip(json);
        }
    }
    if (!who)
        reader_object(reader, "must be given", "/who");
    if (!then)
        reader_object(reader, "must be given", "/then");
    if (rule->who.kind == WHO_NAMES && rule->then.action != THEN_RING &&
        rule->then.action != THEN_CONNECT)
        reader_object(reader, "whoever is known by a spoken name can only be put through",
                      "/then/action");
}

void callrule_read_next(struct reader *reader, struct callrule *rule_out)
{
    struct callrule rule;
    read_rule(reader, &rule);
    if (reader_ok(reader))
        *rule_out = rule;
}

int callrule_read(struct str json, struct arena *arena, struct callrule *rule_out,
                  struct reader_fault *fault_out)
{
    struct reader reader = {.json = json_of(json), .arena = arena};
    struct callrule rule;
    if (json.bytes > CALLRULE_JSON_BYTES_MAX)
        reader_object(&reader, "is too large", "%s", "");
    else
        read_rule(&reader, &rule);
    if (!reader_done(&reader)) {
        *fault_out = reader.fault;
        return EINVAL;
    }
    *rule_out = rule;
    return 0;
}
