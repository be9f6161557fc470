/* test/test_entitlement.c: what may happen with a call, for every state a tenant can be in. */
#include "base/mem.h"
#include "rules/entitlement.h"
#include "test/test.h"

enum { NOW = 1000000, DAY = 86400 };

static struct entitlement_facts active(void)
{
    return (struct entitlement_facts){
        .standing = STANDING_ACTIVE, .now_ms = NOW, .live_calls_max = 10, .limit = 100};
}

static void expect(struct entitlement_facts facts, enum service service,
                   enum entitlement_reason reason)
{
    struct entitlement decided = entitlement_decide(&facts);
    assert_string_equal(entitlement_reason_name(decided.reason), entitlement_reason_name(reason));
    assert_string_equal(service_name(decided.service), service_name(service));
}

static void paying_tenant_gets_all(void **state)
{
    (void)state;
    expect(active(), SERVICE_FULL, ENTITLED_ACTIVE);
}

static void trial_lasts_until_its_end(void **state)
{
    (void)state;
    struct entitlement_facts facts = active();
    facts.trial = true;
    expect(facts, SERVICE_FULL, ENTITLED_TRIAL); /* without an end */
    facts.trial_ends_ms = NOW + 1;
    expect(facts, SERVICE_FULL, ENTITLED_TRIAL);
    facts.trial_ends_ms = NOW;
    expect(facts, SERVICE_MESSAGE, LIMITED_TRIAL_OVER);
    facts.trial = false; /* who has bought since is no trial any more */
    expect(facts, SERVICE_FULL, ENTITLED_ACTIVE);
}

static void unpaid_bill_changes_nothing_for_a_while(void **state)
{
    (void)state;
    struct entitlement_facts facts = active();
    facts.unpaid_since_ms = NOW - DAY;
    facts.grace_ms = DAY;
    expect(facts, SERVICE_FULL, ENTITLED_GRACE);
    facts.grace_ms = DAY - 1;
    expect(facts, SERVICE_MESSAGE, LIMITED_UNPAID);
}

static void over_the_limit_a_message_is_still_taken(void **state)
{
    (void)state;
    struct entitlement_facts facts = active();
    facts.used = 99;
    expect(facts, SERVICE_FULL, ENTITLED_ACTIVE);
    facts.used = 100;
    expect(facts, SERVICE_MESSAGE, LIMITED_OVER_LIMIT);
    facts.limit = 0;
    expect(facts, SERVICE_FULL, ENTITLED_ACTIVE);
}

static void suspended_tenant_still_gets_messages(void **state)
{
    (void)state;
    struct entitlement_facts facts = active();
    facts.standing = STANDING_SUSPENDED;
    expect(facts, SERVICE_MESSAGE, LIMITED_SUSPENDED);
    facts.live_calls = 10;
    expect(facts, SERVICE_VOICEMAIL, LIMITED_CROWDED);
}

static void too_many_calls_at_once_leave_a_voicemail(void **state)
{
    (void)state;
    struct entitlement_facts facts = active();
    facts.live_calls = 9;
    expect(facts, SERVICE_FULL, ENTITLED_ACTIVE);
    facts.live_calls = 10;
    expect(facts, SERVICE_VOICEMAIL, LIMITED_CROWDED);
    facts.live_calls_max = 0;
    expect(facts, SERVICE_FULL, ENTITLED_ACTIVE);
}

static void gone_and_unknown_are_refused(void **state)
{
    (void)state;
    struct entitlement_facts facts = active();
    facts.standing = STANDING_CANCELLED;
    expect(facts, SERVICE_REFUSE, DENIED_CANCELLED);
    expect((struct entitlement_facts){0}, SERVICE_REFUSE, DENIED_UNKNOWN);
}

static void without_the_database_the_carrier_takes_the_message(void **state)
{
    (void)state;
    expect((struct entitlement_facts){.database_away = true}, SERVICE_VOICEMAIL,
           LIMITED_DATABASE_AWAY);
}

/* Over every combination: nobody who may be a customer is turned away without leaving word. */
static void only_the_gone_and_the_unknown_lose_a_message(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 256; bits++) {
        struct entitlement_facts facts = active();
        facts.standing = (enum standing)(bits & 3);
        facts.trial = bits & 4;
        facts.trial_ends_ms = bits & 8 ? NOW - 1 : 0;
        facts.unpaid_since_ms = bits & 16 ? NOW - 1 : 0;
        facts.used = bits & 32 ? 1000 : 0;
        facts.live_calls = bits & 64 ? 1000 : 0;
        facts.database_away = bits & 128;
        bool gone = facts.standing == STANDING_CANCELLED || facts.standing == STANDING_UNKNOWN;
        bool refused = entitlement_decide(&facts).service == SERVICE_REFUSE;
        assert_int_equal(refused, gone && !facts.database_away);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paying_tenant_gets_all),
        cmocka_unit_test(trial_lasts_until_its_end),
        cmocka_unit_test(unpaid_bill_changes_nothing_for_a_while),
        cmocka_unit_test(over_the_limit_a_message_is_still_taken),
        cmocka_unit_test(suspended_tenant_still_gets_messages),
        cmocka_unit_test(too_many_calls_at_once_leave_a_voicemail),
        cmocka_unit_test(gone_and_unknown_are_refused),
        cmocka_unit_test(without_the_database_the_carrier_takes_the_message),
        cmocka_unit_test(only_the_gone_and_the_unknown_lose_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
