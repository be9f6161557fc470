/* call/phrases.c: reads the phrases of one language and fills in whom they speak for. */
#include "call/phrases.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[PHRASE_COUNT] = {
    [PHRASE_NONE] = "",
    [PHRASE_DISCLOSURE] = "disclosure",
    [PHRASE_GREETING] = "greeting",
    [PHRASE_FILLER] = "filler",
    [PHRASE_STILL_THERE] = "still_there",
    [PHRASE_STILL_THERE_2] = "still_there_2",
    [PHRASE_REPEAT] = "repeat",
    [PHRASE_TROUBLE] = "trouble",
    [PHRASE_DEAF] = "deaf",
    [PHRASE_ASK_NAME] = "ask_name",
    [PHRASE_ASK_REASON] = "ask_reason",
    [PHRASE_ASK_NUMBER] = "ask_number",
    [PHRASE_TAKEN] = "taken",
    [PHRASE_GOODBYE] = "goodbye",
    [PHRASE_SILENT_GOODBYE] = "silent_goodbye",
    [PHRASE_TIME_UP] = "time_up",
    [PHRASE_TRANSFER] = "transfer",
    [PHRASE_RESUMED] = "resumed",
    [PHRASE_NOT_REACHED] = "not_reached",
};

const char *phrase_name(enum call_phrase phrase)
{
    return names[phrase];
}

static int refuse(struct buf *why, const char *sentence, struct str about)
{
    buf_clear(why);
    buf_add_str(why, about);
    buf_puts(why, sentence);
    return EINVAL;
}

/* The raw texts, still with escapes and placeholders, by phrase; [PHRASE_NONE] is owner_unknown. */
static int read_texts(struct str text, struct str texts[PHRASE_COUNT], struct buf *why)
{
    struct json json = json_of(text);
    struct str key;
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        int phrase = PHRASE_NONE;
        while (phrase < PHRASE_COUNT && !str_is(key, names[phrase]))
            phrase++;
        if (str_is(key, "owner_unknown"))
            phrase = PHRASE_NONE;
        if (phrase == PHRASE_COUNT)
            return refuse(why, ": no such phrase", key);
        if (!json_string(&json, &texts[phrase]))
            return refuse(why, ": not a text", key);
    }
    return json_done(&json) ? 0 : refuse(why, "not a JSON object", (struct str){0});
}

/* raw with its escapes resolved and each {owner} replaced; a name comes from a tenant, so it is
 * put in after the placeholders were found. */
static char *fill(struct str raw, struct str owner)
{
    static const char mark[] = "{owner}";
    struct buf text = {0}, out = {0};
    json_unescape(&text, raw);
    struct str rest = str_trim(buf_str(&text));
    while (rest.bytes) {
        if (str_starts(rest, mark)) {
            buf_add_str(&out, owner);
            rest.at += strlen(mark);
            rest.bytes -= strlen(mark);
        } else {
            buf_putc(&out, *rest.at++);
            rest.bytes--;
        }
    }
    char *filled = xstrdup(buf_text(&out));
    buf_free(&text);
    buf_free(&out);
    return filled;
}

static int check(const struct phrases *phrases, struct buf *why)
{
    for (int i = PHRASE_NONE + 1; i < PHRASE_COUNT; i++) {
        struct str words = str_of(phrases->words[i]);
        if (!words.bytes)
            return refuse(why, ": missing or empty", str_of(names[i]));
        if (words.bytes > PHRASE_BYTES_MAX || !utf8_valid(words))
            return refuse(why, ": too long or not UTF-8", str_of(names[i]));
    }
    return 0;
}

int phrases_parse(struct str json, const char *owner, struct phrases *phrases_out, struct buf *why)
{
    struct str texts[PHRASE_COUNT] = {0};
    int err = read_texts(json, texts, why);
    if (err)
        return err;
    struct phrases phrases = {0};
    char *unknown = fill(texts[PHRASE_NONE], (struct str){0});
    struct str name = str_trim(str_of(owner));
    for (int i = PHRASE_NONE + 1; i < PHRASE_COUNT; i++)
        phrases.words[i] = fill(texts[i], name.bytes ? name : str_of(unknown));
    free(unknown);
    err = check(&phrases, why);
    if (err)
        phrases_free(&phrases);
    else
        *phrases_out = phrases;
    return err;
}

const char *phrases_greeting(const struct phrases *phrases, const char *own)
{
    return own && own[0] ? own : phrases->words[PHRASE_GREETING];
}

void phrases_free(struct phrases *phrases)
{
    for (int i = 0; i < PHRASE_COUNT; i++)
        free(phrases->words[i]);
    *phrases = (struct phrases){0};
}
