/* rules/callrules.c: the rules asked one after the other. */
#include "rules/callrules.h"

#include "base/mem.h"
#include "rules/words.h"

#include <assert.h>
#include <string.h>

/* ---- codes ----------------------------------------------------------------------------------- */

const char *callrule_who_code(int who)
{
    static const char *const codes[WHO_COUNT] = {
        "anyone",  "unknown", "hidden",    "known",           "vip",
        "blocked", "numbers", "countries", "other_countries", "names"};
    return codes[who];
}

const char *callrule_action_code(int action)
{
    static const char *const codes[THEN_COUNT] = {"screen",  "filter", "ring",   "connect",
                                                  "message", "refuse", "hang_up"};
    return codes[action];
}

const char *callrule_holidays_code(int holidays)
{
    static const char *const codes[HOLIDAYS_COUNT] = {"too", "only", "not"};
    return codes[holidays];
}

const char *callrule_mode_code(int mode)
{
    static const char *const codes[MODE_COUNT] = {"normal", "expecting", "meeting",
                                                  "travel", "vacation",  "night"};
    return codes[mode];
}

const char *callrule_contact_code(int contact)
{
    static const char *const codes[CALLER_COUNT] = {"", "normal", "vip", "blocked"};
    return codes[contact];
}

const char *callrule_day_code(int day)
{
    static const char *const codes[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};
    return codes[day];
}

const char *callrule_verdict_code(int verdict)
{
    static const char *const codes[RULE_VERDICT_COUNT] = {
        [RULE_DECIDED] = "decided",
        [RULE_BEHIND] = "behind",
        [RULE_OFF] = "off",
        [RULE_NOT_WHO] = "not_who",
        [RULE_NOT_MODE] = "not_mode",
        [RULE_NOT_YET] = "not_yet",
        [RULE_OVER] = "over",
        [RULE_NOT_DATE] = "not_date",
        [RULE_NOT_HOLIDAY] = "not_holiday",
        [RULE_NOT_DAY] = "not_day",
        [RULE_NOT_TIME] = "not_time",
        [RULE_ASKS_NAME] = "asks_name",
    };
    return codes[verdict];
}

const char *callrules_reason_code(int reason)
{
    static const char *const codes[CALLRULES_REASON_COUNT] = {"rule", "blocked", "default"};
    return codes[reason];
}

const char *callrules_way_code(int way)
{
    static const char *const codes[CALLRULES_WAY_COUNT] = {"never", "always", "by_words",
                                                           "by_instructions"};
    return codes[way];
}

/* ---- who ------------------------------------------------------------------------------------- */

static bool is_listed(const struct texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->count; i++)
        if (strcmp(texts->list[i], text) == 0)
            return true;
    return false;
}

static bool is_number_listed(const struct texts *numbers, const char *number)
{
    for (size_t i = 0; i < numbers->count; i++) {
        const char *pattern = numbers->list[i], *star = strchr(pattern, '*');
        if (star ? strncmp(pattern, number, (size_t)(star - pattern)) == 0
                 : strcmp(pattern, number) == 0)
            return true;
    }
    return false;
}

static bool fits_who(const struct callrule *rule, const struct callrules_facts *facts)
{
    const struct texts *list = &rule->who.list;
    bool shown = facts->number[0];
    switch (rule->who.kind) {
    case WHO_ANYONE:
    case WHO_NAMES: return true;
    case WHO_UNKNOWN: return shown && facts->contact == CALLER_STRANGER;
    case WHO_HIDDEN: return !shown;
    case WHO_KNOWN: return facts->contact == CALLER_NORMAL || facts->contact == CALLER_VIP;
    case WHO_VIP: return facts->contact == CALLER_VIP;
    case WHO_BLOCKED: return facts->contact == CALLER_BLOCKED;
    case WHO_NUMBERS: return shown && is_number_listed(list, facts->number);
    case WHO_COUNTRIES: return shown && is_listed(list, phone_country(facts->number));
    case WHO_OTHER_COUNTRIES: return shown && !is_listed(list, phone_country(facts->number));
    case WHO_COUNT: break;
    }
    return false;
}

/* ---- when ------------------------------------------------------------------------------------ */

static bool is_holiday(const struct callrules_facts *facts, struct date date)
{
    for (size_t i = 0; i < facts->countries.count; i++)
        if (holiday_of(facts->countries.list[i], date))
            return true;
    for (size_t i = 0; i < facts->own_date_count; i++)
        if (date_compare(facts->own_dates[i], date) == 0)
            return true;
    return false;
}

static bool is_dated(const struct callrule *rule, struct date date)
{
    for (size_t i = 0; i < rule->when.date_count; i++)
        if (date_compare(rule->when.dates[i].from, date) <= 0 &&
            date_compare(date, rule->when.dates[i].to) <= 0)
            return true;
    return rule->when.date_count == 0;
}

/* The day that a time of the rule belongs to. RULE_DECIDED: it fits. */
static enum callrule_verdict ask_day(const struct callrule *rule,
                                     const struct callrules_facts *facts, struct date date)
{
    if (!is_dated(rule, date))
        return RULE_NOT_DATE;
    if (rule->when.holidays != HOLIDAYS_TOO &&
        is_holiday(facts, date) != (rule->when.holidays == HOLIDAYS_ONLY))
        return RULE_NOT_HOLIDAY;
    if (rule->when.days && !(rule->when.days >> date_weekday(date) & 1))
        return RULE_NOT_DAY;
    return RULE_DECIDED;
}

static bool began_today(const struct callrule_times *times, int minute)
{
    return minute >= times->from && (times->to <= times->from || minute < times->to);
}

static bool began_yesterday(const struct callrule_times *times, int minute)
{
    return times->to <= times->from && minute < times->to;
}

typedef bool began_fn(const struct callrule_times *times, int minute);

static bool any_began(const struct callrule *rule, int minute, began_fn *began)
{
    for (size_t i = 0; i < rule->when.time_count; i++)
        if (began(&rule->when.times[i], minute))
            return true;
    return false;
}

static enum callrule_verdict ask_clock(const struct callrule *rule,
                                       const struct callrules_facts *facts)
{
    enum callrule_verdict today = ask_day(rule, facts, facts->date);
    if (rule->when.time_count == 0)
        return today;
    struct date before = date_of_number(date_number(facts->date) - 1);
    if (any_began(rule, facts->minute, began_yesterday) &&
        ask_day(rule, facts, before) == RULE_DECIDED)
        return RULE_DECIDED;
    if (today != RULE_DECIDED)
        return today;
    return any_began(rule, facts->minute, began_today) ? RULE_DECIDED : RULE_NOT_TIME;
}

/* ---- the decision ---------------------------------------------------------------------------- */

static enum callrule_verdict ask(const struct callrule *rule, const struct callrules_facts *facts)
{
    if (!rule->enabled)
        return RULE_OFF;
    if (!fits_who(rule, facts))
        return RULE_NOT_WHO;
    if (rule->when.modes && !(rule->when.modes >> facts->mode & 1))
        return RULE_NOT_MODE;
    if (rule->when.since_ms && facts->now_ms < rule->when.since_ms)
        return RULE_NOT_YET;
    if (rule->when.until_ms && facts->now_ms >= rule->when.until_ms)
        return RULE_OVER;
    enum callrule_verdict verdict = ask_clock(rule, facts);
    return verdict == RULE_DECIDED && rule->who.kind == WHO_NAMES ? RULE_ASKS_NAME : verdict;
}

static void add_names(struct callrules_decision *decision, const struct texts *names)
{
    for (size_t i = 0; i < names->count && decision->name_count < CALLRULES_NAMES_MAX; i++)
        decision->names[decision->name_count++] = names->list[i];
}

static void follow(struct callrules_decision *decision, const struct callrule *rule, size_t at,
                   const struct callrules_facts *facts)
{
    bool rings = rule->then.action == THEN_RING || rule->then.action == THEN_CONNECT;
    decision->reason = BECAUSE_OF_RULE;
    decision->rule = rule->id;
    decision->position = (int)at + 1;
    decision->no_phone = rings && !facts->can_ring;
    decision->action = decision->no_phone ? THEN_SCREEN : rule->then.action;
    if (decision->action == THEN_RING)
        decision->ring_seconds = rule->then.ring_seconds;
    if (decision->action == THEN_CONNECT)
        decision->ring_seconds = CALLRULE_RING_SECONDS_MAX;
    decision->say = rule->then.say;
    decision->urgent = rule->then.urgent;
}

void callrules_decide(const struct callrule *rules, size_t count,
                      const struct callrules_facts *facts, struct callrules_decision *decision_out,
                      enum callrule_verdict *verdicts_out)
{
    struct callrules_decision decision = {
        .action = facts->contact == CALLER_BLOCKED ? THEN_REFUSE : THEN_SCREEN,
        .reason = facts->contact == CALLER_BLOCKED ? BECAUSE_BLOCKED : BECAUSE_OF_NOTHING,
        .vip = facts->contact == CALLER_VIP,
        .say = "",
    };
    assert(count <= CALLRULES_MAX);
    for (size_t i = 0; i < count; i++) {
        bool open = decision.reason != BECAUSE_OF_RULE;
        enum callrule_verdict verdict = open ? ask(&rules[i], facts) : RULE_BEHIND;
        if (verdict == RULE_DECIDED)
            follow(&decision, &rules[i], i, facts);
        if (verdict == RULE_ASKS_NAME)
            add_names(&decision, &rules[i].who.list);
        if (verdicts_out)
            verdicts_out[i] = verdict;
    }
    if (decision.action != THEN_SCREEN && decision.action != THEN_FILTER)
        decision.name_count = 0;
    *decision_out = decision;
}

enum callrules_way callrules_way(const struct callrules_decision *decision, bool can_ring)
{
    bool screened = decision->action == THEN_SCREEN || decision->action == THEN_FILTER;
    if (!screened || !can_ring)
        return WAY_NEVER;
    if (decision->vip)
        return WAY_ALWAYS;
    return decision->name_count || decision->urgent.count ? WAY_BY_WORDS : WAY_BY_INSTRUCTIONS;
}

void callrules_only_messages(struct callrules_decision *decision)
{
    if (decision->action != THEN_REFUSE && decision->action != THEN_HANG_UP)
        decision->action = THEN_MESSAGE;
    decision->ring_seconds = 0;
    decision->vip = false;
    decision->urgent = (struct texts){0};
    decision->name_count = 0;
}

/* ---- what was heard -------------------------------------------------------------------------- */

enum { ENDING_LETTERS = 1, SHORT_WORD_LETTERS = 4 };

/* A word with any ending; of a longer one the last letter, too, is ending: "havari*". */
static void put_stem(struct buf *pattern, struct str folded)
{
    size_t letters = folded.bytes;
    if (letters > SHORT_WORD_LETTERS)
        letters -= ENDING_LETTERS;
    if (pattern->bytes)
        buf_putc(pattern, ' ');
    buf_add(pattern, folded.at, letters);
    buf_putc(pattern, '*');
}

bool callrules_heard(const char *words, struct str said)
{
    struct words wanted, heard;
    struct buf pattern = {0};
    words_of(&wanted, str_of(words));
    words_of(&heard, said);
    for (size_t i = 0; i < wanted.count; i++)
        put_stem(&pattern, wanted.list[i].folded);
    bool found = wanted.count > 0 && words_have(&heard, buf_text(&pattern));
    buf_free(&pattern);
    words_free(&wanted);
    words_free(&heard);
    return found;
}

bool callrules_heard_any(const struct callrules_decision *decision, struct str said)
{
    for (size_t i = 0; i < decision->name_count; i++)
        if (callrules_heard(decision->names[i], said))
            return true;
    for (size_t i = 0; i < decision->urgent.count; i++)
        if (callrules_heard(decision->urgent.list[i], said))
            return true;
    return false;
}
