/* test/simulate_sure.c: more that must hold in a simulated call: nothing of a turn that is not sure
 * is heard or done, the disclosure is the first sound, speech goes on where it was heard, a tool's
 * result reaches the model, fillers are not all there is. */
#include "test/simulate.h"

#include <string.h>

enum { ONLY_FILLERS_MS_MAX = 25000 };

static bool same(struct str one, struct str other)
{
    return one.bytes == other.bytes && (!one.bytes || memcmp(one.at, other.at, one.bytes) == 0);
}

/* What this gen answers, as the model's context has it. A turn is written down when it is sure. */
static bool turn_is_written(const struct sim *sim, uint32_t gen)
{
    if (sim->gens[gen].turn != call_counts(sim->core)->turns)
        return true; /* within this step there was a newer one; this one was settled by that */
    struct call_message messages[CALL_MESSAGES_MAX];
    size_t count = call_messages(sim->core, messages, CALL_MESSAGES_MAX);
    while (count && messages[count - 1].role != ROLE_USER)
        count--;
    if (!count)
        return true; /* it fell out of the context long ago */
    for (uint32_t i = sim->line_last; i > 0; i--) {
        if (sim->lines[i].bytes && same(sim->lines[i], messages[count - 1].text))
            return true;
    }
    return false;
}

static void check_first_sound(struct sim *sim, const struct call_action *action)
{
    const struct sim_clip *disclosure = &sim->clips[1];
    if (!sim->last_clip && action->phrase != PHRASE_DISCLOSURE && !disclosure->failed &&
        !disclosure->dropped)
        sim_broken(sim, "something is heard before the disclosure");
}

static void check_resumed(struct sim *sim, const struct call_action *action)
{
    if (sim->clips[action->clip].clears != sim->clears &&
        (int64_t)action->offset > (sim_played(sim, action->clip) + 1) * CALL_BYTES_PER_MS)
        sim_broken(sim, "I5: speech goes on behind what was heard");
}

static void on_send(struct sim *sim, const struct call_action *action)
{
    struct sim_gen *gen = &sim->gens[action->gen];
    check_first_sound(sim, action);
    check_resumed(sim, action);
    if (action->gen && !gen->sent && !turn_is_written(sim, action->gen))
        sim_broken(sim, "I8: a reply is heard to a turn that is not sure");
    gen->sent = true;
    if (action->phrase != PHRASE_FILLER)
        sim->unanswered_ms = CALL_NEVER;
}

static bool model_was_told(const struct sim *sim)
{
    struct call_message messages[CALL_MESSAGES_MAX];
    size_t count = call_messages(sim->core, messages, CALL_MESSAGES_MAX);
    for (size_t i = 0; i < count; i++)
        if (messages[i].role == ROLE_TOOL_RESULT && same(messages[i].id, sim->tool_result.id) &&
            same(messages[i].text, sim->tool_result.text))
            return true;
    return false;
}

static void on_ask(struct sim *sim)
{
    bool result = sim->tool_result.kind == EV_TOOL_DONE && sim->tool_result.text.bytes;
    if (result && !model_was_told(sim))
        sim_broken(sim, "I6: the model is asked again without the tool's result");
    if (sim->unanswered_ms == CALL_NEVER)
        sim->unanswered_ms = sim->now_ms;
}

void sim_check_sure_event(struct sim *sim, const struct call_event *event)
{
    sim->tool_result = *event; /* lives as long as its step */
    bool caller = event->kind == EV_VOICE_ON || event->kind == EV_WORDS ||
                  event->kind == EV_WORDS_FINAL || event->kind == EV_DTMF;
    if (event->kind == EV_STARTED || caller)
        sim->unanswered_ms = CALL_NEVER; /* he goes on: whatever was asked is asked anew */
}

void sim_check_sure_action(struct sim *sim, const struct call_action *action)
{
    switch (action->kind) {
    case DO_SEND: on_send(sim, action); break;
    case DO_ASK: on_ask(sim); break;
    case DO_TOOL:
        if (action->gen && !turn_is_written(sim, action->gen))
            sim_broken(sim, "I8: a tool runs for a turn that is not sure");
        break;
    case DO_TRANSFER:
    case DO_HANG_UP:
    case DO_ENDED: sim->unanswered_ms = CALL_NEVER; break;
    default: break;
    }
    if (sim->unanswered_ms != CALL_NEVER && !sim->faults.phrases_fail &&
        sim->now_ms > sim->unanswered_ms + ONLY_FILLERS_MS_MAX)
        sim_broken(sim, "I2: the caller hears nothing but fillers");
}
