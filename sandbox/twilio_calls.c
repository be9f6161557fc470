/* sandbox/twilio_calls.c: calls over REST: placed by the telephone of phone/, looked at, changed
 * while they run. */
#include "base/mem.h"
#include "sandbox/body.h"
#include "sandbox/later.h"
#include "sandbox/twilio_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TWIML_CHARS_MAX = 4000, FORM_FIELDS = 14, RING_SECONDS = 60, RING_SECONDS_MAX = 600 };

struct call *twilio_call_find(struct twilio *twilio, struct str sid)
{
    for (size_t i = 0; i < CALLS_MAX; i++)
        if (twilio->calls[i] && str_is(sid, twilio->calls[i]->sid))
            return twilio->calls[i];
    return NULL;
}

bool twilio_call_over(const struct call *call)
{
    static const char *const ends[] = {"completed", "busy", "failed", "no-answer", "canceled"};
    for (size_t i = 0; i < countof(ends); i++)
        if (strcmp(call->status, ends[i]) == 0)
            return true;
    return false;
}

static void call_free(struct call *call)
{
    op_cancel(&call->ringing);
    phone_free(&call->phone);
    free(call->url);
    free(call->fallback_url);
    free(call->twiml);
    free(call);
}

struct call *twilio_call_new(struct twilio *twilio, const char *sid)
{
    struct call **place = &twilio->calls[twilio->call_count % CALLS_MAX];
    if (*place && !twilio_call_over(*place))
        return NULL;
    if (*place)
        call_free(*place);
    struct call *call = *place = xalloc(sizeof(*call));
    twilio->call_count++;
    if (sid)
        snprintf(call->sid, sizeof(call->sid), "%s", sid);
    else
        random_id(call->sid, "CA", 32);
    call->twilio = twilio;
    call->direction = "inbound";
    call->created_ms = wall_now_ms();
    snprintf(call->status, sizeof(call->status), "queued");
    return call;
}

void twilio_calls_free(struct twilio *twilio)
{
    for (size_t i = 0; i < CALLS_MAX; i++)
        if (twilio->calls[i])
            call_free(twilio->calls[i]);
}

static void tell_status(struct call *call)
{
    char sequence[12], duration[24], stamp[48];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(stamp, sizeof(stamp), "%a, %d %b %Y %H:%M:%S +0000", &utc);
    snprintf(sequence, sizeof(sequence), "%d", call->sequence++);
    snprintf(duration, sizeof(duration), "%lld",
             (long long)(call->started_ms ? (call->ended_ms - call->started_ms) / 1000 : 0));
    struct http_field fields[FORM_FIELDS] = {
        {"CallSid", call->sid},
        {"AccountSid", call->twilio->party->settings->twilio_account},
        {"ApiVersion", "2010-04-01"},
        {"From", call->from},
        {"To", call->to},
        {"Caller", call->from},
        {"Called", call->to},
        {"Direction", call->direction},
        {"CallStatus", call->status},
        {"SequenceNumber", sequence},
        {"Timestamp", stamp},
        {"CallbackSource", "call-progress-events"},
    };
    size_t count = 12;
    if (twilio_call_over(call))
        fields[count++] = (struct http_field){"CallDuration", duration};
    twilio_tell(call->twilio, call->status_url, fields, count);
}

static unsigned event_of(const struct call *call)
{
    if (twilio_call_over(call))
        return CALL_COMPLETED;
    if (strcmp(call->status, "in-progress") == 0)
        return CALL_ANSWERED;
    return strcmp(call->status, "ringing") == 0 ? CALL_RINGING : CALL_INITIATED;
}

void twilio_call_status(struct call *call, const char *status)
{
    if (strcmp(call->status, status) == 0 || twilio_call_over(call))
        return;
    snprintf(call->status, sizeof(call->status), "%s", status);
    if (strcmp(status, "in-progress") == 0)
        call->started_ms = wall_now_ms();
    if (twilio_call_over(call))
        call->ended_ms = wall_now_ms();
    if (call->events & event_of(call))
        tell_status(call);
    if (twilio_call_over(call))
        twilio_call_halved(call);
}

static void put_call(const struct call *call, const char *account, struct buf *out)
{
    char text[160];
    buf_putc(out, '{');
    body_put_text(out, "sid", call->sid);
    body_put_text(out, "account_sid", account);
    body_put_text(out, "from", call->from);
    body_put_text(out, "from_formatted", call->from);
    body_put_text(out, "to", call->to);
    body_put_text(out, "to_formatted", call->to);
    body_put_text(out, "status", call->status);
    body_put_text(out, "direction", call->direction);
    twilio_put_date(out, "date_created", call->created_ms);
    twilio_put_date(out, "date_updated", call->ended_ms ? call->ended_ms : call->created_ms);
    twilio_put_date(out, "start_time", call->started_ms);
    twilio_put_date(out, "end_time", call->ended_ms);
    snprintf(text, sizeof(text), "%lld", (long long)(call->ended_ms - call->started_ms) / 1000);
    body_put_text(out, "duration", call->ended_ms && call->started_ms ? text : NULL);
    body_put_text(out, "forwarded_from", *call->forwarded_from ? call->forwarded_from : NULL);
    static const char *const nulls[] = {"price",           "answered_by",     "caller_name",
                                        "group_sid",       "parent_call_sid", "trunk_sid",
                                        "phone_number_sid"};
    for (size_t i = 0; i < countof(nulls); i++)
        body_put_text(out, nulls[i], NULL);
    body_put_text(out, "price_unit", "USD");
    body_put_text(out, "queue_time", "0");
    body_put_text(out, "api_version", "2010-04-01");
    snprintf(text, sizeof(text), "/2010-04-01/Accounts/%s/Calls/%s.json", account, call->sid);
    body_put_text(out, "uri", text);
    body_put_raw(out, "subresource_uris", "{}");
    buf_putc(out, '}');
}

static void reply_call(struct visit *visit, const struct call *call, int status)
{
    struct buf body = {0};
    put_call(call, twilio_account(visit), &body);
    visit_reply_json(visit, status, buf_str(&body));
    buf_free(&body);
}

void twilio_print_calls(const struct twilio *twilio, struct buf *out)
{
    int shown = 0;
    for (size_t i = 0; i < CALLS_MAX && shown < SEEN_STREAMS_MAX; i++) {
        const struct call *call = twilio->calls[i];
        if (!call || twilio_call_over(call))
            continue;
        buf_puts(out, shown++ ? "," : "");
        put_call(call, twilio->party->settings->twilio_account, out);
    }
}

static void on_phone(struct phone_call *phone, const struct phone_event *event, void *arg)
{
    struct call *call = arg;
    (void)phone;
    if (event->kind == PHONE_ENDED)
        twilio_call_status(call, event->end == PHONE_FAILED ? "failed" : "completed");
}

static bool read_events(struct visit *visit, struct call *call)
{
    static const struct {
        const char *name;
        unsigned event;
    } names[] = {{"initiated", CALL_INITIATED},
                 {"ringing", CALL_RINGING},
                 {"answered", CALL_ANSWERED},
                 {"completed", CALL_COMPLETED}};
    const struct http_field *fields = NULL;
    size_t count = 0;
    if (http_form(visit->req, &fields, &count))
        return false;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < countof(names); j++)
            if (strcmp(fields[i].name, "StatusCallbackEvent") == 0 &&
                strstr(fields[i].value, names[j].name))
                call->events |= names[j].event;
    if (!call->events)
        call->events = CALL_COMPLETED;
    return true;
}

/* What Twilio would say is wrong with it; 0: nothing. */
static int find_fault(struct visit *visit, const char **message_out)
{
    const char *to = http_field(visit->req, "To"), *from = http_field(visit->req, "From");
    const char *url = http_field(visit->req, "Url"), *twiml = http_field(visit->req, "Twiml");
    *message_out = "No 'To' number is specified";
    if (!to || !*to)
        return 21201;
    *message_out = "The phone number you are attempting to call is not valid.";
    if (!twilio_is_e164(to) || strcmp(to, "+15005550001") == 0)
        return 21211;
    *message_out = "The source phone number provided is not yet verified for your account.";
    if (!from || !twilio_number_find(visit->party->state, from))
        return 21210;
    *message_out = "Url parameter is required.";
    if (!url && !twiml)
        return 21205;
    *message_out = "Url is not a valid URL.";
    if (url && (strncmp(url, "http", 4) != 0 || strlen(url) >= URL_BYTES))
        return 21205;
    *message_out = "The Twiml parameter is longer than 4000 characters.";
    return !url && strlen(twiml) > TWIML_CHARS_MAX ? 21240 : 0;
}

void twilio_call_answered(struct call *call)
{
    const struct settings *settings = call->twilio->party->settings;
    op_cancel(&call->ringing);
    if (call->phone || twilio_call_over(call))
        return;
    const struct phone_options options = {.loop = call->twilio->loop,
                                          .http = call->twilio->http,
                                          .voice_url = call->url,
                                          .fallback_url = call->fallback_url,
                                          .account_sid = settings->twilio_account,
                                          .auth_token = settings->twilio_token,
                                          .call_sid = call->sid,
                                          .from = call->from,
                                          .to = call->to,
                                          .outbound = true,
                                          .say_ms_per_char = twilio_say_ms(settings)};
    call->phone = phone_place(&options, on_phone, call);
    twilio_call_status(call, "in-progress");
}

/* What is done when it is answered, and how long that may take. */
static void keep_document(struct visit *visit, struct call *call)
{
    const char *url = http_field(visit->req, "Url");
    const char *seconds = http_field(visit->req, "Timeout");
    int64_t ring_s = seconds ? strtol(seconds, NULL, 10) : RING_SECONDS;
    call->ring_ms = 1000 * (ring_s < 1 ? 1 : ring_s > RING_SECONDS_MAX ? RING_SECONDS_MAX : ring_s);
    call->fallback_url = xstrdup(http_field(visit->req, "FallbackUrl"));
    if (url) {
        call->url = xstrdup(url);
        return;
    }
    call->twiml = xstrdup(http_field(visit->req, "Twiml"));
    call->url = xprintf("%s/twiml/%s", call->twilio->base_url, call->sid);
}

void twilio_create_call(struct visit *visit)
{
    const char *message = NULL;
    int code = find_fault(visit, &message);
    struct call *call = code ? NULL : twilio_call_new(visit->party->state, NULL);
    if (code) {
        twilio_refuse(visit, 400, code, message);
        return;
    }
    if (!call) {
        twilio_refuse(visit, 429, 20429, NULL);
        return;
    }
    call->direction = "outbound-api";
    bool whole =
        twilio_take_field(visit, "To", call->to, sizeof(call->to)) &&
        twilio_take_field(visit, "From", call->from, sizeof(call->from)) &&
        twilio_take_field(visit, "StatusCallback", call->status_url, sizeof(call->status_url));
    if (!whole) {
        snprintf(call->status, sizeof(call->status), "failed");
        return;
    }
    read_events(visit, call);
    keep_document(visit, call);
    if (call->events & CALL_INITIATED)
        tell_status(call);
    reply_call(visit, call, 201);
    twilio_call_status(call, "ringing");
    twilio_ring(call);
}

static struct call *asked_call(struct visit *visit)
{
    struct call *call = twilio_call_find(visit->party->state, twilio_sid_of(visit->params[1]));
    if (!call)
        twilio_refuse(visit, 404, 20404, NULL);
    return call;
}

void twilio_get_call(struct visit *visit)
{
    struct call *call = asked_call(visit);
    if (call)
        reply_call(visit, call, 200);
}

static bool wanted(const struct visit *visit, const struct call *call)
{
    const char *status = http_query(visit->req, "Status"), *to = http_query(visit->req, "To"),
               *from = http_query(visit->req, "From");
    return (!status || strcmp(status, call->status) == 0) && (!to || strcmp(to, call->to) == 0) &&
           (!from || strcmp(from, call->from) == 0);
}

void twilio_list_calls(struct visit *visit)
{
    const struct twilio *twilio = visit->party->state;
    struct twilio_page page = twilio_page_of(visit);
    struct buf body = {0};
    buf_puts(&body, "{\"calls\":[");
    for (uint64_t i = 0; i < CALLS_MAX && i < twilio->call_count; i++) { /* newest first */
        const struct call *call = twilio->calls[(twilio->call_count - 1 - i) % CALLS_MAX];
        if (!call || !wanted(visit, call) || !twilio_page_takes(&page))
            continue;
        buf_puts(&body, page.shown > 1 ? "," : "");
        put_call(call, twilio_account(visit), &body);
    }
    twilio_page_reply(visit, &page, &body);
    buf_free(&body);
}

static void complete(struct call *call)
{
    op_cancel(&call->ringing);
    if (call->phone)
        phone_complete(call->phone);
    else
        twilio_order(call, TELEPHONE_COMPLETE, NULL, NULL);
}

static int run_twiml(struct call *call, const char *twiml)
{
    if (call->phone)
        return phone_run_twiml(call->phone, str_of(twiml));
    twilio_order(call, TELEPHONE_TWIML, twiml, NULL);
    return 0;
}

static int go_to(struct call *call, const char *url, const char *method)
{
    if (call->phone)
        return phone_go_to(call->phone, url, method);
    twilio_order(call, TELEPHONE_GO_TO, url, method);
    return 0;
}

static void end_by_rest(struct visit *visit, struct call *call, const char *status)
{
    bool early = strcmp(call->status, "queued") == 0 || strcmp(call->status, "ringing") == 0;
    if (strcmp(status, "completed") != 0 && strcmp(status, "canceled") != 0) {
        twilio_refuse(visit, 400, 21218, "Invalid Status");
        return;
    }
    if (strcmp(status, "canceled") == 0 && !early) {
        reply_call(visit, call, 200); /* as the real one: nothing happens */
        return;
    }
    complete(call);
    twilio_call_status(call, status);
    reply_call(visit, call, 200);
}

static void redirect(struct visit *visit, struct call *call)
{
    const char *url = http_field(visit->req, "Url"), *twiml = http_field(visit->req, "Twiml");
    const char *method = http_field(visit->req, "Method");
    int err = 0;
    if (!url && !twiml) {
        reply_call(visit, call, 200);
        return;
    }
    if (twilio_call_over(call) || (!call->phone && !call->telephone)) {
        twilio_refuse(visit, 400, 21220, "Call is not in-progress. Cannot redirect.");
        return;
    }
    err = url ? go_to(call, url, method ? method : "POST") : run_twiml(call, twiml);
    if (err == EINVAL)
        twilio_refuse(visit, 400, 12100, "Document parse failure");
    else if (err)
        twilio_refuse(visit, 400, 21220, "Call is not in-progress. Cannot redirect.");
    else
        reply_call(visit, call, 200);
}

void twilio_update_call(struct visit *visit)
{
    struct call *call = asked_call(visit);
    const char *status = call ? http_field(visit->req, "Status") : NULL;
    if (!call)
        return;
    if (status)
        end_by_rest(visit, call, status);
    else
        redirect(visit, call);
}

void twilio_get_twiml(struct visit *visit)
{
    const struct call *call = twilio_call_find(visit->party->state, visit->params[0]);
    if (call && call->twiml)
        visit_reply(visit, 200, "text/xml", str_of(call->twiml));
    else
        twilio_refuse(visit, 404, 20404, NULL);
}
