/* api/api.c: every route there is: the carrier's and the operator's rows, then the contract's. */
#include "api/api.h"

#include "api/contract.h"
#include "api/docs.h"
#include "api/guard.h"
#include "api/health.h"
#include "api/operations.h"
#include "api/telephony.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TELEPHONY_BODY = TELEPHONY_BODY_BYTES_MAX };

const struct http_route api_routes[] = {
    {HTTP_POST, "/telephony/inbound", telephony_post_inbound, TELEPHONY_BODY},
    {HTTP_GET, "/media", telephony_get_media, 0},
    {HTTP_POST, "/telephony/resume", telephony_post_resume, TELEPHONY_BODY},
    {HTTP_POST, "/telephony/transfer", telephony_post_transfer, TELEPHONY_BODY},
    {HTTP_POST, "/telephony/whisper", telephony_post_whisper, TELEPHONY_BODY},
    {HTTP_POST, "/telephony/take", telephony_post_take, TELEPHONY_BODY},
    {HTTP_POST, "/telephony/after-transfer", telephony_post_after_transfer, TELEPHONY_BODY},
    {HTTP_POST, "/telephony/tenant-code", telephony_post_tenant_code, TELEPHONY_BODY},
    {HTTP_POST, "/telephony/forwarding-greeted", telephony_post_forwarding_greeted, TELEPHONY_BODY},
    {HTTP_POST, "/telephony/forwarding-status", telephony_post_forwarding_status, TELEPHONY_BODY},
    {HTTP_POST, "/telephony/voicemail", telephony_post_voicemail, TELEPHONY_BODY},
    {HTTP_POST, "/telephony/status", telephony_post_status, TELEPHONY_BODY},
    {HTTP_GET, "/healthz", health_get_alive, 0},
    {HTTP_GET, "/readyz", health_get_ready, 0},
    {HTTP_GET, "/metrics", health_get_metrics, 0},
    {HTTP_GET, "/openapi.json", docs_get, 0},
    {HTTP_GET, "/openapi.yaml", docs_get, 0},
    {HTTP_GET, "/docs", docs_get, 0},
    {HTTP_GET, "/docs/:file", docs_get, 0},
};
const size_t api_route_count = countof(api_routes);

/* Each operation has its handler, and each handler its operation. */
static int pair(struct api *api, size_t count, char **why_out)
{
    api->handlers = xalloc((count + 1) * sizeof(*api->handlers));
    for (size_t i = 0; i < count; i++) {
        api->handlers[i] = operation_handler(api->operations[i].id);
        if (!api->handlers[i]) {
            *why_out = xprintf("the contract's operation %s has no handler", api->operations[i].id);
            return EINVAL;
        }
    }
    const char *name;
    for (size_t n = 0; (name = operation_handler_name(n)); n++) {
        bool found = false;
        for (size_t i = 0; i < count && !found; i++)
            found = strcmp(name, api->operations[i].id) == 0;
        if (!found) {
            *why_out = xprintf("the handler of %s has no operation in the contract", name);
            return EINVAL;
        }
    }
    return 0;
}

static void put_routes(struct api *api, size_t operations)
{
    api->count = api_route_count + operations;
    api->routes = xalloc(api->count * sizeof(*api->routes));
    memcpy(api->routes, api_routes, sizeof(api_routes));
    for (size_t i = 0; i < operations; i++)
        api->routes[api_route_count + i] = (struct http_route){
            .methods = api->operations[i].method,
            .path = api->operations[i].path,
            .handler = api_enter,
            .body_bytes_max = api->operations[i].body_bytes_max,
        };
}

int api_open(struct api *api, char **why_out)
{
    size_t count = 0;
    int err = contract_load(contract_file[0].text, &api->contract, why_out);
    if (err)
        return err;
    api->operations = contract_operations(api->contract, &count);
    err = pair(api, count, why_out);
    if (err)
        api_close(api);
    else
        put_routes(api, count);
    return err;
}

void api_close(struct api *api)
{
    free(api->handlers);
    free(api->routes);
    contract_free(&api->contract);
    api->handlers = NULL;
    api->routes = NULL;
    api->operations = NULL;
    api->count = 0;
}
