/* rules/script_texts.h: what the scripted screener says, in four languages. For script*.c only. */
#pragma once
#include "rules/language.h"

enum script_say {
    SAY_HELP,         /* good day, how can I help? */
    SAY_ASK_REASON,   /* why do you call? */
    SAY_ASK_NAME,     /* what is your name? */
    SAY_WHO_CALLS,    /* whom shall I announce? */
    SAY_CALL_BACK,    /* yes or no: shall we call the number you call from? */
    SAY_ASK_NUMBER,   /* which number then? */
    SAY_REPEAT,       /* I did not catch that */
    SAY_HEAR_YOU,     /* yes, I hear you */
    SAY_WHO_I_AM,     /* a machine, and what it is there for */
    SAY_NOT_REACHED,  /* nobody took the transfer */
    SAY_AGAIN,        /* I got it wrong, once more please */
    SAY_TAKEN,        /* thank you, I will pass that on, goodbye */
    SAY_NOT_TAKEN,    /* the message could not be kept: please call again */
    SAY_GOODBYE,      /* thank you for calling, goodbye */
    SAY_NO_MARKETING, /* turned away ... */
    SAY_NO_SPAM,
    SAY_NO_FRAUD,
    SAY_NOTED,        /* "I have noted: " */
    SAY_NOTED_RIGHT,  /* ". Is that right?" */
    SAY_BACK_ON_OWN,  /* call back on the number you call from */
    SAY_BACK_ON,      /* call back on %number */
    SAY_IN_PERSON,    /* a reason: would like to talk in person */
    SAY_NO_REASON,    /* a reason: not said */
    SUM_SOMEBODY,     /* summaries: who, when no name is known */
    SUM_CALLED,       /* "called" before a reason that is introduced */
    SUM_SAID,         /* "left a message:" before one that is not */
    SUM_WANTS_PERSON, /* "wanted to talk to somebody" */
    SUM_WANTS_BACK,   /* "and asks to be called back" */
    SUM_UNCLEAR,      /* "did not say why" */
    SUM_MARKETING,    /* "A sales call:" before the caller's words */
    SUM_SPAM,
    SUM_FRAUD,
    SUM_NOTHING, /* "The caller said nothing." */
    SUM_QUOTE,   /* quotation marks */
    SUM_UNQUOTE,
    SAY_COUNT,
};
const char *script_text(enum language language, enum script_say say);
