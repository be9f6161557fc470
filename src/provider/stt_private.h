/* provider/stt_private.h: what a recogniser's driver fills in. For provider/ only. */
#pragma once
#include "provider/breaker.h"
#include "provider/stt.h"

struct stt_ops {
    struct stt *(*open)(struct stt_driver *driver, const struct stt_options *options,
                        stt_event_fn *on_event, void *arg);
    void (*send)(struct stt *stt, const uint8_t *ulaw, size_t bytes);
    void (*flush)(struct stt *stt);
    void (*finalize)(struct stt *stt);
    void (*close)(struct stt *stt);
    void (*free)(struct stt_driver *driver);
};
struct stt_driver { /* first in the driver's own struct */
    const struct stt_ops *ops;
    struct breaker breaker;
    struct provider_stats stats;
};
struct stt { /* first in the stream's own struct */
    struct stt_driver *driver;
};
