/* line/line.c: one live call: events into the core, its actions carried out, beginning and end. */
#include "base/audio.h"
#include "base/mem.h"
#include "call/phrases.h"
#include "line/line_private.h"
#include "line/question.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLOCK_SLACK_MS = 40,   /* jitter of the carrier's times that means nothing */
    GAP_FILL_MS_MAX = 500, /* lost audio that the ears hear as silence */
    ZERO_MS = 2000,        /* so long the way of the audio is watched */
    KEY_TWICE_MS = 700,    /* the carrier and our ears tell of the same key this close together */
};

/* ---- the core's wishes ---- */

static void on_hung_up(int err, void *arg)
{
    struct line *line = arg;
    log_info(&line->log, "hung_up", "err=%d", err);
    if (!err)
        return; /* the carrier stops the stream, or the core grows tired of waiting */
    leg_close(&line->leg, "hang-up by closing the stream");
    line_feed(line, &(struct call_event){.kind = EV_GONE});
}

static void hang_up(struct line *line, struct str why)
{
    log_info(&line->log, "hanging_up", "why=\"%.*s\"", (int)why.bytes, why.at ? why.at : "");
    line->hanging_up = true;
    op_cancel(&line->carrying);
    line->parts->carrier.hang_up(line->parts->carrier.carrier, line->call_sid, on_hung_up, line,
                                 &line->carrying);
}

static void on_transferred(int err, void *arg)
{
    struct line *line = arg;
    log_info(&line->log, "transferred", "err=%d", err);
    if (!err)
        return; /* the carrier stops the stream */
    line->handing_over = false;
    line_feed(line, &(struct call_event){.kind = EV_TRANSFER_FAILED, .err = err});
}

static void transfer(struct line *line, uint32_t order, struct str whisper)
{
    line->handing_over = true;
    op_cancel(&line->carrying);
    line->parts->carrier.transfer(line->parts->carrier.carrier, line->call, line->call_sid,
                                  line_transfer_to(line, order), whisper, on_transferred, line,
                                  &line->carrying);
}

static void clear(struct line *line)
{
    leg_send_clear(line->leg);
    ears_hushed(line->ears);
}

/* The core says why in plain words; records and counters want one word of small letters. */
static void ended(struct line *line, struct str why)
{
    char word[LINE_WHY_BYTES_MAX + 1] = "";
    for (size_t i = 0; i < why.bytes && i < LINE_WHY_BYTES_MAX; i++)
        word[i] = why.at[i] >= 'a' && why.at[i] <= 'z' ? why.at[i] : '_';
    line_close(line, word[0] ? word : "ended");
}

static void perform(struct line *line, const struct call_action *action)
{
    switch (action->kind) {
    case DO_FINALIZE: listener_finalize(line->listener); break;
    case DO_ASK: line_ask(line, action->gen); break;
    case DO_CANCEL_REPLY: line_cancel_reply(line, action->gen); break;
    case DO_SYNTH: line_synth(line, action); break;
    case DO_SEND: line_send(line, action); break;
    case DO_MARK:
        if (line->leg)
            leg_send_mark(line->leg, action->mark);
        break;
    case DO_CLEAR:
        if (line->leg)
            clear(line);
        break;
    case DO_DROP_CLIP: line_drop_clip(line, action->clip); break;
    case DO_RECORD: line_record(line, &action->line); break;
    case DO_TOOL: line_tool(line, action); break;
    case DO_TRANSFER: transfer(line, action->order, action->text); break;
    case DO_ORDER_OVER: line_order_over(line, action->order, action->err); break;
    case DO_HANG_UP: hang_up(line, action->text); break;
    case DO_ENDED: ended(line, action->text); break;
    }
}

static void step(struct line *line, const struct call_event *event)
{
    struct call_actions todo;
    assert(!line->stepping);
    line->stepping = true;
    call_step(line->core, loop_now_ms(line->parts->loop), event, &todo);
    if (line->leg && todo.count > 1)
        leg_hold(line->leg);
    for (size_t i = 0; i < todo.count && !line->closed; i++)
        perform(line, &todo.list[i]);
    if (line->leg)
        leg_release(line->leg);
    line->stepping = false;
}

void line_wake(struct line *line)
{
    int64_t at_ms = call_wake_at(line->core);
    if (line->save_again_ms && line->save_again_ms < at_ms)
        at_ms = line->save_again_ms;
    if (at_ms == CALL_NEVER)
        timer_stop(line->tick);
    else
        timer_set(line->tick, at_ms);
}

/* What a cached phrase holds and which tool is refused is known while the core's wish is carried
 * out; the core hears of it in a step of its own, before anything else happens. */
void line_feed(struct line *line, const struct call_event *event)
{
    if (line->closed)
        return;
    line->arrived_us = loop_now_us(line->parts->loop);
    step(line, event);
    struct call_event news;
    while (!line->closed && (line_clip_news(line, &news) || line_tool_news(line, &news)))
        step(line, &news);
    if (line->closed)
        return;
    line_save(line);
    line_wake(line);
}

static void on_tick(void *arg)
{
    struct line *line = arg;
    if (line->save_again_ms && loop_now_ms(line->parts->loop) >= line->save_again_ms)
        line->save_again_ms = 0;
    line_feed(line, &(struct call_event){.kind = EV_TICK});
}

/* ---- what the caller lets us hear ----
 *
 * The core counts media time from EV_STARTED on. When that was on the carrier's own clock is seen
 * from the audio that took the shortest way here. */

static int64_t core_time(const struct line *line, int64_t media_ms)
{
    return media_ms > line->zero_ms ? media_ms - line->zero_ms : 0;
}

static void set_zero(struct line *line)
{
    int64_t since_ms = loop_now_ms(line->parts->loop) - line->opened_ms;
    int64_t zero_ms = line->clock_ms - since_ms;
    if (since_ms < ZERO_MS && zero_ms > line->zero_ms)
        line->zero_ms = zero_ms;
}

static void on_key(struct line *line, char digit, int64_t at_ms)
{
    if (digit == line->key && at_ms < line->key_at_ms + KEY_TWICE_MS) {
        line->key_at_ms = at_ms;
        return;
    }
    line->key = digit;
    line->key_at_ms = at_ms;
    line_feed(line, &(struct call_event){
                        .kind = EV_DTMF, .digit = digit, .at_ms = core_time(line, at_ms)});
}

static void on_ears(const struct ears_event *event, void *arg)
{
    static const enum call_event_kind kinds[] = {[EARS_VOICE_ON] = EV_VOICE_ON,
                                                 [EARS_VOICE_GOING] = EV_VOICE_GOING,
                                                 [EARS_VOICE_OFF] = EV_VOICE_OFF};
    struct line *line = arg;
    if (line->closed)
        return;
    if (event->kind == EARS_KEY) {
        on_key(line, event->digit, event->at_ms);
        return;
    }
    if (event->kind != EARS_VOICE_GOING)
        listener_voice(line->listener, event->kind == EARS_VOICE_ON, event->at_ms);
    line_feed(line, &(struct call_event){.kind = kinds[event->kind],
                                         .at_ms = core_time(line, event->at_ms),
                                         .voiced_ms = event->voiced_ms});
}

static void hear(struct line *line, const uint8_t *ulaw, size_t bytes)
{
    ears_hear(line->ears, ulaw, bytes, line->clock_ms, on_ears, line);
    if (!line->closed)
        listener_hear(line->listener, ulaw, bytes, line->clock_ms);
    line->clock_ms += (int64_t)(bytes / AUDIO_BYTES_PER_MS);
}

/* A short gap was silence for all we know; a long one is a leap of the clock. */
static void close_gap(struct line *line, int64_t at_ms)
{
    uint8_t silence[AUDIO_FRAME_BYTES];
    memset(silence, ULAW_SILENCE, sizeof(silence));
    if (at_ms - line->clock_ms > GAP_FILL_MS_MAX)
        line->clock_ms = at_ms - GAP_FILL_MS_MAX;
    while (!line->closed && line->clock_ms + AUDIO_FRAME_MS <= at_ms)
        hear(line, silence, sizeof(silence));
}

/* To another worker: what is needed there is stored first, then the stream is closed, and the
 * carrier asks who goes on. Whatever happens meanwhile puts it off. */
static void move_on(struct line *line)
{
    bool quiet = call_is_quiet(line->core);
    if (!quiet && line->move == MOVE_SAVED) {
        call_set_moving(line->core, false);
        line->move = MOVE_WANTED;
        line->dirty = true;
    } else if (quiet && line->move == MOVE_WANTED) {
        call_set_moving(line->core, true);
        line->move = MOVE_SAVED;
        line->dirty = true;
        line_save(line);
    } else if (quiet && line_saved(line)) {
        line->leg_lost = true;
        leg_close(&line->leg, "moved");
        line_feed(line, &(struct call_event){.kind = EV_GONE});
    }
}

void line_move(struct line *line)
{
    if (line->move == MOVE_NOT)
        line->move = MOVE_WANTED; /* looked at with each piece of audio */
}

static void on_audio(struct leg *leg, const uint8_t *ulaw, size_t bytes, int64_t at_ms, void *arg)
{
    struct line *line = arg;
    (void)leg;
    if (!line->clock_set)
        line->clock_ms = at_ms;
    line->clock_set = true;
    if (at_ms > line->clock_ms + CLOCK_SLACK_MS)
        close_gap(line, at_ms);
    if (!line->closed)
        hear(line, ulaw, bytes);
    if (!line->closed)
        set_zero(line);
    if (!line->closed && line->move != MOVE_NOT)
        move_on(line);
}

static void on_mark(struct leg *leg, uint32_t mark, void *arg)
{
    (void)leg;
    line_feed(arg, &(struct call_event){.kind = EV_MARK, .mark = mark});
}

static void on_dtmf(struct leg *leg, char digit, void *arg)
{
    struct line *line = arg;
    (void)leg;
    on_key(line, digit, line->clock_ms);
}

static void on_leg_closed(struct leg *leg, bool stopped, const char *why, void *arg)
{
    struct line *line = arg;
    (void)leg;
    (void)why; /* the leg has logged it */
    line->leg_stopped = stopped;
    line->leg_lost = !stopped;
    leg_close(&line->leg, "over");
    line_feed(line, &(struct call_event){.kind = EV_GONE});
}

static void on_listener(const struct call_event *event, void *arg)
{
    struct line *line = arg;
    struct call_event words = *event;
    words.at_ms = core_time(line, event->at_ms);
    words.end_ms = core_time(line, event->end_ms);
    line_feed(line, &words);
}

/* ---- beginning and end ---- */

static size_t count_texts(const char *const *texts)
{
    size_t count = 0;
    while (texts && texts[count])
        count++;
    return count;
}

/* Both lists in one, up to NULL. */
static char **copy_texts(const char *const *some, const char *const *others)
{
    size_t first = count_texts(some), count = first + count_texts(others);
    char **copy = xalloc((count + 1) * sizeof(*copy));
    for (size_t i = 0; i < count; i++)
        copy[i] = xstrdup(i < first ? some[i] : others[i - first]);
    return copy;
}

static void free_texts(char **texts)
{
    for (size_t i = 0; texts && texts[i]; i++)
        free(texts[i]);
    free(texts);
}

static void remember_setup(struct line *line, const struct line_setup *setup)
{
    char id[UUID_TEXT_BYTES];
    line->call = setup->call;
    line->tenant = setup->tenant;
    uuid_print(setup->call, id);
    log_with(&line->log, "call", id);
    uuid_print(setup->tenant, id);
    log_with(&line->log, "tenant", id);
    strncpy(line->call_sid, setup->call_sid, LINE_SID_BYTES_MAX);
    line->language = xstrdup(setup->language);
    line->voice_id = xstrdup(setup->voice_id);
    line->can_transfer = setup->transfer_to && setup->transfer_to[0];
    line->transfer_to = line->can_transfer ? xstrdup(setup->transfer_to) : NULL;
    line->keyterms = copy_texts(setup->keyterms, NULL);
    if (!setup->vip && (count_texts(setup->names) || count_texts(setup->urgent)))
        line->transfer_words = copy_texts(setup->names, setup->urgent);
}

/* Words that are not to be had are no reason not to answer: the core does without. */
void line_phrases(const struct line_parts *parts, const char *language, const char *owner,
                  struct phrases *phrases_out)
{
    struct buf why = {0};
    struct line_texts texts = parts->texts(language, parts->texts_arg);
    if (phrases_parse(str_of(texts.phrases), owner, phrases_out, &why))
        log_error(NULL, "no_phrases", "language=%s why=\"%s\"", language, buf_text(&why));
    buf_free(&why);
}

static void make_core(struct line *line, const struct line_setup *setup)
{
    struct phrases phrases = {0};
    line_phrases(line->parts, setup->language, setup->owner, &phrases);
    char *greeting = question_greeting(setup, &phrases);
    struct call_setup call = question_core(setup, &phrases, greeting);
    random_bytes(&call.seed, sizeof(call.seed));
    struct str snapshot = {0};
    int64_t now_ms = loop_now_ms(line->parts->loop);
    int err = snapshot_read(setup->snapshot, &line->usage, &line->waits, &snapshot);
    if (!err)
        err = call_restore(&call, snapshot, now_ms, &line->core);
    if (err) {
        line->core = call_new(&call, now_ms);
        line->seq_base = setup->last_seq;
    }
    phrases_free(&phrases);
    free(greeting);
}

static void open_listener(struct line *line)
{
    uuid_print(line->tenant, line->usage_tag);
    struct listener_options options = {
        .loop = line->parts->loop,
        .driver = line->parts->stt,
        .stt = {.language = line->language,
                .keyterms = (const char *const *)line->keyterms,
                .tag = line->usage_tag,
                .log = line->log},
        .on_event = on_listener,
        .arg = line,
        .log = line->log,
    };
    line->listener = listener_open(&options);
}

void line_open(const struct line_parts *parts, struct leg *leg, const struct line_setup *setup)
{
    static const struct leg_handler handler = {
        .on_audio = on_audio, .on_mark = on_mark, .on_dtmf = on_dtmf, .on_closed = on_leg_closed};
    struct line *line = xalloc(sizeof(*line));
    line->parts = parts;
    line->opened_ms = loop_now_ms(parts->loop);
    line->opened_us = loop_now_us(parts->loop);
    remember_setup(line, setup);
    make_core(line, setup);
    line_prepare_model(line, setup);
    line->ears = ears_new();
    line->tick = timer_new(parts->loop, on_tick, line);
    line->leg = leg;
    leg_admit(leg, &handler, line);
    open_listener(line);
    parts->on_opened(line, parts->arg);
    log_info(&line->log, "opened", "resumed=%d", setup->resumed);
    line_feed(line, &(struct call_event){.kind = EV_STARTED});
    if (!line->closed && !setup->message_only) /* while the greeting is heard */
        line_voice_open(line);
}

void line_end(struct line *line, const char *why)
{
    line_feed(line, &(struct call_event){.kind = EV_END_ASKED, .text = str_of(why)});
}

static void line_free(void *arg)
{
    struct line *line = arg;
    free_texts(line->keyterms);
    free_texts(line->transfer_words);
    free(line->language);
    free(line->voice_id);
    free(line->transfer_to);
    free(line->system);
    call_free(&line->core);
    ears_free(&line->ears);
    free(line);
}

/* The call is over, perhaps in the middle of everything. */
void line_close(struct line *line, const char *why)
{
    if (line->closed)
        return;
    line->closed = true;
    line->usage.carrier_ms += loop_now_ms(line->parts->loop) - line->opened_ms;
    line->usage.stt_ms += listener_sent_ms(line->listener);
    line_speech_close(line);
    line_model_close(line);
    line_record_close(line, why);
    line_orders_close(line);
    op_cancel(&line->carrying);
    timer_free(&line->tick);
    listener_close(&line->listener);
    leg_close(&line->leg, why);
    line->parts->on_gone(line, line->parts->arg);
    loop_defer(line->parts->loop, line_free, line); /* whoever is on the stack still sees it */
}
