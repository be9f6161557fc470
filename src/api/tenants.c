/* api/tenants.c: a tenant and its settings, what was changed in it, and its end: closed, taken
 * back. What a setting may be says the contract, and once more, for whatever comes by other ways,
 * the store. */
#include "api/tenants.h"

#include "api/operations.h"
#include "store/audit.h"

#include <errno.h>
#include <string.h>

void api_get_tenant(struct api_request *request)
{
    request->alive = true; /* what it has used goes on */
    tenants_show(request->api->db, request->tenant, request->api->tenant_calls_max, api_on_json,
                 request, &request->http->waiting);
}

/* A value as a setting has it: text, names one a line; null clears. */
static struct str setting_value(struct arena *arena, const cJSON *value)
{
    if (cJSON_IsString(value))
        return str_of(value->valuestring);
    if (cJSON_IsNumber(value))
        return str_of(arena_printf(arena, "%.0f", value->valuedouble));
    struct buf lines = {0};
    const cJSON *item;
    cJSON_ArrayForEach(item, value)
    {
        buf_printf(&lines, "%s%s", lines.bytes ? "\n" : "", item->valuestring);
    }
    struct str text = {arena_strndup(arena, buf_text(&lines), lines.bytes), lines.bytes};
    buf_free(&lines);
    return text;
}

/* Names are kept one a line. */
static bool names_fit(struct api_request *request, const cJSON *names)
{
    const cJSON *name;
    int at = 0;
    cJSON_ArrayForEach(name, names)
    {
        if (strchr(name->valuestring, '\n')) {
            const char *field = arena_printf(request->http->arena, "/%s/%d", names->string, at);
            api_fail_field(request, field, "is more than one line");
            return false;
        }
        at++;
    }
    return true;
}

bool api_read_settings(struct api_request *request, const char *no_setting,
                       struct tenant_setting settings[API_SETTINGS_MAX], size_t *count_out)
{
    const cJSON *member;
    size_t count = 0;
    cJSON_ArrayForEach(member, request->body)
    {
        const char *why;
        if (no_setting && strcmp(member->string, no_setting) == 0)
            continue;
        if (cJSON_IsArray(member) && !names_fit(request, member))
            return false;
        struct tenant_setting setting = {str_of(member->string),
                                         setting_value(request->http->arena, member)};
        if (tenant_setting_check(setting, &why)) {
            api_fail_field(request, arena_printf(request->http->arena, "/%s", member->string), why);
            return false;
        }
        settings[count++] = setting;
    }
    *count_out = count;
    return true;
}

/* What everything else has let through is a time zone that does not exist. */
static void on_changed(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    if (err == EINVAL && api_body_has(request, "timezone"))
        api_fail_field(request, "/timezone", "there is no such time zone");
    else if (err == EDQUOT)
        api_fail(request, 409, "too_many_tenants", "you own as many tenants as one person may");
    else
        api_on_json(err, json, request);
}

void api_change_tenant(struct api_request *request)
{
    struct tenant_setting settings[API_SETTINGS_MAX];
    struct tenant_change change = {
        .settings = settings, .version = request->if_match, .actor = api_actor(request)};
    if (!api_read_settings(request, NULL, settings, &change.count))
        return;
    if (change.count == 0 && request->if_match < 0)
        api_get_tenant(request);
    else
        tenants_change(request->api->db, request->tenant, &change, request->api->tenant_calls_max,
                       on_changed, request, &request->http->waiting);
}

void api_make_tenant(struct api_request *request)
{
    struct tenant_setting settings[API_SETTINGS_MAX];
    size_t count;
    const char *timezone = api_body_text(request, "timezone");
    if (!api_read_settings(request, NULL, settings, &count))
        return;
    const struct tenant_new new = {.from = request->tenant,
                                   .person = request->who.user,
                                   .name = api_body_text(request, "name"),
                                   .owner_name = api_body_text(request, "owner_name"),
                                   .language = api_body_text(request, "language"),
                                   .timezone = timezone ? timezone : "Europe/Prague"};
    tenants_make(request->api->db, &new, request->api->tenant_calls_max, on_changed, request,
                 &request->http->waiting);
}

void api_on_turned(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    if (err == EBUSY)
        api_fail(request, 409, "wrong_status", "the tenant is not in a state for that");
    else
        api_on_json(err, json, request);
}

void api_close_tenant(struct api_request *request)
{
    tenants_close(request->api->db, request->tenant, api_actor(request),
                  request->api->tenant_calls_max, api_on_turned, request, &request->http->waiting);
}

void api_restore_tenant(struct api_request *request)
{
    tenants_restore(request->api->db, request->tenant, api_actor(request),
                    request->api->tenant_calls_max, api_on_turned, request,
                    &request->http->waiting);
}

void api_list_audit(struct api_request *request)
{
    const struct audit_filter filter = {.action = api_text(request, "action"),
                                        .actor = api_text(request, "actor"),
                                        .subject = api_text(request, "subject"),
                                        .from = api_text(request, "from"),
                                        .to = api_text(request, "to"),
                                        .cursor = api_text(request, "cursor"),
                                        .limit = api_whole(request, "limit")};
    audit_list_json(request->api->db, request->tenant, &filter, api_on_json, request,
                    &request->http->waiting);
}
