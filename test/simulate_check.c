/* test/simulate_check.c: the invariants of a conversation, checked at every event and action of a
 * simulated call; of what was said and written down simulate_truth.c, of speaking over each other
 * simulate_overlap.c. */
#include "base/mem.h"
#include "test/simulate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAIT_MS_MAX = 4000,
    MISSED_MS = 1000, /* longer, when what was answered eagerly is never said to be over */
    GAP_MS = 250,
    NOISE_MS = 2500, /* voice for so long without a word need not be waited for */
    HEARD_MS = 400,
    GENS_MAX = 3,
    STALL_MS = 2500,
    STEPS_A_MS_MAX = 400,
    WORD_LETTERS = 16,
};

void sim_broken(struct sim *sim, const char *what)
{
    if (!sim->broken)
        sim->broken = what;
    if (sim->timeline)
        buf_printf(sim->timeline, "%8lld *** %s\n", (long long)sim->now_ms, what);
}

/* Events. */

void sim_check_event(struct sim *sim, const struct call_event *event)
{
    sim->ordered = event->kind == EV_SAY_ASKED || event->kind == EV_TRANSFER_ASKED;
    switch (event->kind) {
    case EV_VOICE_ON:
        sim->voice_on = true;
        sim->voice_on_ms = event->at_ms;
        sim->waiting_ms = sim->now_ms;
        break;
    case EV_VOICE_OFF:
        if (sim->voice_on && event->at_ms > sim->voice_end_ms)
            sim->voice_end_ms = event->at_ms;
        sim->voice_on = false;
        sim->waiting_ms = sim->now_ms;
        break;
    case EV_WORDS:
    case EV_WORDS_FINAL:
        if (event->conn == sim->conn)
            sim_truth_words(sim, event);
        break;
    case EV_UTTERANCE_END: /* voice without more words: noise */
        if (event->conn == sim->conn && event->at_ms >= sim->voice_on_ms && sim->voice_on) {
            sim->voice_on = false;
            sim->voice_end_ms = event->at_ms;
        }
        break;
    case EV_DTMF: sim->waiting_ms = sim->now_ms; break;
    case EV_REPLY_TEXT:
    case EV_REPLY_TOOL:
        if (event->gen <= sim->gen)
            sim->gens[event->gen].piece_ms = sim->now_ms;
        if (event->kind == EV_REPLY_TOOL && event->gen == sim->gen)
            sim->tool_since_ask = true;
        break;
    case EV_REPLY_DONE:
    case EV_REPLY_FAILED:
        if (event->gen <= sim->gen)
            sim->gens[event->gen].finished = true;
        break;
    case EV_CLIP_FAILED: sim->gens[sim->clips[event->clip].gen].any_clip_failed = true; break;
    case EV_SAY_ASKED:
    case EV_WHISPER:
    case EV_TRANSFER_ASKED:
    case EV_END_ASKED:
        if (event->order) {
            sim->orders[event->order].given = true;
            sim->orders[event->order].given_ms = sim->now_ms;
        }
        break;
    default: break;
    }
}

/* Actions. */

/* What the owner whispered stays with the model. */
static void check_whispers(struct sim *sim, const struct call_message *first)
{
    for (size_t i = 1; i <= sim->order_count; i++) {
        const struct sim_order *order = &sim->orders[i];
        if (order->kind == EV_WHISPER && order->begun &&
            (first->role != ROLE_WHISPER ||
             !memmem(first->text.at, first->text.bytes, order->text, strlen(order->text))))
            sim_broken(sim, "the model was not told what the owner whispered");
    }
}

static void check_messages(struct sim *sim)
{
    struct call_message messages[CALL_MESSAGES_MAX];
    size_t count = call_messages(sim->core, messages, CALL_MESSAGES_MAX);
    if (count)
        check_whispers(sim, &messages[0]);
    for (size_t i = 0; i < count; i++) {
        struct call_message *message = &messages[i];
        if (message->text.bytes >= 5 && memcmp(message->text.at, "ghost", 5) == 0)
            sim_broken(sim, "I9: a ghost is in the context");
        if (message->role == ROLE_TOOL_CALL &&
            (i + 1 == count || messages[i + 1].role != ROLE_TOOL_RESULT))
            sim_broken(sim, "I6: a tool's call without its result");
        if (message->role == ROLE_TOOL_RESULT && (!i || messages[i - 1].role != ROLE_TOOL_CALL))
            sim_broken(sim, "I6: a tool's result without its call");
    }
    if (!count || messages[count - 1].role == ROLE_ASSISTANT)
        return; /* the agent was heard behind the caller's words: an early answer */
}

static void on_ask(struct sim *sim, uint32_t id)
{
    struct sim_gen *gen = &sim->gens[id];
    const struct sim_gen *last = &sim->gens[sim->gen];
    uint32_t turn = call_counts(sim->core)->turns;
    if (sim->gen && !last->finished && !last->cancelled)
        sim_broken(sim, "I1: a second gen while the first runs");
    if (id != sim->gen + 1)
        sim_broken(sim, "gens are not numbered in order");
    gen->turn = turn;
    gen->piece_ms = sim->now_ms;
    gen->after_tool = sim->tool_since_ask && sim->gen && last->turn == turn;
    sim->turn_gens = sim->gen && last->turn == turn ? sim->turn_gens : 0;
    sim->turn_gens += !gen->after_tool;
    if (sim->turn_gens > GENS_MAX)
        sim_broken(sim, "I13: too many gens for one turn");
    sim->gen = id;
    sim->tool_since_ask = false;
    sim->waiting = true;
    sim->waiting_ms = sim->now_ms;
    check_messages(sim);
}

bool sim_is_protected(enum call_phrase phrase)
{
    return phrase == PHRASE_DISCLOSURE || phrase == PHRASE_DEAF || phrase == PHRASE_TIME_UP ||
           phrase == PHRASE_TRANSFER || phrase == PHRASE_GOODBYE;
}

static void check_gap(struct sim *sim, const struct call_action *action)
{
    const struct sim_clip *last = &sim->clips[sim->last_clip];
    const struct sim_clip *clip = &sim->clips[action->clip];
    bool same = sim->last_clip && (clip->gen || clip->order) && last->gen == clip->gen &&
                last->order == clip->order;
    if (same || action->offset || clip->sent || sim_is_protected(action->phrase))
        return;
    if (sim->voice_on && sim->now_ms < sim->voice_on_ms + NOISE_MS)
        sim_broken(sim, "I7: speech begins while the caller speaks");
    if (!sim->voice_on && sim->voice_end_ms && sim->now_ms < sim->voice_end_ms + GAP_MS)
        sim_broken(sim, "I7: speech begins too soon after the caller");
}

static void check_order(struct sim *sim, const struct call_action *action)
{
    struct sim_clip *clip = &sim->clips[action->clip];
    struct sim_clip *last = &sim->clips[sim->last_clip];
    if (action->offset < clip->sent && clip->clears != sim->clears)
        clip->sent = action->offset; /* cleared before it was heard, so it is said again */
    clip->clears = sim->clears;
    if (action->offset != clip->sent)
        sim_broken(sim, "I4: bytes of a clip out of order");
    if (action->offset + action->bytes > clip->given)
        sim_broken(sim, "I4: bytes that are not there");
    if (sim->sent_since_clear && sim->last_clip != action->clip && !last->dropped &&
        last->sent != last->given)
        sim_broken(sim, "I4: clips interleaved");
    clip->sent = action->offset + action->bytes;
}

static void on_send(struct sim *sim, const struct call_action *action)
{
    const struct sim_clip *clip = &sim->clips[action->clip];
    if (clip->dropped)
        sim_broken(sim, "I3: sends a clip that was dropped");
    const struct sim_gen *gen = &sim->gens[action->gen];
    if (action->gen && gen->cancelled && !gen->stalled && gen->last_clip != action->clip)
        sim_broken(sim, "I3: sends of a gen that was cancelled");
    if (sim->has_cleared && action->epoch <= sim->cleared_epoch)
        sim_broken(sim, "I3: sends in an epoch that was cleared");
    if (sim->hung_up)
        sim_broken(sim, "I14: sends after the hang-up");
    check_gap(sim, action);
    check_order(sim, action);
    sim->last_clip = action->clip;
    sim->sent_since_clear = true;
    sim->orders[clip->order].begun = true;
    sim->waiting = sim->waiting && action->phrase == PHRASE_FILLER;
    sim->waiting_ms = sim->now_ms;
}

static void on_clear(struct sim *sim, uint32_t epoch)
{
    const struct sim_clip *disclosure = &sim->clips[1];
    if (disclosure->phrase == PHRASE_DISCLOSURE && !disclosure->failed && !disclosure->dropped &&
        !sim->left_over_time &&
        sim_played(sim, 1) * CALL_BYTES_PER_MS < (int64_t)disclosure->bytes && sim->now_ms < 90000)
        sim_broken(sim, "the disclosure was cut off");
    if (sim->has_cleared && epoch <= sim->cleared_epoch)
        sim_broken(sim, "I3: epochs do not rise");
    sim->clears++;
    sim->sent_since_clear = false;
    sim->has_cleared = true;
    sim->cleared_epoch = epoch;
}

static void on_tool(struct sim *sim, const struct call_action *action)
{
    uint64_t id = 0;
    for (size_t i = 0; i < action->id.bytes; i++)
        id = id << 8 | (unsigned char)action->id.at[i];
    for (size_t i = 0; i < sim->tool_id_count; i++)
        if (sim->tool_ids[i] == id)
            sim_broken(sim, "I8: a tool ran twice");
    if (sim->tool_id_count < countof(sim->tool_ids))
        sim->tool_ids[sim->tool_id_count++] = id;
    if (action->gen && (action->gen != sim->gen || sim->gens[action->gen].cancelled))
        sim_broken(sim, "I8: a tool of a gen that is not the turn's");
}

/* A model that came to a halt is cancelled too, but what it said before may still be spoken; one
 * that gives way to the owner ends with the sentence that is being heard. */
static void on_cancel(struct sim *sim, uint32_t id)
{
    struct sim_gen *gen = &sim->gens[id];
    if (id != sim->gen || gen->cancelled || gen->finished)
        sim_broken(sim, "I3: cancels what does not run");
    gen->stalled = sim->now_ms >= gen->piece_ms + STALL_MS;
    if (sim->ordered && sim->clips[sim->last_clip].gen == id)
        gen->last_clip = sim->last_clip;
}

static bool is_answer_to(enum call_event_kind kind, int err)
{
    switch (err) {
    case 0:
    case EBUSY: return true;
    case EINTR:
    case EIO: return kind == EV_SAY_ASKED;
    case ENOBUFS: return kind == EV_SAY_ASKED || kind == EV_WHISPER;
    case ENOTSUP: return kind == EV_WHISPER;
    case EHOSTUNREACH: return kind == EV_TRANSFER_ASKED;
    case ECANCELED: return kind == EV_SAY_ASKED || kind == EV_TRANSFER_ASKED;
    default: return false;
    }
}

static void on_order_over(struct sim *sim, uint32_t id, int err)
{
    struct sim_order *order = &sim->orders[id];
    if (!order->given || order->over)
        sim_broken(sim, "an order that was not given, or was over before, is over");
    if (!is_answer_to(order->kind, err))
        sim_broken(sim, "an order ends in a way that it cannot");
    order->over = true;
    if (order->kind == EV_WHISPER)
        order->begun = err == 0;
    if (order->kind == EV_SAY_ASKED && err == 0 && order->written != strlen(order->text))
        sim_broken(sim, "an order is said to be done, but not all of it was heard");
    if (order->kind == EV_SAY_ASKED && err == EINTR && !order->written)
        sim_broken(sim, "an order is said to be heard in part, but nothing of it was");
    if (order->kind == EV_SAY_ASKED && (err == EBUSY || err == ECANCELED) && order->written)
        sim_broken(sim, "an order is said not to be done, but was heard");
}

static void on_hang_up(struct sim *sim)
{
    if (sim->hung_up)
        sim_broken(sim, "I14: hung up twice");
    if (sim->sent_since_clear && sim->play_end_ms > sim->now_ms && sim->now_ms < 120000)
        sim_broken(sim, "hung up before all was heard");
    sim->hung_up = true;
    sim->waiting = false;
}

void sim_check_action(struct sim *sim, const struct call_action *action)
{
    if (sim->ended)
        sim_broken(sim, "I14: an action after the end");
    switch (action->kind) {
    case DO_ASK:
        if (sim->hung_up)
            sim_broken(sim, "I14: asks after the hang-up");
        on_ask(sim, action->gen);
        break;
    case DO_SEND: on_send(sim, action); break;
    case DO_CANCEL_REPLY: on_cancel(sim, action->gen); break;
    case DO_SYNTH:
        if (sim->hung_up)
            sim_broken(sim, "I14: speaks after the hang-up");
        if (memmem(action->text.at, action->text.bytes, "hush", 4))
            sim_broken(sim, "speaks what the owner whispered");
        break;
    case DO_MARK:
        if (action->mark <= sim->last_mark)
            sim_broken(sim, "I5: marks do not rise");
        sim->last_mark = action->mark;
        break;
    case DO_CLEAR: on_clear(sim, action->epoch); break;
    case DO_RECORD: sim_truth_line(sim, &action->line); break;
    case DO_TOOL: on_tool(sim, action); break;
    case DO_TRANSFER:
        sim->orders[action->order].begun = true;
        sim->waiting = false;
        sim->left_over_time = true;
        break;
    case DO_ORDER_OVER: on_order_over(sim, action->order, action->err); break;
    case DO_HANG_UP: on_hang_up(sim); break;
    case DO_ENDED: sim->ended = true; break;
    case DO_DROP_CLIP: sim->dropped_ms = sim->now_ms; break;
    case DO_FINALIZE: break;
    }
}

/* After each step. */

static void check_waiting(struct sim *sim)
{
    if (!sim->waiting || sim->voice_on || sim->ended || sim->faults.phrases_fail)
        return;
    int64_t since = sim->waiting_ms > sim->play_end_ms ? sim->waiting_ms : sim->play_end_ms;
    if (sim->now_ms > since + WAIT_MS_MAX + (sim->tells_turns ? MISSED_MS : 0))
        sim_broken(sim, "I2: the caller waits and hears nothing");
}

/* With nobody speaking the owner's words come soon, and so does the transfer. */
static void check_orders(struct sim *sim)
{
    if (sim->voice_on || sim->ended || sim->faults.phrases_fail)
        return;
    int64_t quiet = sim->waiting_ms > sim->play_end_ms ? sim->waiting_ms : sim->play_end_ms;
    for (size_t i = 1; i <= sim->order_count; i++) {
        const struct sim_order *order = &sim->orders[i];
        int64_t since = order->given_ms > quiet ? order->given_ms : quiet;
        since =
            sim->dropped_ms > since ? sim->dropped_ms : since; /* what has no voice is given up */
        if (order->given && !order->begun && !order->over && sim->now_ms > since + WAIT_MS_MAX)
            sim_broken(sim, "an order waits although nobody speaks");
    }
}

static void check_pace(struct sim *sim)
{
    sim->ticks_now = sim->now_ms == sim->tick_ms ? sim->ticks_now + 1 : 0;
    sim->tick_ms = sim->now_ms;
    if (sim->ticks_now > STEPS_A_MS_MAX)
        sim_broken(sim, "I10: the clock is asked for without end");
    int64_t lead = sim->play_end_ms - sim->now_ms - sim->net_ms;
    if (lead > CALL_LEAD_MS + 1)
        sim_broken(sim, "more was sent than CALL_LEAD_MS");
}

void sim_check_step(struct sim *sim)
{
    check_waiting(sim);
    check_orders(sim);
    check_pace(sim);
    if (call_ended(sim->core) != sim->ended)
        sim_broken(sim, "I14: ended without DO_ENDED, or not ended with it");
    if (sim->ended && sim->wake_ms != CALL_NEVER)
        sim_broken(sim, "I14: a timer is left when the call is over");
    if (!sim->ended && sim->wake_ms == CALL_NEVER)
        sim_broken(sim, "I10: nothing would ever happen again");
}

/* After the call. */

static void check_resources(struct sim *sim)
{
    for (uint32_t i = 1; i <= sim->clip_count; i++)
        if (!sim->clips[i].dropped)
            sim_broken(sim, "I14: a clip was never dropped");
    for (uint32_t i = 1; i <= sim->gen; i++)
        if (!sim->gens[i].finished && !sim->gens[i].cancelled)
            sim_broken(sim, "I14: a gen was left running");
    for (size_t i = 1; i <= sim->order_count; i++)
        if (sim->orders[i].given && !sim->orders[i].over)
            sim_broken(sim, "I14: an order was never answered");
}

void sim_check_end(struct sim *sim)
{
    if (!sim->ended)
        sim_broken(sim, "I10: the call never ended");
    if (!sim->left_over_time && sim->now_ms > 90000 + 30000 + 6000)
        sim_broken(sim, "I10: the call outlived its longest duration");
    check_resources(sim);
    sim_truth_end(sim);
}
