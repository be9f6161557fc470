/* rules/slots.h: what one utterance says about who calls, from where, why and what they want done,
 * found by the words that introduce it. The tables of the four languages stand in slots_words.c. */
#pragma once
#include "rules/digits.h"
#include "rules/language.h"
#include "rules/words.h"

#include <stdbool.h>

/* Things said in a fixed handful of ways. */
enum phrase_set {
    SAID_YES,
    SAID_NO,
    SAID_GREETING,
    SAID_GOODBYE,
    SAID_THANKS,
    SAID_NOTHING_MORE, /* "that is all", "I will call again later" */
    SAID_REPEAT,       /* "can you repeat that" */
    SAID_HEAR_ME,      /* "can you hear me" */
    SAID_WHO_IS_THIS,  /* "who is this", "are you a robot" */
    SAID_PERSON,       /* "I would like to speak to the manager" */
    SAID_CALL_BACK,
    SAID_OWN_NUMBER, /* "the number I am calling from" */
    SAID_URGENT,
    SAID_FAMILY, /* "it is mum" */
    SAID_DELIVERY,
    SAID_BUYING,     /* wants to order, buy, rent, book */
    SAID_FILLER,     /* nothing by itself: "please", "well", "and" */
    SAID_ASKED_NAME, /* by Karen: the answer may be a bare name */
    SAID_COUNT,
};
bool slots_said(const struct words *words, enum language language, enum phrase_set set);

struct slots {
    struct span name, company;
    const char *company_name; /* where the word must stand in another form: "z banky" is "banka" */
    struct span reason;       /* with the word that introduces it: "kvůli schůzce" */
    bool reason_introduced;   /* false: it is just what was left of the utterance */
    struct span rest;         /* what no slot took; for an answer to a question */
    struct digits number;
    bool has_number;
};
void slots_of(const struct words *words, enum language language, struct slots *slots_out);
/* A whole utterance as the answer to "what is your name?"; {0, 0} if it is not one. */
struct span slots_bare_name(const struct words *words, enum language language);

/* The text of a span as it is stored: names with capitals, bounded. */
void slots_copy_name(const struct words *words, struct span span, char *out, size_t room);
void slots_copy_text(const struct words *words, struct span span, char *out, size_t room);

/* The tables: patterns up to NULL. */
struct slot_words {
    const char *const *said[SAID_COUNT];
    const char *const *name_after;    /* "my name is" */
    const char *const *name_before;   /* ".. speaking" */
    const char *const *titles;        /* "doctor" */
    const char *const *not_names;     /* words no name holds: they end it */
    const char *const *company_after; /* "from the company" */
    const char *const *from;          /* "from": then a word of organisations */
    const struct organisation {
        const char *folded, *name;
    } * organisations;
    const char *const *reason_at; /* "about", "regarding": the reason begins with it */
    const char *const *wish_at;   /* "i would like to": likewise, when there is none of the above */
    const char *const *ends;      /* what ends a reason: "please call", "my number" */
};
extern const struct slot_words slot_words[LANGUAGE_COUNT];
