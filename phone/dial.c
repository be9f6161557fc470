/* phone/dial.c: whom a Dial rings: he picks up or not, hears a document of his own, may press a
 * key, and is joined with the caller when that is over, unless it hangs up on him. */
#include "phone/phone_private.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The carrier calls it completed whoever picked up, even when the two were never joined. */
static void dial_done(struct phone_call *call, const char *outcome, int64_t seconds)
{
    const char *action = twiml_attribute(call->verb, "action");
    char sid[PHONE_SID_ROOM], duration[24];
    phone_new_sid("CA", sid);
    call->dialled_sid[0] = '\0';
    snprintf(duration, sizeof(duration), "%" PRId64, seconds);
    const struct http_field fields[] = {{"DialCallStatus", outcome},
                                        {"DialCallSid", sid},
                                        {"DialBridged", seconds ? "true" : "false"},
                                        {"DialCallDuration", duration}};
    if (action)
        phone_ask(call, action, twiml_attribute(call->verb, "method"), fields, countof(fields),
                  phone_on_document);
    else
        phone_next_verb(call);
}

static void on_talked(struct phone_call *call)
{
    dial_done(call, "completed", (call->options.dial_talk_ms + 999) / 1000);
}

static void join(struct phone_call *call)
{
    call->dialled_sid[0] = '\0';
    phone_later(call, call->options.dial_talk_ms, on_talked);
}

/* ---- what he hears and presses -------------------------------------------------------------- */

static void run_dialled(struct phone_call *call);

static void on_dialled_document(struct phone_call *call, const struct http_answer *answer)
{
    struct twiml_element *response = NULL;
    const char *why;
    arena_free(&call->dialled_document);
    bool read = !answer->err && answer->status == 200 &&
                !twiml_parse(answer->body, &call->dialled_document, &response, &why);
    if (!read) { /* the carrier hangs up on whom it has nothing to say to */
        dial_done(call, "completed", 0);
        return;
    }
    call->dialled_verb = response->children;
    run_dialled(call);
}

static void next_of_dialled(struct phone_call *call)
{
    call->dialled_verb = call->dialled_verb->next;
    run_dialled(call);
}

/* How long it takes to say. */
static int64_t tell_dialled(struct phone_call *call, const struct twiml_element *say)
{
    int64_t per_char = call->options.say_ms_per_char;
    phone_emit(call, (struct phone_event){.kind = PHONE_WHISPER,
                                          .text = say->text,
                                          .language = twiml_attribute(say, "language")});
    return per_char < 0 ? 0 : per_char * (int64_t)utf8_length(str_of(say->text));
}

static void gathered(struct phone_call *call, const char *keys)
{
    const struct twiml_element *gather = call->dialled_verb;
    const char *action = twiml_attribute(gather, "action");
    const char *always = twiml_attribute(gather, "actionOnEmptyResult");
    const struct http_field digits = {"Digits", keys};
    if (action && (keys[0] || (always && strcmp(always, "true") == 0)))
        phone_ask(call, action, twiml_attribute(gather, "method"), &digits, 1, on_dialled_document);
    else
        next_of_dialled(call);
}

static void on_no_key(struct phone_call *call)
{
    gathered(call, "");
}

static void gather(struct phone_call *call)
{
    const struct twiml_element *asked = call->dialled_verb, *say = twiml_child(asked, "Say");
    int64_t wait_ms = say ? tell_dialled(call, say) : 0, key_ms = call->options.dial_key_ms;
    if (!phone_is_live(call))
        return;
    wait_ms += key_ms ? key_ms : 1000 * phone_number_in(asked, "timeout", 5);
    if (call->options.dial == PHONE_DIAL_VOICEMAIL)
        phone_later(call, wait_ms, on_no_key);
    else
        gathered(call, call->options.dial == PHONE_DIAL_ANSWERED ? "1" : "2");
}

static void run_dialled(struct phone_call *call)
{
    const struct twiml_element *verb = call->dialled_verb;
    if (!verb) {
        join(call);
    } else if (strcmp(verb->name, "Say") == 0) {
        int64_t ms = tell_dialled(call, verb);
        if (phone_is_live(call))
            phone_later(call, ms, next_of_dialled);
    } else if (strcmp(verb->name, "Gather") == 0) {
        gather(call);
    } else if (strcmp(verb->name, "Hangup") == 0) {
        dial_done(call, "completed", 0);
    } else {
        phone_end_call(call, PHONE_FAILED, "failed", "a verb that who is dialled does not know");
    }
}

/* ---- ringing -------------------------------------------------------------------------------- */

static void on_picked_up(struct phone_call *call)
{
    const struct twiml_element *number = twiml_child(call->verb, "Number");
    const char *url = number ? twiml_attribute(number, "url") : NULL;
    if (!url) {
        join(call);
        return;
    }
    phone_new_sid("CA", call->dialled_sid);
    call->dialled = number->text;
    phone_ask(call, url, twiml_attribute(number, "method"), NULL, 0, on_dialled_document);
}

static void on_rung(struct phone_call *call)
{
    switch (call->options.dial) {
    case PHONE_DIAL_ANSWERED:
    case PHONE_DIAL_DECLINED:
    case PHONE_DIAL_VOICEMAIL: on_picked_up(call); break;
    case PHONE_DIAL_BUSY: dial_done(call, "busy", 0); break;
    case PHONE_DIAL_NO_ANSWER: dial_done(call, "no-answer", 0); break;
    case PHONE_DIAL_FAILED: dial_done(call, "failed", 0); break;
    }
}

void phone_run_dial(struct phone_call *call)
{
    const struct twiml_element *number = twiml_child(call->verb, "Number");
    int64_t ring_ms = 1000 * phone_number_in(call->verb, "timeout", 30);
    if (call->options.dial_ms < ring_ms)
        ring_ms = call->options.dial_ms;
    phone_emit(call, (struct phone_event){.kind = PHONE_DIALLED,
                                          .text = number ? number->text : call->verb->text,
                                          .language = twiml_attribute(call->verb, "callerId")});
    if (phone_is_live(call))
        phone_later(call, ring_ms, on_rung);
}
