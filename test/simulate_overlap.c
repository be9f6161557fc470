/* test/simulate_overlap.c: who speaks over whom in a simulated call, who gives way, and who gets an
 * answer: I16, I17 and the figures of the panel. */
#include "test/simulate.h"

#include <string.h>

enum {
    YIELD_MS = 2000,
    KEEP_MS = 1000,
    SILENCED_MS = 1100, /* voice that goes on for so long over Karen has silenced her */
    ANSWER_MS = 4000,
    COLLISION_MS = 200, /* who begins within so long of the other could not have heard him */
    MHM_VOICED_MS = 420,
    ONSET_MS = 60,
    ALONE_MS = 1500,    /* what comes sooner behind other words goes on with them */
    TIME_UP_MS = 88000, /* Karen is about to say that the time is over */
};

static bool is_audible(const struct sim *sim)
{
    return sim->play_end_ms > sim->now_ms;
}

static bool may_be_stopped(const struct sim *sim)
{
    return !sim->hung_up && !sim_is_protected(sim->clips[sim->last_clip].phrase) &&
           strcmp(call_state_name(sim->core), "closing") != 0;
}

static int64_t last_sound_ms(const struct sim *sim)
{
    int64_t end = 0;
    for (int i = sim->segment_count - 1; i >= 0 && i >= sim->segment_count - 4; i--)
        if (sim->segments[i].count && sim->segments[i].end_ms <= sim->now_ms &&
            sim->segments[i].end_ms > end)
            end = sim->segments[i].end_ms;
    return end;
}

void sim_overlap_onset(struct sim *sim, uint32_t id)
{
    const struct sim_segment *segment = &sim->segments[id];
    struct sim_overlap *overlap = &sim->overlap;
    sim->owed = false;
    if (overlap->open && overlap->speech == segment->speech) {
        overlap->alone = false; /* it goes on */
        return;
    }
    bool over = is_audible(sim) && sim->play_start_ms <= segment->start_ms &&
                sim->play_start_ms > 0 && may_be_stopped(sim);
    *overlap = (struct sim_overlap){.open = over,
                                    .alone = !overlap->open && sim->now_ms < TIME_UP_MS &&
                                             sim->now_ms > last_sound_ms(sim) + ALONE_MS,
                                    .segment = id,
                                    .clip = sim->last_clip,
                                    .speech = segment->speech,
                                    .start_ms = segment->start_ms,
                                    .length_ms = segment->end_ms - segment->start_ms};
}

static void count(struct sim_share *share, bool good)
{
    share->all++;
    share->good += good;
}

static bool is_same_speech(const struct sim *sim, uint32_t clip)
{
    const struct sim_clip *one = &sim->clips[clip], *other = &sim->clips[sim->last_clip];
    return clip == sim->last_clip || (one->gen && one->gen == other->gen);
}

static void settle(struct sim *sim, bool stopped)
{
    struct sim_panel *panel = sim->panel;
    struct sim_overlap *overlap = &sim->overlap;
    int64_t after = sim->now_ms - overlap->start_ms;
    overlap->open = false;
    switch (overlap->speech) {
    case SPEECH_CONTENT:
        count(&panel->yields, stopped && after + sim->net_ms <= YIELD_MS);
        if (stopped) {
            sim_count(&panel->stop_ms, after);
            sim_count(&panel->yield_ms, after + sim->net_ms);
        }
        break;
    case SPEECH_MHM:
        count(&panel->mhms, !stopped);
        if (stopped && overlap->alone && overlap->length_ms < MHM_VOICED_MS &&
            may_be_stopped(sim)) /* or is it the farewell that comes instead? */
            sim_broken(sim, "I17: a mhm stopped the reply");
        if (!stopped && overlap->alone && overlap->turned && is_same_speech(sim, overlap->clip))
            sim_broken(sim, "I17: a mhm became a turn");
        break;
    case SPEECH_NOISE:
        if (overlap->length_ms < KEEP_MS)
            count(&panel->tics, !stopped);
        break;
    case SPEECH_ASIDE: count(&panel->asides, !stopped); break;
    case SPEECH_FAREWELL:
    case SPEECH_ECHO: break;
    }
}

/* For how long by then; CALL_NEVER: he does not. */
static int64_t has_spoken_ms(const struct sim *sim, int64_t at_ms)
{
    for (int i = sim->segment_count - 1; i >= 0 && i >= sim->segment_count - 4; i--) {
        const struct sim_segment *segment = &sim->segments[i];
        if (segment->count && segment->speech != SPEECH_ECHO && segment->start_ms <= at_ms &&
            at_ms < segment->end_ms)
            return at_ms - segment->start_ms;
    }
    return CALL_NEVER;
}

static void sent(struct sim *sim, const struct call_action *action)
{
    const struct sim_clip *clip = &sim->clips[action->clip], *last = &sim->clips[sim->last_clip];
    bool goes_on = sim->last_clip && clip->gen && clip->gen == last->gen;
    if (!action->offset && !goes_on && !sim_is_protected(action->phrase)) {
        int64_t spoken_ms = has_spoken_ms(sim, sim->now_ms + sim->net_ms);
        sim->panel->collisions += spoken_ms <= COLLISION_MS;
        sim->panel->talk_overs += spoken_ms > COLLISION_MS && spoken_ms != CALL_NEVER;
    }
    if (!sim->owed || action->phrase == PHRASE_FILLER)
        return;
    sim->owed = false;
    count(&sim->panel->answers, true);
    if (action->gen)
        sim_count(&sim->panel->reply_ms, sim->now_ms + sim->net_ms - last_sound_ms(sim));
}

static void recorded(struct sim *sim, const struct call_line *line)
{
    struct sim_overlap *overlap = &sim->overlap;
    if (line->speaker != SPEAKER_CALLER || line->kind == LINE_BACKCHANNEL)
        return;
    if (line->seq > sim->turn_seq) {
        sim->turn_seq = line->seq;
        sim->panel->turns++;
        sim->turn_lines++;
        sim->owed = may_be_stopped(sim) && !sim->faults.phrases_fail; /* then there is no voice */
        sim->owed_ms = sim->now_ms;
    }
    overlap->turned =
        overlap->turned || line->start_ms + sim->media_skew_ms + ONSET_MS >= overlap->start_ms;
}

void sim_overlap_event(struct sim *sim, const struct call_event *event)
{
    switch (event->kind) {
    case EV_WORDS:
    case EV_WORDS_FINAL:
        sim->owed = sim->owed && !event->text.bytes;
        if (event->text.bytes && !str_is(event->text, sim->segments[sim->overlap.segment].words[0]))
            sim->overlap.alone = false; /* words of another breath */
        break;
    case EV_DTMF:
    case EV_SAY_ASKED:
    case EV_TRANSFER_ASKED:
    case EV_END_ASKED:
    case EV_GONE:
        sim->owed = false;
        if (sim->overlap.speech == SPEECH_MHM || event->kind == EV_GONE)
            sim->overlap.open = false;
        sim->overlap.alone = false;
        break;
    default: break;
    }
}

void sim_overlap_action(struct sim *sim, const struct call_action *action)
{
    switch (action->kind) {
    case DO_SEND: sent(sim, action); break;
    case DO_CLEAR:
        if (sim->overlap.open)
            settle(sim, true);
        break;
    case DO_RECORD: recorded(sim, &action->line); break;
    case DO_ASK: sim->panel->gens++; break;
    case DO_HANG_UP:
    case DO_TRANSFER:
    case DO_ENDED: sim->owed = sim->overlap.open = false; break;
    default: break;
    }
}

static void check_silenced(struct sim *sim)
{
    const struct sim_overlap *overlap = &sim->overlap;
    if (sim->world == SIM_ECHO)
        return; /* there a voice may be her own, so that words must come first */
    if (overlap->speech == SPEECH_CONTENT && overlap->length_ms > SILENCED_MS &&
        sim->now_ms > overlap->start_ms + SILENCED_MS && may_be_stopped(sim) &&
        sim->play_start_ms <= overlap->start_ms)
        sim_broken(sim, "I16: the caller speaks over Karen, and she goes on");
}

void sim_overlap_step(struct sim *sim)
{
    struct sim_overlap *overlap = &sim->overlap;
    if (overlap->open && !is_audible(sim))
        overlap->open = false; /* she was through by herself */
    int64_t window = overlap->speech == SPEECH_CONTENT ? YIELD_MS : KEEP_MS;
    if (overlap->open)
        check_silenced(sim);
    if (overlap->open && sim->now_ms > overlap->start_ms + window)
        settle(sim, false);
    if (sim->owed && !is_audible(sim) && !sim->voice_on && sim->now_ms > sim->owed_ms + ANSWER_MS &&
        sim->now_ms > sim->play_end_ms + ANSWER_MS) {
        sim->owed = false;
        count(&sim->panel->answers, false);
    }
}
