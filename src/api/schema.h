/* api/schema.h: the part of JSON Schema (2020-12) that the contract uses, compiled once, pure after
 * that.
 *
 * Known: type, enum, const; minLength, maxLength (in code points), pattern, format; minimum,
 * maximum, exclusiveMinimum, exclusiveMaximum, multipleOf; items, minItems, maxItems, uniqueItems;
 * properties, required, additionalProperties, minProperties, maxProperties; allOf, anyOf, oneOf;
 * $ref into #/components/schemas/; default. What only describes is passed over. Anything else, and
 * what could never be met or never be broken, is refused when it is compiled. */
#pragma once
#include "api/contract.h"

struct schema;
struct schema_set;

/* Schemas of one document, which must outlive them; those under #/components/schemas/ are compiled
 * once, however often they are referred to. */
struct schema_set *schema_set_new(const cJSON *document);
void schema_set_free(struct schema_set **set); /* and all its schemas */
/* EINVAL: schema_set_why() says what and where. */
int schema_compile(struct schema_set *set, const cJSON *json, const struct schema **schema_out);
const char *schema_set_why(const struct schema_set *set);

/* Returns 0, or EINVAL with at least one fault more. root: what stands before the JSON pointers in
 * their fields, "" for a body. faults NULL: only the answer is wanted. */
int schema_check(const struct schema *schema, const cJSON *value, const char *root,
                 struct faults *faults);
/* The type a parameter's text is to be read as, and its default (NULL: none). */
enum schema_kind {
    SCHEMA_TEXT,
    SCHEMA_WHOLE,
    SCHEMA_NUMBER,
    SCHEMA_TRUTH,
    SCHEMA_LIST,
    SCHEMA_OTHER
};
enum schema_kind schema_kind_of(const struct schema *schema);
const struct schema *schema_items(const struct schema *schema); /* NULL: of any kind */
const cJSON *schema_default(const struct schema *schema);

/* message is copied. Beyond CONTRACT_FAULTS_MAX they are forgotten. */
void fault_add(struct faults *faults, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
