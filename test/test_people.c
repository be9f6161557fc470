/* test/test_people.c: invites, roles and keys against a real database. */
#include "store/invites.h"
#include "store/keys.h"
#include "test/crowd.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- invites -------------------------------------------------------------------------------- */

static int invite(const struct crowd_session *by, const char *phone, enum role role,
                  const char *token)
{
    struct crowd_told told = {0};
    const struct invite_make make = {.tenant = by->session.tenant,
                                     .by = by->session.user,
                                     .phone = phone,
                                     .role = role,
                                     .token = token,
                                     .actor = "user:1"};
    invites_make(crowd_bench.app, &make, crowd_on_json, &told, NULL);
    return crowd_told(&told);
}

static int accept(const struct crowd_session *who, const char *token)
{
    struct crowd_told told = {0};
    invites_accept(crowd_bench.app, who->session.tenant, who->session.user, str_of(token),
                   crowd_on_json, &told, NULL);
    return crowd_told(&told);
}

static struct crowd_session sign_in_by(const char *phone, const char *link)
{
    struct crowd_session in = {0};
    struct session_begin begin = crowd_begin(phone);
    begin.invite = link;
    sessions_begin(crowd_bench.app, &begin, crowd_on_session, &in, NULL);
    bench_wait(&crowd_bench, &in.done);
    assert_int_equal(in.err, 0);
    return in;
}

static void whoever_opened_the_link_joins_by_signing_in(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    assert_int_equal(invite(&jan, evas, ROLE_ADMIN, "link"), 0);
    struct crowd_session eva = sign_in_by(evas, "link");
    assert_false(eva.session.is_new); /* no tenant of her own */
    assert_true(eva.session.has_joined);
    assert_true(uuid_equal(eva.session.tenant, jan.session.tenant));
    assert_int_equal(crowd_find(eva.session.tenant, eva.session.id).who.role, ROLE_ADMIN);
    assert_int_equal(invite(&jan, evas, ROLE_MEMBER, "link2"), EEXIST);
    assert_false(sign_in_by(evas, "link").session.has_joined); /* it is used up, and does no harm */
}

static void session_of_the_link_is_where_it_leads(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans), eva = crowd_sign_in(evas);
    assert_int_equal(invite(&jan, evas, ROLE_MEMBER, "link"), 0);
    eva = sign_in_by(evas, "link"); /* though she has a tenant of her own */
    assert_true(uuid_equal(eva.session.tenant, jan.session.tenant));
}

/* Whoever knows a number can invite it: that must not put its owner into a stranger's tenant. */
static void invited_phone_joins_nobody_unasked(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    struct crowd_told told = {0};
    assert_int_equal(invite(&jan, evas, ROLE_ADMIN, "link"), 0);
    struct crowd_session eva = crowd_sign_in(evas);
    assert_true(eva.session.is_new);
    assert_false(eva.session.has_joined);
    assert_false(uuid_equal(eva.session.tenant, jan.session.tenant));
    assert_false(sign_in_by(jans, "link").session.has_joined); /* for another phone */
    invites_of_person_json(crowd_bench.app, eva.session.tenant, eva.session.user, crowd_on_json,
                           &told, NULL);
    assert_int_equal(crowd_told(&told), 0);
    assert_true(crowd_says(told.json, "\"role\" : \"admin\""));
    assert_int_equal(postgres_count("SELECT count(*) FROM users"), 2);
}

/* The only invite there is. */
static int answer(const struct crowd_session *who, bool accepted)
{
    struct crowd_told told = {0};
    char *text = postgres_ask("SELECT id FROM invites");
    struct uuid id;
    assert_int_equal(uuid_parse(str_of(text), &id), 0);
    free(text);
    invites_answer(crowd_bench.app, who->session.tenant, who->session.user, id, accepted,
                   crowd_on_json, &told, NULL);
    return crowd_told(&told);
}

static void who_was_invited_says_yes_or_no(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans), eva = crowd_sign_in(evas);
    assert_int_equal(invite(&jan, evas, ROLE_MEMBER, "link"), 0);
    assert_int_equal(answer(&jan, true), ENOENT); /* it is not his */
    assert_int_equal(answer(&eva, true), 0);
    assert_int_equal(answer(&eva, true), ENOENT);
    assert_int_equal(crowd_switch(&eva, jan.session.tenant).err, 0);
    postgres_run("DELETE FROM users WHERE phone = '+420601000002' AND role = 'member'");
    postgres_run("DELETE FROM invites");
    eva = crowd_sign_in(evas);
    assert_int_equal(invite(&jan, evas, ROLE_MEMBER, "other"), 0);
    assert_int_equal(answer(&eva, false), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM invites"), 0);
    assert_int_equal(
        postgres_count("SELECT count(*) FROM audit_log WHERE action = 'invite.decline'"), 1);
}

static void whoever_has_a_tenant_accepts_beside_it(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans), eva = crowd_sign_in(evas);
    assert_int_equal(invite(&jan, evas, ROLE_MEMBER, "link"), 0);
    assert_int_equal(accept(&jan, "link"), EPERM); /* it is not for him */
    assert_int_equal(accept(&eva, "another"), ENOENT);
    assert_int_equal(accept(&eva, "link"), 0);
    assert_int_equal(accept(&eva, "link"), ENOENT); /* once */
    assert_int_equal(crowd_switch(&eva, jan.session.tenant).err, 0);
}

static void invite_is_over_after_its_week(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans), eva = crowd_sign_in(evas);
    struct crowd_told told = {0};
    assert_int_equal(invite(&jan, evas, ROLE_MEMBER, "link"), 0);
    postgres_run("UPDATE invites SET expires_at = now()");
    assert_int_equal(accept(&eva, "link"), ENOENT);
    invites_show_json(crowd_bench.app, str_of("link"), crowd_on_json, &told, NULL);
    assert_int_equal(crowd_told(&told), ENOENT);
    crowd_sign_in(evas);
    assert_int_equal(postgres_count("SELECT count(*) FROM users"), 2);
    assert_int_equal(invite(&jan, evas, ROLE_MEMBER, "fresh"), 0); /* it can be made anew */
    assert_int_equal(accept(&eva, "fresh"), 0);
}

static void inviting_again_makes_the_old_link_worthless(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans), eva = crowd_sign_in(evas);
    assert_int_equal(invite(&jan, evas, ROLE_MEMBER, "old"), 0);
    assert_int_equal(invite(&jan, evas, ROLE_ADMIN, "new"), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM invites"), 1);
    assert_int_equal(accept(&eva, "old"), ENOENT);
    assert_int_equal(accept(&eva, "new"), 0);
}

static void link_shows_no_more_than_it_must(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    struct crowd_told told = {0};
    assert_int_equal(invite(&jan, evas, ROLE_MEMBER, "link"), 0);
    invites_show_json(crowd_bench.app, str_of("link"), crowd_on_json, &told, NULL);
    assert_int_equal(crowd_told(&told), 0);
    assert_true(crowd_says(told.json, "\"phone_ends\" : \"002\""));
    assert_false(crowd_says(told.json, evas));
}

static void open_invites_have_a_bound(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    char phone[20], token[20];
    postgres_run("UPDATE tenants SET limit_members = 1000");
    for (int i = 0; i < INVITES_OPEN_MAX; i++) {
        snprintf(phone, sizeof(phone), "+4206020%05d", i);
        snprintf(token, sizeof(token), "link%d", i);
        assert_int_equal(invite(&jan, phone, ROLE_MEMBER, token), 0);
    }
    assert_int_equal(invite(&jan, evas, ROLE_MEMBER, "more"), EDQUOT);
    assert_int_equal(invite(&jan, phone, ROLE_MEMBER, "again"), 0);
}

/* ---- roles ---------------------------------------------------------------------------------- */

static struct member_change change_of(const struct crowd_session *who, enum role by)
{
    return (struct member_change){.tenant = who->session.tenant,
                                  .user = who->session.user,
                                  .by = by,
                                  .actor = "user:1",
                                  .if_match = -1};
}

static int set_role(const struct crowd_session *who, enum role by, enum role role)
{
    struct crowd_told told = {0};
    const struct member_change change = change_of(who, by);
    people_set_role(crowd_bench.app, &change, role, crowd_on_json, &told, NULL);
    return crowd_told(&told);
}

static int take_away(const struct crowd_session *who, enum role by)
{
    const struct member_change change = change_of(who, by);
    people_remove(crowd_bench.app, &change, on_ending, &crowd_ending, NULL);
    return bench_ending(&crowd_bench, &crowd_ending);
}

static void last_owner_stays(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    struct crowd_session eva = crowd_join(jan.session.tenant, evas, "admin");
    assert_int_equal(set_role(&jan, ROLE_OWNER, ROLE_MEMBER), EBUSY);
    assert_int_equal(take_away(&jan, ROLE_OWNER), EBUSY);
    people_leave(crowd_bench.app, jan.session.tenant, jan.session.user, "user:1", on_ending,
                 &crowd_ending, NULL);
    assert_int_equal(bench_ending(&crowd_bench, &crowd_ending), EBUSY);
    assert_int_equal(set_role(&jan, ROLE_OWNER, ROLE_OWNER), 0);
    assert_int_equal(set_role(&eva, ROLE_OWNER, ROLE_OWNER), 0);
    people_leave(crowd_bench.app, jan.session.tenant, jan.session.user, "user:1", on_ending,
                 &crowd_ending, NULL);
    assert_int_equal(bench_ending(&crowd_bench, &crowd_ending), 0);
    assert_int_equal(crowd_find_err(&jan), ENOENT);
    assert_int_equal(take_away(&eva, ROLE_OWNER), EBUSY);
}

static void two_owners_cannot_both_step_down(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    struct crowd_session eva = crowd_join(jan.session.tenant, evas, "owner");
    struct crowd_told told[2] = {0};
    const struct member_change changes[] = {change_of(&jan, ROLE_OWNER),
                                            change_of(&eva, ROLE_OWNER)};
    for (int i = 0; i < 2; i++)
        people_set_role(crowd_bench.app, &changes[i], ROLE_MEMBER, crowd_on_json, &told[i], NULL);
    int first = crowd_told(&told[0]), second = crowd_told(&told[1]);
    assert_true((first == 0 && second == EBUSY) || (first == EBUSY && second == 0));
    assert_int_equal(postgres_count("SELECT count(*) FROM users WHERE role = 'owner'"), 1);
}

static void admin_touches_no_owner_and_makes_none(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    struct crowd_session eva = crowd_join(jan.session.tenant, evas, "admin");
    assert_int_equal(set_role(&jan, ROLE_ADMIN, ROLE_MEMBER), EPERM);
    assert_int_equal(take_away(&jan, ROLE_ADMIN), EPERM);
    assert_int_equal(set_role(&eva, ROLE_ADMIN, ROLE_OWNER), EPERM);
    assert_int_equal(set_role(&eva, ROLE_MEMBER, ROLE_MEMBER), EPERM);
    assert_int_equal(set_role(&eva, ROLE_ADMIN, ROLE_MEMBER), 0);
    assert_int_equal(take_away(&eva, ROLE_ADMIN), 0);
    assert_int_equal(take_away(&eva, ROLE_ADMIN), ENOENT);
}

static void whoever_is_removed_is_out_at_once(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    struct crowd_session eva = crowd_join(jan.session.tenant, evas, "member");
    assert_int_equal(crowd_find_err(&eva), 0);
    assert_int_equal(take_away(&eva, ROLE_OWNER), 0);
    assert_int_equal(crowd_find_err(&eva), ENOENT);
    assert_int_equal(crowd_renew(eva.session.token).err, ENOENT);
    struct crowd_session again = crowd_sign_in(evas);
    assert_false(uuid_equal(again.session.tenant, jan.session.tenant));
}

static void change_of_a_version_that_is_gone_is_refused(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    struct crowd_session eva = crowd_join(jan.session.tenant, evas, "member");
    struct member_change change = change_of(&eva, ROLE_OWNER);
    struct crowd_told first = {0}, second = {0};
    change.if_match = 1;
    people_set_role(crowd_bench.app, &change, ROLE_ADMIN, crowd_on_json, &first, NULL);
    assert_int_equal(crowd_told(&first), 0);
    assert_true(crowd_says(first.json, "\"version\" : 2"));
    people_set_role(crowd_bench.app, &change, ROLE_MEMBER, crowd_on_json, &second, NULL);
    assert_int_equal(crowd_told(&second), ESTALE);
}

/* ---- keys ----------------------------------------------------------------------------------- */

static int add_key(const struct crowd_session *by, const char *key, const char *scopes,
                   struct crowd_told *told)
{
    const struct key_make make = {.tenant = by->session.tenant,
                                  .by = by->session.user,
                                  .name = "a program",
                                  .scopes = scopes,
                                  .key = key,
                                  .actor = "user:1"};
    *told = (struct crowd_told){0};
    keys_add(crowd_bench.app, &make, crowd_on_json, told, NULL);
    return crowd_told(told);
}

static void key_opens_its_tenant_within_its_scopes(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    char key[KEY_TEXT_BYTES], other[KEY_TEXT_BYTES];
    struct crowd_told told;
    key_make(key);
    key_make(other);
    assert_string_not_equal(key, other);
    assert_int_equal(add_key(&jan, key, "[\"contacts:read\",\"calls:read\",\"calls:read\"]", &told),
                     0);
    assert_null(strstr(told.json, key));
    struct crowd_found found = crowd_find_key(key);
    assert_int_equal(found.err, 0);
    assert_int_equal(found.who.kind, PRINCIPAL_KEY);
    assert_true(uuid_equal(found.who.tenant, jan.session.tenant));
    assert_true(uuid_equal(found.who.user, jan.session.user));
    assert_string_equal(found.who.scopes, "calls:read contacts:read");
    assert_int_equal(crowd_find_key(other).err, ENOENT);
    assert_int_equal(crowd_find_key("").err, ENOENT);
    assert_int_equal(postgres_count("SELECT count(*) FROM api_keys WHERE last_used_at IS NULL"), 0);
}

static void use_of_a_key_is_noted_once_a_minute(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    char key[KEY_TEXT_BYTES];
    struct crowd_told told;
    key_make(key);
    assert_int_equal(add_key(&jan, key, "[\"calls:read\"]", &told), 0);
    crowd_find_key(key);
    char *before = postgres_ask("SELECT xmin::text FROM api_keys");
    crowd_find_key(key);
    char *after = postgres_ask("SELECT xmin::text FROM api_keys");
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void key_that_is_over_or_revoked_opens_nothing(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans), eva = crowd_sign_in(evas);
    char key[KEY_TEXT_BYTES];
    struct crowd_told told;
    key_make(key);
    assert_int_equal(add_key(&jan, key, "[\"calls:read\"]", &told), 0);
    struct uuid id = crowd_find_key(key).who.key;
    postgres_run("UPDATE api_keys SET expires_at = now()");
    assert_int_equal(crowd_find_key(key).err, ENOENT);
    postgres_run("UPDATE api_keys SET expires_at = now() + interval '1 day'");
    assert_int_equal(crowd_find_key(key).err, 0);
    keys_revoke(crowd_bench.app, eva.session.tenant, id, "user:2", on_ending, &crowd_ending, NULL);
    assert_int_equal(bench_ending(&crowd_bench, &crowd_ending), ENOENT); /* not hers */
    keys_revoke(crowd_bench.app, jan.session.tenant, id, "user:1", on_ending, &crowd_ending, NULL);
    assert_int_equal(bench_ending(&crowd_bench, &crowd_ending), 0);
    assert_int_equal(crowd_find_key(key).err, ENOENT);
}

static void keys_go_with_whoever_made_them(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    struct crowd_session eva = crowd_join(jan.session.tenant, evas, "admin");
    char evas_key[KEY_TEXT_BYTES], jans_key[KEY_TEXT_BYTES];
    struct crowd_told told;
    key_make(evas_key);
    key_make(jans_key);
    assert_int_equal(add_key(&eva, evas_key, "[\"calls:read\"]", &told), 0);
    assert_int_equal(add_key(&jan, jans_key, "[\"calls:read\"]", &told), 0);
    assert_int_equal(take_away(&eva, ROLE_OWNER), 0);
    assert_int_equal(crowd_find_key(evas_key).err, ENOENT);
    assert_int_equal(crowd_find_key(jans_key).err, 0);
}

static void keys_have_a_bound(void **state)
{
    (void)state;
    struct crowd_session jan = crowd_sign_in(jans);
    char key[KEY_TEXT_BYTES];
    struct crowd_told told;
    for (int i = 0; i < KEYS_MAX; i++) {
        key_make(key);
        assert_int_equal(add_key(&jan, key, "[\"calls:read\"]", &told), 0);
    }
    key_make(key);
    assert_int_equal(add_key(&jan, key, "[\"calls:read\"]", &told), EDQUOT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, crowd_open, crowd_close)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whoever_opened_the_link_joins_by_signing_in),
        TEST(session_of_the_link_is_where_it_leads),
        TEST(invited_phone_joins_nobody_unasked),
        TEST(who_was_invited_says_yes_or_no),
        TEST(whoever_has_a_tenant_accepts_beside_it),
        TEST(invite_is_over_after_its_week),
        TEST(inviting_again_makes_the_old_link_worthless),
        TEST(link_shows_no_more_than_it_must),
        TEST(open_invites_have_a_bound),
        TEST(last_owner_stays),
        TEST(two_owners_cannot_both_step_down),
        TEST(admin_touches_no_owner_and_makes_none),
        TEST(whoever_is_removed_is_out_at_once),
        TEST(change_of_a_version_that_is_gone_is_refused),
        TEST(key_opens_its_tenant_within_its_scopes),
        TEST(use_of_a_key_is_noted_once_a_minute),
        TEST(key_that_is_over_or_revoked_opens_nothing),
        TEST(keys_go_with_whoever_made_them),
        TEST(keys_have_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
