/* fuzz/fuzz_openai_wire.c: chunks and errors of a model's server; and that a body made of any words
 * is one JSON object. */
#include "provider/openai_wire.h"

#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_body(struct str words)
{
    const struct llm_message messages[] = {
        {.role = LLM_USER, .text = words},
        {.role = LLM_TOOL_CALL, .text = words, .id = words, .name = words},
        {.role = LLM_TOOL_RESULT, .text = words, .id = words},
    };
    const struct llm_request request = {.messages = messages, .message_count = 3, .tokens_max = 1};
    struct buf body = {0};
    openai_put_model(&(struct openai_model){.model = "m", .temperature = -1}, &request, &body);
    openai_put_talk(&request, &body);
    struct json json = json_of(buf_str(&body));
    json_skip(&json);
    if (!json_done(&json))
        abort();
    buf_free(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct str text = {(const char *)data, bytes};
    struct openai_chunk chunk;
    struct openai_error error;
    if (openai_chunk_parse(text, &chunk) == 0) {
        if (chunk.tool_count > OPENAI_TOOL_CALLS_MAX)
            abort();
        for (size_t i = 0; i < chunk.tool_count; i++)
            if (chunk.tools[i].index < 0 || chunk.tools[i].index >= OPENAI_TOOL_CALLS_MAX)
                abort();
    }
    openai_error_parse(text, &error);
    if (!openai_errno(400, &error) || !openai_errno(200, &error))
        abort();
    openai_param_named(error.param);
    check_body(text);
    return 0;
}
