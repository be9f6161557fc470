/* carrier/twilio_recordings.c: recordings erased. */
#include "carrier/twilio_recordings.h"

#include "carrier/twilio_rest_private.h"
#include "carrier/twilio_wire.h"

#include <errno.h>
#include <stdio.h>

static void settle_erasure(const struct twilio_reply *reply, twilio_any_fn *on_erased, void *arg)
{
    ((twilio_erased_fn *)on_erased)(reply->err == ESRCH ? 0 : reply->err, arg);
}

void twilio_recording_erase(struct twilio_rest *rest, const char *sid, twilio_erased_fn *on_erased,
                            void *arg, struct op **slot)
{
    bool is_sid = twilio_is_sid(str_of(sid), "RE");
    char path[64];
    snprintf(path, sizeof(path), "Recordings/%s.json", is_sid ? sid : "");
    struct buf url = twilio_api_url(rest, path);
    struct twilio_request request = {.what = "recording_erase",
                                     .subject = is_sid ? sid : NULL,
                                     .method = HTTP_DELETE,
                                     .url = buf_text(&url),
                                     .settle = settle_erasure,
                                     .on_done = (twilio_any_fn *)on_erased,
                                     .arg = arg,
                                     .err = is_sid ? 0 : EINVAL};
    twilio_ask(rest, &request, slot);
    buf_free(&url);
}
