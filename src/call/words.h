/* call/words.h: what can be read off words without a model: folded for comparing, whether they are
 * only a "mhm" or a goodbye, what a question asks for. How finished they sound is complete.h's.
 * The words themselves: words_cs.c, words_sk.c ... */
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
bool words_of_machine(enum language language, struct str normalised);   /* "press one" */
bool words_of_assistant(enum language language, struct str normalised); /* "I am an AI" */

/* For comparing what was said: a hash a word of raw text, at most `room`, the first ones, scratch
 * is overwritten; and how many words two texts have in common, in the same order. */
enum { WORDS_COMPARED_MAX = 64 };
size_t words_hash(struct str text, struct buf *scratch, uint32_t *hashes_out, size_t room);
size_t words_common(const uint32_t *some, size_t some_count, const uint32_t *others,
                    size_t other_count);

/* What a question wants to hear, so that one knows how its answer sounds while it is not all. */
enum words_asked { ASKED_NOTHING, ASKED_OPEN, ASKED_YES_NO, ASKED_NAME, ASKED_NUMBER, ASKED_COUNT };
enum words_asked words_asked(enum language language, struct str normalised_question);

/* words_cs.c and its like: a table ends in NULL, entries are normalised; of one or more words. */
struct words_tables {
    const char *const *backchannels;
    const char *const *strong; /* one of them is enough to stop who is speaking */
    const char *const *farewells;
    const char *const *greetings;
    const char *const *introductions; /* a name follows */
    const char *const *conjunctions;
    const char *const *subordinators; /* a clause with a verb of its own follows */
    const char *const *prepositions;
    const char *const *determiners; /* articles, titles, degrees: what they belong to follows */
    const char *const *fillers;
    const char *const *hesitations;
    const char *const *wanting;       /* subjects and verbs that are nothing without more */
    const char *const *leaning;       /* verbs and pronouns that are seldom last */
    const char *const *adjectives;    /* ends of words whose noun follows */
    const char *const *tags;          /* what likes to stand last */
    const char *const *verbs;         /* beginnings of usual verbs ... */
    const char *const *verb_endings;  /* ... and ends by which others are known */
    const char *const *questions;     /* words that make a question */
    const char *const *short_answers; /* whole turns of one or two words */
    const char *const *units;         /* of spoken numbers: a digit each */
    const char *const *teens;         /* two digits, nothing follows */
    const char *const *tens;          /* two digits, a unit may take the place of the second */
    const char *const *hundreds;      /* "seven hundred twelve" is three digits */
    const char *const *mail_signs;
    const char *const *name_questions;
    const char *const *open_questions; /* no yes or no would answer them */
    const char *const *digit_questions;
    const char *const *machines;   /* what only an announcement, a menu or a queue says */
    const char *const *assistants; /* how another assistant tells what it is */
    size_t phone_digits;           /* a national number is whole with so many */
    size_t country_digits;
};
extern const struct words_tables words_cs, words_sk, words_en, words_de;
const struct words_tables *language_words(enum language language);

/* Of normalised text and a table; the longest entry counts, and only whole words. */
bool words_take(const char *const *table, struct str *text);   /* off its front, if it is there */
bool words_are_all(const char *const *table, struct str text); /* false for no words at all */
bool words_contain(const char *const *table, struct str text);
bool words_end_in(const char *const *table, struct str text);
