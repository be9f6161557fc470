/* api/members.c: the people of a tenant: who they are, what they may, and that they go. */
#include "api/operations.h"

#include "store/people.h"

void api_list_members(struct api_request *request)
{
    const struct people_page page = {api_whole(request, "limit"), api_text(request, "cursor")};
    people_members_json(request->api->db, request->tenant, &page, api_on_json, request,
                        &request->http->waiting);
}

static struct member_change change_of(const struct api_request *request)
{
    return (struct member_change){.tenant = request->tenant,
                                  .user = api_id(request, "user_id"),
                                  .by = request->who.role,
                                  .actor = api_actor(request),
                                  .if_match = request->if_match};
}

void api_change_member(struct api_request *request)
{
    const struct member_change change = change_of(request);
    enum role role = ROLE_MEMBER;
    role_parse(str_of(api_body_text(request, "role")), &role); /* one of them, by the contract */
    people_set_role(request->api->db, &change, role, api_on_json, request, &request->http->waiting);
}

void api_remove_member(struct api_request *request)
{
    const struct member_change change = change_of(request);
    people_remove(request->api->db, &change, api_on_end, request, &request->http->waiting);
}
