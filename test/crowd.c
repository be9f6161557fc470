/* test/crowd.c: people signed in, waited for. */
#include "test/crowd.h"

#include "base/hash.h"
#include "base/mem.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench crowd_bench;
struct ending crowd_ending;

int crowd_open(void **state)
{
    (void)state;
    bench_open(&crowd_bench);
    postgres_run("DELETE FROM tenants");
    postgres_run("DELETE FROM operators");
    return 0;
}

int crowd_close(void **state)
{
    (void)state;
    bench_close(&crowd_bench);
    return 0;
}

/* ---- answers waited for --------------------------------------------------------------------- */

void crowd_on_session(int err, const struct session *session, void *arg)
{
    struct crowd_session *in = arg;
    in->done = true;
    in->err = err;
    if (err)
        return;
    in->session = *session;
    in->session.phone = NULL;
    snprintf(in->json, sizeof(in->json), "%.*s", (int)session->json.bytes, session->json.at);
}

struct session_begin crowd_begin(const char *phone)
{
    return (struct session_begin){.phone = phone,
                                  .language = "cs",
                                  .timezone = "Europe/Prague",
                                  .owner_name = "Volaný",
                                  .device = "a test",
                                  .days = DAYS};
}

struct crowd_session crowd_sign_in(const char *phone)
{
    struct crowd_session in = {0};
    const struct session_begin begin = crowd_begin(phone);
    sessions_begin(crowd_bench.app, &begin, crowd_on_session, &in, NULL);
    bench_wait(&crowd_bench, &in.done);
    assert_int_equal(in.err, 0);
    return in;
}

struct crowd_session crowd_renew(const char *token)
{
    struct crowd_session in = {0};
    sessions_renew(crowd_bench.app, str_of(token), DAYS, crowd_on_session, &in, NULL);
    bench_wait(&crowd_bench, &in.done);
    return in;
}

static void on_principal(int err, const struct principal *principal, void *arg)
{
    struct crowd_found *found = arg;
    found->done = true;
    found->err = err;
    if (!err)
        found->who = *principal;
}

struct crowd_found crowd_find(struct uuid tenant, struct uuid session)
{
    struct crowd_found found = {0};
    people_find_session(crowd_bench.app, tenant, session, on_principal, &found, NULL);
    bench_wait(&crowd_bench, &found.done);
    return found;
}

int crowd_find_err(const struct crowd_session *in)
{
    return crowd_find(in->session.tenant, in->session.id).err;
}

struct crowd_found crowd_find_key(const char *key)
{
    struct crowd_found found = {0};
    uint8_t hash[SHA256_BYTES];
    sha256(str_of(key), hash);
    people_find_key(crowd_bench.app, (struct str){(const char *)hash, sizeof(hash)}, on_principal,
                    &found, NULL);
    bench_wait(&crowd_bench, &found.done);
    return found;
}

void crowd_on_json(int err, struct str json, void *arg)
{
    struct crowd_told *told = arg;
    told->done = true;
    told->err = err;
    snprintf(told->json, sizeof(told->json), "%.*s", (int)json.bytes, err ? "" : json.at);
}

int crowd_told(struct crowd_told *told)
{
    bench_wait(&crowd_bench, &told->done);
    return told->err;
}

const char *crowd_id(struct uuid id)
{
    static char ring[4][UUID_TEXT_BYTES];
    static size_t next;
    char *text = ring[next++ % 4];
    uuid_print(id, text);
    return text;
}

bool crowd_says(const char *json, const char *what)
{
    return strstr(json, what) != NULL;
}

/* A second person in a tenant, as the tests need one, signed in. */
struct crowd_session crowd_join(struct uuid tenant, const char *phone, const char *role)
{
    char *sql = xprintf("INSERT INTO users (tenant_id, id, phone, phone_verified, role)"
                        " VALUES ('%s', gen_random_uuid(), '%s', true, '%s')",
                        crowd_id(tenant), phone, role);
    postgres_run(sql);
    free(sql);
    return crowd_sign_in(phone);
}

struct crowd_session crowd_switch(const struct crowd_session *from, struct uuid target)
{
    struct crowd_session in = {0};
    sessions_switch(crowd_bench.app, from->session.tenant, from->session.id, target, DAYS,
                    crowd_on_session, &in, NULL);
    bench_wait(&crowd_bench, &in.done);
    return in;
}
