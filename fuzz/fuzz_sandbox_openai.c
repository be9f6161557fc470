/* fuzz/fuzz_sandbox_openai.c: any request of Chat Completions is refused in words or answered. */
#include "base/mem.h"
#include "sandbox/openai_think.h"
#include "sandbox/openai_wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void answer(const struct chat *chat)
{
    struct thought thought;
    struct buf whole = {0};
    const struct chat_head head = {.id = "chatcmpl-1", .model = chat->model->id};
    think(chat, &thought);
    check(!thought.tool || chat_offers_tool(chat, thought.tool));
    chat_whole(&head,
               &(struct chat_answer){.text = buf_str(&thought.text),
                                     .tool = thought.tool,
                                     .tool_id = "call_1",
                                     .arguments = buf_str(&thought.arguments),
                                     .finish = "stop"},
               &whole);
    cJSON *read_back = cJSON_ParseWithLength(whole.data, whole.bytes);
    check(read_back != NULL);
    cJSON_Delete(read_back);
    buf_free(&whole);
    thought_fini(&thought);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct openai_error error = {0};
    struct chat chat;
    if (chat_read((struct str){(const char *)data, bytes}, &chat, &error)) {
        check(error.status >= 400 && error.message[0]);
        return 0;
    }
    answer(&chat);
    chat_fini(&chat);
    return 0;
}
