/* api/contract.c: the contract's operations, read from its JSON; what they ask of a request is
 * checked in operation.c. */
#include "api/operation.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { BODY_BYTES_LIMIT = 8 * 1024 * 1024 /* that x-body-bytes-max may ask for */ };

struct contract {
    cJSON *document;
    struct arena arena;
    struct schema_set *schemas;
    struct operation *operations;
    size_t count;
    const char *path, *method; /* that are being read, for why */
    char *why;                 /* NULL: all is well */
};

/* The first reason stays. */
__attribute__((format(printf, 2, 3))) static int refuse(struct contract *contract,
                                                        const char *format, ...)
{
    if (contract->why)
        return EINVAL;
    va_list arguments;
    va_start(arguments, format);
    char *text = xvprintf(format, arguments);
    va_end(arguments);
    contract->why = contract->path ? xprintf("%s %s: %s", contract->method ? contract->method : "",
                                             contract->path, text)
                                   : xstrdup(text);
    free(text);
    return EINVAL;
}

static const cJSON *member(const cJSON *json, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(json, name);
}

static const char *text_of(const cJSON *json, const char *name)
{
    return cJSON_GetStringValue(member(json, name));
}

/* Refuses a member that is none of these; the list ends in NULL. */
static int only(struct contract *contract, const cJSON *json, const char *what,
                const char *const *names)
{
    const cJSON *one;
    if (!cJSON_IsObject(json))
        return refuse(contract, "%s is no object", what);
    cJSON_ArrayForEach(one, json)
    {
        size_t i = 0;
        while (names[i] && strcmp(names[i], one->string) != 0)
            i++;
        if (!names[i])
            return refuse(contract, "%s: %s is not known here", what, one->string);
    }
    return 0;
}

/* What stands there, or what a $ref to #/components/KIND/ there means; NULL: nothing. */
static const cJSON *resolved(struct contract *contract, const char *kind, const cJSON *json)
{
    const char *ref = text_of(json, "$ref");
    char *start = xprintf("#/components/%s/", kind);
    size_t bytes = strlen(start);
    if (ref)
        json = strncmp(ref, start, bytes) == 0
                   ? member(member(member(contract->document, "components"), kind), ref + bytes)
                   : NULL;
    free(start);
    if (!json)
        refuse(contract, "there is no \"%s\"", ref ? ref : kind);
    return json;
}

static int compile(struct contract *contract, const char *what, const cJSON *json,
                   const struct schema **schema_out)
{
    if (!json)
        return refuse(contract, "%s has no schema", what);
    int err = schema_compile(contract->schemas, json, schema_out);
    return err ? refuse(contract, "%s: %s", what, schema_set_why(contract->schemas)) : 0;
}

/* ---- parameters ------------------------------------------------------------------------------ */

static int read_place(struct contract *contract, const cJSON *json, enum parameter_place *place_out)
{
    static const char *const places[] = {"path", "query", "header"};
    const char *in = text_of(json, "in");
    for (size_t i = 0; in && i < countof(places); i++)
        if (strcmp(in, places[i]) == 0) {
            *place_out = (enum parameter_place)i;
            return 0;
        }
    return refuse(contract, "a parameter is neither in path nor query nor header");
}

/* A list is sent as one text with commas, so that a name stands once in a query. */
static int check_kind(struct contract *contract, const struct parameter *parameter,
                      const struct schema *schema, const cJSON *json)
{
    enum schema_kind kind = schema_kind_of(schema);
    if (kind == SCHEMA_LIST) {
        kind = schema_items(schema) ? schema_kind_of(schema_items(schema)) : SCHEMA_OTHER;
        if (!cJSON_IsFalse(member(json, "explode")) || kind == SCHEMA_LIST)
            return refuse(contract, "parameter %s: a list needs explode: false and simple items",
                          parameter->name);
    }
    return kind == SCHEMA_OTHER
               ? refuse(contract, "parameter %s: its type is not one that can be read",
                        parameter->name)
               : 0;
}

static const char *preset_of(struct contract *contract, const struct schema *schema)
{
    const cJSON *preset = schema_default(schema);
    if (!preset || cJSON_IsString(preset))
        return cJSON_GetStringValue(preset);
    char *text = cJSON_PrintUnformatted(preset);
    const char *kept = arena_strdup(&contract->arena, text);
    cJSON_free(text);
    return kept;
}

static int read_parameter(struct contract *contract, const cJSON *json,
                          struct operation_parts *parts)
{
    static const char *const names[] = {"name",     "in",      "required",   "description",
                                        "schema",   "explode", "deprecated", "example",
                                        "examples", NULL};
    struct parameter *parameter = &parts->parameters[parts->parameter_count];
    json = resolved(contract, "parameters", json);
    if (!json || only(contract, json, "parameter", names) ||
        read_place(contract, json, &parameter->place))
        return EINVAL;
    parameter->name = text_of(json, "name");
    parameter->required = cJSON_IsTrue(member(json, "required"));
    if (!parameter->name)
        return refuse(contract, "a parameter has no name");
    for (size_t i = 0; i < parts->parameter_count; i++)
        if (strcmp(parts->parameters[i].name, parameter->name) == 0)
            return refuse(contract, "parameter %s is there twice", parameter->name);
    const struct schema **schema = &parts->parameter_schemas[parts->parameter_count];
    if (compile(contract, parameter->name, member(json, "schema"), schema) ||
        check_kind(contract, parameter, *schema, json))
        return EINVAL;
    parameter->preset = preset_of(contract, *schema);
    if (parameter->required && parameter->preset)
        return refuse(contract, "parameter %s is required and has a default", parameter->name);
    parts->parameter_count++;
    return 0;
}

static int read_parameters(struct contract *contract, const cJSON *shared, const cJSON *own,
                           struct operation_parts *parts)
{
    const cJSON *one;
    size_t room = (size_t)(cJSON_GetArraySize(shared) + cJSON_GetArraySize(own)) + 1;
    int err = 0;
    parts->parameters = arena_alloc(&contract->arena, room * sizeof(*parts->parameters));
    parts->parameter_schemas = arena_alloc(&contract->arena, room * sizeof(void *));
    cJSON_ArrayForEach(one, shared) err = err ? err : read_parameter(contract, one, parts);
    cJSON_ArrayForEach(one, own) err = err ? err : read_parameter(contract, one, parts);
    return err;
}

/* "/api/calls/{call_id}" as "/api/calls/:call_id"; each name in it must be a parameter, and each
 * parameter of the path a name in it. */
static int read_path(struct contract *contract, const struct operation_parts *parts,
                     const char **path_out)
{
    struct buf path = {0};
    struct str rest = str_of(contract->path);
    size_t named = 0, in_path = 0;
    if (!str_starts(rest, "/"))
        return refuse(contract, "a path begins with /");
    str_cut(&rest, '/');
    do {
        struct str part = str_cut(&rest, '/');
        buf_putc(&path, '/');
        bool name = part.bytes > 2 && part.at[0] == '{' && part.at[part.bytes - 1] == '}';
        if (name) {
            part = (struct str){part.at + 1, part.bytes - 2};
            buf_putc(&path, ':');
        }
        buf_add_str(&path, part);
        for (size_t i = 0; name && i < parts->parameter_count; i++)
            named += parts->parameters[i].place == PARAMETER_PATH &&
                     parts->parameters[i].required && str_is(part, parts->parameters[i].name);
        in_path += name;
    } while (rest.bytes);
    size_t declared = 0;
    for (size_t i = 0; i < parts->parameter_count; i++)
        declared += parts->parameters[i].place == PARAMETER_PATH;
    *path_out = arena_strdup(&contract->arena, buf_text(&path));
    buf_free(&path);
    return named == in_path && declared == in_path
               ? 0
               : refuse(contract, "the path and its (required) parameters do not fit each other");
}

/* ---- bodies and answers -----------------------------------------------------------------------
 */

static int read_body(struct contract *contract, const cJSON *json, struct operation *operation,
                     struct operation_parts *parts)
{
    static const char *const names[] = {"description", "content", "required", NULL};
    const cJSON *limit = member(json, "x-body-bytes-max");
    const cJSON *body = member(json, "requestBody");
    if (!body)
        return limit ? refuse(contract, "x-body-bytes-max without a body") : 0;
    body = resolved(contract, "requestBodies", body);
    if (!body || only(contract, body, "requestBody", names))
        return EINVAL;
    const cJSON *content = member(body, "content");
    const cJSON *media = member(content, "application/json");
    if (!media || cJSON_GetArraySize(content) != 1)
        return refuse(contract, "a body is application/json and nothing else");
    double bytes = limit ? limit->valuedouble : CONTRACT_BODY_BYTES_MAX;
    if (bytes < 1 || bytes > BODY_BYTES_LIMIT || bytes != floor(bytes))
        return refuse(contract, "x-body-bytes-max is not between 1 and %d", BODY_BYTES_LIMIT);
    operation->body_bytes_max = (size_t)bytes;
    operation->body_required = cJSON_IsTrue(member(body, "required"));
    return compile(contract, "body", member(media, "schema"), &parts->body);
}

static int read_media(struct contract *contract, const cJSON *media, struct answer *answer)
{
    answer->media_type = media->string;
    if (media_is_json(media->string))
        return compile(contract, media->string, member(media, "schema"), &answer->schema);
    return 0;
}

static int read_answers(struct contract *contract, const cJSON *json, struct operation *operation,
                        struct operation_parts *parts)
{
    static const char *const names[] = {"description", "headers", "content", NULL};
    const cJSON *one, *media;
    size_t room = 1;
    cJSON_ArrayForEach(one, json) room += 1 + (size_t)cJSON_GetArraySize(member(one, "content"));
    parts->answers = arena_alloc(&contract->arena, room * sizeof(*parts->answers));
    cJSON_ArrayForEach(one, json)
    {
        int status = atoi(one->string);
        const cJSON *answer = resolved(contract, "responses", one);
        if (!answer || only(contract, answer, "response", names))
            return EINVAL;
        if (status < 100 || status > 599 || strlen(one->string) != 3)
            return refuse(contract, "the response %s has no exact status", one->string);
        if (!operation->status && status < 300)
            operation->status = status;
        if (!member(answer, "content"))
            parts->answers[parts->answer_count++] = (struct answer){.status = status};
        cJSON_ArrayForEach(media, member(answer, "content"))
        {
            parts->answers[parts->answer_count].status = status;
            if (read_media(contract, media, &parts->answers[parts->answer_count++]))
                return EINVAL;
        }
    }
    return operation->status ? 0 : refuse(contract, "no response says how all goes well");
}

/* ---- operations ------------------------------------------------------------------------------ */

const char *access_code(enum access access)
{
    static const char *const codes[] = {"public", "member", "admin", "owner", "operator"};
    return codes[access];
}

static int read_access(struct contract *contract, const cJSON *json, struct operation *operation)
{
    const char *code = text_of(json, "x-access");
    enum access access = ACCESS_PUBLIC;
    while (code && access <= ACCESS_OPERATOR && strcmp(code, access_code(access)) != 0)
        access++;
    if (!code || access > ACCESS_OPERATOR)
        return refuse(contract, "x-access is none of public, member, admin, owner, operator");
    operation->access = access;
    operation->secret = cJSON_IsTrue(member(json, "x-secret"));
    operation->scope = text_of(json, "x-scope");
    if (operation->scope && (access == ACCESS_PUBLIC || access == ACCESS_OPERATOR))
        return refuse(contract, "x-scope, but no key of a tenant gets there");
    return 0;
}

static int read_operation(struct contract *contract, const cJSON *json, const cJSON *shared,
                          enum http_method method)
{
    static const char *const names[] = {
        "operationId",      "tags",     "summary",    "description", "x-access",  "x-scope",
        "x-body-bytes-max", "x-secret", "parameters", "requestBody", "responses", "security",
        "deprecated",       NULL};
    struct operation *operation = &contract->operations[contract->count];
    struct operation_parts *parts = arena_alloc(&contract->arena, sizeof(*parts));
    *operation = (struct operation){.id = text_of(json, "operationId"), .method = method};
    operation->parts = parts;
    if (!operation->id)
        return refuse(contract, "no operationId");
    for (size_t i = 0; i < contract->count; i++)
        if (strcmp(contract->operations[i].id, operation->id) == 0)
            return refuse(contract, "another operation is called %s", operation->id);
    contract->count++;
    if (only(contract, json, operation->id, names) || read_access(contract, json, operation) ||
        read_parameters(contract, shared, member(json, "parameters"), parts) ||
        read_path(contract, parts, &operation->path) || read_body(contract, json, operation, parts))
        return EINVAL;
    return read_answers(contract, member(json, "responses"), operation, parts);
}

/* One path with its methods. */
static int read_path_item(struct contract *contract, const cJSON *item)
{
    static const struct {
        const char *word;
        enum http_method method;
    } methods[] = {{"get", HTTP_GET},
                   {"post", HTTP_POST},
                   {"put", HTTP_PUT},
                   {"patch", HTTP_PATCH},
                   {"delete", HTTP_DELETE}};
    const cJSON *one;
    contract->path = item->string;
    cJSON_ArrayForEach(one, item)
    {
        size_t i = 0;
        while (i < countof(methods) && strcmp(methods[i].word, one->string) != 0)
            i++;
        contract->method = one->string;
        if (i < countof(methods)) {
            if (read_operation(contract, one, member(item, "parameters"), methods[i].method))
                return EINVAL;
        } else if (strcmp(one->string, "parameters") != 0) {
            return refuse(contract, "%s is not known here", one->string);
        }
    }
    contract->path = contract->method = NULL;
    return 0;
}

/* Literal parts before names, part by part. */
static int by_path(const void *left, const void *right)
{
    const struct operation *one = left, *other = right;
    struct str a = str_of(one->path), b = str_of(other->path);
    while (a.bytes || b.bytes) {
        struct str part_a = str_cut(&a, '/'), part_b = str_cut(&b, '/');
        bool name_a = str_starts(part_a, ":"), name_b = str_starts(part_b, ":");
        if (name_a != name_b)
            return name_a ? 1 : -1;
        size_t bytes = part_a.bytes < part_b.bytes ? part_a.bytes : part_b.bytes;
        int order = bytes ? memcmp(part_a.at, part_b.at, bytes) : 0;
        if (!order && part_a.bytes != part_b.bytes)
            order = part_a.bytes < part_b.bytes ? -1 : 1;
        if (order && !name_a)
            return order;
    }
    return (int)one->method - (int)other->method;
}

/* What no operation uses is compiled, too: a mistake in it does not wait for its first use. */
static int read_components(struct contract *contract, const cJSON *components)
{
    static const char *const names[] = {
        "securitySchemes", "parameters", "responses", "requestBodies", "schemas", "headers", NULL};
    const cJSON *one;
    const struct schema *unused;
    if (components && only(contract, components, "components", names))
        return EINVAL;
    cJSON_ArrayForEach(one,
                       member(components, "schemas")) if (compile(contract, "components.schemas",
                                                                  one, &unused)) return EINVAL;
    return 0;
}

static int read_document(struct contract *contract)
{
    static const char *const names[] = {"openapi", "info",  "servers",    "security",
                                        "tags",    "paths", "components", NULL};
    const cJSON *document = contract->document, *item;
    const char *version = text_of(document, "openapi");
    size_t room = 1;
    if (only(contract, document, "the contract", names))
        return EINVAL;
    if (!version || strncmp(version, "3.1.", 4) != 0)
        return refuse(contract, "it is no OpenAPI 3.1");
    cJSON_ArrayForEach(item, member(document, "paths")) room += (size_t)cJSON_GetArraySize(item);
    contract->operations = arena_alloc(&contract->arena, room * sizeof(*contract->operations));
    int err = read_components(contract, member(document, "components"));
    cJSON_ArrayForEach(item, member(document, "paths")) err =
        err ? err : read_path_item(contract, item);
    qsort(contract->operations, contract->count, sizeof(*contract->operations), by_path);
    return err;
}

int contract_load(struct str json, struct contract **contract_out, char **why_out)
{
    struct contract *contract = xalloc(sizeof(*contract));
    contract->document = cJSON_ParseWithLength(json.at, json.bytes);
    contract->schemas = schema_set_new(contract->document);
    int err = contract->document ? read_document(contract) : refuse(contract, "it is no JSON");
    if (err) {
        *why_out = contract->why;
        contract->why = NULL;
        contract_free(&contract);
        return EINVAL;
    }
    *contract_out = contract;
    return 0;
}

void contract_free(struct contract **contract)
{
    if (!*contract)
        return;
    schema_set_free(&(*contract)->schemas);
    arena_free(&(*contract)->arena);
    cJSON_Delete((*contract)->document);
    free(*contract);
    *contract = NULL;
}

const struct operation *contract_operations(const struct contract *contract, size_t *count_out)
{
    *count_out = contract->count;
    return contract->operations;
}
