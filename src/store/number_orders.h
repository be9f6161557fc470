/* store/number_orders.h: numbers on their way: asked for by a tenant or for the pool, bought at the
 * carrier, taken over from it, given back to it. Each order is a durable job; doing it is
 * app/number_orderer's.
 *
 *   searching -> buying -> active             import: searching -> active
 *       ^--------'  '--> waiting_for_bundle   release: releasing -> released
 *   and from each of them: failed; cancelled before anything is bought */
#pragma once
#include "rules/number_kind.h"
#include "store/json.h"

enum {
    NUMBER_ORDERS_A_DAY_MAX = 5, /* of one tenant */
    NUMBER_ORDERS_CLAIM_MAX = 8,
};

/* Answers the order. wish: {"country":"CZ","kind":"local","contains":"88","number":"+420...",
 * "is_primary":true}, by the contract; what the pool has is given at once. tenant nil: for the
 * pool. EPERM: the tenant is not active; ENOSPC: it has as many numbers as its plan allows; EDQUOT:
 * it has ordered too often; EEXIST: that number is in the pool or on its way already. */
void number_orders_place(struct db *db, struct uuid tenant, const char *wish, const char *actor,
                         db_json_fn *on_json, void *arg, struct op **slot);
/* ENOENT; EBUSY: it is being bought, or over. Who is at work at it finds out at its next step. */
void number_orders_cancel(struct db *db, struct uuid tenant, struct uuid order, const char *actor,
                          db_end_fn *on_end, void *arg, struct op **slot);
void number_orders_get_json(struct db *db, struct uuid tenant, struct uuid order,
                            db_json_fn *on_json, void *arg, struct op **slot);
/* The newest first; cursor: of the page before, NULL for the first. EINVAL: it is none. */
void number_orders_list_json(struct db *db, struct uuid tenant, const char *cursor, int64_t limit,
                             db_json_fn *on_json, void *arg, struct op **slot);

/* ---- the operator's, on a db of DB_ROLE_OPERATOR ----------------------------------------------
 */

/* As number_orders_place(), but neither the plan nor the orders of a day bind an operator. */
void number_orders_place_any(struct db *db, struct uuid tenant, const char *wish, const char *actor,
                             db_json_fn *on_json, void *arg, struct op **slot);
void number_orders_cancel_any(struct db *db, struct uuid order, const char *actor,
                              db_end_fn *on_end, void *arg, struct op **slot);
/* A number that is ours at the carrier is taken into the pool, and given to a tenant unless that is
 * nil. ENOENT: no such tenant; EEXIST: it is in the pool already, or on its way. */
struct number_import {
    const char *number;
    struct uuid tenant;
    bool primary; /* of the tenant's numbers */
};
void number_orders_import(struct db *db, const struct number_import *import, const char *actor,
                          db_json_fn *on_json, void *arg, struct op **slot);
/* A number of the pool goes back to the carrier for good. ENOENT; EBUSY: it is a tenant's, or was
 * lately. */
void number_orders_release(struct db *db, const char *number, const char *actor,
                           db_json_fn *on_json, void *arg, struct op **slot);
/* state NULL: all. */
void number_orders_all_json(struct db *db, const char *state, const char *cursor, int64_t limit,
                            db_json_fn *on_json, void *arg, struct op **slot);

/* What numbers of a country and kind are bought with. Answers the papers; orders that wait for them
 * are taken up. */
struct number_papers {
    const char *country, *kind;
    const char *bundle_sid, *address_sid; /* NULL: without */
};
void number_papers_set(struct db *db, const struct number_papers *papers, const char *actor,
                       db_json_fn *on_json, void *arg, struct op **slot);
void number_papers_json(struct db *db, db_json_fn *on_json, void *arg, struct op **slot);

/* ---- the job -------------------------------------------------------------------------------- */

enum number_work { NUMBER_BUY, NUMBER_IMPORT, NUMBER_RELEASE };
enum number_order_state {
    ORDER_SEARCHING,
    ORDER_WAITING_FOR_BUNDLE,
    ORDER_BUYING,
    ORDER_RELEASING,
    ORDER_FAILED,
};
struct number_order {
    struct uuid id, lease;
    struct uuid tenant; /* nil: for the pool */
    enum number_work work;
    enum number_order_state state;
    enum number_kind kind; /* of what is to be bought */
    /* NULL where there is none */
    const char *country, *contains, *wanted;
    const char *number, *twilio_sid; /* claimed, or to be given back */
    const char *bundle_sid, *address_sid;
    int64_t searches; /* that ended with a number that could not be bought */
    int64_t attempts; /* in this state without getting on, this one included */
};
typedef void number_orders_fn(int err, const struct number_order *orders, size_t count, void *arg);
/* Due orders, ours until the lease is over. In the arena. */
void number_orders_claim(struct db *db, int limit, int64_t lease_s, struct arena *arena,
                         number_orders_fn *on_orders, void *arg, struct op **slot);

struct number_step {
    enum number_order_state state;         /* the same: it is tried again */
    const char *why;                       /* ORDER_FAILED: a code; else NULL */
    const char *bundle_sid, *bundle_state; /* NULL: as they were */
    int64_t wait_ms;                       /* before it is taken up again */
};
/* A claimed number that is not bought any more is let go. ESTALE: the lease was over, or the order
 * was cancelled. */
void number_orders_step(struct db *db, const struct number_order *order,
                        const struct number_step *step, db_end_fn *on_end, void *arg,
                        struct op **slot);
/* From now on the order means to buy that one, with its bundle, and no other order does. EEXIST:
 * one does; ESTALE as above. */
void number_orders_take(struct db *db, const struct number_order *order, const char *number,
                        const char *bundle_state, db_end_fn *on_end, void *arg, struct op **slot);
/* It is bought, or found (sid: the carrier's), or given back. ESTALE as above. */
void number_orders_finish(struct db *db, const struct number_order *order, const char *sid,
                          const char *country, db_end_fn *on_end, void *arg, struct op **slot);
/* fn: there may be something to claim. */
void number_orders_listen(struct db *db, db_notify_fn *fn, void *arg);
