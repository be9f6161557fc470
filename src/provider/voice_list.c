/* provider/voice_list.c: one question at a time to the service, all who wait get its answer. */
#include "provider/voice_list.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct waiter {
    struct op op; /* first */
    struct waiter *next, **back;
    tts_voices_fn *on_voices;
    void *arg;
};
struct voice_list {
    struct loop *loop;
    struct tts_driver *driver;
    struct arena arena;             /* of the voices */
    const struct tts_voice *voices; /* NULL: none yet */
    size_t count;
    int64_t fresh_ms, fresh_until_ms;
    struct op *asking;
    struct timer *timer; /* for those whose answer is there already */
    struct waiter *waiters;
};

static void unlink_waiter(struct waiter *waiter)
{
    *waiter->back = waiter->next;
    if (waiter->next)
        waiter->next->back = waiter->back;
}

static void cancel(struct op *op)
{
    struct waiter *waiter = (struct waiter *)op;
    unlink_waiter(waiter);
    free(waiter);
}

/* Those who wait now; a callback may ask again, cancel others, or free nothing of ours. */
static void deliver(struct voice_list *list, int err)
{
    struct waiter *waiting = list->waiters;
    list->waiters = NULL;
    if (waiting)
        waiting->back = &waiting;
    while (waiting) {
        struct waiter *waiter = waiting;
        struct waiter told = *waiter;
        unlink_waiter(waiter);
        op_end(&waiter->op);
        free(waiter);
        told.on_voices(err, err ? NULL : list->voices, err ? 0 : list->count, told.arg);
    }
}

static const char *copy(struct voice_list *list, const char *text)
{
    return arena_strdup(&list->arena, text);
}

static struct tts_voice copy_voice(struct voice_list *list, const struct tts_voice *voice)
{
    const char **languages =
        arena_alloc(&list->arena, (voice->language_count + 1) * sizeof(*languages));
    for (size_t i = 0; i < voice->language_count; i++)
        languages[i] = copy(list, voice->languages[i]);
    return (struct tts_voice){copy(list, voice->id),          copy(list, voice->name),
                              copy(list, voice->gender),      copy(list, voice->accent),
                              copy(list, voice->description), languages,
                              voice->language_count};
}

static void keep(struct voice_list *list, const struct tts_voice *voices, size_t count)
{
    arena_free(&list->arena);
    struct tts_voice *kept = arena_alloc(&list->arena, (count + 1) * sizeof(*kept));
    for (size_t i = 0; i < count; i++)
        kept[i] = copy_voice(list, &voices[i]);
    list->voices = kept;
    list->count = count;
    list->fresh_until_ms = loop_now_ms(list->loop) + list->fresh_ms;
}

static void on_voices(int err, const struct tts_voice *voices, size_t count, void *arg)
{
    struct voice_list *list = arg;
    if (!err)
        keep(list, voices, count);
    deliver(list, list->voices ? 0 : err);
}

static void on_timer(void *arg)
{
    deliver(arg, 0);
}

struct voice_list *voice_list_new(struct loop *loop, struct tts_driver *driver, int64_t fresh_ms)
{
    struct voice_list *list = xalloc(sizeof(*list));
    list->loop = loop;
    list->driver = driver;
    list->fresh_ms = fresh_ms;
    list->timer = timer_new(loop, on_timer, list);
    return list;
}

void voice_list_free(struct voice_list **slot)
{
    struct voice_list *list = *slot;
    *slot = NULL;
    if (!list)
        return;
    while (list->waiters) {
        struct op *op = &list->waiters->op;
        op_end(op);
        cancel(op);
    }
    op_cancel(&list->asking);
    timer_free(&list->timer);
    arena_free(&list->arena);
    free(list);
}

void voice_list_get(struct voice_list *list, tts_voices_fn *fn, void *arg, struct op **slot)
{
    struct waiter *waiter = xalloc(sizeof(*waiter));
    waiter->on_voices = fn;
    waiter->arg = arg;
    waiter->next = list->waiters;
    waiter->back = &list->waiters;
    if (waiter->next)
        waiter->next->back = &waiter->next;
    list->waiters = waiter;
    op_begin(&waiter->op, cancel, slot);
    if (list->asking)
        return;
    if (list->voices && loop_now_ms(list->loop) < list->fresh_until_ms)
        timer_set(list->timer, loop_now_ms(list->loop));
    else
        tts_voices(list->driver, on_voices, list, &list->asking);
}

const struct tts_voice *voice_find(const struct tts_voice *voices, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(voices[i].id, id) == 0)
            return &voices[i];
    return NULL;
}
