/* test/simulate_check.c: the invariants of a conversation, I1 to I15, checked at every event and
 * action of a simulated call. */
#include "base/mem.h"
#include "test/simulate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAIT_MS_MAX = 4000,
    GAP_MS = 250,
    NOISE_MS = 2500, /* voice for so long without a word need not be waited for */
    HEARD_MS = 400,
    GENS_MAX = 3,
    STALL_MS = 2500,
    STEPS_A_MS_MAX = 400,
    WORD_LETTERS = 16,
};

static void broken(struct sim *sim, const char *what)
{
    if (!sim->broken)
        sim->broken = what;
    if (sim->timeline)
        buf_printf(sim->timeline, "%8lld *** %s\n", (long long)sim->now_ms, what);
}

/* Events. */

static void word_came(struct sim *sim, struct str word, bool final)
{
    uint32_t number;
    if (word.bytes < 3 || word.at[0] != 'w')
        return;
    word = (struct str){word.at + 1, word.bytes - 1};
    if (!sim_number(&word, &number) || number > sim->word_count || number >= SIM_ALL_WORDS_MAX)
        return;
    sim->words[number].came = true;
    sim->words[number].final = sim->words[number].final || final;
}

static void words_came(struct sim *sim, const struct call_event *event)
{
    struct str rest = event->text;
    sim->waiting_ms = sim->now_ms;
    while (rest.bytes)
        word_came(sim, str_cut(&rest, ' '), event->kind == EV_WORDS_FINAL);
}

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
            words_came(sim, event);
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
            broken(sim, "the model was not told what the owner whispered");
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
            broken(sim, "I9: a ghost is in the context");
        if (message->role == ROLE_TOOL_CALL &&
            (i + 1 == count || messages[i + 1].role != ROLE_TOOL_RESULT))
            broken(sim, "I6: a tool's call without its result");
        if (message->role == ROLE_TOOL_RESULT && (!i || messages[i - 1].role != ROLE_TOOL_CALL))
            broken(sim, "I6: a tool's result without its call");
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
        broken(sim, "I1: a second gen while the first runs");
    if (id != sim->gen + 1)
        broken(sim, "gens are not numbered in order");
    gen->turn = turn;
    gen->piece_ms = sim->now_ms;
    gen->after_tool = sim->tool_since_ask && sim->gen && last->turn == turn;
    sim->turn_gens = sim->gen && last->turn == turn ? sim->turn_gens : 0;
    sim->turn_gens += !gen->after_tool;
    if (sim->turn_gens > GENS_MAX)
        broken(sim, "I13: too many gens for one turn");
    sim->gen = id;
    sim->tool_since_ask = false;
    sim->waiting = true;
    sim->waiting_ms = sim->now_ms;
    check_messages(sim);
}

static bool is_protected(enum call_phrase phrase)
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
    if (same || action->offset || is_protected(action->phrase))
        return;
    if (sim->voice_on && sim->now_ms < sim->voice_on_ms + NOISE_MS)
        broken(sim, "I7: speech begins while the caller speaks");
    if (!sim->voice_on && sim->voice_end_ms && sim->now_ms < sim->voice_end_ms + GAP_MS)
        broken(sim, "I7: speech begins too soon after the caller");
}

static void check_order(struct sim *sim, const struct call_action *action)
{
    struct sim_clip *clip = &sim->clips[action->clip];
    struct sim_clip *last = &sim->clips[sim->last_clip];
    if (action->offset < clip->sent && clip->clears != sim->clears)
        clip->sent = action->offset; /* cleared before it was heard, so it is said again */
    clip->clears = sim->clears;
    if (action->offset != clip->sent)
        broken(sim, "I4: bytes of a clip out of order");
    if (action->offset + action->bytes > clip->given)
        broken(sim, "I4: bytes that are not there");
    if (sim->sent_since_clear && sim->last_clip != action->clip && !last->dropped &&
        last->sent != last->given)
        broken(sim, "I4: clips interleaved");
    clip->sent = action->offset + action->bytes;
}

static void on_send(struct sim *sim, const struct call_action *action)
{
    const struct sim_clip *clip = &sim->clips[action->clip];
    if (clip->dropped)
        broken(sim, "I3: sends a clip that was dropped");
    const struct sim_gen *gen = &sim->gens[action->gen];
    if (action->gen && gen->cancelled && !gen->stalled && gen->last_clip != action->clip)
        broken(sim, "I3: sends of a gen that was cancelled");
    if (sim->has_cleared && action->epoch <= sim->cleared_epoch)
        broken(sim, "I3: sends in an epoch that was cleared");
    if (sim->hung_up)
        broken(sim, "I14: sends after the hang-up");
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
        broken(sim, "the disclosure was cut off");
    if (sim->has_cleared && epoch <= sim->cleared_epoch)
        broken(sim, "I3: epochs do not rise");
    sim->clears++;
    sim->sent_since_clear = false;
    sim->has_cleared = true;
    sim->cleared_epoch = epoch;
}

static int64_t letters_played(const struct sim *sim, uint32_t gen, uint32_t order, int *clips_out)
{
    int64_t letters = 0;
    *clips_out = 0;
    for (uint32_t i = 1; i <= sim->clip_count; i++)
        if (sim->clips[i].gen == gen && sim->clips[i].order == order && !sim->clips[i].phrase) {
            letters += sim_played(sim, i) * CALL_BYTES_PER_MS / sim->letter_bytes;
            ++*clips_out;
        }
    return letters;
}

static bool is_start_of(struct str part, struct str whole)
{
    return part.bytes <= whole.bytes && memcmp(part.at, whole.at, part.bytes) == 0;
}

/* "g12w..." of gen 12; 0: no gen's. */
static uint32_t gen_in(struct sim *sim, struct str text)
{
    uint32_t id;
    if (!text.bytes || (text.at[0] != 'g' && text.at[0] != 'G'))
        return 0;
    text = (struct str){text.at + 1, text.bytes - 1};
    return sim_number(&text, &id) && id <= sim->gen ? id : 0;
}

/* I5 and I6: what is written down is what the caller heard, to a word. */
static void check_said(struct sim *sim, const struct call_line *line)
{
    int clips;
    uint32_t order = sim_order_in(line->text), id = order ? 0 : gen_in(sim, line->text);
    if (order)
        sim->orders[order].written = line->text.bytes;
    if (!order && !id)
        return;
    const struct sim_gen *gen = &sim->gens[id];
    if (gen->any_clip_failed || sim->faults.voice_flaky)
        return; /* what failed was left out of it */
    struct str whole = order ? str_of(sim->orders[order].text) : buf_str(&gen->text);
    if (!is_start_of(line->text, whole))
        broken(sim, "I6: written down what was not generated");
    int64_t played = letters_played(sim, id, order, &clips);
    int64_t written = (int64_t)line->text.bytes;
    int64_t late_ms = 2 * CALL_MARK_MS + 2 * sim->net_ms + 60;
    if (written > played + WORD_LETTERS + clips)
        broken(sim, "I5: written down what was not heard");
    if (!sim->faults.marks_lost &&
        written + WORD_LETTERS + clips + late_ms * CALL_BYTES_PER_MS / sim->letter_bytes < played)
        broken(sim, "I5: heard what was not written down");
}

static void keep_line(struct sim *sim, const struct call_line *line)
{
    if (line->seq >= SIM_LINES_MAX)
        return;
    sim->line_last = line->seq > sim->line_last ? line->seq : sim->line_last;
    sim->lines[line->seq] = (struct sim_line){sim->texts.bytes, line->text.bytes};
    buf_add_str(&sim->texts, line->text);
}

static void on_record(struct sim *sim, const struct call_line *line)
{
    if (!line->text.bytes)
        broken(sim, "an empty line in the transcript");
    if (line->end_ms < line->start_ms)
        broken(sim, "a line that ends before it begins");
    if (line->speaker == SPEAKER_AGENT && line->kind == LINE_SAID)
        check_said(sim, line);
    if (line->speaker == SPEAKER_CALLER)
        keep_line(sim, line);
}

static void on_tool(struct sim *sim, const struct call_action *action)
{
    uint64_t id = 0;
    for (size_t i = 0; i < action->id.bytes; i++)
        id = id << 8 | (unsigned char)action->id.at[i];
    for (size_t i = 0; i < sim->tool_id_count; i++)
        if (sim->tool_ids[i] == id)
            broken(sim, "I8: a tool ran twice");
    if (sim->tool_id_count < countof(sim->tool_ids))
        sim->tool_ids[sim->tool_id_count++] = id;
    if (action->gen && (action->gen != sim->gen || sim->gens[action->gen].cancelled))
        broken(sim, "I8: a tool of a gen that is not the turn's");
}

/* A model that came to a halt is cancelled too, but what it said before may still be spoken; one
 * that gives way to the owner ends with the sentence that is being heard. */
static void on_cancel(struct sim *sim, uint32_t id)
{
    struct sim_gen *gen = &sim->gens[id];
    if (id != sim->gen || gen->cancelled || gen->finished)
        broken(sim, "I3: cancels what does not run");
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
        broken(sim, "an order that was not given, or was over before, is over");
    if (!is_answer_to(order->kind, err))
        broken(sim, "an order ends in a way that it cannot");
    order->over = true;
    if (order->kind == EV_WHISPER)
        order->begun = err == 0;
    if (order->kind == EV_SAY_ASKED && err == 0 && order->written != strlen(order->text))
        broken(sim, "an order is said to be done, but not all of it was heard");
    if (order->kind == EV_SAY_ASKED && err == EINTR && !order->written)
        broken(sim, "an order is said to be heard in part, but nothing of it was");
    if (order->kind == EV_SAY_ASKED && (err == EBUSY || err == ECANCELED) && order->written)
        broken(sim, "an order is said not to be done, but was heard");
}

static void on_hang_up(struct sim *sim)
{
    if (sim->hung_up)
        broken(sim, "I14: hung up twice");
    if (sim->sent_since_clear && sim->play_end_ms > sim->now_ms && sim->now_ms < 120000)
        broken(sim, "hung up before all was heard");
    sim->hung_up = true;
    sim->waiting = false;
}

void sim_check_action(struct sim *sim, const struct call_action *action)
{
    if (sim->ended)
        broken(sim, "I14: an action after the end");
    switch (action->kind) {
    case DO_ASK:
        if (sim->hung_up)
            broken(sim, "I14: asks after the hang-up");
        on_ask(sim, action->gen);
        break;
    case DO_SEND: on_send(sim, action); break;
    case DO_CANCEL_REPLY: on_cancel(sim, action->gen); break;
    case DO_SYNTH:
        if (sim->hung_up)
            broken(sim, "I14: speaks after the hang-up");
        if (memmem(action->text.at, action->text.bytes, "hush", 4))
            broken(sim, "speaks what the owner whispered");
        break;
    case DO_MARK:
        if (action->mark <= sim->last_mark)
            broken(sim, "I5: marks do not rise");
        sim->last_mark = action->mark;
        break;
    case DO_CLEAR: on_clear(sim, action->epoch); break;
    case DO_RECORD: on_record(sim, &action->line); break;
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
    if (sim->now_ms > since + WAIT_MS_MAX)
        broken(sim, "I2: the caller waits and hears nothing");
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
            broken(sim, "an order waits although nobody speaks");
    }
}

static void check_pace(struct sim *sim)
{
    sim->ticks_now = sim->now_ms == sim->tick_ms ? sim->ticks_now + 1 : 0;
    sim->tick_ms = sim->now_ms;
    if (sim->ticks_now > STEPS_A_MS_MAX)
        broken(sim, "I10: the clock is asked for without end");
    int64_t lead = sim->play_end_ms - sim->now_ms - sim->net_ms;
    if (lead > CALL_LEAD_MS + 1)
        broken(sim, "more was sent than CALL_LEAD_MS");
}

void sim_check_step(struct sim *sim)
{
    check_waiting(sim);
    check_orders(sim);
    check_pace(sim);
    if (call_ended(sim->core) != sim->ended)
        broken(sim, "I14: ended without DO_ENDED, or not ended with it");
    if (!sim->ended && sim->wake_ms == CALL_NEVER)
        broken(sim, "I10: nothing would ever happen again");
}

/* After the call. */

static void check_resources(struct sim *sim)
{
    for (uint32_t i = 1; i <= sim->clip_count; i++)
        if (!sim->clips[i].dropped)
            broken(sim, "I14: a clip was never dropped");
    for (uint32_t i = 1; i <= sim->gen; i++)
        if (!sim->gens[i].finished && !sim->gens[i].cancelled)
            broken(sim, "I14: a gen was left running");
    for (size_t i = 1; i <= sim->order_count; i++)
        if (sim->orders[i].given && !sim->orders[i].over)
            broken(sim, "I14: an order was never answered");
}

static int64_t gen_played(const struct sim *sim, uint32_t gen)
{
    int64_t played = 0;
    for (uint32_t i = 1; i <= sim->clip_count; i++)
        if (sim->clips[i].gen == gen && !sim->clips[i].phrase)
            played += sim_played(sim, i);
    return played;
}

/* I1, with what the caller really heard: the core knows it a mark and two ways later. */
static void check_replies(struct sim *sim)
{
    int heard = 0, begun = 0;
    int64_t late_ms = CALL_MARK_MS + 2 * sim->net_ms + 60;
    for (uint32_t i = 1; i <= sim->gen; i++) {
        if (i > 1 && sim->gens[i].turn != sim->gens[i - 1].turn)
            heard = begun = 0;
        int64_t played = sim->gens[i].after_tool ? 0 : gen_played(sim, i);
        heard += played >= HEARD_MS + late_ms;
        begun += played > 0;
        if (!sim->faults.marks_lost && (heard > 1 || begun > 2))
            broken(sim, "I1: two replies to one turn");
    }
}

static void count_words(struct sim *sim, struct str text)
{
    uint32_t number;
    while (text.bytes) {
        str_cut(&text, 'w');
        if (sim_number(&text, &number) && text.bytes && text.at[0] == 'x' &&
            number < SIM_ALL_WORDS_MAX)
            sim->words[number].written++;
    }
}

static void check_words(struct sim *sim)
{
    for (size_t i = 0; i <= sim->line_last; i++)
        if (sim->lines[i].bytes)
            count_words(sim, (struct str){sim->texts.data + sim->lines[i].at, sim->lines[i].bytes});
    for (size_t i = 1; i < SIM_ALL_WORDS_MAX && i <= sim->word_count; i++) {
        const struct sim_word *word = &sim->words[i];
        if (!word->came)
            continue;
        bool lost = word->final && !word->written;
        if (sim->timeline && (word->written > 1 || lost))
            buf_printf(sim->timeline, "w%zux is written %d times\n", i, word->written);
        if (word->written > 1)
            broken(sim, "I12: a caller's word is written twice");
        if (lost)
            broken(sim, "I12: a caller's word is lost");
    }
}

void sim_check_end(struct sim *sim)
{
    if (!sim->ended)
        broken(sim, "I10: the call never ended");
    if (!sim->left_over_time && sim->now_ms > 90000 + 30000 + 6000)
        broken(sim, "I10: the call outlived its longest duration");
    check_resources(sim);
    check_replies(sim);
    check_words(sim);
}
