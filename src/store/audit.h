/* store/audit.h: what was changed by whom, newest first. Each noun of store/ writes its own rows.
 */
#pragma once
#include "store/json.h"

enum { AUDIT_LIST_MAX = 200 };

struct audit_filter {
    const char *action;    /* "call.change", or "call" for all of its kind; NULL: any */
    const char *actor;     /* "user:<id>" ...; NULL: anybody */
    const char *subject;   /* NULL: anything */
    const char *from, *to; /* times, RFC 3339; NULL: no bound */
    const char *cursor;
    int64_t limit;
};
/* EINVAL: the cursor is none. */
void audit_list_json(struct db *db, struct uuid tenant, const struct audit_filter *filter,
                     db_json_fn *on_json, void *arg, struct op **slot);
