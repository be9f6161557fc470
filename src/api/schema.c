/* api/schema.c: a value held against its schema, and what is said when it does not fit. */
#include "api/schema_private.h"
#include "base/utf8.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CHOICES_BYTES_MAX = 300, /* of the values that a message lists */
    CHECK_DEPTH_MAX = 64,    /* of schemas in each other's wake; values are less deep */
};
#define WHOLE_MAX 9007199254740991.0 /* 2^53 - 1: more a double does not hold one by one */

struct check {
    struct faults *faults; /* NULL: only yes or no is wanted */
    int err;
};

void fault_add(struct faults *faults, const char *field, const char *format, ...)
{
    va_list arguments;
    if (faults->count >= CONTRACT_FAULTS_MAX)
        return;
    va_start(arguments, format);
    char *message = xvprintf(format, arguments);
    va_end(arguments);
    faults->list[faults->count++] =
        (struct fault){arena_strdup(faults->arena, field), arena_strdup(faults->arena, message)};
    free(message);
}

/* Source: RFC 6901 3. */
void place_put(struct buf *out, const struct place *place)
{
    if (!place->up) {
        buf_puts(out, place->root);
        return;
    }
    place_put(out, place->up);
    buf_putc(out, '/');
    if (!place->name)
        buf_printf(out, "%zu", place->index);
    for (const char *at = place->name; at && *at; at++)
        if (*at == '~' || *at == '/')
            buf_puts(out, *at == '~' ? "~0" : "~1");
        else
            buf_putc(out, *at);
}

__attribute__((format(printf, 3, 4))) static void
blame(struct check *check, const struct place *place, const char *format, ...)
{
    check->err = EINVAL;
    if (!check->faults || check->faults->count >= CONTRACT_FAULTS_MAX)
        return;
    struct buf field = {0};
    va_list arguments;
    place_put(&field, place);
    va_start(arguments, format);
    char *message = xvprintf(format, arguments);
    va_end(arguments);
    fault_add(check->faults, buf_text(&field), "%s", message);
    free(message);
    buf_free(&field);
}

static void check_value(struct check *check, const struct schema *schema, const cJSON *value,
                        const struct place *place);

/* ---- one kind of value ---------------------------------------------------------------------- */

static bool is_whole(double number)
{
    return number == floor(number) && fabs(number) <= WHOLE_MAX;
}

static unsigned types_of(const cJSON *value)
{
    if (cJSON_IsNull(value))
        return TYPE_NULL;
    if (cJSON_IsBool(value))
        return TYPE_BOOLEAN;
    if (cJSON_IsNumber(value))
        return TYPE_NUMBER | (is_whole(value->valuedouble) ? TYPE_INTEGER : 0);
    if (cJSON_IsString(value))
        return TYPE_STRING;
    return cJSON_IsArray(value) ? TYPE_ARRAY : TYPE_OBJECT;
}

/* "text or null" */
static const char *types_in_words(unsigned types, char words_out[128])
{
    static const struct {
        unsigned type;
        const char *words;
    } words[] = {
        {TYPE_STRING, "text"},     {TYPE_INTEGER, "a whole number"},
        {TYPE_NUMBER, "a number"}, {TYPE_BOOLEAN, "true or false"},
        {TYPE_ARRAY, "a list"},    {TYPE_OBJECT, "an object"},
        {TYPE_NULL, "null"},
    };
    size_t bytes = 0;
    words_out[0] = '\0';
    for (size_t i = 0; i < countof(words); i++)
        if (types & words[i].type)
            bytes += (size_t)snprintf(words_out + bytes, 128 - bytes, "%s%s", bytes ? " or " : "",
                                      words[i].words);
    return words_out;
}

static void put_plain(struct buf *out, const cJSON *value)
{
    char *text = cJSON_IsString(value) ? NULL : cJSON_PrintUnformatted(value);
    buf_puts(out, text ? text : cJSON_IsString(value) ? value->valuestring : "");
    cJSON_free(text);
}

static void check_choice(struct check *check, const struct schema *schema, const cJSON *value,
                         const struct place *place)
{
    const cJSON *one;
    struct buf choices = {0};
    cJSON_ArrayForEach(one, schema->enumeration)
    {
        if (cJSON_Compare(one, value, true)) {
            buf_free(&choices);
            return;
        }
        buf_puts(&choices, choices.bytes ? ", " : "");
        put_plain(&choices, one);
    }
    struct str shown = utf8_cut(buf_str(&choices), CHOICES_BYTES_MAX);
    blame(check, place, "must be one of %.*s%s", (int)shown.bytes, shown.at,
          shown.bytes < choices.bytes ? " ..." : "");
    buf_free(&choices);
}

static void check_constant(struct check *check, const struct schema *schema, const cJSON *value,
                           const struct place *place)
{
    struct buf constant = {0};
    if (cJSON_Compare(schema->constant, value, true))
        return;
    put_plain(&constant, schema->constant);
    blame(check, place, "must be %s", buf_text(&constant));
    buf_free(&constant);
}

static void check_text(struct check *check, const struct schema *schema, const cJSON *value,
                       const struct place *place)
{
    struct str text = str_of(value->valuestring);
    bool measured = schema->length_min || schema->length_max != SIZE_MAX;
    size_t length = measured ? utf8_length(text) : 0;
    if (length > schema->length_max)
        blame(check, place, "is longer than %zu characters", schema->length_max);
    else if (length < schema->length_min && !length)
        blame(check, place, "is empty");
    else if (length < schema->length_min)
        blame(check, place, "is shorter than %zu characters", schema->length_min);
    else if (schema->format && !schema->format->fits(text))
        blame(check, place, "%s", schema->format->message);
    else if (schema->pattern && regexec(schema->pattern, text.at, 0, NULL, 0) != 0)
        blame(check, place, "does not match %s", schema->pattern_text);
}

static void check_number(struct check *check, const struct schema *schema, const cJSON *value,
                         const struct place *place)
{
    double number = value->valuedouble;
    if (number < schema->minimum)
        blame(check, place, "is less than %.15g", schema->minimum);
    else if (number > schema->maximum)
        blame(check, place, "is more than %.15g", schema->maximum);
    else if (schema->above_minimum && number == schema->minimum)
        blame(check, place, "is not more than %.15g", schema->minimum);
    else if (schema->below_maximum && number == schema->maximum)
        blame(check, place, "is not less than %.15g", schema->maximum);
    else if (schema->multiple_of > 0 && fmod(number, schema->multiple_of) != 0)
        blame(check, place, "is not a multiple of %.15g", schema->multiple_of);
}

static bool stands_before(const cJSON *item)
{
    /* the first item's prev is the last: stop at it */
    for (const cJSON *other = item->prev; other && other->next; other = other->prev)
        if (cJSON_Compare(other, item, true))
            return true;
    return false;
}

static void check_list(struct check *check, const struct schema *schema, const cJSON *value,
                       const struct place *place)
{
    const cJSON *item;
    struct place below = {.up = place, .depth = place->depth + 1};
    size_t count = (size_t)cJSON_GetArraySize(value);
    if (count < schema->items_min)
        blame(check, place, "has fewer than %zu items", schema->items_min);
    if (count > schema->items_max) {
        blame(check, place, "has more than %zu items", schema->items_max);
        return;
    }
    cJSON_ArrayForEach(item, value)
    {
        if (schema->items)
            check_value(check, schema->items, item, &below);
        if (schema->items_unique && stands_before(item))
            blame(check, &below, "is there twice");
        below.index++;
    }
}

static void check_object(struct check *check, const struct schema *schema, const cJSON *value,
                         const struct place *place)
{
    const cJSON *member;
    size_t count = 0;
    cJSON_ArrayForEach(member, value)
    {
        struct place below = {.up = place, .name = member->string, .depth = place->depth + 1};
        const struct schema *known = schema_property(schema, member->string);
        count++;
        if (known || schema->others)
            check_value(check, known ? known : schema->others, member, &below);
        else if (schema->closed)
            blame(check, &below, "is not known here");
    }
    for (size_t i = 0; i < schema->required_count; i++) {
        struct place below = {.up = place, .name = schema->required[i]};
        if (!cJSON_GetObjectItemCaseSensitive(value, schema->required[i]))
            blame(check, &below, "is missing");
    }
    if (count < schema->members_min)
        blame(check, place, "has fewer than %zu members", schema->members_min);
    if (count > schema->members_max)
        blame(check, place, "has more than %zu members", schema->members_max);
}

/* ---- one of several forms -------------------------------------------------------------------- */

static bool fits(const struct schema *schema, const cJSON *value, const struct place *place)
{
    struct check check = {0};
    check_value(&check, schema, value, place);
    return !check.err;
}

/* The form that the value's tag names is the one it is held against, so that what is said about it
 * is to the point. */
static void check_tagged(struct check *check, const struct schema_forms *forms, const cJSON *value,
                         const struct place *place)
{
    const cJSON *tag = cJSON_GetObjectItemCaseSensitive(value, forms->tag);
    struct place below = {.up = place, .name = forms->tag};
    struct buf tags = {0};
    if (!cJSON_IsObject(value)) {
        blame(check, place, "must be an object");
        return;
    }
    if (!tag) {
        blame(check, &below, "is missing");
        return;
    }
    for (size_t i = 0; i < forms->count; i++) {
        const char *known = schema_tag(forms->list[i], forms->tag);
        if (cJSON_IsString(tag) && strcmp(tag->valuestring, known) == 0) {
            check_value(check, forms->list[i], value, place);
            buf_free(&tags);
            return;
        }
        buf_printf(&tags, "%s%s", i ? ", " : "", known);
    }
    blame(check, &below, "must be one of %s", buf_text(&tags));
    buf_free(&tags);
}

static void check_forms(struct check *check, const struct schema_forms *forms, size_t matches_max,
                        const cJSON *value, const struct place *place)
{
    size_t matches = 0, likely = 0;
    const struct schema *last_likely = NULL;
    if (forms->tag) {
        check_tagged(check, forms, value, place);
        return;
    }
    for (size_t i = 0; i < forms->count; i++) {
        unsigned types = forms->list[i]->types;
        matches += fits(forms->list[i], value, place);
        if (!types || (types & types_of(value))) {
            likely++;
            last_likely = forms->list[i];
        }
    }
    if (matches > matches_max)
        blame(check, place, "fits more than one of the forms it may have");
    else if (!matches && likely == 1)
        check_value(check, last_likely, value, place);
    else if (!matches)
        blame(check, place, "has none of the forms it may have");
}

/* ---- any value ------------------------------------------------------------------------------- */

static void check_kind(struct check *check, const struct schema *schema, const cJSON *value,
                       const struct place *place)
{
    char words[128];
    unsigned types = types_of(value);
    if (schema->types && !(schema->types & types)) {
        bool huge = (schema->types & TYPE_INTEGER) && cJSON_IsNumber(value) &&
                    fabs(value->valuedouble) > WHOLE_MAX;
        blame(check, place, huge ? "is too large a number" : "must be %s",
              types_in_words(schema->types, words));
        return;
    }
    if (schema->constant)
        check_constant(check, schema, value, place);
    if (schema->enumeration)
        check_choice(check, schema, value, place);
    if (types & TYPE_STRING)
        check_text(check, schema, value, place);
    if (types & TYPE_NUMBER)
        check_number(check, schema, value, place);
    if (types & TYPE_ARRAY)
        check_list(check, schema, value, place);
    if (types & TYPE_OBJECT)
        check_object(check, schema, value, place);
}

static void check_value(struct check *check, const struct schema *schema, const cJSON *value,
                        const struct place *place)
{
    if (place->depth > CHECK_DEPTH_MAX) {
        blame(check, place, "is too deep");
        return;
    }
    check_kind(check, schema, value, place);
    for (size_t i = 0; i < schema->all.count; i++)
        check_value(check, schema->all.list[i], value, place);
    if (schema->any.count)
        check_forms(check, &schema->any, SIZE_MAX, value, place);
    if (schema->one.count)
        check_forms(check, &schema->one, 1, value, place);
}

int schema_check(const struct schema *schema, const cJSON *value, const char *root,
                 struct faults *faults)
{
    struct check check = {.faults = faults};
    struct place place = {.root = root};
    check_value(&check, schema, value, &place);
    return check.err;
}
