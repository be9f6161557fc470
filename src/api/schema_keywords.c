/* api/schema_keywords.c: each keyword of a schema, read into its compiled form. */
#include "api/schema_private.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PATTERN_REPEATS_MAX = 255 /* {n,m} is unrolled */ };

static const struct {
    const char *word;
    unsigned type;
} types[] = {
    {"null", TYPE_NULL},     {"boolean", TYPE_BOOLEAN}, {"integer", TYPE_INTEGER},
    {"number", TYPE_NUMBER}, {"string", TYPE_STRING},   {"array", TYPE_ARRAY},
    {"object", TYPE_OBJECT},
};

static int add_type(struct schema_set *set, const cJSON *word, struct schema *out)
{
    for (size_t i = 0; i < countof(types); i++)
        if (cJSON_IsString(word) && strcmp(word->valuestring, types[i].word) == 0) {
            if (out->types & types[i].type)
                return schema_refuse(set, "the type %s is named twice", word->valuestring);
            out->types |= types[i].type;
            return 0;
        }
    return schema_refuse(set, "type is none of JSON Schema's (null stands in quotes)");
}

static int on_type(struct schema_set *set, const cJSON *value, struct schema *out)
{
    if (!cJSON_IsArray(value))
        return add_type(set, value, out);
    const cJSON *word;
    int err = value->child ? 0 : schema_refuse(set, "type is an empty list");
    cJSON_ArrayForEach(word, value) err = err ? err : add_type(set, word, out);
    return err;
}

static int on_const(struct schema_set *set, const cJSON *value, struct schema *out)
{
    (void)set;
    out->constant = value;
    return 0;
}

static int on_enum(struct schema_set *set, const cJSON *value, struct schema *out)
{
    if (!cJSON_IsArray(value) || !value->child)
        return schema_refuse(set, "enum is no list of values");
    for (const cJSON *one = value->child; one; one = one->next)
        for (const cJSON *other = one->next; other; other = other->next)
            if (cJSON_Compare(one, other, true))
                return schema_refuse(set, "enum has a value twice");
    out->enumeration = value;
    return 0;
}

static int read_count(struct schema_set *set, const cJSON *value, size_t *count_out)
{
    double number = cJSON_IsNumber(value) ? value->valuedouble : -1;
    if (number < 0 || number != floor(number) || number > INT32_MAX)
        return schema_refuse(set, "%s is no count", value->string);
    *count_out = (size_t)number;
    return 0;
}

#define COUNT_KEYWORD(name, member)                                                                \
    static int name(struct schema_set *set, const cJSON *value, struct schema *out)                \
    {                                                                                              \
        return read_count(set, value, &out->member);                                               \
    }
COUNT_KEYWORD(on_min_length, length_min)
COUNT_KEYWORD(on_max_length, length_max)
COUNT_KEYWORD(on_min_items, items_min)
COUNT_KEYWORD(on_max_items, items_max)
COUNT_KEYWORD(on_min_properties, members_min)
COUNT_KEYWORD(on_max_properties, members_max)

/* What POSIX and ECMAScript read alike: clients use the same pattern. */
static const char *doubt_about(const char *pattern)
{
    bool in_brackets = false;
    for (const char *at = pattern; *at; at++) {
        if ((unsigned char)*at >= 0x80 || (unsigned char)*at < ' ')
            return "has other characters than ASCII";
        if (in_brackets && (*at == '\\' || *at == '['))
            return "has a backslash or a [ in brackets";
        if (!in_brackets && *at == '[' && (at[1] == ']' || (at[1] == '^' && at[2] == ']')))
            return "has a ] first in brackets";
        if (!in_brackets && *at == '\\' && (!at[1] || !strchr("^$\\.*+?()[]{}|/", at[1])))
            return "has an escape that POSIX does not know";
        if (!in_brackets && strchr("(*+?}", *at) && (at[1] == '?' || at[1] == '*' || at[1] == '+'))
            return "has something that POSIX does not know behind a repetition or a parenthesis";
        if (!in_brackets && *at == '{' && atoi(at + 1) > PATTERN_REPEATS_MAX)
            return "repeats too often";
        if (!in_brackets && *at == '\\')
            at++;
        else
            in_brackets = in_brackets ? *at != ']' : *at == '[';
    }
    return NULL;
}

static void free_pattern(void *arg)
{
    regfree(arg);
}

static int on_pattern(struct schema_set *set, const cJSON *value, struct schema *out)
{
    if (!cJSON_IsString(value))
        return schema_refuse(set, "pattern is no text");
    const char *doubt = doubt_about(value->valuestring);
    if (doubt)
        return schema_refuse(set, "the pattern %s %s", value->valuestring, doubt);
    regex_t *pattern = arena_alloc(&set->arena, sizeof(*pattern));
    int err = regcomp(pattern, value->valuestring, REG_EXTENDED | REG_NOSUB);
    if (err) {
        char why[100];
        regerror(err, pattern, why, sizeof(why));
        return schema_refuse(set, "the pattern %s: %s", value->valuestring, why);
    }
    arena_on_free(&set->arena, free_pattern, pattern);
    out->pattern = pattern;
    out->pattern_text = value->valuestring;
    return 0;
}

static int on_format(struct schema_set *set, const cJSON *value, struct schema *out)
{
    out->format = cJSON_IsString(value) ? format_named(value->valuestring) : NULL;
    return out->format ? 0
                       : schema_refuse(set, "format is none that is known here (api/formats.h)");
}

static int read_number(struct schema_set *set, const cJSON *value, double *number_out)
{
    if (!cJSON_IsNumber(value))
        return schema_refuse(set, "%s is no number", value->string);
    *number_out = value->valuedouble;
    return 0;
}

static int on_minimum(struct schema_set *set, const cJSON *value, struct schema *out)
{
    if (isfinite(out->minimum))
        return schema_refuse(set, "minimum stands beside exclusiveMinimum");
    out->above_minimum = strcmp(value->string, "exclusiveMinimum") == 0;
    return read_number(set, value, &out->minimum);
}

static int on_maximum(struct schema_set *set, const cJSON *value, struct schema *out)
{
    if (isfinite(out->maximum))
        return schema_refuse(set, "maximum stands beside exclusiveMaximum");
    out->below_maximum = strcmp(value->string, "exclusiveMaximum") == 0;
    return read_number(set, value, &out->maximum);
}

static int on_multiple_of(struct schema_set *set, const cJSON *value, struct schema *out)
{
    int err = read_number(set, value, &out->multiple_of);
    return err || out->multiple_of > 0 ? err : schema_refuse(set, "multipleOf is not above 0");
}

static int on_items(struct schema_set *set, const cJSON *value, struct schema *out)
{
    set->level++;
    int err = schema_compile_in(set, "items", value, &out->items);
    set->level--;
    return err;
}

static int on_unique_items(struct schema_set *set, const cJSON *value, struct schema *out)
{
    out->items_unique = cJSON_IsTrue(value);
    return cJSON_IsBool(value) ? 0 : schema_refuse(set, "uniqueItems is neither true nor false");
}

static int on_properties(struct schema_set *set, const cJSON *value, struct schema *out)
{
    int err = cJSON_IsObject(value) ? 0 : schema_refuse(set, "properties is no object");
    size_t room = (size_t)cJSON_GetArraySize(value);
    out->properties = arena_alloc(&set->arena, (room + 1) * sizeof(*out->properties));
    set->level++;
    for (const cJSON *one = value->child; one && !err; one = one->next) {
        struct property *property = &out->properties[out->property_count++];
        property->name = one->string;
        err = schema_compile_in(set, one->string, one, &property->schema);
    }
    set->level--;
    return err;
}

static int on_required(struct schema_set *set, const cJSON *value, struct schema *out)
{
    const cJSON *name;
    if (!cJSON_IsArray(value))
        return schema_refuse(set, "required is no list");
    size_t room = (size_t)cJSON_GetArraySize(value);
    out->required = arena_alloc(&set->arena, (room + 1) * sizeof(*out->required));
    cJSON_ArrayForEach(name, value)
    {
        if (!cJSON_IsString(name) || schema_requires(out, name->valuestring))
            return schema_refuse(set, "required has a name twice, or something that is no name");
        out->required[out->required_count++] = name->valuestring;
    }
    return 0;
}

static int on_additional(struct schema_set *set, const cJSON *value, struct schema *out)
{
    out->closed = cJSON_IsFalse(value);
    if (cJSON_IsBool(value))
        return 0;
    set->level++;
    int err = schema_compile_in(set, "additionalProperties", value, &out->others);
    set->level--;
    return err;
}

static int compile_forms(struct schema_set *set, const cJSON *value, struct schema_forms *forms)
{
    const cJSON *one;
    if (!cJSON_IsArray(value) || !value->child)
        return schema_refuse(set, "%s is no list of schemas", value->string);
    forms->list =
        arena_alloc(&set->arena, ((size_t)cJSON_GetArraySize(value) + 1) * sizeof(void *));
    cJSON_ArrayForEach(one, value)
    {
        int err = schema_compile_in(set, value->string, one, &forms->list[forms->count++]);
        if (err)
            return err;
    }
    return 0;
}

static int on_all_of(struct schema_set *set, const cJSON *value, struct schema *out)
{
    return compile_forms(set, value, &out->all);
}

static int on_any_of(struct schema_set *set, const cJSON *value, struct schema *out)
{
    return compile_forms(set, value, &out->any);
}

static int on_one_of(struct schema_set *set, const cJSON *value, struct schema *out)
{
    return compile_forms(set, value, &out->one);
}

static int on_default(struct schema_set *set, const cJSON *value, struct schema *out)
{
    (void)set;
    out->preset = value;
    return 0;
}

static const struct schema_keyword keywords[] = {
    {"type", on_type, 0},
    {"const", on_const, 0},
    {"enum", on_enum, 0},
    {"minLength", on_min_length, TYPE_STRING},
    {"maxLength", on_max_length, TYPE_STRING},
    {"pattern", on_pattern, TYPE_STRING},
    {"format", on_format, TYPE_STRING},
    {"minimum", on_minimum, TYPE_INTEGER | TYPE_NUMBER},
    {"maximum", on_maximum, TYPE_INTEGER | TYPE_NUMBER},
    {"exclusiveMinimum", on_minimum, TYPE_INTEGER | TYPE_NUMBER},
    {"exclusiveMaximum", on_maximum, TYPE_INTEGER | TYPE_NUMBER},
    {"multipleOf", on_multiple_of, TYPE_INTEGER | TYPE_NUMBER},
    {"items", on_items, TYPE_ARRAY},
    {"minItems", on_min_items, TYPE_ARRAY},
    {"maxItems", on_max_items, TYPE_ARRAY},
    {"uniqueItems", on_unique_items, TYPE_ARRAY},
    {"properties", on_properties, TYPE_OBJECT},
    {"required", on_required, TYPE_OBJECT},
    {"additionalProperties", on_additional, TYPE_OBJECT},
    {"minProperties", on_min_properties, TYPE_OBJECT},
    {"maxProperties", on_max_properties, TYPE_OBJECT},
    {"allOf", on_all_of, 0},
    {"anyOf", on_any_of, 0},
    {"oneOf", on_one_of, 0},
    {"default", on_default, 0},
    {"title", NULL, 0},
    {"description", NULL, 0},
    {"examples", NULL, 0},
    {"deprecated", NULL, 0},
    {"readOnly", NULL, 0},
    {"writeOnly", NULL, 0},
    {"discriminator", NULL, 0},
    {"$comment", NULL, 0},
};

const struct schema_keyword *schema_keyword_of(const char *word)
{
    for (size_t i = 0; i < countof(keywords); i++)
        if (strcmp(keywords[i].word, word) == 0)
            return &keywords[i];
    return NULL;
}
