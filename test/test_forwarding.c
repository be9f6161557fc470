/* test/test_forwarding.c: what is dialled to forward a phone, by country and network. */
#include "base/mem.h"
#include "rules/forwarding.h"
#include "test/test.h"

#include <stdbool.h>
#include <string.h>

#define KAREN "+420228883001"

static struct forwarding_plan plan;

static void make(const char *country, const char *carrier, const char *number, int seconds)
{
    const struct forwarding_wish wish = {country, carrier, number, seconds};
    forwarding_plan(&wish, &plan);
}

static const struct forwarding_code *code_for(enum forwarding_case which)
{
    for (size_t i = 0; i < plan.code_count; i++)
        if (plan.codes[i].which == which)
            return &plan.codes[i];
    fail_msg("there is no code for %s", forwarding_case_code(which));
    return NULL;
}

static bool notes(const char *note)
{
    for (size_t i = 0; i < plan.note_count; i++)
        if (strcmp(plan.notes[i], note) == 0)
            return true;
    return false;
}

static void one_code_for_all_that_is_missed_comes_first(void **state)
{
    (void)state;
    make("CZ", "vodafone", KAREN, 20);
    assert_int_equal(plan.code_count, 5);
    const struct forwarding_code *code = &plan.codes[0];
    assert_int_equal(code->which, FORWARD_MISSED);
    assert_string_equal(code->on, "**004*" KAREN "*11*20#");
    assert_string_equal(code->off, "##004#");
    assert_string_equal(code->status, "*#004#");
    assert_string_equal(code->on_tel, "tel:**004*%2B420228883001*11*20%23");
    assert_string_equal(code->off_tel, "tel:%23%23004%23");
}

static void every_case_has_its_code_in_mobile_networks(void **state)
{
    static const struct {
        enum forwarding_case which;
        const char *on, *off;
    } cases[] = {{FORWARD_NO_ANSWER, "**61*" KAREN "*11*15#", "##61#"},
                 {FORWARD_BUSY, "**67*" KAREN "#", "##67#"},
                 {FORWARD_UNREACHABLE, "**62*" KAREN "#", "##62#"},
                 {FORWARD_ALL, "**21*" KAREN "#", "##21#"}};
    (void)state;
    make("CZ", "o2", KAREN, 15);
    for (size_t i = 0; i < countof(cases); i++) {
        assert_string_equal(code_for(cases[i].which)->on, cases[i].on);
        assert_string_equal(code_for(cases[i].which)->off, cases[i].off);
    }
    assert_true(notes("replaces_voicemail"));
    assert_string_equal(code_for(FORWARD_ALL)->note, "phone_does_not_ring");
}

static void ringing_goes_in_steps_of_five_seconds(void **state)
{
    static const struct {
        int wished;
        const char *code;
    } cases[] = {{0, "**61*" KAREN "#"},        {1, "**61*" KAREN "*11*5#"},
                 {12, "**61*" KAREN "*11*10#"}, {13, "**61*" KAREN "*11*15#"},
                 {30, "**61*" KAREN "*11*30#"}, {99, "**61*" KAREN "*11*30#"},
                 {-5, "**61*" KAREN "#"}};
    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        make("CZ", NULL, KAREN, cases[i].wished);
        assert_string_equal(code_for(FORWARD_NO_ANSWER)->on, cases[i].code);
    }
}

static void landlines_dial_as_people_there_do(void **state)
{
    (void)state;
    make("GB", "landline", "+442079460007", 20);
    assert_string_equal(code_for(FORWARD_NO_ANSWER)->on, "*61*02079460007#");
    assert_string_equal(code_for(FORWARD_NO_ANSWER)->off, "#61#");
    make("CZ", "landline", KAREN, 0);
    assert_string_equal(code_for(FORWARD_ALL)->on, "*21*228883001#");
    make("SK", "landline", KAREN, 0);
    assert_string_equal(code_for(FORWARD_BUSY)->on, "*67*00420228883001#");
    assert_true(notes("number_of_another_country"));
    make("US", "landline", "+12015550123", 0);
    assert_string_equal(code_for(FORWARD_NO_ANSWER)->on, "*922015550123");
    assert_string_equal(code_for(FORWARD_NO_ANSWER)->off, "*93");
    assert_string_equal(code_for(FORWARD_NO_ANSWER)->status, "");
}

static void verizon_has_codes_of_its_own(void **state)
{
    (void)state;
    make("US", "verizon", "+12015550123", 20);
    assert_string_equal(code_for(FORWARD_MISSED)->on, "*712015550123");
    assert_string_equal(code_for(FORWARD_MISSED)->off, "*73");
    assert_string_equal(code_for(FORWARD_MISSED)->note, "no_ring_time");
    make("US", "att", "+12015550123", 20);
    assert_string_equal(code_for(FORWARD_MISSED)->on, "**004*+12015550123*11*20#");
    make("US", "verizon", KAREN, 0);
    assert_string_equal(code_for(FORWARD_ALL)->on, "*72011420228883001");
}

static void networks_that_forward_at_home_only_say_so(void **state)
{
    (void)state;
    make("SK", "telekom", KAREN, 20);
    assert_string_equal(plan.notes[0], "number_of_another_country");
    assert_true(notes("slovak_numbers_only"));
    make("SK", "telekom", "+421233888007", 20);
    assert_false(notes("number_of_another_country"));
    make("SK", "o2", "+421233888007", 20);
    assert_true(notes("conditional_for_postpaid_only"));
}

static void a_network_nobody_knows_gets_the_common_codes_and_a_doubt(void **state)
{
    (void)state;
    static const struct {
        const char *country, *carrier;
    } unknown[] = {{"CZ", "nordic"}, {"CZ", NULL}, {"FR", "orange"}, {"XX", ""}};
    for (size_t i = 0; i < countof(unknown); i++) {
        make(unknown[i].country, unknown[i].carrier, KAREN, 20);
        assert_string_equal(plan.carrier, "other");
        assert_string_equal(code_for(FORWARD_MISSED)->on, "**004*" KAREN "*11*20#");
        assert_true(notes("codes_may_differ"));
    }
}

static void a_link_holds_every_code_whole(void **state)
{
    static const char *const countries[] = {"CZ", "SK", "DE", "AT", "GB", "US", "FR"};
    (void)state;
    for (size_t c = 0; c < countof(countries); c++) {
        struct forwarding_carrier carriers[FORWARDING_CARRIERS_MAX];
        size_t count = forwarding_carriers(countries[c], carriers);
        assert_in_range(count, 1, FORWARDING_CARRIERS_MAX);
        assert_string_equal(carriers[count - 1].id, "other");
        for (size_t i = 0; i < count; i++) {
            make(countries[c], carriers[i].id, "+999999999999999", 30);
            assert_string_equal(plan.carrier, carriers[i].id);
            assert_in_range(plan.note_count, 1, FORWARDING_NOTES_MAX - 1);
            for (size_t n = 0; n < plan.code_count; n++) {
                const struct forwarding_code *code = &plan.codes[n];
                bool ends = code->on[strlen(code->on) - 1] == '#';
                assert_null(strpbrk(code->on_tel + 4, "#+ "));
                assert_true(strlen(code->on) < FORWARDING_CODE_BYTES - 1);
                assert_string_equal(code->on_tel + strlen(code->on_tel) - (ends ? 3 : 1),
                                    ends ? "%23" : "9");
                assert_true(code->off[0] != '\0');
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_code_for_all_that_is_missed_comes_first),
        cmocka_unit_test(every_case_has_its_code_in_mobile_networks),
        cmocka_unit_test(ringing_goes_in_steps_of_five_seconds),
        cmocka_unit_test(landlines_dial_as_people_there_do),
        cmocka_unit_test(verizon_has_codes_of_its_own),
        cmocka_unit_test(networks_that_forward_at_home_only_say_so),
        cmocka_unit_test(a_network_nobody_knows_gets_the_common_codes_and_a_doubt),
        cmocka_unit_test(a_link_holds_every_code_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
