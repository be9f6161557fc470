/* line/switchboard.c: the live lines of a worker in a list, what they share, and what is counted of
 * them when they go. */
#include "line/switchboard.h"

#include "base/log.h"
#include "base/mem.h"
#include "line/line_private.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINES_MAX = 1000,
    TENANT_LINES_MAX = 10,
    CACHE_BYTES_MAX = 32 * 1024 * 1024,
    WARMED_MAX = 512, /* tenants whose phrases are known to be there or on their way */
};

struct switchboard {
    struct line_parts parts;
    size_t lines_max, tenant_lines_max;
    struct line *lines;
    struct tray *tray;
    struct switchboard_stats stats;
    uint64_t warmed[WARMED_MAX];
    size_t next_warmed;
    bool draining, told_empty;
    loop_fn *on_empty;
    void *on_empty_arg;
};

/* ---- counting ---- */

void stats_observe(struct line_histogram *histogram, double ms)
{
    size_t bucket = 0;
    while (bucket < STATS_BOUNDS && ms > (double)stats_bounds_ms[bucket])
        bucket++;
    histogram->buckets[bucket]++;
    histogram->count++;
    histogram->sum_ms += ms;
}

/* The last place takes all the words that found none. */
static struct line_end *end_of(struct switchboard_stats *stats, const char *why)
{
    for (size_t i = 0; i < LINE_ENDS_MAX - 1; i++) {
        struct line_end *end = &stats->ends[i];
        if (!end->why[0])
            snprintf(end->why, sizeof(end->why), "%s", why);
        if (strncmp(end->why, why, sizeof(end->why) - 1) == 0)
            return end;
    }
    struct line_end *last = &stats->ends[LINE_ENDS_MAX - 1];
    snprintf(last->why, sizeof(last->why), "other");
    return last;
}

const char *const line_stage_names[LINE_STAGES] = {[LINE_DECIDE] = "decide",
                                                   [LINE_MODEL] = "model",
                                                   [LINE_VOICE] = "voice",
                                                   [LINE_SEND] = "send",
                                                   [LINE_HEARD] = "heard"};

/* A stage that was not reached, or one that was skipped, is not counted. */
static void observe_stage(struct line_histogram *histogram, int64_t from_ms, int64_t to_ms)
{
    if (from_ms && to_ms >= from_ms)
        stats_observe(histogram, (double)(to_ms - from_ms));
}

void stats_reply(struct switchboard_stats *stats, const struct call_stages *at)
{
    int64_t ready_ms = at->clip_first_ms > at->commit_ms ? at->clip_first_ms : at->commit_ms;
    observe_stage(&stats->stages[LINE_DECIDE], at->last_voice_ms, at->commit_ms);
    observe_stage(&stats->stages[LINE_MODEL], at->asked_ms, at->reply_first_ms);
    observe_stage(&stats->stages[LINE_VOICE], at->reply_first_ms, at->clip_first_ms);
    observe_stage(&stats->stages[LINE_SEND], ready_ms, at->sent_first_ms);
    observe_stage(&stats->stages[LINE_HEARD], at->sent_first_ms, at->heard_ms);
}

void stats_end(struct switchboard_stats *stats, const char *why, const struct call_counts *counts)
{
    end_of(stats, why[0] ? why : "ended")->count++;
    stats->turns += counts->turns;
    stats->gens += counts->gens;
    stats->staged += counts->staged;
    stats->staged_in_vain += counts->staged_in_vain;
    stats->holds += counts->holds;
    stats->barge_ins += counts->barge_ins;
    stats->stale_events += counts->stale_events;
    stats->reprompts += counts->reprompts;
    stats->fillers += counts->fillers;
    stats->stt_losses += counts->stt_losses;
    stats->reply_failures += counts->reply_failures;
    stats->clip_failures += counts->clip_failures;
    stats->unheard += counts->unheard;
    stats->echoes += counts->echoes;
    stats->machines += counts->machines;
}

const struct switchboard_stats *switchboard_stats(struct switchboard *board)
{
    board->stats.unsaved = tray_count(board->tray);
    board->stats.lost = tray_lost(board->tray);
    board->stats.clips = *clips_stats(board->parts.clips);
    return &board->stats;
}

/* ---- emptying ---- */

static void tell_empty(void *arg)
{
    struct switchboard *board = arg;
    board->on_empty(board->on_empty_arg);
}

static void look_if_empty(void *arg)
{
    struct switchboard *board = arg;
    if (!board->draining || board->told_empty || board->lines || tray_count(board->tray) > 0)
        return;
    board->told_empty = true;
    loop_defer(board->parts.loop, tell_empty, board);
}

void switchboard_drain(struct switchboard *board, loop_fn *on_empty, void *arg)
{
    board->draining = true;
    board->on_empty = on_empty;
    board->on_empty_arg = arg;
    look_if_empty(board);
}

void switchboard_move(struct switchboard *board)
{
    for (struct line *line = board->lines; line; line = line->next)
        line_move(line);
}

static void on_gone(struct line *line, void *arg)
{
    struct switchboard *board = arg;
    struct line **link = &board->lines;
    while (*link != line)
        link = &(*link)->next;
    *link = line->next;
    board->stats.live--;
    look_if_empty(board);
}

/* ---- ahead of need ---- */

static void warm(struct switchboard *board, const char *voice_id, const char *language,
                 const char *words)
{
    if (!words || !words[0])
        return;
    struct clip_wish wish = {voice_id, language, str_of(words)};
    clips_warm(board->parts.clips, &wish);
}

void switchboard_warm(struct switchboard *board, const char *voice_id, const char *language,
                      const char *owner, const char *greeting)
{
    struct phrases phrases = {0};
    line_phrases(&board->parts, language, owner, &phrases);
    warm(board, voice_id, language, greeting);
    for (size_t i = 0; i < PHRASE_COUNT; i++)
        warm(board, voice_id, language, phrases.words[i]);
    phrases_free(&phrases);
}

struct clips *switchboard_clips(struct switchboard *board)
{
    return board->parts.clips;
}

static uint64_t hash_on(uint64_t hash, const char *text)
{
    for (; text && *text; text++)
        hash = (hash ^ (uint8_t)*text) * 1099511628211U; /* FNV-1a */
    return (hash ^ 0xFF) * 1099511628211U; /* no letter of UTF-8: parts do not run together */
}

/* A tenant's first call makes what the next ones will want. */
static void warm_once(struct switchboard *board, const struct line_setup *setup)
{
    uint64_t hash = hash_on(14695981039346656037U, setup->voice_id);
    hash = hash_on(hash, setup->language);
    hash = hash_on(hash, setup->owner);
    hash = hash_on(hash, setup->greeting);
    for (size_t i = 0; i < WARMED_MAX; i++)
        if (board->warmed[i] == hash)
            return;
    board->warmed[board->next_warmed++ % WARMED_MAX] = hash;
    switchboard_warm(board, setup->voice_id, setup->language, setup->owner, setup->greeting);
}

/* ---- coming in ---- */

static struct line *find(const struct switchboard *board, struct uuid call)
{
    struct line *line = board->lines;
    while (line && !uuid_equal(line->call, call))
        line = line->next;
    return line;
}

static size_t lines_of(const struct switchboard *board, struct uuid tenant)
{
    size_t count = 0;
    for (const struct line *line = board->lines; line; line = line->next)
        count += uuid_equal(line->tenant, tenant);
    return count;
}

int switchboard_admits(const struct switchboard *board, struct uuid tenant)
{
    if (board->draining)
        return ESHUTDOWN;
    if (board->stats.live >= board->lines_max)
        return EBUSY;
    /* Each line leaves some items behind; while the database is away they must find room. */
    if (journal_full(board->parts.journal) ||
        tray_count(board->tray) + 4 * board->stats.live >= TRAY_ITEMS_MAX)
        return EBUSY;
    return lines_of(board, tenant) >= board->tenant_lines_max ? EDQUOT : 0;
}

static bool is_sound(const struct line_setup *setup)
{
    return !uuid_is_nil(setup->call) && !uuid_is_nil(setup->tenant) && setup->call_sid &&
           strlen(setup->call_sid) <= LINE_SID_BYTES_MAX && setup->language && setup->voice_id;
}

int switchboard_open(struct switchboard *board, struct leg *leg, const struct line_setup *setup)
{
    int err = is_sound(setup) ? switchboard_admits(board, setup->tenant) : EINVAL;
    if (!err && find(board, setup->call))
        err = EEXIST;
    if (err) {
        board->stats.refused++;
        return err;
    }
    board->stats.opened++;
    board->stats.resumed += setup->resumed;
    board->stats.live++;
    line_open(&board->parts, leg, setup);
    warm_once(board, setup);
    return 0;
}

int switchboard_end(struct switchboard *board, struct uuid call, const char *why)
{
    struct line *line = find(board, call);
    if (!line)
        return ENOENT;
    line_end(line, why);
    return 0;
}

void switchboard_order(struct switchboard *board, struct uuid call, const struct line_order *order,
                       line_order_fn *on_done, void *arg, struct op **slot)
{
    line_order(board->parts.loop, find(board, call), order, on_done, arg, slot);
}

bool switchboard_has(const struct switchboard *board, struct uuid call)
{
    return find(board, call) != NULL;
}

static void on_line_opened(struct line *line, void *arg)
{
    struct switchboard *board = arg;
    line->next = board->lines;
    board->lines = line;
}

/* ---- the board itself ---- */

struct switchboard *switchboard_new(const struct switchboard_options *options)
{
    struct switchboard *board = xalloc(sizeof(*board));
    struct clips_options clips = {.loop = options->loop,
                                  .tts = options->tts,
                                  .directory = options->cache_directory,
                                  .salt = options->cache_salt,
                                  .bytes_max = options->cache_bytes_max ? options->cache_bytes_max
                                                                        : CACHE_BYTES_MAX};
    board->lines_max = options->lines_max ? options->lines_max : LINES_MAX;
    board->tenant_lines_max =
        options->tenant_lines_max ? options->tenant_lines_max : TENANT_LINES_MAX;
    board->tray = tray_new(options->loop, options->db, options->journal);
    tray_on_empty(board->tray, look_if_empty, board);
    board->parts = (struct line_parts){.loop = options->loop,
                                       .db = options->db,
                                       .stt = options->stt,
                                       .llm = options->llm,
                                       .tts = options->tts,
                                       .carrier = options->carrier,
                                       .clips = clips_new(&clips),
                                       .tray = board->tray,
                                       .journal = options->journal,
                                       .texts = options->texts,
                                       .texts_arg = options->texts_arg,
                                       .stats = &board->stats,
                                       .on_opened = on_line_opened,
                                       .on_gone = on_gone,
                                       .arg = board};
    return board;
}

void switchboard_free(struct switchboard **slot)
{
    struct switchboard *board = *slot;
    if (!board)
        return;
    *slot = NULL;
    board->draining = false; /* nobody is told of emptiness any more */
    while (board->lines)
        line_close(board->lines, "shutdown");
    tray_free(&board->tray);
    clips_free(&board->parts.clips);
    loop_defer(board->parts.loop, free, board); /* lines that just closed still name it */
}
