/* api/schema_compile.c: a schema's JSON as the tree that schema.c checks by, and the refusal of
 * what would not be applied as it stands there; and what may be asked of the tree. */
#include "api/schema_private.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SCHEMA_UNIQUE_MAX = 1000 /* items that are compared each with each */ };
static const char SCHEMAS[] = "#/components/schemas/";

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

int schema_refuse(struct schema_set *set, const char *format, ...)
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

/* ---- what would never or always hold --------------------------------------------------------- */

static int check_values(struct schema_set *set, const struct schema *out)
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
            return schema_refuse(set, "enum has a value that is not of its type");
    }
    if (out->enumeration && (out->types & TYPE_NULL) && !has_null)
        return schema_refuse(set, "its type may be null, but enum has no null");
    if (out->constant && schema_check(&types_only, out->constant, "", NULL))
        return schema_refuse(set, "const is not of its type");
    if (out->preset && schema_check(out, out->preset, "", NULL))
        return schema_refuse(set, "default is not what it must be");
    return 0;
}

static int check_sense(struct schema_set *set, const cJSON *json, const struct schema *out)
{
    const cJSON *word;
    cJSON_ArrayForEach(word, json)
    {
        const struct schema_keyword *keyword = schema_keyword_of(word->string);
        if (keyword && keyword->types && out->types && !(keyword->types & out->types))
            return schema_refuse(set, "%s says nothing about its type", word->string);
    }
    if (out->length_min > out->length_max || out->minimum > out->maximum ||
        out->items_min > out->items_max || out->members_min > out->members_max)
        return schema_refuse(set, "its least is above its most");
    if (out->items_unique && out->items_max > SCHEMA_UNIQUE_MAX)
        return schema_refuse(set, "uniqueItems needs a maxItems of at most %d", SCHEMA_UNIQUE_MAX);
    for (size_t i = 0; i < out->required_count; i++)
        if (out->closed && !schema_property(out, out->required[i]))
            return schema_refuse(set, "%s is required, but no property", out->required[i]);
    return check_values(set, out);
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
        return schema_refuse(set, "there is no \"%s\"", text);
    for (struct schema_named *named = set->named; named; named = named->older)
        if (named->json == json) {
            if (named->open && named->level == set->level)
                return schema_refuse(set, "%s is made of itself", text);
            *schema_out = named->schema;
            return 0;
        }
    struct schema_named *named = arena_alloc(&set->arena, sizeof(*named));
    *named = (struct schema_named){set->named, json, blank(set), true, set->level};
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
        return schema_refuse(set, "it is no schema");
    cJSON_ArrayForEach(word, json)
    {
        const struct schema_keyword *keyword = schema_keyword_of(word->string);
        bool ours = strncmp(word->string, "x-", 2) == 0 || strcmp(word->string, "$ref") == 0;
        if (!keyword && !ours)
            return schema_refuse(set, "%s is not known here", word->string);
        int err = keyword && keyword->read ? keyword->read(set, word, out) : 0;
        if (err)
            return err;
    }
    const cJSON *ref = cJSON_GetObjectItemCaseSensitive(json, "$ref");
    if (ref) {
        if (out->all.count)
            return schema_refuse(set, "$ref stands beside allOf");
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
        const struct schema_keyword *keyword = schema_keyword_of(word->string);
        refers |= strcmp(word->string, "$ref") == 0;
        if (keyword && keyword->read)
            return false;
    }
    return refers;
}

int schema_compile_in(struct schema_set *set, const char *step, const cJSON *json,
                      const struct schema **schema_out)
{
    int err;
    if (set->depth >= SCHEMA_DEPTH_MAX)
        return schema_refuse(set, "schemas stand in schemas too deep");
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
    int err = schema_compile_in(set, json->string ? json->string : "schema", json, &schema);
    if (!err)
        *schema_out = schema;
    return err;
}

/* ---- what others ask of a schema --------------------------------------------------------------
 */

const struct schema *schema_property(const struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->property_count; i++)
        if (strcmp(schema->properties[i].name, name) == 0)
            return schema->properties[i].schema;
    return NULL;
}

bool schema_requires(const struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->required_count; i++)
        if (strcmp(schema->required[i], name) == 0)
            return true;
    return false;
}

const char *schema_tag(const struct schema *schema, const char *name)
{
    const struct schema *member = schema_property(schema, name);
    if (!member || !schema_requires(schema, name))
        return NULL;
    const cJSON *constant = member->constant;
    if (!constant && cJSON_GetArraySize(member->enumeration) == 1)
        constant = member->enumeration->child;
    return cJSON_IsString(constant) ? constant->valuestring : NULL;
}

const struct schema *schema_items(const struct schema *schema)
{
    return schema->items;
}

const cJSON *schema_default(const struct schema *schema)
{
    for (size_t i = 0; i < schema->all.count && !schema->preset; i++)
        if (schema_default(schema->all.list[i]))
            return schema_default(schema->all.list[i]);
    return schema->preset;
}

enum schema_kind schema_kind_of(const struct schema *schema)
{
    unsigned types = schema->types;
    for (size_t i = 0; i < schema->all.count && !types; i++)
        types = schema->all.list[i]->types;
    switch (types) {
    case TYPE_STRING: return SCHEMA_TEXT;
    case TYPE_INTEGER: return SCHEMA_WHOLE;
    case TYPE_NUMBER: return SCHEMA_NUMBER;
    case TYPE_BOOLEAN: return SCHEMA_TRUTH;
    case TYPE_ARRAY: return SCHEMA_LIST;
    default: return SCHEMA_OTHER;
    }
}
