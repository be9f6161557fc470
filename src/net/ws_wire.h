/* net/ws_wire.h: WebSocket frames as bytes and back. Pure: no socket, no memory of its own.
 * Source: RFC 6455 5.2. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum ws_opcode {
    WS_OP_CONTINUE = 0,
    WS_OP_TEXT = 1,
    WS_OP_BINARY = 2,
    WS_OP_CLOSE = 8,
    WS_OP_PING = 9,
    WS_OP_PONG = 10,
};
enum {
    WS_HEAD_BYTES_MAX = 14,
    WS_CONTROL_BYTES_MAX = 125,
    WS_KEY_BYTES = 24,
    WS_ACCEPT_BYTES = 28
};

struct ws_head {
    bool fin;
    enum ws_opcode opcode;
    bool masked;
    uint8_t mask[4];
    uint64_t payload_bytes;
};
/* 0: *head_out is whole and *head_bytes_out its length; EAGAIN: more bytes are needed; EPROTO:
 * reserved bits, unknown opcode, fragmented or long control frame, a length not in its shortest
 * form, or masked other than `expect_masked`. */
int ws_head_parse(const uint8_t *data, size_t bytes, bool expect_masked, struct ws_head *head_out,
                  size_t *head_bytes_out);
size_t ws_head_write(const struct ws_head *head, uint8_t out[WS_HEAD_BYTES_MAX]);
/* Masks or unmasks in place; at is the offset of data in the payload. */
void ws_mask(uint8_t *data, size_t bytes, const uint8_t mask[4], uint64_t at);

/* Sec-WebSocket-Accept for a key. */
void ws_accept_key(struct str key, char accept_out[WS_ACCEPT_BYTES + 1]);
/* What a server answered to a client's handshake; borrowed from the text, {0} where it is silent.
 */
struct ws_answer {
    int status;
    size_t head_bytes;  /* the body or the first frame begins there */
    int64_t body_bytes; /* -1: not said */
    struct str upgrade, connection, accept, extensions;
    struct str error; /* Deepgram says why it refuses in a header */
};
/* 0; EAGAIN: the head is not whole; EPROTO: it is not HTTP/1.x. */
int ws_answer_parse(struct str text, struct ws_answer *answer_out);

/* A close frame's payload: 0, or EPROTO for one byte, a code not lawful on the wire or bad UTF-8.
 */
int ws_close_parse(const uint8_t *payload, size_t bytes, int *code_out, struct str *why_out);
