/* call/script.c: taking a message without a model: name, reason, number, thanks, goodbye. What the
 * caller answers is kept word for word and handed on as if the model had called take_message. */
#include "base/utf8.h"
#include "call/call_private.h"

enum { TRIES_MAX = 1, ANSWER_BYTES_MAX = 280 };

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

/* The last question was cut off before it began: what the caller says does not answer it. */
static bool was_asked(struct script *script)
{
    return script->asked || ++script->tries > TRIES_MAX;
}

static void next_step(struct script *script)
{
    script->step++;
    script->asked = false;
    script->tries = 0;
}

static void put_answer(struct buf *out, const char *key, const struct buf *before,
                       const struct buf *answer)
{
    buf_printf(out, "%s\"%s\":", out->bytes ? "," : "{", key);
    struct buf both = {0};
    buf_add_str(&both, buf_str(before));
    if (both.bytes && answer->bytes)
        buf_putc(&both, ' ');
    buf_add_str(&both, buf_str(answer));
    buf_json_string(out, utf8_cut(buf_str(&both), ANSWER_BYTES_MAX));
    buf_free(&both);
}

static void hand_on(struct call_core *core)
{
    static const struct buf nothing;
    const struct buf *answers = core->script.answers;
    struct buf *out = &core->scratch;
    buf_clear(out);
    put_answer(out, "name", &nothing, &answers[SCRIPT_NAME]);
    put_answer(out, "reason", &answers[SCRIPT_OFF], &answers[SCRIPT_REASON]);
    put_answer(out, "callback_number", &nothing, &answers[SCRIPT_NUMBER]);
    buf_puts(out, ",\"urgent\":false}");
    run_tool(core, 0, str_of("script"), str_of("take_message"), buf_str(out));
}

static void keep(struct script *script, struct str words)
{
    bool asked = was_asked(script);
    struct buf *answer = &script->answers[asked ? script->step : SCRIPT_OFF];
    if (answer->bytes + words.bytes > CALL_TEXT_BYTES_MAX)
        buf_clear(answer);
    if (answer->bytes)
        buf_putc(answer, ' ');
    buf_add_str(answer, words);
    if (asked)
        next_step(script);
}

void script_on_asked(struct call_core *core, enum call_phrase phrase)
{
    struct script *script = &core->script;
    if (script->step != SCRIPT_OFF && script->step != SCRIPT_DONE &&
        phrase == questions[script->step])
        script->asked = true;
}

void script_answer(struct call_core *core, struct str words)
{
    struct script *script = &core->script;
    if (script->step != SCRIPT_DONE) {
        keep(script, words);
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
