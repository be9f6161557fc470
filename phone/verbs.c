/* phone/verbs.c: the TwiML verbs, one after the other, as the carrier carries them out. */
#include "phone/phone_private.h"

#include "base/audio.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t now_of(const struct phone_call *call)
{
    return loop_now_ms(call->options.loop);
}

int64_t phone_number_in(const struct twiml_element *verb, const char *name, int64_t preset)
{
    const char *text = twiml_attribute(verb, name);
    char *end;
    if (!text || !text[0])
        return preset;
    int64_t number = strtoll(text, &end, 10);
    return *end || number < 0 || number > 1000000 ? preset : number;
}

static int64_t say(struct phone_call *call, const struct twiml_element *verb)
{
    int64_t per_char = call->options.say_ms_per_char;
    phone_emit(call, (struct phone_event){.kind = PHONE_SAY,
                                          .text = verb->text,
                                          .language = twiml_attribute(verb, "language")});
    return per_char < 0 ? 0 : per_char * (int64_t)utf8_length(str_of(verb->text));
}

static void run_say(struct phone_call *call)
{
    int64_t ms = say(call, call->verb);
    if (phone_is_live(call))
        phone_later(call, ms, phone_next_verb);
}

static void run_pause(struct phone_call *call)
{
    phone_later(call, 1000 * phone_number_in(call->verb, "length", 1), phone_next_verb);
}

static void run_hangup(struct phone_call *call)
{
    phone_end_call(call, PHONE_ENDED_BY_PEER, "completed", "Hangup");
}

static void run_reject(struct phone_call *call)
{
    const char *reason = twiml_attribute(call->verb, "reason");
    bool busy = reason && strcmp(reason, "busy") == 0;
    if (call->state != PHONE_RINGING) {
        phone_end_call(call, PHONE_FAILED, "failed", "a Reject in a call that was answered");
        return;
    }
    phone_emit(call,
               (struct phone_event){.kind = PHONE_REJECTED, .text = busy ? "busy" : "rejected"});
    phone_end_call(call, PHONE_ENDED_BY_PEER, busy ? "busy" : "no-answer", "Reject");
}

static void run_redirect(struct phone_call *call)
{
    struct str trimmed = str_trim(str_of(call->verb->text));
    char *url = xstrndup(trimmed.at, trimmed.bytes);
    phone_ask(call, url, twiml_attribute(call->verb, "method"), NULL, 0, phone_on_document);
    free(url);
}

static void run_connect(struct phone_call *call)
{
    const struct twiml_element *stream = twiml_child(call->verb, "Stream");
    if (stream)
        phone_stream_begin(call, stream);
    else
        phone_end_call(call, PHONE_FAILED, "failed", "a Connect without a Stream");
}

/* ---- Record --------------------------------------------------------------------------------- */

static void record_done(struct phone_call *call)
{
    const char *action = twiml_attribute(call->verb, "action");
    const char *callback = twiml_attribute(call->verb, "recordingStatusCallback");
    char sid[PHONE_SID_ROOM], seconds[24], url[600];
    int64_t ms = (int64_t)(call->taken.bytes / AUDIO_BYTES_PER_MS);
    phone_new_sid("RE", sid);
    snprintf(seconds, sizeof(seconds), "%" PRId64, (ms + 999) / 1000);
    snprintf(url, sizeof(url), "%.500s/%s", call->options.recording_base_url, sid);
    const struct http_field fields[] = {{"RecordingSid", sid},
                                        {"RecordingUrl", url},
                                        {"RecordingDuration", seconds},
                                        {"RecordingStatus", "completed"}};
    phone_emit(call, (struct phone_event){.kind = PHONE_RECORDED,
                                          .text = sid,
                                          .number = ms,
                                          .recording = buf_str(&call->taken)});
    buf_clear(&call->taken);
    if (!phone_is_live(call))
        return;
    if (callback)
        phone_tell(call, callback, fields, countof(fields));
    if (action)
        phone_ask(call, action, twiml_attribute(call->verb, "method"), fields, countof(fields),
                  phone_on_document);
    else
        phone_next_verb(call);
}

/* Runs each 20 ms. The silence behind the last word is cut off; silence alone is no recording. */
static void on_record_frame(struct phone_call *call)
{
    uint8_t said[AUDIO_FRAME_BYTES];
    int64_t now_ms = now_of(call);
    bool talked = playout_play(&call->mouth, said, sizeof(said));
    if (talked) {
        buf_add(&call->taken, said, sizeof(said));
        call->deadline_ms = now_ms + 1000 * phone_number_in(call->verb, "timeout", 5);
    }
    int64_t longest_ms = 1000 * phone_number_in(call->verb, "maxLength", 3600);
    bool over = now_ms >= call->deadline_ms || call->key_count ||
                (int64_t)(call->taken.bytes / AUDIO_BYTES_PER_MS) >= longest_ms;
    if (!over)
        phone_later(call, AUDIO_FRAME_MS, on_record_frame);
    else if (call->taken.bytes)
        record_done(call);
    else
        phone_next_verb(call);
}

static void run_record(struct phone_call *call)
{
    buf_clear(&call->taken);
    call->key_count = 0;
    call->deadline_ms = now_of(call) + 1000 * phone_number_in(call->verb, "timeout", 5);
    phone_later(call, AUDIO_FRAME_MS, on_record_frame);
}

/* ---- Gather --------------------------------------------------------------------------------- */

static void gather_done(struct phone_call *call)
{
    const char *action = twiml_attribute(call->verb, "action");
    const char *always = twiml_attribute(call->verb, "actionOnEmptyResult");
    bool ask = call->taken.bytes || (always && strcmp(always, "true") == 0);
    const struct http_field digits = {"Digits", buf_text(&call->taken)};
    if (ask)
        phone_ask(call, action ? action : call->document_url, twiml_attribute(call->verb, "method"),
                  &digits, 1, phone_on_document);
    else
        phone_next_verb(call);
    buf_clear(&call->taken);
}

static void on_gather(struct phone_call *call)
{
    const char *finish = twiml_attribute(call->verb, "finishOnKey");
    int64_t most = phone_number_in(call->verb, "numDigits", PHONE_KEYS_MAX);
    bool finished = false;
    for (size_t i = 0; i < call->key_count && !finished; i++) {
        finished = strchr(finish ? finish : "#", call->keys[i]) != NULL;
        if (!finished)
            buf_putc(&call->taken, call->keys[i]);
        finished = finished || (int64_t)call->taken.bytes >= most;
        call->deadline_ms = now_of(call) + 1000 * phone_number_in(call->verb, "timeout", 5);
    }
    call->key_count = 0;
    if (finished || now_of(call) >= call->deadline_ms)
        gather_done(call);
    else
        phone_later(call, call->deadline_ms - now_of(call), on_gather);
}

/* What is said and paused within, before the waiting begins; keys may come at any time. */
static int64_t say_within(struct phone_call *call)
{
    int64_t said_ms = 0;
    for (const struct twiml_element *at = call->verb->children; at; at = at->next) {
        if (strcmp(at->name, "Say") == 0)
            said_ms += say(call, at);
        else if (strcmp(at->name, "Pause") == 0)
            said_ms += 1000 * phone_number_in(at, "length", 1);
        if (!phone_is_live(call))
            break;
    }
    return said_ms;
}

static void run_gather(struct phone_call *call)
{
    const struct twiml_element *said = twiml_child(call->verb, "Say");
    buf_clear(&call->taken);
    int64_t said_ms = say_within(call);
    if (!phone_is_live(call))
        return;
    phone_emit(call, (struct phone_event){.kind = PHONE_GATHER,
                                          .text = said ? said->text : "",
                                          .number = phone_number_in(call->verb, "numDigits", 0)});
    if (!phone_is_live(call))
        return;
    call->deadline_ms = now_of(call) + said_ms + 1000 * phone_number_in(call->verb, "timeout", 5);
    on_gather(call);
}

void phone_press(struct phone_call *call, const char *keys)
{
    for (; *keys && call->key_count < PHONE_KEYS_MAX; keys++)
        if (strchr("0123456789*#ABCD", *keys))
            call->keys[call->key_count++] = *keys;
    if (phone_is_live(call) && call->on_time == on_gather)
        phone_later(call, 0, on_gather);
}

/* ---- one after the other -------------------------------------------------------------------- */

static const struct verb {
    const char *name;
    void (*run)(struct phone_call *call);
    bool answers; /* a ringing call is picked up for it */
} verbs[] = {
    {"Connect", run_connect, true},    {"Say", run_say, true},
    {"Pause", run_pause, false},       {"Record", run_record, true},
    {"Gather", run_gather, true},      {"Dial", phone_run_dial, true},
    {"Redirect", run_redirect, false}, {"Hangup", run_hangup, false},
    {"Reject", run_reject, false},
};

void phone_run_verb(struct phone_call *call)
{
    char why[120];
    if (!call->verb) {
        phone_end_call(call, PHONE_ENDED_BY_PEER, "completed", "the document was over");
        return;
    }
    for (size_t i = 0; i < countof(verbs); i++) {
        if (strcmp(verbs[i].name, call->verb->name) != 0)
            continue;
        if (verbs[i].answers)
            phone_answer(call);
        verbs[i].run(call);
        return;
    }
    snprintf(why, sizeof(why), "a verb that this telephone does not know: %.60s", call->verb->name);
    phone_end_call(call, PHONE_FAILED, "failed", why);
}

void phone_next_verb(struct phone_call *call)
{
    call->verb = call->verb->next;
    phone_run_verb(call);
}
