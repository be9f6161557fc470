/* store/migrate.c: the ledger of migrations, checked and continued. The one place that speaks to
 * PostgreSQL without a loop, and as the owner of the schema. */
#include "store/migrate.h"

#include "base/embed.h"
#include "base/hash.h"
#include "base/mem.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

extern const struct embedded migration_files[]; /* sorted by number, from 0001 without a gap */

/* One migrator at a time; the number only has to be nobody else's. */
#define LOCK_SQL "SELECT pg_advisory_lock(7240310001)"
#define UNLOCK_SQL "SELECT pg_advisory_unlock(7240310001)"
static const char ledger_sql[] =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    " number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,"
    " applied_at timestamptz NOT NULL DEFAULT now())";
/* A table that is in use is waited for, but not for long: every query would wait behind us. */
static const char session_sql[] =
    "SET client_min_messages = warning; SET statement_timeout = 0; SET lock_timeout = '15s'";

int migrate_newest(void)
{
    int count = 0;
    while (migration_files[count].name)
        count++;
    return count;
}

static void checksum_of(const struct embedded *file, struct buf *hex)
{
    uint8_t digest[SHA256_BYTES];
    sha256(file->text, digest);
    buf_clear(hex);
    hex_put(hex, digest, sizeof(digest));
}

const char *migrate_fingerprint(void)
{
    static char text[17];
    struct buf all = {0}, hex = {0};
    for (int i = 0; migration_files[i].name; i++) {
        checksum_of(&migration_files[i], &hex);
        buf_add_str(&all, buf_str(&hex));
    }
    const struct embedded whole = {"all", buf_str(&all)};
    checksum_of(&whole, &hex);
    memcpy(text, hex.data, sizeof(text) - 1);
    buf_free(&all);
    buf_free(&hex);
    return text;
}

static void ignore_notice(void *arg, const PGresult *notice)
{
    (void)arg;
    (void)notice;
}

static void say_why(struct buf *report, const char *what, const char *why)
{
    buf_printf(report, "%s: %.*s\n", what, (int)strcspn(why, "\n"), why);
}

static int open_session(const char *url, PGconn **pg_out, struct buf *report)
{
    const char *const keywords[] = {"connect_timeout", "fallback_application_name", "dbname", NULL};
    const char *const values[] = {"10", "karen", url, NULL};
    PGconn *pg = PQconnectdbParams(keywords, values, 1);
    if (PQstatus(pg) != CONNECTION_OK) {
        say_why(report, "the database cannot be reached", PQerrorMessage(pg));
        PQfinish(pg);
        return ENOTCONN;
    }
    PQsetNoticeReceiver(pg, ignore_notice, NULL);
    *pg_out = pg;
    return 0;
}

static int run(PGconn *pg, const char *sql, struct buf *report)
{
    PGresult *result = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!done)
        say_why(report, "PostgreSQL refused", PQerrorMessage(pg));
    PQclear(result);
    return done ? 0 : EPROTO;
}

/* What was applied must be what we would have applied: nobody edits history. */
static int compare_row(const PGresult *ledger, int row, struct buf *report)
{
    int number = atoi(PQgetvalue(ledger, row, 0));
    const char *name = PQgetvalue(ledger, row, 1);
    if (number > migrate_newest()) {
        buf_printf(report,
                   "the schema is newer than this program: it has %s, we know up to %04d; "
                   "install a newer karen\n",
                   name, migrate_newest());
        return ENOTSUP;
    }
    struct buf checksum = {0};
    if (number == row + 1)
        checksum_of(&migration_files[row], &checksum);
    bool same = number == row + 1 && str_is(buf_str(&checksum), PQgetvalue(ledger, row, 2));
    buf_free(&checksum);
    if (same)
        return 0;
    buf_printf(report, "%s was applied in another form than this program knows\n", name);
    return EINVAL;
}

static int read_ledger(PGconn *pg, int *current_out, struct buf *report)
{
    PGresult *ledger =
        PQexec(pg, "SELECT number, name, checksum FROM schema_migrations ORDER BY number");
    int err = PQresultStatus(ledger) == PGRES_TUPLES_OK ? 0 : EPROTO;
    if (err)
        say_why(report, "the ledger of migrations cannot be read", PQerrorMessage(pg));
    for (int row = 0; !err && row < PQntuples(ledger); row++)
        err = compare_row(ledger, row, report);
    if (!err)
        *current_out = PQntuples(ledger);
    PQclear(ledger);
    return err;
}

static int write_ledger(PGconn *pg, int number, const struct embedded *file, struct buf *report)
{
    struct buf checksum = {0};
    checksum_of(file, &checksum);
    char *number_text = xprintf("%d", number);
    const char *const values[] = {number_text, file->name, buf_text(&checksum)};
    PGresult *result = PQexecParams(
        pg, "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)", 3, NULL,
        values, NULL, NULL, 0);
    int err = PQresultStatus(result) == PGRES_COMMAND_OK ? 0 : EPROTO;
    if (err)
        say_why(report, "the ledger of migrations cannot be written", PQerrorMessage(pg));
    PQclear(result);
    free(number_text);
    buf_free(&checksum);
    return err;
}

static int apply(PGconn *pg, int number, struct buf *report)
{
    const struct embedded *file = &migration_files[number - 1];
    int err = run(pg, "BEGIN", report);
    if (!err)
        err = run(pg, file->text.at, report);
    if (!err)
        err = write_ledger(pg, number, file, report);
    if (!err)
        err = run(pg, "COMMIT", report);
    if (err) {
        PQclear(PQexec(pg, "ROLLBACK"));
        buf_printf(report, "%s failed; nothing of it was applied\n", file->name);
        return err;
    }
    buf_printf(report, "%s applied\n", file->name);
    return 0;
}

static int bring_up_to_date(PGconn *pg, struct migrate_status *status, struct buf *report)
{
    int err = run(pg, ledger_sql, report);
    if (!err)
        err = read_ledger(pg, &status->current, report);
    while (!err && status->current < status->newest) {
        err = apply(pg, status->current + 1, report);
        status->current += !err;
    }
    return err;
}

int migrate_run(const char *database_url, struct migrate_status *status_out, struct buf *report)
{
    struct migrate_status status = {.newest = migrate_newest()};
    PGconn *pg;
    int err = open_session(database_url, &pg, report);
    if (err)
        return err;
    err = run(pg, LOCK_SQL, report); /* waits as long as another migrator works */
    if (!err)
        err = run(pg, session_sql, report);
    if (!err)
        err = bring_up_to_date(pg, &status, report);
    PQclear(PQexec(pg, UNLOCK_SQL));
    PQfinish(pg);
    if (!err)
        *status_out = status;
    return err;
}

static bool has_ledger(PGconn *pg)
{
    PGresult *result = PQexec(pg, "SELECT to_regclass('schema_migrations') IS NOT NULL");
    bool there = PQresultStatus(result) == PGRES_TUPLES_OK && *PQgetvalue(result, 0, 0) == 't';
    PQclear(result);
    return there;
}

int migrate_check(const char *database_url, struct migrate_status *status_out, struct buf *report)
{
    struct migrate_status status = {.newest = migrate_newest()};
    PGconn *pg;
    int err = open_session(database_url, &pg, report);
    if (err)
        return err;
    if (has_ledger(pg))
        err = read_ledger(pg, &status.current, report);
    PQfinish(pg);
    if (err)
        return err;
    for (int number = 1; number <= status.newest; number++)
        buf_printf(report, "%-32s %s\n", migration_files[number - 1].name,
                   number <= status.current ? "applied" : "missing");
    *status_out = status;
    return 0;
}

struct ready_context {
    db_end_fn *on_end;
    void *arg;
};

static void on_newest(int err, const struct db_rows *rows, void *arg)
{
    const struct ready_context *context = arg;
    if (!err && db_get_int(rows, 0, 0) != migrate_newest())
        err = ENOTSUP;
    context->on_end(err == EPROTO ? ENOTSUP : err, context->arg);
}

void migrate_ready(struct db *db, db_end_fn *on_end, void *arg, struct op **slot)
{
    const struct ready_context context = {on_end, arg};
    const struct db_statement statement = {.sql = "SELECT max(number) FROM schema_migrations"};
    const struct db_unit unit = {.statements = &statement,
                                 .count = 1,
                                 .context = &context,
                                 .context_bytes = sizeof(context)};
    db_run(db, &unit, on_newest, NULL, slot);
}
