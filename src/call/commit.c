/* call/commit.c: when what the caller said is a turn. It is staged first, where it may be, and
 * committed when the silence has been long enough; no turn is made anywhere else. */
#include "base/mem.h"
#include "call/call_private.h"

/* What is neither plainly whole nor plainly open is waited for as long as this caller's own pauses
 * are, four of five of them. */
static int64_t eot_norm_ms(const struct pauses *pauses)
{
    int64_t ms = (int64_t)(pauses->mean_ms + pauses->spread_ms) + PAUSE_MARGIN_MS;
    return ms < EOT_NORM_MS_MIN ? EOT_NORM_MS_MIN : ms > EOT_NORM_MS_MAX ? EOT_NORM_MS_MAX : ms;
}

static int64_t eot_ms(const struct call_core *core)
{
    const struct caller *caller = &core->caller;
    bool digits = caller->digits || caller->keyed;
    bool unsure = caller->completeness < complete_fit.sure[core->language] &&
                  caller->completeness >= LIKELY_PERCENT;
    if (caller->told_turns && caller->interim.bytes && !digits)
        return EOT_MISSED_MS;
    if (unsure && !digits && caller->pauses.count >= PAUSES_KNOWN)
        return eot_norm_ms(&caller->pauses);
    return complete_wait_ms(&complete_fit, core->language, caller->completeness, digits);
}

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

/* When the caller was silent for so long, and the recogniser had its time to make words final. */
static int64_t silent_for(const struct call_core *core, int64_t ms, bool final)
{
    const struct caller *caller = &core->caller;
    if (caller->voice_on)
        return turn_last_sign_ms(core) + VOICE_STUCK_MS;
    if (caller->over && !turn_is_number(core))
        return core->now_ms;
    int64_t due = caller->last_voice_ms + ms;
    if (final || caller->final_came)
        return due;
    int64_t wait = caller->finalize_ms + FINAL_WAIT_MS, cap = caller->last_voice_ms + EOT_CAP_MS;
    return later(due, wait < cap ? wait : cap);
}

int64_t turn_commit_due(const struct call_core *core)
{
    return turn_has_words(core) ? silent_for(core, eot_ms(core), !core->caller.interim.bytes)
                                : CALL_NEVER;
}

static void new_turn(struct call_core *core)
{
    struct turn *turn = &core->turn;
    uint32_t id = turn->id + 1;
    turn_settle(core);
    turn->id = id;
    turn->text = &turn->texts[id % countof(turn->texts)];
    turn->seq = ++core->last_seq;
    turn->gens = turn->reopens = turn->aborted = turn->tools = 0;
    turn->filled = turn->tool_ran = turn->model_asked = turn->answering = false;
    turn->start_ms = core->caller.start_ms;
    turn->context =
        context_add(&core->context, ROLE_USER, (struct str){0}, (struct str){0}, (struct str){0});
    core->counts.turns++;
    core->stages = (struct call_stages){.turn = id};
}

/* Words that are not final are used up now and must not be taken again when they are. */
static void skip_interim(struct call_core *core)
{
    struct caller *caller = &core->caller;
    if (!caller->interim.bytes)
        return;
    caller->skip += words_count(text_str(&caller->interim));
    caller->skip_end = caller->word_end;
}

/* The words are the turn's now. Those of an interim may come once more, in its final. */
static void take_words(struct call_core *core)
{
    struct turn *turn = &core->turn;
    struct caller *caller = &core->caller;
    text_set(turn->text, turn_words(core, &core->line));
    turn->base_bytes = caller->finals.bytes;
    turn->pending = caller->interim.bytes > 0;
    turn->skip_before = caller->skip;
    turn->confidence = caller->confidence;
    turn->keyed = caller->keyed;
    skip_interim(core);
    turn_drop(core);
}

static void take_turn(struct call_core *core)
{
    struct turn *turn = &core->turn;
    if (!turn->open)
        new_turn(core);
    turn->open = false;
    turn->end_ms = turn_voice_end(core);
    take_words(core);
    context_set(&core->context, turn->context, text_str(turn->text));
}

static void write_down(struct call_core *core)
{
    core->turn.staged = core->caller.over = false;
    core->turn.commit_ms = core->stages.commit_ms = core->now_ms;
    core->stages.last_voice_ms = core->caller.last_voice_ms;
    turn_record(core, core->turn.end_ms);
}

static void commit(struct call_core *core)
{
    take_turn(core);
    write_down(core);
}

/* A "mhm" while the agent spoke or thought; but to a question it is the answer, once that is out.
 */
static bool is_backchannel(struct call_core *core)
{
    const struct caller *caller = &core->caller;
    bool goes_on = playout_speaking(core) || reply_is_thinking(core);
    return caller->over_speech && !caller->zone && !core->turn.open &&
           (goes_on || core->reply.asked == ASKED_NOTHING) && turn_is_only_backchannel(core);
}

static void record_backchannel(struct call_core *core)
{
    record(core, &(struct call_line){.seq = ++core->last_seq,
                                     .speaker = SPEAKER_CALLER,
                                     .kind = LINE_BACKCHANNEL,
                                     .start_ms = core->caller.start_ms,
                                     .end_ms = turn_voice_end(core),
                                     .confidence = core->caller.confidence,
                                     .text = turn_words(core, &core->line)});
    bool over = core->caller.over;
    skip_interim(core);
    turn_drop(core);
    if (over && core->playout.held)
        turn_hold_over(core); /* no need to wait for more of it */
}

void turn_try_commit(struct call_core *core)
{
    if (core->now_ms < turn_commit_due(core))
        return;
    if (is_backchannel(core)) {
        record_backchannel(core);
        return;
    }
    if (core->playout.held)
        turn_hold_over(core);
    commit(core);
    if (core->intent != INTENT_STAY)
        return; /* on the way out nothing is answered any more */
    if (machine_takes(core))
        return;
    if (core->turn.id >= CALL_TURNS_MAX)
        leave(core, PHRASE_TIME_UP, "too many turns");
    else if (core->script.step != SCRIPT_OFF)
        script_answer(core, text_str(core->turn.text));
    else if (!orders_answer(core))
        reply_ask(core);
}

/* Staging. */

/* An interim lags behind the voice: one that ends early has words to come. */
static bool words_reach_the_pause(const struct call_core *core)
{
    const struct caller *caller = &core->caller;
    return caller->final_came ||
           caller->word_end + STAGE_REACH_MS >= to_media(core, caller->last_voice_ms);
}

static bool words_may_be_whole(const struct call_core *core)
{
    const struct caller *caller = &core->caller;
    if (caller->told_turns)
        return caller->maybe_over;
    return caller->completeness >= LIKELY_PERCENT && words_reach_the_pause(core);
}

/* Words that are plainly not all, or may be nothing but a "mhm", are waited out. */
static bool is_worth_staging(const struct call_core *core)
{
    const struct caller *caller = &core->caller;
    bool overlaps = caller->over_speech && !caller->zone;
    return !overlaps && core->machine.kind == MACHINE_NONE && !caller->digits && !caller->keyed &&
           core->reply.asked != ASKED_NUMBER && words_may_be_whole(core);
}

static bool may_stage(const struct call_core *core)
{
    const struct turn *turn = &core->turn;
    return turn_has_words(core) && !core->caller.voice_on && core->intent == INTENT_STAY &&
           core->script.step == SCRIPT_OFF && !playout_busy(core) && !reply_is_thinking(core) &&
           turn->id + 1 < CALL_TURNS_MAX && (!turn->open || turn->gens < STAGED_MAX) &&
           is_worth_staging(core);
}

int64_t turn_stage_due(const struct call_core *core)
{
    const struct caller *caller = &core->caller;
    if (!may_stage(core))
        return CALL_NEVER;
    if (caller->told_turns)
        return core->now_ms;
    int64_t silent = caller->last_voice_ms + STAGE_SILENCE_MS;
    return caller->final_came ? silent : later(silent, caller->words_ms + STAGE_STABLE_MS);
}

void turn_stage(struct call_core *core)
{
    int64_t eot = eot_ms(core);
    take_turn(core);
    core->turn.staged = true;
    core->turn.eot_ms = eot;
    core->counts.staged++;
    reply_ask(core);
}

int64_t turn_sure_due(const struct call_core *core)
{
    const struct turn *turn = &core->turn;
    return turn->staged ? silent_for(core, turn->eot_ms, !turn->pending) : CALL_NEVER;
}

void turn_settle(struct call_core *core)
{
    if (core->turn.staged)
        write_down(core);
}

void turn_sure(struct call_core *core)
{
    turn_settle(core);
    if (machine_takes(core))
        reply_cancel(core);
    else
        reply_release(core);
}

void turn_end(struct call_core *core)
{
    turn_settle(core);
    if (turn_has_words(core))
        commit(core);
}
