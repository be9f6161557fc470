/* fuzz/fuzz_json.c: what our scanner accepts cJSON must accept too, with the same string. */
#include "base/json.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void compare_string(struct json *json, const cJSON *other)
{
    struct str raw;
    struct buf text = {0};
    if (json_string(json, &raw)) {
        json_unescape(&text, raw);
        if (other && !memchr(buf_text(&text), 0, text.bytes))
            check(strcmp(buf_text(&text), cJSON_GetStringValue(other)) == 0);
    }
    buf_free(&text);
}

/* The lone surrogates we turn into U+FFFD are an error to cJSON, and it takes any depth. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct str text = {(const char *)data, bytes};
    struct json json = json_of(text);
    json_skip(&json);
    bool good = json_done(&json);
    cJSON *other = cJSON_ParseWithLengthOpts((const char *)data, bytes, NULL, false);
    bool surrogates = false;
    for (size_t i = 0; i + 3 < bytes; i++)
        surrogates |= data[i] == '\\' && data[i + 1] == 'u' && (data[i + 2] | 32) == 'd';
    if (good && !surrogates)
        check(other != NULL);
    if (good && cJSON_IsString(other)) {
        json = json_of(text);
        compare_string(&json, other);
    }
    struct str key;
    json = json_of(text);
    for (bool in = json_object(&json); in && json_member(&json, &key);)
        compare_string(&json, NULL);
    json = json_of(text);
    double number;
    int64_t whole;
    bool truth;
    for (bool in = json_array(&json); in && json_element(&json);) {
        struct json again = json;
        json_whole(&again, &whole);
        again = json;
        json_bool(&again, &truth);
        json_number(&json, &number);
    }
    cJSON_Delete(other);
    return 0;
}
