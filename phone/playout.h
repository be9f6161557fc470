/* phone/playout.h: the carrier's buffer between server and caller: audio plays at its own pace, a
 * mark goes back when all that was sent before it has been played, a clear throws the audio away
 * and returns every mark at once. Pure. Source: Twilio, "Media Streams: mark and clear". */
#pragma once
#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PLAYOUT_BYTES_MAX = 8 * 1024 * 1024,
    PLAYOUT_MARKS_MAX = 4096,
    PLAYOUT_MARK_BYTES_MAX = 64,
};

struct playout { /* {0} is empty */
    struct buf audio;
    size_t at;             /* of audio: what was played already */
    uint64_t sent, played; /* bytes, ever */
    struct playout_mark *marks;
    size_t mark_count, mark_room;
};
/* ENOBUFS: it holds as much as it may; nothing was taken. */
int playout_audio(struct playout *playout, const uint8_t *ulaw, size_t bytes);
int playout_mark(struct playout *playout, struct str name); /* and EMSGSIZE: a name too long */
/* The next piece, filled up with silence; false when all of it is silence for want of audio. */
bool playout_play(struct playout *playout, uint8_t *ulaw_out, size_t bytes);
/* The oldest mark that is due, taken out; false when none is. */
bool playout_due(struct playout *playout, char name_out[PLAYOUT_MARK_BYTES_MAX + 1]);
/* Returns the bytes that will not be heard; every mark is due then. */
size_t playout_clear(struct playout *playout);
size_t playout_left(const struct playout *playout); /* bytes not played yet */
void playout_fini(struct playout *playout);
