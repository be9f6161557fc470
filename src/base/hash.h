/* base/hash.h: digests and MACs, OpenSSL's, with our types; base64. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { SHA1_BYTES = 20, SHA256_BYTES = 32 };

void sha256(struct str data, uint8_t out[SHA256_BYTES]);
void hmac_sha1(struct str key, struct str data, uint8_t out[SHA1_BYTES]);
void hmac_sha256(struct str key, struct str data, uint8_t out[SHA256_BYTES]);
void hex_put(struct buf *buf, const void *data, size_t bytes); /* lower case */
/* Constant time in the contents, so that a forger learns nothing from how long "no" takes. */
bool bytes_equal(struct str one, struct str other);

void base64_put(struct buf *buf, const void *data, size_t bytes); /* RFC 4648 4, padded */
/* Decodes into out, which must hold base64_room(text.bytes); EINVAL for anything that is not
 * padded base64. The hot path of media: no allocation. */
int base64_decode(struct str text, uint8_t *out, size_t *bytes_out);
size_t base64_room(size_t text_bytes);

/* RFC 4648 5 as JWTs have it: without padding, each text in one spelling only. out must hold
 * base64_room(text.bytes); EINVAL for anything else. */
int base64url_decode(struct str text, uint8_t *out, size_t *bytes_out);
