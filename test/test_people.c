/* test/test_people.c: sessions, keys, invites and roles against a real database. */
#include "store/people.h"

#include "base/hash.h"
#include "base/mem.h"
#include "store/invites.h"
#include "store/keys.h"
#include "store/operators.h"
#include "store/sessions.h"
#include "test/postgres.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAYS = 90 };

static const char jans[] = "+420601000001", evas[] = "+420601000002";

static struct bench bench;
static struct ending ending;

static int open_bench(void **state)
{
    (void)state;
    bench_open(&bench);
    postgres_run("DELETE FROM tenants");
    postgres_run("DELETE FROM operators");
    return 0;
}

static int close_bench(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

/* ---- answers waited for --------------------------------------------------------------------- */

struct signed_in {
    bool done;
    int err;
    struct session session;
    char json[2000];
};

static void on_session(int err, const struct session *session, void *arg)
{
    struct signed_in *in = arg;
    in->done = true;
    in->err = err;
    if (err)
        return;
    in->session = *session;
    in->session.phone = NULL;
    snprintf(in->json, sizeof(in->json), "%.*s", (int)session->json.bytes, session->json.at);
}

static struct session_begin begin_as(const char *phone)
{
    return (struct session_begin){.phone = phone,
                                  .language = "cs",
                                  .timezone = "Europe/Prague",
                                  .owner_name = "Volaný",
                                  .device = "a test",
                                  .days = DAYS};
}

static struct signed_in sign_in(const char *phone)
{
    struct signed_in in = {0};
    const struct session_begin begin = begin_as(phone);
    sessions_begin(bench.app, &begin, on_session, &in, NULL);
    bench_wait(&bench, &in.done);
    assert_int_equal(in.err, 0);
    return in;
}

static struct signed_in renew(const char *token)
{
    struct signed_in in = {0};
    sessions_renew(bench.app, str_of(token), DAYS, on_session, &in, NULL);
    bench_wait(&bench, &in.done);
    return in;
}

struct found {
    bool done;
    int err;
    struct principal who;
};

static void on_principal(int err, const struct principal *principal, void *arg)
{
    struct found *found = arg;
    found->done = true;
    found->err = err;
    if (!err)
        found->who = *principal;
}

static struct found find(struct uuid tenant, struct uuid session)
{
    struct found found = {0};
    people_find_session(bench.app, tenant, session, on_principal, &found, NULL);
    bench_wait(&bench, &found.done);
    return found;
}

static int find_err(const struct signed_in *in)
{
    return find(in->session.tenant, in->session.id).err;
}

static struct found find_key(const char *key)
{
    struct found found = {0};
    uint8_t hash[SHA256_BYTES];
    sha256(str_of(key), hash);
    people_find_key(bench.app, (struct str){(const char *)hash, sizeof(hash)}, on_principal, &found,
                    NULL);
    bench_wait(&bench, &found.done);
    return found;
}

struct told {
    bool done;
    int err;
    char json[4000];
};

static void on_json(int err, struct str json, void *arg)
{
    struct told *told = arg;
    told->done = true;
    told->err = err;
    snprintf(told->json, sizeof(told->json), "%.*s", (int)json.bytes, err ? "" : json.at);
}

static int told_err(struct told *told)
{
    bench_wait(&bench, &told->done);
    return told->err;
}

static const char *id_text(struct uuid id)
{
    static char ring[4][UUID_TEXT_BYTES];
    static size_t next;
    char *text = ring[next++ % 4];
    uuid_print(id, text);
    return text;
}

static bool says(const char *json, const char *what)
{
    return strstr(json, what) != NULL;
}

/* A second person in a tenant, as the tests need one, signed in. */
static struct signed_in join(struct uuid tenant, const char *phone, const char *role)
{
    char *sql = xprintf("INSERT INTO users (tenant_id, id, phone, phone_verified, role)"
                        " VALUES ('%s', gen_random_uuid(), '%s', true, '%s')",
                        id_text(tenant), phone, role);
    postgres_run(sql);
    free(sql);
    return sign_in(phone);
}

/* ---- signing in ----------------------------------------------------------------------------- */

static void first_verification_makes_tenant_and_owner(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    assert_true(jan.session.is_new);
    assert_true(says(jan.json, "\"role\" : \"owner\""));
    assert_true(says(jan.json, "\"plan\" : \"trial\""));
    struct found found = find(jan.session.tenant, jan.session.id);
    assert_int_equal(found.err, 0);
    assert_int_equal(found.who.kind, PRINCIPAL_PERSON);
    assert_int_equal(found.who.role, ROLE_OWNER);
    assert_string_equal(found.who.phone, jans);
    assert_false(found.who.is_operator);
    assert_true(uuid_equal(found.who.user, jan.session.user));
    struct signed_in again = sign_in(jans);
    assert_false(again.session.is_new);
    assert_true(uuid_equal(again.session.tenant, jan.session.tenant));
    assert_false(uuid_equal(again.session.id, jan.session.id));
    assert_int_equal(postgres_count("SELECT count(*) FROM tenants"), 1);
}

static void devices_that_verify_at_once_make_one_tenant(void **state)
{
    (void)state;
    enum { DEVICES = 12 };
    static struct signed_in in[DEVICES];
    const struct session_begin begin = begin_as(jans);
    int new = 0;
    memset(in, 0, sizeof(in));
    for (int i = 0; i < DEVICES; i++)
        sessions_begin(bench.app, &begin, on_session, &in[i], NULL);
    for (int i = 0; i < DEVICES; i++) {
        bench_wait(&bench, &in[i].done);
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
    struct signed_in jan = sign_in(jans), eva = sign_in(evas);
    assert_int_equal(find(eva.session.tenant, jan.session.id).err, ENOENT);
    assert_int_equal(find((struct uuid){{0}}, jan.session.id).err, ENOENT);
    assert_int_equal(find(uuid_new(1), uuid_new(1)).err, ENOENT);
}

static void session_that_is_over_is_not_found(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    assert_int_equal(find_err(&jan), 0);
    postgres_run("UPDATE user_sessions SET expires_at = now()");
    assert_int_equal(find_err(&jan), ENOENT);
    assert_int_equal(renew(jan.session.token).err, ETIME);
}

static void signing_out_ends_the_session(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    sessions_end_by_token(bench.app, str_of(jan.session.token), on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    assert_int_equal(find_err(&jan), ENOENT);
    assert_int_equal(renew(jan.session.token).err, ETIME);
    sessions_end_by_token(bench.app, str_of(jan.session.token), on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), ENOENT);
    sessions_end_by_token(bench.app, str_of("nonsense"), on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), ENOENT);
}

static void role_is_read_anew_each_time(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    postgres_run("UPDATE users SET role = 'member', phone = '+420601999999'");
    struct found found = find(jan.session.tenant, jan.session.id);
    assert_int_equal(found.who.role, ROLE_MEMBER);
    assert_string_equal(found.who.phone, "+420601999999");
    postgres_run("DELETE FROM users");
    assert_int_equal(find_err(&jan), ENOENT);
}

static void being_seen_is_noted_once_a_minute(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    char *before = postgres_ask("SELECT last_seen_at::text || xmin::text FROM user_sessions");
    find_err(&jan);
    char *after = postgres_ask("SELECT last_seen_at::text || xmin::text FROM user_sessions");
    assert_string_equal(before, after);
    postgres_run("UPDATE user_sessions SET last_seen_at = now() - interval '61 seconds'");
    find_err(&jan);
    assert_int_equal(postgres_count("SELECT count(*) FROM user_sessions"
                                    " WHERE last_seen_at > now() - interval '5 seconds'"),
                     1);
    free(before);
    free(after);
}

static void sessions_of_one_person_have_a_bound(void **state)
{
    (void)state;
    struct signed_in first = sign_in(jans);
    postgres_run("UPDATE user_sessions SET last_seen_at = now() - interval '1 hour'");
    for (int i = 0; i < SESSIONS_PER_PERSON_MAX; i++)
        sign_in(jans);
    assert_int_equal(find_err(&first), ENOENT);
    assert_int_equal(postgres_count("SELECT count(*) FROM user_sessions WHERE revoked_at IS NULL"),
                     SESSIONS_PER_PERSON_MAX);
}

static void operator_is_known_by_the_phone(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    operators_add(bench.owner, jans, "test", on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    assert_true(find(jan.session.tenant, jan.session.id).who.is_operator);
    operators_add(bench.app, evas, "test", on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), EACCES); /* workers make none */
    operators_remove(bench.owner, jans, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    assert_false(find(jan.session.tenant, jan.session.id).who.is_operator);
}

/* ---- renewing ------------------------------------------------------------------------------- */

static void let_grace_pass(void)
{
    postgres_run("UPDATE user_sessions SET rotated_at = rotated_at - interval '11 seconds'");
}

static void each_renewal_gives_a_new_token(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    char token[SESSION_TOKEN_TEXT_BYTES];
    strcpy(token, jan.session.token);
    for (int i = 0; i < 5; i++) {
        struct signed_in next = renew(token);
        assert_int_equal(next.err, 0);
        assert_true(uuid_equal(next.session.id, jan.session.id));
        assert_string_not_equal(next.session.token, token);
        strcpy(token, next.session.token);
        let_grace_pass();
    }
    assert_int_equal(find_err(&jan), 0);
    assert_int_equal(renew("nonsense").err, ENOENT);
}

static void used_token_that_comes_again_ends_the_session(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans), other = sign_in(jans);
    struct signed_in next = renew(jan.session.token);
    let_grace_pass();
    assert_int_equal(renew(jan.session.token).err, EPERM);
    assert_int_equal(find_err(&jan), ENOENT);
    assert_int_equal(renew(next.session.token).err, ETIME); /* the family has gone with it */
    assert_int_equal(find_err(&other), 0);                  /* another device has not */
    assert_int_equal(
        postgres_count("SELECT count(*) FROM audit_log WHERE action = 'session.reuse'"), 1);
}

static void two_tabs_that_renew_at_once_both_go_on(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans), tabs[2] = {0};
    for (int i = 0; i < 2; i++)
        sessions_renew(bench.app, str_of(jan.session.token), DAYS, on_session, &tabs[i], NULL);
    for (int i = 0; i < 2; i++) {
        bench_wait(&bench, &tabs[i].done);
        assert_int_equal(tabs[i].err, 0);
    }
    let_grace_pass();
    assert_int_equal(find_err(&jan), 0);
    /* whichever answer came last is what the browser holds: either is good, then the other is old
     */
    struct signed_in next = renew(tabs[0].session.token);
    assert_int_equal(next.err, 0);
    let_grace_pass();
    assert_int_equal(renew(tabs[1].session.token).err, EPERM);
    assert_int_equal(renew(next.session.token).err, ETIME);
}

static void answer_that_was_lost_is_asked_for_again(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    renew(jan.session.token); /* never arrives */
    struct signed_in again = renew(jan.session.token);
    assert_int_equal(again.err, 0);
    let_grace_pass();
    assert_int_equal(renew(again.session.token).err, 0);
}

static void grace_does_not_grow_by_being_used(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    renew(jan.session.token);
    postgres_run("UPDATE user_sessions SET rotated_at = rotated_at - interval '6 seconds'");
    assert_int_equal(renew(jan.session.token).err, 0);
    postgres_run("UPDATE user_sessions SET rotated_at = rotated_at - interval '6 seconds'");
    assert_int_equal(renew(jan.session.token).err, EPERM);
}

static void token_of_long_ago_is_no_grace(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    struct signed_in second = renew(jan.session.token);
    renew(second.session.token);
    assert_int_equal(renew(jan.session.token).err, EPERM); /* two generations old */
}

static void session_that_is_used_lives_on(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    postgres_run("UPDATE user_sessions SET expires_at = now() + interval '1 hour'");
    assert_int_equal(renew(jan.session.token).err, 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM user_sessions"
                                    " WHERE expires_at > now() + interval '89 days'"),
                     1);
}

/* ---- in several tenants --------------------------------------------------------------------- */

static struct signed_in switch_to(const struct signed_in *from, struct uuid target)
{
    struct signed_in in = {0};
    sessions_switch(bench.app, from->session.tenant, from->session.id, target, DAYS, on_session,
                    &in, NULL);
    bench_wait(&bench, &in.done);
    return in;
}

static void person_goes_on_in_another_of_his_tenants(void **state)
{
    (void)state;
    struct signed_in eva = sign_in(evas), jan = sign_in(jans);
    struct signed_in there = join(eva.session.tenant, jans, "member");
    assert_true(uuid_equal(there.session.tenant, jan.session.tenant)); /* the one used last */
    struct signed_in moved = switch_to(&there, eva.session.tenant);
    assert_int_equal(moved.err, 0);
    assert_true(uuid_equal(moved.session.tenant, eva.session.tenant));
    assert_true(says(moved.json, "\"role\" : \"member\""));
    assert_true(says(moved.json, id_text(jan.session.tenant))); /* the way back */
    assert_int_equal(find_err(&moved), 0);
    assert_int_equal(find_err(&there), ENOENT);
    struct signed_in back = sign_in(jans);
    assert_true(uuid_equal(back.session.tenant, eva.session.tenant));
}

static void nobody_goes_where_he_is_not(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans), eva = sign_in(evas);
    assert_int_equal(switch_to(&jan, eva.session.tenant).err, ENOENT);
    assert_int_equal(switch_to(&jan, uuid_new(1)).err, ENOENT);
    assert_int_equal(find_err(&jan), 0); /* and stays where he is */
}

/* ---- invites -------------------------------------------------------------------------------- */

static int invite(const struct signed_in *by, const char *phone, enum role role, const char *token)
{
    struct told told = {0};
    const struct invite_make make = {.tenant = by->session.tenant,
                                     .by = by->session.user,
                                     .phone = phone,
                                     .role = role,
                                     .token = token,
                                     .actor = "user:1"};
    invites_make(bench.app, &make, on_json, &told, NULL);
    return told_err(&told);
}

static int accept(const struct signed_in *who, const char *token)
{
    struct told told = {0};
    invites_accept(bench.app, who->session.tenant, who->session.user, str_of(token), on_json, &told,
                   NULL);
    return told_err(&told);
}

static void invited_phone_joins_by_signing_in(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    assert_int_equal(invite(&jan, evas, ROLE_ADMIN, "link"), 0);
    struct signed_in eva = sign_in(evas);
    assert_false(eva.session.is_new); /* no tenant of her own */
    assert_true(uuid_equal(eva.session.tenant, jan.session.tenant));
    assert_int_equal(find(eva.session.tenant, eva.session.id).who.role, ROLE_ADMIN);
    assert_int_equal(invite(&jan, evas, ROLE_MEMBER, "link2"), EEXIST);
}

static void whoever_has_a_tenant_accepts_beside_it(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans), eva = sign_in(evas);
    assert_int_equal(invite(&jan, evas, ROLE_MEMBER, "link"), 0);
    assert_int_equal(accept(&jan, "link"), EPERM); /* it is not for him */
    assert_int_equal(accept(&eva, "another"), ENOENT);
    assert_int_equal(accept(&eva, "link"), 0);
    assert_int_equal(accept(&eva, "link"), ENOENT); /* once */
    assert_int_equal(switch_to(&eva, jan.session.tenant).err, 0);
}

static void invite_is_over_after_its_week(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans), eva = sign_in(evas);
    struct told told = {0};
    assert_int_equal(invite(&jan, evas, ROLE_MEMBER, "link"), 0);
    postgres_run("UPDATE invites SET expires_at = now()");
    assert_int_equal(accept(&eva, "link"), ENOENT);
    invites_show_json(bench.app, str_of("link"), on_json, &told, NULL);
    assert_int_equal(told_err(&told), ENOENT);
    sign_in(evas);
    assert_int_equal(postgres_count("SELECT count(*) FROM users"), 2);
    assert_int_equal(invite(&jan, evas, ROLE_MEMBER, "fresh"), 0); /* it can be made anew */
    assert_int_equal(accept(&eva, "fresh"), 0);
}

static void inviting_again_makes_the_old_link_worthless(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans), eva = sign_in(evas);
    assert_int_equal(invite(&jan, evas, ROLE_MEMBER, "old"), 0);
    assert_int_equal(invite(&jan, evas, ROLE_ADMIN, "new"), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM invites"), 1);
    assert_int_equal(accept(&eva, "old"), ENOENT);
    assert_int_equal(accept(&eva, "new"), 0);
}

static void link_shows_no_more_than_it_must(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    struct told told = {0};
    assert_int_equal(invite(&jan, evas, ROLE_MEMBER, "link"), 0);
    invites_show_json(bench.app, str_of("link"), on_json, &told, NULL);
    assert_int_equal(told_err(&told), 0);
    assert_true(says(told.json, "\"phone_ends\" : \"002\""));
    assert_false(says(told.json, evas));
}

static void open_invites_have_a_bound(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
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

static struct member_change change_of(const struct signed_in *who, enum role by)
{
    return (struct member_change){.tenant = who->session.tenant,
                                  .user = who->session.user,
                                  .by = by,
                                  .actor = "user:1",
                                  .if_match = -1};
}

static int set_role(const struct signed_in *who, enum role by, enum role role)
{
    struct told told = {0};
    const struct member_change change = change_of(who, by);
    people_set_role(bench.app, &change, role, on_json, &told, NULL);
    return told_err(&told);
}

static int take_away(const struct signed_in *who, enum role by)
{
    const struct member_change change = change_of(who, by);
    people_remove(bench.app, &change, on_ending, &ending, NULL);
    return bench_ending(&bench, &ending);
}

static void last_owner_stays(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    struct signed_in eva = join(jan.session.tenant, evas, "admin");
    assert_int_equal(set_role(&jan, ROLE_OWNER, ROLE_MEMBER), EBUSY);
    assert_int_equal(take_away(&jan, ROLE_OWNER), EBUSY);
    people_leave(bench.app, jan.session.tenant, jan.session.user, "user:1", on_ending, &ending,
                 NULL);
    assert_int_equal(bench_ending(&bench, &ending), EBUSY);
    assert_int_equal(set_role(&jan, ROLE_OWNER, ROLE_OWNER), 0);
    assert_int_equal(set_role(&eva, ROLE_OWNER, ROLE_OWNER), 0);
    people_leave(bench.app, jan.session.tenant, jan.session.user, "user:1", on_ending, &ending,
                 NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    assert_int_equal(find_err(&jan), ENOENT);
    assert_int_equal(take_away(&eva, ROLE_OWNER), EBUSY);
}

static void two_owners_cannot_both_step_down(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    struct signed_in eva = join(jan.session.tenant, evas, "owner");
    struct told told[2] = {0};
    const struct member_change changes[] = {change_of(&jan, ROLE_OWNER),
                                            change_of(&eva, ROLE_OWNER)};
    for (int i = 0; i < 2; i++)
        people_set_role(bench.app, &changes[i], ROLE_MEMBER, on_json, &told[i], NULL);
    int first = told_err(&told[0]), second = told_err(&told[1]);
    assert_true((first == 0 && second == EBUSY) || (first == EBUSY && second == 0));
    assert_int_equal(postgres_count("SELECT count(*) FROM users WHERE role = 'owner'"), 1);
}

static void admin_touches_no_owner_and_makes_none(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    struct signed_in eva = join(jan.session.tenant, evas, "admin");
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
    struct signed_in jan = sign_in(jans);
    struct signed_in eva = join(jan.session.tenant, evas, "member");
    assert_int_equal(find_err(&eva), 0);
    assert_int_equal(take_away(&eva, ROLE_OWNER), 0);
    assert_int_equal(find_err(&eva), ENOENT);
    assert_int_equal(renew(eva.session.token).err, ENOENT);
    struct signed_in again = sign_in(evas);
    assert_false(uuid_equal(again.session.tenant, jan.session.tenant));
}

static void change_of_a_version_that_is_gone_is_refused(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    struct signed_in eva = join(jan.session.tenant, evas, "member");
    struct member_change change = change_of(&eva, ROLE_OWNER);
    struct told first = {0}, second = {0};
    change.if_match = 1;
    people_set_role(bench.app, &change, ROLE_ADMIN, on_json, &first, NULL);
    assert_int_equal(told_err(&first), 0);
    assert_true(says(first.json, "\"version\" : 2"));
    people_set_role(bench.app, &change, ROLE_MEMBER, on_json, &second, NULL);
    assert_int_equal(told_err(&second), ESTALE);
}

/* ---- keys ----------------------------------------------------------------------------------- */

static int add_key(const struct signed_in *by, const char *key, const char *scopes,
                   struct told *told)
{
    const struct key_make make = {.tenant = by->session.tenant,
                                  .by = by->session.user,
                                  .name = "a program",
                                  .scopes = scopes,
                                  .key = key,
                                  .actor = "user:1"};
    *told = (struct told){0};
    keys_add(bench.app, &make, on_json, told, NULL);
    return told_err(told);
}

static void key_opens_its_tenant_within_its_scopes(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    char key[KEY_TEXT_BYTES], other[KEY_TEXT_BYTES];
    struct told told;
    key_make(key);
    key_make(other);
    assert_string_not_equal(key, other);
    assert_int_equal(add_key(&jan, key, "[\"contacts:read\",\"calls:read\",\"calls:read\"]", &told),
                     0);
    assert_null(strstr(told.json, key));
    struct found found = find_key(key);
    assert_int_equal(found.err, 0);
    assert_int_equal(found.who.kind, PRINCIPAL_KEY);
    assert_true(uuid_equal(found.who.tenant, jan.session.tenant));
    assert_true(uuid_equal(found.who.user, jan.session.user));
    assert_string_equal(found.who.scopes, "calls:read contacts:read");
    assert_int_equal(find_key(other).err, ENOENT);
    assert_int_equal(find_key("").err, ENOENT);
    assert_int_equal(postgres_count("SELECT count(*) FROM api_keys WHERE last_used_at IS NULL"), 0);
}

static void use_of_a_key_is_noted_once_a_minute(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    char key[KEY_TEXT_BYTES];
    struct told told;
    key_make(key);
    assert_int_equal(add_key(&jan, key, "[\"calls:read\"]", &told), 0);
    find_key(key);
    char *before = postgres_ask("SELECT xmin::text FROM api_keys");
    find_key(key);
    char *after = postgres_ask("SELECT xmin::text FROM api_keys");
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void key_that_is_over_or_revoked_opens_nothing(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans), eva = sign_in(evas);
    char key[KEY_TEXT_BYTES];
    struct told told;
    key_make(key);
    assert_int_equal(add_key(&jan, key, "[\"calls:read\"]", &told), 0);
    struct uuid id = find_key(key).who.key;
    postgres_run("UPDATE api_keys SET expires_at = now()");
    assert_int_equal(find_key(key).err, ENOENT);
    postgres_run("UPDATE api_keys SET expires_at = now() + interval '1 day'");
    assert_int_equal(find_key(key).err, 0);
    keys_revoke(bench.app, eva.session.tenant, id, "user:2", on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), ENOENT); /* not hers */
    keys_revoke(bench.app, jan.session.tenant, id, "user:1", on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    assert_int_equal(find_key(key).err, ENOENT);
}

static void keys_go_with_whoever_made_them(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    struct signed_in eva = join(jan.session.tenant, evas, "admin");
    char evas_key[KEY_TEXT_BYTES], jans_key[KEY_TEXT_BYTES];
    struct told told;
    key_make(evas_key);
    key_make(jans_key);
    assert_int_equal(add_key(&eva, evas_key, "[\"calls:read\"]", &told), 0);
    assert_int_equal(add_key(&jan, jans_key, "[\"calls:read\"]", &told), 0);
    assert_int_equal(take_away(&eva, ROLE_OWNER), 0);
    assert_int_equal(find_key(evas_key).err, ENOENT);
    assert_int_equal(find_key(jans_key).err, 0);
}

static void keys_have_a_bound(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    char key[KEY_TEXT_BYTES];
    struct told told;
    for (int i = 0; i < KEYS_MAX; i++) {
        key_make(key);
        assert_int_equal(add_key(&jan, key, "[\"calls:read\"]", &told), 0);
    }
    key_make(key);
    assert_int_equal(add_key(&jan, key, "[\"calls:read\"]", &told), EDQUOT);
}

static void leftovers_are_swept(void **state)
{
    (void)state;
    struct signed_in jan = sign_in(jans);
    renew(jan.session.token);
    postgres_run("UPDATE retired_tokens SET retired_at = now() - interval '31 days'");
    postgres_run("SELECT sweep_people()");
    assert_int_equal(postgres_count("SELECT count(*) FROM retired_tokens"), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM user_sessions"), 1);
    postgres_run("UPDATE user_sessions SET revoked_at = now() - interval '31 days'");
    postgres_run("SELECT sweep_people()");
    assert_int_equal(postgres_count("SELECT count(*) FROM user_sessions"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)
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
        TEST(invited_phone_joins_by_signing_in),
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
        TEST(leftovers_are_swept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
