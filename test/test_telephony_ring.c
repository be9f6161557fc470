/* test/test_telephony_ring.c: who may knock as the carrier, and what a call that rings is answered.
 */
#include "test/telephony_world.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- who knocks ----------------------------------------------------------------------------- */

static void forged_webhooks_leave_no_row(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1, .signature = ""});
    assert_int_equal(world.status, 403);
    world_post((struct hook){.call_sid = sid1, .signature = "AAAAAAAAAAAAAAAAAAAAAAAAAAA="});
    assert_int_equal(world.status, 403);
    assert_non_null(strstr(buf_text(&world.body), "signature"));
    world_post((struct hook){.call_sid = sid1, .token = "a guess"});
    assert_int_equal(world.status, 403);
    assert_int_equal(world_counted(TELEPHONY_FORGED), 3);
    world_post((struct hook){.call_sid = sid1, .account = "AC00000000000000000000000000000009"});
    assert_int_equal(world.status, 403);
    assert_int_equal(world_counted(TELEPHONY_OTHER_ACCOUNT), 1);
    world_post((struct hook){.call_sid = NULL});
    assert_int_equal(world.status, 400);
    world_post((struct hook){.call_sid = "CA'; DROP TABLE calls; --"});
    assert_int_equal(world.status, 400);
    assert_int_equal(world_counted(TELEPHONY_MALFORMED), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 0);
}

static void every_webhook_is_guarded(void **state)
{
    (void)state;
    static const char *const paths[] = {"/telephony/inbound",
                                        "/telephony/resume",
                                        "/telephony/transfer",
                                        "/telephony/whisper",
                                        "/telephony/take",
                                        "/telephony/after-transfer",
                                        "/telephony/voicemail",
                                        "/telephony/status",
                                        "/telephony/tenant-code?n=1",
                                        "/telephony/forwarding-greeted",
                                        "/telephony/forwarding-status"};
    for (size_t i = 0; i < countof(paths); i++) {
        world_post((struct hook){.path = paths[i], .call_sid = sid1, .token = "a guess"});
        assert_int_equal(world.status, 403);
    }
    assert_int_equal(world_counted(TELEPHONY_FORGED), countof(paths));
}

static void old_token_still_signs_while_it_is_replaced(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1, .token = "the token before"});
    assert_non_null(world_token());
}

/* ---- a call rings --------------------------------------------------------------------------- */

static void call_is_routed_by_the_number_dialled(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1});
    const struct twiml_element *response = world_twiml();
    const struct twiml_element *connect = response->children;
    char expected[1000];
    assert_string_equal(connect->name, "Connect");
    snprintf(expected, sizeof(expected), "%s/telephony/resume?language=cs&n=1#rc=3&rp=all",
             world.base);
    assert_string_equal(twiml_attribute(connect, "action"), expected);
    snprintf(expected, sizeof(expected), "ws%s/media", world.base + 4);
    assert_string_equal(twiml_attribute(connect->children, "url"), expected);
    assert_string_equal(connect->next->name, "Say"); /* spoken when we are dead */
    assert_string_equal(twiml_attribute(connect->next, "language"), "cs-CZ");
    assert_non_null(twiml_child(response, "Record"));
    /* nothing about the tenant is in it */
    assert_null(strstr(buf_text(&world.body), "be kind"));
    assert_null(strstr(buf_text(&world.body), JANS_PHONE));
    assert_int_equal(postgres_count("SELECT count(*) FROM calls c JOIN tenants t ON t.id = "
                                    "c.tenant_id WHERE t.name = 'Jan' AND c.status = 'in_progress' "
                                    "AND c.from_number = '" CALLER "'"),
                     1);
    assert_int_equal(world_counted(TELEPHONY_CONNECTED), 1);
}

static void webhook_that_comes_again_is_the_same_call(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1});
    char *first = xstrdup(world_token());
    world_post((struct hook){.call_sid = sid1});
    assert_string_not_equal(world_token(), first);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 1);
    assert_int_equal(world_counted(TELEPHONY_CONNECTED), 1);
    assert_int_equal(world_counted(TELEPHONY_REPEATED), 1);
    free(first);
}

static void withheld_caller_has_no_number(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1, .from = "+266696687"});
    assert_non_null(world_token());
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE from_number IS NULL"), 1);
}

static void forwarded_call_finds_its_owner_in_any_spelling(void **state)
{
    (void)state;
    static const char *const spellings[] = {JANS_PHONE, "420777123456", "777123456",
                                            "00420777123456"};
    for (size_t i = 0; i < countof(spellings); i++) {
        char sid[40];
        snprintf(sid, sizeof(sid), "CA%032zx", i + 16);
        world_post(
            (struct hook){.call_sid = sid, .to = "+420910000000", .forwarded_from = spellings[i]});
        assert_non_null(world_token());
    }
    assert_int_equal(postgres_count("SELECT count(*) FROM calls c JOIN tenants t ON t.id = "
                                    "c.tenant_id WHERE t.name = 'Jan'"),
                     countof(spellings));
}

static void dialled_number_beats_the_forwarding_one(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1, .to = EVAS_NUMBER, .forwarded_from = JANS_PHONE});
    assert_non_null(world_token());
    assert_int_equal(postgres_count("SELECT count(*) FROM calls c JOIN tenants t ON t.id = "
                                    "c.tenant_id WHERE t.name = 'Eva'"),
                     1);
}

static void nobodys_number_is_refused_politely(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1, .to = "+420910000000"});
    world_expect_refusal();
    world_post(
        (struct hook){.call_sid = sid1, .to = "+420910000000", .forwarded_from = "+420777999999"});
    world_expect_refusal();
    /* to call from a tenant's own phone makes nobody that tenant */
    world_post((struct hook){.call_sid = sid1, .to = "+420910000000", .from = JANS_PHONE});
    world_expect_refusal();
    assert_int_equal(world_counted(TELEPHONY_UNKNOWN_NUMBER), 3);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 0);
}

static void operators_own_tenant_takes_the_rest(void **state)
{
    (void)state;
    world.options.default_tenant = world.eva;
    world_open_telephony();
    world_post((struct hook){.call_sid = sid1, .to = "+420910000000"});
    assert_non_null(world_token());
    world_post((struct hook){.call_sid = sid2});
    assert_int_equal(postgres_count("SELECT count(*) FROM calls c JOIN tenants t ON t.id = "
                                    "c.tenant_id WHERE t.name = 'Eva'"),
                     1);
}

static void stolen_call_sid_moves_no_call(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1});
    world_post((struct hook){.call_sid = sid1, .to = EVAS_NUMBER});
    const struct twiml_element *response = world_twiml();
    assert_null(twiml_child(response, "Connect"));
    assert_int_equal(world_counted(TELEPHONY_DENIED), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls c JOIN tenants t ON t.id = "
                                    "c.tenant_id WHERE t.name = 'Jan'"),
                     1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 1);
}

static void cancelled_tenant_is_refused_politely(void **state)
{
    (void)state;
    postgres_run("UPDATE tenants SET status = 'cancelled' WHERE name = 'Jan'");
    world_post((struct hook){.call_sid = sid1});
    world_expect_refusal();
    assert_int_equal(world_counted(TELEPHONY_DENIED), 1);
}

static void too_many_calls_leave_a_voicemail(void **state)
{
    (void)state;
    world.options.tenant_calls_max = 1;
    world_open_telephony();
    world_post((struct hook){.call_sid = sid1});
    assert_non_null(world_token());
    world_post((struct hook){.call_sid = sid2});
    world_expect_voicemail();
    assert_int_equal(world_counted(TELEPHONY_VOICEMAIL), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 2);
}

static void full_or_stopping_worker_offers_a_voicemail(void **state)
{
    (void)state;
    static const int errors[] = {EBUSY, ESHUTDOWN, EDQUOT};
    for (size_t i = 0; i < countof(errors); i++) {
        world.admits = errors[i];
        world_post((struct hook){.call_sid = sid1});
        world_expect_voicemail();
    }
    assert_int_equal(world_counted(TELEPHONY_VOICEMAIL), countof(errors));
}

static void our_own_call_coming_back_is_busy(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1, .from = JANS_NUMBER});
    world_expect_busy();
    assert_int_equal(world_counted(TELEPHONY_LOOP), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 0);
}

static void call_from_any_number_of_ours_is_busy(void **state)
{
    (void)state;
    world_post((struct hook){.call_sid = sid1, .from = EVAS_NUMBER});
    world_expect_busy();
    assert_int_equal(world_counted(TELEPHONY_LOOP), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 0);
}

static void number_that_is_still_called_rests_on(void **state)
{
    (void)state;
    postgres_run("DELETE FROM tenant_phone_numbers WHERE twilio_number = '" JANS_NUMBER "';"
                 "UPDATE number_pool SET state = 'quarantined', free_at = now() + interval '1 hour'"
                 " WHERE number = '" JANS_NUMBER "'");
    world_post((struct hook){.call_sid = sid1});
    world_expect_refusal();
    db_query(world.bench.owner, (struct uuid){0}, "SELECT 1", NULL, 0, NULL, NULL, NULL);
    while (db_in_flight(world.bench.app))
        loop_step(world.bench.loop, 10);
    assert_int_equal(postgres_count("SELECT count(*) FROM number_pool WHERE number = '" JANS_NUMBER
                                    "' AND stray_call_at IS NOT NULL"
                                    " AND free_at > now() + interval '13 days'"),
                     1);
}

static void without_the_database_the_carrier_records(void **state)
{
    (void)state;
    world_lose_database();
    world_post((struct hook){.call_sid = sid1});
    world_expect_voicemail();
    assert_string_equal(twiml_attribute(world_twiml()->children, "language"), "cs-CZ");
    world_post((struct hook){.path = "/telephony/resume?language=de&n=1", .call_sid = sid1});
    world_expect_voicemail();
    assert_string_equal(twiml_attribute(world_twiml()->children, "language"), "de-DE");
    assert_int_equal(world_counted(TELEPHONY_DATABASE_AWAY), 2);
    world_post((struct hook){.path = "/telephony/status", .call_sid = sid1, .status = "completed"});
    assert_int_equal(world.status, 503); /* so that it is sent again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TELEPHONY_TEST(forged_webhooks_leave_no_row),
        TELEPHONY_TEST(every_webhook_is_guarded),
        TELEPHONY_TEST(old_token_still_signs_while_it_is_replaced),
        TELEPHONY_TEST(call_is_routed_by_the_number_dialled),
        TELEPHONY_TEST(webhook_that_comes_again_is_the_same_call),
        TELEPHONY_TEST(withheld_caller_has_no_number),
        TELEPHONY_TEST(forwarded_call_finds_its_owner_in_any_spelling),
        TELEPHONY_TEST(dialled_number_beats_the_forwarding_one),
        TELEPHONY_TEST(nobodys_number_is_refused_politely),
        TELEPHONY_TEST(operators_own_tenant_takes_the_rest),
        TELEPHONY_TEST(stolen_call_sid_moves_no_call),
        TELEPHONY_TEST(cancelled_tenant_is_refused_politely),
        TELEPHONY_TEST(too_many_calls_leave_a_voicemail),
        TELEPHONY_TEST(full_or_stopping_worker_offers_a_voicemail),
        TELEPHONY_TEST(our_own_call_coming_back_is_busy),
        TELEPHONY_TEST(call_from_any_number_of_ours_is_busy),
        TELEPHONY_TEST(number_that_is_still_called_rests_on),
        TELEPHONY_TEST(without_the_database_the_carrier_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
