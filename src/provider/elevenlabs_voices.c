/* provider/elevenlabs_voices.c: which voices there are, page after page. */
#include "base/mem.h"
#include "provider/elevenlabs_private.h"
#include "provider/elevenlabs_wire.h"

#include <errno.h>
#include <stdlib.h>

enum { PAGES_MAX = 10, PAGE_BYTES_MAX = 4 * 1024 * 1024, ANSWER_MS_MAX = 10000 };

struct listing {
    struct op op; /* first */
    struct elevenlabs *elevenlabs;
    tts_voices_fn *on_voices;
    void *arg;
    struct op *http;
    struct arena arena;
    struct voice_page page; /* all so far */
    int pages;
};

static void listing_free(struct listing *listing)
{
    op_cancel(&listing->http);
    listing->elevenlabs->listings--;
    arena_free(&listing->arena);
    free(listing);
}

static void cancel(struct op *op)
{
    listing_free((struct listing *)op);
}

static void finish(struct listing *listing, int err)
{
    op_end(&listing->op);
    listing->on_voices(err, err ? NULL : listing->page.list, err ? 0 : listing->page.count,
                       listing->arg);
    listing_free(listing);
}

static void ask(struct listing *listing);

static int read_page(struct listing *listing, const struct http_answer *answer)
{
    struct elevenlabs_error error;
    if (answer->err)
        return answer->err;
    if (answer->status != 200) {
        elevenlabs_error_parse(answer->body, &error);
        return elevenlabs_errno(answer->status, &error);
    }
    return elevenlabs_voices_parse(answer->body, &listing->arena, &listing->page);
}

static void on_page(const struct http_answer *answer, void *arg)
{
    struct listing *listing = arg;
    int err = read_page(listing, answer);
    if (!err && listing->page.next && listing->page.count < TTS_VOICES_MAX &&
        ++listing->pages < PAGES_MAX)
        ask(listing);
    else
        finish(listing, err);
}

static void ask(struct listing *listing)
{
    struct elevenlabs *elevenlabs = listing->elevenlabs;
    struct buf url = {0};
    elevenlabs_put_voices_url(elevenlabs->base_url, listing->page.next, &url);
    http_ask(elevenlabs->http,
             &(struct http_ask){.method = HTTP_GET,
                                .url = buf_text(&url),
                                .headers = {elevenlabs->key},
                                .first_byte_ms_max = ANSWER_MS_MAX,
                                .total_ms_max = ANSWER_MS_MAX,
                                .reply_bytes_max = PAGE_BYTES_MAX,
                                .on_done = on_page},
             listing, &listing->http);
    buf_free(&url);
}

void elevenlabs_voices(struct tts_driver *driver, tts_voices_fn *on_voices, void *arg,
                       struct op **slot)
{
    struct listing *listing = xalloc(sizeof(*listing));
    listing->elevenlabs = (struct elevenlabs *)driver;
    listing->elevenlabs->listings++;
    listing->on_voices = on_voices;
    listing->arg = arg;
    op_begin(&listing->op, cancel, slot);
    ask(listing);
}
