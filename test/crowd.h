/* test/crowd.h: people who sign in, renew and look around, straight at the store: each call waits
 * for its answer. */
#pragma once
#include "store/people.h"
#include "store/sessions.h"
#include "test/postgres.h"

enum { DAYS = 90 };
static const char jans[] = "+420601000001", evas[] = "+420601000002"; /* phones */

extern struct bench crowd_bench;
extern struct ending crowd_ending; /* for what only ends */
int crowd_open(void **state);      /* with no tenants, no operators */
int crowd_close(void **state);

struct crowd_session {
    bool done;
    int err;
    struct session session; /* without its phone; json is below */
    char json[2000];
};
struct crowd_session crowd_sign_in(const char *phone);
struct crowd_session crowd_renew(const char *token);
struct crowd_session crowd_switch(const struct crowd_session *from, struct uuid target);
/* Made a member behind the store's back, then signed in: perhaps elsewhere. */
struct crowd_session crowd_join(struct uuid tenant, const char *phone, const char *role);

struct crowd_found {
    bool done;
    int err;
    struct principal who;
};
struct crowd_found crowd_find(struct uuid tenant, struct uuid session);
int crowd_find_err(const struct crowd_session *in);
struct crowd_found crowd_find_key(const char *key);

/* For answers as JSON: crowd_on_json() with one as its arg, then crowd_told(): its err. */
struct crowd_told {
    bool done;
    int err;
    char json[4000];
};
void crowd_on_json(int err, struct str json, void *arg);
int crowd_told(struct crowd_told *told);

const char *crowd_id(struct uuid id); /* static, four at a time */
bool crowd_says(const char *json, const char *what);

/* What the callback of sessions_begin() and its like fills in. */
void crowd_on_session(int err, const struct session *session, void *arg);
struct session_begin crowd_begin(const char *phone);
