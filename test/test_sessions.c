/* test/test_sessions.c: sessions begun, renewed, moved and ended, against a real database. */
#include "store/operators.h"
#include "test/crowd.h"
#include "test/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- signing in ----------------------------------------------------------------------------- */

static void first_verification_makes_tenant_and_owner(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    assert_true(jan.session.is_new);
    assert_true(crowd_says(jan.json, "\"role\" : \"owner\""));
    assert_true(crowd_says(jan.json, "\"plan\" : \"trial\""));
    struct crowd_found found = crowd_find(jan.session.tenant, jan.session.id);
    assert_int_equal(found.err, 0);
    assert_int_equal(found.who.kind, PRINCIPAL_PERSON);
    assert_int_equal(found.who.role, ROLE_OWNER);
    assert_string_equal(found.who.phone, jans);
    assert_false(found.who.is_operator);
    assert_true(uuid_equal(found.who.user, jan.session.user));
    struct crowd_session again = crowd_sign_in(jans);
    assert_false(again.session.is_new);
    assert_true(uuid_equal(again.session.tenant, jan.session.tenant));
    assert_false(uuid_equal(again.session.id, jan.session.id));
    assert_int_equal(postgres_count("SELECT count(*) FROM tenants"), 1);
}

static void devices_that_verify_at_once_make_one_tenant(void **state)
{
    (void)state;
    enum { DEVICES = 12 };
    static struct crowd_session in[DEVICES];
    const struct session_begin begin = crowd_begin(jans);
    int new = 0;
    memset(in, 0, sizeof(in));
    for (int i = 0; i < DEVICES; i++)
        sessions_begin(crowd_bench.app, &begin, crowd_on_session, &in[i], NULL);
    for (int i = 0; i < DEVICES; i++) {
        bench_wait(&crowd_bench, &in[i].done);
        assert_int_equal(in[i].err, 0);
        assert_true(uuid_equal(in[i].session.tenant, in[0].session.tenant));
        new += in[i].session.is_new;
    }
    assert_int_equal(new, 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM tenants"), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM users"), 1);
}

static void session_is_nobodys_in_another_tenant(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans), eva = crowd_sign_in(evas);
    assert_int_equal(crowd_find(eva.session.tenant, jan.session.id).err, ENOENT);
    assert_int_equal(crowd_find((struct uuid){{0}}, jan.session.id).err, ENOENT);
    assert_int_equal(crowd_find(uuid_new(1), uuid_new(1)).err, ENOENT);
}

static void session_that_is_over_is_not_found(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    assert_int_equal(crowd_find_err(&jan), 0);
    postgres_run("UPDATE user_sessions SET expires_at = now()");
    assert_int_equal(crowd_find_err(&jan), ENOENT);
    assert_int_equal(crowd_renew(jan.session.token).err, ETIME);
}

static void signing_out_ends_the_session(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    sessions_end_by_token(crowd_bench.app, str_of(jan.session.token), on_ending, &crowd_ending,
                          NULL);
    assert_int_equal(bench_ending(&crowd_bench, &crowd_ending), 0);
    assert_int_equal(crowd_find_err(&jan), ENOENT);
    assert_int_equal(crowd_renew(jan.session.token).err, ETIME);
    sessions_end_by_token(crowd_bench.app, str_of(jan.session.token), on_ending, &crowd_ending,
                          NULL);
    assert_int_equal(bench_ending(&crowd_bench, &crowd_ending), ENOENT);
    sessions_end_by_token(crowd_bench.app, str_of("nonsense"), on_ending, &crowd_ending, NULL);
    assert_int_equal(bench_ending(&crowd_bench, &crowd_ending), ENOENT);
}

static void role_is_read_anew_each_time(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    postgres_run("UPDATE users SET role = 'member', phone = '+420601999999'");
    struct crowd_found found = crowd_find(jan.session.tenant, jan.session.id);
    assert_int_equal(found.who.role, ROLE_MEMBER);
    assert_string_equal(found.who.phone, "+420601999999");
    postgres_run("DELETE FROM users");
    assert_int_equal(crowd_find_err(&jan), ENOENT);
}

static void being_seen_is_noted_once_a_minute(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    char *before = postgres_ask("SELECT last_seen_at::text || xmin::text FROM user_sessions");
    crowd_find_err(&jan);
    char *after = postgres_ask("SELECT last_seen_at::text || xmin::text FROM user_sessions");
    assert_string_equal(before, after);
    postgres_run("UPDATE user_sessions SET last_seen_at = now() - interval '61 seconds'");
    crowd_find_err(&jan);
    assert_int_equal(postgres_count("SELECT count(*) FROM user_sessions"
                                    " WHERE last_seen_at > now() - interval '5 seconds'"),
                     1);
    free(before);
    free(after);
}

static void sessions_of_one_person_have_a_bound(void **state)
{
    (void)state;
    struct crowd_session first = crowd_sign_in(jans);
    postgres_run("UPDATE user_sessions SET last_seen_at = now() - interval '1 hour'");
    for (int i = 0; i < SESSIONS_PER_PERSON_MAX; i++)
        crowd_sign_in(jans);
    assert_int_equal(crowd_find_err(&first), ENOENT);
    assert_int_equal(postgres_count("SELECT count(*) FROM user_sessions WHERE revoked_at IS NULL"),
                     SESSIONS_PER_PERSON_MAX);
}

static void operator_is_known_by_the_phone(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    operators_add(crowd_bench.owner, jans, "test", on_ending, &crowd_ending, NULL);
    assert_int_equal(bench_ending(&crowd_bench, &crowd_ending), 0);
    assert_true(crowd_find(jan.session.tenant, jan.session.id).who.is_operator);
    operators_add(crowd_bench.app, evas, "test", on_ending, &crowd_ending, NULL);
    assert_int_equal(bench_ending(&crowd_bench, &crowd_ending), EACCES); /* workers make none */
    operators_remove(crowd_bench.owner, jans, on_ending, &crowd_ending, NULL);
    assert_int_equal(bench_ending(&crowd_bench, &crowd_ending), 0);
    assert_false(crowd_find(jan.session.tenant, jan.session.id).who.is_operator);
}

/* ---- renewing ------------------------------------------------------------------------------- */

static void let_grace_pass(void)
{
    postgres_run("UPDATE user_sessions SET rotated_at = rotated_at - interval '11 seconds'");
}

static void each_renewal_gives_a_new_token(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    char token[SESSION_TOKEN_TEXT_BYTES];
    strcpy(token, jan.session.token);
    for (int i = 0; i < 5; i++) {
        struct crowd_session next = crowd_renew(token);
        assert_int_equal(next.err, 0);
        assert_true(uuid_equal(next.session.id, jan.session.id));
        assert_string_not_equal(next.session.token, token);
        strcpy(token, next.session.token);
        let_grace_pass();
    }
    assert_int_equal(crowd_find_err(&jan), 0);
    assert_int_equal(crowd_renew("nonsense").err, ENOENT);
}

static void used_token_that_comes_again_ends_the_session(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans), other = crowd_sign_in(jans);
    struct crowd_session next = crowd_renew(jan.session.token);
    let_grace_pass();
    assert_int_equal(crowd_renew(jan.session.token).err, EPERM);
    assert_int_equal(crowd_find_err(&jan), ENOENT);
    assert_int_equal(crowd_renew(next.session.token).err, ETIME); /* the family has gone with it */
    assert_int_equal(crowd_find_err(&other), 0);                  /* another device has not */
    assert_int_equal(
        postgres_count("SELECT count(*) FROM audit_log WHERE action = 'session.reuse'"), 1);
}

static void two_tabs_that_renew_at_once_both_go_on(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans), tabs[2] = {0};
    for (int i = 0; i < 2; i++)
        sessions_renew(crowd_bench.app, str_of(jan.session.token), DAYS, crowd_on_session, &tabs[i],
                       NULL);
    for (int i = 0; i < 2; i++) {
        bench_wait(&crowd_bench, &tabs[i].done);
        assert_int_equal(tabs[i].err, 0);
    }
    let_grace_pass();
    assert_int_equal(crowd_find_err(&jan), 0);
    /* whichever answer came last is what the browser holds: either is good, then the other is old
     */
    struct crowd_session next = crowd_renew(tabs[0].session.token);
    assert_int_equal(next.err, 0);
    let_grace_pass();
    assert_int_equal(crowd_renew(tabs[1].session.token).err, EPERM);
    assert_int_equal(crowd_renew(next.session.token).err, ETIME);
}

static void answer_that_was_lost_is_asked_for_again(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    crowd_renew(jan.session.token); /* never arrives */
    struct crowd_session again = crowd_renew(jan.session.token);
    assert_int_equal(again.err, 0);
    let_grace_pass();
    assert_int_equal(crowd_renew(again.session.token).err, 0);
}

static void grace_does_not_grow_by_being_used(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    crowd_renew(jan.session.token);
    postgres_run("UPDATE user_sessions SET rotated_at = rotated_at - interval '6 seconds'");
    assert_int_equal(crowd_renew(jan.session.token).err, 0);
    postgres_run("UPDATE user_sessions SET rotated_at = rotated_at - interval '6 seconds'");
    assert_int_equal(crowd_renew(jan.session.token).err, EPERM);
}

static void token_of_long_ago_is_no_grace(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    struct crowd_session second = crowd_renew(jan.session.token);
    crowd_renew(second.session.token);
    assert_int_equal(crowd_renew(jan.session.token).err, EPERM); /* two generations old */
}

static void session_that_is_used_lives_on(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    postgres_run("UPDATE user_sessions SET expires_at = now() + interval '1 hour'");
    assert_int_equal(crowd_renew(jan.session.token).err, 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM user_sessions"
                                    " WHERE expires_at > now() + interval '89 days'"),
                     1);
}

/* ---- in several tenants --------------------------------------------------------------------- */

static void person_goes_on_in_another_of_his_tenants(void **state)
{
    (void)state;
    struct crowd_session eva = crowd_sign_in(evas), jan = crowd_sign_in(jans);
    struct crowd_session there = crowd_join(eva.session.tenant, jans, "member");
    assert_true(uuid_equal(there.session.tenant, jan.session.tenant)); /* the one used last */
    struct crowd_session moved = crowd_switch(&there, eva.session.tenant);
    assert_int_equal(moved.err, 0);
    assert_true(uuid_equal(moved.session.tenant, eva.session.tenant));
    assert_true(crowd_says(moved.json, "\"role\" : \"member\""));
    assert_true(crowd_says(moved.json, crowd_id(jan.session.tenant))); /* the way back */
    assert_int_equal(crowd_find_err(&moved), 0);
    assert_int_equal(crowd_find_err(&there), ENOENT);
    struct crowd_session back = crowd_sign_in(jans);
    assert_true(uuid_equal(back.session.tenant, eva.session.tenant));
}

static void nobody_goes_where_he_is_not(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans), eva = crowd_sign_in(evas);
    assert_int_equal(crowd_switch(&jan, eva.session.tenant).err, ENOENT);
    assert_int_equal(crowd_switch(&jan, uuid_new(1)).err, ENOENT);
    assert_int_equal(crowd_find_err(&jan), 0); /* and stays where he is */
}

static void leftovers_are_swept(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    crowd_renew(jan.session.token);
    postgres_run("UPDATE retired_tokens SET retired_at = now() - interval '31 days'");
    postgres_run("SELECT sweep_people()");
    assert_int_equal(postgres_count("SELECT count(*) FROM retired_tokens"), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM user_sessions"), 1);
    postgres_run("UPDATE user_sessions SET revoked_at = now() - interval '31 days'");
    postgres_run("SELECT sweep_people()");
    assert_int_equal(postgres_count("SELECT count(*) FROM user_sessions"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, crowd_open, crowd_close)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(first_verification_makes_tenant_and_owner),
        TEST(devices_that_verify_at_once_make_one_tenant),
        TEST(session_is_nobodys_in_another_tenant),
        TEST(session_that_is_over_is_not_found),
        TEST(signing_out_ends_the_session),
        TEST(role_is_read_anew_each_time),
        TEST(being_seen_is_noted_once_a_minute),
        TEST(sessions_of_one_person_have_a_bound),
        TEST(operator_is_known_by_the_phone),
        TEST(each_renewal_gives_a_new_token),
        TEST(used_token_that_comes_again_ends_the_session),
        TEST(two_tabs_that_renew_at_once_both_go_on),
        TEST(answer_that_was_lost_is_asked_for_again),
        TEST(grace_does_not_grow_by_being_used),
        TEST(token_of_long_ago_is_no_grace),
        TEST(session_that_is_used_lives_on),
        TEST(person_goes_on_in_another_of_his_tenants),
        TEST(nobody_goes_where_he_is_not),
        TEST(leftovers_are_swept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
