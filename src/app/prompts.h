/* app/prompts.h: the texts Karen speaks and thinks with, read once from PROMPTS_DIR: one folder a
 * language, the same files in each. */
#pragma once
#include "base/buf.h"
#include "rules/scenario.h"

enum { PROMPT_BYTES_MAX = 64 * 1024 };

struct prompts;
/* ENOENT: a file is missing; EINVAL: too long, not UTF-8 or not what it should be; *why then has a
 * sentence. */
int prompts_load(const char *directory, struct prompts **prompts_out, struct buf *why);
void prompts_free(struct prompts **prompts); /* NULL after; NULL is fine */

/* In the language given, else in English; never NULL, borrowed until prompts_free(). */
const char *prompts_conversation(const struct prompts *prompts, const char *language);
const char *prompts_screening(const struct prompts *prompts, const char *language);
const char *prompts_phrases(const struct prompts *prompts, const char *language);
const struct scenarios *prompts_scenarios(const struct prompts *prompts, const char *language);
