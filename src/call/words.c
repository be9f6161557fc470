/* call/words.c: folding, counting and looking up words; the words themselves stand in
 * words_cs.c and its like. */
#include "call/words.h"

#include "base/utf8.h"

#include <assert.h>
#include <string.h>

enum language language_of(const char *code)
{
    static const char codes[LANGUAGE_COUNT][3] = {"cs", "sk", "en", "de"};
    for (int i = 0; code && i < LANGUAGE_COUNT; i++)
        if (strncmp(code, codes[i], 2) == 0)
            return (enum language)i;
    return LANGUAGE_EN;
}

const struct words_tables *language_words(enum language language)
{
    static const struct words_tables *const tables[LANGUAGE_COUNT] = {
        [LANGUAGE_CS] = &words_cs,
        [LANGUAGE_SK] = &words_sk,
        [LANGUAGE_EN] = &words_en,
        [LANGUAGE_DE] = &words_de,
    };
    return tables[language];
}

static bool is_word_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || (byte & 0x80);
}

void words_normalise(struct str text, struct buf *out)
{
    buf_clear(out);
    utf8_fold(out, text);
    size_t to = 0;
    for (size_t from = 0; from < out->bytes; from++) {
        char byte = out->data[from];
        if (is_word_byte(byte))
            out->data[to++] = byte;
        else if (to && out->data[to - 1] != ' ')
            out->data[to++] = ' ';
    }
    while (to && out->data[to - 1] == ' ')
        to--;
    out->bytes = to;
    if (out->data)
        out->data[to] = '\0';
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

struct str words_after(struct str text, size_t n)
{
    text = str_trim(text);
    for (; n && text.bytes; n--) {
        while (text.bytes && !is_space(text.at[0]))
            text.at++, text.bytes--;
        while (text.bytes && is_space(text.at[0]))
            text.at++, text.bytes--;
    }
    return text;
}

size_t words_count(struct str text)
{
    size_t n = 0;
    for (text = str_trim(text); text.bytes; n++)
        text = words_after(text, 1);
    return n;
}

/* Whether text starts with the words of entry, whole ones; the rest goes to *rest_out. */
static bool begins(struct str text, const char *entry, struct str *rest_out)
{
    size_t bytes = strlen(entry);
    if (!str_starts(text, entry) || (text.bytes > bytes && text.at[bytes] != ' '))
        return false;
    bytes += text.bytes > bytes;
    *rest_out = (struct str){text.at + bytes, text.bytes - bytes};
    return true;
}

bool words_take(const char *const *table, struct str *text)
{
    struct str rest, shortest = *text;
    if (!text->bytes)
        return false;
    for (char first = text->at[0]; *table; table++) /* the first letter rules out nearly all */
        if (**table == first && begins(*text, *table, &rest) && rest.bytes < shortest.bytes)
            shortest = rest;
    bool taken = shortest.bytes < text->bytes;
    *text = shortest;
    return taken;
}

bool words_are_all(const char *const *table, struct str text)
{
    if (text.bytes == 0)
        return false;
    while (text.bytes && words_take(table, &text))
        ;
    return text.bytes == 0;
}

bool words_end_in(const char *const *table, struct str text)
{
    for (; *table; table++) {
        size_t bytes = strlen(*table);
        const char *end = text.at + text.bytes - (bytes < text.bytes ? bytes : text.bytes);
        if (bytes <= text.bytes && *end == **table && memcmp(end, *table, bytes) == 0 &&
            (bytes == text.bytes || end[-1] == ' '))
            return true;
    }
    return false;
}

bool words_are_backchannel(enum language language, struct str normalised)
{
    return words_count(normalised) <= 3 &&
           words_are_all(language_words(language)->backchannels, normalised);
}

size_t words_outside_backchannel(enum language language, struct str normalised)
{
    size_t outside = 0;
    while (normalised.bytes)
        if (!words_take(language_words(language)->backchannels, &normalised)) {
            normalised = words_after(normalised, 1);
            outside++;
        }
    return outside;
}

bool words_contain(const char *const *table, struct str text)
{
    for (; text.bytes; text = words_after(text, 1)) {
        struct str rest = text;
        if (words_take(table, &rest))
            return true;
    }
    return false;
}

bool words_have_strong(enum language language, struct str normalised)
{
    return words_contain(language_words(language)->strong, normalised);
}

/* A farewell needs one word of its own; polite words around it ("yes, thank you, bye") may be
 * backchannels. */
bool words_are_farewell(enum language language, struct str normalised)
{
    bool farewell = false;
    while (normalised.bytes) {
        if (words_take(language_words(language)->farewells, &normalised))
            farewell = true;
        else if (!words_take(language_words(language)->backchannels, &normalised))
            return false;
    }
    return farewell;
}

bool words_of_machine(enum language language, struct str normalised)
{
    return words_contain(language_words(language)->machines, normalised);
}

bool words_of_assistant(enum language language, struct str normalised)
{
    return words_contain(language_words(language)->assistants, normalised);
}

static uint32_t hash_of(struct str word)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < word.bytes; i++)
        if (word.at[i] != ' ') /* "o'clock" is one word */
            hash = (hash ^ (unsigned char)word.at[i]) * 16777619u;
    return hash;
}

size_t words_hash(struct str text, struct buf *scratch, uint32_t *hashes_out, size_t room)
{
    size_t count = 0;
    for (text = str_trim(text); text.bytes && count < room; count++) {
        struct str rest = words_after(text, 1);
        words_normalise((struct str){text.at, text.bytes - rest.bytes}, scratch);
        hashes_out[count] = hash_of(buf_str(scratch));
        text = rest;
    }
    return count;
}

/* The longest common subsequence, a row at a time. */
size_t words_common(const uint32_t *some, size_t some_count, const uint32_t *others,
                    size_t other_count)
{
    uint8_t row[WORDS_COMPARED_MAX + 1] = {0};
    assert(other_count <= WORDS_COMPARED_MAX && some_count <= UINT8_MAX);
    for (size_t i = 0; i < some_count; i++) {
        uint8_t diagonal = 0;
        for (size_t j = 0; j < other_count; j++) {
            uint8_t above = row[j + 1];
            if (some[i] == others[j])
                row[j + 1] = diagonal + 1;
            else if (row[j] > above)
                row[j + 1] = row[j];
            diagonal = above;
        }
    }
    return row[other_count];
}

enum words_asked words_asked(enum language language, struct str question)
{
    const struct words_tables *tables = language_words(language);
    if (words_contain(tables->digit_questions, question))
        return ASKED_NUMBER;
    if (words_contain(tables->name_questions, question))
        return ASKED_NAME;
    return words_contain(tables->open_questions, question) ? ASKED_OPEN : ASKED_YES_NO;
}
