/* sandbox/openai_wire.c: reading a request of Chat Completions; the answers are in openai_say.c.
 * Source: OpenAI API reference 2.3.0. */
#include "sandbox/openai_wire.h"

#include "base/mem.h"
#include "sandbox/body.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct openai_model models[] = {
    {"gpt-6-luna", 1785542400, NULL, true, "medium"},
    {"gpt-5.6-luna", 1779235200, NULL, true, "medium"},
    {"gpt-5.1", 1762905600, "2027-04-01", true, "none"},
    {"gpt-5-mini", 1754524800, "2026-12-11", true, "medium"},
    {"gpt-4.1-mini", 1744588800, "2027-01-14", false, NULL},
    {"gpt-4.1", 1744588800, "2027-01-14", false, NULL},
    {"gpt-4o-mini", 1721174400, "2027-01-14", false, NULL},
    {"gpt-4o", 1715299200, "2027-01-14", false, NULL},
};

const struct openai_model *openai_models(size_t *count_out)
{
    *count_out = countof(models);
    return models;
}

const struct openai_model *openai_model_find(const char *id)
{
    for (size_t i = 0; i < countof(models); i++)
        if (strcmp(models[i].id, id) == 0)
            return &models[i];
    return NULL;
}

static void put_nullable(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, ",\"%s\":", name);
    if (value)
        buf_json_string(out, str_of(value));
    else
        buf_puts(out, "null");
}

void openai_error_print(const struct openai_error *error, struct buf *out)
{
    buf_puts(out, "{\"error\":{\"message\":");
    buf_json_string(out, str_of(error->message));
    put_nullable(out, "type", error->type);
    put_nullable(out, "param", error->param);
    put_nullable(out, "code", error->code);
    buf_puts(out, "}}");
}

__attribute__((format(printf, 4, 5))) static int
refuse(struct openai_error *error, const char *param, const char *code, const char *format, ...)
{
    va_list args;
    *error = (struct openai_error){
        .status = 400, .type = "invalid_request_error", .param = param, .code = code};
    va_start(args, format);
    vsnprintf(error->message, sizeof(error->message), format, args);
    va_end(args);
    return EINVAL;
}

static const cJSON *field(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNull(item) ? NULL : item;
}

static int read_model(struct chat *chat, struct openai_error *error)
{
    const char *id = body_text(chat->body, "model");
    if (!id)
        return refuse(error, "model", "missing_required_parameter",
                      "Missing required parameter: 'model'.");
    chat->model = openai_model_find(id);
    if (chat->model)
        return 0;
    refuse(error, NULL, "model_not_found",
           "The model `%.100s` does not exist or you do not have access to it.", id);
    error->status = 404;
    return EINVAL;
}

/* What an assistant asked for must be answered before anything else is said. */
struct owed_calls {
    const cJSON *calls; /* of the newest assistant message; NULL: none */
    int answered;
};

static bool owes(const struct owed_calls *owed)
{
    return owed->calls && owed->answered < cJSON_GetArraySize(owed->calls);
}

static bool asked_for(const struct owed_calls *owed, const char *id)
{
    const cJSON *call = NULL;
    cJSON_ArrayForEach(call, owed->calls)
    {
        const char *call_id = body_text(call, "id");
        if (id && call_id && strcmp(id, call_id) == 0)
            return true;
    }
    return false;
}

static int read_tool_message(const cJSON *message, struct owed_calls *owed,
                             struct openai_error *error)
{
    if (!owed->calls || !asked_for(owed, body_text(message, "tool_call_id")))
        return refuse(error, "messages", NULL,
                      "Invalid parameter: messages with role 'tool' must be a response to a "
                      "preceding message with 'tool_calls'.");
    owed->answered++;
    return 0;
}

static bool has_content(const cJSON *message)
{
    const cJSON *content = field(message, "content");
    return cJSON_IsString(content) || (cJSON_IsArray(content) && content->child);
}

static int read_message(const cJSON *message, struct owed_calls *owed, struct openai_error *error)
{
    static const char *const roles[] = {"developer", "system", "user", "assistant"};
    const char *role = body_text(message, "role");
    if (role && strcmp(role, "tool") == 0)
        return read_tool_message(message, owed, error);
    if (owes(owed))
        return refuse(error, "messages", NULL,
                      "An assistant message with 'tool_calls' must be followed by tool messages "
                      "responding to each 'tool_call_id'.");
    *owed = (struct owed_calls){0};
    for (size_t i = 0; role && i < countof(roles); i++) {
        if (strcmp(role, roles[i]) != 0)
            continue;
        if (strcmp(role, "assistant") == 0)
            owed->calls = field(message, "tool_calls");
        if (!has_content(message) && !owed->calls)
            return refuse(error, "messages", "invalid_type",
                          "Invalid type for 'messages.content': expected a string or an array.");
        return 0;
    }
    return refuse(error, "messages", "invalid_value",
                  "Invalid value: '%.40s'. Supported values are: 'system', 'assistant', 'user', "
                  "'tool', and 'developer'.",
                  role ? role : "");
}

static int read_messages(struct chat *chat, struct openai_error *error)
{
    const cJSON *message = NULL;
    struct owed_calls owed = {0};
    chat->messages = field(chat->body, "messages");
    if (!chat->messages)
        return refuse(error, "messages", "missing_required_parameter",
                      "Missing required parameter: 'messages'.");
    if (!cJSON_IsArray(chat->messages) || !chat->messages->child)
        return refuse(error, "messages", "empty_array",
                      "Invalid 'messages': expected an array with at least one message.");
    if (cJSON_GetArraySize(chat->messages) > CHAT_MESSAGES_MAX)
        return refuse(error, "messages", "array_above_max_length",
                      "Invalid 'messages': array too long.");
    cJSON_ArrayForEach(message, chat->messages)
    {
        if (read_message(message, &owed, error))
            return EINVAL;
    }
    if (owes(&owed))
        return refuse(error, "messages", NULL,
                      "An assistant message with 'tool_calls' must be followed by tool messages "
                      "responding to each 'tool_call_id'.");
    return 0;
}

static bool name_is_lawful(const char *name)
{
    size_t bytes = name ? strlen(name) : 0;
    return bytes > 0 && bytes <= 64 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
               bytes;
}

static int read_tools(struct chat *chat, struct openai_error *error)
{
    const cJSON *tool = NULL;
    chat->tools = field(chat->body, "tools");
    if (!chat->tools)
        return 0;
    if (!cJSON_IsArray(chat->tools) || !chat->tools->child ||
        cJSON_GetArraySize(chat->tools) > CHAT_TOOLS_MAX)
        return refuse(error, "tools", "empty_array", "Invalid 'tools': array of a wrong length.");
    cJSON_ArrayForEach(tool, chat->tools)
    {
        const char *type = body_text(tool, "type");
        const cJSON *function = field(tool, "function");
        if (!type || strcmp(type, "function") != 0 || !name_is_lawful(body_text(function, "name")))
            return refuse(error, "tools", "invalid_value",
                          "Invalid 'tools': each is a function with a name of [a-zA-Z0-9_-].");
    }
    if (chat->model->reasons && chat->thinks_first)
        return refuse(error, "tools", "unsupported_parameter",
                      "Function tools are only supported with 'reasoning_effort' 'none' for %s in "
                      "Chat Completions.",
                      chat->model->id);
    return 0;
}

static bool lists(const cJSON *required, const char *name)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, required)
    {
        if (cJSON_IsString(item) && strcmp(item->valuestring, name) == 0)
            return true;
    }
    return false;
}

/* The strict subset: nothing optional, nothing additional. */
static int check_strict(const cJSON *schema, int depth, const char **why_out)
{
    const cJSON *property = NULL, *properties = field(schema, "properties");
    *why_out = "is nested too deeply";
    if (depth > 10)
        return EINVAL;
    *why_out = "'additionalProperties' is required to be supplied and to be false";
    if (properties && !cJSON_IsFalse(field(schema, "additionalProperties")))
        return EINVAL;
    cJSON_ArrayForEach(property, properties)
    {
        *why_out = "'required' is required to be supplied and to be an array including every key "
                   "in properties";
        if (!property->string || !lists(field(schema, "required"), property->string))
            return EINVAL;
        if (check_strict(property, depth + 1, why_out))
            return EINVAL;
    }
    const cJSON *items = field(schema, "items");
    return items ? check_strict(items, depth + 1, why_out) : 0;
}

static int read_format(struct chat *chat, struct openai_error *error)
{
    const cJSON *format = field(chat->body, "response_format");
    const char *type = body_text(format, "type"), *why = NULL;
    if (!format || (type && strcmp(type, "text") == 0))
        return 0;
    if (!type || strcmp(type, "json_schema") != 0)
        return refuse(error, "response_format.type", "invalid_value",
                      "Invalid value for 'response_format.type'.");
    const cJSON *named = field(format, "json_schema");
    chat->schema_name = body_text(named, "name");
    chat->schema = field(named, "schema");
    if (!name_is_lawful(chat->schema_name) || !cJSON_IsObject(chat->schema))
        return refuse(error, "response_format.json_schema", "missing_required_parameter",
                      "Missing required parameter: 'response_format.json_schema.name' or "
                      "'.schema'.");
    if (body_is_true(named, "strict") && check_strict(chat->schema, 0, &why))
        return refuse(error, "response_format", NULL,
                      "Invalid schema for response_format '%s': %s.", chat->schema_name, why);
    return 0;
}

static int read_reasoning(struct chat *chat, struct openai_error *error)
{
    static const char *const efforts[] = {"none", "minimal", "low", "medium",
                                          "high", "xhigh",   "max"};
    const char *effort = body_text(chat->body, "reasoning_effort");
    if (!chat->model->reasons)
        return effort ? refuse(error, "reasoning_effort", "unsupported_parameter",
                               "Unrecognized request argument supplied: reasoning_effort")
                      : 0;
    if (!effort)
        effort = chat->model->effort;
    for (size_t i = 0; i < countof(efforts); i++)
        if (strcmp(effort, efforts[i]) == 0) {
            chat->thinks_first = i > 0;
            return 0;
        }
    return refuse(error, "reasoning_effort", "invalid_value",
                  "Invalid value for 'reasoning_effort': '%.40s'.", effort);
}

static int read_limits(struct chat *chat, struct openai_error *error)
{
    const cJSON *old_limit = field(chat->body, "max_tokens");
    const cJSON *limit = field(chat->body, "max_completion_tokens");
    double temperature = body_number(chat->body, "temperature", 1);
    if (old_limit && chat->model->reasons)
        return refuse(error, "max_tokens", "unsupported_parameter",
                      "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                      "'max_completion_tokens' instead.");
    if (temperature < 0 || temperature > 2)
        return refuse(error, "temperature", "decimal_above_max_value",
                      "Invalid 'temperature': it is between 0 and 2.");
    if (chat->model->reasons && chat->thinks_first && fabs(temperature - 1) > 1e-9)
        return refuse(error, "temperature", "unsupported_value",
                      "Unsupported value: 'temperature' does not support %g with this model. Only "
                      "the default (1) value is supported.",
                      temperature);
    double most = limit ? limit->valuedouble : old_limit ? old_limit->valuedouble : 128000;
    if (!(most >= 1))
        return refuse(error, limit ? "max_completion_tokens" : "max_tokens",
                      "integer_below_min_value", "Invalid limit of tokens: it is at least 1.");
    chat->tokens_max = most < 128000 ? (int64_t)most : 128000;
    return 0;
}

static int read_stream(struct chat *chat, struct openai_error *error)
{
    const cJSON *options = field(chat->body, "stream_options");
    chat->stream = body_is_true(chat->body, "stream");
    if (options && !chat->stream)
        return refuse(error, "stream_options", NULL,
                      "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
    chat->include_usage = body_is_true(options, "include_usage");
    chat->obfuscate = !cJSON_IsFalse(field(options, "include_obfuscation"));
    return 0;
}

int chat_read(struct str body, struct chat *chat_out, struct openai_error *error_out)
{
    struct chat chat = {.body = body_parse(body)};
    int err = 0;
    if (!cJSON_IsObject(chat.body))
        err = refuse(error_out, NULL, NULL,
                     "We could not parse the JSON body of your request. (HINT: This likely means "
                     "you aren't using your HTTP library correctly.)");
    if (!err)
        err = read_model(&chat, error_out);
    if (!err)
        err = read_messages(&chat, error_out);
    if (!err)
        err = read_reasoning(&chat, error_out);
    if (!err)
        err = read_tools(&chat, error_out);
    if (!err)
        err = read_format(&chat, error_out);
    if (!err)
        err = read_limits(&chat, error_out);
    if (!err)
        err = read_stream(&chat, error_out);
    if (err)
        chat_fini(&chat);
    else
        *chat_out = chat;
    return err;
}

void chat_fini(struct chat *chat)
{
    cJSON_Delete(chat->body);
    *chat = (struct chat){0};
}

bool chat_offers_tool(const struct chat *chat, const char *name)
{
    const cJSON *tool = NULL;
    cJSON_ArrayForEach(tool, chat->tools)
    {
        const char *offered = body_text(field(tool, "function"), "name");
        if (offered && strcmp(offered, name) == 0)
            return true;
    }
    return false;
}

void chat_message_text(const cJSON *message, struct buf *out)
{
    const cJSON *part = NULL, *content = field(message, "content");
    if (cJSON_IsString(content))
        buf_puts(out, content->valuestring);
    cJSON_ArrayForEach(part, content)
    {
        const char *text = body_text(part, "text");
        if (text)
            buf_puts(out, text);
    }
}
