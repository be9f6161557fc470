/* provider/openai_wire.c: writing requests, reading chunks. */
#include "provider/openai_wire.h"

#include "base/json.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

static const char *const params[OPENAI_PARAM_COUNT] = {
    [OPENAI_TEMPERATURE] = "temperature",
    [OPENAI_REASONING_EFFORT] = "reasoning_effort",
    [OPENAI_VERBOSITY] = "verbosity",
    [OPENAI_STORE] = "store",
    [OPENAI_CACHE_KEY] = "prompt_cache_key",
    [OPENAI_SAFETY_ID] = "safety_identifier",
    [OPENAI_PARALLEL_TOOLS] = "parallel_tool_calls",
    [OPENAI_STREAM_OPTIONS] = "stream_options",
    [OPENAI_TOKENS] = "max_tokens",
};

enum openai_param openai_param_named(struct str name)
{
    struct str rest = name;
    struct str top = str_cut(&rest, '.'); /* "stream_options.include_obfuscation" */
    if (str_is(top, "max_completion_tokens"))
        return OPENAI_TOKENS;
    int param = 0;
    while (param < OPENAI_PARAM_COUNT && !str_is(top, params[param]))
        param++;
    return (enum openai_param)param;
}

/* ---- the request ---------------------------------------------------------------------------- */

static bool wanted(const struct openai_model *model, enum openai_param param)
{
    return !(model->without & 1u << param);
}

static void put_text(const struct openai_model *model, enum openai_param param, const char *value,
                     struct buf *out)
{
    if (!value || !value[0] || !wanted(model, param))
        return;
    buf_printf(out, ",\"%s\":", params[param]);
    buf_json_string(out, str_of(value));
}

static const char *tokens_field(const struct openai_model *model)
{
    static const char *const names[] = {"max_completion_tokens", "max_tokens"};
    const char *name = model->tokens_field ? model->tokens_field : names[0];
    if (wanted(model, OPENAI_TOKENS))
        return name;
    return strcmp(name, names[0]) == 0 ? names[1] : names[0];
}

void openai_put_model(const struct openai_model *model, const struct llm_request *request,
                      struct buf *out)
{
    buf_puts(out, "{\"model\":");
    buf_json_string(out, str_of(model->model));
    buf_puts(out, ",\"stream\":true");
    if (wanted(model, OPENAI_STREAM_OPTIONS))
        buf_puts(out, ",\"stream_options\":{\"include_usage\":true,\"include_obfuscation\":false}");
    put_text(model, OPENAI_REASONING_EFFORT, model->reasoning_effort, out);
    put_text(model, OPENAI_VERBOSITY, model->verbosity, out);
    put_text(model, OPENAI_CACHE_KEY, request->cache_key, out);
    put_text(model, OPENAI_SAFETY_ID, request->safety_id, out);
    if (model->temperature >= 0 && wanted(model, OPENAI_TEMPERATURE))
        buf_printf(out, ",\"temperature\":%.2f", model->temperature);
    if (model->store_off && wanted(model, OPENAI_STORE))
        buf_puts(out, ",\"store\":false");
    if (request->tool_count && wanted(model, OPENAI_PARALLEL_TOOLS))
        buf_puts(out, ",\"parallel_tool_calls\":false");
    if (request->tokens_max > 0)
        buf_printf(out, ",\"%s\":%d", tokens_field(model), request->tokens_max);
}

static void put_tool_call(const struct llm_message *call, struct buf *out)
{
    buf_puts(out, "{\"id\":");
    buf_json_string(out, call->id);
    buf_puts(out, ",\"type\":\"function\",\"function\":{\"name\":");
    buf_json_string(out, call->name);
    buf_puts(out, ",\"arguments\":");
    buf_json_string(out, call->text);
    buf_puts(out, "}}");
}

/* What the assistant said and the tools it then called are one message; gives how many of ours it
 * took. */
static size_t put_assistant(const struct llm_message *messages, size_t count, struct buf *out)
{
    size_t took = 0;
    buf_puts(out, "{\"role\":\"assistant\",\"content\":");
    if (messages[0].role == LLM_ASSISTANT)
        buf_json_string(out, messages[took++].text);
    else
        buf_puts(out, "null");
    for (bool first = true; took < count && messages[took].role == LLM_TOOL_CALL; first = false) {
        buf_puts(out, first ? ",\"tool_calls\":[" : ",");
        put_tool_call(&messages[took++], out);
    }
    buf_puts(out, messages[took - 1].role == LLM_TOOL_CALL ? "]}" : "}");
    return took;
}

static size_t put_message(const struct llm_message *messages, size_t count, struct buf *out)
{
    switch (messages[0].role) {
    case LLM_ASSISTANT:
    case LLM_TOOL_CALL: return put_assistant(messages, count, out);
    case LLM_SYSTEM: buf_puts(out, "{\"role\":\"system\""); break;
    case LLM_USER: buf_puts(out, "{\"role\":\"user\""); break;
    case LLM_TOOL_RESULT:
        buf_puts(out, "{\"role\":\"tool\",\"tool_call_id\":");
        buf_json_string(out, messages[0].id);
        break;
    }
    buf_puts(out, ",\"content\":");
    buf_json_string(out, messages[0].text);
    buf_putc(out, '}');
    return 1;
}

static void put_tool(const struct llm_tool *tool, struct buf *out)
{
    buf_puts(out, "{\"type\":\"function\",\"function\":{\"name\":");
    buf_json_string(out, str_of(tool->name));
    buf_puts(out, ",\"description\":");
    buf_json_string(out, str_of(tool->description));
    buf_printf(out, ",\"strict\":true,\"parameters\":%s}}", tool->parameters_json);
}

void openai_put_talk(const struct llm_request *request, struct buf *out)
{
    buf_puts(out, ",\"messages\":[");
    for (size_t at = 0; at < request->message_count;) {
        buf_puts(out, at ? "," : "");
        at += put_message(request->messages + at, request->message_count - at, out);
    }
    buf_putc(out, ']');
    for (size_t i = 0; i < request->tool_count; i++) {
        buf_puts(out, i ? "," : ",\"tools\":[");
        put_tool(&request->tools[i], out);
    }
    buf_puts(out, request->tool_count ? "]" : "");
    if (request->schema_json) {
        buf_puts(out, ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":");
        buf_json_string(out, str_of(request->schema_name));
        buf_printf(out, ",\"strict\":true,\"schema\":%s}}", request->schema_json);
    }
    buf_putc(out, '}');
}

/* ---- errors --------------------------------------------------------------------------------- */

/* An object; some servers send just a sentence. False for null. */
static bool read_error(struct json *json, struct openai_error *error)
{
    struct {
        const char *key;
        struct str *text;
    } const known[] = {{"message", &error->message},
                       {"type", &error->type},
                       {"param", &error->param},
                       {"code", &error->code}};
    struct str key;
    struct json before = *json;
    bool in = json_object(json);
    if (!in)
        return json_string(&before, &error->message);
    while (json_member(json, &key)) {
        size_t i = 0;
        while (i < countof(known) && !str_is(key, known[i].key))
            i++;
        if (i < countof(known))
            json_string(json, known[i].text);
        else
            json_skip(json);
    }
    return true;
}

void openai_error_parse(struct str body, struct openai_error *error_out)
{
    struct openai_error error = {0};
    struct json json = json_of(body);
    struct str key;
    for (bool in = json_object(&json); in && json_member(&json, &key);)
        if (str_is(key, "error"))
            read_error(&json, &error);
        else
            json_skip(&json);
    *error_out = json_done(&json) ? error : (struct openai_error){0};
}

int openai_errno(int status, const struct openai_error *error)
{
    if (str_is(error->code, "insufficient_quota") || str_is(error->type, "insufficient_quota"))
        return EDQUOT;
    if (str_is(error->code, "model_not_found"))
        return ENOENT;
    if (str_is(error->code, "rate_limit_exceeded"))
        return EBUSY;
    switch (status) {
    case 401:
    case 403: return EACCES;
    case 402: return EDQUOT;
    case 404: return ENOENT;
    case 408: return ETIMEDOUT;
    case 425:
    case 429: return EBUSY;
    default: return status >= 400 && status < 500 ? EINVAL : ECONNRESET;
    }
}

/* ---- the stream ----------------------------------------------------------------------------- */

bool openai_is_end(struct str data)
{
    return str_is(str_trim(data), "[DONE]");
}

static void read_function(struct json *json, struct openai_tool_piece *piece)
{
    struct str key;
    for (bool in = json_object(json); in && json_member(json, &key);)
        if (str_is(key, "name"))
            json_string(json, &piece->name);
        else if (str_is(key, "arguments"))
            json_string(json, &piece->arguments);
        else
            json_skip(json);
}

static void read_tool_piece(struct json *json, struct openai_tool_piece *piece)
{
    struct str key;
    for (bool in = json_object(json); in && json_member(json, &key);)
        if (str_is(key, "index"))
            json_whole(json, &piece->index);
        else if (str_is(key, "id"))
            json_string(json, &piece->id);
        else if (str_is(key, "function"))
            read_function(json, piece);
        else
            json_skip(json);
}

static void read_tool_pieces(struct json *json, struct openai_chunk *chunk)
{
    for (bool in = json_array(json); in && json_element(json);) {
        struct openai_tool_piece piece = {0};
        read_tool_piece(json, &piece);
        if (chunk->tool_count == OPENAI_TOOL_CALLS_MAX || piece.index < 0 ||
            piece.index >= OPENAI_TOOL_CALLS_MAX)
            json->bad = true;
        else
            chunk->tools[chunk->tool_count++] = piece;
    }
}

static void read_delta(struct json *json, struct openai_chunk *chunk)
{
    struct str key;
    for (bool in = json_object(json); in && json_member(json, &key);)
        if (str_is(key, "content"))
            json_string(json, &chunk->content);
        else if (str_is(key, "refusal"))
            json_string(json, &chunk->refusal);
        else if (str_is(key, "tool_calls"))
            read_tool_pieces(json, chunk);
        else
            json_skip(json);
}

static enum openai_finish finish_of(struct str reason)
{
    if (str_is(reason, "length"))
        return OPENAI_LENGTH;
    if (str_is(reason, "tool_calls"))
        return OPENAI_TOOL_CALLS;
    if (str_is(reason, "content_filter"))
        return OPENAI_CONTENT_FILTER;
    return OPENAI_STOP;
}

static void read_choice(struct json *json, struct openai_chunk *chunk)
{
    struct str key, reason;
    for (bool in = json_object(json); in && json_member(json, &key);)
        if (str_is(key, "delta"))
            read_delta(json, chunk);
        else if (!str_is(key, "finish_reason"))
            json_skip(json);
        else if (json_string(json, &reason))
            chunk->finish = finish_of(reason);
}

static void read_cached(struct json *json, struct openai_chunk *chunk)
{
    struct str key;
    for (bool in = json_object(json); in && json_member(json, &key);)
        if (str_is(key, "cached_tokens"))
            json_whole(json, &chunk->usage.cached_tokens);
        else
            json_skip(json);
}

static void read_usage(struct json *json, struct openai_chunk *chunk)
{
    struct str key;
    bool in = json_object(json); /* null in all chunks but the last */
    chunk->has_usage = in;
    while (in && json_member(json, &key))
        if (str_is(key, "prompt_tokens"))
            json_whole(json, &chunk->usage.prompt_tokens);
        else if (str_is(key, "completion_tokens"))
            json_whole(json, &chunk->usage.completion_tokens);
        else if (str_is(key, "prompt_tokens_details"))
            read_cached(json, chunk);
        else
            json_skip(json);
}

/* We ask for one choice; the chunk with the usage has none. */
static void read_choices(struct json *json, struct openai_chunk *chunk)
{
    bool first = true;
    for (bool in = json_array(json); in && json_element(json); first = false)
        if (first)
            read_choice(json, chunk);
        else
            json_skip(json);
}

int openai_chunk_parse(struct str data, struct openai_chunk *chunk_out)
{
    struct openai_chunk chunk = {0};
    struct json json = json_of(data);
    struct str key;
    bool object = json_object(&json);
    for (bool in = object; in && json_member(&json, &key);) {
        if (str_is(key, "choices")) {
            read_choices(&json, &chunk);
        } else if (str_is(key, "usage")) {
            read_usage(&json, &chunk);
        } else if (str_is(key, "model")) {
            json_string(&json, &chunk.model);
        } else if (str_is(key, "error")) {
            chunk.has_error = read_error(&json, &chunk.error);
        } else {
            json_skip(&json);
        }
    }
    if (!object || !json_done(&json))
        return EPROTO;
    *chunk_out = chunk;
    return 0;
}
