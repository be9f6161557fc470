/* call/playout.c: what the agent says, on its way to the caller's ear: utterances made of clips,
 * sent CALL_LEAD_MS ahead of being heard, and the count of what was heard, by marks alone. */
#include "base/mem.h"
#include "base/utf8.h"
#include "call/call_private.h"

#include <assert.h>
#include <string.h>

enum {
    FRAME_BYTES = 20 * CALL_BYTES_PER_MS,
    MARK_BYTES = CALL_MARK_MS * CALL_BYTES_PER_MS,
    BYTES_PER_LETTER = 65 * CALL_BYTES_PER_MS, /* while a clip's length is not known */
    WORD_HEARD_PERCENT = 60,
};

/* Utterances. */

/* Its place in the order of speaking; say_count: it is over. */
static size_t say_at(const struct call_core *core, uint32_t id)
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
    for (size_t i = 0; i < REPLY_TEXTS; i++) {
        struct text *slot = &core->playout.reply_texts[i];
        bool used = false;
        for (size_t j = 0; j < core->playout.say_count; j++)
            used = used || core->playout.says[j].text == slot->at;
        if (!used)
            return slot;
    }
    return NULL;
}

struct say *say_new_reply(struct call_core *core, uint32_t gen)
{
    struct text *slot = free_slot(core);
    struct say *say = slot ? say_new(core, core->playout.say_count) : NULL;
    if (!say)
        return NULL;
    say->gen = gen;
    say->text = slot->at;
    say->open = true;
    return say;
}

void say_add(struct call_core *core, struct say *say, struct str text)
{
    (void)core;
    assert(say->gen && say->open);
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

/* Text of a reply that nobody will ever hear, because its clip failed, is taken out of it. */
static void say_lose(struct call_core *core, struct say *say, size_t from, size_t to)
{
    assert(say->gen && from <= to && to <= say->bytes);
    memmove(say->text + from, say->text + to, say->bytes - to);
    say->bytes -= to - from;
    say->cut -= to - from;
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
    return say->gen || say->phrase == PHRASE_DISCLOSURE || say->phrase == PHRASE_GREETING;
}

static void say_start(struct call_core *core, struct say *say)
{
    say->started = true;
    say->seq = ++core->last_seq;
    say->start_ms = say->end_ms = media_now(core);
    if (in_context(say))
        say->context = context_open(&core->context, say->id);
    if (say->gen && core->stages.turn == say->turn && !core->stages.sent_first_ms)
        core->stages.sent_first_ms = core->now_ms;
}

static void say_record(struct call_core *core, const struct say *say, struct str heard)
{
    bool whole = heard.bytes == str_trim((struct str){say->text, say->bytes}).bytes;
    record(core, &(struct call_line){
                     .seq = say->seq,
                     .speaker = SPEAKER_AGENT,
                     .kind = say->gen ? LINE_SAID : LINE_PHRASE,
                     .phrase = say->phrase,
                     .start_ms = say->start_ms,
                     .end_ms = say->end_ms,
                     .interrupted = say->truncated || !whole,
                     .confidence = 1,
                     .text = heard,
                     .generated = whole ? (struct str){0} : (struct str){say->text, say->bytes},
                 });
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
    if (!playout->say_count)
        playout->quiet_since_ms = core->now_ms;
    if (say.phrase != PHRASE_STILL_THERE && say.phrase != PHRASE_STILL_THERE_2)
        core->idle_since_ms = core->now_ms;
    if (say.gen || say.phrase == PHRASE_GREETING)
        core->reply.asked = heard.bytes && heard.at[heard.bytes - 1] == '?';
    if (say.gen)
        reply_spoken(core, say.gen,
                     say.truncated ? REPLY_CUT
                     : heard.bytes ? REPLY_HEARD
                                   : REPLY_UNHEARD);
}

/* Clips. */

static struct clip *clip_find(struct call_core *core, uint32_t id)
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

static void clip_drop(struct call_core *core, struct clip *clip)
{
    if (!clip->dropped)
        act(core, DO_DROP_CLIP)->clip = clip->id;
    clip->dropped = true;
}

static void clip_remove(struct call_core *core, size_t at)
{
    struct playout *playout = &core->playout;
    clip_drop(core, &playout->clips[at]);
    memmove(&playout->clips[at], &playout->clips[at + 1],
            (playout->clip_count - at - 1) * sizeof playout->clips[0]);
    playout->clip_count--;
}

/* Where in the text the heard bytes of a clip end: at a word, which counts when most of it was. */
static size_t heard_until(const struct say *say, const struct clip *clip)
{
    size_t letters = clip->to - clip->from, total = clip->bytes;
    if (clip->done && !clip->failed && clip->heard == clip->bytes)
        return clip->bytes ? clip->to : clip->from;
    if ((!clip->done || clip->failed) && total < letters * BYTES_PER_LETTER)
        total = letters * BYTES_PER_LETTER;
    if (!total || !clip->heard)
        return clip->from;
    size_t at = clip->from + (size_t)((uint64_t)letters * clip->heard / total);
    size_t start = at, end = at;
    while (start > clip->from && say->text[start - 1] != ' ')
        start--;
    while (end < clip->to && say->text[end] != ' ')
        end++;
    return (at - start) * 100 >= (end - start) * WORD_HEARD_PERCENT ? end : start;
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
            until = heard_until(&playout->says[at], &playout->clips[i]);
    return str_trim((struct str){playout->says[at].text, until});
}

static void clip_over(struct call_core *core, const struct clip *clip)
{
    struct say *say = say_find(core, clip->say);
    size_t until = heard_until(say, clip);
    say->heard_text = until;
    if (clip->bytes)
        say->end_ms = media_now(core);
    if (until < clip->to && say->gen && !say->truncated)
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
    while (playout->say_count && say_is_over(core, &playout->says[0]))
        say_settle(core, 0);
}

void playout_on_clip(struct call_core *core, const struct call_event *event)
{
    struct clip *clip = clip_find(core, event->clip);
    if (!clip || clip->done || clip->dropped) {
        core->counts.stale_events++;
        return;
    }
    if (event->kind == EV_CLIP_AUDIO) {
        clip->bytes += event->bytes;
        clip->wanted_ms = CALL_NEVER;
        if (core->stages.turn == core->turn.id && !core->stages.clip_first_ms &&
            say_find(core, clip->say)->gen)
            core->stages.clip_first_ms = core->now_ms;
        return;
    }
    clip->done = true;
    clip->failed = event->kind == EV_CLIP_FAILED || clip->bytes == 0;
    core->counts.clip_failures += clip->failed;
    playout_advance(core);
}

/* Marks. */

static void mark_put(struct call_core *core, const struct clip *clip)
{
    struct playout *playout = &core->playout;
    if (playout->mark_count == MARKS_MAX) /* a later one confirms what an older would have */
        memmove(&playout->marks[0], &playout->marks[1],
                --playout->mark_count * sizeof playout->marks[0]);
    playout->marks[playout->mark_count++] =
        (struct mark){.id = ++playout->last_mark, .clip = clip->id, .offset = clip->sent};
    playout->since_mark = 0;
    struct call_action *action = act(core, DO_MARK);
    action->mark = playout->last_mark;
    action->epoch = playout->epoch;
}

static void hear(struct call_core *core, struct clip *clip, size_t until)
{
    assert(until <= clip->sent);
    if (until <= clip->heard)
        return;
    struct say *say = say_find(core, clip->say);
    say->heard_bytes += until - clip->heard;
    clip->heard = until;
    say->end_ms = media_now(core);
    if (say->gen && core->stages.turn == say->turn && !core->stages.heard_ms)
        core->stages.heard_ms = core->now_ms;
}

/* Everything up to this place was played: whole clips before it too. */
static void hear_until(struct call_core *core, uint32_t clip_id, size_t offset)
{
    struct playout *playout = &core->playout;
    for (size_t i = 0; i < playout->clip_count; i++) {
        struct clip *clip = &playout->clips[i];
        hear(core, clip, clip->id == clip_id ? offset : clip->sent);
        if (clip->id == clip_id)
            break;
    }
}

void playout_on_mark(struct call_core *core, uint32_t id)
{
    struct playout *playout = &core->playout;
    size_t at = 0;
    while (at < playout->mark_count && playout->marks[at].id != id)
        at++;
    if (at == playout->mark_count) {
        core->counts.stale_events++; /* of an epoch that was cleared, or sent twice */
        return;
    }
    struct mark mark = playout->marks[at];
    playout->mark_count -= at + 1;
    memmove(&playout->marks[0], &playout->marks[at + 1],
            playout->mark_count * sizeof playout->marks[0]);
    if (clip_find(core, mark.clip))
        hear_until(core, mark.clip, mark.offset);
    playout_advance(core);
}

/* Sending. */

/* The place of the clip whose bytes go out next; clip_count: all is out. */
static size_t next_to_send(const struct call_core *core)
{
    size_t at = 0;
    while (at < core->playout.clip_count && core->playout.clips[at].done &&
           core->playout.clips[at].sent == core->playout.clips[at].bytes)
        at++;
    return at;
}

/* When an utterance may begin: at once, when the caller is silent, or (CALL_NEVER) not before those
 * ahead of it have all their clips. */
static int64_t begin_at(const struct call_core *core, size_t at)
{
    const struct say *says = core->playout.says;
    for (size_t i = 0; i < at; i++)
        if (says[i].open || (says[i].cut < says[i].bytes && !says[i].truncated))
            return CALL_NEVER;
    return says[at].started || says[at].protection == PROTECTED ? core->now_ms
                                                                : turn_quiet_at(core);
}

static int64_t lead_ms(const struct call_core *core)
{
    int64_t lead = core->playout.play_end_ms - core->now_ms;
    return lead > 0 ? lead : 0;
}

static size_t sendable(const struct clip *clip)
{
    size_t bytes = clip->bytes - clip->sent;
    return clip->done ? bytes : bytes - bytes % FRAME_BYTES;
}

static void send_some(struct call_core *core, struct say *say, struct clip *clip, size_t bytes)
{
    struct playout *playout = &core->playout;
    if (!say->started)
        say_start(core, say);
    struct call_action *action = act(core, DO_SEND);
    action->clip = clip->id;
    action->gen = say->gen;
    action->epoch = playout->epoch;
    action->phrase = say->phrase;
    action->offset = clip->sent;
    action->bytes = bytes;
    clip->sent += bytes;
    playout->since_mark += bytes;
    playout->play_end_ms = core->now_ms + lead_ms(core) +
                           (int64_t)((bytes + CALL_BYTES_PER_MS - 1) / CALL_BYTES_PER_MS);
    if (playout->since_mark >= MARK_BYTES || (clip->done && clip->sent == clip->bytes))
        mark_put(core, clip);
}

static bool pump_once(struct call_core *core)
{
    struct playout *playout = &core->playout;
    size_t at = next_to_send(core);
    if (at == playout->clip_count || lead_ms(core) > CALL_LEAD_MS - CALL_MARK_MS ||
        core->out->count + ACTIONS_SPARE > CALL_ACTIONS_MAX)
        return false;
    struct clip *clip = &playout->clips[at];
    size_t say = say_at(core, clip->say), bytes = sendable(clip);
    if (core->now_ms < begin_at(core, say))
        return false;
    if (bytes)
        send_some(core, &playout->says[say], clip, bytes < MARK_BYTES ? bytes : MARK_BYTES);
    else if (clip->wanted_ms == CALL_NEVER)
        clip->wanted_ms = core->now_ms;
    return bytes > 0;
}

void playout_pump(struct call_core *core)
{
    while (pump_once(core))
        reply_speak(core); /* what was sent makes room for the next piece */
}

int64_t playout_pump_due(const struct call_core *core)
{
    size_t at = next_to_send(core);
    if (at == core->playout.clip_count)
        return CALL_NEVER;
    const struct clip *clip = &core->playout.clips[at];
    if (sendable(clip) == 0 && clip->wanted_ms != CALL_NEVER)
        return CALL_NEVER; /* it waits for its audio */
    int64_t lead_due = core->playout.play_end_ms - (CALL_LEAD_MS - CALL_MARK_MS);
    int64_t begin = begin_at(core, say_at(core, clip->say));
    return begin > lead_due ? begin : lead_due;
}

/* Being late, being interrupted. */

static const struct clip *unheard(const struct call_core *core)
{
    for (size_t i = 0; i < core->playout.clip_count; i++)
        if (core->playout.clips[i].heard < core->playout.clips[i].sent)
            return &core->playout.clips[i];
    return NULL;
}

int64_t playout_late_due(const struct call_core *core)
{
    int64_t due = unheard(core) ? core->playout.play_end_ms + MARKS_LATE_MS : CALL_NEVER;
    for (size_t i = 0; i < core->playout.clip_count; i++) {
        const struct clip *clip = &core->playout.clips[i];
        if (!clip->done && clip->wanted_ms != CALL_NEVER && clip->wanted_ms + CLIP_FIRST_MS < due)
            due = clip->wanted_ms + CLIP_FIRST_MS;
    }
    return due;
}

void playout_late(struct call_core *core)
{
    struct playout *playout = &core->playout;
    for (size_t i = 0; i < playout->clip_count; i++) {
        struct clip *clip = &playout->clips[i];
        if (clip->done || clip->wanted_ms == CALL_NEVER ||
            core->now_ms < clip->wanted_ms + CLIP_FIRST_MS)
            continue;
        clip->done = clip->failed = true;
        core->counts.clip_failures++;
        clip_drop(core, clip);
    }
    if (unheard(core) && core->now_ms >= playout->play_end_ms + MARKS_LATE_MS) {
        playout->mark_count = 0; /* the carrier keeps time even when it loses marks */
        for (size_t i = 0; i < playout->clip_count; i++)
            hear(core, &playout->clips[i], playout->clips[i].sent);
    }
    playout_advance(core);
}

bool playout_busy(const struct call_core *core)
{
    return core->playout.say_count > 0;
}

bool playout_speaking(const struct call_core *core)
{
    return core->playout.say_count > 0 && core->playout.says[0].started;
}

bool playout_protected(const struct call_core *core)
{
    return playout_speaking(core) && core->playout.says[0].protection == PROTECTED;
}

int64_t playout_left_ms(const struct call_core *core)
{
    size_t unsent = 0;
    for (size_t i = 0; i < core->playout.say_count; i++)
        if (core->playout.says[i].open || core->playout.says[i].cut < core->playout.says[i].bytes)
            return CALL_NEVER;
    for (size_t i = 0; i < core->playout.clip_count; i++) {
        const struct clip *clip = &core->playout.clips[i];
        if (!clip->done)
            return CALL_NEVER;
        unsent += clip->bytes - clip->sent;
    }
    return lead_ms(core) + (int64_t)(unsent / CALL_BYTES_PER_MS);
}

int64_t playout_reply_heard_ms(const struct call_core *core, uint32_t turn)
{
    size_t heard = 0;
    for (size_t i = 0; i < core->playout.say_count; i++)
        if (core->playout.says[i].gen && core->playout.says[i].turn == turn)
            heard += core->playout.says[i].heard_bytes;
    return (int64_t)(heard / CALL_BYTES_PER_MS);
}

bool playout_reply_sent(const struct call_core *core, uint32_t turn)
{
    for (size_t i = 0; i < core->playout.say_count; i++)
        if (core->playout.says[i].gen && core->playout.says[i].turn == turn &&
            core->playout.says[i].started)
            return true;
    return false;
}

/* The utterance ends with what was heard of it, or, behind a protected one, with what was sent. */
static void say_truncate(struct call_core *core, struct say *say, bool keep_sent)
{
    struct playout *playout = &core->playout;
    say->open = false;
    say->truncated = true;
    for (size_t i = 0; i < playout->clip_count; i++) {
        struct clip *clip = &playout->clips[i];
        if (clip->say != say->id)
            continue;
        if (keep_sent && clip->sent > clip->heard) {
            clip->to = heard_until(say, &(struct clip){.from = clip->from,
                                                       .to = clip->to,
                                                       .bytes = clip->bytes,
                                                       .done = clip->done,
                                                       .heard = clip->sent});
            clip->bytes = clip->sent;
            clip->done = true;
            clip_drop(core, clip);
            continue;
        }
        if (clip->heard)
            say->heard_text = heard_until(say, clip);
        clip_remove(core, i--);
    }
}

static void clear(struct call_core *core)
{
    struct playout *playout = &core->playout;
    if (unheard(core) && core->phase != PHASE_ENDED)
        act(core, DO_CLEAR)->epoch = playout->epoch;
    playout->epoch++;
    playout->mark_count = 0;
    playout->since_mark = 0;
    playout->play_end_ms = core->now_ms;
}

static void settle_finished(struct call_core *core)
{
    for (size_t i = 0; i < core->playout.say_count; i++)
        if (say_is_over(core, &core->playout.says[i]))
            say_settle(core, i--);
}

void playout_stop(struct call_core *core)
{
    struct playout *playout = &core->playout;
    bool keep_sent = playout_protected(core);
    if (!keep_sent)
        clear(core);
    for (size_t i = 0; i < playout->say_count; i++)
        if (playout->says[i].protection == INTERRUPTIBLE)
            say_truncate(core, &playout->says[i], keep_sent);
    for (size_t i = 0; i < playout->clip_count && !keep_sent; i++)
        playout->clips[i].sent = playout->clips[i].heard; /* protected: said again from here */
    settle_finished(core);
}

void playout_quit(struct call_core *core)
{
    clear(core);
    for (size_t i = 0; i < core->playout.say_count; i++)
        say_truncate(core, &core->playout.says[i], false);
    settle_finished(core);
}

void playout_hush(struct call_core *core)
{
    struct playout *playout = &core->playout;
    for (size_t i = 0; i < playout->say_count; i++)
        if (!playout->says[i].started && playout->says[i].protection == INTERRUPTIBLE)
            say_truncate(core, &playout->says[i], false);
    settle_finished(core);
}
