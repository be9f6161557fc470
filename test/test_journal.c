/* test/test_journal.c: what a process wrote down while the database was away is stored after its
 * death: once, in order, and never over what is newer. */
#include "store/journal.h"

#include "store/journal_wire.h"
#include "test/file.h"
#include "test/neighbours.h"
#include "test/test.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/karen-journal-XXXXXX";
static struct journal *journal;
static bool held;
static struct uuid call;

static struct journal *open_journal(size_t bytes_max)
{
    struct journal *opened = NULL;
    const struct journal_options options = {
        .loop = bench.loop, .db = bench.app, .directory = folder, .bytes_max = bytes_max};
    assert_int_equal(journal_open(&options, &opened), 0);
    return opened;
}

static int set_up(void **state)
{
    int err = neighbours_open(state);
    call = begin(jan, "CA1").call.call;
    held = false;
    journal = open_journal(0);
    return err;
}

static int tear_down(void **state)
{
    journal_release(journal, &held);
    journal_close(&journal);
    return neighbours_close(state);
}

/* The only file of the folder. */
static char *path_of_file(void)
{
    DIR *dir = opendir(folder);
    char *path = NULL;
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.') {
            assert_null(path);
            path = xprintf("%s/%s", folder, entry->d_name);
        }
    closedir(dir);
    assert_non_null(path);
    return path;
}

static void note_line(uint32_t seq, const char *text, const char *state)
{
    const struct call_line line = {.seq = seq, .speaker = SPEAKER_CALLER, .text = str_of(text)};
    const struct turns_snapshot snapshot = {.state = str_of(state)};
    journal_turns(journal, jan, call, &line, 1, &snapshot, &held);
}

/* Its owner dies; the next one opens its own. */
static void die(void)
{
    journal_close(&journal);
    held = false;
    journal = open_journal(0);
}

static void adopt(void)
{
    journal_adopt(journal, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
}

static void expect_lines(const char *wanted)
{
    char *lines = postgres_ask("SELECT coalesce(string_agg(seq || text, ' ' ORDER BY seq), '')"
                               " FROM call_turns");
    assert_string_equal(lines, wanted);
    free(lines);
}

static void the_lines_of_a_dead_process_are_stored_once(void **state)
{
    (void)state;
    note_line(1, "one", "first");
    note_line(2, "two", "second");
    die();
    adopt();
    expect_lines("1one 2two");
    assert_int_equal(postgres_count("SELECT count(*) FROM call_snapshots"
                                    " WHERE snapshot = 'second'"),
                     1);
    assert_int_equal(journal_stats(journal)->adopted, 2);
    free(path_of_file()); /* our own alone is left */
    adopt();
    assert_int_equal(journal_stats(journal)->adopted, 2);
}

static void a_message_and_the_end_of_a_call_are_stored_too(void **state)
{
    (void)state;
    const struct message message = {
        .tenant = jan, .call = call, .tool_call_id = "t1", .reason = "the garden"};
    const struct usage_item usage = {.kind = "stt_ms", .provider = "deepgram", .quantity = 7};
    const struct call_line line = {.seq = 3, .text = str_of("bye")};
    const struct call_finish finish = {.tenant = jan,
                                       .call = call,
                                       .status = STATUS_COMPLETED,
                                       .why = "end_call",
                                       .ended_at_ms = wall_now_ms(),
                                       .lines = &line,
                                       .line_count = 1,
                                       .usage = &usage,
                                       .usage_count = 1};
    bool other = false;
    journal_message(journal, &message, &other);
    journal_finish(journal, &finish, &held);
    die();
    adopt();
    expect_lines("3bye");
    assert_int_equal(postgres_count("SELECT count(*) FROM call_messages"), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE status = 'completed'"
                                    " AND ended_reason = 'end_call'"),
                     1);
    assert_int_equal(postgres_count("SELECT sum(quantity) FROM usage_ledger"), 7);
    assert_int_equal(postgres_count("SELECT count(*) FROM outbox WHERE kind = 'screening'"), 1);
}

static void save_line(uint32_t seq, const char *text, const char *state)
{
    const struct call_line line = {.seq = seq, .text = str_of(text)};
    const struct turns_snapshot snapshot = {.state = str_of(state)};
    turns_save(bench.app, jan, call, &line, 1, &snapshot, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
}

/* Its record knows more than what was stored after it was written. */
static void a_save_that_was_under_way_does_not_count_as_newer(void **state)
{
    (void)state;
    note_line(2, "two", "newer");
    save_line(1, "one", "older");
    die();
    adopt();
    expect_lines("1one 2two");
    assert_int_equal(postgres_count("SELECT count(*) FROM call_snapshots WHERE snapshot = 'newer'"),
                     1);
}

static void what_was_stored_long_after_stays(void **state)
{
    (void)state;
    note_line(1, "one", "older");
    note_line(2, "two", "older");
    save_line(1, "another's", "newer");
    postgres_run("UPDATE call_snapshots SET updated_at = now() + interval '1 min'");
    die();
    adopt();
    expect_lines("1another's 2two");
    assert_int_equal(postgres_count("SELECT count(*) FROM call_snapshots WHERE snapshot = 'newer'"),
                     1);
}

static void what_was_stored_later_stays(void **state)
{
    (void)state;
    note_line(1, "one", "older");
    note_line(2, "two", "older");
    save_line(1, "amended", "newer");
    save_line(3, "three", "newer");
    die();
    adopt();
    expect_lines("1amended 2two 3three");
    assert_int_equal(postgres_count("SELECT count(*) FROM call_snapshots WHERE snapshot = 'newer'"),
                     1);
}

static void a_torn_tail_costs_nothing_but_itself(void **state)
{
    (void)state;
    note_line(1, "one", "s");
    note_line(2, "two", "s");
    char *path = path_of_file();
    die();
    struct stat file;
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(truncate(path, file.st_size - 3), 0);
    adopt();
    expect_lines("1one");
    assert_int_not_equal(access(path, F_OK), 0);
    free(path);
}

static void what_the_database_will_never_take_does_not_hold_up_the_rest(void **state)
{
    (void)state;
    const struct call_line line = {.seq = 1, .text = str_of("of no call")};
    journal_turns(journal, jan, uuid_new(1), &line, 1, &(struct turns_snapshot){0}, &held);
    note_line(2, "two", "s");
    die();
    adopt();
    expect_lines("2two");
    assert_int_equal(journal_stats(journal)->refused, 1);
}

static void the_file_of_a_living_process_is_let_alone(void **state)
{
    (void)state;
    note_line(1, "one", "s");
    struct journal *mine = journal;
    journal = open_journal(0);
    adopt();
    expect_lines("");
    journal_close(&journal);
    journal = mine;
}

static void what_is_stored_is_deleted_and_others_may_not_read_it(void **state)
{
    (void)state;
    char *path = path_of_file();
    struct stat file;
    bool other = false;
    note_line(1, "one", "s");
    journal_turns(journal, jan, call, NULL, 0, &(struct turns_snapshot){0}, &other);
    journal_release(journal, &held);
    assert_int_equal(stat(path, &file), 0);
    assert_true(file.st_size > 0); /* the other is not stored yet */
    assert_int_equal(file.st_mode & 0777, 0600);
    journal_release(journal, &other);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_size, 0);
    free(path);
}

static void it_has_an_end_and_begins_anew_when_it_is_emptied(void **state)
{
    (void)state;
    journal_close(&journal);
    journal = open_journal(300);
    for (uint32_t seq = 1; seq <= 5; seq++)
        note_line(seq, "some words", "s");
    assert_true(journal_full(journal));
    assert_true(journal_stats(journal)->failed > 0);
    journal_release(journal, &held);
    assert_false(journal_full(journal));
    note_line(6, "six", "s");
    assert_true(held);
    die();
    adopt();
    expect_lines("6six");
}

static void a_folder_that_cannot_be_used_is_an_error(void **state)
{
    (void)state;
    struct journal *none = NULL;
    const struct journal_options options = {
        .loop = bench.loop, .db = bench.app, .directory = "/dev/null/journal"};
    assert_int_equal(journal_open(&options, &none), ENOTDIR);
    assert_null(none);
}

/* ---- bytes ---- */

static void put_sample(struct buf *out)
{
    const struct journal_record record = {
        .kind = JOURNAL_TURNS,
        .at_ms = 1234567890123,
        .count = 5,
        .values = {db_text("a"), db_null(), db_int(-5), db_bytes("\0x", 2), db_bool(true)}};
    assert_int_equal(journal_put(out, &record), 0);
}

static void a_record_comes_back_as_it_was(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct journal_record record;
    put_sample(&bytes);
    put_sample(&bytes);
    struct str rest = buf_str(&bytes);
    assert_true(journal_next(&rest, &record));
    assert_true(journal_next(&rest, &record));
    assert_int_equal(record.kind, JOURNAL_TURNS);
    assert_true(record.at_ms == 1234567890123);
    assert_true(str_is(record.values[0].text, "a"));
    assert_int_equal(record.values[1].type, DB_NULL);
    assert_true(str_is(record.values[2].text, "-5"));
    assert_int_equal(record.values[3].type, DB_BYTES);
    assert_int_equal(record.values[3].text.bytes, 2);
    assert_false(journal_next(&rest, &record));
    assert_int_equal(rest.bytes, 0);
    buf_free(&bytes);
}

static void a_byte_that_is_not_as_it_was_ends_the_reading(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct journal_record record;
    put_sample(&bytes);
    for (size_t i = 0; i < bytes.bytes; i++) {
        struct str rest = buf_str(&bytes);
        bytes.data[i] ^= 1;
        assert_false(journal_next(&rest, &record));
        assert_int_equal(rest.bytes, bytes.bytes);
        bytes.data[i] ^= 1;
    }
    for (size_t cut = 0; cut < bytes.bytes; cut++)
        assert_false(journal_next(&(struct str){bytes.data, cut}, &record));
    buf_free(&bytes);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : errno;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); /* it is empty: nothing was left behind */
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_lines_of_a_dead_process_are_stored_once),
        CASE(a_message_and_the_end_of_a_call_are_stored_too),
        CASE(a_save_that_was_under_way_does_not_count_as_newer),
        CASE(what_was_stored_later_stays),
        CASE(what_was_stored_long_after_stays),
        CASE(a_torn_tail_costs_nothing_but_itself),
        CASE(what_the_database_will_never_take_does_not_hold_up_the_rest),
        CASE(the_file_of_a_living_process_is_let_alone),
        CASE(what_is_stored_is_deleted_and_others_may_not_read_it),
        CASE(it_has_an_end_and_begins_anew_when_it_is_emptied),
        CASE(a_folder_that_cannot_be_used_is_an_error),
        cmocka_unit_test(a_record_comes_back_as_it_was),
        cmocka_unit_test(a_byte_that_is_not_as_it_was_ends_the_reading),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
