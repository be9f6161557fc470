/* carrier/twilio_ask.c: one ask at a time per request, repeated by rule, looked after when its
 * outcome is unknown, its failures given one name each. */
#include "carrier/twilio_rest_private.h"

#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "carrier/twilio_rest_wire.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BACK_OFF_MS_MAX = 30000, LOOK_MS_MAX = 4000, REPLY_BYTES_MAX = 64 * 1024 };

struct twilio_asking {
    struct op op; /* first */
    struct twilio_rest *rest;
    struct twilio_asking *next, **back; /* among those in flight */
    struct arena arena;                 /* of the request's texts */
    struct twilio_request request;
    bool looking;        /* the request itself is over, and its outcome in doubt */
    struct op *asking;   /* at the HTTP client */
    struct timer *timer; /* until the next try */
    int64_t give_up_at_ms, look_until_ms;
    int64_t since_ms; /* Unix time of the first try */
    int tries, looks;
    void *state;                  /* what the pages so far came to */
    struct twilio_reply doubtful; /* without its texts: the refusal that made us look */
};

static void asking_free(void *arg)
{
    struct twilio_asking *asking = arg;
    timer_free(&asking->timer);
    arena_free(&asking->arena);
    free(asking);
}

static void asking_forget(struct twilio_asking *asking)
{
    op_cancel(&asking->asking);
    timer_stop(asking->timer);
    *asking->back = asking->next;
    if (asking->next)
        asking->next->back = asking->back;
    loop_defer(asking->rest->loop, asking_free, asking);
}

static void on_cancel(struct op *op)
{
    asking_forget((struct twilio_asking *)op);
}

static void settle(struct twilio_asking *asking, struct twilio_reply *reply)
{
    const struct twilio_request *request = &asking->request;
    reply->tries = asking->tries;
    if (reply->err)
        log_warn(NULL, "twilio_refused",
                 "what=%s subject=%s err=%d status=%d code=%" PRId64 " tries=%d", request->what,
                 request->subject ? request->subject : "-", reply->err, reply->status, reply->code,
                 asking->tries);
    op_end(&asking->op);
    asking_forget(asking); /* before the callback, which may free all of this */
    request->settle(reply, request->on_done, request->arg);
}

/* ---- what failed and how -------------------------------------------------------------------- */

static int err_of(const struct twilio_reply *reply)
{
    if (reply->status >= 200 && reply->status < 300)
        return 0;
    switch (reply->status) {
    case 401:
    case 403: return EACCES;
    case 404: return ESRCH;
    case 429: return EBUSY;
    default: return reply->status >= 500 ? EPROTO : EINVAL;
    }
}

static bool is_passing(int status)
{
    return status == 408 || status == 425 || status == 429 || status == 500 || status == 502 ||
           status == 503 || status == 504;
}

static bool is_unreached(const struct http_answer *http)
{
    return http->err == ECONNREFUSED || http->err == EHOSTUNREACH;
}

/* Twilio surely did nothing: it was never reached, or said so before it began. */
static bool surely_not_taken(const struct http_answer *http)
{
    return http->err ? is_unreached(http) : http->status == 429 || http->status == 425;
}

static bool may_repeat(const struct twilio_asking *asking, const struct http_answer *http)
{
    if (asking->looking)
        return true;
    switch (asking->request.repeat) {
    case TWILIO_REPEAT_ALWAYS: return true;
    case TWILIO_REPEAT_IF_NOT_TAKEN: return surely_not_taken(http);
    case TWILIO_REPEAT_IF_UNREACHED: break;
    }
    return is_unreached(http);
}

/* ---- again ---------------------------------------------------------------------------------- */

static int64_t back_off(const struct twilio_asking *asking, int tries, int64_t retry_after_ms)
{
    uint8_t chance;
    random_bytes(&chance, 1);
    int64_t wait_ms = asking->rest->back_off_ms << (tries - 1);
    if (wait_ms > BACK_OFF_MS_MAX)
        wait_ms = BACK_OFF_MS_MAX;
    wait_ms += wait_ms * (chance - 128) / 1280; /* a tenth more or less */
    return retry_after_ms > wait_ms ? retry_after_ms : wait_ms;
}

static bool wait_and_ask(struct twilio_asking *asking, int64_t retry_after_ms)
{
    int tries = asking->looking ? asking->looks : asking->tries;
    int64_t until_ms = asking->looking ? asking->look_until_ms : asking->give_up_at_ms;
    int64_t at_ms = loop_now_ms(asking->rest->loop) + back_off(asking, tries, retry_after_ms);
    if (tries >= TWILIO_REST_TRIES_MAX || at_ms >= until_ms)
        return false;
    timer_set(asking->timer, at_ms);
    return true;
}

static void send_ask(struct twilio_asking *asking);

/* Nobody knows whether it happened; that can be asked. */
static void begin_look(struct twilio_asking *asking, const struct twilio_reply *doubtful)
{
    asking->looking = true;
    asking->looks = 0;
    asking->look_until_ms = loop_now_ms(asking->rest->loop) + LOOK_MS_MAX;
    asking->doubtful = *doubtful;
    asking->doubtful.message = asking->doubtful.body = (struct str){0};
    send_ask(asking);
}

/* It happened; it did not, and is tried again as long as that may be; or nobody will ever know. */
static void end_look(struct twilio_asking *asking, struct twilio_reply *reply)
{
    const struct twilio_request *request = &asking->request;
    int seen =
        reply->err && reply->err != ESRCH ? ETIMEDOUT : request->look(reply, asking->since_ms);
    bool was_refused = asking->doubtful.code && asking->doubtful.code == request->doubt_code;
    asking->looking = false;
    if (seen == EAGAIN && was_refused) { /* the refusal meant what it said */
        settle(asking, &asking->doubtful);
        return;
    }
    if (seen == EAGAIN && wait_and_ask(asking, -1))
        return;
    reply->err = seen == EAGAIN ? ETIMEDOUT : seen;
    settle(asking, reply);
}

/* ---- one try -------------------------------------------------------------------------------- */

static void read_reply(const struct http_answer *http, struct buf *words,
                       struct twilio_reply *reply)
{
    struct twilio_refusal refusal = {0};
    *reply = (struct twilio_reply){.err = http->err,
                                   .status = http->status,
                                   .body = http->body,
                                   .retry_after_ms = http->retry_after_ms};
    if (http->err)
        return;
    reply->err = err_of(reply);
    if (!reply->err || twilio_refusal_parse(http->body, &refusal))
        return;
    json_unescape(words, refusal.message);
    reply->message = buf_str(words);
    reply->code = refusal.code;
}

static bool is_doubtful(const struct twilio_asking *asking, const struct http_answer *http,
                        const struct twilio_reply *reply)
{
    const struct twilio_request *request = &asking->request;
    bool passing = http->err || is_passing(http->status);
    if (!request->look || asking->looking)
        return false;
    return passing ? !surely_not_taken(http) : reply->code && reply->code == request->doubt_code;
}

/* Another page is another request. */
static bool turn_page(struct twilio_asking *asking, const struct twilio_reply *reply)
{
    if (reply->err || !asking->request.page)
        return false;
    const char *next = asking->request.page(asking->rest, reply, &asking->arena);
    if (!next)
        return false;
    asking->request.url = next;
    asking->tries = 0;
    asking->give_up_at_ms = loop_now_ms(asking->rest->loop) + asking->request.total_ms_max;
    send_ask(asking);
    return true;
}

static void on_http(const struct http_answer *http, void *arg)
{
    struct twilio_asking *asking = arg;
    struct twilio_reply reply;
    struct buf words = {0};
    bool passing = http->err || is_passing(http->status);
    if (passing && may_repeat(asking, http) && wait_and_ask(asking, http->retry_after_ms))
        return;
    read_reply(http, &words, &reply);
    reply.key = asking->request.key;
    reply.state = asking->state;
    if (is_doubtful(asking, http, &reply))
        begin_look(asking, &reply);
    else if (asking->looking)
        end_look(asking, &reply);
    else if (!turn_page(asking, &reply))
        settle(asking, &reply);
    buf_free(&words);
}

static int64_t try_ms(const struct twilio_asking *asking)
{
    int64_t until_ms = asking->looking ? asking->look_until_ms : asking->give_up_at_ms;
    int64_t left_ms = until_ms - loop_now_ms(asking->rest->loop);
    if (left_ms > asking->request.try_ms_max)
        left_ms = asking->request.try_ms_max;
    return left_ms < 1 ? 1 : left_ms;
}

static void send_ask(struct twilio_asking *asking)
{
    const struct twilio_request *request = &asking->request;
    const struct twilio_rest *rest = asking->rest;
    struct http_ask http = {
        .method = asking->looking ? HTTP_GET : request->method,
        .url = asking->looking ? request->look_url : request->url,
        .user = rest->user,
        .password = rest->secret,
        .once = !asking->looking && request->repeat != TWILIO_REPEAT_ALWAYS,
        .first_byte_ms_max = try_ms(asking),
        .total_ms_max = try_ms(asking),
        .reply_bytes_max = request->reply_bytes_max,
        .on_done = on_http,
    };
    if (http.method == HTTP_POST) {
        http.headers[0] = "Content-Type: application/x-www-form-urlencoded";
        http.body = request->form;
    }
    asking->looking ? asking->looks++ : asking->tries++;
    http_ask(rest->http, &http, asking, &asking->asking);
}

static void on_timer(void *arg)
{
    struct twilio_asking *asking = arg;
    struct twilio_reply refused = {.err = asking->request.err, .retry_after_ms = -1};
    if (refused.err)
        settle(asking, &refused);
    else
        send_ask(asking);
}

/* ---- a request ------------------------------------------------------------------------------ */

static void copy_request(struct twilio_asking *asking, const struct twilio_request *request)
{
    struct twilio_request *own = &asking->request;
    struct arena *arena = &asking->arena;
    *own = *request;
    own->subject = arena_strdup(arena, request->subject);
    own->url = arena_strdup(arena, request->url);
    own->form.at =
        arena_strndup(arena, request->form.bytes ? request->form.at : "", request->form.bytes);
    own->look_url = arena_strdup(arena, request->look_url);
    own->key = arena_strdup(arena, request->key);
    asking->state = arena_alloc(arena, own->state_bytes + 1);
    if (!own->try_ms_max)
        own->try_ms_max = TWILIO_TRY_MS_MAX;
    if (!own->total_ms_max)
        own->total_ms_max = TWILIO_REST_MS_MAX;
    if (!own->reply_bytes_max)
        own->reply_bytes_max = REPLY_BYTES_MAX;
}

void twilio_ask(struct twilio_rest *rest, const struct twilio_request *request, struct op **slot)
{
    struct twilio_asking *asking = xalloc(sizeof(*asking));
    assert(!request->look == !request->look_url);
    asking->rest = rest;
    copy_request(asking, request);
    asking->timer = timer_new(rest->loop, on_timer, asking);
    asking->give_up_at_ms = loop_now_ms(rest->loop) + asking->request.total_ms_max;
    asking->since_ms = wall_now_ms();
    asking->next = rest->first;
    asking->back = &rest->first;
    if (asking->next)
        asking->next->back = &asking->next;
    rest->first = asking;
    op_begin(&asking->op, on_cancel, slot);
    if (request->err)
        timer_set(asking->timer, loop_now_ms(rest->loop));
    else
        send_ask(asking);
}

struct buf twilio_api_url(const struct twilio_rest *rest, const char *path)
{
    struct buf url = {0};
    buf_printf(&url, "%s/2010-04-01/Accounts/%s/%s", rest->base_url, rest->account_sid, path);
    return url;
}

void twilio_url_query(struct buf *url, const char *name, const char *value)
{
    buf_putc(url, strchr(buf_text(url), '?') ? '&' : '?');
    buf_puts(url, name);
    buf_putc(url, '=');
    buf_url_part(url, str_of(value));
}

bool twilio_is_country(const char *country)
{
    return country && country[0] >= 'A' && country[0] <= 'Z' && country[1] >= 'A' &&
           country[1] <= 'Z' && !country[2];
}

/* ---- who asks ------------------------------------------------------------------------------- */

struct twilio_rest *twilio_rest_new(const struct twilio_rest_options *options)
{
    struct twilio_rest *rest = xalloc(sizeof(*rest));
    rest->loop = options->loop;
    rest->http = options->http;
    rest->base_url = xstrdup(options->base_url);
    rest->verify_url = xstrdup(options->verify_base_url);
    rest->numbers_url = xstrdup(options->numbers_base_url);
    rest->pricing_url = xstrdup(options->pricing_base_url);
    rest->account_sid = xstrdup(options->account_sid);
    rest->verify_service = xstrdup(options->verify_service_sid);
    rest->user = xstrdup(options->user ? options->user : options->account_sid);
    rest->secret = xstrdup(options->secret);
    rest->back_off_ms = options->back_off_ms ? options->back_off_ms : 100;
    return rest;
}

void twilio_rest_free(struct twilio_rest **rest)
{
    struct twilio_rest *freeing = *rest;
    *rest = NULL;
    if (!freeing)
        return;
    while (freeing->first) {
        struct twilio_asking *asking = freeing->first;
        op_end(&asking->op);
        asking_forget(asking);
    }
    char *texts[] = {freeing->base_url,    freeing->verify_url,     freeing->numbers_url,
                     freeing->account_sid, freeing->verify_service, freeing->user,
                     freeing->secret,      freeing->pricing_url};
    for (size_t i = 0; i < countof(texts); i++)
        free(texts[i]);
    free(freeing);
}
