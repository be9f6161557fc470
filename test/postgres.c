/* test/postgres.c: databases for tests: one template a schema, copied for each program. */
#include "test/postgres.h"

#include "base/hash.h"
#include "base/mem.h"
#include "store/migrate.h"
#include "test/test.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WAIT_MS_MAX = 20000, CONNECT_MS_MAX = 15000 };

static char *cluster_url, *database_url, *database_name;
static int users_fd = -1; /* held shared while we use a cluster of our own making */
static const char cluster_folder[] = KAREN_BUILD_ROOT "/test-postgres";
static char private_folder[256]; /* "": none */

static void fail_with(const char *what, const char *why)
{
    fprintf(stderr, "test database: %s: %s\n", what, why);
    abort();
}

static PGconn *connect_to(const char *url)
{
    PGconn *pg = PQconnectdb(url);
    if (PQstatus(pg) != CONNECTION_OK)
        fail_with("cannot connect", PQerrorMessage(pg));
    return pg;
}

static char *ask(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        fail_with(sql, PQerrorMessage(pg));
    char *value = PQntuples(result) ? xstrdup(PQgetvalue(result, 0, 0)) : NULL;
    PQclear(result);
    return value;
}

static void run(PGconn *pg, const char *sql)
{
    free(ask(pg, sql));
}

static char *script(const char *verb)
{
    char *command = xprintf("'%s/scripts/postgres' %s '%s' --test", KAREN_SOURCE_ROOT, verb,
                            private_folder[0] ? private_folder : cluster_folder);
    FILE *pipe = popen(command, "re");
    char line[1024] = "";
    if (!fgets(line, sizeof(line), pipe))
        line[0] = 0;
    pclose(pipe);
    free(command);
    line[strcspn(line, "\n")] = 0;
    return xstrdup(line);
}

/* The last one to leave stops it: programs run side by side and none knows of the others. */
static void leave_cluster(void)
{
    if (flock(users_fd, LOCK_EX | LOCK_NB) == 0)
        free(script("stop"));
    close(users_fd);
}

static void remove_cluster(void)
{
    free(script("remove"));
}

void postgres_private(void)
{
    snprintf(private_folder, sizeof(private_folder), KAREN_BUILD_ROOT "/%s-postgres",
             program_invocation_short_name);
    free(script("remove")); /* of a run that was killed */
    cluster_url = script("start");
    if (!*cluster_url)
        fail_with("scripts/postgres start", "it gave no URL");
    atexit(remove_cluster);
}

void postgres_crash(void)
{
    free(script("stop --at-once"));
}

void postgres_revive(void)
{
    free(script("start"));
}

static void join_cluster(void)
{
    mkdir(KAREN_BUILD_ROOT "/test-postgres", 0755);
    users_fd = open(KAREN_BUILD_ROOT "/test-postgres/users", O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    if (users_fd < 0 || flock(users_fd, LOCK_SH) != 0)
        fail_with("cannot lock", KAREN_BUILD_ROOT "/test-postgres/users");
    cluster_url = script("start");
    if (!*cluster_url)
        fail_with("scripts/postgres start", "it gave no URL");
    atexit(leave_cluster);
}

static char *url_of_database(const char *name)
{
    /* postgresql://user:password@/karen?host=...: what stands between "@/" and "?" */
    const char *at = strstr(cluster_url, "@");
    const char *slash = at ? strchr(at, '/') : NULL;
    if (!slash)
        fail_with("not a URL with a database", cluster_url);
    const char *rest = slash + 1 + strcspn(slash + 1, "?");
    return xprintf("%.*s/%s%s", (int)(slash - cluster_url), cluster_url, name, rest);
}

static char *random_name(const char *what)
{
    uint8_t chance[6];
    random_bytes(chance, sizeof(chance));
    struct buf hex = {0};
    hex_put(&hex, chance, sizeof(chance));
    char *name = xprintf("karen_%s_%s", what, buf_text(&hex));
    buf_free(&hex);
    return name;
}

static void migrate(const char *name)
{
    char *url = url_of_database(name);
    struct buf report = {0};
    struct migrate_status status;
    if (migrate_run(url, &status, &report))
        fail_with("the schema", buf_text(&report));
    buf_free(&report);
    free(url);
}

/* Made once and renamed into place whole; whoever needs it meanwhile waits for the lock. */
static void make_template(PGconn *pg, const char *name)
{
    run(pg, "SELECT pg_advisory_lock(7240310002)");
    char *sql = xprintf("SELECT count(*) FROM pg_database WHERE datname = '%s'", name);
    char *count = ask(pg, sql);
    if (strcmp(count, "0") == 0) {
        char *half = random_name("half");
        char *create = xprintf("CREATE DATABASE %s", half);
        char *rename = xprintf("ALTER DATABASE %s RENAME TO %s", half, name);
        run(pg, create);
        migrate(half);
        run(pg, rename);
        free(half);
        free(create);
        free(rename);
    }
    run(pg, "SELECT pg_advisory_unlock(7240310002)");
    free(count);
    free(sql);
}

static void drop_database(void)
{
    PGconn *pg = connect_to(cluster_url);
    char *sql = xprintf("DROP DATABASE %s WITH (FORCE)", database_name);
    run(pg, sql);
    PQfinish(pg);
    free(sql);
    free(database_name);
    free(database_url);
    free(cluster_url);
}

static void set_up(void)
{
    const char *given = getenv("KAREN_TEST_DATABASE_URL");
    bool is_private = private_folder[0] != 0;
    if (!is_private && given && *given)
        cluster_url = xstrdup(given);
    else if (!is_private)
        join_cluster();
    char *template = xprintf("karen_template_%s", migrate_fingerprint());
    database_name = random_name("test");
    char *create = xprintf("CREATE DATABASE %s TEMPLATE %s", database_name, template);
    PGconn *pg = connect_to(cluster_url);
    make_template(pg, template);
    run(pg, create);
    PQfinish(pg);
    free(create);
    free(template);
    database_url = url_of_database(database_name);
    atexit(drop_database);
}

const char *postgres_url(void)
{
    if (!database_url)
        set_up();
    return database_url;
}

static char *extra_name;

static void drop_extra(void)
{
    PGconn *pg = connect_to(database_url);
    char *sql = xprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", extra_name);
    run(pg, sql);
    PQfinish(pg);
    free(sql);
    free(extra_name);
    extra_name = NULL;
}

char *postgres_empty_url(void)
{
    postgres_url();
    if (extra_name)
        drop_extra();
    else
        atexit(drop_extra);
    extra_name = random_name("empty");
    char *sql = xprintf("CREATE DATABASE %s", extra_name);
    postgres_run(sql);
    free(sql);
    return url_of_database(extra_name);
}

char *postgres_ask(const char *sql)
{
    PGconn *pg = connect_to(postgres_url());
    char *value = ask(pg, sql);
    PQfinish(pg);
    return value;
}

void postgres_run(const char *sql)
{
    free(postgres_ask(sql));
}

int64_t postgres_count(const char *sql)
{
    char *value = postgres_ask(sql);
    int64_t count = value ? strtoll(value, NULL, 10) : -1;
    free(value);
    return count;
}

void bench_open(struct bench *bench)
{
    *bench = (struct bench){.loop = loop_new()};
    /* a busy machine connects late; those who test how long is waited open a pool of their own */
    const struct db_options app = {
        .url = postgres_url(), .role = DB_ROLE_APP, .wait_ms_max = CONNECT_MS_MAX};
    const struct db_options owner = {
        .url = postgres_url(), .connections = 1, .wait_ms_max = CONNECT_MS_MAX};
    assert_int_equal(db_open(bench->loop, &app, &bench->app), 0);
    assert_int_equal(db_open(bench->loop, &owner, &bench->owner), 0);
}

void bench_close(struct bench *bench)
{
    db_close(&bench->app);
    db_close(&bench->owner);
    loop_free(&bench->loop);
    arena_free(&bench->arena);
}

void bench_wait(struct bench *bench, const bool *done)
{
    int64_t end_us = loop_now_us(bench->loop) + WAIT_MS_MAX * 1000;
    while (!*done && loop_now_us(bench->loop) < end_us)
        loop_step(bench->loop, 200);
    assert_true(*done);
}

void on_ending(int err, void *arg)
{
    struct ending *ending = arg;
    assert_false(ending->done);
    *ending = (struct ending){true, err};
}

int bench_ending(struct bench *bench, struct ending *ending)
{
    bench_wait(bench, &ending->done);
    int err = ending->err;
    *ending = (struct ending){0};
    return err;
}

struct uuid postgres_tenant(const char *name)
{
    struct uuid tenant = uuid_new(wall_now_ms());
    char id[UUID_TEXT_BYTES];
    uuid_print(tenant, id);
    char *sql = xprintf("INSERT INTO tenants (id, name, owner_name, language) "
                        "VALUES ('%s', '%s', 'Jan Novák', 'cs')",
                        id, name);
    postgres_run(sql);
    free(sql);
    return tenant;
}

void postgres_contact(struct uuid tenant, const char *phone, const char *name, const char *kind)
{
    char id[UUID_TEXT_BYTES];
    uuid_print(tenant, id);
    char *sql = xprintf("INSERT INTO contacts (tenant_id, id, phone, name, kind)"
                        " VALUES ('%s', gen_random_uuid(), '%s', '%s', '%s')",
                        id, phone, name, kind);
    postgres_run(sql);
    free(sql);
}

void postgres_sample(struct uuid tenant)
{
    char id[UUID_TEXT_BYTES];
    struct buf sql = {0};
    FILE *file = fopen(KAREN_SOURCE_ROOT "/test/data/samples.sql", "re");
    if (!file)
        fail_with("test/data/samples.sql", "it cannot be read");
    uuid_print(tenant, id);
    for (int c; (c = fgetc(file)) != EOF;) {
        if (c == '$') {
            fgetc(file); /* $1 */
            buf_printf(&sql, "'%s'", id);
        } else {
            buf_putc(&sql, (char)c);
        }
    }
    fclose(file);
    const char *rest = strstr(buf_text(&sql), "-- tenant_notes"); /* the tenant itself is there */
    postgres_run(rest);
    buf_free(&sql);
}
