/* test/simulate_replay.c: a call played again from its log, with nobody there but who keeps the
 * books of what is given, sent and heard; and a log made as short as it can be while it still
 * breaks what it broke. */
#include "test/simulate.h"

#include <stdlib.h>
#include <string.h>

void sim_replay_begin(struct sim *sim)
{
    const struct sim_call *call = &sim->replay->call;
    sim->world =
        call->world >= 0 && call->world <= SIM_RACE ? (enum sim_world)call->world : SIM_CHANCE;
    sim->net_ms = call->net_ms;
    sim->media_skew_ms = call->media_skew_ms;
    sim->letter_bytes = call->letter_bytes > 0 ? call->letter_bytes : CALL_BYTES_PER_MS;
    sim->marks_unsure = call->marks_unsure;
    sim->faults.voice_flaky = call->voice_flaky;
    sim->faults.phrases_fail = call->phrases_fail;
    sim->word_count = SIM_ALL_WORDS_MAX - 1; /* any of them may come */
}

static void on_order(struct sim *sim, const struct call_event *event)
{
    struct sim_order *order = &sim->orders[event->order];
    if (!event->order || event->order >= SIM_ORDERS_MAX)
        return;
    *order = (struct sim_order){.kind = event->kind};
    size_t bytes =
        event->text.bytes < sizeof order->text - 1 ? event->text.bytes : sizeof order->text - 1;
    if (bytes)
        memcpy(order->text, event->text.at, bytes);
    sim->order_count = event->order > sim->order_count ? event->order : sim->order_count;
}

/* What the parties would have noted. False: it names what is not there, now that other events are
 * gone. */
static bool note(struct sim *sim, const struct call_event *event)
{
    switch (event->kind) {
    case EV_REPLY_TEXT:
        if (event->gen && event->gen <= sim->gen)
            buf_add_str(&sim->gens[event->gen].text, event->text);
        return true;
    case EV_CLIP_AUDIO:
    case EV_CLIP_DONE:
    case EV_CLIP_FAILED:
        if (!event->clip || event->clip > sim->clip_count)
            return event->kind == EV_CLIP_AUDIO;
        sim->clips[event->clip].given += event->bytes;
        sim->clips[event->clip].failed |= event->kind == EV_CLIP_FAILED;
        return true;
    case EV_STT_UP: sim->conn = event->conn; return true;
    case EV_SAY_ASKED:
    case EV_WHISPER:
    case EV_TRANSFER_ASKED:
    case EV_END_ASKED: on_order(sim, event); return event->order < SIM_ORDERS_MAX;
    default: return true;
    }
}

int64_t sim_replay_next_ms(const struct sim *sim)
{
    return sim->replay_at < sim->replay->count ? sim->replay->events[sim->replay_at].at_ms
                                               : CALL_NEVER;
}

void sim_replay_step(struct sim *sim)
{
    const struct call_event *event = &sim->replay->events[sim->replay_at++].event;
    bool idle = event->kind == EV_TICK && sim->wake_ms > sim->now_ms;
    if (!idle && note(sim, event))
        sim_step(sim, event);
}

static const char *broken_by(const struct sim_log *log)
{
    return sim_play(&(struct sim_case){.replay = log}).broken;
}

/* Leaves out `many` events from `at` on, if that breaks the same. */
static bool leave_out(struct sim_log *log, size_t at, size_t many, const char *broken)
{
    struct sim_log less = *log;
    less.events = xalloc((log->count + 1) * sizeof log->events[0]);
    less.count = log->count - many;
    memcpy(less.events, log->events, at * sizeof log->events[0]);
    memcpy(less.events + at, log->events + at + many, (less.count - at) * sizeof log->events[0]);
    const char *now = broken_by(&less);
    bool same = now && strcmp(now, broken) == 0;
    if (same) {
        memcpy(log->events, less.events, less.count * sizeof log->events[0]);
        log->count = less.count;
    }
    free(less.events);
    return same;
}

const char *sim_shrink(struct sim_log *log)
{
    const char *broken = broken_by(log);
    if (!broken)
        return NULL;
    for (size_t many = log->count / 2; many; many = many > 1 ? (many + 1) / 2 : 0)
        for (size_t at = 0; at + many <= log->count;)
            if (!leave_out(log, at, many, broken))
                at += many;
    return broken;
}
