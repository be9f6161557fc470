/* sandbox/body.c: the few things the stand-ins ask of a JSON body. */
#include "sandbox/body.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

cJSON *body_parse(struct str json)
{
    const char *end = NULL;
    if (!json.bytes)
        return NULL;
    cJSON *body = cJSON_ParseWithLengthOpts(json.at, json.bytes, &end, false);
    if (body && str_trim((struct str){end, (size_t)(json.at + json.bytes - end)}).bytes) {
        cJSON_Delete(body);
        return NULL;
    }
    return body;
}

const char *body_text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

double body_number(const cJSON *object, const char *name, double fallback)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : fallback;
}

bool body_is_true(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

void body_print(const cJSON *value, struct buf *out)
{
    char *text = cJSON_PrintUnformatted(value);
    buf_puts(out, text ? text : "null");
    cJSON_free(text);
}

static bool read_number(const cJSON *item, const struct body_field *field)
{
    if (!cJSON_IsNumber(item) || isnan(item->valuedouble))
        return false;
    double value = item->valuedouble;
    bool minus_one = field->kind == BODY_WHOLE && value == -1;
    if (!minus_one && (value < 0 || value > (double)field->most))
        return false;
    if (field->kind == BODY_NUMBER)
        *(double *)field->out = value;
    else
        *(int64_t *)field->out = (int64_t)value;
    return true;
}

static bool read_field(const cJSON *item, const struct body_field *field)
{
    if (field->kind != BODY_TEXT)
        return read_number(item, field);
    const char *text = cJSON_GetStringValue(item);
    if (!text || strlen(text) >= field->most)
        return false;
    strcpy(field->out, text); /* fits: looked at above */
    return true;
}

int body_read(const cJSON *object, const struct body_field *fields, size_t count,
              const char **why_out)
{
    static char why[96];
    for (size_t i = 0; i < count; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, fields[i].name);
        if (!item || cJSON_IsNull(item) || read_field(item, &fields[i]))
            continue;
        snprintf(why, sizeof(why), "%s is of the wrong kind or out of its range", fields[i].name);
        *why_out = why;
        return EINVAL;
    }
    return 0;
}

static void put_name(struct buf *out, const char *name)
{
    char before = out->bytes ? out->data[out->bytes - 1] : '{';
    buf_puts(out, before == '{' || before == '[' ? "" : ",");
    buf_json_string(out, str_of(name));
    buf_putc(out, ':');
}

void body_put_text(struct buf *out, const char *name, const char *value)
{
    put_name(out, name);
    if (value)
        buf_json_string(out, str_of(value));
    else
        buf_puts(out, "null");
}

void body_put_whole(struct buf *out, const char *name, int64_t value)
{
    put_name(out, name);
    buf_printf(out, "%lld", (long long)value);
}

void body_put_bool(struct buf *out, const char *name, bool value)
{
    body_put_raw(out, name, value ? "true" : "false");
}

void body_put_raw(struct buf *out, const char *name, const char *json)
{
    put_name(out, name);
    buf_puts(out, json);
}
