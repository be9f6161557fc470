/* api/invites.c: asking people to join by a link in a text message. The message says nothing that a
 * tenant could choose: it would go out in Karen's name. */
#include "api/auth.h"
#include "api/operations.h"

#include "base/log.h"
#include "carrier/twilio_messages.h"
#include "rules/country.h"
#include "rules/phone.h"
#include "store/invites.h"
#include "store/limits.h"

#include <cjson/cJSON.h>
#include <errno.h>

enum {
    HOUR_SECONDS = 3600,
    DAY_SECONDS = 86400,
    TENANT_HOUR_MAX = 20,
    PHONE_DAY_MAX = 3, /* by whomever */
    AGAIN_DAY_MAX = 3, /* one invite sent again */
};

struct sending {
    const char *phone, *token, *link;
    enum role role;
    struct str invite; /* as JSON */
};

/* ---- the message ---------------------------------------------------------------------------- */

/* In letters that every telephone shows and that leave room for the link. */
static const char *text_of(struct arena *arena, const char *phone, const char *link)
{
    switch (country_language(phone_country(phone))) {
    case LANGUAGE_CS:
        return arena_printf(arena, "Karen: pozvani k hovorum. Prijmete do 7 dni: %s", link);
    case LANGUAGE_SK:
        return arena_printf(arena, "Karen: pozvanie k hovorom. Prijmite do 7 dni: %s", link);
    case LANGUAGE_DE:
        return arena_printf(arena, "Karen: Einladung zu Anrufen. Annehmen binnen 7 Tagen: %s",
                            link);
    case LANGUAGE_EN:
    case LANGUAGE_COUNT: break;
    }
    return arena_printf(arena, "Karen: you are invited to see calls. Accept within 7 days: %s",
                        link);
}

static void answer(struct api_request *request, const char *sms)
{
    const struct sending *sending = request->state;
    struct buf json = {0};
    buf_puts(&json, "{\"invite\":");
    buf_add_str(&json, sending->invite);
    buf_puts(&json, ",\"link\":");
    buf_json_string(&json, str_of(sending->link));
    buf_printf(&json, ",\"sms\":\"%s\"}", sms);
    api_reply_json(request, request->status, buf_str(&json));
    buf_free(&json);
}

static void on_sent(const struct twilio_message_answer *sent, void *arg)
{
    struct api_request *request = arg;
    const bool accepted = sent->outcome == MESSAGE_ACCEPTED;
    request->api->auth.invites += accepted;
    if (!accepted)
        log_warn(NULL, "invite_not_sent", "why=%s code=%lld id=%s",
                 message_outcome_name(sent->outcome), (long long)sent->code, request->http->id);
    answer(request, accepted ? "sent" : sent->outcome == MESSAGE_PERHAPS ? "unknown" : "not_sent");
}

static void send(struct api_request *request)
{
    const struct sending *sending = request->state;
    const char *sender = request->api->sms_sender;
    if (!sender) {
        answer(request, "off");
        return;
    }
    const bool is_service = str_starts(str_of(sender), "MG");
    const struct twilio_sms sms = {
        .to = sending->phone,
        .from = is_service ? NULL : sender,
        .service_sid = is_service ? sender : NULL,
        .text = text_of(request->http->arena, sending->phone, sending->link),
    };
    twilio_message_send(request->api->rest, &sms, on_sent, request, &request->http->waiting);
}

/* ---- making, and making anew ---------------------------------------------------------------- */

static struct sending *sending_new(struct api_request *request)
{
    struct arena *arena = request->http->arena;
    struct sending *sending = arena_alloc(arena, sizeof(*sending));
    char token[INVITE_TOKEN_TEXT_BYTES];
    random_token(token, INVITE_TOKEN_BYTES);
    sending->token = arena_strdup(arena, token);
    sending->link = arena_printf(arena, "%s/invite/%s", request->api->public_url, token);
    request->state = sending;
    return sending;
}

/* What this cannot be, in words of its own; false: it is another error. */
static bool refuse(struct api_request *request, int err)
{
    static const struct {
        int err;
        const char *code, *detail;
    } rows[] = {
        {EEXIST, "already_member", "that phone is a member already"},
        {EDQUOT, "too_many_invites", "withdraw some invites that are still open"},
        {ENOSPC, "plan_limit", "the plan has no more members"},
    };
    for (size_t i = 0; i < countof(rows); i++)
        if (rows[i].err == err) {
            api_fail(request, 409, rows[i].code, rows[i].detail);
            return true;
        }
    return false;
}

static void on_invite(int err, struct str json, void *arg)
{
    struct api_request *request = arg;
    struct sending *sending = request->state;
    if (err) {
        if (!refuse(request, err))
            api_fail_with(request, err);
        return;
    }
    sending->invite =
        (struct str){arena_strndup(request->http->arena, json.at, json.bytes), json.bytes};
    if (!sending->phone) { /* made anew: whose it is, the database has said */
        cJSON *invite = cJSON_ParseWithLength(json.at, json.bytes);
        sending->phone = arena_strdup(request->http->arena,
                                      cJSON_GetStringValue(cJSON_GetObjectItem(invite, "phone")));
        cJSON_Delete(invite);
    }
    send(request);
}

static bool is_within(struct api_request *request, int err, const struct limit_verdict *verdict)
{
    if (err)
        api_fail_with(request, err);
    else if (verdict->refused.bytes)
        api_fail_limit(request, "too_many_invites", "too many invites were sent: wait a little",
                       verdict->wait_s);
    return !err && !verdict->refused.bytes;
}

static void on_make_limits(int err, const struct limit_verdict *verdict, void *arg)
{
    struct api_request *request = arg;
    const struct sending *sending = request->state;
    if (!is_within(request, err, verdict))
        return;
    const struct invite_make make = {.tenant = request->tenant,
                                     .by = request->who.user,
                                     .phone = sending->phone,
                                     .role = sending->role,
                                     .token = sending->token,
                                     .actor = api_actor(request)};
    invites_make(request->api->db, &make, on_invite, request, &request->http->waiting);
}

static const char *tenant_text(const struct api_request *request)
{
    char text[UUID_TEXT_BYTES];
    uuid_print(request->tenant, text);
    return arena_strdup(request->http->arena, text);
}

void api_invite(struct api_request *request)
{
    const char *phone = auth_phone(request);
    if (!phone)
        return;
    struct sending *sending = sending_new(request);
    sending->phone = phone;
    role_parse(str_of(api_body_text(request, "role")), &sending->role); /* by the contract */
    if (!role_may_grant(request->who.role, sending->role)) {
        api_fail_with(request, EPERM);
        return;
    }
    const struct limit limits[] = {
        {"invite_tenant", tenant_text(request), HOUR_SECONDS, TENANT_HOUR_MAX},
        {"invite_phone", phone, DAY_SECONDS, PHONE_DAY_MAX},
        {"code_prefix", auth_prefix(request, phone), HOUR_SECONDS, request->api->codes_per_prefix},
        {"code_day", NULL, DAY_SECONDS, request->api->codes_per_day},
    };
    limits_take(request->api->db, limits, countof(limits), on_make_limits, request,
                &request->http->waiting);
}

static void on_renew_limits(int err, const struct limit_verdict *verdict, void *arg)
{
    struct api_request *request = arg;
    const struct sending *sending = request->state;
    if (is_within(request, err, verdict))
        invites_renew(request->api->db, request->tenant, api_id(request, "invite_id"),
                      sending->token, api_actor(request), on_invite, request,
                      &request->http->waiting);
}

void api_resend_invite(struct api_request *request)
{
    const struct limit limits[] = {
        {"invite_tenant", tenant_text(request), HOUR_SECONDS, TENANT_HOUR_MAX},
        {"invite_again", api_text(request, "invite_id"), DAY_SECONDS, AGAIN_DAY_MAX},
        {"code_day", NULL, DAY_SECONDS, request->api->codes_per_day},
    };
    sending_new(request);
    limits_take(request->api->db, limits, countof(limits), on_renew_limits, request,
                &request->http->waiting);
}

/* ---- the rest ------------------------------------------------------------------------------- */

void api_list_invites(struct api_request *request)
{
    invites_list_json(request->api->db, request->tenant, api_on_json, request,
                      &request->http->waiting);
}

void api_withdraw_invite(struct api_request *request)
{
    invites_withdraw(request->api->db, request->tenant, api_id(request, "invite_id"),
                     api_actor(request), api_on_end, request, &request->http->waiting);
}

void api_show_invite(struct api_request *request)
{
    invites_show_json(request->api->db, str_of(api_body_text(request, "token")), api_on_json,
                      request, &request->http->waiting);
}

void api_accept_invite(struct api_request *request)
{
    invites_accept(request->api->db, request->tenant, request->who.user,
                   str_of(api_body_text(request, "token")), api_on_json, request,
                   &request->http->waiting);
}

/* ---- those that wait for one's own answer ---------------------------------------------------- */

void api_list_my_invites(struct api_request *request)
{
    invites_of_person_json(request->api->db, request->tenant, request->who.user, api_on_json,
                           request, &request->http->waiting);
}

void api_accept_my_invite(struct api_request *request)
{
    invites_answer(request->api->db, request->tenant, request->who.user,
                   api_id(request, "invite_id"), true, api_on_json, request,
                   &request->http->waiting);
}

static void on_declined(int err, struct str json, void *arg)
{
    (void)json;
    api_on_end(err, arg);
}

void api_decline_my_invite(struct api_request *request)
{
    invites_answer(request->api->db, request->tenant, request->who.user,
                   api_id(request, "invite_id"), false, on_declined, request,
                   &request->http->waiting);
}
