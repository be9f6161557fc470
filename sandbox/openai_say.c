/* sandbox/openai_say.c: the objects of an answer of Chat Completions, whole and in chunks. */
#include "base/hash.h"
#include "base/id.h"
#include "sandbox/openai_wire.h"

#include <string.h>

static void begin_chunk(const struct chat_head *head, struct buf *out)
{
    buf_printf(
        out,
        "data: {\"id\":\"%s\",\"object\":\"chat.completion.chunk\",\"created\":%lld,"
        "\"model\":\"%s\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_sandbox\"",
        head->id, (long long)head->created, head->model);
}

static void begin_delta(const struct chat_head *head, struct buf *out)
{
    begin_chunk(head, out);
    buf_puts(out, ",\"choices\":[{\"index\":0,\"delta\":{");
}

/* Padding of a random length, so that the sizes of packets do not tell the words. */
static void put_obfuscation(struct buf *out)
{
    unsigned char bytes[9];
    random_bytes(bytes, sizeof(bytes));
    buf_puts(out, ",\"obfuscation\":\"");
    hex_put(out, bytes + 1, bytes[0] % 8 + 1u);
    buf_putc(out, '"');
}

static void end_delta(const struct chat_head *head, const char *finish, struct buf *out)
{
    buf_puts(out, "},\"logprobs\":null,\"finish_reason\":");
    buf_printf(out, finish ? "\"%s\"}]" : "null}]", finish ? finish : "");
    if (head->include_usage)
        buf_puts(out, ",\"usage\":null");
    if (head->obfuscate)
        put_obfuscation(out);
    buf_puts(out, "}\n\n");
}

void chat_chunk_role(const struct chat_head *head, struct buf *out)
{
    begin_delta(head, out);
    buf_puts(out, "\"role\":\"assistant\",\"content\":\"\",\"refusal\":null");
    end_delta(head, NULL, out);
}

void chat_chunk_text(const struct chat_head *head, struct str text, struct buf *out)
{
    begin_delta(head, out);
    buf_puts(out, "\"content\":");
    buf_json_string(out, text);
    end_delta(head, NULL, out);
}

void chat_chunk_tool(const struct chat_head *head, const struct chat_tool_piece *piece,
                     struct buf *out)
{
    begin_delta(head, out);
    buf_puts(out, "\"tool_calls\":[{\"index\":0,");
    if (piece->id)
        buf_printf(out, "\"id\":\"%s\",\"type\":\"function\",", piece->id);
    buf_puts(out, "\"function\":{");
    if (piece->name)
        buf_printf(out, "\"name\":\"%s\",", piece->name);
    buf_puts(out, "\"arguments\":");
    buf_json_string(out, piece->arguments);
    buf_puts(out, "}}]");
    end_delta(head, NULL, out);
}

void chat_chunk_finish(const struct chat_head *head, const char *reason, struct buf *out)
{
    begin_delta(head, out);
    end_delta(head, reason, out);
}

static void put_usage(const struct chat_usage *usage, struct buf *out)
{
    buf_printf(out, "\"usage\":{\"prompt_tokens\":%lld,\"completion_tokens\":%lld,",
               (long long)usage->prompt, (long long)usage->completion);
    buf_printf(out, "\"total_tokens\":%lld,", (long long)(usage->prompt + usage->completion));
    buf_printf(out, "\"prompt_tokens_details\":{\"cached_tokens\":%lld,\"audio_tokens\":0},",
               (long long)usage->cached);
    buf_printf(out,
               "\"completion_tokens_details\":{\"reasoning_tokens\":%lld,\"audio_tokens\":0,"
               "\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}",
               (long long)usage->reasoning);
}

void chat_chunk_usage(const struct chat_head *head, const struct chat_usage *usage, struct buf *out)
{
    begin_chunk(head, out);
    buf_puts(out, ",\"choices\":[],");
    put_usage(usage, out);
    if (head->obfuscate)
        put_obfuscation(out);
    buf_puts(out, "}\n\n");
}

static void put_message(const struct chat_answer *answer, struct buf *out)
{
    buf_puts(out, "\"message\":{\"role\":\"assistant\",\"content\":");
    if (answer->text.bytes || !answer->tool)
        buf_json_string(out, answer->text);
    else
        buf_puts(out, "null");
    buf_puts(out, ",\"refusal\":null,\"annotations\":[]");
    if (answer->tool) {
        buf_printf(out,
                   ",\"tool_calls\":[{\"id\":\"%s\",\"type\":\"function\",\"function\":{"
                   "\"name\":\"%s\",\"arguments\":",
                   answer->tool_id, answer->tool);
        buf_json_string(out, answer->arguments);
        buf_puts(out, "}}]");
    }
    buf_putc(out, '}');
}

void chat_whole(const struct chat_head *head, const struct chat_answer *answer, struct buf *out)
{
    buf_printf(out,
               "{\"id\":\"%s\",\"object\":\"chat.completion\",\"created\":%lld,\"model\":\"%s\","
               "\"service_tier\":\"default\",\"system_fingerprint\":\"fp_sandbox\","
               "\"choices\":[{\"index\":0,",
               head->id, (long long)head->created, head->model);
    put_message(answer, out);
    buf_printf(out, ",\"logprobs\":null,\"finish_reason\":\"%s\"}],", answer->finish);
    put_usage(&answer->usage, out);
    buf_putc(out, '}');
}
