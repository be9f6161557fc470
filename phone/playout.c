/* phone/playout.c: one queue of bytes, one of marks at positions in it. */
#include "phone/playout.h"

#include "base/audio.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct playout_mark {
    uint64_t at; /* due when so many bytes were played */
    char name[PLAYOUT_MARK_BYTES_MAX + 1];
};

enum { COMPACT_BYTES = 64 * 1024 };

int playout_audio(struct playout *playout, const uint8_t *ulaw, size_t bytes)
{
    if (playout_left(playout) + bytes > PLAYOUT_BYTES_MAX)
        return ENOBUFS;
    buf_add(&playout->audio, ulaw, bytes);
    playout->sent += bytes;
    return 0;
}

int playout_mark(struct playout *playout, struct str name)
{
    if (name.bytes > PLAYOUT_MARK_BYTES_MAX)
        return EMSGSIZE;
    if (playout->mark_count == PLAYOUT_MARKS_MAX)
        return ENOBUFS;
    if (playout->mark_count == playout->mark_room) {
        playout->mark_room = playout->mark_room ? 2 * playout->mark_room : 8;
        playout->marks = xrealloc(playout->marks, playout->mark_room * sizeof(*playout->marks));
    }
    struct playout_mark *mark = &playout->marks[playout->mark_count++];
    *mark = (struct playout_mark){.at = playout->sent};
    if (name.bytes)
        memcpy(mark->name, name.at, name.bytes);
    return 0;
}

static void compact(struct playout *playout)
{
    if (playout->at == playout->audio.bytes) {
        buf_clear(&playout->audio);
        playout->at = 0;
    } else if (playout->at >= COMPACT_BYTES) {
        buf_drop(&playout->audio, playout->at);
        playout->at = 0;
    }
}

bool playout_play(struct playout *playout, uint8_t *ulaw_out, size_t bytes)
{
    size_t left = playout_left(playout);
    size_t taken = left < bytes ? left : bytes;
    if (taken)
        memcpy(ulaw_out, playout->audio.data + playout->at, taken);
    memset(ulaw_out + taken, ULAW_SILENCE, bytes - taken);
    playout->at += taken;
    playout->played += taken;
    compact(playout);
    return taken > 0;
}

bool playout_due(struct playout *playout, char name_out[PLAYOUT_MARK_BYTES_MAX + 1])
{
    if (!playout->mark_count || playout->marks[0].at > playout->played)
        return false;
    memcpy(name_out, playout->marks[0].name, sizeof(playout->marks[0].name));
    playout->mark_count--;
    memmove(playout->marks, playout->marks + 1, playout->mark_count * sizeof(*playout->marks));
    return true;
}

size_t playout_clear(struct playout *playout)
{
    size_t left = playout_left(playout);
    buf_clear(&playout->audio);
    playout->at = 0;
    playout->played = playout->sent;
    return left;
}

size_t playout_left(const struct playout *playout)
{
    return playout->audio.bytes - playout->at;
}

void playout_fini(struct playout *playout)
{
    buf_free(&playout->audio);
    free(playout->marks);
    *playout = (struct playout){0};
}
