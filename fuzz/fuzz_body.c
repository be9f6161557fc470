/* fuzz/fuzz_body.c: a body that is taken is valid UTF-8, prints and reads again as the same, and is
 * held against a schema of many kinds without harm; one that is not names a fault. */
#include "api/schema.h"
#include "base/utf8.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static const char SCHEMA[] =
    "{\"type\":[\"object\",\"array\"],\"properties\":{"
    "\"text\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":9,\"pattern\":\"^([a-z]{1,4}-?)*$"
    "\"},"
    "\"time\":{\"type\":\"string\",\"format\":\"date-time\"},"
    "\"date\":{\"type\":\"string\",\"format\":\"date\"},"
    "\"zone\":{\"type\":\"string\",\"format\":\"time-zone\"},"
    "\"mail\":{\"type\":\"string\",\"format\":\"email\"},"
    "\"link\":{\"type\":\"string\",\"format\":\"uri\"},"
    "\"phone\":{\"type\":\"string\",\"format\":\"phone\"},"
    "\"id\":{\"type\":\"string\",\"format\":\"uuid\"},"
    "\"number\":{\"type\":\"number\",\"minimum\":-1,\"exclusiveMaximum\":9,\"multipleOf\":0.5},"
    "\"list\":{\"type\":\"array\",\"maxItems\":9,\"uniqueItems\":true,\"items\":{\"enum\":[1,null]}"
    "},"
    "\"form\":{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"array\",\"items\":{\"type\":"
    "\"boolean\"}}]}},"
    "\"required\":[\"a/b~\"],\"additionalProperties\":{\"$ref\":\"#/components/schemas/Tree\"},"
    "\"items\":{\"$ref\":\"#/components/schemas/Tree\"}}";
static const char DOCUMENT[] =
    "{\"components\":{\"schemas\":{\"Tree\":{\"anyOf\":[{\"type\":[\"integer\",\"null\"]},"
    "{\"type\":\"object\",\"additionalProperties\":{\"$ref\":\"#/components/schemas/Tree\"}},"
    "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Tree\"}}]}}}}";

static void check(bool holds)
{
    if (!holds)
        abort();
}

static const struct schema *schema(void)
{
    static const struct schema *compiled;
    static struct schema_set *set; /* kept with what it points into */
    static cJSON *document, *json;
    if (!compiled) {
        document = cJSON_Parse(DOCUMENT);
        json = cJSON_Parse(SCHEMA);
        set = schema_set_new(document);
        check(schema_compile(set, json, &compiled) == 0);
    }
    return compiled;
}

/* What we print of a body is a body again, and the same. */
static void check_again(const cJSON *body, struct arena *arena)
{
    struct faults faults = {.arena = arena};
    cJSON *again = NULL;
    char *text = cJSON_PrintUnformatted(body);
    check(text != NULL);
    check(contract_read_body(str_of(text), arena, &again, &faults) == 0);
    check(cJSON_Compare(body, again, true));
    cJSON_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct str text = {(const char *)data, bytes};
    struct arena arena = {0};
    struct faults faults = {.arena = &arena};
    cJSON *body = NULL;
    int err = contract_read_body(text, &arena, &body, &faults);
    check((err != 0) == (faults.count == 1) && (err != 0) == (body == NULL));
    if (body) {
        check(utf8_valid(text));
        check_again(body, &arena);
        err = schema_check(schema(), body, "", &faults);
        check((err != 0) == (faults.count > 0));
        check(err == schema_check(schema(), body, "", NULL));
    }
    for (size_t i = 0; i < faults.count; i++)
        check(utf8_valid(str_of(faults.list[i].field)) && faults.list[i].message[0]);
    arena_free(&arena);
    return 0;
}
