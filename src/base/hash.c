/* base/hash.c: digests, MACs and base64 by OpenSSL. */
#include "base/hash.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

void sha256(struct str data, uint8_t out[SHA256_BYTES])
{
    SHA256((const unsigned char *)data.at, data.bytes, out);
}

void hmac_sha1(struct str key, struct str data, uint8_t out[SHA1_BYTES])
{
    HMAC(EVP_sha1(), key.at, (int)key.bytes, (const unsigned char *)data.at, data.bytes, out, NULL);
}

void hmac_sha256(struct str key, struct str data, uint8_t out[SHA256_BYTES])
{
    HMAC(EVP_sha256(), key.at, (int)key.bytes, (const unsigned char *)data.at, data.bytes, out,
         NULL);
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
    int bytes = EVP_DecodeBlock(out, (const unsigned char *)text.at, (int)text.bytes);
    if (bytes < 0)
        return EINVAL;
    /* EVP_DecodeBlock counts each = as a zero byte */
    size_t padding = (text.at[text.bytes - 1] == '=') + (size_t)(text.at[text.bytes - 2] == '=');
    *bytes_out = (size_t)bytes - padding;
    return 0;
}
