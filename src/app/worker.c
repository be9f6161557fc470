/* app/worker.c: the life of one worker: ready, serving, leaving. One loop, one thread; what it
 * shares with the others is the listening port, the page of counters and the database.
 *
 *   SIGTERM: unready at once, calls finish, then the end. SIGUSR1: the same, and another worker,
 *   already there, takes the new connections. */
#include "app/worker.h"

#include "api/auth.h"
#include "api/live.h"
#include "api/telephony.h"
#include "app/exporter.h"
#include "app/keeper.h"
#include "app/number_orderer.h"
#include "app/orders.h"
#include "app/rehearser.h"
#include "app/screener.h"
#include "app/worker_private.h"
#include "base/log.h"
#include "base/mem.h"
#include "line/switchboard.h"
#include "net/http_server.h"
#include "store/calls.h"
#include "store/db.h"
#include "store/journal.h"
#include "store/people.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    READY_POLL_MS = 20,
    READY_MS_MAX = 5000, /* without a database a worker serves all the same, and says so */
    PUBLISH_MS = 1000,
    SWEEP_MS = 30000,
    SWEEP_GRACE_S = 120, /* beyond the longest call */
    MAPPED_BYTES_MIN = 16 * 1024,
    LAST_POLL_MS = 20,
    LAST_QUIET_MS = 100, /* after the last call: the carrier has more to say of it */
    LAST_MS_MAX = 5000,
};

/* ---- serving -------------------------------------------------------------------------------- */

static void publish_keeper(struct metrics_slot *slot, const struct keeper_stats *stats)
{
    metrics_add(slot, "karen_erased_total", "what=\"old\"", (double)stats->rows);
    metrics_add(slot, "karen_erased_total", "what=\"deleted\"", (double)stats->deleted);
    metrics_add(slot, "karen_erased_total", "what=\"tenant\"", (double)stats->tenants);
    metrics_add(slot, "karen_erased_total", "what=\"recording\"", (double)stats->recordings);
    metrics_add(slot, "karen_erasure_failures_total", "", (double)stats->recordings_kept);
}

static void publish_journal(struct metrics_slot *slot, const struct journal_stats *stats)
{
    metrics_add(slot, "karen_journal_bytes", "", (double)stats->bytes);
    metrics_add(slot, "karen_journal_records_total", "outcome=\"written\"", (double)stats->written);
    metrics_add(slot, "karen_journal_records_total", "outcome=\"failed\"", (double)stats->failed);
    metrics_add(slot, "karen_journal_records_total", "outcome=\"adopted\"", (double)stats->adopted);
    metrics_add(slot, "karen_journal_records_total", "outcome=\"refused\"", (double)stats->refused);
}

static void publish_exporter(struct metrics_slot *slot, const struct exporter_stats *stats)
{
    metrics_add(slot, "karen_exports_total", "outcome=\"ready\"", (double)stats->ready);
    metrics_add(slot, "karen_exports_total", "outcome=\"failed\"", (double)stats->failed);
    metrics_add(slot, "karen_exports_total", "outcome=\"put_off\"", (double)stats->put_off);
}

void worker_publish(struct metrics_slot *slot, void *arg)
{
    const struct worker *worker = arg;
    const struct screener_stats *stats = screener_stats(worker->screener);
    metrics_add(slot, "karen_screenings_total", "outcome=\"model\"", (double)stats->by_model);
    metrics_add(slot, "karen_screenings_total", "outcome=\"script\"", (double)stats->by_script);
    metrics_add(slot, "karen_screenings_total", "outcome=\"refused\"", (double)stats->refused);
    metrics_add(slot, "karen_screenings_total", "outcome=\"put_off\"", (double)stats->put_off);
    const struct rehearser_stats *rehearsed = rehearser_stats(worker->rehearser);
    metrics_add(slot, "karen_rehearsed_total", "outcome=\"passed\"", (double)rehearsed->passed);
    metrics_add(slot, "karen_rehearsed_total", "outcome=\"failed\"", (double)rehearsed->failed);
    metrics_add(slot, "karen_rehearsed_total", "outcome=\"error\"", (double)rehearsed->errors);
    publish_journal(slot, journal_stats(worker->journal));
    auth_publish(&worker->api.auth, slot);
    live_publish(worker->live, slot);
    orders_publish(worker->orders, slot);
    if (worker->seat == 0) /* all see the same queue: once is enough */
        metrics_add(slot, "karen_outbox_waiting", "", (double)stats->waiting);
    if (worker->keeper)
        publish_keeper(slot, keeper_stats(worker->keeper));
    if (worker->exporter)
        publish_exporter(slot, exporter_stats(worker->exporter));
    if (worker->orderer)
        number_orderer_publish(worker->orderer, slot);
}

static void on_publish(void *arg)
{
    struct worker *worker = arg;
    health_publish(&worker->health);
    timer_set(worker->publish_timer, loop_now_ms(worker->loop) + PUBLISH_MS);
}

static void on_swept(int err, int64_t calls, void *arg)
{
    (void)arg;
    if (!err && calls)
        log_warn(NULL, "swept", "calls=%lld why=\"left behind by a worker that died\"",
                 (long long)calls);
}

static void on_sweep(void *arg)
{
    struct worker *worker = arg;
    people_sweep(worker->db, NULL, NULL, NULL);
    if (!worker->sweeping)
        calls_sweep(worker->db, worker->config->call_seconds_max + SWEEP_GRACE_S, on_swept, worker,
                    &worker->sweeping);
    timer_set(worker->sweep_timer, loop_now_ms(worker->loop) + SWEEP_MS);
}

static void on_ready_poll(void *arg)
{
    struct worker *worker = arg;
    int64_t now_ms = loop_now_ms(worker->loop);
    if (!db_ready(worker->db) && now_ms - worker->started_ms < READY_MS_MAX) {
        timer_set(worker->ready_timer, now_ms + READY_POLL_MS);
        return;
    }
    if (!db_ready(worker->db))
        log_warn(NULL, "database_away", "why=\"%s\"", db_trouble(worker->db));
    if (write(worker->ready_fd, "1", 1) != 1)
        log_warn(NULL, "nobody_waits", "what=\"the worker's ready sign\"");
    close(worker->ready_fd);
}

/* ---- leaving -------------------------------------------------------------------------------- */

/* Whoever has asked something still gets his answer, for a while. */
static void on_last_poll(void *arg)
{
    struct worker *worker = arg;
    int64_t now_ms = loop_now_ms(worker->loop);
    if (!http_server_idle(worker->server) || !telephony_idle(worker->telephony))
        worker->busy_ms = now_ms;
    if (now_ms < worker->busy_ms + LAST_QUIET_MS && now_ms < worker->empty_ms + LAST_MS_MAX) {
        timer_set(worker->last_timer, now_ms + LAST_POLL_MS);
        return;
    }
    log_info(NULL, "drained", "");
    loop_stop(worker->loop);
}

static void on_empty(void *arg)
{
    struct worker *worker = arg;
    live_leave(worker->live, LIVE_FOR_GOOD);
    worker->empty_ms = worker->busy_ms = loop_now_ms(worker->loop);
    worker->last_timer = timer_new(worker->loop, on_last_poll, worker);
    timer_set(worker->last_timer, worker->empty_ms);
}

static void on_move(void *arg)
{
    struct worker *worker = arg;
    log_info(NULL, "moving_calls", "live=%llu",
             (unsigned long long)switchboard_stats(worker->board)->live);
    switchboard_move(worker->board);
}

static void leave(struct worker *worker)
{
    if (worker->leaving)
        return;
    worker->leaving = true;
    worker->health.draining = true;
    log_info(NULL, "draining", "live=%llu",
             (unsigned long long)switchboard_stats(worker->board)->live);
    live_leave(worker->live, LIVE_MOVE_ON); /* perhaps to here again, while calls go on */
    switchboard_drain(worker->board, on_empty, worker);
    worker->move_timer = timer_new(worker->loop, on_move, worker);
    timer_set(worker->move_timer,
              loop_now_ms(worker->loop) + worker->config->drain_seconds_max * 1000);
}

static void on_sigterm(void *arg)
{
    leave(arg);
}

static void on_sigusr1(void *arg)
{
    struct worker *worker = arg;
    http_server_stop_listening(worker->server);
    leave(worker);
}

static void start_timers(struct worker *worker)
{
    int64_t now_ms = loop_now_ms(worker->loop);
    worker->started_ms = now_ms;
    worker->ready_timer = timer_new(worker->loop, on_ready_poll, worker);
    worker->publish_timer = timer_new(worker->loop, on_publish, worker);
    worker->sweep_timer = timer_new(worker->loop, on_sweep, worker);
    timer_set(worker->ready_timer, now_ms);
    timer_set(worker->publish_timer, now_ms + PUBLISH_MS);
    timer_set(worker->sweep_timer, now_ms + SWEEP_MS);
}

static void stop_timers(struct worker *worker)
{
    timer_free(&worker->ready_timer);
    timer_free(&worker->publish_timer);
    timer_free(&worker->sweep_timer);
    timer_free(&worker->last_timer);
    timer_free(&worker->move_timer);
    op_cancel(&worker->sweeping);
}

/* What a call needs for a while (its words, audio not yet confirmed or not yet played) comes and
 * goes in blocks of some size. Each such block is mapped by itself: untouched pages of it take no
 * memory, and all of it goes back when it is freed, wherever in the heap it would have been. The C
 * library maps only what does not fit into the spare room at the heap's end, so it keeps none. */
static void give_memory_back(void)
{
    mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES_MIN);
    mallopt(M_TOP_PAD, 0);
}

int worker_run(const struct worker_place *place, void *arg)
{
    give_memory_back();
    struct worker *worker = xalloc(sizeof(*worker));
    worker->config = arg;
    worker->ready_fd = place->ready_fd;
    worker->seat = place->seat;
    int err = worker_open_parts(worker, place);
    if (!err) {
        loop_on_signal(worker->loop, SIGTERM, on_sigterm, worker);
        loop_on_signal(worker->loop, SIGUSR1, on_sigusr1, worker);
        start_timers(worker);
        loop_run(worker->loop);
        health_publish(&worker->health); /* the last calls count, too */
    }
    stop_timers(worker);
    worker_close_parts(worker);
    free(worker);
    return err ? SUPERVISOR_GIVE_UP : 0;
}
