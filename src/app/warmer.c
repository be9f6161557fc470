/* app/warmer.c: phrases spoken ahead of need. */
#include "app/warmer.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/voices.h"

#include <stdlib.h>

struct warmer {
    struct loop *loop;
    struct db *db;
    struct switchboard *board;
    char *default_voice_id;
    struct timer *pause;
    struct op *listing;
    struct arena arena;
};

static void on_voices(int err, const struct voice_in_use *voices, size_t count, void *arg)
{
    struct warmer *warmer = arg;
    for (size_t i = 0; !err && i < count; i++)
        switchboard_warm(warmer->board,
                         voices[i].voice_id ? voices[i].voice_id : warmer->default_voice_id,
                         voices[i].language, voices[i].owner_name, voices[i].greeting_text);
    if (!err)
        log_debug(NULL, "voices_warm", "tenants=%zu", count);
    arena_free(&warmer->arena);
}

static void on_pause_over(void *arg)
{
    struct warmer *warmer = arg;
    if (warmer->listing) /* an older look: what it misses the next one sees */
        timer_set(warmer->pause, loop_now_ms(warmer->loop) + WARMER_PAUSE_MS);
    else
        voices_list(warmer->db, &warmer->arena, on_voices, warmer, &warmer->listing);
}

static void on_changed(struct str payload, void *arg)
{
    struct warmer *warmer = arg;
    (void)payload;
    timer_set(warmer->pause, loop_now_ms(warmer->loop) + WARMER_PAUSE_MS);
}

struct warmer *warmer_new(struct loop *loop, struct db *db, struct switchboard *board,
                          const char *default_voice_id)
{
    struct warmer *warmer = xalloc(sizeof(*warmer));
    warmer->loop = loop;
    warmer->db = db;
    warmer->board = board;
    warmer->default_voice_id = xstrdup(default_voice_id);
    warmer->pause = timer_new(loop, on_pause_over, warmer);
    voices_listen(db, on_changed, warmer);
    return warmer;
}

void warmer_free(struct warmer **warmer_slot)
{
    struct warmer *warmer = *warmer_slot;
    *warmer_slot = NULL;
    if (!warmer)
        return;
    op_cancel(&warmer->listing);
    timer_free(&warmer->pause);
    arena_free(&warmer->arena);
    free(warmer->default_voice_id);
    free(warmer);
}
