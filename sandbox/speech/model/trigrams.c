/* speech/model/trigrams.c: every n-gram is put down as it comes, then sorted, counted and smoothed.
 */
#include "speech/model/trigrams.h"
#include "base/mem.h"

#include <math.h>
#include <search.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ORDER = 3, BOS = 0, EOS = 1, WORDS_MAX = 20000 };

struct gram {
    uint32_t word[ORDER]; /* unused places are 0 */
    uint32_t count;
    uint32_t followers; /* different words seen behind it */
    uint32_t followed;  /* how often any word came behind it */
    double probability;
};

struct grams { /* all of one length */
    struct gram *list;
    size_t count;
    size_t room;
};

struct trigrams {
    struct arena arena;
    struct hsearch_data index; /* word to its number */
    const char **words;
    size_t word_count;
    struct grams grams[ORDER + 1];
    uint64_t tokens; /* words and sentence ends */
};

static uint32_t intern(struct trigrams *trigrams, struct str word)
{
    ENTRY *found;
    ENTRY entry = {.key = arena_strndup(&trigrams->arena, word.at, word.bytes)};
    if (!hsearch_r(entry, FIND, &found, &trigrams->index)) {
        entry.data = (void *)(uintptr_t)trigrams->word_count;
        trigrams->words =
            xrealloc(trigrams->words, (trigrams->word_count + 1) * sizeof *trigrams->words);
        trigrams->words[trigrams->word_count++] = entry.key;
        if (!hsearch_r(entry, ENTER, &found, &trigrams->index))
            abort(); /* more than WORDS_MAX words */
    }
    return (uint32_t)(uintptr_t)found->data;
}

struct trigrams *trigrams_new(void)
{
    struct trigrams *trigrams = xalloc(sizeof *trigrams);
    if (!hcreate_r(WORDS_MAX, &trigrams->index))
        abort(); /* out of memory */
    intern(trigrams, str_of("<s>"));
    intern(trigrams, str_of("</s>"));
    return trigrams;
}

void trigrams_free(struct trigrams **trigrams)
{
    if (!*trigrams)
        return;
    for (int order = 1; order <= ORDER; order++)
        free((*trigrams)->grams[order].list);
    hdestroy_r(&(*trigrams)->index);
    free((*trigrams)->words);
    arena_free(&(*trigrams)->arena);
    free(*trigrams);
    *trigrams = NULL;
}

static void put(struct grams *grams, const uint32_t *words, int order)
{
    if (grams->count == grams->room) {
        grams->room = grams->room ? grams->room * 2 : 4096;
        grams->list = xrealloc(grams->list, grams->room * sizeof *grams->list);
    }
    struct gram *gram = &grams->list[grams->count++];
    *gram = (struct gram){.count = 1};
    memcpy(gram->word, words, (size_t)order * sizeof *words);
}

void trigrams_add(struct trigrams *trigrams, const char *sentence)
{
    uint32_t last[ORDER] = {BOS}; /* a sliding window, newest last */
    size_t known = 1;
    put(&trigrams->grams[1], last, 1);
    struct str rest = str_of(sentence);
    bool ended = false;
    while (!ended) {
        ended = rest.bytes == 0;
        struct str word = ended ? str_of("</s>") : str_cut(&rest, ' ');
        if (known == ORDER)
            memmove(last, last + 1, (ORDER - 1) * sizeof *last);
        else
            known++;
        last[known - 1] = intern(trigrams, word);
        for (size_t order = 1; order <= known; order++)
            put(&trigrams->grams[order], last + known - order, (int)order);
        trigrams->tokens++;
    }
}

size_t trigrams_word_count(const struct trigrams *trigrams)
{
    return trigrams->word_count - 2; /* without the two marks */
}

const char *trigrams_word(const struct trigrams *trigrams, size_t index)
{
    return trigrams->words[index + 2];
}

static int by_words(const void *one, const void *other)
{
    const struct gram *a = one;
    const struct gram *b = other;
    for (int i = 0; i < ORDER; i++) {
        if (a->word[i] != b->word[i])
            return a->word[i] < b->word[i] ? -1 : 1;
    }
    return 0;
}

static void count_same(struct grams *grams)
{
    qsort(grams->list, grams->count, sizeof *grams->list, by_words);
    size_t kept = 0;
    for (size_t i = 0; i < grams->count; i++) {
        if (kept && by_words(&grams->list[kept - 1], &grams->list[i]) == 0)
            grams->list[kept - 1].count += grams->list[i].count;
        else
            grams->list[kept++] = grams->list[i];
    }
    grams->count = kept;
}

static struct gram *find(struct trigrams *trigrams, const uint32_t *words, int order)
{
    struct gram wanted = {0};
    memcpy(wanted.word, words, (size_t)order * sizeof *words);
    struct grams *grams = &trigrams->grams[order];
    return bsearch(&wanted, grams->list, grams->count, sizeof *grams->list, by_words);
}

static void count_followers(struct trigrams *trigrams, int order)
{
    for (size_t i = 0; i < trigrams->grams[order].count; i++) {
        const struct gram *gram = &trigrams->grams[order].list[i];
        struct gram *history = find(trigrams, gram->word, order - 1);
        history->followers++;
        history->followed += gram->count;
    }
}

/* What is left for the unseen behind a history: also its back-off weight, since the model is
 * interpolated. */
static double unseen_share(const struct gram *history)
{
    if (history->followed == 0)
        return 1;
    return (double)history->followers / ((double)history->followed + history->followers);
}

static void smooth_words(struct trigrams *trigrams)
{
    double words = (double)trigrams->word_count - 1; /* a sentence start is never predicted */
    double tokens = (double)trigrams->tokens;
    for (size_t i = 0; i < trigrams->grams[1].count; i++) {
        struct gram *gram = &trigrams->grams[1].list[i];
        gram->probability = gram->word[0] == BOS ? 0 : (gram->count + 1.0) / (tokens + words);
    }
}

static void smooth(struct trigrams *trigrams, int order)
{
    for (size_t i = 0; i < trigrams->grams[order].count; i++) {
        struct gram *gram = &trigrams->grams[order].list[i];
        const struct gram *history = find(trigrams, gram->word, order - 1);
        const struct gram *shorter = find(trigrams, gram->word + 1, order - 1);
        double seen = (double)history->followed + history->followers;
        gram->probability = gram->count / seen + unseen_share(history) * shorter->probability;
    }
}

static void write_order(const struct trigrams *trigrams, int order, struct buf *arpa)
{
    buf_printf(arpa, "\n\\%d-grams:\n", order);
    for (size_t i = 0; i < trigrams->grams[order].count; i++) {
        const struct gram *gram = &trigrams->grams[order].list[i];
        buf_printf(arpa, "%.4f", gram->probability > 0 ? log10(gram->probability) : -99.0);
        for (int place = 0; place < order; place++)
            buf_printf(arpa, "%c%s", place ? ' ' : '\t', trigrams->words[gram->word[place]]);
        if (order < ORDER)
            buf_printf(arpa, "\t%.4f", log10(unseen_share(gram)));
        buf_putc(arpa, '\n');
    }
}

void trigrams_write(struct trigrams *trigrams, struct buf *arpa)
{
    for (int order = 1; order <= ORDER; order++)
        count_same(&trigrams->grams[order]);
    smooth_words(trigrams);
    for (int order = 2; order <= ORDER; order++) {
        count_followers(trigrams, order);
        smooth(trigrams, order);
    }
    buf_puts(arpa, "\\data\\\n");
    for (int order = 1; order <= ORDER; order++)
        buf_printf(arpa, "ngram %d=%zu\n", order, trigrams->grams[order].count);
    for (int order = 1; order <= ORDER; order++)
        write_order(trigrams, order, arpa);
    buf_puts(arpa, "\n\\end\\\n");
}
