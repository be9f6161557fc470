/* sandbox/tongue.c: small words that only one of the languages has, counted. */
#include "sandbox/tongue.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <string.h>

/* Lower case, without diacritics (that is how texts are compared), and in no other of the four. */
static const char *const small_words[][28] = {
    {"cs",    "jsem",  "jste",   "jsme", "neni",    "prosim",   "dekuji",     "dobry",
     "jmeno", "hovor", "mluvte", "vas",  "muze",    "ktery",    "vzdy",       "pouze",
     "take",  "nebo",  "tady",   "hlas", "zavolat", "volajici", "asistentka", NULL},
    {"sk",    "som",      "ste",        "nie",     "prosim", "dakujem", "dobry", "meno",
     "hovor", "mozem",    "ktory",      "vzdy",    "iba",    "tiez",    "alebo", "tu",
     "hlas",  "volajuci", "asistentka", "zavolat", "vas",    "moze",    NULL},
    {"de",    "ich",         "sie",     "ist",   "nicht", "und",  "der",   "das", "ein",
     "eine",  "bitte",       "danke",   "guten", "tag",   "name", "anruf", "mit", "fur",
     "immer", "assistentin", "anrufer", "kann",  "wer",   "sind", NULL},
    {"en",     "the",       "you",  "is",  "are",  "and",   "please", "thank", "good",
     "name",   "call",      "with", "for", "your", "this",  "that",   "not",   "always",
     "caller", "assistant", "can",  "who", "what", "hello", NULL},
};

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte & 0x80);
}

static bool has_word(const char *const *words, struct str word)
{
    for (size_t i = 1; words[i]; i++)
        if (word.bytes && word.at[0] == words[i][0] && str_is(word, words[i]))
            return true;
    return false;
}

static void count_word(struct str word, int counts[])
{
    for (size_t i = 0; i < countof(small_words); i++)
        counts[i] += has_word(small_words[i], word);
}

/* What only the spelling of one of them shows: folding would hide it. */
static void count_letters(struct str text, int counts[])
{
    static const char *const cs[] = {"ř", "ě", "ů"}, *const sk[] = {"ľ", "ô", "ĺ", "ŕ"},
                             *const de[] = {"ß", "ü", "ö"};
    for (; text.bytes > 1; text.at++, text.bytes--) {
        for (size_t i = 0; i < countof(cs); i++)
            counts[0] += memcmp(text.at, cs[i], 2) == 0;
        for (size_t i = 0; i < countof(sk); i++)
            counts[1] += 2 * (memcmp(text.at, sk[i], 2) == 0);
        for (size_t i = 0; i < countof(de); i++)
            counts[2] += memcmp(text.at, de[i], 2) == 0;
    }
}

const char *tongue_of(struct str text)
{
    int counts[countof(small_words)] = {0};
    struct buf folded = {0};
    count_letters(text, counts);
    utf8_fold(&folded, text);
    struct str rest = buf_str(&folded);
    while (rest.bytes) {
        size_t bytes = 0;
        while (bytes < rest.bytes && is_letter(rest.at[bytes]))
            bytes++;
        count_word((struct str){rest.at, bytes}, counts);
        bytes += bytes < rest.bytes;
        rest = (struct str){rest.at + bytes, rest.bytes - bytes};
    }
    buf_free(&folded);
    size_t best = countof(small_words) - 1; /* English, unless another has more */
    for (size_t i = 0; i < countof(small_words); i++)
        if (counts[i] > counts[best])
            best = i;
    return small_words[best][0];
}
