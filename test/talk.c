/* test/talk.c: virtual time and a small obedient world for the conversation core. */
#include "test/talk.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct call_setup talk_setup(void)
{
    return (struct call_setup){
        .language = "en",
        .greeting = "How can I help you?",
        .phrases =
            {
                [PHRASE_DISCLOSURE] = "Hello, this is the AI assistant of Jan Novak.",
                [PHRASE_FILLER] = "One moment, please.",
                [PHRASE_STILL_THERE] = "Are you still there?",
                [PHRASE_STILL_THERE_2] = "Can you hear me?",
                [PHRASE_REPEAT] = "I did not catch that.",
                [PHRASE_TROUBLE] = "Sorry, please say that once more.",
                [PHRASE_DEAF] = "I cannot hear you. I will say that you called.",
                [PHRASE_ASK_NAME] = "I can take a message. What is your name?",
                [PHRASE_ASK_REASON] = "What is it about?",
                [PHRASE_ASK_NUMBER] = "What is your number?",
                [PHRASE_TAKEN] = "Thank you, I will pass that on.",
                [PHRASE_GOODBYE] = "Goodbye.",
                [PHRASE_SILENT_GOODBYE] = "I hear nobody. Goodbye.",
                [PHRASE_TIME_UP] = "Our time is up. Goodbye.",
                [PHRASE_TRANSFER] = "I am putting you through.",
                [PHRASE_RESUMED] = "Sorry, I lost you for a moment.",
                [PHRASE_NOT_REACHED] = "Nobody answers there.",
            },
        .can_transfer = true,
        .duration_ms_max = 120000,
        .seed = 1,
    };
}

struct talk talk_new(const struct call_setup *setup)
{
    return (struct talk){
        .core = call_new(setup, 0),
        .ms_per_letter = 60,
        .actions = xalloc(TALK_ACTIONS_MAX * sizeof(struct talk_action)),
    };
}

void talk_end(struct talk *talk)
{
    call_free(&talk->core);
    for (size_t i = 0; i < talk->text_count; i++)
        free(talk->texts[i]);
    free(talk->actions);
}

static struct str keep(struct talk *talk, struct str text)
{
    if (!text.bytes)
        return text;
    assert(talk->text_count < countof(talk->texts));
    char *copy = xstrndup(text.at, text.bytes);
    talk->texts[talk->text_count++] = copy;
    return (struct str){copy, text.bytes};
}

static void later(struct talk *talk, int64_t at_ms, struct call_event event)
{
    assert(talk->due_count < TALK_WORLD_MAX);
    size_t at = talk->due_count++;
    while (at && talk->due[at - 1].at_ms > at_ms) {
        talk->due[at] = talk->due[at - 1];
        at--;
    }
    talk->due[at] = (struct talk_due){at_ms, event};
}

static void give_clip(struct talk *talk, const struct call_action *action)
{
    if (talk->clips == CLIPS_BY_HAND)
        return;
    if (talk->clips == CLIPS_FAIL) {
        later(talk, talk->now_ms,
              (struct call_event){.kind = EV_CLIP_FAILED, .clip = action->clip, .err = 5});
        return;
    }
    size_t bytes = talk->clip_bytes
                       ? talk->clip_bytes
                       : action->text.bytes * (size_t)talk->ms_per_letter * CALL_BYTES_PER_MS;
    later(talk, talk->now_ms,
          (struct call_event){.kind = EV_CLIP_AUDIO, .clip = action->clip, .bytes = bytes});
    later(talk, talk->now_ms, (struct call_event){.kind = EV_CLIP_DONE, .clip = action->clip});
}

static void play(struct talk *talk, const struct call_action *action)
{
    if (talk->play_end_ms < talk->now_ms)
        talk->play_end_ms = talk->now_ms;
    talk->play_end_ms += (int64_t)(action->bytes / CALL_BYTES_PER_MS);
}

static void perform(struct talk *talk, const struct call_action *action)
{
    struct call_event mark = {.kind = EV_MARK, .mark = action->mark};
    switch (action->kind) {
    case DO_SYNTH: give_clip(talk, action); break;
    case DO_SEND: play(talk, action); break;
    case DO_MARK:
        if (talk->marks == MARKS_PLAYED)
            later(talk, talk->play_end_ms, mark);
        break;
    case DO_CLEAR: talk->play_end_ms = talk->now_ms; break;
    default: break;
    }
}

static void step(struct talk *talk, struct call_event event)
{
    struct call_actions out;
    call_step(talk->core, talk->now_ms, &event, &out);
    for (size_t i = 0; i < out.count; i++) {
        assert(talk->count < TALK_ACTIONS_MAX);
        struct talk_action *kept = &talk->actions[talk->count++];
        *kept = (struct talk_action){talk->now_ms, out.list[i]};
        struct call_action *action = &kept->action;
        action->text = keep(talk, action->text);
        action->id = keep(talk, action->id);
        action->name = keep(talk, action->name);
        action->line.text = keep(talk, action->line.text);
        action->line.generated = keep(talk, action->line.generated);
        perform(talk, action);
    }
}

void talk_until(struct talk *talk, int64_t at_ms)
{
    for (;;) {
        int64_t wake = call_wake_at(talk->core);
        int64_t world = talk->due_count ? talk->due[0].at_ms : CALL_NEVER;
        int64_t next = wake < world ? wake : world;
        if (next > at_ms)
            break;
        talk->now_ms = next > talk->now_ms ? next : talk->now_ms;
        struct call_event event = {.kind = EV_TICK};
        if (world <= wake) {
            event = talk->due[0].event;
            memmove(&talk->due[0], &talk->due[1], --talk->due_count * sizeof talk->due[0]);
        }
        step(talk, event);
    }
    talk->now_ms = at_ms > talk->now_ms ? at_ms : talk->now_ms;
}

void talk_at(struct talk *talk, int64_t at_ms, struct call_event event)
{
    talk_until(talk, at_ms);
    step(talk, event);
    talk_until(talk, at_ms); /* what was answered at once */
}

struct talk talk_begin(void)
{
    struct call_setup setup = talk_setup();
    struct talk talk = talk_new(&setup);
    talk_at(&talk, 0, (struct call_event){.kind = EV_STARTED});
    talk_until(&talk, 4900);
    talk.seen = talk.count;
    return talk;
}

void talk_says(struct talk *talk, int64_t from_ms, int64_t to_ms, const char *words)
{
    talk_at(talk, from_ms, (struct call_event){.kind = EV_VOICE_ON, .at_ms = from_ms});
    talk_at(talk, to_ms + 160, (struct call_event){.kind = EV_VOICE_OFF, .at_ms = to_ms});
    talk_at(talk, to_ms + 250,
            (struct call_event){.kind = EV_WORDS_FINAL,
                                .text = str_of(words),
                                .at_ms = from_ms,
                                .end_ms = to_ms,
                                .from_finalize = true,
                                .confidence = 0.5f});
}

void talk_interim(struct talk *talk, int64_t at_ms, int64_t from_ms, int64_t to_ms,
                  const char *text)
{
    talk_at(talk, at_ms,
            (struct call_event){
                .kind = EV_WORDS, .text = str_of(text), .at_ms = from_ms, .end_ms = to_ms});
}

void talk_final(struct talk *talk, int64_t at_ms, int64_t from_ms, int64_t to_ms, const char *text)
{
    talk_at(talk, at_ms,
            (struct call_event){.kind = EV_WORDS_FINAL,
                                .text = str_of(text),
                                .at_ms = from_ms,
                                .end_ms = to_ms,
                                .from_finalize = true,
                                .confidence = 0.9F});
}

void talk_voice_on(struct talk *talk, int64_t from_ms)
{
    talk_at(talk, from_ms + 60, (struct call_event){.kind = EV_VOICE_ON, .at_ms = from_ms});
}

void talk_voice_off(struct talk *talk, int64_t to_ms)
{
    talk_at(talk, to_ms + 160, (struct call_event){.kind = EV_VOICE_OFF, .at_ms = to_ms});
}

void talk_text(struct talk *talk, int64_t at_ms, const char *text)
{
    talk_until(talk, at_ms);
    talk_at(talk, at_ms,
            (struct call_event){
                .kind = EV_REPLY_TEXT, .gen = call_counts(talk->core)->gens, .text = str_of(text)});
}

void talk_tool(struct talk *talk, int64_t at_ms, const char *id, const char *name,
               const char *arguments)
{
    talk_until(talk, at_ms);
    talk_at(talk, at_ms,
            (struct call_event){.kind = EV_REPLY_TOOL,
                                .gen = call_counts(talk->core)->gens,
                                .id = str_of(id),
                                .name = str_of(name),
                                .text = str_of(arguments)});
}

void talk_done(struct talk *talk, int64_t at_ms)
{
    talk_until(talk, at_ms);
    talk_at(talk, at_ms,
            (struct call_event){.kind = EV_REPLY_DONE, .gen = call_counts(talk->core)->gens});
}

void talk_replies(struct talk *talk, int64_t at_ms, const char *text)
{
    talk_text(talk, at_ms, text);
    talk_done(talk, at_ms);
}

const struct talk_action *talk_next(struct talk *talk, enum call_action_kind kind)
{
    while (talk->seen < talk->count)
        if (talk->actions[talk->seen++].action.kind == kind)
            return &talk->actions[talk->seen - 1];
    return NULL;
}

const struct talk_action *talk_last(const struct talk *talk, enum call_action_kind kind)
{
    for (size_t i = talk->count; i-- > 0;)
        if (talk->actions[i].action.kind == kind)
            return &talk->actions[i];
    return NULL;
}

size_t talk_count(const struct talk *talk, enum call_action_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < talk->count; i++)
        count += talk->actions[i].action.kind == kind;
    return count;
}

size_t talk_phrases(const struct talk *talk, enum call_phrase phrase)
{
    size_t count = 0;
    for (size_t i = 0; i < talk->count; i++)
        count +=
            talk->actions[i].action.kind == DO_SYNTH && talk->actions[i].action.phrase == phrase;
    return count;
}

/* A line that was amended shows its last state, in the place of its first. */
static bool is_amended(const struct talk *talk, size_t at)
{
    for (size_t i = at + 1; i < talk->count; i++)
        if (talk->actions[i].action.kind == DO_RECORD &&
            talk->actions[i].action.line.seq == talk->actions[at].action.line.seq)
            return true;
    return false;
}

static const char *hold(struct talk *talk, struct buf *buf)
{
    assert(talk->text_count < countof(talk->texts));
    char *text = xstrdup(buf_text(buf));
    buf_free(buf);
    talk->texts[talk->text_count++] = text;
    return text;
}

static void put_line(struct buf *buf, const struct call_line *line)
{
    static const char *const speakers[] = {"caller", "agent", "tool"};
    buf_printf(buf, "%s: ", speakers[line->speaker]);
    if (line->kind == LINE_BACKCHANNEL)
        buf_puts(buf, "(");
    buf_add_str(buf, line->text);
    if (line->kind == LINE_BACKCHANNEL)
        buf_puts(buf, ")");
    buf_puts(buf, line->interrupted ? " --\n" : "\n");
}

const char *talk_lines(struct talk *talk)
{
    struct buf buf = {0};
    for (uint32_t seq = 1, found = 1; found || seq < 2000; seq++) {
        found = 0;
        for (size_t i = 0; i < talk->count; i++) {
            const struct call_action *action = &talk->actions[i].action;
            if (action->kind != DO_RECORD || action->line.seq != seq || is_amended(talk, i))
                continue;
            put_line(&buf, &action->line);
            found = 1;
        }
    }
    return hold(talk, &buf);
}

const char *talk_context(struct talk *talk)
{
    static const char *const roles[] = {"assistant", "user", "call", "result", "whisper"};
    struct call_message messages[CALL_MESSAGES_MAX];
    struct buf buf = {0};
    size_t count = call_messages(talk->core, messages, CALL_MESSAGES_MAX);
    for (size_t i = 0; i < count; i++) {
        buf_printf(&buf, "%s: ", roles[messages[i].role]);
        buf_add_str(&buf, messages[i].text);
        buf_putc(&buf, '\n');
    }
    return hold(talk, &buf);
}
