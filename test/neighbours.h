/* test/neighbours.h: Jan and Eva, two tenants side by side on a bench, and what the store answers,
 * waited for: what most of its tests begin with. */
#pragma once
#include "store/calls.h"
#include "test/json_at.h"
#include "test/postgres.h"

extern struct bench bench;
extern struct uuid jan, eva;
extern struct ending ending;       /* for what only ends */
int neighbours_open(void **state); /* nobody but the two, no number, no call */
int neighbours_close(void **state);

/* The newest answer in JSON: on_answer() with a NULL as callback, then answered(): its error. What
 * was answered before is freed. */
extern struct answer {
    bool done;
    int err;
    cJSON *json; /* NULL: an error */
} answer;
void on_answer(int err, struct str json, void *arg); /* arg: an answer of one's own, or NULL */
int answered(void);
const char *value(const char *path); /* json_text_at() of it */
int count(const char *path);         /* of the items there */

/* A call as the carrier's webhook begins it. */
struct begun {
    bool done;
    int err;
    struct call_begun call;
};
void on_begun(int err, const struct call_begun *call, void *arg);
struct begun begin(struct uuid tenant, const char *sid); /* +420601000001 calls +420800000001 */
