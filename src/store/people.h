/* store/people.h: who asks: one look that finds a session or an API key still good, with whatever
 * the guard must know of its person, read anew at each request so that nothing stale is believed.
 * And the people of a tenant, as they see themselves and each other. */
#pragma once
#include "rules/roles.h"
#include "store/json.h"

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

/* ---- oneself -------------------------------------------------------------------------------- */

void people_me_json(struct db *db, struct uuid tenant, struct uuid user, db_json_fn *on_json,
                    void *arg, struct op **slot);
/* changes: {"name": ..., "language": ...}, RFC 7396. if_match: -1: whatever the version is. */
void people_change_me(struct db *db, struct uuid tenant, struct uuid user, const char *changes,
                      int64_t if_match, const char *actor, db_json_fn *on_json, void *arg,
                      struct op **slot); /* ESTALE */
void people_tenants_json(struct db *db, struct uuid tenant, struct uuid user, db_json_fn *on_json,
                         void *arg, struct op **slot);

/* ---- each other ----------------------------------------------------------------------------- */

struct people_page {
    int64_t limit;
    const char *cursor; /* NULL: from the beginning */
};
/* EINVAL: it is no cursor of this list. */
void people_members_json(struct db *db, struct uuid tenant, const struct people_page *page,
                         db_json_fn *on_json, void *arg, struct op **slot);

struct member_change {
    struct uuid tenant, user;
    enum role by; /* the role of whoever does it */
    const char *actor;
    int64_t if_match;
};
/* EPERM: not for that role to do; EBUSY: he is the last owner; ENOENT, ESTALE. */
void people_set_role(struct db *db, const struct member_change *change, enum role role,
                     db_json_fn *on_json, void *arg, struct op **slot);
/* His sessions end at once, and with him go the keys that he made. Errors as above. */
void people_remove(struct db *db, const struct member_change *change, db_end_fn *on_end, void *arg,
                   struct op **slot);
/* ... of his own will: EBUSY only. */
void people_leave(struct db *db, struct uuid tenant, struct uuid user, const char *actor,
                  db_end_fn *on_end, void *arg, struct op **slot);

/* Forgets sessions, used tokens, invites, answers to repeated requests and counted limits that
 * nobody can need any more. */
void people_sweep(struct db *db, db_end_fn *on_end, void *arg, struct op **slot);
