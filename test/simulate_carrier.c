/* test/simulate_carrier.c: the carrier of a simulated call: what it has still to play, what of each
 * clip was heard, and the marks it returns. */
#include "test/simulate.h"

#include <assert.h>

enum { PAUSE_MS = 500 }; /* silence for so long is not within an utterance */

static struct sim_chunk *chunk_at(struct sim *sim, size_t i)
{
    return &sim->chunks[(sim->chunk_first + i) % SIM_CHUNKS_MAX];
}

/* So much of its clip was heard by its end, or by now. What was sent twice, because it was held,
 * counts once: a clip is heard from its beginning on. */
static int64_t heard_by(const struct sim_chunk *chunk, int64_t now_ms)
{
    int64_t end = chunk->end_ms < now_ms ? chunk->end_ms : now_ms;
    return end > chunk->start_ms
               ? (int64_t)(chunk->offset / CALL_BYTES_PER_MS) + end - chunk->start_ms
               : 0;
}

static void settle_oldest(struct sim *sim)
{
    const struct sim_chunk *chunk = chunk_at(sim, 0);
    struct sim_clip *clip = &sim->clips[chunk->clip];
    int64_t heard = heard_by(chunk, chunk->end_ms);
    clip->played_ms = heard > clip->played_ms ? heard : clip->played_ms;
    sim->chunk_first = (sim->chunk_first + 1) % SIM_CHUNKS_MAX;
    sim->chunk_count--;
}

void sim_carrier_send(struct sim *sim, const struct call_action *action)
{
    int64_t start = sim->now_ms + sim->net_ms;
    while (sim->chunk_count && chunk_at(sim, 0)->end_ms <= sim->now_ms)
        settle_oldest(sim);
    if (start > sim->play_end_ms + PAUSE_MS)
        sim->play_start_ms = start;
    if (sim->play_end_ms > start)
        start = sim->play_end_ms;
    if (!action->offset)
        sim_echo(sim, action->clip, start);
    sim->play_end_ms = start + (int64_t)(action->bytes / CALL_BYTES_PER_MS);
    assert(sim->chunk_count < SIM_CHUNKS_MAX);
    *chunk_at(sim, sim->chunk_count++) = (struct sim_chunk){.clip = action->clip,
                                                            .offset = action->offset,
                                                            .start_ms = start,
                                                            .end_ms = sim->play_end_ms};
}

void sim_carrier_mark(struct sim *sim, uint32_t mark)
{
    int64_t at_ms = sim->play_end_ms > sim->now_ms ? sim->play_end_ms : sim->now_ms;
    struct call_event event = {.kind = EV_MARK, .mark = mark};
    enum sim_fault_kind fault = sim_fault(sim, SIM_CARRIER);
    sim->marks_unsure = sim->marks_unsure || fault != FAULT_NONE;
    switch (fault) {
    case FAULT_MARK_LOST: return;
    case FAULT_MARKS_LOST: sim->marks_lost = true; break;
    case FAULT_MARK_LATE: at_ms += 3000; break;
    case FAULT_GONE: sim_deliver(sim, sim->now_ms, (struct call_event){.kind = EV_GONE}); break;
    default: break;
    }
    if (sim->marks_lost || (sim->faults.marks_lost && percent(sim, 20)))
        return;
    sim_deliver(sim, at_ms + sim->net_ms + between(sim, 0, 20), event);
    if (percent(sim, 2))
        sim_deliver(sim, at_ms + sim->net_ms + 50, event);
}

/* What was not played by then never is; the marks behind it come back all the same, late ones from
 * before included, since the carrier returns every pending mark. */
void sim_carrier_clear(struct sim *sim)
{
    int64_t at = sim->now_ms + sim->net_ms;
    for (size_t i = 0; i < sim->chunk_count; i++) {
        struct sim_chunk *chunk = chunk_at(sim, i);
        if (chunk->start_ms > at)
            chunk->start_ms = chunk->end_ms = at;
        else if (chunk->end_ms > at)
            chunk->end_ms = at;
    }
    sim->play_end_ms = at;
}

int64_t sim_played(const struct sim *sim, uint32_t clip)
{
    int64_t played = sim->clips[clip].played_ms;
    for (size_t i = 0; i < sim->chunk_count; i++) {
        const struct sim_chunk *chunk = &sim->chunks[(sim->chunk_first + i) % SIM_CHUNKS_MAX];
        int64_t heard = chunk->clip == clip ? heard_by(chunk, sim->now_ms) : 0;
        played = heard > played ? heard : played;
    }
    return played;
}
