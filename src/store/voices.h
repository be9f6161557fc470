/* store/voices.h: which voices say what to callers, over all tenants that have a number. */
#pragma once
#include "store/db.h"

enum { VOICES_MAX = 500 }; /* of the most recently changed tenants */

struct voice_in_use { /* NULL where the tenant set nothing */
    const char *voice_id, *language, *owner_name, *greeting_text;
};
typedef void voices_fn(int err, const struct voice_in_use *voices, size_t count, void *arg);
void voices_list(struct db *db, struct arena *arena, voices_fn *on_voices, void *arg,
                 struct op **slot);
/* fn: a tenant or its numbers changed, so look again. */
void voices_listen(struct db *db, db_notify_fn *fn, void *arg);
