/* rules/forwarding.h: what an owner dials so that his phone forwards to Karen: codes by country and
 * network, and what is known to go wrong there. Pure.
 *
 * Mobile networks share the codes of 3GPP; landlines and some American networks have their own.
 * Networks change their minds, so a code is a proposal: whether it works is for the check to say
 * (store/forwarding_checks.h). Source: 3GPP TS 22.030 annex B; the networks' own pages. */
#pragma once
#include <stddef.h>

enum {
    FORWARDING_CODES_MAX = 5,
    FORWARDING_NOTES_MAX = 8,
    FORWARDING_CARRIERS_MAX = 8,
    FORWARDING_CODE_BYTES = 48,
    FORWARDING_TEL_BYTES = 96,
    FORWARDING_SECONDS_MIN = 5, /* of ringing, in steps of five */
    FORWARDING_SECONDS_MAX = 30,
};

struct forwarding_wish {
    const char *country; /* of the phone that forwards, "CZ" */
    const char *carrier; /* one of forwarding_carriers(); any other, or NULL, is "other" */
    const char *number;  /* E.164: Karen's */
    int seconds;         /* of ringing before it forwards; 0: the network's own */
};

enum forwarding_case {
    FORWARD_MISSED, /* no answer, busy and not reachable by one code */
    FORWARD_NO_ANSWER,
    FORWARD_BUSY, /* declined, too, on most networks */
    FORWARD_UNREACHABLE,
    FORWARD_ALL, /* the phone does not ring any more */
};
const char *forwarding_case_code(enum forwarding_case which); /* "missed", "no_answer" ... */

struct forwarding_code {
    enum forwarding_case which;
    char on[FORWARDING_CODE_BYTES], off[FORWARDING_CODE_BYTES];
    char status[FORWARDING_CODE_BYTES]; /* asks how it stands; "" where there is none */
    /* The same as links; a telephone of Apple's dials none of them. */
    char on_tel[FORWARDING_TEL_BYTES], off_tel[FORWARDING_TEL_BYTES];
    const char *note; /* what to know about this one, a key to translate; NULL: nothing */
};
struct forwarding_plan {
    const char *carrier;                                /* the one that was meant */
    struct forwarding_code codes[FORWARDING_CODES_MAX]; /* the first is the one to propose */
    size_t code_count;
    const char *notes[FORWARDING_NOTES_MAX]; /* keys to translate, the most important first */
    size_t note_count;
};
void forwarding_plan(const struct forwarding_wish *wish, struct forwarding_plan *plan_out);

struct forwarding_carrier {
    const char *id, *name; /* "o2", "O2"; name NULL: to be translated ("landline", "other") */
};
/* Those of a country, at most FORWARDING_CARRIERS_MAX; the last one is "other". */
size_t forwarding_carriers(const char *country, struct forwarding_carrier *carriers_out);
