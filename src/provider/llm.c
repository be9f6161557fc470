/* provider/llm.c: from the port to the driver behind it. */
#include "provider/llm_private.h"

#include <assert.h>

void llm_driver_free(struct llm_driver **driver)
{
    if (*driver)
        (*driver)->ops->free(*driver);
    *driver = NULL;
}

bool llm_driver_healthy(const struct llm_driver *driver)
{
    return breaker_closed(&driver->breaker);
}

const struct provider_stats *llm_driver_stats(const struct llm_driver *driver)
{
    return &driver->stats;
}

void llm_warm(struct llm_driver *driver)
{
    driver->ops->warm(driver);
}

void llm_ask(struct llm_driver *driver, const struct llm_request *request, llm_event_fn *on_event,
             void *arg, struct op **slot)
{
    assert(on_event && !request->schema_name == !request->schema_json);
    driver->ops->ask(driver, request, on_event, arg, slot);
}
