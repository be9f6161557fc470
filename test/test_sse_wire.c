/* test/test_sse_wire.c: server-sent events out of bytes cut anywhere. */
#include "base/mem.h"
#include "net/sse_wire.h"
#include "test/test.h"

#include <errno.h>
#include <string.h>

static void note(struct str data, void *arg)
{
    struct buf *seen = arg;
    buf_putc(seen, '<');
    buf_add_str(seen, data);
    buf_putc(seen, '>');
}

/* The same whatever the size of the pieces. */
static void expect(const char *stream, const char *events)
{
    size_t bytes = strlen(stream);
    for (size_t size = 1; size <= bytes; size++) {
        struct sse sse = {0};
        struct buf seen = {0};
        for (size_t at = 0; at < bytes; at += size) {
            struct str piece = {stream + at, bytes - at < size ? bytes - at : size};
            assert_int_equal(sse_feed(&sse, piece, note, &seen), 0);
        }
        assert_string_equal(buf_text(&seen), events);
        buf_free(&seen);
        sse_fini(&sse);
    }
}

static void events_come_out_however_the_stream_is_cut(void **state)
{
    (void)state;
    expect("data: one\n\ndata:two\n\ndata: [DONE]\n\n", "<one><two><[DONE]>");
}

static void all_three_line_ends_are_understood(void **state)
{
    (void)state;
    expect("data: a\r\n\r\ndata: b\r\rdata: c\n\n", "<a><b><c>");
    expect("data: a\r\ndata: b\r\n\r\n", "<a\nb>");
}

static void several_data_lines_are_one_event(void **state)
{
    (void)state;
    expect("data: a\ndata\ndata:  b\n\n", "<a\n\n b>");
}

static void comments_and_other_fields_are_passed_over(void **state)
{
    (void)state;
    expect(": ping\n\nevent: delta\nid: 7\nretry: 10\ndatax: no\ndata: {\"a\":1}\n\n:\n\n",
           "<{\"a\":1}>");
}

static void empty_data_is_an_event_and_no_data_is_none(void **state)
{
    (void)state;
    expect("data:\n\n\n\nevent: x\n\n", "<>");
}

static void unfinished_event_stays_unsaid(void **state)
{
    (void)state;
    expect("data: whole\n\ndata: half\n", "<whole>");
}

static void byte_order_mark_is_passed_over_at_the_start_only(void **state)
{
    (void)state;
    expect("\xEF\xBB\xBF"
           "data: a\n\n\xEF\xBB\xBF"
           "data: b\n\n",
           "<a>");
}

static void endless_line_is_refused(void **state)
{
    (void)state;
    static char piece[64 * 1024];
    struct sse sse = {0};
    struct buf seen = {0};
    memset(piece, 'x', sizeof(piece));
    int err = 0, pieces = 0;
    while (!err && pieces++ < 10)
        err = sse_feed(&sse, (struct str){piece, sizeof(piece)}, note, &seen);
    assert_int_equal(err, EMSGSIZE);
    assert_int_equal(pieces, SSE_EVENT_BYTES_MAX / (int)sizeof(piece) + 1);
    sse_fini(&sse);
}

static void endless_event_is_refused(void **state)
{
    (void)state;
    struct sse sse = {0};
    struct buf seen = {0};
    int err = 0;
    for (int i = 0; i < SSE_EVENT_BYTES_MAX && !err; i++)
        err = sse_feed(&sse, str_of("data: 0123456789\n"), note, &seen);
    assert_int_equal(err, EMSGSIZE);
    assert_true(sse.data.bytes <= SSE_EVENT_BYTES_MAX);
    sse_fini(&sse);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_out_however_the_stream_is_cut),
        cmocka_unit_test(all_three_line_ends_are_understood),
        cmocka_unit_test(several_data_lines_are_one_event),
        cmocka_unit_test(comments_and_other_fields_are_passed_over),
        cmocka_unit_test(empty_data_is_an_event_and_no_data_is_none),
        cmocka_unit_test(unfinished_event_stays_unsaid),
        cmocka_unit_test(byte_order_mark_is_passed_over_at_the_start_only),
        cmocka_unit_test(endless_line_is_refused),
        cmocka_unit_test(endless_event_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
