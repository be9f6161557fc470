/* api/keys.c: keys for programs: made and shown once, listed, revoked. */
#include "api/operations.h"

#include "store/keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A scope is what some operation of the contract asks for. */
static bool is_scope(const struct api *api, const char *scope)
{
    for (size_t i = 0; i < api->count - api_route_count; i++)
        if (api->operations[i].scope && strcmp(api->operations[i].scope, scope) == 0)
            return true;
    return false;
}

static bool scopes_fit(struct api_request *request, const cJSON *scopes)
{
    const cJSON *scope;
    int at = 0;
    cJSON_ArrayForEach(scope, scopes)
    {
        if (!is_scope(request->api, cJSON_GetStringValue(scope))) {
            api_fail_field(request, arena_printf(request->http->arena, "/scopes/%d", at),
                           "is not a scope that anything asks for");
            return false;
        }
        at++;
    }
    return true;
}

static void on_added(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    if (err == EDQUOT) {
        api_fail(request, 409, "too_many_keys", "revoke some keys first");
        return;
    }
    if (err) {
        api_fail_with(request, err);
        return;
    }
    struct buf answer = {0};
    buf_puts(&answer, "{\"api_key\":");
    buf_add_str(&answer, json);
    buf_printf(&answer, ",\"secret\":\"%s\"}", (const char *)request->state);
    api_reply_json(request, request->status, buf_str(&answer));
    buf_free(&answer);
}

void api_make_key(struct api_request *request)
{
    const cJSON *scopes = cJSON_GetObjectItemCaseSensitive(request->body, "scopes");
    char secret[KEY_TEXT_BYTES];
    if (!scopes_fit(request, scopes))
        return;
    key_make(secret);
    request->state = arena_strdup(request->http->arena, secret);
    char *text = cJSON_PrintUnformatted(scopes);
    const struct key_make make = {.tenant = request->tenant,
                                  .by = request->who.user,
                                  .name = api_body_text(request, "name"),
                                  .scopes = text,
                                  .expires_days = api_body_whole(request, "expires_in_days", 0),
                                  .key = secret,
                                  .actor = api_actor(request)};
    keys_add(request->api->db, &make, on_added, request, &request->http->waiting);
    free(text);
}

void api_list_keys(struct api_request *request)
{
    keys_list_json(request->api->db, request->tenant, api_on_json, request,
                   &request->http->waiting);
}

void api_revoke_key(struct api_request *request)
{
    keys_revoke(request->api->db, request->tenant, api_id(request, "key_id"), api_actor(request),
                api_on_end, request, &request->http->waiting);
}
