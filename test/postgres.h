/* test/postgres.h: a fresh, migrated database for one test program, in a cluster that is nobody
 * else's: the one of KAREN_TEST_DATABASE_URL, or one started here for the while. */
#pragma once
#include "base/id.h"
#include "net/loop.h"
#include "store/db.h"

#include <stdbool.h>

/* One a program: gone with it. */
void postgres_private(void); /* before anything else: a cluster that may be crashed */
void postgres_crash(void);   /* the private one: all connections break, nobody is let in */
void postgres_revive(void);
const char *postgres_url(void);      /* as the owner of the schema */
char *postgres_empty_url(void);      /* a database without a schema; the caller frees the text */
void postgres_run(const char *sql);  /* as the owner, blocking; must work */
char *postgres_ask(const char *sql); /* the same, the first value; the caller frees it */
int64_t postgres_count(const char *sql);

/* A loop and both kinds of pool on that database. */
struct bench {
    struct loop *loop;
    struct db *app;   /* as the workers are */
    struct db *owner; /* as the operator's commands are */
    struct arena arena;
};
void bench_open(struct bench *bench);
void bench_close(struct bench *bench);
void bench_wait(struct bench *bench, const bool *done); /* until it is true; fails after a while */

/* What a writer's callback said: wait for .done, look at .err. */
struct ending {
    bool done;
    int err;
};
void on_ending(int err, void *arg);
/* Waits for it and returns its error, ready for the next use. */
int bench_ending(struct bench *bench, struct ending *ending);

/* A tenant with a name, made without going through the code under test. */
struct uuid postgres_tenant(const char *name);
/* Somebody it knows; kind: "normal", "vip", "blocked". */
void postgres_contact(struct uuid tenant, const char *phone, const char *name, const char *kind);
/* A row of every table that has a tenant, all ids being its own: test/data/samples.sql. */
void postgres_sample(struct uuid tenant);
