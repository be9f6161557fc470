/* call/snapshot.c: what of a conversation must survive the process that carries it: the talk so
 * far, the counters that give identities, how far a message was taken. Sound is not among it: the
 * caller hears PHRASE_RESUMED, unless it moved in silence, and the talk goes on. JSON, with its
 * version first. */
#include "base/json.h"
#include "base/utf8.h"
#include "call/call_private.h"

#include <assert.h>
#include <errno.h>

enum { SNAPSHOT_VERSION = 1 };

static void put_number(struct buf *out, const char *key, int64_t number)
{
    buf_printf(out, ",\"%s\":%lld", key, (long long)number);
}

static void put_text(struct buf *out, const char *key, struct str text)
{
    buf_printf(out, ",\"%s\":", key);
    buf_json_string(out, text);
}

static void put_messages(const struct call_core *core, struct buf *out)
{
    struct call_message messages[CALL_MESSAGES_MAX];
    size_t count = context_messages(core, messages, CALL_MESSAGES_MAX);
    buf_puts(out, ",\"messages\":[");
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "%s{\"role\":%d", i ? "," : "", (int)messages[i].role);
        put_text(out, "text", messages[i].text);
        put_text(out, "name", messages[i].name);
        put_text(out, "id", messages[i].id);
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
}

void call_snapshot(const struct call_core *core, struct buf *out)
{
    const struct caller *caller = &core->caller;
    buf_clear(out);
    buf_printf(out, "{\"v\":%d", SNAPSHOT_VERSION);
    put_number(out, "elapsed", core->now_ms - core->started_ms + core->elapsed_ms);
    put_number(out, "turn", core->turn.id);
    put_number(out, "gen", core->reply.gen);
    put_number(out, "clip", core->playout.last_clip);
    put_number(out, "mark", core->playout.last_mark);
    put_number(out, "seq", core->last_seq);
    put_number(out, "failures", core->reply.failures_in_row);
    put_number(out, "script", core->script.step);
    put_number(out, "left", core->left_once);
    put_number(out, "moving", core->moving);
    put_text(out, "name", buf_str(&core->script.answers[SCRIPT_NAME]));
    put_text(out, "reason", buf_str(&core->script.answers[SCRIPT_REASON]));
    put_text(out, "number", buf_str(&core->script.answers[SCRIPT_NUMBER]));
    put_text(out, "finals", text_str(&caller->finals));
    put_text(out, "interim", text_str(&caller->interim));
    put_text(out, "whispers", text_str(&core->orders.whispers));
    put_messages(core, out);
    buf_putc(out, '}');
}

/* Reading: into a core that stands already. */

static int get_whole(struct json *json, int64_t least, int64_t most, int64_t *whole_out)
{
    int64_t whole;
    if (!json_whole(json, &whole) || whole < least || whole > most)
        return EINVAL;
    *whole_out = whole;
    return 0;
}

static int get_id(struct json *json, uint32_t *id_out)
{
    int64_t whole;
    int err = get_whole(json, 0, UINT32_MAX - 1000000, &whole);
    if (!err)
        *id_out = (uint32_t)whole;
    return err;
}

static int get_text(struct json *json, size_t bytes_max, struct buf *text_out)
{
    struct str raw;
    if (!json_string(json, &raw))
        return EINVAL;
    buf_clear(text_out);
    json_unescape(text_out, raw);
    return text_out->bytes <= bytes_max && utf8_valid(buf_str(text_out)) ? 0 : EINVAL;
}

struct message {
    int64_t role;
    struct buf text, name, id;
};

static int get_message(struct json *json, struct message *message)
{
    struct str key;
    int err = json_object(json) ? 0 : EINVAL;
    message->role = -1;
    buf_clear(&message->text);
    buf_clear(&message->name);
    buf_clear(&message->id);
    while (!err && json_member(json, &key)) {
        if (str_is(key, "role"))
            err = get_whole(json, ROLE_ASSISTANT, ROLE_TOOL_RESULT, &message->role);
        else if (str_is(key, "text"))
            err = get_text(json, CALL_TEXT_BYTES_MAX, &message->text);
        else if (str_is(key, "name"))
            err = get_text(json, NAME_BYTES_MAX, &message->name);
        else if (str_is(key, "id"))
            err = get_text(json, NAME_BYTES_MAX, &message->id);
        else
            json_skip(json);
    }
    return err || message->role < 0 ? EINVAL : 0;
}

static int get_messages(struct json *json, struct call_core *core)
{
    struct message message = {0};
    int err = json_array(json) ? 0 : EINVAL;
    core->ask_at_start = false;
    for (size_t count = 0; !err && json_element(json); count++) {
        err = count < CALL_MESSAGES_MAX ? get_message(json, &message) : EINVAL;
        if (err)
            break;
        context_add(&core->context, (enum call_role)message.role, buf_str(&message.text),
                    buf_str(&message.name), buf_str(&message.id));
        core->ask_at_start = message.role == ROLE_USER || message.role == ROLE_TOOL_RESULT;
    }
    buf_free(&message.text);
    buf_free(&message.name);
    buf_free(&message.id);
    return err;
}

static int get_words(struct json *json, struct call_core *core)
{
    int err = get_text(json, CALL_TEXT_BYTES_MAX, &core->line);
    if (!err && core->line.bytes) {
        text_join(&core->caller.finals, buf_str(&core->line));
        core->caller.start_ms = 0;
        core->caller.state = CALLER_PAUSE;
        core->caller.final_came = true;
    }
    return err;
}

static int get_whispers(struct json *json, struct call_core *core)
{
    int err = get_text(json, CALL_WHISPERS_BYTES_MAX, &core->line);
    struct str rest = buf_str(&core->line);
    while (!err && rest.bytes)
        orders_keep_whisper(core, str_cut(&rest, '\n'));
    return err;
}

static int get_script(struct json *json, struct call_core *core)
{
    int64_t step;
    int err = get_whole(json, SCRIPT_OFF, SCRIPT_DONE, &step);
    if (!err)
        core->script.step = (enum script_step)step;
    return err;
}

static int get_flag(struct json *json, bool *flag_out)
{
    int64_t flag;
    int err = get_whole(json, 0, 1, &flag);
    *flag_out = !err && flag;
    return err;
}

static int get_field(struct json *json, struct str key, struct call_core *core)
{
    struct buf *answers = core->script.answers;
    if (str_is(key, "elapsed"))
        return get_whole(json, 0, INT32_MAX, &core->elapsed_ms);
    if (str_is(key, "turn"))
        return get_id(json, &core->turn.id);
    if (str_is(key, "gen"))
        return get_id(json, &core->reply.gen);
    if (str_is(key, "clip"))
        return get_id(json, &core->playout.last_clip);
    if (str_is(key, "mark"))
        return get_id(json, &core->playout.last_mark);
    if (str_is(key, "seq"))
        return get_id(json, &core->last_seq);
    if (str_is(key, "failures"))
        return get_id(json, &core->reply.failures_in_row);
    if (str_is(key, "script"))
        return get_script(json, core);
    if (str_is(key, "left"))
        return get_flag(json, &core->left_once);
    if (str_is(key, "moving"))
        return get_flag(json, &core->moving);
    if (str_is(key, "name"))
        return get_text(json, CALL_TEXT_BYTES_MAX, &answers[SCRIPT_NAME]);
    if (str_is(key, "reason"))
        return get_text(json, CALL_TEXT_BYTES_MAX, &answers[SCRIPT_REASON]);
    if (str_is(key, "number"))
        return get_text(json, CALL_TEXT_BYTES_MAX, &answers[SCRIPT_NUMBER]);
    if (str_is(key, "finals") || str_is(key, "interim"))
        return get_words(json, core);
    if (str_is(key, "whispers"))
        return get_whispers(json, core);
    if (str_is(key, "messages"))
        return get_messages(json, core);
    json_skip(json);
    return 0;
}

static int get_version(struct json *json)
{
    struct str key;
    int64_t version;
    if (!json_object(json) || !json_member(json, &key) || !str_is(key, "v") ||
        !json_whole(json, &version) || version != SNAPSHOT_VERSION)
        return EINVAL;
    return 0;
}

int call_restore(const struct call_setup *setup, struct str snapshot, int64_t now_ms,
                 struct call_core **core_out)
{
    struct call_core *core = call_new(setup, now_ms);
    struct json json = json_of(snapshot);
    struct str key;
    core->resumed = true;
    int err = get_version(&json);
    while (!err && json_member(&json, &key))
        err = get_field(&json, key, core);
    if (!err && !json_done(&json))
        err = EINVAL;
    if (err)
        call_free(&core);
    else
        *core_out = core;
    return err;
}
