/* store/journal_private.h: the two halves of a journal: journal.c writes our own file,
 * journal_adopt.c reads those of the dead. */
#pragma once
#include "store/journal.h"

#define JOURNAL_SUFFIX ".journal"

struct adoption;
struct journal {
    struct loop *loop;
    struct db *db;
    char *directory, *name;
    int fd;
    size_t bytes_max, held;
    bool full;
    struct timer *sync_timer;
    struct adoption *adoption;
    struct journal_stats stats;
};

struct adoption *adoption_new(struct journal *journal);
void adoption_free(struct adoption **adoption);
