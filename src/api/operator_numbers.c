/* api/operator_numbers.c: the installation's numbers, for those who run it: the pool, all orders,
 * the papers that numbers are bought with. */
#include "api/calls.h"
#include "api/number_orders.h"
#include "api/operations.h"
#include "store/number_orders.h"
#include "store/numbers.h"

#include <errno.h>
#include <string.h>

void api_operator_list_numbers(struct api_request *request)
{
    numbers_pool_json(request->api->db_operator, api_text(request, "state"),
                      api_text(request, "cursor"), api_whole(request, "limit"), api_on_json,
                      request, &request->http->waiting);
}

static void on_releasing(int err, struct str json, void *arg)
{
    if (err == EBUSY)
        api_fail(arg, 409, "in_use", "somebody has the number, had it lately, or is at work at it");
    else
        api_on_json(err, json, arg);
}

void api_operator_release_number(struct api_request *request)
{
    number_orders_release(request->api->db_operator, api_text(request, "phone"), api_actor(request),
                          on_releasing, request, &request->http->waiting);
}

/* ---- orders ---------------------------------------------------------------------------------- */

void api_operator_list_number_orders(struct api_request *request)
{
    number_orders_all_json(request->api->db_operator, api_text(request, "state"),
                           api_text(request, "cursor"), api_whole(request, "limit"), api_on_page,
                           request, &request->http->waiting);
}

static void on_placed(int err, struct str json, void *arg)
{
    if (err == EPERM || err == ENOENT)
        api_fail_field(arg, "/tenant_id", "is no tenant that could have it");
    else if (err == EEXIST || err == EBUSY)
        api_fail(arg, 409, "number_taken", "the number is in the pool or on its way already");
    else
        api_on_json(err, json, arg);
}

static void import(struct api_request *request)
{
    const struct number_import import = {.number = api_body_text(request, "number"),
                                         .tenant = api_body_id(request, "tenant_id"),
                                         .primary = api_body_truth(request, "is_primary", false)};
    number_orders_import(request->api->db_operator, &import, api_actor(request), on_placed, request,
                         &request->http->waiting);
}

static void buy(struct api_request *request)
{
    number_orders_place_any(request->api->db_operator, api_body_id(request, "tenant_id"),
                            api_body_json(request), api_actor(request), on_placed, request,
                            &request->http->waiting);
}

void api_operator_order_number(struct api_request *request)
{
    static const char why[] = "is needed for that work";
    if (strcmp(api_body_text(request, "work"), "import") == 0) {
        if (api_body_text(request, "number"))
            import(request);
        else
            api_fail_field(request, "/number", why);
    } else if (!api_body_text(request, "country")) {
        api_fail_field(request, "/country", why);
    } else if (!api_body_text(request, "kind")) {
        api_fail_field(request, "/kind", why);
    } else {
        buy(request);
    }
}

void api_operator_cancel_number_order(struct api_request *request)
{
    number_orders_cancel_any(request->api->db_operator, api_id(request, "order_id"),
                             api_actor(request), api_on_number_order_cancelled, request,
                             &request->http->waiting);
}

/* ---- papers ---------------------------------------------------------------------------------- */

void api_operator_list_number_papers(struct api_request *request)
{
    number_papers_json(request->api->db_operator, api_on_json, request, &request->http->waiting);
}

void api_operator_set_number_papers(struct api_request *request)
{
    const struct number_papers papers = {.country = api_body_text(request, "country"),
                                         .kind = api_body_text(request, "kind"),
                                         .bundle_sid = api_body_text(request, "bundle_sid"),
                                         .address_sid = api_body_text(request, "address_sid")};
    number_papers_set(request->api->db_operator, &papers, api_actor(request), api_on_json, request,
                      &request->http->waiting);
}
