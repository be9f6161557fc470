/* app/worker_parts.c: the parts of a worker, wired together: databases, providers, carrier, lines,
 * the API and its server; opened in their order and closed the other way round. */
#include "app/worker_private.h"

#include "api/live.h"
#include "api/remote.h"
#include "api/telephony.h"
#include "app/exporter.h"
#include "app/keeper.h"
#include "app/number_orderer.h"
#include "app/orders.h"
#include "app/prompts.h"
#include "app/rehearser.h"
#include "app/screener.h"
#include "app/warmer.h"
#include "auth/jwt.h"
#include "base/log.h"
#include "base/mem.h"
#include "carrier/twilio_rest.h"
#include "line/switchboard.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "provider/llm.h"
#include "provider/stt.h"
#include "provider/tts.h"
#include "provider/voice_list.h"
#include "store/db.h"
#include "store/journal.h"

#include <stdlib.h>
#include <string.h>

/* Without it calls are taken all the same; what the database misses is then in memory alone. */
static void open_journal(struct worker *worker)
{
    const char *directory = worker->config->journal_dir;
    int err = journal_open(
        &(struct journal_options){.loop = worker->loop, .db = worker->db, .directory = directory},
        &worker->journal);
    if (err)
        log_error(NULL, "no_journal", "directory=%s err=%s", directory, strerrorname_np(err));
}

/* ---- providers, carrier, lines -------------------------------------------------------------- */

static struct llm_driver *model_driver(struct worker *worker, const char *model)
{
    const struct config *config = worker->config;
    return openai_new(worker->http,
                      &(struct openai_options){.base_url = config->openai_base_url,
                                               .api_key = config->openai_api_key,
                                               .model = model,
                                               .fallback_model = config->openai_fallback_model,
                                               .reasoning_effort = config->openai_reasoning_effort,
                                               .verbosity = config->openai_verbosity,
                                               .tokens_field = config->openai_tokens_field,
                                               .temperature = config->openai_temperature,
                                               .store_off = true});
}

static void open_providers(struct worker *worker)
{
    const struct config *config = worker->config;
    const char *judge_model =
        config->openai_screening_model ? config->openai_screening_model : config->openai_model;
    worker->http =
        http_client_new(worker->loop, &(struct http_client_options){.ca_file = config->ca_file});
    worker->stt = deepgram_new(
        worker->loop, &(struct deepgram_options){.base_url = config->deepgram_base_url,
                                                 .api_key = config->deepgram_api_key,
                                                 .model = config->deepgram_model,
                                                 .flux_languages = config->deepgram_flux_languages,
                                                 .ca_file = config->ca_file});
    worker->llm = model_driver(worker, config->openai_model);
    worker->judge = model_driver(worker, judge_model);
    worker->tts = elevenlabs_new(
        worker->http, &(struct elevenlabs_options){
                          .base_url = config->elevenlabs_base_url,
                          .api_key = config->elevenlabs_api_key,
                          .model = config->elevenlabs_model,
                          .sockets = strcmp(config->elevenlabs_protocol, "websocket") == 0,
                          .ca_file = config->ca_file});
    worker->voices = voice_list_new(worker->loop, worker->tts, VOICE_LIST_FRESH_MS);
    llm_warm(worker->llm);
    tts_warm(worker->tts);
}

static void open_carrier(struct worker *worker)
{
    const struct config *config = worker->config;
    struct uuid default_tenant = {0};
    if (config->default_tenant_id)
        uuid_parse(str_of(config->default_tenant_id), &default_tenant); /* checked by config_load */
    worker->rest = twilio_rest_new(
        &(struct twilio_rest_options){.loop = worker->loop,
                                      .http = worker->http,
                                      .base_url = config->twilio_base_url,
                                      .verify_base_url = config->twilio_verify_base_url,
                                      .numbers_base_url = config->twilio_numbers_base_url,
                                      .pricing_base_url = config->twilio_pricing_base_url,
                                      .verify_service_sid = config->twilio_verify_service_sid,
                                      .account_sid = config->twilio_account_sid,
                                      .secret = config->twilio_auth_token});
    worker->telephony = telephony_new(&(struct telephony_options){
        .loop = worker->loop,
        .db = worker->db,
        .journal = worker->journal,
        .rest = worker->rest,
        .public_url = config->public_url,
        .account_sid = config->twilio_account_sid,
        .tokens = {config->twilio_auth_token, config->twilio_auth_token_old},
        .default_tenant = default_tenant,
        .default_country = config->default_country,
        .default_voice = config->elevenlabs_voice_id,
        .call_seconds_max = config->call_seconds_max,
        .tenant_calls_max = config->calls_per_tenant_max,
    });
}

static struct line_texts line_texts(const char *language, void *arg)
{
    const struct worker *worker = arg;
    return (struct line_texts){.conversation = prompts_conversation(worker->prompts, language),
                               .phrases = prompts_phrases(worker->prompts, language)};
}

static void open_lines(struct worker *worker)
{
    const struct config *config = worker->config;
    worker->board = switchboard_new(&(struct switchboard_options){
        .loop = worker->loop,
        .db = worker->db,
        .journal = worker->journal,
        .stt = worker->stt,
        .llm = worker->llm,
        .tts = worker->tts,
        .carrier = telephony_carrier(worker->telephony),
        .texts = line_texts,
        .texts_arg = worker,
        .cache_directory = config->cache_dir,
        .cache_salt = config->elevenlabs_model,
        .lines_max = (size_t)config->calls_per_worker_max,
        .tenant_lines_max = (size_t)config->calls_per_tenant_max,
    });
    telephony_set_board(worker->telephony, worker->board);
}

/* ---- serving --------------------------------------------------------------------------------- */

static void on_request_done(const struct http_req *req, const struct http_route *route, int status,
                            int64_t took_us)
{
    const struct api *api = req->app;
    const char *path = route ? route->path : "-";
    health_count_request(api->health, status, took_us);
    if (status < 400)
        log_debug(NULL, "request", "method=%s route=%s status=%d ms=%lld id=%s",
                  http_method_name(req->method), path, status, (long long)(took_us / 1000),
                  req->id);
    else
        log_warn(NULL, "request", "method=%s route=%s status=%d ms=%lld id=%s",
                 http_method_name(req->method), path, status, (long long)(took_us / 1000), req->id);
}

static void on_request_refused(void *app, int status)
{
    const struct api *api = app;
    health_count_request(api->health, status, 0);
    log_warn(NULL, "request_refused", "status=%d", status);
}

/* Scheme and host of a URL: "https://karen.example" of "https://karen.example/phone". */
static char *origin_of(const char *url)
{
    const char *host = strstr(url, "://");
    return host ? xstrndup(url, (size_t)(host + 3 - url) + strcspn(host + 3, "/")) : xstrdup(url);
}

static int open_api(struct worker *worker, struct tally *tally)
{
    const struct config *config = worker->config;
    struct str wrong;
    char *why = NULL;
    worker->origin = origin_of(config->public_url);
    worker->keys = auth_keys_new(&(struct auth_key_options){.secret = config->jwt_secret,
                                                            .old_secret = config->jwt_secret_old,
                                                            .issuer = config->public_url});
    proxies_new(config->trusted_proxies, &worker->proxies, &wrong); /* checked by config_load */
    worker->api = (struct api){
        .health = &worker->health,
        .telephony = worker->telephony,
        .live = worker->live,
        .db = worker->db,
        .db_reports = worker->db_reports,
        .db_operator = worker->db_operator,
        .tenant_calls_max = config->calls_per_tenant_max,
        .calls_capacity = config->workers * config->calls_per_worker_max,
        .keys = worker->keys,
        .tally = tally,
        .proxies = worker->proxies,
        .public_url = config->public_url,
        .origin = worker->origin,
        .default_country = config->default_country,
        .sign_in_countries = config->sign_in_countries,
        .rest = worker->rest,
        .sms_sender = config->twilio_sms_sender,
        .token_seconds = config->jwt_expiry,
        .session_days = config->session_days,
        .codes_per_day = config->sign_in_codes_per_day,
        .codes_per_prefix = config->sign_in_codes_per_prefix,
        .codes_per_address = config->sign_in_codes_per_address,
        .sandbox = !config->production,
        .requests_per_minute = config->api_requests_per_minute,
        .tells_misfits = !config->production,
        .voices = worker->voices,
        .default_voice = config->elevenlabs_voice_id,
        .clips = switchboard_clips(worker->board),
        .texts = line_texts,
        .texts_arg = worker,
    };
    int err = api_open(&worker->api, &why);
    if (err)
        log_error(NULL, "no_contract", "why=\"%s\"", why);
    free(why);
    return err;
}

static int open_server(struct worker *worker, const struct worker_place *place)
{
    const struct config *config = worker->config;
    const char *why = "";
    worker->health = (struct health){
        .page = place->page,
        .slot = metrics_slot(place->page, place->slot),
        .metrics_token = config->metrics_token,
        .db = worker->db,
        .board = worker->board,
        .telephony = worker->telephony,
        .stt = worker->stt,
        .llm = worker->llm,
        .tts = worker->tts,
        .publish_more = worker_publish,
        .arg = worker,
    };
    int err = open_api(worker, place->tally);
    if (err)
        return err;
    err = http_server_open(worker->loop, config->listen,
                           &(struct http_server_options){.routes = worker->api.routes,
                                                         .route_count = worker->api.count,
                                                         .app = &worker->api,
                                                         .tls_cert_file = config->tls_cert_file,
                                                         .tls_key_file = config->tls_key_file,
                                                         .on_done = on_request_done,
                                                         .on_refused = on_request_refused},
                           &worker->server, &why);
    if (err)
        log_error(NULL, "no_server", "listen=%s why=\"%s\"", config->listen, why);
    return err;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static const char *screening_instructions(const char *language, void *arg)
{
    const struct worker *worker = arg;
    return prompts_screening(worker->prompts, language);
}

static const struct scenarios *scenarios(const char *language, void *arg)
{
    const struct worker *worker = arg;
    return prompts_scenarios(worker->prompts, language);
}

/* Statements wait for each other on a connection, so lists and figures have some of their own.
 * Operators are few: one does, and a worker that none asks is not the worse for it. */
static int open_databases(struct worker *worker)
{
    const char *url = worker->config->database_url;
    const struct db_options app = {.url = url, .role = DB_ROLE_APP};
    int err = db_open(worker->loop, &app, &worker->db);
    if (!err)
        err = db_open(worker->loop, &app, &worker->db_reports);
    if (!err)
        err = db_open(worker->loop,
                      &(struct db_options){.url = url, .role = DB_ROLE_OPERATOR, .connections = 1},
                      &worker->db_operator);
    return err;
}

/* What one worker of a machine does for all. */
static void open_first_seat(struct worker *worker)
{
    struct arena arena = {0};
    worker->warmer =
        warmer_new(worker->loop, worker->db, worker->board, worker->config->elevenlabs_voice_id);
    worker->keeper = keeper_new(worker->loop, worker->db, worker->rest);
    worker->exporter = exporter_new(worker->loop, worker->db_reports);
    worker->orderer = number_orderer_new(
        &(struct number_orderer_options){.loop = worker->loop,
                                         .db = worker->db,
                                         .rest = worker->rest,
                                         .hooks = telephony_hooks(worker->telephony, &arena)});
    arena_free(&arena);
}

int worker_open_parts(struct worker *worker, const struct worker_place *place)
{
    const struct config *config = worker->config;
    struct buf why = {0};
    worker->loop = loop_new();
    int err = open_databases(worker);
    if (err)
        log_error(NULL, "bad_database_url", "err=%s", strerrorname_np(err));
    if (!err && (err = prompts_load(config->prompts_dir, &worker->prompts, &why)))
        log_error(NULL, "no_prompts", "why=\"%s\"", buf_text(&why));
    buf_free(&why);
    if (err)
        return err;
    open_journal(worker);
    open_providers(worker);
    open_carrier(worker);
    open_lines(worker);
    worker->live = live_new(worker->loop, worker->db);
    worker->orders = orders_new(&(struct orders_options){.loop = worker->loop,
                                                         .db = worker->db,
                                                         .board = worker->board,
                                                         .sweeps = place->seat == 0});
    worker->screener =
        screener_new(&(struct screener_options){.loop = worker->loop,
                                                .db = worker->db,
                                                .llm = worker->judge,
                                                .instructions = screening_instructions,
                                                .arg = worker});
    worker->rehearser =
        rehearser_new(&(struct rehearser_options){.loop = worker->loop,
                                                  .db = worker->db,
                                                  .llm = worker->llm,
                                                  .judge = worker->judge,
                                                  .texts = line_texts,
                                                  .scenarios = scenarios,
                                                  .instructions = screening_instructions,
                                                  .arg = worker});
    if (place->seat == 0)
        open_first_seat(worker);
    return open_server(worker, place);
}

void worker_close_parts(struct worker *worker)
{
    http_server_close(&worker->server);
    api_close(&worker->api);
    auth_keys_free(&worker->keys);
    proxies_free(&worker->proxies);
    free(worker->origin);
    warmer_free(&worker->warmer);
    number_orderer_free(&worker->orderer);
    exporter_free(&worker->exporter);
    keeper_free(&worker->keeper);
    rehearser_free(&worker->rehearser);
    screener_free(&worker->screener);
    live_free(&worker->live);
    orders_free(&worker->orders);
    switchboard_free(&worker->board);
    telephony_free(&worker->telephony);
    journal_close(&worker->journal);
    twilio_rest_free(&worker->rest);
    voice_list_free(&worker->voices);
    tts_driver_free(&worker->tts);
    llm_driver_free(&worker->judge);
    llm_driver_free(&worker->llm);
    stt_driver_free(&worker->stt);
    http_client_free(&worker->http);
    db_close(&worker->db_reports);
    db_close(&worker->db_operator);
    db_close(&worker->db);
    prompts_free(&worker->prompts);
    loop_free(&worker->loop);
}
