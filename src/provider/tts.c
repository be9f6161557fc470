/* provider/tts.c: from the port to the driver behind it. */
#include "provider/tts_private.h"

#include <assert.h>

void tts_driver_free(struct tts_driver **driver)
{
    if (*driver)
        (*driver)->ops->free(*driver);
    *driver = NULL;
}

bool tts_driver_healthy(const struct tts_driver *driver)
{
    return breaker_closed(&driver->breaker);
}

const struct provider_stats *tts_driver_stats(const struct tts_driver *driver)
{
    return &driver->stats;
}

void tts_warm(struct tts_driver *driver)
{
    driver->ops->warm(driver);
}

void tts_voices(struct tts_driver *driver, tts_voices_fn *on_voices, void *arg, struct op **slot)
{
    assert(on_voices);
    driver->ops->voices(driver, on_voices, arg, slot);
}

struct tts_session *tts_session_open(struct tts_driver *driver, const struct tts_voicing *voicing)
{
    return driver->ops->open ? driver->ops->open(driver, voicing) : NULL;
}

void tts_session_close(struct tts_session **session)
{
    if (*session)
        (*session)->driver->ops->close(*session);
    *session = NULL;
}

void tts_speak(struct tts_driver *driver, const struct tts_request *request, tts_event_fn *on_event,
               void *arg, struct op **slot)
{
    assert(on_event && request->voice_id);
    driver->ops->speak(driver, request, on_event, arg, slot);
}
