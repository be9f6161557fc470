/* test/simulate_bounds.c: that a simulated call stays within what a call may take: I11 and, for
 * what comes of loops, I19. */
#include "base/mem.h"
#include "call/call_private.h"
#include "test/simulate.h"

enum {
    CORE_BYTES_MAX = 64 * 1024,
    WORK_BYTES_MAX = 4 * CALL_TEXT_BYTES_MAX, /* of a text that is being worked on */
    LOOP_TURNS_MAX = 6, /* the same three times on end, and what is said around it */
};

_Static_assert(sizeof(struct call_core) <= CORE_BYTES_MAX, "I11: a call takes too much");
_Static_assert(sizeof(struct call_actions) <= 32 * 1024, "I11: a step takes too much");

void sim_bounds_action(struct sim *sim, const struct call_action *action)
{
    sim->clips_held += action->kind == DO_SYNTH;
    sim->clips_held -= action->kind == DO_DROP_CLIP;
    if (sim->clips_held > CALL_CLIPS_MAX)
        sim_broken(sim, "I11: more clips are held than a call may");
    if (action->text.bytes > WORK_BYTES_MAX || action->line.text.bytes > WORK_BYTES_MAX)
        sim_broken(sim, "I11: a text without end");
}

static void check_buf(struct sim *sim, const struct buf *buf)
{
    if (buf->room > WORK_BYTES_MAX + 1)
        sim_broken(sim, "I11: a buffer grew");
}

void sim_bounds_end(struct sim *sim)
{
    const struct call_core *core = sim->core;
    check_buf(sim, &core->scratch);
    check_buf(sim, &core->scratch2);
    check_buf(sim, &core->line);
    for (size_t i = 0; i < countof(core->script.answers); i++)
        check_buf(sim, &core->script.answers[i]);
    if (core->playout.clip_count || core->playout.say_count)
        sim_broken(sim, "I11: something was left to be said when the call was over");
    if (sim->world == SIM_MACHINE && call_counts(core)->turns > LOOP_TURNS_MAX)
        sim_broken(sim, "I19: a talk with a machine goes on and on");
}
