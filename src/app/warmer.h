/* app/warmer.h: has the phrases of every voice in use spoken ahead of need, so that a greeting is
 * there when the call is. One worker of a machine does it: the cache on disk is for all. */
#pragma once
#include "line/switchboard.h"
#include "net/loop.h"
#include "store/db.h"

enum { WARMER_PAUSE_MS = 300 }; /* several changes at once are looked at once */

struct warmer;
/* Begins when the database is there, and again whenever a tenant or its numbers change. */
struct warmer *warmer_new(struct loop *loop, struct db *db, struct switchboard *board,
                          const char *default_voice_id);
void warmer_free(struct warmer **warmer); /* NULL after; NULL is fine. Before the db is closed */
