/* store/db_private.h: what the files of db share: the pool (db.c), one connection (db_conn.c),
 * values and rows (db_value.c). */
#pragma once
#include "store/db.h"

#include <libpq-fe.h>

enum {
    DB_PREPARED_MAX = 256, /* statements a connection remembers; a power of two */
    DB_LISTENERS_MAX = 12,
    DB_CONNECT_MS_MAX = 5000,
    DB_BACKOFF_MS_MIN = 100,
    DB_BACKOFF_MS_MAX = 10000,
    DB_GRACE_MS = 1000, /* for PostgreSQL's own timeout to be heard before ours strikes */
    DB_TROUBLE_BYTES = 200,
};

struct db_rows {
    PGresult *result;
    const struct db_rows *first; /* of its unit */
};

/* One unit on its way: copied from what was asked, so that it can wait. */
struct query {
    struct op op;
    struct query *next;
    struct db *db;
    enum query_state { QUERY_WAITING, QUERY_SENT, QUERY_OVER } state;
    bool cancelled; /* sent, so its answer must still be read, but nobody wants it */
    int err;
    int64_t give_up_at_ms; /* waiting: for a connection */
    struct arena arena;    /* of its values and context */
    struct uuid tenant;
    struct query_statement {
        const char *sql;
        const char **values;
        int *lengths, *formats;
        int count;
    } statements[DB_STATEMENTS_MAX];
    size_t count;
    size_t step;                /* of the answers: which statement the next one is of */
    bool tenant_set;            /* the answer to setting the tenant has passed */
    struct prepared *preparing; /* ours alone: this unit only prepares that one */
    struct db_rows rows[DB_STATEMENTS_MAX];
    db_done_fn *on_done;
    void *arg;
};

struct query_list {
    struct query *head, *tail;
    size_t count;
};
void query_push(struct query_list *list, struct query *query);
struct query *query_pop(struct query_list *list);
void query_free(struct query *query);
/* Runs the callback unless it was cancelled, then frees it. */
void query_finish(struct query *query, int err);

struct prepared {
    const char *sql; /* NULL: free */
    enum { PREPARED_SENT, PREPARED_FAILED, PREPARED_READY } state;
    int err; /* why it failed */
};

struct db_listener {
    char *sql; /* LISTEN ... */
    const char *channel;
    db_notify_fn *fn;
    void *arg;
};

struct db_conn {
    struct db *db;
    int index; /* number 0 listens */
    enum conn_state { CONN_WAITING, CONN_RESOLVING, CONN_CONNECTING, CONN_UP, CONN_BROKEN } state;
    PGconn *pg;
    struct watch *watch;
    struct timer *timer; /* the next try, a deadline, or the end of a broken one */
    struct op *resolving;
    int64_t backoff_ms;
    bool set_up;                 /* acts as the role, may be given units */
    bool stale;                  /* its prepared statements no longer fit the schema */
    struct query_list in_flight; /* sent, oldest first */
    struct prepared prepared[DB_PREPARED_MAX];
    size_t prepared_count;
};

struct db {
    struct loop *loop;
    struct timer *timer; /* gives up on waiting units, delivers those that are over */
    char *url, *host;    /* host: to be looked up; NULL: none */
    char *role;
    int64_t statement_ms_max, wait_ms_max;
    struct db_conn *conns[DB_CONNECTIONS_MAX];
    int conn_count;
    struct query_list waiting, over; /* over: the callback is due */
    struct db_listener listeners[DB_LISTENERS_MAX];
    size_t listener_count;
    bool closed;
    struct db_counts counts;
    char trouble[DB_TROUBLE_BYTES];
};

/* db_conn.c */
struct db_conn *conn_new(struct db *db, int index);
void conn_free(struct db_conn *conn); /* what is in flight is freed without a word */
bool conn_has_room(const struct db_conn *conn);
void conn_send(struct db_conn *conn, struct query *query);
void conn_listen(struct db_conn *conn, struct db_listener *listener);

/* db.c */
void db_over(struct db *db, struct query *query, int err); /* its callback is due, not now */
void db_pump(struct db *db); /* a connection came up or has room again */

/* db_value.c: as PostgreSQL's text format, in the query's arena */
/* As PostgreSQL gets it, NULL for null, a bytea raw; in the arena. */
const char *db_value_text(struct arena *arena, const struct db_value *value);
void query_copy(struct query *query, const struct db_statement *statement);
void db_unquote(char *text); /* double quotes become single: a log has it in double ones */
/* What a failed result means, as an errno value; logs what is our fault. */
int db_error_of(const PGresult *result, const char *sql);
