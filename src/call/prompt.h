/* call/prompt.h: what the model is told before a conversation, out of a template
 * (prompts/<language>/conversation.md), and the tools it has. Reads no file.
 *
 * In a template {owner} {business} {caller} {number} {now} {notes} {names} {urgent} {said} are
 * replaced, and a line that begins with a condition is kept, without it, only when the condition
 * holds: [transfer] [no transfer] [caller] [no caller] [number] [no number] [business] [notes], and
 * by the owner's rules [rules] (any of them) [vip] [names] [urgent] [message] [filter] [said] */
#pragma once
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum { PROMPT_NOTES_BYTES_MAX = 64000, PROMPT_FACT_BYTES_MAX = 200, PROMPT_LIST_BYTES_MAX = 2000 };

/* All may be NULL or empty but the language. They come from tenants and callers: whatever stands in
 * them is shown to the model as data, bounded, on one line or inside the fence. */
struct prompt_facts {
    const char *language;
    const char *owner, *business;
    const char *notes;         /* the tenant's own prompt */
    const char *caller_name;   /* of a contact or VIP, by the verified number */
    const char *caller_number; /* NULL: withheld */
    struct tm now;             /* at the tenant's place */
    bool can_transfer;
    bool vip;                  /* the owner always wants to talk to this number */
    const char *const *names;  /* who says one of them may be put through; ended by NULL */
    const char *const *urgent; /* words of matters that may be; ended by NULL */
    const char *said;          /* what the caller was told beside the greeting */
    bool message_only;         /* nothing but a message is wanted */
    bool filter;               /* whoever sells or cheats is to be hung up on at once */
};
void prompt_build(struct str template, const struct prompt_facts *facts, struct buf *out);
/* Behind it, what the owner has whispered since, each on a line. In English in every language, like
 * the tools: it is for the model. */
void prompt_add_whispers(struct buf *prompt, struct str whispers);

struct call_tool {
    const char *name, *description;
    const char *parameters_json; /* JSON schema of the strict subset */
};
enum { CALL_TOOLS_MAX = 3 };
/* The tools of a conversation; returns how many were written. */
size_t call_tools(bool can_transfer, struct call_tool out[CALL_TOOLS_MAX]);
