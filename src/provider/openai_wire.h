/* provider/openai_wire.h: Chat Completions as bytes: the request's body, the chunks of the stream,
 * errors. Source: OpenAI API reference, "Chat Completions", and its OpenAPI description. */
#pragma once
#include "base/buf.h"
#include "provider/llm.h"

#include <stdbool.h>
#include <stdint.h>

enum { OPENAI_TOOL_CALLS_MAX = 8 }; /* of one reply; one that wants more is talking nonsense */

/* Parameters that a model or a compatible server may refuse and that we can do without. */
enum openai_param {
    OPENAI_TEMPERATURE,
    OPENAI_REASONING_EFFORT,
    OPENAI_VERBOSITY,
    OPENAI_STORE,
    OPENAI_CACHE_KEY,
    OPENAI_SAFETY_ID,
    OPENAI_PARALLEL_TOOLS,
    OPENAI_STREAM_OPTIONS,
    OPENAI_TOKENS, /* not left out: the field's other name is used instead */
    OPENAI_PARAM_COUNT,
};
/* Which of them an error names; OPENAI_PARAM_COUNT for none. */
enum openai_param openai_param_named(struct str name);

struct openai_model {
    const char *model, *reasoning_effort, *verbosity, *tokens_field;
    double temperature;
    bool store_off;
    unsigned without; /* one bit an openai_param */
};
/* The body in two parts: what depends on the model, which is put anew for another one, and the
 * conversation, tools and schema, which stay. Together they are one JSON object. */
void openai_put_model(const struct openai_model *model, const struct llm_request *request,
                      struct buf *out);
void openai_put_talk(const struct llm_request *request, struct buf *out);

struct openai_error {
    struct str message, type, param, code; /* still escaped */
};
struct openai_tool_piece {
    int64_t index;
    struct str id, name, arguments; /* still escaped */
};
/* One chunk. Texts are borrowed and still escaped; empty where there are none. */
struct openai_chunk {
    struct str content, refusal, model;
    struct openai_tool_piece tools[OPENAI_TOOL_CALLS_MAX];
    size_t tool_count;
    enum openai_finish {
        OPENAI_GOES_ON,
        OPENAI_STOP,
        OPENAI_LENGTH,
        OPENAI_TOOL_CALLS,
        OPENAI_CONTENT_FILTER,
    } finish;
    bool has_usage;
    struct llm_usage usage;
    bool has_error;
    struct openai_error error;
};
bool openai_is_end(struct str data); /* "[DONE]" */
/* EPROTO: not a JSON object, or more tool calls than OPENAI_TOOL_CALLS_MAX. */
int openai_chunk_parse(struct str data, struct openai_chunk *chunk_out);

/* The body of a refusal; all empty when it is not the shape we know. */
void openai_error_parse(struct str body, struct openai_error *error_out);
/* What a refusal means. status 200: an error within the stream. */
int openai_errno(int status, const struct openai_error *error);
