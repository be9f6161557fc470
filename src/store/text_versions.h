/* store/text_versions.h: what a tenant's prompt, greeting, voice and language were, since when and
 * by whom. Versions are made by the database, whoever changes the tenant and by whichever way. */
#pragma once
#include "store/json.h"

enum { TEXT_VERSIONS_LIST_MAX = 200 };

/* Kinds are "system_prompt", "greeting_text", "voice_id", "language". */

/* {"items":[{"kind","version","current","characters","made_at","made_by","made_by_name",
 * "restored_from"}...],"next_cursor"}: newest first; before: a version number, 0 for the newest. */
void text_versions_list(struct db *db, struct uuid tenant, const char *kind, int64_t before,
                        int64_t limit, db_json_fn *on_json, void *arg, struct op **slot);
/* The same object with its "text", null where it was cleared. ENOENT. */
void text_versions_get(struct db *db, struct uuid tenant, const char *kind, int64_t version,
                       db_json_fn *on_json, void *arg, struct op **slot);
struct text_restore {
    const char *kind;
    int64_t version;
    int64_t tenant_version; /* the tenant must have it; -1: any */
    const char *actor;
};
/* The tenant has that text again, as a new version (or still, when it is the newest one's). ENOENT;
 * ESTALE: the tenant has another version. */
void text_versions_restore(struct db *db, struct uuid tenant, const struct text_restore *restore,
                           db_end_fn *on_end, void *arg, struct op **slot);
