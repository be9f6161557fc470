/* call/script.c: taking a message without a model: name, reason, number, thanks, goodbye. What the
 * caller answers is kept word for word and handed on as if the model had called take_message. */
#include "call/call_private.h"

static const enum call_phrase questions[] = {
    [SCRIPT_NAME] = PHRASE_ASK_NAME,
    [SCRIPT_REASON] = PHRASE_ASK_REASON,
    [SCRIPT_NUMBER] = PHRASE_ASK_NUMBER,
};

void script_ask(struct call_core *core)
{
    if (core->script.step != SCRIPT_OFF && core->script.step != SCRIPT_DONE)
        say_phrase(core, questions[core->script.step], INTERRUPTIBLE);
}

void script_begin(struct call_core *core)
{
    core->script.step = SCRIPT_NAME;
    script_ask(core);
}

static void hand_on(struct call_core *core)
{
    static const char *const names[] = {"before", "name", "reason", "callback_number"};
    struct buf *out = &core->scratch;
    buf_clear(out);
    for (int i = SCRIPT_NAME; i < SCRIPT_DONE; i++) {
        buf_puts(out, i == SCRIPT_NAME ? "{" : ",");
        buf_printf(out, "\"%s\":", names[i]);
        buf_json_string(out, buf_str(&core->script.answers[i]));
    }
    buf_puts(out, "}");
    run_tool(core, 0, str_of("script"), str_of("take_message"), buf_str(out));
}

void script_answer(struct call_core *core, struct str words)
{
    struct script *script = &core->script;
    if (script->step != SCRIPT_DONE) {
        buf_clear(&script->answers[script->step]);
        buf_add_str(&script->answers[script->step], words);
        script->step++;
        if (script->step == SCRIPT_DONE)
            hand_on(core);
    }
    script_ask(core);
    if (script->step != SCRIPT_DONE)
        return;
    say_phrase(core, PHRASE_TAKEN, INTERRUPTIBLE);
    say_phrase(core, PHRASE_GOODBYE, INTERRUPTIBLE);
    plan(core, INTENT_HANG_UP, "message taken");
}
