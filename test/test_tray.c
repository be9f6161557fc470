/* test/test_tray.c: what calls leave behind reaches the store, whatever the store does meanwhile.
 * The store is played by the test. */
#include "base/mem.h"
#include "line/tray.h"
#include "store/turns.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the store: each write waits until the test ends it ---- */

enum { WRITES_MAX = 64 };
struct write {
    struct op op;
    db_end_fn *on_end;
    void *arg;
    char what[80];
};
static struct write *writes[WRITES_MAX];
static size_t write_count;

static void on_cancel(struct op *op)
{
    for (size_t i = 0; i < write_count; i++)
        if (writes[i] == (struct write *)op)
            writes[i] = NULL;
    free(op);
}

static char *begin(db_end_fn *on_end, void *arg, struct op **slot)
{
    assert_true(write_count < WRITES_MAX);
    struct write *write = xalloc(sizeof(*write));
    write->on_end = on_end;
    write->arg = arg;
    op_begin(&write->op, on_cancel, slot);
    writes[write_count++] = write;
    return write->what;
}

void turns_save(struct db *db, struct uuid tenant, struct uuid call, const struct call_line *lines,
                size_t count, const struct turns_snapshot *snapshot, db_end_fn *on_end, void *arg,
                struct op **slot)
{
    (void)db, (void)tenant;
    snprintf(begin(on_end, arg, slot), sizeof(writes[0]->what), "turns %d %zu %.*s %.*s %s",
             call.bytes[0], count, (int)lines[0].text.bytes, lines[0].text.at,
             (int)snapshot->state.bytes, snapshot->state.at,
             snapshot->usage_count ? snapshot->usage[0].model : "-");
}

void calls_finish(struct db *db, const struct call_finish *finish, db_end_fn *on_end, void *arg,
                  struct op **slot)
{
    (void)db;
    snprintf(begin(on_end, arg, slot), sizeof(writes[0]->what), "finish %d %s %zu %s %u",
             finish->call.bytes[0], finish->why, finish->usage_count,
             finish->usage_count ? finish->usage[0].model : "-", finish->counts->turns);
}

void messages_take(struct db *db, const struct message *message, db_end_fn *on_end, void *arg,
                   struct op **slot)
{
    (void)db;
    snprintf(begin(on_end, arg, slot), sizeof(writes[0]->what), "message %s %s",
             message->tool_call_id, message->reason);
}

/* ---- the journal: remembers what was noted ---- */

static char noted[200];
static int holds;

static void note(const char *what, bool *held)
{
    size_t bytes = strlen(noted);
    snprintf(noted + bytes, sizeof(noted) - bytes, "%s ", what);
    holds += !*held;
    *held = true;
}

void journal_turns(struct journal *journal, struct uuid tenant, struct uuid call,
                   const struct call_line *lines, size_t count,
                   const struct turns_snapshot *snapshot, bool *held)
{
    (void)journal, (void)tenant, (void)call, (void)lines, (void)count, (void)snapshot;
    note("turns", held);
}

void journal_message(struct journal *journal, const struct message *message, bool *held)
{
    (void)journal;
    note(message->tool_call_id, held);
}

void journal_finish(struct journal *journal, const struct call_finish *finish, bool *held)
{
    (void)journal;
    note(finish->why, held);
}

void journal_release(struct journal *journal, bool *held)
{
    (void)journal;
    holds -= *held;
    *held = false;
}

static bool database_away;

bool journal_wanted(const struct journal *journal)
{
    (void)journal;
    return database_away;
}

static void end(size_t which, int err)
{
    struct write *write = writes[which];
    assert_non_null(write);
    writes[which] = NULL;
    op_end(&write->op);
    write->on_end(err, write->arg);
    free(write);
}

/* ---- a tray ---- */

struct fixture {
    struct loop *loop;
    struct tray *tray;
    struct op *storing;
    int tried, empty;
};

static void on_tried(int err, void *arg)
{
    ((struct fixture *)arg)->tried = err;
}

static void on_empty(void *arg)
{
    ((struct fixture *)arg)->empty++;
}

static int set_up(void **state)
{
    struct fixture *f = xalloc(sizeof(*f));
    write_count = 0;
    noted[0] = '\0';
    holds = 0;
    database_away = false;
    f->loop = loop_new();
    f->tray = tray_new(f->loop, NULL, NULL);
    f->tried = -1;
    tray_on_empty(f->tray, on_empty, f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    op_cancel(&f->storing);
    tray_free(&f->tray);
    loop_step(f->loop, 0);
    loop_free(&f->loop);
    for (size_t i = 0; i < write_count; i++)
        assert_null(writes[i]);
    free(f);
    return 0;
}

static struct uuid id(int number)
{
    return (struct uuid){.bytes = {(uint8_t)number}};
}

static void finish(struct fixture *f, int number)
{
    char why[] = "gone", model[] = "m";
    struct call_counts counts = {.turns = 3};
    struct usage_item usage = {.kind = "stt_ms", .provider = "p", .model = model, .quantity = 1};
    struct call_finish finish = {.tenant = id(9),
                                 .call = id(number),
                                 .status = STATUS_COMPLETED,
                                 .why = why,
                                 .usage = &usage,
                                 .usage_count = 1,
                                 .counts = &counts};
    tray_finish(f->tray, &finish);
    memset(why, 'x', 4); /* it was copied */
    memset(model, 'x', 1);
    counts.turns = 0;
}

static void take_message(struct fixture *f)
{
    struct message message = {
        .tenant = id(9), .call = id(1), .tool_call_id = "t1", .reason = "the garden"};
    tray_message(f->tray, &message, on_tried, f, &f->storing);
}

static void wait_for_writes(struct fixture *f, size_t count)
{
    for (int i = 0; i < 200 && write_count < count; i++)
        loop_step(f->loop, 100);
    assert_int_equal(write_count, count);
}

static void a_record_is_written_at_once(void **state)
{
    struct fixture *f = *state;
    finish(f, 1);
    assert_int_equal(write_count, 1);
    assert_string_equal(writes[0]->what, "finish 1 gone 1 m 3");
    end(0, 0);
    assert_int_equal(tray_count(f->tray), 0);
    assert_int_equal(f->empty, 1);
}

static void lines_and_snapshot_are_copied(void **state)
{
    struct fixture *f = *state;
    char text[] = "hello", snapshot[] = "snap", model[] = "m";
    struct call_line line = {.seq = 1, .text = str_of(text)};
    struct usage_item usage = {.kind = "stt_ms", .provider = "p", .model = model, .quantity = 1};
    tray_turns(f->tray, id(9), id(2), &line, 1,
               &(struct turns_snapshot){str_of(snapshot), &usage, 1});
    end(0, ECONNRESET);
    memset(text, 'x', 5);
    memset(snapshot, 'x', 4);
    memset(model, 'x', 1);
    wait_for_writes(f, 2);
    assert_string_equal(writes[1]->what, "turns 2 1 hello snap m");
    end(1, 0);
}

static void a_store_that_is_away_is_asked_again_later_and_later(void **state)
{
    struct fixture *f = *state;
    int64_t began_ms = loop_now_ms(f->loop);
    finish(f, 1);
    end(0, ENOTCONN);
    assert_int_equal(f->empty, 0);
    wait_for_writes(f, 2);
    end(1, ECONNRESET);
    wait_for_writes(f, 3);
    assert_true(loop_now_ms(f->loop) - began_ms >= 3 * TRAY_PAUSE_MS_MIN);
    end(2, 0);
    assert_int_equal(f->empty, 1);
}

static void while_it_is_away_new_items_wait_with_the_others(void **state)
{
    struct fixture *f = *state;
    finish(f, 1);
    end(0, ENOTCONN);
    finish(f, 2);
    finish(f, 3);
    assert_int_equal(write_count, 1);
    wait_for_writes(f, 4);
    assert_string_equal(writes[1]->what, "finish 1 gone 1 m 3");
    assert_string_equal(writes[3]->what, "finish 3 gone 1 m 3");
    for (size_t i = 1; i < 4; i++)
        end(i, 0);
    assert_int_equal(tray_count(f->tray), 0);
}

static void what_is_stored_at_once_never_touches_the_journal(void **state)
{
    struct fixture *f = *state;
    finish(f, 1);
    take_message(f);
    end(0, 0);
    end(1, 0);
    assert_string_equal(noted, "");
}

static void what_the_store_did_not_take_is_in_the_journal_until_it_does(void **state)
{
    struct fixture *f = *state;
    finish(f, 1);
    end(0, ECONNRESET);
    assert_string_equal(noted, "gone ");
    take_message(f); /* the store is known to be away */
    assert_string_equal(noted, "gone t1 ");
    wait_for_writes(f, 3);
    end(1, ENOTCONN);
    assert_int_equal(holds, 2);
    end(2, 0);
    assert_int_equal(holds, 1);
    wait_for_writes(f, 4);
    end(3, 0);
    assert_int_equal(holds, 0);
    assert_string_equal(noted, "gone t1 ");
}

static void what_comes_while_no_connection_is_up_goes_to_the_journal_first(void **state)
{
    struct fixture *f = *state;
    database_away = true;
    finish(f, 1);
    assert_string_equal(noted, "gone ");
    end(0, 0);
    assert_int_equal(holds, 0);
}

static void few_are_written_at_once(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < TRAY_IN_FLIGHT_MAX + 3; i++)
        finish(f, i);
    assert_int_equal(write_count, TRAY_IN_FLIGHT_MAX);
    end(0, 0);
    wait_for_writes(f, TRAY_IN_FLIGHT_MAX + 1);
    for (size_t i = 1; i < TRAY_IN_FLIGHT_MAX + 1; i++)
        end(i, 0);
    wait_for_writes(f, TRAY_IN_FLIGHT_MAX + 3);
    end(TRAY_IN_FLIGHT_MAX + 1, 0);
    end(TRAY_IN_FLIGHT_MAX + 2, 0);
    assert_int_equal(f->empty, 1);
}

static void what_the_store_refuses_is_given_up_and_counted(void **state)
{
    struct fixture *f = *state;
    finish(f, 1);
    end(0, EINVAL);
    assert_int_equal(tray_count(f->tray), 0);
    assert_int_equal(tray_lost(f->tray), 1);
}

static void a_refused_line_does_not_take_the_record_with_it(void **state)
{
    struct fixture *f = *state;
    struct call_counts counts = {.turns = 1};
    struct call_line line = {.seq = 1, .text = str_of("what the schema refuses")};
    struct call_finish finish = {
        .call = id(1), .why = "gone", .lines = &line, .line_count = 1, .counts = &counts};
    tray_finish(f->tray, &finish);
    end(0, EINVAL);
    wait_for_writes(f, 2);
    end(1, 0);
    assert_int_equal(tray_lost(f->tray), 0);
}

static void whoever_left_a_message_hears_of_the_first_try(void **state)
{
    struct fixture *f = *state;
    take_message(f);
    assert_string_equal(writes[0]->what, "message t1 the garden");
    end(0, ENOTCONN);
    assert_int_equal(f->tried, ENOTCONN);
    assert_null(f->storing);
    wait_for_writes(f, 2);
    end(1, 0);
    assert_int_equal(f->tried, ENOTCONN); /* once */
}

static void a_message_outlives_the_call_that_left_it(void **state)
{
    struct fixture *f = *state;
    take_message(f);
    op_cancel(&f->storing);
    end(0, ENOTCONN);
    assert_int_equal(f->tried, -1);
    wait_for_writes(f, 2);
    end(1, 0);
    assert_int_equal(tray_lost(f->tray), 0);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_record_is_written_at_once),
        CASE(lines_and_snapshot_are_copied),
        CASE(a_store_that_is_away_is_asked_again_later_and_later),
        CASE(while_it_is_away_new_items_wait_with_the_others),
        CASE(what_is_stored_at_once_never_touches_the_journal),
        CASE(what_the_store_did_not_take_is_in_the_journal_until_it_does),
        CASE(what_comes_while_no_connection_is_up_goes_to_the_journal_first),
        CASE(few_are_written_at_once),
        CASE(what_the_store_refuses_is_given_up_and_counted),
        CASE(a_refused_line_does_not_take_the_record_with_it),
        CASE(whoever_left_a_message_hears_of_the_first_try),
        CASE(a_message_outlives_the_call_that_left_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
