/* base/id.h: identities: UUIDs for what is stored, random tokens for what is secret. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UUID_TEXT_BYTES = 37 }; /* with its NUL */

struct uuid {
    uint8_t bytes[16];
};
struct uuid uuid_new(int64_t unix_ms); /* version 7: sorts by time. Source: RFC 9562 5.7 */
int uuid_parse(struct str text, struct uuid *uuid_out); /* EINVAL unless 36 characters of a UUID */
void uuid_print(struct uuid uuid, char text_out[UUID_TEXT_BYTES]);
bool uuid_equal(struct uuid one, struct uuid other);
bool uuid_is_nil(struct uuid uuid);

void random_bytes(void *out, size_t bytes);
/* A secret of `bytes` random bytes in base64url without padding; text_out needs 4/3 of it + 2. */
void random_token(char *text_out, size_t bytes);
