/* store/migrate.h: the schema, brought up to date: numbered files of db/migrations/, built into the
 * program. Blocks; done before there is a loop. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>

int migrate_newest(void); /* the number of the newest migration this program knows */

struct migrate_status {
    int newest;  /* what this program knows */
    int current; /* what the database has; 0: nothing yet */
};
/* Applies what is missing, each file in a transaction of its own, one migrator at a time. Each
 * applied file's name is added to *report as a line; in trouble its last line says what and why.
 * ENOTCONN: no database; EINVAL: an applied file is not what this program knows under that number;
 * ENOTSUP: the schema is newer than this program; EACCES: the database user may not; EPROTO: a
 * migration failed (and left nothing behind). */
int migrate_run(const char *database_url, struct migrate_status *status_out, struct buf *report);
/* The same checks without changing anything; one line for each migration. */
int migrate_check(const char *database_url, struct migrate_status *status_out, struct buf *report);
