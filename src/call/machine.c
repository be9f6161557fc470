/* call/machine.c: callers that are no person. An announcement or a menu is listened to but not
 * answered, music is waited out, another assistant is not talked to for ever. A person who comes
 * after all, by calling "hello" or with a question, is answered like any other. */
#include "base/mem.h"
#include "call/call_private.h"

#include <string.h>

enum {
    MACHINE_SILENT_MS = 8000, /* an announcement that is over for so long has said all */
    MACHINE_MS_MAX = 60000,   /* so long one is listened to, or music waited out */
    MUSIC_MS = 10000,         /* voice without one word for so long is music */
    ASSISTANT_TURNS_MAX = 12, /* of one that said what it is */
    SAME_TURNS_MAX = 3,       /* so many on end that are the same are a loop ... */
    SAME_WORDS_MIN = 4,       /* ... if they are long enough: a person says "yes" three times */
    SAME_PERCENT = 80,
};

static void begin(struct call_core *core, enum machine_kind kind)
{
    struct machine *machine = &core->machine;
    if (machine->kind == MACHINE_NONE) {
        machine->since_ms = core->now_ms;
        core->counts.machines++;
    }
    machine->kind = kind;
}

static bool is_a_question(struct str text)
{
    return text.bytes && text.at[text.bytes - 1] == '?';
}

static bool is_said_again(struct call_core *core)
{
    struct machine *machine = &core->machine;
    uint32_t now[WORDS_COMPARED_MAX];
    size_t count = words_hash(text_str(core->turn.text), &core->scratch, now, countof(now));
    size_t longer = count > machine->word_count ? count : machine->word_count;
    size_t common = words_common(now, count, machine->words, machine->word_count);
    memcpy(machine->words, now, count * sizeof now[0]);
    machine->word_count = count;
    return count >= SAME_WORDS_MIN && common * 100 >= longer * SAME_PERCENT;
}

static bool is_a_loop(struct call_core *core)
{
    struct machine *machine = &core->machine;
    machine->same = is_said_again(core) ? machine->same + 1 : 1;
    machine->turns += machine->assistant;
    return machine->same >= SAME_TURNS_MAX || machine->turns >= ASSISTANT_TURNS_MAX;
}

static struct str normalised(struct call_core *core)
{
    words_normalise(text_str(core->turn.text), &core->scratch);
    return buf_str(&core->scratch);
}

bool machine_takes(struct call_core *core)
{
    struct machine *machine = &core->machine;
    if (core->turn.keyed || core->intent != INTENT_STAY)
        return false;
    machine->assistant |= words_of_assistant(core->language, normalised(core));
    if (is_a_loop(core)) {
        leave(core, PHRASE_GOODBYE, "loop");
        return true;
    }
    struct str words = normalised(core);
    if (words_of_machine(core->language, words))
        begin(core, MACHINE_TALKS);
    else if (is_a_question(text_str(core->turn.text)) || words_have_strong(core->language, words))
        machine->kind = MACHINE_NONE;
    return machine->kind != MACHINE_NONE;
}

/* Music. */

void machine_on_voice(struct call_core *core, int64_t voiced_ms)
{
    core->machine.wordless_ms += voiced_ms;
    if (core->machine.kind == MACHINE_NONE && core->machine.wordless_ms >= MUSIC_MS)
        begin(core, MACHINE_MUSIC);
}

void machine_on_words(struct call_core *core)
{
    core->machine.wordless_ms = 0;
    if (core->machine.kind == MACHINE_MUSIC)
        core->machine.kind = MACHINE_NONE;
}

/* Going. */

static int64_t voice_ms(const struct call_core *core)
{
    const struct caller *caller = &core->caller;
    return caller->voice_on ? core->now_ms : caller->last_voice_ms;
}

int64_t machine_due(const struct call_core *core)
{
    const struct machine *machine = &core->machine;
    if (machine->kind == MACHINE_NONE || core->intent != INTENT_STAY || playout_busy(core))
        return CALL_NEVER;
    int64_t longest = machine->since_ms + MACHINE_MS_MAX;
    int64_t silent = voice_ms(core) + MACHINE_SILENT_MS;
    return turn_has_words(core) || longest < silent ? longest : silent;
}

/* Nobody is there to say goodbye to. */
void machine_check(struct call_core *core)
{
    reply_cancel(core);
    core->leave_for_good = true;
    plan(core, INTENT_HANG_UP, core->machine.kind == MACHINE_MUSIC ? "music" : "machine");
}
