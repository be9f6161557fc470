/* call/say.c: utterances of the agent and the clips they are made of: their order, their text, how
 * much of it was heard, and the line of the transcript each leaves. Sending is playout.c. */
#include "base/utf8.h"
#include "call/call_private.h"

#include <assert.h>
#include <string.h>

/* Utterances. */

/* Its place in the order of speaking; say_count: it is over. */
size_t say_at(const struct call_core *core, uint32_t id)
{
    size_t at = 0;
    while (at < core->playout.say_count && core->playout.says[at].id != id)
        at++;
    return at;
}

struct say *say_find(struct call_core *core, uint32_t id)
{
    size_t at = say_at(core, id);
    return at < core->playout.say_count ? &core->playout.says[at] : NULL;
}

static size_t first_waiting(const struct call_core *core)
{
    size_t at = 0;
    while (at < core->playout.say_count && core->playout.says[at].started)
        at++;
    return at;
}

static struct say *say_new(struct call_core *core, size_t at)
{
    struct playout *playout = &core->playout;
    if (playout->say_count == SAYS_MAX)
        return NULL;
    struct say *say = &playout->says[at];
    memmove(say + 1, say, (playout->say_count - at) * sizeof *say);
    playout->say_count++;
    *say = (struct say){.id = ++playout->last_say, .turn = core->turn.id};
    return say;
}

static struct text *free_slot(struct call_core *core)
{
    for (size_t i = 0; i < SAY_TEXTS; i++) {
        struct text *slot = &core->playout.texts[i];
        bool used = false;
        for (size_t j = 0; j < core->playout.say_count; j++)
            used = used || core->playout.says[j].text == slot->at;
        if (!used)
            return slot;
    }
    return NULL;
}

static struct say *say_new_answer(struct call_core *core)
{
    struct text *slot = free_slot(core);
    struct say *say = slot ? say_new(core, core->playout.say_count) : NULL;
    if (say) {
        say->text = slot->at;
        say->open = true;
    }
    return say;
}

struct say *say_new_reply(struct call_core *core, uint32_t gen)
{
    struct say *say = say_new_answer(core);
    if (say)
        say->gen = gen;
    return say;
}

bool say_ordered(struct call_core *core, uint32_t order, struct str text)
{
    size_t ordered = 0;
    for (size_t i = 0; i < core->playout.say_count; i++)
        ordered += core->playout.says[i].ordered;
    struct say *say = ordered < ORDERED_SAYS_MAX ? say_new_answer(core) : NULL;
    if (!say)
        return false;
    say->ordered = true;
    say->order = order;
    say_add(core, say, text);
    say->open = false;
    return true;
}

void say_add(struct call_core *core, struct say *say, struct str text)
{
    (void)core;
    assert(say_answers(say) && say->open);
    text = utf8_cut(text, CALL_TEXT_BYTES_MAX - say->bytes);
    memcpy(say->text + say->bytes, text.at, text.bytes);
    say->bytes += text.bytes;
}

bool say_phrase(struct call_core *core, enum call_phrase phrase, enum protection protection)
{
    char *words = core->phrases[phrase];
    if (!words || core->playout.clip_count == CALL_CLIPS_MAX)
        return false;
    /* a filler goes before the reply that is late, everything else waits in line */
    bool first = phrase == PHRASE_FILLER;
    struct say *say = say_new(core, first ? first_waiting(core) : core->playout.say_count);
    if (!say)
        return false;
    say->phrase = phrase;
    say->protection = protection;
    say->text = words;
    say->bytes = strlen(words);
    clip_new(core, say, say->bytes);
    return true;
}

/* Text that nobody will ever hear, because its clip failed, is taken out of an utterance. */
static void say_lose(struct call_core *core, struct say *say, size_t from, size_t to)
{
    assert(say_answers(say) && from <= to && to <= say->bytes);
    say->lost = true;
    memmove(say->text + from, say->text + to, say->bytes - to);
    say->bytes -= to - from;
    say->cut -= to - from;
    say->searched = 0;
    for (size_t i = 0; i < core->playout.clip_count; i++) {
        struct clip *clip = &core->playout.clips[i];
        if (clip->say == say->id && clip->from >= to) {
            clip->from -= to - from;
            clip->to -= to - from;
        }
    }
}

static bool in_context(const struct say *say)
{
    return say_answers(say) || say->phrase == PHRASE_DISCLOSURE || say->phrase == PHRASE_GREETING ||
           say->phrase == PHRASE_NOT_REACHED;
}

void say_start(struct call_core *core, struct say *say)
{
    say->started = true;
    say->seq = ++core->last_seq;
    say->start_ms = say->end_ms = media_now(core);
    script_on_asked(core, say->phrase);
    if (in_context(say))
        say->context = context_open(&core->context, say->id);
    if (say->gen && core->stages.turn == say->turn && !core->stages.sent_first_ms) {
        core->stages.sent_first_ms = core->now_ms;
        say->stages = core->stages;
    }
}

static int64_t reached(const struct call_core *core, int64_t at_ms)
{
    return at_ms ? to_media(core, at_ms) : 0;
}

static struct call_stages media_stages(const struct call_core *core, const struct call_stages *at)
{
    return (struct call_stages){
        .turn = at->turn,
        .last_voice_ms = reached(core, at->last_voice_ms),
        .commit_ms = reached(core, at->commit_ms),
        .asked_ms = reached(core, at->asked_ms),
        .reply_first_ms = reached(core, at->reply_first_ms),
        .clip_first_ms = reached(core, at->clip_first_ms),
        .sent_first_ms = reached(core, at->sent_first_ms),
        .heard_ms = reached(core, at->heard_ms),
    };
}

static void say_record(struct call_core *core, const struct say *say, struct str heard)
{
    bool whole = heard.bytes == str_trim((struct str){say->text, say->bytes}).bytes;
    record(core, &(struct call_line){
                     .seq = say->seq,
                     .speaker = SPEAKER_AGENT,
                     .kind = say_answers(say) ? LINE_SAID : LINE_PHRASE,
                     .phrase = say->phrase,
                     .start_ms = say->start_ms,
                     .end_ms = say->end_ms,
                     .interrupted = say->truncated || !whole,
                     .confidence = 1,
                     .text = heard,
                     .stages = media_stages(core, &say->stages),
                     .generated = whole ? (struct str){0} : (struct str){say->text, say->bytes},
                 });
}

static struct str last_sentence(struct str text)
{
    size_t at = text.bytes;
    while (at >= 2 && !(text.at[at - 1] == ' ' && strchr(".!?", text.at[at - 2])))
        at--;
    return at >= 2 ? (struct str){text.at + at, text.bytes - at} : text;
}

/* What the caller says next may be its answer. */
static void note_question(struct call_core *core, const struct say *say, struct str heard)
{
    if (say->phrase == PHRASE_FILLER)
        return;
    words_normalise(last_sentence(heard), &core->scratch);
    core->reply.asked = heard.at[heard.bytes - 1] == '?'
                            ? words_asked(core->language, buf_str(&core->scratch))
                            : ASKED_NOTHING;
}

/* An utterance is over: its line is written, its words in the context are final. */
static void say_settle(struct call_core *core, size_t at)
{
    struct playout *playout = &core->playout;
    struct say say = playout->says[at];
    struct str heard = str_trim((struct str){say.text, say.heard_text});
    if (heard.bytes)
        say_record(core, &say, heard);
    if (say.context)
        context_settle(&core->context, say.context, heard);
    memmove(&playout->says[at], &playout->says[at + 1],
            (playout->say_count - at - 1) * sizeof playout->says[0]);
    playout->say_count--;
    if (say.started && !playout_speaking(core))
        playout->quiet_since_ms = core->now_ms;
    if (say.started && say.phrase != PHRASE_STILL_THERE && say.phrase != PHRASE_STILL_THERE_2)
        core->idle_since_ms = core->now_ms;
    if (heard.bytes)
        note_question(core, &say, heard);
    if (say.gen)
        reply_spoken(core, say.gen,
                     say.truncated ? REPLY_CUT
                     : heard.bytes ? REPLY_HEARD
                                   : REPLY_UNHEARD);
    if (say.ordered)
        order_spoken(core, &say, heard);
}

/* Clips. */

struct clip *clip_find(struct call_core *core, uint32_t id)
{
    for (size_t i = 0; i < core->playout.clip_count; i++)
        if (core->playout.clips[i].id == id)
            return &core->playout.clips[i];
    return NULL;
}

static bool say_has_clips(const struct call_core *core, uint32_t say)
{
    for (size_t i = 0; i < core->playout.clip_count; i++)
        if (core->playout.clips[i].say == say)
            return true;
    return false;
}

size_t playout_ahead(const struct call_core *core)
{
    size_t ahead = 0;
    for (size_t i = 0; i < core->playout.clip_count; i++)
        ahead += core->playout.clips[i].sent == 0;
    return ahead;
}

/* The clip goes behind those of its own utterance and before those of later ones. */
static struct clip *clip_slot(struct call_core *core, const struct say *say)
{
    struct playout *playout = &core->playout;
    size_t at = playout->clip_count, place = say_at(core, say->id);
    while (at && say_at(core, playout->clips[at - 1].say) > place)
        at--;
    memmove(&playout->clips[at + 1], &playout->clips[at],
            (playout->clip_count - at) * sizeof playout->clips[0]);
    playout->clip_count++;
    return &playout->clips[at];
}

void clip_new(struct call_core *core, struct say *say, size_t bytes)
{
    assert(core->playout.clip_count < CALL_CLIPS_MAX && say->cut + bytes <= say->bytes);
    struct clip *clip = clip_slot(core, say);
    *clip = (struct clip){
        .id = ++core->playout.last_clip,
        .say = say->id,
        .from = say->cut,
        .to = say->cut + bytes,
        .asked_ms = core->now_ms,
        .wanted_ms = CALL_NEVER,
    };
    say->cut = clip->to;
    say->clips_asked++;
    struct call_action *action = act(core, DO_SYNTH);
    action->clip = clip->id;
    action->gen = say->gen;
    action->phrase = say->phrase;
    action->text = str_trim((struct str){say->text + clip->from, bytes});
}

void clip_drop(struct call_core *core, struct clip *clip)
{
    if (!clip->dropped)
        act(core, DO_DROP_CLIP)->clip = clip->id;
    clip->dropped = true;
}

void clip_remove(struct call_core *core, size_t at)
{
    struct playout *playout = &core->playout;
    clip_drop(core, &playout->clips[at]);
    memmove(&playout->clips[at], &playout->clips[at + 1],
            (playout->clip_count - at - 1) * sizeof playout->clips[0]);
    playout->clip_count--;
}

/* As far as it was heard by now. */
struct str say_heard(const struct call_core *core, uint32_t id)
{
    const struct playout *playout = &core->playout;
    size_t at = say_at(core, id);
    assert(at < playout->say_count);
    size_t until = playout->says[at].heard_text;
    for (size_t i = 0; i < playout->clip_count; i++)
        if (playout->clips[i].say == id && playout->clips[i].heard)
            until = clip_heard_until(&playout->says[at], &playout->clips[i]);
    return str_trim((struct str){playout->says[at].text, until});
}

static void clip_over(struct call_core *core, const struct clip *clip)
{
    struct say *say = say_find(core, clip->say);
    size_t until = clip_heard_until(say, clip);
    say->heard_text = until;
    if (clip->bytes)
        say->end_ms = media_now(core);
    if (until < clip->to && say_answers(say) && !say->truncated)
        say_lose(core, say, until, clip->to);
}

static bool clip_is_over(const struct clip *clip)
{
    return clip->done && clip->heard == clip->bytes;
}

static bool say_is_over(const struct call_core *core, const struct say *say)
{
    return !say->open && (say->cut == say->bytes || say->truncated) &&
           !say_has_clips(core, say->id);
}

void playout_advance(struct call_core *core)
{
    struct playout *playout = &core->playout;
    while (playout->clip_count && clip_is_over(&playout->clips[0])) {
        clip_over(core, &playout->clips[0]);
        clip_remove(core, 0);
    }
    while (playout->say_count && say_is_over(core, &playout->says[0]) &&
           !(core->turn.staged && playout->says[0].gen)) /* what became of it matters later */
        say_settle(core, 0);
}

/* The utterance ends with what was heard of it, or, behind a protected one, with what was sent. */
void say_truncate(struct call_core *core, struct say *say, enum keep keep)
{
    struct playout *playout = &core->playout;
    say->open = false;
    say->truncated = true;
    for (size_t i = 0; i < playout->clip_count; i++) {
        struct clip *clip = &playout->clips[i];
        if (clip->say != say->id)
            continue;
        if (keep == KEEP_SENT && clip->sent > clip->heard) {
            struct clip played = *clip;
            played.heard = clip->sent;
            played.failed = false;
            clip->to = clip_heard_until(say, &played);
            clip->bytes = clip->sent;
            clip->done = true;
            clip_drop(core, clip);
            continue;
        }
        if (clip->heard)
            say->heard_text = clip_heard_until(say, clip);
        clip_remove(core, i--);
    }
}

void says_settle_finished(struct call_core *core)
{
    for (size_t i = 0; i < core->playout.say_count; i++)
        if (say_is_over(core, &core->playout.says[i]))
            say_settle(core, i--);
    playout_advance(core); /* what waited behind them may have had no sound */
}
