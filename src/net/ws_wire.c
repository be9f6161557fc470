/* net/ws_wire.c: WebSocket frame heads, masking, the handshake's key and the close payload. */
#include "net/ws_wire.h"

#include "base/utf8.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

static bool is_known(enum ws_opcode opcode)
{
    switch (opcode) {
    case WS_OP_CONTINUE:
    case WS_OP_TEXT:
    case WS_OP_BINARY:
    case WS_OP_CLOSE:
    case WS_OP_PING:
    case WS_OP_PONG: return true;
    }
    return false;
}

static uint64_t big_endian(const uint8_t *data, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number = number << 8 | data[i];
    return number;
}

/* What the first two bytes alone can tell, so that nonsense is refused without waiting for more. */
static bool is_lawful(const uint8_t *data, bool expect_masked)
{
    bool fin = data[0] & 0x80, reserved = data[0] & 0x70, masked = data[1] & 0x80;
    enum ws_opcode opcode = data[0] & 0x0F;
    if (reserved || !is_known(opcode) || masked != expect_masked)
        return false;
    return opcode < WS_OP_CLOSE || (fin && (data[1] & 0x7F) <= WS_CONTROL_BYTES_MAX);
}

int ws_head_parse(const uint8_t *data, size_t bytes, bool expect_masked, struct ws_head *head_out,
                  size_t *head_bytes_out)
{
    if (bytes < 2)
        return EAGAIN;
    if (!is_lawful(data, expect_masked))
        return EPROTO;
    uint64_t payload_bytes = data[1] & 0x7F;
    size_t length_bytes = payload_bytes == 127 ? 8 : payload_bytes == 126 ? 2 : 0;
    size_t head_bytes = 2 + length_bytes + (expect_masked ? 4 : 0);
    if (bytes < head_bytes)
        return EAGAIN;
    if (length_bytes)
        payload_bytes = big_endian(data + 2, length_bytes);
    /* RFC 6455 5.2: "the minimal number of bytes MUST be used"; the top bit of 64 "MUST be 0" */
    if ((length_bytes == 2 && payload_bytes < 126) ||
        (length_bytes == 8 && (payload_bytes <= UINT16_MAX || payload_bytes > INT64_MAX)))
        return EPROTO;
    struct ws_head head = {.fin = data[0] & 0x80,
                           .opcode = data[0] & 0x0F,
                           .masked = expect_masked,
                           .payload_bytes = payload_bytes};
    if (expect_masked)
        memcpy(head.mask, data + head_bytes - 4, 4);
    *head_out = head;
    *head_bytes_out = head_bytes;
    return 0;
}

size_t ws_head_write(const struct ws_head *head, uint8_t out[WS_HEAD_BYTES_MAX])
{
    size_t length_bytes = head->payload_bytes > UINT16_MAX ? 8 : head->payload_bytes > 125 ? 2 : 0;
    out[0] = (uint8_t)((head->fin ? 0x80 : 0) | head->opcode);
    out[1] = (uint8_t)((head->masked ? 0x80 : 0) | (length_bytes == 8   ? 127
                                                    : length_bytes == 2 ? 126
                                                                        : head->payload_bytes));
    for (size_t i = 0; i < length_bytes; i++)
        out[2 + i] = (uint8_t)(head->payload_bytes >> (8 * (length_bytes - 1 - i)));
    if (!head->masked)
        return 2 + length_bytes;
    memcpy(out + 2 + length_bytes, head->mask, 4);
    return 2 + length_bytes + 4;
}

static uint64_t masked_word(const uint8_t *data, uint64_t wide)
{
    uint64_t word;
    memcpy(&word, data, sizeof(word));
    return word ^ wide;
}

/* Sixteen bytes a step: what the compiler makes one vector of. */
void ws_mask(uint8_t *data, size_t bytes, const uint8_t mask[4], uint64_t at)
{
    uint8_t turned[8];
    uint64_t wide, two[2];
    size_t i = 0;
    for (size_t each = 0; each < sizeof(turned); each++)
        turned[each] = mask[(at + each) & 3];
    memcpy(&wide, turned, sizeof(wide));
    for (; i + sizeof(two) <= bytes; i += sizeof(two)) {
        two[0] = masked_word(data + i, wide);
        two[1] = masked_word(data + i + sizeof(wide), wide);
        memcpy(data + i, two, sizeof(two));
    }
    for (; i < bytes; i++)
        data[i] ^= turned[i & 7];
}

void ws_accept_key(struct str key, char accept_out[WS_ACCEPT_BYTES + 1])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455 1.3 */
    struct buf text = {0};
    unsigned char digest[SHA_DIGEST_LENGTH];
    buf_add_str(&text, key);
    buf_puts(&text, guid);
    SHA1((const unsigned char *)text.data, text.bytes, digest);
    EVP_EncodeBlock((unsigned char *)accept_out, digest, sizeof(digest));
    buf_free(&text);
}

/* "HTTP/1.1 101 Switching Protocols"; 0 when it is not HTTP. */
static int status_in(struct str line)
{
    int status = 0;
    if (!str_starts(line, "HTTP/1.") || line.bytes < 12 || line.at[8] != ' ')
        return 0;
    for (size_t i = 9; i < 12; i++) {
        if (line.at[i] < '0' || line.at[i] > '9')
            return 0;
        status = status * 10 + (line.at[i] - '0');
    }
    return status;
}

static int64_t length_in(struct str digits)
{
    int64_t bytes = 0;
    if (digits.bytes == 0 || digits.bytes > 18)
        return -1;
    for (size_t i = 0; i < digits.bytes; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9')
            return -1;
        bytes = bytes * 10 + (digits.at[i] - '0');
    }
    return bytes;
}

static void take_header(struct ws_answer *answer, struct str name, struct str value)
{
    if (str_is_nocase(name, "Upgrade"))
        answer->upgrade = value;
    else if (str_is_nocase(name, "Connection"))
        answer->connection = value;
    else if (str_is_nocase(name, "Sec-WebSocket-Accept"))
        answer->accept = value;
    else if (str_is_nocase(name, "Sec-WebSocket-Extensions"))
        answer->extensions = value;
    else if (str_is_nocase(name, "Content-Length"))
        answer->body_bytes = length_in(value);
    else if (str_is_nocase(name, "dg-error"))
        answer->error = value;
}

int ws_answer_parse(struct str text, struct ws_answer *answer_out)
{
    const char *end = text.bytes ? memmem(text.at, text.bytes, "\r\n\r\n", 4) : NULL;
    if (!end)
        return EAGAIN;
    struct str head = {text.at, (size_t)(end - text.at)};
    struct ws_answer answer = {.head_bytes = head.bytes + 4, .body_bytes = -1};
    answer.status = status_in(str_cut(&head, '\n'));
    if (!answer.status)
        return EPROTO;
    while (head.bytes) {
        struct str value = str_cut(&head, '\n'), name = str_cut(&value, ':');
        take_header(&answer, str_trim(name), str_trim(value));
    }
    *answer_out = answer;
    return 0;
}

/* RFC 6455 7.4 and the registry it opened: 1004, 1005, 1006 and 1015 never stand on the wire. */
static bool is_close_code(int code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

int ws_close_parse(const uint8_t *payload, size_t bytes, int *code_out, struct str *why_out)
{
    if (bytes == 0) {
        *code_out = 1005;
        *why_out = (struct str){0};
        return 0;
    }
    if (bytes == 1)
        return EPROTO;
    int code = payload[0] << 8 | payload[1];
    struct str why = {(const char *)payload + 2, bytes - 2};
    if (!is_close_code(code) || !utf8_valid(why))
        return EPROTO;
    *code_out = code;
    *why_out = why;
    return 0;
}
