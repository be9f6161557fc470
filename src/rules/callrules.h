/* rules/callrules.h: what happens with a call by the owner's own rules: who calls, when, then what.
 * Pure: the time at the owner's place, what is known of the caller, and the rules go in.
 *
 *   1. the rules in the owner's order; the first one whose caller and time fit decides
 *   2. a blocked contact that no rule mentioned is refused
 *   3. everybody else is screened
 *
 * Who calls is the number the carrier vouches for. A spoken name proves nothing, so a rule by name
 * decides nothing when the phone rings: it only says who may be put through after having said that
 * name (callrules_heard()), and only when it stands before the rule that decides. */
#pragma once
#include "base/buf.h"
#include "base/id.h"
#include "rules/holidays.h"
#include "rules/phone.h"
#include "rules/reader.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CALLRULES_MAX = 100, /* of a tenant */
    CALLRULE_NUMBERS_MAX = 50,
    CALLRULE_COUNTRIES_MAX = 50,
    CALLRULE_NAMES_MAX = 20,
    CALLRULE_URGENT_MAX = 20,
    CALLRULE_TIMES_MAX = 4,
    CALLRULE_DATES_MAX = 10,
    CALLRULE_WORDS_BYTES_MAX = 240, /* of a name or an urgent word */
    CALLRULE_SAY_BYTES_MAX = 400,
    CALLRULE_RING_SECONDS_MIN = 5,
    CALLRULE_RING_SECONDS_MAX = 25, /* then mailboxes and forwarding take over */
    CALLRULE_RING_SECONDS = 15,
    CALLRULES_NAMES_MAX = 100, /* of all rules together that a call may be put through by */
    CALLRULES_OWN_DATES_MAX = 60,
    CALLRULES_COUNTRIES_MAX = 4, /* whose holidays count */
};

enum callrule_who {
    WHO_ANYONE,
    WHO_UNKNOWN, /* shows a number that is no contact's */
    WHO_HIDDEN,  /* shows none */
    WHO_KNOWN,   /* a contact that is not blocked */
    WHO_VIP,
    WHO_BLOCKED,
    WHO_NUMBERS, /* one of the list; "+42060*" is all that begin so */
    WHO_COUNTRIES,
    WHO_OTHER_COUNTRIES, /* shows a number of none of them */
    WHO_NAMES,           /* says one of the names; see above */
    WHO_COUNT,
};
enum callrule_action {
    THEN_SCREEN,  /* as usual */
    THEN_FILTER,  /* as usual, but whoever sells or cheats is hung up on at once */
    THEN_RING,    /* the owner's phone for some seconds, then a message */
    THEN_CONNECT, /* the owner's phone as long as it can ring, then a message */
    THEN_MESSAGE, /* a message, nothing else */
    THEN_REFUSE,  /* a polite sentence */
    THEN_HANG_UP, /* busy, without a word */
    THEN_COUNT,
};
enum callrule_holidays { HOLIDAYS_TOO, HOLIDAYS_ONLY, HOLIDAYS_NOT, HOLIDAYS_COUNT };
enum callrule_mode {
    MODE_NORMAL,
    MODE_EXPECTING, /* a call */
    MODE_MEETING,
    MODE_TRAVEL,
    MODE_VACATION,
    MODE_NIGHT,
    MODE_COUNT,
};
/* What the owner knows of the number; the same codes as contacts have. */
enum callrule_contact { CALLER_STRANGER, CALLER_NORMAL, CALLER_VIP, CALLER_BLOCKED, CALLER_COUNT };

/* The codes of API and database; of an enum's value, so that they can be looked up either way. */
const char *callrule_who_code(int who);           /* "anyone" ... */
const char *callrule_action_code(int action);     /* "screen" ... */
const char *callrule_holidays_code(int holidays); /* "too", "only", "not" */
const char *callrule_mode_code(int mode);         /* "normal" ... */
const char *callrule_contact_code(int contact);   /* "" for a stranger, "normal" ... */
const char *callrule_day_code(int day);           /* 0: "monday" */

struct callrule {
    struct uuid id;
    bool enabled;
    struct {
        enum callrule_who kind;
        struct texts list; /* numbers, countries or names; empty for the other kinds */
    } who;
    struct {                    /* all of it must hold */
        unsigned days;          /* bit 0 is Monday; 0: every day */
        struct callrule_times { /* minutes of the day; to <= from: until the next morning, as part
                                 * of the day it began on */
            int from, to;
        } times[CALLRULE_TIMES_MAX];
        size_t time_count; /* 0: at any time */
        struct callrule_dates {
            struct date from, to; /* both included */
        } dates[CALLRULE_DATES_MAX];
        size_t date_count; /* 0: on any date */
        enum callrule_holidays holidays;
        int64_t since_ms, until_ms; /* Unix time; 0: no such limit; until is not included */
        unsigned modes;             /* bits of callrule_mode; 0: in every mode */
    } when;
    struct {
        enum callrule_action action;
        int ring_seconds;    /* THEN_RING */
        const char *say;     /* "": nothing more than usual */
        struct texts urgent; /* whoever says one of them while being screened may be put through */
    } then;
};

/* What is known when the phone rings. */
struct callrules_facts {
    char number[PHONE_TEXT_BYTES]; /* E.164; "" hidden */
    enum callrule_contact contact;
    int64_t now_ms;   /* Unix time */
    struct date date; /* at the owner's place */
    int minute;       /* of that day, 0 to 1439 */
    enum callrule_mode mode;
    struct texts countries;       /* whose holidays count, "CZ" */
    const struct date *own_dates; /* holidays of the owner's own */
    size_t own_date_count;
    bool can_ring; /* there is a phone to put calls through to */
};

/* Why a rule did not decide, in the order in which it is asked. */
enum callrule_verdict {
    RULE_DECIDED,
    RULE_BEHIND, /* an earlier one had decided: not looked at */
    RULE_OFF,
    RULE_NOT_WHO,
    RULE_NOT_MODE,
    RULE_NOT_YET,
    RULE_OVER,
    RULE_NOT_DATE,
    RULE_NOT_HOLIDAY, /* it wants one, or wants none */
    RULE_NOT_DAY,
    RULE_NOT_TIME,
    RULE_ASKS_NAME, /* it fits, but is by name: it applies once the name was said */
    RULE_VERDICT_COUNT,
};
const char *callrule_verdict_code(int verdict); /* "decided", "not_who" ... */

enum callrules_reason {
    BECAUSE_OF_RULE,
    BECAUSE_BLOCKED,    /* the contact is, and no rule says otherwise */
    BECAUSE_OF_NOTHING, /* no rule fits */
    CALLRULES_REASON_COUNT,
};
const char *callrules_reason_code(int reason); /* "rule", "blocked", "default" */

/* Borrows from the rules. */
struct callrules_decision {
    enum callrule_action action;
    enum callrules_reason reason;
    struct uuid rule; /* BECAUSE_OF_RULE, else nil */
    int position;     /* ... its place, from 1 */
    bool no_phone;    /* the rule wants the owner rung, but there is no number: screened instead */
    bool vip;         /* a contact who may always be put through */
    int ring_seconds; /* THEN_RING and THEN_CONNECT */
    const char *say;
    struct texts urgent;
    const char *names[CALLRULES_NAMES_MAX]; /* whoever says one of them may be put through */
    size_t name_count;
};
/* verdicts_out: one a rule; may be NULL. */
void callrules_decide(const struct callrule *rules, size_t count,
                      const struct callrules_facts *facts, struct callrules_decision *decision_out,
                      enum callrule_verdict *verdicts_out);

/* Whether a caller who is being screened may be put through. */
enum callrules_way {
    WAY_NEVER,
    WAY_ALWAYS,          /* the number is a VIP's */
    WAY_BY_WORDS,        /* once a name or an urgent word of the decision was heard */
    WAY_BY_INSTRUCTIONS, /* as the owner's own instructions have it */
    CALLRULES_WAY_COUNT,
};
const char *callrules_way_code(int way); /* "never", "always", "by_words", "by_instructions" */
enum callrules_way callrules_way(const struct callrules_decision *decision, bool can_ring);

/* The owner is not to be rung, whatever his rules say: for a tenant who may only have messages
 * taken. What turns callers away stays. */
void callrules_only_messages(struct callrules_decision *decision);

/* Did the caller say it? Every word of `words` must stand in what was said, in a row, whatever its
 * ending: "Novák" is heard in "od Nováka", "havárie" in "máme tu havárii". */
bool callrules_heard(const char *words, struct str said);
/* ... any of the decision's names and urgent words. */
bool callrules_heard_any(const struct callrules_decision *decision, struct str said);
