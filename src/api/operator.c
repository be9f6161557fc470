/* api/operator.c: what an operator of the installation sees and does over all tenants: who they
 * are, what they may and use, what runs and what has failed. Never what was said. */
#include "api/operations.h"

#include "api/tenants.h"
#include "store/tenancy.h"
#include "store/workload.h"

#include <errno.h>
#include <string.h>

void api_operator_overview(struct api_request *request)
{
    workload_overview(request->api->db_operator, request->api->calls_capacity, api_on_json, request,
                      &request->http->waiting);
}

void api_operator_list_tenants(struct api_request *request)
{
    const struct tenancy_filter filter = {.search = api_text(request, "search"),
                                          .plan = api_text(request, "plan"),
                                          .status = api_text(request, "status"),
                                          .cursor = api_text(request, "cursor"),
                                          .limit = api_whole(request, "limit")};
    tenancy_list(request->api->db_operator, &filter, api_on_json, request, &request->http->waiting);
}

void api_operator_get_tenant(struct api_request *request)
{
    request->alive = true; /* what it has used goes on */
    tenancy_show(request->api->db_operator, api_id(request, "tenant_id"), api_on_json, request,
                 &request->http->waiting);
}

static const char *notes_of(const struct api_request *request)
{
    const char *notes = api_body_text(request, "notes");
    return notes ? notes : api_body_has(request, "notes") ? "" : NULL;
}

void api_operator_change_tenant(struct api_request *request)
{
    struct tenant_setting settings[API_SETTINGS_MAX];
    struct tenancy_change change = {.settings = settings,
                                    .notes = notes_of(request),
                                    .action = "tenant.set",
                                    .actor = api_actor(request),
                                    .version = request->if_match};
    if (change.notes && strlen(change.notes) > TENANCY_NOTES_BYTES_MAX) {
        api_fail_field(request, "/notes", "longer than 16000 bytes");
        return;
    }
    if (api_read_settings(request, "notes", settings, &change.count))
        tenancy_set(request->api->db_operator, api_id(request, "tenant_id"), &change, api_on_turned,
                    request, &request->http->waiting);
}

/* From one status to another, with a reason. */
static void turn(struct api_request *request, const char *action, const char *from, const char *to)
{
    const char *reason = api_body_text(request, "reason"), *why;
    const struct tenant_setting settings[] = {{str_of("status"), str_of(to)},
                                              {str_of("suspended_reason"), str_of(reason)}};
    const struct tenancy_change change = {.settings = settings,
                                          .count = strcmp(to, "suspended") == 0 ? 2 : 1,
                                          .why = reason,
                                          .action = action,
                                          .actor = api_actor(request),
                                          .version = -1,
                                          .status = from};
    if (reason && tenant_setting_check(settings[1], &why))
        api_fail_field(request, "/reason", why);
    else
        tenancy_set(request->api->db_operator, api_id(request, "tenant_id"), &change, api_on_turned,
                    request, &request->http->waiting);
}

void api_operator_suspend(struct api_request *request)
{
    turn(request, "tenant.suspend", "active", "suspended");
}

void api_operator_resume(struct api_request *request)
{
    turn(request, "tenant.resume", "suspended", "active");
}

void api_operator_list_plans(struct api_request *request)
{
    plans_list(request->api->db_operator, api_on_json, request, &request->http->waiting);
}

void api_operator_change_plan(struct api_request *request)
{
    plans_set(request->api->db_operator, api_text(request, "plan_code"), api_body_json(request),
              request->if_match, api_actor(request), api_on_json, request, &request->http->waiting);
}

void api_operator_list_live_calls(struct api_request *request)
{
    workload_calls(request->api->db_operator, request->api->calls_capacity, api_on_json, request,
                   &request->http->waiting);
}

void api_operator_list_jobs(struct api_request *request)
{
    const struct job_filter filter = {.status = api_text(request, "status"),
                                      .kind = api_text(request, "kind"),
                                      .cursor = api_text(request, "cursor"),
                                      .limit = api_whole(request, "limit")};
    workload_jobs(request->api->db_operator, &filter, api_on_json, request,
                  &request->http->waiting);
}

static void on_retried(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    if (err == EBUSY)
        api_fail(request, 409, "not_dead", "the job still has tries of its own");
    else
        api_on_json(err, json, request);
}

void api_operator_retry_job(struct api_request *request)
{
    workload_retry(request->api->db_operator, api_id(request, "job_id"), api_actor(request),
                   on_retried, request, &request->http->waiting);
}

void api_operator_list_log(struct api_request *request)
{
    tenancy_log(request->api->db_operator, api_id(request, "about"), api_text(request, "cursor"),
                api_whole(request, "limit"), api_on_json, request, &request->http->waiting);
}
