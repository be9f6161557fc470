/* api/health.h: what the operator's machines ask: alive (/healthz), ready (/readyz), numbers
 * (/metrics). */
#pragma once
#include "api/metrics.h"
#include "line/switchboard.h"
#include "net/http_server.h"
#include "store/db.h"

#include <stdbool.h>

struct telephony;

enum { HEALTH_STATUS_CLASSES = 6, HEALTH_BUCKETS = 8 };

struct health {
    struct metrics_page *page;
    struct metrics_slot *slot; /* this worker's */
    const char *metrics_token; /* NULL: only loopback may read /metrics */
    struct db *db;
    struct switchboard *board;
    struct telephony *telephony;
    struct stt_driver *stt;
    struct llm_driver *llm;
    struct tts_driver *tts;
    bool draining;
    /* Numbers of floors above, added when this worker publishes; may be NULL. */
    void (*publish_more)(struct metrics_slot *slot, void *arg);
    void *arg;

    uint64_t requests[HEALTH_STATUS_CLASSES]; /* answered, by the status's first digit */
    uint64_t took[HEALTH_BUCKETS];
    double took_seconds;
};

void health_get_alive(struct http_req *req);   /* GET /healthz */
void health_get_ready(struct http_req *req);   /* GET /readyz: 200 or 503, and why */
void health_get_metrics(struct http_req *req); /* GET /metrics */

void health_count_request(struct health *health, int status, int64_t took_us); /* of any route */
void health_publish(struct health *health); /* this worker's numbers onto the page */
