/* base/hash.c: digests and MACs by OpenSSL, base64. */
#include "base/hash.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <string.h>

void sha256(struct str data, uint8_t out[SHA256_BYTES])
{
    SHA256((const unsigned char *)data.at, data.bytes, out);
}

/* OpenSSL refuses a key or data at NULL even when there are no bytes of it, and would leave out as
 * it was: a MAC that is not one must never be compared with. */
static void hmac(const EVP_MD *digest, struct str key, struct str data, uint8_t *out)
{
    const char *key_at = key.at ? key.at : "", *data_at = data.at ? data.at : "";
    const uint8_t *done =
        HMAC(digest, key_at, (int)key.bytes, (const uint8_t *)data_at, data.bytes, out, NULL);
    assert(done);
}

void hmac_sha1(struct str key, struct str data, uint8_t out[SHA1_BYTES])
{
    hmac(EVP_sha1(), key, data, out);
}

void hmac_sha256(struct str key, struct str data, uint8_t out[SHA256_BYTES])
{
    hmac(EVP_sha256(), key, data, out);
}

void hex_put(struct buf *buf, const void *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buf_printf(buf, "%02x", ((const uint8_t *)data)[i]);
}

bool bytes_equal(struct str one, struct str other)
{
    return one.bytes == other.bytes &&
           (one.bytes == 0 || CRYPTO_memcmp(one.at, other.at, one.bytes) == 0);
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The letters of twelve bits at once. */
struct pairs {
    char at[64 * 64][2];
    bool made;
};

static const struct pairs *pairs(void)
{
    static _Thread_local struct pairs pairs;
    for (size_t i = 0; !pairs.made && i < 64 * 64; i++) {
        pairs.at[i][0] = alphabet[i / 64];
        pairs.at[i][1] = alphabet[i % 64];
    }
    pairs.made = true;
    return &pairs;
}

static void put_letters(const struct pairs *pairs, char *out, uint32_t group)
{
    memcpy(out, pairs->at[group >> 12], 2);
    memcpy(out + 2, pairs->at[group & 0xFFF], 2);
}

/* Of our own, both ways, since each frame of each call comes by: OpenSSL's takes twice and three
 * times as many instructions. */
void base64_put(struct buf *buf, const void *data, size_t bytes)
{
    const struct pairs *known = pairs();
    const uint8_t *at = data;
    buf_reserve(buf, (bytes + 2) / 3 * 4);
    char *out = buf->data + buf->bytes;
    for (; bytes >= 3; bytes -= 3, at += 3, out += 4)
        put_letters(known, out, (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2]);
    if (bytes) {
        put_letters(known, out, (uint32_t)at[0] << 16 | (bytes > 1 ? (uint32_t)at[1] << 8 : 0));
        memset(out + 1 + bytes, '=', 3 - bytes);
        out += 4;
    }
    *out = '\0';
    buf->bytes = (size_t)(out - buf->data);
}

size_t base64_room(size_t text_bytes)
{
    return text_bytes / 4 * 3 + 3;
}

/* What a letter stands for, at its place among the four of a group; NO_LETTER outlives every or. */
enum { NO_LETTER = 1 << 24 };
struct letters {
    uint32_t at[4][256];
    bool made;
};

static const struct letters *letters(void)
{
    static _Thread_local struct letters letters;
    if (letters.made)
        return &letters;
    for (size_t place = 0; place < 4; place++) {
        for (size_t i = 0; i < 256; i++)
            letters.at[place][i] = NO_LETTER;
        for (uint32_t i = 0; i < 64; i++)
            letters.at[place][(unsigned char)alphabet[i]] = i << (18 - 6 * place);
    }
    letters.made = true;
    return &letters;
}

static uint32_t group_of(const struct letters *letters, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    return letters->at[0][at[0]] | letters->at[1][at[1]] | letters->at[2][at[2]] |
           letters->at[3][at[3]];
}

/* Writes a fourth byte that means nothing: base64_room() has room for it. */
static void put_group(uint8_t *out, uint32_t group)
{
    uint32_t bytes = htobe32(group << 8);
    memcpy(out, &bytes, sizeof(bytes));
}

int base64_decode(struct str text, uint8_t *out, size_t *bytes_out)
{
    const struct letters *known = letters();
    size_t padding = 0;
    uint32_t seen = 0;
    if (text.bytes % 4)
        return EINVAL;
    while (padding < 2 && padding < text.bytes && text.at[text.bytes - 1 - padding] == '=')
        padding++;
    size_t whole = padding ? text.bytes - 4 : text.bytes;
    for (size_t i = 0; i < whole; i += 4, out += 3) {
        uint32_t group = group_of(known, text.at + i);
        seen |= group;
        put_group(out, group);
    }
    if (padding) {
        char last[4] = {'A', 'A', 'A', 'A'};
        memcpy(last, text.at + whole, 4 - padding);
        uint32_t group = group_of(known, last);
        seen |= group;
        put_group(out, group);
    }
    if (seen & NO_LETTER)
        return EINVAL;
    *bytes_out = text.bytes / 4 * 3 - padding;
    return 0;
}

static int base64url_value(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return letter - 'A';
    if (letter >= 'a' && letter <= 'z')
        return letter - 'a' + 26;
    if (letter >= '0' && letter <= '9')
        return letter - '0' + 52;
    return letter == '-' ? 62 : letter == '_' ? 63 : -1;
}

int base64url_decode(struct str text, uint8_t *out, size_t *bytes_out)
{
    uint32_t bits = 0;
    int have = 0;
    size_t bytes = 0;
    for (size_t i = 0; i < text.bytes; i++) {
        int value = base64url_value(text.at[i]);
        if (value < 0)
            return EINVAL;
        bits = bits << 6 | (uint32_t)value;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[bytes++] = (uint8_t)(bits >> have);
        }
    }
    if (have == 6 || (bits & ((1u << have) - 1))) /* a letter too many, or bits left over */
        return EINVAL;
    *bytes_out = bytes;
    return 0;
}
