/* app/keeper.c: a round: what is old, what was thrown away, tenants to be erased, leftovers,
 * recordings; each until nothing of it is due. What fails waits for the next round. */
#include "app/keeper.h"

#include "base/log.h"
#include "base/mem.h"
#include "carrier/twilio_recordings.h"
#include "store/privacy.h"

#include <stdlib.h>
#include <string.h>

struct keeper {
    struct loop *loop;
    struct db *db;
    struct twilio_rest *rest;
    struct timer *timer;
    struct op *working;
    struct recording_erasure recordings[PRIVACY_RECORDINGS_MAX];
    size_t recording_count;
    const char *why; /* of the recording that was not erased; NULL */
    struct keeper_stats stats;
};

static void rest_a_while(struct keeper *keeper)
{
    keeper->stats.rounds++;
    timer_set(keeper->timer, loop_now_ms(keeper->loop) + KEEPER_ROUND_MS);
}

static void give_up(struct keeper *keeper, const char *what, int err)
{
    log_warn(NULL, "keeper_put_off", "what=%s err=%s", what, strerrorname_np(err));
    rest_a_while(keeper);
}

/* ---- recordings ------------------------------------------------------------------------------ */

static void claim_recordings(struct keeper *keeper);

static void erase_next(struct keeper *keeper);

static void on_ended(int err, void *arg)
{
    struct keeper *keeper = arg;
    if (err) /* the lease ends by itself */
        log_warn(NULL, "recording_not_ended", "err=%s", strerrorname_np(err));
    keeper->recording_count--;
    erase_next(keeper);
}

static void on_erased(int err, void *arg)
{
    struct keeper *keeper = arg;
    const struct recording_erasure *recording = &keeper->recordings[keeper->recording_count - 1];
    if (err) {
        keeper->stats.recordings_kept++;
        log_warn(NULL, "recording_not_erased", "recording_sid=%s attempts=%lld err=%s",
                 recording->sid, (long long)recording->attempts, strerrorname_np(err));
    } else {
        keeper->stats.recordings++;
        log_info(NULL, "recording_erased", "recording_sid=%s", recording->sid);
    }
    privacy_end_recording(keeper->db, recording->sid, err ? strerror(err) : NULL, on_ended, keeper,
                          &keeper->working);
}

static void erase_next(struct keeper *keeper)
{
    if (keeper->recording_count)
        twilio_recording_erase(keeper->rest, keeper->recordings[keeper->recording_count - 1].sid,
                               on_erased, keeper, &keeper->working);
    else
        claim_recordings(keeper);
}

static void on_claimed(int err, const struct recording_erasure *list, size_t count, void *arg)
{
    struct keeper *keeper = arg;
    if (err) {
        give_up(keeper, "recordings", err);
        return;
    }
    if (!count) {
        rest_a_while(keeper);
        return;
    }
    memcpy(keeper->recordings, list, count * sizeof(*list));
    keeper->recording_count = count;
    erase_next(keeper);
}

static void claim_recordings(struct keeper *keeper)
{
    if (keeper->rest)
        privacy_claim_recordings(keeper->db, KEEPER_LEASE_S, on_claimed, keeper, &keeper->working);
    else
        rest_a_while(keeper);
}

/* ---- our own rows ---------------------------------------------------------------------------- */

static void on_swept(int err, void *arg)
{
    struct keeper *keeper = arg;
    if (err)
        give_up(keeper, "leftovers", err);
    else
        claim_recordings(keeper);
}

static void on_tenant_step(int err, bool done, int64_t ended, void *arg)
{
    struct keeper *keeper = arg;
    if (err) {
        give_up(keeper, "tenants", err);
        return;
    }
    if (ended) {
        keeper->stats.tenants++;
        log_info(NULL, "tenant_erased", "");
    }
    if (done)
        privacy_erase_tenant(keeper->db, on_tenant_step, keeper, &keeper->working);
    else
        privacy_sweep(keeper->db, on_swept, keeper, &keeper->working);
}

static void on_deleted_step(int err, bool done, int64_t calls, void *arg)
{
    struct keeper *keeper = arg;
    if (err) {
        give_up(keeper, "deleted", err);
        return;
    }
    keeper->stats.deleted += (uint64_t)calls;
    if (done) {
        log_info(NULL, "erased_deleted", "calls=%lld", (long long)calls);
        privacy_erase_deleted(keeper->db, on_deleted_step, keeper, &keeper->working);
    } else {
        privacy_erase_tenant(keeper->db, on_tenant_step, keeper, &keeper->working);
    }
}

static void on_old_step(int err, bool done, int64_t rows, void *arg)
{
    struct keeper *keeper = arg;
    if (err) {
        give_up(keeper, "old", err);
        return;
    }
    keeper->stats.rows += (uint64_t)rows;
    if (rows)
        log_info(NULL, "erased_old", "rows=%lld", (long long)rows);
    if (done)
        privacy_erase_old(keeper->db, on_old_step, keeper, &keeper->working);
    else
        privacy_erase_deleted(keeper->db, on_deleted_step, keeper, &keeper->working);
}

static void begin_round(void *arg)
{
    struct keeper *keeper = arg;
    privacy_erase_old(keeper->db, on_old_step, keeper, &keeper->working);
}

struct keeper *keeper_new(struct loop *loop, struct db *db, struct twilio_rest *rest)
{
    struct keeper *keeper = xalloc(sizeof(*keeper));
    keeper->loop = loop;
    keeper->db = db;
    keeper->rest = rest;
    keeper->timer = timer_new(loop, begin_round, keeper);
    timer_set(keeper->timer, loop_now_ms(loop));
    return keeper;
}

void keeper_free(struct keeper **slot)
{
    struct keeper *keeper = *slot;
    *slot = NULL;
    if (!keeper)
        return;
    op_cancel(&keeper->working);
    timer_free(&keeper->timer);
    free(keeper);
}

const struct keeper_stats *keeper_stats(const struct keeper *keeper)
{
    return &keeper->stats;
}
