/* speech/model/phrases.h: what callers say, written as a small grammar, and sentences drawn from
 * it.
 *
 * A file is lines of UTF-8:
 *   # a comment
 *   $DAY = monday|tuesday|$WEEKEND     a class: a name for a template
 *   (hello|hi) [this is $NAME]         a template: (a|b|) one of them, maybe nothing; [a] or
 * nothing *40                                from here each template is drawn 40 times, which is
 * its weight =abc EY B IY S IY | AA B C         how a word sounds, where letter-to-sound would get
 * it wrong A class must stand above its first use, so the grammar cannot run in circles. */
#pragma once
#include "base/buf.h"
#include "base/mem.h"

#include <stdint.h>

struct phrases;

/* A line that says how a word sounds. */
struct phrases_sound {
    const char *word;
    const char *phones; /* alternatives with | between */
};

/* errors: EINVAL, with a sentence and the line's number in why_out (freed by the caller) */
int phrases_parse(struct str text, struct phrases **phrases_out, char **why_out);
void phrases_free(struct phrases **phrases);
const struct phrases_sound *phrases_sounds(const struct phrases *phrases, size_t *count_out);

/* Every sentence of every template, in a fixed order that depends on seed alone. words is the
 * sentence with one space between words. Each alternative comes up before any of its siblings comes
 * up a second time, so that no name is left out by chance. */
typedef void phrases_fn(const char *sentence, void *arg);
void phrases_draw(struct phrases *phrases, uint64_t seed, phrases_fn *on_sentence, void *arg);
/* Every word that stands anywhere in the file, more than once if it does. */
void phrases_words(const struct phrases *phrases, phrases_fn *on_word, void *arg);
