/* api/operation.c: a request, and an answer, held against what the contract says of its operation.
 */
#include "api/operation.h"

#include "base/json.h"
#include "base/utf8.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

bool media_is_json(const char *media_type)
{
    size_t bytes = strlen(media_type);
    return strcmp(media_type, "application/json") == 0 ||
           (strncmp(media_type, "application/", 12) == 0 && bytes > 5 &&
            strcmp(media_type + bytes - 5, "+json") == 0);
}

int operation_check_body(const struct operation *operation, const cJSON *body,
                         struct faults *faults)
{
    return schema_check(operation->parts->body, body, "", faults);
}

size_t operation_parameters(const struct operation *operation, const struct parameter **list_out)
{
    *list_out = operation->parts->parameters;
    return operation->parts->parameter_count;
}

/* ---- parameters ------------------------------------------------------------------------------ */

static cJSON *have(cJSON *item)
{
    assert(item); /* no memory */
    return item;
}

/* The text as a value of that kind; as text where it is none, so that the schema refuses it. */
static cJSON *read_simple(struct str text, enum schema_kind kind)
{
    struct json json = json_of(text);
    double number;
    size_t sign = text.bytes && text.at[0] == '-';
    bool digits = text.bytes > sign && text.at[sign] >= '0' && text.at[sign] <= '9';
    if (kind == SCHEMA_TRUTH && (str_is(text, "true") || str_is(text, "false")))
        return have(cJSON_CreateBool(str_is(text, "true")));
    /* "1e2" is no way to write a whole number here: handlers read digits */
    if (kind == SCHEMA_WHOLE)
        for (size_t i = sign; i < text.bytes; i++)
            digits &= text.at[i] >= '0' && text.at[i] <= '9';
    if ((kind == SCHEMA_WHOLE || kind == SCHEMA_NUMBER) && digits && json_number(&json, &number) &&
        json.at == json.end)
        return have(cJSON_CreateNumber(number));
    char *copy = xstrndup(text.at, text.bytes);
    cJSON *value = have(cJSON_CreateString(copy));
    free(copy);
    return value;
}

static cJSON *read_parameter(const char *value, const struct schema *schema)
{
    enum schema_kind kind = schema_kind_of(schema);
    if (kind != SCHEMA_LIST)
        return read_simple(str_of(value), kind);
    cJSON *list = have(cJSON_CreateArray());
    struct str rest = str_of(value);
    while (rest.bytes)
        cJSON_AddItemToArray(
            list, read_simple(str_cut(&rest, ','), schema_kind_of(schema_items(schema))));
    return list;
}

int operation_check_parameter(const struct operation *operation, const struct parameter *parameter,
                              const char *value, struct faults *faults)
{
    const struct operation_parts *parts = operation->parts;
    assert(parameter >= parts->parameters &&
           parameter < parts->parameters + parts->parameter_count);
    const struct schema *schema = parts->parameter_schemas[parameter - parts->parameters];
    if (!utf8_valid(str_of(value))) {
        fault_add(faults, parameter->name, "is not valid UTF-8");
        return EINVAL;
    }
    cJSON *read = read_parameter(value, schema);
    int err = schema_check(schema, read, parameter->name, faults);
    cJSON_Delete(read);
    return err;
}

/* ---- answers --------------------------------------------------------------------------------- */

int operation_check_answer(const struct operation *operation, int status, const char *content_type,
                           const cJSON *body, struct faults *faults)
{
    struct str rest = str_of(content_type);
    struct str type = str_trim(str_cut(&rest, ';'));
    bool listed = false;
    for (size_t i = 0; i < operation->parts->answer_count; i++) {
        const struct answer *answer = &operation->parts->answers[i];
        if (answer->status != status)
            continue;
        listed = true;
        if (!str_is(type, answer->media_type ? answer->media_type : ""))
            continue;
        if (!answer->schema)
            return 0;
        if (body)
            return schema_check(answer->schema, body, "", faults);
        fault_add(faults, "", "is not valid JSON");
        return EINVAL;
    }
    fault_add(faults, "",
              listed ? "%d came as \"%.*s\", which %s does not list"
                     : "the status %d (\"%.*s\") is none that %s lists",
              status, (int)type.bytes, type.at ? type.at : "", operation->id);
    return EINVAL;
}

bool operation_path_fits(const struct operation *operation, struct str path)
{
    struct str pattern = str_of(operation->path);
    while (pattern.at && path.at) {
        struct str want = str_cut(&pattern, '/'), part = str_cut(&path, '/');
        bool same =
            want.bytes == part.bytes && (!want.bytes || memcmp(want.at, part.at, want.bytes) == 0);
        if (!same && !(str_starts(want, ":") && part.bytes))
            return false;
    }
    return !pattern.at && !path.at;
}
