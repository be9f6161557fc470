/* app/worker_private.h: what a worker holds; worker_parts.c opens and closes it, worker.c lives
 * with it. */
#pragma once
#include "api/api.h"
#include "api/health.h"
#include "app/config.h"
#include "app/supervisor.h"

struct worker {
    const struct config *config;
    struct loop *loop;
    struct db *db, *db_reports, *db_operator;
    struct journal *journal; /* NULL: its folder cannot be used */
    struct http_client *http;
    struct stt_driver *stt;
    struct llm_driver *llm, *judge;
    struct tts_driver *tts;
    struct voice_list *voices;
    struct twilio_rest *rest;
    struct telephony *telephony;
    struct switchboard *board;
    struct orders *orders;
    struct live *live;
    struct screener *screener;
    struct rehearser *rehearser;
    struct warmer *warmer;
    struct keeper *keeper; /* in the first seat only, as those below */
    struct exporter *exporter;
    struct number_orderer *orderer;
    struct http_server *server;
    struct prompts *prompts;
    struct health health;
    struct api api;
    struct auth_keys *keys;
    struct proxies *proxies;
    char *origin;
    struct timer *ready_timer, *publish_timer, *sweep_timer, *last_timer, *move_timer;
    struct op *sweeping;
    int seat, ready_fd;
    int64_t started_ms;
    bool leaving;              /* told twice is told once */
    int64_t empty_ms, busy_ms; /* leaving: when the last call ended, when somebody last waited */
};

/* All of it but the timers: 0, or an error that was logged; what was opened until then is closed by
 * worker_close_parts() all the same. */
int worker_open_parts(struct worker *worker, const struct worker_place *place);
void worker_close_parts(struct worker *worker); /* newest first */
/* As publish_more of api/health.h; arg: the worker. */
void worker_publish(struct metrics_slot *slot, void *arg);
