/* test/test_outbox.c: the durable queue: claimed once, retried later each time, dead at last; and
 * the screenings that come out of it. */
#include "store/outbox.h"

#include "store/calls.h"
#include "store/screenings.h"
#include "store/turns.h"
#include "test/neighbours.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct uuid call;

/* A finished call, whose screening is therefore due. */
static struct uuid finished_call(const char *sid)
{
    const struct call_line lines[] = {
        {.seq = 1, .speaker = SPEAKER_AGENT, .kind = LINE_PHRASE, .text = str_of("Dobrý den")},
        {.seq = 2, .speaker = SPEAKER_CALLER, .kind = LINE_SAID, .text = str_of("Tady Eva")},
        {.seq = 3, .speaker = SPEAKER_CALLER, .kind = LINE_BACKCHANNEL, .text = str_of("mhm")},
        {.seq = 4, .speaker = SPEAKER_TOOL, .kind = LINE_TOOL, .text = str_of("end_call {}")},
        {.seq = 5, .speaker = SPEAKER_CALLER, .kind = LINE_DTMF, .text = str_of("1")},
    };
    struct uuid made = begin(jan, sid).call.call;
    calls_finish(bench.app,
                 &(struct call_finish){.tenant = jan,
                                       .call = made,
                                       .status = STATUS_COMPLETED,
                                       .why = "caller_hung_up",
                                       .ended_at_ms = wall_now_ms(),
                                       .lines = lines,
                                       .line_count = countof(lines)},
                 on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    return made;
}

static int open_call(void **state)
{
    neighbours_open(state);
    call = finished_call("CA1");
    return 0;
}

struct claimed {
    bool done;
    int err;
    const struct outbox_job *jobs;
    size_t count;
};

static void on_jobs(int err, const struct outbox_job *jobs, size_t count, void *arg)
{
    *(struct claimed *)arg = (struct claimed){true, err, jobs, count};
}

static struct claimed claim(struct db *db)
{
    struct claimed claimed = {0};
    outbox_claim(db, OUTBOX_SCREENING, 10, 60, &bench.arena, on_jobs, &claimed, NULL);
    bench_wait(&bench, &claimed.done);
    assert_int_equal(claimed.err, 0);
    return claimed;
}

static struct outbox_job claim_one(void)
{
    struct claimed claimed = claim(bench.app);
    assert_int_equal(claimed.count, 1);
    return claimed.jobs[0];
}

static void job_is_claimed_by_one_worker_and_ended(void **state)
{
    (void)state;
    struct claimed both[2] = {0};
    outbox_claim(bench.app, OUTBOX_SCREENING, 10, 60, &bench.arena, on_jobs, &both[0], NULL);
    outbox_claim(bench.owner, OUTBOX_SCREENING, 10, 60, &bench.arena, on_jobs, &both[1], NULL);
    bench_wait(&bench, &both[0].done);
    bench_wait(&bench, &both[1].done);
    assert_int_equal(both[0].count + both[1].count, 1);
    const struct outbox_job *job = both[0].count ? both[0].jobs : both[1].jobs;
    assert_true(uuid_equal(job->tenant, jan));
    assert_true(uuid_equal(job->call, call));
    assert_int_equal(job->attempts, 1);
    outbox_done(bench.app, job, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    assert_int_equal(claim(bench.app).count, 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox WHERE status = 'done'"), 1);
}

static void job_of_a_dead_worker_goes_to_another(void **state)
{
    (void)state;
    struct outbox_job lost = claim_one();
    assert_int_equal(claim(bench.app).count, 0);
    postgres_run("UPDATE outbox SET run_at = now()"); /* the lease is over */
    struct outbox_job taken = claim_one();
    assert_int_equal(taken.attempts, 2);
    outbox_done(bench.app, &lost, on_ending, &ending, NULL); /* it was only slow, and comes late */
    assert_int_equal(bench_ending(&bench, &ending), ESTALE);
    outbox_done(bench.app, &taken, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
}

static int64_t retry_and_wait_of(const struct outbox_job *job, int64_t not_before_ms)
{
    outbox_retry(bench.app, job, "the model answered nonsense", not_before_ms, on_ending, &ending,
                 NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    return postgres_count("SELECT extract(epoch FROM run_at - now()) * 1000 FROM outbox");
}

static void failed_job_comes_back_later_each_time_and_dies_at_last(void **state)
{
    (void)state;
    for (int attempt = 1; attempt < OUTBOX_ATTEMPTS_MAX; attempt++) {
        struct outbox_job job = claim_one();
        assert_int_equal(job.attempts, attempt);
        int64_t least_ms = OUTBOX_BACKOFF_MS_MIN << (attempt - 1);
        assert_in_range(retry_and_wait_of(&job, -1), least_ms - 500, least_ms * 3 / 2 + 500);
        assert_int_equal(claim(bench.app).count, 0);
        postgres_run("UPDATE outbox SET run_at = now()");
    }
    struct outbox_job last = claim_one();
    retry_and_wait_of(&last, -1);
    postgres_run("UPDATE outbox SET run_at = now()");
    assert_int_equal(claim(bench.app).count, 0);
    char *error = postgres_ask("SELECT last_error FROM outbox WHERE status = 'dead'");
    assert_string_equal(error, "the model answered nonsense");
    free(error);
}

static void job_that_kills_its_workers_dies_too(void **state)
{
    (void)state;
    for (int attempt = 0; attempt < OUTBOX_ATTEMPTS_MAX; attempt++) {
        claim_one();
        postgres_run("UPDATE outbox SET run_at = now()");
    }
    assert_int_equal(claim(bench.app).count, 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox WHERE status = 'dead'"), 1);
}

static void provider_that_says_when_is_believed(void **state)
{
    (void)state;
    struct outbox_job job = claim_one();
    assert_in_range(retry_and_wait_of(&job, 60000), 59000, 60000);
}

struct counted {
    bool done;
    struct outbox_counts counts;
};

static void on_counts(int err, const struct outbox_counts *counts, void *arg)
{
    assert_int_equal(err, 0);
    *(struct counted *)arg = (struct counted){true, *counts};
}

static void queue_can_be_counted_by_workers(void **state)
{
    (void)state;
    struct counted counted = {0};
    finished_call("CA2");
    postgres_run("UPDATE outbox SET run_at = now() - interval '90 seconds'");
    outbox_count(bench.app, on_counts, &counted, NULL);
    bench_wait(&bench, &counted.done);
    assert_int_equal(counted.counts.pending, 2);
    assert_int_equal(counted.counts.dead, 0);
    assert_in_range(counted.counts.oldest_s, 89, 95);
}

static void on_wake(struct str payload, void *arg)
{
    int *woken = arg;
    *woken += payload.bytes ? 100 : 1;
}

static void finished_call_wakes_the_workers(void **state)
{
    (void)state;
    int woken = 0;
    outbox_listen(bench.app, on_wake, &woken);
    while (!woken)
        loop_step(bench.loop, 100);
    assert_int_equal(woken, 1);
    finished_call("CA3");
    while (woken < 101)
        loop_step(bench.loop, 100);
    assert_int_equal(woken, 101);
}

struct input_found {
    bool done;
    int err;
    struct screening_input input;
};

static void on_input(int err, const struct screening_input *input, void *arg)
{
    struct input_found *found = arg;
    found->done = true;
    found->err = err;
    if (!err)
        found->input = *input;
}

static void question_holds_what_people_said(void **state)
{
    (void)state;
    struct input_found found = {0}, none = {0};
    screenings_input(bench.app, jan, call, &bench.arena, on_input, &found, NULL);
    bench_wait(&bench, &found.done);
    assert_int_equal(found.err, 0);
    assert_string_equal(found.input.language, "cs");
    assert_string_equal(found.input.owner, "Jan Novák");
    assert_string_equal(found.input.caller_number, "+420601000001");
    assert_int_equal(found.input.line_count, 2);
    assert_int_equal(found.input.lines[0].speaker, SCREENING_KAREN);
    assert_true(str_is(found.input.lines[1].text, "Tady Eva"));
    screenings_input(bench.app, eva, call, &bench.arena, on_input, &none, NULL);
    bench_wait(&bench, &none.done);
    assert_int_equal(none.err, ENOENT);
}

static struct screening_record answer_of(enum screening_label label)
{
    struct screening_record record = {.tenant = jan, .call = call, .model = "gpt-4o-mini"};
    record.screening = (struct screening){.legitimacy = label,
                                          .lead = LEAD_FOLLOW_UP,
                                          .urgency = URGENCY_HIGH,
                                          .intent = "zavolat zpět",
                                          .caller_name = "Eva",
                                          .callback_number = "+420601000001",
                                          .summary = "Eva prosí o zavolání.",
                                          .needs_follow_up = true,
                                          .asked_for_person = true,
                                          .confidence = 0.75};
    return record;
}

struct stored {
    bool done;
    int err;
    struct screening_record record;
};

static void on_screening(int err, const struct screening_record *record, void *arg)
{
    struct stored *stored = arg;
    stored->done = true;
    stored->err = err;
    if (!err)
        stored->record = *record;
}

static struct stored stored_screening(struct uuid tenant)
{
    struct stored stored = {0};
    screenings_get(bench.app, tenant, call, &bench.arena, on_screening, &stored, NULL);
    bench_wait(&bench, &stored.done);
    return stored;
}

static void answer_is_stored_and_ends_its_job_at_once(void **state)
{
    (void)state;
    struct outbox_job job = claim_one();
    struct screening_record record = answer_of(LABEL_LEGITIMATE);
    assert_int_equal(stored_screening(jan).err, ENOENT);
    screenings_put(bench.app, &record, &job, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    struct stored stored = stored_screening(jan);
    assert_int_equal(stored.err, 0);
    assert_int_equal(stored.record.screening.legitimacy, LABEL_LEGITIMATE);
    assert_int_equal(stored.record.screening.lead, LEAD_FOLLOW_UP);
    assert_int_equal(stored.record.screening.urgency, URGENCY_HIGH);
    assert_string_equal(stored.record.screening.summary, "Eva prosí o zavolání.");
    assert_string_equal(stored.record.screening.company, "");
    assert_string_equal(stored.record.model, "gpt-4o-mini");
    assert_true(stored.record.screening.confidence > 0.74);
    assert_true(stored.record.screening.asked_for_person);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE asked_for_person"), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox WHERE status = 'done'"), 1);
    assert_int_equal(stored_screening(postgres_tenant("Eva")).err, ENOENT);
}

static void answer_of_a_lost_lease_is_not_stored(void **state)
{
    (void)state;
    struct outbox_job late = claim_one();
    postgres_run("UPDATE outbox SET run_at = now()");
    struct outbox_job job = claim_one();
    struct screening_record first = answer_of(LABEL_SPAM), second = answer_of(LABEL_FRAUD);
    screenings_put(bench.app, &second, &late, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), ESTALE);
    screenings_put(bench.app, &first, &job, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    screenings_put(bench.app, &second, &late, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), ESTALE);
    assert_int_equal(stored_screening(jan).record.screening.legitimacy, LABEL_SPAM);
    screenings_put(bench.app, &second, NULL, on_ending, &ending, NULL); /* without a job: by hand */
    assert_int_equal(bench_ending(&bench, &ending), 0);
    assert_int_equal(stored_screening(jan).record.screening.legitimacy, LABEL_FRAUD);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_call, neighbours_close)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(job_is_claimed_by_one_worker_and_ended),
        TEST(job_of_a_dead_worker_goes_to_another),
        TEST(failed_job_comes_back_later_each_time_and_dies_at_last),
        TEST(job_that_kills_its_workers_dies_too),
        TEST(provider_that_says_when_is_believed),
        TEST(queue_can_be_counted_by_workers),
        TEST(finished_call_wakes_the_workers),
        TEST(question_holds_what_people_said),
        TEST(answer_is_stored_and_ends_its_job_at_once),
        TEST(answer_of_a_lost_lease_is_not_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
