/* store/history.h: calls as a list, newest first, with what came of them. */
#pragma once
#include "store/calls.h"
#include "store/screenings.h"

enum { HISTORY_LIST_MAX = 1000 };

struct history_entry { /* texts in the arena that was given */
    struct call_record call;
    const char *tenant_name;
    bool screened;
    struct screening screening; /* when screened */
};
struct history_query {
    struct uuid tenant;       /* nil: of all tenants, for the operator only */
    struct uuid call;         /* nil: any; else this one */
    int64_t started_after_ms; /* 0: since ever */
    int64_t limit;            /* at most HISTORY_LIST_MAX */
};
typedef void history_fn(int err, const struct history_entry *entries, size_t count, void *arg);
void history_list(struct db *db, const struct history_query *query, struct arena *arena,
                  history_fn *on_history, void *arg, struct op **slot);
