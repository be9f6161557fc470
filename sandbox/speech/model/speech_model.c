/* speech/model/speech_model.c: from the phrases of one language to its language model and its
 * dictionary; runs while the project is built. */
#include "base/mem.h"
#include "speech/file.h"
#include "speech/model/phrases.h"
#include "speech/model/trigrams.h"
#include "speech/phones.h"

#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 20260101, WORDS_ROOM = 20000 };

/* One word of the dictionary. */
struct dict_word {
    char *word;
    struct buf lines;
    int variants;
};

struct dictionary {
    struct hsearch_data index;
    struct dict_word *entries;
    size_t count;
};

static struct dict_word *dictionary_find(struct dictionary *dictionary, char *word)
{
    ENTRY *found;
    return hsearch_r((ENTRY){.key = word}, FIND, &found, &dictionary->index) ? found->data : NULL;
}

/* The first way to say a word stands under the word, the next under word(2), and so on. */
static void entry_add(struct dict_word *entry, struct str phones)
{
    entry->variants++;
    buf_puts(&entry->lines, entry->word);
    if (entry->variants > 1)
        buf_printf(&entry->lines, "(%d)", entry->variants);
    buf_printf(&entry->lines, " %.*s\n", (int)phones.bytes, phones.at);
}

static struct dictionary dictionary_of(const struct trigrams *trigrams)
{
    struct dictionary dictionary = {.count = trigrams_word_count(trigrams)};
    dictionary.entries = xalloc(dictionary.count * sizeof *dictionary.entries);
    if (!hcreate_r(WORDS_ROOM, &dictionary.index))
        abort(); /* out of memory */
    for (size_t i = 0; i < dictionary.count; i++) {
        ENTRY *found;
        struct dict_word *entry = &dictionary.entries[i];
        entry->word = xstrdup(trigrams_word(trigrams, i));
        if (!hsearch_r((ENTRY){.key = entry->word, .data = entry}, ENTER, &found,
                       &dictionary.index))
            abort(); /* more than WORDS_ROOM words */
    }
    return dictionary;
}

static void dictionary_free(struct dictionary *dictionary)
{
    for (size_t i = 0; i < dictionary->count; i++) {
        free(dictionary->entries[i].word);
        buf_free(&dictionary->entries[i].lines);
    }
    free(dictionary->entries);
    hdestroy_r(&dictionary->index);
}

/* The phrases' own "=word" lines go before all else. */
static void add_sounds(struct dictionary *dictionary, const struct phrases *phrases)
{
    size_t count;
    const struct phrases_sound *sounds = phrases_sounds(phrases, &count);
    for (size_t i = 0; i < count; i++) {
        char *word = xstrdup(sounds[i].word);
        struct dict_word *entry = dictionary_find(dictionary, word);
        struct str rest = str_of(sounds[i].phones);
        while (entry && rest.bytes)
            entry_add(entry, str_trim(str_cut(&rest, '|')));
        free(word);
    }
}

/* The wanted words of the pronouncing dictionary that comes with the acoustic model. */
static void add_known(struct dictionary *dictionary, struct str known)
{
    struct dict_word *last = NULL; /* the word whose variants follow */
    while (known.bytes) {
        struct str phones = str_cut(&known, '\n');
        struct str word = str_cut(&phones, ' ');
        struct str bare = str_cut(&word, '(');
        char *key = xstrndup(bare.at, bare.bytes);
        struct dict_word *entry = dictionary_find(dictionary, key);
        free(key);
        if (entry && (entry == last || entry->variants == 0)) {
            entry_add(entry, str_trim(phones));
            last = entry;
        }
    }
}

static int add_guessed(struct dictionary *dictionary, const char *language)
{
    int err = 0;
    for (size_t i = 0; i < dictionary->count; i++) {
        struct dict_word *entry = &dictionary->entries[i];
        struct phones phones = {0};
        int failed = entry->variants ? 0 : phones_of_word(language, entry->word, &phones);
        for (size_t variant = 0; variant < phones.count; variant++)
            entry_add(entry, str_of(phones.variant[variant]));
        if (failed)
            fprintf(stderr, "speech_model: no way to say \"%s\": %s\n", entry->word,
                    strerror(failed));
        err = err ? err : failed;
    }
    return err;
}

static void on_sentence(const char *sentence, void *arg)
{
    trigrams_add(arg, sentence);
}

struct check {
    struct dictionary *dictionary;
    int err;
};

/* A word that the phrases name and no sentence holds would never be understood. */
static void on_word(const char *word, void *arg)
{
    struct check *check = arg;
    char *key = xstrdup(word);
    if (!dictionary_find(check->dictionary, key)) {
        fprintf(stderr, "speech_model: \"%s\" never came up: draw its template more often\n", word);
        check->err = EINVAL;
    }
    free(key);
}

static int write_models(struct dictionary *dictionary, struct trigrams *trigrams,
                        const char *arpa_path, const char *dict_path)
{
    struct buf arpa = {0};
    struct buf dict = {0};
    trigrams_write(trigrams, &arpa);
    for (size_t i = 0; i < dictionary->count; i++)
        buf_add_str(&dict, buf_str(&dictionary->entries[i].lines));
    int err = file_write(arpa_path, buf_str(&arpa));
    if (!err)
        err = file_write(dict_path, buf_str(&dict));
    buf_free(&arpa);
    buf_free(&dict);
    return err;
}

static int build(const char *language, struct phrases *phrases, struct str known,
                 const char *arpa_path, const char *dict_path)
{
    struct trigrams *trigrams = trigrams_new();
    phrases_draw(phrases, SEED, on_sentence, trigrams);
    struct dictionary dictionary = dictionary_of(trigrams);
    struct check check = {.dictionary = &dictionary};
    phrases_words(phrases, on_word, &check);
    add_sounds(&dictionary, phrases);
    if (strcmp(language, "en") == 0)
        add_known(&dictionary, known);
    int err = check.err ? check.err : add_guessed(&dictionary, language);
    if (!err)
        err = write_models(&dictionary, trigrams, arpa_path, dict_path);
    dictionary_free(&dictionary);
    trigrams_free(&trigrams);
    return err;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: speech_model LANGUAGE PHRASES CMUDICT OUT.arpa OUT.dict\n");
        return 2;
    }
    struct buf text = {0};
    struct buf known = {0};
    struct phrases *phrases = NULL;
    char *why = NULL;
    int err = file_read(argv[2], &text);
    if (!err)
        err = file_read(argv[3], &known);
    if (!err)
        err = phrases_parse(buf_str(&text), &phrases, &why);
    if (!err)
        err = build(argv[1], phrases, buf_str(&known), argv[4], argv[5]);
    if (err)
        fprintf(stderr, "speech_model: %s: %s\n", argv[2], why ? why : strerror(err));
    free(why);
    phrases_free(&phrases);
    buf_free(&text);
    buf_free(&known);
    return err ? 1 : 0;
}
