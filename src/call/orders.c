/* call/orders.c: what the owner wants of a live call: words said, the model told something, the
 * caller put through. How each fits into the talk is drawn in core.h, at the events. */
#include "call/call_private.h"

#include <errno.h>
#include <string.h>

void order_over(struct call_core *core, uint32_t order, int err)
{
    if (!order)
        return;
    struct call_action *action = act(core, DO_ORDER_OVER);
    action->order = order;
    action->err = err;
}

void orders_ended(struct call_core *core, uint32_t *slot, int err)
{
    order_over(core, *slot, err);
    *slot = 0;
}

static int why_not_now(const struct call_core *core)
{
    return core->phase == PHASE_TALKING && core->intent == INTENT_STAY ? 0 : EBUSY;
}

static int why_not_text(struct str text)
{
    return text.bytes && text.bytes <= CALL_TEXT_BYTES_MAX ? 0 : EINVAL;
}

/* ---- words to be said ---- */

/* What is being heard of a reply is finished, what is still thought about never comes. */
static void take_the_floor(struct call_core *core)
{
    reply_cancel(core);
    playout_yield(core);
}

void orders_on_say(struct call_core *core, const struct call_event *event)
{
    struct str text = str_trim(event->text);
    bool owed = core->turn.answering && !playout_reply_sent(core, core->turn.id);
    int err = why_not_now(core);
    if (!err)
        err = why_not_text(text);
    if (!err && !say_ordered(core, event->order, text))
        err = ENOBUFS;
    if (err) {
        order_over(core, event->order, err);
        return;
    }
    take_the_floor(core);
    if (owed)
        orders_answer(core);
    core->idle_stage = 0;
}

bool orders_answer(struct call_core *core)
{
    for (size_t i = 0; i < core->playout.say_count; i++) {
        struct say *say = &core->playout.says[i];
        if (!say->ordered || say->started)
            continue;
        say->turn = core->turn.id;
        core->turn.answering = true;
        core->turn.model_asked = false; /* words that come now are a turn of their own */
        return true;
    }
    return false;
}

static int fate_of(const struct say *say, struct str heard)
{
    if (say->lost)
        return EIO;
    if (!say->truncated)
        return 0;
    return heard.bytes ? EINTR : ECANCELED;
}

void order_spoken(struct call_core *core, const struct say *say, struct str heard)
{
    order_over(core, say->order, fate_of(say, heard));
    if (say->truncated || say->turn != core->turn.id || !core->turn.answering ||
        reply_is_thinking(core))
        return;
    core->turn.answering = false;
    if (!heard.bytes && !orders_answer(core))
        reply_fail(core);
}

/* ---- words for the model ---- */

/* One line of the whispers: what would end it becomes a space. */
bool orders_keep_whisper(struct call_core *core, struct str text)
{
    struct text *whispers = &core->orders.whispers;
    size_t newline = whispers->bytes > 0;
    if (whispers->bytes + newline + text.bytes > CALL_WHISPERS_BYTES_MAX)
        return false;
    if (newline)
        whispers->at[whispers->bytes++] = '\n';
    for (size_t i = 0; i < text.bytes; i++)
        whispers->at[whispers->bytes++] = (unsigned char)text.at[i] < 0x20 ? ' ' : text.at[i];
    return true;
}

static int why_no_whisper(const struct call_core *core)
{
    if (core->script.step != SCRIPT_OFF)
        return ENOTSUP;
    return core->phase == PHASE_TRANSFERRING ? 0 : why_not_now(core);
}

void orders_on_whisper(struct call_core *core, const struct call_event *event)
{
    struct str text = str_trim(event->text);
    int err = why_no_whisper(core);
    if (!err)
        err = why_not_text(text);
    if (!err && !orders_keep_whisper(core, text))
        err = ENOBUFS;
    order_over(core, event->order, err);
}

/* ---- the caller to be put through ---- */

/* The announcement waits for the caller's silence, unlike that of the model, which has just
 * listened; from then on nothing the caller says stops it. */
void orders_on_transfer(struct call_core *core, const struct call_event *event)
{
    int err = why_not_now(core);
    if (err) {
        order_over(core, event->order, err);
        return;
    }
    take_the_floor(core);
    reply_forget_transfer(core);
    core->orders.transfer = event->order;
    say_phrase(core, PHRASE_TRANSFER, INTERRUPTIBLE);
    plan(core, INTENT_TRANSFER, "transfer");
}
