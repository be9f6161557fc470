/* call/words.h: what can be read off a caller's words without a model: folded for comparing,
 * whether they are only a "mhm", a goodbye, and how finished they sound. Tables: words_tables.c. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum language { LANGUAGE_CS, LANGUAGE_SK, LANGUAGE_EN, LANGUAGE_DE, LANGUAGE_COUNT };

/* "cs", "cs-CZ", ...; what we do not know is taken for English. */
enum language language_of(const char *code);

/* Folded words with one space between them: "Dobrý den, tady Novák!" gives "dobry den tady novak".
 * out is emptied first. */
void words_normalise(struct str text, struct buf *out);
size_t words_count(struct str text);               /* of raw or normalised text */
struct str words_after(struct str text, size_t n); /* text without its first n words */

/* On normalised text; false for no words at all. */
bool words_are_backchannel(enum language language, struct str normalised);
size_t words_outside_backchannel(enum language language, struct str normalised);
bool words_have_strong(enum language language, struct str normalised);  /* "wait", "stop" */
bool words_are_farewell(enum language language, struct str normalised); /* "thanks, bye" */
bool words_ask_for_digits(enum language language, struct str normalised);
bool words_of_machine(enum language language, struct str normalised);   /* "press one" */
bool words_of_assistant(enum language language, struct str normalised); /* "I am an AI" */

/* For comparing what was said: a hash a word of raw text, at most `room`, the first ones, scratch
 * is overwritten; and how many words two texts have in common, in the same order. */
enum { WORDS_COMPARED_MAX = 64 };
size_t words_hash(struct str text, struct buf *scratch, uint32_t *hashes_out, size_t room);
size_t words_common(const uint32_t *some, size_t some_count, const uint32_t *others,
                    size_t other_count);

/* How finished what was said sounds, in percent; scratch is overwritten. digits_out: it ends within
 * a number or a spelling, so the caller is likely to go on after a long pause. */
enum { WORDS_DONE = 85, WORDS_OPEN = 40 }; /* at least: surely done; below: surely not */
int words_completeness(enum language language, struct str text, struct buf *scratch,
                       bool *digits_out);

/* words_tables.c: each table ends in NULL, entries are normalised; of one or more words. */
struct words_tables {
    const char *const *backchannels;
    const char *const *strong; /* one of them is enough to stop who is speaking */
    const char *const *farewells;
    const char *const *open_ends;     /* conjunctions, prepositions, fillers: more will come */
    const char *const *short_answers; /* whole turns of one or two words */
    const char *const *digits;        /* spoken digits and numbers */
    const char *const *digit_questions;
    const char *const *machines;   /* what only an announcement, a menu or a queue says */
    const char *const *assistants; /* how another assistant tells what it is */
    size_t phone_digits;           /* a national number is whole with so many */
};
extern const struct words_tables words_tables[LANGUAGE_COUNT];
