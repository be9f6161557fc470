/* app/orders.h: carries out the orders to calls of this worker: hears of each, takes those to calls
 * that are live here, has the switchboard do them, and writes how they ended. */
#pragma once
#include "api/metrics.h"
#include "line/switchboard.h"
#include "net/loop.h"
#include "store/db.h"

#include <stdbool.h>

struct orders;
struct orders_options {
    struct loop *loop;
    struct db *db;
    struct switchboard *board;
    bool sweeps; /* one worker of a machine looks for orders that nobody took */
};
struct orders *orders_new(const struct orders_options *options);
void orders_free(struct orders **orders); /* before the switchboard */
void orders_publish(const struct orders *orders, struct metrics_slot *slot);
