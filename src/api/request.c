/* api/request.c: what handlers read of a request, and how they answer it. */
#include "api/request.h"

#include "api/request_private.h"
#include "base/json.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- parameters ----------------------------------------------------------------------------- */

static const struct parameter *find_parameter(const struct operation *operation, const char *name)
{
    const struct parameter *list;
    size_t count = operation_parameters(operation, &list);
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

const char *request_value(const struct http_req *http, const struct parameter *parameter)
{
    switch (parameter->place) {
    case PARAMETER_PATH: return http_param(http, parameter->name);
    case PARAMETER_QUERY: return http_query(http, parameter->name);
    case PARAMETER_HEADER: return http_header(http, parameter->name);
    }
    return NULL;
}

const char *api_text(const struct api_request *request, const char *name)
{
    const struct parameter *parameter = find_parameter(request->operation, name);
    if (!parameter)
        return NULL;
    const char *value = request_value(request->http, parameter);
    return value ? value : parameter->preset;
}

int64_t api_whole(const struct api_request *request, const char *name)
{
    const char *value = api_text(request, name);
    return value ? strtoll(value, NULL, 10) : 0;
}

bool api_truth(const struct api_request *request, const char *name)
{
    const char *value = api_text(request, name);
    return value && strcmp(value, "true") == 0;
}

struct uuid api_id(const struct api_request *request, const char *name)
{
    struct uuid id = {{0}};
    uuid_parse(str_of(api_text(request, name)), &id); /* valid by the contract, or not there */
    return id;
}

/* ---- the body ------------------------------------------------------------------------------- */

static const cJSON *member(const struct api_request *request, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(request->body, name);
    return cJSON_IsNull(item) ? NULL : item;
}

bool api_body_has(const struct api_request *request, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(request->body, name) != NULL;
}

const char *api_body_text(const struct api_request *request, const char *name)
{
    return cJSON_GetStringValue(member(request, name));
}

int64_t api_body_whole(const struct api_request *request, const char *name, int64_t preset)
{
    const cJSON *item = member(request, name);
    return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : preset;
}

bool api_body_truth(const struct api_request *request, const char *name, bool preset)
{
    const cJSON *item = member(request, name);
    return cJSON_IsBool(item) ? cJSON_IsTrue(item) : preset;
}

struct uuid api_body_id(const struct api_request *request, const char *name)
{
    struct uuid id = {{0}};
    uuid_parse(str_of(api_body_text(request, name)), &id);
    return id;
}

const char *api_body_json(const struct api_request *request)
{
    char *printed = cJSON_PrintUnformatted(request->body);
    const char *json = arena_strdup(request->http->arena, printed);
    free(printed);
    return json;
}

const char *api_actor(const struct api_request *request)
{
    char id[UUID_TEXT_BYTES];
    const struct principal *who = &request->who;
    const char *kind = request->operation->access == ACCESS_OPERATOR ? "operator" : "user";
    if (who->kind == PRINCIPAL_KEY)
        kind = "key";
    uuid_print(who->kind == PRINCIPAL_KEY ? who->key : who->user, id);
    return arena_printf(request->http->arena, "%s:%s", kind, id);
}

/* ---- answers -------------------------------------------------------------------------------- */

/* The version of a JSON object, as its first level has it; -1: none. */
static int64_t version_of(struct str text)
{
    struct json json = json_of(text);
    struct str key;
    double version = -1;
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        if (str_is(key, "version"))
            json_number(&json, &version);
        else
            json_skip(&json);
    }
    return (int64_t)version;
}

bool request_knows(const struct http_req *http, const char *tag)
{
    const char *known = http_header(http, "If-None-Match");
    if (http->method != HTTP_GET && http->method != HTTP_HEAD)
        return false;
    return known && (strstr(known, tag) || strcmp(known, "*") == 0);
}

void request_send(struct http_req *http, const struct api_answer *answer)
{
    char tag[32];
    http_set_header(http, "Cache-Control", "no-store");
    if (answer->retry_after_s > 0) {
        char seconds[24];
        snprintf(seconds, sizeof(seconds), "%lld", (long long)answer->retry_after_s);
        http_set_header(http, "Retry-After", seconds);
    }
    if (answer->version >= 0) {
        snprintf(tag, sizeof(tag), "\"%lld\"", (long long)answer->version);
        http_set_header(http, "ETag", tag);
    }
    if (answer->version >= 0 && !answer->alive && answer->status == 200 && request_knows(http, tag))
        http_reply(http, 304, NULL, (struct str){0});
    else
        http_reply(http, answer->status, answer->body.bytes ? answer->content_type : NULL,
                   answer->body);
}

/* Only where developers read the log: reading each answer again costs time. */
static void tell_misfit(const struct api_request *request, const struct api_answer *answer)
{
    struct arena arena = {0};
    struct faults faults = {.arena = &arena};
    cJSON *json = cJSON_ParseWithLength(answer->body.at, answer->body.bytes);
    const char *type = answer->body.bytes ? answer->content_type : NULL;
    if (operation_check_answer(request->operation, answer->status, type, json, &faults))
        log_error(NULL, "contract_broken", "operation=%s status=%d field=\"%s\" why=\"%s\"",
                  request->operation->id, answer->status, faults.list[0].field,
                  faults.list[0].message);
    cJSON_Delete(json);
    arena_free(&arena);
}

/* Every answer of a handler passes here: one that is kept under a key is written down first. */
static void answer_with(struct api_request *request, const struct api_answer *answer)
{
    if (request->api->tells_misfits)
        tell_misfit(request, answer);
    if (request->idempotency)
        request_keep(request, answer);
    else
        request_send(request->http, answer);
}

void api_reply_json(struct api_request *request, int status, struct str json)
{
    answer_with(request, &(struct api_answer){.status = status,
                                              .content_type = "application/json",
                                              .body = json,
                                              .version = version_of(json),
                                              .alive = request->alive});
}

void api_reply_bytes(struct api_request *request, const char *content_type, struct str bytes)
{
    answer_with(request, &(struct api_answer){.status = request->status,
                                              .content_type = content_type,
                                              .body = bytes,
                                              .version = -1});
}

void api_reply_empty(struct api_request *request)
{
    answer_with(request, &(struct api_answer){.status = 204, .version = -1});
}

void request_print_problem(const struct http_req *http, const struct api_problem *problem,
                           struct buf *out)
{
    http_problem(out, problem->status, problem->code, problem->detail, http->id);
    if (!problem->fault_count && !problem->attempts_left)
        return;
    out->data[--out->bytes] = '\0'; /* the object goes on */
    if (problem->attempts_left)
        buf_printf(out, ",\"attempts_left\":%lld", (long long)*problem->attempts_left);
    for (size_t i = 0; i < problem->fault_count; i++) {
        buf_puts(out, i ? ",{\"field\":" : ",\"errors\":[{\"field\":");
        buf_json_string(out, str_of(problem->faults[i].field));
        buf_puts(out, ",\"message\":");
        buf_json_string(out, str_of(problem->faults[i].message));
        buf_putc(out, '}');
    }
    buf_puts(out, problem->fault_count ? "]}" : "}");
}

void request_refuse(struct api_request *request, const struct api_problem *problem)
{
    struct buf body = {0};
    request_print_problem(request->http, problem, &body);
    answer_with(request, &(struct api_answer){.status = problem->status,
                                              .content_type = "application/problem+json",
                                              .body = buf_str(&body),
                                              .version = -1,
                                              .retry_after_s = problem->retry_after_s});
    buf_free(&body);
}

void api_fail(struct api_request *request, int status, const char *code, const char *detail)
{
    request_refuse(request,
                   &(struct api_problem){.status = status, .code = code, .detail = detail});
}

void api_fail_field(struct api_request *request, const char *field, const char *message)
{
    const struct fault fault = {field, message};
    request_refuse(request, &(struct api_problem){.status = 422,
                                                  .code = "invalid",
                                                  .detail = "a value will not do",
                                                  .faults = &fault,
                                                  .fault_count = 1});
}

static void fail_for_now(struct api_request *request, int status, const char *code,
                         const char *detail, int64_t retry_after_s)
{
    request_refuse(request, &(struct api_problem){.status = status,
                                                  .code = code,
                                                  .detail = detail,
                                                  .retry_after_s = retry_after_s});
}

void api_fail_limit(struct api_request *request, const char *code, const char *detail,
                    int64_t retry_after_s)
{
    fail_for_now(request, 429, code, detail, retry_after_s);
}

void api_fail_away(struct api_request *request, const char *code, const char *detail,
                   int64_t retry_after_s)
{
    fail_for_now(request, 503, code, detail, retry_after_s);
}

void api_fail_with(struct api_request *request, int err)
{
    static const struct {
        int err;
        struct api_problem problem;
    } rows[] = {
        {ENOENT, {.status = 404, .code = "not_found", .detail = "there is no such thing"}},
        {EEXIST, {.status = 409, .code = "already_exists", .detail = "it is there already"}},
        {EBUSY, {.status = 409, .code = "conflict", .detail = "that does not fit what is there"}},
        {ESTALE,
         {.status = 412,
          .code = "version_mismatch",
          .detail = "it was changed since you looked: read it again"}},
        {EINVAL, {.status = 422, .code = "invalid", .detail = "a value will not do"}},
        {EACCES, {.status = 403, .code = "forbidden", .detail = "that is not for you to do"}},
        {EPERM, {.status = 403, .code = "forbidden", .detail = "that is not for you to do"}},
        {EDQUOT,
         {.status = 429,
          .code = "too_many",
          .detail = "that is as many as there may be",
          .retry_after_s = 60}},
    };
    for (size_t i = 0; i < countof(rows); i++)
        if (rows[i].err == err) {
            request_refuse(request, &rows[i].problem);
            return;
        }
    api_fail_away(request, "database_away", "the database does not answer just now", 2);
}

void api_on_json(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    if (err)
        api_fail_with(request, err);
    else
        api_reply_json(request, request->status, json);
}

void api_on_end(int err, void *arg)
{
    struct api_request *request = arg;
    if (err)
        api_fail_with(request, err);
    else
        api_reply_empty(request);
}
