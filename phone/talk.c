/* phone/talk.c: turn taking from the caller's side, by what is heard. */
#include "phone/talk.h"

#include "base/audio.h"

#include <math.h>
#include <string.h>

enum {
    SILENCE_MS = 700,
    PATIENCE_MS = 8000,
    LINGER_MS = 2000,
    LONGEST_MS = 180000,
};
#define VOICE_DB (-45.0) /* louder than this is Karen speaking, below is her line's noise */

static int64_t or_preset(int64_t given, int64_t preset)
{
    return given ? given : preset;
}

void talk_begin(struct talk *talk, const struct talk_script *script, talk_note_fn *on_note,
                void *arg)
{
    *talk = (struct talk){
        .script = script, .on_note = on_note, .arg = arg, .greeting_ms = -1, .early_ms = -1};
}

static void note(struct talk *talk, enum talk_note kind, int64_t at_ms, int64_t number, double db)
{
    if (talk->on_note)
        talk->on_note(kind, at_ms, number, db, talk->arg);
}

static double level_of(const uint8_t *ulaw)
{
    return ulaw_level_db(ulaw, AUDIO_FRAME_BYTES);
}

static void add_reply(struct talk *talk, int64_t ms)
{
    if (talk->reply_count < TALK_REPLIES_MAX)
        talk->reply_ms[talk->reply_count++] = ms;
}

static void begin_hearing(struct talk *talk, int64_t at_ms)
{
    int64_t waited_ms = at_ms - talk->last_word_at_ms;
    talk->hearing = true;
    talk->spoke_ms = 0;
    talk->energy = 0;
    if (talk->greeting_ms < 0)
        talk->greeting_ms = at_ms - talk->stream_at_ms;
    else if (talk->talking)
        talk->early_ms = waited_ms;
    else if (!talk->answered && talk->next_clip > 0)
        add_reply(talk, waited_ms);
    talk->answered = true;
    note(talk, TALK_HEARS, at_ms, waited_ms, 0);
}

static void end_hearing(struct talk *talk, int64_t at_ms)
{
    double frames = (double)talk->spoke_ms / AUDIO_FRAME_MS;
    talk->hearing = false;
    note(talk, TALK_HEARD, at_ms, talk->spoke_ms,
         frames > 0 ? 10 * log10(talk->energy / frames) : -100);
}

static void listen(struct talk *talk, const struct phone_event *event)
{
    double db = event->agent_audio ? level_of(event->heard) : -100;
    if (db > VOICE_DB) {
        if (!talk->hearing)
            begin_hearing(talk, event->at_ms);
        talk->quiet_ms = 0;
    } else {
        talk->quiet_ms += AUDIO_FRAME_MS;
    }
    if (talk->hearing) {
        talk->spoke_ms += AUDIO_FRAME_MS;
        talk->energy += pow(10, db / 10);
        if (talk->quiet_ms >= or_preset(talk->script->silence_ms, SILENCE_MS)) {
            talk->spoke_ms -= talk->quiet_ms;
            end_hearing(talk, event->at_ms);
        }
    }
}

static void speak(struct talk *talk, struct phone_call *call, int64_t at_ms)
{
    const struct str *clip = &talk->script->clips[talk->next_clip];
    if (talk->next_clip > 0 && !talk->answered)
        talk->unanswered++;
    note(talk, TALK_SAYS, at_ms, (int64_t)talk->next_clip, 0);
    phone_say(call, (const uint8_t *)clip->at, clip->bytes);
    talk->next_clip++;
    talk->talking = true;
    talk->answered = false;
    talk->quiet_ms = 0;
    talk->waited_ms = 0;
}

static void leave(struct talk *talk, struct phone_call *call, int64_t at_ms)
{
    if (talk->script->clip_count && !talk->answered)
        talk->unanswered++;
    talk->left = true;
    note(talk, TALK_LEAVES, at_ms, 0, 0);
    phone_hang_up(call);
}

/* It is the caller's turn when Karen has been silent for a while, or never began. */
static void decide(struct talk *talk, struct phone_call *call, int64_t at_ms)
{
    const struct talk_script *script = talk->script;
    bool done = talk->next_clip >= script->clip_count;
    bool impatient = talk->waited_ms >= or_preset(script->patience_ms, PATIENCE_MS);
    int64_t wait_ms = or_preset(script->silence_ms, SILENCE_MS);
    if (done)
        wait_ms += or_preset(script->linger_ms, LINGER_MS);
    if (talk->hearing || !((talk->answered && talk->quiet_ms >= wait_ms) || impatient))
        return;
    if (!done)
        speak(talk, call, at_ms);
    else
        leave(talk, call, at_ms);
}

/* A clip ends with a little silence, and a quick answer may begin in it. */
static void follow_clip(struct talk *talk, struct phone_call *call, const struct phone_event *event)
{
    if (level_of(event->said) > VOICE_DB) {
        talk->last_word_at_ms = event->at_ms;
        talk->early_ms = -1; /* Karen spoke into a pause: that was no reply */
    }
    if (phone_is_talking(call))
        return;
    talk->talking = false;
    talk->answered = talk->early_ms >= 0;
    if (talk->answered)
        add_reply(talk, talk->early_ms);
    talk->early_ms = -1;
    talk->quiet_ms = 0;
    note(talk, TALK_SAID, event->at_ms, (int64_t)talk->next_clip - 1, 0);
}

static void on_frame(struct talk *talk, struct phone_call *call, const struct phone_event *event)
{
    listen(talk, event);
    if (talk->talking)
        follow_clip(talk, call, event);
    if (talk->talking || talk->left)
        return;
    if (!talk->answered)
        talk->waited_ms += AUDIO_FRAME_MS;
    if (event->at_ms >= or_preset(talk->script->longest_ms, LONGEST_MS))
        leave(talk, call, event->at_ms);
    else
        decide(talk, call, event->at_ms);
}

/* An empty text is a caller who types nothing. */
static void type(struct talk *talk, struct phone_call *call)
{
    if (talk->next_digits < talk->script->digits_count)
        phone_press(call, talk->script->digits[talk->next_digits++]);
}

void talk_on_event(struct talk *talk, struct phone_call *call, const struct phone_event *event)
{
    if (event->kind == PHONE_STREAM) {
        if (talk->greeting_ms < 0)
            talk->last_word_at_ms = talk->stream_at_ms = event->at_ms;
        if (talk->script->keys && talk->next_clip == 0)
            phone_press(call, talk->script->keys);
    } else if (event->kind == PHONE_HEARD) {
        on_frame(talk, call, event);
    } else if (event->kind == PHONE_GATHER) {
        type(talk, call);
    } else if (event->kind == PHONE_SAY && talk->next_clip < talk->script->clip_count) {
        speak(talk, call, event->at_ms); /* to the carrier's recorder, once it runs */
    }
}
