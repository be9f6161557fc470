/* fuzz/fuzz_jwt.c: tokens as strangers send them, and, to get behind the signature, any header and
 * payload (a zero byte between) signed with our own secret. What is taken says who it is of. */
#include "auth/jwt.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { NOW = 1767225600 };
static const char secret[] = "a secret for the fuzzer, 32 bytes long";

static void put_base64url(struct buf *out, struct str text)
{
    size_t start = out->bytes;
    if (!text.bytes)
        return;
    base64_put(out, text.at, text.bytes);
    while (out->bytes > start && out->data[out->bytes - 1] == '=')
        out->data[--out->bytes] = '\0';
    for (size_t i = start; i < out->bytes; i++)
        out->data[i] = out->data[i] == '+' ? '-' : out->data[i] == '/' ? '_' : out->data[i];
}

static void check(const struct auth_keys *keys, struct str token)
{
    struct auth_claims claims = {0};
    if (auth_token_check(keys, token, NOW, &claims))
        return;
    if (uuid_is_nil(claims.session) && uuid_is_nil(claims.tenant) && uuid_is_nil(claims.user))
        return; /* the nil UUID is one, too */
    if (claims.expires_s <= NOW - AUTH_SKEW_SECONDS || claims.issued_s > NOW + AUTH_SKEW_SECONDS)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct auth_keys *keys =
        auth_keys_new(&(struct auth_key_options){.secret = secret, .issuer = "https://karen.test"});
    struct str payload = {(const char *)data, bytes}, header = str_cut(&payload, '\0');
    struct buf token = {0};
    uint8_t mac[SHA256_BYTES];
    check(keys, (struct str){(const char *)data, bytes});
    put_base64url(&token, header);
    buf_putc(&token, '.');
    put_base64url(&token, payload);
    hmac_sha256(str_of(secret), buf_str(&token), mac);
    buf_putc(&token, '.');
    put_base64url(&token, (struct str){(const char *)mac, sizeof(mac)});
    check(keys, buf_str(&token));
    buf_free(&token);
    auth_keys_free(&keys);
    return 0;
}
