/* test/test_context.c: the model's context stays bounded and lawful; a snapshot carries the
 * conversation into another process. */
#include "call/call_private.h"
#include "test/talk.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct str none;

static void oldest_messages_go_first(void **state)
{
    (void)state;
    struct call_core *core = call_new(&(struct call_setup){.language = "en"}, 0);
    for (int i = 0; i < 3 * CALL_MESSAGES_MAX; i++) {
        char text[16];
        snprintf(text, sizeof text, "message %d", i);
        context_add(&core->context, ROLE_USER, str_of(text), none, none);
    }
    struct call_message messages[CALL_MESSAGES_MAX];
    assert_int_equal(call_messages(core, messages, CALL_MESSAGES_MAX), CALL_MESSAGES_MAX);
    assert_true(str_is(messages[0].text, "message 128"));
    assert_true(str_is(messages[CALL_MESSAGES_MAX - 1].text, "message 191"));
    call_free(&core);
}

static void context_is_bounded_in_bytes(void **state)
{
    (void)state;
    struct call_core *core = call_new(&(struct call_setup){.language = "en"}, 0);
    char text[CALL_TEXT_BYTES_MAX];
    memset(text, 'x', sizeof text);
    for (int i = 0; i < 20; i++)
        context_add(&core->context, ROLE_USER, (struct str){text, sizeof text}, none, none);
    assert_true(core->context.bytes <= CONTEXT_BYTES);
    assert_int_equal(core->context.count, CONTEXT_BYTES / CALL_TEXT_BYTES_MAX);
    call_free(&core);
}

static void tool_and_its_result_are_forgotten_together(void **state)
{
    (void)state;
    struct call_core *core = call_new(&(struct call_setup){.language = "en"}, 0);
    context_add(&core->context, ROLE_TOOL_CALL, str_of("{}"), str_of("take"), str_of("a"));
    context_result(&core->context, str_of("a"), str_of("ok"));
    for (int i = 0; i < CALL_MESSAGES_MAX - 1; i++)
        context_add(&core->context, ROLE_USER, str_of("more"), none, none);
    struct call_message messages[CALL_MESSAGES_MAX];
    call_messages(core, messages, CALL_MESSAGES_MAX);
    assert_int_equal(messages[0].role, ROLE_USER);
    call_free(&core);
}

static void result_stands_behind_its_call(void **state)
{
    (void)state;
    struct call_core *core = call_new(&(struct call_setup){.language = "en"}, 0);
    context_add(&core->context, ROLE_TOOL_CALL, str_of("1"), str_of("take"), str_of("a"));
    context_add(&core->context, ROLE_TOOL_CALL, str_of("2"), str_of("end"), str_of("b"));
    context_result(&core->context, str_of("b"), str_of("for 2"));
    struct call_message messages[8];
    assert_int_equal(call_messages(core, messages, 8), 2); /* the first has no result yet */
    context_result(&core->context, str_of("a"), str_of("for 1"));
    assert_int_equal(call_messages(core, messages, 8), 4);
    assert_true(str_is(messages[1].text, "for 1"));
    assert_true(str_is(messages[1].id, "a"));
    assert_true(str_is(messages[3].text, "for 2"));
    assert_true(str_is(messages[2].name, "end"));
    call_free(&core);
}

static void message_may_be_rewritten_and_forgotten(void **state)
{
    (void)state;
    struct call_core *core = call_new(&(struct call_setup){.language = "en"}, 0);
    context_add(&core->context, ROLE_USER, str_of("first"), none, none);
    uint32_t second = context_add(&core->context, ROLE_USER, str_of("second"), none, none);
    uint32_t third = context_add(&core->context, ROLE_USER, str_of("third"), none, none);
    context_set(&core->context, second, str_of("a much longer second"));
    context_settle(&core->context, third, none);
    struct call_message messages[8];
    assert_int_equal(call_messages(core, messages, 8), 2);
    assert_true(str_is(messages[0].text, "first"));
    assert_true(str_is(messages[1].text, "a much longer second"));
    assert_int_equal(core->context.bytes, strlen("firsta much longer second"));
    call_free(&core);
}

static void model_knows_what_was_heard_so_far(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Is Jan there?");
    talk_replies(&talk, 6400, "Jan is out of the office for the whole week.");
    talk_until(&talk, 7800);
    assert_non_null(strstr(talk_context(&talk), "assistant: Jan is out of the office\n"));
    talk_end(&talk);
}

static void fillers_are_no_part_of_the_context(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_until(&talk, 10000);
    talk_says(&talk, 10500, 11000, "Is Jan there?");
    talk_until(&talk, 13500);
    assert_non_null(strstr(talk_lines(&talk), "Are you still there?"));
    assert_non_null(strstr(talk_lines(&talk), "One moment, please."));
    assert_null(strstr(talk_context(&talk), "Are you still there?"));
    assert_null(strstr(talk_context(&talk), "One moment, please."));
    talk_end(&talk);
}

static struct call_core *restore(struct str snapshot)
{
    struct call_setup setup = talk_setup();
    struct call_core *core = NULL;
    assert_int_equal(call_restore(&setup, snapshot, 0, &core), 0);
    return core;
}

static void snapshot_carries_the_talk_on(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Is \"Jan\" there?");
    talk_replies(&talk, 6400, "He is out.");
    talk_until(&talk, 8000);
    struct buf snapshot = {0};
    call_snapshot(talk.core, &snapshot);
    struct str before = str_of(talk_context(&talk));
    call_free(&talk.core);
    talk.core = restore(buf_str(&snapshot));
    assert_string_equal(talk_context(&talk), before.at);
    talk.now_ms = 0;
    talk.play_end_ms = 0;
    talk.due_count = 0;
    talk_at(&talk, 0, (struct call_event){.kind = EV_STARTED});
    assert_int_equal(talk_last(&talk, DO_SYNTH)->action.phrase, PHRASE_RESUMED);
    talk_until(&talk, 3000);
    talk_says(&talk, 3000, 4000, "When is he back?");
    talk_until(&talk, 4500);
    assert_int_equal(talk_last(&talk, DO_ASK)->action.gen, 2); /* numbers go on */
    assert_int_equal(talk_last(&talk, DO_RECORD)->action.line.seq, 6);
    buf_free(&snapshot);
    talk_end(&talk);
}

static void unanswered_turn_is_answered_after_the_snapshot(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Is Jan there?");
    talk_until(&talk, 6400);
    struct buf snapshot = {0};
    call_snapshot(talk.core, &snapshot);
    struct call_core *core = restore(buf_str(&snapshot));
    struct call_actions out;
    call_step(core, 0, &(struct call_event){.kind = EV_STARTED}, &out);
    assert_int_equal(out.list[out.count - 1].kind, DO_ASK);
    call_free(&core);
    buf_free(&snapshot);
    talk_end(&talk);
}

static void words_not_committed_are_in_the_snapshot(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_at(&talk, 5000,
            (struct call_event){
                .kind = EV_WORDS, .text = str_of("Is Jan the"), .at_ms = 4900, .end_ms = 4950});
    struct buf snapshot = {0};
    call_snapshot(talk.core, &snapshot);
    struct call_core *core = restore(buf_str(&snapshot));
    assert_true(turn_has_words(core));
    call_free(&core);
    buf_free(&snapshot);
    talk_end(&talk);
}

static void time_spent_counts_after_the_snapshot(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_at(&talk, 15000, (struct call_event){.kind = EV_TICK});
    struct buf snapshot = {0};
    call_snapshot(talk.core, &snapshot);
    struct call_core *core = restore(buf_str(&snapshot));
    assert_true(core->elapsed_ms == 15000);
    call_free(&core);
    buf_free(&snapshot);
    talk_end(&talk);
}

static void broken_snapshot_is_refused(void **state)
{
    (void)state;
    static const char *const broken[] = {"",
                                         "{}",
                                         "[]",
                                         "{\"v\":2}",
                                         "{\"turn\":1,\"v\":1}",
                                         "{\"v\":1,\"turn\":-1}",
                                         "{\"v\":1,\"script\":9}",
                                         "{\"v\":1,\"messages\":{}}",
                                         "{\"v\":1,\"messages\":[{}]}",
                                         "{\"v\":1,\"messages\":[{\"role\":7,\"text\":\"x\"}]}",
                                         "{\"v\":1,\"finals\":5}",
                                         "{\"v\":1",
                                         "{\"v\":1}x",
                                         "{\"v\":1,\"left\":2}",
                                         "{\"v\":1,\"seq\":99999999999}"};
    struct call_setup setup = talk_setup();
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct call_core *core = NULL;
        if (call_restore(&setup, str_of(broken[i]), 0, &core) != EINVAL)
            fail_msg("accepted: %s", broken[i]);
        assert_null(core);
    }
}

static void cut_snapshot_is_refused_at_every_byte(void **state)
{
    (void)state;
    struct talk talk = talk_begin();
    talk_says(&talk, 5000, 6000, "Is Jan there?");
    struct buf snapshot = {0};
    call_snapshot(talk.core, &snapshot);
    struct call_setup setup = talk_setup();
    for (size_t bytes = 0; bytes < snapshot.bytes; bytes++) {
        struct call_core *core = NULL;
        assert_int_equal(call_restore(&setup, (struct str){snapshot.data, bytes}, 0, &core),
                         EINVAL);
    }
    buf_free(&snapshot);
    talk_end(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oldest_messages_go_first),
        cmocka_unit_test(context_is_bounded_in_bytes),
        cmocka_unit_test(tool_and_its_result_are_forgotten_together),
        cmocka_unit_test(result_stands_behind_its_call),
        cmocka_unit_test(message_may_be_rewritten_and_forgotten),
        cmocka_unit_test(model_knows_what_was_heard_so_far),
        cmocka_unit_test(fillers_are_no_part_of_the_context),
        cmocka_unit_test(snapshot_carries_the_talk_on),
        cmocka_unit_test(unanswered_turn_is_answered_after_the_snapshot),
        cmocka_unit_test(words_not_committed_are_in_the_snapshot),
        cmocka_unit_test(time_spent_counts_after_the_snapshot),
        cmocka_unit_test(broken_snapshot_is_refused),
        cmocka_unit_test(cut_snapshot_is_refused_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
