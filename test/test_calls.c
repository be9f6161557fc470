/* test/test_calls.c: the record of a call: begun once, saved as it goes, finished once, swept. */
#include "store/messages.h"
#include "store/tokens.h"
#include "store/turns.h"
#include "test/neighbours.h"
#include "test/test.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct call_record record_of(struct uuid tenant, struct uuid call);

static void webhook_twice_is_one_call(void **state)
{
    (void)state;
    struct begun first = begin(jan, "CA1"), second = begin(jan, "CA1");
    assert_int_equal(first.err, 0);
    assert_false(first.call.again);
    assert_int_equal(second.err, 0);
    assert_true(second.call.again);
    assert_true(uuid_equal(first.call.call, second.call.call));
    assert_true(uuid_equal(second.call.tenant, jan));
    assert_int_equal(second.call.status, STATUS_IN_PROGRESS);
    assert_string_not_equal(first.call.token, second.call.token);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 1);
}

static void two_webhooks_at_once_are_one_call(void **state)
{
    (void)state;
    const struct call_begin call = {
        .tenant = jan, .carrier = "twilio", .call_sid = "CA2", .started_at_ms = wall_now_ms()};
    struct begun begun[6] = {0};
    for (size_t i = 0; i < countof(begun); i++)
        calls_begin(i % 2 ? bench.app : bench.owner, &call, on_begun, &begun[i], NULL);
    for (size_t i = 0; i < countof(begun); i++) {
        bench_wait(&bench, &begun[i].done);
        assert_int_equal(begun[i].err, 0);
        assert_true(uuid_equal(begun[i].call.call, begun[0].call.call));
    }
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 1);
}

static void call_never_moves_to_another_tenant(void **state)
{
    (void)state;
    struct begun mine = begin(jan, "CA3");
    struct begun theirs = begin(eva, "CA3");
    assert_int_equal(theirs.err, EPERM);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM stream_tokens"), 1);
    assert_true(uuid_equal(record_of(jan, mine.call.call).tenant, jan));
}

static void call_of_no_tenant_is_refused(void **state)
{
    (void)state;
    struct begun begun = begin(uuid_new(1), "CA4");
    assert_int_equal(begun.err, ENOENT);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_sids"), 0);
}

struct reading {
    bool done;
    int err;
    struct call_record record;
    const struct call_line *lines;
    size_t count;
};

static void on_record(int err, const struct call_record *record, void *arg)
{
    struct reading *reading = arg;
    reading->done = true;
    reading->err = err;
    if (!err)
        reading->record = *record;
}

static struct call_record record_of(struct uuid tenant, struct uuid call)
{
    struct reading reading = {0};
    calls_get(bench.app, tenant, call, &bench.arena, on_record, &reading, NULL);
    bench_wait(&bench, &reading.done);
    assert_int_equal(reading.err, 0);
    return reading.record;
}

static void on_lines(int err, const struct call_line *lines, size_t count, void *arg)
{
    struct reading *reading = arg;
    *reading = (struct reading){.done = true, .err = err, .lines = lines, .count = count};
}

static struct reading lines_of(struct uuid tenant, struct uuid call)
{
    struct reading reading = {0};
    turns_list(bench.app, tenant, call, &bench.arena, on_lines, &reading, NULL);
    bench_wait(&bench, &reading.done);
    assert_int_equal(reading.err, 0);
    return reading;
}

static struct call_line line(uint32_t seq, enum call_speaker speaker, const char *text)
{
    return (struct call_line){.seq = seq,
                              .speaker = speaker,
                              .kind = LINE_SAID,
                              .start_ms = seq * 1000,
                              .end_ms = seq * 1000 + 900,
                              .confidence = 0.5f,
                              .text = str_of(text)};
}

static int save(struct uuid tenant, struct uuid call, const struct call_line *lines, size_t count,
                const char *snapshot)
{
    static const struct usage_item usage[] = {{"stt_ms", "deepgram", "nova-3", 5000, 100},
                                              {"llm_input_tokens", "openai", "gpt", 70, 2}};
    turns_save(bench.app, tenant, call, lines, count,
               &(struct turns_snapshot){str_of(snapshot), usage, countof(usage)}, on_ending,
               &ending, NULL);
    return bench_ending(&bench, &ending);
}

static void lines_are_kept_as_they_settle_and_amended(void **state)
{
    (void)state;
    struct uuid call = begin(jan, "CA5").call.call;
    struct call_line lines[] = {line(1, SPEAKER_AGENT, "Dobrý den."),
                                line(4, SPEAKER_CALLER, "Ano"),
                                line(4, SPEAKER_CALLER, "Ano, \"tady\" Eva \x01 \xF0\x9F\x98\x80")};
    lines[0].kind = LINE_PHRASE;
    lines[0].phrase = PHRASE_GREETING;
    assert_int_equal(save(jan, call, lines, 3, "snap"), 0);
    assert_int_equal(save(jan, call, lines, 3, "snap"), 0); /* unknown the first time? then again */
    struct call_line more = line(6, SPEAKER_AGENT, "Děku");
    more.interrupted = true;
    more.generated = str_of("Děkuji vám.");
    more.stages = (struct call_stages){
        .turn = 1, .last_voice_ms = 4100, .commit_ms = 4380, .sent_first_ms = 4900};
    assert_int_equal(save(jan, call, &more, 1, ""), 0);
    struct reading reading = lines_of(jan, call);
    assert_int_equal(reading.count, 3);
    assert_int_equal(reading.lines[0].phrase, PHRASE_GREETING);
    assert_int_equal(reading.lines[0].kind, LINE_PHRASE);
    assert_int_equal(reading.lines[1].seq, 4);
    assert_true(str_is(reading.lines[1].text, lines[2].text.at));
    assert_int_equal(reading.lines[1].start_ms, 4000);
    assert_true(reading.lines[1].confidence > 0.49f && reading.lines[1].confidence < 0.51f);
    assert_true(reading.lines[2].interrupted);
    assert_true(str_is(reading.lines[2].generated, "Děkuji vám."));
    char *stages = postgres_ask("SELECT string_agg(stages::text, ' ') FROM call_turns");
    assert_string_equal(stages, "{\"sent_ms\": 4900, \"asked_ms\": null, \"heard_ms\": null,"
                                " \"model_ms\": null, \"voice_ms\": null, \"committed_ms\": 4380,"
                                " \"last_voice_ms\": 4100}");
    free(stages);
    char *snapshot = postgres_ask("SELECT convert_from(snapshot, 'UTF8') FROM call_snapshots");
    assert_string_equal(snapshot, "snap"); /* an empty one keeps the old */
    free(snapshot);
}

static void words_with_nul_and_broken_utf8_are_kept(void **state)
{
    (void)state;
    struct uuid call = begin(jan, "CA6").call.call;
    struct call_line bad = line(1, SPEAKER_CALLER, "");
    bad.text = (struct str){"a\0b\xff", 4};
    assert_int_equal(save(jan, call, &bad, 1, ""), 0);
    assert_true(str_is(lines_of(jan, call).lines[0].text, "a b\xEF\xBF\xBD"));
}

static void line_that_is_too_long_or_broken_costs_the_others_nothing(void **state)
{
    (void)state;
    struct uuid call = begin(jan, "CA18").call.call;
    struct buf text = {0};
    for (int i = 0; i < 40000; i++)
        buf_puts(&text, "\xff");
    struct call_line lines[] = {line(1, SPEAKER_CALLER, buf_text(&text)),
                                line(2, SPEAKER_CALLER, "Haló")};
    lines[1].confidence = NAN;
    assert_int_equal(save(jan, call, lines, 2, ""), 0);
    struct reading reading = lines_of(jan, call);
    assert_int_equal(reading.count, 2);
    assert_true(reading.lines[0].text.bytes > 15000);
    assert_true(str_is(reading.lines[1].text, "Haló"));
    buf_free(&text);
}

static void lines_of_an_unknown_or_foreign_call_are_refused(void **state)
{
    (void)state;
    struct uuid call = begin(jan, "CA7").call.call;
    struct call_line one = line(1, SPEAKER_CALLER, "Ahoj");
    assert_int_equal(save(eva, call, &one, 1, "x"), ENOENT);
    assert_int_equal(save(jan, uuid_new(1), &one, 1, "x"), ENOENT);
    assert_int_equal(lines_of(jan, call).count, 0);
}

static int finish(struct uuid tenant, struct uuid call, enum call_status status, const char *why)
{
    const struct call_line lines[] = {line(1, SPEAKER_AGENT, "Dobrý den."),
                                      line(2, SPEAKER_CALLER, "Nashledanou")};
    const struct usage_item usage[] = {{"stt_ms", "deepgram", "nova-3", 12345, 678},
                                       {"tts_characters", "elevenlabs", NULL, 99, 1}};
    const struct call_counts counts = {.turns = 1, .gens = 2};
    const struct call_waits waits = {.count = 2, .ms = {780, 1250}};
    const struct call_finish end = {.tenant = tenant,
                                    .call = call,
                                    .status = status,
                                    .why = why,
                                    .ended_at_ms = wall_now_ms() + 65000,
                                    .lines = lines,
                                    .line_count = 2,
                                    .usage = usage,
                                    .usage_count = 2,
                                    .counts = &counts,
                                    .waits = &waits};
    calls_finish(bench.app, &end, on_ending, &ending, NULL);
    return bench_ending(&bench, &ending);
}

static void expect_waits(const char *waits)
{
    char *stored = postgres_ask("SELECT reply_ms FROM calls WHERE status <> 'in_progress'");
    assert_string_equal(stored, waits);
    free(stored);
}

static void finish_stores_everything_once(void **state)
{
    (void)state;
    struct uuid call = begin(jan, "CA8").call.call;
    struct call_line first = line(1, SPEAKER_AGENT, "Dobrý den.");
    assert_int_equal(save(jan, call, &first, 1, "snap"), 0);
    assert_int_equal(finish(jan, call, STATUS_COMPLETED, "caller_hung_up"), 0);
    assert_int_equal(finish(jan, call, STATUS_FAILED, "time_up"), 0); /* said again: no change */
    struct call_record record = record_of(jan, call);
    assert_int_equal(record.status, STATUS_COMPLETED);
    assert_string_equal(record.why, "caller_hung_up");
    assert_in_range(record.duration_s, 64, 66);
    assert_int_equal(lines_of(jan, call).count, 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM usage_ledger"), 2);
    assert_int_equal(postgres_count("SELECT sum(quantity) FROM usage_ledger"), 12345 + 99);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_snapshots"), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox WHERE kind = 'screening'"), 1);
    assert_int_equal(postgres_count("SELECT counts -> 'replies' FROM calls"), 2);
    expect_waits("{780,1250}");
}

static void call_ends_whatever_the_reason_is_called(void **state)
{
    (void)state;
    struct uuid call = begin(jan, "CA19").call.call;
    assert_int_equal(
        finish(jan, call, STATUS_FAILED, "Lost: \"it\" was a rather long story, wasn't it"), 0);
    assert_string_equal(record_of(jan, call).why, "_ost___it__was_a_rather_long_story__wasn");
}

static void finish_of_an_unknown_call_leaves_nothing(void **state)
{
    (void)state;
    struct uuid call = begin(jan, "CA9").call.call;
    assert_int_equal(finish(eva, call, STATUS_COMPLETED, "end_call"), ENOENT);
    assert_int_equal(record_of(jan, call).status, STATUS_IN_PROGRESS);
    assert_int_equal(postgres_count("SELECT count(*) FROM usage_ledger"), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox"), 0);
}

static int tell(const char *sid, enum call_status status, int64_t duration_s)
{
    calls_status(bench.app, &(struct call_news){sid, status, duration_s}, on_ending, &ending, NULL);
    return bench_ending(&bench, &ending);
}

static void carriers_news_never_overwrite_an_end(void **state)
{
    (void)state;
    struct uuid call = begin(jan, "CA10").call.call;
    assert_int_equal(tell("CA10", STATUS_COMPLETED, 42), 0);
    assert_int_equal(tell("CA10", STATUS_IN_PROGRESS, -1), 0); /* late: they are unordered */
    assert_int_equal(record_of(jan, call).status, STATUS_IN_PROGRESS); /* its line still lives */
    assert_int_equal(finish(jan, call, STATUS_COMPLETED, "caller_hung_up"), 0);
    assert_int_equal(tell("CA10", STATUS_FAILED, 1), 0);
    assert_int_equal(record_of(jan, call).status, STATUS_COMPLETED);
    char *status = postgres_ask("SELECT carrier_status || carrier_duration_seconds FROM calls");
    assert_string_equal(status, "completed42");
    free(status);
    assert_int_equal(tell("CA-nobody", STATUS_COMPLETED, 1), ENOENT);
}

static void carriers_words_are_understood(void **state)
{
    (void)state;
    enum call_status status;
    assert_int_equal(call_status_parse(str_of("no-answer"), &status), 0);
    assert_int_equal(status, STATUS_NO_ANSWER);
    assert_int_equal(call_status_parse(str_of("ringing"), &status), 0);
    assert_int_equal(status, STATUS_IN_PROGRESS);
    assert_int_equal(call_status_parse(str_of("sleeping"), &status), EINVAL);
}

struct swept {
    bool done;
    int err;
    int64_t calls;
};

static void on_swept(int err, int64_t calls, void *arg)
{
    *(struct swept *)arg = (struct swept){true, err, calls};
}

static int64_t sweep(void)
{
    struct swept swept = {0};
    calls_sweep(bench.app, 600, on_swept, &swept, NULL);
    bench_wait(&bench, &swept.done);
    assert_int_equal(swept.err, 0);
    return swept.calls;
}

static void call_left_behind_is_swept_and_screened(void **state)
{
    (void)state;
    struct uuid lost = begin(jan, "CA11").call.call, hung_up = begin(jan, "CA12").call.call;
    struct uuid live = begin(jan, "CA13").call.call;
    postgres_run("UPDATE calls SET started_at = now() - interval '11 minutes'"
                 " WHERE call_sid <> 'CA12'");
    struct call_line one = line(1, SPEAKER_CALLER, "Haló");
    assert_int_equal(save(jan, live, &one, 1, "alive"), 0);
    assert_int_equal(tell("CA12", STATUS_NO_ANSWER, 0), 0);
    postgres_run("UPDATE calls SET carrier_ended_at = now() - interval '31 seconds'"
                 " WHERE call_sid = 'CA12'");
    assert_int_equal(sweep(), 2);
    assert_int_equal(sweep(), 0);
    assert_int_equal(record_of(jan, lost).status, STATUS_FAILED);
    assert_string_equal(record_of(jan, lost).why, "lost");
    assert_int_equal(record_of(jan, hung_up).status, STATUS_NO_ANSWER);
    assert_int_equal(record_of(jan, live).status, STATUS_IN_PROGRESS);
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox WHERE status = 'pending'"), 2);
}

/* Somebody was rung for the caller, and took the call. */
static void take(const char *call_sid)
{
    calls_connected(bench.app, call_sid, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), ENOENT); /* until then nobody has */
    calls_take(bench.app, call_sid, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
}

/* Its line is not there to say it: the owner talks with the caller, or the worker died. */
static void waits_of_a_call_that_others_end_are_those_of_its_snapshot(void **state)
{
    (void)state;
    struct uuid call = begin(jan, "CA20").call.call;
    assert_int_equal(save(jan, call, NULL, 0, "line2 1 2 3 4 5 6 {900,1100}\n{\"v\":1}"), 0);
    take("CA20");
    calls_connected(bench.app, "CA20", on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    expect_waits("{900,1100}");
    postgres_run("DELETE FROM calls");
    call = begin(jan, "CA21").call.call;
    assert_int_equal(save(jan, call, NULL, 0, "line2 1 2 3 4 5 6 {700}\n{\"v\":1}"), 0);
    postgres_run("UPDATE calls SET started_at = now() - interval '1 hour';"
                 "UPDATE call_snapshots SET updated_at = now() - interval '1 hour'");
    assert_int_equal(sweep(), 1);
    expect_waits("{700}");
    assert_int_equal(finish(jan, call, STATUS_COMPLETED, "gone"), 0); /* it lives after all */
    expect_waits("{780,1250}");
}

static void snapshots_of_another_kind_hold_no_waits(void **state)
{
    (void)state;
    static const char *const snapshots[] = {"line2 1 2 3 4 5 6 {}\n{",
                                            "line2 1 2 3 4 5 6 {1,,2}\n",
                                            "line1 1 2 3 4 5 6 {7}\n",
                                            "line2 {7}\n",
                                            "\\000\\377",
                                            ""};
    for (size_t i = 0; i < countof(snapshots); i++) {
        char *sql =
            xprintf("SELECT cardinality(snapshot_reply_ms(decode('%s', 'escape')))", snapshots[i]);
        assert_int_equal(postgres_count(sql), 0);
        free(sql);
    }
}

/* The journal of a worker that lost the database, replayed after the sweep gave the call up. */
static void late_finish_amends_a_swept_call_and_has_it_screened_again(void **state)
{
    (void)state;
    struct uuid call = begin(jan, "CA14").call.call;
    postgres_run("UPDATE calls SET started_at = now() - interval '1 hour'");
    assert_int_equal(sweep(), 1);
    postgres_run("UPDATE outbox SET status = 'done', ended_at = now()");
    assert_int_equal(finish(jan, call, STATUS_COMPLETED, "caller_hung_up"), 0);
    assert_int_equal(record_of(jan, call).status, STATUS_COMPLETED);
    assert_int_equal(lines_of(jan, call).count, 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox WHERE status = 'pending'"), 1);
}

static int64_t booked(const char *sid)
{
    char *sql = xprintf("SELECT coalesce(sum(l.quantity), 0) FROM usage_ledger l JOIN calls c ON"
                        " c.id = l.call_id WHERE c.call_sid = '%s'",
                        sid);
    int64_t quantity = postgres_count(sql);
    free(sql);
    return quantity;
}

static void what_a_line_used_is_booked_when_the_owner_took_the_call(void **state)
{
    (void)state;
    struct uuid call = begin(jan, "CA21").call.call;
    struct call_line one = line(1, SPEAKER_CALLER, "Haló");
    assert_int_equal(save(jan, call, &one, 1, "left"), 0);
    assert_int_equal(booked("CA21"), 0); /* it may come back and use more */
    take("CA21");
    for (int i = 0; i < 2; i++) {
        calls_connected(bench.app, "CA21", on_ending, &ending, NULL);
        assert_int_equal(bench_ending(&bench, &ending), 0);
        assert_int_equal(booked("CA21"), 5000 + 70);
    }
    assert_int_equal(postgres_count("SELECT count(*) FROM call_snapshots"), 0);
}

static void what_a_line_used_is_booked_by_the_sweep_and_amended_by_the_line(void **state)
{
    (void)state;
    struct uuid call = begin(jan, "CA22").call.call;
    struct call_line one = line(1, SPEAKER_CALLER, "Haló");
    assert_int_equal(save(jan, call, &one, 1, "lost"), 0);
    postgres_run("UPDATE calls SET carrier_ended_at = now() - interval '31 seconds'");
    assert_int_equal(sweep(), 1);
    assert_int_equal(booked("CA22"), 5000 + 70);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(finish(jan, call, STATUS_COMPLETED, "caller_hung_up"), 0);
        assert_int_equal(booked("CA22"), 12345 + 70 + 99);
    }
}

static void message_is_taken_once(void **state)
{
    (void)state;
    struct message message = {.tenant = jan,
                              .call = begin(jan, "CA15").call.call,
                              .tool_call_id = "call_1",
                              .caller_name = "Eva",
                              .callback_number = "",
                              .reason = "Prosí o zavolání",
                              .urgent = true};
    for (int i = 0; i < 2; i++) {
        messages_take(bench.app, &message, on_ending, &ending, NULL);
        assert_int_equal(bench_ending(&bench, &ending), 0);
    }
    assert_int_equal(postgres_count("SELECT count(*) FROM call_messages"), 1);
    message.tenant = eva;
    messages_take(bench.app, &message, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), ENOENT);
}

/* One write that is repeated for as long as nobody knows whether it was done. */
struct stubborn {
    struct message message;
    char key[16];
    int tries;
    size_t *left;
};

static void on_tried(int err, void *arg)
{
    struct stubborn *write = arg;
    assert_true(err == 0 || err == ECONNRESET || err == ENOTCONN || err == EAGAIN);
    if (!err) {
        --*write->left;
        return;
    }
    write->tries++;
    messages_take(bench.app, &write->message, on_tried, write, NULL);
}

static void writes_repeated_through_losses_are_done_once(void **state)
{
    (void)state;
    struct uuid call = begin(jan, "CA20").call.call;
    static struct stubborn writes[300];
    size_t left = countof(writes);
    for (size_t i = 0; i < countof(writes); i++) {
        struct stubborn *write = &writes[i];
        *write = (struct stubborn){.left = &left};
        snprintf(write->key, sizeof(write->key), "call_%zu", i);
        write->message = (struct message){
            .tenant = jan, .call = call, .tool_call_id = write->key, .reason = "x"};
        messages_take(bench.app, &write->message, on_tried, write, NULL);
    }
    while (left) {
        if (db_counts(bench.app)->losses < 4 && db_ready(bench.app) && db_in_flight(bench.app) > 20)
            postgres_run("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                         " WHERE datname = current_database() AND pid <> pg_backend_pid()");
        loop_step(bench.loop, 100);
    }
    assert_true(db_counts(bench.app)->losses >= 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_messages"), countof(writes));
}

struct message_list {
    bool done;
    const struct message *messages;
    size_t count;
};

static void on_messages(int err, const struct message *messages, size_t count, void *arg)
{
    assert_int_equal(err, 0);
    *(struct message_list *)arg = (struct message_list){true, messages, count};
}

static void long_message_is_cut_not_lost(void **state)
{
    (void)state;
    struct buf reason = {0};
    for (int i = 0; i < 3000; i++)
        buf_puts(&reason, "ž");
    struct message message = {.tenant = jan,
                              .call = begin(jan, "CA16").call.call,
                              .tool_call_id = "call_1",
                              .reason = buf_text(&reason)};
    messages_take(bench.app, &message, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    struct message_list list = {0};
    messages_list(bench.app, jan, message.call, &bench.arena, on_messages, &list, NULL);
    bench_wait(&bench, &list.done);
    assert_int_equal(list.count, 1);
    assert_int_equal(strlen(list.messages[0].reason), MESSAGE_TEXT_BYTES_MAX);
    assert_null(list.messages[0].caller_name);
    buf_free(&reason);
}

static void resumed_call_gets_a_new_token_until_it_is_over(void **state)
{
    (void)state;
    struct uuid call = begin(jan, "CA17").call.call;
    struct begun resumed = {0}, over = {0}, unknown = {0};
    calls_resume(bench.app, "CA17", false, on_begun, &resumed, NULL);
    bench_wait(&bench, &resumed.done);
    assert_int_equal(resumed.err, 0);
    assert_true(uuid_equal(resumed.call.call, call));
    assert_true(uuid_equal(resumed.call.tenant, jan));
    assert_int_equal(strlen(resumed.call.token), 43);
    assert_int_equal(finish(jan, call, STATUS_COMPLETED, "end_call"), 0);
    calls_resume(bench.app, "CA17", false, on_begun, &over, NULL);
    bench_wait(&bench, &over.done);
    assert_int_equal(over.err, EALREADY);
    calls_resume(bench.app, "CA-nobody", false, on_begun, &unknown, NULL);
    bench_wait(&bench, &unknown.done);
    assert_int_equal(unknown.err, ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, neighbours_open, neighbours_close)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(webhook_twice_is_one_call),
        TEST(two_webhooks_at_once_are_one_call),
        TEST(call_never_moves_to_another_tenant),
        TEST(call_of_no_tenant_is_refused),
        TEST(lines_are_kept_as_they_settle_and_amended),
        TEST(words_with_nul_and_broken_utf8_are_kept),
        TEST(line_that_is_too_long_or_broken_costs_the_others_nothing),
        TEST(lines_of_an_unknown_or_foreign_call_are_refused),
        TEST(finish_stores_everything_once),
        TEST(call_ends_whatever_the_reason_is_called),
        TEST(finish_of_an_unknown_call_leaves_nothing),
        TEST(carriers_news_never_overwrite_an_end),
        TEST(carriers_words_are_understood),
        TEST(call_left_behind_is_swept_and_screened),
        TEST(waits_of_a_call_that_others_end_are_those_of_its_snapshot),
        TEST(snapshots_of_another_kind_hold_no_waits),
        TEST(late_finish_amends_a_swept_call_and_has_it_screened_again),
        TEST(what_a_line_used_is_booked_when_the_owner_took_the_call),
        TEST(what_a_line_used_is_booked_by_the_sweep_and_amended_by_the_line),
        TEST(message_is_taken_once),
        TEST(writes_repeated_through_losses_are_done_once),
        TEST(long_message_is_cut_not_lost),
        TEST(resumed_call_gets_a_new_token_until_it_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
