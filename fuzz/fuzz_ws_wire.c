/* fuzz/fuzz_ws_wire.c: what is read as a frame's head and written again is the same; masking twice
 * changes nothing; close payloads are read without a fall. The first byte says which side we are.
 */
#include "net/ws_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void try_payload(const struct ws_head *head, const uint8_t *payload, size_t bytes)
{
    uint8_t copy[256];
    int code = 0;
    struct str why = {0};
    bytes = bytes < sizeof(copy) ? bytes : sizeof(copy);
    memcpy(copy, payload, bytes);
    ws_mask(copy, bytes / 2, head->mask, 0);
    ws_mask(copy + bytes / 2, bytes - bytes / 2, head->mask, bytes / 2); /* in two steps */
    ws_mask(copy, bytes, head->mask, 0);
    check(memcmp(copy, payload, bytes) == 0);
    if (!ws_close_parse(payload, bytes, &code, &why))
        check(code >= 1000 && code < 5000 && why.bytes <= bytes);
}

static void check_inside(struct str part, struct str whole)
{
    check(!part.bytes || (part.at >= whole.at && part.at + part.bytes <= whole.at + whole.bytes));
}

static void try_answer(struct str text)
{
    struct ws_answer answer;
    if (ws_answer_parse(text, &answer))
        return;
    check(answer.status > 0 && answer.status <= 999 && answer.head_bytes <= text.bytes);
    check(answer.body_bytes >= -1);
    check_inside(answer.accept, text);
    check_inside(answer.extensions, text);
    check_inside(answer.error, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct ws_head head = {0};
    size_t head_bytes = 0;
    uint8_t written[WS_HEAD_BYTES_MAX];
    if (bytes == 0)
        return 0;
    bool expect_masked = data[0] & 1;
    if (data[0] & 2)
        try_answer((struct str){(const char *)data + 1, bytes - 1});
    data++;
    bytes--;
    if (ws_head_parse(data, bytes, expect_masked, &head, &head_bytes))
        return 0;
    check(head_bytes <= bytes && head_bytes <= WS_HEAD_BYTES_MAX);
    check(head.masked == expect_masked);
    check(ws_head_write(&head, written) == head_bytes);
    check(memcmp(written, data, head_bytes) == 0);
    try_payload(&head, data + head_bytes, bytes - head_bytes);
    return 0;
}
