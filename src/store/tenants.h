/* store/tenants.h: who Karen answers for, with the settings a call needs. What a plan or a status
 * allows is decided elsewhere. */
#pragma once
#include "store/db.h"

enum {
    TENANT_NAME_BYTES_MAX = 200,
    TENANT_PROMPT_BYTES_MAX = 16000,
    TENANT_GREETING_BYTES_MAX = 600,
    TENANT_VIPS_MAX = 50,
    TENANT_CALL_SECONDS_MIN = 30,
    TENANT_CALL_SECONDS_MAX = 1800,
};

enum tenant_plan { PLAN_TRIAL, PLAN_BASIC, PLAN_PRO, PLAN_COUNT };
enum tenant_status { TENANT_ACTIVE, TENANT_SUSPENDED, TENANT_CANCELLED, TENANT_STATUS_COUNT };
const char *tenant_plan_code(enum tenant_plan plan); /* "trial" ... */
const char *tenant_status_code(enum tenant_status status);

/* Texts are NULL where the tenant has set nothing; all of it lives in the arena that was given. */
struct tenant {
    struct uuid id;
    const char *name;       /* of the customer: a person or a company; never NULL */
    const char *owner_name; /* the person Karen answers for, as she says it; never NULL */
    const char *system_prompt;
    const char *greeting_text;
    const char *voice_id;
    const char *language;       /* "cs", "sk", "en", "de"; never NULL */
    const char *forward_number; /* E.164: where a transfer goes */
    const char *marketing_email;
    const char *timezone; /* "Europe/Prague"; never NULL */
    const char *const *vip_names;
    size_t vip_count;
    int64_t call_seconds_max;
    enum tenant_plan plan;
    enum tenant_status status;
    int64_t created_at_ms;
};
/* tenant is NULL when err; ENOENT: there is none. */
typedef void tenant_fn(int err, const struct tenant *tenant, void *arg);
typedef void tenant_list_fn(int err, const struct tenant *tenants, size_t count, void *arg);

/* arena must stand until the callback has run or was cancelled. */
void tenants_get(struct db *db, struct uuid tenant, struct arena *arena, tenant_fn *on_tenant,
                 void *arg, struct op **slot);

/* A setting by its name: name owner_name system_prompt greeting_text voice_id language
 * forward_number marketing_email timezone vip_names (one a line) call_seconds_max, and the
 * operator's: plan status. An empty value clears what may be empty. */
struct tenant_setting {
    struct str name, value;
};
/* EINVAL: *why_out (static) says what is wrong with it. */
int tenant_setting_check(struct tenant_setting setting, const char **why_out);
bool tenant_setting_is_operators(struct str name);

/* Changes all of them or none; leaves a row in the audit log. actor: who did it, for that row.
 * EINVAL for what tenant_setting_check() refuses; EACCES: an operator's setting by a worker. */
void tenants_set(struct db *db, struct uuid tenant, const struct tenant_setting *settings,
                 size_t count, const char *actor, db_end_fn *on_end, void *arg, struct op **slot);

/* The operator's, on a db without DB_ROLE_APP. tenants_add() takes settings as tenants_set(); name,
 * owner_name and language must be among them. */
void tenants_add(struct db *db, struct uuid tenant, const struct tenant_setting *settings,
                 size_t count, const char *actor, db_end_fn *on_end, void *arg, struct op **slot);
void tenants_list(struct db *db, struct arena *arena, tenant_list_fn *on_tenants, void *arg,
                  struct op **slot);
