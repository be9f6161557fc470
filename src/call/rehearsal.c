/* call/rehearsal.c: a small obedient world behind the core: clips get sound, marks come back when
 * they were played, and the caller says his next line when Karen has said hers. */
#include "call/rehearsal.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum {
    DUE_MAX = 512,
    LETTER_MS = 60,  /* about as long as a letter takes to be said, in all our languages */
    BREATH_MS = 800, /* between two who speak */
    HANGOVER_MS = 160,
    INTERIM_MS = 600,
    WORDS_MS = 250, /* from the last sound to the recogniser's words */
    TOOLS_AT_ONCE = 4,
    TOOL_ID_BYTES = 64,
    STEPS_MAX = 200000, /* of one rehearsal; far more than any call takes */
};
#define CONFIDENCE 0.95F

struct due {
    int64_t at_ms;
    struct call_event event; /* its texts are static or the caller's lines */
};
struct said {
    uint32_t seq;
    char *text; /* of said */
    struct rehearsal_said said;
};
struct rehearsal {
    struct call_core *core;
    const char *const *lines;
    size_t line_count, next_line;
    int64_t now_ms, play_end_ms, quiet_ms; /* quiet: since when nobody has spoken */
    struct due due[DUE_MAX];
    size_t due_count;
    int steps, asks;
    uint32_t gen;
    bool asking, answered, leaving;
    struct rehearsal_facts facts;
    struct said said[REHEARSAL_SAID_MAX];
    size_t said_count;
    char tool_ids[TOOLS_AT_ONCE][TOOL_ID_BYTES];
    size_t next_tool;
};

struct rehearsal *rehearsal_new(const struct call_setup *setup, const char *const *lines,
                                size_t count)
{
    struct rehearsal *rehearsal = xalloc(sizeof(*rehearsal));
    rehearsal->core = call_new(setup, 0);
    rehearsal->lines = lines;
    rehearsal->line_count = count < REHEARSAL_LINES_MAX ? count : REHEARSAL_LINES_MAX;
    rehearsal->answered = true;
    return rehearsal;
}

void rehearsal_free(struct rehearsal **slot)
{
    struct rehearsal *rehearsal = *slot;
    *slot = NULL;
    if (!rehearsal)
        return;
    for (size_t i = 0; i < rehearsal->said_count; i++)
        free(rehearsal->said[i].text);
    call_free(&rehearsal->core);
    free(rehearsal);
}

const struct call_core *rehearsal_core(const struct rehearsal *rehearsal)
{
    return rehearsal->core;
}

/* ---- what the core wants --------------------------------------------------------------------- */

/* What finds no room is lost, as it may be on a telephone. */
static void later(struct rehearsal *rehearsal, int64_t at_ms, struct call_event event)
{
    if (rehearsal->due_count == DUE_MAX)
        return;
    size_t at = rehearsal->due_count++;
    while (at && rehearsal->due[at - 1].at_ms > at_ms) {
        rehearsal->due[at] = rehearsal->due[at - 1];
        at--;
    }
    rehearsal->due[at] = (struct due){at_ms, event};
}

static void give_clip(struct rehearsal *rehearsal, const struct call_action *action)
{
    size_t bytes = (action->text.bytes + 1) * LETTER_MS * CALL_BYTES_PER_MS;
    later(rehearsal, rehearsal->now_ms,
          (struct call_event){.kind = EV_CLIP_AUDIO, .clip = action->clip, .bytes = bytes});
    later(rehearsal, rehearsal->now_ms,
          (struct call_event){.kind = EV_CLIP_DONE, .clip = action->clip});
    rehearsal->answered = true;
}

static void play(struct rehearsal *rehearsal, size_t bytes)
{
    if (rehearsal->play_end_ms < rehearsal->now_ms)
        rehearsal->play_end_ms = rehearsal->now_ms;
    rehearsal->play_end_ms += (int64_t)(bytes / CALL_BYTES_PER_MS);
}

/* The id is the core's until the step is over. */
static void take_tool(struct rehearsal *rehearsal, const struct call_action *action)
{
    size_t bytes = action->id.bytes < TOOL_ID_BYTES ? action->id.bytes : TOOL_ID_BYTES;
    bool message = str_is(action->name, "take_message");
    char *id = rehearsal->tool_ids[rehearsal->next_tool++ % TOOLS_AT_ONCE];
    memcpy(id, action->id.at, bytes);
    rehearsal->facts.message |= message;
    later(rehearsal, rehearsal->now_ms,
          (struct call_event){
              .kind = EV_TOOL_DONE,
              .id = {id, bytes},
              .text = str_of(message ? "{\"saved\":true}" : "{\"error\":\"no such tool\"}")});
}

static void leave(struct rehearsal *rehearsal)
{
    if (!rehearsal->leaving)
        later(rehearsal, rehearsal->now_ms, (struct call_event){.kind = EV_GONE});
    rehearsal->leaving = true;
}

static void record(struct rehearsal *rehearsal, const struct call_line *line)
{
    size_t at = 0;
    while (at < rehearsal->said_count && rehearsal->said[at].seq != line->seq)
        at++;
    if (at == REHEARSAL_SAID_MAX)
        return;
    struct said *said = &rehearsal->said[at];
    free(said->text);
    rehearsal->said_count += at == rehearsal->said_count;
    char *text = xstrndup(line->text.at ? line->text.at : "", line->text.bytes);
    *said = (struct said){line->seq,
                          text,
                          {.speaker = line->speaker,
                           .interrupted = line->interrupted,
                           .text = {text, line->text.bytes}}};
}

static void perform(struct rehearsal *rehearsal, const struct call_action *action)
{
    switch (action->kind) {
    case DO_SYNTH: give_clip(rehearsal, action); break;
    case DO_SEND: play(rehearsal, action->bytes); break;
    case DO_MARK:
        later(rehearsal, rehearsal->play_end_ms,
              (struct call_event){.kind = EV_MARK, .mark = action->mark});
        break;
    case DO_CLEAR: rehearsal->play_end_ms = rehearsal->now_ms; break;
    case DO_ASK:
        rehearsal->asking = true;
        rehearsal->gen = action->gen;
        rehearsal->asks++;
        break;
    case DO_CANCEL_REPLY: rehearsal->asking &= rehearsal->gen != action->gen; break;
    case DO_RECORD: record(rehearsal, &action->line); break;
    case DO_TOOL: take_tool(rehearsal, action); break;
    case DO_TRANSFER:
        rehearsal->facts.transferred = true;
        leave(rehearsal);
        break;
    case DO_HANG_UP:
        rehearsal->facts.hung_up = true;
        leave(rehearsal);
        break;
    case DO_FINALIZE:
    case DO_DROP_CLIP:
    case DO_ORDER_OVER:
    case DO_ENDED: break;
    }
}

static void step(struct rehearsal *rehearsal, const struct call_event *event)
{
    struct call_actions actions;
    rehearsal->steps++;
    call_step(rehearsal->core, rehearsal->now_ms, event, &actions);
    for (size_t i = 0; i < actions.count; i++)
        perform(rehearsal, &actions.list[i]);
}

/* ---- the caller ------------------------------------------------------------------------------ */

/* While he speaks the words so far are heard; without them it would be noise. */
static void say_words(struct rehearsal *rehearsal, struct str text, int64_t from_ms, int64_t to_ms)
{
    for (int64_t at_ms = from_ms + INTERIM_MS; at_ms < to_ms; at_ms += INTERIM_MS) {
        struct str so_far = utf8_cut(text, (size_t)((at_ms - from_ms) / LETTER_MS));
        later(rehearsal, at_ms,
              (struct call_event){.kind = EV_VOICE_GOING, .voiced_ms = CALL_VOICE_WINDOW_MS});
        later(rehearsal, at_ms,
              (struct call_event){.kind = EV_WORDS,
                                  .at_ms = from_ms,
                                  .end_ms = at_ms,
                                  .text = so_far,
                                  .confidence = CONFIDENCE});
    }
}

static void say_line(struct rehearsal *rehearsal)
{
    struct str text = str_of(rehearsal->lines[rehearsal->next_line++]);
    int64_t from_ms = rehearsal->now_ms;
    int64_t to_ms = from_ms + (int64_t)(text.bytes + 1) * LETTER_MS;
    later(rehearsal, from_ms, (struct call_event){.kind = EV_VOICE_ON, .at_ms = from_ms});
    say_words(rehearsal, text, from_ms, to_ms);
    later(rehearsal, to_ms + HANGOVER_MS,
          (struct call_event){.kind = EV_VOICE_OFF, .at_ms = to_ms});
    later(rehearsal, to_ms + WORDS_MS,
          (struct call_event){.kind = EV_WORDS_FINAL,
                              .at_ms = from_ms,
                              .end_ms = to_ms,
                              .text = text,
                              .from_finalize = true,
                              .speech_final = true,
                              .confidence = CONFIDENCE});
    rehearsal->quiet_ms = to_ms + WORDS_MS;
    rehearsal->answered = false;
}

/* When it is the caller's turn; CALL_NEVER: not as things are. */
static int64_t turn_at(const struct rehearsal *rehearsal)
{
    int64_t quiet_ms =
        rehearsal->play_end_ms > rehearsal->quiet_ms ? rehearsal->play_end_ms : rehearsal->quiet_ms;
    if (rehearsal->leaving || rehearsal->due_count || !call_listens(rehearsal->core))
        return CALL_NEVER;
    return quiet_ms + (rehearsal->answered ? BREATH_MS : REHEARSAL_PATIENCE_MS);
}

static void take_turn(struct rehearsal *rehearsal)
{
    if (rehearsal->next_line < rehearsal->line_count)
        say_line(rehearsal);
    else
        leave(rehearsal);
}

/* ---- time ------------------------------------------------------------------------------------ */

static int64_t least(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static void move_on(struct rehearsal *rehearsal)
{
    int64_t wake = call_wake_at(rehearsal->core), turn = turn_at(rehearsal);
    int64_t world = rehearsal->due_count ? rehearsal->due[0].at_ms : CALL_NEVER;
    int64_t next = least(wake, least(turn, world));
    if (next == CALL_NEVER) { /* nobody has anything to do any more */
        leave(rehearsal);
        return;
    }
    if (next > rehearsal->now_ms)
        rehearsal->now_ms = next;
    if (world <= next) {
        struct call_event event = rehearsal->due[0].event;
        memmove(&rehearsal->due[0], &rehearsal->due[1],
                --rehearsal->due_count * sizeof(rehearsal->due[0]));
        step(rehearsal, &event);
    } else if (turn <= next) {
        take_turn(rehearsal);
    } else {
        step(rehearsal, &(struct call_event){.kind = EV_TICK});
    }
}

enum rehearsal_state rehearsal_go(struct rehearsal *rehearsal)
{
    if (!rehearsal->steps)
        step(rehearsal, &(struct call_event){.kind = EV_STARTED});
    while (!call_ended(rehearsal->core)) {
        rehearsal->facts.too_long =
            rehearsal->asks > REHEARSAL_ASKS_MAX || rehearsal->steps > STEPS_MAX;
        if (rehearsal->facts.too_long)
            break;
        if (rehearsal->asking)
            return REHEARSAL_ASKS;
        move_on(rehearsal);
    }
    return REHEARSAL_OVER;
}

void rehearsal_hear(struct rehearsal *rehearsal, const struct call_event *event)
{
    struct call_event heard = *event;
    heard.gen = rehearsal->gen;
    if (!rehearsal->asking)
        return; /* the core has given that reply up */
    if (event->kind == EV_REPLY_DONE || event->kind == EV_REPLY_FAILED)
        rehearsal->asking = false;
    step(rehearsal, &heard);
}

/* ---- what came of it ------------------------------------------------------------------------- */

size_t rehearsal_transcript(const struct rehearsal *rehearsal,
                            struct rehearsal_said out[REHEARSAL_SAID_MAX])
{
    uint32_t last = 0;
    size_t count = 0;
    while (count < rehearsal->said_count) { /* by the order in which lines began */
        const struct said *next = NULL;
        for (size_t i = 0; i < rehearsal->said_count; i++) {
            const struct said *said = &rehearsal->said[i];
            if ((!count || said->seq > last) && (!next || said->seq < next->seq))
                next = said;
        }
        last = next->seq;
        out[count++] = next->said;
    }
    return count;
}

void rehearsal_print(const struct rehearsal *rehearsal, struct buf *json)
{
    static const char *const speakers[] = {
        [SPEAKER_CALLER] = "caller", [SPEAKER_AGENT] = "karen", [SPEAKER_TOOL] = "tool"};
    struct rehearsal_said said[REHEARSAL_SAID_MAX];
    size_t count = rehearsal ? rehearsal_transcript(rehearsal, said) : 0;
    buf_putc(json, '[');
    for (size_t i = 0; i < count; i++) {
        buf_printf(json, "%s{\"speaker\":\"%s\",\"interrupted\":%s,\"text\":", i ? "," : "",
                   speakers[said[i].speaker], said[i].interrupted ? "true" : "false");
        buf_json_string(json, said[i].text);
        buf_putc(json, '}');
    }
    buf_putc(json, ']');
}

struct rehearsal_facts rehearsal_facts(const struct rehearsal *rehearsal)
{
    return rehearsal->facts;
}
