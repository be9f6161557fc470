/* line/message.c: the arguments of take_message, hostile as everything a caller can talk a model
 * into: bounded, unescaped, and cut where a character ends. */
#include "line/message.h"

#include "base/json.h"
#include "base/utf8.h"

#include <errno.h>

static const char *read_text(struct json *json, struct arena *arena, size_t bytes_max)
{
    struct str raw;
    if (!json_string(json, &raw))
        return NULL;
    struct buf text = {0};
    json_unescape(&text, raw);
    struct str cut = utf8_cut(str_trim(buf_str(&text)), bytes_max);
    const char *copy = cut.bytes > 0 ? arena_strndup(arena, cut.at, cut.bytes) : NULL;
    buf_free(&text);
    return copy;
}

static void read_member(struct json *json, struct str key, struct arena *arena,
                        struct message *message)
{
    if (str_is(key, "caller_name") || str_is(key, "name"))
        message->caller_name = read_text(json, arena, MESSAGE_NAME_BYTES_MAX);
    else if (str_is(key, "company"))
        message->company = read_text(json, arena, MESSAGE_NAME_BYTES_MAX);
    else if (str_is(key, "callback_number"))
        message->callback_number = read_text(json, arena, MESSAGE_NAME_BYTES_MAX);
    else if (str_is(key, "reason"))
        message->reason = read_text(json, arena, MESSAGE_TEXT_BYTES_MAX);
    else if (str_is(key, "urgent"))
        json_bool(json, &message->urgent);
    else
        json_skip(json);
}

int message_read(struct str arguments, struct arena *arena, struct message *message_out)
{
    struct message message = *message_out;
    struct json json = json_of(arguments);
    struct str key;
    bool object = json_object(&json);
    while (object && json_member(&json, &key))
        read_member(&json, key, arena, &message);
    if (!object || !json_done(&json))
        return EINVAL;
    if (!message.reason)
        message.reason = "";
    *message_out = message;
    return 0;
}
