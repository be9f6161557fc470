/* test/line_scene.c: the parts around a line, played. What a real one would answer later is
 * answered on a later turn of the loop. */
#include "test/line_scene.h"

#include "base/audio.h"
#include "base/mem.h"
#include "base/op.h"
#include "provider/llm.h"
#include "provider/stt.h"
#include "provider/tts.h"
#include "store/journal.h"
#include "store/messages.h"
#include "store/turns.h"
#include "test/test.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct scene *now_playing; /* the ports carry no argument of ours */

static void copy_str(char *out, size_t room, struct str text)
{
    size_t bytes = text.bytes < room - 1 ? text.bytes : room - 1;
    if (bytes > 0)
        memcpy(out, text.at, bytes);
    out[bytes] = '\0';
}

/* ---- the carrier ---- */

static void leg_admit_it(struct leg *leg, const struct leg_handler *handler, void *arg)
{
    struct scene_leg *it = (struct scene_leg *)leg;
    it->handler = handler;
    it->arg = arg;
    it->open = true;
}

static void leg_refuse_it(struct leg *leg, const char *why)
{
    (void)why;
    free(leg);
}

static void leg_audio(struct leg *leg, const uint8_t *ulaw, size_t bytes)
{
    struct scene *s = ((struct scene_leg *)leg)->scene;
    (void)ulaw;
    int64_t now_ms = loop_now_ms(s->loop);
    if (s->first_sent_us < 0)
        s->first_sent_us = loop_now_us(s->loop) - s->opened_ms * 1000;
    if (s->play_end_ms < now_ms)
        s->play_end_ms = now_ms;
    s->play_end_ms += (int64_t)(bytes / AUDIO_BYTES_PER_MS);
    s->sent_bytes += bytes;
}

static void leg_mark(struct leg *leg, uint32_t mark)
{
    struct scene *s = ((struct scene_leg *)leg)->scene;
    assert_true(s->mark_count < SCENE_MARKS_MAX);
    s->marks[s->mark_count++] = (struct scene_mark){mark, s->play_end_ms};
}

static void leg_clear(struct leg *leg)
{
    struct scene *s = ((struct scene_leg *)leg)->scene;
    s->clears++;
    s->play_end_ms = loop_now_ms(s->loop);
    for (size_t i = 0; i < s->mark_count; i++)
        s->marks[i].due_ms = 0; /* a clear returns every mark */
}

static void leg_hold_it(struct leg *leg)
{
    struct scene_leg *it = (struct scene_leg *)leg;
    assert_false(it->held);
    it->held = true;
}

static void leg_release_it(struct leg *leg)
{
    ((struct scene_leg *)leg)->held = false;
}

static void leg_close_it(struct leg *leg, const char *why)
{
    struct scene_leg *it = (struct scene_leg *)leg;
    snprintf(it->close_why, sizeof(it->close_why), "%s", why);
    if (it->scene->leg == it)
        it->scene->leg = NULL;
    loop_defer(it->scene->loop, free, it);
}

static const struct leg_kind scene_leg_kind = {.admit = leg_admit_it,
                                               .refuse = leg_refuse_it,
                                               .send_audio = leg_audio,
                                               .send_mark = leg_mark,
                                               .send_clear = leg_clear,
                                               .hold = leg_hold_it,
                                               .release = leg_release_it,
                                               .close = leg_close_it};

struct scene_leg *scene_leg_new(struct scene *s)
{
    struct scene_leg *leg = xalloc(sizeof(*leg));
    leg->leg.kind = &scene_leg_kind;
    leg->scene = s;
    return leg;
}

static bool leg_is_open(const struct scene *s)
{
    return s->leg && s->leg->open;
}

static void give_marks(struct scene *s)
{
    while (leg_is_open(s) && s->mark_count > 0 && s->marks[0].due_ms <= loop_now_ms(s->loop)) {
        uint32_t mark = s->marks[0].mark;
        memmove(s->marks, s->marks + 1, --s->mark_count * sizeof(s->marks[0]));
        s->leg->handler->on_mark(&s->leg->leg, mark, s->leg->arg);
    }
}

/* A vowel of pulses through one resonance; silence has a little noise in it. */
static void make_frame(const struct scene *s, uint8_t frame[AUDIO_FRAME_BYTES])
{
    static double past[2];
    bool voice = s->media_ms < s->voice_until_ms;
    for (size_t i = 0; i < AUDIO_FRAME_BYTES; i++) {
        size_t at = (size_t)s->media_ms * AUDIO_BYTES_PER_MS + i;
        double y = (at % 67 == 0 ? 1.0 : 0.0) + 1.7 * past[0] - 0.94 * past[1];
        past[1] = past[0];
        past[0] = y;
        double sample = voice ? fmax(-30000, fmin(30000, 5000 * y)) : (double)(at * 7 % 5);
        frame[i] = ulaw_encode((int16_t)sample);
    }
}

static void on_media(void *arg)
{
    struct scene *s = arg;
    give_marks(s);
    int64_t due_ms = loop_now_ms(s->loop) - s->opened_ms;
    while (leg_is_open(s) && s->media_ms + AUDIO_FRAME_MS <= due_ms) {
        uint8_t frame[AUDIO_FRAME_BYTES];
        make_frame(s, frame);
        int64_t at_ms = s->media_ms;
        s->media_ms += AUDIO_FRAME_MS;
        s->leg->handler->on_audio(&s->leg->leg, frame, sizeof(frame), at_ms, s->leg->arg);
    }
    timer_set(s->media, loop_now_ms(s->loop) + 10);
}

struct request { /* to the carrier */
    struct op op;
    line_carrier_fn *on_done;
    void *arg;
};

static void cancel_request(struct op *op)
{
    struct request *request = (struct request *)op;
    request->on_done = NULL; /* answer() frees it */
}

static void answer(void *arg)
{
    struct request *request = arg;
    struct scene *s = now_playing;
    if (request->on_done) {
        op_end(&request->op);
        request->on_done(s->carrier_err, request->arg);
    }
    free(request);
    if (!s->carrier_err && s->stop_on_request)
        scene_gone(s, true);
}

static void ask_carrier(line_carrier_fn *on_done, void *arg, struct op **slot)
{
    struct request *request = xalloc(sizeof(*request));
    request->on_done = on_done;
    request->arg = arg;
    op_begin(&request->op, cancel_request, slot);
    loop_defer(now_playing->loop, answer, request);
}

static void hang_up(void *carrier, const char *call_sid, line_carrier_fn *on_done, void *arg,
                    struct op **slot)
{
    struct scene *s = carrier;
    int64_t left_ms = s->play_end_ms - loop_now_ms(s->loop);
    s->hang_ups++;
    s->unheard_bytes = left_ms > 0 ? (size_t)left_ms * AUDIO_BYTES_PER_MS : 0;
    snprintf(s->hung_up, sizeof(s->hung_up), "%s", call_sid);
    ask_carrier(on_done, arg, slot);
}

static void transfer(void *carrier, struct uuid call, const char *call_sid, const char *to,
                     struct str whisper, line_carrier_fn *on_done, void *arg, struct op **slot)
{
    struct scene *s = carrier;
    (void)call;
    (void)call_sid;
    s->transfers++;
    snprintf(s->transferred_to, sizeof(s->transferred_to), "%s", to);
    copy_str(s->whisper, sizeof(s->whisper), whisper);
    ask_carrier(on_done, arg, slot);
}

void scene_gone(struct scene *s, bool stopped)
{
    if (!leg_is_open(s))
        return;
    s->leg->open = false;
    s->leg->handler->on_closed(&s->leg->leg, stopped, "the scene says so", s->leg->arg);
}

/* ---- the recogniser ---- */

struct stt {
    stt_event_fn *on_event;
    void *arg;
    bool closed, open;
    int64_t sent_bytes;
};

static void open_or_refuse(void *arg)
{
    struct stt *stt = arg;
    struct scene *s = now_playing;
    struct stt_event event = {.kind = s->stt_err ? STT_CLOSED : STT_OPEN, .err = s->stt_err};
    if (stt->closed)
        free(stt);
    else {
        stt->open = true;
        stt->on_event(&event, stt->arg);
    }
}

struct stt *stt_open(struct stt_driver *driver, const struct stt_options *options,
                     stt_event_fn *on_event, void *arg)
{
    (void)driver;
    assert_string_equal(options->language, "en");
    struct stt *stt = xalloc(sizeof(*stt));
    stt->on_event = on_event;
    stt->arg = arg;
    now_playing->stt = stt;
    now_playing->stt_opened++;
    loop_defer(now_playing->loop, open_or_refuse, stt);
    return stt;
}

void stt_send(struct stt *stt, const uint8_t *ulaw, size_t bytes)
{
    (void)ulaw;
    stt->sent_bytes += (int64_t)bytes;
}

void stt_flush(struct stt *stt)
{
    (void)stt;
}

void stt_finalize(struct stt *stt)
{
    (void)stt;
    now_playing->stt_finalized++;
}

void stt_close(struct stt **slot)
{
    struct stt *stt = *slot;
    *slot = NULL;
    if (!stt)
        return;
    if (now_playing->stt == stt)
        now_playing->stt = NULL;
    stt->closed = true;
    if (stt->open)
        loop_defer(now_playing->loop, free, stt);
}

void scene_words(struct scene *s, const char *text, bool final)
{
    assert_non_null(s->stt);
    int64_t end_ms = s->stt->sent_bytes / AUDIO_BYTES_PER_MS;
    struct stt_event event = {.kind = final ? STT_FINAL : STT_PARTIAL,
                              .text = str_of(text),
                              .start_ms = end_ms > 400 ? end_ms - 400 : 0,
                              .end_ms = end_ms > 100 ? end_ms - 100 : end_ms,
                              .speech_final = final,
                              .from_finalize = final,
                              .confidence = 0.95F};
    s->stt->on_event(&event, s->stt->arg);
}

void scene_speak(struct scene *s, int64_t ms)
{
    s->voice_until_ms = s->media_ms + ms;
}

void scene_say(struct scene *s, const char *text)
{
    size_t finalized = s->stt_finalized;
    scene_speak(s, 500);
    scene_until(s, s->stt_finalized > finalized);
    scene_words(s, text, true);
}

/* ---- the model ---- */

static void cancel_ask(struct op *op)
{
    struct scene_ask *ask = (struct scene_ask *)op;
    ask->scene->asks_cancelled++;
    if (ask->scene->ask == ask)
        ask->scene->ask = NULL;
    loop_defer(ask->scene->loop, free, ask);
}

void llm_ask(struct llm_driver *driver, const struct llm_request *request, llm_event_fn *on_event,
             void *arg, struct op **slot)
{
    (void)driver;
    struct scene *s = now_playing;
    struct scene_ask *ask = xalloc(sizeof(*ask));
    ask->scene = s;
    memcpy(&ask->on_event, &on_event, sizeof(on_event));
    ask->arg = arg;
    op_begin(&ask->op, cancel_ask, slot);
    s->ask = ask;
    s->asks++;
    s->tools_offered = request->tool_count;
    assert_int_equal(request->messages[0].role, LLM_SYSTEM);
    copy_str(s->system, sizeof(s->system), request->messages[0].text);
    for (size_t i = 0; i < request->message_count; i++) {
        if (request->messages[i].role == LLM_USER)
            copy_str(s->user, sizeof(s->user), request->messages[i].text);
        if (request->messages[i].role == LLM_TOOL_RESULT)
            copy_str(s->tool_result, sizeof(s->tool_result), request->messages[i].text);
    }
}

static void tell(struct scene *s, struct llm_event event)
{
    assert_non_null(s->ask);
    struct scene_ask *ask = s->ask;
    llm_event_fn *on_event;
    memcpy(&on_event, &ask->on_event, sizeof(on_event));
    void *arg = ask->arg;
    if (event.kind == LLM_DONE || event.kind == LLM_FAILED) {
        s->ask = NULL;
        op_end(&ask->op);
        loop_defer(s->loop, free, ask);
    }
    on_event(&event, arg);
}

void scene_reply(struct scene *s, const char *text)
{
    tell(s, (struct llm_event){.kind = LLM_TEXT, .text = str_of(text)});
}

void scene_reply_tool(struct scene *s, const char *id, const char *name, const char *arguments)
{
    tell(s,
         (struct llm_event){
             .kind = LLM_TOOL, .id = str_of(id), .name = str_of(name), .text = str_of(arguments)});
}

void scene_reply_done(struct scene *s)
{
    tell(s, (struct llm_event){.kind = LLM_DONE,
                               .model = "played",
                               .usage = {.prompt_tokens = 100, .completion_tokens = 10}});
}

void scene_reply_failed(struct scene *s, int err)
{
    tell(s, (struct llm_event){.kind = LLM_FAILED, .err = err});
}

/* ---- the voice ---- */

struct speak {
    struct op op;
    struct scene *scene;
    tts_event_fn *on_event;
    void *arg;
    int64_t characters;
    bool cancelled, silent; /* silent: it never answers */
};

static void cancel_speak(struct op *op)
{
    struct speak *speak = (struct speak *)op;
    speak->cancelled = true;
    speak->scene->speaks_cancelled++;
    if (speak->silent)
        loop_defer(speak->scene->loop, free, speak);
}

static void speak_it(void *arg)
{
    struct speak *speak = arg;
    struct scene *s = speak->scene;
    size_t bytes = (size_t)s->speech_ms * AUDIO_BYTES_PER_MS;
    struct tts_event audio = {.kind = TTS_AUDIO,
                              .bytes = bytes,
                              .anchors = s->speech_anchors,
                              .anchor_count = s->speech_anchor_count};
    struct tts_event end = {.kind = s->tts_err ? TTS_FAILED : TTS_DONE,
                            .err = s->tts_err,
                            .characters = speak->characters};
    uint8_t *ulaw = xalloc(bytes + 1);
    memset(ulaw, 0x55, bytes);
    audio.ulaw = ulaw;
    if (!speak->cancelled && !s->tts_err)
        speak->on_event(&audio, speak->arg);
    if (!speak->cancelled) {
        op_end(&speak->op);
        speak->on_event(&end, speak->arg);
    }
    free(ulaw);
    free(speak);
}

struct tts_session *tts_session_open(struct tts_driver *driver, const struct tts_voicing *voicing)
{
    (void)driver;
    assert_string_equal(voicing->language, "en");
    now_playing->sessions++;
    return (struct tts_session *)now_playing;
}

void tts_session_close(struct tts_session **session)
{
    now_playing->sessions -= *session != NULL;
    *session = NULL;
}

void tts_speak(struct tts_driver *driver, const struct tts_request *request, tts_event_fn *on_event,
               void *arg, struct op **slot)
{
    (void)driver;
    struct scene *s = now_playing;
    struct speak *speak = xalloc(sizeof(*speak));
    speak->scene = s;
    speak->on_event = on_event;
    speak->arg = arg;
    speak->characters = (int64_t)request->text.bytes;
    speak->silent = s->tts_silent;
    op_begin(&speak->op, cancel_speak, slot);
    s->speaks++;
    assert_true(!request->session || request->session == (struct tts_session *)s);
    copy_str(s->spoken, sizeof(s->spoken), request->text);
    if (!speak->silent)
        loop_defer(s->loop, speak_it, speak);
}

/* ---- the store ---- */

struct write {
    struct op op;
    struct scene *scene;
    db_end_fn *on_end;
    void *arg;
    bool cancelled, silent;
};

static void cancel_write(struct op *op)
{
    struct write *write = (struct write *)op;
    write->cancelled = true;
    if (write->silent)
        loop_defer(write->scene->loop, free, write);
}

static void end_write(void *arg)
{
    struct write *write = arg;
    if (!write->cancelled) {
        op_end(&write->op);
        write->on_end(write->scene->db_err, write->arg);
    }
    free(write);
}

/* True: it is taken, look at it. */
static bool begin_write(struct scene *s, db_end_fn *on_end, void *arg, struct op **slot)
{
    struct write *write = xalloc(sizeof(*write));
    write->scene = s;
    write->on_end = on_end;
    write->arg = arg;
    write->silent = s->db_silent;
    op_begin(&write->op, cancel_write, slot);
    s->attempts++;
    if (s->db_silent)
        return false;
    loop_defer(s->loop, end_write, write);
    return !s->db_err;
}

static void note_lines(struct scene *s, const struct call_line *lines, size_t count)
{
    static const char *const who[] = {"caller", "karen", "tool"};
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(s->transcript);
        snprintf(s->transcript + used, sizeof(s->transcript) - used, "%u %s: %.*s\n", lines[i].seq,
                 who[lines[i].speaker], (int)lines[i].text.bytes,
                 lines[i].text.at ? lines[i].text.at : "");
    }
    s->saved_lines += count;
}

static void note_usage(struct scene *s, const struct usage_item *items, size_t count)
{
    for (const struct usage_item *item = items; item < items + count; item++) {
        assert_true(item->quantity > 0);
        if (strcmp(item->kind, "telephony_ms") == 0)
            s->carrier_ms = item->quantity;
        if (strcmp(item->kind, "stt_ms") == 0)
            s->stt_ms = item->quantity;
        if (strcmp(item->kind, "tts_characters") == 0)
            s->characters = item->quantity;
        if (strcmp(item->kind, "llm_input_tokens") == 0)
            s->tokens = item->quantity;
    }
}

void turns_save(struct db *db, struct uuid tenant, struct uuid call, const struct call_line *lines,
                size_t count, const struct turns_snapshot *snapshot, db_end_fn *on_end, void *arg,
                struct op **slot)
{
    struct scene *s = now_playing;
    (void)db, (void)tenant, (void)call;
    if (!begin_write(s, on_end, arg, slot))
        return;
    s->saves++;
    note_lines(s, lines, count);
    copy_str(s->snapshot, sizeof(s->snapshot), snapshot->state);
    note_usage(s, snapshot->usage, snapshot->usage_count);
}

/* Scenes have no journal. */
void journal_turns(struct journal *journal, struct uuid tenant, struct uuid call,
                   const struct call_line *lines, size_t count,
                   const struct turns_snapshot *snapshot, bool *held)
{
    (void)journal, (void)tenant, (void)call, (void)lines, (void)count, (void)snapshot, (void)held;
}

void journal_message(struct journal *journal, const struct message *message, bool *held)
{
    (void)journal, (void)message, (void)held;
}

void journal_finish(struct journal *journal, const struct call_finish *finish, bool *held)
{
    (void)journal, (void)finish, (void)held;
}

void journal_release(struct journal *journal, bool *held)
{
    (void)journal, (void)held;
}

bool journal_wanted(const struct journal *journal)
{
    (void)journal;
    return false;
}

bool journal_full(const struct journal *journal)
{
    (void)journal;
    return false;
}

void calls_finish(struct db *db, const struct call_finish *finish, db_end_fn *on_end, void *arg,
                  struct op **slot)
{
    struct scene *s = now_playing;
    (void)db;
    if (!begin_write(s, on_end, arg, slot))
        return;
    s->finishes++;
    snprintf(s->why, sizeof(s->why), "%s", finish->why);
    note_lines(s, finish->lines, finish->line_count);
    s->counts = *finish->counts;
    s->waits = *finish->waits;
    note_usage(s, finish->usage, finish->usage_count);
}

void messages_take(struct db *db, const struct message *message, db_end_fn *on_end, void *arg,
                   struct op **slot)
{
    struct scene *s = now_playing;
    (void)db;
    if (!begin_write(s, on_end, arg, slot))
        return;
    s->messages++;
    snprintf(s->message_name, sizeof(s->message_name), "%s",
             message->caller_name ? message->caller_name : "");
    snprintf(s->message_reason, sizeof(s->message_reason), "%s", message->reason);
}

/* ---- the scene ---- */

static struct line_texts texts(const char *language, void *arg)
{
    (void)language;
    (void)arg;
    return (struct line_texts){
        .conversation =
            "You answer for {owner}.\n[names] {names}\n[said] {said}\n[notes] {notes}\n",
        .phrases = "{\"owner_unknown\":\"the owner\",\"disclosure\":\"This is an assistant of "
                   "{owner}.\",\"greeting\":\"How can I help?\",\"filler\":\"One "
                   "moment.\",\"still_there\":\"Are you there?\",\"still_there_2\":\"Can you hear "
                   "me?\",\"repeat\":\"Say it again, please.\",\"trouble\":\"I am having "
                   "trouble.\",\"deaf\":\"I cannot hear you.\",\"ask_name\":\"Your name, "
                   "please?\",\"ask_reason\":\"What is it about?\",\"ask_number\":\"Your number, "
                   "please?\",\"taken\":\"I will pass it on.\",\"goodbye\":\"Goodbye.\","
                   "\"silent_goodbye\":\"Nobody there, goodbye.\",\"time_up\":\"Time is "
                   "up.\",\"transfer\":\"Putting you through.\",\"resumed\":\"Sorry, I am "
                   "back.\",\"not_reached\":\"Nobody answers.\"}"};
}

static void open_board(struct scene *s)
{
    struct switchboard_options options = {
        .loop = s->loop,
        .texts = texts,
        .carrier = {.hang_up = hang_up, .transfer = transfer, .carrier = s},
        .cache_directory = NULL,
        .lines_max = 4,
        .tenant_lines_max = 3,
    };
    s->board = switchboard_new(&options);
}

int scene_set_up(void **state)
{
    struct scene *s = xalloc(sizeof(*s));
    now_playing = s;
    s->loop = loop_new();
    s->speech_ms = 200;
    s->stop_on_request = true;
    s->first_sent_us = -1;
    s->media = timer_new(s->loop, on_media, s);
    open_board(s);
    *state = s;
    return 0;
}

int scene_tear_down(void **state)
{
    struct scene *s = *state;
    timer_free(&s->media);
    switchboard_free(&s->board);
    for (int i = 0; i < 5; i++)
        loop_step(s->loop, 0);
    loop_free(&s->loop);
    free(s);
    return 0;
}

struct line_setup scene_setup(int number)
{
    static const char *const sids[] = {"CA0", "CA1", "CA2", "CA3", "CA4", "CA5"};
    struct line_setup setup = {.call_sid = sids[number],
                               .caller_number = "+420602000111",
                               .owner = "Jan",
                               .language = "en",
                               .voice_id = "anna",
                               .greeting = "Good day.",
                               .instructions = "Be kind.",
                               .timezone = "Europe/Prague",
                               .transfer_to = "+420777123456"};
    setup.call.bytes[15] = (uint8_t)(number + 1);
    setup.tenant.bytes[0] = 7;
    return setup;
}

void scene_open(struct scene *s, const struct line_setup *setup)
{
    s->leg = scene_leg_new(s);
    s->opened_ms = loop_now_ms(s->loop);
    s->media_ms = s->voice_until_ms = s->play_end_ms = 0;
    s->mark_count = s->sent_bytes = 0;
    s->first_sent_us = -1;
    assert_int_equal(switchboard_open(s->board, &s->leg->leg, setup), 0);
    timer_set(s->media, s->opened_ms);
}

void scene_wait(struct scene *s, int64_t ms)
{
    int64_t end_ms = loop_now_ms(s->loop) + ms;
    while (loop_now_ms(s->loop) < end_ms)
        loop_step(s->loop, end_ms - loop_now_ms(s->loop));
}

void scene_heard_all(struct scene *s)
{
    scene_until(s,
                s->sent_bytes > 0 && s->mark_count == 0 && loop_now_ms(s->loop) >= s->play_end_ms);
}
