/* base/json.c: the pull scanner. Fuzzed against cJSON. */
#include "base/json.h"

#include "base/utf8.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

struct json json_of(struct str text)
{
    static const char empty[1] = "";
    if (!text.at)
        text.at = empty;
    return (struct json){.at = text.at, .end = text.at + text.bytes};
}

static bool fail(struct json *json)
{
    json->bad = true;
    return false;
}

char json_peek(struct json *json)
{
    if (json->bad)
        return 0;
    while (json->at < json->end &&
           (*json->at == ' ' || *json->at == '\t' || *json->at == '\n' || *json->at == '\r'))
        json->at++;
    return json->at < json->end ? *json->at : 0;
}

static bool enter(struct json *json, char bracket)
{
    if (json_peek(json) != bracket) {
        json_skip(json);
        return false;
    }
    if (++json->depth > JSON_DEPTH_MAX)
        return fail(json);
    json->at++;
    json->first = true;
    return true;
}

/* Past the comma that is due, or past the closing bracket, which gives false. */
static bool next_of(struct json *json, char bracket)
{
    char c = json_peek(json);
    if (c == bracket) {
        json->at++;
        json->depth--;
        json->first = false;
        return false;
    }
    if (json->first) {
        json->first = false;
        return c ? true : fail(json);
    }
    if (c != ',')
        return fail(json);
    json->at++;
    c = json_peek(json);
    return c && c != bracket ? true : fail(json);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 32) >= 'a' && (c | 32) <= 'f')
        return (c | 32) - 'a' + 10;
    return -1;
}

/* at stands on the backslash; false unless a whole lawful escape stands there. */
static bool pass_escape(struct json *json)
{
    if (json->end - json->at < 2)
        return false;
    char kind = json->at[1];
    json->at += 2;
    if (kind != 'u')
        return kind && strchr("\"\\/bfnrt", kind);
    for (int i = 0; i < 4; i++, json->at++)
        if (json->at >= json->end || hex_digit(*json->at) < 0)
            return false;
    return true;
}

/* Of eight bytes, the first in the lowest place: the top bit of the first that ends plain text (a
 * quote, a backslash, a control character) is the lowest bit set. A byte x below n makes the top
 * bit of (x - n) & ~x; what is borrowed from its neighbour can only add finds behind it. */
static uint64_t ends_of_plain(uint64_t bytes)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    uint64_t quote = bytes ^ (ones * '"'), slash = bytes ^ (ones * '\\');
    return (((bytes - ones * 0x20) & ~bytes) | ((quote - ones) & ~quote) |
            ((slash - ones) & ~slash)) &
           tops;
}

/* Eight bytes at a time: a frame's audio is one long string of plain text. Near the end of the
 * text fewer are passed. */
static void pass_plain(struct json *json)
{
    uint64_t bytes, ends = 0;
    while (!ends && json->end - json->at >= (ptrdiff_t)sizeof(bytes)) {
        memcpy(&bytes, json->at, sizeof(bytes));
        ends = ends_of_plain(le64toh(bytes));
        json->at += ends ? __builtin_ctzll(ends) / 8 : (int)sizeof(bytes);
    }
}

static bool take_string(struct json *json, struct str *raw_out)
{
    const char *start = ++json->at;
    pass_plain(json);
    while (json->at < json->end) {
        unsigned char c = (unsigned char)*json->at;
        if (c == '"') {
            *raw_out = (struct str){start, (size_t)(json->at - start)};
            json->at++;
            return true;
        }
        if (c < 0x20)
            return fail(json);
        if (c == '\\') {
            if (!pass_escape(json))
                return fail(json);
        } else {
            json->at++;
        }
    }
    return fail(json);
}

bool json_object(struct json *json)
{
    return enter(json, '{');
}

bool json_member(struct json *json, struct str *key_out)
{
    if (!next_of(json, '}'))
        return false;
    if (json_peek(json) != '"')
        return fail(json);
    if (!take_string(json, key_out))
        return false;
    if (json_peek(json) != ':')
        return fail(json);
    json->at++;
    return true;
}

bool json_array(struct json *json)
{
    return enter(json, '[');
}

bool json_element(struct json *json)
{
    return next_of(json, ']');
}

bool json_string(struct json *json, struct str *raw_out)
{
    if (json_peek(json) != '"') {
        json_skip(json);
        return false;
    }
    return take_string(json, raw_out);
}

static bool pass_digits(struct json *json)
{
    const char *start = json->at;
    while (json->at < json->end && *json->at >= '0' && *json->at <= '9')
        json->at++;
    return json->at > start;
}

static bool take_number(struct json *json, struct str *text_out)
{
    const char *start = json->at;
    if (*json->at == '-')
        json->at++;
    if (json->at < json->end && *json->at == '0')
        json->at++;
    else if (!pass_digits(json))
        return fail(json);
    if (json->at < json->end && *json->at == '.') {
        json->at++;
        if (!pass_digits(json))
            return fail(json);
    }
    if (json->at < json->end && (*json->at | 32) == 'e') {
        json->at++;
        if (json->at < json->end && (*json->at == '+' || *json->at == '-'))
            json->at++;
        if (!pass_digits(json))
            return fail(json);
    }
    *text_out = (struct str){start, (size_t)(json->at - start)};
    return true;
}

static bool is_number_start(char c)
{
    return c == '-' || (c >= '0' && c <= '9');
}

bool json_number(struct json *json, double *number_out)
{
    struct str text;
    char digits[64];
    if (!is_number_start(json_peek(json))) {
        json_skip(json);
        return false;
    }
    if (!take_number(json, &text))
        return false;
    if (text.bytes >= sizeof(digits))
        return false;
    memcpy(digits, text.at, text.bytes);
    digits[text.bytes] = '\0';
    *number_out = strtod(digits, NULL);
    return true;
}

static bool take_word(struct json *json, const char *word)
{
    size_t bytes = strlen(word);
    if ((size_t)(json->end - json->at) < bytes || memcmp(json->at, word, bytes) != 0)
        return fail(json);
    json->at += bytes;
    return true;
}

bool json_bool(struct json *json, bool *value_out)
{
    char c = json_peek(json);
    if (c != 't' && c != 'f') {
        json_skip(json);
        return false;
    }
    if (!take_word(json, c == 't' ? "true" : "false"))
        return false;
    *value_out = c == 't';
    return true;
}

bool json_null(struct json *json)
{
    return json_peek(json) == 'n' && take_word(json, "null");
}

void json_skip(struct json *json)
{
    struct str unused;
    switch (json_peek(json)) {
    case '"': take_string(json, &unused); break;
    case '{':
        for (bool in = json_object(json); in && json_member(json, &unused);)
            json_skip(json);
        break;
    case '[':
        for (bool in = json_array(json); in && json_element(json);)
            json_skip(json);
        break;
    case 't': take_word(json, "true"); break;
    case 'f': take_word(json, "false"); break;
    case 'n': take_word(json, "null"); break;
    default:
        if (is_number_start(json_peek(json)))
            take_number(json, &unused);
        else
            fail(json);
    }
}

bool json_done(struct json *json)
{
    return !json->bad && json->depth == 0 && json_peek(json) == 0 && json->at == json->end;
}

static uint32_t hex4(const char *at)
{
    uint32_t code = 0;
    for (int i = 0; i < 4; i++)
        code = code << 4 | (uint32_t)hex_digit(at[i]);
    return code;
}

/* A \uXXXX escape, with its second half when it is a surrogate pair; returns the bytes it took. */
static size_t unescape_unicode(struct buf *buf, struct str raw)
{
    uint32_t code = hex4(raw.at + 2);
    size_t took = 6;
    if (code >= 0xD800 && code <= 0xDBFF && raw.bytes >= 12 && raw.at[6] == '\\' &&
        raw.at[7] == 'u') {
        uint32_t low = hex4(raw.at + 8);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            took = 12;
        }
    }
    utf8_put(buf, code >= 0xD800 && code <= 0xDFFF ? 0xFFFD : code);
    return took;
}

void json_unescape(struct buf *buf, struct str raw)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    while (raw.bytes) {
        const char *slash = memchr(raw.at, '\\', raw.bytes);
        size_t plain = slash ? (size_t)(slash - raw.at) : raw.bytes;
        buf_add(buf, raw.at, plain);
        raw.at += plain;
        raw.bytes -= plain;
        if (!raw.bytes)
            return;
        size_t took = 2;
        if (raw.at[1] == 'u') {
            took = unescape_unicode(buf, raw);
        } else {
            const char *known = strchr(from, raw.at[1]);
            buf_putc(buf, known ? to[known - from] : raw.at[1]);
        }
        raw.at += took;
        raw.bytes -= took;
    }
}

bool json_whole(struct json *json, int64_t *whole_out)
{
    struct str text = {0};
    bool found = json_peek(json) == '"'             ? take_string(json, &text)
                 : is_number_start(json_peek(json)) ? take_number(json, &text)
                                                    : (json_skip(json), false);
    if (!found || !text.bytes || text.bytes > 18)
        return false;
    int64_t whole = 0;
    bool minus = text.at[0] == '-';
    for (size_t i = minus; i < text.bytes; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        whole = whole * 10 + (text.at[i] - '0');
    }
    if (text.bytes == (size_t)minus)
        return false;
    *whole_out = minus ? -whole : whole;
    return true;
}
