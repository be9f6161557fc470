/* call/context.c: the model's context, bounded: messages in the order they began, the words of the
 * agent only as far as they were heard. When it is full the oldest go. */
#include "base/mem.h"
#include "base/utf8.h"
#include "call/call_private.h"

#include <assert.h>
#include <string.h>

static size_t entry_bytes(const struct context_entry *entry)
{
    return entry->text_bytes + entry->name_bytes + entry->id_bytes;
}

/* Takes an entry's bytes out of the pool. */
static void release(struct context *context, struct context_entry *entry)
{
    size_t bytes = entry_bytes(entry), at = entry->at;
    memmove(context->pool + at, context->pool + at + bytes, context->bytes - at - bytes);
    context->bytes -= bytes;
    for (size_t i = 0; i < context->count; i++)
        if (context->list[i].at > at)
            context->list[i].at -= bytes;
    entry->text_bytes = entry->name_bytes = entry->id_bytes = 0;
}

static void forget(struct context *context, size_t at)
{
    release(context, &context->list[at]);
    memmove(&context->list[at], &context->list[at + 1],
            (context->count - at - 1) * sizeof context->list[0]);
    context->count--;
}

/* A result without its call would be refused by the model, so they go together. */
static void forget_oldest(struct context *context)
{
    forget(context, 0);
    while (context->count && context->list[0].role == ROLE_TOOL_RESULT)
        forget(context, 0);
}

static void put(struct context *context, struct context_entry *entry, struct str text,
                struct str name, struct str id)
{
    entry->at = context->bytes;
    entry->text_bytes = text.bytes;
    entry->name_bytes = name.bytes;
    entry->id_bytes = id.bytes;
    const struct str parts[] = {text, name, id};
    for (size_t i = 0; i < countof(parts); i++) {
        if (parts[i].bytes)
            memcpy(context->pool + context->bytes, parts[i].at, parts[i].bytes);
        context->bytes += parts[i].bytes;
    }
}

static void make_room(struct context *context, size_t bytes)
{
    assert(bytes <= CONTEXT_BYTES);
    while (context->count && context->bytes + bytes > CONTEXT_BYTES)
        forget_oldest(context);
}

uint32_t context_add(struct context *context, enum call_role role, struct str text, struct str name,
                     struct str id)
{
    if (context->count == CALL_MESSAGES_MAX)
        forget_oldest(context);
    make_room(context, text.bytes + name.bytes + id.bytes);
    struct context_entry *entry = &context->list[context->count++];
    *entry = (struct context_entry){.key = ++context->last_key, .role = role};
    put(context, entry, text, name, id);
    return entry->key;
}

uint32_t context_open(struct context *context, uint32_t say)
{
    struct str none = {0};
    uint32_t key = context_add(context, ROLE_ASSISTANT, none, none, none);
    context->list[context->count - 1].say = say;
    return key;
}

static bool is_id(const struct context *context, const struct context_entry *entry, struct str id)
{
    return entry->id_bytes == id.bytes &&
           memcmp(context->pool + entry->at + entry->text_bytes + entry->name_bytes, id.at,
                  id.bytes) == 0;
}

/* The result goes right behind its call, where models want it. */
void context_result(struct context *context, struct str id, struct str text)
{
    context_add(context, ROLE_TOOL_RESULT, text, (struct str){0}, id);
    struct context_entry result = context->list[context->count - 1];
    size_t at = context->count - 1;
    while (at && !(context->list[at - 1].role == ROLE_TOOL_CALL &&
                   is_id(context, &context->list[at - 1], id)))
        at--;
    if (at == 0) { /* its call was forgotten */
        forget(context, context->count - 1);
        return;
    }
    memmove(&context->list[at + 1], &context->list[at],
            (context->count - 1 - at) * sizeof context->list[0]);
    context->list[at] = result;
}

static struct context_entry *find(struct context *context, uint32_t key)
{
    for (size_t i = 0; i < context->count; i++)
        if (context->list[i].key == key)
            return &context->list[i];
    return NULL;
}

void context_set(struct context *context, uint32_t key, struct str text)
{
    struct context_entry *entry = find(context, key);
    if (!entry)
        return; /* so old that it was forgotten */
    release(context, entry);
    while (context->list[0].key != key && context->bytes + text.bytes > CONTEXT_BYTES)
        forget_oldest(context);
    entry = find(context, key);
    if (!entry)
        return;
    put(context, entry, utf8_cut(text, CONTEXT_BYTES - context->bytes), (struct str){0},
        (struct str){0});
}

void context_settle(struct context *context, uint32_t key, struct str text)
{
    struct context_entry *entry = find(context, key);
    if (!entry)
        return;
    entry->say = 0;
    if (text.bytes)
        context_set(context, key, text);
    else
        forget(context, (size_t)(entry - context->list));
}

static struct call_message message_of(const struct call_core *core,
                                      const struct context_entry *entry)
{
    const char *at = core->context.pool + entry->at;
    struct call_message message = {
        .role = entry->role,
        .text = {at, entry->text_bytes},
        .name = {at + entry->text_bytes, entry->name_bytes},
        .id = {at + entry->text_bytes + entry->name_bytes, entry->id_bytes},
    };
    if (entry->say)
        message.text = say_heard(core, entry->say);
    return message;
}

/* Nothing was heard of it yet, or it is a call whose result is not there. */
static bool is_unfinished(const struct context *context, size_t at, struct str text)
{
    switch (context->list[at].role) {
    case ROLE_ASSISTANT: return text.bytes == 0;
    case ROLE_TOOL_CALL:
        return at + 1 == context->count || context->list[at + 1].role != ROLE_TOOL_RESULT;
    case ROLE_USER:
    case ROLE_TOOL_RESULT:
    case ROLE_WHISPER: return false;
    }
    return false;
}

/* Where to begin so that what is left fits; a result does not stand without its call. */
static size_t first_of(const struct context *context, size_t room)
{
    size_t first = context->count > room ? context->count - room : 0;
    while (first && first < context->count && context->list[first].role == ROLE_TOOL_RESULT)
        first++;
    return first;
}

size_t context_messages(const struct call_core *core, struct call_message *out, size_t room)
{
    size_t count = 0;
    for (size_t i = first_of(&core->context, room); i < core->context.count; i++) {
        struct call_message message = message_of(core, &core->context.list[i]);
        if (!is_unfinished(&core->context, i, message.text))
            out[count++] = message;
    }
    return count;
}

size_t call_messages(const struct call_core *core, struct call_message *out, size_t room)
{
    struct str whispers = text_str(&core->orders.whispers);
    if (!whispers.bytes)
        return context_messages(core, out, room);
    out[0] = (struct call_message){.role = ROLE_WHISPER, .text = whispers};
    return 1 + context_messages(core, out + 1, room - 1);
}
