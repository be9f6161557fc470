/* line/tray.h: what calls leave behind until the database has it: last lines, messages, endings.
 * Each is tried at once and, while the database is away, again and again in the order it came, so
 * that a line is gone when its caller is. One a worker; a write that is unknown is repeated, since
 * every one of them may be. */
#pragma once
#include "net/loop.h"
#include "store/calls.h"
#include "store/journal.h"
#include "store/messages.h"
#include "store/turns.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TRAY_ITEMS_MAX = 4000, /* past it no new call is let in, so that none is ever lost */
    TRAY_IN_FLIGHT_MAX = 8,
    TRAY_PAUSE_MS_MIN = 250,
    TRAY_PAUSE_MS_MAX = 10000,
};

struct tray;
/* While the database is away what comes in is in the journal, too. */
struct tray *tray_new(struct loop *loop, struct db *db, struct journal *journal);
/* What lies in it is left to the journal, or lost, with an error in the log. */
void tray_free(struct tray **tray);

/* Everything is copied. */
void tray_turns(struct tray *tray, struct uuid tenant, struct uuid call,
                const struct call_line *lines, size_t count, const struct turns_snapshot *snapshot);
void tray_finish(struct tray *tray, const struct call_finish *finish);
/* on_tried runs after the first try: 0 if it is stored, else why it will be tried again, or never
 * when db_refused(err). The item stays in the tray when the slot is cancelled. */
void tray_message(struct tray *tray, const struct message *message, db_end_fn *on_tried, void *arg,
                  struct op **slot);

size_t tray_count(const struct tray *tray);
uint64_t tray_lost(const struct tray *tray); /* given up: each is an error in the log */
void tray_on_empty(struct tray *tray, loop_fn *fn, void *arg); /* each time the last one is gone */
