/* store/journal_adopt.c: what dead processes left, written down file by file, record by record.
 *
 *   IDLE -> LOOKING -> READING -> (a record at a time) -> LOOKING ... -> IDLE
 *
 * What is stored already and is newer stays: a record overwrites a line or a snapshot only while
 * its call is in progress and nothing of it was stored that the record does not know. */
#include "base/log.h"
#include "store/journal_private.h"
#include "store/journal_wire.h"
#include "store/store_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AGAIN_MS = 20 };

struct waiter {
    struct op op;
    struct waiter *next;
    struct adoption *adoption;
    db_end_fn *on_end;
    void *arg;
};
struct adoption {
    struct journal *journal;
    struct timer *timer;
    struct waiter *waiters;
    int64_t began_ms; /* 0: idle */
    char *path;       /* of the file being read */
    int fd;
    struct buf text;
    struct str rest;
    struct op *writing;
};

/* ---- a record as a unit of writes ---- */

/* With tenant, call, lines and time as $1 to $4. Lines
 * and snapshot are stored together, so the highest line tells how far the stored snapshot is. A
 * save that was under way when the record was written may have been stored a little after it. */
#define NEWER_IS_STORED                                                                            \
    "EXISTS (SELECT FROM call_snapshots s WHERE s.tenant_id = $1::uuid AND s.call_id = $2::uuid"   \
    "  AND (s.updated_at > $4::timestamptz + interval '10 s' OR"                                   \
    "   (SELECT max(t.seq) FROM call_turns t WHERE t.tenant_id = $1::uuid AND t.call_id = "        \
    "$2::uuid) > (SELECT max((l ->> 'seq')::integer) FROM jsonb_array_elements($3::jsonb) l)))"
static const char lines_sql[] =
    TURNS_SAVE_SQL " WHERE EXISTS (SELECT FROM calls c WHERE c.tenant_id = $1::uuid"
                   "  AND c.id = $2::uuid AND c.status = 'in_progress') AND NOT " NEWER_IS_STORED;
static const char snapshot_sql[] =
    "INSERT INTO call_snapshots AS s (tenant_id, call_id, snapshot, usage, updated_at)"
    " SELECT $1::uuid, $2::uuid, $5::bytea, $6::jsonb, $4::timestamptz FROM calls"
    " WHERE tenant_id = $1::uuid AND id = $2::uuid AND status = 'in_progress'"
    "  AND octet_length($5::bytea) > 0 AND NOT " NEWER_IS_STORED
    " ON CONFLICT (tenant_id, call_id) DO UPDATE SET updated_at = excluded.updated_at,"
    " snapshot = excluded.snapshot, usage = excluded.usage";

static void write_record(struct db *db, const struct journal_record *record, db_end_fn *on_end,
                         void *arg, struct op **slot)
{
    const struct db_value *at = record->values, time = db_time(record->at_ms);
    const struct db_value lines[] = {at[0], at[1], at[2], time};
    const struct db_value snapshot[] = {at[0], at[1], at[2], time, at[3], at[4]};
    const struct db_value usage[] = {at[0], at[1], at[3]};
    const struct db_value end[] = {at[0], at[1], at[4], at[5], at[6], at[7], at[8]};
    const struct db_statement turns[] = {{lines_sql, lines, countof(lines)},
                                         {snapshot_sql, snapshot, countof(snapshot)}};
    const struct db_statement message[] = {{message_take_sql, at, MESSAGE_VALUES}};
    const struct db_statement finish[] = {{lines_sql, lines, countof(lines)},
                                          {finish_usage_sql, usage, countof(usage)},
                                          {finish_end_sql, end, countof(end)}};
    struct db_unit unit = {.statements = turns, .count = countof(turns)};
    if (record->kind == JOURNAL_MESSAGE)
        unit = (struct db_unit){.statements = message, .count = countof(message)};
    if (record->kind == JOURNAL_FINISH)
        unit = (struct db_unit){.statements = finish, .count = countof(finish)};
    if (at[0].type != DB_TEXT || uuid_parse(at[0].text, &unit.tenant))
        store_refuse(db, EINVAL, on_end, arg, slot);
    else
        store_write(db, &unit, NULL, on_end, arg, slot);
}

/* ---- whoever waits ---- */

static void cancel_waiter(struct op *op)
{
    struct waiter *waiter = (struct waiter *)op;
    struct waiter **link = &waiter->adoption->waiters;
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
    free(waiter);
}

static void end_looking(struct adoption *adoption, int err)
{
    adoption->began_ms = 0;
    timer_set(adoption->timer, loop_now_ms(adoption->journal->loop) + JOURNAL_LOOK_MS);
    while (adoption->waiters) {
        struct waiter *waiter = adoption->waiters;
        db_end_fn *on_end = waiter->on_end;
        void *arg = waiter->arg;
        adoption->waiters = waiter->next;
        op_end(&waiter->op);
        free(waiter);
        on_end(err, arg);
    }
}

/* ---- files ---- */

static void look(struct adoption *adoption);

static void close_file(struct adoption *adoption)
{
    if (adoption->fd >= 0)
        close(adoption->fd);
    adoption->fd = -1;
    free(adoption->path);
    adoption->path = NULL;
    buf_free(&adoption->text);
    adoption->rest = (struct str){0};
}

static void read_on(struct adoption *adoption);

static void on_written(int err, void *arg)
{
    struct adoption *adoption = arg;
    struct journal *journal = adoption->journal;
    if (err && !db_refused(err)) {
        close_file(adoption); /* it stays for the next look */
        end_looking(adoption, err);
        return;
    }
    if (err) {
        journal->stats.refused++;
        log_error(NULL, "journal_record_refused", "err=%s", strerrorname_np(err));
    } else {
        journal->stats.adopted++;
    }
    read_on(adoption);
}

static void read_on(struct adoption *adoption)
{
    struct journal_record record;
    if (journal_next(&adoption->rest, &record)) {
        write_record(adoption->journal->db, &record, on_written, adoption, &adoption->writing);
        return;
    }
    log_warn(NULL, "journal_adopted", "bytes=%zu torn=%zu", adoption->text.bytes,
             adoption->rest.bytes);
    unlink(adoption->path);
    close_file(adoption);
    look(adoption);
}

static bool read_text(struct adoption *adoption)
{
    struct stat file;
    if (fstat(adoption->fd, &file) || !S_ISREG(file.st_mode) || file.st_nlink == 0 ||
        (uint64_t)file.st_size > JOURNAL_BYTES_MAX)
        return false;
    size_t bytes = (size_t)file.st_size;
    buf_reserve(&adoption->text, bytes);
    if (pread(adoption->fd, adoption->text.data, bytes, 0) != (ssize_t)bytes)
        return false;
    adoption->text.bytes = bytes;
    adoption->rest = buf_str(&adoption->text);
    return true;
}

/* False: its owner lives, or it is somebody's who is quicker. */
static bool take_file(struct adoption *adoption, const char *name)
{
    adoption->path = xprintf("%s/%s", adoption->journal->directory, name);
    adoption->fd = open(adoption->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (adoption->fd >= 0 && flock(adoption->fd, LOCK_EX | LOCK_NB) == 0 && read_text(adoption))
        return true;
    close_file(adoption);
    return false;
}

static bool is_anothers(const struct journal *journal, const char *name)
{
    size_t bytes = strlen(name), suffix = strlen(JOURNAL_SUFFIX);
    return bytes > suffix && strcmp(name + bytes - suffix, JOURNAL_SUFFIX) == 0 &&
           strcmp(name, journal->name) != 0;
}

/* Its process is gone, so another one that writes it down has the lock. */
static bool is_dead(const char *name)
{
    long pid = strtol(name, NULL, 10);
    return pid > 0 && kill((pid_t)pid, 0) && errno == ESRCH;
}

static void look(struct adoption *adoption)
{
    struct journal *journal = adoption->journal;
    DIR *dir = opendir(journal->directory);
    bool taken = false, busy = false;
    for (struct dirent *entry; dir && !taken && (entry = readdir(dir));) {
        if (!is_anothers(journal, entry->d_name))
            continue;
        taken = take_file(adoption, entry->d_name);
        busy |= !taken && is_dead(entry->d_name);
    }
    if (dir)
        closedir(dir);
    int64_t now_ms = loop_now_ms(journal->loop);
    if (taken)
        read_on(adoption);
    else if (busy && now_ms < adoption->began_ms + JOURNAL_WAIT_MS_MAX)
        timer_set(adoption->timer, now_ms + AGAIN_MS);
    else
        end_looking(adoption, 0);
}

static void on_timer(void *arg)
{
    struct adoption *adoption = arg;
    if (!adoption->began_ms && !adoption->waiters && !db_ready(adoption->journal->db)) {
        timer_set(adoption->timer, loop_now_ms(adoption->journal->loop) + JOURNAL_LOOK_MS);
        return;
    }
    if (!adoption->began_ms)
        adoption->began_ms = loop_now_ms(adoption->journal->loop);
    look(adoption);
}

/* ---- the whole ---- */

void journal_adopt(struct journal *journal, db_end_fn *on_end, void *arg, struct op **slot)
{
    struct adoption *adoption = journal->adoption;
    struct waiter *waiter = xalloc(sizeof(*waiter));
    *waiter = (struct waiter){
        .next = adoption->waiters, .adoption = adoption, .on_end = on_end, .arg = arg};
    op_begin(&waiter->op, cancel_waiter, slot);
    adoption->waiters = waiter;
    if (!adoption->began_ms)
        timer_set(adoption->timer, 0);
}

struct adoption *adoption_new(struct journal *journal)
{
    struct adoption *adoption = xalloc(sizeof(*adoption));
    adoption->journal = journal;
    adoption->fd = -1;
    adoption->timer = timer_new(journal->loop, on_timer, adoption);
    timer_set(adoption->timer, loop_now_ms(journal->loop));
    return adoption;
}

void adoption_free(struct adoption **slot)
{
    struct adoption *adoption = *slot;
    if (!adoption)
        return;
    *slot = NULL;
    while (adoption->waiters) {
        struct waiter *waiter = adoption->waiters;
        adoption->waiters = waiter->next;
        op_end(&waiter->op);
        free(waiter);
    }
    op_cancel(&adoption->writing);
    timer_free(&adoption->timer);
    close_file(adoption);
    free(adoption);
}
