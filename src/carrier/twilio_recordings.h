/* carrier/twilio_recordings.h: what Twilio recorded, erased there. Source: Twilio, "Recordings
 * resource": deleted for good, 204; one that is gone already answers 404. */
#pragma once
#include "carrier/twilio_rest.h"

/* err: 0 when it is gone, before or now; EINVAL: sid is none; else as in twilio_answer. Erasing
 * twice does no harm, so it is tried again after any failure. */
typedef void twilio_erased_fn(int err, void *arg);
void twilio_recording_erase(struct twilio_rest *rest, const char *sid, twilio_erased_fn *on_erased,
                            void *arg, struct op **slot);
