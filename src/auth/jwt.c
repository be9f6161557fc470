/* auth/jwt.c: tokens. The form is judged here, byte by byte, before libjwt sees a token: it takes
 * more than RFC 7515 allows. Signature and claims are libjwt's to read. */
#include "auth/jwt.h"

#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <jwt.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 2, KID_BYTES = 9, MEMBERS_MAX = 16, JTI_BYTES = 16 };

struct auth_keys {
    struct auth_key {
        char *secret;
        char kid[KID_BYTES];
    } list[KEYS_MAX]; /* the first makes tokens */
    size_t count;
    char *issuer;
};

static void add_key(struct auth_keys *keys, const char *secret)
{
    struct auth_key *key = &keys->list[keys->count++];
    uint8_t hash[SHA256_BYTES];
    struct buf hex = {0};
    assert(strlen(secret) >= AUTH_SECRET_BYTES_MIN);
    sha256(str_of(secret), hash);
    hex_put(&hex, hash, KID_BYTES / 2);
    memcpy(key->kid, hex.data, KID_BYTES);
    key->secret = xstrdup(secret);
    buf_free(&hex);
}

struct auth_keys *auth_keys_new(const struct auth_key_options *options)
{
    struct auth_keys *keys = xalloc(sizeof(*keys));
    add_key(keys, options->secret);
    if (options->old_secret)
        add_key(keys, options->old_secret);
    keys->issuer = xstrdup(options->issuer);
    return keys;
}

void auth_keys_free(struct auth_keys **keys)
{
    if (!*keys)
        return;
    for (size_t i = 0; i < (*keys)->count; i++)
        free((*keys)->list[i].secret);
    free((*keys)->issuer);
    free(*keys);
    *keys = NULL;
}

/* ---- making --------------------------------------------------------------------------------- */

static void add_id(jwt_t *jwt, const char *name, struct uuid id)
{
    char text[UUID_TEXT_BYTES];
    uuid_print(id, text);
    jwt_add_grant(jwt, name, text);
}

void auth_token_make(const struct auth_keys *keys, const struct auth_claims *claims,
                     struct buf *out)
{
    const struct auth_key *key = &keys->list[0];
    char jti[JTI_BYTES * 4 / 3 + 2];
    jwt_t *jwt = NULL;
    int err = jwt_new(&jwt);
    assert(!err);
    random_token(jti, JTI_BYTES);
    jwt_add_header(jwt, "kid", key->kid);
    jwt_add_grant(jwt, "iss", keys->issuer);
    jwt_add_grant(jwt, "aud", AUTH_AUDIENCE);
    add_id(jwt, "sub", claims->user);
    add_id(jwt, "tenant_id", claims->tenant);
    add_id(jwt, "sid", claims->session);
    jwt_add_grant(jwt, "phone", claims->phone);
    jwt_add_grant(jwt, "jti", jti);
    jwt_add_grant_int(jwt, "iat", claims->issued_s);
    jwt_add_grant_int(jwt, "exp", claims->expires_s);
    err = jwt_set_alg(jwt, JWT_ALG_HS256, (const unsigned char *)key->secret,
                      (int)strlen(key->secret));
    char *text = err ? NULL : jwt_encode_str(jwt);
    assert(text);
    buf_puts(out, text);
    free(text);
    jwt_free(jwt);
}

/* ---- checking ------------------------------------------------------------------------------- */

struct parts {
    struct str header, payload, signature; /* still base64url */
};

static int split(struct str token, struct parts *parts)
{
    if (token.bytes > AUTH_TOKEN_BYTES_MAX || (token.bytes && memchr(token.at, 0, token.bytes)))
        return EINVAL;
    parts->header = str_cut(&token, '.');
    parts->payload = str_cut(&token, '.');
    parts->signature = token; /* a further dot is not base64url */
    return parts->header.bytes && parts->payload.bytes ? 0 : EINVAL;
}

static bool is_among(struct str key, const struct str *seen, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (key.bytes == seen[i].bytes && memcmp(key.at, seen[i].at, key.bytes) == 0)
            return true;
    return false;
}

/* The members of one flat JSON object are plain and none comes twice: two readers could otherwise
 * read two different tokens. Values go to `read`, which may leave them. */
typedef void member_fn(struct json *json, struct str key, void *arg);
static int each_member(struct str text, member_fn *read, void *arg)
{
    struct str seen[MEMBERS_MAX], key;
    size_t count = 0;
    struct json json = json_of(text);
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        if (count == MEMBERS_MAX || is_among(key, seen, count) ||
            (key.bytes && memchr(key.at, '\\', key.bytes)))
            return EINVAL;
        seen[count++] = key;
        read(&json, key, arg);
    }
    return count && json_done(&json) ? 0 : EINVAL;
}

struct header {
    struct str alg, typ, kid;
    bool critical; /* it wants something understood that we do not */
};

static void read_header(struct json *json, struct str key, void *arg)
{
    struct header *header = arg;
    struct str *place = str_is(key, "alg")   ? &header->alg
                        : str_is(key, "typ") ? &header->typ
                        : str_is(key, "kid") ? &header->kid
                                             : NULL;
    header->critical |= str_is(key, "crit");
    if (place)
        json_string(json, place);
    else
        json_skip(json);
}

static void read_nothing(struct json *json, struct str key, void *arg)
{
    (void)key;
    (void)arg;
    json_skip(json);
}

static int decode(struct str part, char *out, struct str *text_out)
{
    size_t bytes;
    int err = base64url_decode(part, (uint8_t *)out, &bytes);
    if (!err)
        *text_out = (struct str){out, bytes};
    return err;
}

/* The key the token was signed with, by a form that only ours have; NULL: it is none of ours. */
static const struct auth_key *judge_form(const struct auth_keys *keys, struct str token)
{
    char room[AUTH_TOKEN_BYTES_MAX];
    struct parts parts;
    struct header header = {0};
    struct str text;
    if (split(token, &parts) || decode(parts.signature, room, &text) || text.bytes != SHA256_BYTES)
        return NULL;
    if (decode(parts.payload, room, &text) || each_member(text, read_nothing, NULL))
        return NULL;
    if (decode(parts.header, room, &text) || each_member(text, read_header, &header))
        return NULL;
    if (header.critical || !str_is(header.alg, "HS256") || !str_is(header.typ, "JWT"))
        return NULL;
    for (size_t i = 0; i < keys->count; i++)
        if (str_is(header.kid, keys->list[i].kid))
            return &keys->list[i];
    return NULL;
}

static bool grant_is(jwt_t *jwt, const char *name, const char *wanted)
{
    const char *value = jwt_get_grant(jwt, name);
    return value && strcmp(value, wanted) == 0;
}

static int read_id(jwt_t *jwt, const char *name, struct uuid *id_out)
{
    return uuid_parse(str_of(jwt_get_grant(jwt, name)), id_out);
}

static int read_time(jwt_t *jwt, const char *name, int64_t *time_out)
{
    errno = 0;
    *time_out = jwt_get_grant_int(jwt, name);
    return errno || *time_out <= 0 ? EINVAL : 0;
}

static int read_claims(const struct auth_keys *keys, jwt_t *jwt, int64_t now_s,
                       struct auth_claims *claims)
{
    if (jwt_get_alg(jwt) != JWT_ALG_HS256 || !grant_is(jwt, "iss", keys->issuer) ||
        !grant_is(jwt, "aud", AUTH_AUDIENCE))
        return EINVAL;
    if (read_id(jwt, "sub", &claims->user) || read_id(jwt, "tenant_id", &claims->tenant) ||
        read_id(jwt, "sid", &claims->session))
        return EINVAL;
    if (read_time(jwt, "iat", &claims->issued_s) || read_time(jwt, "exp", &claims->expires_s) ||
        claims->issued_s > now_s + AUTH_SKEW_SECONDS)
        return EINVAL;
    return claims->expires_s > now_s - AUTH_SKEW_SECONDS ? 0 : ETIME;
}

int auth_token_check(const struct auth_keys *keys, struct str token, int64_t now_s,
                     struct auth_claims *claims_out)
{
    const struct auth_key *key = judge_form(keys, token);
    struct auth_claims claims = {0};
    jwt_t *jwt = NULL;
    if (!key)
        return EINVAL;
    char *text = xstrndup(token.at, token.bytes);
    int err = jwt_decode(&jwt, text, (const unsigned char *)key->secret, (int)strlen(key->secret))
                  ? EINVAL
                  : read_claims(keys, jwt, now_s, &claims);
    if (!err)
        *claims_out = claims;
    jwt_free(jwt);
    free(text);
    return err;
}
