/* call/heard.c: how far into its text a clip was heard, from how much of its sound was: by what the
 * voice said of its own times where it did, else in proportion. */
#include "call/call_private.h"

enum {
    WORD_HEARD_PERCENT = 60,
};

/* Every other one goes: between two of them letters are spread evenly. */
static void thin(struct clip *clip)
{
    for (size_t i = 0; i < CLIP_ANCHORS_MAX / 2; i++)
        clip->anchors[i] = clip->anchors[2 * i + 1];
    clip->anchor_count = CLIP_ANCHORS_MAX / 2;
}

void clip_anchor(const struct say *say, struct clip *clip, size_t letters)
{
    size_t ms = clip->bytes / CALL_BYTES_PER_MS, at = clip->from;
    while (at < clip->to && say->text[at] == ' ') /* the voice was not given those */
        at++;
    letters += at - clip->from;
    struct anchor last =
        clip->anchor_count ? clip->anchors[clip->anchor_count - 1] : (struct anchor){0};
    if (ms <= last.ms || ms > UINT16_MAX || letters < last.letters ||
        letters > clip->to - clip->from)
        return; /* a voice that contradicts itself is not believed */
    if (clip->anchor_count == CLIP_ANCHORS_MAX)
        thin(clip);
    clip->anchors[clip->anchor_count++] =
        (struct anchor){.ms = (uint16_t)ms, .letters = (uint16_t)letters};
}

struct point {
    size_t bytes, letters;
};

/* Behind the last anchor: the clip's end, which is guessed at as long as more may come. */
static struct point end_after(const struct clip *clip, struct point last)
{
    struct point end = {clip->bytes, clip->to - clip->from};
    size_t usual = last.bytes + (end.letters - last.letters) * BYTES_PER_LETTER;
    if ((!clip->done || clip->failed) && end.bytes < usual)
        end.bytes = usual;
    return end;
}

static size_t letters_heard(const struct clip *clip)
{
    struct point before = {0}, after = {0};
    bool between = false;
    for (size_t i = 0; i < clip->anchor_count && !between; i++) {
        const struct anchor *anchor = &clip->anchors[i];
        struct point point = {(size_t)anchor->ms * CALL_BYTES_PER_MS, anchor->letters};
        if (point.bytes > clip->bytes || point.letters > clip->to - clip->from)
            break; /* the clip was cut short since */
        between = point.bytes > clip->heard;
        *(between ? &after : &before) = point;
    }
    if (!between)
        after = end_after(clip, before);
    if (after.bytes <= before.bytes)
        return before.letters;
    return before.letters + (size_t)((uint64_t)(after.letters - before.letters) *
                                     (clip->heard - before.bytes) / (after.bytes - before.bytes));
}

size_t clip_heard_until(const struct say *say, const struct clip *clip)
{
    if (clip->done && !clip->failed && clip->heard == clip->bytes)
        return clip->bytes ? clip->to : clip->from;
    if (!clip->heard)
        return clip->from;
    size_t at = clip->from + letters_heard(clip), start = at, end = at;
    while (start > clip->from && say->text[start - 1] != ' ')
        start--;
    while (end < clip->to && say->text[end] != ' ')
        end++;
    return (at - start) * 100 >= (end - start) * WORD_HEARD_PERCENT ? end : start;
}
