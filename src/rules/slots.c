/* rules/slots.c: slots cut out of an utterance; the words to look for are in slots_words.c. */
#include "rules/slots.h"

#include "base/utf8.h"

#include <string.h>

enum { NAME_WORDS_MAX = 3, COMPANY_WORDS_MAX = 4, REASON_WORDS_MIN = 1, WISH_WORDS_MIN = 3 };

bool slots_said(const struct words *words, enum language language, enum phrase_set set)
{
    return words_have_any(words, slot_words[language].said[set]);
}

static size_t match_any(const struct words *words, size_t at, const char *const *patterns)
{
    for (; *patterns; patterns++) {
        size_t after = words_match(words, at, *patterns);
        if (after)
            return after;
    }
    return 0;
}

static bool find_any(const struct words *words, const char *const *patterns, struct span *span_out)
{
    for (size_t at = 0; at < words->count; at++) {
        size_t after = match_any(words, at, patterns);
        if (after) {
            *span_out = (struct span){at, after};
            return true;
        }
    }
    return false;
}

static bool has_digit(struct str text)
{
    for (size_t i = 0; i < text.bytes; i++)
        if (text.at[i] >= '0' && text.at[i] <= '9')
            return true;
    return false;
}

/* Where capitals are written at all, a name has one. */
static bool can_be_name(const struct words *words, size_t at, const struct slot_words *known)
{
    const struct word *word = &words->list[at];
    return !match_any(words, at, known->not_names) && !has_digit(word->folded) &&
           (word->capital || !words->cased);
}

static struct span name_from(const struct words *words, size_t at, const struct slot_words *known)
{
    struct span name = {at, at};
    while (name.after < words->count && match_any(words, name.after, known->titles))
        name.after++;
    size_t titles_end = name.after;
    while (name.after < words->count && name.after - titles_end < NAME_WORDS_MAX &&
           can_be_name(words, name.after, known)) {
        name.after++;
        if (words->list[name.after - 1].ends)
            break;
    }
    return name.after > titles_end ? name : (struct span){0};
}

/* "Jan Novak speaking": back from the cue as far as it looks like a name. */
static struct span name_until(const struct words *words, size_t cue, const struct slot_words *known)
{
    struct span name = {cue, cue};
    while (name.first > 0 && name.after - name.first < NAME_WORDS_MAX &&
           can_be_name(words, name.first - 1, known) &&
           (name.first == cue || !words->list[name.first - 1].ends))
        name.first--;
    return name.first < name.after ? name : (struct span){0};
}

/* *used_out: the name with the words that introduced it. */
static struct span find_name(const struct words *words, const struct slot_words *known,
                             struct span *used_out)
{
    for (size_t at = 0; at < words->count; at++) {
        size_t after = match_any(words, at, known->name_after);
        struct span name = after ? name_from(words, after, known) : (struct span){0};
        if (name.after) {
            *used_out = (struct span){at, name.after};
            return name;
        }
    }
    for (size_t at = 1; at < words->count; at++) {
        size_t after = match_any(words, at, known->name_before);
        struct span name = after ? name_until(words, at, known) : (struct span){0};
        if (name.after) {
            *used_out = (struct span){name.first, after};
            return name;
        }
    }
    return (struct span){0};
}

static struct span company_from(const struct words *words, size_t at,
                                const struct slot_words *known)
{
    struct span company = {at, at};
    while (company.after < words->count && company.after - company.first < COMPANY_WORDS_MAX &&
           !match_any(words, company.after, known->not_names)) {
        company.after++;
        if (words->list[company.after - 1].ends)
            break;
    }
    return company.after > company.first ? company : (struct span){0};
}

static bool find_organisation(const struct words *words, size_t at, const struct slot_words *known,
                              struct slots *slots)
{
    for (const struct organisation *one = known->organisations; one->folded; one++) {
        size_t after = words_match(words, at, one->folded);
        if (after) {
            slots->company = (struct span){at, after};
            slots->company_name = one->name;
            return true;
        }
    }
    return false;
}

static void find_company(const struct words *words, const struct slot_words *known,
                         struct slots *slots, struct span *used_out)
{
    for (size_t at = 0; at < words->count; at++) {
        size_t from = match_any(words, at, known->from);
        size_t after = match_any(words, at, known->company_after);
        if (!(from && find_organisation(words, from, known, slots)) &&
            !(after && find_organisation(words, after, known, slots)) && after)
            slots->company = company_from(words, after, known);
        if (slots->company.after) {
            *used_out = (struct span){at, slots->company.after};
            return;
        }
    }
}

static bool inside(struct span span, size_t at)
{
    return at >= span.first && at < span.after;
}

/* The reason runs to what introduces another slot, a request to call, thanks or the end. */
static struct span reason_from(const struct words *words, size_t at, size_t body, size_t least,
                               const struct slot_words *known, const struct span *used,
                               size_t used_count)
{
    struct span reason = {at, body};
    for (; reason.after < words->count; reason.after++) {
        bool taken = reason.after >= body + least && match_any(words, reason.after, known->ends);
        for (size_t i = 0; i < used_count; i++)
            taken |= used[i].after > used[i].first && reason.after == used[i].first;
        if (taken)
            break;
    }
    return reason.after > body ? reason : (struct span){0};
}

static void find_reason(const struct words *words, const struct slot_words *known,
                        const struct span *used, size_t used_count, struct slots *slots)
{
    const char *const *const cues[] = {known->reason_at, known->wish_at};
    for (size_t kind = 0; kind < 2 && !slots->reason.after; kind++)
        for (size_t at = 0; at < words->count && !slots->reason.after; at++) {
            size_t body = match_any(words, at, cues[kind]);
            bool taken = false;
            for (size_t i = 0; i < used_count; i++)
                taken |= inside(used[i], at);
            if (body && !taken)
                slots->reason =
                    reason_from(words, at, body, kind == 0 ? REASON_WORDS_MIN : WISH_WORDS_MIN,
                                known, used, used_count);
            slots->reason_introduced = slots->reason.after && kind == 0;
        }
}

/* The longest run of words that no slot took; greetings, fillers and thanks do not count. */
static struct span find_rest(const struct words *words, const struct slot_words *known,
                             const struct span *used, size_t used_count)
{
    struct span best = {0}, run = {0};
    for (size_t at = 0; at < words->count;) {
        size_t after = match_any(words, at, known->said[SAID_GREETING]);
        if (!after)
            after = match_any(words, at, known->said[SAID_GOODBYE]);
        if (!after)
            after = match_any(words, at, known->said[SAID_THANKS]);
        if (!after && run.after == run.first)
            after = match_any(words, at, known->said[SAID_FILLER]);
        for (size_t i = 0; i < used_count; i++)
            if (inside(used[i], at))
                after = used[i].after;
        if (after) {
            run = (struct span){after, after};
            at = after;
            continue;
        }
        run.after = ++at;
        if (run.after - run.first > best.after - best.first)
            best = run;
    }
    while (best.after > best.first && match_any(words, best.after - 1, known->said[SAID_FILLER]))
        best.after--;
    return best;
}

void slots_of(const struct words *words, enum language language, struct slots *slots_out)
{
    const struct slot_words *known = &slot_words[language];
    struct span used[4] = {0}; /* name, company, number, and what brings the number in */
    *slots_out = (struct slots){0};
    slots_out->name = find_name(words, known, &used[0]);
    find_company(words, known, slots_out, &used[1]);
    slots_out->has_number = digits_find(words, language, 0, &slots_out->number);
    if (slots_out->has_number)
        used[2] = slots_out->number.span;
    struct span number_said;
    if (slots_out->has_number && find_any(words, known->ends, &number_said) &&
        number_said.after <= used[2].first)
        used[3] = number_said;
    find_reason(words, known, used, 4, slots_out);
    slots_out->rest = find_rest(words, known, used, 4);
}

struct span slots_bare_name(const struct words *words, enum language language)
{
    const struct slot_words *known = &slot_words[language];
    size_t at = 0;
    for (size_t after = 1; after && at < words->count;) {
        after = match_any(words, at, known->said[SAID_GREETING]);
        if (!after)
            after = match_any(words, at, known->said[SAID_FILLER]);
        if (after)
            at = after;
    }
    struct span name = at < words->count ? name_from(words, at, known) : (struct span){0};
    bool whole = name.after == words->count ||
                 (name.after && match_any(words, name.after, known->said[SAID_FILLER])) ||
                 (name.after && words->list[name.after - 1].ends) ||
                 (name.after && match_any(words, name.after, known->from)) ||
                 (name.after && match_any(words, name.after, known->company_after));
    return whole ? name : (struct span){0};
}

static void put_capital(struct buf *out, struct str word)
{
    uint32_t code;
    size_t took = utf8_next(word, &code);
    bool latin_small = (code >= 'a' && code <= 'z') || (code >= 0xE0 && code <= 0xFE);
    bool pair = code >= 0x100 && code <= 0x17F;
    uint32_t upper = code;
    if (latin_small)
        upper = code - 0x20;
    else if (pair && utf8_lower(code - 1) == code)
        upper = code - 1;
    utf8_put(out, upper);
    buf_add(out, word.at + took, word.bytes - took);
}

static void put_bounded(struct str text, char *out, size_t room)
{
    text = utf8_cut(text, room - 1);
    if (text.bytes)
        memcpy(out, text.at, text.bytes);
    out[text.bytes] = '\0';
}

void slots_copy_name(const struct words *words, struct span span, char *out, size_t room)
{
    struct buf name = {0};
    for (size_t at = span.first; at < span.after; at++) {
        if (at > span.first)
            buf_putc(&name, ' ');
        put_capital(&name, words->list[at].text);
    }
    put_bounded(buf_str(&name), out, room);
    buf_free(&name);
}

void slots_copy_text(const struct words *words, struct span span, char *out, size_t room)
{
    put_bounded(words_text(words, span), out, room);
}
