/* store/journal.c: our own file: written at its end, emptied when nobody needs it. */
#include "base/folder.h"
#include "base/log.h"
#include "store/journal_private.h"
#include "store/journal_wire.h"
#include "store/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

bool journal_wanted(const struct journal *journal)
{
    return journal && !db_ready(journal->db);
}

bool journal_full(const struct journal *journal)
{
    return journal && journal->full;
}

const struct journal_stats *journal_stats(const struct journal *journal)
{
    static const struct journal_stats none;
    return journal ? &journal->stats : &none;
}

/* ---- writing ---- */

static void on_sync(void *arg)
{
    struct journal *journal = arg;
    if (fdatasync(journal->fd))
        log_error(NULL, "journal_not_synced", "err=%s", strerrorname_np(errno));
}

static int write_all(const struct journal *journal, struct str bytes)
{
    size_t at = journal->stats.bytes;
    while (bytes.bytes) {
        ssize_t written = pwrite(journal->fd, bytes.at, bytes.bytes, (off_t)at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written ? errno : EIO;
        at += (size_t)written;
        bytes.at += written;
        bytes.bytes -= (size_t)written;
    }
    return 0;
}

/* A record that is not written whole is written over by the next, or is a torn tail. */
static int append(struct journal *journal, struct str record)
{
    int err = journal->stats.bytes + record.bytes > journal->bytes_max ? EFBIG : 0;
    if (!err)
        err = write_all(journal, record);
    if (err)
        return err;
    if (journal->stats.bytes == 0 && !db_ready(journal->db)) /* else for the blink of a save */
        log_warn(NULL, "journal_begun", "why=\"%s\"", db_trouble(journal->db));
    journal->stats.bytes += record.bytes;
    timer_set(journal->sync_timer, loop_now_ms(journal->loop) + JOURNAL_SYNC_MS);
    return 0;
}

static void note(struct journal *journal, enum journal_kind kind, const struct db_value *values,
                 bool *held)
{
    struct buf bytes = {0};
    struct journal_record record = {
        .kind = kind, .at_ms = wall_now_ms(), .count = journal_value_count(kind)};
    memcpy(record.values, values, record.count * sizeof(*values));
    int err = journal_put(&bytes, &record);
    if (!err)
        err = append(journal, buf_str(&bytes));
    buf_free(&bytes);
    if (err) {
        journal->full = journal->held > 0; /* until it is emptied */
        journal->stats.failed++;
        log_error(NULL, "journal_not_written", "err=%s bytes=%zu", strerrorname_np(err),
                  journal->stats.bytes);
        return;
    }
    journal->stats.written++;
    journal->held += !*held;
    *held = true;
}

void journal_turns(struct journal *journal, struct uuid tenant, struct uuid call,
                   const struct call_line *lines, size_t count,
                   const struct turns_snapshot *snapshot, bool *held)
{
    if (!journal)
        return;
    struct turns_values values;
    turns_values_make(&values, tenant, call, lines, count, snapshot);
    note(journal, JOURNAL_TURNS, values.at, held);
    turns_values_free(&values);
}

void journal_message(struct journal *journal, const struct message *message, bool *held)
{
    struct db_value values[MESSAGE_VALUES];
    if (!journal)
        return;
    message_values(message, values);
    note(journal, JOURNAL_MESSAGE, values, held);
}

void journal_finish(struct journal *journal, const struct call_finish *finish, bool *held)
{
    if (!journal)
        return;
    struct finish_values values;
    finish_values_make(&values, finish);
    note(journal, JOURNAL_FINISH, values.at, held);
    finish_values_free(&values);
}

void journal_release(struct journal *journal, bool *held)
{
    if (!*held)
        return;
    *held = false;
    if (--journal->held)
        return;
    if (ftruncate(journal->fd, 0)) {
        log_error(NULL, "journal_not_emptied", "err=%s", strerrorname_np(errno));
        return;
    }
    log_debug(NULL, "journal_emptied", "bytes=%zu", journal->stats.bytes);
    journal->stats.bytes = 0;
    journal->full = false;
    timer_stop(journal->sync_timer);
}

/* ---- opening ---- */

static char *path_of(const struct journal *journal, const char *name)
{
    return xprintf("%s/%s", journal->directory, name);
}

/* It gets the name others look for once it is locked, so that none is taken for a dead one's. */
static int make_file(struct journal *journal)
{
    char chance[STREAM_TOKEN_TEXT_BYTES];
    random_token(chance, 9);
    journal->name = xprintf("%d-%s" JOURNAL_SUFFIX, (int)getpid(), chance);
    char *path = path_of(journal, journal->name), *new_path = xprintf("%s.new", path);
    journal->fd = open(new_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    int err = journal->fd < 0 ? errno : 0;
    if (!err && (flock(journal->fd, LOCK_EX | LOCK_NB) || rename(new_path, path)))
        err = errno;
    if (err && journal->fd >= 0)
        unlink(new_path);
    free(new_path);
    free(path);
    return err;
}

int journal_open(const struct journal_options *options, struct journal **journal_out)
{
    struct journal *journal = xalloc(sizeof(*journal));
    journal->loop = options->loop;
    journal->db = options->db;
    journal->directory = xstrdup(options->directory);
    journal->bytes_max = options->bytes_max ? options->bytes_max : JOURNAL_BYTES_MAX;
    journal->fd = -1;
    int err = folder_make(journal->directory, 0700);
    if (!err)
        err = make_file(journal);
    if (err) {
        journal_close(&journal);
        return err;
    }
    journal->sync_timer = timer_new(journal->loop, on_sync, journal);
    journal->adoption = adoption_new(journal);
    *journal_out = journal;
    return 0;
}

void journal_close(struct journal **slot)
{
    struct journal *journal = *slot;
    if (!journal)
        return;
    *slot = NULL;
    adoption_free(&journal->adoption);
    timer_free(&journal->sync_timer);
    if (journal->fd >= 0 && journal->held) {
        on_sync(journal);
        log_warn(NULL, "journal_left", "bytes=%zu", journal->stats.bytes);
    } else if (journal->fd >= 0) {
        char *path = path_of(journal, journal->name);
        unlink(path);
        free(path);
    }
    if (journal->fd >= 0)
        close(journal->fd);
    free(journal->name);
    free(journal->directory);
    free(journal);
}
