/* test/test_migrate.c: the ledger of migrations: complete, repeatable, forward only, one at a time.
 */
#include "store/migrate.h"

#include "base/mem.h"
#include "test/postgres.h"
#include "test/test.h"

#include <dirent.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct buf report;
static char *url;

static int empty_database(void **state)
{
    (void)state;
    url = postgres_empty_url();
    return 0;
}

static int forget(void **state)
{
    (void)state;
    free(url);
    buf_free(&report);
    return 0;
}

static void run_sql(const char *sql)
{
    PGconn *pg = PQconnectdb(url);
    PGresult *result = PQexec(pg, sql);
    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    PQfinish(pg);
}

static int migrate(struct migrate_status *status)
{
    buf_clear(&report);
    return migrate_run(url, status, &report);
}

static bool reported(const char *text)
{
    return strstr(buf_text(&report), text) != NULL;
}

static void empty_database_is_brought_up_to_date_and_stays_so(void **state)
{
    (void)state;
    struct migrate_status status = {0};
    assert_int_equal(migrate_check(url, &status, &report), 0);
    assert_int_equal(status.current, 0);
    assert_int_equal(migrate(&status), 0);
    assert_int_equal(status.current, migrate_newest());
    assert_true(reported("0001_roles.sql applied\n0002_"));
    assert_int_equal(migrate(&status), 0);
    assert_int_equal(report.bytes, 0);
    buf_clear(&report);
    assert_int_equal(migrate_check(url, &status, &report), 0);
    assert_int_equal(status.current, status.newest);
    assert_false(reported("missing"));
}

static void newer_schema_is_refused(void **state)
{
    (void)state;
    struct migrate_status status = {.current = -1};
    assert_int_equal(migrate(&status), 0);
    run_sql("INSERT INTO schema_migrations (number, name, checksum)"
            " SELECT max(number) + 1, '9999_future.sql', 'x' FROM schema_migrations");
    status.current = -1;
    assert_int_equal(migrate(&status), ENOTSUP);
    assert_true(reported("9999_future.sql"));
    assert_int_equal(status.current, -1); /* untouched */
    assert_int_equal(migrate_check(url, &status, &report), ENOTSUP);
}

static void edited_history_is_refused(void **state)
{
    (void)state;
    struct migrate_status status;
    assert_int_equal(migrate(&status), 0);
    run_sql("UPDATE schema_migrations SET checksum = 'other' WHERE number = 2");
    assert_int_equal(migrate(&status), EINVAL);
    assert_true(reported("0002_tenants.sql was applied in another form"));
    run_sql("DELETE FROM schema_migrations WHERE number = 2");
    assert_int_equal(migrate(&status), EINVAL);
}

static void failed_migration_leaves_nothing_behind_and_goes_on_later(void **state)
{
    (void)state;
    struct migrate_status status;
    run_sql("CREATE TABLE contacts (in_the_way integer)"); /* what 0004 wants to make */
    assert_int_equal(migrate(&status), EPROTO);
    assert_true(reported("0003_calls.sql applied"));
    assert_true(reported("0004_contacts.sql failed; nothing of it was applied"));
    run_sql("DROP TABLE contacts");
    assert_int_equal(migrate(&status), 0);
    assert_true(reported("0004_contacts.sql applied"));
    assert_false(reported("0003_calls.sql"));
}

static void migrators_at_once_take_turns(void **state)
{
    (void)state;
    pid_t children[4];
    for (size_t i = 0; i < countof(children); i++) {
        children[i] = fork();
        if (children[i] == 0) {
            struct migrate_status status;
            _exit(migrate(&status) || status.current != migrate_newest());
        }
    }
    for (size_t i = 0; i < countof(children); i++) {
        int ended;
        waitpid(children[i], &ended, 0);
        assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
    }
}

static void database_that_is_away_is_said_to_be(void **state)
{
    (void)state;
    struct migrate_status status;
    assert_int_equal(migrate_run("postgresql://x@127.0.0.1:1/x", &status, &report), ENOTCONN);
    assert_true(reported("the database cannot be reached"));
}

static int by_name(const struct dirent **one, const struct dirent **other)
{
    return strcmp((*one)->d_name, (*other)->d_name);
}

static int is_sql(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".sql") == 0;
}

/* A file that nobody listed would be missing in silence. */
static void every_file_is_built_in_and_numbered_in_order(void **state)
{
    (void)state;
    struct dirent **files;
    struct migrate_status status;
    int count = scandir(KAREN_SOURCE_ROOT "/db/migrations", &files, is_sql, by_name);
    assert_int_equal(count, migrate_newest());
    assert_int_equal(migrate_check(url, &status, &report), 0);
    for (int i = 0; i < count; i++) {
        assert_int_equal(atoi(files[i]->d_name), i + 1);
        assert_true(reported(files[i]->d_name));
        free(files[i]);
    }
    free(files);
}

static void worker_knows_whether_the_schema_is_its_own(void **state)
{
    (void)state;
    struct bench bench;
    struct ending ending = {0};
    bench_open(&bench);
    migrate_ready(bench.app, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    postgres_run("INSERT INTO schema_migrations VALUES (9999, 'x', 'x')");
    migrate_ready(bench.app, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), ENOTSUP);
    postgres_run("DELETE FROM schema_migrations WHERE number = 9999");
    bench_close(&bench);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, empty_database, forget)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(empty_database_is_brought_up_to_date_and_stays_so),
        TEST(newer_schema_is_refused),
        TEST(edited_history_is_refused),
        TEST(failed_migration_leaves_nothing_behind_and_goes_on_later),
        TEST(migrators_at_once_take_turns),
        TEST(database_that_is_away_is_said_to_be),
        TEST(every_file_is_built_in_and_numbered_in_order),
        TEST(worker_knows_whether_the_schema_is_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
