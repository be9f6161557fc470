/* store/contacts.c: people the tenant knows. */
#include "store/contacts.h"

#include "store/store_private.h"

#include <assert.h>
#include <errno.h>

static const char *const kind_codes[] = {"", "normal", "vip", "blocked"}; /* enum contact_kind */

enum contact_kind contact_kind_of(struct str code)
{
    int kind = store_code(kind_codes, countof(kind_codes), code);
    return kind < 0 ? CONTACT_NONE : (enum contact_kind)kind;
}

void contacts_put(struct db *db, struct uuid tenant, const struct contact *contact,
                  db_end_fn *on_end, void *arg, struct op **slot)
{
    static const char sql[] =
        "INSERT INTO contacts (tenant_id, id, phone, name, kind, notes)"
        " VALUES ($1, coalesce($2::uuid, gen_random_uuid()), $3, $4, $5, $6)"
        " ON CONFLICT (tenant_id, phone) DO UPDATE SET name = excluded.name, kind = excluded.kind,"
        "  notes = excluded.notes, updated_at = now()";
    assert(contact->kind != CONTACT_NONE);
    const struct db_value values[] = {db_uuid(tenant),
                                      db_uuid(contact->id),
                                      db_text(contact->phone),
                                      db_text(contact->name),
                                      db_text(kind_codes[contact->kind]),
                                      db_text(contact->notes)};
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db, &(struct db_unit){.tenant = tenant, .statements = &statement, .count = 1}, NULL,
                on_end, arg, slot);
}

void contacts_remove(struct db *db, struct uuid tenant, const char *phone, db_end_fn *on_end,
                     void *arg, struct op **slot)
{
    static const char sql[] =
        "DELETE FROM contacts WHERE tenant_id = $1 AND phone = $2 RETURNING id";
    const struct db_value values[] = {db_uuid(tenant), db_text(phone)};
    const struct db_statement statement = {sql, values, countof(values)};
    store_write(db, &(struct db_unit){.tenant = tenant, .statements = &statement, .count = 1},
                store_any_row, on_end, arg, slot);
}

struct list_context {
    struct arena *arena;
    contacts_fn *on_contacts;
    void *arg;
};

static void on_contact_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct list_context *context = arg;
    struct arena *arena = context->arena;
    size_t count = err ? 0 : db_row_count(rows);
    struct contact *contacts = arena_alloc(arena, count * sizeof(*contacts));
    for (size_t i = 0; i < count; i++)
        contacts[i] = (struct contact){
            .id = db_get_uuid(rows, i, 0),
            .phone = db_get_text(rows, i, 1, arena),
            .name = db_get_text(rows, i, 2, arena),
            .kind = contact_kind_of(db_get_str(rows, i, 3)),
            .notes = db_get_text(rows, i, 4, arena),
        };
    context->on_contacts(err, err ? NULL : contacts, count, context->arg);
}

void contacts_list(struct db *db, struct uuid tenant, struct arena *arena, contacts_fn *on_contacts,
                   void *arg, struct op **slot)
{
    static const char sql[] = "SELECT id, phone, name, kind, notes FROM contacts"
                              " WHERE tenant_id = $1 ORDER BY name NULLS LAST, phone LIMIT $2";
    const struct db_value values[] = {db_uuid(tenant), db_int(CONTACTS_LIST_MAX)};
    const struct db_statement statement = {sql, values, countof(values)};
    const struct list_context context = {arena, on_contacts, arg};
    db_run(db, &(struct db_unit){tenant, &statement, 1, &context, sizeof(context)}, on_contact_rows,
           NULL, slot);
}
