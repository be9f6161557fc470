/* call/clause.c: where a piece of speech ends. A full stop ends a sentence only when what stands
 * before it is no abbreviation, initial or ordinal, and what follows looks like a beginning. */
#include "call/clause.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <string.h>

enum {
    FIRST_SENTENCE_BYTES_MIN = 3, /* "Ano." may go alone when it is the beginning */
    LATER_SENTENCE_BYTES_MIN = 24,
    FIRST_CLAUSE_BYTES_MIN = 40,
    ORDINAL_DIGITS_MAX = 2,
    WORD_BYTES_MAX = 24,
};

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Without the final stop, folded. */
static const char *const *const abbreviations[LANGUAGE_COUNT] = {
    [LANGUAGE_CS] = LIST("p", "pi", "sl", "mr", "ing", "mgr", "mudr", "judr", "phdr", "bc", "dr",
                         "doc", "prof", "rndr", "mvdr", "phmr", "paeddr", "tj", "tzv", "tzn",
                         "napr", "atd", "apod", "resp", "cca", "c", "cj", "str", "tel", "ul", "nam",
                         "tr", "hod", "min", "sv", "st", "ml", "mil", "mld", "tis", "obr", "a.s",
                         "s.r.o", "r", "s", "csc", "ph.d", "kc", "pozn", "popr", "event", "odd"),
    [LANGUAGE_SK] =
        LIST("p", "sl", "ing", "mgr", "mudr", "judr", "phdr", "bc", "dr", "doc", "prof", "rndr",
             "tj", "tzv", "tzn", "napr", "atd", "apod", "resp", "cca", "c", "str", "tel", "ul",
             "nam", "tr", "hod", "min", "sv", "st", "ml", "mil", "mld", "tis", "obr", "a.s",
             "s.r.o", "r", "s", "csc", "ph.d", "pozn", "popr", "odd", "t.j"),
    [LANGUAGE_EN] = LIST("mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "etc", "e.g",
                         "i.e", "inc", "ltd", "co", "corp", "no", "tel", "ext", "approx", "dept",
                         "est", "a.m", "p.m", "u.s", "u.k", "ave", "blvd", "rd", "gen", "rev"),
    [LANGUAGE_DE] = LIST("hr", "fr", "dr", "prof", "dipl", "ing", "z", "b", "z.b", "d.h", "u.a",
                         "usw", "bzw", "ca", "nr", "str", "tel", "evtl", "ggf", "inkl", "st", "mio",
                         "mrd", "o.a", "u", "a", "d", "h", "s", "vgl", "abs", "art", "co", "i.d.r",
                         "mwst", "zzgl", "bspw", "std", "min", "uhr"),
};
static const char *const months_de[] = {
    "januar", "februar",   "marz",    "april",    "mai",      "juni",        "juli",
    "august", "september", "oktober", "november", "dezember", "jahrhundert", "stock"};

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* The word that ends before `end`, without opening brackets or quotes. */
static struct str word_before(struct str text, size_t end)
{
    size_t from = end;
    while (from && !is_space(text.at[from - 1]) && text.at[from - 1] != '(' &&
           text.at[from - 1] != '"')
        from--;
    return (struct str){text.at + from, end - from};
}

static struct str word_after(struct str text, size_t from)
{
    while (from < text.bytes && is_space(text.at[from]))
        from++;
    size_t end = from;
    while (end < text.bytes && !is_space(text.at[end]))
        end++;
    return (struct str){text.at + from, end - from};
}

/* Lower case without diacritics; "" for what is too long to be one of our words. */
static const char *fold_word(struct str word, struct buf *scratch)
{
    buf_clear(scratch);
    if (word.bytes <= WORD_BYTES_MAX)
        utf8_fold(scratch, word);
    return buf_text(scratch);
}

static bool is_abbreviation(enum language language, struct str word, struct buf *scratch)
{
    const char *folded = fold_word(word, scratch);
    for (const char *const *entry = abbreviations[language]; *entry; entry++)
        if (strcmp(folded, *entry) == 0)
            return true;
    return false;
}

/* "J" in "J. Novák": one letter, a capital. */
static bool is_initial(struct str word)
{
    uint32_t code;
    return word.bytes && utf8_next(word, &code) == word.bytes && code != UTF8_BAD &&
           utf8_lower(code) != code;
}

static bool starts_low(struct str word)
{
    uint32_t code;
    if (word.bytes == 0)
        return false;
    utf8_next(word, &code);
    bool letter = (code >= 'a' && code <= 'z') || (code >= 0xDF && code < 0x180 && code != 0xF7);
    return letter && utf8_lower(code) == code;
}

static bool is_month_de(struct str word, struct buf *scratch)
{
    const char *folded = fold_word(word, scratch);
    for (size_t i = 0; i < countof(months_de); i++)
        if (strncmp(folded, months_de[i], strlen(months_de[i])) == 0)
            return true;
    return false;
}

/* "23. listopadu", "23. November": a small number whose stop belongs to it. */
static bool is_ordinal(enum language language, struct str word, struct str next,
                       struct buf *scratch)
{
    if (language == LANGUAGE_EN || word.bytes == 0 || word.bytes > ORDINAL_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < word.bytes; i++)
        if (!is_digit(word.at[i]))
            return false;
    return starts_low(next) || (next.bytes && is_digit(next.at[0])) ||
           (language == LANGUAGE_DE && is_month_de(next, scratch));
}

static bool is_closer(struct str text, size_t *at)
{
    static const char *const closers[] = {"\"", "'", ")", "“", "”", "‘", "’", "»", "«"};
    for (size_t i = 0; i < countof(closers); i++) {
        struct str rest = {text.at + *at, text.bytes - *at};
        if (str_starts(rest, closers[i])) {
            *at += strlen(closers[i]);
            return true;
        }
    }
    return false;
}

static bool is_end_mark(char byte)
{
    return byte == '.' || byte == '!' || byte == '?';
}

/* Whether the mark at `at` ends a sentence; *end_out is where the next may begin. The mark needs a
 * space behind it, and a full stop the word after that, to be judged. */
static bool ends_sentence(enum language language, struct str text, size_t at, enum clause_more more,
                          struct buf *scratch, size_t *end_out)
{
    size_t end = at + 1;
    while (end < text.bytes && is_end_mark(text.at[end]))
        end++;
    bool many = end - at > 1;
    while (end < text.bytes && is_closer(text, &end))
        ;
    *end_out = end;
    if (end == text.bytes)
        return more == CLAUSE_NO_MORE;
    if (!is_space(text.at[end]))
        return false; /* 2.5, jan@firma.cz, 10:30.5 */
    struct str next = word_after(text, end);
    if (next.bytes == 0 && more == CLAUSE_MORE_COMES && text.at[at] == '.')
        return false;
    if (text.at[at] != '.' || many)
        return true;
    struct str word = word_before(text, at);
    bool inner = starts_low(next) || is_initial(word) ||
                 is_ordinal(language, word, next, scratch) ||
                 is_abbreviation(language, word, scratch);
    return next.bytes == 0 || !inner;
}

static size_t with_space(struct str text, size_t end)
{
    while (end < text.bytes && is_space(text.at[end]))
        end++;
    return end;
}

/* A comma, semicolon or dash with a space behind it and at least `from` bytes before it. */
static size_t clause_end(struct str text, size_t from, size_t until)
{
    for (size_t i = from; i + 1 < text.bytes && i < until; i++)
        if ((text.at[i] == ',' || text.at[i] == ';' || text.at[i] == ':') &&
            is_space(text.at[i + 1]))
            return with_space(text, i + 1);
    return 0;
}

static size_t cut_long(struct str text)
{
    size_t last = 0, space = 0;
    for (size_t i = 0; i < CLAUSE_BYTES_MAX; i++) {
        if (!is_space(text.at[i]))
            continue;
        space = i + 1;
        if (i && (text.at[i - 1] == ',' || text.at[i - 1] == ';'))
            last = i + 1;
    }
    size_t cut = last > CLAUSE_BYTES_MAX / 3 ? last : space;
    return cut ? cut : utf8_cut(text, CLAUSE_BYTES_MAX).bytes;
}

size_t clause_next(enum language language, struct str text, enum clause_place place,
                   enum clause_more more, struct buf *scratch)
{
    size_t least = place == CLAUSE_FIRST ? FIRST_SENTENCE_BYTES_MIN : LATER_SENTENCE_BYTES_MIN;
    size_t until = text.bytes < CLAUSE_BYTES_MAX ? text.bytes : CLAUSE_BYTES_MAX;
    size_t end, cut = 0;
    for (size_t i = 0; i < until && !cut; i++) {
        bool newline = text.at[i] == '\n' && i >= least;
        if (newline || (is_end_mark(text.at[i]) &&
                        ends_sentence(language, text, i, more, scratch, &end) && end >= least))
            cut = with_space(text, newline ? i : end);
    }
    if (place == CLAUSE_FIRST) {
        size_t clause = clause_end(text, FIRST_CLAUSE_BYTES_MIN, cut ? cut : until);
        if (clause && (!cut || clause < cut))
            return clause;
    }
    if (cut)
        return cut;
    if (text.bytes > CLAUSE_BYTES_MAX)
        return cut_long(text);
    return more == CLAUSE_NO_MORE ? text.bytes : 0;
}
