/* store/sessions.h: who is signed in where: sessions begun, renewed, moved to another tenant,
 * ended.
 *
 * A session is known by its refresh token, 32 random bytes, of which the database has the SHA-256
 * only. Each use of it gives a new one; one that was used comes again only when somebody stole it,
 * from its owner or by him, and ends the session. For SESSION_GRACE_SECONDS it may come again all
 * the same: two tabs may renew at once, and an answer may be lost on its way.
 *
 *                 .-- renewed: next generation --.
 *                 v                              |
 *   begun ---> good -----------------------------'
 *                 |-- signed out, ended by its person, too many, moved, reused --> over
 *                 '-- not used for `days` --> over */
#pragma once
#include "store/json.h"

enum {
    SESSION_TOKEN_BYTES = 32, /* random ones, before base64url */
    SESSION_TOKEN_TEXT_BYTES = SESSION_TOKEN_BYTES * 4 / 3 + 2,
    SESSION_GRACE_SECONDS = 10,
    SESSION_DEVICE_BYTES_MAX = 400,
    SESSIONS_PER_PERSON_MAX = 50, /* one more ends the longest unseen */
};

/* What the API answers with: borrowed until the callback returns. */
struct session {
    struct uuid tenant, user, id;
    const char *phone;
    bool cookies;    /* it is held in cookies */
    struct str json; /* {"user": {...}, "tenants": [...]}, without the braces */
    bool is_new;     /* the person's first: a tenant was made */
    bool has_joined; /* the invite whose link was given was accepted */
    char token[SESSION_TOKEN_TEXT_BYTES]; /* the refresh token */
};
typedef void session_fn(int err, const struct session *session, void *arg);

/* A phone was verified. Without any tenant it gets one, on trial, as its owner. The session begins
 * in the tenant that was used last, or in the one whose invite is accepted with it: by its link,
 * never for the phone alone, since whoever knows a number could invite it. */
struct session_begin {
    const char *phone;      /* E.164 */
    const char *language;   /* of a new tenant and its owner */
    const char *timezone;   /* of a new tenant */
    const char *owner_name; /* how Karen calls the owner until he says his name */
    const char *device;     /* NULL: not known */
    const char *invite;     /* what the link ended in; NULL: none was opened */
    bool cookies;
    int64_t days;
};
void sessions_begin(struct db *db, const struct session_begin *begin, session_fn *on_session,
                    void *arg, struct op **slot);
/* ENOENT: no such token; ETIME: the session is over; EPERM: the token was used before, and now the
 * session is over. */
void sessions_renew(struct db *db, struct str token, int64_t days, session_fn *on_session,
                    void *arg, struct op **slot);
/* ENOENT: the person is not in that tenant. */
void sessions_switch(struct db *db, struct uuid tenant, struct uuid session, struct uuid target,
                     int64_t days, session_fn *on_session, void *arg, struct op **slot);
/* By its refresh token, any of its life. ENOENT: there is none, or it had ended. */
void sessions_end_by_token(struct db *db, struct str token, db_end_fn *on_end, void *arg,
                           struct op **slot);

/* Of one person. */
struct session_owner {
    struct uuid tenant, user;
    struct uuid current; /* the one that asks */
    const char *actor;
};
void sessions_list_json(struct db *db, const struct session_owner *owner, db_json_fn *on_json,
                        void *arg, struct op **slot);
void sessions_end(struct db *db, const struct session_owner *owner, struct uuid session,
                  db_end_fn *on_end, void *arg, struct op **slot); /* ENOENT */
/* All but the current one: {"ended": n}. */
void sessions_end_others(struct db *db, const struct session_owner *owner, db_json_fn *on_json,
                         void *arg, struct op **slot);
