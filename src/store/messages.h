/* store/messages.h: messages callers left with the take_message tool. */
#pragma once
#include "store/db.h"

enum { MESSAGE_TEXT_BYTES_MAX = 2000, MESSAGE_NAME_BYTES_MAX = 200 };

struct message { /* texts: NULL where the caller did not say */
    struct uuid tenant, call;
    const char *tool_call_id; /* the key: the same one again changes nothing */
    const char *caller_name, *company, *callback_number;
    const char *reason; /* never NULL */
    bool urgent;
};
/* ENOENT: no such call of this tenant. Longer texts are cut. */
void messages_take(struct db *db, const struct message *message, db_end_fn *on_end, void *arg,
                   struct op **slot);

typedef void messages_fn(int err, const struct message *messages, size_t count, void *arg);
void messages_list(struct db *db, struct uuid tenant, struct uuid call, struct arena *arena,
                   messages_fn *on_messages, void *arg, struct op **slot);
