/* call/phrases.h: the words of enum call_phrase, out of prompts/<language>/phrases.json: an object
 * of texts with one member a phrase ("disclosure", "still_there_2", ...) and "owner_unknown", what
 * stands for {owner} where the owner gave no name. Reads no file. */
#pragma once
#include "base/buf.h"
#include "call/core.h"

enum { PHRASE_BYTES_MAX = 400 };

struct phrases {
    char *words[PHRASE_COUNT]; /* PHRASE_GREETING: for tenants without a greeting of their own */
};

/* owner may be NULL or empty. EINVAL: not such an object; *why has a sentence. */
int phrases_parse(struct str json, const char *owner, struct phrases *phrases_out, struct buf *why);
void phrases_free(struct phrases *phrases); /* empty again */
/* What is said behind the disclosure: own, unless that is NULL or empty; NULL: there are no words.
 */
const char *phrases_greeting(const struct phrases *phrases, const char *own);
const char *phrase_name(enum call_phrase phrase); /* "still_there_2"; "" for PHRASE_NONE */
