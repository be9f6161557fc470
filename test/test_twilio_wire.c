/* test/test_twilio_wire.c: media stream messages as bytes and back. */
#include "base/mem.h"
#include "carrier/twilio_wire.h"
#include "test/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MZ "MZ00000000000000000000000000000001"
#define CA "CA00000000000000000000000000000002"
#define AC "AC00000000000000000000000000000003"

static struct twilio_message parsed(const char *text)
{
    struct twilio_message message = {0};
    if (twilio_message_parse(str_of(text), &message))
        fail_msg("refused: %s", text);
    return message;
}

static void documented_messages_are_read(void **state)
{
    (void)state;
    struct twilio_message m = parsed("{\"event\":\"connected\",\"protocol\":\"Call\",\"version\":"
                                     "\"1.0.0\"}");
    assert_int_equal(m.kind, TWILIO_CONNECTED);
    m = parsed("{\"event\":\"start\",\"sequenceNumber\":\"1\",\"start\":{\"accountSid\":\"" AC
               "\",\"streamSid\":\"" MZ "\",\"callSid\":\"" CA
               "\",\"tracks\":[\"inbound\"],\"mediaFormat\":{\"encoding\":\"audio/x-mulaw\","
               "\"sampleRate\":8000,\"channels\":1},\"customParameters\":{\"x\":\"y\",\"token\":"
               "\"t0k\",\"after\":\"transfer\"}},\"streamSid\":\"" MZ "\"}");
    assert_int_equal(m.kind, TWILIO_START);
    assert_true(str_is(m.stream_sid, MZ) && str_is(m.call_sid, CA) && str_is(m.account_sid, AC));
    assert_true(str_is(m.token, "t0k") && str_is(m.after, "transfer"));
    assert_true(str_is(m.encoding, "audio/x-mulaw"));
    assert_int_equal(m.sample_rate, 8000);
    assert_int_equal(m.channels, 1);
    m = parsed("{\"event\":\"media\",\"sequenceNumber\":\"3\",\"media\":{\"track\":\"inbound\","
               "\"chunk\":\"1\",\"timestamp\":\"5\",\"payload\":\"//7+\"},\"streamSid\":\"" MZ
               "\"}");
    assert_int_equal(m.kind, TWILIO_MEDIA);
    assert_int_equal(m.at_ms, 5);
    assert_true(str_is(m.payload, "//7+"));
    m = parsed(
        "{\"event\":\"dtmf\",\"streamSid\":\"" MZ
        "\",\"sequenceNumber\":\"5\",\"dtmf\":{\"track\":\"inbound_track\",\"digit\":\"#\"}}");
    assert_int_equal(m.kind, TWILIO_DTMF);
    assert_int_equal(m.digit, '#');
    m = parsed("{\"event\":\"mark\",\"sequenceNumber\":\"4\",\"streamSid\":\"" MZ
               "\",\"mark\":{\"name\":\"12\"}}");
    assert_int_equal(m.kind, TWILIO_MARK);
    assert_true(str_is(m.mark, "12"));
    m = parsed("{\"event\":\"stop\",\"sequenceNumber\":\"5\",\"stop\":{\"accountSid\":\"" AC
               "\",\"callSid\":\"" CA "\"},\"streamSid\":\"" MZ "\"}");
    assert_int_equal(m.kind, TWILIO_STOP);
}

static void keys_come_in_any_order_and_numbers_as_either(void **state)
{
    (void)state;
    struct twilio_message m =
        parsed("{\"streamSid\":\"" MZ "\",\"media\":{\"payload\":\"AAAA\",\"timestamp\":40,"
               "\"new\":{\"a\":[1,null]}},\"other\":[{}],\"event\":\"media\"}");
    assert_int_equal(m.kind, TWILIO_MEDIA);
    assert_int_equal(m.at_ms, 40);
    assert_int_equal(parsed("{\"event\":\"warmup\"}").kind, TWILIO_OTHER);
    assert_int_equal(parsed("{\"event\":\"dtmf\",\"dtmf\":{\"digit\":\"12\"}}").digit, 0);
    assert_int_equal(parsed("{\"event\":\"dtmf\",\"dtmf\":{\"digit\":\"\\\\\"}}").digit, 0);
    assert_int_equal(parsed("{\"event\":\"media\",\"media\":{\"timestamp\":\"x\"}}").at_ms, -1);
}

static void what_is_no_message_is_refused(void **state)
{
    (void)state;
    static const char *const broken[] = {"",
                                         "{}",
                                         "[]",
                                         "null",
                                         "{",
                                         "{\"event\":7}",
                                         "{\"event\":\"\"}",
                                         "{\"event\":\"media\"",
                                         "{\"event\":\"media\"}x",
                                         "\x82\xFF\x00 garbage"};
    struct twilio_message message = {0};
    for (size_t i = 0; i < countof(broken); i++)
        assert_int_equal(twilio_message_parse(str_of(broken[i]), &message), EPROTO);
    struct buf longer = {0};
    buf_puts(&longer, "{\"event\":\"media\",\"x\":\"");
    for (int i = 0; i < TWILIO_MESSAGE_BYTES_MAX; i++)
        buf_putc(&longer, 'a');
    buf_puts(&longer, "\"}");
    assert_int_equal(twilio_message_parse(buf_str(&longer), &message), EMSGSIZE);
    buf_free(&longer);
}

static void payloads_are_decoded_within_bounds(void **state)
{
    (void)state;
    uint8_t out[TWILIO_AUDIO_ROOM] = {0};
    size_t bytes = 99;
    assert_int_equal(twilio_payload_decode(str_of("/////w=="), out, &bytes), 0);
    assert_int_equal(bytes, 4);
    assert_int_equal(out[3], 0xFF);
    assert_int_equal(twilio_payload_decode(str_of("\\/\\/\\/\\/\\/w=="), out, &bytes), 0);
    assert_int_equal(bytes, 4);
    assert_int_equal(twilio_payload_decode(str_of(""), out, &bytes), 0);
    assert_int_equal(bytes, 0);
    assert_int_equal(twilio_payload_decode(str_of("AAA"), out, &bytes), EINVAL);
    assert_int_equal(twilio_payload_decode(str_of("A*AA"), out, &bytes), EINVAL);
    char *longer = xalloc(20000);
    memset(longer, 'A', 12000);
    assert_int_equal(twilio_payload_decode(str_of(longer), out, &bytes), EMSGSIZE);
    longer[0] = '\\';
    assert_int_equal(twilio_payload_decode(str_of(longer), out, &bytes), EMSGSIZE);
    memset(longer, '\0', 20000);
    memset(longer, 'A', 10660);
    longer[1] = '\\';
    assert_int_equal(twilio_payload_decode(str_of(longer), out, &bytes), EINVAL); /* 10659 */
    struct buf whole = {0};
    twilio_put_media(&whole, str_of(MZ), out, TWILIO_AUDIO_BYTES_MAX);
    struct twilio_message most = parsed(buf_text(&whole));
    assert_int_equal(twilio_payload_decode(most.payload, out, &bytes), 0);
    assert_int_equal(bytes, TWILIO_AUDIO_BYTES_MAX);
    buf_free(&whole);
    free(longer);
}

static void marks_are_our_numbers(void **state)
{
    (void)state;
    uint32_t mark = 7;
    static const char *const wrong[] = {"",   "a",          "-1",          "01",
                                        "1 ", "4294967296", "99999999999", "1.0"};
    for (size_t i = 0; i < countof(wrong); i++)
        assert_int_equal(twilio_mark_parse(str_of(wrong[i]), &mark), EINVAL);
    assert_int_equal(mark, 7);
    assert_int_equal(twilio_mark_parse(str_of("0"), &mark), 0);
    assert_int_equal(mark, 0);
    assert_int_equal(twilio_mark_parse(str_of("4294967295"), &mark), 0);
    assert_int_equal(mark, UINT32_MAX);
}

static void sids_are_letters_and_hex(void **state)
{
    (void)state;
    assert_true(twilio_is_sid(str_of(CA), "CA"));
    assert_false(twilio_is_sid(str_of(CA), "MZ"));
    assert_false(twilio_is_sid(str_of(CA "0"), "CA"));
    assert_false(twilio_is_sid(str_of("CA0000000000000000000000000000000g"), "CA"));
    assert_false(twilio_is_sid(str_of("CA/../../Accounts0000000000000000."), "CA"));
    assert_false(twilio_is_sid(str_of(""), "CA"));
}

static void what_we_send_is_what_twilio_documents(void **state)
{
    (void)state;
    struct buf out = {0};
    const uint8_t audio[] = {0xFF, 0xFF, 0xFF, 0xFF};
    twilio_put_media(&out, str_of(MZ), audio, sizeof(audio));
    assert_string_equal(buf_text(&out), "{\"event\":\"media\",\"streamSid\":\"" MZ
                                        "\",\"media\":{\"payload\":\"/////w==\"}}");
    buf_clear(&out);
    twilio_put_mark(&out, str_of(MZ), 42);
    assert_string_equal(buf_text(&out),
                        "{\"event\":\"mark\",\"streamSid\":\"" MZ "\",\"mark\":{\"name\":\"42\"}}");
    buf_clear(&out);
    twilio_put_clear(&out, str_of(MZ));
    assert_string_equal(buf_text(&out), "{\"event\":\"clear\",\"streamSid\":\"" MZ "\"}");
    buf_free(&out);
}

static void both_ends_understand_each_other(void **state)
{
    (void)state;
    struct buf out = {0};
    uint8_t audio[160], back[TWILIO_AUDIO_ROOM];
    size_t bytes = 0;
    for (size_t i = 0; i < sizeof(audio); i++)
        audio[i] = (uint8_t)(i * 7);
    twilio_put_inbound(&out, str_of(MZ), 3, 1, 20, audio, sizeof(audio));
    struct twilio_message m = parsed(buf_text(&out));
    assert_int_equal(m.kind, TWILIO_MEDIA);
    assert_int_equal(m.at_ms, 20);
    assert_int_equal(twilio_payload_decode(m.payload, back, &bytes), 0);
    assert_int_equal(bytes, sizeof(audio));
    assert_memory_equal(back, audio, sizeof(audio));
    buf_clear(&out);

    const struct twilio_parameter parameters[] = {{str_of("token"), str_of("a\"b")},
                                                  {str_of("after"), str_of("transfer")}};
    const struct twilio_stream_start start = {.account_sid = str_of(AC),
                                              .call_sid = str_of(CA),
                                              .stream_sid = str_of(MZ),
                                              .parameters = parameters,
                                              .parameter_count = 2};
    twilio_put_start(&out, &start);
    m = parsed(buf_text(&out));
    assert_int_equal(m.kind, TWILIO_START);
    assert_true(str_is(m.token, "a\\\"b") && str_is(m.after, "transfer"));
    assert_true(str_is(m.call_sid, CA) && m.sample_rate == 8000 && m.channels == 1);
    buf_clear(&out);
    twilio_put_connected(&out);
    assert_int_equal(parsed(buf_text(&out)).kind, TWILIO_CONNECTED);
    buf_clear(&out);
    twilio_put_played(&out, str_of(MZ), 9, str_of("12"));
    assert_true(str_is(parsed(buf_text(&out)).mark, "12"));
    buf_clear(&out);
    twilio_put_dtmf(&out, str_of(MZ), 9, '5');
    assert_int_equal(parsed(buf_text(&out)).digit, '5');
    buf_clear(&out);
    twilio_put_stop(&out, str_of(MZ), 10, str_of(AC), str_of(CA));
    assert_int_equal(parsed(buf_text(&out)).kind, TWILIO_STOP);
    buf_free(&out);
}

static void second_frame_takes_no_memory(void **state)
{
    (void)state;
    struct buf out = {0};
    const uint8_t audio[160] = {0};
    twilio_put_media(&out, str_of(MZ), audio, sizeof(audio));
    char *data = out.data;
    size_t room = out.room;
    for (int i = 0; i < 100; i++) {
        buf_clear(&out);
        twilio_put_media(&out, str_of(MZ), audio, sizeof(audio));
    }
    assert_ptr_equal(out.data, data);
    assert_int_equal(out.room, room);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documented_messages_are_read),
        cmocka_unit_test(keys_come_in_any_order_and_numbers_as_either),
        cmocka_unit_test(what_is_no_message_is_refused),
        cmocka_unit_test(payloads_are_decoded_within_bounds),
        cmocka_unit_test(marks_are_our_numbers),
        cmocka_unit_test(sids_are_letters_and_hex),
        cmocka_unit_test(what_we_send_is_what_twilio_documents),
        cmocka_unit_test(both_ends_understand_each_other),
        cmocka_unit_test(second_frame_takes_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
