/* rules/callrules_wire.h: call rules, what is known at a ring, and decisions, as JSON and back. A
 * rule is read the same way whether a person sends it or the database holds it:
 *
 *   {"id":"<uuid>","enabled":true,
 *    "who":{"kind":"numbers","numbers":["+420602*"],"countries":[],"names":[]},
 *    "when":{"days":["monday"],"times":[{"from":"22:00","to":"06:00"}],
 *            "dates":[{"from":"2026-12-24","to":"2027-01-01"}],"holidays":"too",
 *            "since":null,"until":"2026-11-28T14:00:00.000Z","modes":["travel"]},
 *    "then":{"action":"ring","ring_seconds":15,"say":null,"urgent_words":[]}}
 *
 * Only who.kind and then.action must be there; what is absent or null is as its default. */
#pragma once
#include "rules/callrules.h"

enum { CALLRULE_JSON_BYTES_MAX = 65536 };

/* Texts live in the arena. EINVAL: it is no rule; the fault says why. Other members of the object
 * than those above are left to whoever knows them. */
int callrule_read(struct str json, struct arena *arena, struct callrule *rule_out,
                  struct reader_fault *fault_out);
/* "who":{...},"when":{...},"then":{...} with every member: what a rule that was read looks like. */
void callrule_put(const struct callrule *rule, struct buf *out);
/* ... inside of a larger JSON; *rule_out only when the reader is still ok. */
void callrule_read_next(struct reader *reader, struct callrule *rule_out);
/* "numbers", "countries", "names": which list goes with a kind; NULL: none. */
const char *callrule_list_name(enum callrule_who kind);

/* All that decides a call, as store/callrules.c has it:
 *
 *   {"number":"+420..."|null,"contact":"normal"|"vip"|"blocked"|null,"now":ms,
 *    "date":"2026-11-28","minute":840,"mode":"normal","countries":["CZ"],
 *    "own_dates":["2026-12-31"],"can_ring":true,"rules":[...]} */
struct callrules_case {
    struct callrules_facts facts;
    const struct callrule *rules;
    size_t count;
};
/* EPROTO: it is not that; what the database holds was read before it was stored. */
int callrules_read(struct str json, struct arena *arena, struct callrules_case *case_out);

/* {"action":"ring","reason":"rule","rule_id":"<uuid>"|null,"position":2|null,"no_phone":false,
 *  "vip":false,"ring_seconds":15|null,"say":"..."|null,"urgent_words":[],"names":[]} */
void callrules_put_decision(const struct callrules_decision *decision, struct buf *out);
/* EPROTO: it is none. An empty object is the decision that no rule made: screened as usual. */
int callrules_read_decision(struct str json, struct arena *arena,
                            struct callrules_decision *decision_out);
