/* fuzz/fuzz_callrules.c: whatever comes as a rule is refused with its place, or is one that decides
 * calls, is printed, and read again as the same. */
#include "rules/callrules_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void print(const struct callrule *rule, struct buf *out)
{
    buf_putc(out, '{');
    callrule_put(rule, out);
    buf_putc(out, '}');
}

static void check_decision(const struct callrule *rules, size_t count,
                           const struct callrules_facts *facts, struct arena *arena)
{
    struct callrules_decision decision, again;
    struct buf first = {0}, second = {0};
    enum callrule_verdict verdicts[CALLRULES_MAX];
    callrules_decide(rules, count, facts, &decision, verdicts);
    callrules_put_decision(&decision, &first);
    check(callrules_read_decision(buf_str(&first), arena, &again) == 0);
    callrules_put_decision(&again, &second);
    check(first.bytes == second.bytes && memcmp(first.data, second.data, first.bytes) == 0);
    check(decision.position >= 0 && (size_t)decision.position <= count);
    buf_free(&first);
    buf_free(&second);
}

static void check_rule(const struct callrule *rule, struct arena *arena)
{
    static const struct callrules_facts facts = {
        .number = "+420602000111", .now_ms = 1, .date = {2026, 11, 28}, .minute = 5};
    struct buf first = {0}, second = {0};
    struct callrule again;
    struct reader_fault fault;
    print(rule, &first);
    if (callrule_read(buf_str(&first), arena, &again, &fault) == 0) {
        print(&again, &second);
        check(first.bytes == second.bytes && memcmp(first.data, second.data, first.bytes) == 0);
    } else {
        check(first.bytes > CALLRULE_JSON_BYTES_MAX);
    }
    buf_free(&first);
    buf_free(&second);
    check_decision(rule, 1, &facts, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct arena arena = {0};
    struct str json = {(const char *)data, bytes};
    struct callrule rule;
    struct callrules_case all;
    struct callrules_decision decision;
    struct reader_fault fault = {0};
    if (callrule_read(json, &arena, &rule, &fault))
        check(fault.message && strnlen(fault.field, sizeof(fault.field)) < sizeof(fault.field));
    else
        check_rule(&rule, &arena);
    if (callrules_read(json, &arena, &all) == 0)
        check_decision(all.rules, all.count, &all.facts, &arena);
    callrules_read_decision(json, &arena, &decision);
    arena_free(&arena);
    return 0;
}
