/* store/invites.h: people asked to join a tenant. An invite is for one phone: its link alone opens
 * nothing, and the phone alone joins nobody: whoever signs in with it accepts by opening the link,
 * or when asked.
 *
 *   made --accepted--> a member; inviting the same phone again makes it anew (another link, another
 *   week); withdrawn or declined: gone */
#pragma once
#include "rules/roles.h"
#include "store/json.h"

enum {
    INVITE_TOKEN_BYTES = 32,
    INVITE_TOKEN_TEXT_BYTES = INVITE_TOKEN_BYTES * 4 / 3 + 2,
    INVITE_DAYS = 7,
    INVITES_OPEN_MAX = 50, /* of a tenant */
};

struct invite_make {
    struct uuid tenant, by; /* by: who invites */
    const char *phone;      /* E.164 */
    enum role role;
    const char *token; /* what the link ends in */
    const char *actor;
};
/* EEXIST: that phone is a member already; EDQUOT: too many are open; ENOSPC: members and open
 * invites are as many as the plan has. */
void invites_make(struct db *db, const struct invite_make *make, db_json_fn *on_json, void *arg,
                  struct op **slot);
/* An open one made anew: a new link, a new week. ENOENT. */
void invites_renew(struct db *db, struct uuid tenant, struct uuid invite, const char *token,
                   const char *actor, db_json_fn *on_json, void *arg, struct op **slot);
/* ENOENT: it was accepted, withdrawn, or never made. */
void invites_withdraw(struct db *db, struct uuid tenant, struct uuid invite, const char *actor,
                      db_end_fn *on_end, void *arg, struct op **slot);
/* The open ones, newest first, those that are over too. */
void invites_list_json(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                       struct op **slot);

/* As whoever holds the link may see it. ENOENT: it is over, or was none. */
void invites_show_json(struct db *db, struct str token, db_json_fn *on_json, void *arg,
                       struct op **slot);
/* A person of a tenant joins another: {"tenant_id": ...}. ENOENT; EPERM: it is for another phone.
 */
void invites_accept(struct db *db, struct uuid tenant, struct uuid user, struct str token,
                    db_json_fn *on_json, void *arg, struct op **slot);

/* Those that wait for a person's answer, and the answer, without a link: {"tenant_id": ...} of who
 * invited. ENOENT: there is none, or it is over. */
void invites_of_person_json(struct db *db, struct uuid tenant, struct uuid user,
                            db_json_fn *on_json, void *arg, struct op **slot);
void invites_answer(struct db *db, struct uuid tenant, struct uuid user, struct uuid invite,
                    bool accepted, db_json_fn *on_json, void *arg, struct op **slot);
