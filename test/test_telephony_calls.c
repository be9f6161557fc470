/* test/test_telephony_calls.c: whole calls by telephone, streams that break, transfers, and the
 * webhooks that come later. */
#include "test/peer.h"
#include "test/telephony_world.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- whole calls ---------------------------------------------------------------------------- */

static void call_reaches_its_line(void **state)
{
    (void)state;
    world_ring(PHONE_DIAL_NO_ANSWER);
    bench_wait(&world.bench, &world.opened);
    assert_true(uuid_equal(world.setup.tenant, world.jan));
    assert_string_equal(world.setup.call_sid, sid1);
    assert_string_equal(world.setup.caller, CALLER);
    assert_string_equal(world.setup.language, "cs");
    assert_string_equal(world.setup.instructions, "be kind");
    assert_string_equal(world.setup.transfer_to, JANS_PHONE);
    assert_int_equal(world.setup.duration_ms_max, 180000); /* the tenant's own, below ours */
    assert_false(world.setup.message_only);
    assert_false(world.setup.resumed);
    phone_hang_up(world.phone);
    world_settle_call();
    bench_wait(&world.bench, &world.leg_gone);
    assert_int_equal(
        postgres_count("SELECT count(*) FROM calls WHERE carrier_status = 'completed'"), 1);
}

static void a_line_was_said(void)
{
    postgres_run("INSERT INTO call_turns (tenant_id, call_id, seq, speaker, kind, start_ms, end_ms,"
                 " text) SELECT tenant_id, id, 1, 'agent', 'phrase', 0, 1, 'Hello' FROM calls");
}

static void broken_stream_is_taken_up_again(void **state)
{
    (void)state;
    world_ring(PHONE_DIAL_NO_ANSWER);
    bench_wait(&world.bench, &world.opened);
    struct uuid call = world.setup.call;
    world.opened = false;
    a_line_was_said();
    leg_close(&world.leg, "the worker dies");
    bench_wait(&world.bench, &world.opened);
    assert_true(world.setup.resumed);
    assert_false(world.setup.transfer_failed);
    assert_true(uuid_equal(world.setup.call, call));
    assert_int_equal(world_counted(TELEPHONY_RESUMED), 1);
    /* now it ends in order */
    postgres_run("UPDATE calls SET status = 'completed', ended_at = now()");
    leg_close(&world.leg, "the call is over");
    world_settle_call();
    assert_string_equal(buf_text(&world.story), "over:1000 over:1000 ended:Hangup");
}

/* Else the caller would never be told that no person is speaking. */
static void stream_that_broke_before_a_word_begins_anew(void **state)
{
    (void)state;
    world_ring(PHONE_DIAL_NO_ANSWER);
    bench_wait(&world.bench, &world.opened);
    world.opened = false;
    leg_close(&world.leg, "the worker dies");
    bench_wait(&world.bench, &world.opened);
    assert_false(world.setup.resumed);
    assert_int_equal(world_counted(TELEPHONY_RESUMED), 1);
    postgres_run("UPDATE calls SET status = 'completed', ended_at = now()");
    leg_close(&world.leg, "the call is over");
    world_settle_call();
}

static void stream_that_always_breaks_ends_in_a_voicemail(void **state)
{
    (void)state;
    world.opens = EBUSY;
    world_ring(PHONE_DIAL_NO_ANSWER);
    while (!world_counted(TELEPHONY_RESUMES_SPENT))
        loop_step(world.bench.loop, 100);
    assert_int_equal(world.opened_count, TELEPHONY_RESUMES_MAX);
    assert_int_equal(world_counted(TELEPHONY_STREAM_REFUSED), TELEPHONY_RESUMES_MAX);
    uint8_t words[1600];
    memset(words, 0x10, sizeof(words));
    phone_say(world.phone, words, sizeof(words));
    while (!strstr(buf_text(&world.story), "recorded"))
        loop_step(world.bench.loop, 100);
    world_settle_call();
    while (!world_counted(TELEPHONY_MESSAGE_LEFT))
        loop_step(world.bench.loop, 100);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_messages WHERE callback_number = "
                                    "'" CALLER "' AND reason LIKE 'voicemail RE%, 1 s'"),
                     1);
}

static void on_carrier(int err, void *arg)
{
    (void)arg;
    world.carrier_done = true;
    world.carrier_err = err;
}

static void hand_over(void)
{
    struct line_carrier carrier = telephony_carrier(world.telephony);
    carrier.transfer(carrier.carrier, world.setup.call, sid1, JANS_PHONE,
                     str_of("Jan & Eva: balík?"), on_carrier, NULL, &world.carrier_asking);
    assert_false(world.carrier_done);
    world.opened = false;
    bench_wait(&world.bench, &world.carrier_done);
    assert_int_equal(world.carrier_err, 0);
}

static void transfer_that_is_taken_ends_the_call(void **state)
{
    (void)state;
    world_ring(PHONE_DIAL_ANSWERED);
    bench_wait(&world.bench, &world.opened);
    hand_over();
    world_settle_call();
    assert_string_equal(buf_text(&world.story), "dial:" JANS_PHONE ":" JANS_NUMBER
                                                " whisper:cs-CZ:Jan & Eva: balík? Hovor přijmete"
                                                " stisknutím jedničky. ended:Hangup");
    assert_true(world.leg_gone);
    assert_int_equal(world_counted(TELEPHONY_TRANSFERRED), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE transfer = 'connected' AND"
                                    " status = 'completed' AND ended_reason = 'transferred'"),
                     1);
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox WHERE kind = 'screening'"), 1);
}

static void transfer_that_nobody_takes_comes_back(void **state)
{
    (void)state;
    world_ring(PHONE_DIAL_NO_ANSWER);
    bench_wait(&world.bench, &world.opened);
    a_line_was_said();
    hand_over();
    bench_wait(&world.bench, &world.opened);
    assert_true(world.setup.resumed && world.setup.transfer_failed);
    assert_int_equal(world_counted(TELEPHONY_TRANSFER_FAILED), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE transfer = 'failed'"), 1);
}

/* To the carrier he has answered: its DialCallStatus is that of a call that was taken. */
static void who_presses_another_key_twice_has_not_taken_the_call(void **state)
{
    (void)state;
    world_ring(PHONE_DIAL_DECLINED);
    bench_wait(&world.bench, &world.opened);
    a_line_was_said();
    hand_over();
    bench_wait(&world.bench, &world.opened);
    assert_true(world.setup.resumed && world.setup.transfer_failed);
    assert_string_equal(buf_text(&world.story),
                        "dial:" JANS_PHONE ":" JANS_NUMBER
                        " whisper:cs-CZ:Jan & Eva: balík? Hovor přijmete stisknutím jedničky."
                        " whisper:cs-CZ:Jan & Eva: balík? Hovor přijmete stisknutím jedničky. ");
    assert_int_equal(world_counted(TELEPHONY_NOT_TAKEN), 1);
    assert_int_equal(world_counted(TELEPHONY_TRANSFERRED), 0);
    assert_int_equal(world_counted(TELEPHONY_TRANSFER_FAILED), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE transfer = 'failed' AND"
                                    " status = 'in_progress' AND taken_at IS NULL"),
                     1);
}

static void mailbox_that_picks_up_has_not_taken_the_call(void **state)
{
    (void)state;
    world_ring(PHONE_DIAL_VOICEMAIL);
    bench_wait(&world.bench, &world.opened);
    a_line_was_said();
    hand_over();
    bench_wait(&world.bench, &world.opened);
    assert_true(world.setup.resumed && world.setup.transfer_failed);
    assert_int_equal(world_counted(TELEPHONY_NOT_TAKEN), 1);
    assert_int_equal(world_counted(TELEPHONY_TRANSFER_FAILED), 1);
}

static void pressed(const char *digits, const char *call_sid, const char *n)
{
    char path[120];
    snprintf(path, sizeof(path), "/telephony/take?language=en&call=%s&n=%s&say=Eva", call_sid, n);
    world_post((struct hook){.path = path,
                             .call_sid = sid2, /* of whoever picked up */
                             .more = {{"Digits", digits}, {"ParentCallSid", sid1}}});
}

static void only_a_call_that_goes_on_is_taken_and_only_by_1(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1});
    pressed("2", sid1, "1");
    assert_string_equal(world_twiml()->children->name, "Gather");
    assert_string_equal(world_twiml()->children->children->text, "Eva. Press 1 to take the call.");
    pressed("", sid1, "2");
    assert_string_equal(world_twiml()->children->name, "Hangup");
    pressed("1", "CA%27%3B%20DROP%20TABLE%20calls", "1");
    assert_int_equal(world.status, 400);
    pressed("1", "CA00000000000000000000000000000009", "1"); /* nobody's */
    assert_string_equal(world_twiml()->children->name, "Hangup");
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE taken_at IS NOT NULL"), 0);
    pressed("1", sid1, "2");
    assert_null(world_twiml()->children); /* its document is over: they are joined */
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE taken_at IS NOT NULL"), 1);
    postgres_run("UPDATE calls SET status = 'completed', ended_at = now()");
    pressed("1", sid1, "1");
    assert_string_equal(world_twiml()->children->name, "Hangup"); /* the caller is gone */
}

static void whoever_took_the_call_is_known_whatever_the_carrier_says(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1});
    world_post((struct hook){.path = "/telephony/after-transfer?language=cs",
                             .call_sid = sid1,
                             .status = "in-progress",
                             .more = {{"DialCallStatus", "completed"}, {"DialBridged", "true"}}});
    assert_non_null(world_token());
    pressed("1", sid1, "1");
    world_post((struct hook){.path = "/telephony/after-transfer?language=cs",
                             .call_sid = sid1,
                             .status = "in-progress",
                             .more = {{"DialCallStatus", "no-answer"}, {"DialBridged", "false"}}});
    assert_string_equal(world_twiml()->children->name, "Hangup");
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE transfer = 'connected'"), 1);
}

static void only_without_its_database_the_carrier_is_believed(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1});
    world_lose_database();
    pressed("1", sid1, "1"); /* not written down, so not joined */
    assert_string_equal(world_twiml()->children->name, "Hangup");
    struct hook after = {.path = "/telephony/after-transfer?language=cs",
                         .call_sid = sid1,
                         .status = "in-progress",
                         .more = {{"DialCallStatus", "completed"}, {"DialBridged", "false"}}};
    world_post(after);
    world_expect_voicemail();
    after.more[1].value = "true";
    world_post(after);
    assert_string_equal(world_twiml()->children->name, "Hangup");
}

static void line_hangs_up_at_the_carrier(void **state)
{
    (void)state;
    world_ring(PHONE_DIAL_NO_ANSWER);
    bench_wait(&world.bench, &world.opened);
    struct line_carrier carrier = telephony_carrier(world.telephony);
    carrier.hang_up(carrier.carrier, sid1, on_carrier, NULL, &world.carrier_asking);
    op_cancel(&world.carrier_asking); /* forgotten in time: nothing comes of it */
    assert_null(world.carrier_asking);
    carrier.hang_up(carrier.carrier, sid1, on_carrier, NULL, &world.carrier_asking);
    bench_wait(&world.bench, &world.carrier_done);
    assert_int_equal(world.carrier_err, 0);
    world_settle_call();
    assert_string_equal(buf_text(&world.story), "ended:ended by request");
}

/* ---- later webhooks ------------------------------------------------------------------------- */

static void resume_of_a_call_that_is_over_hangs_up(void **state)
{
    (void)state;
    world_post((struct hook){.path = "/telephony/resume?language=cs&n=1", .call_sid = sid1});
    assert_string_equal(world_twiml()->children->name, "Hangup"); /* never heard of */
    world_post((struct hook){.call_sid = sid1});
    world_post((struct hook){
        .path = "/telephony/resume?language=cs&n=1", .call_sid = sid1, .status = "completed"});
    assert_string_equal(world_twiml()->children->name, "Hangup"); /* the caller is gone */
    world_post((struct hook){.path = "/telephony/resume?language=cs&n=1", .call_sid = sid1});
    assert_non_null(world_token());
    assert_non_null(strstr(buf_text(&world.body), "n=2"));
    postgres_run("UPDATE calls SET status = 'completed', ended_at = now()");
    world_post((struct hook){.path = "/telephony/resume?language=cs&n=2", .call_sid = sid1});
    assert_string_equal(world_twiml()->children->name, "Hangup");
    world_post((struct hook){.call_sid = sid1}); /* even the first webhook, late */
    assert_string_equal(world_twiml()->children->name, "Hangup");
}

static void transfer_without_a_number_is_refused_and_without_a_reason_told_as_a_call(void **state)
{
    (void)state;
    world_post((struct hook){.path = "/telephony/transfer?to=client%3Ajan", .call_sid = sid1});
    assert_int_equal(world.status, 400);
    world_post((struct hook){.path = "/telephony/transfer?language=cs&to=%2B420777123456&say=",
                             .call_sid = sid1});
    const struct twiml_element *dial = world_twiml()->children;
    assert_string_equal(dial->name, "Dial");
    const char *url = twiml_attribute(dial->children, "url");
    world_post((struct hook){.path = url + strlen(world.base), .call_sid = sid2});
    const struct twiml_element *gather = world_twiml()->children;
    assert_string_equal(gather->children->text,
                        "Tady Karen, mám pro vás hovor. Hovor přijmete stisknutím jedničky.");
}

static void news_come_in_any_order_and_number(void **state)
{
    (void)state;
    const struct hook done = {.path = "/telephony/status",
                              .call_sid = sid1,
                              .status = "completed",
                              .more = {{"CallDuration", "12"}}};
    world_post(done);
    assert_int_equal(world.status, 204); /* a call that was refused has no record */
    world_post((struct hook){.call_sid = sid1});
    world_post(done);
    world_post(done);
    assert_int_equal(world.status, 204);
    world_post((struct hook){.path = "/telephony/status", .call_sid = sid1, .status = "ringing"});
    assert_int_equal(world.status, 204);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE carrier_status = "
                                    "'completed' AND carrier_duration_seconds = 12"),
                     1);
    world_post((struct hook){.path = "/telephony/status", .call_sid = sid1, .status = "melted"});
    assert_int_equal(world.status, 400);
}

static const struct hook recorded = {
    .path = "/telephony/voicemail?language=cs",
    .call_sid = sid1,
    .status = "in-progress",
    .more = {{"RecordingSid", "RE00000000000000000000000000000001"}, {"RecordingDuration", "7"}}};

static void recording_becomes_one_message(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1});
    world_post(recorded);
    assert_string_equal(world_twiml()->children->name, "Say");
    world_post(recorded);
    while (world_counted(TELEPHONY_MESSAGE_LEFT) < 2)
        loop_step(world.bench.loop, 100);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_messages"), 1);
    world_post((struct hook){.path = "/telephony/voicemail", .call_sid = sid1});
    assert_int_equal(world.status, 400);
}

static void recording_is_counted_when_it_cannot_be_kept(void **state)
{
    (void)state;
    world_lose_database();
    world_post(recorded);
    assert_string_equal(world_twiml()->children->name, "Say");
    settle(world.bench.loop);
    assert_int_equal(world_counted(TELEPHONY_MESSAGE_UNSAVED), 0); /* it is still tried */
    world.options.db = world.bench.app;
    struct telephony *old = world.telephony;
    world.telephony = NULL;
    world_open_telephony();
    telephony_free(&old); /* the log has it now */
}

static void recording_for_nobody_is_given_up(void **state)
{
    (void)state;
    struct hook hook = recorded;
    hook.to = "+420910000000";
    world_post(hook);
    while (!world_counted(TELEPHONY_MESSAGE_UNSAVED))
        loop_step(world.bench.loop, 100);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TELEPHONY_TEST(call_reaches_its_line),
        TELEPHONY_TEST(broken_stream_is_taken_up_again),
        TELEPHONY_TEST(stream_that_broke_before_a_word_begins_anew),
        TELEPHONY_TEST(stream_that_always_breaks_ends_in_a_voicemail),
        TELEPHONY_TEST(transfer_that_is_taken_ends_the_call),
        TELEPHONY_TEST(transfer_that_nobody_takes_comes_back),
        TELEPHONY_TEST(who_presses_another_key_twice_has_not_taken_the_call),
        TELEPHONY_TEST(mailbox_that_picks_up_has_not_taken_the_call),
        TELEPHONY_TEST(only_a_call_that_goes_on_is_taken_and_only_by_1),
        TELEPHONY_TEST(whoever_took_the_call_is_known_whatever_the_carrier_says),
        TELEPHONY_TEST(only_without_its_database_the_carrier_is_believed),
        TELEPHONY_TEST(line_hangs_up_at_the_carrier),
        TELEPHONY_TEST(resume_of_a_call_that_is_over_hangs_up),
        TELEPHONY_TEST(transfer_without_a_number_is_refused_and_without_a_reason_told_as_a_call),
        TELEPHONY_TEST(news_come_in_any_order_and_number),
        TELEPHONY_TEST(recording_becomes_one_message),
        TELEPHONY_TEST(recording_is_counted_when_it_cannot_be_kept),
        TELEPHONY_TEST(recording_for_nobody_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
