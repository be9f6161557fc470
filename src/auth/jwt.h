/* auth/jwt.h: the tokens people carry: made, and checked as strangers' words. JWT, HS256 and
 * nothing else. Whether the session behind a token still stands is for the database to say.
 *
 * A token names its key by kid, the first 8 hex digits of the secret's SHA-256, so that a secret
 * can be replaced while tokens of the one before are still about. Source: RFC 7519, 7515, 8725. */
#pragma once
#include "base/buf.h"
#include "base/id.h"

#include <stdint.h>

enum {
    AUTH_SECRET_BYTES_MIN = 32,
    AUTH_TOKEN_BYTES_MAX = 8192,
    AUTH_SKEW_SECONDS = 60, /* how far the clocks of our machines may be apart */
};
#define AUTH_AUDIENCE "karen"

struct auth_keys;
struct auth_key_options {   /* copied */
    const char *secret;     /* at least AUTH_SECRET_BYTES_MIN */
    const char *old_secret; /* the one before, accepted but not used; NULL: none */
    const char *issuer;     /* PUBLIC_URL */
};
struct auth_keys *auth_keys_new(const struct auth_key_options *options);
void auth_keys_free(struct auth_keys **keys); /* NULL after; NULL is fine */

struct auth_claims {
    struct uuid tenant, user, session;
    const char *phone; /* for the apps to show; NULL after a check: nobody may trust it */
    int64_t issued_s, expires_s;
};
/* Adds the token to out. */
void auth_token_make(const struct auth_keys *keys, const struct auth_claims *claims,
                     struct buf *out);
/* EINVAL: it is none of ours; ETIME: it was, and is over. */
int auth_token_check(const struct auth_keys *keys, struct str token, int64_t now_s,
                     struct auth_claims *claims_out);
