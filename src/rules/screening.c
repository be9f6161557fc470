/* rules/screening.c: the question about a call, its schema, and the facts as JSON; what of an
 * answer is believed stands in screening_read.c. */
#include "rules/screening.h"

#include "base/utf8.h"

static const char *const labels[LABEL_COUNT] = {[LABEL_UNKNOWN] = "unknown",
                                                [LABEL_LEGITIMATE] = "legitimate",
                                                [LABEL_MARKETING] = "marketing",
                                                [LABEL_SPAM] = "spam",
                                                [LABEL_FRAUD] = "fraud"};
static const char *const leads[LEAD_COUNT] = {[LEAD_NONE] = "none",
                                              [LEAD_INFORMATIONAL] = "informational",
                                              [LEAD_FOLLOW_UP] = "follow_up",
                                              [LEAD_URGENT] = "urgent",
                                              [LEAD_HOT] = "hot_lead"};
static const char *const urgencies[URGENCY_COUNT] = {
    [URGENCY_LOW] = "low", [URGENCY_NORMAL] = "normal", [URGENCY_HIGH] = "high"};

const char *screening_label_code(enum screening_label label)
{
    return labels[label];
}

const char *screening_lead_code(enum screening_lead lead)
{
    return leads[lead];
}

const char *screening_urgency_code(enum screening_urgency urgency)
{
    return urgencies[urgency];
}

/* The strict subset knows no lengths and no formats: those are checked when the answer comes. */
const char *screening_schema(void)
{
    return "{\"type\":\"object\",\"properties\":{"
           "\"legitimacy\":{\"type\":\"string\",\"enum\":[\"legitimate\",\"marketing\",\"spam\","
           "\"fraud\",\"unknown\"]},"
           "\"lead\":{\"type\":\"string\",\"enum\":[\"hot_lead\",\"urgent\",\"follow_up\","
           "\"informational\",\"none\"]},"
           "\"intent\":{\"type\":[\"string\",\"null\"]},"
           "\"caller_name\":{\"type\":[\"string\",\"null\"]},"
           "\"company\":{\"type\":[\"string\",\"null\"]},"
           "\"callback_number\":{\"type\":[\"string\",\"null\"]},"
           "\"urgency\":{\"type\":\"string\",\"enum\":[\"low\",\"normal\",\"high\"]},"
           "\"summary\":{\"type\":\"string\"},"
           "\"needs_follow_up\":{\"type\":\"boolean\"},"
           "\"asked_for_person\":{\"type\":\"boolean\"},"
           "\"confidence\":{\"type\":\"number\"}},"
           "\"required\":[\"legitimacy\",\"lead\",\"intent\",\"caller_name\",\"company\","
           "\"callback_number\",\"urgency\",\"summary\",\"needs_follow_up\",\"asked_for_person\","
           "\"confidence\"],"
           "\"additionalProperties\":false}";
}

static void put_text(struct buf *out, const char *text)
{
    if (text && text[0])
        buf_json_string(out, str_of(text));
    else
        buf_puts(out, "null");
}

static size_t line_bytes(const struct screening_line *line)
{
    return line->text.bytes < SCREENING_LINE_BYTES_MAX ? line->text.bytes
                                                       : SCREENING_LINE_BYTES_MAX;
}

/* Lines [first, after) are left out so that the rest fits: the beginning says who calls and why,
 * the end what came of it. */
struct gap {
    size_t first, after;
};
static struct gap gap_of(const struct screening_input *input)
{
    struct gap gap = {0, input->line_count};
    size_t bytes = 0;
    while (gap.first < gap.after &&
           bytes + line_bytes(&input->lines[gap.first]) <= SCREENING_TRANSCRIPT_BYTES_MAX / 2)
        bytes += line_bytes(&input->lines[gap.first++]);
    while (gap.after > gap.first &&
           bytes + line_bytes(&input->lines[gap.after - 1]) <= SCREENING_TRANSCRIPT_BYTES_MAX)
        bytes += line_bytes(&input->lines[--gap.after]);
    return gap;
}

static void put_line(struct buf *out, const struct screening_input *input, size_t index)
{
    const struct screening_line *line = &input->lines[index];
    buf_printf(out, "%s{\"line\":%zu,\"speaker\":\"%s\",\"text\":", index ? "," : "", index + 1,
               line->speaker == SCREENING_CALLER ? "caller" : "karen");
    buf_json_string(out, utf8_cut(line->text, SCREENING_LINE_BYTES_MAX));
    buf_putc(out, '}');
}

void screening_question(const struct screening_input *input, struct buf *user_out)
{
    struct gap gap = gap_of(input);
    buf_puts(user_out, "{\"language\":");
    put_text(user_out, input->language);
    buf_puts(user_out, ",\"owner\":");
    put_text(user_out, input->owner);
    buf_puts(user_out, ",\"caller_number\":");
    put_text(user_out, input->caller_number);
    buf_puts(user_out, ",\"transcript\":[");
    for (size_t i = 0; i < input->line_count; i++)
        if (i < gap.first || i >= gap.after)
            put_line(user_out, input, i);
    buf_printf(user_out, "],\"lines_left_out\":%zu}", gap.after - gap.first);
}

static void put_member(struct buf *out, const char *key, const char *text)
{
    buf_printf(out, "\"%s\":", key);
    put_text(out, text);
    buf_putc(out, ',');
}

void screening_print(const struct screening *screening, struct buf *out)
{
    buf_putc(out, '{');
    put_member(out, "legitimacy", labels[screening->legitimacy]);
    put_member(out, "lead", leads[screening->lead]);
    put_member(out, "intent", screening->intent);
    put_member(out, "caller_name", screening->caller_name);
    put_member(out, "company", screening->company);
    put_member(out, "callback_number", screening->callback_number);
    put_member(out, "urgency", urgencies[screening->urgency]);
    buf_puts(out, "\"summary\":");
    buf_json_string(out, str_of(screening->summary));
    buf_printf(out, ",\"needs_follow_up\":%s,\"asked_for_person\":%s,\"confidence\":%.2f}",
               screening->needs_follow_up ? "true" : "false",
               screening->asked_for_person ? "true" : "false", screening->confidence);
}
