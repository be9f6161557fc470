/* rules/screening.h: what a call was, in a dozen facts: the question put to the model after the
 * call, and the check of what it answers. Pure; asking is the job's, storing the store's.
 *
 * The question is never part of the caller's own conversation. The transcript goes in as JSON data,
 * so that no word of it can leave its quotes, and a caller who dictates a label dictates it to
 * nobody. What the answer claims about people is believed only as far as the transcript bears it
 * out: a name must have been said, a number must have been said or be the caller's own. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    SCREENING_TRANSCRIPT_BYTES_MAX = 24000, /* a longer call gives its beginning and its end */
    SCREENING_LINE_BYTES_MAX = 2000,
    SCREENING_INTENT_BYTES_MAX = 160,
    SCREENING_NAME_BYTES_MAX = 100, /* of a person or a company */
    SCREENING_SUMMARY_BYTES_MAX = 400,
    SCREENING_ANSWER_BYTES_MAX = 16384,
};
#define SCREENING_SCHEMA_NAME "call_screening"

enum screening_label {
    LABEL_UNKNOWN,
    LABEL_LEGITIMATE,
    LABEL_MARKETING,
    LABEL_SPAM,
    LABEL_FRAUD,
    LABEL_COUNT,
};
enum screening_lead {
    LEAD_NONE,
    LEAD_INFORMATIONAL,
    LEAD_FOLLOW_UP,
    LEAD_URGENT,
    LEAD_HOT,
    LEAD_COUNT,
};
enum screening_urgency { URGENCY_LOW, URGENCY_NORMAL, URGENCY_HIGH, URGENCY_COUNT };

/* The codes of API and database: "legitimate", "hot_lead", "normal" ... */
const char *screening_label_code(enum screening_label label);
const char *screening_lead_code(enum screening_lead lead);
const char *screening_urgency_code(enum screening_urgency urgency);

/* Texts are UTF-8; "" where it is not known. */
struct screening {
    enum screening_label legitimacy;
    enum screening_lead lead;
    enum screening_urgency urgency;
    char intent[SCREENING_INTENT_BYTES_MAX + 1]; /* a few words: why they called */
    char caller_name[SCREENING_NAME_BYTES_MAX + 1];
    char company[SCREENING_NAME_BYTES_MAX + 1];
    char callback_number[17];                      /* E.164 */
    char summary[SCREENING_SUMMARY_BYTES_MAX + 1]; /* one sentence in the tenant's language */
    bool needs_follow_up;
    bool asked_for_person; /* they wanted to talk to a human being */
    double confidence;     /* 0 to 1 */
};

struct screening_line {
    enum screening_speaker { SCREENING_CALLER, SCREENING_KAREN } speaker;
    struct str text;
};
struct screening_input {
    const char *language;      /* the tenant's: "cs", "sk", "en", "de" */
    const char *owner;         /* whose phone it is; NULL or "" when not known */
    const char *caller_number; /* E.164; NULL or "" when withheld */
    const char *country;       /* where they are, "CZ", for national numbers; NULL: by language */
    const struct screening_line *lines;
    size_t line_count;
};

/* The JSON schema of the answer, in the strict subset; goes with SCREENING_SCHEMA_NAME. */
const char *screening_schema(void);

/* The user message: {"language":"cs","owner":"..."|null,"caller_number":"+420..."|null,
 * "transcript":[{"line":1,"speaker":"caller"|"karen","text":"..."}, ...],"lines_left_out":0}.
 * The system message is the text of prompts/<language>/screening.md as it stands. */
void screening_question(const struct screening_input *input, struct buf *user_out);

/* The model's answer, checked. EPROTO: not an answer to that schema, *why_out says what is wrong
 * (static, without a word of the call). A name, company or number that the transcript does not bear
 * out is left empty, which is no refusal. */
int screening_read(const struct screening_input *input, struct str answer,
                   struct screening *screening_out, const char **why_out);
/* The same facts as the JSON object of that schema. */
void screening_print(const struct screening *screening, struct buf *out);
