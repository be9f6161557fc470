/* store/db.c: the pool: which connection takes a unit, what waits, what is given up. */
#include "store/db_private.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS_DEFAULT = 2, STATEMENT_MS_DEFAULT = 5000, WAIT_MS_DEFAULT = 2000 };

void query_push(struct query_list *list, struct query *query)
{
    query->next = NULL;
    if (list->tail)
        list->tail->next = query;
    else
        list->head = query;
    list->tail = query;
    list->count++;
}

struct query *query_pop(struct query_list *list)
{
    struct query *query = list->head;
    if (!query)
        return NULL;
    list->head = query->next;
    if (!list->head)
        list->tail = NULL;
    list->count--;
    return query;
}

static void query_remove(struct query_list *list, struct query *gone)
{
    struct query_list kept = {0};
    struct query *query;
    while ((query = query_pop(list)))
        if (query != gone)
            query_push(&kept, query);
    *list = kept;
}

void query_free(struct query *query)
{
    for (size_t i = 0; i < query->count; i++)
        PQclear(query->rows[i].result);
    arena_free(&query->arena);
    free(query);
}

void query_finish(struct query *query, int err)
{
    struct db *db = query->db;
    if (err && !query->preparing)
        db->counts.failed++;
    if (!query->cancelled) {
        op_end(&query->op);
        if (query->on_done)
            query->on_done(err, err || !query->count ? NULL : &query->rows[query->count - 1],
                           query->arg);
    }
    query_free(query);
}

static void cancel(struct op *op)
{
    struct query *query = (struct query *)op;
    if (query->state == QUERY_SENT) {
        query->cancelled = true;
        return;
    }
    query_remove(query->state == QUERY_WAITING ? &query->db->waiting : &query->db->over, query);
    query_free(query);
}

void db_over(struct db *db, struct query *query, int err)
{
    if (query->cancelled || query->preparing) {
        query_free(query);
        return;
    }
    db->counts.unknown += err == ECONNRESET;
    query->err = err;
    query->state = QUERY_OVER;
    query_push(&db->over, query);
    timer_set(db->timer, 0);
}

static struct db_conn *least_busy(const struct db *db)
{
    struct db_conn *best = NULL;
    for (int i = 0; i < db->conn_count; i++) {
        struct db_conn *conn = db->conns[i];
        if (conn_has_room(conn) && (!best || conn->in_flight.count < best->in_flight.count))
            best = conn;
    }
    return best;
}

void db_pump(struct db *db)
{
    struct db_conn *conn;
    while (db->waiting.count && (conn = least_busy(db)))
        conn_send(conn, query_pop(&db->waiting));
}

static void give_up_waiting(struct db *db)
{
    int64_t now_ms = loop_now_ms(db->loop);
    while (db->waiting.count && db->waiting.head->give_up_at_ms <= now_ms) {
        db->counts.refused_away++;
        db_over(db, query_pop(&db->waiting), ENOTCONN);
    }
}

/* Only those that are over now: a callback that asks again in vain must not keep us here. */
static void on_timer(void *arg)
{
    struct db *db = arg;
    give_up_waiting(db);
    struct query *query;
    for (size_t due = db->over.count; due && !db->closed && (query = query_pop(&db->over)); due--) {
        query->state = QUERY_SENT; /* off every list; nobody can cancel it any more */
        query_finish(query, query->err);
    }
    if (db->closed)
        return;
    if (db->over.count)
        timer_set(db->timer, 0);
    else if (db->waiting.count)
        timer_set(db->timer, db->waiting.head->give_up_at_ms);
}

static void enqueue(struct db *db, struct query *query)
{
    struct db_conn *conn = db->waiting.count ? NULL : least_busy(db);
    if (conn) {
        conn_send(conn, query);
        return;
    }
    if (db->waiting.count >= DB_QUEUE_MAX) {
        db->counts.refused_full++;
        db_over(db, query, ENOBUFS);
        return;
    }
    query->give_up_at_ms = loop_now_ms(db->loop) + db->wait_ms_max;
    query_push(&db->waiting, query);
    if (db->waiting.count == 1 && db->over.count == 0)
        timer_set(db->timer, query->give_up_at_ms);
}

static struct query *make_query(struct db *db, const struct db_unit *unit, db_done_fn *on_done,
                                void *arg, struct op **slot)
{
    struct query *query = xalloc(sizeof(*query));
    op_begin(&query->op, cancel, slot);
    query->db = db;
    query->tenant = unit->tenant;
    query->on_done = on_done;
    query->arg = arg;
    if (unit->context) {
        query->arg = arena_alloc(&query->arena, unit->context_bytes);
        memcpy(query->arg, unit->context, unit->context_bytes);
    }
    db->counts.units++;
    return query;
}

void db_run(struct db *db, const struct db_unit *unit, db_done_fn *on_done, void *arg,
            struct op **slot)
{
    assert(unit->count > 0 && unit->count <= DB_STATEMENTS_MAX);
    struct query *query = make_query(db, unit, on_done, arg, slot);
    for (size_t i = 0; i < unit->count; i++) {
        query_copy(query, &unit->statements[i]);
        query->rows[i].first = query->rows;
    }
    enqueue(db, query);
}

void db_fail(struct db *db, int err, const struct db_unit *unit, db_done_fn *on_done, void *arg,
             struct op **slot)
{
    db_over(db, make_query(db, unit, on_done, arg, slot), err);
}

void db_query(struct db *db, struct uuid tenant, const char *sql, const struct db_value *values,
              size_t count, db_done_fn *on_done, void *arg, struct op **slot)
{
    const struct db_statement statement = {sql, values, count};
    db_run(db, &(struct db_unit){.tenant = tenant, .statements = &statement, .count = 1}, on_done,
           arg, slot);
}

static bool is_address(const char *text)
{
    uint8_t bytes[16];
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* The one host name of the URL that libpq would look up, blocking. A list of hosts is left to
 * libpq: whoever names several should name addresses. */
static char *host_to_look_up(const PQconninfoOption *options)
{
    const char *host = NULL;
    for (const PQconninfoOption *option = options; option->keyword; option++) {
        if (!option->val || !*option->val)
            continue;
        if (strcmp(option->keyword, "hostaddr") == 0)
            return NULL;
        if (strcmp(option->keyword, "host") == 0)
            host = option->val;
    }
    bool name = host && *host != '/' && *host != '@' && !strchr(host, ',') && !is_address(host);
    return name ? xstrdup(host) : NULL;
}

int db_open(struct loop *loop, const struct db_options *options, struct db **db_out)
{
    PQconninfoOption *parsed = PQconninfoParse(options->url, NULL);
    if (!parsed)
        return EINVAL;
    struct db *db = xalloc(sizeof(*db));
    db->loop = loop;
    db->url = xstrdup(options->url);
    db->host = host_to_look_up(parsed);
    db->role = xstrdup(options->role);
    db->statement_ms_max =
        options->statement_ms_max ? options->statement_ms_max : STATEMENT_MS_DEFAULT;
    db->wait_ms_max = options->wait_ms_max ? options->wait_ms_max : WAIT_MS_DEFAULT;
    db->conn_count = options->connections ? options->connections : CONNECTIONS_DEFAULT;
    assert(db->conn_count > 0 && db->conn_count <= DB_CONNECTIONS_MAX);
    snprintf(db->trouble, sizeof(db->trouble), "not connected yet");
    db->timer = timer_new(loop, on_timer, db);
    for (int i = 0; i < db->conn_count; i++)
        db->conns[i] = conn_new(db, i);
    PQconninfoFree(parsed);
    *db_out = db;
    return 0;
}

static void free_list(struct query_list *list)
{
    struct query *query;
    while ((query = query_pop(list))) {
        op_end(&query->op);
        query_free(query);
    }
}

static void free_db(void *arg)
{
    struct db *db = arg;
    for (size_t i = 0; i < db->listener_count; i++)
        free(db->listeners[i].sql);
    free(db->url);
    free(db->host);
    free(db->role);
    free(db);
}

void db_close(struct db **db_slot)
{
    struct db *db = *db_slot;
    if (!db)
        return;
    *db_slot = NULL;
    db->closed = true;
    free_list(&db->waiting);
    free_list(&db->over);
    for (int i = 0; i < db->conn_count; i++)
        conn_free(db->conns[i]);
    timer_free(&db->timer);
    loop_defer(db->loop, free_db, db);
}

bool db_ready(const struct db *db)
{
    for (int i = 0; i < db->conn_count; i++)
        if (db->conns[i]->state == CONN_UP && db->conns[i]->set_up)
            return true;
    return false;
}

size_t db_in_flight(const struct db *db)
{
    size_t count = db->waiting.count + db->over.count;
    for (int i = 0; i < db->conn_count; i++)
        count += db->conns[i]->in_flight.count;
    return count;
}

const char *db_trouble(const struct db *db)
{
    return db_ready(db) ? "" : db->trouble;
}

const struct db_counts *db_counts(const struct db *db)
{
    return &db->counts;
}

void db_listen(struct db *db, const char *channel, db_notify_fn *fn, void *arg)
{
    assert(db->listener_count < DB_LISTENERS_MAX);
    struct db_listener *listener = &db->listeners[db->listener_count++];
    listener->sql = xprintf("LISTEN %s", channel);
    listener->channel = listener->sql + strlen("LISTEN ");
    listener->fn = fn;
    listener->arg = arg;
    conn_listen(db->conns[0], listener);
}
