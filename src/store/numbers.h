/* store/numbers.h: telephone numbers: whose call is it, the pool they come from, and the quarantine
 * a released one goes through, because its last owner's phone may still forward to it. */
#pragma once
#include "rules/number_kind.h"
#include "store/json.h"
#include "store/service.h"

enum {
    NUMBER_STRAY_DAYS = 14,      /* of rest after a call that was still forwarded there */
    NUMBER_QUARANTINE_DAYS = 60, /* longer than a forgotten forwarding is likely to ring */
    NUMBERS_LIST_MAX = 10000,
};

/* Everything the routing rules need, in one round trip. They decide; this only knows. */
struct route_query {
    const char *to;             /* E.164; NULL or "" when the carrier did not say */
    const char *forwarded_from; /* normalised; NULL or "" */
    const char *from; /* E.164; NULL or "" when it is withheld: never decides whose it is */
    struct uuid default_tenant; /* nil: the operator has configured none */
};
struct route_candidate {
    struct tenant tenant;
    struct tenant_usage usage;
    int64_t live_calls; /* of that tenant, in which Karen talks now */
};
struct routes { /* in the order of the rules; NULL: none */
    const struct route_candidate *by_number;
    const struct route_candidate *by_forwarding;
    const struct route_candidate *by_owner; /* the shared number, from the phone of one on trial */
    const struct route_candidate *by_code;  /* numbers_route_code() alone */
    const struct route_candidate *by_default;
    bool shared; /* `to` is a number that tenants share: only forwarding or a code tells whose */
    bool own;    /* it comes from a number of ours, which only our own calls do */
    bool
        checking; /* it may be a forwarding check that comes back: ask forwarding_checks_return() */
};
typedef void routes_fn(int err, const struct routes *routes, void *arg); /* in the arena */
void numbers_route(struct db *db, const struct route_query *query, struct arena *arena,
                   routes_fn *on_routes, void *arg, struct op **slot);

/* The same by the code that was typed on a shared number; only by_code is looked for. */
void numbers_route_code(struct db *db, const char *code, struct arena *arena, routes_fn *on_routes,
                        void *arg, struct op **slot);
/* Somebody called a number that is nobody's now: it rests for another while. Nobody waits for it.
 */
void numbers_stray_call(struct db *db, const char *number);

/* ---- a tenant's own ------------------------------------------------------------------------- */

/* {"items":[...],"shared":{"number":...,"code":...}|null,"allowed":1|null} */
void numbers_own_json(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                      struct op **slot);
void numbers_get_json(struct db *db, struct uuid tenant, const char *number, db_json_fn *on_json,
                      void *arg, struct op **slot);
/* change: {"is_primary":true,"forwarding_source":"+420..."|null}, what is not there stays. Answers
 * the number. ENOENT; EPERM: nobody of this tenant has proved that line to be theirs; EEXIST:
 * another number has it. */
void numbers_change(struct db *db, struct uuid tenant, const char *number, const char *change,
                    const char *actor, db_json_fn *on_json, void *arg, struct op **slot);
/* What the pool has that the tenant could be given at once, up to limit numbers; buys: the plan
 * lets more be bought at the carrier. In the arena. ENOENT: no such tenant. */
struct number_wish {
    const char *country;
    enum number_kind kind;
    const char *contains; /* digits, * for any one; NULL: whatever there is */
};
struct numbers_offered {
    bool buys;
    const char *const *numbers;
    size_t count;
};
typedef void numbers_offered_fn(int err, const struct numbers_offered *offered, void *arg);
void numbers_offer(struct db *db, struct uuid tenant, const struct number_wish *wish, int64_t limit,
                   struct arena *arena, numbers_offered_fn *on_offered, void *arg,
                   struct op **slot);
/* It rests NUMBER_QUARANTINE_DAYS before anybody else may have it. ENOENT. */
void numbers_give_back(struct db *db, struct uuid tenant, const char *number, const char *actor,
                       db_end_fn *on_end, void *arg, struct op **slot);

/* ---- the pool ------------------------------------------------------------------------------- */

/* A page of it, by number; state NULL: all. The operator's, on a db of DB_ROLE_OPERATOR. */
void numbers_pool_json(struct db *db, const char *state, const char *cursor, int64_t limit,
                       db_json_fn *on_json, void *arg, struct op **slot);
/* Of these numbers (E.164), those that are in the pool. In the arena. */
typedef void numbers_known_fn(int err, const char *const *known, size_t count, void *arg);
void numbers_known(struct db *db, const char *const *numbers, size_t count, struct arena *arena,
                   numbers_known_fn *on_known, void *arg, struct op **slot);

/* The operator's, on a db without DB_ROLE_APP. */
enum number_state {
    NUMBER_BUYING, /* an order claims it */
    NUMBER_FREE,
    NUMBER_ASSIGNED,
    NUMBER_QUARANTINED,
    NUMBER_SHARED,
    NUMBER_RELEASING, /* on its way back to the carrier */
};
const char *number_state_code(enum number_state state);
struct number {
    const char *number, *twilio_sid; /* sid: NULL when not known */
    enum number_state state;
    struct uuid tenant;      /* nil unless assigned */
    const char *tenant_name; /* NULL unless assigned */
    const char *forwarding_source;
    bool primary;
    int64_t free_at_ms; /* quarantined: until when */
};
typedef void number_list_fn(int err, const struct number *numbers, size_t count, void *arg);

/* EEXIST: it is in the pool already; EINVAL: not E.164. */
void numbers_add(struct db *db, const char *number, const char *twilio_sid, bool shared,
                 db_end_fn *on_end, void *arg, struct op **slot);
void numbers_list(struct db *db, struct arena *arena, number_list_fn *on_numbers, void *arg,
                  struct op **slot);

struct number_assignment {
    const char *number;
    struct uuid tenant;
    const char *forwarding_source; /* the owner's line that forwards here; NULL: none */
    bool primary;                  /* instead of the one that is */
    const char *actor;             /* for the audit log */
};
/* ENOENT: no such number or tenant; EBUSY: it belongs to a tenant, is shared or in quarantine from
 * another tenant; EEXIST: another number has that forwarding_source. The same again is fine. */
void numbers_assign(struct db *db, const struct number_assignment *assignment, db_end_fn *on_end,
                    void *arg, struct op **slot);
/* ENOENT: it is nobody's. */
void numbers_release(struct db *db, const char *number, const char *actor, db_end_fn *on_end,
                     void *arg, struct op **slot);
