/* fuzz/fuzz_screening.c: whatever a model answers, what is believed is lawful and borne out. */
#include "rules/screening.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_facts(const struct screening *facts)
{
    check(facts->legitimacy < LABEL_COUNT && facts->lead < LEAD_COUNT &&
          facts->urgency < URGENCY_COUNT);
    check(facts->confidence >= 0 && facts->confidence <= 1);
    check(utf8_valid(str_of(facts->summary)) && facts->summary[0]);
    check(utf8_valid(str_of(facts->intent)));
    check(utf8_valid(str_of(facts->caller_name)) && !strpbrk(facts->caller_name, "<>{}[]\"\\@:"));
    check(!facts->callback_number[0] || strcmp(facts->callback_number, "+420602345678") == 0 ||
          strcmp(facts->callback_number, "+420777123456") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const char said[] = "Tady Jan Novák z firmy ABC, moje číslo je 602 345 678.";
    const struct screening_line lines[] = {{SCREENING_CALLER, {said, sizeof(said) - 1}}};
    const struct screening_input input = {
        .language = "cs", .caller_number = "+420777123456", .lines = lines, .line_count = 1};
    struct str answer = {(const char *)data, bytes};
    struct screening facts, again;
    const char *why = NULL;
    if (screening_read(&input, answer, &facts, &why)) {
        check(why != NULL);
        return 0;
    }
    check_facts(&facts);
    struct buf printed = {0};
    screening_print(&facts, &printed);
    check(screening_read(&input, buf_str(&printed), &again, &why) == 0);
    buf_free(&printed);
    return 0;
}
