/* speech/phones.c: letters to sounds: flite's lexicon and rules for English, espeak-ng's IPA and
 * the table below for the others. */
#include "speech/phones.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "speech/espeak.h"

#include <ctype.h>
#include <errno.h>
#include <flite/flite.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

cst_lexicon *cmu_lex_init(void);

/* What an English ear makes of a foreign sound. Longest match first, so a tied pair stands above
 * its parts. An empty phone means that the sign adds no sound of its own. */
struct sound {
    const char *ipa;
    const char *phones;
    const char *other; /* a second way to hear it, or NULL */
};
static const struct sound sounds[] = {
    /* affricates, diphthongs and marked consonants */
    {"\?\?", "UH R", NULL}, /* what espeak-ng 1.51 prints for the German "ur" */
    {"t‍s", "T S", NULL},
    {"t‍ʃ", "CH", NULL},
    {"d‍z", "D Z", NULL},
    {"d‍ʒ", "JH", NULL},
    {"d‍ʑ", "JH", "D Y"},
    {"t‍ɕ", "CH", NULL},
    {"p‍f", "P F", "F"},
    {"o‍ʊ", "OW", NULL},
    {"a‍ʊ", "AW", NULL},
    {"e‍ɪ", "EY", NULL},
    {"a‍ɪ", "AY", NULL},
    {"ɔ‍ø", "OY", NULL},
    {"ɔ‍ʏ", "OY", NULL},
    {"ɪ‍ʊ", "Y UW", NULL},
    {"u‍ɔ", "UW AO", "W AO"},
    {"tʃ", "CH", NULL},
    {"dʒ", "JH", NULL},
    {"ts", "T S", NULL},
    {"r̝̊", "R SH", "SH"},
    {"r̝", "R ZH", "ZH"},
    {"r̩ː", "ER", NULL},
    {"r̩", "ER", NULL},
    {"l̩ː", "AH L", NULL},
    {"l̩", "AH L", NULL},
    {"m̩", "AH M", NULL},
    {"n̩", "AH N", NULL},
    {"tʲ", "T Y", "CH"},
    {"dʲ", "D Y", "JH"},
    {"lʲ", "L Y", "L"},
    {"ɲ", "N Y", NULL},
    /* long vowels */
    {"aː", "AA", NULL},
    {"ɑː", "AA", NULL},
    {"æː", "AE", NULL},
    {"eː", "EH", "EY"},
    {"ɛː", "EH", NULL},
    {"iː", "IY", NULL},
    {"oː", "AO", "OW"},
    {"ɔː", "AO", NULL},
    {"uː", "UW", NULL},
    {"yː", "UW", "IY"},
    {"øː", "ER", NULL},
    {"ɜː", "ER", NULL},
    /* short vowels */
    {"a", "AA", "AH"},
    {"ɑ", "AA", NULL},
    {"ɑ̃", "AA N", NULL},
    {"æ", "AE", "EH"},
    {"e", "EH", NULL},
    {"ɛ", "EH", NULL},
    {"i", "IY", "IH"},
    {"ɪ", "IH", NULL},
    {"o", "AO", "OW"},
    {"ɔ", "AO", NULL},
    {"ɒ", "AA", NULL},
    {"u", "UH", "UW"},
    {"ʊ", "UH", NULL},
    {"y", "IH", "UW"},
    {"ʏ", "IH", NULL},
    {"ø", "ER", NULL},
    {"œ", "ER", "EH"},
    {"ə", "AH", NULL},
    {"ɜ", "ER", "AH"},
    {"ɐ", "AH", NULL},
    {"ʌ", "AH", NULL},
    /* consonants */
    {"p", "P", NULL},
    {"b", "B", NULL},
    {"t", "T", NULL},
    {"d", "D", NULL},
    {"c", "T Y", "CH"},
    {"ɟ", "D Y", "JH"},
    {"k", "K", NULL},
    {"ɡ", "G", NULL},
    {"f", "F", NULL},
    {"v", "V", NULL},
    {"θ", "TH", NULL},
    {"ð", "DH", NULL},
    {"s", "S", NULL},
    {"z", "Z", NULL},
    {"ʃ", "SH", NULL},
    {"ʒ", "ZH", NULL},
    {"ɕ", "SH", NULL},
    {"ʑ", "ZH", NULL},
    {"ç", "SH", "HH Y"},
    {"x", "HH", "K"},
    {"h", "HH", NULL},
    {"ɦ", "HH", NULL},
    {"ʁ", "R", "HH"},
    {"r", "R", "D"},
    {"ɾ", "R", "D"},
    {"ɹ", "R", NULL},
    {"l", "L", NULL},
    {"ɫ", "L", NULL},
    {"ʎ", "L Y", "L"},
    {"m", "M", NULL},
    {"n", "N", NULL},
    {"ŋ", "NG", NULL},
    {"j", "Y", NULL},
    {"w", "W", NULL},
    /* length, stress, pauses and leftover ties */
    {"ː", "", NULL},
    {"ˈ", "", NULL},
    {"ˌ", "", NULL},
    {"ʔ", "", NULL},
    {"ʲ", "", NULL},
    {"\u0329", "", NULL},
    {"\u0303", "", NULL},
    {"\u200d", "", NULL},
    {"-", "", NULL},
    {"_", "", NULL},
    {" ", "", NULL},
};

enum { SOUNDS_MAX = 64 }; /* in one word */

static const struct sound *match(const char *ipa)
{
    const struct sound *longest = NULL;
    for (size_t i = 0; i < countof(sounds); i++) {
        size_t bytes = strlen(sounds[i].ipa);
        if (strncmp(ipa, sounds[i].ipa, bytes) == 0 && (!longest || bytes > strlen(longest->ipa)))
            longest = &sounds[i];
    }
    return longest;
}

static bool add_phones(char *variant, const char *phones)
{
    size_t used = strlen(variant);
    size_t more = strlen(phones);
    if (more == 0)
        return true;
    if (used + more + 2 > PHONES_TEXT_MAX)
        return false;
    if (used)
        variant[used++] = ' ';
    memcpy(variant + used, phones, more + 1);
    return true;
}

/* One variant: the bits of `others` say which of the sounds with two ways is heard the second way.
 */
static void put_variant(struct phones *phones, const struct sound *const *heard, size_t count,
                        unsigned others)
{
    char *variant = phones->variant[phones->count];
    variant[0] = 0;
    unsigned bit = 1;
    for (size_t i = 0; i < count; i++) {
        bool second = heard[i]->other && (others & bit);
        if (!add_phones(variant, second ? heard[i]->other : heard[i]->phones))
            return;
        if (heard[i]->other)
            bit <<= 1;
    }
    for (size_t i = 0; i < phones->count; i++) {
        if (strcmp(phones->variant[i], variant) == 0)
            return;
    }
    if (variant[0])
        phones->count++;
}

/* The first way for all, then one sound after the other the second way, then pairs. */
static void put_variants(struct phones *phones, const struct sound *const *heard, size_t count)
{
    unsigned choices = 0;
    for (size_t i = 0; i < count; i++)
        choices += heard[i]->other != NULL;
    if (choices > 16)
        choices = 16;
    for (int flips = 0; flips <= 2; flips++) {
        for (unsigned others = 0; others < 1u << choices; others++) {
            if (phones->count == PHONES_VARIANTS_MAX)
                return;
            if (__builtin_popcount(others) == flips)
                put_variant(phones, heard, count, others);
        }
    }
}

/* espeak-ng may answer "(en)wɜːd(cs)" for a word that it takes for a foreign one. */
static const char *skip_language_mark(const char *ipa)
{
    const char *end = *ipa == '(' ? strchr(ipa, ')') : NULL;
    return end ? end + 1 : ipa;
}

static int foreign_word(const char *voice, const char *word, struct phones *phones)
{
    struct buf ipa = {0};
    int err = espeak_ipa(voice, word, &ipa);
    const struct sound *heard[SOUNDS_MAX];
    size_t count = 0;
    for (const char *at = buf_text(&ipa); !err && *at && count < SOUNDS_MAX;) {
        at = skip_language_mark(at);
        const struct sound *sound = *at ? match(at) : NULL;
        if (*at && !sound)
            err = EINVAL;
        if (!sound)
            break;
        heard[count++] = sound;
        at += strlen(sound->ipa);
    }
    buf_free(&ipa);
    if (!err)
        put_variants(phones, heard, count);
    return err;
}

static cst_lexicon *lexicon;

static void load_lexicon(void)
{
    flite_init();
    lexicon = cmu_lex_init();
}

/* flite writes "ax1", the model "AH"; stress is of no use here. */
static bool put_flite_phone(char *variant, const char *flite_phone)
{
    char phone[8];
    size_t length = 0;
    for (; isalpha((unsigned char)flite_phone[length]) && length + 1 < sizeof phone; length++)
        phone[length] = (char)toupper((unsigned char)flite_phone[length]);
    phone[length] = 0;
    return add_phones(variant, strcmp(phone, "AX") == 0 ? "AH" : phone);
}

static int english_word(const char *word, struct phones *phones)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_lexicon);
    struct buf ascii = {0};
    utf8_fold(&ascii, str_of(word));
    cst_val *spoken = lex_lookup(lexicon, buf_text(&ascii), NULL, NULL);
    char *variant = phones->variant[0];
    bool fits = true;
    for (const cst_val *at = spoken; at && fits; at = val_cdr(at))
        fits = put_flite_phone(variant, val_string(val_car(at)));
    delete_val(spoken);
    buf_free(&ascii);
    phones->count = fits && variant[0];
    return 0;
}

int phones_of_word(const char *language, const char *word, struct phones *phones_out)
{
    struct phones phones = {0};
    int err = ENOTSUP;
    if (strcmp(language, "en") == 0)
        err = english_word(word, &phones);
    else if (strcmp(language, "cs") == 0 || strcmp(language, "de") == 0 ||
             strcmp(language, "sk") == 0)
        err = foreign_word(language, word, &phones);
    if (!err && phones.count == 0)
        err = EINVAL;
    if (!err)
        *phones_out = phones;
    return err;
}
