/* sandbox/twilio_recordings.c: recordings, as far as they can be deleted: each is there until it
 * was deleted once. */
#include "sandbox/twilio_private.h"

#include "carrier/twilio_wire.h"

#include <stdio.h>

void twilio_delete_recording(struct visit *visit)
{
    struct twilio *twilio = visit->party->state;
    struct str sid = twilio_sid_of(visit->params[1]);
    bool known = twilio_is_sid(sid, "RE");
    for (size_t i = 0; known && i < RECORDINGS_MAX; i++)
        known = !str_is(sid, twilio->erased[i]);
    if (!known) {
        twilio_refuse(visit, 404, 20404, NULL);
        return;
    }
    char *place = twilio->erased[twilio->erased_count++ % RECORDINGS_MAX];
    snprintf(place, sizeof(twilio->erased[0]), "%.*s", (int)sid.bytes, sid.at);
    visit_reply(visit, 204, NULL, (struct str){0});
}
