/* store/inbox.h: calls as people work with them: listed, searched, counted, opened, marked, given
 * to somebody, corrected, thrown away and taken back. Everything is JSON that PostgreSQL builds, by
 * the contract's schemas CallRow, Call, CallCounts and so on. */
#pragma once
#include "store/json.h"

enum {
    INBOX_LIST_MAX = 500, /* calls of one page; the contract allows fewer */
    INBOX_IDS_MAX = 200,  /* of one change */
};

/* Which calls. NULL, nil, false: whichever. */
struct inbox_filter {
    const char *label, *lead, *urgency;
    const char *group;       /* "now", "needs_you", "information", "filtered" */
    const char *state;       /* "live", "new", "open" (new ones, too), "resolved", "deleted" */
    struct uuid assigned_to; /* a person */
    bool unassigned;         /* nobody's */
    bool starred;
    struct uuid contact;
    const char *number;    /* whole, as it called */
    const char *from, *to; /* RFC 3339: began at or after, before */
    const char *words;     /* as somebody typed them: all must be there, the last as a beginning */
    const char *cursor;    /* from a page before */
    int64_t limit;         /* 1 to INBOX_LIST_MAX */
};

/* {"items": [row ...], "next_cursor": text or null}, newest first. EINVAL: the cursor is none. */
void inbox_list(struct db *db, struct uuid tenant, const struct inbox_filter *filter,
                db_json_fn *on_json, void *arg, struct op **slot);
/* The same with rows for a table elsewhere: each item an object of the columns named here, in their
 * order, all scalars. */
extern const char *const inbox_export_columns[];
extern const size_t inbox_export_column_count;
void inbox_export(struct db *db, struct uuid tenant, const struct inbox_filter *filter,
                  db_json_fn *on_json, void *arg, struct op **slot);
/* How many of what, of those that are not thrown away. */
void inbox_counts(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                  struct op **slot);
/* All there is of a call, thrown away or not. ENOENT. */
void inbox_get(struct db *db, struct uuid tenant, struct uuid call, db_json_fn *on_json, void *arg,
               struct op **slot);

/* A change of one call or many, all or none. json: an object with any of the members viewed,
 * resolved, starred, deleted (true, false), note, assigned_to, label, lead (null clears). What is
 * so already is no change: it raises no version and is not in the audit log. */
struct inbox_change {
    struct uuid tenant;
    const struct uuid *calls;
    size_t count; /* 1 to INBOX_IDS_MAX */
    const char *json;
    int64_t if_version; /* -1: whichever it is */
    struct uuid user;   /* who does it, to be shown */
    const char *actor;  /* who does it, for the audit log */
};
/* The call as it is then, as inbox_get() has it. ENOENT: no such call; ESTALE: another version;
 * EBUSY: thrown away while it goes on; EINVAL: assigned to nobody of the tenant. */
void inbox_change(struct db *db, const struct inbox_change *change, db_json_fn *on_json, void *arg,
                  struct op **slot);
/* {"changed": count, "not_found": [id ...]}; errors as above but for ENOENT. */
void inbox_change_many(struct db *db, const struct inbox_change *change, db_json_fn *on_json,
                       void *arg, struct op **slot);
