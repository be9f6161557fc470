/* provider/llm.h: a conversation in, a reply out, piece by piece. The port that each model service
 * implements; openai.c speaks Chat Completions, which many others serve too. */
#pragma once
#include "base/buf.h"
#include "base/log.h"
#include "base/op.h"
#include "net/http_client.h"
#include "provider/stats.h"

#include <stdbool.h>
#include <stdint.h>

struct llm_driver;

/* The model and its parameters are settings: models retire (and differ in what they accept). */
struct openai_options {
    const char *base_url; /* "https://api.openai.com/v1" */
    const char *api_key;
    const char *model;
    const char *fallback_model;   /* tried after 404 model_not_found; may be NULL */
    const char *reasoning_effort; /* "none"; NULL leaves the field out */
    const char *verbosity;        /* NULL leaves it out */
    const char *tokens_field;     /* "max_completion_tokens" or "max_tokens" */
    double temperature;           /* negative leaves it out */
    bool store_off;               /* send "store":false */
};
struct llm_driver *openai_new(struct http_client *http, const struct openai_options *options);
void llm_driver_free(struct llm_driver **driver);
bool llm_driver_healthy(const struct llm_driver *driver);
const struct provider_stats *llm_driver_stats(const struct llm_driver *driver);
const struct provider_stats *llm_driver_stats(const struct llm_driver *driver);
void llm_warm(struct llm_driver *driver);

struct llm_message {
    enum llm_role { LLM_SYSTEM, LLM_USER, LLM_ASSISTANT, LLM_TOOL_CALL, LLM_TOOL_RESULT } role;
    struct str text;     /* LLM_TOOL_CALL: the arguments, JSON */
    struct str id, name; /* of the tool */
};
struct llm_tool {
    const char *name, *description;
    const char *parameters_json; /* JSON schema of the strict subset */
};
struct llm_request {
    const struct llm_message *messages;
    size_t message_count;
    const struct llm_tool *tools;
    size_t tool_count;
    int tokens_max;
    const char *schema_name; /* structured output: with schema_json, else both NULL */
    const char *schema_json;
    const char *cache_key;      /* prompt_cache_key; NULL leaves it out */
    const char *safety_id;      /* safety_identifier: a hash of the tenant */
    int64_t first_token_ms_max; /* default 2500 */
    int64_t between_ms_max;     /* default 3000 */
    int64_t total_ms_max;       /* default 30000 */
    struct log log;
};
struct llm_usage {
    int64_t prompt_tokens, cached_tokens, completion_tokens;
    bool estimated; /* the stream was cut: counted by us */
};
struct llm_event {
    enum llm_event_kind {
        LLM_TEXT,   /* text: a piece of the reply */
        LLM_TOOL,   /* id, name, text: one whole tool call; text is valid JSON */
        LLM_DONE,   /* the last event: the reply is whole (or was cut by length: cut) */
        LLM_FAILED, /* the last event: err */
    } kind;
    struct str text, id, name; /* borrowed until the handler returns */
    bool cut, refused;
    struct llm_usage usage; /* of the last event */
    const char *model;      /* of the last event: the model that answered */
    int err;                /* EACCES, EBUSY (429, try later), EDQUOT (no money), ETIMEDOUT,
                             * ENOENT (no such model), EPROTO, EINVAL, ECONNRESET ...,
                             * EAGAIN (the breaker is open: nobody was asked) */
    int64_t retry_after_ms; /* -1: not said */
};
typedef void llm_event_fn(const struct llm_event *event, void *arg);

/* Everything in the request is copied. op_cancel() closes the stream at the provider. */
void llm_ask(struct llm_driver *driver, const struct llm_request *request, llm_event_fn *on_event,
             void *arg, struct op **slot);
