/* api/telephony_media.c: a media stream from its upgrade to the line that takes it: the token of
 * its start message is used up, and with it comes all the line needs to know. */
#include "api/telephony_private.h"

#include "api/api.h"
#include "line/switchboard.h"
#include "rules/callrules_wire.h"
#include "store/tokens.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEYTERMS_MAX = 100 }; /* more and the recogniser ends the stream */

/* A leg whose token is being looked up. */
struct stranger {
    struct stranger *next, **back;
    struct telephony *telephony;
    struct leg *leg;
    struct arena arena;
    struct op *redeeming;
    bool after_transfer;
};

static void stranger_free(struct stranger *stranger)
{
    op_cancel(&stranger->redeeming);
    *stranger->back = stranger->next;
    if (stranger->next)
        stranger->next->back = stranger->back;
    arena_free(&stranger->arena);
    free(stranger);
}

void telephony_drop_strangers(struct telephony *telephony)
{
    while (telephony->strangers) {
        leg_refuse(telephony->strangers->leg, "this worker stops");
        stranger_free(telephony->strangers);
    }
}

static void refuse(struct stranger *stranger, const char *why)
{
    telephony_count(stranger->telephony, TELEPHONY_STREAM_REFUSED);
    leg_refuse(stranger->leg, why);
    stranger_free(stranger);
}

static const char *why_not_redeemed(int err)
{
    switch (err) {
    case ENOENT: return "the token is unknown";
    case EPERM: return "the token is another call's";
    case EALREADY: return "the token was used before";
    case ESTALE: return "the token is too old";
    case ESHUTDOWN: return "the call is over";
    default: return "the call could not be looked up";
    }
}

static const char *why_not_opened(int err)
{
    switch (err) {
    case ESHUTDOWN: return "this worker is stopping";
    case EBUSY: return "this worker is full";
    case EDQUOT: return "the tenant has as many calls as it may";
    case EEXIST: return "the call is live already";
    default: return "the call cannot be set up";
    }
}

/* The names worth listening for, ended by NULL; those of the tenant's list are in the decision,
 * too, where they matter. */
static const char *const *keyterms_of(struct arena *arena, const struct tenant *tenant,
                                      const char *const *names)
{
    size_t room = tenant->vip_count + 3, count = 0;
    for (size_t i = 0; names[i]; i++)
        room++;
    const char **terms = arena_alloc(arena, room * sizeof(*terms));
    terms[count++] = tenant->owner_name;
    if (strcmp(tenant->name, tenant->owner_name) != 0)
        terms[count++] = tenant->name;
    for (size_t i = 0; i < tenant->vip_count; i++)
        terms[count++] = tenant->vip_names[i];
    for (size_t i = 0; names[i] && count < KEYTERMS_MAX; i++)
        terms[count++] = names[i];
    return terms;
}

static int64_t shorter(int64_t seconds, int64_t other)
{
    return other && (!seconds || other < seconds) ? other : seconds;
}

static int64_t seconds_of(const struct telephony *t, const struct tenant *tenant, bool full)
{
    int64_t seconds = shorter(t->call_seconds_max, tenant->call_seconds_max);
    seconds = shorter(seconds, tenant->plan_call_seconds_max);
    return full ? seconds : shorter(seconds, TELEPHONY_MESSAGE_SECONDS);
}

/* Ended by NULL. */
static const char *const *list_of(struct arena *arena, const char *const *texts, size_t count)
{
    const char **list = arena_alloc(arena, (count + 1) * sizeof(*list));
    for (size_t i = 0; i < count; i++)
        list[i] = texts[i];
    return list;
}

/* What was decided when the call rang; calls that began before there was such a thing are screened.
 */
static void read_decision(struct stranger *stranger, const struct call_opened *opened,
                          struct callrules_decision *decision)
{
    if (callrules_read_decision(opened->handling, &stranger->arena, decision)) {
        log_error(NULL, "bad_handling", "call_sid=%s", opened->call.call_sid);
        *decision = (struct callrules_decision){.action = THEN_SCREEN, .say = ""};
    }
}

static bool takes_messages_only(const struct callrules_decision *decision)
{
    return decision->action != THEN_SCREEN && decision->action != THEN_FILTER;
}

/* Whoever may not have all of Karen still has a message taken: shortly, without a model, without a
 * transfer. That was decided when the call came in. */
static struct line_setup setup_of(struct stranger *stranger, const struct call_opened *opened)
{
    struct telephony *t = stranger->telephony;
    const struct tenant *tenant = &opened->tenant;
    bool full = opened->call.service == SERVICE_FULL;
    bool was_live = opened->snapshot.bytes || opened->last_seq;
    struct callrules_decision decision;
    read_decision(stranger, opened, &decision);
    bool wants_message = takes_messages_only(&decision);
    const char *const *names = list_of(&stranger->arena, decision.names, decision.name_count);
    return (struct line_setup){
        .call = opened->call.id,
        .tenant = tenant->id,
        .call_sid = opened->call.call_sid,
        .caller_number = opened->call.from_number,
        .caller_name = opened->contact_name,
        .owner = tenant_spoken(tenant),
        .business = tenant->name,
        .timezone = tenant->timezone,
        .language = tenant->language,
        .voice_id = tenant->voice_id ? tenant->voice_id : t->default_voice,
        .greeting = tenant->greeting_text,
        .instructions = full ? tenant->system_prompt : NULL,
        .keyterms = keyterms_of(&stranger->arena, tenant, names),
        .transfer_to = full && !wants_message ? tenant->forward_number : NULL,
        .message_only = !full,
        .vip = decision.vip,
        .names = names,
        .urgent = list_of(&stranger->arena, decision.urgent.list, decision.urgent.count),
        .say = decision.say,
        .wants_message = wants_message,
        .filter = decision.action == THEN_FILTER,
        .duration_ms_max = 1000 * seconds_of(t, tenant, full),
        /* a stream that broke before a word was said is begun anew, disclosure and all */
        .resumed = opened->resumed && was_live,
        .transfer_failed = stranger->after_transfer && opened->resumed,
        .snapshot = opened->snapshot,
        .last_seq = opened->last_seq,
    };
}

static void on_opened(int err, const struct call_opened *opened, void *arg)
{
    struct stranger *stranger = arg;
    struct telephony *t = stranger->telephony;
    if (err) {
        refuse(stranger, why_not_redeemed(err));
        return;
    }
    struct line_setup setup = setup_of(stranger, opened);
    err = switchboard_open(t->board, stranger->leg, &setup);
    if (err) {
        refuse(stranger, why_not_opened(err));
        return;
    }
    telephony_count(t, TELEPHONY_STREAM_OPENED);
    stranger_free(stranger);
}

static void on_stranger(struct leg *leg, const struct leg_start *start, void *arg)
{
    struct telephony *t = arg;
    struct stranger *stranger = xalloc(sizeof(*stranger));
    stranger->telephony = t;
    stranger->leg = leg;
    stranger->after_transfer = str_is(start->after, "transfer");
    stranger->next = t->strangers;
    stranger->back = &t->strangers;
    if (stranger->next)
        stranger->next->back = &stranger->next;
    t->strangers = stranger;
    char *call_sid = arena_strndup(&stranger->arena, start->call_sid.at, start->call_sid.bytes);
    tokens_redeem(t->db, start->token, call_sid, &stranger->arena, on_opened, stranger,
                  &stranger->redeeming);
}

static void on_stranger_gone(struct leg *leg, void *arg)
{
    struct telephony *t = arg;
    struct stranger *stranger = t->strangers;
    while (stranger && stranger->leg != leg)
        stranger = stranger->next;
    if (stranger)
        stranger_free(stranger);
}

/* PUBLIC_URL as the carrier writes it for a socket. */
static const char *socket_base(const struct telephony *t, struct arena *arena)
{
    size_t bytes = strlen(t->media_url) - strlen("/media");
    return arena_strndup(arena, t->media_url, bytes);
}

void telephony_get_media(struct http_req *req)
{
    struct telephony *t = api_of(req)->telephony;
    if (!telephony_is_genuine(req, socket_base(t, req->arena)))
        return;
    const struct twilio_media_options options = {
        .loop = t->loop,
        .account_sid = t->account_sid,
        .counters = &t->counters.media,
        .on_stranger = on_stranger,
        .on_stranger_gone = on_stranger_gone,
        .arg = t,
    };
    twilio_media_accept(req, &options);
}
