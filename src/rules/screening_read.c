/* rules/screening_read.c: a model's answer about a call, believed only as far as the transcript
 * bears it out. */
#include "base/json.h"
#include "base/utf8.h"
#include "rules/digits.h"
#include "rules/language.h"
#include "rules/phone.h"
#include "rules/screening.h"
#include "rules/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum field {
    FIELD_LEGITIMACY,
    FIELD_LEAD,
    FIELD_INTENT,
    FIELD_NAME,
    FIELD_COMPANY,
    FIELD_NUMBER,
    FIELD_URGENCY,
    FIELD_SUMMARY,
    FIELD_FOLLOW_UP,
    FIELD_PERSON,
    FIELD_CONFIDENCE,
    FIELD_COUNT,
};
static const char *const field_names[FIELD_COUNT] = {
    "legitimacy", "lead",    "intent",          "caller_name",      "company",   "callback_number",
    "urgency",    "summary", "needs_follow_up", "asked_for_person", "confidence"};

/* The answer as it came, before anything of it is believed. */
struct claim {
    unsigned given; /* one bit a field */
    int label, lead, urgency;
    struct buf intent, name, company, number, summary;
    bool follow_up, person;
    double confidence;
};

static void claim_free(struct claim *claim)
{
    buf_free(&claim->intent);
    buf_free(&claim->name);
    buf_free(&claim->company);
    buf_free(&claim->number);
    buf_free(&claim->summary);
}

typedef const char *code_fn(int value);
static const char *label_code(int value)
{
    return screening_label_code((enum screening_label)value);
}
static const char *lead_code(int value)
{
    return screening_lead_code((enum screening_lead)value);
}
static const char *urgency_code(int value)
{
    return screening_urgency_code((enum screening_urgency)value);
}

static bool read_code(struct json *json, code_fn *code, int count, int *value_out)
{
    struct str raw;
    if (!json_string(json, &raw))
        return false;
    for (int value = 0; value < count; value++)
        if (str_is(raw, code(value))) {
            *value_out = value;
            return true;
        }
    return false;
}

/* On one line, without control characters. */
static void put_clean(struct buf *out, struct str text)
{
    bool gap = false;
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (byte <= ' ' || byte == 0x7F) {
            gap = out->bytes > 0;
            continue;
        }
        if (gap)
            buf_putc(out, ' ');
        gap = false;
        buf_putc(out, text.at[i]);
    }
}

static bool read_text(struct json *json, bool nullable, struct buf *text_out)
{
    struct json before = *json;
    struct str raw;
    if (!json_string(json, &raw)) {
        /* the getter skipped it: was it null? */
        const char *at = before.at;
        while (at < json->at && strchr(" \t\r\n", *at))
            at++;
        return nullable && !json->bad && json->at - at >= 4 && memcmp(at, "null", 4) == 0;
    }
    struct buf plain = {0};
    json_unescape(&plain, raw);
    put_clean(text_out, buf_str(&plain));
    buf_free(&plain);
    return nullable || text_out->bytes > 0;
}

static bool read_field(struct json *json, enum field field, struct claim *claim)
{
    switch (field) {
    case FIELD_LEGITIMACY: return read_code(json, label_code, LABEL_COUNT, &claim->label);
    case FIELD_LEAD: return read_code(json, lead_code, LEAD_COUNT, &claim->lead);
    case FIELD_URGENCY: return read_code(json, urgency_code, URGENCY_COUNT, &claim->urgency);
    case FIELD_INTENT: return read_text(json, true, &claim->intent);
    case FIELD_NAME: return read_text(json, true, &claim->name);
    case FIELD_COMPANY: return read_text(json, true, &claim->company);
    case FIELD_NUMBER: return read_text(json, true, &claim->number);
    case FIELD_SUMMARY: return read_text(json, false, &claim->summary);
    case FIELD_FOLLOW_UP: return json_bool(json, &claim->follow_up);
    case FIELD_PERSON: return json_bool(json, &claim->person);
    case FIELD_CONFIDENCE:
        return json_number(json, &claim->confidence) && claim->confidence >= 0 &&
               claim->confidence <= 1;
    case FIELD_COUNT: break;
    }
    return false;
}

static enum field field_named(struct str key)
{
    int field = 0;
    while (field < FIELD_COUNT && !str_is(key, field_names[field]))
        field++;
    return (enum field)field;
}

static const char *read_claim(struct str answer, struct claim *claim)
{
    struct json json = json_of(answer);
    struct str key;
    if (answer.bytes > SCREENING_ANSWER_BYTES_MAX)
        return "the answer is too long";
    if (!utf8_valid(answer))
        return "the answer is not UTF-8";
    bool in = json_object(&json);
    if (!in)
        return "the answer is not a JSON object";
    while (json_member(&json, &key)) {
        enum field field = field_named(key);
        if (field == FIELD_COUNT)
            return "the answer has a field the schema does not know";
        if (claim->given & 1u << field)
            return "the answer has a field twice";
        if (!read_field(&json, field, claim))
            return "a field of the answer has a wrong type or value";
        claim->given |= 1u << field;
    }
    if (!json_done(&json))
        return "the answer is broken JSON";
    if (claim->given != (1u << FIELD_COUNT) - 1)
        return "a field of the answer is missing";
    return NULL;
}

/* ---- what the caller really said ------------------------------------------------------------ */

static struct buf caller_text(const struct screening_input *input)
{
    struct buf text = {0};
    for (size_t i = 0; i < input->line_count; i++)
        if (input->lines[i].speaker == SCREENING_CALLER) {
            buf_add_str(&text, utf8_cut(input->lines[i].text, SCREENING_LINE_BYTES_MAX));
            buf_putc(&text, '\n');
        }
    return text;
}

/* A word of a name in any of its cases: "Svoboda" is borne out by "svobodou". */
static bool is_case_of(struct str said, struct str name)
{
    size_t same = 0;
    while (same < said.bytes && same < name.bytes && said.at[same] == name.at[same])
        same++;
    if (same == name.bytes)
        return true;
    return name.bytes >= 3 && same >= 2 && same + 1 >= name.bytes - (name.bytes > 5) &&
           said.bytes <= name.bytes + 2;
}

static bool word_was_said(struct str text, struct str name)
{
    bool found = false;
    struct str rest = text;
    while (rest.bytes && !found) { /* a line at a time: struct words is bounded */
        struct words words;
        words_of(&words, str_cut(&rest, '\n'));
        for (size_t i = 0; i < words.count && !found; i++)
            found = is_case_of(words.list[i].folded, name);
        words_free(&words);
    }
    return found;
}

/* What a name may be dressed with though nobody said it. */
static bool is_dress(const struct words *words, size_t at)
{
    return words->list[at].folded.bytes < 2 ||
           words_match(words, at,
                       "mr|mrs|ms|miss|mister|dr|doctor|doktor|ing|mgr|bc|prof|pan|pani|herr|frau|"
                       "ltd|inc|llc|gmbh|ag|sro|as|spol|company|firma|spolecnost|spolocnost");
}

/* Letters of any script, digits and the few marks that names have. */
static bool looks_like_name(struct str name)
{
    for (size_t i = 0; i < name.bytes; i++) {
        unsigned char c = (unsigned char)name.at[i];
        bool letter = (c | 32) >= 'a' && (c | 32) <= 'z';
        if (c < 0x80 && !letter && !(c >= '0' && c <= '9') && !strchr(" .,'-&+/()", c))
            return false;
    }
    return true;
}

/* Every word of the name, in whatever case, but at least one. */
static bool was_said(struct str text, const struct buf *name)
{
    struct words words;
    size_t told = 0, missing = 0;
    words_of(&words, buf_str(name));
    for (size_t i = 0; i < words.count; i++) {
        if (is_dress(&words, i))
            continue;
        if (word_was_said(text, words.list[i].folded))
            told++;
        else
            missing++;
    }
    words_free(&words);
    return told && !missing && looks_like_name(buf_str(name));
}

static bool same_number(const char *digits, const char *country, const char *e164)
{
    char said[PHONE_TEXT_BYTES];
    return phone_parse(str_of(digits), country, said) == PHONE_NUMBER && strcmp(said, e164) == 0;
}

static bool number_in(struct str text, enum language language, const char *const *countries,
                      const char *e164)
{
    struct words words;
    struct digits digits = {0};
    bool found = false;
    words_of(&words, text);
    while (!found && digits_find(&words, language, digits.span.after, &digits))
        for (size_t i = 0; i < 3 && !found; i++)
            found = same_number(digits.text, countries[i], e164);
    words_free(&words);
    return found;
}

/* Said in one line, or bit by bit over several. */
static bool number_was_said(const struct screening_input *input, struct str text,
                            const char *const *countries, const char *e164)
{
    enum language language = language_named(input->language);
    for (struct str rest = text; rest.bytes;)
        if (number_in(str_cut(&rest, '\n'), language, countries, e164))
            return true;
    return number_in(text, language, countries, e164);
}

static void believe_number(const struct screening_input *input, struct str text,
                           const struct buf *claimed, char out[PHONE_TEXT_BYTES])
{
    const char *caller = input->caller_number ? input->caller_number : "";
    const char *home =
        input->country ? input->country : digits_country(language_named(input->language));
    const char *const countries[] = {home, caller[0] ? phone_country(caller) : NULL, NULL};
    char e164[PHONE_TEXT_BYTES] = "";
    phone_parse(buf_str(claimed), home, e164);
    bool borne_out =
        e164[0] && (strcmp(e164, caller) == 0 || number_was_said(input, text, countries, e164));
    strcpy(out, borne_out ? e164 : "");
}

static void keep(char *out, size_t room, const struct buf *text)
{
    struct str cut = utf8_cut(buf_str(text), room - 1);
    if (cut.bytes < text->bytes) { /* at a word */
        size_t bytes = cut.bytes;
        while (bytes && cut.at[bytes] != ' ')
            bytes--;
        cut.bytes = bytes ? bytes : cut.bytes;
    }
    if (cut.bytes)
        memcpy(out, cut.at, cut.bytes);
    out[cut.bytes] = '\0';
}

static void believe(const struct screening_input *input, const struct claim *claim,
                    struct screening *screening)
{
    struct buf text = caller_text(input);
    screening->legitimacy = (enum screening_label)claim->label;
    screening->lead = (enum screening_lead)claim->lead;
    screening->urgency = (enum screening_urgency)claim->urgency;
    screening->needs_follow_up = claim->follow_up;
    screening->asked_for_person =
        claim->person && text.bytes > 0; /* who was silent asked nothing */
    screening->confidence = claim->confidence;
    keep(screening->intent, sizeof(screening->intent), &claim->intent);
    keep(screening->summary, sizeof(screening->summary), &claim->summary);
    if (was_said(buf_str(&text), &claim->name))
        keep(screening->caller_name, sizeof(screening->caller_name), &claim->name);
    if (was_said(buf_str(&text), &claim->company))
        keep(screening->company, sizeof(screening->company), &claim->company);
    believe_number(input, buf_str(&text), &claim->number, screening->callback_number);
    if (claim->label == LABEL_SPAM || claim->label == LABEL_FRAUD) {
        screening->lead = LEAD_NONE; /* nobody should be led to call a swindler back */
        screening->needs_follow_up = false;
    }
    buf_free(&text);
}

int screening_read(const struct screening_input *input, struct str answer,
                   struct screening *screening_out, const char **why_out)
{
    struct claim claim = {0};
    struct screening screening = {0};
    const char *why = read_claim(answer, &claim);
    if (!why) {
        believe(input, &claim, &screening);
        *screening_out = screening;
    } else {
        *why_out = why;
    }
    claim_free(&claim);
    return why ? EPROTO : 0;
}
