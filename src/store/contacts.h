/* store/contacts.h: people the tenant knows, by number: VIPs, blocked ones, names. */
#pragma once
#include "store/tokens.h"

enum { CONTACTS_LIST_MAX = 1000, CONTACT_NAME_BYTES_MAX = 200, CONTACT_NOTES_BYTES_MAX = 2000 };

struct contact {
    struct uuid id;           /* nil in contacts_put(): chosen there */
    const char *phone;        /* E.164 */
    const char *name, *notes; /* NULL: none */
    enum contact_kind kind;   /* not CONTACT_NONE */
};
/* One a phone: put again, it replaces what stood there. */
void contacts_put(struct db *db, struct uuid tenant, const struct contact *contact,
                  db_end_fn *on_end, void *arg, struct op **slot);
void contacts_remove(struct db *db, struct uuid tenant, const char *phone, db_end_fn *on_end,
                     void *arg, struct op **slot); /* ENOENT */
typedef void contacts_fn(int err, const struct contact *contacts, size_t count, void *arg);
void contacts_list(struct db *db, struct uuid tenant, struct arena *arena, contacts_fn *on_contacts,
                   void *arg, struct op **slot);
