/* test/test_telephony_rules.c: what the owner's rules do to a call that rings. */
#include "test/telephony_world.h"
#include "test/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The rule is Jan's only one. */
static void give_rule(const char *who, const char *then)
{
    char *sql = xprintf("DELETE FROM rules; INSERT INTO rules (tenant_id, position, body)"
                        " SELECT id, 1, '{\"who\":%s,\"when\":{},\"then\":%s}' FROM tenants"
                        " WHERE name = 'Jan'",
                        who, then);
    postgres_run(sql);
    free(sql);
}

static void know_caller(const char *kind)
{
    char *sql = xprintf("DELETE FROM contacts; INSERT INTO contacts (tenant_id, id, phone, name,"
                        " kind) SELECT id, id, '" CALLER "', 'Petr Novák', '%s' FROM tenants"
                        " WHERE name = 'Jan'",
                        kind);
    postgres_run(sql);
    free(sql);
}

static const char anyone[] = "{\"kind\":\"anyone\"}";

static void expect_row(const char *where)
{
    char *sql = xprintf("SELECT count(*) FROM calls WHERE %s", where);
    if (postgres_count(sql) != 1)
        fail_msg("%s", postgres_ask("SELECT to_json(c) FROM calls c"));
    free(sql);
}

static void rule_turns_a_call_away(void **state)
{
    (void)state;
    give_rule(anyone, "{\"action\":\"refuse\",\"say\":\"Píšte prosím.\"}");
    world_post((struct hook){.call_sid = sid1});
    world_expect_refusal();
    const char *said = world_twiml()->children->text;
    assert_true(said == strstr(said, "Dobrý den, tady je automatická asistentka."));
    assert_non_null(strstr(said, "Píšte prosím. Na shledanou."));
    expect_row("status = 'completed' AND ended_reason = 'ruled_out' AND"
               " handling->>'action' = 'refuse' AND handling->>'position' = '1'");
    expect_row("inbox_group = 'filtered'");
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox WHERE kind = 'screening'"), 0);
    assert_int_equal(world_counted(TELEPHONY_RULED_OUT), 1);
    postgres_run("DELETE FROM calls; DELETE FROM call_sids");
    give_rule(anyone, "{\"action\":\"hang_up\"}");
    world_post((struct hook){.call_sid = sid1});
    assert_string_equal(world_twiml()->children->name, "Reject");
    expect_row("status = 'busy' AND ended_reason = 'ruled_out'");
}

static void blocked_contact_is_refused_unless_a_rule_says_otherwise(void **state)
{
    (void)state;
    know_caller("blocked");
    world_post((struct hook){.call_sid = sid1});
    world_expect_refusal();
    expect_row("ended_reason = 'blocked' AND handling->>'reason' = 'blocked'");
    postgres_run("DELETE FROM calls; DELETE FROM call_sids");
    give_rule("{\"kind\":\"blocked\"}", "{\"action\":\"message\"}");
    world_post((struct hook){.call_sid = sid1});
    assert_non_null(world_token());
}

static void open_stream_of(const char *sid)
{
    char *token;
    world.opened = false;
    world_post((struct hook){.call_sid = sid});
    token = xstrdup(world_token());
    world_start_stream(sid, token);
    bench_wait(&world.bench, &world.opened);
    free(token);
}

static void line_is_told_what_the_rules_allow(void **state)
{
    (void)state;
    give_rule(anyone, "{\"action\":\"screen\",\"say\":\"Jsem pryč.\",\"urgent_words\":[\"havárie\","
                      "\"požár\"]}");
    open_stream_of(sid1);
    assert_string_equal(world.setup.say, "Jsem pryč.");
    assert_string_equal(world.setup.names, "");
    assert_string_equal(world.setup.urgent, "havárie,požár");
    assert_string_equal(world.setup.transfer_to, JANS_PHONE);
    assert_false(world.setup.vip || world.setup.wants_message || world.setup.filter);
    leg_close(&world.leg, "next");
    give_rule("{\"kind\":\"names\",\"names\":[\"Eva\",\"Petr\"]}", "{\"action\":\"connect\"}");
    open_stream_of("CA00000000000000000000000000000003");
    assert_string_equal(world.setup.names, "Eva,Petr");
    leg_close(&world.leg, "next");
    know_caller("vip");
    give_rule(anyone, "{\"action\":\"filter\"}");
    open_stream_of(sid2);
    assert_true(world.setup.vip && world.setup.filter);
    assert_string_equal(world.setup.say, "");
}

static void rule_that_wants_a_message_leaves_no_way_to_the_owner(void **state)
{
    (void)state;
    know_caller("vip");
    give_rule(anyone, "{\"action\":\"message\"}");
    open_stream_of(sid1);
    assert_true(world.setup.wants_message);
    assert_string_equal(world.setup.transfer_to, "-");
    assert_string_equal(world.setup.names, "");
    assert_string_equal(world.setup.instructions, "be kind");
}

static void owner_is_rung_first_and_told_who_calls(void **state)
{
    (void)state;
    know_caller("normal");
    give_rule("{\"kind\":\"known\"}", "{\"action\":\"ring\",\"ring_seconds\":12}");
    world_ring(PHONE_DIAL_ANSWERED);
    world_settle_call();
    assert_string_equal(buf_text(&world.story),
                        "dial:" JANS_PHONE ":" JANS_NUMBER " whisper:cs-CZ:Tady Karen, máte hovor."
                        " Volá Petr Novák. Hovor přijmete stisknutím jedničky. ended:Hangup");
    assert_int_equal(world_counted(TELEPHONY_RANG_OWNER), 1);
    expect_row("status = 'completed' AND ended_reason = 'transferred' AND transfer = 'connected'"
               " AND handling->>'ring_seconds' = '12'");
    assert_int_equal(world.opened_count, 0);
}

static void who_is_no_contact_is_told_by_number(void **state)
{
    (void)state;
    give_rule(anyone, "{\"action\":\"connect\"}");
    world_post((struct hook){.call_sid = sid1});
    const struct twiml_element *dial = world_twiml()->children;
    assert_string_equal(dial->name, "Dial");
    assert_string_equal(twiml_attribute(dial, "timeout"), "25");
    assert_non_null(strstr(twiml_attribute(dial->children, "url"), "%2B%204%202%200%206"));
    world_post((struct hook){.call_sid = sid2, .from = "anonymous"});
    dial = world_twiml()->children;
    assert_non_null(strstr(twiml_attribute(dial->children, "url"), "skryt"));
}

static void owner_who_does_not_answer_has_a_message_taken(void **state)
{
    (void)state;
    give_rule(anyone, "{\"action\":\"ring\"}");
    world_ring(PHONE_DIAL_NO_ANSWER);
    bench_wait(&world.bench, &world.opened);
    assert_false(world.setup.resumed); /* so she says first that she is an assistant */
    assert_true(world.setup.transfer_failed && world.setup.wants_message);
    assert_string_equal(world.setup.transfer_to, "-");
    expect_row("transfer = 'failed' AND status = 'in_progress'");
}

static void owners_mailbox_does_not_get_the_call_of_who_is_let_through(void **state)
{
    (void)state;
    know_caller("vip");
    give_rule("{\"kind\":\"vip\"}", "{\"action\":\"ring\"}");
    world_ring(PHONE_DIAL_VOICEMAIL);
    bench_wait(&world.bench, &world.opened);
    assert_true(world.setup.transfer_failed && world.setup.wants_message);
    expect_row("transfer = 'failed' AND status = 'in_progress' AND taken_at IS NULL");
}

static void limited_tenant_is_not_rung(void **state)
{
    (void)state;
    give_rule(anyone, "{\"action\":\"connect\"}");
    postgres_run("UPDATE tenants SET status = 'suspended' WHERE name = 'Jan'");
    world_post((struct hook){.call_sid = sid1});
    assert_non_null(world_token());
    postgres_run("UPDATE tenants SET status = 'active' WHERE name = 'Jan'");
    world.admits = EBUSY;
    world_post((struct hook){.call_sid = sid2});
    assert_string_equal(world_twiml()->children->name, "Dial"); /* that takes no line of ours */
    give_rule(anyone, "{\"action\":\"screen\"}");
    world_post((struct hook){.call_sid = "CA00000000000000000000000000000003"});
    world_expect_voicemail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TELEPHONY_TEST(rule_turns_a_call_away),
        TELEPHONY_TEST(blocked_contact_is_refused_unless_a_rule_says_otherwise),
        TELEPHONY_TEST(line_is_told_what_the_rules_allow),
        TELEPHONY_TEST(rule_that_wants_a_message_leaves_no_way_to_the_owner),
        TELEPHONY_TEST(owner_is_rung_first_and_told_who_calls),
        TELEPHONY_TEST(who_is_no_contact_is_told_by_number),
        TELEPHONY_TEST(owner_who_does_not_answer_has_a_message_taken),
        TELEPHONY_TEST(owners_mailbox_does_not_get_the_call_of_who_is_let_through),
        TELEPHONY_TEST(limited_tenant_is_not_rung),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
