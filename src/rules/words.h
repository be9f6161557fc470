/* rules/words.h: what somebody said as a row of folded words, and patterns over them.
 *
 * A pattern is words with a space between: "gewonn*" takes any ending, "card|pin" either word,
 * "!you" one word but not that, ".." up to WORDS_GAP_MAX words of anything. Patterns are written
 * folded: lower case, no diacritics, no apostrophes. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>

enum { WORDS_MAX = 320, WORDS_GAP_MAX = 6 };

struct word {
    struct str text;   /* as it was said; borrowed from the text given */
    struct str folded; /* borrowed from words */
    bool capital;      /* written with a capital first letter */
    bool ends;         /* a full stop, question or exclamation mark, comma or semicolon follows */
};
struct words {
    size_t count;
    struct word list[WORDS_MAX]; /* what comes after is left out */
    struct buf folded;
    bool cased; /* capitals are written at all */
};
void words_of(struct words *words_out, struct str text);
void words_free(struct words *words);

/* Words [first, after) of what was said, {0, 0} where there are none. */
struct span {
    size_t first, after;
};
/* Does the pattern stand right at word `at`? Gives the word after it, 0 for no. */
size_t words_match(const struct words *words, size_t at, const char *pattern);
bool words_find(const struct words *words, size_t from, const char *pattern,
                struct span *span_out); /* span_out may be NULL */
bool words_have(const struct words *words, const char *pattern);
/* Any of the patterns, up to NULL. */
bool words_have_any(const struct words *words, const char *const *patterns);
/* As it was said, with its punctuation between; borrowed from the text. */
struct str words_text(const struct words *words, struct span span);
