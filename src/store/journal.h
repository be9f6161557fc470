/* store/journal.h: what calls have to say while the database is away, in a file that outlives the
 * process: lines and snapshots, messages, ends.
 *
 * One file a process, locked as long as it lives, empty as long as all is stored. Whoever has
 * something in it holds it; when the last hold is released the file is emptied. A file that nobody
 * locks is a dead process's: whoever finds it first writes what it holds into the database, record
 * by record, and deletes it. That may be done twice, or late: rows have their own keys, and what is
 * there from later on stays.
 *
 * The death of the process loses nothing; that of the machine what was written in the last
 * JOURNAL_SYNC_MS. Files are the service's own (0600) and hold what people said, so none is kept
 * longer than needed. */
#pragma once
#include "store/calls.h"
#include "store/db.h"
#include "store/messages.h"
#include "store/turns.h"

enum {
    JOURNAL_BYTES_MAX = 256 * 1024 * 1024, /* past it journal_full(): no new call is let in */
    JOURNAL_SYNC_MS = 1000,
    JOURNAL_LOOK_MS = 5000,     /* between looks for dead processes' files */
    JOURNAL_WAIT_MS_MAX = 1000, /* for another process that is writing one down */
};

struct journal; /* NULL is fine everywhere: nothing is kept */
struct journal_options {
    struct loop *loop;
    struct db *db;
    const char *directory; /* made if need be */
    size_t bytes_max;      /* 0: JOURNAL_BYTES_MAX */
};
/* An errno value: the directory cannot be used. */
int journal_open(const struct journal_options *options, struct journal **journal_out);
void journal_close(struct journal **journal); /* what is held stays for the next process */

bool journal_wanted(const struct journal *journal); /* the database is away: write here first */
bool journal_full(const struct journal *journal);

/* Everything is copied. *held: whether whoever writes holds the journal, false at first; true after
 * unless it could not be written, which is logged and counted. */
void journal_turns(struct journal *journal, struct uuid tenant, struct uuid call,
                   const struct call_line *lines, size_t count,
                   const struct turns_snapshot *snapshot, bool *held);
void journal_message(struct journal *journal, const struct message *message, bool *held);
void journal_finish(struct journal *journal, const struct call_finish *finish, bool *held);
void journal_release(struct journal *journal, bool *held); /* all of it is stored; false is fine */

/* Writes down what dead processes left, before anything is built on what is stored. An error: the
 * database is still away. */
void journal_adopt(struct journal *journal, db_end_fn *on_end, void *arg, struct op **slot);

struct journal_stats {
    size_t bytes;     /* now */
    uint64_t written; /* records */
    uint64_t failed;  /* ... that could not be */
    uint64_t adopted; /* ... of dead processes, now stored */
    uint64_t refused; /* ... that the database will never take: each is an error in the log */
};
const struct journal_stats *journal_stats(const struct journal *journal);
