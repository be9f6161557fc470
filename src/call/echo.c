/* call/echo.c: Karen's own words, back from a loudspeaker. What she says is remembered word by word
 * with the time at which it is played; what the recogniser hears while she speaks, or just after,
 * and is mostly that, in that order, is no caller's. */
#include "base/mem.h"
#include "call/call_private.h"

enum {
    ECHO_LATE_MS = 1300,  /* it comes back so late at most, with what word times are off ... */
    ECHO_EARLY_MS = 400,  /* ... which may make it seem early */
    ECHO_PERCENT = 60,    /* so much of it must be hers ... */
    ECHO_WORDS_MIN = 3,   /* ... and so many words: fewer are said by chance, */
    ECHO_WORDS_AGAIN = 1, /* but not where there was an echo before */
};

void echo_said(struct call_core *core, struct str text, int64_t from_ms, int64_t to_ms)
{
    struct echo *echo = &core->echo;
    uint32_t words[ECHO_WORDS_MAX];
    size_t count = words_hash(text, &core->scratch, words, countof(words));
    for (size_t i = 0; i < count; i++)
        echo->said[echo->count++ % ECHO_WORDS_MAX] =
            (struct echo_word){words[i], from_ms + (to_ms - from_ms) * (int64_t)i / (int64_t)count};
    if (to_ms > echo->until_ms)
        echo->until_ms = to_ms;
}

void echo_hushed(struct call_core *core)
{
    int64_t now_ms = media_now(core);
    if (core->echo.until_ms > now_ms)
        core->echo.until_ms = now_ms;
}

/* What was played in that time, oldest first. */
static size_t played(const struct echo *echo, int64_t from_ms, int64_t to_ms,
                     uint32_t words_out[ECHO_WORDS_MAX])
{
    size_t count = 0, first = echo->count > ECHO_WORDS_MAX ? echo->count - ECHO_WORDS_MAX : 0;
    for (size_t i = first; i < echo->count; i++) {
        const struct echo_word *word = &echo->said[i % ECHO_WORDS_MAX];
        if (word->at_ms >= from_ms && word->at_ms <= to_ms)
            words_out[count++] = word->hash;
    }
    return count;
}

/* The last word of an echo is often cut off and heard as another. */
static bool is_misheard(struct call_core *core, struct str rest)
{
    words_normalise(rest, &core->scratch);
    struct str words = buf_str(&core->scratch);
    return words_count(rest) == 1 && !words_have_strong(core->language, words);
}

size_t echo_words(struct call_core *core, struct str text, int64_t start_ms, int64_t end_ms)
{
    const struct echo *echo = &core->echo;
    if (!echo->count || start_ms > echo->until_ms)
        return 0;
    uint32_t heard[ECHO_WORDS_MAX], said[ECHO_WORDS_MAX];
    size_t count = words_hash(text, &core->scratch, heard, countof(heard));
    size_t said_count = played(echo, start_ms - ECHO_LATE_MS, end_ms + ECHO_EARLY_MS, said);
    size_t until = 0;
    for (size_t n = echo->on_line ? ECHO_WORDS_AGAIN : ECHO_WORDS_MIN; said_count && n <= count;
         n++) {
        bool ends_so = words_common(&heard[n - 1], 1, said, said_count);
        if (ends_so && words_common(heard, n, said, said_count) * 100 >= n * ECHO_PERCENT)
            until = n; /* the words behind it may be the caller's own */
    }
    return until && is_misheard(core, words_after(text, until)) ? until + 1 : until;
}
