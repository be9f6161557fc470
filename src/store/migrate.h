/* store/migrate.h: the schema, brought up to date: numbered files of db/migrations/, built into the
 * program, forward only. */
#pragma once
#include "base/buf.h"
#include "store/db.h"

int migrate_newest(void); /* the number of the newest migration this program knows */

/* Of all of them, in hex: another one means another schema. Static. */
const char *migrate_fingerprint(void);

struct migrate_status {
    int newest;  /* what this program knows */
    int current; /* what the database has; 0: nothing yet */
};
/* Applies what is missing, each file in a transaction of its own, one migrator at a time. Blocks;
 * done before there is a loop. Each applied file is a line of *report; in trouble its last line
 * says what and why. Untouched when err: *status_out.
 * ENOTCONN: no database; EINVAL: an applied file is not what this program knows under that number;
 * ENOTSUP: the schema is newer than this program; EPROTO: a migration failed, nothing of it is
 * left behind. */
int migrate_run(const char *database_url, struct migrate_status *status_out, struct buf *report);
/* The same checks without changing anything; each migration is a line. */
int migrate_check(const char *database_url, struct migrate_status *status_out, struct buf *report);

/* For a worker: is the schema the one this program knows? ENOTSUP: it is not. */
void migrate_ready(struct db *db, db_end_fn *on_end, void *arg, struct op **slot);
