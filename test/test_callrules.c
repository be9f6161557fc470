/* test/test_callrules.c: who calls, when, then what: each kind of rule where it holds and where it
 * does not, the order of rules, and rules as JSON. */
#include "rules/callrules_wire.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FRIEND "+420602000111"
#define GERMAN "+4915112345678"

static struct arena arena;

static int free_arena(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

/* ---- the bench ------------------------------------------------------------------------------- */

static struct callrule rule_of(const char *json)
{
    struct callrule rule;
    struct reader_fault fault;
    if (callrule_read(str_of(json), &arena, &rule, &fault))
        fail_msg("%s: %s %s", json, fault.field, fault.message);
    return rule;
}

/* A rule with one part given, the others as broad as can be. */
static struct callrule when_rule(const char *when)
{
    return rule_of(arena_printf(
        &arena, "{\"who\":{\"kind\":\"anyone\"},\"when\":%s,\"then\":{\"action\":\"message\"}}",
        when));
}

static struct callrule who_rule(const char *who)
{
    return rule_of(arena_printf(&arena, "{\"who\":%s,\"then\":{\"action\":\"message\"}}", who));
}

static int64_t moment(const char *text)
{
    int64_t unix_ms;
    assert_true(moment_parse(text, &unix_ms));
    return unix_ms;
}

/* A known friend on a Saturday afternoon; local is "2026-11-28 15:00". */
static struct callrules_facts facts_at(const char *local)
{
    static const char *const countries[] = {"CZ"};
    struct callrules_facts facts = {.contact = CALLER_NORMAL,
                                    .now_ms = moment("2026-11-28T14:00:00Z"),
                                    .countries = {countries, 1},
                                    .can_ring = true};
    strcpy(facts.number, FRIEND);
    assert_true(date_parse(arena_strndup(&arena, local, 10), &facts.date));
    assert_true(clock_parse(local + 11, &facts.minute));
    return facts;
}

static struct callrules_decision decide(const struct callrule *rules, size_t count,
                                        const struct callrules_facts *facts,
                                        enum callrule_verdict *verdicts)
{
    struct callrules_decision decision;
    callrules_decide(rules, count, facts, &decision, verdicts);
    return decision;
}

static enum callrule_verdict verdict_of(struct callrule rule, struct callrules_facts facts)
{
    enum callrule_verdict verdict;
    decide(&rule, 1, &facts, &verdict);
    return verdict;
}

static void expect_at(const char *when, const char *local, enum callrule_verdict expected)
{
    enum callrule_verdict verdict = verdict_of(when_rule(when), facts_at(local));
    if (verdict != expected)
        fail_msg("%s at %s: %s, not %s", when, local, callrule_verdict_code((int)verdict),
                 callrule_verdict_code((int)expected));
}

/* ---- who ------------------------------------------------------------------------------------- */

static void caller_fits_by_what_the_carrier_vouches_for(void **state)
{
    (void)state;
    static const struct {
        const char *who, *number;
        enum callrule_contact contact;
        bool fits;
    } cases[] = {
        {"{\"kind\":\"anyone\"}", FRIEND, CALLER_NORMAL, true},
        {"{\"kind\":\"anyone\"}", "", CALLER_STRANGER, true},
        {"{\"kind\":\"unknown\"}", FRIEND, CALLER_STRANGER, true},
        {"{\"kind\":\"unknown\"}", FRIEND, CALLER_NORMAL, false},
        {"{\"kind\":\"unknown\"}", FRIEND, CALLER_BLOCKED, false},
        {"{\"kind\":\"unknown\"}", "", CALLER_STRANGER, false},
        {"{\"kind\":\"hidden\"}", "", CALLER_STRANGER, true},
        {"{\"kind\":\"hidden\"}", FRIEND, CALLER_STRANGER, false},
        {"{\"kind\":\"known\"}", FRIEND, CALLER_NORMAL, true},
        {"{\"kind\":\"known\"}", FRIEND, CALLER_VIP, true},
        {"{\"kind\":\"known\"}", FRIEND, CALLER_BLOCKED, false},
        {"{\"kind\":\"known\"}", FRIEND, CALLER_STRANGER, false},
        {"{\"kind\":\"vip\"}", FRIEND, CALLER_VIP, true},
        {"{\"kind\":\"vip\"}", FRIEND, CALLER_NORMAL, false},
        {"{\"kind\":\"blocked\"}", FRIEND, CALLER_BLOCKED, true},
        {"{\"kind\":\"blocked\"}", FRIEND, CALLER_VIP, false},
        {"{\"kind\":\"numbers\",\"numbers\":[\"+4917*\",\"" FRIEND "\"]}", FRIEND, CALLER_STRANGER,
         true},
        {"{\"kind\":\"numbers\",\"numbers\":[\"+420602*\"]}", FRIEND, CALLER_STRANGER, true},
        {"{\"kind\":\"numbers\",\"numbers\":[\"+42060200011\"]}", FRIEND, CALLER_STRANGER, false},
        {"{\"kind\":\"numbers\",\"numbers\":[\"+421*\"]}", FRIEND, CALLER_STRANGER, false},
        {"{\"kind\":\"numbers\",\"numbers\":[\"+4*\"]}", "", CALLER_STRANGER, false},
        {"{\"kind\":\"countries\",\"countries\":[\"SK\",\"CZ\"]}", FRIEND, CALLER_STRANGER, true},
        {"{\"kind\":\"countries\",\"countries\":[\"SK\",\"CZ\"]}", GERMAN, CALLER_STRANGER, false},
        {"{\"kind\":\"countries\",\"countries\":[\"CZ\"]}", "", CALLER_STRANGER, false},
        {"{\"kind\":\"other_countries\",\"countries\":[\"CZ\"]}", GERMAN, CALLER_STRANGER, true},
        {"{\"kind\":\"other_countries\",\"countries\":[\"CZ\"]}", FRIEND, CALLER_STRANGER, false},
        {"{\"kind\":\"other_countries\",\"countries\":[\"CZ\"]}", "", CALLER_STRANGER, false},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct callrules_facts facts = facts_at("2026-11-28 15:00");
        strcpy(facts.number, cases[i].number);
        facts.contact = cases[i].contact;
        enum callrule_verdict verdict = verdict_of(who_rule(cases[i].who), facts);
        if (verdict != (cases[i].fits ? RULE_DECIDED : RULE_NOT_WHO))
            fail_msg("case %zu: %s", i, callrule_verdict_code((int)verdict));
    }
}

/* ---- when ------------------------------------------------------------------------------------ */

static void days_and_times_are_the_owners(void **state)
{
    (void)state;
    static const char office[] = "{\"days\":[\"monday\",\"tuesday\",\"wednesday\",\"thursday\","
                                 "\"friday\"],\"times\":[{\"from\":\"09:00\",\"to\":\"12:00\"},"
                                 "{\"from\":\"13:00\",\"to\":\"17:00\"}]}";
    expect_at(office, "2026-11-27 09:00", RULE_DECIDED);
    expect_at(office, "2026-11-27 08:59", RULE_NOT_TIME);
    expect_at(office, "2026-11-27 12:00", RULE_NOT_TIME);
    expect_at(office, "2026-11-27 16:59", RULE_DECIDED);
    expect_at(office, "2026-11-27 17:00", RULE_NOT_TIME);
    expect_at(office, "2026-11-28 10:00", RULE_NOT_DAY);
    expect_at("{}", "2026-11-28 10:00", RULE_DECIDED);
    expect_at("null", "2026-11-28 10:00", RULE_DECIDED);
    expect_at("{\"times\":[{\"from\":\"20:00\",\"to\":\"24:00\"}]}", "2026-11-28 23:59",
              RULE_DECIDED);
}

/* A night is part of the day on whose evening it begins. */
static void night_belongs_to_its_evening(void **state)
{
    (void)state;
    static const char night[] =
        "{\"days\":[\"friday\"],\"times\":[{\"from\":\"22:00\",\"to\":\"06:00\"}]}";
    expect_at(night, "2026-11-27 21:59", RULE_NOT_TIME);
    expect_at(night, "2026-11-27 22:00", RULE_DECIDED);
    expect_at(night, "2026-11-28 05:59", RULE_DECIDED);
    expect_at(night, "2026-11-28 06:00", RULE_NOT_DAY);
    expect_at(night, "2026-11-28 22:00", RULE_NOT_DAY);
    expect_at(night, "2026-11-27 05:59", RULE_NOT_TIME); /* Thursday's night */
    static const char eve[] = "{\"dates\":[{\"from\":\"2026-12-31\",\"to\":\"2026-12-31\"}],"
                              "\"times\":[{\"from\":\"18:00\",\"to\":\"03:00\"}]}";
    expect_at(eve, "2027-01-01 02:59", RULE_DECIDED);
    expect_at(eve, "2027-01-01 18:30", RULE_NOT_DATE);
    expect_at(eve, "2026-12-31 01:00", RULE_NOT_TIME);
}

static void dates_include_both_ends(void **state)
{
    (void)state;
    static const char trip[] = "{\"dates\":[{\"from\":\"2026-12-24\",\"to\":\"2027-01-01\"},"
                               "{\"from\":\"2027-02-01\",\"to\":\"2027-02-01\"}]}";
    expect_at(trip, "2026-12-23 23:59", RULE_NOT_DATE);
    expect_at(trip, "2026-12-24 00:00", RULE_DECIDED);
    expect_at(trip, "2027-01-01 23:59", RULE_DECIDED);
    expect_at(trip, "2027-01-02 00:00", RULE_NOT_DATE);
    expect_at(trip, "2027-02-01 12:00", RULE_DECIDED);
}

static void holidays_are_of_the_countries_and_of_the_owners_own(void **state)
{
    (void)state;
    expect_at("{\"holidays\":\"only\"}", "2026-11-17 12:00", RULE_DECIDED);
    expect_at("{\"holidays\":\"only\"}", "2026-11-18 12:00", RULE_NOT_HOLIDAY);
    expect_at("{\"holidays\":\"not\"}", "2026-11-17 12:00", RULE_NOT_HOLIDAY);
    expect_at("{\"holidays\":\"not\"}", "2026-11-18 12:00", RULE_DECIDED);
    expect_at("{\"holidays\":\"too\"}", "2026-11-17 12:00", RULE_DECIDED);
    static const struct date own[] = {{2026, 11, 18}};
    struct callrules_facts facts = facts_at("2026-11-18 12:00");
    facts.own_dates = own;
    facts.own_date_count = 1;
    struct callrule only = when_rule("{\"holidays\":\"only\"}");
    assert_int_equal(verdict_of(only, facts), RULE_DECIDED);
    static const char *const slovak[] = {"SK", "GB"};
    facts = facts_at("2026-11-17 12:00");
    facts.countries = (struct texts){slovak, 2};
    assert_int_equal(verdict_of(only, facts), RULE_NOT_HOLIDAY);
    facts.date = (struct date){2026, 8, 31};
    assert_int_equal(verdict_of(only, facts), RULE_DECIDED);
}

static void moments_begin_and_end_a_rule(void **state)
{
    (void)state;
    static const char expecting[] =
        "{\"since\":\"2026-11-28T13:00:00Z\",\"until\":\"2026-11-28T15:00:00+01:00\"}";
    struct callrule rule = when_rule(expecting);
    struct callrules_facts facts = facts_at("2026-11-28 12:00");
    facts.now_ms = moment("2026-11-28T12:59:59.999Z");
    assert_int_equal(verdict_of(rule, facts), RULE_NOT_YET);
    facts.now_ms = moment("2026-11-28T13:00:00Z");
    assert_int_equal(verdict_of(rule, facts), RULE_DECIDED);
    facts.now_ms = moment("2026-11-28T13:59:59.999Z");
    assert_int_equal(verdict_of(rule, facts), RULE_DECIDED);
    facts.now_ms = moment("2026-11-28T14:00:00Z");
    assert_int_equal(verdict_of(rule, facts), RULE_OVER);
}

static void mode_switches_rules_on(void **state)
{
    (void)state;
    struct callrule rule = when_rule("{\"modes\":[\"travel\",\"vacation\"]}");
    struct callrules_facts facts = facts_at("2026-11-28 12:00");
    assert_int_equal(verdict_of(rule, facts), RULE_NOT_MODE);
    facts.mode = MODE_TRAVEL;
    assert_int_equal(verdict_of(rule, facts), RULE_DECIDED);
    facts.mode = MODE_MEETING;
    assert_int_equal(verdict_of(rule, facts), RULE_NOT_MODE);
}

/* ---- the decision ---------------------------------------------------------------------------- */

static void first_rule_that_fits_decides(void **state)
{
    (void)state;
    struct callrule rules[] = {
        rule_of("{\"enabled\":false,\"who\":{\"kind\":\"anyone\"},"
                "\"then\":{\"action\":\"hang_up\"}}"),
        rule_of("{\"who\":{\"kind\":\"vip\"},\"then\":{\"action\":\"connect\"}}"),
        rule_of("{\"id\":\"019a0000-0000-7000-8000-000000000003\",\"who\":{\"kind\":\"known\"},"
                "\"then\":{\"action\":\"ring\",\"ring_seconds\":12,\"say\":\" Hello. \"}}"),
        rule_of("{\"who\":{\"kind\":\"anyone\"},\"then\":{\"action\":\"refuse\"}}"),
    };
    enum callrule_verdict verdicts[4];
    struct callrules_facts facts = facts_at("2026-11-28 15:00");
    struct callrules_decision decision = decide(rules, 4, &facts, verdicts);
    assert_int_equal(decision.action, THEN_RING);
    assert_int_equal(decision.reason, BECAUSE_OF_RULE);
    assert_int_equal(decision.position, 3);
    assert_true(uuid_equal(decision.rule, rules[2].id));
    assert_int_equal(decision.ring_seconds, 12);
    assert_string_equal(decision.say, "Hello.");
    assert_int_equal(verdicts[0], RULE_OFF);
    assert_int_equal(verdicts[1], RULE_NOT_WHO);
    assert_int_equal(verdicts[2], RULE_DECIDED);
    assert_int_equal(verdicts[3], RULE_BEHIND);
    facts.contact = CALLER_VIP;
    decision = decide(rules, 4, &facts, NULL);
    assert_int_equal(decision.action, THEN_CONNECT);
    assert_int_equal(decision.ring_seconds, CALLRULE_RING_SECONDS_MAX);
    assert_true(decision.vip);
}

static void without_a_rule_calls_are_screened_and_the_blocked_refused(void **state)
{
    (void)state;
    struct callrules_facts facts = facts_at("2026-11-28 15:00");
    struct callrules_decision decision = decide(NULL, 0, &facts, NULL);
    assert_int_equal(decision.action, THEN_SCREEN);
    assert_int_equal(decision.reason, BECAUSE_OF_NOTHING);
    assert_true(uuid_is_nil(decision.rule));
    facts.contact = CALLER_BLOCKED;
    decision = decide(NULL, 0, &facts, NULL);
    assert_int_equal(decision.action, THEN_REFUSE);
    assert_int_equal(decision.reason, BECAUSE_BLOCKED);
    struct callrule message = who_rule("{\"kind\":\"blocked\"}");
    decision = decide(&message, 1, &facts, NULL);
    assert_int_equal(decision.action, THEN_MESSAGE); /* the owner wants to hear of them */
}

static void rule_that_cannot_ring_screens(void **state)
{
    (void)state;
    struct callrule rule =
        rule_of("{\"who\":{\"kind\":\"anyone\"},\"then\":{\"action\":\"connect\"}}");
    struct callrules_facts facts = facts_at("2026-11-28 15:00");
    facts.can_ring = false;
    struct callrules_decision decision = decide(&rule, 1, &facts, NULL);
    assert_int_equal(decision.action, THEN_SCREEN);
    assert_true(decision.no_phone);
    assert_int_equal(decision.ring_seconds, 0);
}

static void spoken_name_puts_through_only_before_the_rule_that_decides(void **state)
{
    (void)state;
    struct callrule rules[] = {
        rule_of("{\"who\":{\"kind\":\"names\",\"names\":[\"Petr Novák\",\"babička\"]},"
                "\"then\":{\"action\":\"connect\"}}"),
        rule_of("{\"who\":{\"kind\":\"names\",\"names\":[\"nobody\"]},\"when\":{\"days\":"
                "[\"monday\"]},\"then\":{\"action\":\"connect\"}}"),
        rule_of("{\"who\":{\"kind\":\"known\"},\"then\":{\"action\":\"filter\"}}"),
        rule_of("{\"who\":{\"kind\":\"names\",\"names\":[\"too late\"]},"
                "\"then\":{\"action\":\"connect\"}}"),
    };
    enum callrule_verdict verdicts[4];
    struct callrules_facts facts = facts_at("2026-11-28 15:00");
    struct callrules_decision decision = decide(rules, 4, &facts, verdicts);
    assert_int_equal(decision.action, THEN_FILTER);
    assert_int_equal(verdicts[0], RULE_ASKS_NAME);
    assert_int_equal(verdicts[1], RULE_NOT_DAY);
    assert_int_equal(decision.name_count, 2);
    assert_string_equal(decision.names[0], "Petr Novák");
    assert_string_equal(decision.names[1], "babička");
    rules[2].then.action = THEN_MESSAGE;
    assert_int_equal(decide(rules, 4, &facts, NULL).name_count, 0);
}

static void limited_tenant_has_messages_taken_and_no_phone_rung(void **state)
{
    (void)state;
    for (int action = 0; action < THEN_COUNT; action++) {
        struct callrule rule = who_rule("{\"kind\":\"anyone\"}");
        struct callrules_facts facts = facts_at("2026-11-28 15:00");
        facts.contact = CALLER_VIP;
        rule.then.action = (enum callrule_action)action;
        struct callrules_decision decision = decide(&rule, 1, &facts, NULL);
        callrules_only_messages(&decision);
        bool away = action == THEN_REFUSE || action == THEN_HANG_UP;
        assert_int_equal(decision.action, away ? action : THEN_MESSAGE);
        assert_int_equal(decision.ring_seconds, 0);
        assert_int_equal(decision.name_count, 0);
        assert_false(decision.vip);
    }
}

static void way_to_the_owner_depends_on_number_rule_and_words(void **state)
{
    (void)state;
    static const char *const names[] = {"Eva Malá"}, *const urgent[] = {"havárie"};
    struct callrules_decision decision = {.action = THEN_SCREEN};
    assert_int_equal(callrules_way(&decision, true), WAY_BY_INSTRUCTIONS);
    assert_int_equal(callrules_way(&decision, false), WAY_NEVER);
    decision.names[decision.name_count++] = names[0];
    decision.urgent = (struct texts){urgent, 1};
    assert_int_equal(callrules_way(&decision, true), WAY_BY_WORDS);
    assert_true(callrules_heard_any(&decision, str_of("Tady Eva Malá")));
    assert_true(callrules_heard_any(&decision, str_of("u nás je havárie")));
    assert_false(callrules_heard_any(&decision, str_of("Tady Eva")));
    decision.vip = true;
    assert_int_equal(callrules_way(&decision, true), WAY_ALWAYS);
    decision.action = THEN_MESSAGE;
    assert_int_equal(callrules_way(&decision, true), WAY_NEVER);
}

static void names_and_urgent_words_are_heard_in_any_form(void **state)
{
    (void)state;
    static const struct {
        const char *words, *said;
        bool heard;
    } cases[] = {
        {"Novák", "Dobrý den, tady Novák.", true},
        {"Novák", "volám od Nováka", true},
        {"Novák", "tady Novotný", false},
        {"Petr Novák", "tady je petr novak", true},
        {"Petr Novák", "tady Petr, Novák tu není", true},
        {"Petr Novák", "Novák tady, Petr ne", false},
        {"havárie", "Máme tu havárii vody", true},
        {"havárie", "jen tak volám", false},
        {"teče voda", "u nás teče voda", true},
        {"fire", "there is a fire here", true},
        {"fire", "I was fired", true},
        {"", "anything", false},
        {"...", "anything", false},
        {"a*|b", "x", false},
        {"!you ..", "say it", false},
    };
    for (size_t i = 0; i < countof(cases); i++)
        if (callrules_heard(cases[i].words, str_of(cases[i].said)) != cases[i].heard)
            fail_msg("\"%s\" in \"%s\"", cases[i].words, cases[i].said);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static const char *printed(const struct callrule *rule)
{
    struct buf out = {0};
    buf_putc(&out, '{');
    callrule_put(rule, &out);
    buf_putc(&out, '}');
    const char *text = arena_strndup(&arena, out.data, out.bytes);
    buf_free(&out);
    return text;
}

static void rule_is_printed_with_every_member(void **state)
{
    (void)state;
    static const char full[] =
        "{\"who\":{\"kind\":\"countries\",\"numbers\":[],\"countries\":[\"CZ\",\"SK\"],"
        "\"names\":[]},\"when\":{\"days\":[\"monday\",\"sunday\"],\"times\":[{\"from\":\"22:30\","
        "\"to\":\"06:05\"}],\"dates\":[{\"from\":\"2026-12-24\",\"to\":\"2027-01-01\"}],"
        "\"holidays\":\"not\",\"since\":null,\"until\":\"2026-11-28T14:00:00.250Z\","
        "\"modes\":[\"travel\",\"night\"]},\"then\":{\"action\":\"screen\",\"ring_seconds\":15,"
        "\"say\":\"Přeji \\\"hezký\\\" den.\",\"urgent_words\":[\"havárie\"]}}";
    struct callrule rule = rule_of(full);
    assert_string_equal(printed(&rule), full);
    rule = rule_of("{\"then\":{\"action\":\"screen\"},\"who\":{\"kind\":\"anyone\"}}");
    assert_string_equal(
        printed(&rule),
        "{\"who\":{\"kind\":\"anyone\",\"numbers\":[],\"countries\":[],\"names\":[]},\"when\":{"
        "\"days\":[],\"times\":[],\"dates\":[],\"holidays\":\"too\",\"since\":null,\"until\":null,"
        "\"modes\":[]},\"then\":{\"action\":\"screen\",\"ring_seconds\":15,\"say\":null,"
        "\"urgent_words\":[]}}");
}

static void what_is_no_rule_is_refused_with_its_place(void **state)
{
    (void)state;
#define WHO "\"who\":{\"kind\":\"anyone\"}"
#define THEN "\"then\":{\"action\":\"screen\"}"
    static const struct {
        const char *json, *field;
    } cases[] = {
        {"", ""},
        {"[]", ""},
        {"{" WHO "," THEN "", ""},
        {"{" WHO "," THEN "} x", ""},
        {"{" THEN "}", "/who"},
        {"{" WHO "}", "/then"},
        {"{\"who\":{}," THEN "}", "/who/kind"},
        {"{\"who\":null," THEN "}", "/who/kind"},
        {"{\"who\":{\"kind\":\"somebody\"}," THEN "}", "/who/kind"},
        {"{\"who\":{\"kind\":7}," THEN "}", "/who/kind"},
        {"{\"who\":{\"kind\":\"anyone\",\"age\":3}," THEN "}", "/who"},
        {"{\"who\":{\"kind\":\"numbers\"}," THEN "}", "/who/numbers"},
        {"{\"who\":{\"kind\":\"numbers\",\"numbers\":[]}," THEN "}", "/who/numbers"},
        {"{\"who\":{\"kind\":\"numbers\",\"numbers\":[\"+420602000111\",\"602\"]}," THEN "}",
         "/who/numbers/1"},
        {"{\"who\":{\"kind\":\"numbers\",\"numbers\":[\"+42*1\"]}," THEN "}", "/who/numbers/0"},
        {"{\"who\":{\"kind\":\"numbers\",\"numbers\":[\"*\"]}," THEN "}", "/who/numbers/0"},
        {"{\"who\":{\"kind\":\"numbers\",\"numbers\":[\"+420 60*\"]}," THEN "}", "/who/numbers/0"},
        {"{\"who\":{\"kind\":\"numbers\",\"numbers\":[\"+4206020001112223\"]}," THEN "}",
         "/who/numbers/0"},
        {"{\"who\":{\"kind\":\"numbers\",\"numbers\":\"+420*\"}," THEN "}", "/who/numbers"},
        {"{\"who\":{\"kind\":\"countries\",\"countries\":[\"XX\"]}," THEN "}", "/who/countries/0"},
        {"{\"who\":{\"kind\":\"names\",\"names\":[\" \"]}," THEN "}", "/who/names/0"},
        {"{\"who\":{\"kind\":\"names\",\"names\":[\"Eva\"]}," THEN "}", "/then/action"},
        {"{" WHO ",\"when\":3," THEN "}", "/when"},
        {"{" WHO ",\"when\":{\"moon\":1}," THEN "}", "/when"},
        {"{" WHO ",\"when\":{\"days\":[\"someday\"]}," THEN "}", "/when/days/0"},
        {"{" WHO ",\"when\":{\"days\":{}}," THEN "}", "/when/days"},
        {"{" WHO ",\"when\":{\"times\":[{\"from\":\"9:00\",\"to\":\"10:00\"}]}," THEN "}",
         "/when/times/0/from"},
        {"{" WHO ",\"when\":{\"times\":[{\"from\":\"09:00\",\"to\":\"24:01\"}]}," THEN "}",
         "/when/times/0/to"},
        {"{" WHO ",\"when\":{\"times\":[{\"from\":\"09:00\",\"to\":\"09:00\"}]}," THEN "}",
         "/when/times/0"},
        {"{" WHO ",\"when\":{\"times\":[{\"from\":\"09:00\"}]}," THEN "}", "/when/times/0"},
        {"{" WHO ",\"when\":{\"times\":[{\"from\":\"09:00\",\"to\":\"10:00\",\"x\":1}]}," THEN "}",
         "/when/times/0"},
        {"{" WHO ",\"when\":{\"times\":[1]}," THEN "}", "/when/times/0"},
        {"{" WHO ",\"when\":{\"dates\":[{\"from\":\"2026-02-29\",\"to\":\"2026-03-01\"}]}," THEN
         "}",
         "/when/dates/0/from"},
        {"{" WHO ",\"when\":{\"dates\":[{\"from\":\"2026-03-02\",\"to\":\"2026-03-01\"}]}," THEN
         "}",
         "/when/dates/0"},
        {"{" WHO ",\"when\":{\"holidays\":\"sometimes\"}," THEN "}", "/when/holidays"},
        {"{" WHO ",\"when\":{\"until\":\"tomorrow\"}," THEN "}", "/when/until"},
        {"{" WHO ",\"when\":{\"since\":\"2026-11-28T14:00:00Z\",\"until\":"
         "\"2026-11-28T14:00:00Z\"}," THEN "}",
         "/when/until"},
        {"{" WHO ",\"when\":{\"modes\":[\"party\"]}," THEN "}", "/when/modes/0"},
        {"{" WHO ",\"then\":{}}", "/then/action"},
        {"{" WHO ",\"then\":{\"action\":\"sing\"}}", "/then/action"},
        {"{" WHO ",\"then\":{\"action\":\"ring\",\"ring_seconds\":4}}", "/then/ring_seconds"},
        {"{" WHO ",\"then\":{\"action\":\"ring\",\"ring_seconds\":26}}", "/then/ring_seconds"},
        {"{" WHO ",\"then\":{\"action\":\"ring\",\"ring_seconds\":7.5}}", "/then/ring_seconds"},
        {"{" WHO ",\"then\":{\"action\":\"screen\",\"say\":5}}", "/then/say"},
        {"{" WHO ",\"then\":{\"action\":\"screen\",\"say\":\"a\\u0000b\"}}", "/then/say"},
        {"{" WHO ",\"then\":{\"action\":\"screen\",\"urgent_words\":[\"\"]}}",
         "/then/urgent_words/0"},
        {"{" WHO ",\"then\":{\"action\":\"screen\",\"loud\":true}}", "/then"},
        {"{\"id\":\"7\"," WHO "," THEN "}", "/id"},
        {"{\"enabled\":\"yes\"," WHO "," THEN "}", "/enabled"},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct callrule rule;
        struct reader_fault fault = {.field = "-"};
        int err = callrule_read(str_of(cases[i].json), &arena, &rule, &fault);
        if (err != EINVAL || strcmp(fault.field, cases[i].field) != 0 || !fault.message)
            fail_msg("%s: %d %s %s", cases[i].json, err, fault.field, fault.message);
    }
}

static void lists_are_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *before, *entry, *after, *field;
        int max;
    } lists[] = {
        {"{\"who\":{\"kind\":\"numbers\",\"numbers\":[", "\"+420*\"", "]}," THEN "}",
         "/who/numbers", CALLRULE_NUMBERS_MAX},
        {"{\"who\":{\"kind\":\"countries\",\"countries\":[", "\"CZ\"", "]}," THEN "}",
         "/who/countries", CALLRULE_COUNTRIES_MAX},
        {"{" WHO ",\"when\":{\"times\":[", "{\"from\":\"09:00\",\"to\":\"10:00\"}", "]}," THEN "}",
         "/when/times", CALLRULE_TIMES_MAX},
        {"{" WHO ",\"when\":{\"dates\":[", "{\"from\":\"2026-01-01\",\"to\":\"2026-01-01\"}",
         "]}," THEN "}", "/when/dates", CALLRULE_DATES_MAX},
        {"{" WHO ",\"then\":{\"action\":\"screen\",\"urgent_words\":[", "\"fire\"", "]}}",
         "/then/urgent_words", CALLRULE_URGENT_MAX},
    };
    for (size_t i = 0; i < countof(lists); i++)
        for (int more = 0; more < 2; more++) {
            struct buf json = {0};
            struct callrule rule;
            struct reader_fault fault = {.field = "-"};
            buf_puts(&json, lists[i].before);
            for (int at = 0; at < lists[i].max + more; at++)
                buf_printf(&json, "%s%s", at ? "," : "", lists[i].entry);
            buf_puts(&json, lists[i].after);
            assert_int_equal(callrule_read(buf_str(&json), &arena, &rule, &fault),
                             more ? EINVAL : 0);
            if (more)
                assert_string_equal(fault.field, lists[i].field);
            buf_free(&json);
        }
}

static void case_of_a_call_is_read_whole(void **state)
{
    (void)state;
    static const char json[] =
        "{\"number\":\"+420602000111\",\"contact\":\"vip\",\"now\":1795788000000,"
        "\"date\":\"2026-11-28\",\"minute\":900,\"mode\":\"travel\",\"countries\":[\"CZ\",\"SK\"],"
        "\"own_dates\":[\"2026-12-31\"],\"can_ring\":true,\"rules\":["
        "{\"id\":\"019a0000-0000-7000-8000-000000000001\",\"enabled\":true,\"name\":null,"
        "\"who\":{\"kind\":\"vip\"},\"when\":{},\"then\":{\"action\":\"connect\"}}]}";
    struct callrules_case all;
    assert_int_equal(callrules_read(str_of(json), &arena, &all), 0);
    assert_string_equal(all.facts.number, FRIEND);
    assert_int_equal(all.facts.contact, CALLER_VIP);
    assert_int_equal(all.facts.now_ms, 1795788000000);
    assert_int_equal(all.facts.date.day, 28);
    assert_int_equal(all.facts.minute, 900);
    assert_int_equal(all.facts.mode, MODE_TRAVEL);
    assert_int_equal(all.facts.countries.count, 2);
    assert_int_equal(all.facts.own_date_count, 1);
    assert_true(all.facts.can_ring);
    assert_int_equal(all.count, 1);
    assert_int_equal(decide(all.rules, all.count, &all.facts, NULL).action, THEN_CONNECT);
    assert_int_equal(callrules_read(str_of("{\"minute\":1440}"), &arena, &all), EPROTO);
    assert_int_equal(callrules_read(str_of("{\"rules\":[{}]}"), &arena, &all), EPROTO);
    assert_int_equal(callrules_read(str_of("7"), &arena, &all), EPROTO);
}

static void decision_survives_being_stored(void **state)
{
    (void)state;
    static const char json[] =
        "{\"action\":\"ring\",\"reason\":\"rule\","
        "\"rule_id\":\"019a0000-0000-7000-8000-000000000001\",\"position\":3,\"no_phone\":false,"
        "\"vip\":true,\"ring_seconds\":12,\"say\":\"Hello\",\"urgent_words\":[\"fire\"],"
        "\"names\":[\"Eva\",\"Petr\"]}";
    struct callrules_decision decision;
    struct buf out = {0};
    assert_int_equal(callrules_read_decision(str_of(json), &arena, &decision), 0);
    callrules_put_decision(&decision, &out);
    assert_string_equal(buf_text(&out), json);
    assert_int_equal(callrules_read_decision(str_of("{}"), &arena, &decision), 0);
    assert_int_equal(decision.action, THEN_SCREEN);
    assert_int_equal(decision.reason, BECAUSE_OF_NOTHING);
    buf_clear(&out);
    callrules_put_decision(&decision, &out);
    assert_string_equal(buf_text(&out), "{\"action\":\"screen\",\"reason\":\"default\","
                                        "\"rule_id\":null,\"position\":null,\"no_phone\":false,"
                                        "\"vip\":false,\"ring_seconds\":null,\"say\":null,"
                                        "\"urgent_words\":[],\"names\":[]}");
    buf_free(&out);
    assert_int_equal(callrules_read_decision(str_of("{\"action\":\"x\"}"), &arena, &decision),
                     EPROTO);
    assert_int_equal(callrules_read_decision(str_of("[]"), &arena, &decision), EPROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(caller_fits_by_what_the_carrier_vouches_for, free_arena),
        cmocka_unit_test_teardown(days_and_times_are_the_owners, free_arena),
        cmocka_unit_test_teardown(night_belongs_to_its_evening, free_arena),
        cmocka_unit_test_teardown(dates_include_both_ends, free_arena),
        cmocka_unit_test_teardown(holidays_are_of_the_countries_and_of_the_owners_own, free_arena),
        cmocka_unit_test_teardown(moments_begin_and_end_a_rule, free_arena),
        cmocka_unit_test_teardown(mode_switches_rules_on, free_arena),
        cmocka_unit_test_teardown(first_rule_that_fits_decides, free_arena),
        cmocka_unit_test_teardown(without_a_rule_calls_are_screened_and_the_blocked_refused,
                                  free_arena),
        cmocka_unit_test_teardown(rule_that_cannot_ring_screens, free_arena),
        cmocka_unit_test_teardown(spoken_name_puts_through_only_before_the_rule_that_decides,
                                  free_arena),
        cmocka_unit_test_teardown(limited_tenant_has_messages_taken_and_no_phone_rung, free_arena),
        cmocka_unit_test_teardown(way_to_the_owner_depends_on_number_rule_and_words, free_arena),
        cmocka_unit_test_teardown(names_and_urgent_words_are_heard_in_any_form, free_arena),
        cmocka_unit_test_teardown(rule_is_printed_with_every_member, free_arena),
        cmocka_unit_test_teardown(what_is_no_rule_is_refused_with_its_place, free_arena),
        cmocka_unit_test_teardown(lists_are_bounded, free_arena),
        cmocka_unit_test_teardown(case_of_a_call_is_read_whole, free_arena),
        cmocka_unit_test_teardown(decision_survives_being_stored, free_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
