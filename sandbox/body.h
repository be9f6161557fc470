/* sandbox/body.h: JSON bodies read by name, over cJSON. */
#pragma once
#include "base/buf.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

cJSON *body_parse(struct str json); /* NULL when it is not JSON, and only JSON */
const char *body_text(const cJSON *object, const char *name); /* NULL: no such string */
double body_number(const cJSON *object, const char *name, double fallback);
bool body_is_true(const cJSON *object, const char *name);
void body_print(const cJSON *value, struct buf *out); /* without spaces */

/* A field of an object that may be there, and must then be right. */
struct body_field {
    const char *name;
    enum { BODY_TEXT, BODY_WHOLE, BODY_NUMBER } kind;
    void *out; /* char[], int64_t, double; untouched when the field is not there */
    size_t
        most; /* bytes of the char[], or the greatest value; -1 is always taken for a BODY_WHOLE */
};
/* EINVAL with a sentence: *why_out is borrowed until the next call. */
int body_read(const cJSON *object, const struct body_field *fields, size_t count,
              const char **why_out);

/* Members of an object being written, each with the comma it needs. */
void body_put_text(struct buf *out, const char *name, const char *value); /* NULL: null */
void body_put_whole(struct buf *out, const char *name, int64_t value);
void body_put_bool(struct buf *out, const char *name, bool value);
void body_put_raw(struct buf *out, const char *name, const char *json);
