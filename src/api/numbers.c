/* api/numbers.c: the numbers of a tenant. */
#include "store/numbers.h"
#include "api/operations.h"

#include <errno.h>

void api_list_numbers(struct api_request *request)
{
    numbers_own_json(request->api->db, request->tenant, api_on_json, request,
                     &request->http->waiting);
}

static void on_changed(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    if (err == EPERM)
        api_fail_field(request, "/forwarding_source",
                       "nobody of this tenant has proved that phone by a code");
    else
        api_on_json(err, json, request);
}

void api_change_number(struct api_request *request)
{
    numbers_change(request->api->db, request->tenant, api_text(request, "phone"),
                   api_body_json(request), api_actor(request), on_changed, request,
                   &request->http->waiting);
}

void api_release_number(struct api_request *request)
{
    numbers_give_back(request->api->db, request->tenant, api_text(request, "phone"),
                      api_actor(request), api_on_end, request, &request->http->waiting);
}
