/* api/telephony_voicemail.c: a message that the carrier recorded becomes a message of the call. The
 * carrier keeps the recording, the store learns of it as soon as it can: while the database is away
 * it is asked again and again, and what is given up is an error in the log with the ids that find
 * it. */
#include "api/telephony_private.h"

#include "store/calls.h"
#include "store/messages.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { VOICEMAILS_MAX = 1000, RETRY_MS = 5000 };

struct voicemail {
    struct voicemail *next, **back;
    struct telephony *telephony;
    struct arena arena, scratch; /* scratch: of one try */
    struct op *asking;
    struct timer *timer;
    struct log log;
    const char *call_sid, *recording_sid;
    char from[PHONE_TEXT_BYTES], to[PHONE_TEXT_BYTES], forwarded_from[PHONE_TEXT_BYTES];
    int64_t seconds, at_ms;
};

static void voicemail_free(struct voicemail *voicemail)
{
    op_cancel(&voicemail->asking);
    timer_free(&voicemail->timer);
    *voicemail->back = voicemail->next;
    if (voicemail->next)
        voicemail->next->back = voicemail->back;
    voicemail->telephony->voicemail_count--;
    arena_free(&voicemail->arena);
    arena_free(&voicemail->scratch);
    free(voicemail);
}

static void give_up(struct voicemail *voicemail, const char *why)
{
    telephony_count(voicemail->telephony, TELEPHONY_MESSAGE_UNSAVED);
    log_error(&voicemail->log, "voicemail_unsaved", "recording_sid=%s why=\"%s\"",
              voicemail->recording_sid, why);
    voicemail_free(voicemail);
}

/* A lost answer is asked again, too: every step may be repeated. */
static void later(struct voicemail *voicemail)
{
    timer_set(voicemail->timer, loop_now_ms(voicemail->telephony->loop) + RETRY_MS);
}

static void on_taken(int err, void *arg)
{
    struct voicemail *voicemail = arg;
    if (err == ENOENT || err == EINVAL) {
        give_up(voicemail, "the store refuses it");
    } else if (err) {
        later(voicemail);
    } else {
        telephony_count(voicemail->telephony, TELEPHONY_MESSAGE_LEFT);
        log_info(&voicemail->log, "voicemail_saved", "recording_sid=%s", voicemail->recording_sid);
        voicemail_free(voicemail);
    }
}

static void on_begun(int err, const struct call_begun *begun, void *arg)
{
    struct voicemail *voicemail = arg;
    if (err == EPERM || err == ENOENT) {
        give_up(voicemail, "the call is another tenant's");
        return;
    }
    if (err) {
        later(voicemail);
        return;
    }
    const struct message message = {
        .tenant = begun->tenant,
        .call = begun->call,
        .tool_call_id = voicemail->recording_sid,
        .callback_number = voicemail->from[0] ? voicemail->from : NULL,
        .reason = arena_printf(&voicemail->scratch, "voicemail %s, %" PRId64 " s",
                               voicemail->recording_sid, voicemail->seconds),
    };
    messages_take(voicemail->telephony->db, &message, on_taken, voicemail, &voicemail->asking);
}

static void on_routes(int err, const struct routes *routes, void *arg)
{
    struct voicemail *voicemail = arg;
    enum routing_reason reason;
    if (err) {
        later(voicemail);
        return;
    }
    const struct route_candidate *candidate = telephony_route(routes, &reason);
    if (!candidate) {
        give_up(voicemail, "the number is nobody's");
        return;
    }
    const struct call_begin begin = {
        .tenant = candidate->tenant.id,
        .carrier = "twilio",
        .call_sid = voicemail->call_sid,
        .from_number = voicemail->from,
        .to_number = voicemail->to,
        .forwarded_from = voicemail->forwarded_from,
        .service = SERVICE_VOICEMAIL,
        .started_at_ms = voicemail->at_ms,
    };
    calls_begin(voicemail->telephony->db, &begin, on_begun, voicemail, &voicemail->asking);
}

static void try_to_save(void *arg)
{
    struct voicemail *voicemail = arg;
    const struct route_query query = {.to = voicemail->to,
                                      .forwarded_from = voicemail->forwarded_from,
                                      .default_tenant = voicemail->telephony->default_tenant};
    arena_free(&voicemail->scratch);
    numbers_route(voicemail->telephony->db, &query, &voicemail->scratch, on_routes, voicemail,
                  &voicemail->asking);
}

void telephony_keep_voicemail(struct telephony *telephony, const struct webhook *hook,
                              const char *recording_sid, int64_t seconds)
{
    struct voicemail *voicemail = xalloc(sizeof(*voicemail));
    voicemail->telephony = telephony;
    voicemail->log = hook->log;
    voicemail->call_sid = arena_strdup(&voicemail->arena, hook->call_sid);
    voicemail->recording_sid = arena_strdup(&voicemail->arena, recording_sid);
    memcpy(voicemail->from, hook->from, sizeof(voicemail->from));
    memcpy(voicemail->to, hook->to, sizeof(voicemail->to));
    memcpy(voicemail->forwarded_from, hook->forwarded_from, sizeof(voicemail->forwarded_from));
    voicemail->seconds = seconds < 0 ? 0 : seconds;
    voicemail->at_ms = wall_now_ms();
    voicemail->timer = timer_new(telephony->loop, try_to_save, voicemail);
    voicemail->next = telephony->voicemails;
    voicemail->back = &telephony->voicemails;
    if (voicemail->next)
        voicemail->next->back = &voicemail->next;
    telephony->voicemails = voicemail;
    if (telephony->voicemail_count++ >= VOICEMAILS_MAX)
        give_up(voicemail, "too many wait for the database");
    else
        try_to_save(voicemail);
}

void telephony_drop_voicemails(struct telephony *telephony)
{
    while (telephony->voicemails)
        give_up(telephony->voicemails, "this worker stops");
}
