/* store/callrules.h: a tenant's call rules in their order, what they share, and all that decides
 * one call. What a rule may look like is rules/callrules_wire.h's, and is asked before it comes
 * here. */
#pragma once
#include "rules/callrules_wire.h"
#include "store/json.h"

enum { CALLRULE_TITLE_BYTES_MAX = 400 };

/* {"items":[{"id","position","name","enabled","who","when","then","version","created_at",
 * "updated_at"}...],"version":...}: all of them; the version is that of their order. */
void callrules_list(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                    struct op **slot);
void callrules_get(struct db *db, struct uuid tenant, struct uuid rule, db_json_fn *on_json,
                   void *arg, struct op **slot);

struct callrule_draft {
    const char *name; /* NULL: none */
    bool enabled;
    struct str body; /* {"who":...,"when":...,"then":...} by callrule_put() */
};
/* position: 1 is the first; 0, or one behind the last: at the end. EDQUOT: there are CALLRULES_MAX.
 */
void callrules_add(struct db *db, struct uuid tenant, const struct callrule_draft *draft,
                   int64_t position, const char *actor, db_json_fn *on_json, void *arg,
                   struct op **slot);
/* version: that of the rule that was looked at. ESTALE: somebody has changed it since. */
void callrules_change(struct db *db, struct uuid tenant, struct uuid rule, int64_t version,
                      const struct callrule_draft *draft, const char *actor, db_json_fn *on_json,
                      void *arg, struct op **slot);
/* version: -1 for whatever it is. ENOENT, ESTALE. */
void callrules_remove(struct db *db, struct uuid tenant, struct uuid rule, int64_t version,
                      const char *actor, db_end_fn *on_end, void *arg, struct op **slot);
/* ids: a JSON list of all their ids, in the new order; answers as callrules_list(). EBUSY: they are
 * not all of them, once each; ESTALE: the order has another version (-1: whatever it is). */
void callrules_order(struct db *db, struct uuid tenant, struct str ids, int64_t version,
                     const char *actor, db_json_fn *on_json, void *arg, struct op **slot);

/* {"holiday_countries":["CZ"],"own_holidays":["2026-12-31"],"mode":"normal","mode_until":null,
 * "version":...}; the mode is normal again once its time is over. */
void callrules_get_settings(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                            struct op **slot);
/* patch: any of those members as RFC 7396 has it; null gives back the default. ESTALE. */
void callrules_set_settings(struct db *db, struct uuid tenant, struct str patch, int64_t version,
                            const char *actor, db_json_fn *on_json, void *arg, struct op **slot);

/* What happens when this number calls the tenant, now or at another time. */
struct callrules_query {
    struct uuid tenant;
    const char *number; /* E.164; "" or NULL: hidden */
    int64_t at_ms;      /* Unix time; 0: now */
};
struct callrules_found {
    struct callrules_case all; /* in the arena that was given */
    const char *contact_name;  /* NULL: none */
};
typedef void callrules_fn(int err, const struct callrules_found *found, void *arg); /* ENOENT */
void callrules_find(struct db *db, const struct callrules_query *query, struct arena *arena,
                    callrules_fn *on_found, void *arg, struct op **slot);
