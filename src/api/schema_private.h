/* api/schema_private.h: a schema as it is compiled: schema_compile.c fills it, schema.c checks by
 * it. */
#pragma once
#include "api/formats.h"
#include "api/schema.h"

#include <regex.h>

enum {
    TYPE_NULL = 1,
    TYPE_BOOLEAN = 2,
    TYPE_INTEGER = 4,
    TYPE_NUMBER = 8, /* whole ones, too */
    TYPE_STRING = 16,
    TYPE_ARRAY = 32,
    TYPE_OBJECT = 64,
};

/* Where a value stands: a chain up to the root. */
struct place {
    const struct place *up; /* NULL: the root */
    const char *root;       /* what stands before the pointers; of the root only */
    const char *name;       /* of a member; NULL: an item */
    size_t index;
    int depth;
};
void place_put(struct buf *out, const struct place *place); /* as a JSON pointer */

struct property {
    const char *name;
    const struct schema *schema;
};

struct schema {
    unsigned types; /* of TYPE_..., or-ed; 0: any */
    const cJSON *constant, *enumeration;
    size_t length_min, length_max;
    const char *pattern_text;
    const regex_t *pattern;
    const struct format *format;
    double minimum, maximum, multiple_of; /* without bound: infinite; multiple_of 0: of anything */
    bool above_minimum, below_maximum;    /* the bound itself is out */
    const struct schema *items;
    size_t items_min, items_max;
    bool items_unique;
    struct property *properties;
    size_t property_count;
    const char **required;
    size_t required_count;
    bool closed;                 /* no members but the properties */
    const struct schema *others; /* what other members must be; NULL: anything */
    size_t members_min, members_max;
    struct schema_forms {
        const struct schema **list;
        size_t count;
        const char *tag; /* a member whose constant tells the forms apart; NULL: there is none */
    } all, any, one;
    const cJSON *preset;
};

const struct schema *schema_property(const struct schema *schema, const char *name);
/* The constant text that a member must have; NULL: it need not be there or may be several. */
const char *schema_tag(const struct schema *schema, const char *name);
bool schema_requires(const struct schema *schema, const char *name);

/* ---- while it is compiled ------------------------------------------------------------------- */

enum { SCHEMA_DEPTH_MAX = 32 /* of schemas in schemas */ };

struct schema_named { /* of #/components/schemas/ */
    struct schema_named *older;
    const cJSON *json;
    struct schema *schema;
    bool open; /* it is being compiled */
    int level;
};

struct schema_set {
    const cJSON *document;
    struct arena arena;
    struct schema_named *named;
    int depth;                               /* of schemas in schemas */
    int level;                               /* how far below the value that is checked first */
    const char *trail[SCHEMA_DEPTH_MAX + 1]; /* keywords on the way down, for why */
    char *why;                               /* NULL: all is well */
};

struct schema_keyword {
    const char *word;
    /* NULL: it only describes */
    int (*read)(struct schema_set *set, const cJSON *value, struct schema *out);
    unsigned types; /* of values it says something about; 0: of all */
};
const struct schema_keyword *schema_keyword_of(const char *word); /* NULL: it is none */

/* EINVAL; the first reason stays. */
int schema_refuse(struct schema_set *set, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A schema that stands in another, under that keyword or name. */
int schema_compile_in(struct schema_set *set, const char *step, const cJSON *json,
                      const struct schema **schema_out);
