/* api/me.c: oneself: name, sessions, tenants. */
#include "api/operations.h"

#include "store/people.h"
#include "store/sessions.h"

void api_get_me(struct api_request *request)
{
    people_me_json(request->api->db, request->tenant, request->who.user, api_on_json, request,
                   &request->http->waiting);
}

void api_change_me(struct api_request *request)
{
    people_change_me(request->api->db, request->tenant, request->who.user, api_body_json(request),
                     request->if_match, api_actor(request), api_on_json, request,
                     &request->http->waiting);
}

void api_list_my_tenants(struct api_request *request)
{
    people_tenants_json(request->api->db, request->tenant, request->who.user, api_on_json, request,
                        &request->http->waiting);
}

static struct session_owner owner_of(const struct api_request *request)
{
    return (struct session_owner){.tenant = request->tenant,
                                  .user = request->who.user,
                                  .current = request->who.session,
                                  .actor = api_actor(request)};
}

void api_list_my_sessions(struct api_request *request)
{
    const struct session_owner owner = owner_of(request);
    sessions_list_json(request->api->db, &owner, api_on_json, request, &request->http->waiting);
}

void api_end_my_session(struct api_request *request)
{
    const struct session_owner owner = owner_of(request);
    sessions_end(request->api->db, &owner, api_id(request, "session_id"), api_on_end, request,
                 &request->http->waiting);
}

void api_end_my_other_sessions(struct api_request *request)
{
    const struct session_owner owner = owner_of(request);
    sessions_end_others(request->api->db, &owner, api_on_json, request, &request->http->waiting);
}

void api_leave_tenant(struct api_request *request)
{
    people_leave(request->api->db, request->tenant, request->who.user, api_actor(request),
                 api_on_end, request, &request->http->waiting);
}
