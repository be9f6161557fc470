/* call/unheard.c: voice that brought no words, and a recogniser that is lost: what Karen says when
 * she cannot hear. */
#include "call/call_private.h"

int64_t turn_unheard_due(const struct call_core *core)
{
    const struct caller *caller = &core->caller;
    if (turn_has_words(core) || caller->start_ms == CALL_NEVER)
        return CALL_NEVER;
    if (!caller->voice_on)
        return caller->last_voice_ms + UNHEARD_MS;
    return caller->owed ? turn_last_sign_ms(core) + VOICE_STUCK_MS : CALL_NEVER;
}

void turn_unheard(struct call_core *core)
{
    struct caller *caller = &core->caller;
    bool often = core->counts.unheard && core->now_ms < caller->unheard_ms + UNHEARD_EVERY_MS;
    bool ask = caller->owed || (caller->voiced_ms >= UNHEARD_VOICE_MS && !often &&
                                core->machine.kind == MACHINE_NONE);
    if (ask && core->intent == INTENT_STAY && !orders_answer(core) && !playout_busy(core) &&
        !reply_is_thinking(core)) {
        say_phrase(core, PHRASE_REPEAT, INTERRUPTIBLE);
        caller->unheard_ms = core->now_ms;
        core->counts.unheard++;
    }
    turn_drop(core);
}

void turn_on_stt(struct call_core *core, const struct call_event *event)
{
    struct caller *caller = &core->caller;
    if (event->kind == EV_STT_UP) {
        caller->conn = event->conn;
        caller->down_ms = CALL_NEVER;
    } else if (event->conn >= caller->conn && caller->down_ms == CALL_NEVER) { /* or never up */
        core->counts.stt_losses++;
        caller->down_ms = core->now_ms;
        caller->down_voice = caller->voice_on;
        caller->down_told = false;
    }
}

int64_t turn_stt_due(const struct call_core *core)
{
    const struct caller *caller = &core->caller;
    if (caller->down_ms == CALL_NEVER || core->leave_for_good)
        return CALL_NEVER;
    bool tell = caller->down_voice && !caller->down_told;
    return caller->down_ms + (tell ? STT_LOST_MS : STT_DEAD_MS);
}

void turn_stt_check(struct call_core *core)
{
    struct caller *caller = &core->caller;
    if (core->now_ms >= caller->down_ms + STT_DEAD_MS) {
        leave(core, PHRASE_DEAF, "recogniser lost");
        return;
    }
    caller->down_told = true;
    if (!playout_busy(core) && !reply_is_thinking(core) && core->intent == INTENT_STAY)
        say_phrase(core, PHRASE_REPEAT, INTERRUPTIBLE);
}
