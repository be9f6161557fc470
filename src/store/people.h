/* store/people.h: who asks: one look that finds a session or an API key still good, with whatever
 * the guard must know of its person, read anew at each request so that nothing stale is believed.
 */
#pragma once
#include "rules/roles.h"
#include "store/db.h"

enum { PRINCIPAL_SCOPES_BYTES_MAX = 512 };

struct principal {
    enum principal_kind { PRINCIPAL_NOBODY, PRINCIPAL_PERSON, PRINCIPAL_KEY } kind;
    struct uuid tenant;
    struct uuid user;    /* of a key: who made it */
    struct uuid session; /* of a person */
    struct uuid key;     /* of a key */
    enum role role;
    bool is_operator;
    char phone[17];                          /* E.164, of a person */
    char scopes[PRINCIPAL_SCOPES_BYTES_MAX]; /* of a key, one space between */
};
typedef void principal_fn(int err, const struct principal *principal, void *arg);

/* ENOENT: the session was ended, is over, or its person is gone. */
void people_find_session(struct db *db, struct uuid tenant, struct uuid session,
                         principal_fn *on_principal, void *arg, struct op **slot);
/* hash: SHA-256 of the key. ENOENT: unknown, over or withdrawn. */
void people_find_key(struct db *db, struct str hash, principal_fn *on_principal, void *arg,
                     struct op **slot);
