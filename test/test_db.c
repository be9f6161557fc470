/* test/test_db.c: the pool against a real PostgreSQL: values, transactions, tenant scopes, losses.
 */
#include "store/db.h"

#include "test/postgres.h"
#include "test/test.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bench bench;

static int open_bench(void **state)
{
    (void)state;
    bench_open(&bench);
    return 0;
}

static int close_bench(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

/* The answer to a query of one value, as text. */
struct answer {
    bool done;
    int err;
    size_t rows;
    char text[200];
    int order; /* which answer it was, counted over all */
};
static int answers_so_far;

static void on_answer(int err, const struct db_rows *rows, void *arg)
{
    struct answer *answer = arg;
    assert_false(answer->done);
    answer->done = true;
    answer->err = err;
    answer->order = ++answers_so_far;
    if (err) {
        assert_null(rows);
        return;
    }
    answer->rows = db_row_count(rows);
    if (answer->rows)
        snprintf(answer->text, sizeof(answer->text), "%s", db_get_str(rows, 0, 0).at);
}

static const struct uuid nobody;

static void ask(struct db *db, const char *sql, struct answer *answer, struct op **slot)
{
    db_query(db, nobody, sql, NULL, 0, on_answer, answer, slot);
}

static void until_answered(struct answer *answer)
{
    bench_wait(&bench, &answer->done);
}

static void on_values(int err, const struct db_rows *rows, void *arg)
{
    struct arena arena = {0};
    assert_int_equal(err, 0);
    assert_int_equal(db_row_count(rows), 1);
    assert_true(str_is(db_get_str(rows, 0, 0), "Dvořák 'x' \\ \n"));
    assert_true(db_get_int(rows, 0, 1) == INT64_MIN);
    assert_true(db_get_bool(rows, 0, 2));
    assert_true(fabs(db_get_double(rows, 0, 3) - 0.1) < 1e-12);
    char uuid[UUID_TEXT_BYTES];
    uuid_print(db_get_uuid(rows, 0, 4), uuid);
    assert_string_equal(uuid, "01890a5d-ac96-774b-bcce-b302099a8057");
    assert_true(db_get_int(rows, 0, 5) == 1795355999123);
    struct str bytes = db_get_bytes(rows, 0, 6, &arena);
    assert_int_equal(bytes.bytes, 4);
    assert_memory_equal(bytes.at, "\0\xff\n'", 4);
    assert_true(db_is_null(rows, 0, 7));
    assert_null(db_get_text(rows, 0, 7, &arena));
    assert_true(str_is(db_get_str(rows, 0, 8), "7"));
    assert_true(db_get_int(rows, 0, 9) == -1500);
    arena_free(&arena);
    *(bool *)arg = true;
}

static void values_come_back_as_they_went(void **state)
{
    (void)state;
    static const char sql[] = "SELECT $1::text, $2::int8, $3::bool, $4::float8, $5::uuid, " DB_MS(
        "$6::timestamptz") ", $7::bytea, $8::text, $9::jsonb ->> 'a', " DB_MS("$10::timestamptz");
    struct uuid uuid;
    assert_int_equal(uuid_parse(str_of("01890a5d-ac96-774b-bcce-b302099a8057"), &uuid), 0);
    const struct db_value values[] = {db_text("Dvořák 'x' \\ \n"),
                                      db_int(INT64_MIN),
                                      db_bool(true),
                                      db_double(0.1),
                                      db_uuid(uuid),
                                      db_time(1795355999123),
                                      db_bytes("\0\xff\n'", 4),
                                      db_null(),
                                      db_text("{\"a\":7}"),
                                      db_time(-1500)};
    bool done = false;
    db_query(bench.app, nobody, sql, values, countof(values), on_values, &done, NULL);
    assert_false(done); /* never inside the call */
    bench_wait(&bench, &done);
}

static void text_postgres_would_refuse_is_stored_anyway(void **state)
{
    (void)state;
    struct answer answer = {0};
    const struct db_value values[] = {db_str((struct str){"a\0b\xff"
                                                          "c",
                                                          5})};
    db_query(bench.app, nobody, "SELECT $1::text", values, 1, on_answer, &answer, NULL);
    until_answered(&answer);
    assert_int_equal(answer.err, 0);
    assert_string_equal(answer.text, "a\xEF\xBF\xBD"
                                     "b\xEF\xBF\xBD"
                                     "c");
}

static void many_queries_share_a_round_trip_and_keep_their_order(void **state)
{
    (void)state;
    struct answer answers[300] = {0};
    for (size_t i = 0; i < countof(answers); i++) {
        const struct db_value values[] = {db_int((int64_t)i)};
        db_query(bench.owner, nobody, "SELECT $1::int8", values, 1, on_answer, &answers[i], NULL);
    }
    assert_int_equal(db_in_flight(bench.owner), countof(answers));
    until_answered(&answers[countof(answers) - 1]);
    for (size_t i = 0; i < countof(answers); i++) {
        assert_true(answers[i].done);
        assert_int_equal(atoi(answers[i].text), i);
        assert_true(i == 0 || answers[i].order > answers[i - 1].order);
    }
    assert_int_equal(db_in_flight(bench.owner), 0);
}

static void wrong_query_fails_alone(void **state)
{
    (void)state;
    struct answer answers[4] = {0};
    ask(bench.owner, "SELECT 1", &answers[0], NULL);
    ask(bench.owner, "SELECT nonsense", &answers[1], NULL);
    ask(bench.owner, "SELECT 1 / 0", &answers[2], NULL);
    ask(bench.owner, "SELECT 2", &answers[3], NULL);
    until_answered(&answers[3]);
    assert_int_equal(answers[0].err, 0);
    assert_int_equal(answers[1].err, EPROTO);
    assert_int_equal(answers[2].err, EINVAL);
    assert_int_equal(answers[3].err, 0);
    struct answer again = {0};
    ask(bench.owner, "SELECT nonsense", &again, NULL);
    until_answered(&again);
    assert_int_equal(again.err, EPROTO);
    assert_int_equal(db_counts(bench.owner)->losses, 0);
}

static int run_two(const char *first, const char *second, struct answer *answer)
{
    const struct db_statement statements[] = {{.sql = first}, {.sql = second}};
    *answer = (struct answer){0};
    db_run(bench.owner, &(struct db_unit){.statements = statements, .count = 2}, on_answer, answer,
           NULL);
    until_answered(answer);
    return answer->err;
}

static void unit_is_done_whole_or_not_at_all(void **state)
{
    (void)state;
    struct answer answer;
    postgres_run("CREATE TABLE unit_test (n integer PRIMARY KEY)");
    assert_int_equal(
        run_two("INSERT INTO unit_test VALUES (1)", "INSERT INTO unit_test VALUES (1)", &answer),
        EEXIST);
    assert_int_equal(postgres_count("SELECT count(*) FROM unit_test"), 0);
    assert_int_equal(run_two("INSERT INTO unit_test VALUES (2)",
                             "SELECT count(*) FROM unit_test WHERE n = 2", &answer),
                     0);
    assert_string_equal(answer.text, "1");
    assert_int_equal(postgres_count("SELECT count(*) FROM unit_test"), 1);
    postgres_run("DROP TABLE unit_test");
}

/* PostgreSQL checks it after the last statement has answered: the unit must not be told "done". */
static void failure_at_the_commit_itself_is_seen(void **state)
{
    (void)state;
    struct answer answer, after = {0};
    postgres_run("CREATE TABLE late_test (n integer UNIQUE DEFERRABLE INITIALLY DEFERRED)");
    assert_int_equal(
        run_two("INSERT INTO late_test VALUES (1)", "INSERT INTO late_test VALUES (1)", &answer),
        EEXIST);
    ask(bench.owner, "SELECT count(*) FROM late_test", &after, NULL);
    until_answered(&after);
    assert_string_equal(after.text, "0");
    postgres_run("DROP TABLE late_test");
}

static void tenant_is_set_for_its_unit_only(void **state)
{
    (void)state;
    static const char sql[] = "SELECT coalesce(karen_tenant()::text, 'nobody')";
    struct uuid tenant = uuid_new(wall_now_ms());
    char text[UUID_TEXT_BYTES];
    uuid_print(tenant, text);
    struct answer before = {0}, during = {0}, after = {0};
    ask(bench.owner, sql, &before, NULL);
    db_query(bench.owner, tenant, sql, NULL, 0, on_answer, &during, NULL);
    ask(bench.owner, sql, &after, NULL);
    until_answered(&after);
    assert_string_equal(before.text, "nobody");
    assert_string_equal(during.text, text);
    assert_string_equal(after.text, "nobody");
}

static void workers_act_as_the_role_without_rights(void **state)
{
    (void)state;
    struct answer who = {0}, drop = {0};
    ask(bench.app, "SELECT current_user", &who, NULL);
    ask(bench.app, "DROP TABLE calls", &drop, NULL);
    until_answered(&who);
    until_answered(&drop);
    assert_string_equal(who.text, "karen_app");
    assert_int_equal(drop.err, EACCES);
}

static void cancelled_query_is_never_answered(void **state)
{
    (void)state;
    struct answer gone = {0}, here = {0};
    struct op *slot = NULL, *other = NULL;
    ask(bench.owner, "SELECT 1", &gone, &slot); /* before there is a connection */
    assert_non_null(slot);
    op_cancel(&slot);
    assert_null(slot);
    ask(bench.owner, "SELECT 2", &here, &other);
    until_answered(&here);
    assert_null(other);
    here = (struct answer){0};
    ask(bench.owner, "SELECT 3", &gone, &slot); /* on its way */
    op_cancel(&slot);
    ask(bench.owner, "SELECT 4", &here, NULL);
    until_answered(&here);
    assert_string_equal(here.text, "4");
    assert_false(gone.done);
}

struct closing {
    bool done;
    struct op *other;
    struct answer never;
};

static void on_close_all(int err, const struct db_rows *rows, void *arg)
{
    struct closing *closing = arg;
    assert_int_equal(err, 0);
    assert_int_equal(db_row_count(rows), 1);
    op_cancel(&closing->other);
    db_close(&bench.owner);
    closing->done = true;
}

static void callback_may_close_the_pool_it_came_from(void **state)
{
    (void)state;
    struct closing closing = {0};
    db_query(bench.owner, nobody, "SELECT 1", NULL, 0, on_close_all, &closing, NULL);
    ask(bench.owner, "SELECT 2", &closing.never, &closing.other);
    ask(bench.owner, "SELECT 3", &closing.never, NULL);
    bench_wait(&bench, &closing.done);
    for (int i = 0; i < 20; i++)
        loop_step(bench.loop, 1);
    assert_false(closing.never.done);
    assert_null(bench.owner);
}

static void slow_query_is_stopped(void **state)
{
    (void)state;
    struct db *db;
    const struct db_options options = {
        .url = postgres_url(), .connections = 1, .statement_ms_max = 300};
    assert_int_equal(db_open(bench.loop, &options, &db), 0);
    struct answer slow = {0}, next = {0};
    ask(db, "SELECT pg_sleep(30)", &slow, NULL);
    ask(db, "SELECT 1", &next, NULL);
    until_answered(&next);
    assert_int_equal(slow.err, ETIMEDOUT);
    assert_int_equal(next.err, 0);
    assert_int_equal(db_counts(db)->losses, 0);
    db_close(&db);
}

/* The backends of this test's pools. */
static const char kill_sql[] = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                               " WHERE datname = current_database() AND pid <> pg_backend_pid()";
static const char kill_sleepers_sql[] =
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()"
    " AND state = 'active'";

static void wait_for_sleeper(void)
{
    while (postgres_count("SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
                          " AND datname = current_database() AND wait_event = 'PgSleep'") == 0)
        loop_step(bench.loop, 10);
}

static void write_on_a_lost_connection_is_unknown_and_the_pool_comes_back(void **state)
{
    (void)state;
    struct answer first = {0}, lost = {0}, behind = {0}, after = {0};
    ask(bench.owner, "SELECT 1", &first, NULL);
    until_answered(&first);
    ask(bench.owner, "SELECT pg_sleep(30)", &lost, NULL);
    ask(bench.owner, "SELECT 1", &behind, NULL);
    wait_for_sleeper();
    assert_int_equal(postgres_count(kill_sleepers_sql), 1);
    until_answered(&behind);
    assert_int_equal(lost.err, ECONNRESET);
    assert_int_equal(behind.err, ECONNRESET);
    assert_int_equal(db_counts(bench.owner)->losses, 1);
    ask(bench.owner, "SELECT 'back'", &after, NULL); /* waits for the next connection */
    until_answered(&after);
    assert_string_equal(after.text, "back");
    assert_int_equal(db_counts(bench.owner)->connects, 2);
}

static void idle_connection_lost_is_noticed_and_replaced(void **state)
{
    (void)state;
    struct answer first = {0};
    ask(bench.owner, "SELECT 1", &first, NULL);
    until_answered(&first);
    assert_true(db_ready(bench.owner));
    postgres_run(kill_sql);
    while (db_counts(bench.owner)->losses == 0)
        loop_step(bench.loop, 100);
    assert_false(db_ready(bench.owner));
    assert_true(*db_trouble(bench.owner));
    while (!db_ready(bench.owner))
        loop_step(bench.loop, 100);
    assert_string_equal(db_trouble(bench.owner), "");
}

static void query_without_a_database_gives_up_in_time(void **state)
{
    (void)state;
    struct db *db;
    const struct db_options options = {.url = "postgresql://karen@127.0.0.1:1/karen",
                                       .wait_ms_max = 150};
    assert_int_equal(db_open(bench.loop, &options, &db), 0);
    struct answer answer = {0};
    int64_t begin_us = loop_now_us(bench.loop);
    ask(db, "SELECT 1", &answer, NULL);
    until_answered(&answer);
    assert_int_equal(answer.err, ENOTCONN);
    assert_true(loop_now_us(bench.loop) - begin_us >= 140000);
    assert_false(db_ready(db));
    assert_int_equal(db_counts(db)->refused_away, 1);
    db_close(&db);
}

static void queue_is_bounded_and_says_so_later(void **state)
{
    (void)state;
    struct db *db;
    const struct db_options options = {.url = "postgresql://karen@127.0.0.1:1/karen"};
    assert_int_equal(db_open(bench.loop, &options, &db), 0);
    struct answer last = {0};
    struct op *slot = NULL;
    for (int i = 0; i < DB_QUEUE_MAX; i++)
        db_query(db, nobody, "SELECT 1", NULL, 0, NULL, NULL, NULL);
    ask(db, "SELECT 1", &last, &slot);
    assert_false(last.done);
    until_answered(&last);
    assert_null(slot);
    assert_int_equal(last.err, ENOBUFS);
    db_close(&db);
}

static void url_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct db *db = NULL;
    assert_int_equal(db_open(bench.loop, &(struct db_options){.url = "postgresql://[::"}, &db),
                     EINVAL);
    assert_null(db);
}

/* With a host name, which libpq would look up and block: TCP instead of the socket. */
static void database_is_found_by_its_name(void **state)
{
    (void)state;
    char *port = postgres_ask("SHOW port");
    const char *url = postgres_url();
    const char *at = strchr(url, '@');
    const char *slash = strchr(at, '/');
    char *by_name = xprintf("%.*s@localhost:%s%.*s", (int)(at - url), url, port,
                            (int)strcspn(slash, "?"), slash);
    struct db *db;
    assert_int_equal(db_open(bench.loop, &(struct db_options){.url = by_name}, &db), 0);
    struct answer answer = {0};
    ask(db, "SELECT host(inet_client_addr())", &answer, NULL);
    until_answered(&answer);
    assert_int_equal(answer.err, 0);
    assert_string_equal(answer.text, "127.0.0.1");
    db_close(&db);
    free(by_name);
    free(port);
}

static void role_that_is_missing_is_trouble_not_power(void **state)
{
    (void)state;
    struct db *db;
    const struct db_options options = {
        .url = postgres_url(), .role = "no_such_role", .wait_ms_max = 100};
    assert_int_equal(db_open(bench.loop, &options, &db), 0);
    while (!strstr(db_trouble(db), "karen migrate"))
        loop_step(bench.loop, 100);
    struct answer answer = {0};
    ask(db, "SELECT 1", &answer, NULL);
    until_answered(&answer);
    assert_int_equal(answer.err, ENOTCONN);
    assert_false(db_ready(db));
    db_close(&db);
}

struct heard {
    int begun, told;
    bool begun_once, told_once;
};

static void on_notify(struct str payload, void *arg)
{
    struct heard *heard = arg;
    if (payload.bytes == 0) {
        heard->begun++;
        heard->begun_once = true;
    } else if (str_is(payload, "hello")) {
        heard->told++;
        heard->told_once = true;
    }
}

static void notification_arrives_also_after_a_reconnect(void **state)
{
    (void)state;
    struct heard heard = {0};
    db_listen(bench.owner, "karen_test", on_notify, &heard);
    bench_wait(&bench, &heard.begun_once);
    db_query(bench.app, nobody, "SELECT pg_notify('karen_test', 'hello')", NULL, 0, NULL, NULL,
             NULL);
    bench_wait(&bench, &heard.told_once);
    assert_int_equal(heard.told, 1);
    heard.begun_once = heard.told_once = false;
    postgres_run(kill_sql);
    bench_wait(&bench, &heard.begun_once); /* look for yourself, you were away */
    postgres_run("SELECT pg_notify('karen_test', 'hello')");
    bench_wait(&bench, &heard.told_once);
    assert_int_equal(heard.told, 2);
}

static void changed_schema_costs_one_answer_at_most(void **state)
{
    (void)state;
    postgres_run("CREATE TABLE shape_test AS SELECT 1 AS n");
    struct answer before = {0}, stale = {0}, after = {0};
    ask(bench.owner, "SELECT * FROM shape_test", &before, NULL);
    until_answered(&before);
    postgres_run("ALTER TABLE shape_test ADD COLUMN m text");
    ask(bench.owner, "SELECT * FROM shape_test", &stale, NULL);
    until_answered(&stale);
    assert_int_equal(stale.err, EAGAIN);
    ask(bench.owner, "SELECT * FROM shape_test", &after, NULL);
    until_answered(&after);
    assert_int_equal(after.err, 0);
    postgres_run("DROP TABLE shape_test");
}

static void answer_larger_than_any_buffer_is_read_whole(void **state)
{
    (void)state;
    struct answer answer = {0};
    ask(bench.owner, "SELECT repeat('x', 100) FROM generate_series(1, 50000)", &answer, NULL);
    until_answered(&answer);
    assert_int_equal(answer.rows, 50000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_come_back_as_they_went),
        TEST(text_postgres_would_refuse_is_stored_anyway),
        TEST(many_queries_share_a_round_trip_and_keep_their_order),
        TEST(wrong_query_fails_alone),
        TEST(unit_is_done_whole_or_not_at_all),
        TEST(failure_at_the_commit_itself_is_seen),
        TEST(tenant_is_set_for_its_unit_only),
        TEST(workers_act_as_the_role_without_rights),
        TEST(cancelled_query_is_never_answered),
        TEST(callback_may_close_the_pool_it_came_from),
        TEST(slow_query_is_stopped),
        TEST(write_on_a_lost_connection_is_unknown_and_the_pool_comes_back),
        TEST(idle_connection_lost_is_noticed_and_replaced),
        TEST(query_without_a_database_gives_up_in_time),
        TEST(queue_is_bounded_and_says_so_later),
        TEST(url_that_makes_no_sense_is_refused),
        TEST(database_is_found_by_its_name),
        TEST(role_that_is_missing_is_trouble_not_power),
        TEST(notification_arrives_also_after_a_reconnect),
        TEST(changed_schema_costs_one_answer_at_most),
        TEST(answer_larger_than_any_buffer_is_read_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
