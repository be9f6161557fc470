/* rules/forwarding.c: four ways of writing codes, and a table of who uses which. */
#include "rules/forwarding.h"

#include "base/mem.h"
#include "rules/phone.h"

#include <stdio.h>
#include <string.h>

const char *forwarding_case_code(enum forwarding_case which)
{
    static const char *const codes[] = {[FORWARD_MISSED] = "missed",
                                        [FORWARD_NO_ANSWER] = "no_answer",
                                        [FORWARD_BUSY] = "busy",
                                        [FORWARD_UNREACHABLE] = "unreachable",
                                        [FORWARD_ALL] = "all"};
    return codes[which];
}

/* ---- ways of writing codes ------------------------------------------------------------------ */

enum dialect {
    GSM,         /* **61*+420...*11*20#, off ##61# */
    LANDLINE,    /* *61*0...#, off #61# */
    LANDLINE_US, /* *92 and the number, off *93 */
    VERIZON,     /* *71 and the number, off *73 */
};

struct code_row {
    enum forwarding_case which;
    const char *on, *off, *status; /* of a code that is dialled: what stands around the number */
    bool timed;                    /* takes the seconds of ringing */
};

static int round_seconds(int seconds)
{
    int rounded = (seconds + 2) / 5 * 5;
    return rounded < FORWARDING_SECONDS_MIN   ? FORWARDING_SECONDS_MIN
           : rounded > FORWARDING_SECONDS_MAX ? FORWARDING_SECONDS_MAX
                                              : rounded;
}

/* "#" and "+" mean something else in a link; what stands behind an unencoded "#" is lost. */
static void link_of(const char *code, char out[FORWARDING_TEL_BYTES])
{
    size_t at = (size_t)snprintf(out, FORWARDING_TEL_BYTES, "tel:");
    for (; *code && at + 4 < FORWARDING_TEL_BYTES; code++) {
        const char *plain = *code == '#' ? "%23" : *code == '+' ? "%2B" : NULL;
        at += plain ? (size_t)snprintf(out + at, FORWARDING_TEL_BYTES - at, "%s", plain)
                    : (size_t)snprintf(out + at, FORWARDING_TEL_BYTES - at, "%c", *code);
    }
}

static void write_gsm(const struct code_row *row, const struct forwarding_wish *wish,
                      struct forwarding_code *code)
{
    char timer[16] = "";
    if (row->timed && wish->seconds > 0)
        snprintf(timer, sizeof(timer), "*11*%d", round_seconds(wish->seconds)); /* 11: speech */
    snprintf(code->on, sizeof(code->on), "**%s*%.16s%s#", row->on, wish->number, timer);
    snprintf(code->off, sizeof(code->off), "##%s#", row->on);
    snprintf(code->status, sizeof(code->status), "*#%s#", row->on);
}

static void write_landline(const struct code_row *row, const struct forwarding_wish *wish,
                           struct forwarding_code *code)
{
    char number[PHONE_DIALLED_BYTES];
    phone_dialled(wish->number, wish->country, number);
    snprintf(code->on, sizeof(code->on), "*%s*%s#", row->on, number);
    snprintf(code->off, sizeof(code->off), "#%s#", row->on);
    snprintf(code->status, sizeof(code->status), "*#%s#", row->on);
}

static void write_american(const struct code_row *row, const struct forwarding_wish *wish,
                           struct forwarding_code *code)
{
    char number[PHONE_DIALLED_BYTES];
    phone_dialled(wish->number, wish->country, number);
    snprintf(code->on, sizeof(code->on), "%s%s", row->on, number);
    snprintf(code->off, sizeof(code->off), "%s", row->off);
}

static const struct {
    struct code_row rows[FORWARDING_CODES_MAX];
    size_t count;
    void (*write)(const struct code_row *row, const struct forwarding_wish *wish,
                  struct forwarding_code *code);
} dialects[] = {
    [GSM] = {{{.which = FORWARD_MISSED, .on = "004", .timed = true},
              {.which = FORWARD_NO_ANSWER, .on = "61", .timed = true},
              {.which = FORWARD_BUSY, .on = "67"},
              {.which = FORWARD_UNREACHABLE, .on = "62"},
              {.which = FORWARD_ALL, .on = "21"}},
             5,
             write_gsm},
    [LANDLINE] = {{{.which = FORWARD_NO_ANSWER, .on = "61"},
                   {.which = FORWARD_BUSY, .on = "67"},
                   {.which = FORWARD_ALL, .on = "21"}},
                  3,
                  write_landline},
    [LANDLINE_US] = {{{.which = FORWARD_NO_ANSWER, .on = "*92", .off = "*93"},
                      {.which = FORWARD_BUSY, .on = "*90", .off = "*91"},
                      {.which = FORWARD_ALL, .on = "*72", .off = "*73"}},
                     3,
                     write_american},
    [VERIZON] = {{{.which = FORWARD_MISSED, .on = "*71", .off = "*73"},
                  {.which = FORWARD_ALL, .on = "*72", .off = "*73"}},
                 2,
                 write_american},
};

/* ---- who uses which ------------------------------------------------------------------------- */

static const struct carrier {
    const char *country, *id, *name;
    enum dialect dialect;
    const char *notes[4];
} carriers[] = {
    {"CZ", "o2", "O2", GSM, {"replaces_voicemail"}},
    {"CZ", "tmobile", "T-Mobile", GSM, {0}},
    {"CZ", "vodafone", "Vodafone", GSM, {0}},
    {"CZ", "landline", NULL, LANDLINE, {0}},
    {"SK", "telekom", "Telekom", GSM, {"slovak_numbers_only"}},
    {"SK", "orange", "Orange", GSM, {"slovak_and_eu_numbers_only"}},
    {"SK", "o2", "O2", GSM, {"conditional_for_postpaid_only", "listed_eu_numbers_only"}},
    {"SK", "landline", NULL, LANDLINE, {0}},
    {"DE", "telekom", "Telekom", GSM, {"mailbox_in_the_way", "prepaid_mailbox_only"}},
    {"DE", "vodafone", "Vodafone", GSM, {"mailbox_in_the_way", "prepaid_mailbox_only"}},
    {"DE", "o2", "o2", GSM, {"mailbox_off_in_app", "prepaid_mailbox_only"}},
    {"DE", "landline", NULL, LANDLINE, {0}},
    {"AT", "landline", NULL, LANDLINE, {0}},
    {"GB", "ee", "EE", GSM, {"prepaid_mailbox_only"}},
    {"GB", "o2", "O2", GSM, {"voicemail_off_1760", "prepaid_mailbox_only"}},
    {"GB", "vodafone", "Vodafone", GSM, {"prepaid_mailbox_only"}},
    {"GB", "three", "Three", GSM, {"voicemail_off_first", "prepaid_mailbox_only"}},
    {"GB", "landline", NULL, LANDLINE, {0}},
    {"US", "att", "AT&T", GSM, {"screening_answers_first"}},
    {"US", "tmobile", "T-Mobile", GSM, {"some_plans_without", "screening_answers_first"}},
    {"US", "verizon", "Verizon", VERIZON, {"no_ring_time", "screening_answers_first"}},
    {"US", "landline", NULL, LANDLINE_US, {0}},
};
static const struct carrier other = {NULL, "other", NULL, GSM, {"codes_may_differ"}};

size_t forwarding_carriers(const char *country, struct forwarding_carrier *carriers_out)
{
    size_t count = 0;
    for (size_t i = 0; i < countof(carriers) && count < FORWARDING_CARRIERS_MAX - 1; i++)
        if (strcmp(carriers[i].country, country) == 0)
            carriers_out[count++] = (struct forwarding_carrier){carriers[i].id, carriers[i].name};
    carriers_out[count++] = (struct forwarding_carrier){other.id, other.name};
    return count;
}

static const struct carrier *carrier_of(const struct forwarding_wish *wish)
{
    for (size_t i = 0; wish->carrier && i < countof(carriers); i++)
        if (strcmp(carriers[i].country, wish->country) == 0 &&
            strcmp(carriers[i].id, wish->carrier) == 0)
            return &carriers[i];
    return &other;
}

/* ---- the plan ------------------------------------------------------------------------------- */

static void add_note(struct forwarding_plan *plan, const char *note)
{
    if (note && plan->note_count < FORWARDING_NOTES_MAX)
        plan->notes[plan->note_count++] = note;
}

static void add_notes(struct forwarding_plan *plan, const struct forwarding_wish *wish,
                      const struct carrier *carrier)
{
    if (phone_country_known(wish->country) &&
        strcmp(phone_country(wish->number), wish->country) != 0)
        add_note(plan, "number_of_another_country");
    for (size_t i = 0; i < countof(carrier->notes); i++)
        add_note(plan, carrier->notes[i]);
    if (strcmp(wish->country, "US") != 0)
        add_note(plan, "forwarded_leg_is_paid");
    if (carrier->dialect == GSM)
        add_note(plan, "roaming_is_paid_twice");
    add_note(plan, "iphone_does_not_dial_codes");
}

static const char *note_of(const struct code_row *row, enum dialect dialect)
{
    if (row->which == FORWARD_ALL)
        return "phone_does_not_ring";
    if (row->which == FORWARD_BUSY)
        return "declined_counts_as_busy";
    return row->which == FORWARD_MISSED && dialect == VERIZON ? "no_ring_time" : NULL;
}

void forwarding_plan(const struct forwarding_wish *wish, struct forwarding_plan *plan_out)
{
    const struct carrier *carrier = carrier_of(wish);
    struct forwarding_plan plan = {.carrier = carrier->id,
                                   .code_count = dialects[carrier->dialect].count};
    for (size_t i = 0; i < plan.code_count; i++) {
        const struct code_row *row = &dialects[carrier->dialect].rows[i];
        struct forwarding_code *code = &plan.codes[i];
        code->which = row->which;
        code->note = note_of(row, carrier->dialect);
        dialects[carrier->dialect].write(row, wish, code);
        link_of(code->on, code->on_tel);
        link_of(code->off, code->off_tel);
    }
    add_notes(&plan, wish, carrier);
    *plan_out = plan;
}
