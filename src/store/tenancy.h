/* store/tenancy.h: all tenants, as an operator of the installation sees and changes them: who they
 * are and how much they use. On a db with DB_ROLE_OPERATOR, which sees no word of a call. */
#pragma once
#include "store/json.h"
#include "store/settings.h"

enum { TENANCY_LIST_MAX = 200, TENANCY_NOTES_BYTES_MAX = 16000 };

struct tenancy_filter {
    const char *search; /* in names, and in telephone numbers when it has digits; NULL */
    const char *plan, *status;
    const char *cursor;
    int64_t limit;
};
/* EINVAL: the cursor is none. */
void tenancy_list(struct db *db, const struct tenancy_filter *filter, db_json_fn *on_json,
                  void *arg, struct op **slot);
void tenancy_show(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                  struct op **slot);

struct tenancy_change {
    const struct tenant_setting *settings; /* the operator's alone */
    size_t count;
    const char *notes;  /* NULL: as they are; "": none */
    const char *why;    /* for the operators' log; NULL */
    const char *action; /* "tenant.set", "tenant.suspend" ... */
    const char *actor;
    int64_t version;    /* it must have; -1: any */
    const char *status; /* it must have; NULL: any. EBUSY: it has another */
};
void tenancy_set(struct db *db, struct uuid tenant, const struct tenancy_change *change,
                 db_json_fn *on_json, void *arg, struct op **slot);

/* What operators did, newest first. */
void tenancy_log(struct db *db, struct uuid about, const char *cursor, int64_t limit,
                 db_json_fn *on_json, void *arg, struct op **slot);

/* ---- plans: what each allows ----------------------------------------------------------------- */

void plans_list(struct db *db, db_json_fn *on_json, void *arg, struct op **slot);
/* change: JSON with any of calls_per_month, members, numbers (null: no limit), call_seconds_max. */
void plans_set(struct db *db, const char *code, const char *change, int64_t version,
               const char *actor, db_json_fn *on_json, void *arg, struct op **slot);
