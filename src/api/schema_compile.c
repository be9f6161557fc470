/* api/schema_compile.c: a schema's JSON as the tree that schema.c checks by, and the refusal of
 * what would not be applied as it stands there. */
#include "api/schema_private.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SCHEMA_DEPTH_MAX = 32,     /* of schemas in schemas */
    SCHEMA_UNIQUE_MAX = 1000,  /* items that are compared each with each */
    PATTERN_REPEATS_MAX = 255, /* {n,m} is unrolled */
};
static const char SCHEMAS[] = "#/components/schemas/";

struct schema_set {
    const cJSON *document;
    struct arena arena;
    struct named {
        struct named *older;
        const cJSON *json;
        struct schema *schema;
        bool open; /* it is being compiled */
        int level;
    } * named;
    int depth;                               /* of schemas in schemas */
    int level;                               /* how far below the value that is checked first */
    const char *trail[SCHEMA_DEPTH_MAX + 1]; /* keywords on the way down, for why */
    char *why;                               /* NULL: all is well */
};

struct schema_set *schema_set_new(const cJSON *document)
{
    struct schema_set *set = xalloc(sizeof(*set));
    set->document = document;
    return set;
}

void schema_set_free(struct schema_set **set)
{
    if (!*set)
        return;
    free((*set)->why);
    arena_free(&(*set)->arena);
    free(*set);
    *set = NULL;
}

const char *schema_set_why(const struct schema_set *set)
{
    return set->why;
}

/* The first reason stays. */
__attribute__((format(printf, 2, 3))) static int refuse(struct schema_set *set, const char *format,
                                                        ...)
{
    if (set->why)
        return EINVAL;
    struct buf why = {0};
    for (int i = 0; i < set->depth; i++)
        buf_printf(&why, "%s%s", i ? "." : "", set->trail[i]);
    va_list arguments;
    va_start(arguments, format);
    char *text = xvprintf(format, arguments);
    va_end(arguments);
    buf_printf(&why, "%s%s", why.bytes ? ": " : "", text);
    free(text);
    set->why = why.data;
    return EINVAL;
}

static int compile_in(struct schema_set *set, const char *step, const cJSON *json,
                      const struct schema **schema_out);

/* ---- keywords ------------------------------------------------------------------------------- */

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
                return refuse(set, "the type %s is named twice", word->valuestring);
            out->types |= types[i].type;
            return 0;
        }
    return refuse(set, "type is none of JSON Schema's (null stands in quotes)");
}

static int on_type(struct schema_set *set, const cJSON *value, struct schema *out)
{
    if (!cJSON_IsArray(value))
        return add_type(set, value, out);
    const cJSON *word;
    int err = value->child ? 0 : refuse(set, "type is an empty list");
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
        return refuse(set, "enum is no list of values");
    for (const cJSON *one = value->child; one; one = one->next)
        for (const cJSON *other = one->next; other; other = other->next)
            if (cJSON_Compare(one, other, true))
                return refuse(set, "enum has a value twice");
    out->enumeration = value;
    return 0;
}

static int read_count(struct schema_set *set, const cJSON *value, size_t *count_out)
{
    double number = cJSON_IsNumber(value) ? value->valuedouble : -1;
    if (number < 0 || number != floor(number) || number > INT32_MAX)
        return refuse(set, "%s is no count", value->string);
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
        return refuse(set, "pattern is no text");
    const char *doubt = doubt_about(value->valuestring);
    if (doubt)
        return refuse(set, "the pattern %s %s", value->valuestring, doubt);
    regex_t *pattern = arena_alloc(&set->arena, sizeof(*pattern));
    int err = regcomp(pattern, value->valuestring, REG_EXTENDED | REG_NOSUB);
    if (err) {
        char why[100];
        regerror(err, pattern, why, sizeof(why));
        return refuse(set, "the pattern %s: %s", value->valuestring, why);
    }
    arena_on_free(&set->arena, free_pattern, pattern);
    out->pattern = pattern;
    out->pattern_text = value->valuestring;
    return 0;
}

static int on_format(struct schema_set *set, const cJSON *value, struct schema *out)
{
    out->format = cJSON_IsString(value) ? format_named(value->valuestring) : NULL;
    return out->format ? 0 : refuse(set, "format is none that is known here (api/formats.h)");
}

static int read_number(struct schema_set *set, const cJSON *value, double *number_out)
{
    if (!cJSON_IsNumber(value))
        return refuse(set, "%s is no number", value->string);
    *number_out = value->valuedouble;
    return 0;
}

static int on_minimum(struct schema_set *set, const cJSON *value, struct schema *out)
{
    if (isfinite(out->minimum))
        return refuse(set, "minimum stands beside exclusiveMinimum");
    out->above_minimum = strcmp(value->string, "exclusiveMinimum") == 0;
    return read_number(set, value, &out->minimum);
}

static int on_maximum(struct schema_set *set, const cJSON *value, struct schema *out)
{
    if (isfinite(out->maximum))
        return refuse(set, "maximum stands beside exclusiveMaximum");
    out->below_maximum = strcmp(value->string, "exclusiveMaximum") == 0;
    return read_number(set, value, &out->maximum);
}

static int on_multiple_of(struct schema_set *set, const cJSON *value, struct schema *out)
{
    int err = read_number(set, value, &out->multiple_of);
    return err || out->multiple_of > 0 ? err : refuse(set, "multipleOf is not above 0");
}

static int on_items(struct schema_set *set, const cJSON *value, struct schema *out)
{
    set->level++;
    int err = compile_in(set, "items", value, &out->items);
    set->level--;
    return err;
}

static int on_unique_items(struct schema_set *set, const cJSON *value, struct schema *out)
{
    out->items_unique = cJSON_IsTrue(value);
    return cJSON_IsBool(value) ? 0 : refuse(set, "uniqueItems is neither true nor false");
}

static int on_properties(struct schema_set *set, const cJSON *value, struct schema *out)
{
    int err = cJSON_IsObject(value) ? 0 : refuse(set, "properties is no object");
    size_t room = (size_t)cJSON_GetArraySize(value);
    out->properties = arena_alloc(&set->arena, (room + 1) * sizeof(*out->properties));
    set->level++;
    for (const cJSON *one = value->child; one && !err; one = one->next) {
        struct property *property = &out->properties[out->property_count++];
        property->name = one->string;
        err = compile_in(set, one->string, one, &property->schema);
    }
    set->level--;
    return err;
}

static int on_required(struct schema_set *set, const cJSON *value, struct schema *out)
{
    const cJSON *name;
    if (!cJSON_IsArray(value))
        return refuse(set, "required is no list");
    size_t room = (size_t)cJSON_GetArraySize(value);
    out->required = arena_alloc(&set->arena, (room + 1) * sizeof(*out->required));
    cJSON_ArrayForEach(name, value)
    {
        if (!cJSON_IsString(name) || schema_requires(out, name->valuestring))
            return refuse(set, "required has a name twice, or something that is no name");
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
    int err = compile_in(set, "additionalProperties", value, &out->others);
    set->level--;
    return err;
}

static int compile_forms(struct schema_set *set, const cJSON *value, struct schema_forms *forms)
{
    const cJSON *one;
    if (!cJSON_IsArray(value) || !value->child)
        return refuse(set, "%s is no list of schemas", value->string);
    forms->list =
        arena_alloc(&set->arena, ((size_t)cJSON_GetArraySize(value) + 1) * sizeof(void *));
    cJSON_ArrayForEach(one, value)
    {
        int err = compile_in(set, value->string, one, &forms->list[forms->count++]);
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

/* Only describes. */
static int on_words(struct schema_set *set, const cJSON *value, struct schema *out)
{
    (void)set;
    (void)value;
    (void)out;
    return 0;
}

static const struct keyword {
    const char *word;
    int (*read)(struct schema_set *set, const cJSON *value, struct schema *out);
    unsigned types; /* of values it says something about; 0: of all */
} keywords[] = {
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
    {"title", on_words, 0},
    {"description", on_words, 0},
    {"examples", on_words, 0},
    {"deprecated", on_words, 0},
    {"readOnly", on_words, 0},
    {"writeOnly", on_words, 0},
    {"discriminator", on_words, 0},
    {"$comment", on_words, 0},
};

static const struct keyword *keyword_of(const char *word)
{
    for (size_t i = 0; i < countof(keywords); i++)
        if (strcmp(keywords[i].word, word) == 0)
            return &keywords[i];
    return NULL;
}

/* ---- what would never or always hold --------------------------------------------------------- */

static int check_values(struct schema_set *set, const cJSON *json, const struct schema *out)
{
    struct schema types_only = {.types = out->types,
                                .length_max = SIZE_MAX,
                                .minimum = -INFINITY,
                                .maximum = INFINITY,
                                .items_max = SIZE_MAX,
                                .members_max = SIZE_MAX};
    const cJSON *value;
    bool has_null = false;
    cJSON_ArrayForEach(value, out->enumeration)
    {
        has_null |= cJSON_IsNull(value);
        if (schema_check(&types_only, value, "", NULL))
            return refuse(set, "enum has a value that is not of its type");
    }
    if (out->enumeration && (out->types & TYPE_NULL) && !has_null)
        return refuse(set, "its type may be null, but enum has no null");
    if (out->constant && schema_check(&types_only, out->constant, "", NULL))
        return refuse(set, "const is not of its type");
    if (out->preset && schema_check(out, out->preset, "", NULL))
        return refuse(set, "default is not what it must be");
    (void)json;
    return 0;
}

static int check_sense(struct schema_set *set, const cJSON *json, const struct schema *out)
{
    const cJSON *word;
    cJSON_ArrayForEach(word, json)
    {
        const struct keyword *keyword = keyword_of(word->string);
        if (keyword && keyword->types && out->types && !(keyword->types & out->types))
            return refuse(set, "%s says nothing about its type", word->string);
    }
    if (out->length_min > out->length_max || out->minimum > out->maximum ||
        out->items_min > out->items_max || out->members_min > out->members_max)
        return refuse(set, "its least is above its most");
    if (out->items_unique && out->items_max > SCHEMA_UNIQUE_MAX)
        return refuse(set, "uniqueItems needs a maxItems of at most %d", SCHEMA_UNIQUE_MAX);
    for (size_t i = 0; i < out->required_count; i++)
        if (out->closed && !schema_property(out, out->required[i]))
            return refuse(set, "%s is required, but no property", out->required[i]);
    return check_values(set, json, out);
}

/* A member by whose constant value one can tell all forms apart. */
static void find_tag(struct schema_forms *forms)
{
    const struct schema *first = forms->count > 1 ? forms->list[0] : NULL;
    for (size_t p = 0; first && p < first->property_count; p++) {
        const char *name = first->properties[p].name;
        bool tells = true;
        for (size_t i = 0; i < forms->count && tells; i++) {
            const char *tag = schema_tag(forms->list[i], name);
            for (size_t j = 0; tag && j < i; j++)
                if (strcmp(tag, schema_tag(forms->list[j], name)) == 0)
                    tag = NULL;
            tells = tag != NULL;
        }
        if (tells) {
            forms->tag = name;
            return;
        }
    }
}

/* ---- schemas -------------------------------------------------------------------------------- */

static struct schema *blank(struct schema_set *set)
{
    struct schema *schema = arena_alloc(&set->arena, sizeof(*schema));
    schema->length_max = schema->items_max = schema->members_max = SIZE_MAX;
    schema->minimum = -INFINITY;
    schema->maximum = INFINITY;
    return schema;
}

static int fill(struct schema_set *set, const cJSON *json, struct schema *out);

static int find_named(struct schema_set *set, const cJSON *ref, const struct schema **schema_out)
{
    const char *text = cJSON_IsString(ref) ? ref->valuestring : "";
    size_t bytes = strlen(SCHEMAS);
    const cJSON *all = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(set->document, "components"), "schemas");
    const cJSON *json = strncmp(text, SCHEMAS, bytes) == 0
                            ? cJSON_GetObjectItemCaseSensitive(all, text + bytes)
                            : NULL;
    if (!json)
        return refuse(set, "there is no \"%s\"", text);
    for (struct named *named = set->named; named; named = named->older)
        if (named->json == json) {
            if (named->open && named->level == set->level)
                return refuse(set, "%s is made of itself", text);
            *schema_out = named->schema;
            return 0;
        }
    struct named *named = arena_alloc(&set->arena, sizeof(*named));
    *named = (struct named){set->named, json, blank(set), true, set->level};
    set->named = named;
    int err = fill(set, json, named->schema);
    named->open = false;
    *schema_out = named->schema;
    return err;
}

static int fill(struct schema_set *set, const cJSON *json, struct schema *out)
{
    const cJSON *word;
    if (!cJSON_IsObject(json))
        return refuse(set, "it is no schema");
    cJSON_ArrayForEach(word, json)
    {
        const struct keyword *keyword = keyword_of(word->string);
        bool ours = strncmp(word->string, "x-", 2) == 0 || strcmp(word->string, "$ref") == 0;
        if (!keyword && !ours)
            return refuse(set, "%s is not known here", word->string);
        int err = keyword ? keyword->read(set, word, out) : 0;
        if (err)
            return err;
    }
    const cJSON *ref = cJSON_GetObjectItemCaseSensitive(json, "$ref");
    if (ref) {
        if (out->all.count)
            return refuse(set, "$ref stands beside allOf");
        out->all.list = arena_alloc(&set->arena, sizeof(void *));
        int err = find_named(set, ref, &out->all.list[0]);
        if (err)
            return err;
        out->all.count = 1;
    }
    find_tag(&out->any);
    find_tag(&out->one);
    return check_sense(set, json, out);
}

/* Nothing but a reference and words: what it refers to will do. */
static bool only_refers(const cJSON *json)
{
    const cJSON *word;
    bool refers = false;
    cJSON_ArrayForEach(word, json)
    {
        const struct keyword *keyword = keyword_of(word->string);
        refers |= strcmp(word->string, "$ref") == 0;
        if (keyword && keyword->read != on_words)
            return false;
    }
    return refers;
}

static int compile_in(struct schema_set *set, const char *step, const cJSON *json,
                      const struct schema **schema_out)
{
    int err;
    if (set->depth >= SCHEMA_DEPTH_MAX)
        return refuse(set, "schemas stand in schemas too deep");
    set->trail[set->depth++] = step;
    if (cJSON_IsObject(json) && only_refers(json)) {
        err = find_named(set, cJSON_GetObjectItemCaseSensitive(json, "$ref"), schema_out);
    } else {
        struct schema *schema = blank(set);
        err = fill(set, json, schema);
        *schema_out = schema;
    }
    set->depth--;
    return err;
}

int schema_compile(struct schema_set *set, const cJSON *json, const struct schema **schema_out)
{
    const struct schema *schema = NULL;
    free(set->why);
    set->why = NULL;
    int err = compile_in(set, json->string ? json->string : "schema", json, &schema);
    if (!err)
        *schema_out = schema;
    return err;
}
