/* rules/script.h: a screener without a model: a conversation by states and slots, and the facts of
 * a call by word stems, in Czech, Slovak, English and German. Pure: the same words give the same
 * call. It speaks when no model answers, and it is what the sandbox's model thinks with.
 *
 *   PURPOSE --> NAME --> CALLBACK --> CONFIRM --> take_message --> end_call
 *      |          |                      |
 *      |          |                      '-- "no": PURPOSE again, once
 *      |          '-- asked for a person: transfer_call; nobody there: a message
 *      '-- marketing, spam, fraud: turned away, end_call; family, deliveries: take_message at once
 *
 * A slot that was already said is not asked for; one that was asked for SCRIPT_ASKS_MAX times in
 * vain is left empty. */
#pragma once
#include "base/buf.h"
#include "rules/digits.h"
#include "rules/screening.h"
#include "rules/signs.h"

#include <stdbool.h>

enum {
    SCRIPT_TEXT_BYTES_MAX = 400,       /* of a reply */
    SCRIPT_ARGUMENTS_BYTES_MAX = 2000, /* of a tool */
    SCRIPT_REASON_BYTES_MAX = 300,
    SCRIPT_ASKS_MAX = 2,
    SCRIPT_TURNS_MAX = 12, /* then the message is taken as it is */
};

/* The tools, by the names the model knows, with their arguments:
 *   take_message   {"caller_name":s|null,"company":s|null,"reason":s,"callback_number":s|null,
 *                   "urgent":bool}; callback_number as it was said, null for the caller's own
 *   end_call       {"reason":"finished"|"unwanted"}
 *   transfer_call  {"reason":s} */
enum script_tool { SCRIPT_NO_TOOL, SCRIPT_TAKE_MESSAGE, SCRIPT_END_CALL, SCRIPT_TRANSFER_CALL };
const char *script_tool_name(enum script_tool tool); /* "take_message" ...; "" for no tool */

struct script_reply {
    char text[SCRIPT_TEXT_BYTES_MAX + 1]; /* said first; "" when the tool alone is wanted */
    enum script_tool tool;
    char arguments[SCRIPT_ARGUMENTS_BYTES_MAX + 1]; /* JSON; "" without a tool */
};

struct script_setup {
    const char *language; /* "cs", "sk", "en", "de"; a region behind it is ignored, others are en */
    bool can_transfer;    /* transfer_call is among the tools */
};

/* Plain data, so that it can be copied and rebuilt by feeding the same turns again. */
struct script {
    enum language language;
    bool can_transfer;
    enum script_state {
        SCRIPT_PURPOSE,
        SCRIPT_NAME,
        SCRIPT_CALLBACK,
        SCRIPT_CONFIRM,
        SCRIPT_CLOSED, /* the message is taken or the caller turned away */
        SCRIPT_STATES,
    } state;
    int turns, corrections, unclear;
    int asked[SCRIPT_STATES]; /* how often each state's question was put */
    struct signs signs;
    bool wants_person, transfer_failed, urgent;
    bool brief;             /* family or a delivery: no questions */
    bool reason_introduced; /* "about ...", not just what was said */
    enum script_callback {
        CALLBACK_UNKNOWN,
        CALLBACK_OWN, /* on the number they call from */
        CALLBACK_GIVEN,
        CALLBACK_NONE,
    } callback;
    char name[SCREENING_NAME_BYTES_MAX + 1];
    char company[SCREENING_NAME_BYTES_MAX + 1];
    char number[DIGITS_MAX + 2]; /* as said */
    char reason[SCRIPT_REASON_BYTES_MAX + 1];
};

void script_start(struct script *script, const struct script_setup *setup);
/* One turn of the caller's. confidence: the recogniser's, 0 to 1; 1 where it is not known. */
void script_hear(struct script *script, struct str text, double confidence,
                 struct script_reply *reply_out);
/* The tool that was asked for has an answer; failed: it did not work (nobody took the transfer). */
void script_tool_done(struct script *script, enum script_tool tool, bool failed,
                      struct script_reply *reply_out);

/* The facts of a whole call. callback_number is what was said, or the caller's own number when they
 * asked to be called back; it is E.164 as screening_read() wants it. */
void script_screen(const struct screening_input *input, struct screening *screening_out);
