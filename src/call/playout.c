/* call/playout.c: what the agent says, on its way to the caller's ear: sent CALL_LEAD_MS ahead of
 * being heard, counted as heard by marks alone, stopped when the caller takes the floor. */
#include "call/call_private.h"

#include <assert.h>
#include <string.h>

enum {
    FRAME_BYTES = 20 * CALL_BYTES_PER_MS,
    MARK_BYTES = CALL_MARK_MS * CALL_BYTES_PER_MS,
};

void playout_on_clip(struct call_core *core, const struct call_event *event)
{
    struct clip *clip = clip_find(core, event->clip);
    if (!clip || clip->done || clip->dropped) {
        core->counts.stale_events++;
        return;
    }
    if (event->kind == EV_CLIP_AUDIO) {
        clip->bytes += event->bytes;
        if (event->letters)
            clip_anchor(say_find(core, clip->say), clip, event->letters);
        clip->wanted_ms = CALL_NEVER;
        if (core->stages.turn == core->turn.id && !core->stages.clip_first_ms &&
            say_find(core, clip->say)->gen)
            core->stages.clip_first_ms = core->now_ms;
        return;
    }
    clip->done = true;
    clip->failed = event->kind == EV_CLIP_FAILED || clip->bytes == 0;
    core->counts.clip_failures += clip->failed;
    playout_advance(core);
}

/* Marks. */

static void mark_put(struct call_core *core, const struct clip *clip)
{
    struct playout *playout = &core->playout;
    if (playout->mark_count == MARKS_MAX) /* a later one confirms what an older would have */
        memmove(&playout->marks[0], &playout->marks[1],
                --playout->mark_count * sizeof playout->marks[0]);
    playout->marks[playout->mark_count++] =
        (struct mark){.id = ++playout->last_mark, .clip = clip->id, .offset = clip->sent};
    playout->since_mark = 0;
    struct call_action *action = act(core, DO_MARK);
    action->mark = playout->last_mark;
    action->epoch = playout->epoch;
}

static void hear(struct call_core *core, struct clip *clip, size_t until)
{
    assert(until <= clip->sent);
    if (until <= clip->heard)
        return;
    struct say *say = say_find(core, clip->say);
    say->heard_bytes += until - clip->heard;
    clip->heard = until;
    say->end_ms = media_now(core);
    if (say->stages.turn && !say->stages.heard_ms)
        say->stages.heard_ms = core->now_ms;
}

/* Everything up to this place was played: whole clips before it too. */
static void hear_until(struct call_core *core, uint32_t clip_id, size_t offset)
{
    struct playout *playout = &core->playout;
    for (size_t i = 0; i < playout->clip_count; i++) {
        struct clip *clip = &playout->clips[i];
        hear(core, clip, clip->id == clip_id ? offset : clip->sent);
        if (clip->id == clip_id)
            break;
    }
}

void playout_on_mark(struct call_core *core, uint32_t id)
{
    struct playout *playout = &core->playout;
    size_t at = 0;
    while (at < playout->mark_count && playout->marks[at].id != id)
        at++;
    if (at == playout->mark_count) {
        core->counts.stale_events++; /* of an epoch that was cleared, or sent twice */
        return;
    }
    struct mark mark = playout->marks[at];
    playout->mark_count -= at + 1;
    memmove(&playout->marks[0], &playout->marks[at + 1],
            playout->mark_count * sizeof playout->marks[0]);
    if (clip_find(core, mark.clip))
        hear_until(core, mark.clip, mark.offset);
    playout_advance(core);
}

/* Sending. */

/* The place of the clip whose bytes go out next; clip_count: all is out. */
static size_t next_to_send(const struct call_core *core)
{
    size_t at = 0;
    while (at < core->playout.clip_count && core->playout.clips[at].done &&
           core->playout.clips[at].sent == core->playout.clips[at].bytes)
        at++;
    return at;
}

/* When an utterance may begin: at once, when the caller is silent, or (CALL_NEVER) not before its
 * turn is sure and those ahead of it have all their clips. */
static int64_t begin_at(const struct call_core *core, size_t at)
{
    const struct say *says = core->playout.says;
    if (says[at].gen && core->turn.staged)
        return CALL_NEVER;
    for (size_t i = 0; i < at; i++)
        if (says[i].open || (says[i].cut < says[i].bytes && !says[i].truncated))
            return CALL_NEVER;
    return says[at].started || says[at].protection == PROTECTED ? core->now_ms
                                                                : turn_quiet_at(core);
}

static int64_t lead_ms(const struct call_core *core)
{
    int64_t lead = core->playout.play_end_ms - core->now_ms;
    return lead > 0 ? lead : 0;
}

static size_t sendable(const struct clip *clip)
{
    size_t bytes = clip->bytes - clip->sent;
    return clip->done ? bytes : bytes - bytes % FRAME_BYTES;
}

/* Somebody speaks over what is said: it goes on softly. */
static bool is_ducked(const struct call_core *core)
{
    const struct caller *caller = &core->caller;
    if (!playout_speaking(core) || !caller->ever)
        return false;
    if (caller->voice_on)
        return core->now_ms < turn_last_sign_ms(core) + VOICE_STUCK_MS;
    bool spoke_over = core->playout.says[0].start_ms < to_media(core, caller->last_voice_ms);
    return spoke_over && core->now_ms < caller->last_voice_ms + VOICE_HANGOVER_MS + DUCK_MS;
}

/* When the next piece goes out. */
static int64_t lead_due(const struct call_core *core)
{
    return core->playout.play_end_ms - (CALL_LEAD_MS - CALL_MARK_MS);
}

/* So much goes out at once: less while it may be in vain. */
static size_t piece_bytes(const struct call_core *core)
{
    return (is_ducked(core) ? DUCK_PIECE_MS : CALL_MARK_MS) * CALL_BYTES_PER_MS;
}

/* What is played from now on, behind what is out already. */
static void note_words(struct call_core *core, const struct say *say, const struct clip *clip)
{
    struct str text = {say->text + clip->from, clip->to - clip->from};
    size_t bytes = clip->done ? clip->bytes : text.bytes * BYTES_PER_LETTER;
    int64_t from_ms = media_now(core) + lead_ms(core);
    echo_said(core, text, from_ms, from_ms + (int64_t)(bytes / CALL_BYTES_PER_MS));
}

static void send_some(struct call_core *core, struct say *say, struct clip *clip, size_t bytes)
{
    struct playout *playout = &core->playout;
    if (!say->started)
        say_start(core, say);
    if (!clip->sent)
        note_words(core, say, clip);
    struct call_action *action = act(core, DO_SEND);
    action->ducked = is_ducked(core);
    action->clip = clip->id;
    action->gen = say->gen;
    action->epoch = playout->epoch;
    action->phrase = say->phrase;
    action->offset = clip->sent;
    action->bytes = bytes;
    clip->sent += bytes;
    playout->since_mark += bytes;
    playout->play_end_ms = core->now_ms + lead_ms(core) +
                           (int64_t)((bytes + CALL_BYTES_PER_MS - 1) / CALL_BYTES_PER_MS);
    if (playout->since_mark >= MARK_BYTES || (clip->done && clip->sent == clip->bytes))
        mark_put(core, clip);
}

static bool pump_once(struct call_core *core)
{
    struct playout *playout = &core->playout;
    size_t at = next_to_send(core);
    if (playout->held || at == playout->clip_count || core->now_ms < lead_due(core) ||
        core->out->count + ACTIONS_SPARE > CALL_ACTIONS_MAX)
        return false;
    struct clip *clip = &playout->clips[at];
    size_t say = say_at(core, clip->say), bytes = sendable(clip);
    size_t piece = piece_bytes(core);
    if (core->now_ms < begin_at(core, say))
        return false;
    if (bytes)
        send_some(core, &playout->says[say], clip, bytes < piece ? bytes : piece);
    else if (clip->wanted_ms == CALL_NEVER)
        clip->wanted_ms = core->now_ms;
    return bytes > 0;
}

void playout_pump(struct call_core *core)
{
    while (pump_once(core))
        reply_speak(core); /* what was sent makes room for the next piece */
}

int64_t playout_pump_due(const struct call_core *core)
{
    size_t at = next_to_send(core);
    if (core->playout.held || at == core->playout.clip_count)
        return CALL_NEVER;
    const struct clip *clip = &core->playout.clips[at];
    if (sendable(clip) == 0 && clip->wanted_ms != CALL_NEVER)
        return CALL_NEVER; /* it waits for its audio */
    int64_t lead = lead_due(core);
    int64_t begin = begin_at(core, say_at(core, clip->say));
    return begin > lead ? begin : lead;
}

/* Being late, being interrupted. */

static const struct clip *unheard(const struct call_core *core)
{
    for (size_t i = 0; i < core->playout.clip_count; i++)
        if (core->playout.clips[i].heard < core->playout.clips[i].sent)
            return &core->playout.clips[i];
    return NULL;
}

/* A voice that has not begun by the time its turn comes has had its time already. */
static int64_t late_at(const struct clip *clip)
{
    if (clip->done || clip->wanted_ms == CALL_NEVER)
        return CALL_NEVER;
    if (clip->bytes)
        return clip->wanted_ms + CLIP_FIRST_MS;
    int64_t at = clip->asked_ms + CLIP_FIRST_MS;
    return at > clip->wanted_ms ? at : clip->wanted_ms;
}

int64_t playout_late_due(const struct call_core *core)
{
    int64_t due = unheard(core) ? core->playout.play_end_ms + MARKS_LATE_MS : CALL_NEVER;
    for (size_t i = 0; i < core->playout.clip_count; i++) {
        int64_t late = late_at(&core->playout.clips[i]);
        due = late < due ? late : due;
    }
    return due;
}

void playout_late(struct call_core *core)
{
    struct playout *playout = &core->playout;
    for (size_t i = 0; i < playout->clip_count; i++) {
        struct clip *clip = &playout->clips[i];
        if (core->now_ms < late_at(clip))
            continue;
        clip->done = clip->failed = true;
        core->counts.clip_failures++;
        if (!clip->bytes)
            clip_drop(core, clip); /* else what is there of it is still to be heard */
    }
    if (unheard(core) && core->now_ms >= playout->play_end_ms + MARKS_LATE_MS) {
        playout->mark_count = 0; /* the carrier keeps time even when it loses marks */
        for (size_t i = 0; i < playout->clip_count; i++)
            hear(core, &playout->clips[i], playout->clips[i].sent);
    }
    playout_advance(core);
}

bool playout_busy(const struct call_core *core)
{
    return core->playout.say_count > 0;
}

bool playout_speaking(const struct call_core *core)
{
    return core->playout.say_count > 0 && core->playout.says[0].started;
}

bool playout_protected(const struct call_core *core)
{
    return playout_speaking(core) && core->playout.says[0].protection == PROTECTED;
}

int64_t playout_left_ms(const struct call_core *core)
{
    size_t unsent = 0;
    for (size_t i = 0; i < core->playout.say_count; i++)
        if (core->playout.says[i].open || core->playout.says[i].cut < core->playout.says[i].bytes)
            return CALL_NEVER;
    for (size_t i = 0; i < core->playout.clip_count; i++) {
        const struct clip *clip = &core->playout.clips[i];
        if (!clip->done)
            return CALL_NEVER;
        unsent += clip->bytes - clip->sent;
    }
    return lead_ms(core) + (int64_t)(unsent / CALL_BYTES_PER_MS);
}

int64_t playout_reply_heard_ms(const struct call_core *core, uint32_t turn)
{
    size_t heard = 0;
    for (size_t i = 0; i < core->playout.say_count; i++)
        if (say_answers(&core->playout.says[i]) && core->playout.says[i].turn == turn)
            heard += core->playout.says[i].heard_bytes;
    return (int64_t)(heard / CALL_BYTES_PER_MS);
}

bool playout_reply_sent(const struct call_core *core, uint32_t turn)
{
    for (size_t i = 0; i < core->playout.say_count; i++)
        if (say_answers(&core->playout.says[i]) && core->playout.says[i].turn == turn &&
            core->playout.says[i].started)
            return true;
    return false;
}

static void clear(struct call_core *core)
{
    struct playout *playout = &core->playout;
    if (unheard(core) && core->phase != PHASE_ENDED)
        act(core, DO_CLEAR)->epoch = playout->epoch;
    playout->epoch++;
    playout->mark_count = 0;
    playout->since_mark = 0;
    playout->play_end_ms = core->now_ms;
    echo_hushed(core);
}

/* The owner's words that have not begun wait on, whoever has the floor. */
static bool is_stopped(const struct say *say)
{
    return say->protection == INTERRUPTIBLE && (say->started || !say->ordered);
}

/* What was sent but not heard is sent again, should it come to that. */
static void take_back(struct playout *playout)
{
    for (size_t i = 0; i < playout->clip_count; i++)
        playout->clips[i].sent = playout->clips[i].heard;
}

/* What was only to be played out is over with what was heard of it: its sound is gone. */
static void end_dropped(struct call_core *core)
{
    size_t at = 0;
    while (at < core->playout.clip_count) {
        const struct clip *clip = &core->playout.clips[at];
        bool gone = clip->dropped && clip->heard < clip->sent;
        if (gone) /* others may go with it: from the first again */
            say_truncate(core, say_find(core, clip->say), KEEP_HEARD);
        at = gone ? 0 : at + 1;
    }
}

void playout_hold(struct call_core *core)
{
    core->playout.held = true;
    clear(core);
    end_dropped(core);
    take_back(&core->playout);
    says_settle_finished(core);
}

void playout_go_on(struct call_core *core)
{
    core->playout.held = false;
}

void playout_stop(struct call_core *core)
{
    struct playout *playout = &core->playout;
    playout->held = false;
    enum keep keep = playout_protected(core) ? KEEP_SENT : KEEP_HEARD;
    if (keep == KEEP_HEARD)
        clear(core);
    for (size_t i = 0; i < playout->say_count; i++)
        if (is_stopped(&playout->says[i]))
            say_truncate(core, &playout->says[i], keep);
    if (keep == KEEP_HEARD)
        take_back(playout);
    says_settle_finished(core);
}

void playout_quit(struct call_core *core)
{
    core->playout.held = false;
    clear(core);
    for (size_t i = 0; i < core->playout.say_count; i++)
        say_truncate(core, &core->playout.says[i], KEEP_HEARD);
    says_settle_finished(core);
}

void playout_hush(struct call_core *core)
{
    struct playout *playout = &core->playout;
    for (size_t i = 0; i < playout->say_count; i++)
        if (!playout->says[i].started && is_stopped(&playout->says[i]))
            say_truncate(core, &playout->says[i], KEEP_HEARD);
    says_settle_finished(core);
}

/* An utterance that has begun ends with the clip that is going out. */
static void shorten(struct call_core *core, struct say *say)
{
    say->open = false;
    say->truncated = true;
    for (size_t i = 0; i < core->playout.clip_count; i++) {
        struct clip *clip = &core->playout.clips[i];
        if (clip->say == say->id && !clip->sent)
            clip_remove(core, i--);
    }
}

void playout_yield(struct call_core *core)
{
    for (size_t i = 0; i < core->playout.say_count; i++) {
        struct say *say = &core->playout.says[i];
        if (say->started && say->gen)
            shorten(core, say);
        else if (!say->started && (say->gen || say->phrase == PHRASE_FILLER))
            say_truncate(core, say, KEEP_HEARD);
    }
    says_settle_finished(core);
}

void playout_drop_ordered(struct call_core *core)
{
    for (size_t i = 0; i < core->playout.say_count; i++)
        if (core->playout.says[i].ordered && !core->playout.says[i].started)
            say_truncate(core, &core->playout.says[i], KEEP_HEARD);
    says_settle_finished(core);
}
