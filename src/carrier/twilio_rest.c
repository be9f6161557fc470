/* carrier/twilio_rest.c: one ask at a time per request, repeated by rule, its failures given one
 * name each. */
#include "carrier/twilio_rest.h"

#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "carrier/twilio_wire.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_MS_MAX = 4000, BACK_OFF_MS_MAX = 30000 };

struct twilio_rest {
    struct loop *loop;
    struct http_client *http;
    struct log log;
    char *base_url, *account_sid, *user, *secret;
    int64_t back_off_ms;
    struct rest_ask *first; /* all in flight */
};

/* What may be done when nobody knows whether Twilio took a request. */
enum repeat { REPEAT_ALWAYS, REPEAT_IF_NOT_TAKEN };

struct rest_ask {
    struct op op; /* first */
    struct twilio_rest *rest;
    struct rest_ask *next, **back; /* among those in flight */
    char call_sid[TWILIO_SID_BYTES + 1];
    enum http_method method;
    struct buf body;
    enum repeat repeat;
    bool reading_back;   /* the request itself is over: its outcome is unknown */
    bool ending;         /* that the call is over already is what was wanted */
    struct op *asking;   /* at the HTTP client */
    struct timer *timer; /* until the next try */
    int64_t give_up_at_ms;
    int tries;
    struct twilio_answer answer; /* of a request that was never sent */
    twilio_answer_fn *on_done;
    void *arg;
};

static void ask_free(void *arg)
{
    struct rest_ask *ask = arg;
    timer_free(&ask->timer);
    buf_free(&ask->body);
    free(ask);
}

static void ask_forget(struct rest_ask *ask)
{
    op_cancel(&ask->asking);
    timer_stop(ask->timer);
    *ask->back = ask->next;
    if (ask->next)
        ask->next->back = ask->back;
    loop_defer(ask->rest->loop, ask_free, ask);
}

static void on_cancel(struct op *op)
{
    ask_forget((struct rest_ask *)op);
}

static void finish(struct rest_ask *ask, struct twilio_answer *answer)
{
    answer->tries = ask->tries;
    if (answer->err)
        log_warn(&ask->rest->log, "twilio_refused",
                 "call_sid=%s err=%d status=%d code=%" PRId64 " tries=%d", ask->call_sid,
                 answer->err, answer->status, answer->code, ask->tries);
    op_end(&ask->op);
    ask_forget(ask); /* before the callback, which may free all of this */
    ask->on_done(answer, ask->arg);
}

/* {"code":..., "message":...} of a refusal, {"status":...} of a call. */
static void read_answer(struct str body, struct buf *words, struct twilio_answer *answer)
{
    struct json json = json_of(body);
    struct str key, message = {0}, status = {0};
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        if (str_is(key, "code"))
            json_whole(&json, &answer->code);
        else if (str_is(key, "message"))
            json_string(&json, &message);
        else if (str_is(key, "status"))
            json_string(&json, &status);
        else
            json_skip(&json);
    }
    json_unescape(words, message);
    answer->message = buf_str(words);
    answer->call_status = status;
}

static bool is_over(struct str call_status)
{
    static const char *const over[] = {"completed", "busy", "failed", "no-answer", "canceled"};
    for (size_t i = 0; i < countof(over); i++)
        if (str_is(call_status, over[i]))
            return true;
    return false;
}

/* 21220: the call is not in a state that allows this; 20404 and 404: there is no such call. */
static int err_of(const struct twilio_answer *answer)
{
    if (answer->status >= 200 && answer->status < 300)
        return 0;
    switch (answer->status) {
    case 401:
    case 403: return EACCES;
    case 404: return ESRCH;
    case 429: return EBUSY;
    default: break;
    }
    if (answer->code == 21220)
        return ESRCH;
    return answer->status >= 500 ? EPROTO : EINVAL;
}

static bool is_passing(int status)
{
    return status == 408 || status == 425 || status == 429 || status == 500 || status == 502 ||
           status == 503 || status == 504;
}

/* Twilio surely did nothing: it was never reached, or said so before it began. */
static bool surely_not_taken(const struct http_answer *http)
{
    if (http->err)
        return http->err == ECONNREFUSED || http->err == EHOSTUNREACH;
    return http->status == 429 || http->status == 425;
}

static int64_t back_off(const struct rest_ask *ask, int64_t retry_after_ms)
{
    uint8_t chance;
    random_bytes(&chance, 1);
    int64_t wait_ms = ask->rest->back_off_ms << (ask->tries - 1);
    if (wait_ms > BACK_OFF_MS_MAX)
        wait_ms = BACK_OFF_MS_MAX;
    wait_ms += wait_ms * (chance - 128) / 1280; /* a tenth more or less */
    return retry_after_ms > wait_ms ? retry_after_ms : wait_ms;
}

static bool try_again(struct rest_ask *ask, const struct http_answer *http)
{
    bool may = ask->repeat == REPEAT_ALWAYS || ask->reading_back || surely_not_taken(http);
    int64_t at_ms = loop_now_ms(ask->rest->loop) + back_off(ask, http->retry_after_ms);
    if (!may || ask->tries >= TWILIO_REST_TRIES_MAX || at_ms >= ask->give_up_at_ms)
        return false;
    timer_set(ask->timer, at_ms);
    return true;
}

static void send_ask(struct rest_ask *ask);

/* Nobody knows whether the call was redirected; whether it still lives can be asked. */
static void read_back(struct rest_ask *ask)
{
    ask->reading_back = true;
    ask->method = HTTP_GET;
    ask->tries = 0;
    buf_clear(&ask->body);
    ask->give_up_at_ms = loop_now_ms(ask->rest->loop) + ASK_MS_MAX;
    send_ask(ask);
}

static void settle(struct rest_ask *ask, struct twilio_answer *answer)
{
    if (ask->reading_back)
        answer->err = is_over(answer->call_status) || answer->err == ESRCH ? ESRCH : ETIMEDOUT;
    if (ask->ending && answer->err == ESRCH)
        answer->err = 0;
    finish(ask, answer);
}

static void on_http(const struct http_answer *http, void *arg)
{
    struct rest_ask *ask = arg;
    struct twilio_answer answer = {.err = http->err, .status = http->status};
    bool passing = http->err || is_passing(http->status);
    if (passing && try_again(ask, http))
        return;
    if (passing && ask->repeat == REPEAT_IF_NOT_TAKEN && !ask->reading_back &&
        !surely_not_taken(http)) {
        read_back(ask);
        return;
    }
    struct buf words = {0};
    if (!http->err) {
        read_answer(http->body, &words, &answer);
        answer.err = err_of(&answer);
    }
    settle(ask, &answer);
    buf_free(&words);
}

static void send_ask(struct rest_ask *ask)
{
    struct twilio_rest *rest = ask->rest;
    struct buf url = {0};
    int64_t left_ms = ask->give_up_at_ms - loop_now_ms(rest->loop);
    buf_printf(&url, "%s/2010-04-01/Accounts/%s/Calls/%s.json", rest->base_url, rest->account_sid,
               ask->call_sid);
    struct http_ask http = {
        .method = ask->method,
        .url = url.data,
        .user = rest->user,
        .password = rest->secret,
        .body = buf_str(&ask->body),
        .total_ms_max = left_ms < ASK_MS_MAX ? left_ms : ASK_MS_MAX,
        .reply_bytes_max = 64 * 1024,
        .on_done = on_http,
    };
    if (http.total_ms_max < 1)
        http.total_ms_max = 1;
    if (ask->method == HTTP_POST)
        http.headers[0] = "Content-Type: application/x-www-form-urlencoded";
    ask->tries++;
    http_ask(rest->http, &http, ask, &ask->asking);
    buf_free(&url);
}

static void on_timer(void *arg)
{
    struct rest_ask *ask = arg;
    if (ask->answer.err)
        finish(ask, &ask->answer);
    else
        send_ask(ask);
}

static struct rest_ask *ask_new(struct twilio_rest *rest, const char *call_sid,
                                twilio_answer_fn *on_done, void *arg, struct op **slot)
{
    struct rest_ask *ask = xalloc(sizeof(*ask));
    ask->rest = rest;
    ask->method = HTTP_POST;
    ask->on_done = on_done;
    ask->arg = arg;
    ask->timer = timer_new(rest->loop, on_timer, ask);
    ask->give_up_at_ms = loop_now_ms(rest->loop) + TWILIO_REST_MS_MAX;
    ask->next = rest->first;
    ask->back = &rest->first;
    if (ask->next)
        ask->next->back = &ask->next;
    rest->first = ask;
    if (twilio_is_sid(str_of(call_sid), "CA"))
        memcpy(ask->call_sid, call_sid, TWILIO_SID_BYTES);
    else
        ask->answer.err = EINVAL; /* it would become part of a URL */
    op_begin(&ask->op, on_cancel, slot);
    return ask;
}

static void begin(struct rest_ask *ask)
{
    if (ask->answer.err)
        timer_set(ask->timer, loop_now_ms(ask->rest->loop));
    else
        send_ask(ask);
}

void twilio_call_hang_up(struct twilio_rest *rest, const char *call_sid, twilio_answer_fn *on_done,
                         void *arg, struct op **slot)
{
    struct rest_ask *ask = ask_new(rest, call_sid, on_done, arg, slot);
    ask->ending = true;
    buf_form_field(&ask->body, "Status", "completed");
    begin(ask);
}

void twilio_call_run(struct twilio_rest *rest, const char *call_sid, struct str twiml,
                     twilio_answer_fn *on_done, void *arg, struct op **slot)
{
    struct rest_ask *ask = ask_new(rest, call_sid, on_done, arg, slot);
    char *text = xstrndup(twiml.at, twiml.bytes);
    assert(twiml.bytes <= TWILIO_INLINE_TWIML_MAX);
    ask->repeat = REPEAT_IF_NOT_TAKEN;
    buf_form_field(&ask->body, "Twiml", text);
    free(text);
    begin(ask);
}

void twilio_call_go_to(struct twilio_rest *rest, const char *call_sid, const char *url,
                       twilio_answer_fn *on_done, void *arg, struct op **slot)
{
    struct rest_ask *ask = ask_new(rest, call_sid, on_done, arg, slot);
    ask->repeat = REPEAT_IF_NOT_TAKEN;
    buf_form_field(&ask->body, "Url", url);
    buf_form_field(&ask->body, "Method", "POST");
    begin(ask);
}

void twilio_call_get(struct twilio_rest *rest, const char *call_sid, twilio_answer_fn *on_done,
                     void *arg, struct op **slot)
{
    struct rest_ask *ask = ask_new(rest, call_sid, on_done, arg, slot);
    ask->method = HTTP_GET;
    begin(ask);
}

struct twilio_rest *twilio_rest_new(const struct twilio_rest_options *options)
{
    struct twilio_rest *rest = xalloc(sizeof(*rest));
    rest->loop = options->loop;
    rest->http = options->http;
    rest->base_url = xstrdup(options->base_url);
    rest->account_sid = xstrdup(options->account_sid);
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
        struct rest_ask *ask = freeing->first;
        op_end(&ask->op);
        ask_forget(ask);
    }
    free(freeing->base_url);
    free(freeing->account_sid);
    free(freeing->user);
    free(freeing->secret);
    free(freeing);
}
