/* test/simulate_parties.c: the model, the voice and the tools of a simulated call: what each does,
 * late, twice or not at all; and who does what the core asked for. */
#include "base/mem.h"
#include "test/simulate.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* What the mocks take that others measure themselves with. */
enum {
    MOCK_TOKEN_FIRST_MS = 400,
    MOCK_TOKEN_MS = 1000 / 60,
    MOCK_TOKENS = 24,
    MOCK_SOUND_MS = 150,
    MOCK_SOUND_EVERY_MS = 20,
    MOCK_SOUND_BYTES = 100 * CALL_BYTES_PER_MS,
};

/* Whether the one fault of this call is to happen at this step of that party. */
enum sim_fault_kind sim_fault(struct sim *sim, enum sim_party party)
{
    int step = sim->party_steps[party]++;
    if (sim->fault.kind == FAULT_NONE || sim->fault.party != party || sim->fault.step != step)
        return FAULT_NONE;
    sim->fault_happened = true;
    return sim->fault.kind;
}

/* The model. */

enum model_fate {
    MODEL_SPEAKS,
    MODEL_ENDS,
    MODEL_NOTES,
    MODEL_TRANSFERS,
    MODEL_FAILS,
    MODEL_HANGS
};

static void ask(struct sim *sim, uint32_t id)
{
    assert(id < SIM_GENS_MAX);
    struct sim_gen *gen = &sim->gens[id];
    if (sim->world == SIM_MOCKS) {
        gen->fate = MODEL_SPEAKS;
        gen->steps = MOCK_TOKENS;
        sim_plan(sim, sim->now_ms + MOCK_TOKEN_FIRST_MS, SIM_MODEL, id, 0);
        return;
    }
    int64_t dice = between(sim, 0, 99), first = between(sim, 100, 900);
    gen->fate = dice < 78   ? MODEL_SPEAKS
                : dice < 86 ? MODEL_NOTES
                : dice < 90 ? MODEL_ENDS
                : dice < 92 ? MODEL_TRANSFERS
                            : MODEL_SPEAKS;
    if (sim->faults.model_flaky && percent(sim, 35))
        gen->fate = percent(sim, 50) ? MODEL_FAILS : MODEL_HANGS;
    gen->steps = (int)between(sim, gen->fate == MODEL_SPEAKS ? 1 : 0, 12);
    if (sim->world == SIM_MACHINE)
        gen->fate = MODEL_SPEAKS;
    if (sim->faults.slow)
        first += between(sim, 0, 2500);
    sim_plan(sim, sim->now_ms + first, SIM_MODEL, id, 0);
}

static void model_text(struct sim *sim, uint32_t id, int step)
{
    struct sim_gen *gen = &sim->gens[id];
    char piece[64];
    int sentence = step % 4 == 3;
    uint32_t who = sim->world == SIM_MACHINE ? 1 : id; /* who meets a machine says the same again */
    snprintf(piece, sizeof piece, "%sg%uw%dabc%s", step ? " " : "", who, step,
             sentence        ? (step % 8 == 3 ? "." : "?")
             : step % 4 == 1 ? ","
                             : "");
    if (sentence)
        piece[step ? 1 : 0] = 'G';
    buf_puts(&gen->text, piece);
    struct call_event event = {.kind = EV_REPLY_TEXT, .gen = id};
    event.text = (struct str){gen->text.data + gen->text.bytes - strlen(piece), strlen(piece)};
    sim_deliver(sim, sim->now_ms, event);
}

static void model_tool(struct sim *sim, uint32_t id, const char *name)
{
    static const char ids[][8] = {"t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7",
                                  "t8", "t9", "ta", "tb", "tc", "td", "te", "tf"};
    struct call_event event = {.kind = EV_REPLY_TOOL, .gen = id};
    event.id = str_of(ids[sim->tool_count++ % countof(ids)]); /* a long call uses ids anew */
    event.name = str_of(name);
    event.text = str_of("{\"reason\":\"because\"}");
    sim_deliver(sim, sim->now_ms, event);
    if (percent(sim, 10))
        sim_deliver(sim, sim->now_ms + 5, event);
}

static void model_last(struct sim *sim, uint32_t id)
{
    static const char *const tools[] = {[MODEL_ENDS] = "end_call",
                                        [MODEL_NOTES] = "take_message",
                                        [MODEL_TRANSFERS] = "transfer_call"};
    struct sim_gen *gen = &sim->gens[id];
    if (gen->fate == MODEL_HANGS)
        return;
    if (gen->fate == MODEL_FAILS) {
        sim_deliver(sim, sim->now_ms,
                    (struct call_event){.kind = EV_REPLY_FAILED, .gen = id, .err = 5});
        return;
    }
    if (gen->fate != MODEL_SPEAKS)
        model_tool(sim, id, tools[gen->fate]);
    sim_deliver(sim, sim->now_ms + between(sim, 0, 50),
                (struct call_event){.kind = EV_REPLY_DONE, .gen = id});
}

/* False: nothing more comes of this step. */
static bool model_well(struct sim *sim, uint32_t id)
{
    struct call_event event = {.gen = id, .err = 5, .text = str_of("{\"reason\":]")};
    event.id = event.name = str_of("fly_to_the_moon");
    switch (sim_fault(sim, SIM_MODEL_PARTY)) {
    case FAULT_MODEL_FAILS: event.kind = EV_REPLY_FAILED; break;
    case FAULT_MODEL_STALLS: return false;
    case FAULT_MODEL_CUT: event.kind = EV_REPLY_DONE; break;
    case FAULT_MODEL_NONSENSE:
        event.kind = EV_REPLY_TOOL;
        event.err = 0;
        sim_deliver(sim, sim->now_ms, event);
        return true;
    default: return true;
    }
    sim_deliver(sim, sim->now_ms, event);
    return false;
}

static int64_t to_next_piece(struct sim *sim)
{
    if (sim->world == SIM_MOCKS)
        return MOCK_TOKEN_MS;
    return between(sim, 5, sim->faults.slow ? 600 : 120);
}

static void model(struct sim *sim, uint32_t id, int step)
{
    struct sim_gen *gen = &sim->gens[id];
    if ((gen->cancelled && percent(sim, 80)) || !model_well(sim, id))
        return; /* the others still send what was on its way */
    if (step >= gen->steps) {
        model_last(sim, id);
        return;
    }
    model_text(sim, id, step);
    sim_plan(sim, sim->now_ms + to_next_piece(sim), SIM_MODEL, id, step + 1);
}

/* The voice. */

enum voice_fate { VOICE_CACHED, VOICE_STREAMS, VOICE_FAILS, VOICE_BREAKS, VOICE_SILENT };

static int64_t to_first_sound(struct sim *sim, const struct sim_clip *clip)
{
    if (clip->fate == VOICE_CACHED)
        return 0;
    return sim->world == SIM_MOCKS ? MOCK_SOUND_MS : between(sim, 50, 500);
}

static struct sim_clip *new_clip(struct sim *sim, const struct call_action *action)
{
    assert(action->clip < SIM_CLIPS_MAX && action->clip == sim->clip_count + 1);
    struct sim_clip *clip = &sim->clips[action->clip];
    *clip = (struct sim_clip){.gen = action->gen, .phrase = action->phrase};
    sim->clip_count = action->clip;
    clip->order = action->gen || action->phrase ? 0 : sim_order_in(action->text);
    clip->bytes = action->text.bytes * (size_t)sim->letter_bytes;
    return clip;
}

static void synth(struct sim *sim, const struct call_action *action)
{
    struct sim_clip *clip = new_clip(sim, action);
    clip->fate = action->phrase ? VOICE_CACHED : VOICE_STREAMS;
    bool flaky = action->phrase ? sim->faults.phrases_fail : sim->faults.voice_flaky;
    if (flaky && percent(sim, 40))
        clip->fate = (int)between(sim, VOICE_FAILS, VOICE_SILENT);
    if (!action->phrase && sim->faults.voice_dead)
        clip->fate = VOICE_FAILS;
    clip->tells_letters = percent(sim, 50);
    if (sim->world == SIM_ECHO)
        clip->text = sim_keep(sim, action->text);
    if (clip->fate != VOICE_SILENT)
        sim_plan(sim, sim->now_ms + to_first_sound(sim, clip), SIM_VOICE, action->clip, 0);
}

static void voice_audio(struct sim *sim, uint32_t id, size_t bytes)
{
    struct sim_clip *clip = &sim->clips[id];
    if (bytes > clip->bytes - clip->given)
        bytes = clip->bytes - clip->given;
    clip->given += bytes;
    struct call_event event = {.kind = EV_CLIP_AUDIO, .clip = id, .bytes = bytes};
    if (clip->tells_letters)
        event.letters = clip->given / (size_t)sim->letter_bytes;
    sim_deliver(sim, sim->now_ms, event);
}

/* How it ends now, if it does: with an event of this kind; EV_TICK: it goes on. */
static enum call_event_kind clip_end(const struct sim_clip *clip, int step)
{
    if (clip->fate == VOICE_FAILS || (clip->fate == VOICE_BREAKS && step == 2))
        return EV_CLIP_FAILED;
    return clip->given == clip->bytes ? EV_CLIP_DONE : EV_TICK;
}

/* False: nothing more comes of this clip. */
static bool voice_well(struct sim *sim, struct sim_clip *clip, enum call_event_kind *end)
{
    switch (sim_fault(sim, SIM_VOICE_PARTY)) {
    case FAULT_VOICE_FAILS: *end = EV_CLIP_FAILED; break;
    case FAULT_VOICE_CUT: *end = EV_CLIP_DONE; break;
    case FAULT_VOICE_STALLS: break;
    default: return true;
    }
    sim->gens[clip->gen].any_clip_failed = true;
    clip->failed = true;
    return *end != EV_TICK;
}

static void speak_clip(struct sim *sim, uint32_t id, int step)
{
    struct sim_clip *clip = &sim->clips[id];
    if (clip->dropped && percent(sim, 80))
        return;
    enum call_event_kind end = clip_end(clip, step);
    if (!voice_well(sim, clip, &end))
        return;
    if (end != EV_TICK) {
        clip->failed = clip->failed || end == EV_CLIP_FAILED;
        sim_deliver(sim, sim->now_ms, (struct call_event){.kind = end, .clip = id});
        return;
    }
    bool cached = clip->fate == VOICE_CACHED, mocks = sim->world == SIM_MOCKS;
    voice_audio(sim, id,
                cached  ? clip->bytes
                : mocks ? MOCK_SOUND_BYTES
                        : (size_t)between(sim, 100, 12000));
    int64_t next = cached ? 0 : mocks ? MOCK_SOUND_EVERY_MS : between(sim, 10, 400);
    sim_plan(sim, sim->now_ms + next, SIM_VOICE, id, step + 1);
}

/* The rest. */

static void tool(struct sim *sim, const struct call_action *action)
{
    struct call_event event = {.kind = EV_TOOL_DONE, .text = str_of("noted")};
    static const char ids[][8] = {"t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7",    "t8",
                                  "t9", "ta", "tb", "tc", "td", "te", "tf", "script"};
    for (size_t i = 0; i < countof(ids); i++)
        if (str_is(action->id, ids[i]))
            event.id = str_of(ids[i]);
    enum sim_fault_kind fault = sim_fault(sim, SIM_TOOLS);
    bool lost = sim->world == SIM_CHANCE && percent(sim, 8);
    if (lost || fault == FAULT_TOOL_LOST)
        return;
    int64_t at_ms = sim->now_ms + between(sim, 1, 1500);
    sim_deliver(sim, at_ms, event);
    if (fault == FAULT_TOOL_TWICE)
        sim_deliver(sim, at_ms, event);
}

/* Nobody answers: what would have been is in the log. */
static void keep_books(struct sim *sim, const struct call_action *action)
{
    switch (action->kind) {
    case DO_CANCEL_REPLY: sim->gens[action->gen].cancelled = true; break;
    case DO_SYNTH: new_clip(sim, action); break;
    case DO_SEND: sim_carrier_send(sim, action); break;
    case DO_CLEAR: sim_carrier_clear(sim); break;
    case DO_DROP_CLIP: sim->clips[action->clip].dropped = true; break;
    default: break;
    }
}

void sim_perform(struct sim *sim, const struct call_action *action)
{
    if (sim->replay) {
        keep_books(sim, action);
        return;
    }
    struct call_event gone = {.kind = EV_GONE}, back = {.kind = EV_TRANSFER_FAILED};
    switch (action->kind) {
    case DO_FINALIZE: sim_finalize(sim); break;
    case DO_ASK: ask(sim, action->gen); break;
    case DO_CANCEL_REPLY: sim->gens[action->gen].cancelled = true; break;
    case DO_SYNTH: synth(sim, action); break;
    case DO_SEND: sim_carrier_send(sim, action); break;
    case DO_MARK: sim_carrier_mark(sim, action->mark); break;
    case DO_CLEAR: sim_carrier_clear(sim); break;
    case DO_DROP_CLIP: sim->clips[action->clip].dropped = true; break;
    case DO_TOOL: tool(sim, action); break;
    case DO_TRANSFER:
        if (percent(sim, 80))
            sim_deliver(sim, sim->now_ms + between(sim, 500, 30000),
                        percent(sim, 50) ? gone : back);
        break;
    case DO_HANG_UP:
        if (percent(sim, 90))
            sim_deliver(sim, sim->now_ms + between(sim, 10, 2000), gone);
        break;
    case DO_RECORD:
    case DO_ORDER_OVER:
    case DO_ENDED: break;
    }
}

void sim_party(struct sim *sim, const struct sim_due *due)
{
    if (due->kind == SIM_MODEL)
        model(sim, due->id, due->step);
    else if (due->kind == SIM_VOICE)
        speak_clip(sim, due->id, due->step);
    else
        sim_caller(sim, due);
}
