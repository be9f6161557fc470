/* store/keys.h: keys for programs: krn_ and 32 random bytes, shown once, kept as SHA-256. */
#pragma once
#include "store/json.h"

enum {
    KEY_BYTES = 32,
    KEY_TEXT_BYTES = KEY_BYTES * 4 / 3 + 2 + 4, /* with krn_ and its NUL */
    KEY_PREFIX_BYTES = 12,                      /* what people know one by: "krn_AbCd1234" */
    KEYS_MAX = 50,                              /* good ones of a tenant */
};
#define KEY_START "krn_"

void key_make(char text_out[KEY_TEXT_BYTES]);

struct key_make {
    struct uuid tenant, by;
    const char *name;
    const char *scopes;   /* a JSON array of texts */
    int64_t expires_days; /* 0: never */
    const char *key;      /* key_make()'s */
    const char *actor;
};
/* EDQUOT: there are KEYS_MAX. The key itself is not in the answer. */
void keys_add(struct db *db, const struct key_make *make, db_json_fn *on_json, void *arg,
              struct op **slot);
void keys_list_json(struct db *db, struct uuid tenant, db_json_fn *on_json, void *arg,
                    struct op **slot);
void keys_revoke(struct db *db, struct uuid tenant, struct uuid key, const char *actor,
                 db_end_fn *on_end, void *arg, struct op **slot); /* ENOENT */
