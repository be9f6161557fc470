/* rules/script_screen.c: the facts of a whole call without a model, put together from what each of
 * the caller's lines says. */
#include "base/utf8.h"
#include "rules/phone.h"
#include "rules/script.h"
#include "rules/script_texts.h"
#include "rules/slots.h"

#include <string.h>

enum { QUOTE_BYTES_MAX = 140 };

/* What has been gathered from the lines so far. */
struct findings {
    enum language language;
    struct signs signs;
    bool spoke, wants_person, wants_back, urgent, buying, brief, reason_introduced;
    char name[SCREENING_NAME_BYTES_MAX + 1];
    char company[SCREENING_NAME_BYTES_MAX + 1];
    char number[DIGITS_MAX + 2];
    char reason[SCRIPT_REASON_BYTES_MAX + 1];
    struct str worst; /* the caller's line with the heaviest signs of something unwanted */
    double worst_score;
};

static void find_who(struct findings *found, const struct words *words, const struct slots *slots,
                     bool asked_name)
{
    struct span name = slots->name;
    if (!name.after && asked_name)
        name = slots_bare_name(words, found->language);
    if (name.after && !found->name[0])
        slots_copy_name(words, name, found->name, sizeof(found->name));
    if (found->company[0])
        return;
    if (slots->company_name)
        strcpy(found->company, slots->company_name);
    else if (slots->company.after)
        slots_copy_name(words, slots->company, found->company, sizeof(found->company));
}

static void find_why(struct findings *found, const struct words *words, const struct slots *slots)
{
    bool person = slots_said(words, found->language, SAID_PERSON);
    bool better = slots->reason_introduced && !found->reason_introduced;
    struct span reason = slots->reason;
    if (person && !slots->reason_introduced)
        reason = (struct span){0};
    else if (!reason.after && slots->rest.after - slots->rest.first >= 2)
        reason = slots->rest;
    if (!reason.after || (found->reason[0] && !better))
        return;
    slots_copy_text(words, reason, found->reason, sizeof(found->reason));
    found->reason_introduced = slots->reason_introduced;
}

static void weigh(struct findings *found, const struct words *words, struct str text)
{
    struct signs alone = {0};
    signs_add(&alone, words, found->language);
    signs_add(&found->signs, words, found->language);
    double score = 0;
    for (int label = LABEL_MARKETING; label <= LABEL_FRAUD; label++)
        score += alone.score[label];
    if (score > found->worst_score || !found->worst.bytes) {
        found->worst = text;
        found->worst_score = score;
    }
}

static void find_in_line(struct findings *found, struct str text, bool asked_name)
{
    enum language language = found->language;
    struct words words;
    struct slots slots;
    words_of(&words, text);
    found->spoke |= words.count > 0;
    weigh(found, &words, text);
    slots_of(&words, language, &slots);
    find_who(found, &words, &slots, asked_name);
    find_why(found, &words, &slots);
    if (slots.has_number)
        strcpy(found->number, slots.number.text);
    found->wants_person |= slots_said(&words, language, SAID_PERSON);
    found->wants_back |= slots_said(&words, language, SAID_CALL_BACK);
    found->urgent |= slots_said(&words, language, SAID_URGENT);
    found->buying |= slots_said(&words, language, SAID_BUYING);
    found->brief |=
        slots_said(&words, language, SAID_FAMILY) || slots_said(&words, language, SAID_DELIVERY);
    words_free(&words);
}

static bool asks_name(enum language language, struct str text)
{
    struct words words;
    words_of(&words, text);
    bool asks = slots_said(&words, language, SAID_ASKED_NAME);
    words_free(&words);
    return asks;
}

static void find_all(struct findings *found, const struct screening_input *input)
{
    bool asked_name = false;
    for (size_t i = 0; i < input->line_count; i++) {
        struct str text = utf8_cut(input->lines[i].text, SCREENING_LINE_BYTES_MAX);
        if (input->lines[i].speaker == SCREENING_CALLER) {
            find_in_line(found, text, asked_name);
            asked_name = false;
        } else {
            asked_name = asks_name(found->language, text);
        }
    }
}

/* Without weighty signs it is still somebody honest who says who they are and why, or what they
 * want of the owner. */
static enum screening_label label_of(const struct findings *found)
{
    enum screening_label label = signs_label(&found->signs);
    const double *score = found->signs.score;
    bool suspected = score[LABEL_MARKETING] + score[LABEL_SPAM] + score[LABEL_FRAUD] > 0;
    bool open = found->brief || found->wants_person || found->buying ||
                (found->reason[0] && (found->name[0] || (found->urgent && !suspected)));
    return label == LABEL_UNKNOWN && open ? LABEL_LEGITIMATE : label;
}

static enum screening_lead lead_of(const struct findings *found, enum screening_label label)
{
    if (label != LABEL_LEGITIMATE)
        return LEAD_NONE;
    if (found->urgent)
        return LEAD_URGENT;
    if (found->buying)
        return LEAD_HOT;
    if (found->wants_back || found->wants_person || found->number[0] ||
        (found->name[0] && found->reason[0] && !found->brief))
        return LEAD_FOLLOW_UP;
    return LEAD_INFORMATIONAL;
}

static void copy(char *out, size_t room, struct str text)
{
    text = utf8_cut(text, room - 1);
    if (text.bytes)
        memcpy(out, text.at, text.bytes);
    out[text.bytes] = '\0';
}

static void put_quote(const struct findings *found, struct str words, struct buf *out)
{
    struct str cut = utf8_cut(str_trim(words), QUOTE_BYTES_MAX);
    buf_puts(out, script_text(found->language, SUM_QUOTE));
    buf_add_str(out, cut);
    buf_puts(out, cut.bytes < str_trim(words).bytes ? "…" : "");
    buf_puts(out, script_text(found->language, SUM_UNQUOTE));
}

static void put_who(const struct findings *found, struct buf *out)
{
    if (found->name[0] && found->company[0])
        buf_printf(out, "%s (%s)", found->name, found->company);
    else if (found->name[0])
        buf_puts(out, found->name);
    else
        buf_printf(out, found->company[0] ? "%s (%s)" : "%s",
                   script_text(found->language, SUM_SOMEBODY), found->company);
}

static void put_why(const struct findings *found, struct buf *out)
{
    enum language language = found->language;
    if (found->reason[0] && found->reason_introduced) {
        buf_puts(out, script_text(language, SUM_CALLED));
        buf_add_str(out, utf8_cut(str_of(found->reason), QUOTE_BYTES_MAX));
    } else if (found->reason[0]) {
        buf_puts(out, script_text(language, SUM_SAID));
        put_quote(found, str_of(found->reason), out);
    } else {
        buf_puts(out, script_text(language, found->wants_person ? SUM_WANTS_PERSON : SUM_UNCLEAR));
    }
}

static void put_summary(const struct findings *found, enum screening_label label, struct buf *out)
{
    static const enum script_say unwanted[LABEL_COUNT] = {
        [LABEL_MARKETING] = SUM_MARKETING, [LABEL_SPAM] = SUM_SPAM, [LABEL_FRAUD] = SUM_FRAUD};
    if (!found->spoke) {
        buf_puts(out, script_text(found->language, SUM_NOTHING));
        return;
    }
    if (unwanted[label]) {
        buf_puts(out, script_text(found->language, unwanted[label]));
        put_quote(found, found->worst, out);
    } else {
        put_who(found, out);
        put_why(found, out);
        if (found->wants_back)
            buf_puts(out, script_text(found->language, SUM_WANTS_BACK));
    }
    buf_putc(out, '.');
}

static void put_number(const struct findings *found, const struct screening_input *input,
                       char out[PHONE_TEXT_BYTES])
{
    const char *country = input->country ? input->country : digits_country(found->language);
    out[0] = '\0';
    if (found->number[0])
        phone_parse(str_of(found->number), country, out);
    if (!out[0] && found->wants_back && input->caller_number)
        phone_parse(str_of(input->caller_number), NULL, out);
}

/* How much heavier the label weighs than what it would be otherwise. */
static double sure(const struct findings *found, enum screening_label label)
{
    if (label == LABEL_UNKNOWN)
        return 0.3;
    double other = 0;
    for (int i = LABEL_LEGITIMATE; i < LABEL_COUNT; i++)
        if (i != (int)label && found->signs.score[i] > other)
            other = found->signs.score[i];
    double margin = found->signs.score[label] - other;
    return margin <= 0 ? 0.5 : margin >= 6 ? 0.95 : 0.5 + margin * 0.075;
}

void script_screen(const struct screening_input *input, struct screening *screening_out)
{
    struct findings found = {.language = language_named(input->language)};
    find_all(&found, input);
    enum screening_label label = label_of(&found);
    struct screening facts = {.legitimacy = label,
                              .lead = lead_of(&found, label),
                              .urgency = label > LABEL_LEGITIMATE ? URGENCY_LOW
                                         : found.urgent           ? URGENCY_HIGH
                                                                  : URGENCY_NORMAL,
                              .confidence = sure(&found, label)};
    facts.needs_follow_up = facts.lead > LEAD_INFORMATIONAL;
    facts.asked_for_person = found.wants_person;
    copy(facts.caller_name, sizeof(facts.caller_name), str_of(found.name));
    copy(facts.company, sizeof(facts.company), str_of(found.company));
    copy(facts.intent, sizeof(facts.intent),
         label > LABEL_LEGITIMATE ? str_trim(found.worst) : str_of(found.reason));
    put_number(&found, input, facts.callback_number);
    struct buf summary = {0};
    put_summary(&found, label, &summary);
    copy(facts.summary, sizeof(facts.summary), buf_str(&summary));
    buf_free(&summary);
    *screening_out = facts;
}
