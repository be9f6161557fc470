/* rules/words.c: words cut and folded, and the small pattern matcher. */
#include "rules/words.h"

#include "base/utf8.h"

#include <string.h>

/* Letters and digits of any script, a plus before a number, an apostrophe inside a word. */
static bool is_word_code(uint32_t code, bool inside)
{
    if (code == '\'' || code == 0x2019)
        return inside;
    if (code == '+')
        return !inside;
    if (code < 0x80)
        return (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
               (code >= 'a' && code <= 'z');
    bool punctuation = code == UTF8_BAD || code < 0xC0 || code == 0xD7 || code == 0xF7 ||
                       (code >= 0x2000 && code <= 0x206F) || (code >= 0x3000 && code <= 0x303F);
    return !punctuation;
}

static void fold_word(struct words *words, struct word *word)
{
    size_t start = words->folded.bytes;
    struct buf plain = {0};
    for (size_t i = 0; i < word->text.bytes; i++)
        if (word->text.at[i] != '\'')
            buf_putc(&plain, word->text.at[i]);
    utf8_fold(&words->folded, buf_str(&plain));
    buf_free(&plain);
    word->folded = (struct str){NULL, words->folded.bytes - start};
    buf_putc(&words->folded, ' ');
    uint32_t first;
    utf8_next(word->text, &first);
    word->capital = utf8_lower(first) != first;
    /* a capital tells nothing where every sentence gets one, nor does "I" */
    bool begins = words->count < 2 || words->list[words->count - 2].ends;
    words->cased |= word->capital && !begins && word->text.bytes > 1;
}

/* The buf may have moved while it grew, so the words learn where they stand at the end. */
static void place_folded(struct words *words)
{
    const char *at = buf_text(&words->folded);
    for (size_t i = 0; i < words->count; i++) {
        words->list[i].folded.at = at;
        at += words->list[i].folded.bytes + 1;
    }
}

/* How many bytes of a word the text begins with. */
static size_t word_bytes(struct str text)
{
    size_t bytes = 0;
    while (bytes < text.bytes) {
        uint32_t code;
        size_t took = utf8_next((struct str){text.at + bytes, text.bytes - bytes}, &code);
        if (!is_word_code(code, bytes > 0))
            break;
        bytes += took;
    }
    return bytes;
}

static size_t pass_mark(struct words *words, struct str text)
{
    uint32_t code;
    if (words->count && memchr(".,;?!:", *text.at, 6))
        words->list[words->count - 1].ends = true;
    return utf8_next(text, &code);
}

void words_of(struct words *words_out, struct str text)
{
    words_out->count = 0;
    words_out->folded = (struct buf){0};
    words_out->cased = false;
    while (text.bytes && words_out->count < WORDS_MAX) {
        size_t bytes = word_bytes(text);
        if (bytes) {
            struct word *word = &words_out->list[words_out->count++];
            *word = (struct word){.text = {text.at, bytes}};
            fold_word(words_out, word);
        } else {
            bytes = pass_mark(words_out, text);
        }
        text = (struct str){text.at + bytes, text.bytes - bytes};
    }
    place_folded(words_out);
}

void words_free(struct words *words)
{
    buf_free(&words->folded);
    words->count = 0;
}

static bool option_fits(struct str folded, struct str option)
{
    bool any_ending = option.bytes && option.at[option.bytes - 1] == '*';
    option.bytes -= any_ending;
    return (any_ending ? folded.bytes >= option.bytes : folded.bytes == option.bytes) &&
           memcmp(folded.at, option.at, option.bytes) == 0;
}

static bool token_fits(struct str folded, struct str token)
{
    bool fits = true;
    if (str_starts(token, "!")) {
        fits = false;
        str_cut(&token, '!');
    }
    while (token.bytes)
        if (option_fits(folded, str_cut(&token, '|')))
            return fits;
    return !fits;
}

static size_t match(const struct words *words, size_t at, struct str pattern)
{
    while (pattern.bytes) {
        struct str token = str_cut(&pattern, ' ');
        if (str_is(token, "..")) {
            for (size_t gap = 0; gap <= WORDS_GAP_MAX && at + gap < words->count; gap++) {
                size_t after = match(words, at + gap, pattern);
                if (after)
                    return after;
            }
            return 0;
        }
        if (at >= words->count || !token_fits(words->list[at].folded, token))
            return 0;
        at++;
    }
    return at;
}

size_t words_match(const struct words *words, size_t at, const char *pattern)
{
    return match(words, at, str_of(pattern));
}

bool words_find(const struct words *words, size_t from, const char *pattern, struct span *span_out)
{
    for (size_t at = from; at < words->count; at++) {
        size_t after = words_match(words, at, pattern);
        if (after) {
            if (span_out)
                *span_out = (struct span){at, after};
            return true;
        }
    }
    return false;
}

bool words_have(const struct words *words, const char *pattern)
{
    return words_find(words, 0, pattern, NULL);
}

bool words_have_any(const struct words *words, const char *const *patterns)
{
    for (; *patterns; patterns++)
        if (words_have(words, *patterns))
            return true;
    return false;
}

struct str words_text(const struct words *words, struct span span)
{
    if (span.first >= span.after)
        return (struct str){0};
    const char *start = words->list[span.first].text.at;
    struct str last = words->list[span.after - 1].text;
    return (struct str){start, (size_t)(last.at + last.bytes - start)};
}
