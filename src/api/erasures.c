/* api/erasures.c: all that is kept of one caller, erased, with a receipt. */
#include "api/operations.h"

#include "store/privacy.h"

#include <errno.h>

static void erase_more(struct api_request *request);

static void on_step(int err, struct str json, bool more, void *arg)
{
    struct api_request *request = arg;
    if (!err && more)
        erase_more(request);
    else
        api_on_json(err, json, request);
}

static void erase_more(struct api_request *request)
{
    const struct uuid *receipt = request->state;
    privacy_erase_caller(request->api->db, request->tenant, *receipt,
                         api_body_text(request, "phone"), api_actor(request), on_step, request,
                         &request->http->waiting);
}

void api_erase_caller(struct api_request *request)
{
    struct uuid *receipt = arena_alloc(request->http->arena, sizeof(*receipt));
    *receipt = uuid_new(wall_now_ms());
    request->state = receipt;
    erase_more(request);
}

void api_operator_list_erasures(struct api_request *request)
{
    privacy_list_receipts(request->api->db_operator, api_text(request, "cursor"),
                          api_whole(request, "limit"), api_on_json, request,
                          &request->http->waiting);
}
