/* store/numbers.h: telephone numbers: whose call is it, the pool they come from, and the quarantine
 * a released one goes through, because its last owner's phone may still forward to it. */
#pragma once
#include "store/service.h"

enum {
    NUMBER_QUARANTINE_DAYS = 60, /* longer than a forgotten forwarding is likely to ring */
    NUMBERS_LIST_MAX = 10000,
};

/* Everything the routing rules need, in one round trip. They decide; this only knows. */
struct route_query {
    const char *to;             /* E.164; NULL or "" when the carrier did not say */
    const char *forwarded_from; /* normalised; NULL or "" */
    struct uuid default_tenant; /* nil: the operator has configured none */
};
struct route_candidate {
    struct tenant tenant;
    struct tenant_usage usage;
    int64_t live_calls; /* of that tenant, in progress now */
};
struct routes { /* in the order of the rules; NULL: none */
    const struct route_candidate *by_number;
    const struct route_candidate *by_forwarding;
    const struct route_candidate *by_default;
    bool shared; /* `to` is a number that tenants share: only forwarding or a code tells whose */
};
typedef void routes_fn(int err, const struct routes *routes, void *arg); /* in the arena */
void numbers_route(struct db *db, const struct route_query *query, struct arena *arena,
                   routes_fn *on_routes, void *arg, struct op **slot);

/* The operator's, on a db without DB_ROLE_APP. */
enum number_state { NUMBER_FREE, NUMBER_ASSIGNED, NUMBER_QUARANTINED, NUMBER_SHARED };
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
