/* api/rehearsals.c: an owner's texts tried on typical callers: asked for, looked at, cancelled. */
#include "api/operations.h"

#include "store/rehearsals.h"

#include <errno.h>
#include <stdlib.h>

static void on_added(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    if (err == EEXIST)
        api_fail(request, 409, "already_running", "a rehearsal is under way already");
    else if (err == EDQUOT)
        api_fail_limit(request, "too_many_rehearsals", "20 were asked for within a day", 3600);
    else
        api_on_json(err, json, request);
}

/* All of the contract's list, in its order, unless the body names some. */
static const char *scenarios_of(const struct api_request *request)
{
    static const char all[] = "[\"delivery\",\"client\",\"insurance\",\"prize\",\"bank\","
                              "\"wrong_number\",\"doctor\",\"angry\",\"machine\",\"family\"]";
    const cJSON *named = cJSON_GetObjectItemCaseSensitive(request->body, "scenarios");
    if (!cJSON_IsArray(named))
        return all;
    char *printed = cJSON_PrintUnformatted(named);
    const char *json = arena_strdup(request->http->arena, printed);
    free(printed);
    return json;
}

/* What could not be a tenant's cannot be tried. */
static bool may_be_the_tenants(struct api_request *request, const char *name)
{
    const char *why, *text = api_body_text(request, name);
    if (!tenant_setting_check((struct tenant_setting){str_of(name), str_of(text)}, &why))
        return true;
    api_fail_field(request, arena_printf(request->http->arena, "/%s", name), why);
    return false;
}

void api_make_rehearsal(struct api_request *request)
{
    if (!may_be_the_tenants(request, "system_prompt") ||
        !may_be_the_tenants(request, "greeting_text"))
        return;
    const struct rehearsal_draft draft = {
        .language = api_body_text(request, "language"),
        .has_prompt = api_body_has(request, "system_prompt"),
        .system_prompt = api_body_text(request, "system_prompt"),
        .has_greeting = api_body_has(request, "greeting_text"),
        .greeting_text = api_body_text(request, "greeting_text"),
        .scenarios = str_of(scenarios_of(request)),
        .actor = api_actor(request),
    };
    rehearsals_add(request->api->db, request->tenant, &draft, on_added, request,
                   &request->http->waiting);
}

void api_list_rehearsals(struct api_request *request)
{
    rehearsals_list(request->api->db, request->tenant, api_text(request, "cursor"),
                    api_whole(request, "limit"), api_on_json, request, &request->http->waiting);
}

void api_get_rehearsal(struct api_request *request)
{
    rehearsals_show(request->api->db, request->tenant, api_id(request, "rehearsal_id"), api_on_json,
                    request, &request->http->waiting);
}

static void on_cancelled(int err, void *arg)
{
    struct api_request *request = arg;
    if (err == EBUSY)
        api_fail(request, 409, "already_over", "the rehearsal is over");
    else
        api_on_end(err, request);
}

void api_cancel_rehearsal(struct api_request *request)
{
    rehearsals_cancel(request->api->db, request->tenant, api_id(request, "rehearsal_id"),
                      api_actor(request), on_cancelled, request, &request->http->waiting);
}
