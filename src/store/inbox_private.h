/* store/inbox_private.h: what a list and a call opened share of a call, the contract's CallRow; and
 * the statements, whose plans are tested. */
#pragma once
#include "store/inbox.h"

/* Of the schema's view inbox_rows, called i. */
#define INBOX_ROW                                                                                  \
    "i.id, i.version, i.state, i.\"group\", i.started_at, i.duration_seconds, i.from_number,"      \
    " i.name, i.company, i.contact, i.reason, i.urgency, i.label, i.confidence, i.lead,"           \
    " i.corrected, i.callback_number, i.needs_follow_up, i.has_message, i.viewed, i.starred,"      \
    " i.assigned_to, i.deleted_at"

/* The one that is quickest for such a filter: by time, by who called, by words. */
struct inbox_statements {
    const char *plain, *caller, *words;
};
extern const struct inbox_statements inbox_list_sql, inbox_export_sql;
extern const char inbox_counts_sql[], inbox_get_sql[];
