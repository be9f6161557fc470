/* app/rehearser.c: one rehearsal after the other.
 *
 *   claim -> begin -> (caller's lines -> core <-> model; over -> judge -> rules -> stored)... ->
 * end the model fails: that scenario is an error; the database fails: outbox_retry, and on from
 * there; cancelled: the lease is nobody's any more, so the next result is refused, and that is the
 * end */
#include "app/rehearser.h"

#include "app/judge.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "call/rehearsal.h"
#include "line/question.h"
#include "store/rehearsals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SCENE_MS_MAX = 90000 }; /* with the judge's answer still within the lease */

struct rehearser {
    struct rehearser_options options;
    struct timer *timer; /* the next look at the queue, or the next scenario */
    struct op *working;
    struct arena arena; /* of the job */
    struct outbox_job job;
    struct uuid id;
    struct rehearsal_task task;
    size_t next;   /* of the task's scenarios */
    bool more;     /* was announced meanwhile */
    bool underway; /* a rehearsal is */
    struct log log;
    struct rehearser_stats stats;

    /* of the scenario under way */
    const struct scenarios *scenarios;
    const struct scenario *scenario;
    struct rehearsal *call; /* NULL: none */
    struct arena scene;
    struct buf instructions;
    char tag[QUESTION_TAG_BYTES];
    const char *disclosure;
    bool can_transfer;
    int model_err;
    int64_t began_ms;
    struct screening_input input;
};

static void scene_over(struct rehearser *rehearser)
{
    rehearsal_free(&rehearser->call);
    buf_free(&rehearser->instructions);
    arena_free(&rehearser->scene);
    rehearser->scenario = NULL;
}

static void look_again(struct rehearser *rehearser, int64_t in_ms)
{
    scene_over(rehearser);
    arena_free(&rehearser->arena);
    rehearser->underway = false;
    timer_set(rehearser->timer, loop_now_ms(rehearser->options.loop) + in_ms);
}

static void on_over(int err, void *arg)
{
    struct rehearser *rehearser = arg;
    if (err && err != ESTALE) /* the lease runs out and somebody takes it up again */
        log_warn(&rehearser->log, "rehearsal_not_ended", "err=%s", strerrorname_np(err));
    look_again(rehearser, 0);
}

static void end(struct rehearser *rehearser, bool failed)
{
    rehearser->stats.done += !failed;
    rehearser->stats.given_up += failed;
    log_info(&rehearser->log, "rehearsed", "failed=%d attempts=%lld", failed,
             (long long)rehearser->job.attempts);
    rehearsals_end(rehearser->options.db, &rehearser->job, rehearser->id, failed, on_over,
                   rehearser, &rehearser->working);
}

static void put_off(struct rehearser *rehearser, const char *what, int err)
{
    log_warn(&rehearser->log, "rehearsal_put_off", "what=%s err=%s", what, strerrorname_np(err));
    if (err == ESTALE) /* cancelled, or somebody else carries it on */
        look_again(rehearser, 0);
    else
        outbox_retry(rehearser->options.db, &rehearser->job, what, -1, on_over, rehearser,
                     &rehearser->working);
}

/* ---- a result -------------------------------------------------------------------------------- */

static void next_scene(struct rehearser *rehearser)
{
    scene_over(rehearser);
    timer_set(rehearser->timer, loop_now_ms(rehearser->options.loop));
}

static void on_put(int err, void *arg)
{
    struct rehearser *rehearser = arg;
    if (err)
        put_off(rehearser, "store", err);
    else
        next_scene(rehearser);
}

/* error: a word; NULL: it was carried out. */
static void put_result(struct rehearser *rehearser, const char *error,
                       const struct scenario_check *checks, size_t count)
{
    struct buf checked = {0}, transcript = {0};
    bool passed = true;
    for (size_t i = 0; i < count; i++)
        passed &= checks[i].passed;
    scenario_print(checks, count, &checked);
    rehearsal_print(rehearser->call, &transcript);
    rehearser->stats.errors += error != NULL;
    rehearser->stats.passed += !error && passed;
    rehearser->stats.failed += !error && !passed;
    const struct rehearsal_result result = {
        .rehearsal = rehearser->id,
        .scenario = rehearser->task.scenarios[rehearser->next - 1],
        .status = error    ? "error"
                  : passed ? "passed"
                           : "failed",
        .error = error,
        .checks = buf_str(&checked),
        .transcript = buf_str(&transcript),
        .took_ms = loop_now_ms(rehearser->options.loop) - rehearser->began_ms,
    };
    rehearsals_put(rehearser->options.db, &rehearser->job, &result, on_put, rehearser,
                   &rehearser->working);
    buf_free(&checked);
    buf_free(&transcript);
}

/* ---- the call is over: judged as any ----------------------------------------------------------
 */

static void on_verdict(const struct judge_verdict *verdict, void *arg)
{
    struct rehearser *rehearser = arg;
    struct scenario_check checks[SCENARIO_CHECKS_MAX];
    struct rehearsal_facts facts = rehearsal_facts(rehearser->call);
    if (verdict->why) {
        log_warn(&rehearser->log, "rehearsal_not_judged", "why=\"%s\"", verdict->why);
        put_result(rehearser, "judge_away", NULL, 0);
        return;
    }
    const struct scenario_outcome outcome = {.disclosure = rehearser->disclosure,
                                             .secret = rehearser->task.tenant.forward_number,
                                             .lines = rehearser->input.lines,
                                             .line_count = rehearser->input.line_count,
                                             .message = facts.message,
                                             .transferred = facts.transferred,
                                             .hung_up = facts.hung_up,
                                             .screening = verdict->screening};
    size_t count = scenario_judge(rehearser->scenarios, rehearser->scenario, &outcome, checks);
    put_result(rehearser, NULL, checks, count);
}

/* What was said and heard, as the judge of real calls is given it. */
static void make_input(struct rehearser *rehearser)
{
    struct rehearsal_said said[REHEARSAL_SAID_MAX];
    size_t count = rehearsal_transcript(rehearser->call, said), kept = 0;
    struct screening_line *lines = arena_alloc(&rehearser->scene, (count + 1) * sizeof(*lines));
    for (size_t i = 0; i < count; i++)
        if (said[i].speaker != SPEAKER_TOOL)
            lines[kept++] = (struct screening_line){
                said[i].speaker == SPEAKER_CALLER ? SCREENING_CALLER : SCREENING_KAREN,
                said[i].text};
    rehearser->input = (struct screening_input){.language = rehearser->task.tenant.language,
                                                .owner = rehearser->task.tenant.owner_name,
                                                .caller_number = rehearser->scenario->number,
                                                .lines = lines,
                                                .line_count = kept};
}

static bool is_too_long(const struct rehearser *rehearser)
{
    return rehearsal_facts(rehearser->call).too_long ||
           loop_now_ms(rehearser->options.loop) - rehearser->began_ms > SCENE_MS_MAX;
}

static void call_over(struct rehearser *rehearser)
{
    const struct rehearser_options *options = &rehearser->options;
    const char *language = rehearser->task.tenant.language;
    if (rehearser->model_err || is_too_long(rehearser)) {
        put_result(rehearser, rehearser->model_err ? "model_away" : "too_long", NULL, 0);
        return;
    }
    make_input(rehearser);
    judge_ask(options->judge, options->instructions(language, options->arg), &rehearser->input,
              rehearser->log, on_verdict, rehearser, &rehearser->working);
}

/* ---- the call ----------------------------------------------------------------------------------
 */

static void go_on(struct rehearser *rehearser);

/* Without the model the core takes a message by itself; that would say nothing of the texts. */
static void on_model(const struct llm_event *event, void *arg)
{
    static const enum call_event_kind kinds[] = {[LLM_TEXT] = EV_REPLY_TEXT,
                                                 [LLM_TOOL] = EV_REPLY_TOOL,
                                                 [LLM_DONE] = EV_REPLY_DONE,
                                                 [LLM_FAILED] = EV_REPLY_FAILED};
    struct rehearser *rehearser = arg;
    if (event->kind == LLM_FAILED) {
        rehearser->model_err = event->err;
        call_over(rehearser);
        return;
    }
    rehearsal_hear(rehearser->call, &(struct call_event){.kind = kinds[event->kind],
                                                         .text = event->text,
                                                         .id = event->id,
                                                         .name = event->name});
    if (event->kind == LLM_DONE)
        go_on(rehearser);
}

static void go_on(struct rehearser *rehearser)
{
    if (rehearsal_go(rehearser->call) == REHEARSAL_OVER || is_too_long(rehearser)) {
        call_over(rehearser);
        return;
    }
    const struct question question = {.core = rehearsal_core(rehearser->call),
                                      .instructions = buf_text(&rehearser->instructions),
                                      .can_transfer = rehearser->can_transfer,
                                      .tag = rehearser->tag,
                                      .log = rehearser->log};
    question_ask(rehearser->options.llm, &question, on_model, rehearser, &rehearser->working);
}

/* Karen as she would be in a call of this caller. */
static struct line_setup setup_of(const struct rehearser *rehearser)
{
    const struct tenant *tenant = &rehearser->task.tenant;
    return (struct line_setup){.tenant = tenant->id,
                               .caller_number = rehearser->scenario->number,
                               .owner = tenant_spoken(tenant),
                               .business = tenant->name,
                               .timezone = tenant->timezone,
                               .language = tenant->language,
                               .greeting = tenant->greeting_text,
                               .instructions = tenant->system_prompt,
                               .transfer_to = tenant->forward_number};
}

/* False: Karen has no words in that language. */
static bool make_call(struct rehearser *rehearser)
{
    const struct rehearser_options *options = &rehearser->options;
    struct line_setup setup = setup_of(rehearser);
    struct line_texts texts = options->texts(setup.language, options->arg);
    struct phrases phrases = {0};
    struct buf why = {0};
    int err = phrases_parse(str_of(texts.phrases), setup.owner, &phrases, &why);
    if (err) {
        log_error(&rehearser->log, "no_phrases", "why=\"%s\"", buf_text(&why));
    } else {
        char *greeting = question_greeting(&setup, &phrases);
        struct call_setup core = question_core(&setup, &phrases, greeting);
        core.seed = 1; /* the same lines, the same call */
        rehearser->can_transfer = core.can_transfer;
        rehearser->disclosure = arena_strdup(&rehearser->scene, phrases.words[PHRASE_DISCLOSURE]);
        question_instructions(&setup, texts.conversation, &rehearser->instructions);
        rehearser->call =
            rehearsal_new(&core, rehearser->scenario->lines.list, rehearser->scenario->lines.count);
        free(greeting);
    }
    phrases_free(&phrases);
    buf_free(&why);
    return !err;
}

static void begin_scene(struct rehearser *rehearser)
{
    const struct rehearser_options *options = &rehearser->options;
    const char *name = rehearser->task.scenarios[rehearser->next++];
    rehearser->began_ms = loop_now_ms(options->loop);
    rehearser->model_err = 0;
    rehearser->scenarios = options->scenarios(rehearser->task.tenant.language, options->arg);
    rehearser->scenario = scenario_find(rehearser->scenarios, str_of(name));
    if (rehearser->scenario && make_call(rehearser))
        go_on(rehearser);
    else
        put_result(rehearser, "no_scenario", NULL, 0);
}

/* ---- beginning ---------------------------------------------------------------------------------
 */

static void on_task(int err, const struct rehearsal_task *task, void *arg)
{
    struct rehearser *rehearser = arg;
    if (err == ENOENT) { /* cancelled or gone meanwhile: the job is done */
        outbox_done(rehearser->options.db, &rehearser->job, on_over, rehearser,
                    &rehearser->working);
    } else if (err) {
        put_off(rehearser, "begin", err);
    } else if (rehearser->job.attempts > REHEARSER_TRIES_MAX) {
        end(rehearser, true);
    } else {
        rehearser->task = *task;
        rehearser->next = 0;
        next_scene(rehearser);
    }
}

static struct uuid rehearsal_of(struct str payload)
{
    struct json json = json_of(payload);
    struct str key, text = {0};
    struct uuid id = {{0}};
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        if (str_is(key, "rehearsal"))
            json_string(&json, &text);
        else
            json_skip(&json);
    }
    uuid_parse(text, &id); /* nil: begins nothing */
    return id;
}

static void on_claimed(int err, const struct outbox_job *jobs, size_t count, void *arg)
{
    struct rehearser *rehearser = arg;
    char id[UUID_TEXT_BYTES];
    if (err || !count) {
        look_again(rehearser, rehearser->more ? 0 : REHEARSER_POLL_MS);
        rehearser->more = false;
        return;
    }
    rehearser->underway = true;
    rehearser->job = jobs[0];
    rehearser->id = rehearsal_of(jobs[0].payload);
    rehearser->log = (struct log){0};
    uuid_print(rehearser->id, id);
    log_with(&rehearser->log, "rehearsal", id);
    uuid_print(rehearser->job.tenant, id);
    log_with(&rehearser->log, "tenant", id);
    question_tag(rehearser->job.tenant, rehearser->tag);
    rehearsals_begin(rehearser->options.db, rehearser->job.tenant, rehearser->id, &rehearser->arena,
                     on_task, rehearser, &rehearser->working);
}

static void look(struct rehearser *rehearser)
{
    rehearser->more = false;
    outbox_claim(rehearser->options.db, OUTBOX_REHEARSAL, 1, REHEARSAL_LEASE_S, &rehearser->arena,
                 on_claimed, rehearser, &rehearser->working);
}

static void on_timer(void *arg)
{
    struct rehearser *rehearser = arg;
    if (!rehearser->underway)
        look(rehearser);
    else if (rehearser->next < rehearser->task.count)
        begin_scene(rehearser);
    else
        end(rehearser, false);
}

static void on_announced(struct str payload, void *arg)
{
    struct rehearser *rehearser = arg;
    if (!str_is(payload, OUTBOX_REHEARSAL))
        return;
    if (rehearser->working)
        rehearser->more = true;
    else if (!rehearser->underway)
        timer_set(rehearser->timer, loop_now_ms(rehearser->options.loop));
}

struct rehearser *rehearser_new(const struct rehearser_options *options)
{
    struct rehearser *rehearser = xalloc(sizeof(*rehearser));
    rehearser->options = *options;
    rehearser->timer = timer_new(options->loop, on_timer, rehearser);
    timer_set(rehearser->timer, loop_now_ms(options->loop));
    outbox_listen(options->db, on_announced, rehearser);
    return rehearser;
}

void rehearser_free(struct rehearser **slot)
{
    struct rehearser *rehearser = *slot;
    *slot = NULL;
    if (!rehearser)
        return;
    op_cancel(&rehearser->working);
    timer_free(&rehearser->timer);
    scene_over(rehearser);
    arena_free(&rehearser->arena);
    free(rehearser);
}

const struct rehearser_stats *rehearser_stats(const struct rehearser *rehearser)
{
    return &rehearser->stats;
}
