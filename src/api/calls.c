/* api/calls.c: calls of a tenant: listed, counted, opened, changed, thrown away, taken back. */
#include "api/calls.h"

#include "api/operations.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

struct inbox_filter calls_filter(const struct api_request *request)
{
    const char *whose = api_text(request, "assigned_to");
    struct inbox_filter filter = {
        .label = api_text(request, "label"),
        .lead = api_text(request, "lead"),
        .urgency = api_text(request, "urgency"),
        .group = api_text(request, "group"),
        .state = api_text(request, "state"),
        .starred = api_truth(request, "starred"),
        .contact = api_id(request, "contact_id"),
        .number = api_text(request, "number"),
        .from = api_text(request, "from"),
        .to = api_text(request, "to"),
        .words = api_text(request, "q"),
    };
    if (whose && strcmp(whose, "nobody") == 0)
        filter.unassigned = true;
    else if (whose)
        filter.assigned_to =
            strcmp(whose, "me") == 0 ? request->who.user : api_id(request, "assigned_to");
    return filter;
}

void api_on_page(int err, struct str json, void *arg)
{
    if (err == EINVAL)
        api_fail_field(arg, "cursor", "is not of this list");
    else
        api_on_json(err, json, arg);
}

void api_list_calls(struct api_request *request)
{
    struct inbox_filter filter = calls_filter(request);
    filter.limit = api_whole(request, "limit");
    filter.cursor = api_text(request, "cursor");
    inbox_list(request->api->db_reports, request->tenant, &filter, api_on_page, request,
               &request->http->waiting);
}

void api_count_calls(struct api_request *request)
{
    inbox_counts(request->api->db_reports, request->tenant, api_on_json, request,
                 &request->http->waiting);
}

void api_get_call(struct api_request *request)
{
    inbox_get(request->api->db, request->tenant, api_id(request, "call_id"), api_on_json, request,
              &request->http->waiting);
}

/* ---- changes -------------------------------------------------------------------------------- */

/* What may be wrong with a change that the contract lets through. */
static void on_changed(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    if (err == EINVAL)
        api_fail_field(request, "/assigned_to", "is nobody of this tenant");
    else if (err == EBUSY)
        api_fail(request, 409, "conflict", "a call that still goes on cannot be thrown away");
    else if (!err && request->status == 204)
        api_reply_empty(request);
    else
        api_on_json(err, json, request);
}

static struct inbox_change change_of(struct api_request *request, const char *json)
{
    return (struct inbox_change){.tenant = request->tenant,
                                 .json = json,
                                 .if_version = request->if_match,
                                 .user = request->who.user,
                                 .actor = api_actor(request)};
}

static void change_one(struct api_request *request, const char *json)
{
    struct inbox_change change = change_of(request, json);
    struct uuid call = api_id(request, "call_id");
    change.calls = &call;
    change.count = 1;
    inbox_change(request->api->db, &change, on_changed, request, &request->http->waiting);
}

void api_change_call(struct api_request *request)
{
    change_one(request, api_body_json(request));
}

void api_delete_call(struct api_request *request)
{
    change_one(request, "{\"deleted\":true}");
}

void api_restore_call(struct api_request *request)
{
    change_one(request, "{\"deleted\":false}");
}

static void on_many_changed(int err, struct str json, void *arg)
{
    if (err == EINVAL)
        api_fail_field(arg, "/change/assigned_to", "is nobody of this tenant");
    else
        on_changed(err, json, arg);
}

void api_change_calls(struct api_request *request)
{
    struct arena *arena = request->http->arena;
    const cJSON *ids = cJSON_GetObjectItemCaseSensitive(request->body, "ids"), *id;
    const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(request->body, "change");
    struct uuid *calls = arena_alloc(arena, INBOX_IDS_MAX * sizeof(*calls));
    char *json = cJSON_PrintUnformatted(wanted);
    struct inbox_change change = change_of(request, arena_strdup(arena, json));
    cJSON_free(json);
    cJSON_ArrayForEach(id, ids) uuid_parse(str_of(id->valuestring), &calls[change.count++]);
    change.calls = calls;
    change.if_version = -1;
    inbox_change_many(request->api->db, &change, on_many_changed, request, &request->http->waiting);
}
