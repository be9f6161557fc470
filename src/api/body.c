/* api/body.c: a request's body as one JSON value, read more strictly than cJSON would: the scanner
 * of base/json.h does the reading, cJSON only holds the tree. */
#include "api/schema_private.h"
#include "base/json.h"
#include "base/utf8.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct reading {
    struct json json;
    struct faults *faults;
    bool blamed; /* a fault was added: the first is the only one */
};

static bool fault(struct reading *reading, const struct place *place, const char *message)
{
    struct buf field = {0};
    place_put(&field, place);
    if (!reading->blamed)
        fault_add(reading->faults, buf_text(&field), "%s", message);
    buf_free(&field);
    reading->blamed = true;
    return false;
}

static cJSON *have(cJSON *item)
{
    assert(item); /* no memory */
    return item;
}

static unsigned code_of_escape(const char *at)
{
    char digits[5] = {at[0], at[1], at[2], at[3], 0};
    return (unsigned)strtoul(digits, NULL, 16);
}

/* Escapes of what no text has: U+0000, and half a character. */
static const char *trouble_in(struct str raw)
{
    for (size_t i = 0; i < raw.bytes; i++) {
        if (raw.at[i] != '\\')
            continue;
        if (raw.at[++i] != 'u')
            continue;
        unsigned code = code_of_escape(raw.at + i + 1);
        i += 4;
        if (code == 0)
            return "has a U+0000";
        if (code >= 0xDC00 && code <= 0xDFFF)
            return "has half a character (a lone surrogate)";
        if (code < 0xD800 || code > 0xDBFF)
            continue;
        bool pair = i + 6 < raw.bytes && raw.at[i + 1] == '\\' && raw.at[i + 2] == 'u';
        unsigned low = pair ? code_of_escape(raw.at + i + 3) : 0;
        if (low < 0xDC00 || low > 0xDFFF)
            return "has half a character (a lone surrogate)";
        i += 6;
    }
    return NULL;
}

static cJSON *read_value(struct reading *reading, const struct place *place);

static cJSON *read_text(struct reading *reading, const struct place *place)
{
    struct str raw;
    struct buf text = {0};
    if (!json_string(&reading->json, &raw))
        return NULL;
    const char *trouble = trouble_in(raw);
    if (trouble) {
        fault(reading, place, trouble);
        return NULL;
    }
    json_unescape(&text, raw);
    cJSON *value = have(cJSON_CreateString(buf_text(&text)));
    buf_free(&text);
    return value;
}

static cJSON *read_number(struct reading *reading, const struct place *place)
{
    double number;
    if (json_number(&reading->json, &number) && isfinite(number))
        return have(cJSON_CreateNumber(number));
    if (!reading->json.bad)
        fault(reading, place, "is too large a number");
    return NULL;
}

static cJSON *read_word(struct reading *reading)
{
    bool truth;
    if (json_peek(&reading->json) != 'n')
        return json_bool(&reading->json, &truth) ? have(cJSON_CreateBool(truth)) : NULL;
    json_skip(&reading->json);
    return reading->json.bad ? NULL : have(cJSON_CreateNull());
}

/* More than the tree is good for: a name is looked for one by one. */
static bool has_room(struct reading *reading, size_t members, const struct place *place)
{
    return members < CONTRACT_MEMBERS_MAX ||
           fault(reading, place, "has more members than anything here");
}

static bool read_member(struct reading *reading, cJSON *object, struct str raw_key,
                        const struct place *place)
{
    struct buf key = {0};
    bool good = false;
    json_unescape(&key, raw_key);
    struct place below = {.up = place, .name = buf_text(&key), .depth = place->depth + 1};
    if (trouble_in(raw_key))
        fault(reading, place, "has a member whose name cannot be");
    else if (cJSON_GetObjectItemCaseSensitive(object, buf_text(&key)))
        fault(reading, &below, "is there twice");
    else {
        cJSON *value = read_value(reading, &below);
        good = value && cJSON_AddItemToObject(object, buf_text(&key), value);
    }
    buf_free(&key);
    return good;
}

static cJSON *read_object(struct reading *reading, const struct place *place)
{
    cJSON *object = have(cJSON_CreateObject());
    struct str key;
    size_t members = 0;
    bool good = json_object(&reading->json);
    while (good && json_member(&reading->json, &key))
        good = has_room(reading, members++, place) && read_member(reading, object, key, place);
    if (good && !reading->json.bad)
        return object;
    cJSON_Delete(object);
    return NULL;
}

static cJSON *read_list(struct reading *reading, const struct place *place)
{
    cJSON *list = have(cJSON_CreateArray());
    struct place below = {.up = place, .depth = place->depth + 1};
    bool good = json_array(&reading->json);
    for (; good && json_element(&reading->json); below.index++) {
        cJSON *value = read_value(reading, &below);
        good = value && cJSON_AddItemToArray(list, value);
    }
    if (good && !reading->json.bad)
        return list;
    cJSON_Delete(list);
    return NULL;
}

/* NULL: a fault was added, or the text is broken. */
static cJSON *read_value(struct reading *reading, const struct place *place)
{
    char start = json_peek(&reading->json);
    if ((start == '{' || start == '[') && place->depth >= CONTRACT_DEPTH_MAX) {
        fault(reading, place, "is too deep");
        return NULL;
    }
    switch (start) {
    case '{': return read_object(reading, place);
    case '[': return read_list(reading, place);
    case '"': return read_text(reading, place);
    case 't':
    case 'f':
    case 'n': return read_word(reading);
    default: return read_number(reading, place);
    }
}

static void free_tree(void *arg)
{
    cJSON_Delete(arg);
}

int contract_read_body(struct str text, struct arena *arena, cJSON **body_out,
                       struct faults *faults)
{
    struct reading reading = {.json = json_of(text), .faults = faults};
    struct place root = {.root = ""};
    if (!utf8_valid(text)) {
        fault(&reading, &root, "is not valid UTF-8");
        return EINVAL;
    }
    cJSON *body = read_value(&reading, &root);
    if (body && !json_done(&reading.json)) {
        fault(&reading, &root, "has something behind its JSON value");
        cJSON_Delete(body);
        return EINVAL;
    }
    if (!body) {
        fault(&reading, &root, "is not valid JSON");
        return EINVAL;
    }
    arena_on_free(arena, free_tree, body);
    *body_out = body;
    return 0;
}
