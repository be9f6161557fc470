/* net/http_req.c: what a request carries: headers, parameters, query and form fields. */
#include "net/http_private.h"
#include "net/url.h"

#include <assert.h>
#include <errno.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <string.h>
#include <sys/queue.h>

const char *http_header(const struct http_req *req, const char *name)
{
    return evhttp_find_header(evhttp_request_get_input_headers(req->private->ev), name);
}

const char *http_header_all(const struct http_req *req, const char *name)
{
    struct evkeyval *header;
    const char *all = NULL;
    TAILQ_FOREACH(header, evhttp_request_get_input_headers(req->private->ev), next)
    {
        if (evutil_ascii_strcasecmp(header->key, name) == 0)
            all = all ? arena_printf(req->arena, "%s, %s", all, header->value) : header->value;
    }
    return all;
}

const char *http_param(const struct http_req *req, const char *name)
{
    for (size_t i = 0; i < req->private->param_count; i++)
        if (strcmp(req->private->params[i].name, name) == 0)
            return req->private->params[i].value;
    return NULL;
}

const struct http_route *http_route_of(const struct http_req *req)
{
    return req->private->route;
}

const char *http_remote(const struct http_req *req)
{
    return req->private->remote;
}

/* Names and values decoded one behind the other, each with its NUL. */
static int put_field(struct buf *text, struct str part)
{
    struct str value = part, name = str_cut(&value, '=');
    int err = url_decode(text, name, true);
    buf_putc(text, '\0');
    if (!err)
        err = url_decode(text, value, true);
    buf_putc(text, '\0');
    return err;
}

int http_fields_parse(struct arena *arena, struct str text, struct http_fields *fields_out)
{
    struct buf decoded = {0};
    size_t count = 0;
    int err = 0;
    while (text.bytes && !err) {
        struct str part = str_cut(&text, '&');
        if (part.bytes == 0)
            continue;
        err = count++ == HTTP_FIELDS_MAX ? EINVAL : put_field(&decoded, part);
    }
    if (!err && count) {
        struct http_field *list = arena_alloc(arena, count * sizeof(*list));
        const char *at = arena_strndup(arena, decoded.data, decoded.bytes);
        for (size_t i = 0; i < count; i++) {
            list[i].name = at;
            list[i].value = at + strlen(at) + 1;
            at = list[i].value + strlen(list[i].value) + 1;
        }
        fields_out->list = list;
        fields_out->count = count;
    }
    buf_free(&decoded);
    fields_out->err = err;
    fields_out->parsed = true;
    return err;
}

const char *http_fields_find(const struct http_fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->count; i++)
        if (strcmp(fields->list[i].name, name) == 0)
            return fields->list[i].value;
    return NULL;
}

const char *http_query(const struct http_req *req, const char *name)
{
    return http_fields_find(&req->private->query, name);
}

int http_form(struct http_req *req, const struct http_field **fields_out, size_t *count_out)
{
    struct http_fields *form = &req->private->form;
    if (!form->parsed)
        http_fields_parse(req->arena, req->body, form);
    if (form->err)
        return form->err;
    *fields_out = form->list;
    *count_out = form->count;
    return 0;
}

const char *http_field(struct http_req *req, const char *name)
{
    const struct http_field *list;
    size_t count;
    return http_form(req, &list, &count) ? NULL : http_fields_find(&req->private->form, name);
}
