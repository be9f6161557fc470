/* rules/script.c: the scripted conversation: slots taken in, the next question out. */
#include "rules/script.h"

#include "base/utf8.h"
#include "rules/script_texts.h"
#include "rules/slots.h"

#include <string.h>

/* Less sure than this the recogniser may have heard anything: ask again, CLEAR_ASKS_MAX times. */
#define CONFIDENCE_MIN 0.6
enum { CLEAR_ASKS_MAX = 2, CORRECTIONS_MAX = 1, REST_WORDS_MIN = 2, REST_WORD_BYTES_MIN = 4 };

const char *script_tool_name(enum script_tool tool)
{
    static const char *const names[] = {[SCRIPT_NO_TOOL] = "",
                                        [SCRIPT_TAKE_MESSAGE] = "take_message",
                                        [SCRIPT_END_CALL] = "end_call",
                                        [SCRIPT_TRANSFER_CALL] = "transfer_call"};
    return names[tool];
}

void script_start(struct script *script, const struct script_setup *setup)
{
    *script = (struct script){.language = language_named(setup->language),
                              .can_transfer = setup->can_transfer};
}

static void put(char *out, size_t room, const struct buf *text)
{
    struct str cut = utf8_cut(buf_str(text), room - 1);
    if (cut.bytes)
        memcpy(out, cut.at, cut.bytes);
    out[cut.bytes] = '\0';
}

/* Adds a sentence to what is said. */
static void say(const struct script *script, struct script_reply *reply, enum script_say what)
{
    struct buf text = {0};
    buf_puts(&text, reply->text);
    if (text.bytes)
        buf_putc(&text, ' ');
    buf_puts(&text, script_text(script->language, what));
    put(reply->text, sizeof(reply->text), &text);
    buf_free(&text);
}

static void want(struct script_reply *reply, enum script_tool tool, struct buf *arguments)
{
    reply->tool = tool;
    put(reply->arguments, sizeof(reply->arguments), arguments);
    buf_free(arguments);
}

static void end_call(struct script *script, struct script_reply *reply, const char *reason)
{
    struct buf arguments = {0};
    buf_printf(&arguments, "{\"reason\":\"%s\"}", reason);
    want(reply, SCRIPT_END_CALL, &arguments);
    script->state = SCRIPT_CLOSED;
}

static void put_member(struct buf *out, const char *key, const char *value)
{
    buf_printf(out, "%s\"%s\":", out->bytes > 1 ? "," : "", key);
    if (value[0])
        buf_json_string(out, str_of(value));
    else
        buf_puts(out, "null");
}

static const char *reason_text(const struct script *script)
{
    if (script->reason[0])
        return script->reason;
    return script_text(script->language, script->wants_person ? SAY_IN_PERSON : SAY_NO_REASON);
}

static void take_message(struct script *script, struct script_reply *reply)
{
    struct buf arguments = {0};
    buf_putc(&arguments, '{');
    put_member(&arguments, "caller_name", script->name);
    put_member(&arguments, "company", script->company);
    put_member(&arguments, "reason", reason_text(script));
    put_member(&arguments, "callback_number", script->number);
    buf_printf(&arguments, ",\"urgent\":%s}", script->urgent ? "true" : "false");
    want(reply, SCRIPT_TAKE_MESSAGE, &arguments);
    script->state = SCRIPT_CLOSED;
}

static void transfer(struct script *script, struct script_reply *reply)
{
    struct buf arguments = {0}, reason = {0};
    buf_puts(&reason, script->name);
    if (script->company[0])
        buf_printf(&reason, "%s%s", reason.bytes ? ", " : "", script->company);
    buf_printf(&reason, "%s%s", reason.bytes ? ": " : "", reason_text(script));
    buf_puts(&arguments, "{\"reason\":");
    buf_json_string(&arguments, buf_str(&reason));
    buf_putc(&arguments, '}');
    want(reply, SCRIPT_TRANSFER_CALL, &arguments);
    buf_free(&reason);
}

static void turn_away(struct script *script, enum screening_label label, struct script_reply *reply)
{
    say(script, reply,
        label == LABEL_FRAUD  ? SAY_NO_FRAUD
        : label == LABEL_SPAM ? SAY_NO_SPAM
                              : SAY_NO_MARKETING);
    end_call(script, reply, "unwanted");
}

/* What was noted, read back in a form that needs no grammar. */
static void read_back(const struct script *script, struct script_reply *reply)
{
    struct buf text = {0};
    const char *const items[] = {script->name, script->company, reason_text(script)};
    buf_puts(&text, script_text(script->language, SAY_NOTED));
    size_t empty = text.bytes;
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        if (items[i][0])
            buf_puts(&text, text.bytes > empty ? ", " : "");
        buf_add_str(&text, utf8_cut(str_of(items[i]), 100));
    }
    if (script->callback == CALLBACK_OWN)
        buf_printf(&text, ", %s", script_text(script->language, SAY_BACK_ON_OWN));
    if (script->callback == CALLBACK_GIVEN) {
        buf_printf(&text, ", %s", script_text(script->language, SAY_BACK_ON));
        digits_group(script->number, &text);
    }
    buf_printf(&text, ". %s", script_text(script->language, SAY_NOTED_RIGHT));
    put(reply->text, sizeof(reply->text), &text);
    buf_free(&text);
}

/* Puts the state's question, if it may be put once more. */
static bool ask(struct script *script, enum script_state state, enum script_say first,
                enum script_say again, struct script_reply *reply)
{
    if (script->asked[state] >= SCRIPT_ASKS_MAX)
        return false;
    say(script, reply, script->asked[state] ? again : first);
    script->asked[state]++;
    script->state = state;
    return true;
}

/* The first thing that is still missing is asked for; when nothing is, the message stands. */
static void go_on(struct script *script, struct script_reply *reply)
{
    if (script->wants_person && script->can_transfer && !script->transfer_failed) {
        bool announced = script->name[0] || script->asked[SCRIPT_NAME];
        if (announced || !ask(script, SCRIPT_NAME, SAY_WHO_CALLS, SAY_WHO_CALLS, reply))
            transfer(script, reply);
        return;
    }
    enum script_say purpose = script->turns > 1 ? SAY_ASK_REASON : SAY_HELP;
    if (!script->reason[0] && ask(script, SCRIPT_PURPOSE, purpose, SAY_ASK_REASON, reply))
        return;
    if (script->brief) {
        take_message(script, reply);
        return;
    }
    if (!script->name[0] && ask(script, SCRIPT_NAME, SAY_ASK_NAME, SAY_ASK_NAME, reply))
        return;
    if (script->callback == CALLBACK_UNKNOWN &&
        ask(script, SCRIPT_CALLBACK, SAY_CALL_BACK, SAY_ASK_NUMBER, reply))
        return;
    script->state = SCRIPT_CONFIRM;
    read_back(script, reply);
}

static void absorb_who(struct script *script, const struct words *words, const struct slots *slots)
{
    struct span name = slots->name;
    if (!name.after && script->state == SCRIPT_NAME)
        name = slots_bare_name(words, script->language);
    bool open = !script->name[0] || script->state == SCRIPT_CONFIRM;
    if (name.after && open)
        slots_copy_name(words, name, script->name, sizeof(script->name));
    if (slots->company_name)
        strcpy(script->company, slots->company_name);
    else if (slots->company.after)
        slots_copy_name(words, slots->company, script->company, sizeof(script->company));
}

/* Is it more than a single short word? */
static bool has_substance(const struct words *words, struct span span)
{
    return span.after - span.first >= REST_WORDS_MIN ||
           (span.after > span.first && words->list[span.first].text.bytes >= REST_WORD_BYTES_MIN);
}

static void absorb_why(struct script *script, const struct words *words, const struct slots *slots)
{
    bool better = slots->reason.after && slots->reason_introduced && !script->reason_introduced;
    struct span reason = slots->reason;
    if (slots_said(words, script->language, SAID_PERSON) && !slots->reason_introduced)
        reason = (struct span){0}; /* whom they want is not yet why */
    else if (!reason.after && script->state == SCRIPT_PURPOSE && has_substance(words, slots->rest))
        reason = slots->rest;
    if (reason.after && (better || !script->reason[0])) {
        slots_copy_text(words, reason, script->reason, sizeof(script->reason));
        script->reason_introduced = slots->reason_introduced;
    }
}

static void absorb_callback(struct script *script, const struct words *words,
                            const struct slots *slots)
{
    enum language language = script->language;
    if (slots->has_number) {
        strcpy(script->number, slots->number.text);
        script->callback = CALLBACK_GIVEN;
        return;
    }
    bool asked = script->state == SCRIPT_CALLBACK;
    bool no = asked && slots_said(words, language, SAID_NO);
    bool yes = asked && script->asked[SCRIPT_CALLBACK] == 1 &&
               slots_said(words, language, SAID_YES) && !no;
    if (no && script->asked[SCRIPT_CALLBACK] >= SCRIPT_ASKS_MAX)
        script->callback = CALLBACK_NONE;
    else if (yes || (asked && slots_said(words, language, SAID_OWN_NUMBER)))
        script->callback = CALLBACK_OWN;
    else if (!asked && script->callback == CALLBACK_UNKNOWN &&
             slots_said(words, language, SAID_CALL_BACK))
        script->callback = CALLBACK_OWN;
}

static void absorb(struct script *script, const struct words *words, const struct slots *slots)
{
    enum language language = script->language;
    absorb_who(script, words, slots);
    absorb_why(script, words, slots);
    absorb_callback(script, words, slots);
    script->urgent |= slots_said(words, language, SAID_URGENT);
    script->wants_person |= slots_said(words, language, SAID_PERSON);
    if (script->state == SCRIPT_PURPOSE)
        script->brief |=
            slots_said(words, language, SAID_FAMILY) || slots_said(words, language, SAID_DELIVERY);
}

static void start_over(struct script *script)
{
    script->corrections++;
    script->name[0] = script->company[0] = script->number[0] = script->reason[0] = '\0';
    script->reason_introduced = false;
    script->callback = CALLBACK_UNKNOWN;
    memset(script->asked, 0, sizeof(script->asked));
    script->asked[SCRIPT_PURPOSE] = 1;
    script->state = SCRIPT_PURPOSE;
}

/* Something that comes to their mind at the end belongs to the message. */
static void add_to_reason(struct script *script, const struct words *words,
                          const struct slots *slots)
{
    struct buf reason = {0};
    buf_printf(&reason, "%s%s", script->reason, script->reason[0] ? "; " : "");
    buf_add_str(&reason, words_text(words, slots->rest));
    put(script->reason, sizeof(script->reason), &reason);
    buf_free(&reason);
}

/* The caller has heard what was noted. */
static void on_confirm(struct script *script, const struct words *words, const struct slots *slots,
                       struct script_reply *reply)
{
    bool corrected =
        slots->name.after || slots->company.after || slots->has_number || slots->reason_introduced;
    bool no = slots_said(words, script->language, SAID_NO);
    bool yes = slots_said(words, script->language, SAID_YES);
    if (corrected && script->corrections < CORRECTIONS_MAX) {
        script->corrections++;
        if (slots->reason_introduced)
            slots_copy_text(words, slots->reason, script->reason, sizeof(script->reason));
        read_back(script, reply);
    } else if (no && script->corrections < CORRECTIONS_MAX) {
        start_over(script);
        say(script, reply, SAY_AGAIN);
    } else {
        if (!yes && !no && has_substance(words, slots->rest))
            add_to_reason(script, words, slots);
        take_message(script, reply);
    }
}

static bool has_message(const struct script *script)
{
    return script->reason[0] || (script->name[0] && script->callback != CALLBACK_UNKNOWN);
}

/* They are leaving, or have talked for long enough: keep what there is. */
static void finish(struct script *script, struct script_reply *reply)
{
    if (has_message(script)) {
        take_message(script, reply);
        return;
    }
    say(script, reply, SAY_GOODBYE);
    end_call(script, reply, "finished");
}

static bool is_leaving(const struct script *script, const struct words *words,
                       const struct slots *slots)
{
    enum language language = script->language;
    if (script->state == SCRIPT_CONFIRM || slots->name.after || slots->has_number)
        return false;
    return slots_said(words, language, SAID_NOTHING_MORE) ||
           (slots_said(words, language, SAID_GOODBYE) &&
            (script->state != SCRIPT_PURPOSE || !has_substance(words, slots->rest)));
}

/* A question about Karen is answered before ours; gives whether it was one. */
static bool answer_question(struct script *script, const struct words *words,
                            struct script_reply *reply)
{
    static const struct {
        enum phrase_set asked;
        enum script_say answer;
    } answers[] = {{SAID_HEAR_ME, SAY_HEAR_YOU}, {SAID_WHO_IS_THIS, SAY_WHO_I_AM}};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        if (slots_said(words, script->language, answers[i].asked)) {
            say(script, reply, answers[i].answer);
            return true;
        }
    return false;
}

/* Back to the question that stands open; it does not count as asked once more. */
static void ask_again(struct script *script, struct script_reply *reply)
{
    if (script->state == SCRIPT_CONFIRM) {
        read_back(script, reply);
        return;
    }
    if (script->asked[script->state])
        script->asked[script->state]--;
    go_on(script, reply);
}

static void hear(struct script *script, const struct words *words, double confidence,
                 struct script_reply *reply)
{
    enum language language = script->language;
    struct slots slots;
    signs_add(&script->signs, words, language);
    enum screening_label label = signs_label(&script->signs);
    if (label >= LABEL_MARKETING) {
        turn_away(script, label, reply);
        return;
    }
    if (script->turns > SCRIPT_TURNS_MAX) {
        finish(script, reply);
        return;
    }
    if (confidence < CONFIDENCE_MIN && script->unclear < CLEAR_ASKS_MAX) {
        script->unclear++;
        say(script, reply, SAY_REPEAT);
        return;
    }
    if (answer_question(script, words, reply) || slots_said(words, language, SAID_REPEAT)) {
        script->wants_person |= slots_said(words, language, SAID_PERSON);
        ask_again(script, reply);
        return;
    }
    slots_of(words, language, &slots);
    bool leaving = is_leaving(script, words, &slots);
    if (!leaving || script->state != SCRIPT_PURPOSE)
        absorb(script, words, &slots);
    if (leaving)
        finish(script, reply);
    else if (script->state == SCRIPT_CONFIRM)
        on_confirm(script, words, &slots, reply);
    else
        go_on(script, reply);
}

void script_hear(struct script *script, struct str text, double confidence,
                 struct script_reply *reply_out)
{
    struct words words;
    *reply_out = (struct script_reply){0};
    script->turns++;
    if (script->state == SCRIPT_CLOSED) {
        say(script, reply_out, SAY_GOODBYE);
        end_call(script, reply_out, "finished");
        return;
    }
    words_of(&words, text);
    hear(script, &words, confidence, reply_out);
    words_free(&words);
}

void script_tool_done(struct script *script, enum script_tool tool, bool failed,
                      struct script_reply *reply_out)
{
    *reply_out = (struct script_reply){0};
    switch (tool) {
    case SCRIPT_TAKE_MESSAGE:
        say(script, reply_out, failed ? SAY_NOT_TAKEN : SAY_TAKEN);
        end_call(script, reply_out, "finished");
        break;
    case SCRIPT_TRANSFER_CALL:
        if (!failed)
            break;
        script->transfer_failed = true;
        say(script, reply_out, SAY_NOT_REACHED);
        go_on(script, reply_out);
        break;
    case SCRIPT_END_CALL:
    case SCRIPT_NO_TOOL: break;
    }
}
