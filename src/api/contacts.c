/* api/contacts.c: people a tenant knows: listed, opened, made, changed, forgotten. */
#include "store/contacts.h"
#include "api/calls.h"
#include "api/operations.h"

#include <errno.h>

void api_list_contacts(struct api_request *request)
{
    const struct contacts_filter filter = {.words = api_text(request, "q"),
                                           .kind = api_text(request, "kind"),
                                           .cursor = api_text(request, "cursor"),
                                           .limit = api_whole(request, "limit")};
    contacts_list(request->api->db, request->tenant, &filter, api_on_page, request,
                  &request->http->waiting);
}

void api_get_contact(struct api_request *request)
{
    contacts_get(request->api->db, request->tenant, api_id(request, "contact_id"), api_on_json,
                 request, &request->http->waiting);
}

static void on_made(int err, struct str json, void *arg)
{
    if (err == EINVAL)
        api_fail_field(arg, "/call_id", "is no call of this tenant with a known number");
    else
        api_on_json(err, json, arg);
}

void api_make_contact(struct api_request *request)
{
    contacts_make(request->api->db, request->tenant, api_body_json(request), api_actor(request),
                  on_made, request, &request->http->waiting);
}

static struct contact_change change_of(const struct api_request *request)
{
    return (struct contact_change){.tenant = request->tenant,
                                   .contact = api_id(request, "contact_id"),
                                   .if_version = request->if_match,
                                   .actor = api_actor(request)};
}

void api_change_contact(struct api_request *request)
{
    struct contact_change change = change_of(request);
    change.json = api_body_json(request);
    contacts_change(request->api->db, &change, api_on_json, request, &request->http->waiting);
}

void api_delete_contact(struct api_request *request)
{
    const struct contact_change change = change_of(request);
    contacts_remove(request->api->db, &change, api_on_end, request, &request->http->waiting);
}
