/* call/turn.c: the caller's side: voice and words, and when the caller takes the floor. When what
 * was said is a turn is commit.c's. */
#include "call/call_private.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static void move(struct caller *caller, enum caller_state state)
{
    static const bool lawful[4][4] = {
        [CALLER_QUIET] = {[CALLER_ONSET] = true, [CALLER_SPEAKING] = true, [CALLER_PAUSE] = true},
        [CALLER_ONSET] = {[CALLER_QUIET] = true, [CALLER_SPEAKING] = true, [CALLER_PAUSE] = true},
        [CALLER_SPEAKING] = {[CALLER_QUIET] = true, [CALLER_PAUSE] = true},
        [CALLER_PAUSE] = {[CALLER_QUIET] = true, [CALLER_SPEAKING] = true},
    };
    assert(state == caller->state || lawful[caller->state][state]);
    caller->state = state;
}

bool turn_has_words(const struct call_core *core)
{
    return core->caller.finals.bytes || core->caller.interim.bytes;
}

/* When the caller last gave a sign that the voice heard now is speech. */
int64_t turn_last_sign_ms(const struct call_core *core)
{
    const struct caller *caller = &core->caller;
    return caller->voice_since_ms > caller->words_ms ? caller->voice_since_ms : caller->words_ms;
}

/* Until when the caller is taken to be speaking. Voice that goes on and on without a word is noise:
 * it must not keep the agent silent. CALL_NEVER: until the words are committed. */
int64_t turn_voice_until(const struct call_core *core)
{
    const struct caller *caller = &core->caller;
    if (turn_has_words(core))
        return CALL_NEVER;
    return caller->voice_on ? turn_last_sign_ms(core) + VOICE_STUCK_MS : caller->last_voice_ms;
}

int64_t turn_quiet_at(const struct call_core *core)
{
    int64_t until = turn_voice_until(core);
    return core->caller.voice_on || until == CALL_NEVER ? until : until + GAP_MIN_MS;
}

struct str turn_words(struct call_core *core, struct buf *out)
{
    const struct caller *caller = &core->caller;
    buf_clear(out);
    buf_add_str(out, text_str(&caller->finals));
    if (caller->finals.bytes && caller->interim.bytes)
        buf_putc(out, ' ');
    buf_add_str(out, text_str(&caller->interim));
    return buf_str(out);
}

bool turn_is_only_backchannel(struct call_core *core)
{
    words_normalise(turn_words(core, &core->scratch2), &core->scratch);
    return words_are_backchannel(core->language, buf_str(&core->scratch));
}

bool turn_is_number(const struct call_core *core)
{
    const struct caller *caller = &core->caller;
    return caller->digits || caller->keyed ||
           (core->reply.asked == ASKED_NUMBER &&
            caller->completeness < complete_fit.sure[core->language]);
}

static bool only_farewell(struct call_core *core)
{
    words_normalise(turn_words(core, &core->scratch2), &core->scratch);
    return words_are_farewell(core->language, buf_str(&core->scratch));
}

static bool same_spelling(struct str one, struct str other)
{
    return one.bytes == other.bytes && (!one.bytes || memcmp(one.at, other.at, one.bytes) == 0);
}

static bool same_words(struct call_core *core, struct str one, struct str other)
{
    words_normalise(one, &core->scratch);
    words_normalise(other, &core->scratch2);
    return same_spelling(buf_str(&core->scratch), buf_str(&core->scratch2));
}

void turn_drop(struct call_core *core)
{
    struct caller *caller = &core->caller;
    caller->finals.bytes = caller->interim.bytes = 0;
    caller->start_ms = CALL_NEVER;
    caller->keyed = caller->over_speech = caller->zone = caller->owed = false;
    caller->digits = caller->maybe_over = caller->over = false;
    caller->voiced_ms = 0;
    move(caller, CALLER_QUIET);
}

int64_t turn_voice_end(const struct call_core *core)
{
    const struct caller *caller = &core->caller;
    int64_t end = caller->voice_on ? media_now(core) : to_media(core, caller->last_voice_ms);
    return end > caller->start_ms || caller->start_ms == CALL_NEVER ? end : caller->start_ms;
}

void turn_record(struct call_core *core, int64_t end_ms)
{
    const struct turn *turn = &core->turn;
    if (turn->staged)
        return; /* the caller may go on: the line is written when it is sure */
    record(core, &(struct call_line){.seq = turn->seq,
                                     .speaker = SPEAKER_CALLER,
                                     .kind = turn->keyed ? LINE_DTMF : LINE_SAID,
                                     .start_ms = turn->start_ms,
                                     .end_ms = end_ms > turn->start_ms ? end_ms : turn->start_ms,
                                     .confidence = turn->confidence,
                                     .text = text_str(turn->text)});
}

/* Who has the floor. */

/* Whether what begins now is said over the agent, or so near her end that it is an answer. */
static void judge_beginning(struct call_core *core)
{
    struct caller *caller = &core->caller;
    caller->over_speech = playout_speaking(core) || reply_is_thinking(core);
    caller->zone =
        playout_speaking(core) && !reply_is_thinking(core) && playout_left_ms(core) <= ZONE_MS;
}

static void begin_if_new(struct call_core *core, int64_t at_ms)
{
    if (core->caller.start_ms != CALL_NEVER)
        return;
    core->caller.start_ms = at_ms;
    judge_beginning(core);
}

/* The farewell goes on only if what is said is a farewell too; once the call is kept. */
static bool keeps_the_call(struct call_core *core)
{
    return core->intent == INTENT_HANG_UP && !core->leave_for_good && !core->left_once;
}

static void keep_the_call(struct call_core *core)
{
    core->left_once = true;
    core->intent = INTENT_STAY;
}

static void barge_in(struct call_core *core)
{
    if (core->intent == INTENT_HANG_UP && !keeps_the_call(core))
        return;
    if (core->intent == INTENT_HANG_UP)
        keep_the_call(core);
    core->counts.barge_ins++;
    core->caller.owed = true;
    core->caller.owed_voice_ms = core->caller.voice_since_ms;
    core->caller.over_speech = false;
    reply_cancel(core);
    playout_stop(core);
}

static bool means_it(struct call_core *core)
{
    words_normalise(turn_words(core, &core->scratch2), &core->scratch);
    struct str words = buf_str(&core->scratch);
    size_t outside = words_outside_backchannel(core->language, words);
    bool final = !core->caller.interim.bytes;
    return outside >= HOLD_WORDS || (outside && final) || words_have_strong(core->language, words);
}

/* Karen falls silent at once, and takes it back if it was nothing. */
static void hold(struct call_core *core)
{
    if (core->playout.held)
        return;
    core->counts.holds++;
    playout_hold(core);
}

/* The caller goes on within the turn that was just committed: the answer begun is forgotten. */
static bool may_reopen(const struct call_core *core)
{
    const struct turn *turn = &core->turn;
    if (!turn->answering || !turn->model_asked || turn->open || turn->tool_ran ||
        core->intent != INTENT_STAY)
        return false;
    if (turn->staged)
        return true;
    if (turn->reopens == REOPENS_MAX || turn->gens >= GENS_MAX)
        return false;
    if (!playout_reply_sent(core, turn->id))
        return true;
    return turn->aborted == 0 && core->now_ms < turn->commit_ms + MERGE_MS &&
           playout_reply_heard_ms(core, turn->id) < MERGE_HEARD_MS;
}

static void reopen(struct call_core *core)
{
    struct turn *turn = &core->turn;
    struct caller *caller = &core->caller;
    turn->aborted += playout_reply_sent(core, turn->id);
    turn->reopens += !turn->staged;
    core->counts.staged_in_vain += turn->staged;
    turn->staged = false;
    reply_cancel(core);
    playout_stop(core);
    turn->open = true;
    if (turn->pending)
        caller->skip = turn->skip_before;
    text_set(&caller->finals,
             (struct str){turn->text->at, turn->pending ? turn->base_bytes : turn->text->bytes});
    turn->pending = false;
    caller->over_speech = false;
}

/* New words of the caller stop what the agent says or thinks, unless they are only a "mhm". */
static void take_floor(struct call_core *core)
{
    struct caller *caller = &core->caller;
    if (core->intent == INTENT_TRANSFER)
        return;
    bool only_mhm = caller->over_speech && turn_is_only_backchannel(core);
    if (only_mhm && core->intent == INTENT_STAY)
        return;
    if (core->intent == INTENT_HANG_UP && (only_mhm || only_farewell(core)))
        return;
    if (playout_speaking(core) || core->intent == INTENT_HANG_UP) {
        bool sure = core->intent == INTENT_HANG_UP || playout_protected(core) || caller->zone ||
                    caller->keyed || means_it(core);
        if (sure)
            barge_in(core);
        else
            hold(core);
    } else if (reply_is_thinking(core) || playout_busy(core)) {
        reply_cancel(core);
        playout_hush(core);
    }
}

/* Once in a pause: the recogniser shall not wait for more. */
static void finalize(struct call_core *core)
{
    if (core->caller.finalize_sent)
        return;
    act(core, DO_FINALIZE);
    core->caller.finalize_sent = true;
    core->caller.finalize_ms = core->now_ms;
}

static void words_changed(struct call_core *core, int64_t end_ms)
{
    struct caller *caller = &core->caller;
    int64_t end = end_ms > 0 ? from_media(core, end_ms) : core->now_ms;
    caller->ever = true;
    caller->maybe_over = caller->over = false;
    caller->words_ms = core->now_ms;
    machine_on_words(core);
    core->idle_stage = 0;
    core->idle_since_ms = core->now_ms;
    if (end_ms > caller->word_end)
        caller->word_end = end_ms;
    if (!caller->voice_on && end > caller->last_voice_ms) {
        caller->last_voice_ms = end; /* too soft for the detector: the pause begins anew */
        caller->finalize_sent = false;
    }
    begin_if_new(core, end_ms > 0 ? end_ms : media_now(core));
    if (caller->voice_on) {
        move(caller, CALLER_SPEAKING);
    } else {
        move(caller, CALLER_PAUSE);
        finalize(core);
    }
    caller->completeness =
        complete_percent(core->language, core->reply.asked, turn_words(core, &core->scratch2),
                         &core->scratch, &caller->digits);
    take_floor(core);
}

/* Voice. */

/* He goes on with what he was saying: so long he pauses. The first pauses count for much. */
static void learn_pause(struct call_core *core)
{
    struct caller *caller = &core->caller;
    struct pauses *pauses = &caller->pauses;
    double pause_ms = (double)(caller->voice_since_ms - caller->last_voice_ms);
    bool within = turn_has_words(core) || core->turn.answering;
    if (!within || caller->keyed || playout_speaking(core) || pause_ms <= 0 ||
        pause_ms > EOT_CAP_MS)
        return;
    double kept = pauses->count < 4 ? 0.5 : 0.9;
    double off_ms = pauses->count ? fabs(pause_ms - pauses->mean_ms) : 0;
    pauses->mean_ms = pauses->count ? kept * pauses->mean_ms + (1 - kept) * pause_ms : pause_ms;
    pauses->spread_ms = kept * pauses->spread_ms + (1 - kept) * off_ms;
    pauses->count++;
}

void turn_on_voice_on(struct call_core *core, int64_t at_ms)
{
    struct caller *caller = &core->caller;
    caller->voice_on = caller->ever = true;
    caller->voice_since_ms = from_media(core, at_ms);
    caller->voiced_ms = 0;
    caller->finalize_sent = caller->final_came = caller->over = false;
    learn_pause(core);
    begin_if_new(core, at_ms);
    if (!turn_has_words(core))
        judge_beginning(core); /* what was before it may have been a noise */
    move(caller, caller->state == CALLER_QUIET || caller->state == CALLER_ONSET ? CALLER_ONSET
                                                                                : CALLER_SPEAKING);
    if (caller->down_ms != CALL_NEVER)
        caller->down_voice = true;
}

void turn_on_voice_going(struct call_core *core, int64_t voiced_ms)
{
    core->caller.voiced_ms = voiced_ms;
    if (core->caller.down_ms == CALL_NEVER && !playout_speaking(core))
        machine_on_voice(core, CALL_VOICE_GOING_MS);
}

void turn_on_voice_off(struct call_core *core, int64_t at_ms)
{
    struct caller *caller = &core->caller;
    if (!caller->voice_on)
        return;
    caller->voice_on = false;
    int64_t end = from_media(core, at_ms);
    caller->voiced_ms = end - caller->voice_since_ms;
    if (end > caller->last_voice_ms)
        caller->last_voice_ms = end;
    move(caller, CALLER_PAUSE);
    finalize(core);
}

/* Enough voice over the agent's speech silences it without a word, and twice as much takes the
 * floor, unless it may be her own. Without EV_VOICE_GOING the detector's silence is what tells 420
 * ms of voice from less. */
int64_t turn_barge_due(const struct call_core *core)
{
    const struct caller *caller = &core->caller;
    bool again = caller->owed && caller->voice_since_ms == caller->owed_voice_ms;
    if (!caller->voice_on || again || !playout_speaking(core) || caller->zone ||
        playout_protected(core) || core->intent != INTENT_STAY || core->echo.on_line ||
        core->now_ms >= turn_last_sign_ms(core) + VOICE_STUCK_MS)
        return CALL_NEVER;
    if (core->playout.held)
        return caller->voice_since_ms + VOICE_BARGE_MS + VOICE_HANGOVER_MS;
    if (caller->voiced_ms)
        return caller->voiced_ms >= VOICE_HOLD_MS ? core->now_ms : CALL_NEVER;
    return caller->voice_since_ms + VOICE_HOLD_MS + VOICE_HANGOVER_MS;
}

void turn_barge_check(struct call_core *core)
{
    if (core->playout.held)
        barge_in(core);
    else
        hold(core);
}

int64_t turn_hold_due(const struct call_core *core)
{
    const struct caller *caller = &core->caller;
    if (!core->playout.held)
        return CALL_NEVER;
    if (caller->voice_on)
        return turn_last_sign_ms(core) + VOICE_STUCK_MS;
    return caller->last_voice_ms + VOICE_HANGOVER_MS + HOLD_MS;
}

void turn_hold_over(struct call_core *core)
{
    playout_go_on(core);
    if (turn_has_words(core) && !turn_is_only_backchannel(core))
        barge_in(core);
}

/* Words. */

static void amend(struct call_core *core, struct str text)
{
    text_set(core->turn.text, text);
    context_set(&core->context, core->turn.context, text_str(core->turn.text));
    turn_record(core, media_now(core));
}

static void reopen_for(struct call_core *core, struct str fresh)
{
    words_normalise(fresh, &core->scratch);
    if (may_reopen(core) && !words_are_backchannel(core->language, buf_str(&core->scratch)))
        reopen(core);
}

static void add_final(struct call_core *core, const struct call_event *event)
{
    struct caller *caller = &core->caller;
    struct str fresh = words_after(event->text, caller->skip);
    if (fresh.bytes)
        reopen_for(core, fresh);
    fresh = words_after(event->text, caller->skip); /* reopened: the turn's own words are back */
    text_join(&caller->finals, fresh);
    caller->interim.bytes = 0;
    caller->skip = 0;
    if (fresh.bytes)
        words_changed(core, event->end_ms);
}

/* The final of words that a turn was committed with while they were still an interim. */
static void late_final(struct call_core *core, const struct call_event *event)
{
    struct turn *turn = &core->turn;
    struct str fresh = words_after(event->text, core->caller.skip);
    struct buf *whole = &core->line;
    buf_clear(whole);
    buf_add(whole, turn->text->at, turn->base_bytes);
    if (turn->base_bytes)
        buf_putc(whole, ' ');
    buf_add_str(whole, words_after(event->text, turn->skip_before));
    bool sent = playout_reply_sent(core, turn->id), changed = true;
    if (!fresh.bytes)
        changed = !same_words(core, buf_str(whole), text_str(turn->text));
    turn->pending = false;
    core->caller.skip = 0;
    if (changed && may_reopen(core) && (fresh.bytes || !sent)) {
        reopen(core);
        text_set(&core->caller.finals, buf_str(whole));
        words_changed(core, event->end_ms);
    } else if (words_count(fresh) > LATE_WORDS_MAX) {
        text_join(&core->caller.finals, fresh);
        words_changed(core, event->end_ms);
    } else if (!same_spelling(buf_str(whole), text_str(turn->text))) {
        amend(core, buf_str(whole));
    }
}

static void forget_segment(struct call_core *core)
{
    core->caller.skip = 0;
    core->turn.pending = false;
}

/* The final of a committed segment may never come. Words of a later segment are all new. */
static void see_segment(struct call_core *core, const struct call_event *event)
{
    if (core->caller.skip && event->at_ms + SEGMENT_SLACK_MS >= core->caller.skip_end)
        forget_segment(core);
}

static void on_final(struct call_core *core, const struct call_event *event)
{
    struct caller *caller = &core->caller;
    if (event->from_finalize || event->speech_final || event->turn_over)
        caller->final_came = true;
    if (!str_trim(event->text).bytes) {
        if (event->from_finalize && !caller->interim.bytes &&
            event->end_ms + SEGMENT_SLACK_MS >= caller->skip_end)
            forget_segment(core); /* the recogniser has nothing more of it */
        return;
    }
    caller->confidence = event->confidence;
    if (core->turn.pending && !core->turn.open && !turn_has_words(core)) {
        late_final(core, event);
        return;
    }
    core->turn.pending = false;
    add_final(core, event);
}

static void on_interim(struct call_core *core, const struct call_event *event)
{
    struct caller *caller = &core->caller;
    struct str fresh = words_after(event->text, caller->skip);
    if (!fresh.bytes || same_words(core, fresh, text_str(&caller->interim)))
        return;
    reopen_for(core, fresh);
    text_set(&caller->interim, words_after(event->text, caller->skip));
    caller->confidence = event->confidence;
    caller->final_came = false;
    words_changed(core, event->end_ms);
}

/* Karen's own words at the front of a segment are used up before anybody takes them for the
 * caller's; what was taken so already is given back. */
static void skip_echo(struct call_core *core, const struct call_event *event)
{
    struct caller *caller = &core->caller;
    size_t own = echo_words(core, event->text, event->at_ms, event->end_ms);
    if (own <= caller->skip)
        return;
    core->counts.echoes += !caller->skip;
    core->echo.on_line = true;
    caller->skip = own;
    caller->skip_end = event->end_ms;
    if (!words_after(event->text, own).bytes) {
        caller->interim.bytes = 0;
        if (core->playout.held && !turn_has_words(core))
            turn_hold_over(core);
    }
}

/* It was staged too early. */
static void go_on(struct call_core *core)
{
    core->caller.maybe_over = false;
    if (core->turn.staged && may_reopen(core))
        reopen(core);
}

/* What the detector still hears is noise if it began before the last word, else new speech: that is
 * waited for. */
static void turn_over(struct call_core *core, const struct call_event *event)
{
    struct caller *caller = &core->caller;
    if (caller->voice_on && caller->voice_since_ms <= from_media(core, event->end_ms))
        turn_on_voice_off(core, event->end_ms);
    caller->over = !caller->voice_on && (turn_has_words(core) || core->turn.staged);
}

void turn_on_words(struct call_core *core, const struct call_event *event)
{
    if (event->conn != core->caller.conn) {
        core->counts.stale_events++;
        return;
    }
    see_segment(core, event);
    if (!core->turn.pending)
        skip_echo(core, event);
    core->caller.told_turns = event->turn > 0;
    if (event->resumed)
        go_on(core);
    if (event->kind == EV_WORDS_FINAL)
        on_final(core, event);
    else
        on_interim(core, event);
    if (event->eager)
        core->caller.maybe_over = turn_has_words(core);
    if (event->turn_over)
        turn_over(core, event);
}

/* Only a backup: the recogniser heard no more words although the detector hears voice. Voice that
 * began after the last word is new speech, though. */
void turn_on_utterance_end(struct call_core *core, const struct call_event *event)
{
    struct caller *caller = &core->caller;
    if (event->conn != caller->conn || event->at_ms < caller->word_end || !turn_has_words(core)) {
        core->counts.stale_events++;
        return;
    }
    caller->final_came = true;
    if (caller->voice_on && caller->voice_since_ms <= from_media(core, event->at_ms))
        turn_on_voice_off(core, event->at_ms);
}

void turn_on_dtmf(struct call_core *core, char digit)
{
    struct caller *caller = &core->caller;
    if (core->intent == INTENT_TRANSFER)
        return;
    if (playout_speaking(core))
        barge_in(core);
    if (caller->keyed && caller->finals.bytes < CALL_TEXT_BYTES_MAX)
        caller->finals.at[caller->finals.bytes++] = digit;
    else
        text_join(&caller->finals, (struct str){&digit, 1});
    caller->keyed = true;
    caller->final_came = true;
    caller->last_voice_ms = core->now_ms;
    words_changed(core, 0);
}
