/* store/tokens.c: a token used up and the call behind it loaded, in one round trip. */
#include "store/tokens.h"

#include "base/hash.h"
#include "store/store_private.h"

#include <errno.h>

struct redeem_context {
    struct arena *arena;
    call_opened_fn *on_opened;
    void *arg;
};

/* As redeem_stream_token() of the schema answers. */
static int outcome_error(struct str outcome)
{
    static const struct {
        const char *outcome;
        int err;
    } outcomes[] = {
        {"ok", 0},          {"unknown", ENOENT}, {"mismatch", EPERM},
        {"used", EALREADY}, {"expired", ESTALE},
    };
    for (size_t i = 0; i < countof(outcomes); i++)
        if (str_is(outcome, outcomes[i].outcome))
            return outcomes[i].err;
    return EPROTO;
}

static void read_opened(const struct db_rows *rows, struct arena *arena, struct call_opened *opened)
{
    size_t column = CALL_COLUMN_COUNT + TENANT_COLUMN_COUNT;
    call_row(rows, 0, 0, arena, &opened->call);
    tenant_row(rows, 0, CALL_COLUMN_COUNT, arena, &opened->tenant);
    opened->snapshot = db_get_bytes(rows, 0, column, arena);
    opened->last_seq = (uint32_t)db_get_int(rows, 0, column + 1);
    opened->contact = contact_kind_of(db_get_str(rows, 0, column + 2));
    opened->contact_name = db_get_text(rows, 0, column + 3, arena);
    opened->handling = str_of(db_get_text(rows, 0, column + 4, arena));
}

static void on_redeemed(int err, const struct db_rows *rows, void *arg)
{
    const struct redeem_context *context = arg;
    struct call_opened opened = {0};
    if (!err)
        err = outcome_error(db_get_str(db_rows_of(rows, 0), 0, 0));
    if (!err)
        err = store_any_row(rows);
    if (!err) {
        opened.resumed = db_get_bool(db_rows_of(rows, 0), 0, 1);
        read_opened(rows, context->arena, &opened);
        if (opened.call.status != STATUS_IN_PROGRESS)
            err = ESHUTDOWN;
    }
    context->on_opened(err, err ? NULL : &opened, context->arg);
}

void tokens_redeem(struct db *db, struct str token, const char *call_sid, struct arena *arena,
                   call_opened_fn *on_opened, void *arg, struct op **slot)
{
    static const char redeem_sql[] =
        "SELECT outcome, is_resumed FROM redeem_stream_token($1::bytea, $2::text)";
    static const char load_sql[] =
        "SELECT " CALL_COLUMNS ", " TENANT_COLUMNS ", s.snapshot,"
        " (SELECT max(seq) FROM call_turns l WHERE l.tenant_id = c.tenant_id AND l.call_id = c.id),"
        " k.kind, k.name, c.handling::text"
        " FROM calls c JOIN tenants t ON t.id = c.tenant_id"
        " LEFT JOIN call_snapshots s ON s.tenant_id = c.tenant_id AND s.call_id = c.id"
        " LEFT JOIN contacts k ON k.tenant_id = c.tenant_id AND k.phone = c.from_number"
        " WHERE c.tenant_id = karen_tenant() AND c.call_sid = $1";
    uint8_t hash[SHA256_BYTES];
    sha256(token, hash);
    const struct db_value redeem_values[] = {db_bytes(hash, sizeof(hash)), db_text(call_sid)};
    const struct db_value load_values[] = {db_text(call_sid)};
    const struct db_statement statements[] = {{redeem_sql, redeem_values, 2},
                                              {load_sql, load_values, 1}};
    const struct redeem_context context = {arena, on_opened, arg};
    db_run(db, &(struct db_unit){{{0}}, statements, 2, &context, sizeof(context)}, on_redeemed,
           NULL, slot);
}
