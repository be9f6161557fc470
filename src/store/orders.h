/* store/orders.h: what people want of calls that go on: given by the API on any machine, taken by
 * the worker that carries the call, and how it ended.
 *
 *   orders_give --> pending --orders_take--> pending, taken --orders_end--> done or refused
 *                      |                           |
 *                      '-- orders_lose(), or the call ends --> lost */
#pragma once
#include "call/core.h"
#include "store/json.h"

enum {
    ORDER_TAKE_MS = 1500,      /* who carries the call hears of an order at once */
    ORDER_LONGEST_MS = 180000, /* no order is under way for longer: its worker has died */
};

const char *order_kind_code(enum order_kind kind);                /* "say" ... */
int order_kind_parse(struct str code, enum order_kind *kind_out); /* EINVAL */

struct order_give {
    struct uuid tenant, id, call;
    const char *kind;
    const char *text;      /* of say and whisper */
    const char *to_number; /* of a transfer: of a person of the tenant; NULL: the tenant's own */
    struct uuid user;      /* who wants it */
    const char *actor;     /* who wants it, for the audit log */
};
/* The order, as the contract's schema Order. ENOENT: no such call; EALREADY: it is over; EINVAL:
 * the number is no person's of the tenant; ENOTSUP: the tenant has no number to put through to. */
void orders_give(struct db *db, const struct order_give *order, db_json_fn *on_json, void *arg,
                 struct op **slot);
void orders_get(struct db *db, struct uuid tenant, struct uuid call, struct uuid order,
                db_json_fn *on_json, void *arg, struct op **slot);

/* An order was given: the payload of orders_listen(). EINVAL: it is none. */
struct order_news {
    struct uuid tenant, call, id;
};
int orders_parse(struct str payload, struct order_news *news_out);
void orders_listen(struct db *db, db_notify_fn *fn, void *arg);

struct order_taken { /* texts borrowed until the callback returns */
    enum order_kind kind;
    struct str text;
    const char *to_number; /* NULL: not a transfer */
};
typedef void order_taken_fn(int err, const struct order_taken *taken, void *arg);
/* It is ours to carry out. ENOENT: somebody has it already, or it is over. */
void orders_take(struct db *db, const struct order_news *order, order_taken_fn *on_taken, void *arg,
                 struct op **slot);
/* why: a word; NULL where all went well. Known better than being lost, but nothing else is changed
 * any more: ENOENT. */
enum order_state { ORDER_DONE, ORDER_REFUSED, ORDER_LOST, ORDER_STATES };
const char *order_state_code(enum order_state state);
void orders_end(struct db *db, const struct order_news *order, enum order_state state,
                const char *why, db_end_fn *on_end, void *arg, struct op **slot);
/* Those that nobody took, and those that were not ended, in time; how many these were. */
typedef void orders_lost_fn(int err, int64_t orders, void *arg);
void orders_lose(struct db *db, orders_lost_fn *on_lost, void *arg, struct op **slot);
