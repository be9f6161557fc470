/* base/hash.c: digests, MACs and base64 by OpenSSL. */
#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
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

void base64_put(struct buf *buf, const void *data, size_t bytes)
{
    size_t text_bytes = (bytes + 2) / 3 * 4;
    buf_reserve(buf, text_bytes);
    EVP_EncodeBlock((unsigned char *)buf->data + buf->bytes, data, (int)bytes);
    buf->bytes += text_bytes;
    buf->data[buf->bytes] = '\0';
}

size_t base64_room(size_t text_bytes)
{
    return text_bytes / 4 * 3 + 3;
}

int base64_decode(struct str text, uint8_t *out, size_t *bytes_out)
{
    if (text.bytes % 4)
        return EINVAL;
    if (text.bytes == 0) {
        *bytes_out = 0;
        return 0;
    }
    /* EVP_DecodeBlock takes = for a zero wherever it stands, and drops white space at both ends */
    size_t padding = 0;
    while (padding < 2 && text.at[text.bytes - 1 - padding] == '=')
        padding++;
    if (text.bytes > INT_MAX || memchr(text.at, '=', text.bytes - padding))
        return EINVAL;
    int bytes = EVP_DecodeBlock(out, (const unsigned char *)text.at, (int)text.bytes);
    if (bytes < 0 || (size_t)bytes != text.bytes / 4 * 3)
        return EINVAL;
    *bytes_out = (size_t)bytes - padding;
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
