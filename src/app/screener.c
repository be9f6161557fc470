/* app/screener.c: the job that judges finished calls.
 *
 *   claim -> transcript -> question -> model -> checked answer -> stored, job done
 *                             '-> nobody spoke, or too many tries -> script -'
 *   anything that fails on the way: outbox_retry, later */
#include "app/screener.h"

#include "app/judge.h"
#include "base/log.h"
#include "base/mem.h"
#include "rules/screening.h"
#include "rules/script.h"
#include "store/outbox.h"
#include "store/screenings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct judgement { /* one call being judged */
    struct screener *screener;
    bool busy;
    struct arena arena;
    struct outbox_job job;
    struct screening_input input;
    struct screening_record record;
    struct log log;
    struct op *waiting;
};
struct screener {
    struct screener_options options;
    struct timer *poll;
    struct op *claiming, *counting;
    struct arena claim_arena;
    bool more; /* work was announced while a claim was under way */
    struct judgement judgements[SCREENER_AT_ONCE_MAX];
    struct screener_stats stats;
};

static void claim(struct screener *screener);

static void judgement_end(struct judgement *judgement)
{
    arena_free(&judgement->arena);
    judgement->busy = false;
    claim(judgement->screener);
}

/* ---- the end of a judgement: stored, or put off ---------------------------------------------- */

static void on_put_off(int err, void *arg)
{
    struct judgement *judgement = arg;
    if (err && err != ESTALE) /* the lease runs out and somebody takes it up again */
        log_warn(&judgement->log, "screening_not_put_off", "err=%s", strerrorname_np(err));
    judgement_end(judgement);
}

static void put_off(struct judgement *judgement, const char *why, int64_t not_before_ms)
{
    struct screener *screener = judgement->screener;
    screener->stats.put_off++;
    log_warn(&judgement->log, "screening_put_off", "attempt=%lld why=\"%s\"",
             (long long)judgement->job.attempts, why);
    outbox_retry(screener->options.db, &judgement->job, why, not_before_ms, on_put_off, judgement,
                 &judgement->waiting);
}

static void on_stored(int err, void *arg)
{
    struct judgement *judgement = arg;
    struct screener *screener = judgement->screener;
    if (err == ESTALE || err == ENOENT) { /* judged by another meanwhile, or erased */
        judgement_end(judgement);
        return;
    }
    if (err) {
        put_off(judgement, "the result could not be stored", -1);
        return;
    }
    bool by_script = strcmp(judgement->record.model, "script") == 0;
    if (by_script)
        screener->stats.by_script++;
    else
        screener->stats.by_model++;
    log_info(&judgement->log, "screened", "label=%s lead=%s model=%s attempts=%lld",
             screening_label_code(judgement->record.screening.legitimacy),
             screening_lead_code(judgement->record.screening.lead), judgement->record.model,
             (long long)judgement->job.attempts);
    judgement_end(judgement);
}

static void store(struct judgement *judgement, const char *model)
{
    struct screener *screener = judgement->screener;
    judgement->record.tenant = judgement->job.tenant;
    judgement->record.call = judgement->job.call;
    judgement->record.model = arena_strdup(&judgement->arena, model);
    screenings_put(screener->options.db, &judgement->record, &judgement->job, on_stored, judgement,
                   &judgement->waiting);
}

/* ---- asking --------------------------------------------------------------------------------- */

static void judge_by_script(struct judgement *judgement)
{
    script_screen(&judgement->input, &judgement->record.screening);
    store(judgement, "script");
}

static void on_verdict(const struct judge_verdict *verdict, void *arg)
{
    struct judgement *judgement = arg;
    judgement->screener->stats.refused += verdict->misread;
    if (verdict->why) {
        put_off(judgement, verdict->why, verdict->retry_after_ms);
        return;
    }
    judgement->record.screening = *verdict->screening;
    store(judgement, verdict->model);
}

static void ask_model(struct judgement *judgement)
{
    const struct screener_options *options = &judgement->screener->options;
    judge_ask(options->llm, options->instructions(judgement->input.language, options->arg),
              &judgement->input, judgement->log, on_verdict, judgement, &judgement->waiting);
}

static bool caller_spoke(const struct screening_input *input)
{
    for (size_t i = 0; i < input->line_count; i++)
        if (input->lines[i].speaker == SCREENING_CALLER)
            return true;
    return false;
}

static void on_dropped(int err, void *arg)
{
    (void)err; /* the lease ends by itself */
    judgement_end(arg);
}

static void on_input(int err, const struct screening_input *input, void *arg)
{
    struct judgement *judgement = arg;
    if (err == ENOENT) { /* the call was erased: nothing is left to judge */
        outbox_done(judgement->screener->options.db, &judgement->job, on_dropped, judgement,
                    &judgement->waiting);
        return;
    }
    if (err) {
        put_off(judgement, "the transcript could not be read", -1);
        return;
    }
    judgement->input = *input;
    if (!caller_spoke(input) || judgement->job.attempts > SCREENER_MODEL_ATTEMPTS)
        judge_by_script(judgement);
    else
        ask_model(judgement);
}

/* ---- claiming ------------------------------------------------------------------------------- */

static void judge(struct judgement *judgement, const struct outbox_job *job)
{
    char id[UUID_TEXT_BYTES];
    judgement->busy = true;
    judgement->job = *job;
    judgement->job.payload = (struct str){0}; /* borrowed, and a screening has none */
    judgement->input = (struct screening_input){0};
    judgement->record = (struct screening_record){0};
    judgement->log = (struct log){0};
    uuid_print(job->call, id);
    log_with(&judgement->log, "call", id);
    uuid_print(job->tenant, id);
    log_with(&judgement->log, "tenant", id);
    screenings_input(judgement->screener->options.db, job->tenant, job->call, &judgement->arena,
                     on_input, judgement, &judgement->waiting);
}

static struct judgement *free_place(struct screener *screener)
{
    for (size_t i = 0; i < SCREENER_AT_ONCE_MAX; i++)
        if (!screener->judgements[i].busy)
            return &screener->judgements[i];
    return NULL;
}

static int free_places(const struct screener *screener)
{
    int count = 0;
    for (size_t i = 0; i < SCREENER_AT_ONCE_MAX; i++)
        count += !screener->judgements[i].busy;
    return count;
}

static void on_claimed(int err, const struct outbox_job *jobs, size_t count, void *arg)
{
    struct screener *screener = arg;
    bool full = count > 0; /* there may be more behind these */
    for (size_t i = 0; !err && i < count; i++) {
        struct judgement *place = free_place(screener);
        if (place) /* always: no more were asked for */
            judge(place, &jobs[i]);
    }
    arena_free(&screener->claim_arena);
    if (screener->more || (full && !err)) {
        screener->more = false;
        claim(screener);
    }
}

static void claim(struct screener *screener)
{
    int places = free_places(screener);
    if (screener->claiming)
        screener->more = true;
    else if (places)
        outbox_claim(screener->options.db, OUTBOX_SCREENING, places, SCREENER_LEASE_S,
                     &screener->claim_arena, on_claimed, screener, &screener->claiming);
}

static void on_announced(struct str payload, void *arg)
{
    (void)payload;
    claim(arg);
}

static void on_counted(int err, const struct outbox_counts *counts, void *arg)
{
    struct screener *screener = arg;
    if (!err)
        screener->stats.waiting = counts->pending;
}

static void on_poll(void *arg)
{
    struct screener *screener = arg;
    claim(screener);
    if (!screener->counting)
        outbox_count(screener->options.db, on_counted, screener, &screener->counting);
    timer_set(screener->poll, loop_now_ms(screener->options.loop) + SCREENER_POLL_MS);
}

struct screener *screener_new(const struct screener_options *options)
{
    struct screener *screener = xalloc(sizeof(*screener));
    screener->options = *options;
    for (size_t i = 0; i < SCREENER_AT_ONCE_MAX; i++)
        screener->judgements[i].screener = screener;
    screener->poll = timer_new(options->loop, on_poll, screener);
    timer_set(screener->poll, loop_now_ms(options->loop));
    outbox_listen(options->db, on_announced, screener);
    return screener;
}

void screener_free(struct screener **screener_slot)
{
    struct screener *screener = *screener_slot;
    *screener_slot = NULL;
    if (!screener)
        return;
    op_cancel(&screener->claiming);
    op_cancel(&screener->counting);
    for (size_t i = 0; i < SCREENER_AT_ONCE_MAX; i++) {
        op_cancel(&screener->judgements[i].waiting);
        arena_free(&screener->judgements[i].arena);
    }
    arena_free(&screener->claim_arena);
    timer_free(&screener->poll);
    free(screener);
}

const struct screener_stats *screener_stats(const struct screener *screener)
{
    return &screener->stats;
}
