/* store/db_conn.c: one connection to PostgreSQL: brought up without blocking, given units, lost and
 * brought up again. Callbacks of units run from on_ready() alone. */
#include "store/db_private.h"

#include "base/log.h"
#include "net/resolve.h"

#include <assert.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char set_tenant_sql[] = "SELECT set_config('karen.tenant_id', $1, true)";

/* Libpq's messages end in a newline and may have several lines; the first says it. */
static void note_trouble(struct db_conn *conn, const char *why)
{
    char *trouble = conn->db->trouble;
    if (why == trouble)
        return;
    snprintf(trouble, DB_TROUBLE_BYTES, "%.*s", (int)strcspn(why, "\n"), why);
    db_unquote(trouble);
}

static void ignore_notice(void *arg, const PGresult *notice)
{
    (void)arg; /* libpq would print it */
    (void)notice;
}

static void wait_for_next_try(struct db_conn *conn)
{
    uint16_t chance;
    random_bytes(&chance, sizeof(chance));
    int64_t wait_ms = conn->backoff_ms / 2 + conn->backoff_ms * chance / UINT16_MAX;
    conn->state = CONN_WAITING;
    timer_set(conn->timer, loop_now_ms(conn->db->loop) + wait_ms);
    conn->backoff_ms *= 2;
    if (conn->backoff_ms > DB_BACKOFF_MS_MAX)
        conn->backoff_ms = DB_BACKOFF_MS_MAX;
}

/* What was sent and not answered may have been done: that is for its owner to know. */
static void lose(struct db_conn *conn, const char *why)
{
    struct db *db = conn->db;
    note_trouble(conn, why);
    log_warn(NULL, conn->set_up ? "database_lost" : "database_away",
             "connection=%d in_flight=%zu why=\"%s\"", conn->index, conn->in_flight.count,
             db->trouble);
    db->counts.losses += conn->set_up;
    conn->set_up = conn->stale = false;
    op_cancel(&conn->resolving);
    watch_free(&conn->watch);
    PQfinish(conn->pg);
    conn->pg = NULL;
    memset(conn->prepared, 0, sizeof(conn->prepared));
    conn->prepared_count = 0;
    struct query *query;
    while ((query = query_pop(&conn->in_flight)))
        db_over(db, query, ECONNRESET);
    wait_for_next_try(conn);
}

/* From inside a call that must not run callbacks or free what its caller holds: a little later. */
static void lose_soon(struct db_conn *conn)
{
    note_trouble(conn, PQerrorMessage(conn->pg));
    watch_set(conn->watch, 0);
    conn->state = CONN_BROKEN;
    timer_set(conn->timer, 0);
}

static void watch_progress(struct db_conn *conn)
{
    struct db *db = conn->db;
    if (conn->in_flight.count)
        timer_set(conn->timer, loop_now_ms(db->loop) + db->statement_ms_max + DB_GRACE_MS);
    else
        timer_stop(conn->timer);
}

static void flush(struct db_conn *conn)
{
    int left = PQflush(conn->pg);
    if (left < 0)
        lose_soon(conn);
    else
        watch_set(conn->watch, WATCH_READ | (left ? WATCH_WRITE : 0u));
}

static uint32_t hash_of(const char *sql)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *sql; sql++)
        hash = (hash ^ (uint8_t)*sql) * 16777619u;
    return hash;
}

/* The connection's memory of a statement; a fresh one has no sql yet. */
static struct prepared *find_prepared(struct db_conn *conn, const char *sql)
{
    for (uint32_t at = hash_of(sql);; at++) {
        struct prepared *prepared = &conn->prepared[at % DB_PREPARED_MAX];
        if (!prepared->sql || strcmp(prepared->sql, sql) == 0)
            return prepared;
    }
}

static void name_prepared(const struct db_conn *conn, const struct prepared *prepared,
                          char name_out[16])
{
    snprintf(name_out, 16, "s%d", (int)(prepared - conn->prepared));
}

/* A unit of its own in front of the one that needs it, so that it fails for its own reasons only
 * and those sent meanwhile can count on it. */
static bool prepare(struct db_conn *conn, struct prepared *prepared, const char *sql)
{
    if (!prepared->sql) {
        conn->prepared_count++;
        assert(conn->prepared_count < DB_PREPARED_MAX && "statements are few and static");
    }
    char name[16];
    name_prepared(conn, prepared, name);
    prepared->sql = sql;
    prepared->state = PREPARED_SENT;
    struct query *query = xalloc(sizeof(*query));
    query->db = conn->db;
    query->preparing = prepared;
    query->state = QUERY_SENT;
    query_push(&conn->in_flight, query);
    return PQsendPrepare(conn->pg, name, sql, 0, NULL) && PQpipelineSync(conn->pg);
}

static bool ready_statement(struct db_conn *conn, const char *sql)
{
    struct prepared *prepared = find_prepared(conn, sql);
    if (prepared->sql && prepared->state != PREPARED_FAILED)
        return true;
    return prepare(conn, prepared, sql);
}

static bool send_statement(struct db_conn *conn, const struct query_statement *statement)
{
    char name[16];
    name_prepared(conn, find_prepared(conn, statement->sql), name);
    return PQsendQueryPrepared(conn->pg, name, statement->count, statement->values,
                               statement->lengths, statement->formats, 0);
}

static bool send_tenant(struct db_conn *conn, struct uuid tenant)
{
    char text[UUID_TEXT_BYTES];
    uuid_print(tenant, text);
    const char *value = text;
    return send_statement(
        conn, &(struct query_statement){.sql = set_tenant_sql, .values = &value, .count = 1});
}

/* Without BEGIN and COMMIT: what stands between two syncs of the extended protocol is one
 * transaction, and is rolled back as one. Source: PostgreSQL 15, 55.2.3 and 34.5.1.3 */
static bool send_unit(struct db_conn *conn, struct query *query)
{
    bool for_tenant = !uuid_is_nil(query->tenant);
    bool sent = !for_tenant || ready_statement(conn, set_tenant_sql);
    for (size_t i = 0; sent && i < query->count; i++)
        sent = ready_statement(conn, query->statements[i].sql);
    query->tenant_set = !for_tenant;
    query->state = QUERY_SENT;
    query_push(&conn->in_flight, query);
    if (sent && for_tenant)
        sent = send_tenant(conn, query->tenant);
    for (size_t i = 0; sent && i < query->count; i++)
        sent = send_statement(conn, &query->statements[i]);
    return sent && PQpipelineSync(conn->pg);
}

void conn_send(struct db_conn *conn, struct query *query)
{
    bool idle = conn->in_flight.count == 0;
    if (!send_unit(conn, query)) {
        lose_soon(conn);
        return;
    }
    flush(conn);
    if (idle && conn->state == CONN_UP)
        watch_progress(conn);
}

bool conn_has_room(const struct db_conn *conn)
{
    return conn->state == CONN_UP && conn->set_up && !conn->stale &&
           conn->in_flight.count < DB_IN_FLIGHT_MAX;
}

static bool spoils_connection(const char *state)
{
    static const char *const states[] = {
        "26000", /* a prepared statement is gone: somebody pools between us and PostgreSQL */
        "0A000", /* a cached plan no longer fits the schema */
        "25006", /* read only: this is no longer the primary */
    };
    for (size_t i = 0; i < countof(states); i++)
        if (strcmp(states[i], state) == 0)
            return true;
    return false;
}

static void take_error(struct db_conn *conn, struct query *query, const PGresult *result)
{
    const char *sql = query->preparing             ? query->preparing->sql
                      : query->step < query->count ? query->statements[query->step].sql
                                                   : NULL; /* the end of the transaction */
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (query->err)
        return;
    query->err = db_error_of(result, sql);
    const struct prepared *prepared = sql ? find_prepared(conn, sql) : NULL;
    if (prepared && prepared->state == PREPARED_FAILED)
        query->err = prepared->err; /* why it could not be prepared is the better reason */
    else if (state && !query->preparing && spoils_connection(state))
        conn->stale = true;
}

/* The unit at the head is whole. */
static void end_unit(struct db_conn *conn)
{
    struct query *query = query_pop(&conn->in_flight);
    if (query->preparing) {
        query->preparing->state = query->err ? PREPARED_FAILED : PREPARED_READY;
        query->preparing->err = query->err;
    }
    query_finish(query, query->err);
}

/* One answer. A statement's result is followed by NULL, a unit by its sync. */
static void take_result(struct db_conn *conn, PGresult *result)
{
    struct query *query = conn->in_flight.head;
    if (!result) {
        if (!query->tenant_set && !query->preparing)
            query->tenant_set = true;
        else
            query->step++;
        return;
    }
    switch (PQresultStatus(result)) {
    case PGRES_PIPELINE_SYNC:
        PQclear(result);
        end_unit(conn);
        return;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        if (query->tenant_set && query->step < query->count && !query->rows[query->step].result) {
            query->rows[query->step].result = result;
            return;
        }
        break;
    case PGRES_PIPELINE_ABORTED: break; /* the error before it is the reason */
    default: take_error(conn, query, result);
    }
    PQclear(result);
}

static void take_notifications(struct db_conn *conn)
{
    struct db *db = conn->db;
    PGnotify *notify;
    while (conn->pg && (notify = PQnotifies(conn->pg))) {
        for (size_t i = 0; i < db->listener_count && !db->closed; i++)
            if (strcmp(db->listeners[i].channel, notify->relname) == 0)
                db->listeners[i].fn(str_of(notify->extra), db->listeners[i].arg);
        PQfreemem(notify);
    }
}

/* OpenSSL may hold decrypted bytes that no poll will tell of. */
static bool read_input(struct db_conn *conn)
{
    SSL *ssl = PQsslStruct(conn->pg, "OpenSSL");
    bool alive = PQconsumeInput(conn->pg);
    while (alive && ssl && SSL_pending(ssl) > 0)
        alive = PQconsumeInput(conn->pg);
    return alive;
}

/* A callback may do anything, this connection's end included: pg is looked at anew each time. */
static void on_readable(struct db_conn *conn)
{
    bool alive = read_input(conn);
    while (conn->pg && conn->state == CONN_UP && conn->in_flight.count && !PQisBusy(conn->pg)) {
        if (PQstatus(conn->pg) == CONNECTION_BAD)
            break;
        take_result(conn, PQgetResult(conn->pg));
    }
    if (!conn->pg || conn->state != CONN_UP)
        return;
    take_notifications(conn);
    if (!conn->pg || conn->state != CONN_UP)
        return;
    if (!alive || PQstatus(conn->pg) == CONNECTION_BAD) {
        lose(conn, PQerrorMessage(conn->pg));
        return;
    }
    flush(conn);
    watch_progress(conn);
    if (conn->stale && conn->in_flight.count == 0)
        lose(conn, "the schema changed");
    else
        db_pump(conn->db);
}

static void on_listening(int err, const struct db_rows *rows, void *arg)
{
    struct db_listener *listener = arg;
    (void)rows;
    if (!err)
        listener->fn((struct str){0}, listener->arg);
}

static void send_internal(struct db_conn *conn, const struct db_statement *statement,
                          db_done_fn *on_done, void *arg)
{
    struct query *query = xalloc(sizeof(*query));
    query->db = conn->db;
    query->on_done = on_done;
    query->arg = arg;
    query_copy(query, statement);
    conn_send(conn, query);
}

void conn_listen(struct db_conn *conn, struct db_listener *listener)
{
    if (conn->index == 0 && conn->state == CONN_UP && conn->set_up)
        send_internal(conn, &(struct db_statement){.sql = listener->sql}, on_listening, listener);
}

static void on_set_up(int err, const struct db_rows *rows, void *arg)
{
    struct db_conn *conn = arg;
    struct db *db = conn->db;
    (void)rows;
    if (err) {
        log_error(NULL, "database_set_up_failed", "role=%s", db->role ? db->role : "-");
        note_trouble(conn, "the role is missing or may not be taken: run `karen migrate`");
        conn->state = CONN_BROKEN;
        timer_set(conn->timer, 0);
        return;
    }
    conn->set_up = true;
    conn->backoff_ms = DB_BACKOFF_MS_MIN;
    db->counts.connects++;
    for (size_t i = 0; i < db->listener_count; i++)
        conn_listen(conn, &db->listeners[i]);
}

static void set_up(struct db_conn *conn)
{
    static const char sql[] =
        "SELECT set_config('statement_timeout', $1, false), set_config('timezone', 'UTC', false), "
        "set_config('jit', 'off', false), " /* what we ask is over before it would be compiled */
        "set_config('datestyle', 'ISO', false), set_config('bytea_output', 'hex', false), "
        "set_config('role', $2, false)";
    struct db *db = conn->db;
    conn->state = CONN_UP;
    if (PQsetnonblocking(conn->pg, 1) != 0 || !PQenterPipelineMode(conn->pg)) {
        lose_soon(conn);
        return;
    }
    const struct db_value values[] = {db_int(db->statement_ms_max),
                                      db_text(db->role ? db->role : "none")};
    watch_set(conn->watch, WATCH_READ);
    send_internal(conn, &(struct db_statement){sql, values, 2}, on_set_up, conn);
}

static void on_ready(int fd, unsigned events, void *arg);

/* Libpq may go on with another descriptor at any step of connecting. */
static void on_connecting(struct db_conn *conn)
{
    PostgresPollingStatusType polled = PQconnectPoll(conn->pg);
    watch_free(&conn->watch);
    if (polled == PGRES_POLLING_FAILED) {
        lose(conn, PQerrorMessage(conn->pg));
        return;
    }
    conn->watch = watch_new(conn->db->loop, PQsocket(conn->pg), on_ready, conn);
    if (polled == PGRES_POLLING_OK)
        set_up(conn);
    else
        watch_set(conn->watch, polled == PGRES_POLLING_READING ? WATCH_READ : WATCH_WRITE);
}

static void on_ready(int fd, unsigned events, void *arg)
{
    struct db_conn *conn = arg;
    (void)fd;
    if (conn->state == CONN_CONNECTING)
        on_connecting(conn);
    else if (conn->state == CONN_UP && events & WATCH_READ)
        on_readable(conn);
    else if (conn->state == CONN_UP)
        flush(conn);
}

static void connect_to(struct db_conn *conn, const char *address)
{
    /* What comes first is a default that the URL may change; what comes last stands. */
    const char *const keywords[] = {"fallback_application_name", "tcp_user_timeout",
                                    "keepalives_idle",           "dbname",
                                    address ? "hostaddr" : NULL, NULL};
    const char *const values[] = {"karen", "10000", "30", conn->db->url, address, NULL};
    conn->pg = PQconnectStartParams(keywords, values, 1);
    assert(conn->pg && "libpq is out of memory");
    if (PQstatus(conn->pg) == CONNECTION_BAD) {
        lose(conn, PQerrorMessage(conn->pg));
        return;
    }
    PQsetNoticeReceiver(conn->pg, ignore_notice, NULL);
    conn->state = CONN_CONNECTING;
    conn->watch = watch_new(conn->db->loop, PQsocket(conn->pg), on_ready, conn);
    watch_set(conn->watch, WATCH_WRITE);
    timer_set(conn->timer, loop_now_ms(conn->db->loop) + DB_CONNECT_MS_MAX);
}

static void on_found(int err, const struct resolved *found, void *arg)
{
    struct db_conn *conn = arg;
    if (err)
        lose(conn, "the database's host name cannot be looked up");
    else
        connect_to(conn, found->addresses[0]);
}

static void begin(struct db_conn *conn)
{
    if (!conn->db->host) {
        connect_to(conn, NULL);
        return;
    }
    conn->state = CONN_RESOLVING;
    timer_set(conn->timer, loop_now_ms(conn->db->loop) + DB_CONNECT_MS_MAX);
    resolve(conn->db->loop, conn->db->host, on_found, conn, &conn->resolving);
}

static void on_timer(void *arg)
{
    struct db_conn *conn = arg;
    switch (conn->state) {
    case CONN_WAITING: begin(conn); break;
    case CONN_RESOLVING: lose(conn, "no answer from the name servers"); break;
    case CONN_CONNECTING: lose(conn, "no answer to connecting"); break;
    case CONN_UP: lose(conn, "no answer to a query"); break;
    case CONN_BROKEN: lose(conn, conn->db->trouble); break;
    }
}

struct db_conn *conn_new(struct db *db, int index)
{
    struct db_conn *conn = xalloc(sizeof(*conn));
    conn->db = db;
    conn->index = index;
    conn->backoff_ms = DB_BACKOFF_MS_MIN;
    conn->timer = timer_new(db->loop, on_timer, conn);
    timer_set(conn->timer, 0);
    return conn;
}

static void free_conn(void *arg)
{
    free(arg);
}

void conn_free(struct db_conn *conn)
{
    struct query *query;
    while ((query = query_pop(&conn->in_flight))) {
        op_end(&query->op);
        query_free(query);
    }
    op_cancel(&conn->resolving);
    watch_free(&conn->watch);
    timer_free(&conn->timer);
    PQfinish(conn->pg);
    conn->pg = NULL;
    loop_defer(conn->db->loop, free_conn, conn); /* one of its callbacks may be closing it */
}
