/* store/tenants.h: who Karen answers for, with the settings a call needs. What a plan or a status
 * allows is decided elsewhere. */
#pragma once
#include "store/db.h"
#include "store/json.h"
#include "store/settings.h"

enum {
    TENANT_NAME_BYTES_MAX = 200,
    TENANT_PROMPT_BYTES_MAX = 64000, /* 16,000 letters */
    TENANT_GREETING_BYTES_MAX = 600,
    TENANT_VIPS_MAX = 50,
    TENANT_CALL_SECONDS_MIN = 30,
    TENANT_CALL_SECONDS_MAX = 1800,
    TENANT_RETENTION_DAYS_MAX = 3650, /* what is kept longest; cleared means this */
    TENANT_AUDIT_DAYS_MIN = 30,
    TENANTS_OF_PERSON_MAX = 5, /* that one owns */
};

enum tenant_plan { PLAN_TRIAL, PLAN_BASIC, PLAN_PRO, PLAN_COUNT };
enum tenant_status { TENANT_ACTIVE, TENANT_SUSPENDED, TENANT_CANCELLED, TENANT_STATUS_COUNT };
const char *tenant_plan_code(enum tenant_plan plan); /* "trial" ... */
const char *tenant_status_code(enum tenant_status status);
enum tenant_plan tenant_plan_of(struct str code); /* PLAN_COUNT: it is none */
enum tenant_status tenant_status_of(struct str code);

/* Texts are NULL where the tenant has set nothing; all of it lives in the arena that was given. */
struct tenant {
    struct uuid id;
    const char *name;         /* of the customer: a person or a company; never NULL */
    const char *owner_name;   /* the person Karen answers for; never NULL */
    const char *owner_spoken; /* ... as Karen says it, where that is another way */
    const char *system_prompt;
    const char *greeting_text;
    const char *voice_id;
    const char *language;       /* "cs", "sk", "en", "de"; never NULL */
    const char *forward_number; /* E.164: where a transfer goes */
    const char *marketing_email;
    const char *timezone; /* "Europe/Prague"; never NULL */
    const char *const *vip_names;
    size_t vip_count;
    int64_t call_seconds_max;      /* as the tenant wants it */
    int64_t plan_call_seconds_max; /* as its plan allows it */
    enum tenant_plan plan;
    enum tenant_status status;
    int64_t created_at_ms;
    int64_t trial_ends_ms;   /* 0: it does not end */
    int64_t unpaid_since_ms; /* 0: all is paid */
};
/* Whom Karen answers for, as she says it. */
const char *tenant_spoken(const struct tenant *tenant);
/* tenant is NULL when err; ENOENT: there is none. */
typedef void tenant_fn(int err, const struct tenant *tenant, void *arg);
typedef void tenant_list_fn(int err, const struct tenant *tenants, size_t count, void *arg);

/* arena must stand until the callback has run or was cancelled. */
void tenants_get(struct db *db, struct uuid tenant, struct arena *arena, tenant_fn *on_tenant,
                 void *arg, struct op **slot);
/* The operator's, on a db without DB_ROLE_APP. */
void tenants_list(struct db *db, struct arena *arena, tenant_list_fn *on_tenants, void *arg,
                  struct op **slot);

/* Changes all of them or none; leaves a row in the audit log. actor: who did it, for that row.
 * EINVAL for what tenant_setting_check() refuses; EACCES: an operator's setting by a worker. */
void tenants_set(struct db *db, struct uuid tenant, const struct tenant_setting *settings,
                 size_t count, const char *actor, db_end_fn *on_end, void *arg, struct op **slot);
/* The operator's, on a db without DB_ROLE_APP. Settings as tenants_set() takes them; name,
 * owner_name and language must be among them. */
void tenants_add(struct db *db, struct uuid tenant, const struct tenant_setting *settings,
                 size_t count, const char *actor, db_end_fn *on_end, void *arg, struct op **slot);

/* ---- for the API: the tenant as it is shown, with its service; see tenants_json.c -------------
 */

/* live_calls_max: of one tenant on this installation, 0: no limit; more of them leave a voicemail.
 */
void tenants_show(struct db *db, struct uuid tenant, int64_t live_calls_max, db_json_fn *on_json,
                  void *arg, struct op **slot);

struct tenant_change {
    const struct tenant_setting *settings;
    size_t count;
    int64_t version; /* it must have; -1: any */
    const char *actor;
};
/* ESTALE: it has another version; EINVAL: a value, or a time zone that the database does not know.
 */
void tenants_change(struct db *db, struct uuid tenant, const struct tenant_change *change,
                    int64_t live_calls_max, db_json_fn *on_json, void *arg, struct op **slot);

struct tenant_new {
    struct uuid from, person; /* who makes it, as the user of a tenant */
    const char *name, *owner_name, *language, *timezone;
};
/* Another tenant of a person, who owns it. EDQUOT: TENANTS_OF_PERSON_MAX are his. */
void tenants_make(struct db *db, const struct tenant_new *new, int64_t live_calls_max,
                  db_json_fn *on_json, void *arg, struct op **slot);

/* Its calls are refused from now on; erased after the days of grace. EBUSY: it is closed already.
 */
void tenants_close(struct db *db, struct uuid tenant, const char *actor, int64_t live_calls_max,
                   db_json_fn *on_json, void *arg, struct op **slot);
/* Taken back. EBUSY: it is not closed, or its days are over. */
void tenants_restore(struct db *db, struct uuid tenant, const char *actor, int64_t live_calls_max,
                     db_json_fn *on_json, void *arg, struct op **slot);
