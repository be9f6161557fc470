/* store/db.h: PostgreSQL: a pool of pipelined connections; queries as things in flight; tenant
 * scopes, notifications. What is asked stands in the other files of store/, and SQL nowhere else.
 *
 *            dns, connect, set-up         lost, stuck or asked to
 *   WAITING ----------------------> UP ---------------------------> WAITING (backoff with jitter)
 *
 * A unit is one or more statements that become true together or not at all, in one round trip. It
 * runs as the tenant it names: row level security shows it that tenant's rows and no others. A
 * unit without a tenant sees no tenant's rows; what crosses tenants goes through the few functions
 * of the schema made for it. Units on one connection are answered in the order they were sent.
 *
 * Errors of a unit:
 *   ENOBUFS     too many units wait already: nothing was done
 *   ENOTCONN    no connection within wait_ms_max: nothing was done
 *   EAGAIN      a deadlock or a changed schema: nothing was done, repeat it
 *   ETIMEDOUT   it took longer than statement_ms_max: nothing was done
 *   ECONNRESET  the connection was lost before the answer: *unknown* whether it was done, so every
 *               write carries a key that makes repeating it harmless
 *   EEXIST      a key is there already;  ENOENT  what it refers to is not there
 *   EINVAL      a value the schema refuses;  EACCES  not this tenant's, not this role's
 *   EPROTO      PostgreSQL could not make sense of it: our bug, logged */
#pragma once
#include "base/buf.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/op.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DB_CONNECTIONS_MAX = 8,
    DB_IN_FLIGHT_MAX = 64, /* units sent on one connection and not answered */
    DB_QUEUE_MAX = 1024,   /* units waiting for a connection */
    DB_STATEMENTS_MAX = 8, /* of one unit */
    DB_VALUES_MAX = 32,    /* of one statement */
};

struct db;

struct db_options {
    const char *url;          /* DATABASE_URL, a libpq URI or key=value string */
    const char *role;         /* acted as after connecting; NULL: the user of the URL */
    int connections;          /* 0: 2 */
    int64_t statement_ms_max; /* 0: 5000 */
    int64_t wait_ms_max;      /* for a connection; 0: 2000 */
};
#define DB_ROLE_APP "karen_app"           /* what workers are: row level security binds them */
#define DB_ROLE_OPERATOR "karen_operator" /* all tenants, but narrow columns and no word spoken */

/* Connects in the background. EINVAL: the URL makes no sense to libpq. */
int db_open(struct loop *loop, const struct db_options *options, struct db **db_out);
/* NULL after; NULL is fine. What is in flight is forgotten: no callback runs after this. */
void db_close(struct db **db);
bool db_ready(const struct db *db); /* at least one connection is up */
size_t
db_in_flight(const struct db *db); /* units queued or unanswered: 0 before closing politely */
const char *db_trouble(const struct db *db); /* why it is not ready, in words without secrets */

struct db_counts { /* for metrics */
    uint64_t units, failed, unknown, refused_full, refused_away, connects, losses;
};
const struct db_counts *db_counts(const struct db *db);

/* A value of a statement. Bytes of text, JSON and bytea are borrowed for the call only. */
struct db_value {
    enum db_type { DB_NULL, DB_TEXT, DB_BYTES, DB_INT, DB_BOOL, DB_DOUBLE, DB_UUID, DB_TIME } type;
    union {
        struct str text;
        int64_t whole; /* DB_TIME: Unix ms */
        bool truth;
        double number;
        struct uuid uuid;
    };
};
struct db_value db_null(void);
struct db_value db_text(const char *text); /* NULL gives null; JSON too, cast in the SQL */
struct db_value db_str(struct str text);   /* never null */
struct db_value db_bytes(const void *data, size_t bytes);
struct db_value db_int(int64_t whole);
struct db_value db_bool(bool truth);
struct db_value db_double(double number);
struct db_value db_uuid(struct uuid uuid); /* the nil UUID gives null */
struct db_value db_time(int64_t unix_ms);

struct db_statement {
    const char *sql; /* static: prepared once a connection and found again by its text */
    const struct db_value *values;
    size_t count;
};
struct db_unit {
    struct uuid tenant; /* nil: nobody's */
    const struct db_statement *statements;
    size_t count;
    /* Copied and handed to the callback as its arg instead of arg: what a layer between needs to
     * remember, gone with the unit when it is cancelled. NULL: arg itself. */
    const void *context;
    size_t context_bytes;
};

struct db_rows; /* borrowed until the callback returns; NULL when err */
typedef void db_done_fn(int err, const struct db_rows *rows, void *arg);

/* on_done may be NULL (whoever asks does not want to know), slot too. A unit cancelled before it
 * was sent is not done; after, it may be. rows are those of the last statement. */
void db_run(struct db *db, const struct db_unit *unit, db_done_fn *on_done, void *arg,
            struct op **slot);
/* A unit of one statement. */
void db_query(struct db *db, struct uuid tenant, const char *sql, const struct db_value *values,
              size_t count, db_done_fn *on_done, void *arg, struct op **slot);

/* The callback comes with err and nothing is sent: for a unit that could not even be put together.
 */
void db_fail(struct db *db, int err, const struct db_unit *unit, db_done_fn *on_done, void *arg,
             struct op **slot);

size_t db_row_count(const struct db_rows *rows);
size_t db_column_count(const struct db_rows *rows);
const struct db_rows *db_rows_of(const struct db_rows *rows, size_t statement); /* 0 is the first */
bool db_is_null(const struct db_rows *rows, size_t row, size_t column);
struct str db_get_str(const struct db_rows *rows, size_t row, size_t column); /* null: empty */
int64_t db_get_int(const struct db_rows *rows, size_t row, size_t column);    /* null: 0 */
bool db_get_bool(const struct db_rows *rows, size_t row, size_t column);      /* null: false */
double db_get_double(const struct db_rows *rows, size_t row, size_t column);
struct uuid db_get_uuid(const struct db_rows *rows, size_t row, size_t column); /* null: nil */
/* Copied into the arena; null gives NULL. */
char *db_get_text(const struct db_rows *rows, size_t row, size_t column, struct arena *arena);
struct str db_get_bytes(const struct db_rows *rows, size_t row, size_t column, struct arena *arena);
/* A time as Unix ms, as an SQL expression: SELECT DB_MS("started_at"). */
#define DB_MS(expression) "(extract(epoch FROM " expression ") * 1000)::int8"

bool db_refused(int err); /* said no: asked again it would say the same */

/* LISTEN: fn runs for each NOTIFY on the channel and, with an empty payload, whenever listening
 * (again) begins: what was said meanwhile was not heard, so look for yourself. */
typedef void db_notify_fn(struct str payload, void *arg);
void db_listen(struct db *db, const char *channel, db_notify_fn *fn, void *arg);

/* Most writers only want to know whether. */
typedef void db_end_fn(int err, void *arg);
