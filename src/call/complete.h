/* call/complete.h: how likely it is that the caller has finished, by his words and what he was
 * asked: about forty things that are so or not, each with a weight learned from labelled pauses
 * (test/data/pauses; karen-pauses fits them and writes complete_weights.c). */
#pragma once
#include "call/words.h"

#include <stdint.h>

#define COMPLETE_FEATURES(X)                                                                       \
    X(ALWAYS)                                                                                      \
    X(SLOVAK)                                                                                      \
    X(ENGLISH)                                                                                     \
    X(GERMAN)                                                                                      \
    X(FULL_STOP)                                                                                   \
    X(QUESTION_MARK)                                                                               \
    X(COMMA)                                                                                       \
    X(BROKEN_OFF)                                                                                  \
    X(ENDS_CONJUNCTION)                                                                            \
    X(ENDS_SUBORDINATOR)                                                                           \
    X(ENDS_PREPOSITION)                                                                            \
    X(ENDS_DETERMINER)                                                                             \
    X(ENDS_FILLER)                                                                                 \
    X(ENDS_HESITATION)                                                                             \
    X(ENDS_WANTING)                                                                                \
    X(ENDS_LEANING)                                                                                \
    X(ENDS_ADJECTIVE)                                                                              \
    X(ENDS_TAG)                                                                                    \
    X(ENDS_VERB)                                                                                   \
    X(SENTENCE)                                                                                    \
    X(OPEN_WITH_STOP)                                                                              \
    X(ONE_AFTER_CONJUNCTION)                                                                       \
    X(ONE_AFTER_PREPOSITION)                                                                       \
    X(ONE_AFTER_DETERMINER)                                                                        \
    X(ONE_AFTER_WANTING)                                                                           \
    X(ONE_AFTER_LEANING)                                                                           \
    X(BEGINS_CONJUNCTION)                                                                          \
    X(NUMBER_OPEN)                                                                                 \
    X(NUMBER_WHOLE)                                                                                \
    X(NUMBER_LAST)                                                                                 \
    X(SPELLING)                                                                                    \
    X(MAIL_OPEN)                                                                                   \
    X(MAIL_WHOLE)                                                                                  \
    X(BACKCHANNEL)                                                                                 \
    X(SHORT_ANSWER)                                                                                \
    X(FAREWELL)                                                                                    \
    X(GREETING_ONLY)                                                                               \
    X(INTRODUCTION_LAST)                                                                           \
    X(QUESTION_WORD)                                                                               \
    X(NO_VERB)                                                                                     \
    X(CLAUSE_WITHOUT_VERB)                                                                         \
    X(CLAUSE_WITH_VERB)                                                                            \
    X(WORDS_1)                                                                                     \
    X(WORDS_2)                                                                                     \
    X(WORDS_3_4)                                                                                   \
    X(WORDS_5_7)                                                                                   \
    X(AFTER_NOTHING)                                                                               \
    X(AFTER_YES_NO)                                                                                \
    X(AFTER_NAME)                                                                                  \
    X(AFTER_NUMBER)                                                                                \
    X(YES_NO_ANSWERED)                                                                             \
    X(YES_NO_FEW_WORDS)                                                                            \
    X(NAME_ANSWERED)                                                                               \
    X(NAME_IN_FULL)                                                                                \
    X(NUMBER_REFUSED)

#define COMPLETE_NAME(name) COMPLETE_##name,
enum { COMPLETE_FEATURES(COMPLETE_NAME) COMPLETE_FEATURE_COUNT };
#undef COMPLETE_NAME

enum { /* from the last voice until a turn is sure */
       EOT_FAST_MS = 280,
       EOT_NORM_MS = 520,
       EOT_SLOW_MS = 1200,
       EOT_DIGITS_MS = 1500, /* within a number or a spelling */
};

enum { COMPLETE_WORDS_MAX = 40 }; /* only so many at the end are looked at */

struct complete_fit {
    /* Percent, by language: from sure on he has surely finished; below open he surely has not. */
    unsigned char sure[LANGUAGE_COUNT], open[LANGUAGE_COUNT];
    short weights[COMPLETE_FEATURE_COUNT]; /* hundredths of a logit */
};
extern const struct complete_fit complete_fit; /* complete_weights.c, generated */

/* What is so of text, a bit a feature; normalised is text's, see words_normalise(). digits_out: it
 * breaks off within a number or a spelling that is dictated, so a long pause is to be expected. */
uint64_t complete_features(enum language language, enum words_asked asked, struct str text,
                           struct str normalised, bool *digits_out);

/* How likely it is that nothing follows, in percent; 0 for no words. scratch is overwritten. */
int complete_percent(enum language language, enum words_asked asked, struct str text,
                     struct buf *scratch, bool *digits_out);

int complete_of(const struct complete_fit *fit, uint64_t features);

/* How long the caller is to be silent for a turn to be sure, if nothing is known of his pauses. */
int64_t complete_wait_ms(const struct complete_fit *fit, enum language language, int percent,
                         bool digits);
