/* base/id.c: UUIDs and random tokens. */
#include "base/id.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void random_bytes(void *out, size_t bytes)
{
    if (RAND_bytes(out, (int)bytes) != 1) {
        fprintf(stderr, "karen: the system gives no random bytes\n");
        abort();
    }
}

void random_token(char *text_out, size_t bytes)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    int have = 0;
    for (size_t i = 0; i < bytes; i++) {
        uint8_t byte;
        random_bytes(&byte, 1);
        bits = bits << 8 | byte;
        for (have += 8; have >= 6; have -= 6)
            *text_out++ = letters[(bits >> (have - 6)) & 63];
    }
    if (have)
        *text_out++ = letters[(bits << (6 - have)) & 63];
    *text_out = '\0';
}

struct uuid uuid_new(int64_t unix_ms)
{
    struct uuid uuid;
    random_bytes(uuid.bytes, sizeof(uuid.bytes));
    for (int i = 0; i < 6; i++)
        uuid.bytes[i] = (uint8_t)((uint64_t)unix_ms >> (40 - 8 * i));
    uuid.bytes[6] = (uint8_t)(0x70 | (uuid.bytes[6] & 0x0F));
    uuid.bytes[8] = (uint8_t)(0x80 | (uuid.bytes[8] & 0x3F));
    return uuid;
}

static int hex_value(char letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    if (letter >= 'a' && letter <= 'f')
        return letter - 'a' + 10;
    if (letter >= 'A' && letter <= 'F')
        return letter - 'A' + 10;
    return -1;
}

int uuid_parse(struct str text, struct uuid *uuid_out)
{
    struct uuid uuid;
    size_t byte = 0;
    if (text.bytes != UUID_TEXT_BYTES - 1)
        return EINVAL;
    for (size_t i = 0; i < text.bytes;) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text.at[i++] != '-')
                return EINVAL;
            continue;
        }
        int high = hex_value(text.at[i]), low = hex_value(text.at[i + 1]);
        if (high < 0 || low < 0)
            return EINVAL;
        uuid.bytes[byte++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    *uuid_out = uuid;
    return 0;
}

void uuid_print(struct uuid uuid, char text_out[UUID_TEXT_BYTES])
{
    const uint8_t *b = uuid.bytes;
    snprintf(text_out, UUID_TEXT_BYTES,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
}

bool uuid_equal(struct uuid one, struct uuid other)
{
    return memcmp(one.bytes, other.bytes, sizeof(one.bytes)) == 0;
}

bool uuid_is_nil(struct uuid uuid)
{
    return uuid_equal(uuid, (struct uuid){0});
}
