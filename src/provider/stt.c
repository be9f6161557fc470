/* provider/stt.c: from the port to the driver behind it. */
#include "provider/stt_private.h"

#include <assert.h>

void stt_driver_free(struct stt_driver **driver)
{
    if (*driver)
        (*driver)->ops->free(*driver);
    *driver = NULL;
}

bool stt_driver_healthy(const struct stt_driver *driver)
{
    return breaker_closed(&driver->breaker);
}

const struct provider_stats *stt_driver_stats(const struct stt_driver *driver)
{
    return &driver->stats;
}

struct stt *stt_open(struct stt_driver *driver, const struct stt_options *options,
                     stt_event_fn *on_event, void *arg)
{
    assert(options->language && on_event);
    return driver->ops->open(driver, options, on_event, arg);
}

void stt_send(struct stt *stt, const uint8_t *ulaw, size_t bytes)
{
    stt->driver->ops->send(stt, ulaw, bytes);
}

void stt_flush(struct stt *stt)
{
    stt->driver->ops->flush(stt);
}

void stt_finalize(struct stt *stt)
{
    stt->driver->ops->finalize(stt);
}

void stt_close(struct stt **stt)
{
    struct stt *closing = *stt;
    *stt = NULL;
    if (closing)
        closing->driver->ops->close(closing);
}
