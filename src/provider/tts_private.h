/* provider/tts_private.h: what a voice service's driver fills in. For provider/ only. */
#pragma once
#include "provider/breaker.h"
#include "provider/tts.h"

struct tts_ops {
    void (*speak)(struct tts_driver *driver, const struct tts_request *request,
                  tts_event_fn *on_event, void *arg, struct op **slot);
    void (*voices)(struct tts_driver *driver, tts_voices_fn *on_voices, void *arg,
                   struct op **slot);
    void (*warm)(struct tts_driver *driver);
    /* Both NULL: it has no sessions. open may give NULL. */
    struct tts_session *(*open)(struct tts_driver *driver, const struct tts_voicing *voicing);
    void (*close)(struct tts_session *session);
    void (*free)(struct tts_driver *driver);
};
struct tts_driver { /* first in the driver's own struct */
    const struct tts_ops *ops;
    struct breaker breaker;
    struct provider_stats stats;
};
struct tts_session { /* first in the driver's own struct */
    struct tts_driver *driver;
};
