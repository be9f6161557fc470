/* call/reply.c: the agent's side of a turn: one gen of the model after the other, its text cut into
 * clips, its tools, and what happens when it says nothing. */
#include "base/json.h"
#include "base/utf8.h"
#include "call/call_private.h"
#include "call/clause.h"

#include <assert.h>
#include <string.h>

static void start_gen(struct call_core *core)
{
    struct reply *reply = &core->reply;
    assert(!reply->running);
    reply->gen++;
    core->counts.gens++;
    reply->running = true;
    if (!core->stages.sent_first_ms) {
        core->stages.asked_ms = core->now_ms;
        core->stages.reply_first_ms = core->stages.clip_first_ms = 0;
    }
    reply->any_text = reply->ask_again = false;
    reply->asked_ms = reply->piece_ms = core->now_ms;
    reply->say = 0;
    reply->intent = INTENT_STAY;
    core->turn.gens++;
    core->turn.answering = true;
    act(core, DO_ASK)->gen = reply->gen;
}

void reply_ask(struct call_core *core)
{
    core->turn.model_asked = true;
    start_gen(core);
}

void reply_cancel(struct call_core *core)
{
    struct reply *reply = &core->reply;
    struct say *say = say_find(core, reply->say);
    if (say)
        say->open = false;
    if (reply->running)
        act(core, DO_CANCEL_REPLY)->gen = reply->gen;
    reply->running = reply->ask_again = false;
    reply->intent = INTENT_STAY;
    for (size_t i = 0; i < TOOLS_AT_ONCE; i++) {
        reply->tools[i].gen = 0; /* what runs is finished and noted, but nobody waits for it */
        reply->tools[i].held = false;
    }
    core->turn.answering = false;
    turn_settle(core); /* it gets no other reply */
}

static bool waits_for_tool(const struct reply *reply)
{
    for (size_t i = 0; i < TOOLS_AT_ONCE; i++)
        if (reply->tools[i].out && reply->tools[i].gen == reply->gen)
            return true;
    return false;
}

bool reply_is_thinking(const struct call_core *core)
{
    return core->reply.running || waits_for_tool(&core->reply);
}

/* Text to clips. */

static void cut_clips(struct call_core *core, struct say *say)
{
    if (say->open && say->searched == say->bytes)
        return;
    size_t ahead = core->turn.staged ? 1 : CLIPS_AHEAD;
    while (!say->truncated && say->cut < say->bytes && playout_ahead(core) < ahead &&
           core->playout.clip_count < CLIPS_HELD_MAX &&
           core->out->count + ACTIONS_SPARE <= CALL_ACTIONS_MAX) {
        struct str rest = {say->text + say->cut, say->bytes - say->cut};
        size_t bytes =
            clause_next(core->language, rest, say->clips_asked ? CLAUSE_LATER : CLAUSE_FIRST,
                        say->open ? CLAUSE_MORE_COMES : CLAUSE_NO_MORE, &core->scratch);
        if (!bytes) {
            say->searched = say->bytes;
            break;
        }
        if (str_trim((struct str){rest.at, bytes}).bytes)
            clip_new(core, say, bytes);
        else
            say->cut += bytes;
    }
}

void reply_speak(struct call_core *core)
{
    for (size_t i = 0; i < core->playout.say_count; i++) {
        struct say *say = &core->playout.says[i];
        if (say->ordered || (say->gen && say->id == core->reply.say))
            cut_clips(core, say);
    }
}

static void on_text(struct call_core *core, struct str text)
{
    struct reply *reply = &core->reply;
    reply->piece_ms = core->now_ms;
    if (!reply->any_text && str_trim(text).bytes == 0)
        return;
    if (!reply->any_text && !core->stages.reply_first_ms)
        core->stages.reply_first_ms = core->now_ms;
    reply->any_text = true;
    struct say *say = say_find(core, reply->say);
    if (!say && !reply->say) {
        say = say_new_reply(core, reply->gen);
        reply->say = say ? say->id : 0;
    }
    if (say && say->open)
        say_add(core, say, text);
    reply_speak(core);
}

/* Failing. */

void reply_fail(struct call_core *core)
{
    struct reply *reply = &core->reply;
    core->turn.answering = false;
    core->counts.reply_failures++;
    reply->failures_in_row++;
    if (core->intent != INTENT_STAY || core->script.step != SCRIPT_OFF)
        return;
    if (reply->failures_in_row >= FAILURES_MAX)
        script_begin(core);
    else
        say_phrase(core, PHRASE_TROUBLE, INTERRUPTIBLE);
}

void reply_spoken(struct call_core *core, uint32_t gen, enum reply_fate fate)
{
    if (fate == REPLY_HEARD)
        core->reply.failures_in_row = 0;
    if (gen != core->reply.gen || fate == REPLY_CUT || reply_is_thinking(core))
        return;
    core->turn.answering = false;
    if (fate == REPLY_UNHEARD && core->intent == INTENT_HANG_UP)
        say_phrase(core, PHRASE_GOODBYE, INTERRUPTIBLE);
    else if (fate == REPLY_UNHEARD)
        reply_fail(core);
}

/* Tools. */

static uint64_t hash_of(struct str text)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < text.bytes; i++)
        hash = (hash ^ (unsigned char)text.at[i]) * 1099511628211u;
    return hash;
}

/* False: this id was carried out before. */
static bool remember(struct reply *reply, struct str id)
{
    uint64_t hash = hash_of(id);
    for (size_t i = 0; i < reply->tool_id_count; i++)
        if (reply->tool_ids[i] == hash)
            return false;
    if (reply->tool_id_count == TOOL_IDS_MAX)
        memmove(&reply->tool_ids[0], &reply->tool_ids[1],
                --reply->tool_id_count * sizeof reply->tool_ids[0]);
    reply->tool_ids[reply->tool_id_count++] = hash;
    return true;
}

static size_t copy(char *to, size_t room, struct str from)
{
    from = utf8_cut(from, room);
    if (from.bytes)
        memcpy(to, from.at, from.bytes);
    return from.bytes;
}

static void keep_tool(struct pending_tool *tool, struct str id, struct str name, struct str text)
{
    tool->id_bytes = copy(tool->id, sizeof tool->id, id);
    tool->name_bytes = copy(tool->name, sizeof tool->name, name);
    tool->text_bytes = copy(tool->text, sizeof tool->text, text);
}

static void note_call(struct call_core *core, struct str id, struct str name, struct str text)
{
    context_add(&core->context, ROLE_TOOL_CALL, text, name, id);
}

static void note_result(struct call_core *core, struct str id, const char *result)
{
    context_result(&core->context, id, str_of(result));
}

static void record_tool(struct call_core *core, const struct pending_tool *tool, struct str result)
{
    buf_clear(&core->line);
    buf_add(&core->line, tool->name, tool->name_bytes);
    buf_putc(&core->line, ' ');
    buf_add(&core->line, tool->text, tool->text_bytes);
    record(core, &(struct call_line){.seq = ++core->last_seq,
                                     .speaker = SPEAKER_TOOL,
                                     .kind = LINE_TOOL,
                                     .start_ms = media_now(core),
                                     .end_ms = media_now(core),
                                     .confidence = 1,
                                     .text = buf_str(&core->line),
                                     .generated = result});
}

static struct pending_tool *free_tool(struct reply *reply)
{
    for (size_t i = 0; i < TOOLS_AT_ONCE; i++)
        if (!reply->tools[i].out && !reply->tools[i].held)
            return &reply->tools[i];
    return NULL;
}

bool run_tool(struct call_core *core, uint32_t gen, struct str id, struct str name, struct str text)
{
    struct pending_tool *tool = free_tool(&core->reply);
    if (!tool)
        return false;
    keep_tool(tool, id, name, text);
    tool->out = true;
    tool->gen = gen;
    tool->since_ms = core->now_ms;
    struct call_action *action = act(core, DO_TOOL);
    action->gen = gen;
    action->id = (struct str){tool->id, tool->id_bytes};
    action->name = (struct str){tool->name, tool->name_bytes};
    action->text = (struct str){tool->text, tool->text_bytes};
    return true;
}

/* What it wants is done when the turn is sure, in its order; more than can be held is not done. */
static void hold_tool(struct call_core *core, const struct call_event *event)
{
    struct pending_tool *tool = free_tool(&core->reply);
    if (!tool || event->id.bytes > NAME_BYTES_MAX || event->name.bytes > NAME_BYTES_MAX ||
        event->text.bytes > TOOL_BYTES_MAX) {
        core->counts.stale_events++;
        return;
    }
    keep_tool(tool, event->id, event->name, event->text);
    tool->held = true;
    tool->err = event->err;
    tool->since_ms = core->now_ms;
}

static void on_tool(struct call_core *core, const struct call_event *event)
{
    struct reply *reply = &core->reply;
    struct turn *turn = &core->turn;
    reply->piece_ms = core->now_ms;
    if (turn->staged) {
        hold_tool(core, event);
        return;
    }
    if (event->id.bytes > NAME_BYTES_MAX || event->name.bytes > NAME_BYTES_MAX ||
        event->text.bytes > TOOL_BYTES_MAX || turn->tools == TOOLS_PER_TURN ||
        !remember(reply, event->id)) {
        core->counts.stale_events++;
        return;
    }
    turn->tools++;
    note_call(core, event->id, event->name, event->text);
    if (event->err) {
        note_result(core, event->id, "not allowed for this caller");
        reply->ask_again = true;
    } else if (str_is(event->name, "take_message") &&
               run_tool(core, reply->gen, event->id, event->name, event->text)) {
        turn->tool_ran = true;
    } else if (str_is(event->name, "end_call")) {
        note_result(core, event->id, "ok");
        reply->intent = INTENT_HANG_UP;
    } else if (str_is(event->name, "transfer_call") && core->can_transfer) {
        keep_tool(&reply->transfer, event->id, event->name, event->text);
        reply->intent = INTENT_TRANSFER;
    } else {
        note_result(core, event->id, "not possible");
        reply->ask_again = true;
    }
}

/* What the model gave as its reason, out of the arguments of transfer_call. */
struct str reply_transfer_reason(struct call_core *core)
{
    const struct pending_tool *tool = &core->reply.transfer;
    struct json json = json_of((struct str){tool->text, tool->text_bytes});
    struct str key, reason = {0};
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        if (str_is(key, "reason"))
            json_string(&json, &reason);
        else
            json_skip(&json);
    }
    buf_clear(&core->line);
    if (json_done(&json))
        json_unescape(&core->line, reason);
    return buf_str(&core->line);
}

void reply_forget_transfer(struct call_core *core)
{
    core->reply.transfer.id_bytes = core->reply.transfer.text_bytes = 0;
}

void reply_not_transferred(struct call_core *core)
{
    const struct pending_tool *tool = &core->reply.transfer;
    if (tool->id_bytes)
        note_result(core, (struct str){tool->id, tool->id_bytes}, "nobody answered");
}

/* A gen is over. */

static bool spoke(struct call_core *core)
{
    return core->reply.any_text && say_find(core, core->reply.say);
}

/* What the tools wanted is done once the speech, or a phrase in its place, was heard. */
static void follow(struct call_core *core)
{
    enum intent intent = core->reply.intent;
    if (intent == INTENT_HANG_UP && !spoke(core))
        say_phrase(core, PHRASE_GOODBYE, INTERRUPTIBLE);
    if (intent == INTENT_TRANSFER && !spoke(core))
        say_phrase(core, PHRASE_TRANSFER, PROTECTED);
    plan(core, intent, intent == INTENT_HANG_UP ? "agent" : "transfer");
    core->turn.answering = spoke(core);
    playout_advance(core);
}

/* Nothing runs any more: go on with what the tools wanted, ask again, or be done. */
static void conclude(struct call_core *core)
{
    struct reply *reply = &core->reply;
    if (reply_is_thinking(core) || !core->turn.answering || core->turn.staged)
        return;
    if (reply->intent != INTENT_STAY)
        follow(core);
    else if (reply->any_text && say_find(core, reply->say))
        playout_advance(core); /* it is being spoken, or was just heard to its end */
    else if (reply->ask_again)
        start_gen(core);
    else
        reply_fail(core);
}

static bool came_to_nothing(const struct call_core *core)
{
    const struct reply *reply = &core->reply;
    return !reply_is_thinking(core) && !reply->any_text && !reply->ask_again &&
           reply->intent == INTENT_STAY;
}

/* The turn is sure. A gen that failed unheard meanwhile is made good, if there may be one more. */
void reply_release(struct call_core *core)
{
    struct reply *reply = &core->reply;
    for (size_t i = 0; i < TOOLS_AT_ONCE; i++) {
        struct pending_tool tool = reply->tools[i];
        if (!tool.held)
            continue;
        reply->tools[i].held = false;
        on_tool(core, &(struct call_event){.kind = EV_REPLY_TOOL,
                                           .gen = reply->gen,
                                           .id = {tool.id, tool.id_bytes},
                                           .name = {tool.name, tool.name_bytes},
                                           .text = {tool.text, tool.text_bytes},
                                           .err = tool.err});
    }
    reply_speak(core);
    if (core->turn.answering && came_to_nothing(core) && core->turn.gens < GENS_MAX) {
        core->counts.reply_failures++;
        start_gen(core);
    } else {
        conclude(core);
    }
}

static void close_speech(struct call_core *core)
{
    core->reply.running = false;
    struct say *say = say_find(core, core->reply.say);
    if (say) {
        say->open = false;
        reply_speak(core);
    }
}

static void on_failed(struct call_core *core)
{
    bool something = core->reply.any_text || waits_for_tool(&core->reply) ||
                     core->reply.intent != INTENT_STAY || core->reply.ask_again;
    close_speech(core);
    if (something)
        core->counts.reply_failures++; /* but there is enough to go on with */
    conclude(core);
}

void reply_on_event(struct call_core *core, const struct call_event *event)
{
    if (!core->reply.running || event->gen != core->reply.gen) {
        core->counts.stale_events++;
        return;
    }
    switch (event->kind) {
    case EV_REPLY_TEXT: on_text(core, event->text); break;
    case EV_REPLY_TOOL: on_tool(core, event); break;
    case EV_REPLY_DONE:
        close_speech(core);
        conclude(core);
        break;
    case EV_REPLY_FAILED: on_failed(core); break;
    default: assert(false);
    }
}

static void tool_over(struct call_core *core, struct pending_tool *tool, struct str result)
{
    result = utf8_cut(result, TOOL_BYTES_MAX);
    tool->out = false;
    context_result(&core->context, (struct str){tool->id, tool->id_bytes}, result);
    record_tool(core, tool, result);
    if (!tool->gen || tool->gen != core->reply.gen)
        return; /* the caller went on meanwhile */
    core->reply.ask_again = true;
    conclude(core);
}

void reply_on_tool_done(struct call_core *core, const struct call_event *event)
{
    for (size_t i = 0; i < TOOLS_AT_ONCE; i++) {
        struct pending_tool *tool = &core->reply.tools[i];
        if (tool->out && tool->id_bytes == event->id.bytes &&
            memcmp(tool->id, event->id.at, event->id.bytes) == 0) {
            tool_over(core, tool, event->text);
            return;
        }
    }
    core->counts.stale_events++;
}

void reply_settle(struct call_core *core)
{
    reply_cancel(core);
    for (size_t i = 0; i < TOOLS_AT_ONCE; i++)
        if (core->reply.tools[i].out)
            tool_over(core, &core->reply.tools[i], (struct str){0});
}

static int64_t model_due(const struct reply *reply)
{
    if (!reply->running)
        return CALL_NEVER;
    bool silent = reply->piece_ms == reply->asked_ms;
    return reply->piece_ms + (silent ? REPLY_FIRST_MS : REPLY_STALL_MS);
}

int64_t reply_due(const struct call_core *core)
{
    int64_t due = model_due(&core->reply);
    for (size_t i = 0; i < TOOLS_AT_ONCE; i++) {
        const struct pending_tool *tool = &core->reply.tools[i];
        if (tool->out && tool->since_ms + TOOL_MS < due)
            due = tool->since_ms + TOOL_MS;
    }
    return due;
}

void reply_check(struct call_core *core)
{
    struct reply *reply = &core->reply;
    for (size_t i = 0; i < TOOLS_AT_ONCE; i++)
        if (reply->tools[i].out && core->now_ms >= reply->tools[i].since_ms + TOOL_MS)
            tool_over(core, &reply->tools[i], str_of("noted, but not confirmed yet"));
    if (core->now_ms < model_due(reply))
        return;
    act(core, DO_CANCEL_REPLY)->gen = reply->gen;
    on_failed(core);
}
