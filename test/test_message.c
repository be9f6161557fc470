/* test/test_message.c: what a model may hand over as a message, and what a call has cost. */
#include "line/message.h"
#include "line/usage.h"
#include "test/test.h"

#include <errno.h>
#include <string.h>

static void a_whole_message_is_read(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct message message = {.tool_call_id = "t1"};
    struct str arguments = str_of("{\"caller_name\":\" Petr Nov\\u00e1k \",\"company\":null,"
                                  "\"reason\":\"the garden\",\"callback_number\":\"555\","
                                  "\"urgent\":true,\"more\":[{}]}");
    assert_int_equal(message_read(arguments, &arena, &message), 0);
    assert_string_equal(message.caller_name, "Petr Nov\303\241k");
    assert_null(message.company);
    assert_string_equal(message.reason, "the garden");
    assert_string_equal(message.callback_number, "555");
    assert_true(message.urgent);
    assert_string_equal(message.tool_call_id, "t1");
    arena_free(&arena);
}

static void the_script_without_a_model_is_understood(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct message message = {0};
    struct str arguments = str_of("{\"before\":\"hello\",\"name\":\"Petr\",\"reason\":\"\","
                                  "\"callback_number\":\"\"}");
    assert_int_equal(message_read(arguments, &arena, &message), 0);
    assert_string_equal(message.caller_name, "Petr");
    assert_string_equal(message.reason, ""); /* never NULL */
    assert_null(message.callback_number);
    arena_free(&arena);
}

static void other_kinds_are_no_message(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "[]",
                                      "\"x\"",
                                      "{",
                                      "{\"reason\":\"x\"",
                                      "null",
                                      "{\"reason\":\"x\"}}",
                                      "{\"urgent\":maybe}"};
    for (size_t i = 0; i < countof(bad); i++) {
        struct arena arena = {0};
        struct message message = {.reason = "kept"};
        assert_int_equal(message_read(str_of(bad[i]), &arena, &message), EINVAL);
        assert_string_equal(message.reason, "kept");
        arena_free(&arena);
    }
}

static void values_of_another_type_are_left_out(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct message message = {0};
    struct str arguments = str_of("{\"caller_name\":{\"a\":1},\"reason\":5,\"urgent\":\"yes\"}");
    assert_int_equal(message_read(arguments, &arena, &message), 0);
    assert_null(message.caller_name);
    assert_string_equal(message.reason, "");
    assert_false(message.urgent);
    arena_free(&arena);
}

static void long_texts_are_cut_where_a_character_ends(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct buf arguments = {0};
    struct message message = {0};
    buf_puts(&arguments, "{\"caller_name\":\"");
    for (int i = 0; i < MESSAGE_NAME_BYTES_MAX; i++)
        buf_puts(&arguments, "\305\231"); /* r with caron */
    buf_puts(&arguments, "x\"}");
    assert_int_equal(message_read(buf_str(&arguments), &arena, &message), 0);
    assert_int_equal(strlen(message.caller_name), MESSAGE_NAME_BYTES_MAX);
    buf_free(&arguments);
    arena_free(&arena);
}

static void only_what_was_used_is_a_row(void **state)
{
    (void)state;
    struct line_usage usage = {.carrier_ms = 60000, .stt_ms = 60000, .output_tokens = 1000};
    struct usage_item items[LINE_USAGE_ITEMS];
    assert_int_equal(usage_items(&usage, "luna", items), 3);
    assert_string_equal(items[0].kind, "telephony_ms");
    assert_int_equal(items[0].cost_micro, 12500);
    assert_null(items[0].model);
    assert_int_equal(items[1].cost_micro, 5900);
    assert_string_equal(items[2].kind, "llm_output_tokens");
    assert_string_equal(items[2].model, "luna");
    assert_int_equal(items[2].cost_micro, 500);
}

static void a_snapshot_carries_usage_and_waits_on(void **state)
{
    (void)state;
    struct line_usage usage = {1, 2, 3, 4, 5, 6}, read = {0};
    struct call_waits waits = {.count = CALL_WAITS_MAX}, waits_read = {0}, none = {0};
    struct buf snapshot = {0};
    struct str core = {0};
    for (size_t i = 0; i < waits.count; i++)
        waits.ms[i] = CALL_WAIT_MS_MAX - (int32_t)i;
    snapshot_begin(&snapshot, &usage, &waits);
    buf_puts(&snapshot, "{\"v\":1}\n{}");
    assert_int_equal(snapshot_read(buf_str(&snapshot), &read, &waits_read, &core), 0);
    assert_memory_equal(&read, &usage, sizeof(usage));
    assert_memory_equal(&waits_read, &waits, sizeof(waits));
    assert_true(str_is(core, "{\"v\":1}\n{}"));
    buf_clear(&snapshot);
    snapshot_begin(&snapshot, &usage, &none);
    assert_int_equal(snapshot_read(buf_str(&snapshot), &read, &waits_read, &core), 0);
    assert_int_equal(waits_read.count, 0);
    buf_free(&snapshot);
}

static void a_snapshot_of_another_kind_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "line2",
                                      "line2 1 2 3\n{}",
                                      "line2 1 2 3 4 5 6\n{}",
                                      "line1 1 2 3 4 5 6 {}\n{}",
                                      "line2 1 2 3 4 5 6 {\n{}",
                                      "line2 1 2 3 4 5 6 {7,}\n{}",
                                      "line2 1 2 3 4 5 6 {,7}\n{}",
                                      "line2 1 2 3 4 5 6 {-7}\n{}",
                                      "line2 1 2 3 4 5 6 {7 8}\n{}",
                                      "line2 1 2 3 4 5 6 {7}8\n{}",
                                      "{\"v\":1}"};
    for (size_t i = 0; i < countof(bad); i++) {
        struct line_usage usage = {.stt_ms = 7};
        struct call_waits waits = {.count = 0};
        struct str core = str_of("kept");
        assert_int_equal(snapshot_read(str_of(bad[i]), &usage, &waits, &core), EINVAL);
        assert_int_equal(usage.stt_ms, 7);
        assert_true(str_is(core, "kept"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_message_is_read),
        cmocka_unit_test(the_script_without_a_model_is_understood),
        cmocka_unit_test(other_kinds_are_no_message),
        cmocka_unit_test(values_of_another_type_are_left_out),
        cmocka_unit_test(long_texts_are_cut_where_a_character_ends),
        cmocka_unit_test(only_what_was_used_is_a_row),
        cmocka_unit_test(a_snapshot_carries_usage_and_waits_on),
        cmocka_unit_test(a_snapshot_of_another_kind_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
