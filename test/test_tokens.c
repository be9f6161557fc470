/* test/test_tokens.c: the one-use token of a media stream, and what it lets in to. */
#include "store/tokens.h"

#include "store/turns.h"
#include "test/neighbours.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct opened {
    bool done;
    int err;
    struct call_opened call;
};

static void on_opened(int err, const struct call_opened *call, void *arg)
{
    struct opened *opened = arg;
    assert_false(opened->done);
    opened->done = true;
    opened->err = err;
    if (!err)
        opened->call = *call;
    else
        assert_null(call);
}

static struct opened redeem(const char *token, const char *sid)
{
    struct opened opened = {0};
    tokens_redeem(bench.app, str_of(token), sid, &bench.arena, on_opened, &opened, NULL);
    assert_false(opened.done);
    bench_wait(&bench, &opened.done);
    return opened;
}

static int open_tenants(void **state)
{
    neighbours_open(state);
    postgres_run(
        "UPDATE tenants SET system_prompt = 'Be kind.', vip_names = '{Máma,\"T, \\\"a\"}'");
    return 0;
}

static void token_opens_its_call_once(void **state)
{
    (void)state;
    postgres_contact(jan, "+420601000001", "Máma", "vip");
    struct call_begun begun = begin(jan, "CA1").call;
    struct opened first = redeem(begun.token, "CA1"), second = redeem(begun.token, "CA1");
    assert_int_equal(first.err, 0);
    assert_true(uuid_equal(first.call.call.id, begun.call));
    assert_true(uuid_equal(first.call.tenant.id, jan));
    assert_string_equal(first.call.tenant.system_prompt, "Be kind.");
    assert_int_equal(first.call.tenant.vip_count, 2);
    assert_string_equal(first.call.tenant.vip_names[1], "T, \"a");
    assert_string_equal(first.call.call.from_number, "+420601000001");
    assert_null(first.call.call.forwarded_from);
    assert_false(first.call.resumed);
    assert_int_equal(first.call.snapshot.bytes, 0);
    assert_int_equal(first.call.last_seq, 0);
    assert_int_equal(first.call.contact, CONTACT_VIP);
    assert_string_equal(first.call.contact_name, "Máma");
    assert_int_equal(second.err, EALREADY);
}

static void two_streams_with_one_token_are_one_stream(void **state)
{
    (void)state;
    struct call_begun begun = begin(jan, "CA2").call;
    struct opened opened[8] = {0};
    int let_in = 0;
    for (size_t i = 0; i < countof(opened); i++)
        tokens_redeem(i % 2 ? bench.app : bench.owner, str_of(begun.token), "CA2", &bench.arena,
                      on_opened, &opened[i], NULL);
    for (size_t i = 0; i < countof(opened); i++) {
        bench_wait(&bench, &opened[i].done);
        assert_true(opened[i].err == 0 || opened[i].err == EALREADY);
        let_in += opened[i].err == 0;
    }
    assert_int_equal(let_in, 1);
}

static void token_of_nobody_is_refused(void **state)
{
    (void)state;
    assert_int_equal(begin(jan, "CA3").err, 0);
    assert_int_equal(redeem("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "CA3").err, ENOENT);
    assert_int_equal(redeem("", "CA3").err, ENOENT);
}

static void stolen_token_opens_no_other_call_and_stays_good_for_its_own(void **state)
{
    (void)state;
    struct call_begun mine = begin(jan, "CA4").call;
    assert_int_equal(begin(jan, "CA5").err, 0);
    assert_int_equal(redeem(mine.token, "CA5").err, EPERM);
    assert_int_equal(redeem(mine.token, "").err, EPERM);
    assert_int_equal(redeem(mine.token, "CA4").err, 0);
}

static void old_token_is_stale(void **state)
{
    (void)state;
    struct call_begun begun = begin(jan, "CA6").call;
    assert_in_range(postgres_count("SELECT extract(epoch FROM expires_at - now())"
                                   " FROM stream_tokens"),
                    STREAM_TOKEN_SECONDS - 10, STREAM_TOKEN_SECONDS);
    postgres_run("UPDATE stream_tokens SET expires_at = now()");
    assert_int_equal(redeem(begun.token, "CA6").err, ESTALE);
}

static void token_itself_is_not_in_the_database(void **state)
{
    (void)state;
    struct call_begun begun = begin(jan, "CA7").call;
    char *sql = xprintf("SELECT count(*) FROM stream_tokens WHERE token_hash = sha256('%s')"
                        " AND stream_tokens::text NOT LIKE '%%%s%%'",
                        begun.token, begun.token);
    assert_int_equal(postgres_count(sql), 1);
    free(sql);
}

static void resumed_call_comes_with_its_snapshot(void **state)
{
    (void)state;
    struct call_begun begun = begin(jan, "CA8").call;
    assert_int_equal(redeem(begun.token, "CA8").err, 0);
    const struct call_line line = {
        .seq = 7, .speaker = SPEAKER_CALLER, .kind = LINE_SAID, .text = str_of("Ano")};
    turns_save(bench.app, jan, begun.call, &line, 1,
               &(struct turns_snapshot){{"s\0n\xff", 4}, NULL, 0}, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    struct begun resumed = {0};
    calls_resume(bench.app, "CA8", false, on_begun, &resumed, NULL);
    bench_wait(&bench, &resumed.done);
    struct opened opened = redeem(resumed.call.token, "CA8");
    assert_int_equal(opened.err, 0);
    assert_true(opened.call.resumed);
    assert_int_equal(opened.call.last_seq, 7);
    assert_int_equal(opened.call.snapshot.bytes, 4);
    assert_memory_equal(opened.call.snapshot.at, "s\0n\xff", 4);
}

static void call_that_is_over_is_not_opened(void **state)
{
    (void)state;
    struct call_begun begun = begin(jan, "CA9").call;
    const struct call_finish finish = {.tenant = jan,
                                       .call = begun.call,
                                       .status = STATUS_COMPLETED,
                                       .why = "caller_hung_up",
                                       .ended_at_ms = wall_now_ms()};
    calls_finish(bench.app, &finish, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    assert_int_equal(redeem(begun.token, "CA9").err, ESHUTDOWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_tenants, neighbours_close)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(token_opens_its_call_once),
        TEST(two_streams_with_one_token_are_one_stream),
        TEST(token_of_nobody_is_refused),
        TEST(stolen_token_opens_no_other_call_and_stays_good_for_its_own),
        TEST(old_token_is_stale),
        TEST(token_itself_is_not_in_the_database),
        TEST(resumed_call_comes_with_its_snapshot),
        TEST(call_that_is_over_is_not_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
