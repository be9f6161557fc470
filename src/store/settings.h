/* store/settings.h: one setting of a tenant by its name, as a person or a shell writes it.
 *
 *   the tenant's   name owner_name owner_spoken formality system_prompt greeting_text voice_id
 *                  language forward_number marketing_email timezone vip_names (one a line)
 *                  call_seconds_max retention_calls_days retention_transcripts_days
 *                  retention_recordings_days retention_audit_days
 *   the operator's plan status suspended_reason trial_ends_at unpaid_since usage_anchor limit_calls
 *                  limit_members limit_numbers
 *
 * An empty value clears what may be empty. */
#pragma once
#include "base/buf.h"

struct tenant_setting {
    struct str name, value;
};
/* EINVAL: *why_out (static) says what is wrong with it. */
int tenant_setting_check(struct tenant_setting setting, const char **why_out);
