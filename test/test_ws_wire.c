/* test/test_ws_wire.c: WebSocket frames as bytes and back. */
#include "base/mem.h"
#include "net/ws_wire.h"
#include "test/test.h"

#include <errno.h>
#include <string.h>

static void heads_come_back_as_written(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0, 1, 125, 126, 127, 65535, 65536, 1u << 30, INT64_MAX};
    for (size_t i = 0; i < countof(sizes) * 4; i++) {
        struct ws_head head = {.fin = i & 1,
                               .masked = i & 2,
                               .opcode = WS_OP_BINARY,
                               .payload_bytes = sizes[i / 4]},
                       back;
        if (head.masked)
            memcpy(head.mask, "\x01\x02\xFE\xFF", 4);
        uint8_t bytes[WS_HEAD_BYTES_MAX];
        size_t written = ws_head_write(&head, bytes), read = 0;
        for (size_t part = 0; part < written; part++)
            assert_int_equal(ws_head_parse(bytes, part, head.masked, &back, &read), EAGAIN);
        assert_int_equal(ws_head_parse(bytes, written, head.masked, &back, &read), 0);
        assert_int_equal(read, written);
        assert_int_equal(back.fin, head.fin);
        assert_int_equal(back.masked, head.masked);
        assert_int_equal(back.payload_bytes, head.payload_bytes);
        assert_memory_equal(back.mask, head.mask, 4);
    }
}

static void unlawful_heads_are_refused_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t count;
    } heads[] = {
        {"\xC1\x00", 2},         /* a reserved bit: compression nobody agreed on */
        {"\x83\x00", 2},         /* unknown data opcode */
        {"\x8B\x00", 2},         /* unknown control opcode */
        {"\x09\x00", 2},         /* fragmented ping */
        {"\x89\x7E", 2},         /* ping longer than 125 */
        {"\x81\x80", 2},         /* masked where it must not be */
        {"\x81\x7E\x00\x7D", 4}, /* 125 in two bytes */
        {"\x81\x7F\x00\x00\x00\x00\x00\x00\xFF\xFF", 10}, /* 65535 in eight */
        {"\x81\x7F\x80\x00\x00\x00\x00\x01\x00\x00", 10}, /* the top bit */
    };
    struct ws_head head;
    size_t bytes;
    for (size_t i = 0; i < countof(heads); i++)
        assert_int_equal(
            ws_head_parse((const uint8_t *)heads[i].bytes, heads[i].count, false, &head, &bytes),
            EPROTO);
    assert_int_equal(ws_head_parse((const uint8_t *)"\x81\x00", 2, true, &head, &bytes), EPROTO);
}

static void masking_twice_changes_nothing_at_any_offset(void **state)
{
    (void)state;
    const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    for (size_t bytes = 0; bytes < 40; bytes++) {
        for (uint64_t at = 0; at < 9; at++) {
            uint8_t data[40], slow[40];
            for (size_t i = 0; i < bytes; i++) {
                data[i] = (uint8_t)(i * 7);
                slow[i] = data[i] ^ mask[(at + i) % 4];
            }
            ws_mask(data, bytes, mask, at);
            assert_memory_equal(data, slow, bytes);
            ws_mask(data, bytes, mask, at);
            for (size_t i = 0; i < bytes; i++)
                assert_int_equal(data[i], (uint8_t)(i * 7));
        }
    }
}

static void accept_key_is_the_one_of_the_rfc(void **state)
{
    (void)state;
    char accept[WS_ACCEPT_BYTES + 1];
    ws_accept_key(str_of("dGhlIHNhbXBsZSBub25jZQ=="), accept);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static int close_of(const char *payload, size_t bytes, int *code, struct str *why)
{
    return ws_close_parse((const uint8_t *)payload, bytes, code, why);
}

static void close_payload_is_code_and_reason(void **state)
{
    (void)state;
    int code;
    struct str why;
    assert_int_equal(close_of("", 0, &code, &why), 0);
    assert_int_equal(code, 1005);
    assert_int_equal(close_of("\x03\xE8", 2, &code, &why), 0);
    assert_int_equal(code, 1000);
    assert_int_equal(why.bytes, 0);
    assert_int_equal(close_of("\x0F\xA0\xC4\x8Dx", 5, &code, &why), 0);
    assert_int_equal(code, 4000);
    assert_true(str_is(why, "\xC4\x8Dx"));
}

static void close_codes_that_must_not_be_sent_are_refused(void **state)
{
    (void)state;
    static const int codes[] = {0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535};
    int code;
    struct str why;
    for (size_t i = 0; i < countof(codes); i++) {
        char payload[2] = {(char)(codes[i] >> 8), (char)codes[i]};
        assert_int_equal(close_of(payload, 2, &code, &why), EPROTO);
    }
    assert_int_equal(close_of("\x03", 1, &code, &why), EPROTO);
    assert_int_equal(close_of("\x03\xE8\xFF", 3, &code, &why), EPROTO);
}

static void answer_to_a_handshake_is_taken_apart(void **state)
{
    (void)state;
    struct ws_answer answer;
    static const char text[] = "HTTP/1.1 101 Switching Protocols\r\nUPGRADE:websocket\r\n"
                               "Connection: Upgrade \r\nSec-WebSocket-Accept: abc=\r\n\r\nframe";
    assert_int_equal(ws_answer_parse(str_of(text), &answer), 0);
    assert_int_equal(answer.status, 101);
    assert_int_equal(answer.body_bytes, -1);
    assert_true(str_is(answer.upgrade, "websocket"));
    assert_true(str_is(answer.connection, "Upgrade"));
    assert_true(str_is(answer.accept, "abc="));
    assert_int_equal(answer.extensions.bytes, 0);
    assert_string_equal(text + answer.head_bytes, "frame");
    for (size_t bytes = 0; bytes < answer.head_bytes; bytes++)
        assert_int_equal(ws_answer_parse((struct str){text, bytes}, &(struct ws_answer){0}),
                         EAGAIN);
}

static void refusal_says_how_much_reason_follows(void **state)
{
    (void)state;
    struct ws_answer answer;
    assert_int_equal(ws_answer_parse(str_of("HTTP/1.0 401 No\r\ncontent-length: 17\r\n"
                                            "dg-error: bad key\r\n\r\n"),
                                     &answer),
                     0);
    assert_int_equal(answer.status, 401);
    assert_int_equal(answer.body_bytes, 17);
    assert_true(str_is(answer.error, "bad key"));
    assert_int_equal(
        ws_answer_parse(str_of("HTTP/1.1 401 No\r\nContent-Length: -17\r\n\r\n"), &answer), 0);
    assert_int_equal(answer.body_bytes, -1);
}

static void answer_that_is_not_http_is_refused(void **state)
{
    (void)state;
    static const char *const odd[] = {"\r\n\r\n", "HTTP/2 101\r\n\r\n", "HTTP/1.1 10\r\n\r\n",
                                      "HTTP/1.1 1x1 \r\n\r\n", "http/1.1 101 x\r\n\r\n"};
    struct ws_answer answer;
    for (size_t i = 0; i < countof(odd); i++)
        assert_int_equal(ws_answer_parse(str_of(odd[i]), &answer), EPROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_come_back_as_written),
        cmocka_unit_test(unlawful_heads_are_refused_at_once),
        cmocka_unit_test(masking_twice_changes_nothing_at_any_offset),
        cmocka_unit_test(accept_key_is_the_one_of_the_rfc),
        cmocka_unit_test(close_payload_is_code_and_reason),
        cmocka_unit_test(close_codes_that_must_not_be_sent_are_refused),
        cmocka_unit_test(answer_to_a_handshake_is_taken_apart),
        cmocka_unit_test(refusal_says_how_much_reason_follows),
        cmocka_unit_test(answer_that_is_not_http_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
