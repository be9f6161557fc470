/* base/utf8.c: UTF-8 decoding, validation and folding. */
#include "base/utf8.h"

#include <string.h>
#include <wctype.h>

static bool is_tail(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

size_t utf8_next(struct str text, uint32_t *code_out)
{
    const unsigned char *at = (const unsigned char *)text.at;
    *code_out = UTF8_BAD;
    if (at[0] < 0x80) {
        *code_out = at[0];
        return 1;
    }
    size_t bytes = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
    if (at[0] < 0xC2 || at[0] > 0xF4 || text.bytes < bytes)
        return 1;
    uint32_t code = at[0] & (0xFFu >> (bytes + 1));
    for (size_t i = 1; i < bytes; i++) {
        if (!is_tail(at[i]))
            return 1;
        code = code << 6 | (at[i] & 0x3Fu);
    }
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < lowest[bytes] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return 1;
    *code_out = code;
    return bytes;
}

static uint64_t word_at(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return word;
}

/* How many bytes at the front are ASCII, 32 at a step: most of what we read is nothing else. */
static size_t ascii_bytes(struct str text)
{
    static const uint64_t high_bits = 0x8080808080808080u;
    size_t at = 0;
    for (; at + 32 <= text.bytes; at += 32)
        if ((word_at(text.at + at) | word_at(text.at + at + 8) | word_at(text.at + at + 16) |
             word_at(text.at + at + 24)) &
            high_bits)
            break;
    while (at + 8 <= text.bytes && !(word_at(text.at + at) & high_bits))
        at += 8;
    while (at < text.bytes && (unsigned char)text.at[at] < 0x80)
        at++;
    return at;
}

bool utf8_valid(struct str text)
{
    while (text.bytes) { /* {0} has no place to add to */
        size_t ascii = ascii_bytes(text);
        text.at += ascii;
        text.bytes -= ascii;
        if (!text.bytes)
            break;
        uint32_t code;
        size_t bytes = utf8_next(text, &code);
        if (code == UTF8_BAD)
            return false;
        text.at += bytes;
        text.bytes -= bytes;
    }
    return true;
}

size_t utf8_length(struct str text)
{
    size_t length = 0;
    while (text.bytes) {
        uint32_t code;
        size_t bytes = utf8_next(text, &code);
        text.at += bytes;
        text.bytes -= bytes;
        length++;
    }
    return length;
}

void utf8_put(struct buf *buf, uint32_t code)
{
    char out[4];
    size_t bytes = 1;
    if (code < 0x80) {
        out[0] = (char)code;
    } else if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        bytes = 2;
    } else if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        bytes = 3;
    } else {
        out[0] = (char)(0xF0 | code >> 18);
        bytes = 4;
    }
    for (size_t i = 1; i < bytes; i++)
        out[i] = (char)(0x80 | ((code >> (6 * (bytes - 1 - i))) & 0x3F));
    buf_add(buf, out, bytes);
}

uint32_t utf8_lower(uint32_t code)
{
    if (code >= 'A' && code <= 'Z')
        return code + 32;
    if (code >= 0xC0 && code <= 0xDE && code != 0xD7)
        return code + 32;
    if (code >= 0x100 && code <= 0x17F) {
        if (code == 0x130)
            return 'i';
        if (code == 0x178)
            return 0xFF;
        /* capitals are even up to 0x137 and again from 0x14A to 0x177, odd between and after */
        int capital_is_odd = (code >= 0x139 && code <= 0x148) || (code >= 0x179 && code <= 0x17E);
        if (code != 0x138 && code != 0x149 && code != 0x17F &&
            (code & 1) == (uint32_t)capital_is_odd)
            return code + 1;
        return code;
    }
    if ((code >= 0x391 && code <= 0x3A9) || (code >= 0x410 && code <= 0x42F))
        return code + 32;
    if (code >= 0x400 && code <= 0x40F)
        return code + 80;
    return code;
}

/* The ASCII base of the lower-case letters 0xDF to 0x17F; "" where there is none. */
static void ascii_base(uint32_t code, char base_out[3])
{
    static const char latin1[][3] = {
        [0xDF - 0xDF] = "ss", [0xE0 - 0xDF] = "a", [0xE1 - 0xDF] = "a",  [0xE2 - 0xDF] = "a",
        [0xE3 - 0xDF] = "a",  [0xE4 - 0xDF] = "a", [0xE5 - 0xDF] = "a",  [0xE6 - 0xDF] = "ae",
        [0xE7 - 0xDF] = "c",  [0xE8 - 0xDF] = "e", [0xE9 - 0xDF] = "e",  [0xEA - 0xDF] = "e",
        [0xEB - 0xDF] = "e",  [0xEC - 0xDF] = "i", [0xED - 0xDF] = "i",  [0xEE - 0xDF] = "i",
        [0xEF - 0xDF] = "i",  [0xF0 - 0xDF] = "d", [0xF1 - 0xDF] = "n",  [0xF2 - 0xDF] = "o",
        [0xF3 - 0xDF] = "o",  [0xF4 - 0xDF] = "o", [0xF5 - 0xDF] = "o",  [0xF6 - 0xDF] = "o",
        [0xF8 - 0xDF] = "o",  [0xF9 - 0xDF] = "u", [0xFA - 0xDF] = "u",  [0xFB - 0xDF] = "u",
        [0xFC - 0xDF] = "u",  [0xFD - 0xDF] = "y", [0xFE - 0xDF] = "th", [0xFF - 0xDF] = "y",
    };
    /* Latin Extended-A pairs capital and small, so one letter for two code points is enough */
    static const char extended[] = "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiii"
                                   "iiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrssssss"
                                   "ssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
    memset(base_out, 0, 3);
    if (code >= 0xDF && code <= 0xFF)
        memcpy(base_out, latin1[code - 0xDF], 3);
    else if (code >= 0x100 && code <= 0x17F)
        base_out[0] = extended[code - 0x100];
}

/* Marks that follow their letter in decomposed text, as some keyboards write it. */
static bool is_combining(uint32_t code)
{
    return code >= 0x300 && code <= 0x36F;
}

static void fold_ascii(struct buf *buf, struct str text)
{
    size_t at = buf->bytes;
    buf_add_str(buf, text);
    for (; at < buf->bytes; at++)
        if (buf->data[at] >= 'A' && buf->data[at] <= 'Z')
            buf->data[at] = (char)(buf->data[at] | 0x20);
}

static void fold_one(struct buf *buf, uint32_t code)
{
    char base[3];
    if (code == UTF8_BAD || is_combining(code))
        return;
    code = utf8_lower(code);
    ascii_base(code, base);
    if (base[0])
        buf_puts(buf, base);
    else
        utf8_put(buf, code);
}

void utf8_fold(struct buf *buf, struct str text)
{
    while (text.bytes) {
        uint32_t code;
        size_t bytes = ascii_bytes(text);
        if (bytes)
            fold_ascii(buf, (struct str){text.at, bytes});
        else if ((bytes = utf8_next(text, &code)))
            fold_one(buf, code);
        text.at += bytes;
        text.bytes -= bytes;
    }
}

struct str utf8_cut(struct str text, size_t bytes)
{
    if (text.bytes <= bytes)
        return text;
    while (bytes && is_tail((unsigned char)text.at[bytes]))
        bytes--;
    return (struct str){text.at, bytes};
}

struct str utf8_first(struct str text, size_t chars)
{
    struct str rest = text;
    uint32_t code;
    for (size_t i = 0; i < chars && rest.bytes; i++) {
        size_t took = utf8_next(rest, &code);
        rest.at += took;
        rest.bytes -= took;
    }
    return (struct str){text.at, text.bytes - rest.bytes};
}
