/* fuzz/fuzz_twilio_sign.c: what we sign ourselves is genuine for any URL and fields; a URL that is
 * taken with another token is not. Input: URL, then name and value by turns, each ended by a NUL.
 */
#include "base/mem.h"
#include "carrier/twilio_sign.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { FIELDS_MAX = 16 };

static void check(bool holds)
{
    if (!holds)
        abort();
}

static bool has_host(const char *url)
{
    const char *fragment = strchr(url, '#'), *host = strstr(url, "://");
    return host && (!fragment || host + 3 < fragment) && host[3] && !strchr("/?:", host[3]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *text = xalloc(bytes + 2); /* every part ends in a NUL */
    if (bytes)
        memcpy(text, data, bytes);
    const char *parts[1 + 2 * FIELDS_MAX];
    size_t count = 0;
    for (size_t at = 0; at <= bytes && count < countof(parts); at += strlen(text + at) + 1)
        parts[count++] = text + at;
    struct http_field fields[FIELDS_MAX];
    size_t field_count = 0;
    for (size_t i = 1; i + 1 < count; i += 2)
        fields[field_count++] = (struct http_field){parts[i], parts[i + 1]};
    char signature[TWILIO_SIGNATURE_TEXT_BYTES];
    twilio_sign(parts[0], fields, field_count, "token", signature);
    struct twilio_request request = {
        .url = parts[0], .fields = fields, .field_count = field_count, .signature = signature};
    const char *right = "token", *wrong = "other";
    struct twilio_verdict verdict = twilio_check(&request, &right, 1);
    check(verdict.genuine || !has_host(parts[0]));
    check(!twilio_check(&request, &wrong, 1).genuine);
    request.signature = parts[0];
    twilio_check(&request, &right, 1);
    request.signature = signature;
    request.body = (struct str){(const char *)data, bytes};
    check(!twilio_check(&request, &wrong, 1).genuine);
    free(text);
    return 0;
}
