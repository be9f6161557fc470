/* provider/openai.c: a streamed reply from Chat Completions, at OpenAI or any server that speaks
 * it. Bodies and chunks are made and read in openai_wire.c.
 *
 * One ask is one HTTP request, but for two cures that cost no second silence of the same kind: a
 * model that is gone (404) is replaced by the fallback, and a parameter it names as unsupported
 * (400) is left out. Both are remembered, so that the next ask begins where this one ended. */
#include "base/json.h"
#include "base/mem.h"
#include "net/sse_wire.h"
#include "provider/llm_private.h"
#include "provider/openai_wire.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_TOKEN_MS = 2500,
    BETWEEN_MS = 3000,
    TOTAL_MS = 30000,
    CONNECT_MS = 2000,
    AFTER_END_MS = 200, /* from "[DONE]" to the end of the reply, so that the connection stays */
    MODEL_GONE_MS = 600000, /* then the first model is tried again */
    STREAM_BYTES_MAX = 4 * 1024 * 1024,
    ARGUMENTS_BYTES_MAX = 64 * 1024,
    BYTES_A_TOKEN = 3, /* for estimates; Czech has fewer than English */
};

struct openai {
    struct llm_driver driver;
    struct http_client *http;
    struct loop *loop;
    char *url, *authorization;
    char *models[2]; /* the second is the fallback, or NULL */
    char *reasoning_effort, *verbosity, *tokens_field;
    double temperature;
    bool store_off;
    unsigned without[2]; /* of each model: parameters it has refused */
    int64_t gone_until_ms;
    size_t asks; /* in flight */
};

struct tool_call {
    bool wanted, too_long;
    struct buf id, name, arguments;
};

struct ask {
    struct op op;
    struct openai *openai;
    llm_event_fn *on_event;
    void *arg;
    struct log log;
    struct op *http;
    struct timer *timer; /* first token; between tokens; after the end */
    struct buf talk;     /* the part of the body that stays */
    char *cache_key, *safety_id;
    int tokens_max;
    size_t tool_count;
    int64_t first_token_ms_max, between_ms_max, total_ms_max;
    int model;  /* index in openai->models */
    bool cured; /* a parameter was left out already */
    bool over;  /* the last event was told, or nobody wants it */
    bool ended; /* "[DONE]" came */
    bool spoke; /* something of the reply came */
    bool refused;
    int64_t asked_ms;
    int failing; /* why it fails at the timer; 0: it is late */
    struct sse sse;
    struct buf text; /* of the event being told */
    struct tool_call tools[OPENAI_TOOL_CALLS_MAX];
    enum openai_finish finish;
    size_t reply_bytes;
    bool has_usage;
    struct llm_usage usage;
};

static void ask_free(void *arg)
{
    struct ask *ask = arg;
    for (size_t i = 0; i < OPENAI_TOOL_CALLS_MAX; i++) {
        buf_free(&ask->tools[i].id);
        buf_free(&ask->tools[i].name);
        buf_free(&ask->tools[i].arguments);
    }
    sse_fini(&ask->sse);
    buf_free(&ask->text);
    buf_free(&ask->talk);
    free(ask->cache_key);
    free(ask->safety_id);
    free(ask);
}

/* Nothing comes any more; the memory goes when nobody on the stack can see it. */
static void end(struct ask *ask)
{
    ask->over = true;
    op_cancel(&ask->http);
    timer_free(&ask->timer);
    ask->openai->asks--;
    loop_defer(ask->openai->loop, ask_free, ask);
}

static void cancel(struct op *op)
{
    struct ask *ask = (struct ask *)op;
    struct llm_driver *driver = &ask->openai->driver;
    if (!ask->failing)
        breaker_forget(&driver->breaker, loop_now_ms(ask->openai->loop));
    driver->stats.cancelled++;
    driver->stats.units_out += (ask->reply_bytes + BYTES_A_TOKEN - 1) / BYTES_A_TOKEN;
    end(ask);
}

/* What was used, as we are told; of a stream that was cut, as we can count. */
static struct llm_usage usage_of(const struct ask *ask)
{
    if (ask->has_usage)
        return ask->usage;
    return (struct llm_usage){
        .prompt_tokens = ask->spoke ? (int64_t)(ask->talk.bytes / BYTES_A_TOKEN) : 0,
        .completion_tokens = (int64_t)((ask->reply_bytes + BYTES_A_TOKEN - 1) / BYTES_A_TOKEN),
        .estimated = true};
}

static void tell_last(struct ask *ask, struct llm_event *event)
{
    struct provider_stats *stats = &ask->openai->driver.stats;
    event->usage = usage_of(ask);
    event->model = ask->openai->models[ask->model];
    stats->units_in += (uint64_t)event->usage.prompt_tokens;
    stats->units_out += (uint64_t)event->usage.completion_tokens;
    end(ask);
    op_end(&ask->op);
    ask->on_event(event, ask->arg);
}

static void fail(struct ask *ask, int err, int64_t retry_after_ms, const char *why)
{
    struct openai *openai = ask->openai;
    if (err != EAGAIN) {
        stats_failed(&openai->driver.stats, err);
        breaker_ended(&openai->driver.breaker, loop_now_ms(openai->loop), err);
        log_warn(&ask->log, "llm_failed", "provider=openai model=%s err=%s why=\"%s\"",
                 openai->models[ask->model], strerrorname_np(err), why);
    }
    tell_last(
        ask, &(struct llm_event){.kind = LLM_FAILED, .err = err, .retry_after_ms = retry_after_ms});
}

/* ---- the reply ------------------------------------------------------------------------------ */

static void first_or_next(struct ask *ask)
{
    int64_t now_ms = loop_now_ms(ask->openai->loop);
    if (!ask->spoke)
        stats_first(&ask->openai->driver.stats, now_ms - ask->asked_ms);
    ask->spoke = true;
    timer_set(ask->timer, now_ms + ask->between_ms_max);
}

static void tell_text(struct ask *ask, struct str escaped)
{
    first_or_next(ask);
    buf_clear(&ask->text);
    json_unescape(&ask->text, escaped);
    ask->reply_bytes += ask->text.bytes;
    ask->on_event(&(struct llm_event){.kind = LLM_TEXT, .text = buf_str(&ask->text)}, ask->arg);
}

static void collect_tool(struct ask *ask, const struct openai_tool_piece *piece)
{
    struct tool_call *call = &ask->tools[piece->index];
    first_or_next(ask);
    call->wanted = true;
    ask->reply_bytes += piece->arguments.bytes;
    if (piece->id.bytes && !call->id.bytes)
        json_unescape(&call->id, piece->id);
    if (piece->name.bytes && !call->name.bytes)
        json_unescape(&call->name, piece->name);
    if (call->arguments.bytes + piece->arguments.bytes <= ARGUMENTS_BYTES_MAX)
        json_unescape(&call->arguments, piece->arguments);
    else
        call->too_long = true;
}

static bool is_json_object(struct str text)
{
    struct json json = json_of(text);
    struct str key;
    bool object = json_object(&json);
    while (object && json_member(&json, &key))
        json_skip(&json);
    return object && json_done(&json);
}

static bool is_whole(struct tool_call *call)
{
    if (!call->arguments.bytes)
        buf_puts(&call->arguments, "{}"); /* a tool without parameters */
    return !call->too_long && call->id.bytes && call->name.bytes &&
           is_json_object(buf_str(&call->arguments));
}

static bool tools_are_whole(struct ask *ask)
{
    for (size_t i = 0; i < OPENAI_TOOL_CALLS_MAX; i++)
        if (ask->tools[i].wanted && !is_whole(&ask->tools[i]))
            return false;
    return true;
}

static void tell_tools(struct ask *ask)
{
    for (size_t i = 0; i < OPENAI_TOOL_CALLS_MAX && !ask->over; i++) {
        const struct tool_call *call = &ask->tools[i];
        if (call->wanted)
            ask->on_event(&(struct llm_event){.kind = LLM_TOOL,
                                              .id = buf_str(&call->id),
                                              .name = buf_str(&call->name),
                                              .text = buf_str(&call->arguments)},
                          ask->arg);
    }
}

/* The stream is at its end: is the reply whole? */
static void conclude(struct ask *ask)
{
    struct llm_driver *driver = &ask->openai->driver;
    bool cut = ask->finish == OPENAI_LENGTH;
    if (ask->finish == OPENAI_GOES_ON) {
        fail(ask, ECONNRESET, -1, "the stream was cut");
        return;
    }
    if (!cut && !tools_are_whole(ask)) {
        fail(ask, EPROTO, -1, "the arguments of a tool are not JSON");
        return;
    }
    if (!cut)
        tell_tools(ask);
    if (ask->over)
        return; /* the handler cancelled */
    driver->stats.done++;
    breaker_ended(&driver->breaker, loop_now_ms(ask->openai->loop), 0);
    tell_last(ask,
              &(struct llm_event){.kind = LLM_DONE,
                                  .cut = cut,
                                  .refused = ask->refused || ask->finish == OPENAI_CONTENT_FILTER,
                                  .retry_after_ms = -1});
}

static void take_chunk(struct ask *ask, const struct openai_chunk *chunk)
{
    if (chunk->has_error) {
        fail(ask, openai_errno(200, &chunk->error), -1, "an error within the stream");
        return;
    }
    if (chunk->finish != OPENAI_GOES_ON)
        ask->finish = chunk->finish;
    if (chunk->has_usage) {
        ask->has_usage = true;
        ask->usage = chunk->usage;
    }
    ask->refused |= chunk->refusal.bytes > 0; /* its words are not the reply */
    for (size_t i = 0; i < chunk->tool_count; i++)
        collect_tool(ask, &chunk->tools[i]);
    if (chunk->content.bytes)
        tell_text(ask, chunk->content);
}

static void on_data(struct str data, void *arg)
{
    struct ask *ask = arg;
    struct openai_chunk chunk;
    if (ask->over || ask->ended)
        return;
    if (openai_is_end(data)) {
        ask->ended = true;
        timer_set(ask->timer, loop_now_ms(ask->openai->loop) + AFTER_END_MS);
    } else if (openai_chunk_parse(data, &chunk)) {
        fail(ask, EPROTO, -1, "a chunk that is not one");
    } else {
        take_chunk(ask, &chunk);
    }
}

static void on_piece(struct str piece, void *arg)
{
    struct ask *ask = arg;
    if (!ask->over && sse_feed(&ask->sse, piece, on_data, ask) && !ask->over)
        fail(ask, EMSGSIZE, -1, "an event without end");
}

/* ---- the request ---------------------------------------------------------------------------- */

static void send(struct ask *ask);

/* Can it be asked once more in another way? */
static bool cure(struct ask *ask, int status, const struct openai_error *error)
{
    struct openai *openai = ask->openai;
    if (status == 404 && ask->model == 0 && openai->models[1]) {
        openai->gone_until_ms = loop_now_ms(openai->loop) + MODEL_GONE_MS;
        log_error(&ask->log, "llm_model_gone", "model=%s instead=%s", openai->models[0],
                  openai->models[1]);
        ask->model = 1;
        return true;
    }
    enum openai_param param = openai_param_named(error->param);
    unsigned *without = &openai->without[ask->model];
    if (status != 400 || ask->cured || param == OPENAI_PARAM_COUNT || *without & 1u << param)
        return false;
    log_warn(&ask->log, "llm_param_refused", "model=%s param=%.*s", openai->models[ask->model],
             (int)error->param.bytes, error->param.at);
    *without |= 1u << param;
    ask->cured = true;
    return true;
}

static void on_done(const struct http_answer *answer, void *arg)
{
    struct ask *ask = arg;
    struct openai_error error;
    if (answer->err) {
        fail(ask, answer->err, -1, answer->why);
    } else if (answer->status >= 200 && answer->status < 300) {
        conclude(ask);
    } else {
        openai_error_parse(answer->body, &error);
        if (cure(ask, answer->status, &error))
            send(ask);
        else
            fail(ask, openai_errno(answer->status, &error), answer->retry_after_ms,
                 "refused by the server");
    }
}

static void on_timer(void *arg)
{
    struct ask *ask = arg;
    if (ask->ended)
        conclude(ask);
    else if (ask->failing)
        fail(ask, ask->failing, BREAKER_OPEN_MS, "the breaker is open");
    else
        fail(ask, ETIMEDOUT, -1, ask->spoke ? "the reply stalled" : "no first token in time");
}

static void send(struct ask *ask)
{
    struct openai *openai = ask->openai;
    struct buf body = {0};
    openai_put_model(&(struct openai_model){.model = openai->models[ask->model],
                                            .reasoning_effort = openai->reasoning_effort,
                                            .verbosity = openai->verbosity,
                                            .tokens_field = openai->tokens_field,
                                            .temperature = openai->temperature,
                                            .store_off = openai->store_off,
                                            .without = openai->without[ask->model]},
                     &(struct llm_request){.tokens_max = ask->tokens_max,
                                           .tool_count = ask->tool_count,
                                           .cache_key = ask->cache_key,
                                           .safety_id = ask->safety_id},
                     &body);
    buf_add_str(&body, buf_str(&ask->talk));
    http_ask(openai->http,
             &(struct http_ask){.method = HTTP_POST,
                                .url = openai->url,
                                .headers = {openai->authorization, "Content-Type: application/json",
                                            "Accept: text/event-stream"},
                                .body = buf_str(&body),
                                .connect_ms_max = CONNECT_MS,
                                .first_byte_ms_max = ask->first_token_ms_max,
                                .between_ms_max = ask->between_ms_max,
                                .total_ms_max = ask->total_ms_max,
                                .reply_bytes_max = STREAM_BYTES_MAX,
                                .on_piece = on_piece,
                                .on_done = on_done},
             ask, &ask->http);
    buf_free(&body);
}

static int64_t or_default(int64_t ms, int64_t default_ms)
{
    return ms > 0 ? ms : default_ms;
}

static struct ask *ask_new(struct openai *openai, const struct llm_request *request)
{
    struct ask *ask = xalloc(sizeof(*ask));
    int64_t now_ms = loop_now_ms(openai->loop);
    ask->openai = openai;
    ask->log = request->log;
    ask->asked_ms = now_ms;
    ask->model = openai->models[1] && now_ms < openai->gone_until_ms;
    ask->tokens_max = request->tokens_max;
    ask->tool_count = request->tool_count;
    ask->cache_key = xstrdup(request->cache_key);
    ask->safety_id = xstrdup(request->safety_id);
    ask->first_token_ms_max = or_default(request->first_token_ms_max, FIRST_TOKEN_MS);
    ask->between_ms_max = or_default(request->between_ms_max, BETWEEN_MS);
    ask->total_ms_max = or_default(request->total_ms_max, TOTAL_MS);
    openai_put_talk(request, &ask->talk);
    return ask;
}

static void openai_ask(struct llm_driver *driver, const struct llm_request *request,
                       llm_event_fn *on_event, void *arg, struct op **slot)
{
    struct openai *openai = (struct openai *)driver;
    struct ask *ask = ask_new(openai, request);
    ask->on_event = on_event;
    ask->arg = arg;
    ask->timer = timer_new(openai->loop, on_timer, ask);
    openai->asks++;
    op_begin(&ask->op, cancel, slot);
    if (breaker_allows(&driver->breaker, ask->asked_ms)) {
        driver->stats.asks++;
        timer_set(ask->timer, ask->asked_ms + ask->first_token_ms_max);
        send(ask);
    } else {
        driver->stats.shed++;
        ask->failing = EAGAIN;
        timer_set(ask->timer, ask->asked_ms);
    }
}

static void openai_warm(struct llm_driver *driver)
{
    struct openai *openai = (struct openai *)driver;
    http_client_warm(openai->http, openai->url);
}

static void openai_free(struct llm_driver *driver)
{
    struct openai *openai = (struct openai *)driver;
    assert(!openai->asks && "cancel what is in flight first");
    free(openai->url);
    free(openai->authorization);
    free(openai->models[0]);
    free(openai->models[1]);
    free(openai->reasoning_effort);
    free(openai->verbosity);
    free(openai->tokens_field);
    free(openai);
}

struct llm_driver *openai_new(struct http_client *http, const struct openai_options *options)
{
    static const struct llm_ops ops = {.ask = openai_ask, .warm = openai_warm, .free = openai_free};
    struct openai *openai = xalloc(sizeof(*openai));
    size_t base_bytes = strlen(options->base_url);
    while (base_bytes && options->base_url[base_bytes - 1] == '/')
        base_bytes--;
    *openai = (struct openai){
        .driver.ops = &ops,
        .http = http,
        .loop = http_client_loop(http),
        .url = xprintf("%.*s/chat/completions", (int)base_bytes, options->base_url),
        .authorization = xprintf("Authorization: Bearer %s", options->api_key),
        .models = {xstrdup(options->model), xstrdup(options->fallback_model)},
        .reasoning_effort = xstrdup(options->reasoning_effort),
        .verbosity = xstrdup(options->verbosity),
        .tokens_field = xstrdup(options->tokens_field),
        .temperature = options->temperature,
        .store_off = options->store_off,
    };
    return &openai->driver;
}
