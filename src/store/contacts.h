/* store/contacts.h: people the tenant knows, by number: VIPs, blocked ones, names. Answers are JSON
 * by the contract's schemas. */
#pragma once
#include "store/json.h"

enum {
    CONTACTS_MAX = 20000, /* of one tenant */
    CONTACTS_PAGE_MAX = 200,
};

struct contacts_filter {
    const char *words;  /* as somebody typed them: of name, company, notes, number; NULL: any */
    const char *kind;   /* NULL: any */
    const char *cursor; /* from a page before */
    int64_t limit;      /* 1 to CONTACTS_PAGE_MAX */
};
/* {"items": [Contact ...], "next_cursor": text or null}, by name, the nameless at the end. EINVAL:
 * the cursor is none. */
void contacts_list(struct db *db, struct uuid tenant, const struct contacts_filter *filter,
                   db_json_fn *on_json, void *arg, struct op **slot);
/* ContactDetail: with how often it called and its newest calls. ENOENT. */
void contacts_get(struct db *db, struct uuid tenant, struct uuid contact, db_json_fn *on_json,
                  void *arg, struct op **slot);
/* json: an object with a phone or a call_id, whose caller it is then, and any of name, company,
 * kind, notes, language; what is absent is taken from the call. EEXIST: the number has a contact;
 * EDQUOT: there are CONTACTS_MAX; EINVAL: no such call, or its number is not known. */
void contacts_make(struct db *db, struct uuid tenant, const char *json, const char *actor,
                   db_json_fn *on_json, void *arg, struct op **slot);

struct contact_change {
    struct uuid tenant, contact;
    const char *json;   /* any of name, company, kind, notes, language; null clears */
    int64_t if_version; /* -1: whichever it is */
    const char *actor;
};
void contacts_change(struct db *db, const struct contact_change *change, db_json_fn *on_json,
                     void *arg, struct op **slot); /* ENOENT, ESTALE */
/* json plays no part. ENOENT, ESTALE. */
void contacts_remove(struct db *db, const struct contact_change *change, db_end_fn *on_end,
                     void *arg, struct op **slot);
