/* rules/signs.h: signs that a call is unwanted, or that it is not: word stems with weights. */
#pragma once
#include "rules/language.h"
#include "rules/screening.h"
#include "rules/words.h"

#include <stdint.h>

/* What the words add up to, per label; each sign counts once however often it is said. */
struct signs {
    double score[LABEL_COUNT];
    uint64_t seen; /* one bit a sign of the language's table */
};
void signs_add(struct signs *signs, const struct words *words, enum language language);
/* Fraud before spam before marketing on ties; unknown when nothing weighs enough. */
enum screening_label signs_label(const struct signs *signs);
