/* provider/llm_private.h: what a model service's driver fills in. For provider/ only. */
#pragma once
#include "provider/breaker.h"
#include "provider/llm.h"

struct llm_ops {
    void (*ask)(struct llm_driver *driver, const struct llm_request *request,
                llm_event_fn *on_event, void *arg, struct op **slot);
    void (*warm)(struct llm_driver *driver);
    void (*free)(struct llm_driver *driver);
};
struct llm_driver { /* first in the driver's own struct */
    const struct llm_ops *ops;
    struct breaker breaker;
    struct provider_stats stats;
};
