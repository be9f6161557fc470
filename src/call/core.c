/* call/core.c: one conversation: its beginning, its end, its clock, and each event's way to the
 * file that knows what to do. The caller's side is turn.c, the agent's reply.c and playout.c. */
#include "call/core.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "call/call_private.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Small things that every file uses. */

struct call_action *act(struct call_core *core, enum call_action_kind kind)
{
    assert(core->out->count < CALL_ACTIONS_MAX);
    struct call_action *action = &core->out->list[core->out->count++];
    *action = (struct call_action){.kind = kind};
    return action;
}

int64_t media_now(const struct call_core *core)
{
    return core->now_ms - core->started_ms;
}

int64_t from_media(const struct call_core *core, int64_t at_ms)
{
    int64_t at = core->started_ms + at_ms;
    return at < core->now_ms ? at : core->now_ms; /* clocks differ, but the future is not known */
}

int64_t to_media(const struct call_core *core, int64_t at_ms)
{
    return at_ms > core->started_ms ? at_ms - core->started_ms : 0;
}

void text_set(struct text *text, struct str words)
{
    text->bytes = 0;
    text_join(text, words);
}

void text_join(struct text *text, struct str words)
{
    size_t space = text->bytes > 0;
    if (!words.bytes || text->bytes + space >= CALL_TEXT_BYTES_MAX)
        return;
    size_t room = CALL_TEXT_BYTES_MAX - text->bytes - space;
    if (words.bytes > room) {
        words = utf8_cut(words, room);
        while (words.bytes && words.at[words.bytes - 1] != ' ')
            words.bytes--;
    }
    if (space)
        text->at[text->bytes++] = ' ';
    memmove(text->at + text->bytes, words.at, words.bytes);
    text->bytes += words.bytes;
}

void record(struct call_core *core, const struct call_line *line)
{
    act(core, DO_RECORD)->line = *line;
}

void plan(struct call_core *core, enum intent intent, const char *why)
{
    core->intent = intent;
    snprintf(core->why, sizeof core->why, "%s", why);
}

void leave(struct call_core *core, enum call_phrase phrase, const char *why)
{
    reply_cancel(core);
    playout_drop_ordered(core);
    playout_stop(core);
    orders_ended(core, &core->orders.transfer, ECANCELED);
    core->leave_for_good = true;
    say_phrase(core, phrase, PROTECTED);
    plan(core, INTENT_HANG_UP, why);
}

/* Beginning. */

struct call_core *call_new(const struct call_setup *setup, int64_t now_ms)
{
    struct call_core *core = xalloc(sizeof *core);
    core->language = language_of(setup->language);
    for (int i = 0; i < PHRASE_COUNT; i++)
        core->phrases[i] = xstrdup(setup->phrases[i]);
    free(core->phrases[PHRASE_GREETING]);
    bool greets = setup->greeting && setup->greeting[0];
    core->phrases[PHRASE_GREETING] = greets ? xstrdup(setup->greeting) : NULL;
    core->can_transfer = setup->can_transfer;
    core->message_only = setup->message_only;
    core->resumed = setup->resumed;
    core->transfer_failed = setup->transfer_failed;
    core->duration_ms_max =
        setup->duration_ms_max > 0 ? setup->duration_ms_max : DURATION_DEFAULT_MS;
    core->now_ms = core->started_ms = now_ms;
    core->caller.start_ms = core->caller.down_ms = CALL_NEVER;
    core->turn.text = &core->turn.texts[0];
    core->caller.last_voice_ms = now_ms - GAP_MIN_MS;
    buf_reserve(&core->scratch, CALL_TEXT_BYTES_MAX);
    buf_reserve(&core->scratch2, CALL_TEXT_BYTES_MAX);
    buf_reserve(&core->line, 2 * CALL_TEXT_BYTES_MAX);
    return core;
}

void call_free(struct call_core **slot)
{
    struct call_core *core = *slot;
    *slot = NULL;
    if (!core)
        return;
    for (int i = 0; i < PHRASE_COUNT; i++)
        free(core->phrases[i]);
    for (int i = 0; i < SCRIPT_DONE; i++)
        buf_free(&core->script.answers[i]);
    buf_free(&core->scratch);
    buf_free(&core->scratch2);
    buf_free(&core->line);
    free(core);
}

static void on_started(struct call_core *core)
{
    if (core->phase != PHASE_NEW) {
        core->counts.stale_events++;
        return;
    }
    core->phase = PHASE_TALKING;
    core->started_ms = core->idle_since_ms = core->playout.quiet_since_ms = core->now_ms;
    core->caller.last_voice_ms = core->now_ms - GAP_MIN_MS;
    if (core->moving) {
        core->moving = false; /* it fell silent elsewhere, and goes on from there */
        script_ask(core);
        return;
    }
    if (core->resumed) {
        say_phrase(core, core->transfer_failed ? PHRASE_NOT_REACHED : PHRASE_RESUMED,
                   INTERRUPTIBLE);
        script_ask(core);
        if (core->message_only && core->script.step == SCRIPT_OFF)
            script_begin(core);
        if (core->ask_at_start && core->script.step == SCRIPT_OFF && !turn_has_words(core))
            reply_ask(core);
        return;
    }
    say_phrase(core, PHRASE_DISCLOSURE, PROTECTED);
    if (core->message_only)
        script_begin(core);
    else
        say_phrase(core, PHRASE_GREETING, INTERRUPTIBLE);
}

/* End. */

static void set_phase(struct call_core *core, enum phase phase)
{
    static const bool lawful[5][5] = {
        [PHASE_NEW] = {[PHASE_TALKING] = true, [PHASE_ENDED] = true},
        [PHASE_TALKING] =
            {[PHASE_TRANSFERRING] = true, [PHASE_HANGING_UP] = true, [PHASE_ENDED] = true},
        [PHASE_TRANSFERRING] =
            {[PHASE_TALKING] = true, [PHASE_HANGING_UP] = true, [PHASE_ENDED] = true},
        [PHASE_HANGING_UP] = {[PHASE_ENDED] = true},
    };
    assert(lawful[core->phase][phase]);
    core->phase = phase;
    core->phase_ms = core->now_ms;
}

static void end(struct call_core *core, const char *why)
{
    bool handed_over = core->phase == PHASE_TRANSFERRING;
    core->leave_for_good = true;
    set_phase(core, PHASE_ENDED);
    reply_settle(core);
    playout_quit(core);
    turn_end(core);
    orders_ended(core, &core->orders.transfer, handed_over ? 0 : ECANCELED);
    orders_ended(core, &core->orders.end, 0);
    act(core, DO_ENDED)->text = str_of(why);
}

static void hang_up(struct call_core *core)
{
    core->leave_for_good = true;
    reply_cancel(core);
    playout_quit(core);
    orders_ended(core, &core->orders.transfer, ECANCELED);
    orders_ended(core, &core->orders.end, 0);
    set_phase(core, PHASE_HANGING_UP);
    act(core, DO_HANG_UP)->text = str_of(core->why);
}

static void transfer(struct call_core *core)
{
    set_phase(core, PHASE_TRANSFERRING);
    struct call_action *action = act(core, DO_TRANSFER);
    action->order = core->orders.transfer;
    action->text = reply_transfer_reason(core);
}

static void transfer_failed(struct call_core *core)
{
    if (core->phase != PHASE_TRANSFERRING) {
        core->counts.stale_events++;
        return;
    }
    set_phase(core, PHASE_TALKING);
    core->intent = INTENT_STAY;
    orders_ended(core, &core->orders.transfer, EHOSTUNREACH);
    reply_not_transferred(core);
    say_phrase(core, PHRASE_NOT_REACHED, INTERRUPTIBLE);
    core->idle_since_ms = core->playout.quiet_since_ms = core->now_ms;
}

static void on_end_asked(struct call_core *core, const struct call_event *event)
{
    bool ending = core->leave_for_good || core->phase == PHASE_HANGING_UP;
    if (ending || core->phase != PHASE_TALKING) {
        order_over(core, event->order, ending ? 0 : EBUSY);
        return;
    }
    struct str why = event->text;
    leave(core, PHRASE_GOODBYE, "asked");
    core->orders.end = event->order;
    why = utf8_cut(why, sizeof core->why - 1);
    if (why.bytes) {
        memcpy(core->why, why.at, why.bytes);
        core->why[why.bytes] = '\0';
    }
}

/* Timers: each says when it is due, CALL_NEVER if it is not, and what is done then. None is ever
 * stored, so none can be stale. */

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

static bool is_listening(const struct call_core *core)
{
    return core->phase == PHASE_TALKING && core->intent == INTENT_STAY && !playout_busy(core) &&
           !reply_is_thinking(core) && !turn_has_words(core);
}

static int64_t idle_due(const struct call_core *core)
{
    if (!is_listening(core) || core->machine.kind != MACHINE_NONE)
        return CALL_NEVER;
    static const int64_t after_ms[] = {IDLE_1_MS, IDLE_2_MS, IDLE_3_MS};
    bool first = core->idle_stage == 0 && !core->caller.ever && !core->resumed;
    int64_t due = core->idle_since_ms + (first ? FIRST_VOICE_MS : after_ms[core->idle_stage]);
    due = later(due, core->playout.quiet_since_ms + IDLE_PAUSE_MS);
    due = later(due, core->caller.last_voice_ms + IDLE_PAUSE_MS);
    return later(due, turn_quiet_at(core));
}

static void idle(struct call_core *core)
{
    static const enum call_phrase phrases[] = {PHRASE_STILL_THERE, PHRASE_STILL_THERE_2,
                                               PHRASE_SILENT_GOODBYE};
    core->counts.reprompts += core->idle_stage < 2;
    say_phrase(core, phrases[core->idle_stage], INTERRUPTIBLE);
    if (core->idle_stage < 2)
        core->idle_stage++;
    else
        plan(core, INTENT_HANG_UP, "silence");
}

/* While the caller waits for an answer something must be heard now and then. */
static int64_t filler_due(const struct call_core *core)
{
    const struct turn *turn = &core->turn;
    if (playout_busy(core) && core->playout.says[0].protection == PROTECTED)
        return CALL_NEVER; /* nothing goes before the disclosure, however late its sound is */
    if (!turn->answering || turn->staged || playout_speaking(core))
        return CALL_NEVER;
    int64_t quiet = later(turn->commit_ms, core->playout.play_end_ms);
    int64_t due = later(quiet, core->filler_ms) + FILL_AGAIN_MS;
    bool first = !turn->filled && (!core->filler_turn || turn->id > core->filler_turn + 1);
    if (first && quiet + FILL_MS < due)
        due = quiet + FILL_MS;
    return later(due, turn_quiet_at(core));
}

static void filler(struct call_core *core)
{
    core->turn.filled = true;
    core->filler_turn = core->turn.id;
    core->filler_ms = core->now_ms;
    core->counts.fillers++;
    say_phrase(core, PHRASE_FILLER, INTERRUPTIBLE);
}

/* The farewell was heard: go, unless the caller is just saying something. */
static int64_t depart_due(const struct call_core *core)
{
    if (core->phase != PHASE_TALKING || core->intent == INTENT_STAY || playout_busy(core) ||
        reply_is_thinking(core))
        return CALL_NEVER;
    if (core->leave_for_good)
        return core->now_ms;
    int64_t polite = core->playout.quiet_since_ms + LEAVE_WAIT_MS, quiet = turn_voice_until(core);
    return quiet < polite ? quiet : polite;
}

static void depart(struct call_core *core)
{
    if (core->intent == INTENT_TRANSFER)
        transfer(core);
    else
        hang_up(core);
}

static int64_t duration_due(const struct call_core *core)
{
    if (core->phase != PHASE_TALKING)
        return CALL_NEVER;
    int64_t due = core->started_ms - core->elapsed_ms + core->duration_ms_max;
    return core->time_up ? due + DURATION_GRACE_MS : due;
}

static void duration(struct call_core *core)
{
    if (core->time_up)
        hang_up(core);
    else if (!core->leave_for_good)
        leave(core, PHRASE_TIME_UP, "time");
    core->time_up = true;
}

static int64_t phase_due(const struct call_core *core)
{
    if (core->phase == PHASE_TRANSFERRING)
        return core->phase_ms + TRANSFER_MS;
    return core->phase == PHASE_HANGING_UP ? core->phase_ms + HANG_UP_MS : CALL_NEVER;
}

static void phase_over(struct call_core *core)
{
    if (core->phase == PHASE_TRANSFERRING)
        transfer_failed(core);
    else
        end(core, core->why);
}

static const struct timer {
    int64_t (*due)(const struct call_core *core);
    void (*fire)(struct call_core *core);
} talking_timers[] = {
    {turn_hold_due, turn_hold_over},
    {turn_commit_due, turn_try_commit},
    {turn_stage_due, turn_stage},
    {turn_sure_due, turn_sure},
    {turn_barge_due, turn_barge_check},
    {turn_unheard_due, turn_unheard},
    {machine_due, machine_check},
    {turn_stt_due, turn_stt_check},
    {reply_due, reply_check},
    {filler_due, filler},
    {playout_late_due, playout_late},
    {playout_pump_due, playout_pump},
    {idle_due, idle},
    {depart_due, depart},
    {duration_due, duration},
};

static bool fire_one(struct call_core *core)
{
    if (phase_due(core) <= core->now_ms) {
        phase_over(core);
        return true;
    }
    for (size_t i = 0; core->phase == PHASE_TALKING && i < countof(talking_timers); i++)
        if (talking_timers[i].due(core) <= core->now_ms) {
            talking_timers[i].fire(core);
            return true;
        }
    return false;
}

static void fire(struct call_core *core)
{
    int rounds = 0;
    while (core->out->count + ACTIONS_SPARE <= CALL_ACTIONS_MAX && fire_one(core))
        assert(++rounds < TIMER_ROUNDS_MAX);
}

int64_t call_wake_at(const struct call_core *core)
{
    int64_t at = phase_due(core);
    for (size_t i = 0; core->phase == PHASE_TALKING && i < countof(talking_timers); i++) {
        int64_t due = talking_timers[i].due(core);
        at = due < at ? due : at;
    }
    return at;
}

/* Events. */

static void handle(struct call_core *core, const struct call_event *event)
{
    switch (event->kind) {
    case EV_STARTED: on_started(core); break;
    case EV_VOICE_ON: turn_on_voice_on(core, event->at_ms); break;
    case EV_VOICE_GOING: turn_on_voice_going(core, event->voiced_ms); break;
    case EV_VOICE_OFF: turn_on_voice_off(core, event->at_ms); break;
    case EV_WORDS:
    case EV_WORDS_FINAL: turn_on_words(core, event); break;
    case EV_UTTERANCE_END: turn_on_utterance_end(core, event); break;
    case EV_STT_UP:
    case EV_STT_DOWN: turn_on_stt(core, event); break;
    case EV_REPLY_TEXT:
    case EV_REPLY_TOOL:
    case EV_REPLY_DONE:
    case EV_REPLY_FAILED: reply_on_event(core, event); break;
    case EV_CLIP_AUDIO:
    case EV_CLIP_DONE:
    case EV_CLIP_FAILED: playout_on_clip(core, event); break;
    case EV_MARK: playout_on_mark(core, event->mark); break;
    case EV_DTMF: turn_on_dtmf(core, event->digit); break;
    case EV_TOOL_DONE: reply_on_tool_done(core, event); break;
    case EV_TRANSFER_FAILED: transfer_failed(core); break;
    case EV_TICK: break;
    case EV_END_ASKED: on_end_asked(core, event); break;
    case EV_SAY_ASKED: orders_on_say(core, event); break;
    case EV_WHISPER: orders_on_whisper(core, event); break;
    case EV_TRANSFER_ASKED: orders_on_transfer(core, event); break;
    case EV_GONE: end(core, core->phase == PHASE_HANGING_UP ? core->why : "gone"); break;
    }
}

void call_step(struct call_core *core, int64_t now_ms, const struct call_event *event,
               struct call_actions *out)
{
    out->count = 0;
    if (core->phase == PHASE_ENDED) {
        core->counts.stale_events++;
        return;
    }
    core->out = out;
    core->now_ms = now_ms > core->now_ms ? now_ms : core->now_ms;
    handle(core, event);
    reply_speak(core);
    fire(core);
    reply_speak(core); /* what is over by now has made room */
    core->out = NULL;
}

bool call_ended(const struct call_core *core)
{
    return core->phase == PHASE_ENDED;
}

const struct call_counts *call_counts(const struct call_core *core)
{
    return &core->counts;
}

const struct call_stages *call_stages(const struct call_core *core)
{
    return &core->stages;
}

bool call_is_quiet(const struct call_core *core)
{
    return is_listening(core) && turn_quiet_at(core) <= core->now_ms;
}

void call_set_moving(struct call_core *core, bool moving)
{
    core->moving = moving;
}

bool call_listens(const struct call_core *core)
{
    return core->phase == PHASE_TALKING && core->intent == INTENT_STAY && !playout_speaking(core) &&
           !reply_is_thinking(core) && !playout_busy(core);
}

const char *call_state_name(const struct call_core *core)
{
    static const char *const phases[] = {[PHASE_NEW] = "new",
                                         [PHASE_TRANSFERRING] = "transferring",
                                         [PHASE_HANGING_UP] = "hanging up",
                                         [PHASE_ENDED] = "ended"};
    if (core->phase != PHASE_TALKING)
        return phases[core->phase];
    if (core->intent != INTENT_STAY)
        return "closing";
    if (playout_speaking(core))
        return "speaking";
    return call_listens(core) ? "listening" : "thinking";
}
