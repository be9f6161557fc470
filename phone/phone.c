/* phone/phone.c: a call's life, and the webhooks it asks. */
#include "phone/phone_private.h"

#include "base/id.h"
#include "base/mem.h"
#include "carrier/twilio_sign.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIELDS_MAX = 64 };

bool phone_is_live(const struct phone_call *call)
{
    return call->state != PHONE_OVER;
}

static int64_t now_of(const struct phone_call *call)
{
    return loop_now_ms(call->options.loop);
}

void phone_emit(struct phone_call *call, struct phone_event event)
{
    event.at_ms = now_of(call) - call->began_ms;
    event.text = event.text ? event.text : "";
    event.language = event.language ? event.language : "";
    if (call->on_event)
        call->on_event(call, &event, call->arg);
}

void phone_new_sid(const char *kind, char sid_out[PHONE_SID_ROOM])
{
    uint8_t chance[16];
    random_bytes(chance, sizeof(chance));
    memcpy(sid_out, kind, 2);
    for (size_t i = 0; i < sizeof(chance); i++)
        snprintf(sid_out + 2 + 2 * i, 3, "%02x", chance[i]);
}

/* ---- webhooks ------------------------------------------------------------------------------- */

static const char *resolved(struct phone_call *call, const char *url)
{
    const char *base = call->document_url;
    if (strstr(url, "://") || !base)
        return url;
    const char *authority = strstr(base, "://") + 3;
    size_t host_end = (size_t)(authority - base) + strcspn(authority, "/?#");
    if (url[0] == '/')
        return arena_printf(&call->document, "%.*s%s", (int)host_end, base, url);
    size_t path_end = host_end + strcspn(base + host_end, "?#");
    while (path_end > host_end && base[path_end - 1] != '/')
        path_end--;
    const char *slash = path_end == host_end ? "/" : "";
    return arena_printf(&call->document, "%.*s%s%s", (int)path_end, base, slash, url);
}

/* Of the one that was dialled: a call of its own, the caller's is its parent. */
static size_t dialled_fields(const struct phone_call *call, struct http_field *fields)
{
    const struct phone_options *o = &call->options;
    size_t count = 0;
    fields[count++] = (struct http_field){"AccountSid", o->account_sid};
    fields[count++] = (struct http_field){"ApiVersion", "2010-04-01"};
    fields[count++] = (struct http_field){"CallSid", call->dialled_sid};
    fields[count++] = (struct http_field){"ParentCallSid", o->call_sid};
    fields[count++] = (struct http_field){"CallStatus", "in-progress"};
    fields[count++] = (struct http_field){"Direction", "outbound-dial"};
    fields[count++] = (struct http_field){"From", o->to};
    fields[count++] = (struct http_field){"To", call->dialled};
    return count;
}

static size_t common_fields(const struct phone_call *call, struct http_field *fields)
{
    const struct phone_options *o = &call->options;
    size_t count = 0;
    if (call->dialled_sid[0])
        return dialled_fields(call, fields);
    fields[count++] = (struct http_field){"AccountSid", o->account_sid};
    fields[count++] = (struct http_field){"ApiVersion", "2010-04-01"};
    fields[count++] = (struct http_field){"CallSid", o->call_sid};
    fields[count++] = (struct http_field){"CallStatus", call->status};
    fields[count++] = (struct http_field){"Called", o->to};
    fields[count++] = (struct http_field){"Caller", o->from};
    fields[count++] = (struct http_field){"Direction", o->outbound ? "outbound-api" : "inbound"};
    fields[count++] = (struct http_field){"From", o->from};
    fields[count++] = (struct http_field){"To", o->to};
    if (o->forwarded_from)
        fields[count++] = (struct http_field){"ForwardedFrom", o->forwarded_from};
    for (size_t i = 0; i < o->extra_count && count < FIELDS_MAX; i++)
        fields[count++] = o->extras[i];
    return count;
}

struct signed_ask {
    struct buf url, body;
    char *signature;
    struct http_ask ask;
};

static void add_query(struct buf *url, struct str query)
{
    buf_putc(url, strchr(buf_text(url), '?') ? '&' : '?');
    buf_add_str(url, query);
}

static void sign(struct phone_call *call, struct signed_ask *out, const struct http_field *fields,
                 size_t count)
{
    char signature[TWILIO_SIGNATURE_TEXT_BYTES];
    twilio_sign(buf_text(&out->url), fields, count, call->options.auth_token, signature);
    out->signature = xprintf("X-Twilio-Signature: %s", signature);
}

static void prepare(struct phone_call *call, struct signed_ask *out, const char *url,
                    const char *method, const struct http_field *more, size_t more_count)
{
    struct http_field fields[FIELDS_MAX];
    size_t count = common_fields(call, fields);
    bool get = method && strcmp(method, "GET") == 0;
    for (size_t i = 0; i < more_count && count < FIELDS_MAX; i++)
        fields[count++] = more[i];
    for (size_t i = 0; i < count; i++)
        buf_form_field(&out->body, fields[i].name, fields[i].value);
    const char *whole = resolved(call, url);
    buf_add(&out->url, whole, strcspn(whole, "#"));
    if (get)
        add_query(&out->url, buf_str(&out->body));
    sign(call, out, get ? NULL : fields, get ? 0 : count);
    out->ask = (struct http_ask){
        .method = get ? HTTP_GET : HTTP_POST,
        .url = buf_text(&out->url),
        .headers = {out->signature, get ? NULL : "Content-Type: application/x-www-form-urlencoded"},
        .body = get ? (struct str){0} : buf_str(&out->body),
        .first_byte_ms_max = PHONE_WEBHOOK_MS_MAX,
        .total_ms_max = PHONE_WEBHOOK_MS_MAX,
        .reply_bytes_max = PHONE_TWIML_BYTES_MAX,
    };
}

static void signed_ask_fini(struct signed_ask *ask)
{
    buf_free(&ask->url);
    buf_free(&ask->body);
    free(ask->signature);
}

/* A URL's fragment says how often the carrier is to try again ("#rc=3&rp=all"). */
static int retries_of(const char *url)
{
    const char *fragment = strchr(url, '#'), *count = fragment ? strstr(fragment, "rc=") : NULL;
    return count ? (int)strtol(count + 3, NULL, 10) % (PHONE_RETRIES_MAX + 1) : 0;
}

static void forget_asked(struct phone_call *call)
{
    if (call->asked)
        signed_ask_fini(call->asked);
    free(call->asked);
    call->asked = NULL;
}

static void on_answer(const struct http_answer *answer, void *arg)
{
    struct phone_call *call = arg;
    if (answer->err && call->retries > 0) {
        call->retries--;
        http_ask(call->options.http, &call->asked->ask, call, &call->asking);
        return;
    }
    call->on_reply(call, answer);
}

void phone_ask(struct phone_call *call, const char *url, const char *method,
               const struct http_field *fields, size_t count,
               void (*on_reply)(struct phone_call *call, const struct http_answer *answer))
{
    struct signed_ask *ask = xalloc(sizeof(*ask));
    prepare(call, ask, url, method, fields, count);
    ask->ask.on_done = on_answer;
    call->on_reply = on_reply;
    call->retries = retries_of(url);
    /* the arena of the document goes with the next one, so the URL is kept with the call */
    call->document_url = arena_strdup(&call->arena, buf_text(&ask->url));
    op_cancel(&call->asking);
    forget_asked(call);
    call->asked = ask;
    http_ask(call->options.http, &ask->ask, call, &call->asking);
}

static void on_told(const struct http_answer *answer, void *arg)
{
    (void)answer;
    (void)arg;
}

void phone_tell(struct phone_call *call, const char *url, const struct http_field *fields,
                size_t count)
{
    struct signed_ask ask = {0};
    prepare(call, &ask, url, "POST", fields, count);
    ask.ask.on_done = on_told;
    op_cancel(&call->telling);
    http_ask(call->options.http, &ask.ask, call, &call->telling);
    signed_ask_fini(&ask);
}

/* ---- documents ------------------------------------------------------------------------------ */

static void run_document(struct phone_call *call, struct twiml_element *response)
{
    if (++call->documents > PHONE_DOCUMENTS_MAX) {
        phone_end_call(call, PHONE_FAILED, "failed", "too many documents, one after the other");
        return;
    }
    call->verb = response->children;
    phone_run_verb(call);
}

static void document_failed(struct phone_call *call, const char *why)
{
    const struct http_field fields[] = {{"ErrorCode", "11200"}, {"ErrorUrl", call->document_url}};
    if (call->options.fallback_url && !call->fell_back) {
        call->fell_back = true;
        phone_ask(call, call->options.fallback_url, "POST", fields, countof(fields),
                  phone_on_document);
        return;
    }
    phone_end_call(call, PHONE_FAILED, "failed", why);
}

static bool is_xml(const struct http_answer *answer)
{
    const char *type = answer->header(answer, "Content-Type");
    return type && strstr(type, "xml");
}

void phone_on_document(struct phone_call *call, const struct http_answer *answer)
{
    char why[240];
    const char *fault = NULL;
    struct twiml_element *response = NULL;
    phone_emit(call, (struct phone_event){.kind = PHONE_WEBHOOK,
                                          .text = call->document_url,
                                          .number = answer->status});
    if (!phone_is_live(call))
        return;
    if (call->timing.webhook_ms < 0)
        call->timing.webhook_ms = now_of(call) - call->began_ms;
    arena_free(&call->document);
    call->verb = NULL;
    if (answer->err)
        snprintf(why, sizeof(why), "the webhook cannot be reached: %.160s", answer->why);
    else if (answer->status < 200 || answer->status >= 300)
        snprintf(why, sizeof(why), "the webhook answered %d: %.*s", answer->status,
                 (int)(answer->body.bytes < 160 ? answer->body.bytes : 160),
                 answer->body.bytes ? answer->body.at : "");
    else if (!is_xml(answer))
        snprintf(why, sizeof(why), "the webhook's answer is not XML");
    else if (twiml_parse(answer->body, &call->document, &response, &fault))
        snprintf(why, sizeof(why), "the webhook's TwiML has %.160s", fault);
    if (response)
        run_document(call, response);
    else
        document_failed(call, why);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void on_timer(void *arg)
{
    struct phone_call *call = arg;
    void (*fn)(struct phone_call *) = call->on_time;
    call->on_time = NULL;
    if (fn && phone_is_live(call))
        fn(call);
}

void phone_later(struct phone_call *call, int64_t wait_ms, void (*fn)(struct phone_call *call))
{
    call->on_time = fn;
    timer_set(call->timer, now_of(call) + wait_ms);
}

void phone_answer(struct phone_call *call)
{
    if (call->state != PHONE_RINGING)
        return;
    call->state = PHONE_LIVE;
    call->status = "in-progress";
    call->answered_ms = now_of(call);
}

static void tell_status(struct phone_call *call)
{
    char seconds[24], stamp[48];
    time_t now = (time_t)(wall_now_ms() / 1000);
    struct tm utc;
    snprintf(seconds, sizeof(seconds), "%" PRId64, (phone_duration_ms(call) + 999) / 1000);
    strftime(stamp, sizeof(stamp), "%a, %d %b %Y %H:%M:%S +0000", gmtime_r(&now, &utc));
    const struct http_field fields[] = {{"CallDuration", seconds},
                                        {"SequenceNumber", "0"},
                                        {"Timestamp", stamp},
                                        {"CallbackSource", "call-progress-events"}};
    phone_tell(call, call->options.status_url, fields, countof(fields));
}

static void on_end(void *arg)
{
    struct phone_call *call = arg;
    call->told_end = true;
    if (call->options.status_url)
        tell_status(call);
    phone_emit(call,
               (struct phone_event){.kind = PHONE_ENDED, .text = call->why, .end = call->end});
}

/* What runs is dropped: whatever it was, nothing more will come of it. */
static void drop_what_runs(struct phone_call *call)
{
    op_cancel(&call->asking);
    timer_stop(call->timer);
    call->on_time = NULL;
    call->dialled_sid[0] = '\0';
    phone_stream_stop(call);
    buf_clear(&call->taken);
}

void phone_end_call(struct phone_call *call, enum phone_end end, const char *status,
                    const char *why)
{
    if (!phone_is_live(call))
        return;
    drop_what_runs(call);
    call->state = PHONE_OVER;
    call->status = status;
    call->end = end;
    call->why = xstrdup(why);
    call->timing.ended_ms = now_of(call) - call->began_ms;
    timer_set(call->ender, now_of(call));
}

static const char *copy(struct phone_call *call, const char *text)
{
    return arena_strdup(&call->arena, text);
}

static void copy_options(struct phone_call *call, const struct phone_options *options)
{
    struct phone_options *o = &call->options;
    char sid[PHONE_SID_ROOM];
    *o = *options;
    phone_new_sid("CA", sid);
    o->voice_url = copy(call, o->voice_url);
    o->fallback_url = copy(call, o->fallback_url);
    o->status_url = copy(call, o->status_url);
    o->account_sid = copy(call, o->account_sid);
    o->auth_token = copy(call, o->auth_token);
    o->call_sid = copy(call, o->call_sid ? o->call_sid : sid);
    o->from = copy(call, o->from ? o->from : "");
    o->to = copy(call, o->to);
    o->forwarded_from = copy(call, o->forwarded_from);
    o->ca_file = copy(call, o->ca_file);
    o->recording_base_url =
        copy(call, o->recording_base_url ? o->recording_base_url : "http://localhost/recordings");
    struct http_field *extras = arena_alloc(&call->arena, (o->extra_count + 1) * sizeof(*extras));
    for (size_t i = 0; i < o->extra_count; i++)
        extras[i] = (struct http_field){copy(call, options->extras[i].name),
                                        copy(call, options->extras[i].value)};
    o->extras = extras;
    if (!o->say_ms_per_char)
        o->say_ms_per_char = 60;
    if (!o->dial_ms)
        o->dial_ms = 2000;
    if (!o->dial_talk_ms)
        o->dial_talk_ms = 3000;
}

struct phone_call *phone_place(const struct phone_options *options, phone_event_fn *on_event,
                               void *arg)
{
    struct phone_call *call = xalloc(sizeof(*call));
    assert(options->voice_url && options->to && options->account_sid && options->auth_token);
    copy_options(call, options);
    call->on_event = on_event;
    call->arg = arg;
    call->status = "ringing";
    call->began_ms = now_of(call);
    call->timing = (struct phone_timing){-1, -1, -1, -1, 0, 0};
    call->timer = timer_new(options->loop, on_timer, call);
    call->ender = timer_new(options->loop, on_end, call);
    phone_ask(call, call->options.voice_url, "POST", NULL, 0, phone_on_document);
    return call;
}

static void call_free(void *arg)
{
    struct phone_call *call = arg;
    timer_free(&call->timer);
    timer_free(&call->ender);
    timer_free(&call->stream.tick);
    playout_fini(&call->stream.heard);
    playout_fini(&call->mouth);
    buf_free(&call->stream.out);
    buf_free(&call->taken);
    arena_free(&call->document);
    arena_free(&call->dialled_document);
    arena_free(&call->arena);
    forget_asked(call);
    free(call->why);
    free(call);
}

void phone_free(struct phone_call **call)
{
    struct phone_call *freeing = *call;
    *call = NULL;
    if (!freeing)
        return;
    op_cancel(&freeing->asking);
    op_cancel(&freeing->telling);
    timer_stop(freeing->timer);
    timer_stop(freeing->ender);
    if (freeing->stream.tick)
        timer_stop(freeing->stream.tick);
    ws_close(&freeing->stream.ws, WS_CLOSE_AWAY, "");
    freeing->state = PHONE_OVER;
    freeing->on_event = NULL;
    loop_defer(freeing->options.loop, call_free, freeing);
}

bool phone_is_settled(const struct phone_call *call)
{
    return call->told_end && !call->telling;
}

/* ---- the caller's side ---------------------------------------------------------------------- */

int phone_say(struct phone_call *call, const uint8_t *ulaw, size_t bytes)
{
    return playout_audio(&call->mouth, ulaw, bytes);
}

bool phone_is_talking(const struct phone_call *call)
{
    return playout_left(&call->mouth) > 0;
}

void phone_hang_up(struct phone_call *call)
{
    phone_end_call(call, PHONE_HUNG_UP, call->state == PHONE_RINGING ? "canceled" : "completed",
                   "the caller hung up");
}

/* ---- the carrier's side --------------------------------------------------------------------- */

int phone_run_twiml(struct phone_call *call, struct str twiml)
{
    struct twiml_element *response = NULL;
    const char *why = NULL;
    struct arena document = {0};
    if (!phone_is_live(call))
        return ESRCH;
    if (twiml_parse(twiml, &document, &response, &why)) {
        arena_free(&document);
        return EINVAL;
    }
    drop_what_runs(call);
    arena_free(&call->document);
    call->document = document;
    call->verb = response->children;
    phone_answer(call);
    phone_later(call, 0, phone_run_verb);
    return 0;
}

int phone_go_to(struct phone_call *call, const char *url, const char *method)
{
    if (!phone_is_live(call))
        return ESRCH;
    drop_what_runs(call);
    phone_ask(call, url, method, NULL, 0, phone_on_document);
    return 0;
}

int phone_complete(struct phone_call *call)
{
    if (!phone_is_live(call))
        return ESRCH;
    phone_end_call(call, PHONE_ENDED_BY_PEER, "completed", "ended by request");
    return 0;
}

const char *phone_call_sid(const struct phone_call *call)
{
    return call->options.call_sid;
}

const char *phone_status(const struct phone_call *call)
{
    return call->status;
}

const char *phone_stream_sid(const struct phone_call *call)
{
    return call->stream.open ? call->stream.sid : "";
}

int64_t phone_duration_ms(const struct phone_call *call)
{
    if (!call->answered_ms)
        return 0;
    int64_t end_ms =
        call->state == PHONE_OVER ? call->began_ms + call->timing.ended_ms : now_of(call);
    return end_ms - call->answered_ms;
}

const struct phone_timing *phone_timing(const struct phone_call *call)
{
    return &call->timing;
}
