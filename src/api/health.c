/* api/health.c: /healthz, /readyz and /metrics. */
#include "api/health.h"

#include "api/api.h"
#include "api/telephony.h"
#include "base/hash.h"
#include "provider/stats.h"

#include <stdio.h>
#include <string.h>

/* ---- alive and ready ------------------------------------------------------------------------ */

void health_get_alive(struct http_req *req)
{
    http_reply(req, 200, "text/plain; charset=utf-8", str_of("ok\n"));
}

static const char *state_word(bool good)
{
    return good ? "ok" : "down";
}

/* A provider that is down does not make a worker unready: calls then get a phrase and a message is
 * taken, which is better than no answer. Without the database no call can be told whose it is. */
void health_get_ready(struct http_req *req)
{
    struct health *health = api_of(req)->health;
    bool ready = db_ready(health->db) && !health->draining;
    struct buf body = {0};
    buf_printf(&body,
               "{\"ready\":%s,\"draining\":%s,\"database\":\"%s\",\"recogniser\":\"%s\","
               "\"model\":\"%s\",\"voice\":\"%s\",\"live_calls\":%llu}\n",
               ready ? "true" : "false", health->draining ? "true" : "false",
               state_word(db_ready(health->db)), state_word(stt_driver_healthy(health->stt)),
               state_word(llm_driver_healthy(health->llm)),
               state_word(tts_driver_healthy(health->tts)),
               (unsigned long long)switchboard_stats(health->board)->live);
    http_reply_json(req, ready ? 200 : 503, buf_str(&body));
    buf_free(&body);
}

/* ---- numbers -------------------------------------------------------------------------------- */

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
           strncmp(address, "::ffff:127.", 11) == 0;
}

static bool may_read_metrics(const struct http_req *req, const char *token)
{
    const char *given = http_header(req, "Authorization");
    if (token)
        return given && strncmp(given, "Bearer ", 7) == 0 &&
               bytes_equal(str_of(given + 7), str_of(token));
    /* a request that a proxy on this machine passed on comes from anywhere */
    return is_loopback(http_remote(req)) && !http_header(req, "X-Forwarded-For") &&
           !http_header(req, "Forwarded");
}

void health_get_metrics(struct http_req *req)
{
    struct health *health = api_of(req)->health;
    struct buf body = {0};
    if (!may_read_metrics(req, health->metrics_token)) {
        http_fail(req, 403,
                  "metrics are for the operator: set METRICS_TOKEN and send it as a "
                  "bearer token, or ask from the machine itself");
        return;
    }
    health_publish(health);
    metrics_render(health->page, &body);
    http_reply(req, 200, "text/plain; version=0.0.4; charset=utf-8", buf_str(&body));
    buf_free(&body);
}

static const double took_bounds[HEALTH_BUCKETS - 1] = {0.001, 0.005, 0.02, 0.1, 0.5, 2, 10};

void health_count_request(struct health *health, int status, int64_t took_us)
{
    int status_class = status / 100;
    double seconds = (double)took_us / 1e6;
    size_t bucket = 0;
    while (bucket < HEALTH_BUCKETS - 1 && seconds > took_bounds[bucket])
        bucket++;
    if (status_class > 0 && status_class < HEALTH_STATUS_CLASSES)
        health->requests[status_class]++;
    health->took[bucket]++;
    health->took_seconds += seconds;
}

static void publish_requests(const struct health *health)
{
    for (int i = 1; i < HEALTH_STATUS_CLASSES; i++) {
        char label[24];
        snprintf(label, sizeof(label), "status=\"%dxx\"", i);
        metrics_add(health->slot, "karen_http_requests_total", label, (double)health->requests[i]);
    }
    metrics_add_histogram(health->slot, "karen_http_request_seconds", "", took_bounds, health->took,
                          HEALTH_BUCKETS - 1, health->took_seconds);
}

/* Buckets in ms as providers and lines keep them. */
static void publish_ms(struct metrics_slot *slot, const char *name, const char *label,
                       const uint64_t *buckets, double sum_ms)
{
    double bounds[STATS_BOUNDS];
    for (size_t i = 0; i < STATS_BOUNDS; i++)
        bounds[i] = (double)stats_bounds_ms[i] / 1000;
    metrics_add_histogram(slot, name, label, bounds, buckets, STATS_BOUNDS, sum_ms / 1000);
}

static void publish_provider(struct metrics_slot *slot, const char *part,
                             const struct provider_stats *stats, bool healthy)
{
    char label[64];
    snprintf(label, sizeof(label), "part=\"%s\"", part);
    metrics_add(slot, "karen_provider_asks_total", label, (double)stats->asks);
    metrics_add(slot, "karen_provider_healthy", label, healthy);
    publish_ms(slot, "karen_provider_first_seconds", label, stats->first,
               (double)stats->first_ms_sum);
    for (int i = 0; i < FAIL_COUNT; i++) {
        snprintf(label, sizeof(label), "part=\"%s\",kind=\"%s\"", part, provider_failure_names[i]);
        metrics_add(slot, "karen_provider_failures_total", label, (double)stats->failures[i]);
    }
    snprintf(label, sizeof(label), "part=\"%s\",kind=\"shed\"", part);
    metrics_add(slot, "karen_provider_failures_total", label, (double)stats->shed);
}

static void publish_lines(struct metrics_slot *slot, const struct switchboard_stats *stats)
{
    metrics_add(slot, "karen_calls_live", "", (double)stats->live);
    metrics_add(slot, "karen_turns_total", "", (double)stats->turns);
    metrics_add(slot, "karen_replies_total", "", (double)stats->gens);
    metrics_add(slot, "karen_replies_staged_total", "", (double)stats->staged);
    metrics_add(slot, "karen_replies_staged_in_vain_total", "", (double)stats->staged_in_vain);
    metrics_add(slot, "karen_holds_total", "", (double)stats->holds);
    metrics_add(slot, "karen_barge_ins_total", "", (double)stats->barge_ins);
    metrics_add(slot, "karen_echoes_total", "", (double)stats->echoes);
    metrics_add(slot, "karen_machine_callers_total", "", (double)stats->machines);
    metrics_add(slot, "karen_stale_events_total", "", (double)stats->stale_events);
    metrics_add(slot, "karen_calls_unsaved", "", (double)stats->unsaved);
    metrics_add(slot, "karen_calls_lost_total", "", (double)stats->lost);
    for (size_t i = 0; i < LINE_ENDS_MAX && stats->ends[i].why[0]; i++) {
        char label[40];
        snprintf(label, sizeof(label), "reason=\"%s\"", stats->ends[i].why);
        metrics_add(slot, "karen_calls_total", label, (double)stats->ends[i].count);
    }
    publish_ms(slot, "karen_greeting_seconds", "", stats->greeting.buckets,
               (double)stats->greeting.sum_ms);
    publish_ms(slot, "karen_reply_seconds", "", stats->reply.buckets, (double)stats->reply.sum_ms);
    for (int i = 0; i < LINE_STAGES; i++) {
        char label[32];
        snprintf(label, sizeof(label), "stage=\"%s\"", line_stage_names[i]);
        publish_ms(slot, "karen_reply_stage_seconds", label, stats->stages[i].buckets,
                   stats->stages[i].sum_ms);
    }
    publish_ms(slot, "karen_reply_overhead_seconds", "", stats->own.buckets,
               (double)stats->own.sum_ms);
}

static void publish_reason(struct metrics_slot *slot, const char *reason, uint64_t count)
{
    char label[48];
    snprintf(label, sizeof(label), "reason=\"%s\"", reason);
    metrics_add(slot, "karen_media_refused_total", label, (double)count);
}

static void publish_telephony(struct metrics_slot *slot, const struct telephony_counters *counters)
{
    const struct twilio_media_counters *media = &counters->media;
    for (int i = 0; i < TELEPHONY_OUTCOMES; i++) {
        char label[48];
        snprintf(label, sizeof(label), "outcome=\"%s\"",
                 telephony_outcome_name((enum telephony_outcome)i));
        metrics_add(slot, "karen_webhooks_total", label, (double)counters->outcomes[i]);
    }
    publish_reason(slot, "not_websocket", media->not_websocket);
    publish_reason(slot, "crowded", media->crowded);
    publish_reason(slot, "never_started", media->never_started);
    publish_reason(slot, "bad_message", media->bad_message);
    publish_reason(slot, "too_big", media->too_big);
    publish_reason(slot, "bad_start", media->bad_start);
    publish_reason(slot, "refused", media->refused);
    publish_reason(slot, "slow", media->slow);
}

void health_publish(struct health *health)
{
    struct metrics_slot *slot = health->slot;
    metrics_begin(slot);
    metrics_add(slot, "karen_up", "", 1);
    metrics_add(slot, "karen_db_ready", "", db_ready(health->db));
    metrics_add_process(slot);
    publish_requests(health);
    publish_telephony(slot, telephony_counters(health->telephony));
    publish_lines(slot, switchboard_stats(health->board));
    publish_provider(slot, "recogniser", stt_driver_stats(health->stt),
                     stt_driver_healthy(health->stt));
    publish_provider(slot, "model", llm_driver_stats(health->llm), llm_driver_healthy(health->llm));
    publish_provider(slot, "voice", tts_driver_stats(health->tts), tts_driver_healthy(health->tts));
    if (health->publish_more)
        health->publish_more(slot, health->arg);
    metrics_end(slot);
}
