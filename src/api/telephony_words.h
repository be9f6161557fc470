/* api/telephony_words.h: the few sentences that the carrier's own voice says when Karen cannot. */
#pragma once

struct telephony_words {
    const char *voicemail;   /* nobody can talk now: leave word after the tone */
    const char *interrupted; /* the connection broke: leave word after the tone */
    const char *taken;       /* behind a message */
    const char *refused;     /* a number that is nobody's */
    const char *call_from;   /* to the owner who picks up; behind it a name, digits, or hidden */
    const char *hidden;
    const char *call;      /* to whoever is rung, when it is not known who calls */
    const char *press_one; /* ... behind either: how the call is taken */
    const char *declined;  /* the owner's rules turn the call away; goodbye comes behind it */
    const char *goodbye;
    const char *code;             /* a number that several share: type the code of whom you call */
    const char *code_again;       /* it was nobody's */
    const char *forwarding_works; /* to whoever checks it */
    const char *picked_up;        /* ... and picked up, which he should not */
};
/* Of "cs", "sk", "de" or "en"; any other is "en". */
const struct telephony_words *telephony_words(const char *language);
