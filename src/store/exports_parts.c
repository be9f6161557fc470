/* store/exports_parts.c: what of a tenant is exported, and in which columns: everything that was
 * said, set or done, and nothing that opens a door (hashes, tokens). */
#include "store/exports.h"

#include "store/store_private.h"

#include <assert.h>

/* Pages go by the key behind the tenant, so that each begins where the one before ended: keys and
 * after are that key's columns and what they must be greater than. */
#define PART(columns, table, keys, after)                                                          \
    "SELECT row_to_json(r)::text, jsonb_build_array(" keys ")::text"                               \
    " FROM (SELECT t.* FROM " table " t WHERE t.tenant_id = $1 AND (" keys ") > (" after ")"       \
    "  ORDER BY " keys " LIMIT $3::bigint) t CROSS JOIN LATERAL (SELECT " columns ") r"            \
    " ORDER BY " keys
#define AFTER_UUID(place)                                                                          \
    "coalesce(($2::jsonb ->> " place ")::uuid, '00000000-0000-0000-0000-000000000000')"
#define AFTER_TEXT(place) "coalesce($2::jsonb ->> " place ", '')"
#define AFTER_WHOLE(place) "coalesce(($2::jsonb ->> " place ")::bigint, -1)"
#define PART_BY_ID(columns, table) PART(columns, table, "t.id", AFTER_UUID("0"))

static const struct part {
    const char *name, *sql;
} parts[] = {
    {"tenant",
     PART_BY_ID(
         "t.id, t.name, t.owner_name, t.owner_spoken, t.formality, t.language, t.timezone,"
         " t.system_prompt, t.greeting_text, t.voice_id, t.vip_names, t.marketing_email,"
         " t.forward_number, t.call_seconds_max, t.retention_calls_days,"
         " t.retention_transcripts_days, t.retention_recordings_days, t.retention_audit_days,"
         " t.plan, t.status, t.trial_ends_at, t.created_at, t.updated_at",
         "(SELECT *, id AS tenant_id FROM tenants)")},
    {"people",
     PART_BY_ID("t.id, t.phone, t.name, t.role, t.language, t.last_login_at, t.created_at",
                "users")},
    {"sessions",
     PART_BY_ID("t.id, t.user_id, t.kind, t.device, t.created_at, t.last_seen_at, t.expires_at,"
                " t.revoked_at",
                "user_sessions")},
    {"invites",
     PART_BY_ID("t.id, t.phone, t.role, t.invited_by, t.created_at, t.expires_at, t.accepted_at",
                "invites")},
    {"api_keys",
     PART_BY_ID("t.id, t.name, t.prefix, t.scopes, t.made_by, t.created_at, t.expires_at,"
                " t.last_used_at, t.revoked_at",
                "api_keys")},
    {"numbers",
     PART_BY_ID("t.twilio_number AS number, t.forwarding_source, t.is_primary, t.created_at",
                "tenant_phone_numbers")},
    {"contacts",
     PART_BY_ID("t.id, t.phone, t.name, t.company, t.kind, t.language, t.notes, t.created_at,"
                " t.updated_at",
                "contacts")},
    {"calls",
     PART_BY_ID(
         "t.id, t.from_number, t.to_number, t.forwarded_from, t.status, t.ended_reason, t.service,"
         " t.started_at, t.ended_at, t.duration_seconds, t.label, t.lead, t.urgency,"
         " t.needs_follow_up, t.label_correction, t.lead_correction, t.viewed_at, t.resolved_at,"
         " t.assigned_to, t.starred, t.note, t.deleted_at",
         "calls")},
    {"transcripts",
     PART("t.call_id, t.seq, t.speaker, t.kind, t.start_ms, t.end_ms, t.interrupted, t.confidence,"
          " t.text",
          "call_turns", "t.call_id, t.seq", AFTER_UUID("0") ", " AFTER_WHOLE("1"))},
    {"orders",
     PART_BY_ID("t.id, t.call_id, t.kind, t.text, t.to_number, t.asked_by, t.state, t.why,"
                " t.created_at, t.ended_at",
                "call_orders")},
    {"screenings",
     PART("t.call_id, t.legitimacy, t.lead, t.urgency, t.intent, t.caller_name, t.company,"
          " t.callback_number, t.summary, t.needs_follow_up, t.asked_for_person, t.confidence,"
          " t.screened_at",
          "call_screenings", "t.call_id", AFTER_UUID("0"))},
    {"messages",
     PART("t.call_id, t.caller_name, t.company, t.callback_number, t.reason, t.urgent, t.taken_at",
          "call_messages", "t.call_id, t.tool_call_id", AFTER_UUID("0") ", " AFTER_TEXT("1"))},
    {"call_events", PART("t.call_id, t.at, t.kind, t.detail", "call_events", "t.call_id, t.id",
                         AFTER_UUID("0") ", " AFTER_UUID("1"))},
    {"rules", PART_BY_ID("t.id, t.position, t.name, t.enabled, t.body, t.created_at, t.updated_at",
                         "rules")},
    {"rule_settings", PART("t.holiday_countries, t.own_holidays, t.mode, t.mode_until",
                           "rule_settings", "t.tenant_id", AFTER_UUID("0"))},
    {"text_versions",
     PART("t.kind, t.version, t.text, t.made_by, t.made_at", "tenant_text_versions",
          "t.kind, t.version", AFTER_TEXT("0") ", " AFTER_WHOLE("1"))},
    {"rehearsals",
     PART_BY_ID("t.id, t.status, t.language, t.system_prompt, t.greeting_text, t.scenarios,"
                " t.made_by, t.created_at, t.ended_at",
                "rehearsals")},
    {"rehearsal_results",
     PART("t.rehearsal_id, t.scenario, t.status, t.error, t.checks, t.transcript, t.ended_at",
          "rehearsal_results", "t.rehearsal_id, t.scenario", AFTER_UUID("0") ", " AFTER_TEXT("1"))},
    {"usage", PART("t.call_id, t.kind, t.provider, t.model, t.quantity, t.cost_micro, t.at",
                   "usage_ledger", "t.key", AFTER_TEXT("0"))},
    {"audit_log", PART_BY_ID("t.id, t.at, t.actor, t.action, t.subject, t.change", "audit_log")},
};

size_t export_part_count(void)
{
    return countof(parts);
}

const char *export_part_name(size_t part)
{
    assert(part < countof(parts));
    return parts[part].name;
}

struct page_context {
    export_page_fn *on_page;
    void *arg;
};

static void on_page_rows(int err, const struct db_rows *rows, void *arg)
{
    const struct page_context *context = arg;
    struct str list[EXPORT_PAGE_ROWS];
    struct export_page page = {.rows = list, .count = err ? 0 : db_row_count(rows)};
    for (size_t i = 0; i < page.count; i++)
        list[i] = db_get_str(rows, i, 0);
    if (page.count)
        page.after = db_get_str(rows, page.count - 1, 1);
    context->on_page(err, err ? NULL : &page, context->arg);
}

void exports_page(struct db *db, struct uuid tenant, size_t part, const char *after,
                  export_page_fn *on_page, void *arg, struct op **slot)
{
    assert(part < countof(parts));
    const struct page_context context = {on_page, arg};
    const struct db_value values[] = {db_uuid(tenant), db_text(after), db_int(EXPORT_PAGE_ROWS)};
    const struct db_statement statement = {parts[part].sql, values, countof(values)};
    db_run(db, &(struct db_unit){tenant, &statement, 1, &context, sizeof(context)}, on_page_rows,
           NULL, slot);
}
